# kill -9 of anything works: busy, asleep, stopped, blocked in a pipe, in a pipeline, ignoring all else.
try() { sleep 0.1; kill -9 $1; wait $1 2>/dev/null; echo "$2 $?"; }
sh -c 'while :; do :; done' & try $! busy
sleep 1000 & try $! asleep
sleep 1000 & kill -STOP $!; try $! stopped
mkfifo /tmp/w/p; cat /tmp/w/p & try $! opening
sh -c 'read x' </dev/zero & try $! reading
(trap '' TERM INT HUP QUIT; while :; do sleep 0.01; done) & try $! ignoring
yes >/dev/null & try $! writing
dd if=/dev/zero of=/dev/null bs=1M & try $! copying
sh -c 'sleep 1000 & wait' & p=$!; sleep 0.1; c=$(ps -o pid,ppid | awk -v p=$p '$2 == p { print $1 }'); try $p waiting; kill -9 $c
kill -9 1; echo "one: $?"; sleep 0.1; kill -0 1 && echo "the first process lives"
