/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a container that was taken over may try, as root and in ring 3, against the machine and against others:  hostile ATTEMPT
 * Prints `held` when the attempt came to nothing, and `ESCAPED: ...` when it did not. In a `fast` container a program can reach its own
 * library OS; attempts that break that end their own container, which is no escape.
 */
#define _GNU_SOURCE
#include "../../../libos/include/los/container.h"
#include <errno.h>
#include <exo/calls.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS   400
#define DIRECT  0x704000000000ul /* the direct map of the container's frames */
#define PATTERN 0x5ec2e75ec2e75ec2ul

static int escapes;

static void escaped(const char *how)
{
    printf("ESCAPED: %s\n", how);
    escapes++;
}

static uint64_t handle(uint64_t slot, uint64_t generation) { return generation << 32 | slot; }

/* Faults are expected: addresses are guessed. */
static sigjmp_buf trap;
static void on_fault(int number) { siglongjmp(trap, number); }
static void expect_faults(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* --- tokens ---------------------------------------------------------------------------------------------------------------- */

/* Tokens of these kinds are no business of a container that is not the first. Kinds: exo/kinds.def. */
static void forge(void)
{
    struct {
        uint32_t kind, rights;
        uint64_t base, count, large;
    } info;
    unsigned found = 0;
    for (uint64_t slot = 0; slot < 20000; slot++)
        for (uint64_t generation = 1; generation < 4; generation++) {
            if (exo_call(EXO_CALL_TOKEN_INFO, handle(slot, generation), (uint64_t)&info, 0, 0, 0) < 0)
                continue;
            found++;
            uint64_t h = handle(slot, generation);
            if (exo_call(EXO_CALL_MACHINE_POWER, h, 0, 0, 0, 0) >= 0 ||
                exo_call(EXO_CALL_LOG_WRITE, h, (uint64_t) "escaped\n", 8, 0, 0) >= 0)
                escaped("a token of the machine");
            if (exo_call(EXO_CALL_PORT_OUT, h, 0, 1, 'X', 0) >= 0 ||
                exo_call(EXO_CALL_PORT_WRITE, h, 0, (uint64_t) "X", 1, 0) >= 0)
                escaped("a token of ports");
            if (exo_call(EXO_CALL_PCI_CONFIG, h, 0, 4, 0, 0) >= 0)
                escaped("a token of a function");
            if (exo_call(EXO_CALL_DOMAIN_DESTROY, h, 0, 0, 0, 0) >= 0)
                escaped("a domain could be destroyed");
            if (exo_call(EXO_CALL_TOKEN_DERIVE, h, 0x3f, 0, 1, 0) >= 0 && info.rights != 0x3f)
                escaped("rights grew");
        }
    if (found < 5)
        escaped("the search itself found nothing: it cannot tell");
}

/* Every call with every handle that might be one, and with addresses that are none. What it breaks of its own is its own. */
static void calls(void)
{
    static const uint64_t odd[] = {
        0, 1, 2, 7, 4096, 0x700000000000ul, 0x701000020000ul, 0x7fffffffffff, 0xffff800000000000ul, UINT64_MAX};
    unsigned n = sizeof odd / sizeof odd[0];
    expect_faults();
    for (int round = 0; round < 4; round++)
        for (uint64_t number = 0; number < EXO_CALL_COUNT; number++) {
            if (getenv("CALL") && number != strtoul(getenv("CALL"), NULL, 10))
                continue; /* to find the one */
            if (number == EXO_CALL_VCPU_BLOCK || number == EXO_CALL_VCPU_EXIT ||
                number == EXO_CALL_GATE_RETURN || number == EXO_CALL_GATE_CALL)
                continue;
            for (uint64_t slot = 0; slot < SLOTS; slot++)
                if (!sigsetjmp(trap, 0))
                    exo_call(number, handle(slot, 1), odd[(slot + number) % n],
                             odd[(slot * 3 + (uint64_t)round) % n], odd[(slot * 7 + 1) % n],
                             odd[(slot * 5 + 2) % n]);
        }
}

/* --- what is shared with the supervisor --------------------------------------------------------------------------------------- */

static void rings(void)
{
    struct los_console *console = (struct los_console *)LOS_CONSOLES;
    struct los_control *control = (struct los_control *)LOS_CONTROL;
    expect_faults();
    for (uint64_t i = 0; i < 2000; i++) {
        if (sigsetjmp(trap, 0))
            continue;
        console->out.written = i * 0x9e3779b97f4a7c15ul;
        console->out.read = ~console->out.written;
        console->out.size = (uint32_t)i * 77777;
        console->out.offset = (uint32_t)(i * 0x10001);
        console->err = console->out;
        console->in.read = i << 40;
        console->in.written = UINT64_MAX - i;
        console->ended = (uint32_t)i & 1;
        control->posted = (uint32_t)i;
        control->taken = (uint32_t)(i * 3);
        control->text_bytes = UINT32_MAX;
        control->processes = control->threads = UINT32_MAX;
        control->entered_ns = control->free_pages = UINT64_MAX;
        usleep(500);
    }
}

static void scribble(uint64_t from, uint64_t to)
{
    expect_faults();
    for (volatile uint64_t at = from; at < to; at += 4096)
        if (!sigsetjmp(trap, 0))
            for (uint64_t i = 0; i < 4096; i += 8)
                *(volatile uint64_t *)(at + i) = PATTERN;
}

/* --- time and memory ------------------------------------------------------------------------------------------------------------ */

static void spin(void)
{
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            for (;;)
                ;
    sleep(2);
    kill(-1, SIGKILL);
}

static void hog(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            for (;;) {
                char *more = malloc(1 << 16);
                if (more)
                    memset(more, 0x5e, 1 << 16);
            }
    while (wait(NULL) > 0)
        ;
}

static void bomb(void)
{
    for (int i = 0; i < 20000; i++)
        if (fork() == 0)
            pause();
    kill(-1, SIGKILL);
}

/* The pattern in all memory that it can have, until it is killed. */
static void mark(void)
{
    for (;;) {
        uint64_t *more = malloc(1 << 16);
        for (size_t i = 0; more && i < (1 << 16) / 8; i++)
            more[i] = PATTERN;
        if (!more)
            break;
        printf("marked\n");
        fflush(stdout);
    }
    pause();
}

/* Another's pattern in any frame of ours? A page that is full of it, not one of code that has the number in it. */
static void search(void)
{
    volatile uint64_t found = 0, seen = 0;
    expect_faults();
    for (volatile uint64_t at = DIRECT; at < DIRECT + (64ul << 20); at += 4096) {
        if (sigsetjmp(trap, 0))
            continue;
        unsigned here = 0;
        for (uint64_t i = 0; i < 4096; i += 8)
            here += *(volatile uint64_t *)(at + i) == PATTERN;
        seen++;
        found += here > 8;
    }
    printf("looked at %lu frames\n", seen);
    if (!seen || found)
        escaped(found ? "another container's memory came with its frames" : "nothing could be looked at");
}

/* --- files, devices, processes ------------------------------------------------------------------------------------------------------- */

static void try_open(const char *path, const char *what)
{
    int fd = open(path, O_RDWR);
    if (fd >= 0)
        escaped(what);
    close(fd);
}

static void devices(void)
{
    static const struct {
        unsigned major, minor;
    } others[] = {{10, 120}, {4, 64}, {4, 65}, {4, 0}, {1, 1}, {1, 2}, {8, 0}, {229, 3}};
    char path[32];
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(path, sizeof path, "/tmp/device%u", i);
        mknod(path, S_IFCHR | 0666, makedev(others[i].major, others[i].minor));
        try_open(path, path);
    }
    try_open("/dev/kx", "the supervisor's gate");
    try_open("/dev/mem", "/dev/mem");
    try_open("/proc/kcore", "/proc/kcore");
}

