/* SPDX-License-Identifier: MPL-2.0 */
/* Signals: the library OS keeps actions and masks and enters handlers; nothing is kept here. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "library.h"

_Static_assert(SIGURG == NL_SIG_URGENT && SIGSTOP == NL_SIG_STOP && SIGTSTP == NL_SIG_TERMINAL_STOP &&
                   SIGCONT == NL_SIG_CONTINUE && SIGCHLD == NL_SIG_CHILD && SIGTTIN == NL_SIG_TERMINAL_IN &&
                   SIGTTOU == NL_SIG_TERMINAL_OUT && SIGIO == NL_SIG_POLL && SIGXCPU == NL_SIG_CPU_LIMIT &&
                   SIGXFSZ == NL_SIG_FILE_LIMIT && SIGVTALRM == NL_SIG_VIRTUAL_ALARM &&
                   SIGPROF == NL_SIG_PROFILE && SIGWINCH == NL_SIG_WINDOW && SIGLOST == NL_SIG_LOST &&
                   SIGUSR1 == NL_SIG_USER1 && SIGUSR2 == NL_SIG_USER2 && SIGBUS == NL_SIG_BUS &&
                   SIGSYS == NL_SIG_SYSTEM_CALL && NSIG == NL_SIGNALS,
               "call.h names newlib's numbers");

/* Bits above the 32 come from shifts of an int. */
static uint64_t set_of(sigset_t set) { return (uint64_t)set & 0xffffffffu; }

int kill(pid_t process, int number)
{
    return (int)newlib_checked(NL_kill, (uint64_t)process, (uint64_t)number, 0);
}

int _raise_r(struct _reent *unused, int number)
{
    (void)unused;
    return kill(getpid(), number);
}
int raise(int number) { return _raise_r(_REENT, number); }

int sigaction(int number, const struct sigaction *given, struct sigaction *old)
{
    static const struct {
        int newlib;
        uint32_t ours;
    } flags[] = {{SA_RESTART, NL_ACTION_RESTART},
                 {SA_NODEFER, NL_ACTION_NO_DEFER},
                 {SA_RESETHAND, NL_ACTION_RESET},
                 {SA_ONSTACK, NL_ACTION_ON_STACK}};
    struct nl_action action = {0}, told;
    if (given) {
        action.handler = ADDRESS(given->sa_handler);
        action.mask = set_of(given->sa_mask);
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
            action.flags |= given->sa_flags & flags[i].newlib ? flags[i].ours : 0;
    }
    if (newlib_checked(NL_action, (uint64_t)number, given ? ADDRESS(&action) : 0, old ? ADDRESS(&told) : 0) < 0)
        return -1;
    if (old) {
        *old = (struct sigaction){.sa_handler = (_sig_func_ptr)(uintptr_t)told.handler, .sa_mask = told.mask};
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
            old->sa_flags |= told.flags & flags[i].ours ? flags[i].newlib : 0;
    }
    return 0;
}

/* As BSD does it: the handler stays, and interrupted calls go on after it. */
_sig_func_ptr _signal_r(struct _reent *unused, int number, _sig_func_ptr handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
    (void)unused;
    return sigaction(number, &action, &old) ? SIG_ERR : old.sa_handler;
}
_sig_func_ptr signal(int number, _sig_func_ptr handler) { return _signal_r(_REENT, number, handler); }

int sigprocmask(int how, const sigset_t *given, sigset_t *old)
{
    static const uint64_t ours[] = {
        [SIG_SETMASK] = NL_MASK_SET, [SIG_BLOCK] = NL_MASK_BLOCK, [SIG_UNBLOCK] = NL_MASK_UNBLOCK};
    uint64_t set = given ? set_of(*given) : 0, told;
    if (given && (how < 0 || how > 2)) {
        errno = EINVAL;
        return -1;
    }
    if (newlib_checked(NL_mask, given ? ours[how] : 0, given ? ADDRESS(&set) : 0, ADDRESS(&told)) < 0)
        return -1;
    if (old)
        *old = told;
    return 0;
}

int sigpending(sigset_t *set)
{
    uint64_t told;
    if (newlib_checked(NL_pending, ADDRESS(&told), 0, 0) < 0)
        return -1;
    *set = told;
    return 0;
}

int sigsuspend(const sigset_t *mask)
{
    uint64_t set = set_of(*mask);
    return (int)newlib_checked(NL_suspend, ADDRESS(&set), 0, 0);
}

int pause(void)
{
    sigset_t mask = 0;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigsuspend(&mask);
}

int sigaltstack(const stack_t *given, stack_t *old)
{
    uint64_t told[2], none = UINT64_MAX;
    uint64_t bytes = given && !(given->ss_flags & SS_DISABLE) ? given->ss_size : 0;
    if (newlib_checked(NL_alternate_stack, given ? ADDRESS(given->ss_sp) : none, bytes, ADDRESS(told)) < 0)
        return -1;
    if (old)
        *old = (stack_t){
            .ss_sp = (void *)(uintptr_t)told[0], .ss_size = told[1], .ss_flags = told[1] ? 0 : SS_DISABLE};
    return 0;
}

int newlib_save_mask(sigjmp_buf to, int save)
{
    to->saved = save;
    return save ? sigprocmask(SIG_SETMASK, NULL, &to->mask) : 0;
}

void siglongjmp(sigjmp_buf from, int value)
{
    if (from->saved)
        sigprocmask(SIG_SETMASK, &from->mask, NULL);
    longjmp(from->registers, value);
}
