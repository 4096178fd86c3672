/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Patching: a system call site that was reflected once becomes a jump into the library OS.
 *
 *   before   b8 nn nn nn nn   mov $n, %eax          after   ff 24 25 aa aa aa aa   jmp *[slot]
 *            0f 05            syscall
 *
 * The slot is eight bytes in the jump table, which every program has mapped read-only at TABLE; it holds the address of the site's
 * stub, in the container segment:
 *
 *            mov $n, %eax;  movabs $after_the_site, %rcx;  jmp los_patched_entry
 *
 * Nothing is pushed, so the red zone is kept, and rcx and r11 are what `syscall` destroys anyway. A jump from elsewhere to the old
 * `syscall` finds the last two bytes of the slot's address, 60 7f or 61 7f: no instruction in 64-bit mode. It traps, and lx_patch_fault
 * does the call that was meant; so does a vCPU that was between the two instructions when the site changed.
 *
 * Sites of another form are patch_compare.c's.
 *
 * Stubs are named by number and return address alone, so every process that has the same site shares them; the patched page
 * is shared through los_space_patch. Both tables are bounded and are never emptied.
 */
#include <exo/typed.h>
#include <los/image.h>
#include <los/quick.h>
#include <dispatch.h>
#include <patch.h>
#include <patch_internal.h>

#define SLOTS      (LX_TABLE_BYTES / 8)
#define SITE_BYTES 7u
#define SYSCALL_AT 5u

#define STUB_BYTES   32u
#define STUBS_A_PAGE (LOS_PAGE / STUB_BYTES - 1) /* the first place holds the address of los_patched_entry */
#define NO_SLOT      UINT32_MAX

#define BUCKETS 1024u
#define REFUSED 256u

struct __attribute__((packed)) stub {
    uint8_t mov_eax; /* b8 */
    uint32_t number;
    uint8_t movabs_rcx[2]; /* 48 b9 */
    uint64_t return_address;
    uint8_t jump[2]; /* ff 25: through the pointer that lies `distance` after this instruction */
    int32_t distance;
    uint16_t next; /* slot + 1 of the next stub in its bucket */
    uint8_t unused[STUB_BYTES - 23];
};
_Static_assert(sizeof(struct stub) == STUB_BYTES, "one place");

static struct los_object *table; /* NULL: patching is off */
static uint32_t slots;           /* in use */
static uint16_t bucket[BUCKETS]; /* slot + 1; 0: empty */
static los_pageno stub_page[LX_STUB_PAGES + LX_COMPARE_PAGES];
_Static_assert(LX_STUB_PAGES *STUBS_A_PAGE >= SLOTS, "a stub for each slot");
static uint64_t patched, refused, recovered;

/* Sites that cannot be patched, by return address and space; a newer one takes the place of an older. */
static struct {
    uint64_t return_address;
    exo_space space;
} refusal[REFUSED];

void lx_patch_init(void)
{
    if (!los_option("nopatch"))
        table = los_object_anonymous(LX_TABLE_ALL / LOS_PAGE);
}

void lx_patch_map(struct los_space *space)
{
    for (uint32_t i = 0; i < los_cpu_count(); i++) /* another program may have a better site there */
        memset(los_cpu_number(i)->refused, 0, sizeof(los_cpu_number(i)->refused));
    if (table)
        los_space_map(space, LX_TABLE, LX_TABLE_ALL, LOS_READ, LOS_FIXED | LOS_NOREPLACE, table, 0, NULL,
                      "[patch]");
}

/* --- stubs -------------------------------------------------------------------------------------------------------------- */
static struct stub *stub_of(uint32_t slot)
{
    return (struct stub *)los_page_address(stub_page[slot / STUBS_A_PAGE]) + 1 + slot % STUBS_A_PAGE;
}

static uint64_t stub_address(uint32_t slot)
{
    return LOS_STUBS + slot / STUBS_A_PAGE * LOS_PAGE + (1 + slot % STUBS_A_PAGE) * STUB_BYTES;
}

static uint16_t *bucket_of(uint64_t return_address)
{
    return &bucket[(return_address * 0x9e3779b97f4a7c15ul >> 32) % BUCKETS];
}

