/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Interrupt lines. A binding is an embedded token below the IRQ token and another below the EVENT token: it ends with either.
 * The machine masks a line when it interrupts; it stays masked until its owner acknowledges.
 */
#include "irq.h"
#include "call.h"
#include "lock.h"
#include "reference.h"
#include "vcpu.h"

struct irq_binding {
    struct token line_token, event_token;
    struct vcpu *vcpu; /* NULL: not bound */
    uint32_t bit;
};

static struct irq_binding bindings[IRQ_LINES_MAX];

uint32_t irq_lines(void) { return machine_irqs() < IRQ_LINES_MAX ? machine_irqs() : IRQ_LINES_MAX; }

uint32_t irq_line_of(const struct irq_binding *binding) { return (uint32_t)(binding - bindings); }

void irq_unbind(struct irq_binding *binding)
{
    if (binding->vcpu == NULL)
        return;
    machine_irq_mask(irq_line_of(binding), true);
    binding->vcpu = NULL;
    token_unlink(&binding->line_token);
    token_unlink(&binding->event_token);
}

void core_irq(uint32_t line)
{
    core_lock();
    if (line < IRQ_LINES_MAX && bindings[line].vcpu != NULL)
        vcpu_ring(bindings[line].vcpu, bindings[line].bit);
    core_unlock();
}

long call_irq_bind(const struct call *call)
{
    NEED(irq, irq, 0, EXO_X);
    if (irq.count != 1)
        return -EXO_E_BAD_ARGUMENT;
    struct irq_binding *binding = &bindings[irq.base];
    if (binding->vcpu != NULL && binding->line_token.parent != irq.token)
        return -EXO_E_BUSY;
    if (call->argument[1] == 0) {
        irq_unbind(binding);
        return 0;
    }
    NEED(event, event, 1, EXO_W);

    irq_unbind(binding);
    binding->vcpu = MAY(event, EXO_W);
    binding->bit = event.bit;
    token_embed(&binding->line_token, TOKEN_IRQ_LINE, EXO_IRQ, binding, BELOW(irq, EXO_X));
    token_embed(&binding->event_token, TOKEN_IRQ_EVENT, EXO_EVENT, binding, BELOW(event, EXO_W));
    machine_irq_mask((uint32_t)irq.base, false);
    return 0;
}

long call_irq_ack(const struct call *call)
{
    NEED(irq, irq, 0, EXO_X);
    if (irq.count != 1)
        return -EXO_E_BAD_ARGUMENT;
    if (bindings[irq.base].vcpu == NULL)
        return -EXO_E_NOT_MAPPED; /* nobody would be told of the next one */

    machine_irq_mask((uint32_t)irq.base, false);
    return 0;
}
