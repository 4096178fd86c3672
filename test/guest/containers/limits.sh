# Memory to the page, CPU time within 2 %, and both while it runs.
. /test/containers/lib
kx run -d --name m -m 8m rootfs sleep 1000 >/dev/null
is 'memory to the page' 2048 "$(field m ownedPages)"
kx update -m 16m m >/dev/null; is 'more' 4096 "$(field m ownedPages)"
is 'more is of use' ok "$(kx exec m sh -c 'head -c 6000000 /dev/zero >/big && echo ok; rm /big')"
kx update -m 6m m >/dev/null; is 'less' 1536 "$(field m ownedPages)"
is 'nothing by force' 0 "$(field m forcedPages)"
says 'it goes on' alive "$(kx exec m echo alive)"
kx update -m 1k m 2>/tmp/err; is 'too little' 1 $((($? != 0)))
kx exec m sh -c 'head -c 6000000 /dev/zero >/big' 2>/dev/null; is 'and no more than that' 1 $((($? != 0)))
says 'it still goes on' alive "$(kx exec m echo alive)"
kx rm -f m >/dev/null
kx run --rm -m 8m rootfs /test/programs/memoryhog >/dev/null 2>&1; is 'a hog ends' 1 $((($? != 0)))
is 'nobody else noticed' fine "$(kx run --rm -m 8m rootfs echo fine)"

# share NAME: per mille of one CPU that it had in a second and a half
share() {
    a=$(field "$1" cpuNs) t=$(sed 's/[. ].*//;' /proc/uptime) ta=$(awk '{ print int($1 * 100) }' /proc/uptime)
    sleep 1.5
    b=$(field "$1" cpuNs) tb=$(awk '{ print int($1 * 100) }' /proc/uptime)
    echo $(((b - a) / 10000 / (tb - ta)))
}
kx run -d --name c -m 8m --cpu-period 10000 --cpu-quota 3000 rootfs sh -c 'while :; do :; done' >/dev/null
sleep 0.3; s=$(share c); [ "$s" -ge 294 ] && [ "$s" -le 306 ] && ok "a quota of 300 of 1000" || bad "a quota of 300 of 1000" "$s"
kx update --cpu-quota 1500 c >/dev/null
sleep 0.3; s=$(share c); [ "$s" -ge 147 ] && [ "$s" -le 153 ] && ok "changed to 150" || bad "changed to 150" "$s"
kx rm -f c >/dev/null
kx run -d --name big -m 4m --cpus 0.6 rootfs sleep 100 >/dev/null
n=$(nproc); i=0; while [ $i -lt "$n" ]; do kx run -d --name "more$i" -m 4m --cpus 0.6 rootfs sleep 100 >/dev/null 2>/tmp/err || break; i=$((i + 1)); done
says 'time that is not there' 'reserved' "$(cat /tmp/err)"
for c in $(kx ps -q | sed '/^1$/d'); do kx rm -f "$c" >/dev/null; done
is 'nothing is left' 1 "$(kx ps -a -q | wc -l)"
