# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox sed edits a file of 2 MB
# prints: e40b746c4a0a8343a49e0cce714123ad  -
case $1 in
prepare) "$BUSYBOX" awk -v bytes=2000000 -f "${0%/*}/data.awk" >data ;;
run) "$BUSYBOX" sed -e 's|^0\([0-9]*\) |\1;|' -e '/abc/d' -e 's/ 7/ seven/' data >edited ;;
check) "$BUSYBOX" md5sum <edited && "$BUSYBOX" rm edited ;;
esac
