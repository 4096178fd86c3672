/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Every `syscall` of the guest becomes a SIGSYS: by system call user dispatch (Linux 5.11, Documentation/admin-guide/
 * syscall-user-dispatch.rst), or by a filter that traps (seccomp, Linux 3.5). Both let pass what comes from this program's own text.
 */
#include "hosted.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

extern const char __executable_start[], etext[];

static HOST_OWN const char *forced; /* KXOS_DISPATCH, for tests: "dispatch" or "filter" */

static bool by_dispatch(void)
{
    return host_call(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, (long)__executable_start,
                     etext - __executable_start, 0, 0) == 0;
}

static bool by_filter(void)
{
    uint64_t start = (uint64_t)__executable_start, end = (uint64_t)etext;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(start >> 32), 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)start, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)end, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    return host_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) == 0 &&
           host_call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&program, 0, 0, 0) == 0;
}

bool host_dispatch_start(void)
{
    bool dispatch = !forced || !strcmp(forced, "dispatch"), filter = !forced || !strcmp(forced, "filter");
    return (dispatch && by_dispatch()) || (filter && by_filter());
}

const char *host_dispatch_check(void)
{
    forced = getenv("KXOS_DISPATCH");
    return host_dispatch_start() ? NULL
                                 : "this host can redirect system calls neither by system call user dispatch "
                                   "(Linux 5.11) nor by a seccomp filter";
}
