/test/programs/clock; echo "status $?"
