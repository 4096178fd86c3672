# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox tar of 50 files, 1 MB, through gzip; and back, through gunzip
# prints: bd5b651c31cdc4cff5805610ad364ec5  -
case $1 in
prepare)
    "$BUSYBOX" mkdir tree
    "$BUSYBOX" awk -v bytes=1000000 -f "${0%/*}/data.awk" >data
    i=0
    while [ $i -lt 50 ]; do
        "$BUSYBOX" dd if=data of=tree/file-$i bs=20000 count=1 skip=$i 2>errors
        i=$((i + 1))
    done
    ;;
run)
    "$BUSYBOX" tar -c -f - tree | "$BUSYBOX" gzip >archive.tar.gz
    "$BUSYBOX" mkdir copy
    "$BUSYBOX" gunzip <archive.tar.gz | "$BUSYBOX" tar -x -f - -C copy
    ;;
check)
    i=0
    while [ $i -lt 50 ]; do
        "$BUSYBOX" cat copy/tree/file-$i
        i=$((i + 1))
    done | "$BUSYBOX" md5sum
    "$BUSYBOX" rm -r copy archive.tar.gz
    ;;
esac
