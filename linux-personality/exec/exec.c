/* SPDX-License-Identifier: MPL-2.0 */
/*
 * execve(2): finds out what the file is (ELF, or a script that names its interpreter), builds the new program in a space of its own, and
 * only then, when nothing can fail any more, gives it to the process.
 */
#include <dispatch.h>
#include <patch.h>
#include <state.h>
#include "exec.h"

#define HEAD_BYTES  1024u
#define STACK_GAP   (3ul << 20)   /* kept free below the lowest end of the stack, and for stack_top */
#define STACK_LEAST (128ul << 20) /* mappings start at least that far below its top */

/* --- finding the program ---------------------------------------------------------------------------------------------------- */
static long check_file(struct los_file *file)
{
    struct los_filesystem_stat filesystem;
    if (file->inode->type != LOS_REGULAR)
        return -LOS_E_ACCES;
    long error = los_inode_permission(file->inode, LOS_MAY_EXECUTE);
    if (error != 0)
        return error;
    if (file->path.entry != NULL && los_path_filesystem(&file->path, &filesystem) == 0 &&
        (filesystem.flags & LOS_MOUNT_NOEXEC))
        return -LOS_E_ACCES;
    return file->inode->writers > 0 ? -LOS_E_TXTBSY : 0;
}

static long open_program(const struct los_path *start, const char *path, struct los_file **out)
{
    long error = los_open(start, path, LOS_OPEN_EXEC, 0, out);
    if (error != 0)
        return error;
    error = check_file(*out);
    if (error != 0) {
        los_file_unref(*out);
        *out = NULL;
    }
    return error;
}

static void set_file(struct lx_exec *exec, struct los_file *file)
{
    if (exec->file != NULL)
        los_file_unref(exec->file);
    exec->file = file;
}

/* A script: its interpreter becomes the program, with the words of its first line and its own name in front of the arguments. */
static long use_interpreter(struct lx_exec *exec, const char *interpreter, const char *argument)
{
    char *words[3] = {los_strdup(interpreter), argument != NULL ? los_strdup(argument) : NULL,
                      los_strdup(exec->prefixes > 0 ? exec->prefix[0] : exec->name)};
    uint32_t n = argument != NULL ? 3 : 2, gone = exec->prefixes > 0 ? 1 : 0;
    if (words[0] == NULL || words[2] == NULL || (argument != NULL && words[1] == NULL) ||
        exec->prefixes - gone + n > LX_PREFIX_MAX) {
        for (unsigned i = 0; i < 3; i++)
            los_free(words[i]);
        return -LOS_E_NOMEM;
    }
    if (argument == NULL)
        words[1] = words[2];
    if (gone)
        los_free(exec->prefix[0]);
    memmove(exec->prefix + n, exec->prefix + gone, (exec->prefixes - gone) * sizeof(exec->prefix[0]));
    memcpy(exec->prefix, words, n * sizeof(words[0]));
    exec->prefixes += n - gone;
    exec->skip_first = true;
    struct los_file *file;
    long error = open_program(NULL, exec->prefix[0], &file);
    if (error == 0)
        set_file(exec, file);
    return error;
}

/* Reads exec->file until it is ELF. */
static long find_program(struct lx_exec *exec, char *head)
{
    for (int depth = 0;; depth++) {
        long n = los_file_read_all(exec->file, head, HEAD_BYTES, 0);
        if (n < 0)
            return n;
        char *interpreter, *argument;
        if (lx_script_line(head, (size_t)n, &interpreter, &argument) != 0) {
            if (n >= 2 && head[0] == '#' && head[1] == '!')
                return -LOS_E_NOEXEC;
            return lx_read_elf(exec->file, head, (size_t)n, &exec->elf);
        }
        if (depth == LX_SCRIPTS_MAX)
            return -LOS_E_LOOP;
        long error = use_interpreter(exec, interpreter, argument);
        if (error != 0)
            return error;
    }
}

