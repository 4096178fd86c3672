# Applets for terminals, without one.
stty </dev/null; echo "stty $?"; tty </dev/null; echo "tty $?"; ls -l /dev/console /dev/tty /dev/null /dev/ttyS0 2>&1
{ sleep 0.3; printf 'ione line\033'; sleep 0.3; printf ':wq\n'; sleep 0.1; } | vi /tmp/w/v >/dev/null 2>&1; cat /tmp/w/v
for i in $(seq 1 30); do echo line $i; done | less | tail -n 1; for i in $(seq 1 30); do echo line $i; done | more | tail -n 1
timeout 1 top -b -n 2 -d 0 | grep -c '^Mem'; TERM=linux clear | od -An -c; timeout 1 watch -n 1 -t echo watched | tr -cd 'a-z\n' | head -n 1
