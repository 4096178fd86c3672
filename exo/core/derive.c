/* SPDX-License-Identifier: MPL-2.0 */
/* Handing tokens on: derive and send; and asking what one is. */
#include "call.h"
#include "domain.h"
#include "frame.h"
#include "reference.h"

#define ZEROED_PER_CALL 256

long call_token_derive(const struct call *call)
{
    uint64_t rights = call->argument[1], offset = call->argument[2], count = call->argument[3];
    NEED(token, source, 0, EXO_SPLIT);
    bool ranged = token_is_range(source.token->kind);
    uint64_t whole = ranged ? source.token->count : 1;
    if ((rights & ~(uint64_t)source.token->rights) != 0 || count == 0 || offset >= whole ||
        count > whole - offset)
        return -EXO_E_BAD_ARGUMENT;
    NEED_OK(token_room(call->domain, 0));

    /* Of an object, base and count are the object and an event's bit. */
    return (long)token_make(call->domain, source.token->kind, (uint32_t)rights, source.token->base + offset,
                            ranged ? count : source.token->count, BELOW(source, EXO_SPLIT));
}

bool token_make_movable(struct token *token, struct work *work)
{
    return token_hand_up(token, work) && (token->kind != EXO_FRAME || token_covered(token) ||
                                          revoke_lose(token_domain(token), token->base, token->count, work));
}

long token_may_go(const struct token *token, const struct domain *to, uint64_t rights)
{
    if ((rights & ~(uint64_t)token->rights) != 0)
        return -EXO_E_BAD_ARGUMENT;
    return to->dying ? -EXO_E_DEAD : token_room(to, 0);
}

exo_handle token_hand_on(struct token *token, struct domain *to, uint32_t rights, bool move)
{
    struct token *parent = move ? token->parent : token;
    exo_handle handle = token_make(to, token->kind, rights, token->base, token->count, parent);
    if (move)
        token_free(token);
    return handle;
}

long call_token_send(const struct call *call)
{
    uint64_t rights = call->argument[2], flags = call->argument[3];
    NEED(domain, to, 0, EXO_W);
    NEED(token, source, 1, EXO_SEND);
    struct token *token = MAY(source, EXO_SEND);
    if ((flags & ~(uint64_t)(EXO_SEND_CONTENTS | EXO_SEND_MOVE)) != 0)
        return -EXO_E_BAD_ARGUMENT;
    NEED_OK(token_may_go(token, to.domain, rights));
    struct work work = {16 * ZEROED_PER_CALL};
    if (token->kind == EXO_FRAME && !(flags & EXO_SEND_CONTENTS)) {
        if (!(token->rights & EXO_W)) /* zeroing is writing, and others may own what is written */
            return -EXO_E_NO_RIGHT;
        if (!frame_all_user(token->base, token->count) || frame_any_written(token->base, token->count))
            return -EXO_E_BUSY;
        if (!frame_clean(token->base, token->count, &work))
            return -EXO_E_AGAIN;
    }
    if ((flags & EXO_SEND_MOVE) && !token_make_movable(token, &work))
        return -EXO_E_AGAIN;

    return (long)token_hand_on(token, MAY(to, EXO_W), (uint32_t)rights, flags & EXO_SEND_MOVE);
}

long call_token_info(const struct call *call)
{
    NEED(token, asked, 0, 0);
    const struct token *token = asked.token;
    struct exo_token_info info = {.kind = token->kind, .rights = token->rights, .count = 1};
    if (token_is_range(token->kind)) {
        info.base = token->kind == EXO_FRAME ? 0 : token->base;
        info.count = token->count;
        info.large = token->kind == EXO_FRAME ? -token->base % EXO_LARGE_PAGES : 0;
    }
    return machine_copy_out(call->argument[1], &info, sizeof info) ? 0 : -EXO_E_BAD_ADDRESS;
}
