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
 * Frames that were ever mapped writable arrive zeroed unless EXO_SEND_CONTENTS: without it FRAME [SEND W]. Returns the handle in the
 * receiver's table (meaningless in the caller's). BAD_ARGUMENT: rights exceed the source's, unknown flags.
 * NO_SLOT, NO_POOL: the receiver's. AGAIN: zeroing is under way, or with EXO_SEND_MOVE what the drop takes is; call again with the
 * same arguments. DEAD. BUSY: without EXO_SEND_CONTENTS, a frame that was written is still mapped somewhere (it could not arrive
 * zeroed; of a large extent others may be zeroed already), or one is in a pool. A sender that moved frames which no other
 * token of its domain permits has no right to its mappings of them any more: they end, at the latest with the next revocation. */
static inline long exo_token_send(exo_handle domain, exo_handle token, uint64_t rights, uint64_t flags)
{
    return EXO_CALL(TOKEN_SEND, domain, token, rights, flags, 0);
}

/* Forgets a token of the caller. Its children live on as children of its parent. Of frames, the mappings in the caller's spaces
 * that no other token of its domain permits end, since revocation could not find them any more. Any kind, no right. AGAIN: bounded
 * work was done (many children, many mappings), call again with the same arguments. */
static inline long exo_token_drop(exo_handle token) { return EXO_CALL(TOKEN_DROP, token, 0, 0, 0, 0); }

/* Gives [offset, offset + count) of a range token back to whoever it came from: the token shrinks, and the caller's mappings of
 * these frames that no other token of its domain permits end, with bindings and device queues that use them. From the
 * end or the beginning of the range, or all of it (then the handle is gone); a middle part splits the token: the handle
 * of the upper part is returned. Otherwise returns 0. FRAME, PORTS, IRQ, PCI, no right; count at least 1. Answers a recall.
 * BAD_KIND: no range. BAD_ARGUMENT: outside the range. BUSY: tokens were derived from it (revoke them first), or a frame of it is
 * in a pool. NO_SLOT, NO_POOL: for the upper part. AGAIN: removing the mappings takes more than one call, or an earlier removal is still under
 * way: call again with the same arguments; when the call returns anything else, they are gone from all TLBs. BUSY also: more than
 * 1,024 vCPU pages or bindings use the token. */
static inline long exo_token_give_back(exo_handle token, uint64_t offset, uint64_t count)
{
    return EXO_CALL(TOKEN_DROP, token, offset, count, 0, 0);
}

/* Destroys all that was derived from the token, in every domain, and every use of it (mappings of frames in the range
 * made in other domains' spaces, bindings, pending events). The token itself stays. Any kind [OWN]. A mapping that another
 * token of its space's domain still permits stays too. A vCPU whose page was derived from the token is stopped, also one's own.
 * AGAIN: bounded work was done, call again. */
static inline long exo_token_revoke(exo_handle token) { return EXO_CALL(TOKEN_REVOKE, token, 0, 0, 0, 0); }

/* Asks back what was derived from the token: `count` units of a range (0: all), or all uses of an object. Every domain
 * other than the caller's that holds a token made directly from this one (by send) is told: a record EXO_RECALL_ASKED
 * for recall_next, and EXO_PENDING_RECALL on its oldest living vCPU. What holders give back is told to the caller the same way.
 * When enough came back, or at deadline_ns (ns since boot; UINT64_MAX: never), the recall ends; at the deadline what is missing is taken by
 * force, from the ends of the ranges held, the youngest token first, as token_revoke would: what the holder derived from a
 * token that is taken from ends, the rest of the token stays with it. Each holder finds a repossession record EXO_RECALL_TAKEN.
 * EXO_RECALL_DONE comes when the frames are out of all page tables and TLBs. It also comes, with what came back until then, when the
 * caller's token ends. At most 256 tokens' holders are told; force reaches all. FRAME, PORTS, IRQ, PCI, SLICE [OWN]. Returns 0 at once.
 * BAD_KIND. BAD_ARGUMENT: count beyond the range. BUSY: a recall of the token is under way. NO_SLOT: 16 recalls of the
 * caller's domain are under way. NOT_MAPPED: nobody else holds any of it. */
static inline long exo_token_recall(exo_handle token, uint64_t count, uint64_t deadline_ns)
{
    return EXO_CALL(TOKEN_RECALL, token, count, deadline_ns, 0, 0);
}

/* Takes the caller's domain's oldest record: 1 and *record filled in, or 0: there is none. The records of a domain wait in a ring of
 * 32; what finds no room is counted in the next record's `lost`. */
static inline long exo_recall_next(struct exo_recall *record)
{
    return EXO_CALL(RECALL_NEXT, record, 0, 0, 0, 0);
}

