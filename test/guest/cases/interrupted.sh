cd /tmp/w; /test/programs/interrupted; echo "status $?"
