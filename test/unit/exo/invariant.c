/* SPDX-License-Identifier: MPL-2.0 */
/* The walk over all invariants (test/invariant), and what only the fake machine can tell besides. */
#include "device.h"
#include "domain.h"
#include "fake_machine.h"
#include "frame.h"
#include "invariant.h"
#include "schedule.h"
#include "vcpu.h"
#include <criterion/criterion.h>

void check_tlbs(void);

static void check_vcpus(const struct domain *domain)
{
    for (const struct vcpu *vcpu = domain->vcpus; vcpu != NULL; vcpu = vcpu->next) {
        cr_assert_eq(vcpu_machine((struct vcpu *)vcpu)->loaded, vcpu->on_cpu);
        cr_assert_eq(vcpu->cpu_ns + schedule_unaccounted(vcpu), vcpu->machine.ran_ns,
                     "time is lost or made up");
    }
    for (const struct domain *child = domain->child; child != NULL; child = child->next)
        check_vcpus(child);
}

static void check_bus_masters(void)
{
    uint32_t known = fake_port_value[FAKE_VIRTIO_PORT + 8];
    cr_assert(known == 0 || frame_of(known)->state == FRAME_RING, "the device uses a ring that is none");
    for (uint32_t function = FAKE_VIRTIO; function < FAKE_BRIDGE; function += 8)
        if (!pci_attached(function) && !queue_on(function))
            cr_assert_eq(machine_pci_read(function, 4, 2) & 4, 0, "a bus master without bounds");
}

void check_invariants(void)
{
    invariant_check(fake_root);
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++)
        fake_clock_cpu(cpu);
    check_vcpus(fake_root);
    check_bus_masters();
    check_tlbs();
}

uint64_t frames_free(void)
{
    uint64_t count = 0;
    for (uint64_t pfn = 0; pfn < FAKE_TOP; pfn++)
        count += frame_of(pfn)->state == FRAME_USER && !frame_mapped(pfn);
    return count;
}
