# Bad input to boot/run and to the hosted machine: one clear line on standard error, nothing on standard output, a status that is not zero.
# refuses PATTERN ARGUMENTS...
refuses() {
    local pattern=$1 said status
    shift
    said=$(PATH=${run_path:-$PATH} timeout 60 $machine "$@" 2>&1 >"$out/refused.stdout" </dev/null)
    status=$?
    if [ $status = 0 ] || [ -s "$out/refused.stdout" ] || [ "$(echo "$said" | wc -l)" != 1 ] || ! echo "$said" | grep -qE -- "$pattern"; then
        not_ok "bad-input $machine $*" "status $status, said: $said"
    else
        ok
    fi
}
for machine in boot/run build/hosted/kxos; do
    refuses '--mem wants a whole number' --mem lots --cmd true
    refuses '--mem wants a whole number' --mem 0 --cmd true
    refuses '--mem wants a whole number' --mem -5 --cmd true
    refuses '--mem wants a whole number' --mem 99999999999999999999 --cmd true
    refuses '--mem wants a whole number' --mem '' --cmd true
    refuses '--smp wants a whole number' --smp 0 --cmd true
    refuses '--smp wants a whole number' --smp 2x --cmd true
    refuses '--smp wants a whole number' --smp 1000 --cmd true
    refuses '--timeout wants a whole number' --timeout soon --cmd true
    refuses 'no such directory: /nothing/there' --rootfs /nothing/there --cmd true
    refuses 'not a directory|no newc archive' --rootfs Makefile --cmd true
    refuses '--rootfs needs' --rootfs '' --cmd true
    refuses "no (library OS )?image 'none'" --libos none --cmd true
    refuses "no (library OS )?image '?./none" --libos ./none --cmd true
    refuses "unknown option '--nonsense'" --nonsense
    refuses '--cmd needs a value' --cmd
done
machine=boot/run
refuses '--accel wants tcg or kvm' --accel xen --cmd true
[ -w /dev/kvm ] || refuses '--accel kvm: /dev/kvm is missing' --accel kvm --cmd true
refuses '--uefi boots the ISO' --uefi --direct
if [ "$(id -u)" != 0 ]; then
    mkdir -p "$out/unreadable" && chmod 0 "$out/unreadable"
    refuses 'cannot read' --rootfs "$out/unreadable" --cmd true
    chmod 700 "$out/unreadable"
fi
# Without QEMU, and without cpio: a PATH that has everything else.
without() {
    mkdir -p "$out/path-$1"
    for tool in sh dirname mktemp rm cat head tail sed mkdir stty basename cp mkfifo timeout cpio qemu-system-x86_64 kill find sort; do
        [ "$tool" = "$1" ] || ln -sf "$(command -v $tool)" "$out/path-$1/$tool"
    done
    run_path=$(cd "$out/path-$1" && pwd) refuses "no $1" --cmd true
}
without qemu-system-x86_64
without cpio

# A boot without some of its modules: the guest says what is missing on its log and switches the machine off.
# says PATTERN BUNDLE-MEMBERS...
says() {
    local pattern=$1
    shift
    rm -f "$out/bare.log"
    build/bundle "$out/bare.bundle" "$@"
    timeout 30 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -smp 2 -m 128 -nodefaults -no-reboot -display none \
        -debugcon "file:$out/bare.log" -global isa-debugcon.iobase=0xe9 -serial "file:$out/bare.serial" \
        -kernel build/kxos.elf -initrd "$out/bare.bundle" -append 'quiet libos=linux' </dev/null >/dev/null 2>&1
    local status=$?
    if [ $status = 124 ] || ! grep -qaE "$pattern" "$out/bare.log"; then
        not_ok "bad-input modules ${*%%=*}" "status $status, log: $(tail -n 2 "$out/bare.log" 2>/dev/null | tr '\n' ' ')"
    else
        ok
    fi
}
head -c 3000 build/rootfs.cpio >"$out/truncated.cpio"
head -c 3000 /dev/urandom >"$out/random.cpio"
head -c 5000 build/linux.img >"$out/truncated.img"
says '[Rr]oot file system|rootfs|archive|cpio' "supervisor=build/supervisor.img" "linux=build/linux.img"
says '[Rr]oot file system|rootfs|archive|cpio' "supervisor=build/supervisor.img" "linux=build/linux.img" "rootfs=$out/random.cpio"
says '[Rr]oot file system|rootfs|archive|cpio' "supervisor=build/supervisor.img" "linux=build/linux.img" "rootfs=$out/truncated.cpio"
says 'linux|image|library OS' "supervisor=build/supervisor.img" "rootfs=build/rootfs.cpio"
says 'linux|image|library OS' "supervisor=build/supervisor.img" "linux=$out/truncated.img" "rootfs=build/rootfs.cpio"
says 'supervisor' "supervisor=$out/random.cpio" "linux=build/linux.img" "rootfs=build/rootfs.cpio"
