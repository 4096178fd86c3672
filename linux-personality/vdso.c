/* SPDX-License-Identifier: MPL-2.0 */
/* Gives programs the vDSO: its pages are copied once, into an object that every process maps. */
#include <vdso.h>
#include <los/memory.h>
#include <los/schedule.h>

extern const char lx_vdso_start[], lx_vdso_end[]; /* the shared object that vdso/ makes, by the Makefile */

static struct los_object *object; /* page 0: the data; from page 1 on: the ELF image */
static struct lx_vdso_data *data;

static uint64_t image_bytes(void) { return (uint64_t)lx_vdso_end - (uint64_t)lx_vdso_start; }
static uint64_t image_pages(void) { return LOS_ROUND_UP(image_bytes(), LOS_PAGE) / LOS_PAGE; }

static long fill(struct los_object *fresh)
{
    uint64_t bytes = image_bytes();
    for (uint64_t i = 0; i <= image_pages(); i++) {
        los_pageno page;
        if (fresh->ops->page(fresh, i, true, &page) < 0)
            return -LOS_E_NOMEM;
        char *to = los_page_address(page);
        uint64_t done = (i - 1) * LOS_PAGE;
        if (i == 0)
            data = (struct lx_vdso_data *)to;
        else
            memcpy(to, lx_vdso_start + done, bytes - done < LOS_PAGE ? bytes - done : LOS_PAGE);
        los_page_unref(page); /* the object holds it */
    }
    return 0;
}

long lx_vdso_map(struct los_space *space, uint64_t *address)
{
    if (!object) {
        struct los_object *fresh = los_object_anonymous(1 + image_pages());
        if (!fresh || fill(fresh) < 0) {
            if (fresh)
                los_object_unref(fresh);
            return -LOS_E_NOMEM;
        }
        object = fresh;
        lx_vdso_update();
    }
    uint64_t bytes = image_pages() * LOS_PAGE;
    long at = los_space_map(space, 0, LOS_PAGE + bytes, LOS_READ, 0, object, 0, NULL, "[vvar]");
    if (at < 0)
        return at;
    at = los_space_map(space, (uint64_t)at + LOS_PAGE, bytes, LOS_READ | LOS_EXECUTE, LOS_FIXED, object, 1,
                       NULL, "[vdso]");
    if (at < 0)
        return at;
    *address = (uint64_t)at;
    return 0;
}

void lx_vdso_update(void)
{
    if (object)
        __atomic_store_n(&data->wall_offset_ns, los_wall_offset(), __ATOMIC_RELAXED);
}
