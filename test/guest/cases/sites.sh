cd /tmp/w; /test/programs/sites; echo "status $?"
