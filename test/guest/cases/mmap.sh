cd /tmp/w; /test/programs/mmap; echo "status $?"
