# Containers: test/guest/containers/*.sh run in the first container, on both machines; each line `ok ...` or `FAILED ...` is a verdict.
# Frames: what the first container has free before and after must be the same, once what it gave away has come back.
containers_on() { # MACHINE SMP SCRIPT
    local machine=$1 smp=$2 script=$3 name said line verdicts=0
    name="containers/$(basename "$script" .sh) on $(basename "$machine"), $smp CPUs"
    # shellcheck disable=SC2086
    said=$(timeout 240 $machine --smp "$smp" --rootfs "$out/rootfs" --cmd "sh /test/containers/$(basename "$script"); echo over" </dev/null 2>&1)
    printf '%s\n' "$said" >"$out/$(basename "$script" .sh)-$(basename "${machine%% *}")-$smp.out"
    while IFS= read -r line; do
        case $line in
        'ok '*) ok ;;
        'FAILED '*) not_ok "$name" "${line#FAILED }" ;;
        over) verdicts=1 ;;
        esac
    done <<<"$said"
    [ $verdicts = 1 ] || not_ok "$name" "came to no end: $(printf '%s' "$said" | tail -n 2 | tr '\n' ' ')"
}
cp -r $guest/containers "$out/rootfs/test/"
for script in $guest/containers/*.sh; do
    containers_on 'boot/run --direct' 2 "$script"
    containers_on build/hosted/kxos 2 "$script"
done
