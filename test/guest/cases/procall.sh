# Every file of /proc and /sys can be read, those of another process too, and the ones that are set keep what was written.
cd /tmp/w
sleep 100 &
other=$!
for tree in /proc/sys /proc/net /proc/kxos /proc/$other /sys; do
    find $tree/ -type f 2>find.err | sort >list
    bad=0
    while read -r file; do cat "$file" >content 2>/dev/null || bad=$((bad + 1)); done <list
    [ $tree != /proc/$other ] || tree=other
    echo "tree $tree files $([ $(wc -l <list) -gt 0 ] && echo some), unreadable $bad"
done
for file in /proc/[a-z]*; do [ ! -f $file ] || cat $file >content 2>/dev/null || echo "unreadable $file"; done
ls -lR /proc/$other/fd /proc/$other/task /proc/net /sys >content || echo bad listing
cat /proc/self/smaps | grep -c '^Rss:' | grep -q '^[1-9]' && echo smaps
cat /proc/self/mountinfo | grep -c ' / / ' | grep -q '^[1-9]' && echo mountinfo
tr '\0' '\n' </proc/$other/cmdline | head -n 1; readlink /proc/$other/exe; cat /proc/$other/comm; od -An -tx8 -N16 /proc/$other/auxv | wc -l
echo 1 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj; echo junk >/proc/self/oom_score_adj 2>/dev/null || echo refused oom
echo no >/proc/$other/comm 2>/dev/null || echo refused comm; sh -c 'echo renamed >/proc/$$/comm; read name </proc/$$/comm; echo $name'
name=$(cat /proc/sys/kernel/hostname); echo set >/proc/sys/kernel/hostname; hostname; echo "$name" >/proc/sys/kernel/hostname
echo dom >/proc/sys/kernel/domainname; cat /proc/sys/kernel/domainname; echo '(none)' >/proc/sys/kernel/domainname
max=$(cat /proc/sys/kernel/pid_max); echo 40000 >/proc/sys/kernel/pid_max; cat /proc/sys/kernel/pid_max; echo $max >/proc/sys/kernel/pid_max
for value in junk 5 99999999999999999999; do echo $value 2>/dev/null >/proc/sys/kernel/pid_max || echo refused $value; done
cat /proc/sys/vm/swappiness >figure; cat figure >/proc/sys/vm/swappiness && echo same
echo 77 2>/dev/null >/proc/sys/vm/swappiness || echo refused other
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$(cat /proc/sys/kernel/random/boot_id)" ] && echo one boot
[ "$(cat /proc/sys/kernel/random/uuid)" != "$(cat /proc/sys/kernel/random/uuid)" ] && echo two uuids
cat /proc/999999/stat 2>&1; ls /proc/nothing 2>&1; mkdir /proc/x 2>/dev/null || echo no directory; rm /proc/uptime 2>/dev/null || echo no removal
chmod 600 /proc/uptime 2>/dev/null || echo no chmod; true 2>/dev/null >/proc/uptime || echo no writing; mv /proc/uptime /proc/y 2>/dev/null || echo no moving
kill $other; wait $other 2>/dev/null; cat /proc/$other/stat 2>/dev/null || echo gone
