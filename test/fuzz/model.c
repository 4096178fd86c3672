/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An executable model of the rules of tokens, written from the contracts in exo/include/exo/calls.h: who
 * holds what, made from what. Before each call it says which errors the call must or may give; afterwards
 * it does the same to its own tokens and compares with the core's.
 *
 * Where a contract leaves open how far a call came (AGAIN), and where time takes tokens (a recall's
 * deadline), the tokens concerned are "open": what became of them is learned from the core, as long as it
 * only became less. All others must be as predicted. What a message through a gate took along is learned,
 * too, one token at most.
 *
 * Objects are nodes of the same tree: all tokens that name one are below it. A slice is itself below the
 * token that it was split off, a queue below the token of its function.
 */
#include "domain.h"
#include "fake_machine.h"
#include "fuzz.h"
#include "slice.h"
#include "space.h"
#include "vcpu.h"
#include <criterion/criterion.h>

#define NODES   6000
#define DOMAINS 256
#define NONE    0 /* the node that is none */

struct node {
    bool live, is_object, open, recalled;
    uint8_t kind, rights;
    uint16_t domain; /* a token's holder; an object ends with it */
    uint16_t names;  /* the object of a domain: which */
    uint32_t parent, object;
    uint64_t handle, base, count, deadline_ns;
};
static struct node nodes[NODES];
static uint32_t node_end = 1, sample;

static struct {
    struct domain *core;
    bool live, dying, doubtful; /* doubtful: it may be dying */
    uint32_t creator, tokens;
    uint64_t giving[3]; /* a token_drop that has to be called again: its arguments */
    bool gives;
} domains[DOMAINS];
static uint32_t domain_end;
static bool active;

/* The prediction for the present call: errors that it must give, one of them, and others that it may give. */
static struct {
    uint32_t must, may;
    uint32_t domain, first, second; /* the nodes of its handles */
} expect;

#define BIT(NAME) (1u << EXO_E_##NAME)

/* --- the tree
 * ------------------------------------------------------------------------------------------------ */

static uint32_t domain_of(const struct domain *core)
{
    for (uint32_t i = domain_end; i-- > 0;)
        if (domains[i].live && domains[i].core == core)
            return i;
    cr_assert_fail("a domain that the model does not know");
}

static uint32_t find(uint32_t domain, uint64_t handle)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].handle == handle && nodes[i].live && !nodes[i].is_object && nodes[i].domain == domain)
            return i;
    return NONE;
}

/* A slot is used again only when there are no others left. */
static uint32_t free_node(void)
{
    for (uint32_t i = 1; i < NODES; i++)
        if (!nodes[i].live)
            return i;
    cr_assert_fail("the model is full");
    return NONE;
}

static uint32_t add(struct node node)
{
    uint32_t i = node_end < NODES ? node_end++ : free_node();
    node.live = true;
    nodes[i] = node;
    if (!node.is_object)
        domains[node.domain].tokens++;
    return i;
}

static void end(uint32_t at)
{
    nodes[at].live = false;
    if (!nodes[at].is_object)
        domains[nodes[at].domain].tokens--;
}

static void end_below(uint32_t at)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].parent == at) {
            end_below(i);
            end(i);
        }
}

static void hand_up(uint32_t at)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].parent == at)
            nodes[i].parent = nodes[at].parent;
}

static bool has_tokens_below(uint32_t at)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].parent == at && !nodes[i].is_object)
            return true;
    return false;
}

static void end_domain(uint32_t domain)
{
    for (uint32_t i = 0; i < domain_end; i++)
        if (domains[i].live && i != domain && domains[i].creator == domain)
            end_domain(i);
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && (nodes[i].domain == domain || (nodes[i].is_object && nodes[i].kind == EXO_DOMAIN &&
                                                            nodes[i].names == domain))) {
            end_below(i);
            end(i);
        }
    domains[domain].live = false;
}

/* --- what the core has
 * ---------------------------------------------------------------------------------------- */

static const struct token *token_of(const struct node *node)
{
    const struct token *token = token_in_slot(domains[node->domain].core, (uint32_t)node->handle);
    return token != NULL && token->state == TOKEN_LIVE && token->generation == node->handle >> 32 ? token
                                                                                                  : NULL;
}

