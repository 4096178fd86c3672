/test/programs/ptys; echo "status $?"
