# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox sort of a file of 50 MB
# prints: 2dd9cce575101eaca1ea9fd13572fdeb  -
# large
case $1 in
prepare) "$BUSYBOX" awk -v bytes=50000000 -f "${0%/*}/data.awk" >data ;;
run) "$BUSYBOX" sort data >sorted ;;
check) "$BUSYBOX" md5sum <sorted && rm sorted ;;
esac