static void compare(uint32_t at)
{
    const struct node *node = &nodes[at];
    const struct token *token = token_of(node);
    cr_assert(token != NULL, "domain %u: token %lx should be live", node->domain, node->handle);
    cr_assert(token->kind == node->kind && token->rights == node->rights,
              "domain %u: token %lx has kind %u and rights %x, should have %u and %x", node->domain,
              node->handle, token->kind, token->rights, node->kind, node->rights);
    cr_assert(!token_is_range(node->kind) || (token->base == node->base && token->count == node->count),
              "domain %u: token %lx has %lu from %lu, should have %lu from %lu", node->domain, node->handle,
              token->count, token->base, node->count, node->base);
}

static uint32_t object_node(enum exo_kind kind, const struct token *origin, uint32_t domain, uint32_t parent)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].is_object && nodes[i].handle == (uint64_t)origin)
            return i;
    return add((struct node){.is_object = true,
                             .kind = (uint8_t)kind,
                             .domain = (uint16_t)domain,
                             .parent = parent,
                             .handle = (uint64_t)origin});
}

/* The node of a token's parent in the core. */
static uint32_t parent_in_core(const struct token *token)
{
    const struct token *parent = token->parent;
    if (parent == NULL)
        return NONE;
    if (parent->role == TOKEN_IN_TABLE)
        return find(domain_of(token_domain(parent)), token_handle(parent));
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].is_object && nodes[i].handle == (uint64_t)parent)
            return i;
    return NONE;
}

/* --- open ones
 * ------------------------------------------------------------------------------------------------ */

static void open_below(uint32_t at)
{
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && nodes[i].parent == at && !nodes[i].open) {
            nodes[i].open = true;
            open_below(i);
        }
}

static void open_all(uint32_t at)
{
    if (at == NONE)
        return;
    nodes[at].open = true;
    open_below(at);
}

/* What became of the open tokens. An object is gone when the model has no way to tell, that is only with
 * what it hangs below. */
static void learn_open(void)
{
    for (uint32_t i = 1; i < node_end; i++) {
        if (!nodes[i].live || !nodes[i].open || nodes[i].is_object)
            continue;
        const struct token *token = token_of(&nodes[i]);
        if (token == NULL) {
            end(i);
        } else if (token_is_range(token->kind)) {
            cr_assert(token->base >= nodes[i].base &&
                          token->base + token->count <= nodes[i].base + nodes[i].count,
                      "a token grew");
            nodes[i].base = token->base;
            nodes[i].count = token->count;
        }
    }
    for (uint32_t i = 1; i < node_end; i++) {
        if (nodes[i].live && nodes[i].open && !nodes[i].is_object)
            nodes[i].parent = parent_in_core(token_of(&nodes[i]));
        if (nodes[i].live && nodes[i].open && nodes[i].is_object && nodes[i].parent != NONE)
            while (nodes[i].parent != NONE && !nodes[nodes[i].parent].live) /* handed up, or gone */
                nodes[i].parent = nodes[nodes[i].parent].parent;
    }
    for (uint32_t i = 1; i < node_end; i++)
        nodes[i].open = false;
}

/* Recalls take by force from their deadline on. */
static void learn_recalls(void)
{
    bool any = false;
    for (uint32_t i = 1; i < node_end; i++) {
        if (!nodes[i].live || !nodes[i].recalled || fake_now < nodes[i].deadline_ns)
            continue;
        open_below(i);
        any = true;
        const struct token *token = token_of(&nodes[i]);
        nodes[i].recalled = token != NULL && token->recall != 0;
    }
    if (any)
        learn_open();
}

/* Tokens that came by a message. */
static void learn_new(uint32_t domain, uint32_t most)
{
    const struct domain *core = domains[domain].core;
    if (core->tokens == domains[domain].tokens)
        return;
    for (uint32_t slot = 0; slot < core->token_pages * TOKENS_PER_PAGE; slot++) {
        const struct token *token = token_in_slot(core, slot);
        if (token == NULL || token->state != TOKEN_LIVE || find(domain, token_handle(token)) != NONE)
            continue;
        uint32_t parent = parent_in_core(token);
        cr_assert(most-- > 0, "domain %u has a token that nobody gave it", domain);
        cr_assert(parent == NONE || nodes[parent].kind == token->kind, "a token from nowhere");
        cr_assert(parent == NONE || nodes[parent].is_object || (token->rights & ~nodes[parent].rights) == 0);
        add((struct node){.kind = token->kind,
                          .rights = token->rights,
                          .domain = (uint16_t)domain,
                          .parent = parent,
                          .object = parent != NONE && !token_is_range(token->kind)
                                        ? (nodes[parent].is_object ? parent : nodes[parent].object)
                                        : NONE,
                          .handle = token_handle(token),
                          .base = token->base,
                          .count = token->count});
    }
}

