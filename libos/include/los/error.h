/* SPDX-License-Identifier: MPL-2.0 */
/* Error numbers of the library OS: see error.def. */
#ifndef LOS_ERROR_H
#define LOS_ERROR_H
enum los_error {
    LOS_OK = 0,
#define X(NAME, text) LOS_E_##NAME,
#include <los/error.def>
#undef X
    LOS_ERROR_COUNT
};
#endif
