# Hostile containers beside a victim: README.md has the table of classes.
. /test/containers/lib
echo secret >/first-container
hostname first-host
kx run -d --name victim -m 6m --cpus 0.1 rootfs /test/programs/hostile victim >/dev/null
until_true sh -c 'kx logs victim | grep -q up' || bad victim 'did not start'
out() { kx logs victim | md5sum; }
said=$(out)
# held NAME FLAGS...: the attempt came to nothing, however its own container ended; one that does not end in five seconds is ended
held() {
    name=$1; shift
    kx run -d --name h -m 12m "$@" rootfs /test/programs/hostile "$name" >/dev/null
    until_true sh -c 'kx ps -a | grep -q "Exited.* h$"'
    kx kill h >/dev/null 2>&1
    text=$(kx logs h 2>&1)
    kx rm -f h >/dev/null 2>/tmp/err || bad "$name" "$(cat /tmp/err)"
    if printf '%s' "$text" | grep -q ESCAPED; then bad "$name" "$text"; else ok "$name"; fi
    [ "$(kx exec victim echo here)" = here ] || bad "$name" 'the victim does not answer'
}
# alone NAME: the same of one that must end well, too
alone() {
    held "$@"
    printf '%s' "$text" | grep -q '^held$' || bad "$1" "did not end: $text"
}
alone forge
held calls
held rings
held libos
held segment
alone devices
alone files
alone processes
held end
held spin
held hog
held bomb --pids-limit 64
is 'our host name' first-host "$(hostname)"

kx run -d --name deaf -m 6m rootfs /test/programs/hostile deaf >/dev/null
until_true sh -c 'kx logs deaf | grep -q deaf'; sleep 0.5
kx kill deaf >/dev/null; is 'one that hears nothing is killed' 137 "$(kx wait deaf)"; kx rm deaf >/dev/null

kx run -d --name deaf -m 12m rootfs /test/programs/hostile deaf >/dev/null
until_true sh -c 'kx logs deaf | grep -q deaf'; sleep 0.5
kx update -m 8m deaf >/dev/null 2>&1; is 'one that gives nothing back loses it' 2048 "$(field deaf ownedPages)"
kx rm -f deaf >/dev/null

kx run -d --name marker -m 16m rootfs /test/programs/hostile mark >/dev/null
sleep 1; kx rm -f marker >/dev/null
alone search
is 'the victim said nothing else' "$said" "$(out)"
kx kill -s TERM victim >/dev/null; is 'the victim is as it was' 0 "$(kx wait victim)"
says 'and says so' '^intact' "$(kx logs victim)"
kx rm victim >/dev/null
is 'nothing is left' 1 "$(kx ps -a -q | wc -l)"
