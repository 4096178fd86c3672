/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A library for bare images: flat images that boot as the first domain instead of the supervisor (boot/run --first), and
 * make domains of their own text. Every domain sees the same addresses:
 *
 *   EXO_SUPERVISOR_BASE    the image: text shared, the rest its own, zero at the start
 *   VCPU_PAGE(n)           the page of vCPU n; of vCPU 0 where the exokernel puts the first one
 *   START                  struct start: what the domain was given, and where it says what went wrong
 *   MEMORY                 the pages of start->memory, readable and writable
 *   0 to 512 GiB           nothing: free for experiments
 */
#ifndef TEST_LIB_H
#define TEST_LIB_H

#include <exo/boot.h>
#include <exo/calls.h>
#include <exo/vcpu.h>
#include <stdbool.h>
#include <stddef.h>
#pragma GCC visibility push(hidden) /* no table of addresses, which would be data */

#define PAGE           EXO_PAGE_SIZE
#define VCPUS_MAX      8
#define VCPU_PAGE(n)   ((struct exo_vcpu_page *)(EXO_BOOT_VCPU_PAGE_VA + (n)*PAGE))
#define START_VA       0x703000000000ul
#define START          ((struct start *)START_VA)
#define START_PAGES    4ul
#define MEMORY_VA      0x704000000000ul
#define MEMORY         ((uint8_t *)MEMORY_VA)
#define WINDOW(domain) (0x708000000000ul + (domain)*0x100000000ul) /* of the first domain into the others */
#define MS             1000000ul                                   /* in ns */
#define US             1000ul

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
bool same_text(const char *a, const char *b);
bool holds_text(const char *text, const char *part);

/* --- log.c ------------------------------------------------------------------------------------------------- */

/* In the formats below %s is text, %u decimal, %d signed, %x hexadecimal, all 64 bits wide. */
void log_start(exo_handle machine);
void log_line(const char *format, ...); /* one line of the boot log; first domain only */
/* The line that boot/run turns into its exit status, and the end of the machine. */
_Noreturn void power_off(uint64_t status);
_Noreturn void give_up(const char *what, long error); /* the test itself cannot go on: status 125 */
const char *error_name(long result);
size_t format_text(char *to, size_t size, const char *format, __builtin_va_list arguments);

/* Calls again while it says AGAIN. */
#define AGAIN(call)                                                                                            \
    ({                                                                                                         \
        long result_;                                                                                          \
        do {                                                                                                   \
            result_ = (call);                                                                                  \
        } while (result_ == -EXO_E_AGAIN);                                                                     \
        result_;                                                                                               \
    })
