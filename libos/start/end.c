/* SPDX-License-Identifier: MPL-2.0 */
/* The end of the container: what was written is sent, the status goes to the log, and the supervisor, which waits for a vCPU of
 * the container to exit, takes everything back and switches the machine off. */
#include <exo/typed.h>
#include <los/image.h>
#include <los/personality.h>
#include <los/supervision.h>

void los_container_exit(int status)
{
    static bool ending; /* a failure in here must not lead here again */
    if (!ending) {
        ending = true;
        if (los_console_in_memory())
            los_consoles_drain();
        else
            los_console_drain();
        los_log("kxos: status %d", status);
    }
    for (;;)
        exo_vcpu_exit((uint64_t)status);
}

void los_container_reset(void)
{
    if (los_console_in_memory()) /* another one is not for us to start */
        los_container_exit(0);
    los_console_drain();
    los_log("kxos: restart");
    exo_machine_power(LOS_START_PAGE->machine, EXO_POWER_RESET);
    los_container_exit(0);
}
