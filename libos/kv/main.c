/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A library OS that is a server reached through a gate: a call is a transfer of control that carries the request in registers and lends
 * the client's time, so that there is no queue, no thread that has to wake up, and no copy but that of a long value.
 *
 *   boot/run --libos kv --cmd '[both|serve|client] [measure]'
 *
 * both (the default): server and client are two vCPUs of this domain; the server's has no time of its own. The client checks every operation,
 * and what a hostile client could try. serve: vCPU 0 serves whoever has a gate to it; client: calls
 * the gate that was imported. So in containers of their own:
 *
 *   kx run -d --name store --libos kv --no-rootfs --gate-export kv serve
 *   kx run --rm --libos kv --no-rootfs --gate-import kv client measure
 */
#include "client.h"
#include "server.h"
#include <los/arguments.h>
#include <los/bare.h>
#include <stdbool.h>

enum { SERVER_VCPU = 100, STACK = 8192 };

_Noreturn void los_entry(const struct los_start *start);

static struct arguments arguments;
static exo_gate_x gate;
static uint64_t *client_page;

/* --- the server's vCPU ------------------------------------------------------------------------------------------------------- */

#define PAGE_RIGHTS (EXO_R | EXO_W | EXO_SEND | EXO_SPLIT)
typedef EXO_TOKEN(FRAME, PAGE_RIGHTS) page_token;

/* So many pages of memory, from that page after those in use on. */
static page_token frames(uint64_t index, uint64_t pages)
{
    const struct los_start *start = LOS_START_PAGE;
    page_token frame = 0;
    BARE_MUST("take memory", exo_token_derive(start->memory[0].frame, PAGE_RIGHTS,
                                              start->reserved_pages + index, pages, &frame));
    return frame;
}
static uint64_t direct(uint64_t index)
{
    return LOS_DIRECT + (LOS_START_PAGE->reserved_pages + index) * EXO_PAGE_SIZE;
}

static void start_server(void)
{
    static uint8_t stack[STACK] __attribute__((aligned(16)));
    const struct los_start *start = LOS_START_PAGE;
    exo_vcpu vcpu;
    exo_gate made;
    BARE_MUST("make a vCPU",
              exo_vcpu_create(start->domain, start->space, frames(0, 1), direct(0), SERVER_VCPU, &vcpu));
    BARE_MUST("name the fault entry", exo_vcpu_entries(vcpu, 0, (uint64_t)server_fault_entry, 0));
    BARE_MUST("start the server", exo_vcpu_start(vcpu, (uint64_t)serve, (uint64_t)(stack + STACK) - 8, 0));
    BARE_MUST("make a gate", exo_gate_create(vcpu, 1, &made));
    gate = exo_weaken(made, EXO_X);
}

/* --- the client ----------------------------------------------------------------------------------------------------------------- */

static long transfer(struct exo_message *message)
{
    long result;
    do
        result = exo_gate_call(gate, message, 0);
    while (result == -EXO_E_BUSY);
    return result;
}

static int call(uint64_t word[KV_WORDS])
{
    struct exo_message message;
    for (unsigned i = 0; i < KV_WORDS; i++)
        message.word[i] = word[i];
    message.token = 0;
    message.rights = 0;
    if (transfer(&message) != 0)
        return -1;
    for (unsigned i = 0; i < KV_WORDS; i++)
        word[i] = message.word[i];
    return 0;
}

/* A request with a token: the exo call's error, or the server's answer. */
static long call_with(uint64_t operation, exo_handle token, uint32_t rights)
{
    struct exo_message message = {.word = {operation}, .token = token, .rights = rights};
    long result = transfer(&message);
    return result ? result : (long)message.word[0];
}

static void expect(const char *what, long result, long expected)
{
    if (result != expected)
        bare_fail("kv: not as it should be: ", what);
}

