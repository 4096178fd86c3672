/* SPDX-License-Identifier: MPL-2.0 */
/* What the parts of the fuzzer share: fuzz.c drives, trace.c remembers the last calls, reset.c undoes an
 * input, model.c predicts. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>

struct domain;

/* --- trace.c
 * ------------------------------------------------------------------------------------------------- */

struct fuzz_call {
    unsigned number, cpu, owner; /* owner: generate_owner() of the caller's domain */
    struct domain *domain;
    uint64_t argument[5];
    long result;
    bool returned;
};
struct fuzz_call *trace_begin(unsigned number, const uint64_t argument[5]);
void trace_end(struct fuzz_call *call, long result);
void trace_clear(void);
void trace_print(void); /* the last calls, to the standard error */

/* --- reset.c
 * ------------------------------------------------------------------------------------------------- */

void reset_save(void); /* all that the core, the fake machine and the model know, once */
void reset_restore(void);

/* --- model.c
 * ------------------------------------------------------------------------------------------------- */

void model_boot(void);                           /* what the first domain begins with */
void model_before(const struct fuzz_call *call); /* before it is made */
void model_after(const struct fuzz_call *call);  /* fails where the result is not as predicted */
void model_check(bool all);                      /* compares with the core: some tokens, or all */

#endif
