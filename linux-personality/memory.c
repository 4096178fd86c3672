/* SPDX-License-Identifier: MPL-2.0 */
/* System calls on the address space: mmap(2) and its kin. */
#include <state.h>

#define LOWEST_ADDRESS 65536ul /* below it only root may map: NULL dereferences shall fault */

static struct los_space *space(void) { return los_current()->process->space; }

static bool aligned(uint64_t x) { return (x & LOS_PAGE_MASK) == 0; }

/* Rounds the length up. False: the range leaves the program's part. */
static bool valid_range(uint64_t start, uint64_t *bytes)
{
    if (*bytes > LOS_USER_END)
        return false;
    *bytes = LOS_ROUND_UP(*bytes, LOS_PAGE);
    return start <= LOS_USER_END && *bytes <= LOS_USER_END - start;
}

static uint32_t protection_of(uint64_t prot)
{
    return (prot & LX_PROT_READ ? LOS_READ : 0) | (prot & LX_PROT_WRITE ? LOS_WRITE : 0) |
           (prot & LX_PROT_EXEC ? LOS_EXECUTE : 0);
}

/* Calls each(region, start, end, context) for what is mapped in the range. NOMEM at the end when there were holes. */
static long each_region(uint64_t start, uint64_t bytes,
                        long (*each)(struct los_region *, uint64_t, uint64_t, void *), void *context)
{
    uint64_t at = start, end = start + bytes;
    struct los_space *own = space();
    struct los_region *region;
    bool holes = false;
    while (at < end && (region = los_space_above(own, at)) != NULL && region->start < end) {
        if (region->start > at)
            holes = true;
        uint64_t from = region->start > at ? region->start : at, to = region->end < end ? region->end : end;
        long error = each != NULL ? each(region, from, to, context) : 0;
        if (error != 0)
            return error;
        at = to;
    }
    return holes || at < end ? -LOS_E_NOMEM : 0;
}

/* --- mmap ------------------------------------------------------------------------------------------------------------- */
static long flags_of(uint64_t address, uint64_t flags, uint32_t *out)
{
    uint64_t type = flags & LX_MAP_TYPE;
    *out = 0;
    if (type != LX_MAP_SHARED && type != LX_MAP_PRIVATE && type != LX_MAP_SHARED_VALIDATE)
        return -LOS_E_INVAL;
    if (type == LX_MAP_SHARED_VALIDATE && (flags & (LX_MAP_SYNC | ~0x1fffffull)))
        return -LOS_E_OPNOTSUPP;
    if (flags & LX_MAP_HUGETLB)
        return -LOS_E_NOMEM; /* no huge pages are set aside */
    if (type != LX_MAP_PRIVATE)
        *out |= LOS_SHARED;
    if (flags & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE)) {
        *out |= LOS_FIXED;
        if (!aligned(address))
            return -LOS_E_INVAL;
        if (address < LOWEST_ADDRESS && !lx_is_root())
            return -LOS_E_PERM;
    }
    *out |= flags & LX_MAP_FIXED_NOREPLACE ? LOS_NOREPLACE : 0;
    *out |= flags & LX_MAP_GROWSDOWN ? LOS_GROWS_DOWN : 0;
    *out |= flags & LX_MAP_32BIT ? LOS_LOW : 0;
    *out |= flags & LX_MAP_NORESERVE ? LOS_NO_RESERVE : 0;
    *out |= (flags & (LX_MAP_POPULATE | LX_MAP_LOCKED)) && !(flags & LX_MAP_NONBLOCK) ? LOS_POPULATE : 0;
    return 0;
}

/* May this file be mapped so? *object: what shows it, without a reference. */
static long file_object(struct los_file *file, uint32_t protection, uint32_t flags, struct los_object **object)
{
    if (file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if (!(file->flags & LOS_OPEN_READ))
        return -LOS_E_ACCES;
    if ((flags & LOS_SHARED) && (protection & LOS_WRITE)) {
        if (!(file->flags & LOS_OPEN_WRITE))
            return -LOS_E_ACCES;
        if (file->seals & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE))
            return -LOS_E_PERM;
    }
    if (file->ops->map == NULL)
        return -LOS_E_NODEV;
    return file->ops->map(file, object);
}