/* --- predicting
 * --------------------------------------------------------------------------------------------- */

/* Which rights of which kinds of tokens a call needs in its first arguments. EXO_KIND_COUNT: any kind. */
static const struct {
    uint8_t kind, rights;
} needs[EXO_CALL_COUNT][3] = {
    [EXO_CALL_TOKEN_DERIVE] = {{EXO_KIND_COUNT, EXO_SPLIT}},
    [EXO_CALL_TOKEN_SEND] = {{EXO_DOMAIN, EXO_W}, {EXO_KIND_COUNT, EXO_SEND}},
    [EXO_CALL_TOKEN_REVOKE] = {{EXO_KIND_COUNT, EXO_OWN}},
    [EXO_CALL_TOKEN_INFO] = {{EXO_KIND_COUNT, 0}},
    [EXO_CALL_TOKEN_RECALL] = {{EXO_KIND_COUNT, EXO_OWN}},
    [EXO_CALL_DOMAIN_CREATE] = {{EXO_FRAME, EXO_OWN}},
    [EXO_CALL_DOMAIN_DONATE] = {{EXO_DOMAIN, EXO_W}, {EXO_FRAME, EXO_OWN}},
    [EXO_CALL_DOMAIN_DESTROY] = {{EXO_DOMAIN, EXO_OWN}},
    [EXO_CALL_DOMAIN_INFO] = {{EXO_DOMAIN, EXO_R}},
    [EXO_CALL_SPACE_CREATE] = {{EXO_DOMAIN, EXO_W}},
    [EXO_CALL_SPACE_DESTROY] = {{EXO_SPACE, EXO_OWN}},
    [EXO_CALL_SPACE_MAP] = {{EXO_SPACE, EXO_W}},
    [EXO_CALL_SPACE_UNMAP] = {{EXO_SPACE, EXO_W}},
    [EXO_CALL_SPACE_PROTECT] = {{EXO_SPACE, EXO_W}},
    [EXO_CALL_SPACE_GRAFT] = {{EXO_SPACE, EXO_W}, {EXO_SPACE, EXO_W}},
    [EXO_CALL_SPACE_SHARE] = {{EXO_SPACE, EXO_W}, {EXO_SPACE, EXO_R | EXO_W}},
    [EXO_CALL_SPACE_SWITCH] = {{EXO_SPACE, EXO_X}},
    [EXO_CALL_SPACE_QUERY] = {{EXO_SPACE, EXO_R}},
    [EXO_CALL_VCPU_CREATE] = {{EXO_DOMAIN, EXO_W}, {EXO_SPACE, EXO_X}, {EXO_FRAME, EXO_R | EXO_W}},
    [EXO_CALL_VCPU_ENTRIES] = {{EXO_VCPU, EXO_W}},
    [EXO_CALL_VCPU_START] = {{EXO_VCPU, EXO_X}},
    [EXO_CALL_VCPU_STATE] = {{EXO_VCPU, EXO_R}},
    [EXO_CALL_EVENT_DERIVE] = {{EXO_VCPU, EXO_W}},
    [EXO_CALL_EVENT_RING] = {{EXO_EVENT, EXO_W}},
    [EXO_CALL_SLICE_CREATE] = {{EXO_SLICE, EXO_SPLIT}},
    [EXO_CALL_SLICE_BIND] = {{EXO_VCPU, EXO_X}, {EXO_SLICE, EXO_X}},
    [EXO_CALL_GATE_CREATE] = {{EXO_VCPU, EXO_W}},
    [EXO_CALL_GATE_CALL] = {{EXO_GATE, EXO_X}},
    [EXO_CALL_IRQ_BIND] = {{EXO_IRQ, EXO_X}},
    [EXO_CALL_IRQ_ACK] = {{EXO_IRQ, EXO_X}},
    [EXO_CALL_PORT_IN] = {{EXO_PORTS, EXO_R}},
    [EXO_CALL_PORT_OUT] = {{EXO_PORTS, EXO_W}},
    [EXO_CALL_PORT_WRITE] = {{EXO_PORTS, EXO_W}},
    [EXO_CALL_PCI_CONFIG] = {{EXO_PCI, 0}},
    [EXO_CALL_PCI_ATTACH] = {{EXO_PCI, EXO_X}},
    [EXO_CALL_QUEUE_CREATE] = {{EXO_PCI, EXO_X}},
    [EXO_CALL_QUEUE_TRANSFER] = {{EXO_QUEUE, EXO_W}},
};

