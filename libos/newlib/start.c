/* SPDX-License-Identifier: MPL-2.0 */
/*
 * How a program begins: process 1 is the program. Its stack and heap are regions of its own space; its text and data lie in the image already.
 *
 * Arguments and environment are those of the configuration (args, env, cwd). With boot/run --cmd the words of the text of cmdfile=
 * follow, separated by blanks, where '...' and "..." keep blanks and \ takes the next character as it is (not in '...').
 */
#include <los/supervision.h>
#include <los/terminal.h>
#include "personality.h"

#define STACK_TOP     (LOS_USER_END - 0x100000ul)
#define STACK_FIRST   0x40000ul /* mapped at first; grows to the space's stack limit, 8 MiB */
#define HEAP_START    0x10000000ul
#define WORDS_MOST    1024u
#define CMD_MOST      65536u
#define STRINGS_MOST  0x20000ul /* bytes of arguments and environment */
#define STATUS_USAGE  2
#define STATUS_CANNOT 126

/* Arguments or environment while they are gathered: strings that stay where they are. */
struct words {
    size_t count;
    const char *word[WORDS_MOST];
};

_Noreturn static void cannot(const char *why)
{
    nl_say("cannot start: %s", why);
    los_container_exit(STATUS_CANNOT);
}

/* --- words --------------------------------------------------------------------------------------------------------------- */
static void add(struct words *words, const char *word)
{
    if (words->count == WORDS_MOST)
        cannot("more than 1024 arguments or environment variables");
    words->word[words->count++] = word;
}

