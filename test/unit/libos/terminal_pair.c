/* SPDX-License-Identifier: MPL-2.0 */
/* Terminals as open files, at the end of a pair: reading, writing, modes, who controls them, hangup; and that a pair's memory comes back. */
#include <string.h>
#include <los/terminal.h>
#include "../../../libos/process/internal.h"
#include "../../../libos/terminal/internal.h"
#include "file_fixture.h"
#include "process_support.h"

#define BOTH (LOS_OPEN_READ | LOS_OPEN_WRITE)

/* As libos/terminal/console.c, which needs a UART. */
struct los_terminal *los_file_terminal(struct los_file *file)
{
    return file->ops == &los_terminal_file_ops ? file->private : los_pty_other_side(file);
}

static struct los_file *master;

static void pts(void)
{
    los_pty_init();
    OK(los_make_directory(NULL, "/dev", 0755));
    OK(los_mount("dev", "/dev", "devtmpfs", 0, NULL));
    los_make_directory(NULL, "/dev/pts", 0755); /* it may be there */
    OK(los_mount("pts", "/dev/pts", "devpts", 0, NULL));
    master = fixture_open("/dev/ptmx", BOTH);
}

static struct los_file *other_side(uint32_t flags)
{
    struct los_file *side = NULL;
    OK(los_pty_lock(master, 0));
    OK(los_pty_open_peer(master, BOTH | flags, &side));
    return side;
}

static void expect(struct los_file *file, const char *text)
{
    char found[64] = "";
    cr_assert_eq(fixture_read(file, found, sizeof(found) - 1), (long)strlen(text));
    cr_assert_str_eq(found, text);
}

FILE_TEST(terminal_pair, locks_and_numbers)
{
    pts();
    struct los_file *side = NULL, *second;
    cr_assert_eq(los_pty_number(master), 0);
    cr_assert_eq(los_pty_lock(master, -1), 1);
    ERROR(IO, los_open(NULL, "/dev/pts/0", BOTH, 0, &side));
    ERROR(IO, los_pty_open_peer(master, BOTH, &side));
    side = other_side(LOS_OPEN_NOTERMINAL);
    cr_assert_eq(los_pty_lock(master, -1), 0);
    ERROR(NOTTY, los_pty_number(side));
    ERROR(NOTTY, los_pty_lock(side, 0));
    ERROR(NOTTY, los_pty_open_peer(side, BOTH, &second));
    second = fixture_open("/dev/ptmx", BOTH);
    cr_assert_eq(los_pty_number(second), 1);
    cr_assert_eq(fixture_stat("/dev/pts/1").minor, 1);
    static const char *const absent[] = {"/dev/pts/2",  "/dev/pts/01", "/dev/pts/x",
                                         "/dev/pts/-1", "/dev/pts/0x", "/dev/pts/1000"};
    for (unsigned i = 0; i < LOS_COUNT(absent); i++)
        ERROR(NOENT, los_open(NULL, absent[i], BOTH, 0, &second));
    uint32_t major, minor;
    los_terminal_device(los_file_terminal(side), &major, &minor);
    cr_assert(major == 136 && minor == 0);
    cr_assert_str_eq(los_terminal_name(los_file_terminal(side)), "pts/0");
    los_file_unref(side);
}

FILE_TEST(terminal_pair, there_are_no_more_than_256)
{
    pts();
    struct los_file *more[256];
    for (int i = 1; i < 256; i++)
        more[i] = fixture_open("/dev/ptmx", BOTH);
    ERROR(NOSPC, los_open(NULL, "/dev/ptmx", BOTH, 0, &more[0]));
    los_file_unref(more[7]);
    more[7] = fixture_open("/dev/ptmx", BOTH);
    cr_assert_eq(los_pty_number(more[7]), 7, "a number is used again");
}