static uint32_t need(uint64_t handle, unsigned kind, unsigned rights)
{
    uint32_t at = find(expect.domain, handle);
    if (at == NONE)
        expect.must |= BIT(BAD_HANDLE);
    else if (kind != EXO_KIND_COUNT && nodes[at].kind != kind)
        expect.must |= BIT(BAD_KIND);
    else if ((nodes[at].rights & rights) != rights)
        expect.must |= BIT(NO_RIGHT);
    return at;
}

static bool is_inside(const struct node *node, uint64_t offset, uint64_t count)
{
    uint64_t whole = token_is_range(node->kind) ? node->count : 1;
    return count != 0 && offset < whole && count <= whole - offset;
}

static void predict_send(const struct node *to, const struct node *token, uint64_t rights, uint64_t flags)
{
    expect.may |= BIT(NO_SLOT) | BIT(NO_POOL);
    if ((rights & ~(uint64_t)token->rights) != 0 || flags > 3)
        expect.must |= BIT(BAD_ARGUMENT);
    if (domains[nodes[to->object].names].dying)
        expect.must |= BIT(DEAD);
    if (domains[nodes[to->object].names].doubtful)
        expect.may |= BIT(DEAD);
    if (token->kind == EXO_FRAME && !(flags & EXO_SEND_CONTENTS)) {
        expect.may |= BIT(BUSY) | BIT(AGAIN);
        expect.must |= token->rights & EXO_W ? 0 : BIT(NO_RIGHT);
    }
    if (flags & EXO_SEND_MOVE)
        expect.may |= BIT(AGAIN);
}

static bool is_same_giving(const struct fuzz_call *call)
{
    const uint64_t *giving = domains[expect.domain].giving, *now = call->argument;
    return domains[expect.domain].gives && giving[0] == now[0] && giving[2] == now[2] &&
           (giving[1] == now[1] || now[2] == 0);
}

static void predict_drop(const struct fuzz_call *call)
{
    uint64_t offset = call->argument[1], count = call->argument[2];
    expect.first = find(expect.domain, call->argument[0]);
    const struct node *token = &nodes[expect.first];
    expect.may = domains[expect.domain].gives || token->kind == EXO_FRAME || count != 0 ? BIT(AGAIN) : 0;
    if (expect.first == NONE) {
        expect.must = BIT(BAD_HANDLE);
    } else if (count != 0) {
        expect.may |= BIT(BUSY) | BIT(NO_SLOT) | BIT(NO_POOL);
        expect.must |= !token_is_range(token->kind) ? BIT(BAD_KIND) : 0;
        expect.must |= !is_inside(token, offset, count) ? BIT(BAD_ARGUMENT) : 0;
        expect.must |= has_tokens_below(expect.first) ? BIT(BUSY) : 0;
    }
    if (is_same_giving(call)) /* what it answers was decided the first time */
        expect.must = 0, expect.may = UINT32_MAX;
}

static void predict_destroy(void)
{
    expect.may |= BIT(AGAIN);
    for (uint32_t at = expect.domain;; at = domains[at].creator) {
        if (at == nodes[nodes[expect.first].object].names)
            expect.must = BIT(BAD_ARGUMENT), expect.may = 0;
        if (at == domains[at].creator)
            return;
    }
}