/* What the server must survive, and lose nothing by; `apart`: it has a table of tokens of its own, which nobody else can count. */
static void be_hostile(page_token page, bool apart)
{
    const struct los_start *start = LOS_START_PAGE;
    const uint64_t long_put = kv_request(KV_PUT, KV_VALUE_MOST);
    struct exo_domain_info before, after;
    page_token two = frames(1, 2);
    exo_event event;
    expect("a long value without a page", call_with(long_put, 0, 0), KV_NO_PAGE);
    expect("attaching nothing", call_with(KV_ATTACH, 0, 0), KV_INVALID);
    expect("a forged handle", call_with(KV_ATTACH, 0x123456789abcul, EXO_R | EXO_W), -EXO_E_BAD_HANDLE);
    expect("a stale handle", call_with(KV_ATTACH, EXO_HANDLE(page) + (1ul << 32), EXO_R | EXO_W),
           -EXO_E_BAD_HANDLE);
    expect("more rights than there are", call_with(KV_ATTACH, EXO_HANDLE(page), EXO_R | EXO_W | EXO_OWN),
           -EXO_E_BAD_ARGUMENT);

    BARE_MUST("make an event", exo_event_derive(start->vcpu[0], EXO_PENDING_USER + 1, &event));
    BARE_MUST("count tokens", exo_domain_info(exo_weaken(start->domain, EXO_R), &before));
    expect("an event as the page", call_with(KV_ATTACH, EXO_HANDLE(event), EXO_W), KV_INVALID);
    expect("a page that is read-only", call_with(KV_ATTACH, EXO_HANDLE(page), EXO_R), KV_INVALID);
    expect("two pages", call_with(KV_ATTACH, EXO_HANDLE(two), EXO_R | EXO_W), KV_INVALID);
    expect("a token with a request that takes none", call_with(KV_COUNT, EXO_HANDLE(page), EXO_R), KV_OK);
    BARE_MUST("count tokens", exo_domain_info(exo_weaken(start->domain, EXO_R), &after));
    expect("tokens that stay", after.tokens, before.tokens);
    if (apart)
        return;

    expect("attaching", call_with(KV_ATTACH, EXO_HANDLE(page), EXO_R | EXO_W), KV_OK);
    expect("attaching again", call_with(KV_ATTACH, EXO_HANDLE(page), EXO_R | EXO_W), KV_OK);
    BARE_MUST("count tokens", exo_domain_info(exo_weaken(start->domain, EXO_R), &after));
    expect("tokens of a page attached twice", after.tokens, before.tokens + 1);
    expect("a long value", call_with(long_put, 0, 0), KV_OK);
    BARE_MUST("unmap",
              exo_space_unmap(start->space, SERVER_PAGE(0), 1)); /* as the end of the page's token would */
    expect("getting into a page that is gone", call_with(KV_GET, 0, 0), KV_NO_PAGE);
    expect("putting from a page that is gone", call_with(long_put, 0, 0), KV_NO_PAGE);
    expect("deleting", call_with(KV_DELETE, 0, 0), KV_OK);
    expect("a short value without the page", call_with(kv_request(KV_PUT, KV_INLINE), 0, 0), KV_OK);
    expect("deleting", call_with(KV_DELETE, 0, 0), KV_OK);
}

static void run_client(bool measure, bool apart)
{
    const struct kv_connection connection = {call, client_page, bare_now_ns, bare_say_line};
    page_token page = frames(1, 1);
    be_hostile(page, apart);
    expect("attaching", call_with(KV_ATTACH, EXO_HANDLE(page), EXO_R | EXO_W), KV_OK);
    const char *wrong = client_check(&connection);
    if (!wrong && measure)
        wrong = client_measure(&connection);
    if (wrong)
        bare_fail("kv: not as it should be: ", wrong);
    bare_say("kv: all as it should be\r\n");
}

void los_entry(const struct los_start *start)
{
    bool measure = false, alone = false, apart = false;
    arguments_read(&arguments);
    for (uint32_t i = 0; i < arguments.count; i++) {
        const char *word = arguments.word[i];
        measure |= arguments_same(word, "measure");
        alone |= arguments_same(word, "serve");
        apart |= arguments_same(word, "client");
        if (!arguments_same(word, "client") && !arguments_same(word, "measure") &&
            !arguments_same(word, "serve") && !arguments_same(word, "both"))
            bare_fail("kv: unknown word: ", word);
    }
    server_prepare();
    if (alone) {
        BARE_MUST("name the fault entry", exo_vcpu_entries(start->vcpu[0], 0, (uint64_t)server_fault_entry, 0));
        serve();
    }
    client_page = (uint64_t *)direct(1);
    gate = start->imported[0];
    if (apart && !gate)
        bare_fail("kv: no gate was imported", "");
    if (!apart)
        start_server();
    run_client(measure, apart);
    bare_end(0);
}
