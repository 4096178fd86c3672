/* SPDX-License-Identifier: MPL-2.0 */
/* What several tests need. */
#include "domain.h"
#include "fake_machine.h"
#include "reference.h"
#include "vcpu.h"
#include <criterion/criterion.h>

exo_handle fake_frames(uint64_t pages)
{
    static uint64_t next;
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(fake_info->extent[0], &info), 0);
    if (pages >= EXO_LARGE_PAGES && (next + EXO_LARGE_PAGES - info.large) % EXO_LARGE_PAGES != 0)
        next += EXO_LARGE_PAGES - (next + EXO_LARGE_PAGES - info.large) % EXO_LARGE_PAGES;
    long handle = exo_token_derive(fake_info->extent[0], EXO_ALL, next, pages);
    cr_assert_gt(handle, 0);
    next += pages;
    return (exo_handle)handle;
}

exo_handle fake_domain(uint64_t pool_pages)
{
    long handle = exo_domain_create(fake_frames(pool_pages));
    cr_assert_gt(handle, 0, "domain_create: %ld", handle);
    return (exo_handle)handle;
}

long map_one(exo_handle space, uint64_t va, exo_handle frame, uint64_t offset, uint32_t count, uint32_t prot)
{
    struct exo_map map = {.va = va, .frame = frame, .offset = offset, .count = count, .prot = prot};
    long result = exo_space_map(space, &map, 1);
    return result == 1 ? 0 : result;
}

uint64_t query(exo_handle space, uint64_t va)
{
    struct exo_pte entry = {0};
    cr_assert_eq(exo_space_query(space, va, &entry, 1), 0);
    return entry.frame;
}

static exo_handle send(exo_handle domain, exo_handle token, uint64_t rights)
{
    long handle = again(exo_token_send(domain, token, rights, 0));
    cr_assert_gt(handle, 0, "token_send: %ld", handle);
    return (exo_handle)handle;
}

struct guest fake_guest(uint32_t cpu, uint64_t frames)
{
    struct guest guest;
    guest.domain = fake_domain(64);
    guest.space = (exo_handle)exo_space_create(guest.domain);
    guest.page = fake_frames(1);
    long vcpu = exo_vcpu_create(guest.domain, guest.space, guest.page, 0x5000, 7);
    cr_assert_gt(vcpu, 0, "vcpu_create: %ld", vcpu);
    guest.vcpu = (exo_handle)vcpu;
    long slice = exo_slice_create(fake_info->slice, 1ul << cpu, cpu == 0 ? 5000 : 10000, 10000);
    cr_assert_gt(slice, 0, "slice_create: %ld", slice);
    guest.slice = (exo_handle)slice;
    guest.own_domain = send(guest.domain, guest.domain, EXO_R | EXO_W | EXO_SPLIT);
    guest.own_space = send(guest.domain, guest.space, EXO_ALL);
    guest.own_vcpu = send(guest.domain, guest.vcpu, EXO_ALL);
    guest.own_frames = frames == 0 ? 0 : send(guest.domain, fake_frames(frames), EXO_ALL);
    struct token *token;
    cr_assert_eq(token_find(fake_root, guest.vcpu, EXO_VCPU, 0, &token), 0);
    guest.kernel_vcpu = token->object;
    cr_assert_eq(exo_slice_bind(guest.vcpu, guest.slice), 0);
    cr_assert_eq(exo_vcpu_start(guest.vcpu, 0x1000, 0x2000, 3), 0);
    check_invariants();
    return guest;
}
