/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The exo calls as C functions, and the contract of each. All return a negative enum exo_error on failure;
 * a failed call changed nothing unless it says so. Any call returns BAD_HANDLE for a handle without a live token,
 * BAD_KIND for a token of the wrong kind, NO_RIGHT for missing rights, BAD_ADDRESS for a pointer that cannot be
 * read or written: these four are not repeated below. "Token [R]" is a token that must carry the right R.
 * Under QEMU, Bochs and hardware the functions are one `syscall`; hosted, a call into the same core.
 */
#ifndef EXO_CALLS_H
#define EXO_CALLS_H

#include <exo/types.h>

#if defined(__x86_64__) && !defined(EXO_HOSTED) && !defined(EXO_UNIT_TEST)
static inline long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    long result;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(EXO_CALL_BASE + number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}
#else
/* Hosted and unit tests provide this. */
long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
#endif

#define EXO_CALL(NAME, a, b, c, d, e)                                                                          \
    exo_call(EXO_CALL_##NAME, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e))

/* Returns EXO_ABI_VERSION. Needs nothing; the null call of benchmarks. */
static inline long exo_abi_version(void) { return EXO_CALL(ABI_VERSION, 0, 0, 0, 0, 0); }

/* Appends `length` bytes (at most 1024) to the boot log. MACHINE [W]. Returns how many were written.
 * BAD_ARGUMENT: length over 1024. */
static inline long exo_log_write(exo_handle machine, const char *text, uint64_t length)
{
    return EXO_CALL(LOG_WRITE, machine, text, length, 0, 0);
}

/* Makes a token with `rights` (a subset of the source's) on the same resource, in the caller's table, a child of
 * `token`. FRAME, PORTS, IRQ: of the sub-range [offset, offset + count); other kinds: offset 0, count 1.
 * Any kind [SPLIT]. Returns the handle. BAD_ARGUMENT: rights exceed the source's, or range outside it, or count 0.
 * NO_SLOT, NO_POOL. */
static inline long exo_token_derive(exo_handle token, uint64_t rights, uint64_t offset, uint64_t count)
{
    return EXO_CALL(TOKEN_DERIVE, token, rights, offset, count, 0);
}

/* Gives the domain a child of `token` with `rights`. DOMAIN [W], any kind [SEND]. flags: enum exo_send_flag.
 * Frames that were ever mapped writable arrive zeroed unless EXO_SEND_CONTENTS. Returns the handle in the
 * receiver's table (meaningless in the caller's). BAD_ARGUMENT: rights exceed the source's, unknown flags.
 * NO_SLOT, NO_POOL: the receiver's. AGAIN: zeroing is under way, call again with the same arguments. DEAD. BUSY: without
 * EXO_SEND_CONTENTS, a frame that was written is still mapped somewhere (it could not arrive zeroed), or one is in a pool. */
static inline long exo_token_send(exo_handle domain, exo_handle token, uint64_t rights, uint64_t flags)
{
    return EXO_CALL(TOKEN_SEND, domain, token, rights, flags, 0);
}

/* Forgets a token of the caller. Its children live on as children of its parent. Mappings made through it stay
 * until unmapped or revoked through the parent. Any kind, no right. */
static inline long exo_token_drop(exo_handle token) { return EXO_CALL(TOKEN_DROP, token, 0, 0, 0, 0); }

/* Destroys all that was derived from the token, in every domain, and every use of it (mappings of frames in the range
 * made in other domains' spaces, bindings, pending events). The token itself stays. Any kind [OWN]. A mapping that another
 * token of its space's domain still permits stays too. A vCPU whose page was derived from the token is stopped, also one's own.
 * AGAIN: bounded work was done, call again. */
static inline long exo_token_revoke(exo_handle token) { return EXO_CALL(TOKEN_REVOKE, token, 0, 0, 0, 0); }

/* Fills in *info. Any kind, no right. */
static inline long exo_token_info(exo_handle token, struct exo_token_info *info)
{
    return EXO_CALL(TOKEN_INFO, token, info, 0, 0, 0);
}

/* Makes a domain; the whole extent of `pool`, a FRAME [OWN] of at least 8 pages, nowhere mapped, becomes its
 * first pool as domain_donate does. Returns a DOMAIN token with all rights in the caller's table.
 * BAD_ARGUMENT: extent too small, or over 65,536 pages. BUSY: a frame is mapped or donated. NO_SLOT, NO_POOL (the caller's). */
static inline long exo_domain_create(exo_handle pool) { return EXO_CALL(DOMAIN_CREATE, pool, 0, 0, 0, 0); }

/* Adds the whole extent of a FRAME [OWN] to the domain's pool, from which its kernel objects and page tables are made.
 * DOMAIN [W]. Until the domain is destroyed nobody can map these frames; then they are ordinary frames again, zeroed,
 * owned as before. BUSY: a frame is mapped or donated. BAD_ARGUMENT: over 65,536 pages. DEAD. */
static inline long exo_domain_donate(exo_handle domain, exo_handle frame)
{
    return EXO_CALL(DOMAIN_DONATE, domain, frame, 0, 0, 0);
}

/* Stops and destroys everything in the domain: vCPUs, spaces, tokens and all derived from them, and the domains that it
 * created. DOMAIN [OWN]. Not one's own, nor one that created it: BAD_ARGUMENT. AGAIN: bounded work was done, call again. On success the handle is gone too. */
static inline long exo_domain_destroy(exo_handle domain)
{
    return EXO_CALL(DOMAIN_DESTROY, domain, 0, 0, 0, 0);
}

/* Fills in *info. DOMAIN [R]. */
static inline long exo_domain_info(exo_handle domain, struct exo_domain_info *info)
{
    return EXO_CALL(DOMAIN_INFO, domain, info, 0, 0, 0);
}

/* Makes an empty space that belongs to the domain and is paid from its pool. DOMAIN [W]. Returns a SPACE token with all
 * rights in the caller's table. NO_POOL, NO_SLOT, DEAD. */
static inline long exo_space_create(exo_handle domain) { return EXO_CALL(SPACE_CREATE, domain, 0, 0, 0, 0); }

/* Unmaps everything (not what was grafted from elsewhere, which only leaves this space) and frees the page tables.
 * SPACE [OWN]. BUSY: it is the present space of a vCPU, or grafted elsewhere; nothing has changed. AGAIN: call again, the space
 * can be used for nothing else any more. The handle is gone on success. */
static inline long exo_space_destroy(exo_handle space) { return EXO_CALL(SPACE_DESTROY, space, 0, 0, 0, 0); }

/* Carries out maps[0..n). SPACE [W], each frame token with the rights of its prot. n at most 1024, pages in one call at
 * most 65,536 small ones (a large page counts as one). Returns how many elements were carried out in full; when the first fails,
 * its error. BAD_ARGUMENT: va, count, prot or range. BAD_ADDRESS: va outside ring 3's part, or inside a grafted part.
 * BUSY: a frame is in a pool. NO_POOL: for page tables (elements before it are done). DEAD. */
static inline long exo_space_map(exo_handle space, const struct exo_map *maps, uint64_t n)
{
    return EXO_CALL(SPACE_MAP, space, maps, n, 0, 0);
}

/* Unmaps [va, va + pages * 4096); holes are fine. SPACE [W]. When it returns, no TLB of any CPU has the translation.
 * Returns 0. BAD_ARGUMENT: unaligned or overflowing. BAD_ADDRESS: a part of it is grafted from elsewhere. NO_POOL: for the
 * table that splitting a large page takes. AGAIN: 262,144 mappings are gone, call again for the rest. Empty tables in the
 * range are freed. */
static inline long exo_space_unmap(exo_handle space, uint64_t va, uint64_t pages)
{
    return EXO_CALL(SPACE_UNMAP, space, va, pages, 0, 0);
}

/* Changes the protection of what is mapped in the range, holes skipped; never beyond the rights of the token that each page was
 * mapped with (each letter that the mapping's token lacked stays off). SPACE [W]. Flushes as unmap does.
 * BAD_ARGUMENT, BAD_ADDRESS, NO_POOL, AGAIN: as unmap. */
static inline long exo_space_protect(exo_handle space, uint64_t va, uint64_t pages, uint64_t prot)
{
    return EXO_CALL(SPACE_PROTECT, space, va, pages, prot, 0);
}

/* Makes the 512 GiB at `slot` (0 to 255) of `to` the same table as in `from`: later changes in either are seen in both.
 * to: SPACE [W], from: SPACE [W], of the same domain. Both must hold something or nothing there: BUSY if `to` has mappings
 * in the slot; NOT_MAPPED if `from` has none. A grafted part is edited through `from` only.
 * BAD_ARGUMENT: slot, domains differ, or `to` is `from`. Of a part that is itself grafted, the first owner becomes `from`. */
static inline long exo_space_graft(exo_handle to, exo_handle from, uint64_t slot)
{
    return EXO_CALL(SPACE_GRAFT, to, from, slot, 0, 0);
}

/* Makes the space the present one of the calling vCPU; execution goes on at the next instruction, in the new
 * space. SPACE [X] of the caller's own domain, else BAD_ARGUMENT. Takes no lock. */
static inline long exo_space_switch(exo_handle space) { return EXO_CALL(SPACE_SWITCH, space, 0, 0, 0, 0); }

/* Fills out[0..n) with the entries of the n pages (at most 512) from va. SPACE [R]. Frame numbers are relative to nothing that
 * can be used in a call: they serve to compare and to see accessed and dirty bits. */
static inline long exo_space_query(exo_handle space, uint64_t va, struct exo_pte *out, uint64_t n)
{
    return EXO_CALL(SPACE_QUERY, space, va, out, n, 0);
}

/* Makes a vCPU of the domain, in the space (of that domain). `page` is a FRAME [R W] of one page that becomes the vCPU page;
 * it must be mapped by the caller's care at `page_va`, to which GS base will point. number: any; shown in the page.
 * DOMAIN [W], SPACE [X]. Returns a VCPU token with all rights. NO_POOL, NO_SLOT, BAD_ARGUMENT, BUSY: frame is in a pool. */
static inline long exo_vcpu_create(exo_handle domain, exo_handle space, exo_handle page, uint64_t page_va,
                                   uint64_t number)
{
    return EXO_CALL(VCPU_CREATE, domain, space, page, page_va, number);
}

/* Names the entries of the upcalls (canonical addresses below EXO_USER_END, or 0: a foreign system call or fault without
 * entry stops the vCPU, events are never delivered). VCPU [W]. BAD_ADDRESS. */
static inline long exo_vcpu_entries(exo_handle vcpu, uint64_t syscall, uint64_t fault, uint64_t event)
{
    return EXO_CALL(VCPU_ENTRIES, vcpu, syscall, fault, event, 0);
}

/* Starts a vCPU that was never started: RIP, RSP, RDI as given, other registers zero, masked = 1. It needs a slice to run.
 * VCPU [X]. BUSY: started before. BAD_ADDRESS: rip not a user address. */
static inline long exo_vcpu_start(exo_handle vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi)
{
    return EXO_CALL(VCPU_START, vcpu, rip, rsp, rdi, 0);
}

/* Fills in *state. VCPU [R]. */
static inline long exo_vcpu_state(exo_handle vcpu, struct exo_vcpu_state *state)
{
    return EXO_CALL(VCPU_STATE, vcpu, state, 0, 0, 0);
}

/* Blocks the calling vCPU until `pending` is not 0 or the clock reaches deadline_ns (ns since boot; UINT64_MAX: no deadline).
 * Returns 0 at once if `pending` is not 0 already. Does not touch `masked` or `pending`; delivers no upcall by itself.
 * No event between the test and the blocking is lost. */
static inline long exo_vcpu_block(uint64_t deadline_ns)
{
    return EXO_CALL(VCPU_BLOCK, deadline_ns, 0, 0, 0, 0);
}

/* Sets the calling vCPU's one timer: at deadline_ns (UINT64_MAX: never) EXO_PENDING_TIMER becomes pending. */
static inline long exo_vcpu_timer(uint64_t deadline_ns)
{
    return EXO_CALL(VCPU_TIMER, deadline_ns, 0, 0, 0, 0);
}

/* Lets another vCPU of this CPU run before the caller's slice is over. */
static inline long exo_vcpu_yield(void) { return EXO_CALL(VCPU_YIELD, 0, 0, 0, 0, 0); }

/* Stops the calling vCPU for good. Whoever bound an event to its domain's death (domain tokens ring the creator's
 * vCPU bit EXO_PENDING_USER) sees it in domain_info. Does not return. */
static inline long exo_vcpu_exit(uint64_t status) { return EXO_CALL(VCPU_EXIT, status, 0, 0, 0, 0); }

/* Makes an EVENT token [W SEND SPLIT OWN] that rings bit `bit` (8 to 63) of the vCPU. VCPU [W]. BAD_ARGUMENT, NO_SLOT, NO_POOL. */
static inline long exo_event_derive(exo_handle vcpu, uint64_t bit)
{
    return EXO_CALL(EVENT_DERIVE, vcpu, bit, 0, 0, 0);
}

/* Sets the event's bit in its vCPU's pending word, and wakes the vCPU if it blocks. EVENT [W]. */
static inline long exo_event_ring(exo_handle event) { return EXO_CALL(EVENT_RING, event, 0, 0, 0, 0); }

/* Splits `budget_us` per `period_us` on the CPU numbered `cpu` off a slice that the caller owns there. SLICE [SPLIT].
 * Returns a SLICE token [X SEND SPLIT OWN]. cpu must be in the source's set. BAD_ARGUMENT: budget 0 or over period, period
 * outside 1,000 to 1,000,000 us, cpu not in the source. NO_TIME: the source has not that much left. NO_SLOT, NO_POOL. */
static inline long exo_slice_create(exo_handle slice, uint64_t cpu, uint64_t budget_us, uint64_t period_us)
{
    return EXO_CALL(SLICE_CREATE, slice, cpu, budget_us, period_us, 0);
}

/* Lets the vCPU run in the slice, instead of any that it had. VCPU [X], SLICE [X].
 * BUSY: the slice has another vCPU, or the vCPU has stopped for good. */
static inline long exo_slice_bind(exo_handle vcpu, exo_handle slice)
{
    return EXO_CALL(SLICE_BIND, vcpu, slice, 0, 0, 0);
}

/* From now on the line's interrupt rings the event, and the line stays masked until irq_ack. IRQ [X] of one line, EVENT [W].
 * event 0 undoes it. BUSY: bound through another token already. */
static inline long exo_irq_bind(exo_handle irq, exo_handle event)
{
    return EXO_CALL(IRQ_BIND, irq, event, 0, 0, 0);
}

/* Opens the line again. IRQ [X] of one line. NOT_MAPPED: no event is bound to it. */
static inline long exo_irq_ack(exo_handle irq) { return EXO_CALL(IRQ_ACK, irq, 0, 0, 0, 0); }

/* Reads the port at `offset` of the range. PORTS [R]. width: 1, 2 or 4 bytes. Returns the value. BAD_ARGUMENT. */
static inline long exo_port_in(exo_handle ports, uint64_t offset, uint64_t width)
{
    return EXO_CALL(PORT_IN, ports, offset, width, 0, 0);
}

/* Writes it. PORTS [W]. */
static inline long exo_port_out(exo_handle ports, uint64_t offset, uint64_t width, uint64_t value)
{
    return EXO_CALL(PORT_OUT, ports, offset, width, value, 0);
}

/* Writes n bytes (at most 256), one after the other, to the byte port. PORTS [W]. Returns n. */
static inline long exo_port_write(exo_handle ports, uint64_t offset, const void *bytes, uint64_t n)
{
    return EXO_CALL(PORT_WRITE, ports, offset, bytes, n, 0);
}

/* Switches the machine off, or resets it. MACHINE [X]. action: enum exo_power. Returns only on failure. */
static inline long exo_machine_power(exo_handle machine, uint64_t action)
{
    return EXO_CALL(MACHINE_POWER, machine, action, 0, 0, 0);
}

#endif
