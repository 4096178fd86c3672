/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The supervisor's parts:
 *   main.c       what the boot left, the first container, and the loop that answers
 *   memory.c     who has which frame                       archive.c   root file systems, shared by containers
 *   container.c  what a container is made of               image.c     its library OS
 *   life.c       from its start to its end                 time.c      its slices
 *   serve.c      what comes through the gate               console.c   what containers write and read
 *   limit.c      limits that change: frames asked back     config.c text.c log.c    words
 *
 * What a container or a caller wrote is never believed. Nothing that it does ends the supervisor: functions that can fail for its
 * sake return an error (struct failure); only what would be a mistake of our own ends the machine (MUST).
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <exo/boot.h>
#include <exo/typed.h>
#include <exo/vcpu.h>
#include <los/container.h>
#include <los/image.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE         EXO_PAGE_SIZE
#define PAGES(bytes) (((bytes) + PAGE - 1) / PAGE)

/* --- text.c */
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
/* At most size - 1 bytes, and a NUL. Returns the length. Formats: %s, %u (uint64_t), %x (uint64_t). */
size_t text_format(char *to, size_t size, const char *format, ...);
void text_copy(char *to, size_t size, const char *from);
/* A decimal number from `least` to `most`, and nothing after it. */
bool text_number(const char *text, uint64_t least, uint64_t most, uint64_t *value);
/* 1 to 63 letters, digits, _ . and -, of which the first is a letter or digit. */
bool text_is_name(const char *text);

/* --- log.c: lines on the boot log */
void log_line(const char *format, ...);            /* as text_format */
void log_status(uint64_t status);                  /* the line that boot/run turns into its own exit status */
const char *error_text(long error);                /* of the exokernel */
_Noreturn void fail(const char *what, long error); /* says why, and powers off with status 125 */
_Noreturn void power_off(void);

/* A call's result, which is made again while it says AGAIN. */
#define AGAIN(call)                                                                                            \
    ({                                                                                                         \
        long result_;                                                                                          \
        do {                                                                                                   \
            result_ = (call);                                                                                  \
        } while (result_ == -EXO_E_AGAIN);                                                                     \
        result_;                                                                                               \
    })
/* The same of one that cannot fail, or the supervisor is at its end. */
#define MUST(what, call)                                                                                       \
    ({                                                                                                         \
        long must_ = AGAIN(call);                                                                              \
        if (must_ < 0)                                                                                         \
            fail(what, must_);                                                                                 \
        must_;                                                                                                 \
    })

/* Why something was not done: `error` is an enum los_supervisor_error, 0 where nothing failed. */
struct failure {
    uint32_t error;
    char text[240];
};
/* Fills it in, and returns false. */
bool refuse(struct failure *why, uint32_t error, const char *format, ...);
/* The same for an error of the exokernel. */
bool refuse_exo(struct failure *why, const char *what, long error);

/* --- main.c: what the exokernel hands to the first domain carries all rights; this is where the handles become tokens. */
extern const struct exo_boot_info *boot;
static inline exo_domain boot_domain(void) { return exo_trust(DOMAIN, EXO_ALL, boot->domain); }
static inline exo_space boot_space(void) { return exo_trust(SPACE, EXO_ALL, boot->space); }
static inline exo_vcpu boot_vcpu(void) { return exo_trust(VCPU, EXO_ALL, boot->vcpu); }
static inline exo_machine boot_machine(void) { return exo_trust(MACHINE, EXO_ALL, boot->machine); }
static inline exo_ports boot_ports(void) { return exo_trust(PORTS, EXO_ALL, boot->ports); }
static inline exo_irq boot_irqs(void) { return exo_trust(IRQ, EXO_ALL, boot->irqs); }
static inline EXO_TOKEN(SLICE, EXO_ALL) boot_slice(void) { return exo_trust(SLICE, EXO_ALL, boot->slice); }
static inline exo_frame boot_extent(uint32_t i) { return exo_trust(FRAME, EXO_ALL, boot->extent[i]); }
static inline exo_frame boot_module(uint32_t i) { return exo_trust(FRAME, EXO_ALL, boot->module[i].frame); }
uint64_t now_ns(void);
/* The supervisor's own vCPU's events. */
enum { EVENT_DEATH = EXO_PENDING_USER, EVENT_DOORBELL, EVENT_SELF };
void ring_self(void); /* the loop comes round again when nobody is served */
extern exo_event doorbell;
/* The module of that name; UINT32_MAX: none. A module is known by the first word of its name, without folders and extension. */
uint32_t find_module(const char *name);
/* The first word of the module's name, without folders. */
void module_name(uint32_t module, char name[64]);

