# What a configuration makes of a container, from the inside.
. /test/containers/lib
inside() { kx run --rm "$@"; }
is environment 'b c' "$(inside -e A='b c' rootfs sh -c 'echo "$A"')"
is 'working directory' /etc "$(inside -w /etc rootfs pwd)"
is user '1000 1001' "$(inside -u 1000:1001 rootfs sh -c 'echo $(id -u) $(id -g)')"
is 'host name' box "$(inside -h box rootfs hostname)"
is 'process 1' init "$(inside rootfs cat /proc/1/comm)"
is 'own processes only' '1 2' "$(inside rootfs sh -c 'echo $(ls /proc | grep "^[0-9]*$" | head -n 2)')"
inside --read-only rootfs sh -c 'echo x >/file' 2>/dev/null; is 'a read-only root' 1 $?
is 'tmpfs on it' x "$(inside --read-only --tmpfs /work:size=64k rootfs sh -c 'echo x >/work/file; cat /work/file')"
inside --tmpfs /work:size=64k rootfs sh -c 'dd if=/dev/zero of=/work/big bs=1k count=100' 2>/dev/null; is 'its size' 1 $?
mkdir -p /tmp/tree/sub; echo content >/tmp/tree/sub/file; head -c 20000 /bin/busybox >/tmp/tree/large
is 'a bound tree' content "$(inside -v /tmp/tree:/data rootfs cat /data/sub/file)"
is 'a large file of it' "$(md5sum </tmp/tree/large)" "$(inside -v /tmp/tree:/data rootfs md5sum /data/large | sed 's,/data/large,-,')"
inside -v /tmp/tree:/data:ro rootfs sh -c 'echo x >/data/sub/file' 2>/dev/null; is 'read-only' 1 $?
is 'a change stays inside' "x content" "$(inside -v /tmp/tree:/data rootfs sh -c 'echo x >/data/sub/file; cat /data/sub/file') $(cat /tmp/tree/sub/file)"
is 'a change of a shared file' 'changed' "$(inside rootfs sh -c 'echo changed >/bin/busybox.new; cat /bin/busybox.new; cp /bin/busybox /b; echo >>/bin/busybox 2>/dev/null; true')"
is 'the image is unharmed' "$(md5sum </bin/busybox)" "$(inside rootfs md5sum /bin/busybox | sed 's,/bin/busybox,-,')"
inside --pids-limit 4 rootfs sh -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait' 2>/tmp/err; says 'processes are limited' "fork|unavailable" "$(cat /tmp/err)"
cat >/tmp/seccomp.json <<'J'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}, {"names": ["uname"], "action": "SCMP_ACT_KILL_PROCESS"}]}
J
says 'a call that is refused' 'Permission denied' "$(inside --security-opt seccomp=/tmp/seccomp.json rootfs mkdir /x 2>&1)"
inside --security-opt seccomp=/tmp/seccomp.json rootfs uname; is 'a call that kills' 159 $?
cat >/tmp/again.json <<'J'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["stat", "newfstatat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}
J
is 'a call that is refused again and again' end "$(inside --security-opt seccomp=/tmp/again.json rootfs sh -c 'for i in 1 2 3 4; do [ -e /bin/sh ] && echo there; done; echo end')"
mkdir -p /tmp/bundle/rootfs/bin; cp /bin/busybox /tmp/bundle/rootfs/bin/sh
cat >/tmp/bundle/config.json <<'J'
{"ociVersion": "1.0.2", "process": {"args": ["sh", "-c", "echo $WHO at $PWD"], "env": ["WHO=me", "PATH=/bin"], "cwd": "/bin"}, "root": {"path": "rootfs"},
 "hostname": "bundled", "linux": {"resources": {"memory": {"limit": 6291456}}}}
J
is 'a bundle' 'me at /bin' "$(kx run --rm --bundle /tmp/bundle)"
kx run --rm --isolation guarded rootfs true 2>/tmp/err; is 'an isolation that is not there' 125 $?
says 'is refused in a line' guarded "$(cat /tmp/err)"
is 'one line' 1 "$(wc -l </tmp/err)"
for wrong in '-m 0' '-m 1k' '-m 999999g' '--cpus 0' '--cpus 999' '--libos nosuch' '--gate-import nosuch' '--pids-limit -1'; do
    # shellcheck disable=SC2086
    kx run --rm $wrong rootfs true 2>/tmp/err; is "kx run $wrong" '125 1' "$? $(wc -l </tmp/err)"
done
is 'nothing is left' 1 "$(kx ps -a -q | wc -l)"
