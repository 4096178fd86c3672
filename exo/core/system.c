/* SPDX-License-Identifier: MPL-2.0 */
/* Calls on the machine as a whole: its version, its boot log, its power. */
#include "call.h"
#include "reference.h"

#define LOG_MAX 1024

long call_abi_version(const struct call *call)
{
    (void)call;
    return EXO_ABI_VERSION;
}

long call_log_write(const struct call *call)
{
    uint64_t text = call->argument[1], length = call->argument[2];
    NEED(machine, machine, 0, EXO_W);
    if (length > LOG_MAX)
        return -EXO_E_BAD_ARGUMENT;

    char copy[LOG_MAX];
    if (!machine_copy_in(copy, text, length))
        return -EXO_E_BAD_ADDRESS;

    machine_log(copy, length);
    return (long)length;
}

long call_machine_power(const struct call *call)
{
    NEED(machine, machine, 0, EXO_X);
    if (call->argument[1] != EXO_POWER_OFF && call->argument[1] != EXO_POWER_RESET)
        return -EXO_E_BAD_ARGUMENT;

    machine_power((enum exo_power)call->argument[1]);
    return -EXO_E_BUSY; /* it could not */
}
