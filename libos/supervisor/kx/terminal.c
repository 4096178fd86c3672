/* SPDX-License-Identifier: MPL-2.0 */
/* The terminal that kx itself runs on. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "kx.h"

static struct termios before;
static bool raw;

void kx_terminal_restore(void)
{
    if (raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    raw = false;
}

bool kx_terminal_raw(void)
{
    static bool registered;
    if (raw)
        return true;
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return false;
    struct termios now = before;
    cfmakeraw(&now);
    if (!registered)
        atexit(kx_terminal_restore);
    registered = true;
    raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &now) == 0;
    return raw;
}

bool kx_terminal_size(uint64_t *rows, uint64_t *columns)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return false;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return size.ws_row && size.ws_col;
}

/* a, ctrl-a, ctrl-@, ctrl-[, ctrl-\, ctrl-], ctrl-^ and ctrl-_, with commas between. */
struct kx_keys kx_keys(const char *text)
{
    struct kx_keys keys = {0};
    for (const char *at = text ? text : "ctrl-p,ctrl-q"; *at;) {
        size_t length = strcspn(at, ",");
        char letter = at[length ? length - 1 : 0];
        bool control = length == 6 && !memcmp(at, "ctrl-", 5) &&
                       (strchr("@[\\]^_", letter) || (letter >= 'a' && letter <= 'z'));
        if ((length != 1 && !control) || keys.count == sizeof(keys.at) || (at[length] && !at[length + 1]))
            kx_die("--detach-keys: '%s' is no list of keys (like ctrl-p,ctrl-q)", text);
        keys.at[keys.count++] = (unsigned char)(control ? letter & 31 : letter);
        at += length + (at[length] == ',');
    }
    if (!keys.count)
        kx_die("--detach-keys: no keys are named");
    return keys;
}
