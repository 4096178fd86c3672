/* SPDX-License-Identifier: MPL-2.0 */
/* System V semaphores (sysvipc(7)): semget, semop, semtimedop, semctl on the sets of libos/process/semaphore.c. */
#include <los/semaphore.h>
#include <personality.h>

#define FEW           32         /* operations that find place on the stack */
#define SETS_TOGETHER 1024000000 /* semaphores of all sets, as Linux says it; memory is the real bound */
#define NOBODY        UINT32_MAX
#define MODE_MASK     0777u
#define UNDO_BYTES    20 /* what Linux says of one undo record */

long lx_sys_semget(const struct lx_args *args)
{
    int key = (int)args->arg[0], count = (int)args->arg[1];
    uint32_t flags = (uint32_t)args->arg[2];
    if (count < 0)
        return -LOS_E_INVAL;
    return los_semaphores_get(key, (uint32_t)count,
                              (flags & LX_IPC_CREAT ? LOS_SEMAPHORES_CREATE : 0) |
                                  (flags & LX_IPC_EXCL ? LOS_SEMAPHORES_EXCLUSIVE : 0),
                              flags & MODE_MASK);
}

/* --- operations ----------------------------------------------------------------------------------------------------------------- */
static void convert(struct los_semaphore_change *change)
{
    uint16_t flags = change->flags; /* the structures are alike but for these */
    change->flags = (uint16_t)((flags & LX_IPC_NOWAIT ? LOS_SEMAPHORE_NO_WAIT : 0) |
                               (flags & LX_SEM_UNDO ? LOS_SEMAPHORE_UNDO : 0));
}

_Static_assert(sizeof(struct los_semaphore_change) == sizeof(struct lx_sembuf) &&
                   offsetof(struct los_semaphore_change, number) == offsetof(struct lx_sembuf, sem_num) &&
                   offsetof(struct los_semaphore_change, change) == offsetof(struct lx_sembuf, sem_op) &&
                   offsetof(struct los_semaphore_change, flags) == offsetof(struct lx_sembuf, sem_flg),
               "read in place");

static long operate_with(struct los_semaphore_change *changes, const struct lx_args *args, uint32_t count,
                         uint64_t deadline_ns)
{
    if (los_copy_in(changes, args->arg[1], count * sizeof(changes[0])) != 0)
        return -LOS_E_FAULT;
    for (uint32_t i = 0; i < count; i++)
        convert(&changes[i]);
    long result = los_semaphores_change((int)args->arg[0], changes, count, deadline_ns);
    if (result == -LOS_E_TIMEDOUT)
        return -LOS_E_AGAIN;
    return result == -LOS_E_RESTART ? -LOS_E_INTR : result; /* never made again */
}

static long operate(const struct lx_args *args, uint64_t deadline_ns)
{
    struct los_semaphore_change few[FEW], *changes = few;
    uint32_t count = (uint32_t)args->arg[2];
    if (count > LOS_SEMAPHORE_CHANGES_MAX)
        return -LOS_E_TOOBIG;
    if (count == 0)
        return -LOS_E_INVAL;
    if (count > FEW && (changes = los_alloc(count * sizeof(changes[0]))) == NULL)
        return -LOS_E_NOMEM;
    long result = operate_with(changes, args, count, deadline_ns);
    if (changes != few)
        los_free(changes);
    return result;
}

long lx_sys_semop(const struct lx_args *args) { return operate(args, LOS_FOREVER); }

long lx_sys_semtimedop(const struct lx_args *args)
{
    uint64_t deadline_ns;
    long error = lx_deadline_in(args->arg[3], &deadline_ns);
    return error != 0 ? error : operate(args, deadline_ns);
}

/* --- control -------------------------------------------------------------------------------------------------------------------- */
static long info(uint64_t user, bool present)
{
    struct los_semaphores_usage usage = los_semaphores_usage();
    struct lx_seminfo info = {.semmap = SETS_TOGETHER,
                              .semmni = (int)LOS_SEMAPHORE_SETS,
                              .semmns = SETS_TOGETHER,
                              .semmnu = SETS_TOGETHER,
                              .semmsl = (int)LOS_SEMAPHORES_MAX,
                              .semopm = (int)LOS_SEMAPHORE_CHANGES_MAX,
                              .semume = (int)LOS_SEMAPHORE_CHANGES_MAX,
                              .semusz = present ? (int)usage.sets : UNDO_BYTES,
                              .semvmx = LOS_SEMAPHORE_VALUE_MAX,
                              .semaem = present ? (int)usage.semaphores : LOS_SEMAPHORE_VALUE_MAX};
    return los_copy_out(user, &info, sizeof(info)) != 0 ? -LOS_E_FAULT : (long)usage.highest_slot;
}

