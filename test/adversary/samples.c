/* SPDX-License-Identifier: MPL-2.0 */
/* Expendable tokens, and what calls need: see samples.h. */
#include "samples.h"

#define POOL_PAGE  32ul /* of MEMORY: the sample domain's pool */
#define POOL_PAGES 48ul

const struct need needs[] = {
    {EXO_CALL_LOG_WRITE, 0, EXO_MACHINE, EXO_W},
    {EXO_CALL_TOKEN_DERIVE, 0, EXO_NONE, EXO_SPLIT},
    {EXO_CALL_TOKEN_SEND, 0, EXO_DOMAIN, EXO_W},
    {EXO_CALL_TOKEN_SEND, 1, EXO_NONE, EXO_SEND},
    {EXO_CALL_TOKEN_DROP, 0, EXO_NONE, 0},
    {EXO_CALL_TOKEN_REVOKE, 0, EXO_NONE, EXO_OWN},
    {EXO_CALL_TOKEN_INFO, 0, EXO_NONE, 0},
    {EXO_CALL_DOMAIN_CREATE, 0, EXO_FRAME, EXO_OWN},
    {EXO_CALL_DOMAIN_DONATE, 0, EXO_DOMAIN, EXO_W},
    {EXO_CALL_DOMAIN_DONATE, 1, EXO_FRAME, EXO_OWN},
    {EXO_CALL_DOMAIN_DESTROY, 0, EXO_DOMAIN, EXO_OWN},
    {EXO_CALL_DOMAIN_INFO, 0, EXO_DOMAIN, EXO_R},
    {EXO_CALL_SPACE_CREATE, 0, EXO_DOMAIN, EXO_W},
    {EXO_CALL_SPACE_DESTROY, 0, EXO_SPACE, EXO_OWN},
    {EXO_CALL_SPACE_MAP, 0, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_UNMAP, 0, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_PROTECT, 0, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_GRAFT, 0, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_GRAFT, 1, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_SWITCH, 0, EXO_SPACE, EXO_X},
    {EXO_CALL_SPACE_QUERY, 0, EXO_SPACE, EXO_R},
    {EXO_CALL_VCPU_CREATE, 0, EXO_DOMAIN, EXO_W},
    {EXO_CALL_VCPU_CREATE, 1, EXO_SPACE, EXO_X},
    {EXO_CALL_VCPU_CREATE, 2, EXO_FRAME, EXO_R | EXO_W},
    {EXO_CALL_VCPU_ENTRIES, 0, EXO_VCPU, EXO_W},
    {EXO_CALL_VCPU_START, 0, EXO_VCPU, EXO_X},
    {EXO_CALL_VCPU_STATE, 0, EXO_VCPU, EXO_R},
    {EXO_CALL_EVENT_DERIVE, 0, EXO_VCPU, EXO_W},
    {EXO_CALL_EVENT_RING, 0, EXO_EVENT, EXO_W},
    {EXO_CALL_SLICE_CREATE, 0, EXO_SLICE, EXO_SPLIT},
    {EXO_CALL_SLICE_BIND, 0, EXO_VCPU, EXO_X},
    {EXO_CALL_SLICE_BIND, 1, EXO_SLICE, EXO_X},
    {EXO_CALL_IRQ_BIND, 0, EXO_IRQ, EXO_X},
    {EXO_CALL_IRQ_BIND, 1, EXO_EVENT, EXO_W},
    {EXO_CALL_IRQ_ACK, 0, EXO_IRQ, EXO_X},
    {EXO_CALL_PORT_IN, 0, EXO_PORTS, EXO_R},
    {EXO_CALL_PORT_OUT, 0, EXO_PORTS, EXO_W},
    {EXO_CALL_PORT_WRITE, 0, EXO_PORTS, EXO_W},
    {EXO_CALL_MACHINE_POWER, 0, EXO_MACHINE, EXO_X},
    {EXO_CALL_SPACE_SHARE, 0, EXO_SPACE, EXO_W},
    {EXO_CALL_SPACE_SHARE, 1, EXO_SPACE, EXO_R | EXO_W},
    {EXO_CALL_GATE_CREATE, 0, EXO_VCPU, EXO_W},
    {EXO_CALL_GATE_CALL, 0, EXO_GATE, EXO_X},
    {EXO_CALL_GATE_CALL, 4, EXO_NONE, EXO_SEND},
    {EXO_CALL_GATE_RETURN, 4, EXO_NONE, EXO_SEND},
    {EXO_CALL_TOKEN_RECALL, 0, EXO_NONE, EXO_OWN},
    {EXO_CALL_PCI_CONFIG, 0, EXO_PCI, EXO_R},
    {EXO_CALL_PCI_ATTACH, 0, EXO_PCI, EXO_X},
    {EXO_CALL_PCI_ATTACH, 1, EXO_SPACE, EXO_W},
    {EXO_CALL_QUEUE_CREATE, 0, EXO_PCI, EXO_X},
    {EXO_CALL_QUEUE_CREATE, 2, EXO_FRAME, EXO_OWN},
    {EXO_CALL_QUEUE_TRANSFER, 0, EXO_QUEUE, EXO_W},
};
const unsigned needs_count = sizeof needs / sizeof needs[0];

