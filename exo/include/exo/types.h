/* SPDX-License-Identifier: MPL-2.0 */
/* Words, numbers and structures that the exokernel and every library OS share. Self-contained. */
#ifndef EXO_TYPES_H
#define EXO_TYPES_H

#include <stdint.h>

#define EXO_ABI_VERSION 2

#define EXO_PAGE_SHIFT  12
#define EXO_PAGE_SIZE   4096ul
#define EXO_LARGE_PAGES 512ul /* 4 KiB pages in a 2 MiB page */

/* User addresses lie below this; the exokernel never maps anything for ring 3 at or above it. */
#define EXO_USER_END 0x800000000000ul

/* rax = EXO_CALL_BASE + number makes a `syscall` an exo call; any other rax is a foreign system call. */
#define EXO_CALL_BASE 0x4b780000ul

enum exo_call {
#define X(number, NAME, name, ...) EXO_CALL_##NAME = number,
#include <exo/calls.def>
#undef X
    EXO_CALL_COUNT
};

enum exo_error {
    EXO_OK = 0,
#define X(NAME, text) EXO_E_##NAME,
#include <exo/errors.def>
#undef X
    EXO_ERROR_COUNT
};

enum exo_kind {
    EXO_NONE = 0, /* a free slot */
#define X(NAME, text) EXO_##NAME,
#include <exo/kinds.def>
#undef X
    EXO_KIND_COUNT
};

/*
 * A handle: the index of a slot in the calling domain's token table in the low 32 bits, the slot's
 * generation in the high 32 bits. Generations start at 1, so 0 never names a token. Handles mean
 * nothing in another domain.
 */
typedef uint64_t exo_handle;

/* Rights of a token. They only shrink. */
enum exo_right {
    EXO_R = 1 << 0,     /* read, look at: map readable, port in, query, state */
    EXO_W = 1 << 1,     /* write, change: map writable, port out, map into a space, ring an event */
    EXO_X = 1 << 2,     /* execute, use: map executable, run in a space, start a vCPU, use a slice */
    EXO_SEND = 1 << 3,  /* may be sent to another domain */
    EXO_SPLIT = 1 << 4, /* may be derived from (always with these or fewer rights) */
    EXO_OWN = 1 << 5,   /* may be destroyed, donated, revoked */
    EXO_ALL = 0x3f,
};

/* Flags of token_send. */
enum exo_send_flag {
    EXO_SEND_CONTENTS = 1, /* frames: hand them over as they are. Without it they arrive zeroed */
    EXO_SEND_MOVE = 2,     /* drop the sender's token when the send succeeded */
};

/* Flags of slice_create. */
enum exo_slice_flag {
    EXO_SLICE_SLACK = 1, /* when its budget is used up, it runs in time that nobody with budget wants */
};

/* Flags of space_graft. */
enum exo_graft_flag {
    EXO_GRAFT_READ_ONLY = 1, /* nothing can be written through this graft, whatever the tables below say */
};

/* Protection of a mapping. EXO_MAP_W with EXO_MAP_X is allowed: W^X in a space is the owner's policy. */
enum exo_map_flag {
    EXO_MAP_R = 1 << 0,
    EXO_MAP_W = 1 << 1,
    EXO_MAP_X = 1 << 2,
};

/* One element of space_map's batch. It replaces whatever was mapped in its range. */
struct exo_map {
    uint64_t va;      /* page aligned, below EXO_USER_END */
    exo_handle frame; /* FRAME token */
    uint64_t offset;  /* first page within the token's extent */
    uint32_t count;   /* pages, at least 1. Runs that are 2 MiB aligned on both sides use large pages */
    uint32_t prot;    /* enum exo_map_flag; each needs the right of the same letter in the frame token */
};
_Static_assert(sizeof(struct exo_map) == 32, "ABI");

/* One element of space_query's answer. */
struct exo_pte {
    uint64_t frame; /* physical page number, EXO_PTE_* flags in the low 12 bits; 0: not mapped */
};
enum exo_pte_flag {
    EXO_PTE_PRESENT = 1,
    EXO_PTE_W = 2,
    EXO_PTE_X = 4,
    EXO_PTE_ACCESSED = 8,
    EXO_PTE_DIRTY = 16,
    EXO_PTE_LARGE = 32,
};

/* Answer of token_info. */
struct exo_token_info {
    uint32_t kind;   /* enum exo_kind */
    uint32_t rights; /* enum exo_right */
    uint64_t base;   /* FRAME: 0 (physical addresses are not told); PORTS, IRQ: first number; else 0 */
    uint64_t count;  /* FRAME: pages; PORTS, IRQ: how many; else 1 */
    uint64_t large;  /* FRAME: pages from the start of the extent to its first 2 MiB boundary; else 0 */
};

