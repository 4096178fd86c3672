# SPDX-License-Identifier: MPL-2.0
# bench: ns 300 a turn of a loop of busybox sh that runs one external command
# prints: 300
case $1 in
run)
    i=0
    while [ $i -lt 300 ]; do
        "$BUSYBOX" false || i=$((i + 1))
    done
    echo $i >result
    ;;
check) "$BUSYBOX" cat result ;;
esac
