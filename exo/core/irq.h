/* SPDX-License-Identifier: MPL-2.0 */
/* Interrupt lines: each may ring one event. */
#ifndef EXO_CORE_IRQ_H
#define EXO_CORE_IRQ_H

#include "token.h"

#define IRQ_LINES_MAX 128u

struct irq_binding;
void irq_unbind(struct irq_binding *binding); /* one of its tokens ended */
uint32_t irq_line_of(const struct irq_binding *binding);
uint32_t irq_lines(void); /* that tokens may name */

#endif