/* Answer of domain_info. */
struct exo_domain_info {
    uint64_t pool_pages; /* donated */
    uint64_t pool_free;  /* of these, not used by an object */
    uint32_t tokens;     /* live tokens in its table */
    uint32_t spaces;
    uint32_t vcpus;
    uint32_t vcpus_dead;  /* exited, or stopped by a fault that they could not take */
    uint64_t exit_status; /* of the first vCPU that called vcpu_exit */
};

/* General registers as upcalls, vcpu_state and library OSes lay them out. */
struct exo_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t rip, cs, rflags, rsp, ss;
};

enum exo_vcpu_status {
    EXO_VCPU_NEW,     /* created, never started */
    EXO_VCPU_READY,   /* runs when its slice lets it */
    EXO_VCPU_BLOCKED, /* in vcpu_block */
    EXO_VCPU_CALLING, /* in gate_call: its slice works for the vCPU that serves it */
    EXO_VCPU_SERVING, /* in gate_return, waiting for a call */
    EXO_VCPU_EXITED,  /* called vcpu_exit */
    EXO_VCPU_FAULTED, /* a fault came while it could not take one: see vector, error, address */
};

/* Answer of vcpu_state. Registers are meaningful unless the vCPU is running right now. */
struct exo_vcpu_state {
    uint32_t status; /* enum exo_vcpu_status */
    uint32_t vector; /* EXO_VCPU_FAULTED: exception number */
    uint64_t error;
    uint64_t address;
    uint64_t exit_status;
    uint64_t cpu_ns; /* CPU time used so far, in ns */
    struct exo_regs regs;
};

/*
 * What passes through a gate besides a token: seven words, in rsi, rdx, r10, r12, r13, r14, r15. No other register of
 * one side is shown to the other.
 */
struct exo_message {
    uint64_t word[7];
    exo_handle token; /* call: to send along, 0: none. Answer: the one received, in one's own table */
    uint32_t
        rights; /* of the token sent: enum exo_right, plus EXO_MESSAGE_MOVE; filled in only by the sender */
};
#define EXO_MESSAGE_MOVE 0x100u /* the sender's token is dropped when it was sent */

/* Answer of recall_next: what somebody asks back, or what became of it. */
enum exo_recall_state {
    EXO_RECALL_ASKED =
        1, /* to the holder: give units of `token` back until deadline_ns (token_give_back, or token_drop). `count` are wanted in all,
              from all tokens that were made from the asker's: the records of one recall have one deadline */
    EXO_RECALL_TAKEN, /* to the holder: [offset, offset + count) of `token` was taken by force: the repossession record */
    EXO_RECALL_GIVEN, /* to the asker: the holder gave [offset, offset + count) of the asker's `token` back */
    EXO_RECALL_DONE, /* to the asker: the recall is over, `count` units of `token` came back, `forced` of them by force */
};
struct exo_recall {
    uint32_t state; /* enum exo_recall_state */
    uint32_t kind;  /* enum exo_kind of the token */
    exo_handle token;
    uint64_t offset, count; /* units: pages, ports, lines, functions; an object is 1 unit */
    uint64_t forced;
    uint64_t deadline_ns;
    uint64_t lost; /* records that found no room before this one */
};
_Static_assert(sizeof(struct exo_recall) == 56, "ABI");

/* One buffer of a request to a device queue (queue_transfer). Buffers of one request follow each other, all but the last
 * with EXO_BUFFER_MORE. */
enum exo_buffer_flag {
    EXO_BUFFER_MORE = 1,  /* the next element belongs to the same request */
    EXO_BUFFER_WRITE = 2, /* the device writes it: the token needs W. Otherwise the device reads it: R */
};
struct exo_buffer {
    exo_handle frame;
    uint64_t offset; /* bytes into the extent */
    uint32_t length; /* bytes, at least 1; must stay inside the extent */
    uint32_t flags;  /* enum exo_buffer_flag */
    uint64_t cookie; /* of the request (its first buffer): comes back when it is complete */
};
_Static_assert(sizeof(struct exo_buffer) == 32, "ABI");

/* One completed request. */
struct exo_completion {
    uint64_t cookie;
    uint32_t length;  /* bytes that the device wrote, as it says, at most what it was given to write */
    uint32_t request; /* number of its first descriptor; of no use to the driver */
};
_Static_assert(sizeof(struct exo_completion) == 16, "ABI");

enum exo_power { EXO_POWER_OFF, EXO_POWER_RESET };

#endif
