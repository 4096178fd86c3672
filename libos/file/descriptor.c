/* SPDX-License-Identifier: MPL-2.0 */
/* Descriptor tables: which number is which open file. Lowest free number first, by bitmap. */
#include <los/quick.h>
#include "internal.h"

#define FIRST_SIZE   64
#define LARGEST_SIZE 32768 /* pointers of a table must fit in one allocation */
#define WORD_BITS    64

struct los_descriptors {
    uint32_t refs;
    uint32_t size;   /* numbers 0 to size - 1; a multiple of 64 */
    uint32_t lowest; /* no number below is free */
    struct los_file **files;
    uint64_t *open, *close_on_exec; /* bitmaps */
    struct los_file *first_files[FIRST_SIZE];
    uint64_t first_bits[2];
};

static bool is_open(const struct los_descriptors *table, int fd)
{
    return fd >= 0 && (uint32_t)fd < table->size && table->files[fd];
}

static void set_bit(uint64_t *bits, uint32_t n, bool on)
{
    if (on)
        bits[n / WORD_BITS] |= 1ull << (n % WORD_BITS);
    else
        bits[n / WORD_BITS] &= ~(1ull << (n % WORD_BITS));
}

struct los_descriptors *los_descriptors_create(void)
{
    struct los_descriptors *table = los_alloc_zeroed(sizeof(*table));
    if (!table)
        return NULL;
    table->refs = 1;
    table->size = FIRST_SIZE;
    table->files = table->first_files;
    table->open = &table->first_bits[0];
    table->close_on_exec = &table->first_bits[1];
    return table;
}

static bool grow(struct los_descriptors *table, uint32_t at_least)
{
    uint32_t size = table->size ? table->size : FIRST_SIZE, words;
    while (size < at_least)
        size *= 2;
    if (size == table->size)
        return true;
    if (size > LARGEST_SIZE || !table->size)
        return false;
    words = size / WORD_BITS;
    struct los_file **files = los_alloc_zeroed(size * sizeof(*files));
    uint64_t *bits = los_alloc_zeroed(2 * words * sizeof(*bits));
    if (!files || !bits) {
        los_free(files);
        los_free(bits);
        return false;
    }
    memcpy(files, table->files, table->size * sizeof(*files));
    memcpy(bits, table->open, table->size / 8);
    memcpy(bits + words, table->close_on_exec, table->size / 8);
    if (table->files != table->first_files) {
        los_free(table->files);
        los_free(table->open);
    }
    table->files = files;
    table->open = bits;
    table->close_on_exec = bits + words;
    table->size = size;
    return true;
}

struct los_descriptors *los_descriptors_clone(struct los_descriptors *from)
{
    struct los_descriptors *table = los_descriptors_create();
    uint32_t used = 0;
    if (!table)
        return NULL;
    for (uint32_t i = 0; i < from->size / WORD_BITS; i++)
        if (from->open[i])
            used = (i + 1) * WORD_BITS;
    if (!grow(table, used)) {
        los_free(table);
        return NULL;
    }
    memcpy(table->open, from->open, used / 8);
    memcpy(table->close_on_exec, from->close_on_exec, used / 8);
    table->lowest = from->lowest < table->size ? from->lowest : table->size;
    for (uint32_t i = 0; i < used; i++)
        if ((table->files[i] = from->files[i]))
            los_file_ref(table->files[i]);
    return table;
}

void los_descriptors_ref(struct los_descriptors *table) { table->refs++; }

static void close_number(struct los_descriptors *table, uint32_t fd)
{
    struct los_file *file = table->files[fd];
    table->files[fd] = NULL;
    set_bit(table->open, fd, false);
    set_bit(table->close_on_exec, fd, false);
    if (fd < table->lowest)
        table->lowest = fd;
    if (file->inode->locks)
        los_locks_close_descriptor(table, file->inode);
    los_file_unref(file);
}

/* Calls close_number for each bit; the bits are read anew each time, because closing may run other code. */
static void close_all(struct los_descriptors *table, const uint64_t *bits)
{
    for (uint32_t word = 0; word < table->size / WORD_BITS; word++)
        while (bits[word])
            close_number(table, word * WORD_BITS + (uint32_t)__builtin_ctzll(bits[word]));
}

void los_descriptors_unref(struct los_descriptors *table)
{
    if (!table || --table->refs)
        return;
    close_all(table, table->open);
    if (table->files != table->first_files) {
        los_free(table->files);
        los_free(table->open);
    }
    los_free(table);
}

void los_descriptors_close_on_exec(struct los_descriptors *table) { close_all(table, table->close_on_exec); }

/* --- the current process's -------------------------------------------------------------------------------------------- */

static const struct los_descriptors none; /* of a process that never opened anything */
static struct los_descriptors *current_table(void)
{
    struct los_process *process = los_current()->process;
    if (!process->descriptors)
        process->descriptors = los_descriptors_create();
    return process->descriptors ? process->descriptors : (struct los_descriptors *)&none;
}

