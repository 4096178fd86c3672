# A NULL dereference ends the process and the shell says so.
/test/programs/nullderef; echo "status $?"; /test/programs/nullderef jump; echo "status $?"; sh -c '/test/programs/nullderef'; echo "status $?"; (/test/programs/nullderef; echo inner $?) ; echo alive
