# SPDX-License-Identifier: MPL-2.0
# KxOS. The two commands of a newcomer are `make run` and `make test`; both install what is missing first.
# A source file is found by where it lies: adding one needs no edit here.

BUILD := build
MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(or $(shell nproc 2>/dev/null),2)
endif
, := ,
.DELETE_ON_ERROR:
.SECONDARY:

CC := gcc
HOSTCC := gcc
BUSYBOX ?= /bin/busybox

WARN := -Wall -Wextra -Werror
FREESTANDING := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-stack-protector -mno-red-zone -mgeneral-regs-only \
    -fcf-protection=none -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
EXO_INCLUDE := -Iexo/include -Iexo/core -Iexo/device -Iexo/x86_64
LIBOS_INCLUDE := -Iexo/include -Ilibos/include -Ilinux-personality
EXO_FLAGS := $(FREESTANDING) -mcmodel=kernel -fno-pic -no-pie $(EXO_INCLUDE)
LIBOS_FLAGS := $(FREESTANDING) -fpie -fvisibility=hidden -mcmodel=small $(LIBOS_INCLUDE)
SUPERVISOR_FLAGS := $(LIBOS_FLAGS) -Ilibos/supervisor
LINK := -nostdlib -static -no-pie -Wl,--fatal-warnings -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096

# --- sources ----------------------------------------------------------------------------------------------------
object = $(patsubst %,$(BUILD)/$(1)/%.o,$(2))

EXO_SOURCES := $(wildcard exo/core/*.c exo/device/*.c exo/x86_64/*.c exo/x86_64/*.S)
SUPERVISOR_SOURCES := $(wildcard libos/supervisor/*.c libos/supervisor/*.S)
# A folder of libos/ with a file IMAGE is a library OS of its own, build/FOLDER.img; IMAGE says in a line what it is.
LIBOS_FOLDERS := $(patsubst libos/%/IMAGE,%,$(wildcard libos/*/IMAGE))
LIBOS_SOURCES := $(filter-out libos/supervisor/% libos/newlib/% $(LIBOS_FOLDERS:%=libos/%/%), \
    $(wildcard libos/*.c libos/*.S libos/*/*.c libos/*/*.S))
VDSO_SOURCES := $(wildcard linux-personality/vdso/*.c linux-personality/vdso/*.S)
LINUX_SOURCES := $(LIBOS_SOURCES) $(filter-out linux-personality/vdso/%, \
    $(wildcard linux-personality/*.c linux-personality/*.S linux-personality/*/*.c linux-personality/*/*.S))

EXO_OBJECTS := $(call object,exo,$(EXO_SOURCES))
SUPERVISOR_OBJECTS := $(call object,supervisor,$(SUPERVISOR_SOURCES))
LINUX_OBJECTS := $(call object,linux,$(LINUX_SOURCES))
VDSO_OBJECTS := $(call object,vdso,$(VDSO_SOURCES))

# Programs that are linked with their library OS: libos/newlib/programs/NAME.c, or a folder NAME with a file IMAGE as above. They need newlib,
# which Debian's package brings as an archive; and those with a file SOURCE that of a Debian source package (boot/install-deps).
NEWLIB := $(BUILD)/newlib
NEWLIB_ARCHIVE := $(firstword $(wildcard /usr/src/newlib/newlib-*.tar.xz))
NEWLIB_PROGRAMS := $(patsubst libos/newlib/programs/%.c,%,$(wildcard libos/newlib/programs/*.c)) \
    $(patsubst libos/newlib/programs/%/IMAGE,%,$(wildcard libos/newlib/programs/*/IMAGE))
# $(call source_line,NAME,WHAT): the rest of the line `WHAT ...` of the program's file SOURCE
source_line = $(shell sed -n 's,^$(2) ,,p' libos/newlib/programs/$(1)/SOURCE 2>/dev/null)
source_folder = $(addprefix $(BUILD)/source/,$(call source_line,$(1),package))
newlib_has_source = $(if $(call source_folder,$(1)),$(wildcard $(call source_folder,$(1))/.),yes)
NEWLIB_IMAGES := $(if $(NEWLIB_ARCHIVE),$(foreach p,$(NEWLIB_PROGRAMS),$(if $(call newlib_has_source,$(p)),$(p))))
NEWLIB_MISSING := $(filter-out $(NEWLIB_IMAGES),$(NEWLIB_PROGRAMS))

LIBOS_IMAGES := linux $(LIBOS_FOLDERS) $(NEWLIB_IMAGES)
IMAGES := $(BUILD)/kxos.elf $(BUILD)/kxos-checked.elf $(BUILD)/supervisor.img $(LIBOS_IMAGES:%=$(BUILD)/%.img) $(BUILD)/rootfs.cpio \
    $(BUILD)/bundle $(BUILD)/kxos.bundle $(BUILD)/libos-images

