/* SPDX-License-Identifier: MPL-2.0 */
/* What every part of the library OS uses: integer types, lists, strings, formatted text, assertions.
 * The string functions are declared by name and semantics of the C standard, because the compiler calls some of them. */
#ifndef LOS_BASE_H
#define LOS_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <los/error.h>

#ifndef EXO_UNIT_TEST
#pragma GCC visibility push(hidden) /* all that follows is of this image: no address needs a table */
#endif

#define LOS_PAGE                             4096ul
#define LOS_PAGE_MASK                        (LOS_PAGE - 1)
#define LOS_ROUND_UP(x, to)                  (((x) + (to)-1) / (to) * (to))
#define LOS_COUNT(array)                     (sizeof(array) / sizeof((array)[0]))
#define LOS_CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#ifdef EXO_UNIT_TEST
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *in, int byte, size_t bytes);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t most);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t most);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
#endif
/* Copies at most size - 1 bytes and ends with NUL; returns strlen(from). */
size_t los_strlcpy(char *to, const char *from, size_t size);
/* %d %i %u %x %X %o %c %s %p %% with l, ll, z, h, flags 0 - + space #, width, precision and *. Returns as snprintf does. */
int los_snprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int los_vsnprintf(char *to, size_t size, const char *format, va_list args);
/* One line on the boot log. */
void los_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The library OS itself is broken: says so with a back trace on the log and ends the container. */
_Noreturn void los_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define los_assert(condition)                                                                                  \
    do {                                                                                                       \
        if (!(condition))                                                                                      \
            los_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition);                          \
    } while (0)

/* Circular doubly linked list; a head is a link that points at itself. */
struct los_link {
    struct los_link *next, *previous;
};
static inline void los_list_init(struct los_link *head) { head->next = head->previous = head; }
static inline bool los_list_empty(const struct los_link *head) { return head->next == head; }
static inline void los_list_add_last(struct los_link *head, struct los_link *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}
static inline void los_list_add_first(struct los_link *head, struct los_link *link)
{
    los_list_add_last(head->next, link);
}
static inline void
los_list_remove(struct los_link *link) /* afterwards it points at itself: removing twice is harmless */
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    link->next = link->previous = link;
}
#define LOS_LIST_FOR(item, head, member)                                                                       \
    for (item = LOS_CONTAINER((head)->next, __typeof__(*item), member); &item->member != (head);               \
         item = LOS_CONTAINER(item->member.next, __typeof__(*item), member))
/* The same, when the body may remove item. */
#define LOS_LIST_FOR_SAFE(item, after, head, member)                                                           \
    for (item = LOS_CONTAINER((head)->next, __typeof__(*item), member),                                        \
        after = LOS_CONTAINER(item->member.next, __typeof__(*item), member);                                   \
         &item->member != (head);                                                                              \
         item = after, after = LOS_CONTAINER(item->member.next, __typeof__(*item), member))

#endif
