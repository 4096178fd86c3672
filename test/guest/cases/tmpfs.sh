# A file that fills tmpfs gives ENOSPC, what fitted stays readable, and removing it gives all back. What is to be said waits
# until there is room again: the output of this case lies in the same tmpfs.
said=$(dd if=/dev/zero of=/tmp/w/fill bs=64k 2>&1; echo "status $?"
    size=$(stat -c %s /tmp/w/fill); [ "$size" -gt 1000000 ] && echo "much fitted"
    dd if=/tmp/w/fill bs=64k skip=$((size / 65536 - 1)) 2>/dev/null | tail -c 5 | od -An -c
    echo small >/tmp/w/small || echo "still full")
rm -f /tmp/w/fill
echo "$said"
echo again >/tmp/w/again && cat /tmp/w/again
mkdir /tmp/w/many; i=0; while [ $i -lt 500 ]; do echo $i >/tmp/w/many/$i; i=$((i + 1)); done; ls /tmp/w/many | wc -l; rm -r /tmp/w/many
