/test/programs/semaphores; echo "status $?"
cat /proc/sysvipc/sem
