/* SPDX-License-Identifier: MPL-2.0 */
/* Malformed calls: every number, with handles that are none and with handles of every kind, gets an error and changes nothing. */
#include "fake_machine.h"
#include <criterion/criterion.h>
#include <string.h>

static void boot(void) { fake_boot(1); }

TestSuite(call, .init = boot, .fini = check_invariants);

#define IS_HANDLE(kind) (#kind[0] == 'H')

/* One test for each call whose first argument is a handle: no, stale, and wrong handles. */
#define X(number, NAME, name, a, ...)                                                                          \
    Test(call, decode_##name)                                                                                  \
    {                                                                                                          \
        const uint64_t wrong[] = {0, 1, UINT64_MAX, 1ul << 63, fake_info->machine + (1ul << 32)};              \
        if (!IS_HANDLE(a))                                                                                     \
            return;                                                                                            \
        for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)                                          \
            cr_assert_eq(exo_call(number, wrong[i], 0, 0, 0, 0), -EXO_E_BAD_HANDLE);                           \
        exo_handle frames = fake_frames(1);                                                                    \
        const exo_handle kinds[] = {fake_info->domain,  fake_info->space, fake_info->vcpu, fake_info->slice,   \
                                    fake_info->machine, fake_info->ports, fake_info->irqs, frames};            \
        unsigned refused = 0;                                                                                  \
        for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {                                        \
            exo_handle weak = (exo_handle)exo_token_derive(kinds[i], 0, 0, 1);                                 \
            long result = exo_call(number, weak, FAKE_BAD, UINT64_MAX, UINT64_MAX, UINT64_MAX);                \
            cr_assert_lt(result, EXO_CALL_TOKEN_DROP == number ? 1 : 0);                                       \
            refused += result < 0;                                                                             \
            check_invariants();                                                                                \
        }                                                                                                      \
        cr_assert(refused == sizeof kinds / sizeof kinds[0] || EXO_CALL_TOKEN_DROP == number);                 \
    }
#include <exo/calls.def>
#undef X

Test(call, unknown_numbers)
{
    cr_assert_eq(exo_call(EXO_CALL_COUNT, 0, 0, 0, 0, 0), -EXO_E_BAD_CALL);
    cr_assert_eq(exo_call(UINT64_MAX, 0, 0, 0, 0, 0), -EXO_E_BAD_CALL);
    cr_assert_leq(EXO_CALL_COUNT, 48);
}

Test(call, numbers_are_distinct_and_dense)
{
    unsigned seen[EXO_CALL_COUNT] = {0};
#define X(number, NAME, name, ...) seen[number]++;
#include <exo/calls.def>
#undef X
    for (int i = 0; i < EXO_CALL_COUNT; i++)
        cr_assert_eq(seen[i], 1);
}

Test(call, wild_pointers_are_errors)
{
    const uint64_t wild[] = {0, FAKE_BAD, EXO_USER_END - 1, EXO_USER_END, UINT64_MAX - 3, 1ul << 63};
    for (unsigned i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        cr_assert_eq(exo_token_info(fake_info->machine, (void *)wild[i]), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_domain_info(fake_info->domain, (void *)wild[i]), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_vcpu_state(fake_info->vcpu, (void *)wild[i]), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_space_query(fake_info->space, 0, (void *)wild[i], 2), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_space_map(fake_info->space, (void *)wild[i], 1), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_log_write(fake_info->machine, (void *)wild[i], 2), -EXO_E_BAD_ADDRESS);
        cr_assert_eq(exo_port_write(fake_info->ports, 0x3f8, (void *)wild[i], 2), -EXO_E_BAD_ADDRESS);
    }
}
