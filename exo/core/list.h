/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lists through two members of their items: `next`, and `place`, the address of the pointer that points to the item, be
 * it the list's head or the `next` of the item before.
 */
#ifndef EXO_CORE_LIST_H
#define EXO_CORE_LIST_H

#define LIST_INSERT(head, item)                                                                                \
    do {                                                                                                       \
        (item)->next = (head);                                                                                 \
        (item)->place = &(head);                                                                               \
        if ((item)->next != NULL)                                                                              \
            (item)->next->place = &(item)->next;                                                               \
        (head) = (item);                                                                                       \
    } while (0)

#define LIST_REMOVE(item)                                                                                      \
    do {                                                                                                       \
        *(item)->place = (item)->next;                                                                         \
        if ((item)->next != NULL)                                                                              \
            (item)->next->place = (item)->place;                                                               \
    } while (0)

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
