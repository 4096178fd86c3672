/* SPDX-License-Identifier: MPL-2.0 */
/* The supervisor's last words on the boot log, and its end. */
#include "supervisor.h"

void log_status(uint64_t status)
{
    char line[48];
    size_t n = text_format(line, sizeof line, "kxos: status %u\n", status);
    exo_log_write(boot_machine(), line, n);
}

const char *error_text(long error)
{
    static const char *const text[] = {
        [EXO_OK] = "",
#define X(NAME, text) [EXO_E_##NAME] = text,
#include <exo/errors.def>
#undef X
    };
    return error <= 0 && -error < EXO_ERROR_COUNT ? text[-error] : "";
}

void power_off(void)
{
    exo_machine_power(boot_machine(), EXO_POWER_OFF);
    for (;;)
        exo_vcpu_exit(0);
}

void fail(const char *what, long error)
{
    log_line("cannot start the container:");
    log_line("%s%s%s", what, error ? ": " : "", error_text(error));
    log_status(125);
    power_off();
}
