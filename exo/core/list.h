/* SPDX-License-Identifier: MPL-2.0 */
/* Doubly linked lists through the members `next` and `previous` of their items. */
#ifndef EXO_CORE_LIST_H
#define EXO_CORE_LIST_H

#define LIST_INSERT(head, item)                                                                                \
    do {                                                                                                       \
        (item)->previous = NULL;                                                                               \
        (item)->next = (head);                                                                                 \
        if ((head) != NULL)                                                                                    \
            (head)->previous = (item);                                                                         \
        (head) = (item);                                                                                       \
    } while (0)

#define LIST_REMOVE(head, item)                                                                                \
    do {                                                                                                       \
        if ((item)->previous != NULL)                                                                          \
            (item)->previous->next = (item)->next;                                                             \
        else                                                                                                   \
            (head) = (item)->next;                                                                             \
        if ((item)->next != NULL)                                                                              \
            (item)->next->previous = (item)->previous;                                                         \
        (item)->next = (item)->previous = NULL;                                                                \
    } while (0)

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
