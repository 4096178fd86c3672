# /proc in Linux's formats.
for f in meminfo stat uptime loadavg cpuinfo version mounts filesystems sys/kernel/hostname sys/kernel/osrelease sys/kernel/pid_max \
    self/stat self/status self/statm self/cmdline self/comm self/environ self/maps self/limits; do
    [ -r /proc/$f ] && [ "$(cat /proc/$f | wc -c)" -gt 0 ] && echo "ok $f" || echo "bad $f"
done
cat /proc/meminfo /proc/stat /proc/uptime /proc/loadavg /proc/cpuinfo /proc/mounts /proc/filesystems /proc/self/maps /proc/self/limits /proc/self/status
cat /proc/sys/kernel/osrelease /proc/sys/kernel/pid_max
for link in exe cwd root fd/0; do readlink /proc/self/$link; done; ls /proc/self/task /proc/self/fd /proc/self/fdinfo; ls /proc | head -n 3
awk '/^cpu[0-9]/ { n++ } END { print "cpus " n }' /proc/stat; awk '/^processor/ { n++ } END { print "processors " n }' /proc/cpuinfo; echo "nproc $(nproc)"