static long find_loader(struct lx_exec *exec, char *head)
{
    size_t bytes = exec->elf.interpreter_bytes;
    if (bytes == 0)
        return 0;
    char *path = los_alloc(bytes);
    if (path == NULL)
        return -LOS_E_NOMEM;
    long n = los_file_read_all(exec->file, path, bytes, exec->elf.interpreter_offset);
    long error = n == (long)bytes && path[bytes - 1] == 0 ? 0 : n < 0 ? n : -LOS_E_NOEXEC;
    if (error == 0)
        error = open_program(NULL, path, &exec->interpreter);
    los_free(path);
    if (error != 0)
        return error;
    n = los_file_read_all(exec->interpreter, head, HEAD_BYTES, 0);
    if (n < 0)
        return n;
    error = lx_read_elf(exec->interpreter, head, (size_t)n, &exec->interpreter_elf);
    return error == -LOS_E_NOEXEC ? LX_FAIL(LX_ELIBBAD) : error;
}

/* --- what it will be ------------------------------------------------------------------------------------------------------------- */
static void decide_credentials(struct lx_exec *exec)
{
    struct los_process *process = los_current()->process;
    const struct los_credentials *c = &process->credentials;
    const struct los_inode *inode = exec->file->inode;
    struct los_filesystem_stat filesystem;
    exec->user = c->effective_user;
    exec->group = c->effective_group;
    bool heeded = !lx_process_look(process)->no_new_privileges && exec->file->path.entry != NULL &&
                  los_path_filesystem(&exec->file->path, &filesystem) == 0 &&
                  !(filesystem.flags & LOS_MOUNT_NOSUID);
    if (heeded && (inode->permissions & LX_S_ISUID))
        exec->user = inode->user;
    if (heeded && (inode->permissions & (LX_S_ISGID | LX_S_IXGRP)) == (LX_S_ISGID | LX_S_IXGRP))
        exec->group = inode->group;
    exec->secure = exec->user != c->user || exec->group != c->group;
}

static void place_mappings(struct los_space *space)
{
    const struct los_process *process = los_current()->process;
    uint64_t stack = process->limits[LOS_LIMIT_STACK].soft;
    space->stack_limit = stack;
    space->address_limit = process->limits[LOS_LIMIT_SPACE].soft;
    if (stack > LOS_USER_END / 6)
        stack = LOS_USER_END / 6;
    space->map_top =
        LX_STACK_TOP - (stack > STACK_LEAST ? LOS_ROUND_UP(stack, LOS_PAGE) : STACK_LEAST) - STACK_GAP;
}

static long load_loader(struct lx_exec *exec)
{
    const struct lx_elf *elf = &exec->interpreter_elf;
    if (!elf->relocatable) {
        exec->interpreter_base = 0;
    } else { /* a place for all of it, which the segments then take */
        long base = los_space_map(exec->space, 0, elf->high - elf->low, 0, 0, NULL, 0, NULL, NULL);
        if (base < 0)
            return base;
        exec->interpreter_base = (uint64_t)base - elf->low;
    }
    exec->entry = elf->entry + exec->interpreter_base;
    return lx_load(exec->space, exec->interpreter, elf, exec->interpreter_base);
}

static long build(struct lx_exec *exec)
{
    const struct lx_elf *elf = &exec->elf;
    exec->space = los_space_create();
    if (exec->space == NULL)
        return -LOS_E_NOMEM;
    place_mappings(exec->space);
    if (elf->relocatable) {
        exec->bias = (LX_PIE_BASE & ~(elf->alignment - 1)) - elf->low;
        if (elf->high - elf->low > LX_STACK_TOP - LX_PIE_BASE - STACK_LEAST)
            return -LOS_E_NOMEM;
    } else if (elf->high > LX_STACK_TOP - STACK_LEAST) {
        return -LOS_E_NOMEM;
    }
    exec->entry = elf->entry + exec->bias;
    long error = lx_load(exec->space, exec->file, elf, exec->bias);
    exec->space->heap_start = exec->space->heap_end = elf->high + exec->bias;
    if (error == 0 && exec->interpreter != NULL)
        error = load_loader(exec);
    if (error == 0)
        error = lx_stack_build(exec);
    if (error == 0)
        lx_patch_map(exec->space);
    if (exec->entry >= LOS_USER_END) /* its first instruction faults, but at no address of ours */
        exec->entry = 0;
    return error;
}