/* Programs execute the page where it is mapped; the library OS writes it through the direct map. */
static bool stub_page_make(uint32_t index)
{
    los_pageno page = los_page_alloc();
    if (!page)
        return false;
    char *at = los_page_address(page);
    memset(at, 0xcc, LOS_PAGE);
    uint64_t entry = (uint64_t)los_patched_entry;
    memcpy(at, &entry, sizeof(entry));
    uint64_t offset;
    exo_frame_rwx frame = los_page_frame(page, &offset);
    struct exo_map map = EXO_MAP(LOS_STUBS + index * LOS_PAGE, frame, offset, 1, EXO_MAP_R | EXO_MAP_X);
    if (exo_space_map(LOS_START_PAGE->space, &map, 1) != 1) {
        los_page_unref(page);
        return false;
    }
    stub_page[index] = page;
    return true;
}

uint8_t *lx_stub_page(uint32_t index)
{
    return stub_page[index] || stub_page_make(index) ? los_page_address(stub_page[index]) : NULL;
}

uint8_t *lx_table_page(uint64_t index, los_pageno *page)
{
    return table->ops->page(table, index, true, page) < 0 ? NULL : los_page_address(*page);
}

/* The slot for a site, made when there is none; NO_SLOT: no room, no memory. */
static uint32_t slot_for(uint64_t return_address, uint32_t number)
{
    uint16_t *head = bucket_of(return_address);
    for (uint32_t at = *head; at; at = stub_of(at - 1)->next) {
        struct stub *stub = stub_of(at - 1);
        if (stub->return_address == return_address && stub->number == number)
            return at - 1;
    }
    los_pageno page;
    uint32_t slot = slots;
    if (slot == SLOTS || !lx_stub_page(slot / STUBS_A_PAGE))
        return NO_SLOT;
    uint64_t *entry = (uint64_t *)lx_table_page(slot / (LOS_PAGE / 8), &page);
    if (!entry)
        return NO_SLOT;
    slots++;
    uint32_t end = (1 + slot % STUBS_A_PAGE) * STUB_BYTES + offsetof(struct stub, next);
    *stub_of(slot) = (struct stub){.mov_eax = 0xb8,
                                   .number = number,
                                   .movabs_rcx = {0x48, 0xb9},
                                   .return_address = return_address,
                                   .jump = {0xff, 0x25},
                                   .distance = -(int32_t)end,
                                   .next = *head};
    *head = (uint16_t)(slot + 1);
    __atomic_store_n(&entry[slot % (LOS_PAGE / 8)], stub_address(slot), __ATOMIC_RELEASE);
    los_page_unref(page); /* the object holds it */
    return slot;
}

/* --- sites -------------------------------------------------------------------------------------------------------------- */
static bool is_site(const uint8_t bytes[1 + SITE_BYTES], uint64_t number)
{
    uint32_t value;
    memcpy(&value, &bytes[2], sizeof(value));
    return (bytes[0] & 0xf0) != 0x40 /* a REX prefix would make it another instruction */ && bytes[1] == 0xb8 &&
           value == number && bytes[6] == 0x0f && bytes[7] == 0x05;
}

static void make_jump(uint8_t bytes[SITE_BYTES], uint32_t slot)
{
    uint32_t address = (uint32_t)(LX_TABLE + slot * 8);
    bytes[0] = 0xff;
    bytes[1] = 0x24;
    bytes[2] = 0x25;
    memcpy(&bytes[3], &address, sizeof(address));
}

/* The slot that patched bytes jump through, if they are a site of ours that returns to `return_address`. */
static uint32_t slot_of_jump(const uint8_t bytes[SITE_BYTES], uint64_t return_address)
{
    uint32_t address;
    memcpy(&address, &bytes[3], sizeof(address));
    uint32_t slot = (uint32_t)(address - LX_TABLE) / 8;
    if (bytes[0] != 0xff || bytes[1] != 0x24 || bytes[2] != 0x25 || address < LX_TABLE || address % 8 ||
        slot >= slots || stub_of(slot)->return_address != return_address)
        return NO_SLOT;
    return slot;
}

