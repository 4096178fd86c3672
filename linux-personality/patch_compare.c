/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Call sites that have their number in rax already and compare the result at once, as those of the C library do (read, syscall(), ...):
 *
 *   before   0f 05               syscall             after   ff 25 rr rr rr rr   jmp *[rip + r]
 *            48 3d ii ii ii ii   cmp $i, %rax                ii ii
 *
 * The slot, in a second part of the jump table, holds the address of the site's stub, which compares in the site's stead:
 *
 *            movabs $tail, %rcx;  jmp los_patched_entry;  syscall;  tail: cmp $i, %rax;  jmp behind the site
 *
 * Who comes back to the instruction behind the old `syscall`, from a call that began before the site was patched, finds the first r: slots are chosen
 * so that it is a byte that begins no instruction in 64-bit mode. It traps, and goes on at the tail. The stub's own `syscall` is for
 * calls that are made again after a signal's handler, by stepping back two bytes from the tail; programs see none of these addresses
 * in a signal's frame (lx_compare_roll_back).
 *
 * The site must lie within 2 GiB of the table: static programs that are not position independent do.
 */
#include <exo/typed.h>
#include <los/image.h>
#include <patch.h>
#include <patch_internal.h>

#define SITE_BYTES   8u /* that must be in one page and known; 6 of them change */
#define JUMP_BYTES   6u
#define STUB_BYTES   64u
#define STUBS_A_PAGE (LOS_PAGE / STUB_BYTES - 1) /* the first place holds the address of los_patched_entry */
#define SITES        (LX_COMPARE_PAGES * STUBS_A_PAGE)

struct __attribute__((packed)) compare_stub {
    uint8_t movabs_rcx[2]; /* 48 b9 */
    uint64_t tail_address;
    uint8_t jump_entry[2]; /* ff 25 */
    int32_t entry_distance;
    uint8_t syscall[2];
    uint8_t compare[2]; /* 48 3d; the tail */
    int32_t immediate;
    uint8_t jump_back[2]; /* ff 25 */
    int32_t back_distance;
    uint64_t back; /* the address behind the site */
    uint32_t slot; /* where the site's jump finds this stub's address */
};
#define TAIL     offsetof(struct compare_stub, compare)
#define TAIL_END offsetof(struct compare_stub, back)
_Static_assert(sizeof(struct compare_stub) <= STUB_BYTES, "one place");

/* Bytes that begin no instruction in 64-bit mode, on any CPU (Intel SDM 2D, table A-2: i64). */
static const uint8_t no_instruction[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f,
                                         0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61};

static uint32_t sites;
static uint64_t taken[LX_COMPARE_TABLE_BYTES / 64]; /* a bit for each byte of the table's part */

static struct compare_stub *stub_of(uint32_t site)
{
    uint8_t *page = lx_stub_page(LX_STUB_PAGES + site / STUBS_A_PAGE);
    return page ? (struct compare_stub *)(page + (1 + site % STUBS_A_PAGE) * STUB_BYTES) : NULL;
}

static uint64_t stub_address(uint32_t site)
{
    return LOS_STUBS + (LX_STUB_PAGES + site / STUBS_A_PAGE) * LOS_PAGE +
           (1 + site % STUBS_A_PAGE) * STUB_BYTES;
}

static struct compare_stub *find(uint64_t back, int32_t immediate)
{
    for (uint32_t i = 0; i < sites; i++)
        if (stub_of(i)->back == back && stub_of(i)->immediate == immediate)
            return stub_of(i);
    return NULL;
}

/* The stub whose code `rip` lies in; *offset: where. */
static struct compare_stub *stub_at(uint64_t rip, uint64_t *offset)
{
    uint64_t page = (rip - LOS_STUBS) / LOS_PAGE - LX_STUB_PAGES, place = (rip & LOS_PAGE_MASK) / STUB_BYTES;
    *offset = rip % STUB_BYTES;
    uint64_t site = page * STUBS_A_PAGE + place - 1;
    return rip >= LOS_STUBS && page < LX_COMPARE_PAGES && place && site < sites ? stub_of((uint32_t)site)
                                                                                : NULL;
}

/* --- slots ------------------------------------------------------------------------------------------------------------- */

static bool is_free(uint64_t at)
{
    if (at + 8 > LX_COMPARE_TABLE_BYTES || (at & LOS_PAGE_MASK) > LOS_PAGE - 8)
        return false;
    for (uint64_t i = at; i < at + 8; i++)
        if (taken[i / 64] >> i % 64 & 1)
            return false;
    return true;
}

/* Where a slot for a jump that ends at `end` may be, in bytes from the start of this part of the table; -1: nowhere. */
static int64_t place_slot(uint64_t end)
{
    for (uint64_t window = 0; window < LX_COMPARE_TABLE_BYTES; window += 256)
        for (uint32_t i = 0; i < sizeof(no_instruction); i++) {
            uint64_t at = window + (uint8_t)(end + no_instruction[i] - LX_COMPARE_TABLE);
            if (is_free(at))
                return (int64_t)at;
        }
    return -1;
}

