/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An attack: code that runs in a hostile domain, beside the victim. It complains (EXPECT) about what the exokernel does
 * wrong to it or lets it do; what it did to others the harness sees for itself. To add one, write an ATTACK in any C file
 * of this folder.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "lib.h"
#pragma GCC visibility push(hidden)

enum attack_flag {
    ON_ALL_CPUS = 1,  /* on a vCPU on every CPU instead of one on the last CPU */
    TWO_VCPUS = 2,    /* on at least two vCPUs, though there may be one CPU only */
    ENDLESS = 4,      /* it runs until it is destroyed: judged after `ms` */
    STOPS = 8,        /* vCPU 0 must be stopped by a fault that it cannot take */
    OWNS_ITSELF = 16, /* its token of its own domain carries all rights */
    HOG = 32,         /* its slices are 60 % of each CPU, with a period that is not the victim's */
    NOT_EXACT = 128,  /* left out where instructions are counted: QEMU then takes minutes over it */
    BIG = 64,         /* a pool and a memory of 1024 pages each */
};

struct attack {
    const char *name;
    void (*run)(unsigned vcpu);
    unsigned flags;
    unsigned ms; /* the time it may take, or is given when it is ENDLESS. 0: 5000 */
    /* What the first domain does meanwhile; it returns what is wrong, or NULL. `lent`: LENT_PAGES that nobody else has, mapped
     * in the first domain at `window`. */
    const char *(*meddle)(struct domain *attacker, exo_handle lent, uint8_t *window);
};

/* Followed by the body of a function of `vcpu`. */
#define ATTACK(family, name, ...)                                                                              \
    static void attack_##family##_##name(unsigned vcpu);                                                       \
    static const struct attack family##_##name                                                                 \
        __attribute__((used, section(".attacks." #family "." #name), aligned(8))) = {                          \
            #family "/" #name, attack_##family##_##name, __VA_ARGS__};                                         \
    static void attack_##family##_##name(__attribute__((unused)) unsigned vcpu)

/* What every attacker holds besides its own, in START->given, in this order. Foreign things by weak or harmless tokens only. */
enum {
    GIVEN_MACHINE, /* R: neither log nor power */
    GIVEN_PORTS,   /* all rights on 8 ports that nothing answers */
    GIVEN_IRQ,     /* all rights on a line that nothing raises */
    GIVEN_SHARED,  /* R SEND SPLIT on a page of the victim's */
    GIVEN_EVENT,   /* W: bit 8 of the victim's vCPU on the last CPU */
    GIVEN_COUNT,
};
#define PORTS_GIVEN     8
#define LENT_PAGES      4ul
#define GIVEN_BUDGET_US 2000ul /* of each CPU to each attacker, unless it is a HOG */

/* --- victim.c */
void victim_main(unsigned vcpu);
#define VICTIM_BUDGET_US 3000ul
#define VICTIM_PERIOD_US 10000ul
#define VICTIM_PAGES     32ul
void victim_fill(uint64_t *memory);        /* with its secret */
bool victim_holds(const uint64_t *memory); /* is the secret as it was? */

#pragma GCC visibility pop

#endif