void model_before(const struct fuzz_call *call)
{
    if (!active)
        return;
    learn_recalls();
    expect.must = expect.may = 0;
    expect.domain = domain_of(call->domain);
    expect.first = expect.second = NONE;
    for (unsigned i = 0; i < 3 && needs[call->number][i].kind != 0; i++) {
        uint32_t at = need(call->argument[i], needs[call->number][i].kind, needs[call->number][i].rights);
        *(i == 0 ? &expect.first : &expect.second) = at;
    }
    const uint64_t *argument = call->argument;
    switch (call->number) {
    case EXO_CALL_TOKEN_DROP: predict_drop(call); return;
    case EXO_CALL_PCI_ATTACH:
    case EXO_CALL_IRQ_BIND: expect.may = UINT32_MAX; return;
    default: break;
    }
    if (expect.must != 0)
        return;
    switch (call->number) {
    case EXO_CALL_TOKEN_DERIVE:
        expect.may |= BIT(NO_SLOT) | BIT(NO_POOL);
        if ((argument[1] & ~(uint64_t)nodes[expect.first].rights) != 0 ||
            !is_inside(&nodes[expect.first], argument[2], argument[3]))
            expect.must |= BIT(BAD_ARGUMENT);
        break;
    case EXO_CALL_TOKEN_SEND:
        predict_send(&nodes[expect.first], &nodes[expect.second], argument[2], argument[3]);
        break;
    case EXO_CALL_TOKEN_REVOKE: expect.may |= BIT(AGAIN); break;
    case EXO_CALL_TOKEN_INFO: break;
    case EXO_CALL_DOMAIN_DESTROY: predict_destroy(); break;
    default: expect.may = UINT32_MAX; break;
    }
}

/* --- following
 * ------------------------------------------------------------------------------------------------ */

static uint32_t add_token(uint32_t domain, uint64_t handle, struct node like, uint32_t parent)
{
    cr_assert_eq(find(domain, handle), NONE, "a handle that names a token already");
    like.domain = (uint16_t)domain;
    like.handle = handle;
    like.parent = parent;
    like.recalled = like.open = false;
    uint32_t at = add(like);
    compare(at);
    return at;
}

static void follow_derive(const struct fuzz_call *call)
{
    struct node like = nodes[expect.first];
    like.rights = (uint8_t)call->argument[1];
    like.base += call->argument[2];
    like.count = call->argument[3];
    add_token(expect.domain, (uint64_t)call->result, like, expect.first);
}

static void follow_send(const struct fuzz_call *call)
{
    struct node like = nodes[expect.second];
    uint32_t to = nodes[nodes[expect.first].object].names, parent = expect.second;
    like.rights = (uint8_t)call->argument[2];
    if (call->argument[3] & EXO_SEND_MOVE) {
        parent = like.parent;
        hand_up(expect.second);
        end(expect.second);
    }
    add_token(to, (uint64_t)call->result, like, parent);
}

/* A queue's function went, so it went. */
static void give_part(const struct fuzz_call *call)
{
    struct node *token = &nodes[expect.first];
    uint64_t base = token->base + call->argument[1], past = base + call->argument[2];
    uint64_t token_past = token->base + token->count;
    bool middle = base > token->base && past < token_past;
    if (token->count == 1)
        end_below(expect.first);
    cr_assert_eq(call->result > 0, middle, "only a token that is split gives a handle");
    if (middle) {
        struct node upper = *token;
        upper.base = past;
        upper.count = token_past - past;
        add_token(expect.domain, (uint64_t)call->result, upper, token->parent);
    }
    if (base > token->base)
        token->count = base - token->base;
    else if (past < token_past)
        token->base = past, token->count = token_past - past;
    else
        end(expect.first);
}

static void follow_drop(const struct fuzz_call *call)
{
    bool same = is_same_giving(call);
    domains[expect.domain].gives = call->result == -EXO_E_AGAIN && (domains[expect.domain].gives || !same);
    if (call->result == -EXO_E_AGAIN && !same) {
        domains[expect.domain].gives = true;
        memcpy(domains[expect.domain].giving, call->argument, sizeof domains[0].giving);
    }
    if (same || call->result == -EXO_E_AGAIN) {
        open_all(expect.first);
        learn_open();
        learn_new(expect.domain, 1);
    } else if (call->result >= 0 && call->argument[2] != 0) {
        give_part(call);
    } else if (call->result >= 0) {
        hand_up(expect.first);
        end(expect.first);
    }
}

static void open_domain(uint32_t domain)
{
    for (uint32_t i = 0; i < domain_end; i++)
        if (domains[i].live && i != domain && domains[i].creator == domain) {
            domains[i].doubtful = true;
            open_domain(i);
        }
    for (uint32_t i = 1; i < node_end; i++)
        if (nodes[i].live && (nodes[i].domain == domain ||
                              (nodes[i].is_object && nodes[i].kind == EXO_DOMAIN && nodes[i].names == domain)))
            open_all(i);
}

