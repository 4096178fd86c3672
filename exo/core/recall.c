/* SPDX-License-Identifier: MPL-2.0 */
/* Visible revocation: asking for resources back, taking them at the deadline, and the record of what was taken by force. */
#include "recall.h"
#include "call.h"
#include "domain.h"
#include "frame.h"
#include "reference.h"
#include "vcpu.h"

#define WORK_PER_STEP 4096
#define PAUSE_NS      50000 /* between two steps, so that ring 3 gets on meanwhile */
/* Of the tokens directly below only the youngest are looked at, and of those of other domains the youngest are told. The asker's
 * own are fewer than LOOK_MAX. */
#define LOOK_MAX 16384
#define TOLD_MAX 256

static struct domain *asker_of(const struct recall *recall) { return token_domain(recall->token); }

/* --- records --------------------------------------------------------------------------------------------- */

static void ring(struct domain *domain)
{
    struct vcpu *oldest = NULL;
    for (struct vcpu *vcpu = domain->vcpus; vcpu != NULL; vcpu = vcpu->next) /* the youngest first */
        oldest = vcpu_alive(vcpu) ? vcpu : oldest;
    if (oldest != NULL)
        vcpu_ring(oldest, EXO_PENDING_RECALL);
}

/* Of the token, whose recall it is or that is held below what is recalled. */
static void tell(struct domain *domain, enum exo_recall_state state, const struct token *token, uint64_t offset,
                 uint64_t count, const struct recall *recall)
{
    struct recalls *recalls = domain->recalls;
    if (domain->dying)
        return;
    if (recalls->records == RECORDS_MAX) {
        recalls->lost++;
    } else {
        recalls->record[(recalls->first + recalls->records++) % RECORDS_MAX] =
            (struct exo_recall){state,
                                token->kind,
                                token_handle(token),
                                offset,
                                count,
                                state == EXO_RECALL_DONE ? recall->forced : 0,
                                recall->deadline_ns,
                                recalls->lost};
        recalls->lost = 0;
    }
    ring(domain);
}

long call_recall_next(const struct call *call)
{
    struct recalls *recalls = call->domain->recalls;
    if (recalls->records == 0)
        return 0;
    if (!machine_copy_out(call->argument[0], &recalls->record[recalls->first], sizeof recalls->record[0]))
        return -EXO_E_BAD_ADDRESS;

    recalls->first = (recalls->first + 1) % RECORDS_MAX;
    recalls->records--;
    return 1;
}

/* --- what comes back ----------------------------------------------------------------------------------------- */

static struct recall *recall_of(const struct token *token)
{
    return &token_domain(token)->recalls->recall[token->recall - 1];
}

/* Held by another domain than the one that asks? */
static bool is_abroad(const struct token *token)
{
    return token->role == TOKEN_IN_TABLE && token_domain(token) != token_domain(token->parent);
}

static bool is_enough(const struct recall *recall) { return recall->came >= (int64_t)recall->wanted; }

void recall_count(const struct token *token, int64_t units)
{
    struct recall *recall = recall_of(token->parent);
    if (!is_abroad(token))
        return;
    recall->came += units;
    if (is_enough(recall)) /* whoever gave goes on; the next step sees to the rest */
        alarm_set(&recall->alarm, recall->alarm.cpu, machine_now_ns());
}

void recall_given(const struct token *token, uint64_t base, uint64_t count)
{
    const struct token *parent = token->parent;
    if (parent == NULL || parent->recall == 0 || !is_abroad(token))
        return;
    tell(token_domain(parent), EXO_RECALL_GIVEN, parent, token_is_range(token->kind) ? base - parent->base : 0,
         count, recall_of(parent));
}

void recall_end(struct token *token)
{
    struct recall *recall = recall_of(token);
    uint64_t came = recall->came < 0 ? 0 : (uint64_t)recall->came;
    if (recall->forced > came) /* what went out meanwhile was taken, too, but is none of what was asked for */
        recall->forced = came;
    tell(token_domain(token), EXO_RECALL_DONE, token, 0, came, recall);
    alarm_cancel(&recall->alarm);
    recall->token = NULL;
    token->recall = 0;
}

/* --- force ------------------------------------------------------------------------------------------------- */

/* Passes over the asker's own tokens, at most as many as a table holds, and uses of its own. */
static struct token *youngest_abroad(const struct token *token, long *passed)
{
    struct token *child = token->child;
    for (*passed = 0; child != NULL && !is_abroad(child); ++*passed)
        child = child->next;
    return child;
}

