/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The files of linux-personality/proc share this. Nodes (pseudo.h) carry value[0] = pid and value[1] = tid (0: the process itself),
 * or the number of a descriptor below fd and fdinfo; in sysfs, value[0] = number of the CPU.
 */
#ifndef LX_PROC_H
#define LX_PROC_H

#include <los/pseudo.h>
#include <personality.h>

#define PROC_TICK_NS 10000000ull /* USER_HZ is 100 */
#define PROC_FILE(function, mode)                                                                              \
    {                                                                                                          \
        .type = LOS_REGULAR, .permissions = (mode), .make = (function)                                         \
    }
#define PROC_DIRECTORY(list)                                                                                   \
    {                                                                                                          \
        .type = LOS_DIRECTORY, .permissions = 0555, .items = (list)                                            \
    }

/* Directories that root.c puts together. */
extern const struct los_pseudo lx_proc_process; /* pid.c: /proc/PID */
extern const struct los_pseudo lx_proc_net;     /* net.c */
extern const struct los_pseudo lx_proc_sys;     /* sysctl.c */
extern const struct los_pseudo lx_proc_kxos;    /* kxos.c */
extern const struct los_pseudo lx_proc_sysvipc; /* sysvipc.c */
extern const struct los_pseudo lx_sys_root;     /* sysfs.c */

/* Top-level texts: system.c, cpu.c. */
long lx_proc_meminfo(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_stat(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_uptime(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_loadavg(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_version(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_filesystems(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_cmdline(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_devices(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_interrupts(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_vmstat(struct los_text *text, const struct los_pseudo_node *node);
long lx_proc_cpuinfo(struct los_text *text, const struct los_pseudo_node *node);

/* --- of one process: pid.c -------------------------------------------------------------------------------------- */
/* The process, and the thread that the node means (NULL: zombie, or a leader that is gone). NULL: gone. */
struct los_process *lx_proc_find(const struct los_pseudo_node *node, struct los_thread **thread);
/* May the current process look into its memory and descriptors? */
bool lx_proc_may_look(const struct los_process *process);
void lx_proc_owner(const struct los_pseudo_node *node, uint32_t *permissions, uint32_t *user, uint32_t *group);
bool lx_proc_number(const char *name, size_t length,
                    uint64_t *number); /* digits without leading zero, below 2^31 */

/* pid_text.c, pid_memory.c, pid_mounts.c: the files in it. */
long lx_pid_stat(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_status(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_statm(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_limits(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_cmdline(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_environ(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_auxv(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_maps(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_smaps(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_mounts(struct los_text *text, const struct los_pseudo_node *node);
long lx_pid_mountinfo(struct los_text *text, const struct los_pseudo_node *node);

extern const struct los_pseudo lx_proc_fd, lx_proc_fdinfo; /* fd.c */

#endif
