# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 busybox awk sums a column of a file of 50 MB by the words of another
# prints: 1508155 400 753318311 753318311
# large
case $1 in
prepare) "$BUSYBOX" awk -v bytes=50000000 -f "${0%/*}/data.awk" >data ;;
run)
    "$BUSYBOX" awk '{ total += $3; by[$2] += $3 } END { for (word in by) { words++; again += by[word] } print NR, words, total, again }' \
        data >sums
    ;;
check) "$BUSYBOX" cat sums ;;
esac