static void files(void)
{
    struct stat here, up;
    char text[256];
    stat("/", &here);
    if (chdir("/") || stat("../../../..", &up) || here.st_ino != up.st_ino || here.st_dev != up.st_dev)
        escaped("above the root");
    mkdir("/tmp/jail", 0755);
    int root = open("/", O_RDONLY);
    if (chroot("/tmp/jail") == 0 && fchdir(root) == 0) {
        for (int i = 0; i < 64; i++)
            (void)!chdir("..");
        (void)!chroot(".");
        if (access("/first-container", F_OK) == 0)
            escaped("out of chroot into another container");
    }
    if (access("/first-container", F_OK) == 0 || access("/proc/1/root/first-container", F_OK) == 0)
        escaped("another container's file");
    symlink("/proc/1/root/../../first-container", "/tmp/link");
    if (readlink("/tmp/link", text, sizeof text) > 0 && open("/tmp/link", O_RDONLY) >= 0)
        escaped("through a link");
    if (mount("proc", "/tmp/jail", "proc", 0, NULL) == 0 &&
        access("/tmp/jail/1/root/first-container", F_OK) == 0)
        escaped("through a fresh /proc");
}

static void processes(void)
{
    if (ptrace(PTRACE_ATTACH, 1, 0, 0) == 0)
        escaped("ptrace of process 1");
    for (int pid = 3; pid < 1000; pid++)
        if (pid != getpid() && kill(pid, 0) == 0)
            escaped("a process of somebody else");
    if (unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNET) == 0)
        escaped("a namespace to come out of as somebody else");
    if (setns(0, 0) == 0)
        escaped("setns");
    sethostname("taken", 5);
}

static void end_machine(void)
{
    sync();
    reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
}

/* Masked, so that nothing comes through, and never at the supervisor's service again. */
static void deaf(void)
{
    printf("deaf\n");
    fflush(stdout);
    usleep(200000);
    __asm__ volatile("movb $1, %%gs:0\n1: jmp 1b" ::: "memory");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } attempts[] = {{"forge", forge},     {"calls", calls}, {"rings", rings}, {"spin", spin},
                    {"hog", hog},         {"bomb", bomb},   {"mark", mark},   {"search", search},
                    {"devices", devices}, {"files", files}, {"deaf", deaf},   {"processes", processes},
                    {"end", end_machine}};
    const char *name = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!strcmp(name, "libos")) /* its own library OS, data and all */
        scribble(0x700000000000ul, 0x700001000000ul);
    else if (!strcmp(name, "segment")) /* and whatever else is there */
        scribble(0x701000000000ul, 0x701000200000ul);
    else if (!strcmp(name, "victim")) { /* whom all others are beside: is its memory what it was? */
        static uint64_t mine[131072];
        static volatile sig_atomic_t over;
        for (size_t i = 0; i < 131072; i++)
            mine[i] = i * 0x9e3779b97f4a7c15ul;
        signal(SIGTERM, on_fault);
        printf("up\n");
        if (!sigsetjmp(trap, 1))
            for (;;) {
                for (size_t i = 0; i < 131072; i++)
                    over |= mine[i] != i * 0x9e3779b97f4a7c15ul;
                usleep(20000);
            }
        printf(over ? "ESCAPED: memory changed\n" : "intact\n");
        return over;
    } else {
        size_t i = 0, n = sizeof attempts / sizeof attempts[0];
        while (i < n && strcmp(attempts[i].name, name))
            i++;
        if (i == n)
            return 2;
        attempts[i].run();
    }
    if (!escapes)
        printf("held\n");
    return escapes != 0;
}
