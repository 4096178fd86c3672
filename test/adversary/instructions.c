/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Instructions that ring 3 may not execute, and all ways of raising an exception. Each is a row: its bytes, and the
 * exception that it must end in.
 *
 * Harmless, and therefore not rows that must fault: rdtsc, rdtscp, rdpid, cpuid, xgetbv, rdfsbase and kin, lar, lsl, verr, verw,
 * prefetches, clflush, and popf, which leaves IF and IOPL as they are.
 */
#include "attack.h"

#define UD 1u << 6
#define GP 1u << 13

struct row {
    const char *name;
    const uint8_t *code;
    uint32_t vectors; /* bit n: exception n is right */
};

/* `text` executed by attempt(), where it comes back a plain return. */
#define ROW(name, vectors, text)                                                                               \
    {                                                                                                          \
        name, ({                                                                                               \
            const uint8_t *code_;                                                                              \
            __asm__("jmp 2f\n1: " text "\n\tret\n2: leaq 1b(%%rip), %0" : "=r"(code_));                        \
            code_;                                                                                             \
        }),                                                                                                    \
            vectors                                                                                            \
    }

static void judge(const struct row *rows, unsigned count)
{
    struct exo_upcall_frame fault;
    uint64_t fs = 0, gs = 0, fs_after = 0, gs_after = 0;
    __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
    for (const struct row *row = rows; row < rows + count; row++) {
        bool faulted = attempt((void (*)(uint64_t))row->code, MEMORY_VA + 1024, &fault);
        if (!EXPECT(faulted, "%s does not fault", row->name))
            continue;
        EXPECT(fault.vector < 32 && row->vectors >> fault.vector & 1, "%s: exception %u, error %x", row->name,
               fault.vector, fault.error);
        EXPECT(fault.vector == 14 || fault.address == 0, "%s: an address, though it is no page fault",
               row->name);
        __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs_after), "=r"(gs_after));
        EXPECT(fs == fs_after && gs == gs_after, "%s changed FS or GS base", row->name);
        EXPECT(exo_abi_version() == EXO_ABI_VERSION, "after %s calls do not work", row->name);
    }
}