/* Fills in *info. Any kind, no right. */
static inline long exo_token_info(exo_handle token, struct exo_token_info *info)
{
    return EXO_CALL(TOKEN_INFO, token, info, 0, 0, 0);
}

/* Makes a domain; the whole extent of `pool`, a FRAME [OWN] of at least 8 pages, nowhere mapped, becomes its
 * first pool as domain_donate does. Returns a DOMAIN token with all rights in the caller's table.
 * BAD_ARGUMENT: extent too small, or over 65,536 pages. BUSY: a frame is mapped or donated. NO_SLOT, NO_POOL (the caller's).
 * NO_SLOT: also for domains made by domains more than 32 deep. Two pages of the pool are used at once. */
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
 * rights in the caller's table. NO_POOL, NO_SLOT (also: the domain has 16,384 spaces), DEAD. */
static inline long exo_space_create(exo_handle domain) { return EXO_CALL(SPACE_CREATE, domain, 0, 0, 0, 0); }

/* Unmaps everything (not what was grafted from elsewhere, which only leaves this space) and frees the page tables.
 * SPACE [OWN]. BUSY: it is the present space of a vCPU, or grafted elsewhere; nothing has changed. AGAIN: call again, the space
 * can be used for nothing else any more. The handle is gone on success. */
static inline long exo_space_destroy(exo_handle space) { return EXO_CALL(SPACE_DESTROY, space, 0, 0, 0, 0); }

/* Carries out maps[0..n). SPACE [W], each frame token with the rights of its prot. n at most 1024, an element at most 4,096 small pages
 * (a large page counts as one, or as 512 where it replaces small ones). Returns how many elements were carried out in full, fewer than n where
 * 4,096 pages are mapped or shared tables had to be copied for 128 elements: call again for the rest; when the first fails, its error.
 * BAD_ARGUMENT: va, count, prot or range. BAD_ADDRESS: va outside ring 3's part, or inside a grafted part.
 * BUSY: a frame is in a pool. NO_POOL: for page tables (elements before it are done). DEAD. */
static inline long exo_space_map(exo_handle space, const struct exo_map *maps, uint64_t n)
{
    return EXO_CALL(SPACE_MAP, space, maps, n, 0, 0);
}

/* Unmaps [va, va + pages * 4096); holes are fine. SPACE [W]. When it returns, no TLB of any CPU has the translation.
 * Returns 0. BAD_ARGUMENT: unaligned or overflowing. BAD_ADDRESS: a part of it is grafted from elsewhere. NO_POOL: for the
 * tables that splitting a large page or parting from a shared table takes. AGAIN: 8,192 mappings are gone, call again for the rest. Empty tables in the
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
 * With EXO_GRAFT_READ_ONLY nothing can be written through `to`, nor through what is grafted from `to`.
 * to: SPACE [W], from: SPACE [W], of the same domain. Both must hold something or nothing there: BUSY if `to` has mappings
 * in the slot; NOT_MAPPED if `from` has none. A grafted part is edited through `from` only.
 * BAD_ARGUMENT: slot, flags, domains differ, or `to` is `from`. Of a part that is itself grafted, the first owner becomes `from`. */
static inline long exo_space_graft(exo_handle to, exo_handle from, uint64_t slot, uint64_t flags)
{
    return EXO_CALL(SPACE_GRAFT, to, from, slot, flags, 0);
}

/* Shows [va, va + pages * 4096) of `from`, whole 2 MiB each, in `to` at the same addresses, by sharing the lowest page tables
 * (large pages are mapped once more, without W in either): a copy of a space costs one entry per 2 MiB. From then on nothing in
 * a shared 2 MiB can be written through either space, whatever its mappings say, until that space has a table of its own there
 * again. It gets that by any space_map, space_unmap or space_protect in these 2 MiB: while others share the table, it is copied
 * first (one frame of the pool; NO_POOL otherwise), and what was writable in it is writable in neither copy but where the edit
 * itself makes it so; the last one that has the table takes it over as it is, with what was writable. A space_unmap of
 * all 2 MiB leaves the table to the others and takes nothing. space_query shows EXO_PTE_W as the lowest table has it.
 * to: SPACE [W], from: SPACE [R W], of the same domain, not grafted there. Holes are skipped. Returns how many
 * pages were handled, a multiple of 512: fewer than asked where the bounded work of a call ends; call again for the rest.
 * BAD_ARGUMENT: unaligned, outside ring 3's part, other domain, or `to` is `from`. BAD_ADDRESS: a part is grafted. BUSY: `to` has
 * something there (what came before it was shared: pages handled are returned first). NO_POOL: for `to`'s upper tables (likewise).
 * AGAIN: a revocation in the domain had to go on first, nothing was shared. DEAD. */