static long status_out(int id, bool anyone, uint64_t user)
{
    struct los_semaphores_status status;
    long error = los_semaphores_status(id, anyone, &status);
    if (error != 0)
        return error;
    struct lx_semid out = {.perm = {.key = status.key,
                                    .uid = status.user,
                                    .gid = status.group,
                                    .cuid = status.creator_user,
                                    .cgid = status.creator_group,
                                    .mode = status.mode,
                                    .seq = (uint16_t)(id >> LOS_SEMAPHORE_SLOT_BITS)},
                           .sem_otime = status.operated_s,
                           .sem_ctime = status.changed_s,
                           .sem_nsems = status.count};
    return los_copy_out(user, &out, sizeof(out)) != 0 ? -LOS_E_FAULT : 0;
}

/* By its place in the table instead of its id, which is returned. */
static long status_at(int slot, bool anyone, uint64_t user)
{
    long id = los_semaphores_at((uint32_t)slot & ((1u << LOS_SEMAPHORE_SLOT_BITS) - 1));
    if (id < 0)
        return id;
    long error = status_out((int)id, anyone, user);
    return error != 0 ? error : id;
}

static long set_owner(int id, uint64_t user)
{
    struct lx_semid in;
    if (los_copy_in(&in, user, sizeof(in)) != 0)
        return -LOS_E_FAULT;
    if (in.perm.uid == NOBODY || in.perm.gid == NOBODY) {
        struct los_semaphores_status status;
        long error = los_semaphores_status(id, true, &status);
        return error != 0 ? error : -LOS_E_INVAL;
    }
    return los_semaphores_set_owner(id, in.perm.uid, in.perm.gid, in.perm.mode & MODE_MASK);
}

static long values(int id, uint64_t user, bool write)
{
    long count = los_semaphores_count(id, write), result;
    if (count < 0)
        return count;
    size_t bytes = (size_t)count * sizeof(uint16_t);
    uint16_t *array = los_alloc(bytes);
    if (array == NULL)
        return -LOS_E_NOMEM;
    if (write)
        result = los_copy_in(array, user, bytes) != 0 ? -LOS_E_FAULT
                                                      : los_semaphores_set_values(id, array, (uint32_t)count);
    else if ((result = los_semaphores_values(id, array, (uint32_t)count)) == 0 &&
             los_copy_out(user, array, bytes) != 0)
        result = -LOS_E_FAULT;
    los_free(array);
    return result;
}

long lx_sys_semctl(const struct lx_args *args)
{
    int id = (int)args->arg[0], number = (int)args->arg[1];
    uint64_t argument = args->arg[3];
    if (id < 0)
        return -LOS_E_INVAL;
    switch ((int)args->arg[2]) {
    case LX_IPC_INFO: return info(argument, false);
    case LX_SEM_INFO: return info(argument, true);
    case LX_IPC_STAT: return status_out(id, false, argument);
    case LX_SEM_STAT: return status_at(id, false, argument);
    case LX_SEM_STAT_ANY: return status_at(id, true, argument);
    case LX_IPC_SET: return set_owner(id, argument);
    case LX_IPC_RMID: return los_semaphores_remove(id);
    case LX_GETALL: return values(id, argument, false);
    case LX_SETALL: return values(id, argument, true);
    case LX_GETVAL: return los_semaphore_ask(id, (uint32_t)number, LOS_SEMAPHORE_VALUE);
    case LX_GETPID: return los_semaphore_ask(id, (uint32_t)number, LOS_SEMAPHORE_LAST_PROCESS);
    case LX_GETNCNT: return los_semaphore_ask(id, (uint32_t)number, LOS_SEMAPHORE_WAIT_MORE);
    case LX_GETZCNT: return los_semaphore_ask(id, (uint32_t)number, LOS_SEMAPHORE_WAIT_ZERO);
    case LX_SETVAL: return los_semaphore_set(id, (uint32_t)number, (int)argument);
    default: return -LOS_E_INVAL;
    }
}