# --- what people type ---------------------------------------------------------------------------------------------
.PHONY: all newlib-missing run test unit kx-test types mutant mutants coverage fuzz fuzz-short fuzz-parsers fuzz-parsers-short guest adversary device iso size check purity readme format clean bench bench-quick hosted sanitized deps
all: $(IMAGES) newlib-missing

newlib-missing:
	@[ -z "$(NEWLIB_MISSING)" ] || echo 'newlib: left out for want of source, which boot/install-deps brings: $(NEWLIB_MISSING)' >&2

export CMD ROOTFS SMP MEM ACCEL LIBOS
run: deps
	@$(MAKE) -s all iso
	@boot/run $${CMD:+--cmd "$$CMD"} $${ROOTFS:+--rootfs "$$ROOTFS"} $${SMP:+--smp "$$SMP"} $${MEM:+--mem "$$MEM"} \
	    $${ACCEL:+--accel "$$ACCEL"} $${LIBOS:+--libos "$$LIBOS"}

test: deps
	@$(MAKE) -s check size
	@$(MAKE) -s types
	@$(MAKE) -s unit
	@$(MAKE) -s kx-test
	@$(MAKE) -s fuzz-short fuzz-parsers-short
	@$(MAKE) -s all iso
	@test/sanitizer/run
	@test/guest/run
	@$(MAKE) -s adversary device # beside each other

deps:
	@boot/install-deps

iso: $(BUILD)/kxos.iso

# KxOS beside Linux, and the report: build/bench/results.html. The first takes about 40 minutes, the second less than five.
bench bench-quick:
	@boot/install-deps bench
	@bench/run $(if $(filter bench-quick,$@),--quick)

hosted: $(BUILD)/hosted/kxos $(BUILD)/libos-images $(BUILD)/supervisor.img $(LIBOS_IMAGES:%=$(BUILD)/%.img) $(BUILD)/rootfs.cpio

clean:
	rm -rf $(BUILD)

