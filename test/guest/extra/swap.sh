# The library OSes made for one work: libos/pager, scheduler and kv, on both machines. They check their own results; what is compared here
# is what theory says, and what wrong words get.
# libos NAME WORDS: what it said, and its status in $status
libos() {
    said=$(timeout 60 $machine --libos "$1" --cmd "$2" </dev/null 2>&1)
    status=$?
    said=$(printf '%s\n' "$said" | tr -d '\r')
}
# refused NAME WORDS LINE
refused() {
    libos "$1" "$2"
    [ "$status" = 1 ] && [ "$said" = "$3" ] && ok || not_ok "$1 on $machine" "'$2': status $status: $said"
}
# The faults and writes of a cyclic scan by a model of each policy that knows the order of all uses: POLICY FAULTS WRITES.
model() {
    awk -v pages="$1" -v frames="$2" -v rounds="$3" -v every="$4" -v policies="$5" 'BEGIN {
        n = split(policies, policy, " ")
        for (p = 1; p <= n; p++) {
            faults = writes = now = resident = 0
            delete loaded; delete used; delete dirty
            for (r = 0; r < rounds; r++) for (page = 0; page < pages; page++) {
                now++
                if (!(page in loaded)) {
                    faults++
                    if (resident == frames) {
                        victim = -1
                        for (other in loaded) {
                            # the least key goes; app: the longest until its next use
                            key = policy[p] == "lru" ? used[other] : policy[p] == "mru" ? -used[other] : policy[p] == "app" ? -((other - page + pages) % pages) : loaded[other]
                            if (victim == -1 || key < least) { victim = other; least = key }
                        }
                        writes += dirty[victim]
                        delete loaded[victim]; delete used[victim]; delete dirty[victim]
                    } else resident++
                    loaded[page] = now; dirty[page] = 0
                }
                used[page] = now
                if (page % every == 0) dirty[page] = 1
            }
            print policy[p], faults, writes
        }
    }'
}
for machine in 'boot/run --direct --smp 1' 'build/hosted/kxos --smp 1'; do
    for shape in '48 36 5 3' '20 1 4 2' '16 16 4 1' '64 63 6 5'; do
        # shellcheck disable=SC2086
        set -- $shape
        [ "$machine" = 'boot/run --direct --smp 1' ] || [ "$1" = 48 ] || continue
        libos pager "lru fifo clock mru app pages=$1 frames=$2 rounds=$3 every=$4"
        # With every page used between two turns of the hand, clock is fifo.
        expected=$(model "$1" "$2" "$3" "$4" 'lru fifo clock mru app')
        [ "$status" = 0 ] && [ "$(echo "$said" | sed 's/^\([a-z]*\) faults \([0-9]*\) reads \2 writes \([0-9]*\) ns [0-9]*$/\1 \2 \3/')" = "$expected" ] && ok ||
            not_ok "pager on $machine" "$shape: status $status: $said; by the model: $expected"
    done
    libos pager 'primitives'
    [ "$status" = 0 ] && [ "$(echo "$said" | grep -c '^[a-zN0-9+]* [0-9]* ns$')" = 9 ] && ok || not_ok "pager on $machine" "primitives: status $status: $said"
    libos pager 'random pages=300 frames=100 rounds=3 every=1'
    [ "$status" = 0 ] && ok || not_ok "pager on $machine" "random: status $status: $said"
    libos scheduler 'lottery stride switch'
    [ "$status" = 0 ] && [ "$(echo "$said" | awk '/error/ && $NF > 100 { bad = 1 } /^stride/ && $NF > 1 { bad = 1 } /error/ { n++ } END { print n, bad + 0 }')" = '32 0' ] && ok ||
        not_ok "scheduler on $machine" "status $status: $said"
    libos kv both
    [ "$status" = 0 ] && [ "$said" = 'kv: all as it should be' ] && ok || not_ok "kv on $machine" "status $status: $said"
done
# Preempted by a timer that counts instructions, so that load on this machine changes nothing.
machine='boot/run --direct --icount --smp 1'
libos scheduler 'stride quantum=100 units=1000000'
[ "$status" = 0 ] && [ "$(echo "$said" | awk '/error/ && $NF <= 100 { n++ } END { print n }')" = 16 ] && ok || not_ok 'scheduler preempted' "status $status: $said"
# A scheduler on each CPU.
machine='build/hosted/kxos --smp 2'
libos scheduler 'stride vcpus=2 units=10000'
[ "$status" = 0 ] && [ "$(echo "$said" | grep -c 'vcpu 1 .* error [0-9]$')" = 16 ] && ok || not_ok 'scheduler on two CPUs' "status $status: $said"
refused pager 'pages=0' 'pager: unknown word, or a number out of range: pages=0'
refused pager 'pages=99999999999999999999' 'pager: unknown word, or a number out of range: pages=99999999999999999999'
refused pager 'pages=4 frames=5' 'pager: more frames than pages'
refused pager 'best' 'pager: unknown word, or a number out of range: best'
refused scheduler 'vcpus=3' 'scheduler: unknown word, or a number out of range: vcpus=3'
refused scheduler 'quantum=' 'scheduler: unknown word, or a number out of range: quantum='
refused kv 'steal' 'kv: unknown word: steal'
