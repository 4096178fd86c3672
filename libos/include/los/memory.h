/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory of the library OS: pages, heap, memory objects, and the spaces of processes made of regions.
 * Everything here is called with the container lock held (schedule.h) unless it says otherwise.
 */
#ifndef LOS_MEMORY_H
#define LOS_MEMORY_H

#include <exo/typed.h>
#include <los/base.h>

/* --- pages ----------------------------------------------------------------------------------------------
 * A page is known by its number: its index in the direct map. Page 0 is never handed out. */
typedef uint32_t los_pageno;
#define LOS_NO_PAGE 0u

void los_pages_init(void); /* from the start page */
/* The n-th archive of the start page, read-only, for ever; NULL: there are not so many. */
void *los_archive(unsigned number, uint64_t *bytes);
/* A page of an archive: it can be mapped, with R and X, and has references that are never the last, but nobody may write it. */
bool los_page_is_shared(los_pageno page);
/* Pages that the supervisor added, mapped at the end of the direct map. 0, or NOSPC: too many extents. */
int los_pages_add(exo_handle frame, uint64_t pages);
/* Gives free pages under that token, and what was split off it before, back to whoever it came from, in as few runs as possible. Returns how many. */
uint64_t los_pages_give_back(exo_handle frame, uint64_t pages);
/* Such pages were taken by force, from `offset` to the end of what the token had. False: some of them were in use. */
bool los_pages_taken(exo_handle frame, uint64_t offset, uint64_t pages);
/* A page with one reference; 0 when memory is out but for the reserve, which only the heap, page tables and los_pages_alloc may use. */
los_pageno los_page_alloc(void);
void los_pages_reserve(uint64_t pages); /* a 64th of memory at first */
void los_page_zero(void *page);
void los_page_copy(void *to, const void *from);
los_pageno los_page_alloc_zeroed(void);
/* 2^order contiguous pages (order at most 9), one reference on the first. Freed as a whole with los_pages_free. */
los_pageno los_pages_alloc(unsigned order);
void los_pages_free(los_pageno first, unsigned order);
void los_page_ref(los_pageno page);
void los_page_unref(los_pageno page); /* the last one frees it */
uint32_t los_page_refs(los_pageno page);
void *los_page_address(los_pageno page); /* in the direct map */
los_pageno los_page_of(const void *address);
uint64_t los_pages_free_count(void);
uint64_t los_pages_total(void);
/* Token and offset to name the page in exo calls. */
exo_frame_rwx los_page_frame(los_pageno page, uint64_t *offset);

/* --- heap ---------------------------------------------------------------------------------------------------
 * Objects up to 256 KiB, aligned to 16 bytes, from 128 bytes on to 64; freed memory is filled with 0xdd in debug builds. Returns NULL when memory is out. */
void *los_alloc(size_t bytes);
void *los_alloc_zeroed(size_t bytes);
void los_free(void *pointer); /* NULL is fine */
char *los_strdup(const char *s);
void los_heap_trim(void); /* gives the heap's empty pages back (it keeps at most one per size) */

/* --- memory objects: pages by index, for files (the page cache) and for shared memory -------------------------- */
struct los_object;
struct los_object_ops {
    /* Page `index` with a reference for the caller, or a negative error (NOMEM, NOSPC, FAULT beyond the end). create: make it
     * when there is none (else LOS_NO_PAGE with 0 for a hole). */
    int (*page)(struct los_object *object, uint64_t index, bool create, los_pageno *page);
    void (*release)(struct los_object *object); /* the last reference has gone */
};
struct los_object {
    const struct los_object_ops *ops;
    uint32_t refs;
    void *overlay;   /* los_space_patch's patched text pages; dropped by los_object_changed */
    uint32_t mapped; /* regions that show it: kept by memory/, 0 at first */
};
void los_object_ref(struct los_object *object);
void los_object_unref(struct los_object *object);
/* The contents of pages [first, first + count) were written or truncated: drop patched copies. Truncation also unmaps
 * (los_object_truncated) so that later accesses fault. */
void los_object_changed(struct los_object *object, uint64_t first, uint64_t count);
void los_object_truncated(struct los_object *object, uint64_t first_gone);
struct los_object *los_object_anonymous(uint64_t pages); /* shared anonymous memory; NULL: out of memory */

