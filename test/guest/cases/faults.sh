# Nothing that ring 3 does gets past its own process.
/test/programs/faults; echo "status $?"
