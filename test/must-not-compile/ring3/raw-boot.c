/* expect: exo_machine_power: argument 1 must be a MACHINE token with EXO_X */
/* The boot information holds handles. */
#include "given.h"

long test(void)
{
    const struct exo_boot_info *boot = (const void *)EXO_BOOT_INFO_VA;
    return exo_machine_power(RIGHT_WRONG(exo_trust(MACHINE, EXO_ALL, boot->machine), boot->machine),
                             EXO_POWER_OFF);
}