static uint32_t limit(void)
{
    uint64_t soft = los_current()->process->limits[LOS_LIMIT_DESCRIPTORS].soft;
    return soft < LARGEST_SIZE ? (uint32_t)soft : LARGEST_SIZE;
}

struct los_file *los_descriptor_of(struct los_process *process, int fd)
{
    struct los_descriptors *table = process->descriptors;
    return table && is_open(table, fd) ? table->files[fd] : NULL;
}

/* More is not quick: its time shall be the system's. */
#define QUICK_MOST 4096u

static inline __attribute__((always_inline)) long quick_transfer(int fd, uint64_t at, uint64_t bytes, bool in)
{
    struct los_cpu *cpu = los_cpu();
    struct los_transfer transfer = {at, bytes, true};
    if (bytes > QUICK_MOST || at >= LOS_USER_END || bytes > LOS_USER_END - at || !los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    struct los_file *file = los_descriptor_of(cpu->current->process, fd);
    if (!file || !file->ops->immediate || !file_is_open_for(file, in ? LOS_OPEN_READ : LOS_OPEN_WRITE))
        return los_quick_drop(cpu);
    /* Nobody can close it meanwhile: that takes the lock, which does not go. */
    long moved = (in ? file->ops->read : file->ops->write)(file, &transfer, &file->offset);
    return moved < 0 ? los_quick_drop(cpu) : los_quick_end(cpu, moved);
}

LOS_QUICK long los_quick_read(uint64_t fd, uint64_t at, uint64_t bytes, uint64_t d, uint64_t e, uint64_t f)
{
    (void)d, (void)e, (void)f;
    return quick_transfer((int)fd, at, bytes, true);
}

LOS_QUICK long los_quick_write(uint64_t fd, uint64_t at, uint64_t bytes, uint64_t d, uint64_t e, uint64_t f)
{
    (void)d, (void)e, (void)f;
    return quick_transfer((int)fd, at, bytes, false);
}

struct los_file *los_descriptor(int fd) { return los_descriptor_of(los_current()->process, fd); }

static uint32_t lowest_free(const struct los_descriptors *table, uint32_t from)
{
    for (uint32_t word = from / WORD_BITS; word < table->size / WORD_BITS; word++) {
        uint64_t free = ~table->open[word];
        if (word == from / WORD_BITS)
            free &= ~0ull << (from % WORD_BITS);
        if (free)
            return word * WORD_BITS + (uint32_t)__builtin_ctzll(free);
    }
    return from > table->size ? from : table->size;
}

long los_descriptor_add(struct los_file *file, int lowest, bool close_on_exec)
{
    struct los_descriptors *table = current_table();
    if (lowest < 0 || (uint32_t)lowest >= limit())
        return lowest ? -LOS_E_INVAL : -LOS_E_MFILE;
    bool hint = (uint32_t)lowest <= table->lowest;
    uint32_t fd = lowest_free(table, hint ? table->lowest : (uint32_t)lowest);
    if (fd >= limit())
        return -LOS_E_MFILE;
    if (!grow(table, fd + 1))
        return -LOS_E_MFILE;
    if (hint)
        table->lowest = fd + 1;
    table->files[fd] = file;
    set_bit(table->open, fd, true);
    set_bit(table->close_on_exec, fd, close_on_exec);
    return (long)fd;
}

long los_descriptor_set(int fd, struct los_file *file, bool close_on_exec)
{
    struct los_descriptors *table = current_table();
    if (fd < 0 || (uint32_t)fd >= limit())
        return -LOS_E_BADF;
    if (!grow(table, (uint32_t)fd + 1))
        return -LOS_E_MFILE;
    los_file_ref(file);
    if (table->files[fd])
        close_number(table, (uint32_t)fd);
    table->files[fd] = file;
    set_bit(table->open, (uint32_t)fd, true);
    set_bit(table->close_on_exec, (uint32_t)fd, close_on_exec);
    return fd;
}

long los_descriptor_close(int fd)
{
    struct los_descriptors *table = current_table();
    if (!is_open(table, fd))
        return -LOS_E_BADF;
    close_number(table, (uint32_t)fd);
    return 0;
}

long los_descriptor_flags(int fd, int set)
{
    struct los_descriptors *table = current_table();
    if (!is_open(table, fd))
        return -LOS_E_BADF;
    if (set >= 0)
        set_bit(table->close_on_exec, (uint32_t)fd, set);
    return (long)((table->close_on_exec[fd / WORD_BITS] >> (fd % WORD_BITS)) & 1);
}

int los_descriptor_next(struct los_process *process, int from)
{
    struct los_descriptors *table = process->descriptors;
    for (uint32_t fd = from < 0 ? 0 : (uint32_t)from; table && fd < table->size; fd++)
        if (table->files[fd])
            return (int)fd;
    return -1;
}
