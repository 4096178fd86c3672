cd /tmp/w; /test/programs/signals; echo "status $?"