/* Makes the stub and its slot. NULL: no room, no memory. */
static struct compare_stub *make(uint64_t site, int32_t immediate)
{
    los_pageno page;
    int64_t at = sites < SITES ? place_slot(site + JUMP_BYTES) : -1;
    if (at < 0)
        return NULL;
    struct compare_stub *stub = stub_of(sites);
    uint8_t *slots = stub ? lx_table_page((LX_TABLE_BYTES + (uint64_t)at) / LOS_PAGE, &page) : NULL;
    if (!slots)
        return NULL;
    uint64_t address = stub_address(sites);
    int32_t entry = -(int32_t)(address % LOS_PAGE + offsetof(struct compare_stub, syscall));
    *stub = (struct compare_stub){.movabs_rcx = {0x48, 0xb9},
                                  .tail_address = address + TAIL,
                                  .jump_entry = {0xff, 0x25},
                                  .entry_distance = entry,
                                  .syscall = {0x0f, 0x05},
                                  .compare = {0x48, 0x3d},
                                  .immediate = immediate,
                                  .jump_back = {0xff, 0x25},
                                  .back = site + SITE_BYTES,
                                  .slot = (uint32_t)(LX_COMPARE_TABLE + (uint64_t)at)};
    for (uint64_t i = (uint64_t)at; i < (uint64_t)at + 8; i++)
        taken[i / 64] |= 1ul << i % 64;
    memcpy(slots + ((uint64_t)at & LOS_PAGE_MASK), &address, sizeof(address));
    los_page_unref(page); /* the object holds it */
    sites++;
    return stub;
}

/* --- sites ---------------------------------------------------------------------------------------------------------------- */

int lx_compare_site(struct los_space *space, uint64_t after)
{
    uint64_t site = after - 2;
    uint8_t bytes[SITE_BYTES];
    int32_t immediate;
    if (site > INT32_MAX || (site & LOS_PAGE_MASK) + SITE_BYTES > LOS_PAGE ||
        los_copy_in(bytes, site, sizeof(bytes)) < 0 || bytes[0] != 0x0f || bytes[1] != 0x05 ||
        bytes[2] != 0x48 || bytes[3] != 0x3d)
        return -LOS_E_INVAL;
    memcpy(&immediate, &bytes[4], sizeof(immediate));
    struct compare_stub *stub = find(site + SITE_BYTES, immediate);
    if (!stub && !(stub = make(site, immediate)))
        return sites < SITES ? -LOS_E_NOMEM : -LOS_E_INVAL;
    int32_t distance = (int32_t)(stub->slot - (site + JUMP_BYTES));
    bytes[0] = 0xff;
    bytes[1] = 0x25;
    memcpy(&bytes[2], &distance, sizeof(distance));
    return los_space_patch(space, site, bytes, JUMP_BYTES);
}

uint32_t lx_compare_sites(void) { return sites; }

bool lx_compare_stub(uint64_t rip)
{
    return rip - LOS_STUBS - LX_STUB_PAGES * LOS_PAGE < LX_COMPARE_PAGES * LOS_PAGE;
}

/* The stub of the patched site at `site`. */
static struct compare_stub *patched_at(uint64_t site)
{
    uint8_t bytes[SITE_BYTES];
    int32_t distance, high = 0;
    if (los_copy_in(bytes, site, sizeof(bytes)) < 0 || bytes[0] != 0xff || bytes[1] != 0x25)
        return NULL;
    memcpy(&distance, &bytes[2], sizeof(distance));
    for (uint32_t i = 0; i < sites; i++) {
        struct compare_stub *stub = stub_of(i);
        high = stub->immediate >> 16; /* what is left of it at the site */
        if (stub->back == site + SITE_BYTES &&
            stub->slot == (uint32_t)(site + JUMP_BYTES + (uint64_t)(int64_t)distance) &&
            bytes[6] == (uint8_t)high && bytes[7] == (uint8_t)(high >> 8))
            return stub;
    }
    return NULL;
}

enum lx_compare_fault lx_compare_fault(struct los_frame *frame, uint32_t vector, uint64_t *tail)
{
    uint64_t rip = frame->regs.rip;
    struct compare_stub *stub = patched_at(vector == 6 ? rip - 2 : rip);
    if (!stub)
        return LX_COMPARE_NONE;
    *tail = stub->tail_address;
    if (vector != 6)
        return LX_COMPARE_CALL;
    frame->regs.rip = stub->tail_address;
    return LX_COMPARE_RESUMED;
}

/* As `cmp` sets them (Intel SDM 2A). */
static uint64_t compare_flags(uint64_t a, uint64_t b)
{
    enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800 };
    uint64_t difference = a - b, flags = 0;
    flags |= a < b ? CF : 0;
    flags |= __builtin_parity((uint8_t)difference) ? 0 : PF;
    flags |= (a ^ b ^ difference) & AF;
    flags |= difference ? 0 : ZF;
    flags |= difference >> 63 ? SF : 0;
    flags |= ((a ^ b) & (a ^ difference)) >> 63 ? OF : 0;
    return flags;
}

void lx_compare_roll_back(struct exo_regs *regs)
{
    enum { ARITHMETIC = 0x8d5 };
    uint64_t offset, in_stub = regs->rip == (uint64_t)los_patched_entry ? regs->rcx - TAIL : regs->rip;
    struct compare_stub *stub = stub_at(in_stub, &offset);
    if (!stub || offset >= TAIL_END)
        return;
    if (offset < TAIL) { /* only rcx has changed, which the call destroys */
        regs->rip = stub->back - SITE_BYTES;
        return;
    }
    if (offset == TAIL)
        regs->rflags = (regs->rflags & ~(uint64_t)ARITHMETIC) |
                       compare_flags(regs->rax, (uint64_t)(int64_t)stub->immediate);
    regs->rip = stub->back;
}
