/test/programs/identity; echo "status $?"
