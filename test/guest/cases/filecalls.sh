/test/programs/filecalls; echo "status $?"
