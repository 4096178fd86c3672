/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The least library OS that does something: it says hello on the console, with its arguments, and sends back what is typed, until
 * Ctrl-D. Copy the folder and go on from here; libos/README.md tells what the supervisor gave, los/bare.h and los/arguments.h are what
 * the words used here are made of. No library is linked: memset and its kin are yours to write.
 */
#include <los/arguments.h>
#include <los/bare.h>

LOS_IMAGE_NEEDS("console"); /* the supervisor refuses to start it without */

enum { END = 4 }; /* Ctrl-D */

_Noreturn void los_entry(const struct los_start *start);

static struct arguments arguments;

static void echo(void)
{
    if (!bare_listen())
        return;
    for (uint8_t byte; (byte = bare_next_byte()) != END;)
        bare_say(byte == '\r' ? "\r\n" : (char[]){(char)byte, 0});
}

void los_entry(const struct los_start *start)
{
    bare_say("Hello. The supervisor said: ");
    bare_say(start->command_line);
    bare_say("\r\n");
    arguments_read(&arguments);
    for (uint32_t i = 0; i < arguments.count; i++) {
        bare_say(arguments.word[i]);
        bare_say("\r\n");
    }
    if (!arguments_after(start->command_line, "cmd")) /* --cmd wants no input */
        echo();
    bare_end(0);
}