enum { IS_H = 1, IS_U = 0, IS_P = 0, IS_N = 0 };
#define X(number, NAME, name, a, b, c, d, e, f) +IS_##a + IS_##b + IS_##c + IS_##d + IS_##e + IS_##f
_Static_assert(sizeof needs / sizeof needs[0] == 0
#include <exo/calls.def>
               ,
               "calls.def has another number of handles than the table above");
#undef X

const struct need *need_of(unsigned call, unsigned argument)
{
    for (unsigned i = 0; i < needs_count; i++)
        if (needs[i].call == call && needs[i].argument == argument)
            return &needs[i];
    return NULL;
}

const char *call_name(unsigned call)
{
    static const char name[][16] = {
#define X(number, NAME, name, ...) [number] = #name,
#include <exo/calls.def>
#undef X
    };
    return call < EXO_CALL_COUNT ? name[call] : "?";
}

long raw_call(uint64_t number, const uint64_t argument[6])
{
    long result;
    register uint64_t r10 __asm__("r10") = argument[3];
    register uint64_t r8 __asm__("r8") = argument[4];
    register uint64_t r9 __asm__("r9") = argument[5];
    uint64_t rdi = argument[0], rsi = argument[1], rdx = argument[2];
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "0"(EXO_CALL_BASE + number)
                     : "rcx", "r11", "r12", "r13", "r14", "r15", "memory");
    return result;
}

static void put(struct samples *samples, enum exo_kind kind, long token)
{
    struct exo_token_info info;
    if (token <= 0 || exo_token_info((exo_handle)token, &info) < 0)
        return;
    samples->token[kind] = (exo_handle)token;
    samples->rights[kind] = info.rights;
}

/* Is there still such a token? */
static bool have(const struct samples *samples, enum exo_kind kind)
{
    struct exo_token_info info;
    return samples->token[kind] && exo_token_info(samples->token[kind], &info) == 0 && info.kind == kind;
}

static long make(const struct samples *samples, enum exo_kind kind)
{
    exo_handle domain = samples->token[EXO_DOMAIN], frames;
    switch (kind) {
    case EXO_DOMAIN:
        frames = (exo_handle)exo_token_derive(START->memory, EXO_ALL, POOL_PAGE, POOL_PAGES);
        exo_space_unmap(START->space, MEMORY_VA + POOL_PAGE * PAGE, POOL_PAGES);
        return exo_domain_create(frames);
    case EXO_FRAME: return exo_token_derive(START->memory, EXO_ALL, 8, 4);
    case EXO_SPACE: return exo_space_create(domain);
    case EXO_VCPU:
        frames = (exo_handle)exo_token_derive(START->memory, EXO_ALL, 12, 1);
        return exo_vcpu_create(domain, samples->token[EXO_SPACE], frames, (uint64_t)VCPU_PAGE(7), 7);
    case EXO_SLICE: return exo_slice_create(START->slice[0], 1ul << self()->cpu, 10, 10000);
    case EXO_EVENT: return exo_event_derive(samples->token[EXO_VCPU], 20);
    case EXO_PORTS: return START->given[GIVEN_PORTS];
    case EXO_IRQ: return START->given[GIVEN_IRQ];
    case EXO_MACHINE: return START->given[GIVEN_MACHINE];
    case EXO_GATE: return exo_gate_create(samples->token[EXO_VCPU], 1);
    default: return 0;
    }
}

void samples_make(struct samples *samples)
{
    static const enum exo_kind order[] = {EXO_DOMAIN, EXO_FRAME, EXO_SPACE, EXO_VCPU,    EXO_SLICE,
                                          EXO_EVENT,  EXO_PORTS, EXO_IRQ,   EXO_MACHINE, EXO_GATE};
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++)
        if (!have(samples, order[i])) {
            samples->token[order[i]] = 0;
            put(samples, order[i], make(samples, order[i]));
        }
}

void samples_drop(struct samples *samples)
{
    AGAIN(exo_domain_destroy(samples->token[EXO_DOMAIN]));
    exo_token_drop(samples->token[EXO_FRAME]);
    exo_token_drop(samples->token[EXO_SLICE]);
}
