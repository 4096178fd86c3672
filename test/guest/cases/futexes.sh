/test/programs/futexes; echo "status $?"