ATTACK(instructions, privileged)
{
    const struct row rows[] = {
        ROW("cli", GP, "cli"),
        ROW("sti", GP, "sti"),
        ROW("hlt", GP, "hlt"),
        ROW("in al, imm", GP, "inb $0x80, %%al"),
        ROW("in al, dx", GP, "movw $0x3f8, %%dx; inb %%dx, %%al"),
        ROW("in ax, dx", GP, "movw $0xcf8, %%dx; inw %%dx, %%ax"),
        ROW("in eax, dx", GP, "movw $0xcfc, %%dx; inl %%dx, %%eax"),
        ROW("out imm, al", GP, "outb %%al, $0xe9"),
        ROW("out dx, al", GP, "movw $0xe9, %%dx; outb %%al, %%dx"),
        ROW("out dx, ax", GP, "movw $0x604, %%dx; movw $0x2000, %%ax; outw %%ax, %%dx"),
        ROW("out dx, eax", GP, "movw $0xcf8, %%dx; outl %%eax, %%dx"),
        ROW("ins", GP, "movw $0x60, %%dx; insb"),
        ROW("outs", GP, "movw $0xe9, %%dx; leaq 1b(%%rip), %%rsi; outsb"),
        ROW("rep ins", GP, "movw $0x60, %%dx; movl $4, %%ecx; rep insb"),
        ROW("read cr0", GP, "movq %%cr0, %%rax"),
        ROW("read cr2", GP, "movq %%cr2, %%rax"),
        ROW("read cr3", GP, "movq %%cr3, %%rax"),
        ROW("read cr4", GP, "movq %%cr4, %%rax"),
        ROW("read cr8", GP, "movq %%cr8, %%rax"),
        ROW("write cr0", GP, "movl $0x33, %%eax; movq %%rax, %%cr0"),
        ROW("write cr2", GP, "movq %%rax, %%cr2"),
        ROW("write cr3", GP, "xorl %%eax, %%eax; movq %%rax, %%cr3"),
        ROW("write cr4", GP, "xorl %%eax, %%eax; movq %%rax, %%cr4"),
        ROW("write cr8", GP, "xorl %%eax, %%eax; movq %%rax, %%cr8"),
        ROW("cr1", UD | GP, ".byte 0x0f, 0x20, 0xc8"),
        ROW("cr5", UD | GP, ".byte 0x0f, 0x20, 0xe8"),
        ROW("cr7", UD | GP, ".byte 0x0f, 0x22, 0xf8"),
        ROW("read dr0", GP, "movq %%db0, %%rax"),
        ROW("read dr6", GP, "movq %%db6, %%rax"),
        ROW("read dr7", GP, "movq %%db7, %%rax"),
        ROW("write dr0", GP, "xorl %%eax, %%eax; movq %%rax, %%db0"),
        ROW("write dr7", GP, "movl $0x401, %%eax; movq %%rax, %%db7"),
        ROW("lgdt", GP, "lgdt (%%rdi)"),
        ROW("lidt", GP, "lidt (%%rdi)"),
        ROW("lldt", GP, "xorl %%eax, %%eax; lldt %%ax"),
        ROW("ltr", GP, "movl $0x40, %%eax; ltr %%ax"),
        ROW("lmsw", GP, "movl $1, %%eax; lmsw %%ax"),
        ROW("clts", GP, "clts"),
        ROW("rdmsr", GP, "movl $0xc0000082, %%ecx; rdmsr"),
        ROW("rdmsr of the APIC base", GP, "movl $0x1b, %%ecx; rdmsr"),
        ROW("wrmsr of LSTAR", GP, "movl $0xc0000082, %%ecx; xorl %%eax, %%eax; xorl %%edx, %%edx; wrmsr"),
        ROW("wrmsr of EFER", GP, "movl $0xc0000080, %%ecx; xorl %%eax, %%eax; xorl %%edx, %%edx; wrmsr"),
        ROW("wrmsr of the GS bases", GP,
            "movl $0xc0000102, %%ecx; xorl %%eax, %%eax; xorl %%edx, %%edx; wrmsr"),
        ROW("invlpg", GP, "invlpg (%%rdi)"),
        ROW("invpcid", GP | UD, "xorl %%eax, %%eax; invpcid (%%rdi), %%rax"),
        ROW("invd", GP, "invd"),
        ROW("wbinvd", GP, "wbinvd"),
        ROW("swapgs", GP, "swapgs"),
        ROW("sysretq", GP, "leaq 1b(%%rip), %%rcx; movl $0x3202, %%r11d; sysretq"),
        ROW("sysretl", GP, "leaq 1b(%%rip), %%rcx; sysretl"),
        ROW("sysexit", GP | UD, "leaq 1b(%%rip), %%rdx; movq %%rsp, %%rcx; sysexitq"),
        ROW("sysenter", GP | UD, "sysenter"),
        ROW("rsm", UD, "rsm"),
        ROW("vmcall", UD, "vmcall"),
        ROW("vmmcall", UD, "vmmcall"),
        ROW("vmlaunch", UD | GP, "vmlaunch"),
        ROW("vmxoff", UD | GP, "vmxoff"),
        ROW("vmrun", UD | GP, "movq %%rdi, %%rax; vmrun"),
        ROW("vmload", UD | GP, "movq %%rdi, %%rax; vmload"),
        ROW("stgi", UD | GP, "stgi"),
        ROW("clgi", UD | GP, "clgi"),
        ROW("skinit", UD | GP, "skinit"),
        ROW("xsetbv", GP, "xorl %%ecx, %%ecx; xorl %%edx, %%edx; movl $1, %%eax; xsetbv"),
        ROW("xrstors", UD | GP, "movl $3, %%eax; xorl %%edx, %%edx; xrstors64 (%%rdi)"),
        ROW("rdpmc", GP | UD, "xorl %%ecx, %%ecx; rdpmc"),
        ROW("monitor", UD, "movq %%rdi, %%rax; xorl %%ecx, %%ecx; xorl %%edx, %%edx; monitor"),
        ROW("mwait", UD, "xorl %%eax, %%eax; xorl %%ecx, %%ecx; mwait"),
        ROW("stac", UD | GP, "stac"),
        ROW("clac", UD | GP, "clac"),
        ROW("getsec", UD | GP, "xorl %%eax, %%eax; .byte 0x0f, 0x37"),
        ROW("rdpkru", UD, "xorl %%ecx, %%ecx; .byte 0x0f, 0x01, 0xee"),
        ROW("wrpkru", UD, "xorl %%eax, %%eax; xorl %%ecx, %%ecx; xorl %%edx, %%edx; .byte 0x0f, 0x01, 0xef"),
    };
    judge(rows, sizeof rows / sizeof rows[0]);
}

static bool cpu_has_umip(void)
{
    uint32_t a = 7, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c >> 2 & 1;
}

/* Where the exokernel's tables are is nobody's business. */
ATTACK(instructions, umip)
{
    const struct row rows[] = {
        ROW("sgdt", GP, "sgdt (%%rdi)"), ROW("sidt", GP, "sidt (%%rdi)"), ROW("sldt", GP, "sldt (%%rdi)"),
        ROW("str", GP, "str (%%rdi)"),   ROW("smsw", GP, "smsw (%%rdi)"),
    };
    if (!cpu_has_umip())
        skip("this CPU lets ring 3 read the tables' addresses");
    else
        judge(rows, sizeof rows / sizeof rows[0]);
}