/* --- spaces of processes ------------------------------------------------------------------------------------------- */
enum los_protection { LOS_READ = 1, LOS_WRITE = 2, LOS_EXECUTE = 4 };
enum los_region_flag {
    LOS_SHARED = 1,       /* else private: copy on write */
    LOS_FIXED = 2,        /* exactly there, replacing what was there */
    LOS_NOREPLACE = 4,    /* with FIXED: EXIST when something is there */
    LOS_GROWS_DOWN = 8,   /* a stack: faults down to `limit` bytes below its end extend it */
    LOS_HEAP = 16,        /* shown as [heap] */
    LOS_STACK = 32,       /* shown as [stack] */
    LOS_LOW = 64,         /* choose an address below 2 GiB */
    LOS_POPULATE = 128,   /* make and map the pages at once */
    LOS_NO_RESERVE = 256, /* sparse: may be larger than memory */
};
struct los_region {
    struct los_link link; /* in the space, by address */
    uint64_t start, end;  /* page aligned */
    uint32_t protection, flags;
    struct los_object *object; /* NULL: anonymous private */
    uint64_t object_page;      /* index that `start` shows */
    struct los_file *file;     /* for /proc maps, referenced; or NULL */
    const char *name;          /* constant string such as "[vdso]", or NULL */
};
struct los_space {
    struct los_link regions;
    uint32_t refs; /* threads' processes that use it (vfork and CLONE_VM share it) */
    exo_space handle;
    uint64_t region_count, virtual_pages, resident_pages, shared_pages; /* shared: resident and of an object */
    uint64_t peak_pages, peak_virtual_pages; /* the most that were resident, virtual */
    uint64_t stack_limit, address_limit;     /* bytes; UINT64_MAX: none. 8 MiB and none at first */
    uint64_t heap_start, heap_end;           /* the break */
    uint64_t map_top;                        /* new mappings are placed downwards from here */
    void *tables;                            /* memory/: what is mapped where */
};
struct los_space *
los_space_create(void); /* empty, the container segment grafted; NULL: out of memory or pool */
struct los_space *los_space_fork(struct los_space *from); /* copy on write */
void los_space_ref(struct los_space *space);
void los_space_unref(struct los_space *space); /* the last one destroys it; not the present one of any vCPU */
/* Maps [address, address + bytes) (FIXED) or somewhere (0, or a hint). Takes its own references on object and file. Returns the address or
 * an error: INVAL, NOMEM, EXIST. */
long los_space_map(struct los_space *space, uint64_t address, uint64_t bytes, uint32_t protection,
                   uint32_t flags, struct los_object *object, uint64_t object_page, struct los_file *file,
                   const char *name);
long los_space_unmap(struct los_space *space, uint64_t address, uint64_t bytes);
long los_space_protect(struct los_space *space, uint64_t address, uint64_t bytes, uint32_t protection);
long los_space_remap(struct los_space *space, uint64_t address, uint64_t old_bytes, uint64_t new_bytes,
                     bool may_move, bool fixed, uint64_t new_address);
/* Drops private pages in the range (they read as fresh afterwards). */
long los_space_discard(struct los_space *space, uint64_t address, uint64_t bytes);
long los_space_set_break(struct los_space *space,
                         uint64_t end); /* returns the new or, on failure, the old break */
struct los_region *los_space_find(struct los_space *space, uint64_t address); /* that contains it, or NULL */
struct los_region *los_space_above(struct los_space *space,
                                   uint64_t address); /* the first that ends above it, or NULL */
/* Access by ring 3 to an address failed. Returns 0 when resolved, FAULT (no such region: SEGV_MAPERR), ACCES (region forbids it:
 * SEGV_ACCERR), NOMEM, or IO (page beyond the end of the object: SIGBUS). */
int los_space_fault(struct los_space *space, uint64_t address, uint32_t access);
/* Copies to or from any space through the direct map; returns bytes copied (short at the first unmapped page). force: ignore protection. */
size_t los_space_read(struct los_space *space, uint64_t address, void *to, size_t bytes);
size_t los_space_write(struct los_space *space, uint64_t address, const void *from, size_t bytes, bool force);
/* Is page `address` present? For mincore. */
bool los_space_present(struct los_space *space, uint64_t address);
/* Rewrites `bytes` (at most 16, inside one page) of text of a private file mapping: the change is kept in a page that all processes
 * mapping this object page at this address share, and never reaches the file. Safe against other vCPUs executing there. */
int los_space_patch(struct los_space *space, uint64_t address, const void *to, size_t bytes);
/* Marks the calling vCPU as running in the space (exo space_switch). NULL: the first space, which maps no program. */
void los_space_activate(struct los_space *space);

/* --- user memory of the current thread, by its addresses. May sleep never, may fault pages in. ------------------------ */
int los_copy_in(void *to, uint64_t user, size_t bytes);          /* 0 or FAULT */
int los_copy_out(uint64_t user, const void *from, size_t bytes); /* 0 or FAULT */
int los_clear_user(uint64_t user, size_t bytes);                 /* 0 or FAULT */
/* Copies a string with its NUL; returns its length without it, FAULT, or NAMETOOLONG when there is no NUL in `size` bytes. */
long los_copy_in_string(char *to, uint64_t user, size_t size);
/* 32-bit atomic read, and compare-and-exchange, of an aligned user word. 0 or FAULT. */
int los_user_load32(uint64_t user, uint32_t *value);
int los_user_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found);

/* A byte stream from or to memory that may be a program's or the library OS's own: what read and write operations move.
 * A partial move happens when a fault cuts it short. */
struct los_transfer {
    uint64_t at;
    size_t left;
    bool user; /* at is an address of the current program; else of the library OS */
};
/* Moves min(bytes, left), advances, returns how many were moved (0 to that), or FAULT if none could be. */
long los_transfer_out(struct los_transfer *transfer, const void *from,
                      size_t bytes);                                         /* to the program: for read */
long los_transfer_in(struct los_transfer *transfer, void *to, size_t bytes); /* from it: for write */
long los_transfer_zero(struct los_transfer *transfer); /* all that is left becomes zero: as los_transfer_out */

#endif
