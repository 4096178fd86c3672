/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The server behind the gate: it answers one call and waits for the next. It runs in its caller's time, holds no lock, and keeps of a client
 * only the page that it attached. Nothing that a client sends makes it fault, wait or grow.
 */
#include "server.h"
#include "store.h"
#include <los/bare.h>

/* The page of each client that attached one. */
static struct client {
    uint64_t badge;
    exo_frame_rw frame; /* NULL: free */
} clients[SERVER_CLIENTS];

void server_prepare(void)
{
    const struct los_start *start = LOS_START_PAGE;
    if (start->reserved_pages + KV_CAPACITY + MAIN_PAGES > start->memory[0].pages)
        bare_fail("kv: not enough memory", "");
    store_start(
        (uint64_t(*)[KV_VALUE_MOST / 8])(LOS_DIRECT + (start->reserved_pages + MAIN_PAGES) * EXO_PAGE_SIZE));
}

static uint32_t client_of(uint64_t badge)
{
    for (uint32_t i = 0; i < SERVER_CLIENTS; i++)
        if (clients[i].frame && clients[i].badge == badge)
            return i;
    return SERVER_CLIENTS;
}

static int page_read(const struct kv_page *page, uint64_t *to, uint64_t bytes)
{
    return page->client < SERVER_CLIENTS && server_copy(to, (void *)SERVER_PAGE(page->client), bytes) == 0 ? 0
                                                                                                           : -1;
}
static int page_write(const struct kv_page *page, const uint64_t *from, uint64_t bytes)
{
    return page->client < SERVER_CLIENTS && server_copy((void *)SERVER_PAGE(page->client), from, bytes) == 0
               ? 0
               : -1;
}

/* --- tokens that clients send --------------------------------------------------------------------------------------------- */

/* Bounded work at a time: until all of it is done. */
static void forget(exo_handle token)
{
    if (token)
        while (exo_token_drop(exo_trust(FRAME, 0, token)) == -EXO_E_AGAIN) {
        }
}

static int is_page(exo_handle token)
{
    struct exo_token_info info = {0};
    return token && exo_token_info(exo_trust(FRAME, 0, token), &info) == 0 && info.kind == EXO_FRAME &&
           info.count == 1 && (info.rights & (EXO_R | EXO_W)) == (EXO_R | EXO_W);
}

/* Takes the token whatever comes of it. */
static enum kv_result attach(uint64_t badge, exo_handle token)
{
    if (!is_page(token)) {
        forget(token);
        return KV_INVALID;
    }
    uint32_t n = client_of(badge);
    for (uint32_t i = 0; n == SERVER_CLIENTS && i < SERVER_CLIENTS; i++)
        if (!clients[i].frame)
            n = i;
    if (n == SERVER_CLIENTS) {
        forget(token);
        return KV_FULL;
    }
    exo_frame_rw frame = exo_trust(FRAME, EXO_R | EXO_W, token);
    struct exo_map map = EXO_MAP(SERVER_PAGE(n), frame, 0, 1, EXO_MAP_R | EXO_MAP_W);
    if (exo_space_map(LOS_START_PAGE->space, &map, 1) !=
        1) { /* revoked already, or a frame that cannot be mapped */
        forget(token);
        return KV_INVALID;
    }
    forget(EXO_HANDLE(clients[n].frame));
    clients[n] = (struct client){badge, frame};
    return KV_OK;
}

void serve(void)
{
    struct exo_vcpu_page *self = bare_vcpu_page(0);
    struct exo_message message = {.word = {KV_OK}};
    uint64_t badge = 0;
    for (;;) {
        message.token = 0;
        message.rights = 0;
        if (exo_gate_return(&badge, &message) != 0) { /* an event, of which the server has no use */
            __atomic_store_n(&self->pending, 0, __ATOMIC_SEQ_CST);
            continue;
        }
        struct kv_page page = {page_read, page_write, client_of(badge)};
        if (message.word[0] == KV_ATTACH) {
            message.word[0] = attach(badge, message.token);
            for (unsigned i = 1; i < KV_WORDS; i++)
                message.word[i] = 0;
        } else {
            forget(message.token); /* a token with anything else is not wanted */
            store_handle(message.word, &page);
        }
    }
}
