/* SPDX-License-Identifier: MPL-2.0 */
/* See libos.h. The fixture's thread takes inputs until the program ends; libFuzzer is the idle thread. */
#include "libos.h"
#include "process_support.h"

static struct los_thread *worker;
static uint64_t mark; /* at the low end of its stack */
static const uint8_t *bytes;
static size_t length;
static bool done;

__attribute__((weak)) void libos_start(void) {}

/* What the unit tests' files define for their own part of the sources; a target may have its own. */
struct los_terminal *los_file_terminal(struct los_file *file);
__attribute__((weak)) struct los_terminal *los_file_terminal(struct los_file *file)
{
    (void)file;
    return NULL;
}
long lx_vdso_map(struct los_space *space, uint64_t *address);
__attribute__((weak)) long lx_vdso_map(struct los_space *space, uint64_t *address)
{
    (void)space;
    *address = 0;
    return -LOS_E_NOMEM;
}

static void sleep_until_input(void)
{
    los_current()->state = LOS_THREAD_SLEEPING;
    los_schedule();
}

static void work(void)
{
    worker = los_current();
    mark = *(const uint64_t *)worker->stack;
    libos_start();
    for (;;) {
        done = true;
        sleep_until_input();
        libos_input(bytes, length);
    }
}

static void run(struct los_frame *frame)
{
    (void)frame;
    work();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fixture_process = test_boot(run);
    los_file_systems_init();
    fixture_process->files = los_file_context_clone(NULL);
    fixture_process->descriptors = los_descriptors_create();
    fixture_process->limits[LOS_LIMIT_DESCRIPTORS].soft = 1024;
    fixture_process->limits[LOS_LIMIT_STACK].soft = 8ul << 20;
    fixture_process->limits[LOS_LIMIT_SPACE].soft = UINT64_MAX;
    test_run();
    cr_assert(done);
    return 0;
}

/* How many pages are not given back. */
static long lost(const uint8_t *data, size_t size)
{
    uint64_t before = fixture_free();
    bytes = data, length = size, done = false;
    los_make_runnable(worker);
    test_run();
    cr_assert(done, "the input waits for ever, or ended the thread");
    cr_assert_eq(*(const uint64_t *)worker->stack, mark, "the stack is too small");
    fake_log[0] = 0;
    return (long)(before - fixture_free());
}

/* Some things grow once, for all time. What is lost for good is lost again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (lost(data, size) == 0)
        return 0;
    lost(data, size);
    long pages = lost(data, size);
    cr_assert_leq(pages, 0, "%ld pages are lost", pages);
    return 0;
}

/* What linux-personality/patch.c names of parts that are not linked here. */
__attribute__((weak)) void lx_system_call(struct los_frame *frame);
__attribute__((weak)) void lx_system_call(struct los_frame *frame) { (void)frame; }
__attribute__((weak)) char los_patched_entry[1];
__attribute__((weak)) const char *los_option(const char *name)
{
    (void)name;
    return NULL;
}