static void follow_destroy(const struct fuzz_call *call)
{
    uint32_t domain = nodes[nodes[expect.first].object].names;
    if (call->result == 0) {
        end_domain(domain);
    } else if (call->result == -EXO_E_AGAIN) {
        domains[domain].dying = true;
        open_domain(domain);
        learn_open();
    }
}

static void follow_space_destroy(const struct fuzz_call *call)
{
    uint32_t object = nodes[expect.first].object;
    if (call->result == 0) {
        end_below(object);
        end(object);
    } else if (call->result == -EXO_E_AGAIN) {
        open_below(object);
        learn_open();
    }
}

static uint32_t add_domain(struct domain *core, uint32_t creator)
{
    cr_assert(domain_end < DOMAINS, "too many domains for the model");
    domains[domain_end].core = core;
    domains[domain_end].live = true;
    domains[domain_end].creator = creator;
    return domain_end++;
}

static void add_object(const struct fuzz_call *call, enum exo_kind kind, uint32_t rights)
{
    const struct token *token = token_in_slot(call->domain, (uint32_t)call->result);
    uint32_t owner = expect.domain, below = NONE;
    cr_assert(token != NULL && token->parent != NULL);
    if (kind == EXO_SPACE || kind == EXO_VCPU)
        owner = nodes[nodes[expect.first].object].names;
    if (kind == EXO_SLICE || kind == EXO_QUEUE)
        below = expect.first;
    uint32_t object = add((struct node){.is_object = true,
                                        .kind = (uint8_t)kind,
                                        .domain = (uint16_t)owner,
                                        .parent = below,
                                        .handle = (uint64_t)token->parent});
    if (kind == EXO_DOMAIN)
        nodes[object].names = (uint16_t)add_domain(token->object, expect.domain);
    struct node like = {.kind = (uint8_t)kind, .rights = (uint8_t)rights, .object = object};
    add_token(expect.domain, (uint64_t)call->result, like, object);
}

/* Events and gates are below the token of their vCPU. */
static void add_entrance(const struct fuzz_call *call, enum exo_kind kind, uint32_t rights)
{
    struct node like = {.kind = (uint8_t)kind, .rights = (uint8_t)rights};
    add_token(expect.domain, (uint64_t)call->result, like, expect.first);
}

/* Its token, and the other's answer or the one that waited for it, may have gone along. */
static void follow_gate(const struct fuzz_call *call)
{
    uint32_t before = 0, after = 0;
    for (uint32_t i = 0; i < domain_end; i++)
        if (domains[i].live)
            before += domains[i].tokens, after += domains[i].core->tokens;
    cr_assert(after <= before + 1, "a message carried more than a token");
    for (uint32_t i = 1; i < node_end; i++) {
        if (!nodes[i].live || nodes[i].is_object || token_of(&nodes[i]) != NULL)
            continue;
        cr_assert(nodes[i].rights & EXO_SEND, "a token moved that cannot be sent");
        hand_up(i);
        end(i);
    }
    uint32_t most = 1;
    for (uint32_t i = 0; i < domain_end; i++)
        if (domains[i].live && domains[i].core->tokens != domains[i].tokens)
            learn_new(i, most--);
    (void)call;
}

static void follow(const struct fuzz_call *call)
{
    enum { DOORBELL = EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN, USE = EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN };
    switch (call->number) {
    case EXO_CALL_TOKEN_DERIVE: follow_derive(call); break;
    case EXO_CALL_TOKEN_SEND: follow_send(call); break;
    case EXO_CALL_TOKEN_REVOKE: end_below(expect.first); break;
    case EXO_CALL_TOKEN_RECALL:
        nodes[expect.first].recalled = true;
        nodes[expect.first].deadline_ns = call->argument[2];
        break;
    case EXO_CALL_DOMAIN_CREATE: add_object(call, EXO_DOMAIN, EXO_ALL); break;
    case EXO_CALL_SPACE_CREATE: add_object(call, EXO_SPACE, EXO_ALL); break;
    case EXO_CALL_VCPU_CREATE: add_object(call, EXO_VCPU, EXO_ALL); break;
    case EXO_CALL_SLICE_CREATE: add_object(call, EXO_SLICE, USE); break;
    case EXO_CALL_QUEUE_CREATE: add_object(call, EXO_QUEUE, DOORBELL | EXO_R); break;
    case EXO_CALL_EVENT_DERIVE: add_entrance(call, EXO_EVENT, DOORBELL); break;
    case EXO_CALL_GATE_CREATE: add_entrance(call, EXO_GATE, USE); break;
    default: break;
    }
}