/* Takes units off the end of the holder's token, or all of it; what was derived from it ends, for any of it may be below the part
 * taken. False: not through yet. */
static bool take(struct recall *recall, struct token *held, uint64_t units, struct work *work)
{
    uint64_t kept = token_units(held) - units;
    if (!token_end_below(held, asker_of(recall), work) ||
        (held->kind == EXO_FRAME && !revoke_lose(token_domain(held), held->base + kept, units, work)))
        return false;
    tell(token_domain(held), EXO_RECALL_TAKEN, held, kept, units, recall);
    recall->forced += units;
    if (kept > 0) {
        token_shrink(held, held->base, kept);
    } else {
        token_free(held);
    }
    return true;
}

static bool force(struct recall *recall, struct work *work)
{
    long passed;
    for (struct token *held; !is_enough(recall) || recall->all; work_spend(work, passed / 4)) {
        held = youngest_abroad(recall->token, &passed);
        if (held == NULL)
            return true; /* nobody has any more */
        uint64_t missing = recall->wanted - (uint64_t)recall->came, units = token_units(held);
        if (!work_spend(work, 1) || !take(recall, held, recall->all || missing > units ? units : missing, work))
            return false;
    }
    return true;
}

void recall_step(struct recall *recall, uint64_t now)
{
    struct work work = {WORK_PER_STEP};
    bool due = now >= recall->deadline_ns;
    long passed;
    bool came = is_enough(recall) && (!recall->all || youngest_abroad(recall->token, &passed) == NULL);
    if (!came && due)
        came = force(recall, &work);
    if (!came) {
        recall->batch = 0;
        alarm_set(&recall->alarm, recall->alarm.cpu, due ? now + PAUSE_NS : recall->deadline_ns);
        return;
    }
    if (recall->batch == 0)
        recall->batch = revoke_batch();
    if (revoke_done(recall->batch, &work))
        recall_end(recall->token);
    else
        alarm_set(&recall->alarm, recall->alarm.cpu, now + PAUSE_NS);
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static void ask(const struct recall *recall)
{
    uint32_t looked = 0, told = 0;
    for (struct token *held = recall->token->child; held != NULL && looked < LOOK_MAX;
         held = held->next, looked++)
        if (is_abroad(held) && told++ < TOLD_MAX)
            tell(token_domain(held), EXO_RECALL_ASKED, held, 0, recall->wanted, recall);
}

static uint64_t held_abroad(const struct token *token)
{
    uint64_t units = 0;
    uint32_t looked = 0;
    for (const struct token *held = token->child; held != NULL && looked < LOOK_MAX;
         held = held->next, looked++)
        units += is_abroad(held) ? token_units(held) : 0;
    return units;
}

static uint32_t free_recall(const struct recalls *recalls)
{
    uint32_t i = 0;
    while (i < RECALLS_MAX && recalls->recall[i].token != NULL)
        i++;
    return i;
}

long call_token_recall(const struct call *call)
{
    uint64_t count = call->argument[1], deadline_ns = call->argument[2];
    NEED(token, ref, 0, EXO_OWN);
    struct token *token = MAY(ref, EXO_OWN);
    struct recalls *recalls = call->domain->recalls;
    uint32_t slot = free_recall(recalls);
    if (!token_is_range(token->kind) && token->kind != EXO_SLICE)
        return -EXO_E_BAD_KIND;
    if (count > token_units(token))
        return -EXO_E_BAD_ARGUMENT;
    if (token->recall != 0)
        return -EXO_E_BUSY;
    if (slot == RECALLS_MAX)
        return -EXO_E_NO_SLOT;
    uint64_t held = held_abroad(token);
    if (held == 0)
        return -EXO_E_NOT_MAPPED;

    struct recall *recall = &recalls->recall[slot];
    *recall = (struct recall){.token = token,
                              .all = count == 0 || !token_is_range(token->kind),
                              .wanted = count != 0 && token_is_range(token->kind) ? count : held,
                              .deadline_ns = deadline_ns,
                              .alarm = {.kind = ALARM_RECALL, .cpu = call->vcpu->cpu}};
    token->recall = slot + 1;
    ask(recall);
    /* At the end of time nothing is forced: only what comes back sets the alarm. */
    alarm_set(&recall->alarm, call->vcpu->cpu, deadline_ns);
    return 0;
}
