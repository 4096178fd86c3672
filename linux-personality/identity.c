/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Users and groups of a process (credentials(7)). They belong to the process, so that all its threads agree, as POSIX wants and
 * as C libraries arrange on Linux. The effective user 0 has every capability, others none.
 */
#include <personality.h>

#define UNCHANGED UINT32_MAX

static struct los_credentials *mine(void) { return &los_current()->process->credentials; }

bool lx_is_root(void) { return mine()->effective_user == 0; }

long lx_sys_getuid(const struct lx_args *args)
{
    (void)args;
    return mine()->user;
}
long lx_sys_geteuid(const struct lx_args *args)
{
    (void)args;
    return mine()->effective_user;
}
long lx_sys_getgid(const struct lx_args *args)
{
    (void)args;
    return mine()->group;
}
long lx_sys_getegid(const struct lx_args *args)
{
    (void)args;
    return mine()->effective_group;
}

/* --- real, effective and saved: one rule for users and groups ------------------------------------------------------------------ */
struct ids {
    uint32_t *real, *effective, *saved, *file;
};

static struct ids users(void)
{
    struct los_credentials *c = mine();
    return (struct ids){&c->user, &c->effective_user, &c->saved_user, &c->file_user};
}
static struct ids groups(void)
{
    struct los_credentials *c = mine();
    return (struct ids){&c->group, &c->effective_group, &c->saved_group, &c->file_group};
}

static long set_one(struct ids ids, uint32_t id)
{
    if (id == UNCHANGED)
        return -LOS_E_INVAL;
    if (lx_is_root())
        *ids.real = *ids.saved = id;
    else if (id != *ids.real && id != *ids.saved)
        return -LOS_E_PERM;
    *ids.effective = *ids.file = id;
    return 0;
}

static long set_two(struct ids ids, uint32_t real, uint32_t effective)
{
    uint32_t old_real = *ids.real;
    if (!lx_is_root()) {
        if (real != UNCHANGED && real != *ids.real && real != *ids.effective)
            return -LOS_E_PERM;
        if (effective != UNCHANGED && effective != *ids.real && effective != *ids.effective &&
            effective != *ids.saved)
            return -LOS_E_PERM;
    }
    if (real != UNCHANGED)
        *ids.real = real;
    if (effective != UNCHANGED)
        *ids.effective = effective;
    if (real != UNCHANGED || (effective != UNCHANGED && effective != old_real))
        *ids.saved = *ids.effective;
    *ids.file = *ids.effective;
    return 0;
}

static bool one_of(struct ids ids, uint32_t id)
{
    return id == UNCHANGED || id == *ids.real || id == *ids.effective || id == *ids.saved;
}

static long set_three(struct ids ids, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (!lx_is_root() && !(one_of(ids, real) && one_of(ids, effective) && one_of(ids, saved)))
        return -LOS_E_PERM;
    if (real != UNCHANGED)
        *ids.real = real;
    if (effective != UNCHANGED)
        *ids.effective = effective;
    if (saved != UNCHANGED)
        *ids.saved = saved;
    *ids.file = *ids.effective;
    return 0;
}

static long get_three(struct ids ids, const uint64_t to[3])
{
    if (los_copy_out(to[0], ids.real, 4) != 0 || los_copy_out(to[1], ids.effective, 4) != 0 ||
        los_copy_out(to[2], ids.saved, 4) != 0)
        return -LOS_E_FAULT;
    return 0;
}

/* Never fails: returns the old value, whether or not it was changed. */
static long set_file_id(struct ids ids, uint32_t id)
{
    uint32_t old = *ids.file;
    if (id != UNCHANGED && (lx_is_root() || one_of(ids, id) || id == old))
        *ids.file = id;
    return old;
}

long lx_sys_setuid(const struct lx_args *args) { return set_one(users(), (uint32_t)args->arg[0]); }
long lx_sys_setgid(const struct lx_args *args) { return set_one(groups(), (uint32_t)args->arg[0]); }
long lx_sys_setreuid(const struct lx_args *args)
{
    return set_two(users(), (uint32_t)args->arg[0], (uint32_t)args->arg[1]);
}
long lx_sys_setregid(const struct lx_args *args)
{
    return set_two(groups(), (uint32_t)args->arg[0], (uint32_t)args->arg[1]);
}
long lx_sys_setresuid(const struct lx_args *args)
{
    return set_three(users(), (uint32_t)args->arg[0], (uint32_t)args->arg[1], (uint32_t)args->arg[2]);
}
long lx_sys_setresgid(const struct lx_args *args)
{
    return set_three(groups(), (uint32_t)args->arg[0], (uint32_t)args->arg[1], (uint32_t)args->arg[2]);
}
long lx_sys_getresuid(const struct lx_args *args) { return get_three(users(), args->arg); }
long lx_sys_getresgid(const struct lx_args *args) { return get_three(groups(), args->arg); }
long lx_sys_setfsuid(const struct lx_args *args) { return set_file_id(users(), (uint32_t)args->arg[0]); }
long lx_sys_setfsgid(const struct lx_args *args) { return set_file_id(groups(), (uint32_t)args->arg[0]); }

