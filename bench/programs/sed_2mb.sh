# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox sed swaps fields of a file of 2 MB
# prints: 9d0fa4d80a8c53177e7c0b1557b81d73  -
case $1 in
prepare) "$BUSYBOX" awk -v bytes=2000000 -f "${0%/*}/data.awk" >data ;;
run) "$BUSYBOX" sed -e 's/^\([0-9]*\) \([a-z]*\)/\2 \1/' -e '/abc/d' -e 's/ 7/ seven/' data >edited ;;
check) "$BUSYBOX" md5sum <edited && "$BUSYBOX" rm edited ;;
esac
