# Terminal tests: expect scripts, each with a guest of its own, on QEMU and on the hosted machine.
mkdir -p "$out/terminal"
for script in $guest/interactive/*.exp; do
    for machine in boot/run build/hosted/kxos; do
        name=$(basename "$script" .exp)
        case $machine-$name in
        build/hosted/kxos-iso) continue ;; # there is no ISO to boot
        boot/run-hosted-*) continue ;; # of its own processes
        build/*) name=hosted-${name#hosted-} ;;
        esac
        if said=$(MACHINE=$machine TRANSCRIPT=$PWD/$out/terminal/$name timeout 240 expect "$script" </dev/null 2>&1); then
            ok
        else
            not_ok "terminal $name" "$(echo "$said" | tail -n 1) ($out/terminal/$name)"
        fi
    done
done
