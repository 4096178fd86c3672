/* SPDX-License-Identifier: MPL-2.0 */
/* Visible revocation, ignored and lied to: at the deadline it is over. */
#include "attack.h"

#define VA 0x300000ul
enum { STOP, HANDLE };
#define NOT_BUILT "recall is not built yet"

/* Lends the pages, asks for all of them back, and waits; the answer must be that all came back, whatever the holder did. */
static const char *lend_and_recall(struct domain *attacker, exo_handle lent, uint8_t *window)
{
    volatile uint64_t *word = (volatile uint64_t *)window;
    struct exo_recall record;
    const char *wrong = NULL;
    for (unsigned round = 0; round < 6 && !wrong; round++) {
        exo_handle handle =
            (exo_handle)MUST(exo_token_send(attacker->domain, lent, EXO_ALL, EXO_SEND_CONTENTS));
        attacker->start->word[HANDLE] = handle;
        exo_vcpu_block(now_ns() + 5 * MS);
        uint64_t deadline = now_ns() + 30 * MS;
        long result = exo_token_recall(lent, 0, deadline);
        if (result == -EXO_E_UNSUPPORTED)
            break;
        if (result == -EXO_E_NOT_MAPPED) { /* it has dropped everything already */
            MUST(exo_token_revoke(lent));
            continue;
        }
        if (result != 0)
            wrong = "token_recall failed";
        bool done = false;
        while (!wrong && !done && now_ns() < deadline + 1000 * MS) {
            while (!done && exo_recall_next(&record) == 1)
                done = record.state == EXO_RECALL_DONE && record.token == lent;
            if (!done) {
                take_pending();
                exo_vcpu_block(now_ns() + 5 * MS);
            }
        }
        if (!wrong && !done)
            wrong = "a second after its deadline the recall has not ended";
        else if (!wrong && record.count != LENT_PAGES)
            wrong = "not all pages came back";
        else if (!wrong && record.forced > LENT_PAGES)
            wrong = "more was forced than there is";
        for (unsigned page = 0; page < LENT_PAGES; page++)
            word[page * PAGE / 8] = round;
        exo_vcpu_block(now_ns() + 2 * MS);
        for (unsigned page = 0; page < LENT_PAGES && !wrong; page++)
            if (word[page * PAGE / 8] != round)
                wrong = "a page is written after the recall is over";
        MUST(exo_token_revoke(lent));
    }
    attacker->start->word[STOP] = 1;
    return wrong;
}

static void store_on(uint64_t va)
{
    for (uint64_t i = 1; START->word[STOP] == 0; i++)
        for (unsigned page = 0; page < LENT_PAGES; page++)
            *(volatile uint64_t *)(va + page * PAGE) = ~i;
}

static bool built(void)
{
    struct exo_recall record;
    long result = exo_recall_next(&record);
    if (result == -EXO_E_UNSUPPORTED)
        skip(NOT_BUILT);
    return result != -EXO_E_UNSUPPORTED;
}

static void take_hold(void)
{
    while (START->word[STOP] == 0 &&
           map_here(VA, START->word[HANDLE], 0, LENT_PAGES, EXO_MAP_R | EXO_MAP_W) != 1)
        exo_vcpu_yield();
}

/* Never looks, only writes. */
ATTACK(recalls, ignored, ON_ALL_CPUS, 5000, lend_and_recall)
{
    if (!built())
        return;
    while (START->word[STOP] == 0) {
        take_hold();
        attempt(store_on, VA, NULL);
    }
    struct exo_recall record;
    unsigned asked = 0, taken = 0;
    if (vcpu != 0)
        return;
    while (exo_recall_next(&record) == 1) {
        asked += record.state == EXO_RECALL_ASKED;
        taken += record.state == EXO_RECALL_TAKEN;
        EXPECT(record.kind == EXO_FRAME && record.count <= LENT_PAGES, "a record of kind %u, count %u",
               (uint64_t)record.kind, record.count);
    }
    EXPECT(asked > 0 && taken > 0, "%u records of asking, %u of repossession", (uint64_t)asked,
           (uint64_t)taken);
}

/* Gives back a page, the wrong page, what is not its own; hides the rest below children; drops what it was asked for. */
ATTACK(recalls, lied_to, ON_ALL_CPUS | BIG, 5000, lend_and_recall)
{
    if (!built())
        return;
    struct exo_recall record;
    for (uint64_t i = vcpu; START->word[STOP] == 0; i++) {
        exo_handle token = START->word[HANDLE];
        long child = exo_token_derive(token, EXO_ALL, i % LENT_PAGES, 1);
        exo_token_send(START->domain, token, EXO_ALL, EXO_SEND_CONTENTS);
        map_here(VA + vcpu * 16 * PAGE, token, 0, LENT_PAGES, EXO_MAP_R | EXO_MAP_W);
        if (exo_recall_next(&record) == 1) {
            exo_token_give_back(record.token, record.offset + i % 3, 1 + i % 2);
            exo_token_give_back(record.token, i, UINT64_MAX);
            exo_token_give_back((exo_handle)child, 0, 1);
            if (i % 4 == 0)
                exo_token_drop(record.token);
        }
        exo_token_recall(token, 1, now_ns() + i % 5 * MS); /* asks itself in turn */
        exo_token_recall(START->memory, 0, now_ns());
        attempt((void (*)(uint64_t))VA, 0, NULL);
        exo_vcpu_yield();
    }
}

ATTACK(recalls, arguments, OWNS_ITSELF)
{
    if (!built())
        return;
    EXPECT_ERROR(BAD_ARGUMENT, exo_token_recall(START->memory, START->memory_pages + 1, UINT64_MAX));
    EXPECT_ERROR(BAD_ARGUMENT, exo_token_recall(START->memory, UINT64_MAX, 0));
    EXPECT_ERROR(NOT_MAPPED, exo_token_recall(START->memory, 0, 0));
    EXPECT_ERROR(BAD_ARGUMENT, exo_token_give_back(START->memory, START->memory_pages, 1));
    EXPECT_ERROR(BAD_ARGUMENT, exo_token_give_back(START->memory, 1, UINT64_MAX));
    EXPECT_ERROR(BAD_ARGUMENT, exo_token_give_back(START->memory, UINT64_MAX, 2));
    EXPECT_ERROR(BAD_KIND, exo_token_give_back(START->space, 0, 1));
    struct exo_recall record;
    EXPECT(exo_recall_next(&record) == 0, "there is a record, though nobody asked");
}
