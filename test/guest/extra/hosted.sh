# What is the hosted machine's own: nothing stays behind, whatever ends; hosts that lack something; several at once.
kxos=build/hosted/kxos
# left WHAT: no process of a machine started with this mark may be there
left() {
    local found
    sleep 0.3
    found=$(pgrep -f "^$kxos --cmd : left-behind" | wc -l)
    [ "$found" = 0 ] && ok || { not_ok "hosted $1" "$found processes stayed"; pkill -9 -f "^$kxos --cmd : left-behind"; }
}
# ends SIGNAL STATUS: sent to the keeper
ends() {
    local status
    $kxos --cmd ': left-behind; sleep 100' </dev/null >"$out/hosted.out" 2>&1 &
    local keeper=$!
    sleep 1
    kill "-$1" $keeper
    wait $keeper 2>/dev/null
    status=$?
    [ $status = "$2" ] && ok || not_ok "hosted SIG$1" "status $status, not $2"
    left "SIG$1"
}
ends INT 130
ends TERM 143
ends HUP 129
ends KILL 137
# Any other of its processes: said in one line.
$kxos --cmd ': left-behind; sleep 100' </dev/null >"$out/hosted.out" 2>&1 &
keeper=$!
sleep 1
kill -9 "$(pgrep -P $keeper | tail -n 1)"
wait $keeper
status=$?
[ $status = 125 ] && [ "$(wc -l <"$out/hosted.out")" = 1 ] && grep -q 'died of signal 9: the machine ends' "$out/hosted.out" && ok ||
    not_ok 'hosted, a process killed' "status $status: $(head -n 3 "$out/hosted.out" | tr '\n' ' ')"
left 'a process killed'

# says STATUS PATTERN COMMAND...: one line on standard error
says() {
    local want=$1 pattern=$2 said status
    shift 2
    said=$(timeout 60 "$@" 2>&1 >"$out/hosted.stdout" </dev/null)
    status=$?
    [ $status = "$want" ] && [ "$(echo "$said" | wc -l)" = 1 ] && echo "$said" | grep -qE -- "$pattern" && ok ||
        not_ok "hosted $*" "status $status, said: $(echo "$said" | head -n 3 | tr '\n' ' ')"
}
says 2 'MiB are more than the [0-9]* MiB that this host has' $kxos --mem 1048576 --cmd true
says 2 'is for QEMU: see boot/run' $kxos --icount --cmd true
says 2 'cannot write /nothing/there' $kxos --log /nothing/there --cmd true
says 0 'boot log is not whole: No space left' $kxos --log /dev/full --cmd true
says 125 'standard output is not whole: No space left' sh -c "$kxos --cmd 'echo lost' >/dev/full"
KXOS_DISPATCH=none says 2 'can redirect system calls neither' $kxos --cmd true
says 2 'has no memfd' strace -f -qq -o "$out/strace" -e inject=memfd_create:error=ENOSYS $kxos --cmd true
says 2 'can redirect system calls neither' strace -f -qq -o "$out/strace" -e inject=prctl:error=EINVAL $kxos --cmd true
# Too little memory of the host's: 300 MiB of address space for a machine of 256.
says 2 'gives less memory|has no memfd' sh -c "ulimit -v 200000; $kxos --cmd true"
# A trace that nobody can keep loses nothing else.
[ "$($kxos --trace --cmd 'echo kept; exit 3' 2>/dev/full)-$?" = 'kept-3' ] && ok || not_ok 'hosted trace' 'with a full disk'

# gives WANT COMMAND...
hosted_gives() {
    local want=$1 got
    shift
    got=$("$@" 2>&1 </dev/null)
    [ "$got" = "$want" ] && ok || not_ok "hosted $*" "gave: $(echo "$got" | head -n 3 | tr '\n' ' ')"
}
KXOS_DISPATCH=dispatch hosted_gives '42' $kxos --cmd 'echo $((6*7))'
KXOS_DISPATCH=filter hosted_gives '42' $kxos --cmd 'echo $((6*7)) | cat'
hosted_gives 'stack' sh -c "ulimit -s unlimited; $kxos --cmd 'echo stack'"
hosted_gives '16' $kxos --smp 16 --cmd 'grep -c ^processor /proc/cpuinfo'
hosted_gives 'archive' $kxos --rootfs build/rootfs.cpio --cmd 'echo archive'

# Two at once do not see each other, and neither waits for the other.
$kxos --cmd 'echo first >/tmp/who; sleep 2; cat /tmp/who' >"$out/hosted.first" </dev/null &
$kxos --cmd 'echo second >/tmp/who; sleep 2; cat /tmp/who' >"$out/hosted.second" </dev/null &
wait
[ "$(cat "$out/hosted.first" "$out/hosted.second")" = "$(printf 'first\nsecond')" ] && ok || not_ok 'hosted, two at once' "$(cat "$out/hosted.first" "$out/hosted.second")"

# The exokernel's invariants hold on this machine, too.
$kxos --check 5 --log "$out/hosted.check" --cmd 'ls -lR /proc/self | wc -l; (sleep 0.1 | cat) & wait' >"$out/hosted.out" 2>&1 </dev/null
status=$?
[ $status = 0 ] && grep -q 'all invariants held' "$out/hosted.check" && ok || not_ok 'hosted --check' "status $status, $(tail -n 1 "$out/hosted.check")"

# A broken library OS leaves its memory, at the moment when it broke.
printf "void __attribute__((section(\".text.entry\"))) los_entry(void) { *(volatile int *)0x123456 = 1; }\n" >"$out/broken.c"
gcc -O1 -fpie -ffreestanding -nostdlib -static -no-pie -Wl,-T,boot/libos.ld,--build-id=none -o "$out/broken.img" "$out/broken.c" 2>/dev/null
says 125 "died of signal 4, leaving a core file|died of signal 4: the machine ends" $kxos --core --libos "$out/broken.img" --cmd true
rm -f core core.[0-9]*
