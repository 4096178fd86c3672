/test/programs/sockets; echo "status $?"