/* --- the change --------------------------------------------------------------------------------------------------------------------- */
static void describe(struct los_process *process, const struct lx_exec *exec)
{
    process->code_start = process->code_end = process->data_start = process->data_end = 0;
    for (uint32_t i = 0; i < exec->elf.segments; i++) {
        const struct lx_elf_segment *s = &exec->elf.segment[i];
        uint64_t start = s->address + exec->bias, end = start + s->file_bytes;
        if (s->protection & LOS_EXECUTE) {
            if (process->code_start == 0)
                process->code_start = start;
            process->code_end = end;
        }
        if (s->protection & LOS_WRITE) {
            if (process->data_start == 0)
                process->data_start = start;
            process->data_end = end;
        }
    }
    process->stack_start = exec->stack;
    process->arguments_start = exec->arguments_start;
    process->arguments_end = exec->arguments_end;
    process->environment_start = exec->environment_start;
    process->environment_end = exec->environment_end;
    memcpy(process->auxiliary, exec->auxiliary, sizeof(process->auxiliary));
    _Static_assert(sizeof(process->auxiliary) == sizeof(exec->auxiliary), "the same vector");
}

static void take_credentials(struct los_process *process, const struct lx_exec *exec)
{
    struct los_credentials *c = &process->credentials;
    struct lx_process *state = process->personality;
    bool changed = c->effective_user != exec->user || c->effective_group != exec->group;
    c->effective_user = c->saved_user = c->file_user = exec->user;
    c->effective_group = c->saved_group = c->file_group = exec->group;
    if (state == NULL)
        return;
    lx_timers_end(state);
    state->keep_capabilities = false;
    state->no_dump = false;
    if (changed)
        state->death_signal = 0;
}

static void enter(struct los_frame *frame, const struct lx_exec *exec)
{
    memset(&frame->regs, 0, sizeof(frame->regs));
    frame->regs.rip = exec->entry;
    frame->regs.rsp = exec->stack;
    frame->regs.rflags = 0x202;
    frame->regs.cs = EXO_USER_CS;
    frame->regs.ss = EXO_USER_SS;
}

static long change(struct lx_exec *exec, struct los_frame *frame)
{
    const char *slash = strrchr(exec->name, '/');
    char name[LOS_NAME_MAX];
    los_strlcpy(name, slash != NULL ? slash + 1 : exec->name, sizeof(name));
    long error = los_exec_replace(exec->space, name);
    if (error != 0)
        return error;
    exec->space = NULL; /* the process's now */
    struct los_process *process = los_current()->process;
    struct lx_thread *thread = los_current()->personality;
    if (thread != NULL)
        thread->resume = NULL;
    lx_set_executable(process, exec->file);
    take_credentials(process, exec);
    describe(process, exec);
    enter(frame, exec);
    return 0;
}

static long run(struct lx_exec *exec, struct los_frame *frame)
{
    char *head = los_alloc(HEAD_BYTES);
    if (head == NULL)
        return -LOS_E_NOMEM;
    long error = find_program(exec, head);
    if (error == 0)
        error = find_loader(exec, head);
    los_free(head);
    if (error != 0)
        return error;
    decide_credentials(exec);
    error = build(exec);
    return error != 0 ? error : change(exec, frame);
}