# --- the exokernel --------------------------------------------------------------------------------------------------
$(BUILD)/exo/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(EXO_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/kxos.elf: $(EXO_OBJECTS) boot/kernel.ld
	$(CC) $(LINK) -T boot/kernel.ld -o $@ $(EXO_OBJECTS)

# The same with the walk over all invariants after every N-th call: boot/run --check N.
CHECKED_OBJECTS := $(call object,exo,$(wildcard test/invariant/*.c))
$(CHECKED_OBJECTS): EXO_FLAGS += -Itest/invariant
$(BUILD)/kxos-checked.elf: $(EXO_OBJECTS) $(CHECKED_OBJECTS) boot/kernel.ld
	$(CC) $(LINK) -T boot/kernel.ld -o $@ $(EXO_OBJECTS) $(CHECKED_OBJECTS)

# --- the hosted machine: the same core as a program; see exo/hosted/README.md ----------------------------------------------
HOSTED_OBJECTS := $(call object,hosted/object,$(wildcard exo/core/*.c exo/device/*.c exo/hosted/*.c) exo/x86_64/upcall.c \
    $(wildcard test/invariant/*.c))
# Position independent, because it is linked higher than 2 GiB, out of the guest's way.
HOSTED_FLAGS := -std=gnu11 -O2 -g $(WARN) -fPIE -fno-stack-protector -fcf-protection=none -fno-strict-aliasing -DEXO_HOSTED \
    -Iexo/hosted -Iexo/include -Iexo/core -Iexo/device -Itest/invariant

$(BUILD)/hosted/object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(HOSTED_FLAGS) -MMD -MP -c -o $@ $<

# The start files by name: gcc's own for static programs want to lie below 2 GiB. Nor can the hooks of parts of the C library that are
# not linked be absent, as their address would be 0: they do nothing.
HOSTED_START := $(shell $(CC) -print-file-name=crt1.o) $(shell $(CC) -print-file-name=crti.o)
HOSTED_HOOKS := __pthread_initialize_minimal __call_tls_dtors __pthread_unwind __nss_database_fork_prepare_parent \
    __nss_database_fork_subprocess __mq_notify_fork_subprocess __timer_fork_subprocess
$(BUILD)/hosted/kxos: $(HOSTED_OBJECTS) exo/hosted/hosted.ld
	$(HOSTED_LINK)

HOSTED_LINK = $(CC) -static -no-pie -nostartfiles -Wl,--no-relax,-Ttext-segment=0x720000000000,-T,exo/hosted/hosted.ld,-z,noexecstack -o $@ \
    $(HOSTED_HOOKS:%=-Wl,--defsym=%=host_nothing) $(HOSTED_START) $(HOSTED_OBJECTS) $(shell $(CC) -print-file-name=crtn.o)

# --- the supervisor: a flat image whose header its linker script makes ------------------------------------------------
$(BUILD)/supervisor/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(SUPERVISOR_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/supervisor.elf: $(SUPERVISOR_OBJECTS) libos/supervisor/supervisor.ld
	$(CC) $(LINK) -T libos/supervisor/supervisor.ld -o $@ $(SUPERVISOR_OBJECTS)

$(BUILD)/supervisor.img: $(BUILD)/supervisor.elf
	objcopy -O binary --set-section-flags .bss=alloc,load,contents $< $@

# --- bare images: flat images of a folder that boot instead of the supervisor (boot/run --first) ------------------------
BARE_LIB := test/adversary/lib
BARE_LIB_OBJECTS := $(call object,bare,$(wildcard $(BARE_LIB)/*.c $(BARE_LIB)/*.S))
BARE_FLAGS := $(LIBOS_FLAGS) -Wno-missing-field-initializers -I$(BARE_LIB)

$(BUILD)/bare/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(BARE_FLAGS) -I$(<D) -MMD -MP -c -o $@ $<

# $(call bare_image,NAME,FOLDER): build/NAME.img from the C and assembly files of the folder and the library
define bare_image
$(BUILD)/$(1).elf: $(call object,bare,$(wildcard $(2)/*.c $(2)/*.S)) $(BARE_LIB_OBJECTS) $(BARE_LIB)/image.ld
	$(CC) $(LINK) -T $(BARE_LIB)/image.ld -o $$@ $$(filter %.o,$$^)
$(BUILD)/$(1).img: $(BUILD)/$(1).elf
	objcopy -O binary --set-section-flags .bss=alloc,load,contents $$< $$@
endef
$(eval $(call bare_image,adversary,test/adversary))
$(eval $(call bare_image,device,test/device))
$(eval $(call bare_image,primitives,bench/primitives))

# --- the Linux library OS image ---------------------------------------------------------------------------------------
$(BUILD)/linux/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(LIBOS_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/linux.elf: $(LINUX_OBJECTS) $(BUILD)/vdso_image.o boot/libos.ld
	$(CC) $(LINK) -Wl,--no-relax -T boot/libos.ld -o $@ $(LINUX_OBJECTS) $(BUILD)/vdso_image.o

$(BUILD)/linux.img: $(BUILD)/linux.elf
	strip -s -o $@ $<

# --- other library OS images: one for each folder with a file IMAGE -----------------------------------------------------
$(BUILD)/libos/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(LIBOS_FLAGS) -I$(<D) -MMD -MP -c -o $@ $<

define libos_image
$(BUILD)/$(1).elf: $(call object,libos,$(wildcard libos/$(1)/*.c libos/$(1)/*.S)) boot/libos.ld
	$(CC) $(LINK) -Wl,--no-relax -T boot/libos.ld -o $$@ $$(filter %.o,$$^)
$(BUILD)/$(1).img: $(BUILD)/$(1).elf
	strip -s -o $$@ $$<
endef
$(foreach folder,$(LIBOS_FOLDERS),$(eval $(call libos_image,$(folder))))

# --- programs with newlib, each linked with its library OS into one image: libos/newlib/README.md ---------------------------
# The library OS's side is linked first and keeps only its entries global, so that its memcpy and newlib's do not meet.
NEWLIB_OBJECTS := $(call object,linux,$(LIBOS_SOURCES)) $(call object,libos,$(wildcard libos/newlib/*.c libos/newlib/*.S))
NEWLIB_LIBRARY := $(call object,newlib/object,$(wildcard libos/newlib/library/*.c))
NEWLIB_C := $(NEWLIB)/lib/libc.a
NEWLIB_FLAGS := -std=gnu11 -O2 -g -fPIE -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
    -U__linux__ -U__linux -Ulinux -U__gnu_linux__ -D__KXOS__ -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=200112 -D_POSIX_CPUTIME=1 \
    -nostdinc -isystem libos/newlib/include -isystem $(NEWLIB)/include -isystem $(shell $(CC) -print-file-name=include)

$(NEWLIB_C): libos/newlib/build $(NEWLIB_ARCHIVE)
	@libos/newlib/build $(NEWLIB_ARCHIVE) $(NEWLIB)

$(NEWLIB)/libos.o: $(NEWLIB_OBJECTS)
	ld -r -o $@ $^
	objcopy -G los_entry -G newlib_call $@

$(NEWLIB)/object/%.o: % Makefile $(NEWLIB_C)
	@mkdir -p $(@D)
	$(CC) $(NEWLIB_FLAGS) $(WARN) -Ilibos/include -MMD -MP -c -o $@ $<

# What is not ours is compiled without our warnings.
$(NEWLIB)/foreign/%.o: % Makefile $(NEWLIB_C)
	@mkdir -p $(@D)
	$(CC) $(NEWLIB_FLAGS) -w $(FOREIGN_FLAGS) -MMD -MP -c -o $@ $<

newlib_foreign = $(filter-out $(addprefix $(call source_folder,$(1))/,$(call source_line,$(1),without)), \
    $(wildcard $(addprefix $(call source_folder,$(1))/,$(call source_line,$(1),files))))
newlib_program = $(call object,newlib/object,$(wildcard libos/newlib/programs/$(1).c libos/newlib/programs/$(1)/*.c)) \
    $(call object,newlib/foreign,$(call newlib_foreign,$(1)))

define newlib_image
$(call object,newlib/foreign,$(call newlib_foreign,$(1))): FOREIGN_FLAGS := $(foreach f,$(call source_line,$(1),flags),'$(f)')
$(BUILD)/$(1).elf: $(call newlib_program,$(1)) $(NEWLIB_LIBRARY) $(NEWLIB)/libos.o $(NEWLIB_C) boot/libos.ld
	$(CC) $(LINK) -Wl,--no-relax -T boot/libos.ld -o $$@ $$(filter %.o,$$^) -L$(NEWLIB)/lib -Wl,--start-group -lm -lc -lgcc -Wl,--end-group
$(BUILD)/$(1).img: $(BUILD)/$(1).elf
	strip -s -o $$@ $$<
endef
$(foreach program,$(NEWLIB_IMAGES),$(eval $(call newlib_image,$(program))))

# The vDSO is a shared object of its own, mapped into every process: no address in it may need relocation.
$(BUILD)/vdso/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 $(WARN) -ffreestanding -fno-stack-protector -fPIC -fvisibility=hidden -mgeneral-regs-only \
	    -fcf-protection=none $(LIBOS_INCLUDE) -MMD -MP -c -o $@ $<

$(BUILD)/vdso.so: $(VDSO_OBJECTS) linux-personality/vdso/vdso.ld
	$(CC) -nostdlib -shared -Wl,-soname,linux-vdso.so.1 -Wl,--hash-style=both -Wl,--build-id=sha1 -Wl,-z,noexecstack \
	    -Wl,-Bsymbolic -Wl,--no-undefined -T linux-personality/vdso/vdso.ld -o $@ $(VDSO_OBJECTS)
	strip -S $@

$(BUILD)/vdso_image.S: $(BUILD)/vdso.so
	@printf '.section .rodata\n.balign 4096\n.global lx_vdso_start, lx_vdso_end\n.hidden lx_vdso_start, lx_vdso_end\nlx_vdso_start:\n.incbin "$(BUILD)/vdso.so"\nlx_vdso_end:\n.balign 4096\n.section .note.GNU-stack,"",@progbits\n' > $@

$(BUILD)/vdso_image.o: $(BUILD)/vdso_image.S
	$(CC) -c -o $@ $<

# --- the same under sanitizers: for the hosted machine only, which has the shadow; see test/README.md -----------------------------
# The library OS with checks before each access to memory, and ours behind them; the core and the hosted machine with those of
# undefined behaviour. The heap and the run time itself touch what is poisoned.
UNDEFINED := -fsanitize=undefined
SANITIZE := -DLOS_SANITIZED $(UNDEFINED) -Wno-maybe-uninitialized
SANITIZE_ADDRESS := -fsanitize=kernel-address -fsanitize-address-use-after-scope -fasan-shadow-offset=0x660000000000 \
    --param asan-instrumentation-with-call-threshold=0 --param asan-stack=1 --param asan-globals=1 --param asan-instrument-allocas=1
SANITIZER := test/sanitizer
SANITIZER_GUEST := $(filter-out $(SANITIZER)/host.c,$(wildcard $(SANITIZER)/*.c $(SANITIZER)/*.S))
SANITIZER_HOST := $(patsubst %,$(SANITIZER)/%.c,host report undefined)
SANITIZER_WRAP := los_entry los_cpus_start los_container_exit los_switch

SANITIZED_OBJECTS := $(call object,sanitized,$(LINUX_SOURCES) $(SANITIZER_GUEST))
SANITIZED_HOSTED := $(HOSTED_OBJECTS:$(BUILD)/hosted/%=$(BUILD)/hosted-sanitized/%) $(call object,hosted-sanitized/object,$(SANITIZER_HOST))

$(filter-out %/plant.c.o,$(call object,sanitized,$(SANITIZER_GUEST))): SANITIZE := -DLOS_SANITIZED
$(call object,sanitized,libos/memory/heap.c) $(filter-out %/plant.c.o,$(call object,sanitized,$(SANITIZER_GUEST))): SANITIZE_ADDRESS :=
$(call object,hosted-sanitized/object,$(filter-out %/host.c,$(SANITIZER_HOST))): UNDEFINED :=

$(BUILD)/sanitized/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(LIBOS_FLAGS) $(SANITIZE) $(SANITIZE_ADDRESS) -MMD -MP -c -o $@ $<

$(BUILD)/sanitized/linux.elf: $(SANITIZED_OBJECTS) $(BUILD)/vdso_image.o boot/libos.ld
	$(CC) $(LINK) -Wl,--no-relax -T boot/libos.ld -Wl,-e,__wrap_los_entry $(SANITIZER_WRAP:%=-Wl,--wrap=%) -o $@ \
	    $(SANITIZED_OBJECTS) $(BUILD)/vdso_image.o

$(BUILD)/sanitized/linux.img: $(BUILD)/sanitized/linux.elf
	strip -s -o $@ $<

$(BUILD)/hosted-sanitized/object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(HOSTED_FLAGS) $(UNDEFINED) -MMD -MP -c -o $@ $<

$(BUILD)/hosted-sanitized/kxos: HOSTED_OBJECTS := $(SANITIZED_HOSTED) -Wl,--wrap=host_clock_ready
$(BUILD)/hosted-sanitized/kxos: $(SANITIZED_HOSTED) exo/hosted/hosted.ld
	$(HOSTED_LINK)

sanitized: $(BUILD)/hosted-sanitized/kxos $(BUILD)/sanitized/linux.img $(BUILD)/supervisor.img $(BUILD)/rootfs.cpio

# --- the default root file system: the distribution's own busybox, unmodified -----------------------------------------
$(BUILD)/rootfs.cpio: boot/make-rootfs boot/pack $(BUSYBOX) $(BUILD)/kx Makefile
	@boot/make-rootfs $(BUSYBOX) $(BUILD)/rootfs $(BUILD)/kx
	@boot/pack $(BUILD)/rootfs > $@

# --- kx, the tool for containers: a static Linux program ---------------------------------------------------------------------
KX_SOURCES := $(wildcard libos/supervisor/kx/*.c)
KX_LIBRARIES := -ljansson -lmd
KX_FLAGS := -std=gnu11 $(WARN) -Ilibos/include -Ilibos/supervisor/kx

$(BUILD)/kx-object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) -O2 $(KX_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/kx: $(call object,kx-object,$(KX_SOURCES))
	$(CC) -static -s -o $@ $^ $(KX_LIBRARIES)

# What library OSes there are: boot/run and the hosted machine pass them all, so that kx can start any of them.
$(BUILD)/libos-images: $(LIBOS_IMAGES:%=$(BUILD)/%.img) libos-images-again
	@printf '%s\n' $(LIBOS_IMAGES) >$@
.PHONY: libos-images-again
libos-images-again:

# --- boot images ------------------------------------------------------------------------------------------------------
$(BUILD)/bundle: boot/bundle.c exo/include/exo/boot.h
	@mkdir -p $(@D)
	$(HOSTCC) -std=gnu11 -O2 $(WARN) -Iexo/include -o $@ $<

$(BUILD)/kxos.bundle: $(BUILD)/bundle $(BUILD)/supervisor.img $(LIBOS_IMAGES:%=$(BUILD)/%.img) $(BUILD)/rootfs.cpio
	$(BUILD)/bundle $@ supervisor=$(BUILD)/supervisor.img $(foreach l,$(LIBOS_IMAGES),$l=$(BUILD)/$l.img) \
	    rootfs=$(BUILD)/rootfs.cpio

$(BUILD)/kxos.iso: boot/make-iso $(BUILD)/kxos.elf $(BUILD)/supervisor.img $(LIBOS_IMAGES:%=$(BUILD)/%.img) $(BUILD)/rootfs.cpio
	@boot/make-iso $@ '' $(BUILD)/rootfs.cpio $(foreach l,$(LIBOS_IMAGES),$l=$(BUILD)/$l.img)

# --- tests on the host --------------------------------------------------------------------------------------------------
UNIT_FLAGS := -std=gnu11 -O1 -g $(WARN) -DEXO_UNIT_TEST -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_EXO := $(wildcard test/unit/exo/*.c)
UNIT_LIBOS := $(wildcard test/unit/libos/*.c)
UNIT_LIBOS_SOURCES := $(shell sed 's/\#.*//' test/unit/libos/SOURCES 2>/dev/null)

INVARIANT := $(filter-out %/watch.c,$(wildcard test/invariant/*.c))
UNIT_EXO_OBJECTS := $(call object,unit-exo,$(wildcard exo/core/*.c exo/device/*.c) $(INVARIANT) $(UNIT_EXO))
UNIT_LIBOS_OBJECTS := $(call object,unit-libos,$(UNIT_LIBOS_SOURCES) $(UNIT_LIBOS))
# What a test may let fail: fake_exo.h.
UNIT_LIBOS_WRAP := $(patsubst %,-Wl$(,)--wrap=%,los_alloc los_alloc_zeroed los_page_alloc los_page_alloc_zeroed los_pages_alloc)
UNIT_PROGRAMS := $(if $(UNIT_EXO),$(BUILD)/test/unit-exo) $(if $(UNIT_LIBOS),$(BUILD)/test/unit-libos)

$(BUILD)/unit-exo/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -Iexo/include -Iexo/core -Iexo/device -Itest/invariant -Itest/unit/exo -MMD -MP -c -o $@ $<

$(BUILD)/unit-libos/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) $(LIBOS_INCLUDE) -Itest/unit/libos -MMD -MP -c -o $@ $<

$(BUILD)/test/unit-exo: $(UNIT_EXO_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -o $@ $^ -lcriterion

$(BUILD)/test/unit-libos: $(UNIT_LIBOS_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) $(UNIT_LIBOS_WRAP) -o $@ $^ -lcriterion

unit: $(UNIT_PROGRAMS)
	@[ -n "$(UNIT_PROGRAMS)" ] || { echo "no unit tests found under test/unit" >&2; exit 1; }
	@for program in $(UNIT_PROGRAMS); do echo "== $$program"; ./$$program -j2 || exit 1; done

# What the unit tests and the fuzzer's corpus reach of the exokernel's portable parts: lines and branches; file by file in build/coverage/index.html.
# Without sanitizers, whose own branches would count. Uncovered: test/coverage/run --missing.
COVERAGE_FLAGS := -std=gnu11 -O0 -g $(WARN) -DEXO_UNIT_TEST --coverage -fprofile-update=atomic
COVERAGE_OBJECTS := $(UNIT_EXO_OBJECTS:$(BUILD)/unit-exo/%=$(BUILD)/coverage/object/%)

$(BUILD)/coverage/object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(COVERAGE_FLAGS) -Iexo/include -Iexo/core -Iexo/device -Itest/invariant -Itest/unit/exo -MMD -MP -c -o $@ $<

$(BUILD)/coverage/unit-exo: $(COVERAGE_OBJECTS)
	$(CC) $(COVERAGE_FLAGS) -o $@ $^ -lcriterion

# The fuzzer's corpus, an input a process: nothing is reset, for that would reset the counters, too.
COVERAGE_REPLAY := $(call object,coverage/replay,$(wildcard exo/core/*.c exo/device/*.c) $(INVARIANT) \
    $(patsubst %,test/fuzz/%.c,fuzz model trace) $(patsubst %,test/unit/exo/%.c,fake_machine generate helpers invariant) \
    test/coverage/replay.c)

$(BUILD)/coverage/replay/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(COVERAGE_FLAGS) -Wno-unused -Wno-format-zero-length -DFAKE_TOP=2048ul -Itest/fuzz/criterion -Itest/fuzz -Itest/invariant -Iexo/include -Iexo/core \
	    -Iexo/device -Itest/unit/exo -MMD -MP -c -o $@ $<

$(BUILD)/coverage/replay-corpus: $(COVERAGE_REPLAY)
	$(CC) $(COVERAGE_FLAGS) -Wl,--wrap=exo_call -Wl,--wrap=exo_gate_transfer -o $@ $^

# The library OS: its unit tests, and an image that counts, whose counters go to the boot log at the end (test/coverage/guest.c).
$(BUILD)/coverage/libos/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(COVERAGE_FLAGS) $(LIBOS_INCLUDE) -Itest/unit/libos -MMD -MP -c -o $@ $<

$(BUILD)/coverage/unit-libos: $(call object,coverage/libos,$(UNIT_LIBOS_SOURCES) $(UNIT_LIBOS))
	$(CC) $(COVERAGE_FLAGS) $(UNIT_LIBOS_WRAP) -o $@ $^ -lcriterion

COVERAGE_LINUX := $(call object,coverage/linux,$(LINUX_SOURCES))
COVERAGE_COUNTS := -O0 -fprofile-arcs -ftest-coverage -fprofile-update=atomic -fprofile-info-section=gcov_info
$(BUILD)/coverage/linux/test/coverage/guest.c.o: COVERAGE_COUNTS :=
$(BUILD)/coverage/linux/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(LIBOS_FLAGS) $(COVERAGE_COUNTS) -MMD -MP -c -o $@ $<

$(BUILD)/coverage/linux.elf: $(COVERAGE_LINUX) $(BUILD)/coverage/linux/test/coverage/guest.c.o $(BUILD)/vdso_image.o boot/libos.ld
	$(CC) $(LINK) -Wl,--no-relax -Wl,--wrap=los_container_exit -Wl,--wrap=los_container_reset -T boot/libos.ld -o $@ $(filter %.o,$^) -lgcov

$(BUILD)/coverage/linux.img: $(BUILD)/coverage/linux.elf
	strip -s -o $@ $<

coverage: $(BUILD)/coverage/unit-exo $(BUILD)/coverage/replay-corpus $(BUILD)/coverage/unit-libos $(BUILD)/coverage/linux.img guest
	@test/coverage/run

# The core with one check taken away: see test/mutants/run, which says what is what.
mutant:
	$(CC) $(UNIT_FLAGS) -w -Iexo/include -Iexo/core -Iexo/device -Itest/invariant -Itest/unit/exo -I$(MUTANT_BESIDE) -c -o $(MUTANT_OBJECT) $(MUTANT_SOURCE)
	$(CC) $(UNIT_FLAGS) -o $(MUTANT_PROGRAM) $(MUTANT_OBJECT) $(MUTANT_OTHERS) -lcriterion

mutants:
	@test/mutants/run

# --- fuzzing: random.c's sequences, chosen by libFuzzer; see test/fuzz/README.md -------------------------------------------
# build/fuzz is fast and build/fuzz-short has the sanitizers. What is reset for each input is linked into one object first.
CLANG := clang
FUZZ_FLAGS := -std=gnu11 -O2 -g $(WARN) -Wno-unknown-warning-option -DEXO_UNIT_TEST -DFAKE_TOP=2048ul \
    -Itest/fuzz -Iexo/include -Iexo/core -Iexo/device \
    -Itest/invariant -Itest/unit/exo
FUZZ_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
# libFuzzer follows what is covered of the exokernel and the generator, and nothing else.
$(BUILD)/fuzz/%/generate.c.o: FUZZ_COVERED := -fsanitize=fuzzer-no-link
$(call object,fuzz/fast,exo/%) $(call object,fuzz/sanitized,exo/%): FUZZ_COVERED := -fsanitize=fuzzer-no-link
FUZZ_RESET := $(wildcard exo/core/*.c exo/device/*.c) test/fuzz/model.c \
    $(patsubst %,test/unit/exo/%.c,fake_machine generate helpers invariant)
FUZZ_DRIVER := $(patsubst %,test/fuzz/%.c,fuzz reset trace) $(INVARIANT)
FUZZ_WRAP := --wrap=exo_call --wrap=exo_gate_transfer --wrap=machine_frame

$(BUILD)/fuzz/fast/%.o: % Makefile
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) $(FUZZ_COVERED) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/sanitized/%.o: % Makefile
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) $(FUZZ_COVERED) $(FUZZ_SANITIZERS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%/state.o: test/fuzz/state.ld
	ld -r $(FUZZ_WRAP) -T $< -o $@ $(filter %.o,$^)
$(BUILD)/fuzz/fast/state.o: $(call object,fuzz/fast,$(FUZZ_RESET))
$(BUILD)/fuzz/sanitized/state.o: $(call object,fuzz/sanitized,$(FUZZ_RESET))

$(BUILD)/fuzz/fuzz: $(BUILD)/fuzz/fast/state.o $(call object,fuzz/fast,$(FUZZ_DRIVER))
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_WRAP:%=-Wl,%)

$(BUILD)/fuzz/fuzz-sanitized: $(BUILD)/fuzz/sanitized/state.o $(call object,fuzz/sanitized,$(FUZZ_DRIVER))
	$(CLANG) $(FUZZ_FLAGS) $(FUZZ_SANITIZERS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_WRAP:%=-Wl,%)

SECONDS := 600
fuzz: $(BUILD)/fuzz/fuzz
	@test/fuzz/run long $(SECONDS)

fuzz-short: $(BUILD)/fuzz/fuzz-sanitized
	@test/fuzz/run short

# What parses bytes from outside: a program for each C file of test/fuzz-parsers, which names the sources that it needs in a line
# `sources:`, options of its compiler in a line `flags:`, and libraries in a line `libraries:`. @libos: what the unit tests of libos/ are made of; @exo: those of exo/.
PARSERS := $(patsubst test/fuzz-parsers/%.c,%,$(wildcard test/fuzz-parsers/*.c))
PARSER_PROGRAMS := $(PARSERS:%=$(BUILD)/fuzz-parsers/%)
PARSER_FLAGS := -std=gnu11 -O1 -g $(WARN) -Wno-unknown-warning-option -DEXO_UNIT_TEST $(FUZZ_SANITIZERS) \
    -Itest/fuzz -Itest/fuzz-parsers/support -Itest/unit/libos $(LIBOS_INCLUDE)
PARSER_EXO := -DFAKE_TOP=2048ul -Iexo/core -Iexo/device -Itest/invariant -Itest/unit/exo
PARSER_SET_libos := $(UNIT_LIBOS_SOURCES) test/fuzz-parsers/support/libos.c \
    $(patsubst %,test/unit/libos/%.c,fake_exo file_fixture process_support)
PARSER_SET_exo := $(wildcard exo/core/*.c exo/device/*.c) $(INVARIANT) \
    $(patsubst %,test/unit/exo/%.c,fake_machine helpers invariant)

# $(call parser_line,NAME,WHAT): the rest of the target's line ` * WHAT: ...`
parser_line = $(shell sed -n 's,^ \* $(2): ,,p' test/fuzz-parsers/$(1).c)
parser_sources = test/fuzz-parsers/$(1).c test/fuzz-parsers/support/fail.c \
    $(foreach s,$(call parser_line,$(1),sources),$(if $(filter @%,$s),$(PARSER_SET_$(s:@%=%)),$s))

$(BUILD)/fuzz-parsers/object/exo/%.o $(BUILD)/fuzz-parsers/object/test/unit/exo/%.o \
    $(BUILD)/fuzz-parsers/object/test/invariant/%.o: PARSER_FLAGS += $(PARSER_EXO)

$(BUILD)/fuzz-parsers/object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CLANG) $(PARSER_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

define parser_program
$(call object,fuzz-parsers/object,test/fuzz-parsers/$(1).c): PARSER_FLAGS += $(call parser_line,$(1),flags)
$(BUILD)/fuzz-parsers/$(1): $(call object,fuzz-parsers/object,$(sort $(call parser_sources,$(1))))
	$(CLANG) $(PARSER_FLAGS) -fsanitize=fuzzer $(UNIT_LIBOS_WRAP) -o $$@ $$^ $(call parser_line,$(1),libraries)
endef
$(foreach p,$(PARSERS),$(eval $(call parser_program,$(p))))

fuzz-parsers: $(PARSER_PROGRAMS)
	@test/fuzz-parsers/run long $(SECONDS)

fuzz-parsers-short: $(PARSER_PROGRAMS)
	@test/fuzz-parsers/run short

# kx against a supervisor that is a part of it, under sanitizers.
$(BUILD)/kx-test/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) $(KX_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/kx: $(call object,kx-test,$(filter-out %/device.c,$(KX_SOURCES)) test/kx/fake.c)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -o $@ $^ $(KX_LIBRARIES)

kx-test: $(BUILD)/test/kx $(BUILD)/kx
	@test/kx/run

# Misuses of tokens that the compiler must refuse.
types:
	@test/must-not-compile/run

# --- tests in the guest: small static programs beside busybox -----------------------------------------------------------
GUEST_PROGRAMS := $(patsubst test/guest/programs/%.c,$(BUILD)/test/programs/%,$(wildcard test/guest/programs/*.c))

$(BUILD)/test/programs/%: test/guest/programs/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -g0 $(WARN) -static -pthread -Iexo/include -o $@ $<

$(BUILD)/test/programs/static-pie: test/guest/programs/static-pie.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -g0 $(WARN) -static-pie -fPIE -o $@ $<

guest: all hosted sanitized $(GUEST_PROGRAMS)

# --- micro-benchmarks: one program of all items, for KxOS and for any Linux; see bench/README.md ---------------------------
BENCH_OBJECTS := $(call object,bench/object,$(wildcard bench/programs/*.c))

$(BUILD)/bench/object/%.o: % Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 $(WARN) -MMD -MP -c -o $@ $<

$(BUILD)/bench/micro: $(BENCH_OBJECTS)
	$(CC) -static -pthread -o $@ $^

# The work of libos/pager, scheduler and kv, by Linux's means, with the parts of theirs that know nothing of what is below.
SWAP_OBJECTS := $(call object,bench/object,$(wildcard bench/swap/*.c) libos/pager/paging.c libos/pager/scan.c libos/kv/store.c libos/kv/client.c)
$(BUILD)/bench/swap: $(SWAP_OBJECTS)
	$(CC) -static -pthread -o $@ $^

# --- hostile domains beside a victim, on the bare exokernel -------------------------------------------------------------
adversary: $(BUILD)/kxos.elf $(BUILD)/kxos-checked.elf $(BUILD)/bundle $(BUILD)/adversary.img $(BUILD)/hosted/kxos
	@test/adversary/run

# --- what devices reach, with and without an IOMMU ------------------------------------------------------------------------
device: $(BUILD)/kxos.elf $(BUILD)/bundle $(BUILD)/device.img
	@test/device/run

# --- checks on the text of the sources ------------------------------------------------------------------------------------
C_FILES := $(shell find exo libos linux-personality boot test bench -name '*.[ch]' 2>/dev/null | sort)
CPPCHECK_FLAGS := --std=c11 --platform=unix64 --enable=warning,portability --inline-suppr --error-exitcode=1 --quiet \
    --suppressions-list=.cppcheck -D__x86_64__ -D__GNUC__=12 '-D_Noreturn=__attribute__((noreturn))'

check: purity
	@test/exo-readme --check
	@clang-format --dry-run -Werror $(C_FILES)
	@cppcheck $(CPPCHECK_FLAGS) --cppcheck-build-dir=$$(mkdir -p $(BUILD)/cppcheck && echo $(BUILD)/cppcheck) -j2 \
	    $(EXO_INCLUDE) $(LIBOS_INCLUDE) $(filter-out test/unit/% test/guest/programs/% test/must-not-compile/% libos/newlib/programs/hello/%,$(filter %.c,$(C_FILES)))
	@echo "check: formatter, static checker and purity agree"

purity:
	@test/purity

size:
	@test/size

# The table of calls in exo/README.md, from the contracts in calls.h.
readme:
	@test/exo-readme --write

format:
	clang-format -i $(C_FILES)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
