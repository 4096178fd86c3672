# The items of the bench suite run and verify themselves on both machines, each in its shortest form; and what reads their rows.
make -s build/bench/micro
rm -rf "$out/bench-root"
cp -a build/rootfs "$out/bench-root"
mkdir "$out/bench-root/bench"
cp build/bench/micro bench/programs/*.sh bench/programs/*.awk "$out/bench-root/bench/"
build/bench/micro --list | cut -f 1 >"$out/bench-items"
for script in bench/programs/*.sh; do grep -qx '# large' "$script" || basename "$script" .sh; done >>"$out/bench-items"
for machine in boot/run build/hosted/kxos; do
    timeout 300 $machine --smp 2 --mem 2048 --rootfs "$out/bench-root" --cmd '/bench/micro --batches 1 --batch-ms 1 --runs 1 --limit 60' \
        >"$out/bench-rows" 2>"$out/bench-errors" </dev/null
    while read -r item; do
        row=$(grep "^$item " "$out/bench-rows" | head -n 1)
        case $row in
        '' | *' failed: '*) not_ok "bench item $item on $machine" "${row:-no row}" ;;
        *) ok ;;
        esac
    done <"$out/bench-items"
done
if (cd bench && python3 -m unittest suite.test_report) >"$out/bench-report" 2>&1; then ok; else not_ok 'bench: the report' "$(tail -n 5 "$out/bench-report")"; fi
