# A system call from a patched site costs the host no system call and no signal: two boots that differ by a million of them ask
# as much of the host's kernel, but for what a timer does meanwhile. Calls that are reflected show that what is asked gets counted.
entries=$out/hosted-entries
# asked WORDS: what a guest that runs getppids with these words asks of the host, calls and signals together; "none" if it went wrong
asked() {
    rm -f "$entries.count"
    if "$entries" "$entries.count" build/hosted/kxos --smp 1 --timeout 100 --rootfs "$entries.cpio" --cmd "/test/programs/getppids $*" \
        >"$entries.out" 2>&1 </dev/null && grep -q '^[a-z]*: [0-9]* calls, 0 wrong' "$entries.out"; then
        read -r _ calls _ signals <"$entries.count" && echo $((calls + signals))
    else
        echo none
    fi
}
if ! gcc -std=gnu11 -O1 -Wall -Wextra -Werror -o "$entries" $guest/extra/hosted-entries.c 2>"$entries.err"; then
    not_ok 'hosted fast path' "does not compile ($entries.err)"
else
    boot/pack "$root" >"$entries.cpio" # here, for its own system calls are not the question
    few=$(asked patched 10) many=$(asked patched 1000010) reflected=$(asked reflected 10010)
    echo "figure: entries into the host's kernel, a whole boot and 10 patched calls: $few; 1,000,000 more: $many; 10,000 reflected: $reflected"
    case "$few $many $reflected" in
    *none*) not_ok 'hosted fast path' "did not run: $(tail -n 1 "$entries.out")" ;;
    *)
        # Ticks of a timer, and when who wakes whom, differ from boot to boot by some hundred.
        [ $((many - few)) -lt 2000 ] && ok || not_ok 'hosted fast path' "1,000,000 calls took $((many - few)) entries (limit 2,000)"
        # A reflected call has two: its signal and the return from it.
        [ $((reflected - few)) -ge 20000 ] && ok ||
            not_ok 'hosted fast path' "10,000 reflected calls took only $((reflected - few)) entries: they are not counted"
        ;;
    esac
fi
