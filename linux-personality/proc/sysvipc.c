/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/sysvipc: only semaphores exist. */
#include <los/semaphore.h>
#include "proc.h"

static long sem(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_semaphores_status s;
    (void)node;
    los_text_add(text, "%s\n",
                 "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime");
    for (uint32_t slot = 0; slot < LOS_SEMAPHORE_SETS; slot++) {
        long id = los_semaphores_at(slot);
        if (id >= 0 && los_semaphores_status((int)id, true, &s) == 0)
            los_text_add(text, "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n", s.key, s.id, s.mode,
                         s.count, s.user, s.group, s.creator_user, s.creator_group, s.operated_s, s.changed_s);
    }
    return 0;
}

static const struct los_pseudo sem_file = PROC_FILE(sem, 0444);
static const struct los_pseudo_item items[] = {{"sem", &sem_file}, {NULL, NULL}};
const struct los_pseudo lx_proc_sysvipc = PROC_DIRECTORY(items);
