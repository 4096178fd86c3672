# Eating all memory ends the eater or gives ENOMEM; all of it comes back.
/test/programs/memoryhog; s=$?; [ $s = 137 ] || [ $s = 3 ] && echo "stopped"; echo "status $s"
free | head -n 2 | tail -n 1 | awk '{ print ($4 > 10000 ? "free again" : "lost") }'
/test/programs/memoryhog & /test/programs/memoryhog & wait; echo "after two"
/bin/echo alive
dd if=/dev/zero of=/dev/null bs=1M count=10 2>/dev/null; echo "large buffer $?"