long lx_sys_mmap(const struct lx_args *args)
{
    uint64_t address = args->arg[0], bytes = args->arg[1], offset = args->arg[5];
    uint32_t protection = protection_of(args->arg[2]), flags;
    if (bytes == 0 || !aligned(offset))
        return -LOS_E_INVAL;
    long error = flags_of(address, args->arg[3], &flags);
    if (error != 0)
        return error;
    bool fits = valid_range(address, &bytes);
    if (bytes > LOS_USER_END || (!fits && (flags & LOS_FIXED)))
        return -LOS_E_NOMEM;
    if (!(flags & LOS_FIXED))
        address = fits && address >= LOWEST_ADDRESS ? LOS_ROUND_UP(address, LOS_PAGE) : 0;
    if (offset + bytes < offset)
        return -LOS_E_OVERFLOW;
    struct los_object *object = NULL;
    struct los_file *file = NULL;
    bool anonymous = args->arg[3] & LX_MAP_ANONYMOUS;
    if (!anonymous) {
        file = los_descriptor((int)args->arg[4]);
        if (file == NULL)
            return -LOS_E_BADF;
        error = file_object(file, protection, flags, &object);
        if (error != 0)
            return error;
    } else if (flags & LOS_SHARED) {
        object = los_object_anonymous(bytes / LOS_PAGE);
        if (object == NULL)
            return -LOS_E_NOMEM;
    }
    long result = los_space_map(space(), address, bytes, protection, flags, object,
                                anonymous ? 0 : offset / LOS_PAGE, file, NULL);
    if (anonymous && object != NULL)
        los_object_unref(object); /* the region has its own reference */
    return result;
}

long lx_sys_munmap(const struct lx_args *args)
{
    uint64_t bytes = args->arg[1];
    if (!aligned(args->arg[0]) || bytes == 0 || !valid_range(args->arg[0], &bytes))
        return -LOS_E_INVAL;
    return los_space_unmap(space(), args->arg[0], bytes);
}

static long check_protection(struct los_region *region, uint64_t start, uint64_t end, void *context)
{
    (void)start, (void)end;
    uint32_t protection = *(const uint32_t *)context;
    bool writes = (protection & LOS_WRITE) && (region->flags & LOS_SHARED) && region->file != NULL;
    return writes && !(region->file->flags & LOS_OPEN_WRITE) ? -LOS_E_ACCES : 0;
}

long lx_sys_mprotect(const struct lx_args *args)
{
    uint64_t start = args->arg[0], bytes = args->arg[1], prot = args->arg[2];
    uint32_t protection = protection_of(prot);
    if (!aligned(start) ||
        (prot & (LX_PROT_GROWSDOWN | LX_PROT_GROWSUP)) == (LX_PROT_GROWSDOWN | LX_PROT_GROWSUP) ||
        prot & ~(uint64_t)(LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC | LX_PROT_SEM | LX_PROT_GROWSDOWN |
                           LX_PROT_GROWSUP))
        return -LOS_E_INVAL;
    if (bytes == 0)
        return 0;
    if (!valid_range(start, &bytes))
        return -LOS_E_NOMEM;
    if (prot & LX_PROT_GROWSDOWN) {
        struct los_region *region = los_space_find(space(), start);
        if (region == NULL || !(region->flags & LOS_GROWS_DOWN))
            return -LOS_E_INVAL;
        bytes += start - region->start;
        start = region->start;
    }
    long error = each_region(start, bytes, check_protection, &protection);
    return error != 0 ? error : los_space_protect(space(), start, bytes, protection);
}

long lx_sys_mremap(const struct lx_args *args)
{
    uint64_t address = args->arg[0], old_bytes = args->arg[1], new_bytes = args->arg[2], flags = args->arg[3],
             target = args->arg[4];
    bool fixed = flags & LX_MREMAP_FIXED;
    if (!aligned(address) || flags & ~(uint64_t)(LX_MREMAP_MAYMOVE | LX_MREMAP_FIXED) ||
        (fixed && !(flags & LX_MREMAP_MAYMOVE)))
        return -LOS_E_INVAL;
    if (new_bytes == 0 || old_bytes == 0 || new_bytes > LOS_USER_END)
        return new_bytes > LOS_USER_END ? -LOS_E_NOMEM : -LOS_E_INVAL;
    if (!valid_range(address, &old_bytes))
        return -LOS_E_FAULT;
    new_bytes = LOS_ROUND_UP(new_bytes, LOS_PAGE);
    if (fixed && (!aligned(target) || !valid_range(target, &new_bytes) ||
                  (target < address + old_bytes && address < target + new_bytes)))
        return -LOS_E_INVAL;
    return los_space_remap(space(), address, old_bytes, new_bytes, flags & LX_MREMAP_MAYMOVE, fixed, target);
}

