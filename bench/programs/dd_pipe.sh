# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox dd of 32 MB in blocks of 4 KiB, through a pipe and another dd to md5sum
# prints: 58f06dd588d8ffb3beb46ada6309436b  -
case $1 in
run)
    "$BUSYBOX" dd if=/dev/zero bs=4096 count=8192 2>errors | "$BUSYBOX" dd bs=4096 2>errors2 | "$BUSYBOX" md5sum >sum
    ;;
check) "$BUSYBOX" cat sum && "$BUSYBOX" rm sum ;;
esac
