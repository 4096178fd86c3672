# Many things at once, for the locks.
for i in 1 2 3 4 5 6; do (j=0; while [ $j -lt 30 ]; do echo "$i $j" | cat >/tmp/w/out$i; cat /tmp/w/out$i >/dev/null; sh -c 'exit 3' || :; j=$((j + 1)); done; echo "worker $i") & done; wait
seq 1 40 | xargs -P 8 -n 1 sh -c 'mkdir -p /tmp/w/d/$0/e && touch /tmp/w/d/$0/e/f && rm -r /tmp/w/d/$0' && echo "trees $(ls /tmp/w/d | wc -l)"
/test/programs/threads >/tmp/w/t1 & /test/programs/threads >/tmp/w/t2 & /test/programs/signals >/tmp/w/t3 & wait; tail -qn 1 /tmp/w/t1 /tmp/w/t2 /tmp/w/t3
for i in $(seq 1 20); do yes $i | head -n 2000 | md5sum & done | sort | uniq | wc -l; wait
