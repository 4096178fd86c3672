# Device nodes, mounts, owners: what the host may not do for us.
cd /tmp/w; mknod n c 1 3; echo x >n; stat -c '%F %t,%T' n; mknod z c 1 5; head -c 3 z | od -An -c; mknod f p; stat -c %F f
touch o; chown 1000:1000 o; stat -c '%u:%g %U' o; chgrp daemon o; stat -c %G o; chmod 600 o; su user -c 'cat /tmp/w/o && echo readable; id -u; echo no >/root/x; kill -9 1' 2>&1; ls /root/x 2>&1
mkdir m; mount -t tmpfs none m; echo inside >m/file; mount | grep -c /tmp/w/m; df m | tail -n 1 | awk '{ print $NF }'; rm m/file; umount m; ls m | wc -l; umount m 2>&1; mount -t nonsense none m 2>&1; mount -t proc proc m && cat m/self/comm; umount m
hostname other; hostname; uname -n; hostname kxos; echo done
