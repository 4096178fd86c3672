cd /tmp/w; /test/programs/threads; echo "status $?"
