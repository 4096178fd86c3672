# The template of a library OS, on both machines: it boots, takes input, and ends.
for machine in 'boot/run --direct' build/hosted/kxos; do
    said=$(timeout 60 $machine --libos template --cmd : </dev/null 2>&1)
    status=$?
    [ $status = 0 ] && [ "$(echo "$said" | tr -d '\r')" = 'Hello. The supervisor said: cmdfile=/.kx-cmd quiet libos=template' ] && ok ||
        not_ok "template on $machine" "status $status: $said"
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