static inline long exo_space_share(exo_handle to, exo_handle from, uint64_t va, uint64_t pages)
{
    return EXO_CALL(SPACE_SHARE, to, from, va, pages, 0);
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
 * DOMAIN [W], SPACE [X]. Returns a VCPU token with all rights. NO_POOL, NO_SLOT (also: the domain
 * has 256 vCPUs), BAD_ARGUMENT, BUSY: frame is in a pool. */
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

/* Splits `budget_us` per `period_us` off a slice, on every CPU of `cpu_set` (bit n: CPU n; all in the source's set): whoever is bound to the
 * new slice runs on one of these CPUs at a time, and when it becomes ready while its own is busy, moves to an idle one on which the slice
 * has as much; the budget is one, the admission is checked on each. flags: enum exo_slice_flag: with SLACK it goes on without budget, in turn
 * with others of its like, 2 ms each, as long as nobody with budget is ready: such time is nobody's, and whoever may split a slice may
 * let it be used. SLICE [SPLIT]. Returns a SLICE token [X SEND SPLIT OWN].
 * BAD_ARGUMENT: unknown flags, budget 0 or over period, period outside 1,000 to 1,000,000 us, cpu_set empty or beyond the source.
 * NO_TIME: the source has not that much left on one of the CPUs, or is itself split off 64 times. NO_SLOT, NO_POOL. */
static inline long exo_slice_create_flags(exo_handle slice, uint64_t cpu_set, uint64_t budget_us,
                                          uint64_t period_us, uint64_t flags)
{
    return EXO_CALL(SLICE_CREATE, slice, cpu_set, budget_us, period_us, flags);
}
static inline long exo_slice_create(exo_handle slice, uint64_t cpu_set, uint64_t budget_us, uint64_t period_us)
{
    return exo_slice_create_flags(slice, cpu_set, budget_us, period_us, 0);
}

/* Lets the vCPU run in the slice, instead of any that it had. VCPU [X], SLICE [X].
 * BUSY: the slice has another vCPU, or the vCPU has stopped for good. */
static inline long exo_slice_bind(exo_handle vcpu, exo_handle slice)
{
    return EXO_CALL(SLICE_BIND, vcpu, slice, 0, 0, 0);
}

/* Makes a GATE token [X SEND SPLIT OWN] to the vCPU; calls through it arrive with `badge`, by which the server knows whom it gave which
 * gate. VCPU [W]. NO_SLOT, NO_POOL. */
static inline long exo_gate_create(exo_handle vcpu, uint64_t badge)
{
    return EXO_CALL(GATE_CREATE, vcpu, badge, 0, 0, 0);
}

/*
 * exo_gate_call: calls the vCPU behind the gate, which waits in gate_return, and lends it the caller's slice: it runs at once on the
 * caller's CPU and time, and the caller goes on when it answers. GATE [X]; a token sent along [SEND], with rights that it has
 * (frames are sent as they are). 0, and *message is the answer. limit_us: end the call after that long, 0: never.
 * The server is as free from the caller as the caller from it: after OVERRUN, or when the caller or its slice ends, the server goes on,
 * in its own slice if it has one, else in that of the next caller, and its answer to nobody is dropped. That next caller's call
 * begins when the server then waits, with all checks made once more; there is one, others are BUSY. A vCPU that was started without a
 * slice is such a server from the beginning.
 * A call that has begun may finish although the gate's token ends; none begins after that.
 *   BUSY       the server serves another caller, or does not wait for calls
 *   OVERRUN    no answer within limit_us
 *   DEAD       the server or its domain ended, or its page was revoked, before it answered
 *   NO_TIME    the caller's slice ended or was bound anew under the call, or the call is nested deeper than 8
 *   NO_SLOT, NO_POOL, BAD_ARGUMENT    the token cannot be sent: nothing was called
 * exo_gate_return: answers the present caller, if there is one, with *message, and waits for the next call. 0: a call came, *badge and
 * *message are its. AGAIN: an event is pending; or the answer's token could not be sent (then the answer went without it: token 0).
 * Either way the caller has its answer; *badge and *message are as they were.
 * An event wakes a waiting server only where it has a slice of its own to run in.
 */
#if defined(__x86_64__) && !defined(EXO_HOSTED) && !defined(EXO_UNIT_TEST)
static inline long exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message,
                                     uint64_t limit_us)
{
    long result = (long)(EXO_CALL_BASE + number);
    register uint64_t r10 __asm__("r10") = message->word[2];
    register uint64_t r8 __asm__("r8") = message->token;
    register uint64_t r9 __asm__("r9") = message->rights | limit_us << 32;
    register uint64_t r12 __asm__("r12") = message->word[3];
    register uint64_t r13 __asm__("r13") = message->word[4];
    register uint64_t r14 __asm__("r14") = message->word[5];
    register uint64_t r15 __asm__("r15") = message->word[6];
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(*rdi), "+S"(message->word[0]), "+d"(message->word[1]), "+r"(r10),
                       "+r"(r8), "+r"(r9), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                     :
                     : "rcx", "r11", "memory");
    message->word[2] = r10;
    message->token = r8;
    message->word[3] = r12;
    message->word[4] = r13;
    message->word[5] = r14;
    message->word[6] = r15;
    return result;
}
#else
long exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message, uint64_t limit_us);
#endif
static inline long exo_gate_call(exo_handle gate, struct exo_message *message, uint32_t limit_us)
{
    return exo_gate_transfer(EXO_CALL_GATE_CALL, &gate, message, limit_us);
}
static inline long exo_gate_return(uint64_t *badge, struct exo_message *message)
{
    return exo_gate_transfer(EXO_CALL_GATE_RETURN, badge, message, 0);
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

/* Reads (write 0) or writes (write 1) a register of the function's configuration space: offset below 256, a multiple of width (1, 2, 4).
 * PCI [R] or [W] of one function. Returns the value. Only registers that can harm nobody can be written, others are BAD_ARGUMENT: in the
 * command word interrupt disable, and bus mastering while the function is attached to a space; cache line size, latency,
 * interrupt line. Addresses, message interrupts and decoding stay as firmware set them. NOT_MAPPED: no such function. */
static inline long exo_pci_config(exo_handle pci, uint64_t offset, uint64_t width, uint64_t value,
                                  uint64_t write)
{
    return EXO_CALL(PCI_CONFIG, pci, offset, width, value, write);
}

/* Lets the function's DMA see the 512 GiB at `slot` of the space, as addresses 0 to 2^39 - 1, through the IOMMU; what the tables there
 * map, it reaches, and nothing else; editing the space edits what it reaches. space 0: it reaches nothing again, and is no bus master.
 * PCI [X] of one function, SPACE [W]. The attachment ends with either token; the space cannot be destroyed meanwhile.
 * UNSUPPORTED: no IOMMU, or one that does not serve the function or cannot tell it from others, a bridge, or a virtio function, whose DMA may bypass it. BUSY: attached already.
 * NOT_MAPPED: nothing in the slot, or no such function. NO_SLOT: 32 functions are attached. BAD_ARGUMENT: slot. BAD_ADDRESS: grafted. DEAD. */
static inline long exo_pci_attach(exo_handle pci, exo_handle space, uint64_t slot)
{
    return EXO_CALL(PCI_ATTACH, pci, space, slot, 0, 0);
}

/* Makes queue `index` of a legacy virtio function usable, before which no IOMMU stands: the ring lies in `frame`, which nobody can map meanwhile
 * and which is zeroed before and after; the exokernel alone writes descriptors. PCI [X] of one function, FRAME [OWN], nowhere mapped, at
 * most 64 pages, at least what the device's ring of n takes: 18 n + 6 and 8 n + 6 bytes, each rounded up to pages.
 * The device's other registers are the driver's, through PORTS. Returns a QUEUE token [R W SEND SPLIT OWN]. When the last QUEUE token, the function's
 * or the frame's token ends, the device is reset.
 * A reset ends all queues of the function, also one that the driver makes: then it drops their tokens and makes them anew.
 * UNSUPPORTED: no legacy virtio function, one that takes addresses in what it reads (balloon), or a ring of over 256. BAD_ARGUMENT: no such queue,
 * or frame too small or large. BUSY: the frame is in use, or the queue exists: a token names it. NO_SLOT, NO_POOL. */
static inline long exo_queue_create(exo_handle pci, uint64_t index, exo_handle frame)
{
    return EXO_CALL(QUEUE_CREATE, pci, index, frame, 0, 0);
}

/* Fetches at most m completed requests (at most 64), then hands n buffers (at most 64) of whole requests to the device. QUEUE [W], each
 * buffer's FRAME token with R or W as its flags say. What is under way counts as mapped; when the token of a buffer is revoked, the
 * device is reset first. Returns requests taken << 32 | completions filled in.
 * BAD_ARGUMENT: a length, offset or flag, or a request that does not end within n. BUSY: no room in the ring for the first request, or another
 * domain's requests are under way, or a frame is in a pool. DEAD: the device was reset. Requests before a bad one are taken. */
static inline long exo_queue_transfer(exo_handle queue, const struct exo_buffer *buffers, uint64_t n,
                                      struct exo_completion *done, uint64_t m)
{
    return EXO_CALL(QUEUE_TRANSFER, queue, buffers, n, done, m);
}

/* Switches the machine off, or resets it. MACHINE [X]. action: enum exo_power. Returns only on failure. */
static inline long exo_machine_power(exo_handle machine, uint64_t action)
{
    return EXO_CALL(MACHINE_POWER, machine, action, 0, 0, 0);
}

#endif
