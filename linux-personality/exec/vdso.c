/* SPDX-License-Identifier: MPL-2.0 */
/* The vDSO: a shared object inside the library OS's image, copied once to pages that every process maps. */
#include "exec.h"

/* Made by the build: the object's bytes. */
extern const char lx_vdso_start[] __attribute__((visibility("hidden"))),
    lx_vdso_end[] __attribute__((visibility("hidden")));

static struct los_object *copy_once(uint64_t pages)
{
    static struct los_object *object;
    if (object != NULL)
        return object;
    struct los_object *made = los_object_anonymous(pages);
    if (made == NULL)
        return NULL;
    size_t left = (size_t)(lx_vdso_end - lx_vdso_start);
    for (uint64_t i = 0; i < pages; i++) {
        los_pageno page;
        if (made->ops->page(made, i, true, &page) != 0 || page == LOS_NO_PAGE) {
            los_object_unref(made);
            return NULL;
        }
        memcpy(los_page_address(page), lx_vdso_start + i * LOS_PAGE, left < LOS_PAGE ? left : LOS_PAGE);
        left -= left < LOS_PAGE ? left : LOS_PAGE;
        los_page_unref(page);
    }
    return object = made;
}

uint64_t lx_vdso_map(struct los_space *space)
{
    uint64_t bytes = LOS_ROUND_UP((uint64_t)(lx_vdso_end - lx_vdso_start), LOS_PAGE);
    struct los_object *object = bytes != 0 ? copy_once(bytes / LOS_PAGE) : NULL;
    if (object == NULL || bytes > LOS_USER_END - LX_VDSO_ADDRESS)
        return 0;
    long result = los_space_map(space, LX_VDSO_ADDRESS, bytes, LOS_READ | LOS_EXECUTE, LOS_FIXED, object, 0,
                                NULL, "[vdso]");
    return result < 0 ? 0 : (uint64_t)result;
}
