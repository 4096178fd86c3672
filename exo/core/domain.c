/* SPDX-License-Identifier: MPL-2.0 */
/* Domains: making, donating to, and destroying them with everything that was made of them. */
#include "domain.h"
#include "call.h"
#include "device.h"
#include "frame.h"
#include "list.h"
#include "reference.h"
#include "slice.h"
#include "space.h"
#include "vcpu.h"

struct domain *domain_make(uint64_t pfn, uint64_t pages, struct domain *parent, struct vcpu *creator)
{
    struct domain *domain = machine_frame(pfn);
    pool_start(domain, pfn, pages);
    domain->parent = parent;
    domain->creator = creator;
    if (parent != NULL) {
        LIST_INSERT(parent->child, domain);
        domain->depth = parent->depth + 1;
    }
    domain->recalls = machine_frame(pool_take(domain));
    token_embed(&domain->origin, TOKEN_ORIGIN, EXO_DOMAIN, domain, NULL);
    return domain;
}

/* --- destroying -------------------------------------------------------------------------------------------- */

/* Stops all vCPUs. False: a CPU has not left one of them yet. */
static bool halt(struct domain *domain)
{
    bool left = true;
    domain->dying = true;
    for (struct vcpu *vcpu = domain->vcpus; vcpu != NULL; vcpu = vcpu->next) {
        vcpu_stop(vcpu, EXO_VCPU_EXITED);
        left &= !vcpu->on_cpu;
    }
    return left;
}

/* Ends all tokens in the table with what was derived from them, and the table. */
static bool end_table(struct domain *domain, struct work *work)
{
    for (; domain->token_pages > 0; domain->token_pages--) {
        struct token_page *page = domain->token_page[domain->token_pages - 1];
        if (!work_spend(work, 4))
            return false;
        for (unsigned i = 1; i < TOKENS_PER_PAGE; i++) {
            struct token *token = &page->entry[i].token;
            if (token->state != TOKEN_LIVE)
                continue;
            enum exo_kind kind = token->kind;
            void *object = token->object;
            if (!token_end_below(token, domain, work) || !token_end(token, domain, work))
                return false;
            token_reap(kind, object);
        }
        domain->token_page[domain->token_pages - 1] = NULL;
        pool_give(domain, pool_pfn(page));
    }
    return true;
}

static bool end_slices(struct domain *domain, struct work *work)
{
    while (domain->slices != NULL) {
        if (!work_spend(work, 4) || !token_end_below(&domain->slices->origin, domain, work))
            return false;
        slice_end(domain->slices);
    }
    return true;
}

static bool end_spaces(struct domain *domain, struct work *work)
{
    for (struct space *space = domain->spaces; space != NULL; space = space->next) /* at most SPACES_MAX */
        space_leave_grafts(space); /* before any that it has them of goes */
    while (domain->spaces != NULL)
        if (!work_spend(work, 16) || !space_dispose(domain->spaces, domain, work))
            return false;
    return true;
}

/* All of one domain that has no children and whose vCPUs are stopped. The caller's token of it, if `last` is that, ends last.
 * False: call again. */
static bool dismantle(struct domain *domain, struct token *last, struct work *work)
{
    revoke_forget(domain);
    queue_forget(domain);
    if (!end_table(domain, work))
        return false;
    while (domain->vcpus != NULL) /* at most VCPUS_MAX */
        if (!vcpu_dispose(domain->vcpus, domain, work))
            return false;
    if (!queue_dispose(domain, work)) /* whose tokens others may hold */
        return false;
    if (!end_spaces(domain, work) || !end_slices(domain, work) || !revoke_finish(work) ||
        !pool_return(domain, work))
        return false;
    if (last->object == domain ? !token_end_names(&domain->origin, last, domain, work)
                               : !token_end_below(&domain->origin, domain, work))
        return false;
    if (domain->parent != NULL)
        LIST_REMOVE(domain);
    pool_end(domain);
    return true;
}

/* Domains that it created go first, deepest first; their vCPUs stop at once so that no more come. */
static bool destroy(struct domain *root, struct token *last, struct work *work)
{
    for (;;) {
        struct domain *domain = root;
        bool left = halt(domain);
        while (left && domain->child != NULL) {
            domain = domain->child;
            left = halt(domain);
        }
        if (!left || !dismantle(domain, last, work))
            return false;
        if (domain == root)
            return true;
    }
}

/* --- the calls --------------------------------------------------------------------------------------------- */

/* May the extent be donated? */
static long check_donation(const struct frame_ref *frame, uint64_t least)
{
    if (frame->pages < least || frame->pages > DONATION_PAGES_MAX)
        return -EXO_E_BAD_ARGUMENT;
    return frame_all_idle(frame->pfn, frame->pages) ? 0 : -EXO_E_BUSY;
}

long call_domain_create(const struct call *call)
{
    NEED(frame, pool, 0, EXO_OWN);
    NEED_OK(check_donation(&pool, POOL_PAGES_MIN));
    NEED_OK(call->domain->depth < DOMAIN_DEPTH_MAX ? token_room(call->domain, 0) : -EXO_E_NO_SLOT);

    struct domain *domain = domain_make(EXTENT(pool, EXO_OWN), pool.pages, call->domain, call->vcpu);
    return (long)token_make_object(call->domain, EXO_DOMAIN, EXO_ALL, domain, &domain->origin);
}

long call_domain_donate(const struct call *call)
{
    NEED(domain, to, 0, EXO_W);
    NEED(frame, frame, 1, EXO_OWN);
    if (to.domain->dying)
        return -EXO_E_DEAD;
    NEED_OK(check_donation(&frame, 1));

    pool_add(MAY(to, EXO_W), EXTENT(frame, EXO_OWN), frame.pages);
    return 0;
}

long call_domain_destroy(const struct call *call)
{
    NEED(domain, ref, 0, EXO_OWN);
    for (const struct domain *domain = call->domain; domain != NULL; domain = domain->parent)
        if (domain == ref.domain) /* it, or one that it depends on */
            return -EXO_E_BAD_ARGUMENT;

    /* The caller needs its token until the end, even where it was derived from one of those that end. */
    struct domain *root = MAY(ref, EXO_OWN);
    struct token *last = BELOW(ref, EXO_OWN);
    token_unlink(last);
    token_link(last, &root->origin);
    struct work work = {WORK_PER_CALL};
    return destroy(root, last, &work) ? 0 : -EXO_E_AGAIN;
}

long call_domain_info(const struct call *call)
{
    NEED(domain, ref, 0, EXO_R);
    const struct domain *domain = ref.domain;
    struct exo_domain_info info = {
        .pool_pages = domain->pool_pages,
        .pool_free = domain->pool_free,
        .tokens = domain->tokens,
        .spaces = domain->space_count,
        .vcpus = domain->vcpu_count,
        .vcpus_dead = domain->vcpus_dead,
        .exit_status = domain->exit_status,
    };
    return machine_copy_out(call->argument[1], &info, sizeof info) ? 0 : -EXO_E_BAD_ADDRESS;
}
