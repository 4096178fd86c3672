/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Counts words, as wc does, and says which are the most frequent: of files, or of standard input where none or - is named.
 *   words [-n HOW MANY] [FILE]...
 * A word is what has no blanks in it; letters count alike, large and small.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    struct word *next; /* in its bucket */
    unsigned long count;
    size_t length;
    char text[];
};

#define LONGEST 255u /* bytes of a word that are told apart */

static struct word **buckets;
static size_t bucket_count, word_count;
static unsigned long bytes, lines, words;

_Noreturn static void no_memory(void)
{
    fprintf(stderr, "words: no memory\n");
    exit(1);
}

static size_t hash(const char *text, size_t length)
{
    size_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return h;
}

static void grow_table(void)
{
    size_t old_count = bucket_count;
    struct word **old = buckets, *next;
    bucket_count = old_count ? old_count * 2 : 1024;
    buckets = calloc(bucket_count, sizeof *buckets);
    if (!buckets)
        no_memory();
    for (size_t i = 0; i < old_count; i++)
        for (struct word *word = old[i]; word; word = next) {
            struct word **bucket = &buckets[hash(word->text, word->length) % bucket_count];
            next = word->next;
            word->next = *bucket;
            *bucket = word;
        }
    free(old);
}

static void add(const char *text, size_t length)
{
    words++;
    if (word_count >= bucket_count)
        grow_table();
    struct word **bucket = &buckets[hash(text, length) % bucket_count], *word;
    for (word = *bucket; word; word = word->next)
        if (word->length == length && !memcmp(word->text, text, length)) {
            word->count++;
            return;
        }
    word = malloc(sizeof *word + length + 1);
    if (!word)
        no_memory();
    *word = (struct word){.next = *bucket, .count = 1, .length = length};
    memcpy(word->text, text, length);
    word->text[length] = 0;
    *bucket = word;
    word_count++;
}

static void count(FILE *file)
{
    static char buffer[65536], word[LONGEST];
    size_t n, length = 0;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        bytes += n;
        for (size_t i = 0; i < n; i++) {
            int c = (unsigned char)buffer[i];
            lines += c == '\n';
            if (!isspace(c)) {
                if (length < LONGEST)
                    word[length++] = (char)tolower(c);
            } else if (length) {
                add(word, length);
                length = 0;
            }
        }
    }
    if (length)
        add(word, length);
}

static bool count_named(const char *name)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "r") : stdin;
    if (file) {
        errno = 0;
        count(file);
    }
    bool good = file && !ferror(file);
    if (!good)
        fprintf(stderr, "words: %s: %s\n", name, strerror(errno));
    if (file && file != stdin)
        fclose(file);
    return good;
}

static int by_count(const void *a, const void *b)
{
    const struct word *x = *(struct word *const *)a, *y = *(struct word *const *)b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->text, y->text);
}

static void tell(unsigned long most)
{
    struct word **all = malloc((word_count + 1) * sizeof(*all));
    size_t n = 0;
    if (!all)
        no_memory();
    for (size_t i = 0; i < bucket_count; i++)
        for (struct word *word = buckets[i]; word; word = word->next)
            all[n++] = word;
    qsort(all, n, sizeof(*all), by_count);
    printf("%lu lines, %lu words, %lu bytes, %zu different words\n", lines, words, bytes, n);
    for (size_t i = 0; i < n && i < most; i++)
        printf("%7lu %s\n", all[i]->count, all[i]->text);
    free(all);
}

int main(int argc, char **argv)
{
    unsigned long most = 10;
    bool good = true;
    int at = 1;
    if (argc > 1 && !strcmp(argv[1], "-n")) {
        char *end = argc > 2 ? argv[2] : "";
        most = argc > 2 ? strtoul(argv[2], &end, 10) : 0;
        if (argc < 3 || *end || end == argv[2] || argv[2][0] == '-') {
            fprintf(stderr, "words: -n wants a whole number\n");
            return 2;
        }
        at = 3;
    }
    if (at == argc)
        good = count_named("-");
    for (; at < argc; at++)
        good &= count_named(argv[at]);
    tell(most);
    return good ? 0 : 1;
}