/* --- supplementary groups -------------------------------------------------------------------------------------------------------- */
long lx_sys_getgroups(const struct lx_args *args)
{
    const struct los_credentials *c = mine();
    int room = (int)args->arg[0];
    if (room < 0 || (room != 0 && (uint32_t)room < c->groups_count))
        return -LOS_E_INVAL;
    if (room != 0 && los_copy_out(args->arg[1], c->groups, c->groups_count * sizeof(c->groups[0])) != 0)
        return -LOS_E_FAULT;
    return c->groups_count;
}

long lx_sys_setgroups(const struct lx_args *args)
{
    struct los_credentials *c = mine();
    uint32_t given[LOS_GROUPS_MAX], count = (uint32_t)args->arg[0];
    if (!lx_is_root())
        return -LOS_E_PERM;
    if (count > LOS_GROUPS_MAX)
        return -LOS_E_INVAL;
    if (los_copy_in(given, args->arg[1], count * sizeof(given[0])) != 0)
        return -LOS_E_FAULT;
    memcpy(c->groups, given, count * sizeof(given[0]));
    c->groups_count = count;
    return 0;
}

/* --- capabilities: all or none, by the effective user ----------------------------------------------------------------------------- */
static long capability_header(uint64_t user, struct lx_cap_header *header, uint32_t *words)
{
    if (los_copy_in(header, user, sizeof(*header)) != 0)
        return -LOS_E_FAULT;
    *words = header->version == LX_CAP_VERSION_1 ? 1 : 2;
    if (header->version == LX_CAP_VERSION_1 || header->version == LX_CAP_VERSION_2 ||
        header->version == LX_CAP_VERSION_3)
        return 0;
    header->version = LX_CAP_VERSION_3; /* tells the caller what we speak */
    return los_copy_out(user, header, sizeof(*header)) != 0 ? -LOS_E_FAULT : -LOS_E_INVAL;
}

static struct los_process *capability_target(const struct lx_cap_header *header)
{
    return header->pid == 0 ? los_current()->process : los_find_process(header->pid);
}

long lx_sys_capget(const struct lx_args *args)
{
    struct lx_cap_header header;
    uint32_t words;
    long error = capability_header(args->arg[0], &header, &words);
    if (error != 0)
        return error == -LOS_E_INVAL && args->arg[1] == 0 ? 0 : error;
    if (header.pid < 0)
        return -LOS_E_INVAL;
    const struct los_process *process = capability_target(&header);
    if (process == NULL)
        return -LOS_E_SRCH;
    uint64_t held = process->credentials.effective_user == 0 ? LX_CAP_ALL : 0;
    uint64_t permitted =
        process->credentials.effective_user == 0 || process->credentials.saved_user == 0 ? LX_CAP_ALL : 0;
    struct lx_cap_data data[2] = {{(uint32_t)held, (uint32_t)permitted, 0},
                                  {(uint32_t)(held >> 32), (uint32_t)(permitted >> 32), 0}};
    return args->arg[1] == 0 ? 0 : los_copy_out(args->arg[1], data, words * sizeof(data[0]));
}

/* What cannot be given up one by one stays; asking for more than is held is refused. */
long lx_sys_capset(const struct lx_args *args)
{
    struct lx_cap_header header;
    struct lx_cap_data data[2] = {{0, 0, 0}, {0, 0, 0}};
    uint32_t words;
    long error = capability_header(args->arg[0], &header, &words);
    if (error != 0)
        return error;
    if (los_copy_in(data, args->arg[1], words * sizeof(data[0])) != 0)
        return -LOS_E_FAULT;
    if (header.pid != 0 && header.pid != los_current()->process->pid)
        return -LOS_E_PERM;
    uint32_t any = data[0].effective | data[0].permitted | data[1].effective | data[1].permitted;
    return any != 0 && !lx_is_root() ? -LOS_E_PERM : 0;
}
