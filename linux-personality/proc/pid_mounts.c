/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/PID/mounts and mountinfo, from the one list of mounts of the container. */
#include <proc/format.h>
#include <proc/proc.h>

#define BLANKS     " \t\n\\"
#define FIRST_ID   20 /* as arbitrary as Linux's own numbers */
#define MOUNTS_MAX 64

static void mounts_line(void *context, const char *source, const char *target, const char *type, uint32_t flags)
{
    struct los_text *text = context;
    lx_format_escaped(text, source, BLANKS);
    los_text_bytes(text, " ", 1);
    lx_format_escaped(text, target, BLANKS);
    los_text_add(text, " %s ", type);
    lx_format_mount_options(text, flags);
    los_text_add(text, " 0 0\n");
}

long lx_pid_mounts(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    if (lx_proc_find(node, &thread) == NULL)
        return -LOS_E_SRCH;
    los_mounts_list(mounts_line, text);
    return 0;
}

struct tree {
    struct los_text *text;
    int count;
    char *targets[MOUNTS_MAX]; /* of those seen so far: a mount comes after what it lies on */
};

static bool is_below(const char *path, const char *target)
{
    size_t length = strlen(target);
    if (length == 1) /* the root */
        return true;
    return strncmp(path, target, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int parent_id(const struct tree *tree, const char *target)
{
    int best = -1;
    for (int i = 0; i < tree->count && i < MOUNTS_MAX; i++)
        if (tree->targets[i] != NULL && is_below(target, tree->targets[i]) &&
            (best < 0 || strlen(tree->targets[i]) >= strlen(tree->targets[best])))
            best = i;
    return best < 0 ? FIRST_ID : FIRST_ID + best;
}

static void info_line(void *context, const char *source, const char *target, const char *type, uint32_t flags)
{
    struct tree *tree = context;
    struct los_stat stat = {.device = 0};
    los_stat(NULL, target, 0, &stat);
    los_text_add(tree->text, "%d %d %u:%u / ", FIRST_ID + tree->count, parent_id(tree, target),
                 lx_device_major(stat.device), lx_device_minor(stat.device));
    lx_format_escaped(tree->text, target, BLANKS);
    los_text_bytes(tree->text, " ", 1);
    lx_format_mount_options(tree->text, flags);
    los_text_add(tree->text, " - %s ", type);
    lx_format_escaped(tree->text, source, BLANKS);
    los_text_add(tree->text, flags & LOS_MOUNT_READONLY ? " ro\n" : " rw\n");
    if (tree->count < MOUNTS_MAX)
        tree->targets[tree->count] = los_strdup(target);
    tree->count++;
}

long lx_pid_mountinfo(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    if (lx_proc_find(node, &thread) == NULL)
        return -LOS_E_SRCH;
    struct tree *tree = los_alloc_zeroed(sizeof *tree);
    if (tree == NULL)
        return -LOS_E_NOMEM;
    tree->text = text;
    los_mounts_list(info_line, tree);
    for (int i = 0; i < MOUNTS_MAX; i++)
        los_free(tree->targets[i]);
    los_free(tree);
    return 0;
}
