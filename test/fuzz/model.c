/* SPDX-License-Identifier: MPL-2.0 */
#include "fuzz.h"
void model_boot(void) {}
void model_before(const struct fuzz_call *call) { (void)call; }
void model_after(const struct fuzz_call *call) { (void)call; }
void model_check(bool all) { (void)all; }