void model_after(const struct fuzz_call *call)
{
    if (!active)
        return;
    if (expect.must != 0 && !domains[expect.domain].gives) /* AGAIN has changed something */
        expect.may &= ~BIT(AGAIN);
    cr_assert(call->result >= 0 ? expect.must == 0 : (expect.must | expect.may) & 1u << -call->result,
              "the model expects one of the errors %x, or also %x", expect.must, expect.may);
    switch (call->number) {
    case EXO_CALL_TOKEN_DROP: follow_drop(call); break;
    case EXO_CALL_DOMAIN_DESTROY: follow_destroy(call); break;
    case EXO_CALL_SPACE_DESTROY: follow_space_destroy(call); break;
    case EXO_CALL_GATE_CALL:
    case EXO_CALL_GATE_RETURN: follow_gate(call); break;
    case EXO_CALL_TOKEN_REVOKE:
    case EXO_CALL_TOKEN_SEND:
        if (call->result == -EXO_E_AGAIN) {
            open_all(call->number == EXO_CALL_TOKEN_REVOKE ? expect.first : expect.second);
            learn_open();
            break;
        }
        /* fall through */
    default:
        if (call->result >= 0)
            follow(call);
    }
}

void model_check(bool all)
{
    learn_recalls();
    for (uint32_t i = 0; i < domain_end; i++)
        if (domains[i].live)
            cr_assert_eq(domains[i].core->tokens, domains[i].tokens, "domain %u has %u tokens, should have %u",
                         i, domains[i].core->tokens, domains[i].tokens);
    for (uint32_t n = all ? node_end : 4; n > 0; n--) {
        sample = (sample + 1) % node_end;
        if (sample != NONE && nodes[sample].live && !nodes[sample].is_object)
            compare(sample);
    }
}

/* --- the beginning
 * -------------------------------------------------------------------------------------------- */

static uint32_t boot_object(const struct token *token)
{
    switch (token->kind) {
    case EXO_SPACE:
        return object_node(EXO_SPACE, &((struct space *)token->object)->origin,
                           domain_of(((struct space *)token->object)->domain), NONE);
    case EXO_VCPU:
        return object_node(EXO_VCPU, &((struct vcpu *)token->object)->origin,
                           domain_of(((struct vcpu *)token->object)->domain), NONE);
    case EXO_SLICE:
        return object_node(EXO_SLICE, &((struct slice *)token->object)->origin,
                           domain_of(((struct slice *)token->object)->domain), NONE);
    case EXO_DOMAIN: {
        uint32_t names = domain_of(token->object);
        uint32_t at =
            object_node(EXO_DOMAIN, &((struct domain *)token->object)->origin, domains[names].creator, NONE);
        nodes[at].names = (uint16_t)names;
        return at;
    }
    default: return NONE;
    }
}

static void boot_tokens(uint32_t domain)
{
    for (uint32_t slot = 0; slot < domains[domain].core->token_pages * TOKENS_PER_PAGE; slot++) {
        const struct token *token = token_in_slot(domains[domain].core, slot);
        if (token != NULL && token->state == TOKEN_LIVE)
            add((struct node){.kind = token->kind,
                              .rights = token->rights,
                              .domain = (uint16_t)domain,
                              .object = boot_object(token),
                              .handle = token_handle(token),
                              .base = token->base,
                              .count = token->count});
    }
}

void model_boot(void)
{
    add_domain(fake_root, 0);
    for (struct domain *child = fake_root->child; child != NULL; child = child->next)
        add_domain(child, 0);
    for (uint32_t i = 0; i < domain_end; i++)
        boot_tokens(i);
    for (uint32_t i = 1; i < node_end; i++) {
        const struct token *token =
            nodes[i].is_object ? (const struct token *)nodes[i].handle : token_of(&nodes[i]);
        nodes[i].parent = parent_in_core(token);
    }
    active = true;
    model_check(true);
}
