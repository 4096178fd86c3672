/* SPDX-License-Identifier: MPL-2.0 */
/* A container's configuration (los/container.h), applied: what the container is like, and how programs begin in it. */
#ifndef LX_CONFINE_H
#define LX_CONFINE_H

#include <los/supervision.h>
#include <personality.h>

/* Does the configuration say what to run? Otherwise the command line does (start.c). */
bool lx_is_configured(void);
/* Host name, mounts, limits and system-call policy. In process 1, before the first program. What cannot be done ends the container. */
void lx_confine(void);
/* Makes the current process the program of the configuration, on that console. Does not return where that fails: the process
 * ends with 127 (no such program) or 126. */
void lx_run_configured(const struct los_config *config, unsigned console, struct los_frame *frame);

/* The system-call policy. */
extern bool lx_confined; /* there is one */
/* 0: go on; otherwise the call's result, or the process is dead. */
long lx_policy(unsigned number);

#endif
