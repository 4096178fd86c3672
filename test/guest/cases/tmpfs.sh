# A file that fills tmpfs gives ENOSPC, what fitted stays readable, and removing it gives all back.
dd if=/dev/zero of=/tmp/w/fill bs=64k 2>&1 | tail -n 3; echo "status $?"
[ "$(stat -c %s /tmp/w/fill)" -gt 1000000 ] && echo "much fitted"; tail -c 10 /tmp/w/fill | od -An -c
echo small 2>&1 >/tmp/w/small; rm /tmp/w/fill; echo again >/tmp/w/again && cat /tmp/w/again
mkdir /tmp/w/many; i=0; while [ $i -lt 500 ]; do echo $i >/tmp/w/many/$i; i=$((i + 1)); done; ls /tmp/w/many | wc -l; rm -r /tmp/w/many