FILE_TEST(terminal_pair, what_one_side_writes_the_other_reads)
{
    pts();
    struct los_file *side = other_side(LOS_OPEN_NOTERMINAL | LOS_OPEN_NONBLOCK);
    struct los_terminal *terminal = los_file_terminal(side);
    char byte;
    master->flags |= LOS_OPEN_NONBLOCK;
    ERROR(AGAIN, fixture_read(master, &byte, 1));
    ERROR(AGAIN, fixture_read(side, &byte, 1));
    cr_assert_eq(fixture_write(master, "one\rtw", 6), 6);
    cr_assert_eq(los_terminal_input_bytes(terminal), 4);
    expect(side, "one\n");
    ERROR(AGAIN, fixture_read(side, &byte, 1)); /* half a line is none */
    expect(master, "one\r\ntw");
    cr_assert_eq(fixture_write(side, "x\n", 2), 2);
    cr_assert_eq(los_terminal_output_bytes(terminal), 3);
    expect(master, "x\r\n");
    /* Held output stays until it is let go, and a flush drops it. */
    OK(los_terminal_flow(terminal, LOS_FLOW_STOP_OUTPUT));
    cr_assert_eq(fixture_write(side, "held", 4), 4);
    ERROR(AGAIN, fixture_read(master, &byte, 1));
    OK(los_terminal_flow(terminal, LOS_FLOW_START_OUTPUT));
    expect(master, "held");
    cr_assert_eq(fixture_write(side, "lost", 4), 4);
    los_terminal_flush(terminal, true, true);
    ERROR(AGAIN, fixture_read(master, &byte, 1));
    OK(los_terminal_flow(terminal, LOS_FLOW_SEND_STOP));
    expect(master, "\023");
    ERROR(INVAL, los_terminal_flow(terminal, (enum los_terminal_flow)9));
    /* Both queues fill, and neither side blocks. */
    static char many[9000];
    memset(many, 'm', sizeof(many));
    long took = fixture_write(side, many, sizeof(many));
    cr_assert(took > 0 && took < (long)sizeof(many), "%ld", took);
    ERROR(AGAIN, fixture_write(side, many, 1));
    cr_assert_eq(los_terminal_output_bytes(terminal), took);
    cr_assert(fixture_read(master, many, sizeof(many)) == took);
    cr_assert_eq(fixture_write(side, "a", 1), 1);
    expect(master, "a");
    cr_assert(fixture_write(master, many, sizeof(many)) > 0);
    los_file_unref(side);
}

FILE_TEST(terminal_pair, raw_reads_by_number_and_time)
{
    pts();
    struct los_file *side = other_side(LOS_OPEN_NOTERMINAL);
    struct los_terminal *terminal = los_file_terminal(side);
    struct los_terminal_mode mode = {.control[LOS_TC_MIN] = 3};
    OK(los_terminal_set_mode(terminal, &mode, LOS_TERMINAL_FLUSH));
    cr_assert_eq(fixture_write(master, "abcd\r", 5), 5);
    expect(side, "abcd\r");
    mode.control[LOS_TC_MIN] = 0;
    mode.control[LOS_TC_TIME] = 5; /* tenths of a second */
    OK(los_terminal_set_mode(terminal, &mode, LOS_TERMINAL_DRAIN));
    uint64_t began = test_now;
    char byte;
    cr_assert_eq(fixture_read(side, &byte, 1), 0);
    cr_assert_eq(test_now - began, 500000000);
    struct los_terminal_size size = {24, 80, 0, 0};
    los_terminal_set_size(terminal, &size);
    cr_assert_eq(los_terminal_size(terminal)->columns, 80);
    los_file_unref(side);
}

FILE_TEST(terminal_pair, ready_when_a_call_would_not_wait)
{
    pts();
    struct los_file *side = other_side(LOS_OPEN_NOTERMINAL);
    cr_assert_eq(master->ops->poll(master, NULL), LOS_POLL_OUT);
    cr_assert_eq(side->ops->poll(side, NULL), LOS_POLL_OUT);
    cr_assert_eq(fixture_write(master, "line\n", 5), 5);
    cr_assert_eq(master->ops->poll(master, NULL), LOS_POLL_IN | LOS_POLL_OUT); /* the echo */
    cr_assert_eq(side->ops->poll(side, NULL), LOS_POLL_IN | LOS_POLL_OUT);
    los_file_unref(side);
    cr_assert(master->ops->poll(master, NULL) & LOS_POLL_HANGUP);
}

