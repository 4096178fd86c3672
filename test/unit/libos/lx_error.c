/* SPDX-License-Identifier: MPL-2.0 */
/* Every error of the library OS has a Linux number, name and text, and the numbers and names are this host's. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <personality.h>

Test(lx_error, every_error_has_a_number)
{
    for (int error = 1; error < LOS_ERROR_COUNT; error++) {
        int number = lx_errno((enum los_error)error);
        cr_assert_gt(number, 0);
        if (error != LOS_E_IO)
            cr_assert_neq(number, EIO, "error %d has no row", error);
        cr_assert_not_null(lx_errno_name(number));
    }
}

Test(lx_error, names_and_texts_are_the_hosts)
{
    for (int number = 1; number < 134; number++) {
        const char *name = lx_errno_name(number);
        if (name == NULL)
            continue;
        cr_assert_str_eq(name, strerrorname_np(number));
        cr_assert_str_eq(lx_errno_text(number), strerrordesc_np(number));
    }
}

Test(lx_error, well_known_ones)
{
    cr_assert_eq(lx_errno(LOS_E_NOENT), ENOENT);
    cr_assert_eq(lx_errno(LOS_E_TOOBIG), E2BIG);
    cr_assert_eq(lx_errno(LOS_E_NOTTY), ENOTTY);
    cr_assert_eq(lx_errno(LOS_E_NAMETOOLONG), ENAMETOOLONG);
    cr_assert_eq(lx_errno(LOS_E_LOOP), ELOOP);
    cr_assert_eq(lx_errno(LOS_E_TIMEDOUT), ETIMEDOUT);
    cr_assert_eq(lx_errno(LOS_E_RESTART), LX_ERESTARTSYS);
    cr_assert_eq(lx_errno((enum los_error)LOS_ERROR_COUNT), EIO);
    cr_assert_eq(lx_errno((enum los_error)0), EIO);
}

Test(lx_error, results)
{
    cr_assert_eq(lx_result(0), 0);
    cr_assert_eq(lx_result(0x7fff00000000), 0x7fff00000000);
    cr_assert_eq(lx_result(-LOS_E_BADF), -EBADF);
    cr_assert_eq(lx_result(LX_FAIL(ELIBBAD)), -ELIBBAD);
    cr_assert_eq(lx_result(INT64_MIN), INT64_MIN);
}
