# SPDX-License-Identifier: MPL-2.0
# bench: ns 20000 a turn of a loop of busybox sh: arithmetic, a test, a case
# prints: 20000 200010000 6667
case $1 in
run)
    i=0 sum=0 thirds=0
    while [ $i -lt 20000 ]; do
        i=$((i + 1)) sum=$((sum + i))
        case $((i % 3)) in 1) thirds=$((thirds + 1)) ;; esac
    done
    echo $i $sum $thirds >result
    ;;
check) "$BUSYBOX" cat result ;;
esac
