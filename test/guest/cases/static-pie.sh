cd /tmp/w; MARK=marked /test/programs/static-pie a last; echo "status $?"