static void look_at_site(const struct los_frame *frame)
{
    struct los_space *space = los_cpu()->space;
    uint64_t after = frame->regs.rip, site = after - SITE_BYTES;
    unsigned hash = (unsigned)(after ^ after >> 8) % REFUSED;
    if (refusal[hash].return_address == after && refusal[hash].space == space->handle) {
        los_cpu()->refused[after % LOS_REFUSED] = after;
        return;
    }
    uint8_t bytes[1 + SITE_BYTES] = {0};
    bool good = after > LOS_PAGE && (site & LOS_PAGE_MASK) + SITE_BYTES <= LOS_PAGE &&
                los_copy_in(&bytes[1], site, SITE_BYTES) == 0;
    if (good && los_copy_in(bytes, site - 1, 1) < 0) /* nothing before the page */
        bytes[0] = 0;
    if (lx_compare_stub(after) || (good && slot_of_jump(&bytes[1], after) != NO_SLOT))
        return; /* a call made again; or another vCPU was faster */
    int error = -LOS_E_NOMEM;
    if (good && is_site(bytes, frame->number)) {
        uint32_t slot = slot_for(after, (uint32_t)frame->number);
        if (slot != NO_SLOT) {
            make_jump(bytes, slot);
            error = los_space_patch(space, site, bytes, SITE_BYTES);
        }
    } else {
        error = lx_compare_site(space, after);
    }
    patched += error == 0;
    if (error == -LOS_E_NOMEM && slots < SLOTS)
        return; /* memory may come back */
    if (error) {
        los_cpu()->refused[after % LOS_REFUSED] = after;
        refused++;
        refusal[hash].return_address = after;
        refusal[hash].space = space->handle;
    }
}

void lx_patch_reflected(struct los_frame *frame)
{
    los_cpu()->page->syscall_rip = 0; /* tells the next call from a patched site apart from this one */
    if (table)
        look_at_site(frame);
}

/* --- faults ----------------------------------------------------------------------------------------------------------- */
/* Does the call of a site as if it had been reflected. */
static bool do_call(struct los_frame *frame, uint64_t number, uint64_t return_address)
{
    recovered++;
    frame->number = number;
    frame->regs.rax = number;
    frame->regs.rip = frame->regs.rcx = return_address;
    frame->regs.r11 = frame->regs.rflags;
    los_current()->in_system_call = true;
    lx_system_call(frame);
    return true;
}

bool lx_patch_fault(struct los_frame *frame, uint32_t vector, uint64_t address)
{
    uint8_t bytes[SITE_BYTES];
    uint64_t rip = frame->regs.rip, site = vector == 6 ? rip - SYSCALL_AT : rip, after = site + SITE_BYTES,
             tail;
    if (!table || (vector != 6 && (vector != 14 || address - LX_TABLE >= LX_TABLE_ALL)))
        return false;
    uint32_t slot = los_copy_in(bytes, site, sizeof(bytes)) < 0 ? NO_SLOT : slot_of_jump(bytes, after);
    if (slot == NO_SLOT) {
        switch (lx_compare_fault(frame, vector, &tail)) {
        case LX_COMPARE_NONE: return false;
        case LX_COMPARE_RESUMED: return true;
        case LX_COMPARE_CALL: break;
        }
        lx_patch_map(los_cpu()->space);
        return do_call(frame, (uint32_t)frame->regs.rax, tail);
    }
    if (vector == 6) /* at the old `syscall`, with a number of its own */
        return do_call(frame, frame->regs.rax, after);
    lx_patch_map(los_cpu()->space);
    return do_call(frame, stub_of(slot)->number, after);
}

void lx_patch_roll_back(struct los_frame *frame)
{
    struct exo_regs *regs = &frame->regs;
    uint64_t offset = regs->rip - LOS_STUBS;
    uint64_t page = offset / LOS_PAGE, place = offset % LOS_PAGE / STUB_BYTES;
    /* Stubs change eax and rcx alone, which the call destroys: the site can be begun again. */
    if (lx_compare_stub(regs->rip == (uint64_t)los_patched_entry ? regs->rcx : regs->rip))
        lx_compare_roll_back(regs);
    else if (regs->rip == (uint64_t)los_patched_entry)
        regs->rip = regs->rcx - SITE_BYTES;
    else if (offset < LX_STUB_PAGES * LOS_PAGE && stub_page[page] && place)
        regs->rip = stub_of((uint32_t)(page * STUBS_A_PAGE + place - 1))->return_address - SITE_BYTES;
}

void lx_patch_counts(struct lx_patch_counts *counts)
{
    *counts = (struct lx_patch_counts){.sites = slots + lx_compare_sites(),
                                       .patched = patched,
                                       .refused = refused,
                                       .recovered = recovered,
                                       .sites_max = SLOTS};
    for (uint32_t number = 0; number < LX_CALLS; number++)
        counts->calls += los_quick_count(number);
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        const struct los_cpu *cpu = los_cpu_number(i);
        counts->calls += cpu->system_calls;
        counts->reflected += cpu->page ? cpu->page->count_reflected : 0;
    }
}
