/test/programs/fpu; echo "status $?"
