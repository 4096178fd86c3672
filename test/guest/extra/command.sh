# --cmd of boot/run and of the hosted machine: exactly the output, exactly the status, and the other flags.
# gives STATUS STDOUT FLAGS... (the last flag is the command)
gives() {
    local want_status=$1 want=$2 status
    shift 2
    timeout 100 $machine "${@:1:$#-1}" --cmd "${*: -1}" >"$out/given" 2>"$out/given.err" </dev/null
    status=$?
    printf "$want" >"$out/wanted"
    if [ $status != "$want_status" ] || ! cmp -s "$out/given" "$out/wanted"; then
        not_ok "command $machine ${*: -1}" "status $status, standard output: $(head -c 200 "$out/given" | tr '\n' '~'), standard error: $(head -c 200 "$out/given.err" | tr '\n' '~')"
        return 1
    fi
    ok
}
for machine in boot/run build/hosted/kxos; do
    gives 0 'hello\n' 'echo hello'
    gives 7 '' 'exit 7'
    gives 255 '' 'exit 255'
    gives 1 '' 'false'
    gives 127 '' 'nothing-there'
    gives 0 'no newline' 'printf "no newline"'
    gives 0 '\r\t\001\377raw\n' 'printf "\r\t\001\377raw\n"'
    gives 0 'quo"tes \x27 $x \\ %%\n' 'cat <<\END
quo"tes '\'' $x \ %
END'
    gives 0 'a\nb\n' 'echo a
echo b'
    gives 0 '0\n' 'cat | wc -c'
    gives 0 'out\n' 'echo out; echo err >&2' && { grep -qx err "$out/given.err" && ok || not_ok "command $machine" "standard error: $(cat "$out/given.err")"; }
    gives 0 '100000\n' "x=$(head -c 100000 /dev/zero | tr '\0' a); echo \${#x}"
    gives 0 'done\n' 'sleep 1000 & echo done'
    gives 3 'on\n' --mem 64 'echo on; exit 3'
    gives 0 '4\n' --smp 4 nproc
    gives 0 '1\n' --smp 1 nproc
    gives 0 'large\n' --mem 2048 '[ $(free -m | awk "NR == 2 { print \$2 }") -gt 1800 ] && echo large'
    gives 0 'x\n' --libos build/linux.img 'echo x'
    gives 0 'x\n' --libos=linux 'echo x'
    cp build/linux.img "$out/other-name.img"
    gives 3 'x\n' --libos "$out/other-name.img" 'echo x; exit 3'
    mkdir -p "$out/tree/bin" "$out/tree/with space"
    cp build/rootfs/bin/busybox "$out/tree/bin/sh"
    printf 'contents' >"$out/tree/with space/file"
    printf '#!/bin/sh\necho script "$@"\n' >"$out/tree/bin/hello" && chmod +x "$out/tree/bin/hello"
    gives 0 'contents' --rootfs "$out/tree" 'busybox cat "/with space/file" 2>/dev/null || sh -c "read x </with\\ space/file; printf %s \"\$x\""'
    gives 0 'script a\n' --rootfs "$out/tree" '/bin/hello a'
    gives 124 '' --timeout 4 'sleep 100' && { grep -q 'no end after 4 seconds' "$out/given.err" && ok || not_ok "command $machine --timeout" "$(cat "$out/given.err")"; }
    gives 0 'traced\n' --trace '/bin/echo traced' && {
        for pattern in 'execve\("/bin/echo"' 'write\(1, "traced\\n", 7\) += 7' 'exit_group\(0\)'; do
            grep -qaE "$pattern" "$out/given.err" && ok || not_ok "command $machine --trace" "no line matches $pattern in $(head -n 3 "$out/given.err")"
        done
    }
    gives 9 'bye\n' 'trap "echo bye" EXIT; exit 9'
done
machine=boot/run
gives 0 'counted\n' --icount 'echo counted'
gives 0 'from iso\n' --iso 'echo from iso'
gives 0 'from uefi\n' --uefi 'echo from uefi'
