# The template of a library OS, on both machines: it boots, takes input, and ends.
for machine in 'boot/run --direct' build/hosted/kxos; do
    said=$(timeout 60 $machine --libos template --cmd 'one 100% <2>' </dev/null 2>&1)
    status=$?
    [ $status = 0 ] && [ "$(echo "$said" | tr -d '\r')" = 'Hello. The supervisor said: cmdfile=/.kx-cmd quiet args=one%20100%25%20%3C2%3E libos=template
one
100%
<2>' ] && ok || not_ok "template on $machine" "status $status: $said"
    said=$(timeout 60 $machine --libos template --cmd "$(printf '%1600s')" </dev/null 2>&1)
    status=$?
    [ $status = 2 ] && [ "${said#*: }" = '--cmd: too long for the arguments of a library OS' ] && ok ||
        not_ok "template on $machine" "long arguments: status $status: $said"
    said=$(timeout 60 expect -c "
        log_user 0
        spawn -noecho $machine --libos template
        expect {Hello} {} timeout {puts silent; exit 1}
        send echoed
        expect echoed {} timeout {puts deaf; exit 1}
        send \004
        expect eof {} timeout {puts endless; exit 1}" </dev/null 2>&1)
    [ $? = 0 ] && ok || not_ok "template on $machine" "typing: $said"
done
[ "$(cat libos/template/*.[cS] | wc -l)" -le 100 ] && ok || not_ok template 'more than 100 lines'
# An image that asks for what nobody has is refused in a line.
perl -pe 's/KxOS\0\0\0\0console/KxOS\0\0\0\0hardisk/' build/template.img >"$out/asks.img"
for machine in 'boot/run --direct' build/hosted/kxos; do
    timeout 60 $machine --libos "$out/asks.img" --cmd x --log "$out/asks.log" >/dev/null 2>&1
    [ $? = 125 ] && grep -qa "asks for 'hardisk', which nobody has" "$out/asks.log" && ok || not_ok "needs on $machine" "$(tail -n 3 "$out/asks.log")"
done