/* --- memory.c: frames are numbered through all extents of the boot information; each has an owner */
enum { OWNER_NONE = 0, OWNER_SUPERVISOR = 0xffff, OWNER_ARCHIVE = 0xfffe };
struct range {
    uint64_t first, pages;
};
void memory_start(void);
uint64_t memory_free(void);  /* pages */
uint64_t memory_total(void); /* pages */
/* The first frames that are free in a row, aligned where that costs nothing. False: there are none. */
bool memory_take(uint16_t owner, uint64_t pages, struct range *range);
/* Exactly these, which are free. */
void memory_claim(uint16_t owner, struct range range);
/* As many pieces as it takes, at most `most`. False: not that much, or in more pieces; nothing was taken. */
bool memory_take_pieces(uint16_t owner, uint64_t pages, struct range *pieces, uint32_t most, uint32_t *count);
/* Those of the range that the owner has. */
void memory_give(uint16_t owner, struct range range);
/* A token of the whole range, which lies in one extent. */
long memory_token(struct range range, exo_frame *token);
/* The extents themselves: where each begins. */
struct range memory_extent(uint32_t extent);

/* Maps pages of any FRAME token, however many: what it permits, the exokernel checks. */
#define map_pages(space, va, frame, ...) (map_pages)(space, va, exo_weaken(frame, EXO_R), __VA_ARGS__)
long(map_pages)(exo_space space, uint64_t va, exo_frame_r frame, uint64_t offset, uint64_t pages,
                uint32_t prot);

/* --- archive.c */
#define ARCHIVES_MAX 64
struct archive {
    char name[64];
    uint32_t number, users, module; /* number 0: a free place; module: where from, or UINT32_MAX */
    bool sealed;
    uint64_t bytes;
    struct range range;
    exo_frame token;
    EXO_TOKEN(FRAME, EXO_R | EXO_X | EXO_SEND)
    view; /* what containers see: mapped through a token that could be written, it would go
                                                        from one container when another one that has it ends */
};
void archives_start(void);
struct archive *archive_find(const char *name); /* NULL: none; sealed or not */
struct archive *archive_number(uint64_t number);
struct archive *archive_at(uint32_t i); /* i < ARCHIVES_MAX; number 0 where there is none */
struct archive *archive_make(const char *name, uint64_t bytes, struct failure *why);
bool archive_fill(struct archive *archive, uint64_t offset, const void *from, uint64_t bytes,
                  struct failure *why);
bool archive_seal(struct archive *archive, struct failure *why);
bool archive_forget(struct archive *archive, struct failure *why);

/* --- config.c: strings KEY=VALUE, each with a NUL at its end (los/container.h) */
struct config {
    const char *text;
    uint64_t bytes;
};
/* Is the value of the key 1? */
bool config_is(struct config config, const char *key);
bool config_good(struct config config); /* every string ends inside and has a key */
/* The value of the n-th string with that key; NULL: none. */
const char *config_get(struct config config, const char *key, uint32_t n);
/* The number under the key, or `otherwise` where there is none. */
bool config_number(struct config config, const char *key, uint64_t otherwise, uint64_t least, uint64_t most,
                   uint64_t *value, struct failure *why);

/* --- container.c */
#define CONTAINERS_MAX 1000
/* Where a container's own pages lie in the supervisor's space: struct container first, which nobody else sees. */
#define SLOT_VA      0x706000000000ul
#define SLOT_SPAN    0x100000ul
#define WINDOW_VA    0x708000000000ul
#define WINDOW_PAGES 4096ul /* image data, stacks, vCPU pages */
#define IMAGES_VA    0x709000000000ul
#define IMAGE_SPAN   0x40000000ul
#define ARCHIVES_VA  0x70a000000000ul
#define ARCHIVE_SPAN 0x100000000ul
#define OWNERS_VA    0x70c000000000ul

struct extent {
    exo_frame token; /* the supervisor's, of which the container has a child */
    struct range range;
    uint64_t given; /* pages of it that came back, or are lost until the container ends */
    bool recalled;  /* a recall is under way */
};
struct console {
    struct los_console *shared;           /* in the supervisor's space; NULL: none */
    uint32_t out_size, err_size, in_size; /* bytes */
    struct range range;
    exo_frame token;
    bool attached, is_exec;
};
struct container {
    struct container *next; /* the list of all, in order of their numbers */
    uint32_t number, slot, state;
    int32_t status;
    bool first;
    char name[64], libos[32], root[64];
    struct config config;
    exo_domain domain; /* NULL: it ended */
    exo_space space;
    uint64_t entry, stack;

