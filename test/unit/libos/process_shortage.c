/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory is out, at every place in turn: each operation is made with its first allocation failing, its second, and so on until
 * none fails any more. It must say so, and leave nothing behind: all pages come back each time.
 */
#include <string.h>
#include <los/events.h>
#include <los/semaphore.h>
#include <los/socket.h>
#include <los/terminal.h>
#include "../../../linux-personality/exec/exec.h"
#include "file_fixture.h"
#include "process_support.h"

#define AGAIN 70 /* so often that a small object lost each time fills a page */

static bool is_shortage(long error)
{
    return error == -LOS_E_NOMEM || error == -LOS_E_NOSPC || error == -LOS_E_NFILE || error == -LOS_E_AGAIN ||
           error == -LOS_E_MFILE || error == -LOS_E_FAULT;
}

/* The operation undoes what it did. Returns how many times it failed. */
static unsigned starve(const char *name, long (*operation)(void))
{
    unsigned failures = 0;
    cr_assert_eq(operation(), 0, "%s: fails with memory", name); /* fills what is cached */
    uint64_t before = fixture_free();
    for (uint64_t n = 1;; n++) {
        for (int again = 0; again < AGAIN; again++) {
            fake_fail_at = n;
            long error = operation();
            bool reached = fake_fail_at == 0;
            fake_fail_at = 0;
            cr_assert(error == 0 || is_shortage(error), "%s: %ld at allocation %lu", name, error, n);
            cr_assert(reached || error == 0, "%s: %ld without a failure", name, error);
            if (!reached)
                return failures;
            failures += again == 0 && error != 0;
        }
        cr_assert_eq(fixture_free(), before, "%s: allocation %lu: %ld pages are lost", name, n,
                     (long)(before - fixture_free()));
        cr_assert(n < 1000);
    }
}
#define STARVE(operation, least)                                                                               \
    do {                                                                                                       \
        unsigned failed = starve(#operation, operation);                                                       \
        cr_assert(failed >= (least), #operation ": failed %u times", failed);                                  \
    } while (0)

static long close_two(struct los_file *a, struct los_file *b)
{
    los_file_unref(a);
    los_file_unref(b);
    return 0;
}

/* --- files ------------------------------------------------------------------------------------------------------------- */

static long pipes(void)
{
    struct los_file *in, *out;
    long error = los_pipe_create(0, &in, &out);
    return error ? error : close_two(in, out);
}
static long pipe_writes(void)
{
    struct los_file *in, *out;
    char bytes[5000];
    memset(bytes, 'p', sizeof(bytes));
    long error = los_pipe_create(LOS_OPEN_NONBLOCK, &in, &out);
    if (error)
        return error;
    long n = fixture_write(out, bytes, sizeof(bytes));
    long bigger = los_pipe_capacity(out, 1 << 18);
    close_two(in, out);
    return n < 0 ? n : bigger < 0 ? bigger : 0;
}
static long sockets(void)
{
    struct los_file *a, *b;
    long error = los_socket_pair(LOS_SOCKET_STREAM, 0, &a, &b);
    return error ? error : close_two(a, b);
}
static long directories(void)
{
    long error = los_make_directory(NULL, "/d", 0755);
    return error ? error : los_unlink(NULL, "/d", true);
}
static long symlinks(void)
{
    long error = los_make_symlink("somewhere/that/is/far/away", NULL, "/s");
    return error ? error : los_unlink(NULL, "/s", false);
}
static long contents(void)
{
    struct los_file *file;
    char bytes[9000];
    memset(bytes, 'c', sizeof(bytes));
    long error = los_open(NULL, "/c", LOS_OPEN_WRITE | LOS_OPEN_CREATE, 0644, &file);
    if (error) {
        los_unlink(NULL, "/c", false); /* the name may be there although the file could not be opened */
        return error;
    }
    long n = fixture_write(file, bytes, sizeof(bytes));
    los_file_unref(file);
    error = los_unlink(NULL, "/c", false);
    return n < 0 ? n : error;
}
static long renames(void)
{
    long error = los_rename(NULL, "/from", NULL, "/to", 0);
    uint64_t keep = fake_fail_at;
    fake_fail_at = 0; /* the way back is not what is meant */
    if (!error)
        OK(los_rename(NULL, "/to", NULL, "/from", 0));
    fake_fail_at = keep;
    return error;
}
static long links(void)
{
    long error = los_link(NULL, "/from", NULL, "/linked", 0);
    return error ? error : los_unlink(NULL, "/linked", false);
}
static long mounts(void)
{
    long error = los_mount("none", "/m", "tmpfs", 0, "size=1m");
    return error ? error : los_unmount("/m", 0);
}
static long memory_files(void)
{
    struct los_file *file;
    long error = los_memory_file("name", 0, &file);
    if (!error)
        los_file_unref(file);
    return error;
}
static long event_files(void)
{
    struct los_file *file;
    long error = los_event_create(1, false, 0, &file);
    if (!error)
        los_file_unref(file);
    return error;
}
static long locks(void)
{
    struct los_lock_range range = {.exclusive = true, .end = 10}, unlock = {.unlock = true, .end = 10};
    struct los_file *file = NULL;
    long error = los_open(NULL, "/from", LOS_OPEN_WRITE, 0, &file);
    if (error)
        return error;
    error = los_file_lock(file, false, &range, false);
    if (!error)
        error = los_file_lock(file, false, &unlock, false);
    los_file_unref(file);
    return error;
}
static long many_descriptors(void)
{
    struct los_descriptors *mine = fixture_process->descriptors, *copy = los_descriptors_clone(mine);
    if (!copy)
        return -LOS_E_NOMEM;
    struct los_file *file = NULL;
    fixture_process->descriptors = copy;
    long error = los_open(NULL, "/from", LOS_OPEN_READ, 0, &file);
    if (!error) {
        error = los_descriptor_set(700, file, false); /* the table grows */
        los_file_unref(file);
    }
    fixture_process->descriptors = mine;
    los_descriptors_unref(copy);
    return error < 0 ? error : 0;
}
static long pseudo_terminals(void)
{
    struct los_file *master, *side;
    long error = los_open(NULL, "/dev/ptmx", LOS_OPEN_READ | LOS_OPEN_WRITE, 0, &master);
    if (error)
        return error;
    los_pty_lock(master, 0);
    error = los_pty_open_peer(master, LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_NOTERMINAL, &side);
    return error ? (los_file_unref(master), error) : close_two(side, master);
}

FILE_TEST(process_shortage, files)
{
    fixture_write_file("/from", "text");
    OK(los_make_directory(NULL, "/m", 0755));
    STARVE(pipes, 3);
    STARVE(pipe_writes, 4);
    STARVE(sockets, 4);
    STARVE(directories, 1);
    STARVE(symlinks, 2);
    STARVE(contents, 2);
    STARVE(renames, 1);
    STARVE(links, 1);
    STARVE(mounts, 3);
    STARVE(memory_files, 1);
    STARVE(event_files, 2);
    STARVE(locks, 3);
    STARVE(many_descriptors, 2);
    fixture_expect_file("/from", "text");
}

FILE_TEST(process_shortage, terminals)
{
    los_pty_init();
    OK(los_make_directory(NULL, "/dev", 0755));
    OK(los_mount("dev", "/dev", "devtmpfs", 0, NULL));
    los_make_directory(NULL, "/dev/pts", 0755);
    OK(los_mount("pts", "/dev/pts", "devpts", 0, NULL));
    STARVE(pseudo_terminals, 3);
}

/* --- memory and processes ---------------------------------------------------------------------------------------------- */

#define AT 0x10000000ul

static long spaces(void)
{
    struct los_space *space = los_space_create();
    if (!space)
        return -LOS_E_NOMEM;
    long result = los_space_map(space, AT, 8 * LOS_PAGE, LOS_READ | LOS_WRITE, LOS_FIXED, NULL, 0, NULL, NULL);
    int error = 0;
    if (result > 0 && fake_store(space, AT + 5 * LOS_PAGE, 1, &error))
        result = los_space_unmap(space, AT + 2 * LOS_PAGE, LOS_PAGE); /* in the middle: one region more */
    los_space_unref(space);
    return error < 0 ? error : result < 0 ? result : 0;
}

/* Copy-on-write: the copy, then a write on either side; what the other sees must not change, failure or not. */
static long copies_on_write(void)
{
    int error = 0;
    uint8_t value = 0;
    struct los_space *space = los_space_create(), *copy = NULL;
    if (!space)
        return -LOS_E_NOMEM;
    long result = los_space_map(space, AT, 4 * LOS_PAGE, LOS_READ | LOS_WRITE, LOS_FIXED, NULL, 0, NULL, NULL);
    if (result > 0 && fake_store(space, AT, 7, &error)) {
        copy = los_space_fork(space);
        result = copy ? 0 : -LOS_E_NOMEM;
        if (copy && fake_store(copy, AT, 8, &error)) {
            cr_assert(fake_load(space, AT, &value, &error) && value == 7);
        } else if (copy) {
            uint64_t keep = fake_fail_at;
            int ignored;
            fake_fail_at = 0;
            cr_assert(fake_load(copy, AT, &value, &ignored) && value == 7);
            fake_fail_at = keep;
        }
    }
    if (copy)
        los_space_unref(copy);
    los_space_unref(space);
    return error < 0 ? error : result < 0 ? result : 0;
}

static struct los_space *grown;
static long remaps(void)
{
    long result = los_space_remap(grown, AT, 4 * LOS_PAGE, 600 * LOS_PAGE, true, false, 0);
    if (result < 0)
        return result;
    uint64_t keep = fake_fail_at;
    fake_fail_at = 0;
    uint8_t value;
    int error;
    cr_assert(fake_load(grown, (uint64_t)result, &value, &error) && value == 9, "moved with its pages");
    OK(los_space_unmap(grown, (uint64_t)result + 4 * LOS_PAGE, 596 * LOS_PAGE));
    cr_assert_eq(los_space_remap(grown, (uint64_t)result, 4 * LOS_PAGE, 4 * LOS_PAGE, true, true, AT),
                 (long)AT);
    fake_fail_at = keep;
    return 0;
}

FILE_TEST(process_shortage, memory)
{
    STARVE(spaces, 3);
    STARVE(copies_on_write, 5);
    int error;
    grown = los_space_create();
    cr_assert_eq(los_space_map(grown, AT, 4 * LOS_PAGE, LOS_READ | LOS_WRITE, LOS_FIXED, NULL, 0, NULL, NULL),
                 (long)AT);
    cr_assert_eq(los_space_map(grown, AT + 4 * LOS_PAGE, LOS_PAGE, LOS_READ, LOS_FIXED, NULL, 0, NULL, NULL),
                 (long)(AT + 4 * LOS_PAGE)); /* no room to grow where it is */
    cr_assert(fake_store(grown, AT, 9, &error));
    STARVE(remaps, 1);
    los_space_unref(grown);
}

static void ends(struct los_frame *frame) { (void)frame; }
static uint32_t clone_flags;
static long clones(void)
{
    long pid = test_clone(clone_flags, ends);
    if (pid < 0)
        return pid;
    struct los_wait_result result;
    uint64_t keep = fake_fail_at;
    fake_fail_at = 0; /* the child's end is not what is meant */
    if (clone_flags & LOS_CLONE_THREAD)
        while (los_find_thread((int)pid))
            los_yield();
    else
        cr_assert_eq(los_wait_child((int)pid, LOS_WAIT_EXITED, &result), pid);
    fake_fail_at = keep;
    return 0;
}

static long semaphores(void)
{
    const struct los_semaphore_change give = {1, 1, LOS_SEMAPHORE_UNDO};
    long id = los_semaphores_get(0, 2, 0, 0600);
    if (id < 0)
        return id;
    long error = los_semaphores_change((int)id, &give, 1, LOS_FOREVER);
    cr_assert_eq(los_semaphore_ask((int)id, 1, LOS_SEMAPHORE_VALUE), error == 0);
    los_semaphores_remove((int)id);
    return error;
}

FILE_TEST(process_shortage, processes)
{
    STARVE(semaphores, 2);
    STARVE(clones, 5);
    clone_flags = LOS_CLONE_SPACE | LOS_CLONE_FILES | LOS_CLONE_FILE_CONTEXT | LOS_CLONE_ACTIONS;
    STARVE(clones, 2);
    clone_flags |= LOS_CLONE_THREAD;
    STARVE(clones, 1);
    /* What does not go together. */
    cr_assert_eq(test_clone(LOS_CLONE_THREAD, ends), -LOS_E_INVAL);
    cr_assert_eq(test_clone(LOS_CLONE_ACTIONS, ends), -LOS_E_INVAL);
}

/* --- the first stack ------------------------------------------------------------------------------------------------------ */

static const char *const strings[] = {"one", "two", NULL};
static long stacks(void)
{
    struct lx_exec exec = {.name = (char *)"/bin/x", .arguments.list = strings, .environment.list = strings};
    exec.space = los_space_create();
    if (!exec.space)
        return -LOS_E_NOMEM;
    long error = lx_stack_build(&exec);
    los_space_unref(exec.space);
    return error;
}

FILE_TEST(process_shortage, first_stack)
{
    fixture_process->limits[LOS_LIMIT_STACK].soft = 8ul << 20;
    STARVE(stacks, 5);
}
