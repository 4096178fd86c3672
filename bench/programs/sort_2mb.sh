# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox sort of a file of 2 MB
# prints: fca6227562c02622e3bd8058e01cfe70  -
case $1 in
prepare) "$BUSYBOX" awk -v bytes=2000000 -f "${0%/*}/data.awk" >data ;;
run) "$BUSYBOX" sort data >sorted ;;
check) "$BUSYBOX" md5sum <sorted && "$BUSYBOX" rm sorted ;;
esac
