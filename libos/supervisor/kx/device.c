/* SPDX-License-Identifier: MPL-2.0 */
/* The way to the supervisor: the device /dev/kx. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kx.h"

#define DEVICE "/dev/kx"

int kx_device(void)
{
    static int fd = -1;
    if (fd < 0)
        fd = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        kx_die("no supervisor's gate here: " DEVICE ": %s", strerror(errno));
    return fd;
}

long kx_call(struct los_supervisor_call *call) { return ioctl(kx_device(), LOS_SUPERVISOR_CALL, call); }
