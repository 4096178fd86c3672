/* SPDX-License-Identifier: MPL-2.0 */
/* The vDSO of programs, and the page of data before it that it reads. */
#ifndef LX_VDSO_H
#define LX_VDSO_H

#include <stdint.h>

struct lx_vdso_data {
    int64_t wall_offset_ns; /* what setting the wall clock has added to the vCPU page's clock_wall_ns */
};

struct los_space;
/* Maps the data page and the vDSO into the space; *address is where its ELF header is (AT_SYSINFO_EHDR). 0 or NOMEM. */
long lx_vdso_map(struct los_space *space, uint64_t *address);
void lx_vdso_update(void); /* after los_set_wall */

#endif
