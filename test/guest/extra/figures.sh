# The figures that issue 2 sets: printed, and held to their limits.
boot/run --direct --smp 1 --icount --rootfs "$root" --timeout 100 --cmd '/test/programs/nullcall' >"$out/nullcall" 2>&1 </dev/null
patched=$(sed -n 's/^patched: //p' "$out/nullcall") reflected=$(sed -n 's/^reflected: //p' "$out/nullcall")
echo "figure: null system call, instructions under --icount: patched ${patched:-none}, reflected ${reflected:-none}"
if [ -n "$patched" ] && [ -n "$reflected" ] && [ "$patched" -le 150 ] && [ "$patched" -lt "$reflected" ]; then
    ok
else
    not_ok 'figures null call' "a patched call takes ${patched:-?} instructions, a reflected one ${reflected:-?} (limit 150)"
fi
# From the loader's hand-off to the prompt, as the boot log tells it, with the least memory.
boot/run --direct --mem 64 --log "$out/prompt.log" --timeout 60 --cmd 'cat /proc/uptime' >"$out/prompt" 2>&1 </dev/null
ms=$(sed -n 's/^kxos: .*prompt after \([0-9]*\) ms.*/\1/p' "$out/prompt.log" | head -n 1)
echo "figure: hand-off to the first program with 64 MiB: ${ms:-unknown} ms"
if [ -n "$ms" ] && [ "$ms" -le 300 ]; then ok; else not_ok 'figures boot' "${ms:-no} ms on the boot log (limit 300)"; fi
boot/run --direct --rootfs "$root" --timeout 100 --cmd '/test/programs/forkbench' >"$out/forkbench" 2>&1 </dev/null
sed 's/^/figure: /' "$out/forkbench"
grep -q '^fork+exec+exit+wait: [0-9]* us$' "$out/forkbench" && ok || not_ok 'figures fork' "$(head -n 2 "$out/forkbench" | tr '\n' ' ')"
