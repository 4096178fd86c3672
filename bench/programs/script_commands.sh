# SPDX-License-Identifier: MPL-2.0
# bench: ms 1 a script of busybox sh: functions, loops, here-documents, substitutions, pipes, external commands
# prints: 3000 4501500 ba 1500 60 sum=4950 60 19900 120 3
add() {
    total=$((total + $1))
}
# `text` without the commands that it would take outside a shell.
reverse() {
    text=$1 reversed=
    while [ -n "$text" ]; do
        rest=${text#?}
        reversed=${text%"$rest"}$reversed text=$rest
    done
}
case $1 in
prepare)
    i=0
    while [ $i -lt 1500 ]; do
        i=$((i + 1))
        echo "$i field-$i rest of line $i"
    done >lines
    ;;
run)
    i=0 total=0
    while test $i -lt 3000; do
        i=$((i + 1))
        add $i
    done
    for word in alpha beta gamma ab; do
        reverse $word
    done
    lines=0
    while read -r number field rest; do
        [ "$field" = "field-$number" ] && [ "$rest" = "rest of line $number" ] && lines=$((lines + 1))
    done <lines
    substituted=0
    while [ $substituted -lt 60 ]; do
        substituted=$(echo $((substituted + 1)))
    done
    sum=$(
        j=0 s=0
        while [ $j -lt 100 ]; do
            s=$((s + j)) j=$((j + 1))
        done
        echo sum=$s
    )
    documents=0 documented=0
    while [ $documents -lt 60 ]; do
        documents=$((documents + 1))
        while read -r number; do
            documented=$((documented + number))
        done <<END
$documents
$((documents * 2))
END
    done
    piped=$("$BUSYBOX" seq 0 199 | while read -r number; do echo "$number"; done | "$BUSYBOX" awk '{ s += $1 } END { print s }')
    external=0
    while [ $external -lt 120 ]; do
        "$BUSYBOX" false || external=$((external + 1))
    done
    words=$(echo one two three | "$BUSYBOX" wc -w)
    [ $documented -eq 5490 ] &&
        echo $i $total $reversed $lines $substituted $sum $documents $piped $external $words >result
    ;;
check) "$BUSYBOX" cat result && "$BUSYBOX" rm result ;;
esac
