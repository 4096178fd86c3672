/test/programs/files; echo "status $?"