static void discard(struct lx_exec *exec)
{
    if (exec->space != NULL)
        los_space_unref(exec->space);
    if (exec->file != NULL)
        los_file_unref(exec->file);
    if (exec->interpreter != NULL)
        los_file_unref(exec->interpreter);
    for (uint32_t i = 0; i < exec->prefixes; i++)
        los_free(exec->prefix[i]);
    los_free(exec->name);
    los_free(exec);
}

long lx_exec(const struct los_path *start, const char *path, struct los_file *file, const char *name,
             const struct lx_strings *arguments, const struct lx_strings *environment, struct los_frame *frame)
{
    struct lx_exec *exec = los_alloc_zeroed(sizeof(*exec));
    if (exec == NULL)
        return -LOS_E_NOMEM;
    exec->arguments = *arguments;
    exec->environment = *environment;
    exec->name = los_strdup(name);
    long error = exec->name == NULL ? -LOS_E_NOMEM : 0;
    if (error == 0 && path != NULL) {
        error = open_program(start, path, &exec->file);
    } else if (error == 0) {
        error = check_file(file);
        if (error == 0)
            los_file_ref(exec->file = file);
    }
    if (error == 0)
        error = run(exec, frame);
    discard(exec);
    return error;
}

/* --- the calls --------------------------------------------------------------------------------------------------------------------- */
long lx_sys_execve(const struct lx_args *args)
{
    struct lx_strings arguments = {.user = args->arg[1]}, environment = {.user = args->arg[2]};
    char *path;
    long error = lx_path(args->arg[0], &path);
    if (error == 0)
        error = lx_exec(NULL, path, NULL, path, &arguments, &environment, args->frame);
    lx_path_free(path);
    return error;
}

/* By descriptor: the program is called /dev/fd/N, or /dev/fd/N/path. */
static long exec_at(const struct lx_args *args, const char *path, const struct lx_strings *arguments,
                    const struct lx_strings *environment)
{
    uint64_t flags = args->arg[4];
    int fd = (int)args->arg[0];
    char name[64];
    if (path[0] != 0) {
        const struct los_path *start;
        struct los_file *file;
        long error = lx_fd_path(args->arg[0], path, &start);
        if (error == 0 && (flags & LX_AT_SYMLINK_NOFOLLOW)) {
            error = los_open(start, path, LOS_OPEN_PATH | LOS_OPEN_NOFOLLOW, 0, &file);
            if (error == 0) {
                error = file->inode->type == LOS_SYMLINK ? -LOS_E_LOOP : 0;
                los_file_unref(file);
            }
        }
        if (error != 0)
            return error;
        if (start == NULL)
            return lx_exec(NULL, path, NULL, path, arguments, environment, args->frame);
        los_snprintf(name, sizeof(name), "/dev/fd/%d/%s", fd, path);
        return lx_exec(start, path, NULL, name, arguments, environment, args->frame);
    }
    if (!(flags & LX_AT_EMPTY_PATH))
        return -LOS_E_NOENT;
    struct los_file *named = los_descriptor(fd), *file = NULL;
    if (named == NULL)
        return -LOS_E_BADF;
    los_snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    if (named->path.entry == NULL)
        return -LOS_E_ACCES;
    long error =
        los_open_path(&named->path, LOS_OPEN_EXEC, &file); /* it may have been opened for its path alone */
    if (error != 0)
        return error;
    error = lx_exec(NULL, NULL, file, name, arguments, environment, args->frame);
    los_file_unref(file);
    return error;
}

long lx_sys_execveat(const struct lx_args *args)
{
    struct lx_strings arguments = {.user = args->arg[2]}, environment = {.user = args->arg[3]};
    char *path;
    if (args->arg[4] & ~(uint64_t)(LX_AT_EMPTY_PATH | LX_AT_SYMLINK_NOFOLLOW))
        return -LOS_E_INVAL;
    long error = lx_path(args->arg[1], &path);
    if (error == 0)
        error = exec_at(args, path, &arguments, &environment);
    lx_path_free(path);
    return error;
}