long lx_sys_brk(const struct lx_args *args)
{
    struct los_process *process = los_current()->process;
    struct los_space *own = process->space;
    uint64_t end = args->arg[0];
    if (end < own->heap_start || end > LOS_USER_END)
        return (long)own->heap_end;
    uint64_t data = end - own->heap_start + (process->data_end - process->data_start);
    if (end > own->heap_end && data > process->limits[LOS_LIMIT_DATA].soft)
        return (long)own->heap_end;
    return los_space_set_break(own, end);
}

/* --- advice and presence ------------------------------------------------------------------------------------------------- */
static long discard(struct los_region *region, uint64_t start, uint64_t end, void *context)
{
    (void)region, (void)context;
    return los_space_discard(space(), start, end - start);
}

static long discard_lazily(struct los_region *region, uint64_t start, uint64_t end, void *context)
{
    return region->object != NULL ? -LOS_E_INVAL : discard(region, start, end, context);
}

static long populate(struct los_region *region, uint64_t start, uint64_t end, void *context)
{
    bool write = context != NULL;
    uint32_t access = write ? LOS_WRITE : region->protection & LOS_READ ? LOS_READ : LOS_EXECUTE;
    if ((region->protection & access) == 0)
        return write ? -LOS_E_INVAL : 0;
    for (uint64_t at = start; at < end; at += LOS_PAGE) {
        long error = write || !los_space_present(space(), at) ? los_space_fault(space(), at, access) : 0;
        if (error != 0)
            return error == -LOS_E_IO ? -LOS_E_FAULT : error;
    }
    return 0;
}

long lx_sys_madvise(const struct lx_args *args)
{
    uint64_t start = args->arg[0], bytes = args->arg[1];
    long (*each)(struct los_region *, uint64_t, uint64_t, void *) = NULL;
    void *context = NULL;
    switch ((int)args->arg[2]) {
    case LX_MADV_DONTNEED: each = discard; break;
    case LX_MADV_FREE: each = discard_lazily; break;
    case LX_MADV_POPULATE_READ: each = populate; break;
    case LX_MADV_POPULATE_WRITE:
        each = populate;
        context = &bytes;
        break;
    case LX_MADV_NORMAL:
    case LX_MADV_RANDOM:
    case LX_MADV_SEQUENTIAL:
    case LX_MADV_WILLNEED:
    case LX_MADV_HUGEPAGE:
    case LX_MADV_NOHUGEPAGE:
    case LX_MADV_MERGEABLE:
    case LX_MADV_UNMERGEABLE:
    case LX_MADV_DONTDUMP:
    case LX_MADV_DODUMP:
    case LX_MADV_DOFORK:
    case LX_MADV_COLD:
    case LX_MADV_PAGEOUT: break;
    default: return -LOS_E_INVAL; /* REMOVE, DONTFORK and WIPEONFORK would change what is seen */
    }
    if (!aligned(start) || !valid_range(start, &bytes))
        return -LOS_E_INVAL;
    return bytes == 0 ? 0 : each_region(start, bytes, each, context);
}

long lx_sys_mincore(const struct lx_args *args)
{
    uint64_t start = args->arg[0], bytes = args->arg[1];
    if (!aligned(start))
        return -LOS_E_INVAL;
    if (!valid_range(start, &bytes))
        return -LOS_E_NOMEM;
    long error = bytes == 0 ? 0 : each_region(start, bytes, NULL, NULL);
    for (uint64_t page = 0; page < bytes / LOS_PAGE && error == 0; page++) {
        uint8_t present = los_space_present(space(), start + page * LOS_PAGE);
        error = los_copy_out(args->arg[2] + page, &present, 1);
    }
    return error;
}

long lx_sys_msync(const struct lx_args *args)
{
    uint64_t start = args->arg[0], bytes = args->arg[1], flags = args->arg[2];
    if (!aligned(start) || flags & ~(uint64_t)(LX_MS_ASYNC | LX_MS_INVALIDATE | LX_MS_SYNC) ||
        (flags & (LX_MS_ASYNC | LX_MS_SYNC)) == (LX_MS_ASYNC | LX_MS_SYNC))
        return -LOS_E_INVAL;
    if (!valid_range(start, &bytes))
        return -LOS_E_NOMEM;
    return bytes == 0 ? 0
                      : each_region(start, bytes, NULL, NULL); /* files live in memory: nothing is behind it */
}

