/* SPDX-License-Identifier: MPL-2.0 */
/* In an exokernel that was linked with it: the walk after every N-th exo call, N from the word check=N of the command line, or
 * hosted from the option. */
#include "invariant.h"
#include "call.h"
#include "vcpu.h"

static uint64_t every, calls;

#ifdef EXO_HOSTED
#include "hosted.h"
static uint64_t read_every(void) { return host.check == 0 ? UINT64_MAX : host.check; }
#else
#include "x86.h"
static uint64_t read_every(void)
{
    uint64_t n = 0;
    const char *value = x86_boot_word("check");
    if (value == NULL || *value != '=')
        return UINT64_MAX;
    for (value++; *value >= '0' && *value <= '9'; value++)
        n = n * 10 + (uint64_t)(*value - '0');
    return n == 0 ? 1 : n;
}
#endif

void core_watch(const struct vcpu *vcpu)
{
    if (every == 0)
        every = read_every();
    if (++calls % every != 0)
        return;
    const struct domain *first = vcpu->domain;
    while (first->parent != NULL)
        first = first->parent;
    invariant_check(first);
    static const char held[] = "kxos: all invariants held\n";
    if (calls == every)
        machine_log(held, sizeof held - 1);
}