    struct range pool, shared; /* shared: the pages at SLOT_VA */
    uint64_t shared_pages;
    exo_frame pool_token, shared_token;
    struct extent extent[LOS_EXTENTS_MOST];
    uint32_t extents;
    uint64_t direct_pages; /* of the direct map so far */
    uint64_t used;         /* pages taken from the start of the first extent while it is set up */
    uint64_t limit_pages;  /* what it may have, all in */
    uint64_t recalled_pages, forced_pages;

    struct los_start *start; /* in the supervisor's space, as are */
    struct los_control *control;
    uint8_t *channel;
    struct console console[LOS_CONSOLES_MAX];
    struct archive *archive[LOS_ARCHIVES_MAX];
    uint32_t archives;
    uint64_t archive_pages;

    exo_vcpu vcpu[LOS_VCPUS_MAX];
    exo_slice slice[LOS_VCPUS_MAX];
    uint32_t vcpus;
    uint64_t quota_us, period_us; /* 0: no quota */
    exo_event event;              /* rings it */
    exo_gate gate;                /* the supervisor's, for it */
    uint64_t created_ns, started_ns, ended_ns, cpu_ns;
};
_Static_assert(sizeof(struct container) <= PAGE, "one page");

extern struct container *containers; /* list */
/* As whom it has frames. */
static inline uint16_t owner_of(const struct container *container) { return (uint16_t)(container->slot + 1); }
struct container *container_find(uint64_t number, const char *name);
/* Makes one out of its configuration, which is copied. NULL: why says so. */
struct container *container_make(struct config config, struct failure *why);
struct container *container_make_first(struct config config, uint32_t image);
/* Takes everything back. The record stays with its console and configuration until container_forget. */
void container_end(struct container *container, int32_t status);
void container_forget(struct container *container);
uint64_t container_pages(const struct container *container); /* what it has now, all in */
/* Maps pages of any FRAME token in the container's space. */
#define container_map(container, va, frame, ...)                                                               \
    (container_map)(container, va, exo_weaken(frame, EXO_R), __VA_ARGS__)
long(container_map)(struct container *container, uint64_t va, exo_frame_r frame, uint64_t offset,
                    uint64_t pages, uint32_t prot);
/* The next pages of its first extent, zeroed, in the supervisor's window. NULL: no room. */
void *container_take(struct container *container, uint64_t pages, uint64_t *offset);
/* Hands frames over, mapped at the end of its direct map. *theirs is the token there. */
long container_add_extent(struct container *container, struct range range, bool contents, exo_handle *theirs);

/* --- image.c: loads the library OS image (ELF64, linked inside the container segment): pages that are never written are shared
 * with the module, the others are copied. */
bool image_load(struct container *container, uint32_t module, struct failure *why);

/* --- time.c */
/* Gives the container's vCPUs their slices. */
bool time_give(struct container *container, struct failure *why);
void time_take(struct container *container); /* they stop */
bool time_update(struct container *container, uint64_t quota_us, uint64_t period_us, struct failure *why);
/* The first container has all the time while it is alone. True: it is ready for others. */
bool time_ready_for_others(void);
void time_settle(void); /* from the loop, while nobody is served */

/* --- life.c */
bool life_start(struct container *container, struct failure *why);
void life_look_for_deaths(void);
bool life_pause(struct container *container, bool pause, struct failure *why);
/* Has the library OS taken the last message? */
bool life_takes_mail(const struct container *container, struct failure *why);
/* Posts a message for the library OS; text may be NULL. */
bool life_mail(struct container *container, uint32_t kind, const uint64_t word[6], const void *text,
               uint64_t bytes, struct failure *why);
uint64_t life_cpu_ns(const struct container *container);

/* --- limit.c */
/* Sees to it that so many pages are free: asks the first container for what is missing. False: AGAIN, or there are not that many. */
bool limit_want(uint64_t pages, struct failure *why);
bool limit_memory(struct container *container, uint64_t bytes, struct failure *why);
void limit_records(void); /* takes in what came back */

/* --- console.c */
bool console_make(struct container *container, uint32_t number, struct config config, struct failure *why);
void console_end(struct container *container, uint32_t number);
/* Lays one out at `at` in the supervisor's space. */
void console_lay_out(struct console *console, void *at, struct config config,
                     bool exec);       /* terminal, rows, columns */
uint64_t console_bytes(bool terminal); /* of memory, whole pages */
uint64_t console_read(struct console *console, bool err, uint64_t *from, void *to, uint64_t room);
uint64_t console_write(struct console *console, const void *from, uint64_t bytes);
bool console_attach(struct console *console, bool attach, bool oldest, struct failure *why);

/* --- serve.c */
/* Carries out a caller's request; the answer goes into *message. */
void serve(struct container *caller, struct exo_message *message);

#endif
