/* SPDX-License-Identifier: MPL-2.0 */
/* What CPUID says, and switching it on. Intel SDM volume 2 (CPUID), volume 3, 2.5 (control registers) and 13 (XSAVE). */
#include "x86.h"

#define CR0_MP 0x2ul
#define CR0_EM 0x4ul
#define CR0_TS 0x8ul
#define CR0_NE 0x20ul
#define CR0_WP 0x10000ul
#define CR0_AM 0x40000ul
#define CR0_NW 0x20000000ul
#define CR0_CD 0x40000000ul

#define CR4_PAE        0x20ul
#define CR4_MCE        0x40ul
#define CR4_PGE        0x80ul
#define CR4_OSFXSR     0x200ul
#define CR4_OSXMMEXCPT 0x400ul
#define CR4_UMIP       0x800ul
#define CR4_FSGSBASE   0x10000ul
#define CR4_OSXSAVE    0x40000ul
#define CR4_SMEP       0x100000ul
#define CR4_SMAP       0x200000ul

#define EFER_SCE 0x1ul
#define EFER_NXE 0x800ul

/* Components of XCR0. */
#define XCR0_X87_SSE 0x3ul
#define XCR0_AVX     0x4ul
#define XCR0_AVX512  0xe0ul

struct x86_features x86_features;
static bool mce;

static bool bit(uint32_t word, unsigned n) { return word >> n & 1; }

static void detect_xsave(void)
{
    uint32_t leaf[4];
    x86_cpuid(0xd, 0, leaf);
    uint64_t mask = XCR0_X87_SSE;
    if (leaf[0] & XCR0_AVX) {
        mask |= XCR0_AVX;
        if ((leaf[0] & XCR0_AVX512) == XCR0_AVX512)
            mask |= XCR0_AVX512;
    }
    /* Standard form: FXSAVE's 512 bytes, the header's 64, and the components where CPUID says. */
    uint32_t size = 512 + 64;
    for (unsigned i = 2; i < 32; i++) {
        if (!(mask >> i & 1))
            continue;
        x86_cpuid(0xd, i, leaf);
        if (leaf[0] + leaf[1] > size)
            size = leaf[0] + leaf[1];
    }
    x86_cpuid(0xd, 1, leaf);
    x86_features.xsaveopt = bit(leaf[0], 0);
    x86_features.xsave_mask = mask;
    x86_features.xsave_size = size;
}

void x86_features_detect(void)
{
    struct x86_features *f = &x86_features;
    uint32_t leaf[4];
    x86_cpuid(0, 0, leaf);
    uint32_t highest = leaf[0];
    x86_cpuid(1, 0, leaf);
    f->x2apic = bit(leaf[2], 21);
    f->tsc_deadline = bit(leaf[2], 24);
    f->xsave = bit(leaf[2], 26) && highest >= 0xd;
    f->pge = bit(leaf[3], 13);
    mce = bit(leaf[3], 7);
    if (highest >= 7) {
        x86_cpuid(7, 0, leaf);
        f->fsgsbase = bit(leaf[1], 0);
        f->smep = bit(leaf[1], 7);
        f->smap = bit(leaf[1], 20);
        f->umip = bit(leaf[2], 2);
    }
    if (f->xsave)
        detect_xsave();
    x86_cpuid(0x80000001, 0, leaf);
    f->nx = bit(leaf[3], 20);
    f->pages_1g = bit(leaf[3], 26);
}

void x86_features_enable(void)
{
    const struct x86_features *f = &x86_features;
    uint64_t cr0;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 &= ~(CR0_EM | CR0_TS | CR0_AM | CR0_NW | CR0_CD);
    cr0 |= CR0_MP | CR0_NE | CR0_WP;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");

    uint64_t efer = x86_read_msr(X86_MSR_EFER) | EFER_SCE;
    x86_write_msr(X86_MSR_EFER, f->nx ? efer | EFER_NXE : efer);

    uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    cr4 |= (mce ? CR4_MCE : 0) | (f->pge ? CR4_PGE : 0) | (f->umip ? CR4_UMIP : 0) | (f->smep ? CR4_SMEP : 0) |
           (f->smap ? CR4_SMAP : 0) | (f->fsgsbase ? CR4_FSGSBASE : 0) | (f->xsave ? CR4_OSXSAVE : 0);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
    if (f->xsave)
        __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)f->xsave_mask), "d"(0));
}