/* Not here: SSE exceptions and MXCSR's reserved bits, which QEMU does not check. */
ATTACK(instructions, exceptions)
{
    const struct row rows[] = {
        ROW("divide by zero", 1u << 0, "xorl %%ecx, %%ecx; movl $1, %%eax; xorl %%edx, %%edx; divl %%ecx"),
        ROW("divide overflow", 1u << 0, "movl $-1, %%edx; movl $1, %%ecx; divl %%ecx"),
        ROW("icebp", 1u << 1 | UD /* QEMU */, ".byte 0xf1"),
        ROW("int3", 1u << 3, "int3"),
        ROW("ud2", UD, "ud2"),
        ROW("ud1", UD, ".byte 0x0f, 0xb9, 0xc0"),
        ROW("into", UD, ".byte 0xce"),
        ROW("lock nop", UD, ".byte 0xf0, 0x90"),
        ROW("far jump, old form", UD, ".byte 0xea, 0, 0, 0, 0, 0, 0"),
        ROW("fifteen prefixes and more", GP, ".rept 15; .byte 0x66; .endr; nop"),
        ROW("non-canonical load", GP, "movabsq $0x800000000000, %%rax; movq (%%rax), %%rax"),
        ROW("non-canonical stack", 1u << 12 | GP,
            "movq %%rsp, %%r12; movabsq $0x8000000000008, %%rsp; pushq %%rax"),
        ROW("kernel load", 1u << 14, "movq $-4096, %%rax; movq (%%rax), %%rax"),
        ROW("kernel store", 1u << 14, "movq $0xffffffff80000000, %%rax; movq %%rax, (%%rax)"),
        ROW("direct map load", 1u << 14, "movabsq $0xffff800000000000, %%rax; movq (%%rax), %%rax"),
        ROW("kernel fetch", 1u << 14, "movq $0xffffffff80000000, %%rax; jmp *%%rax"),
        ROW("kernel stack", 1u << 14, "movq $-4096, %%rsp; pushq %%rax"),
        ROW("non-canonical jump", GP | 1u << 14, "movabsq $0x800000000000, %%rax; jmp *%%rax"),
        ROW("non-canonical return", GP | 1u << 14, "movabsq $0x123456789abcdef0, %%rax; pushq %%rax; ret"),
        ROW("text store", 1u << 14, "leaq 1b(%%rip), %%rax; movb $0x90, (%%rax)"),
        ROW("data fetch", 1u << 14, "jmp *%%rdi"),
        ROW("x87", 1u << 16, "fninit; pushq $0x340; fldcw (%%rsp); fldz; fld1; fdivp; fwait; popq %%rax"),
        ROW("misaligned movaps", GP, "movaps 1(%%rdi), %%xmm0"),
        ROW("misaligned xsave", GP, "movl $3, %%eax; xorl %%edx, %%edx; xsave 8(%%rdi)"),
        ROW("xrstor of a bad header", GP,
            "movq $-1, 512(%%rdi); movl $-1, %%eax; movl $-1, %%edx; xrstor (%%rdi)"),
        ROW("misaligned cmpxchg16b", GP, "lock cmpxchg16b 8(%%rdi)"),
    };
    judge(rows, sizeof rows / sizeof rows[0]);
    __asm__ volatile("fninit; pushq $0x1f80; ldmxcsr (%%rsp); popq %%rax" : : : "rax");
}

/* All 256, from code written for the purpose. */
ATTACK(instructions, interrupts)
{
    uint8_t *code = MEMORY;
    struct exo_upcall_frame fault;
    EXPECT_GOOD(exo_space_protect(START->space, MEMORY_VA, 1, EXO_MAP_R | EXO_MAP_W | EXO_MAP_X));
    for (uint64_t n = 0; n < 256; n++) {
        code[0] = 0xcd;
        code[1] = (uint8_t)n;
        code[2] = 0xc3;
        bool faulted = attempt((void (*)(uint64_t))code, 0, &fault);
        EXPECT(faulted, "int %u does not fault", n);
        if (n == 3)
            EXPECT(fault.vector == 3 && fault.rip == MEMORY_VA + 2, "int 3: exception %u", fault.vector);
        else
            EXPECT(fault.vector == 13 &&
                       (fault.error == n * 8 + 2 || fault.error == n * 16 + 2 /* QEMU before 8 */),
                   "int %u: exception %u error %x", n, fault.vector, fault.error);
    }
}

/* Port by port: the bitmap that would let ring 3 in does not exist. */
ATTACK(instructions, all_ports)
{
    struct exo_upcall_frame fault;
    static const uint8_t in[] = {0x66, 0x89, 0xfa, 0xec, 0xc3}; /* mov %di, %dx; in %dx, %al; ret */
    for (uint64_t port = 0; port < 65536; port += port < 0x1000 ? 1 : 0x111)
        EXPECT(attempt((void (*)(uint64_t))in, port, &fault) && fault.vector == 13, "port %x can be read",
               port);
}