static void add_configured(struct words *words, const char *key)
{
    struct los_config config = los_config_own();
    const char *text;
    for (unsigned n = 0; (text = los_config_get(&config, key, n)) != NULL; n++)
        add(words, text);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

/* One word from *from on, written over the text at *to with its NUL. False: a quote has no end. */
static bool next_word(const char **from, char **to)
{
    char quote = 0;
    const char *at = *from;
    for (; *at && (quote || !is_blank(*at)); at++) {
        if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? 0 : *at;
        else if (*at == '\\' && quote != '\'' && at[1])
            *(*to)++ = *++at;
        else
            *(*to)++ = *at;
    }
    *from = at;
    if (*at)
        (*from)++; /* before it is written over */
    *(*to)++ = 0;
    return !quote;
}

static void add_split(struct words *words, char *text)
{
    const char *from = text;
    char *to = text;
    for (;;) {
        while (is_blank(*from))
            from++;
        if (!*from)
            return;
        add(words, to);
        if (!next_word(&from, &to)) {
            nl_say("--cmd: a quote is not closed");
            los_container_exit(STATUS_USAGE);
        }
    }
}

/* The text lives as long as the words do. The file is removed: the program does not see it. */
static char *read_command(const char *path)
{
    struct los_file *file;
    char *text = los_alloc(CMD_MOST);
    if (!text)
        cannot("no memory for the text of --cmd");
    if (los_open(NULL, path, LOS_OPEN_READ, 0, &file))
        cannot("no file that cmdfile= names");
    long n = file->inode->size < CMD_MOST ? los_file_read_all(file, text, CMD_MOST - 1, 0) : -LOS_E_TOOBIG;
    los_file_unref(file);
    if (n < 0)
        cannot("the text of --cmd cannot be read, or has more than 65535 bytes");
    text[n] = 0;
    los_unlink(NULL, path, false);
    return text;
}

/* --- surroundings ------------------------------------------------------------------------------------------------------------ */
static void set_descriptor(int descriptor, const char *path, uint32_t flags)
{
    struct los_file *file;
    if (los_open(NULL, path, flags | LOS_OPEN_NOTERMINAL, 0, &file))
        return;
    los_descriptor_set(descriptor, file, false);
    los_file_unref(file);
}

static void open_descriptors(bool command)
{
    struct los_process *process = los_current()->process;
    struct los_file *file;
    struct los_stat stat;
    process->descriptors = los_descriptors_create();
    process->files = los_file_context_clone(NULL);
    if (!process->descriptors || !process->files)
        cannot("no memory for descriptors");
    if (los_stat(NULL, "/dev/console", 0, &stat)) { /* a root file system without /dev */
        los_make_directory(NULL, "/dev", 0755);
        los_mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    }
    for (int n = 0; n < 3 && los_console_in_memory(); n++)
        if (!los_console_file(0, (unsigned)n, &file)) {
            los_descriptor_set(n, file, false);
            los_file_unref(file);
        }
    if (los_console_in_memory())
        return;
    set_descriptor(0, command ? "/dev/null" : "/dev/console", LOS_OPEN_READ);
    set_descriptor(1, "/dev/console", LOS_OPEN_READ | LOS_OPEN_WRITE);
    set_descriptor(2, "/dev/console", LOS_OPEN_READ | LOS_OPEN_WRITE);
    if (command)
        set_descriptor(2, "/dev/ttyS1", LOS_OPEN_WRITE);
}

static void take_terminal(void)
{
    struct los_terminal *terminal = los_console_in_memory() ? los_console_terminal(0) : los_console();
    los_set_session();
    if (terminal)
        los_terminal_acquire(terminal, true);
}

static void change_directory(void)
{
    struct los_config config = los_config_own();
    const char *directory = los_config_get(&config, "cwd", 0);
    struct los_path at;
    if (!directory)
        return;
    if (los_walk(NULL, directory, LOS_WALK_DIRECTORY, &at) || los_change_directory(&at))
        cannot("the directory that cwd names cannot be entered");
    los_path_unref(&at);
}

/* --- stack -------------------------------------------------------------------------------------------------------------------- */
struct stack {
    uint64_t sp;
    bool failed;
};

static void push(struct stack *stack, const void *from, size_t bytes)
{
    stack->sp -= bytes;
    if (STACK_TOP - stack->sp > STRINGS_MOST || los_copy_out(stack->sp, from, bytes))
        stack->failed = true;
}

/* The strings, and then their addresses with a NULL behind. Returns where the addresses begin. */
static uint64_t push_words(struct stack *stack, const struct words *words, bool aligned)
{
    uint64_t *address = los_alloc((WORDS_MOST + 1) * sizeof(*address));
    if (!address)
        cannot("no memory for the arguments");
    for (size_t i = 0; i < words->count && !stack->failed; i++) {
        push(stack, words->word[i], strlen(words->word[i]) + 1);
        address[i] = stack->sp;
    }
    address[words->count] = 0;
    stack->sp &= ~15ul;
    if (aligned && words->count % 2 == 0)
        stack->sp -= 8;
    push(stack, address, (words->count + 1) * sizeof(*address));
    los_free(address);
    return stack->sp;
}

static void make_space(struct los_space *space)
{
    long result = los_space_map(space, STACK_TOP - STACK_FIRST, STACK_FIRST, LOS_READ | LOS_WRITE,
                                LOS_FIXED | LOS_GROWS_DOWN | LOS_STACK, NULL, 0, NULL, "[stack]");
    if (result < 0)
        cannot("no memory for the stack");
    space->heap_start = space->heap_end = HEAP_START;
}

static void enter_program(struct los_frame *frame, const struct words *arguments,
                          const struct words *environment)
{
    struct stack stack = {.sp = STACK_TOP};
    uint64_t envp = push_words(&stack, environment, false);
    uint64_t argv = push_words(&stack, arguments, true);
    if (stack.failed)
        cannot("arguments and environment have more than 128 KiB");
    frame->number = UINT64_MAX;
    frame->regs = (struct exo_regs){
        .rdi = arguments->count,
        .rsi = argv,
        .rdx = envp,
        .rip = (uint64_t)newlib_start,
        .rsp = (argv & ~15ul) - 8, /* as after a call, with 0 for where to return to */
        .rflags = 0x202,
        .cs = EXO_USER_CS,
        .ss = EXO_USER_SS,
    };
    los_fpu_reset();
}

static bool has_variable(const struct words *environment, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < environment->count; i++)
        if (!strncmp(environment->word[i], name, n) && environment->word[i][n] == '=')
            return true;
    return false;
}

void nl_start(struct los_frame *frame)
{
    static struct words arguments, environment;
    struct los_process *process = los_current()->process;
    const char *command = los_option("cmdfile");
    nl_quick_init();
    open_descriptors(command != NULL);
    take_terminal();
    change_directory();
    make_space(process->space);
    struct los_config own = los_config_own();
    const char *name = los_config_get(&own, "libos", 0);
    add(&arguments, name ? name : "program");
    los_strlcpy(process->name, arguments.word[0], sizeof(process->name));
    char *text = command ? read_command(command) : NULL;
    if (text)
        add_split(&arguments, text);
    else
        add_configured(&arguments, "args");
    add_configured(&environment, "env");
    if (!has_variable(&environment, "PATH"))
        add(&environment, "PATH=/bin:/usr/bin");
    if (!has_variable(&environment, "HOME"))
        add(&environment, "HOME=/");
    enter_program(frame, &arguments, &environment);
    los_free(text);
}
