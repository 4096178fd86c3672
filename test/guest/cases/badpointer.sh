cd /tmp/w; /test/programs/badpointer; echo "status $?"
