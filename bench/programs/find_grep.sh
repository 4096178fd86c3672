# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox find | xargs grep | wc or awk, in a tree of 400 files, of 3 KB each
# prints: 400 57 1 2800
case $1 in
prepare)
    "$BUSYBOX" awk -v bytes=3000 -f "${0%/*}/data.awk" >text
    i=0
    while [ $i -lt 20 ]; do
        "$BUSYBOX" mkdir -p tree/$i
        j=0
        while [ $j -lt 20 ]; do
            {
                [ $(((i * 20 + j) % 7)) -ne 3 ] || echo the needle
                "$BUSYBOX" cat text
                [ $i$j != 1717 ] || echo the other needle
            } >tree/$i/file-$j
            j=$((j + 1))
        done
        i=$((i + 1))
    done
    ;;
run)
    {
        "$BUSYBOX" find tree -type f | "$BUSYBOX" wc -l
        "$BUSYBOX" find tree -type f | "$BUSYBOX" xargs "$BUSYBOX" grep -l '^the needle$' | "$BUSYBOX" wc -l
        "$BUSYBOX" find tree -name 'file-1*' | "$BUSYBOX" xargs "$BUSYBOX" grep -l 'other n[aeiou]*dle' | "$BUSYBOX" wc -l
        "$BUSYBOX" find tree -type f -name 'file-*' | "$BUSYBOX" xargs "$BUSYBOX" grep -c 'efghij' | "$BUSYBOX" awk -F : '{ sum += $2 } END { print sum }'
    } >result
    ;;
check) echo $("$BUSYBOX" cat result) && "$BUSYBOX" rm result ;;
esac