FILE_TEST(terminal_pair, each_side_sees_the_other_end)
{
    pts();
    char bytes[16];
    struct los_file *side = other_side(LOS_OPEN_NOTERMINAL), *again;
    los_file_unref(side);
    ERROR(IO, fixture_read(master, bytes, 1));
    ERROR(IO, fixture_write(master, "x", 1));
    side = other_side(LOS_OPEN_NOTERMINAL); /* it may be opened again */
    master->flags |= LOS_OPEN_NONBLOCK;
    ERROR(AGAIN, fixture_read(master, bytes, 1));
    cr_assert(!los_terminal_file_hung_up(side));
    los_file_unref(master);
    cr_assert(los_terminal_file_hung_up(side));
    cr_assert_eq(fixture_read(side, bytes, 1), 0);
    ERROR(IO, fixture_write(side, "x", 1));
    cr_assert_eq(side->ops->poll(side, NULL), LOS_POLL_IN | LOS_POLL_OUT | LOS_POLL_ERROR | LOS_POLL_HANGUP);
    OK(los_terminal_drain(los_file_terminal(side)));
    ERROR(NOENT, los_open(NULL, "/dev/pts/0", BOTH, 0, &again));
    los_file_unref(side);
}

FILE_TEST(terminal_pair, memory_comes_back)
{
    pts();
    los_file_unref(master);
    uint64_t before = fixture_free();
    for (int i = 0; i < 20; i++) {
        master = fixture_open("/dev/ptmx", BOTH);
        struct los_file *side = other_side(LOS_OPEN_NOTERMINAL);
        cr_assert_eq(fixture_write(side, "text", 4), 4);
        los_file_unref(i % 2 ? side : master);
        los_file_unref(i % 2 ? master : side);
    }
    cr_assert_eq(fixture_free(), before);
}

/* --- who controls it ------------------------------------------------------------------------------------------------- */

static struct los_terminal *terminal;
static unsigned came; /* in the child */

static void in_another_group(struct los_frame *frame)
{
    (void)frame;
    char byte;
    struct los_file *side = fixture_open("/dev/pts/0", BOTH | LOS_OPEN_NOTERMINAL);
    int foreground = los_terminal_group(terminal);
    OK(los_set_group(0, 0));
    /* Nobody could continue it: an orphaned group is not stopped. */
    if (los_group_is_orphaned(los_current()->process->group))
        ERROR(IO, fixture_read(side, &byte, 1));
    /* It ignores the signals: reads fail, and it may change what it likes. */
    los_current()->process->actions->action[LOS_SIG_TERMINAL_IN - 1].handler = LOS_HANDLER_IGNORE;
    los_current()->process->actions->action[LOS_SIG_TERMINAL_OUT - 1].handler = LOS_HANDLER_IGNORE;
    ERROR(IO, fixture_read(side, &byte, 1));
    terminal->discipline.mode.stop_output = true;
    cr_assert_eq(fixture_write(side, "w", 1), 1);
    OK(los_terminal_check_change(terminal));
    /* Blocked is as good as ignored; otherwise the group is stopped, and the call made again. */
    los_current()->process->actions->action[LOS_SIG_TERMINAL_OUT - 1].handler = LOS_HANDLER_DEFAULT;
    los_current()->mask = LOS_SIGNAL_BIT(LOS_SIG_TERMINAL_OUT);
    OK(los_terminal_check_change(terminal));
    los_current()->mask = 0;
    if (!los_group_is_orphaned(los_current()->process->group))
        ERROR(RESTART, fixture_write(side, "w", 1));
    los_current()->mask = LOS_SIGNAL_BIT(LOS_SIG_TERMINAL_OUT);
    ERROR(SRCH, los_terminal_set_foreground(terminal, 999));
    ERROR(INVAL, los_terminal_set_foreground(terminal, -1));
    OK(los_terminal_set_foreground(terminal, los_current()->process->group));
    cr_assert_eq(los_terminal_foreground(terminal), los_current()->process->group);
    OK(los_terminal_set_foreground(terminal, foreground));
    /* In a session of its own it has no terminal, and may not take one. */
    ERROR(PERM, los_terminal_acquire(terminal, false));
    los_file_unref(side);
    came++;
}

