/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/container share. */
#ifndef LOS_CONTAINER_INTERNAL_H
#define LOS_CONTAINER_INTERNAL_H

#include <los/image.h>
#include <los/supervision.h>

#define LOS_CONTROL_PAGE ((struct los_control *)LOS_CONTROL)
void los_consoles_rang(void); /* input came, room was made, a size changed */
void los_mail_rang(void);
void los_callers_rang(void);      /* supervisor.c: whoever asked may ask again */
void los_supervisor_device(void); /* /dev/kx, where the gate is given */
void los_ring_supervisor(void);

#endif
