/* SPDX-License-Identifier: MPL-2.0 */
/* Gates, abused by those who call and by those who serve. */
#include "attack.h"

enum { STOP };
enum { ANSWER, HANG, DIE, ANSWER_GARBAGE };
#define NOT_BUILT "gates are not built yet"

static bool built(void)
{
    struct exo_message message = {{0}};
    uint64_t badge = 0;
    self()->pending = 1ul << 63;
    long result = exo_gate_return(&badge, &message);
    self()->pending = 0;
    if (result == -EXO_E_UNSUPPORTED)
        skip(NOT_BUILT);
    return result != -EXO_E_UNSUPPORTED;
}

static void serve(void)
{
    struct exo_message message = {{0}};
    for (uint64_t badge = 0;;) {
        long result = exo_gate_return(&badge, &message);
        if (result == -EXO_E_AGAIN) {
            take_pending();
            continue;
        }
        EXPECT(result == 0, "gate_return: %s", error_name(result));
        switch (message.word[0]) {
        case ANSWER: message.word[1] += badge; break;
        case HANG:
            while (START->word[STOP] == 0)
                pause();
            message.word[1] = 0xdead; /* nobody may get this */
            break;
        case DIE: exo_vcpu_exit(3); return;
        default:
            for (unsigned i = 0; i < 7; i++)
                message.word[i] = ~0ul << i;
            message.token = 0xfffffff1;
            message.rights = ~0u;
            continue;
        }
        message.token = 0;
        message.rights = 0;
    }
}

/* --- the first domain as the caller of a hostile server ------------------------------------------------------------------------- */

static long call(exo_handle gate, uint64_t mode, uint64_t value, uint32_t limit_us, struct exo_message *message)
{
    long result;
    uint64_t late = now_ns() + 1000 * MS;
    do { /* until it waits */
        *message = (struct exo_message){{mode, value}};
        result = exo_gate_call(gate, message, limit_us);
    } while (result == -EXO_E_BUSY && now_ns() < late && (exo_vcpu_block(now_ns() + MS), true));
    return result;
}

static const char *call_the_hostile(struct domain *attacker, exo_handle lent, uint8_t *window)
{
    (void)lent, (void)window;
    struct exo_message message;
    long gate = exo_gate_create(attacker->vcpu[0], 1000);
    if (gate == -EXO_E_UNSUPPORTED)
        return NULL;
    const char *wrong = NULL;
    for (unsigned round = 0; round < 5 && !wrong; round++) {
        attacker->start->word[STOP] = 0;
        if (call((exo_handle)gate, ANSWER, 7, 1000000, &message) != 0 || message.word[1] != 1007)
            wrong = "an honest call was not answered";
        uint64_t start = now_ns();
        if (!wrong && call((exo_handle)gate, HANG, 0, 20000, &message) != -EXO_E_OVERRUN)
            wrong = "a server that hangs did not end in OVERRUN";
        if (!wrong && now_ns() - start > 1000 * MS)
            wrong = "a limit of 20 ms took more than a second";
        attacker->start->word[STOP] = 1;
        if (!wrong && (call((exo_handle)gate, ANSWER, 9, 1000000, &message) != 0 || message.word[1] != 1009))
            wrong = "after an overrun the answer is not the call's own";
        if (!wrong && call((exo_handle)gate, ANSWER_GARBAGE, 0, 1000000, &message) != 0)
            wrong = "garbage as an answer did not arrive as such";
        struct exo_token_info info;
        if (!wrong && message.token != 0 && exo_token_info(message.token, &info) == 0)
            wrong = "a forged handle in an answer became a token";
    }
    if (!wrong && call((exo_handle)gate, DIE, 0, 0, &message) != -EXO_E_DEAD)
        wrong = "a server that dies did not end in DEAD";
    if (!wrong && call((exo_handle)gate, ANSWER, 0, 0, &message) != -EXO_E_DEAD)
        wrong = "a dead server is not DEAD";
    exo_token_drop((exo_handle)gate);
    return wrong;
}

ATTACK(gates, hostile_server, ENDLESS, 100, call_the_hostile)
{
    if (built())
        serve();
}

/* --- the attacker as the caller ------------------------------------------------------------------------------------------------- */

ATTACK(gates, garbage)
{
    if (!built())
        return;
    exo_handle mine = (exo_handle)EXPECT_GOOD(exo_gate_create(START->vcpu[0], 5));
    struct exo_message message = {{0}};
    EXPECT_ERROR(BUSY, exo_gate_call(mine, &message, 0)); /* one's own: it does not wait */
    EXPECT_ERROR(BAD_HANDLE, exo_gate_call(0, &message, 0));
    EXPECT_ERROR(BAD_KIND, exo_gate_call(START->memory, &message, 0));
    const uint64_t rights[] = {EXO_ALL + 1, 0x80, 0xffff, 0x7fffffff, 0xffffffff};
    for (unsigned i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        message = (struct exo_message){.token = START->memory, .rights = (uint32_t)rights[i]};
        long result = exo_gate_call(mine, &message, 0);
        EXPECT(result == -EXO_E_BUSY || result == -EXO_E_BAD_ARGUMENT, "rights %x: %s", rights[i],
               error_name(result));
    }
    exo_handle kept = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_R, 0, 1));
    message = (struct exo_message){.token = kept, .rights = EXO_R};
    EXPECT(exo_gate_call(mine, &message, 0) < 0, "a token without SEND was sent");
    struct exo_token_info info;
    EXPECT_GOOD(exo_token_info(kept, &info));
}

