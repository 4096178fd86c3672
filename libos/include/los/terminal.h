/* SPDX-License-Identifier: MPL-2.0 */
/* Terminals: line discipline, job control; the console on a UART. All under the container lock. */
#ifndef LOS_TERMINAL_H
#define LOS_TERMINAL_H

#include <los/base.h>
#include <los/file.h>

/* Control characters by index into los_terminal_mode.control. 0 disables one. */
enum los_terminal_control {
    LOS_TC_INTERRUPT,
    LOS_TC_QUIT,
    LOS_TC_ERASE,
    LOS_TC_KILL,
    LOS_TC_EOF,
    LOS_TC_TIME,
    LOS_TC_MIN,
    LOS_TC_START,
    LOS_TC_STOP,
    LOS_TC_SUSPEND,
    LOS_TC_EOL,
    LOS_TC_REPRINT,
    LOS_TC_DISCARD,
    LOS_TC_WORD_ERASE,
    LOS_TC_LITERAL_NEXT,
    LOS_TC_EOL2,
    LOS_TC_COUNT
};
struct los_terminal_mode {
    /* input */
    bool ignore_break, break_interrupt, ignore_cr, cr_to_nl, nl_to_cr, strip, upper_to_lower, flow_out, flow_in,
        flow_any, bell_full, utf8, parity_mark, ignore_parity, check_parity;
    /* output */
    bool post, nl_to_crnl, out_cr_to_nl, no_cr_column0, nl_returns, out_upper, expand_tabs;
    /* local */
    bool signals, canonical, echo, echo_erase, echo_kill, echo_nl, echo_control, echo_kill_erase, echo_print,
        no_flush, stop_output, extended;
    uint32_t control_flags; /* kept for the personality: character size, parity, baud */
    uint8_t control[LOS_TC_COUNT];
    uint32_t
        kept[7]; /* the personality's own: flags that mean nothing here, so that what was set is read back */
};
struct los_terminal_size {
    uint16_t rows, columns, x_pixels, y_pixels;
};
struct los_terminal;
struct los_terminal_driver {
    /* Sends as many as it takes now; the rest is tried again after los_terminal_sent. Returns how many. */
    size_t (*send)(struct los_terminal *terminal, const char *bytes, size_t n);
    void *private;
};
struct los_terminal *los_terminal_create(const struct los_terminal_driver *driver, const char *name);
void los_terminal_received(struct los_terminal *terminal, const char *bytes, size_t n); /* from the driver */
void los_terminal_sent(struct los_terminal *terminal);
void los_terminal_hangup(struct los_terminal *terminal);
struct los_terminal_mode *los_terminal_mode(struct los_terminal *terminal);
enum los_terminal_when { LOS_TERMINAL_NOW, LOS_TERMINAL_DRAIN, LOS_TERMINAL_FLUSH };
long los_terminal_set_mode(struct los_terminal *terminal, const struct los_terminal_mode *mode,
                           enum los_terminal_when when);
struct los_terminal_size *los_terminal_size(struct los_terminal *terminal);
void los_terminal_set_size(struct los_terminal *terminal,
                           const struct los_terminal_size *size); /* SIGWINCH when it changed */
long los_terminal_drain(struct los_terminal *terminal);
void los_terminal_flush(struct los_terminal *terminal, bool input, bool output);
long los_terminal_input_bytes(struct los_terminal *terminal);
/* Job control, for the current process. */
long los_terminal_foreground(struct los_terminal *terminal); /* group */
int los_terminal_group(struct los_terminal *terminal);       /* the same for whoever asks, 0: none */
long los_terminal_set_foreground(struct los_terminal *terminal,
                                 int group); /* NOTTY, PERM, or stops a background caller */
int los_terminal_session(struct los_terminal *terminal);
long los_terminal_acquire(struct los_terminal *terminal,
                          bool steal); /* becomes the controlling one of a session leader */
long los_terminal_release(void);       /* TIOCNOTTY */
void los_terminal_session_ended(struct los_process *leader); /* HUP and CONT to the foreground group */
/* The terminal behind an open file, or NULL when it is none. */
struct los_terminal *los_file_terminal(struct los_file *file);
bool los_terminal_file_hung_up(struct los_file *file);        /* only closing is left: control calls are IO */
const char *los_terminal_name(struct los_terminal *terminal); /* "console", "ttyS0", ... */
extern const struct los_file_ops los_terminal_file_ops;       /* private: the terminal */
struct los_terminal *los_console(void);

/* The 16550 UARTs of start->ports_console (terminal `console`, /dev/console and /dev/ttyS0; also /dev/tty) and of start->ports_errors (plain output). With a
 * `cmd...` word on the command line the console is a plain output device instead (/dev/console still opens; isatty is false): los_console_is_plain(). */
void los_console_init(void);
bool los_console_is_plain(void);
void los_console_interrupt(
    void); /* from the event path: EXO_PENDING_USER + 1 of vCPU 0 is bound to the UART's interrupt */
void los_console_drain(
    void); /* waits, without sleeping, until both UARTs have sent everything: before power off */
void los_errors_write(const char *bytes, size_t n); /* to the error UART: standard error and trace with --cmd */
/* Pseudo-terminals: /dev/ptmx, and the file system type "devpts" for /dev/pts. Called before the file systems are mounted. */
void los_pty_init(void);
/* The number of the pair whose master the file is (its other side is /dev/pts/N), or NOTTY. */
long los_pty_number(struct los_file *file);
long los_pty_lock(struct los_file *file,
                  int lock); /* 0, 1; -1: returns it. The other side opens only unlocked */
long los_pty_open_peer(struct los_file *file, uint32_t flags,
                       struct los_file **out); /* a file of the other side */
/* Stops and restarts output (as the START and STOP characters do), sends STOP or START itself, puts a byte in the input. */
enum los_terminal_flow { LOS_FLOW_STOP_OUTPUT, LOS_FLOW_START_OUTPUT, LOS_FLOW_SEND_STOP, LOS_FLOW_SEND_START };
long los_terminal_flow(struct los_terminal *terminal, enum los_terminal_flow what);
long los_terminal_output_bytes(struct los_terminal *terminal);
/* A background process that changes the terminal is stopped: 0, IO (orphaned), RESTART. */
long los_terminal_check_change(struct los_terminal *terminal);
void los_terminal_device(struct los_terminal *terminal, uint32_t *major, uint32_t *minor);

#endif