/* A call of the harness that has no reason to fail. */
#define MUST(call)                                                                                             \
    ({                                                                                                         \
        long must_ = AGAIN(call);                                                                              \
        if (must_ < 0)                                                                                         \
            give_up(#call, must_);                                                                             \
        must_;                                                                                                 \
    })

/* --- upcall.c, entry.S: upcalls of whatever vCPU runs ------------------------------------------------------------ */

struct local { /* at the start of the library OS's part of the vCPU page; offsets are known to entry.S */
    struct exo_vcpu_page *page;
    uint64_t scratch;                  /* 8 */
    uint64_t fault_stack, event_stack; /* 16, 24: tops */
    uint64_t recover;                  /* 32: stack pointer in attempt(), or 0 */
    uint64_t foreign;                  /* 40: 0: foreign system calls return at once, everything unchanged */
    struct exo_regs regs[3];           /* 48: of faults, events, foreign system calls; rip and rflags as well */
    struct exo_upcall_frame fault;     /* the last one */
    bool (*on_fault)(struct exo_regs *regs, const struct exo_upcall_frame *fault); /* true: go on at *regs */
    void (*on_event)(uint64_t bits); /* `pending` as it was taken */
    void (*on_foreign)(struct exo_regs *regs);
    uint64_t number;
};
_Static_assert(offsetof(struct local, regs) == 48 && sizeof(struct local) <= 1024, "entry.S");
static inline struct local *local(unsigned vcpu) { return (struct local *)VCPU_PAGE(vcpu)->libos; }
/* Of the executing vCPU; needs the GS base that it started with. */
static inline struct exo_vcpu_page *self(void)
{
    struct exo_vcpu_page *page;
    __asm__ volatile("movq %%gs:2048, %0" : "=r"(page));
    return page;
}
static inline struct local *self_local(void) { return (struct local *)self()->libos; }

/* The entry addresses for vCPU n, as exo_vcpu_entries takes them. */
uint64_t entry_foreign(unsigned vcpu), entry_fault(unsigned vcpu), entry_event(unsigned vcpu);
void local_init(unsigned vcpu);
/* Calls fn(argument). True if a fault ended it: *fault says which. The GS base and the flags are put right afterwards. */
bool attempt(void (*fn)(uint64_t argument), uint64_t argument, struct exo_upcall_frame *fault);
/* Lets events in, or keeps them out. */
void events_on(void);
static inline void events_off(void) { __atomic_store_n(&self()->masked, 1, __ATOMIC_SEQ_CST); }

/* --- time ---------------------------------------------------------------------------------------------------- */

static inline uint64_t now_ns(void)
{
    const struct exo_vcpu_page *page = VCPU_PAGE(0);
    unsigned __int128 ticks = __builtin_ia32_rdtsc() - page->clock_tsc;
    return page->clock_ns + (uint64_t)(ticks * page->clock_mult >> 32);
}
static inline void pause(void) { __builtin_ia32_pause(); }
void sleep_until(uint64_t ns); /* blocks; pending bits stay as they are and end it early */
static inline uint64_t take_pending(void) { return __atomic_exchange_n(&self()->pending, 0, __ATOMIC_SEQ_CST); }

/* --- domain.c: domains made of this image ------------------------------------------------------------------------ */

#define LINES_MAX 16
#define GIVEN_MAX 16
struct
    start { /* first page written by the first domain only, the rest by both; nobody may trust it afterwards */
    uint64_t cpus, vcpus;
    uint64_t memory_pages;
    void (*entry)(unsigned vcpu);
    exo_handle domain, space, memory, vcpu[VCPUS_MAX], slice[VCPUS_MAX];
    exo_handle given[GIVEN_MAX]; /* whatever else: domain_give */
    uint64_t argument[8];
    /* said by the domain */
    volatile uint64_t progress[VCPUS_MAX]; /* anything */
    volatile uint64_t word[32];            /* for talking between its vCPUs and with the first domain */
    uint64_t lines;                        /* failures; those beyond LINES_MAX are only counted */
    uint64_t skipped;                      /* what it tests is not built yet: its line says what */
    char line[LINES_MAX][160];
};
_Static_assert(sizeof(struct start) <= START_PAGES * PAGE, "START");

/* What the domain shall be. Zeros mean the value in brackets. */
struct wish {
    uint64_t pool_pages;   /* [64] */
    uint64_t memory_pages; /* [128] */
    unsigned vcpus;        /* [1] */
    uint64_t
        cpu_of_all; /* vCPU n runs on CPU n modulo the CPUs; bit 63: all of them on the CPU in the low bits */
    uint64_t budget_us, period_us; /* of each vCPU. [2000 of 10000] */
    uint64_t domain_rights;        /* of its own domain's token [R W SEND SPLIT] */
    bool watched;                  /* the first domain's window keeps showing all of its memory */
    void (*entry)(unsigned vcpu);  /* runs on every vCPU; returning is vcpu_exit(0) */
};
#define ALL_ON(cpu) (1ul << 63 | (cpu))

struct domain {
    struct wish wish;
    exo_handle domain, space, pool, memory, given_memory, vcpu[VCPUS_MAX], slice[VCPUS_MAX];
    struct start *start; /* in the first domain's window */
    uint8_t
        *window; /* the start of its memory there: pages as in its `memory` token, then what it does not name */
    uint64_t first_page, pages; /* within the arena */
    uint64_t index;
    unsigned given;
};

/* The first domain's frames to make domains of: the largest extent. Called by lib_first before image_main. */
extern exo_handle arena;
extern uint64_t arena_pages, arena_used;
extern const struct exo_boot_info *boot;

/* index: of the window; each living domain has another. */
void domain_new(struct domain *domain, const struct wish *wish, uint64_t index);
exo_handle domain_give(struct domain *domain, exo_handle token, uint64_t rights,
                       uint64_t flags);   /* its handle */
void domain_start(struct domain *domain); /* all of its vCPUs */
/* Until all its vCPUs have ended, or the time is up: false. */
bool domain_wait(struct domain *domain, uint64_t ns);
struct exo_vcpu_state domain_vcpu(const struct domain *domain, unsigned vcpu);
/* Destroys it and takes back all that was derived for it. Returns how many calls that took, or 0: it did not end within a second
 * for each CPU. Domains end in the opposite order of their making: the arena is a stack. */
uint64_t domain_end(struct domain *domain);
/* The arena's frames from that one on are mapped nowhere, and are zero now. Else false. */
bool arena_is_free(uint64_t first_page, uint64_t pages);

/* What the first domain can count of its own. */
struct resources {
    uint64_t pool_pages, pool_free, tokens, spaces, vcpus;
};
struct resources resources(void);

/* --- in a domain ----------------------------------------------------------------------------------------------- */

/* Says that something is wrong; the domain goes on. */
void complain(const char *format, ...);
/* What is tested is not built yet: the only line said is why, and nothing was judged. */
void skip(const char *what);
#define EXPECT(condition, ...)                                                                                 \
    ({                                                                                                         \
        bool holds_ = (condition);                                                                             \
        if (!holds_)                                                                                           \
            complain(__VA_ARGS__);                                                                             \
        holds_;                                                                                                \
    })
#define EXPECT_ERROR(NAME, call)                                                                               \
    ({                                                                                                         \
        long got_ = (call);                                                                                    \
        EXPECT(got_ == -EXO_E_##NAME, "%s is %s, not " #NAME, #call, error_name(got_));                        \
    })
#define EXPECT_GOOD(call)                                                                                      \
    ({                                                                                                         \
        long got_ = AGAIN(call);                                                                               \
        EXPECT(got_ >= 0, "%s is %s", #call, error_name(got_));                                                \
        got_;                                                                                                  \
    })
/* Maps into the domain's own space. */
static inline long map_here(uint64_t va, exo_handle frame, uint64_t offset, uint64_t pages, uint32_t prot)
{
    struct exo_map map = {va, frame, offset, (uint32_t)pages, prot};
    return exo_space_map(START->space, &map, 1);
}

/* What an image is: called on the first domain's stack. */
_Noreturn void image_main(void);

#pragma GCC visibility pop

#endif