static void in_another_session(struct los_frame *frame)
{
    (void)frame;
    cr_assert(los_set_session() > 0);
    cr_assert_null(los_current()->process->terminal);
    ERROR(NOTTY, los_terminal_foreground(terminal));
    ERROR(NOTTY, los_terminal_set_foreground(terminal, 1));
    ERROR(NOTTY, los_terminal_release());
    ERROR(PERM, los_terminal_acquire(terminal, false));
    los_current()->process->credentials.effective_user = 5;
    ERROR(PERM, los_terminal_acquire(terminal, true));
    los_current()->process->credentials.effective_user = 0;
    OK(los_terminal_acquire(terminal, true)); /* takes it from the first session */
    cr_assert_eq(los_terminal_session(terminal), los_current()->process->pid);
    came++;
}

static void wait_for_child(void)
{
    struct los_wait_result result;
    cr_assert(los_wait_child(-1, LOS_WAIT_EXITED, &result) > 0);
    cr_assert(result.how == LOS_CHILD_EXITED && result.status == 0);
}

FILE_TEST(terminal_pair, control)
{
    pts();
    ERROR(NOTTY, los_terminal_release());
    if (fixture_process->session != fixture_process->pid)
        cr_assert(los_set_session() > 0);
    struct los_file *side = other_side(0); /* a leader's first terminal becomes its own */
    terminal = los_file_terminal(side);
    cr_assert_eq(fixture_process->terminal, terminal);
    cr_assert_eq(los_terminal_foreground(terminal), fixture_process->group);
    OK(los_terminal_acquire(terminal, false));
    /* Keys that are signals reach the foreground group. */
    fixture_process->actions->action[LOS_SIG_INTERRUPT - 1].handler = 0x1000;
    fixture_process->actions->action[LOS_SIG_QUIT - 1].handler = 0x1000;
    fixture_process->actions->action[LOS_SIG_TERMINAL_STOP - 1].handler = 0x1000;
    cr_assert_eq(fixture_write(master, "\003\034\032", 3), 3);
    test_safe_point();
    cr_assert_eq(test_deliveries, 3);
    test_clone(0, in_another_group);
    wait_for_child();
    cr_assert_eq(came, 1);
    test_clone(0, in_another_session);
    wait_for_child();
    cr_assert_eq(came, 2);
    cr_assert_null(fixture_process->terminal, "it was taken away");
    cr_assert_eq(los_terminal_session(terminal), 0, "whose session has ended");
    /* The files of the ended session are hung up; a new one is not. */
    cr_assert(los_terminal_file_hung_up(side));
    los_file_unref(side);
    side = other_side(0);
    cr_assert(!los_terminal_file_hung_up(side));
    cr_assert_eq(fixture_process->terminal, terminal);
    fixture_process->actions->action[LOS_SIG_HANGUP - 1].handler = 0x1000;
    test_deliveries = 0;
    OK(los_terminal_release());
    test_safe_point();
    cr_assert(test_deliveries >= 1 && test_delivered[0] == LOS_SIG_HANGUP);
    cr_assert_null(fixture_process->terminal);
    /* The other end goes away: the leader is told. */
    OK(los_terminal_acquire(terminal, false));
    los_current()->mask = 0; /* as when the handler has returned */
    test_deliveries = 0;
    los_file_unref(master);
    test_safe_point();
    cr_assert(test_deliveries >= 1 && test_delivered[0] == LOS_SIG_HANGUP);
    cr_assert_null(fixture_process->terminal);
    los_file_unref(side);
}
