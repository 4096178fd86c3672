/test/programs/advice; echo "status $?"
