/test/programs/timers; echo "status $?"
