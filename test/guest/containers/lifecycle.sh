# A container's life, from the outside.
. /test/containers/lib
is run 'hello 42' "$(kx run --rm rootfs sh -c 'echo hello $((6 * 7))')"
kx run --rm rootfs sh -c 'exit 7'; is status 7 $?
kx run --rm rootfs sh -c 'kill -9 $$'; is killed 137 $?
kx run --rm rootfs /nothing/here 2>/tmp/err; is 'no such program' 127 $?
says 'no such program is said' 'cannot run /nothing/here: No such file' "$(cat /tmp/err)"
kx run --rm rootfs /etc 2>/dev/null; is 'no program' 126 $?
is 'input and output' "$(head -c 100000 /dev/zero | tr '\0' x | md5sum)" "$(head -c 100000 /dev/zero | tr '\0' x | kx run -i --rm rootfs cat | md5sum)"
is 'much output' "$(seq 1 20000 | md5sum)" "$(kx run --rm rootfs seq 1 20000 | md5sum)"
is 'two streams' 'out' "$(kx run --rm rootfs sh -c 'echo out; echo err >&2' 2>/dev/null)"
is 'two streams, the other' 'err' "$(kx run --rm rootfs sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)"

id=$(kx run -d --name life -m 8m rootfs sh -c 'trap "echo told; exit 5" TERM; echo started; while :; do sleep 0.1; done')
says 'ps has it' ' life$' "$(kx ps)"
until_true sh -c 'kx logs life | grep -q started' && ok logs || bad logs "$(kx logs life)"
is 'exec sees the container' 'life sh' "$(kx exec life sh -c 'echo $(hostname) $(cat /proc/2/comm)')"
kx exec life sh -c 'exit 9'; is 'status of exec' 9 $?
is 'input of exec' 'typed' "$(echo typed | kx exec -i life cat)"
kx exec life /nothing 2>/dev/null; is 'exec of nothing' 127 $?
kx pause life >/dev/null; says paused Paused "$(kx ps)"
before=$(field life cpuNs); sleep 0.5; is 'a paused one uses no time' "$before" "$(field life cpuNs)"
kx exec life true 2>/tmp/err; is 'exec of a paused one' 125 $?
kx unpause life >/dev/null
kx rm life 2>/tmp/err; is 'rm of one that runs' 1 $((($? != 0)))
kx run --rm --name life rootfs true 2>/tmp/err; is 'a name twice' 125 $?
says 'a name twice is said' "life" "$(cat /tmp/err)"
kx kill -s TERM life >/dev/null; is 'status after TERM' 5 "$(kx wait life)"
says 'logs after the end' told "$(kx logs life)"
says 'ps -a has its status' 'Exited \(5\)' "$(kx ps -a)"
kx rm life >/dev/null; kx inspect life 2>/tmp/err; is 'gone' 1 $((($? != 0)))
kx run -d --name stubborn rootfs sh -c 'trap "" TERM; echo up; while :; do sleep 1; done' >/dev/null
until_true sh -c 'kx logs stubborn | grep -q up'; kx stop -t 1 stubborn >/dev/null; is 'stop of a stubborn one' 137 "$(kx wait stubborn)"
kx rm stubborn >/dev/null
is 'a terminal' 'a terminal' "$(kx run -t --rm rootfs sh -c 'tty >/dev/null && echo a terminal' | tr -d '\r')"
is 'no terminal' 'not a tty' "$(kx run --rm rootfs tty)"
is 'nothing is left' 1 "$(kx ps -a -q | wc -l)"
