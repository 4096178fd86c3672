/* SPDX-License-Identifier: MPL-2.0 */
/* The sanitized hosted machine: the shadow, mapped before anything else; the end of a machine whose own code misbehaves; and the boot
 * word plant=NAME, from KXOS_PLANT. */
#define _GNU_SOURCE
#include "hosted.h"
#include "report.h"
#include "shadow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STATUS 125

static HOST_OWN long keeper;
static HOST_OWN bool ready;

static __attribute__((constructor)) void map_shadow(void)
{
    int fd = memfd_create("kxos-shadow", MFD_CLOEXEC);
    keeper = getpid();
    if (fd >= 0 && !ftruncate(fd, (off_t)SHADOW_BYTES) &&
        mmap((void *)SHADOW_START, SHADOW_BYTES, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0) == (void *)SHADOW_START) {
        close(fd);
        return;
    }
    perror("kxos: no shadow");
    exit(2);
}

void sanitizer_write(const char *text, size_t bytes)
{
    if (ready)
        machine_log(text, bytes);
    host_call(SYS_write, STDERR_FILENO, (long)text, (long)bytes, 0, 0, 0);
}

void sanitizer_found(void)
{
    if (host_call(SYS_getpid, 0, 0, 0, 0, 0, 0) == keeper)
        host_call(SYS_exit_group, STATUS, 0, 0, 0, 0, 0); /* the runners end with it */
    host_end(ENDING_HOST);
}

/* The last thing before the machine begins. */
void __real_host_clock_ready(void);
void __wrap_host_clock_ready(void);
void __wrap_host_clock_ready(void)
{
    static char words[4096];
    const char *plant = getenv("KXOS_PLANT");
    if (plant) {
        snprintf(words, sizeof words, "%s plant=%s", host.command_line, plant);
        host.command_line = words;
    }
    ready = true;
    if (plant && !strcmp(plant, "host-shift"))
        host.fpu_mask = 1u << (32 + host.cpus);
    __real_host_clock_ready();
}