/* A vCPU that clears its pending word, waits for calls, and calls the gate that is the badge, if it is one; answers with what came of it. */
__asm__(".text\nrelay_code: xorl %r8d, %r8d; xorl %r9d, %r9d; 1: movq $0, %gs:8; movl $0x4b780028, %eax; "
        "syscall; testq %rax, "
        "%rax; jnz 1b;"
        "xorl %r8d, %r8d; xorl %r9d, %r9d; testq %rdi, %rdi; jz 2f; movl $0x4b780027, %eax; syscall;"
        "xorl %r8d, %r8d; xorl %r9d, %r9d; testq %rax, %rax; jz 1b; movq %rax, %rsi; jmp 1b; 2: movl $0x55, "
        "%esi; jmp 1b");
extern const uint8_t relay_code[] __attribute__((visibility("hidden")));
_Static_assert(EXO_CALL_GATE_RETURN == 0x28 && EXO_CALL_GATE_CALL == 0x27, "the code above");

/* One below the other: a chain of calls ends at its limit with an error, and then everybody waits again. */
ATTACK(gates, nested, BIG)
{
    enum { CHAIN = 12 };
    if (!built())
        return;
    exo_handle gate[CHAIN + 1] = {0};
    for (unsigned i = 0; i < CHAIN; i++) {
        exo_handle page = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 50 + i, 1));
        EXPECT_GOOD(map_here(0x10000 + i * PAGE, START->memory, 50 + i, 1, EXO_MAP_R | EXO_MAP_W));
        exo_handle new =
            (exo_handle)EXPECT_GOOD(exo_vcpu_create(START->domain, START->space, page, 0x10000 + i * PAGE, i));
        exo_handle slice =
            (exo_handle)EXPECT_GOOD(exo_slice_create(START->slice[0], 1ul << self()->cpu, 50, 5000));
        EXPECT_GOOD(exo_slice_bind(new, slice));
        EXPECT_GOOD(exo_vcpu_start(new, (uint64_t)relay_code, 0, 0));
        gate[i + 1] = (exo_handle)EXPECT_GOOD(exo_gate_create(new, gate[i])); /* calls the one before it */
    }
    for (unsigned round = 0; round < 3; round++)
        for (unsigned depth = 1; depth <= CHAIN; depth++) {
            struct exo_message message = {{0}};
            long result;
            uint64_t late = now_ns() + 1000 * MS;
            while ((result = exo_gate_call(gate[depth], &message, 0)) == -EXO_E_BUSY && now_ns() < late)
                exo_vcpu_block(now_ns() + MS);
            EXPECT(result == 0, "depth %u: %s", (uint64_t)depth, error_name(result));
            uint64_t expected = depth <= 8 ? 0x55 : (uint64_t)-EXO_E_NO_TIME;
            EXPECT(message.word[0] == expected || (long)message.word[0] == -EXO_E_BUSY, "depth %u: answer %x",
                   (uint64_t)depth, message.word[0]);
        }
}

/* Everybody calls everybody, with and without limits and tokens, until the domain is destroyed in the middle of it. */
ATTACK(gates, storm, TWO_VCPUS | ON_ALL_CPUS | ENDLESS | BIG, 600)
{
    if (!built())
        return;
    exo_handle gate[VCPUS_MAX];
    for (unsigned i = 0; i < START->vcpus; i++)
        gate[i] = (exo_handle)exo_gate_create(START->vcpu[i], i);
    for (uint64_t i = vcpu;; i++) {
        uint64_t badge = 0;
        struct exo_message message = {{i}};
        if (i % 3 == 0) {
            self()->pending = i % 2 ? 1ul << 60 : 0;
            exo_vcpu_timer(now_ns() + 300 * US);
            if (exo_gate_return(&badge, &message) == 0 && message.token)
                exo_token_drop(message.token);
        }
        message.token = i % 5 == 0 ? (exo_handle)exo_token_derive(START->memory, EXO_ALL, i % 8, 1) : 0;
        message.rights = EXO_R | EXO_SEND | (i % 2 ? EXO_MESSAGE_MOVE : 0);
        exo_handle sent = message.token;
        long result = exo_gate_call(gate[(vcpu + 1 + i % 2) % START->vcpus], &message, i % 7 * 30);
        EXPECT(result > -EXO_ERROR_COUNT && result <= 0 && result != -EXO_E_BAD_CALL, "gate_call: %d", result);
        exo_token_drop(sent);
        if (result == 0 && message.token)
            exo_token_drop(message.token);
        START->progress[vcpu]++;
    }
}