/* --- locking: nothing is ever paged out, so that locking means being there ------------------------------------------------ */
static long lock(uint64_t start, uint64_t bytes, bool now)
{
    bytes += start & LOS_PAGE_MASK;
    start &= ~LOS_PAGE_MASK;
    if (!valid_range(start, &bytes))
        return -LOS_E_NOMEM;
    if (bytes == 0)
        return 0;
    uint64_t limit = los_current()->process->limits[LOS_LIMIT_LOCKED].soft;
    if (!lx_is_root() && bytes > limit)
        return limit == 0 ? -LOS_E_PERM : -LOS_E_NOMEM;
    return each_region(start, bytes, now ? populate : NULL, NULL);
}

long lx_sys_mlock(const struct lx_args *args) { return lock(args->arg[0], args->arg[1], true); }

long lx_sys_mlock2(const struct lx_args *args)
{
    if (args->arg[2] & ~1ull)
        return -LOS_E_INVAL;
    return lock(args->arg[0], args->arg[1], args->arg[2] == 0);
}

long lx_sys_munlock(const struct lx_args *args)
{
    uint64_t start = args->arg[0] & ~LOS_PAGE_MASK, bytes = args->arg[1] + (args->arg[0] & LOS_PAGE_MASK);
    if (!valid_range(start, &bytes))
        return -LOS_E_NOMEM;
    return bytes == 0 ? 0 : each_region(start, bytes, NULL, NULL);
}

long lx_sys_mlockall(const struct lx_args *args)
{
    uint64_t flags = args->arg[0];
    if (flags == 0 || flags & ~(uint64_t)(LX_MCL_CURRENT | LX_MCL_FUTURE | LX_MCL_ONFAULT) ||
        flags == LX_MCL_ONFAULT)
        return -LOS_E_INVAL;
    uint64_t limit = los_current()->process->limits[LOS_LIMIT_LOCKED].soft;
    if (!lx_is_root() && space()->virtual_pages * LOS_PAGE > limit)
        return limit == 0 ? -LOS_E_PERM : -LOS_E_NOMEM;
    if ((flags & LX_MCL_CURRENT) && !(flags & LX_MCL_ONFAULT))
        each_region(0, LOS_USER_END, populate, NULL);
    return 0;
}

long lx_sys_munlockall(const struct lx_args *args)
{
    (void)args;
    return 0;
}

/* --- other processes' memory ------------------------------------------------------------------------------------------------ */
static long transfer(struct los_process *other, const struct lx_iovec *local, uint64_t locals,
                     const struct lx_iovec *remote, uint64_t remotes, bool write)
{
    uint8_t chunk[512];
    uint64_t l = 0, r = 0, l_done = 0, r_done = 0, total = 0;
    while (l < locals && r < remotes) {
        uint64_t n = local[l].length - l_done, rest = remote[r].length - r_done;
        n = n < rest ? n : rest;
        n = n < sizeof(chunk) ? n : sizeof(chunk);
        uint64_t here = local[l].base + l_done, there = remote[r].base + r_done;
        uint64_t moved = n;
        if (write && los_copy_in(chunk, here, n) != 0)
            moved = 0;
        if (moved > 0)
            moved = write ? los_space_write(other->space, there, chunk, n, false)
                          : los_space_read(other->space, there, chunk, n);
        if (!write && moved > 0 && los_copy_out(here, chunk, moved) != 0)
            moved = 0;
        total += moved;
        if (moved < n)
            return total > 0 ? (long)total : -LOS_E_FAULT;
        l_done += n, r_done += n;
        if (l_done == local[l].length)
            l++, l_done = 0;
        if (r_done == remote[r].length)
            r++, r_done = 0;
    }
    return (long)total;
}

static long process_vm(const struct lx_args *args, bool write)
{
    struct lx_iovec *local, *remote;
    size_t total;
    if (args->arg[5] != 0)
        return -LOS_E_INVAL;
    struct los_process *other = los_find_process((int)args->arg[0]);
    if (other == NULL || other->space == NULL || other->state == LOS_ZOMBIE)
        return -LOS_E_SRCH;
    if (!lx_may_act_on(other))
        return -LOS_E_PERM;
    long result = lx_iovecs_in(args->arg[1], args->arg[2], &local, &total);
    if (result != 0)
        return result;
    result = lx_iovecs_in(args->arg[3], args->arg[4], &remote, &total);
    if (result == 0)
        result = transfer(other, local, args->arg[2], remote, args->arg[4], write);
    los_free(local);
    los_free(remote);
    return result;
}

long lx_sys_process_vm_readv(const struct lx_args *args) { return process_vm(args, false); }
long lx_sys_process_vm_writev(const struct lx_args *args) { return process_vm(args, true); }
