# A fork bomb meets EAGAIN; the shell survives and everything comes back.
/test/programs/forkbomb; echo "status $?"
i=0; while ps | grep -q '[p]rograms/forkbomb' && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
echo "left: $(ps | grep -c '[p]rograms/forkbomb')"
(ulimit -u 30 2>/dev/null; for i in 1 2 3; do /bin/true; done); echo "shell works: $(/bin/echo yes)"
