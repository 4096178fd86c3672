# Several library OSes at once on one exokernel, and a gate between two of them.
. /test/containers/lib
mkdir -p /tmp/scripts; echo 'print(6 * 7); io.stderr:write("aside\n"); os.exit(3)' >/tmp/scripts/a.lua
kx run -d --name store -m 16m --libos kv --no-rootfs --gate-export kv serve >/dev/null
kx run -d --name linux -m 8m rootfs sleep 100 >/dev/null
kx run -d -i --name echo --libos template --no-rootfs >/dev/null
says 'plain C' '^Hello from hello, with 2 arguments: \[a\] \[b\]' "$(kx run --rm --libos hello rootfs a b)"
is 'a script' 42 "$(kx run --rm --libos lua /tmp/scripts a.lua 2>/tmp/err)"
is 'its standard error' aside "$(cat /tmp/err)"
kx run --rm --libos lua /tmp/scripts a.lua >/dev/null 2>&1; is 'its status' 3 $?
says 'an application that pages itself' . "$(kx run --rm -m 16m --libos pager --no-rootfs app pages=64 frames=48)"
says 'through the gate' 'all as it should be' "$(kx run --rm -m 16m --libos kv --no-rootfs --gate-import kv client)"
kx run --rm -m 16m --libos kv --no-rootfs client >/tmp/err; is 'without one' 1 $?
kx run --rm --libos kv --no-rootfs --gate-export kv serve 2>/tmp/err; is 'a second one of that name' 125 $?
says 'all of them at once' '^4$' "$(kx ps -q | wc -l)"
says 'one is written to' typed "$( (echo typed; sleep 1) | timeout 5 kx attach echo 2>/dev/null | tr -d '\r')"
kx run --rm --libos rootfs --no-rootfs 2>/tmp/err; is 'an archive is no image' 125 $?
is 'one line' 1 "$(wc -l </tmp/err)"
for c in store linux echo; do kx rm -f "$c" >/dev/null; done
is 'nothing is left' 1 "$(kx ps -a -q | wc -l)"
