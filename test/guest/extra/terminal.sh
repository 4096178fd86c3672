# Terminal tests: expect scripts, each with a guest of its own.
mkdir -p "$out/terminal"
for script in $guest/interactive/*.exp; do
    name=$(basename "$script" .exp)
    if said=$(TRANSCRIPT=$PWD/$out/terminal/$name timeout 240 expect "$script" </dev/null 2>&1); then
        ok
    else
        not_ok "terminal $name" "$(echo "$said" | tail -n 1) ($out/terminal/$name)"
    fi
done
