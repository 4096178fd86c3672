/* SPDX-License-Identifier: MPL-2.0 */
/* The boot log, and the end of a library OS that is broken. */
#include <exo/typed.h>
#include <los/image.h>
#include <los/personality.h>
#include <los/sanitize.h>
#include <los/supervision.h>

#define LINE_MAX 512

void los_log(const char *format, ...)
{
    char line[LINE_MAX + 1];
    va_list args;
    va_start(args, format);
    int length = los_vsnprintf(line, LINE_MAX, format, args);
    va_end(args);
    if (length > LINE_MAX - 1)
        length = LINE_MAX - 1;
    line[length++] = '\n';
    exo_log_write(LOS_START_PAGE->machine, line,
                  (uint64_t)length); /* refused where the machine token is missing */
}

#ifndef EXO_UNIT_TEST
extern const char los_text_start[], los_text_end[]; /* boot/libos.ld */

/* Without frame pointers: every word further up this stack that points into the text. Some are leftovers of earlier calls. */
LOS_UNCHECKED static void back_trace(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    uint64_t end = (here | (LOS_STACK_BYTES - 1)) + 1;
    unsigned shown = 0;
    for (const uint64_t *at = (const uint64_t *)here; (uint64_t)at < end && shown < 24; at++) {
        if (*at >= (uint64_t)los_text_start && *at < (uint64_t)los_text_end) {
            los_log("  from %lx", *at);
            shown++;
        }
    }
}
#else
#include <stdlib.h>
static void back_trace(void) { abort(); }
#endif

void los_panic(const char *format, ...)
{
    static uint32_t panicking;
    char text[256];
    va_list args;
    va_start(args, format);
    los_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    los_log("library OS broken: %s", text);
#ifndef EXO_UNIT_TEST
    if (los_console_in_memory()) {
        los_console_say("library OS broken: ", 19);
        los_console_say(text, strlen(text));
        los_console_say("\n", 1);
    }
#endif
    if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST) == 0) {
        back_trace();
        los_container_exit(125);
    }
    for (;;)
        exo_vcpu_exit(125);
}
