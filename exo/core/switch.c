/* SPDX-License-Identifier: MPL-2.0 */
/*
 * space_switch, the call that takes no lock, and what the others do so that it may do without.
 *
 * It reads its domain's token table, one token, and the space that this names, while another CPU may be ending the token
 * or destroying the space under the lock. This is safe because
 *   - the domain, its table pages and the vCPU itself go away only after domain_destroy has stopped the vCPU and seen
 *     every CPU leave it (vcpu_stop kicks; on_cpu says whether it has left). A CPU inside this call has not left.
 *   - the space's frame goes away only after `dying` was announced and space_quiesce has waited for every CPU to be
 *     outside. A switch that began before is finished then, and the destroyer sees the vCPU's new space and says BUSY;
 *     one that begins later sees `dying` and takes the slow way, under the lock.
 *   - a token's generation changes when it ends, and is read again after its other fields.
 * Waiting for a CPU inside is short: it runs with interrupts off, waits for nothing, and does a bounded few steps.
 * A vCPU that calls through a gate, or waits to be called, is on a CPU only from its call to the decision that follows it, in ring 0,
 * with on_cpu still set: so it counts as running there until that CPU has left it. Others write its registers meanwhile, but that
 * CPU reads them only after it has taken the lock: whoever lends or gives back sets `reschedule` first.
 * Likewise no lock is taken to reflect a foreign system call or to deliver a fault: both touch only the vCPU that runs
 * on this CPU and its page, and both outlive its running (vcpu_lose_page waits until the CPU has left, too).
 */
#include "call.h"
#include "cpu.h"
#include "domain.h"
#include "lock.h"
#include "reference.h"
#include "space.h"
#include "vcpu.h"

uint64_t space_idle_top;

void space_load(struct cpu *cpu, struct space *space)
{
    store_shared(cpu->loaded, space); /* before the load: an editor that misses it wrote before the load */
    machine_space_load(space->top_pfn);
}

void space_quiesce(void)
{
    for (uint32_t i = 0; i < machine_cpus(); i++)
        while (i != machine_cpu() && load_shared(cpus[i].switching))
            machine_relax();
}

bool space_evict(struct space *space)
{
    bool gone = true;
    for (uint32_t i = 0; i < machine_cpus(); i++) {
        if (load_shared(cpus[i].loaded) != space)
            continue;
        if (i == machine_cpu() && cpus[i].running == NULL) {
            space_leave(&cpus[i]);
            continue;
        }
        gone = false;
        cpus[i].evict = true;
        store_shared(cpus[i].reschedule, true);
        if (i != machine_cpu())
            machine_kick(i);
    }
    return gone;
}

void space_leave(struct cpu *cpu)
{
    cpu->evict = false;
    store_shared(cpu->loaded, (struct space *)NULL);
    machine_space_load(space_idle_top);
}

/* The token's space if all is well, without the lock; NULL: take the lock and look again. */
static struct space *look_up_unlocked(const struct domain *domain, exo_handle handle)
{
    struct token *token = token_in_slot(domain, (uint32_t)handle);
    if (token == NULL)
        return NULL;
    if (load_shared(token->state) != TOKEN_LIVE || load_shared(token->generation) != handle >> 32)
        return NULL;
    uint8_t kind = load_shared(token->kind), rights = load_shared(token->rights);
    struct space *space = load_shared(token->object);
    if (load_shared(token->state) != TOKEN_LIVE || load_shared(token->generation) != handle >> 32)
        return NULL;
    if (kind != EXO_SPACE || !(rights & EXO_X) || space == NULL || space->domain != domain ||
        load_shared(space->dying))
        return NULL;
    return space;
}

static void enter(struct cpu *cpu, struct vcpu *vcpu, struct space *space)
{
    store_shared(vcpu->space, space);
    space_load(cpu, space);
}

/* Under the lock, with the errors told apart. */
static long switch_slowly(const struct call *call)
{
    struct token *token;
    NEED_OK(token_find(call->domain, call->argument[0], EXO_SPACE, EXO_X, &token));
    struct space *space = token->object;
    if (space->domain != call->domain)
        return -EXO_E_BAD_ARGUMENT;
    if (space->dying)
        return -EXO_E_DEAD;
    enter(cpu_this(), call->vcpu, space);
    return 0;
}

long call_space_switch(const struct call *call)
{
    struct cpu *cpu = cpu_this();
    store_shared(cpu->switching, true);
    struct space *space = look_up_unlocked(call->domain, call->argument[0]);
    if (space != NULL)
        enter(cpu, call->vcpu, space);
    __atomic_store_n(&cpu->switching, false, __ATOMIC_RELEASE);
    if (space != NULL)
        return 0;

    core_lock();
    long result = vcpu_alive(call->vcpu) ? switch_slowly(call) : 0;
    core_unlock();
    return result;
}
