# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox awk sums a column of a file of 2 MB by the words of another
# prints: 63062 400 31478620 31478620
case $1 in
prepare) "$BUSYBOX" awk -v bytes=2000000 -f "${0%/*}/data.awk" >data ;;
run)
    "$BUSYBOX" awk '{ total += $3; by[$2] += $3 } END { for (word in by) { words++; again += by[word] } print NR, words, total, again }' \
        data >sums
    ;;
check) "$BUSYBOX" cat sums && "$BUSYBOX" rm sums ;;
esac
