# SPDX-License-Identifier: MPL-2.0
# The comparison script of the shell: everything a script may do, with output that depends on nothing but the system below.
# Runs in an empty directory, under busybox sh, on Linux and in the guest; output and status must be the same to the byte.

section() { echo "--- $*"; }

section pipes of any length
seq 1 1000 | grep 7 | sed 's/7/seven/g' | sort -r | uniq | head -n 5 | tr a-z A-Z | cat | cat | cat | wc -l
pipeline='seq 1 50'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do pipeline="$pipeline | cat"; done
eval "$pipeline" | tail -n 1
yes | head -n 100000 | wc -c
dd if=/dev/zero bs=1k count=1000 2>/dev/null | md5sum
false | true; echo "status of a pipe: $?"
set -o pipefail; false | true; echo "with pipefail: $?"; set +o pipefail
(exit 3) | (exit 4); echo "last of a pipe: $?"
yes | head -n 1; echo "broken pipe is quiet: $?"

section redirections
echo one >a; echo two >>a; cat <a
echo err >&2 2>b; cat b
ls nothing-there 2>c; echo "status $?"; cat c
{ echo out; echo err >&2; } >both 2>&1; cat both
exec 3>third; echo to three >&3; exec 3>&-; cat third
exec 4<a; read -r first <&4; read -r second <&4; exec 4<&-; echo "$second $first"
echo kept >keep; set -C; echo lost >keep; echo "noclobber: $?"; echo forced >|keep; set +C; cat keep
cat <a >d; cmp a d && echo same
: >empty; wc -c <empty
cat nothing-there/below 2>&1; echo "status $?"
echo x >/; echo "directory: $?"
exec 5<>rw; echo written >&5; exec 5>&-; cat rw

section here-documents
name=world
cat <<END
hello $name $((6 * 7)) $(echo nested) \$name
END
cat <<'END'
hello $name $((6 * 7)) $(echo nested) \$name
END
cat <<-END
	tabs are taken off
		both
	END
cat <<ONE; cat <<TWO
first
ONE
second
TWO
awk '{ bytes += length($0) + 1 } END { print bytes }' <<END
$(seq 1 20000)
END

section command substitution
echo "$(echo a; echo b)" `echo c`
echo "$(echo "$(echo "$(echo deep)")")"
x=$(printf 'trailing\n\n\n'); echo "[$x]"
x=$(exit 9); echo "status of a substitution: $?"
echo "$(cat <<END
inside
END
)"
lines=$(seq 1 5000); echo ${#lines}

section variables
unset u; echo "${u-default} ${u:-default2} ${u+set}" ; echo "${u:=assigned} $u"
v=path/to/file.tar.gz; echo "${v##*/} ${v#*/} ${v%.*} ${v%%.*} ${#v}"
echo "${v/to/from} ${v//t/T} ${v:5:2}"
(unset z; echo "${z?is not set}") 2>&1; echo "status $?"
readonly r=1; (r=2) 2>&1; echo "status $?"
a1='*'; echo "$a1" '$a1' \$a1
IFS=:; set -- $(echo a:b::c); IFS=' 	
'; echo $# "$1" "$2" "[$3]" "$4"
set -- 'a b' c; for w in "$@"; do echo "<$w>"; done; echo "$*"; shift; echo $# $1
export EXPORTED=yes; sh -c 'echo "child sees $EXPORTED"'
FOO=bar sh -c 'echo $FOO'; echo "[$FOO]"
local_test() { local v=inner; echo $v; }; v=outer; local_test; echo $v

section arithmetic
echo $((1 + 2 * 3)) $(((1 + 2) * 3)) $((7 / 2)) $((-7 / 2)) $((7 % 3)) $((-7 % 3)) $((2 ** 10))
echo $((0x1f)) $((017)) $((1 << 40)) $((0xff & ~0x0f)) $((5 > 3 && 2 > 1)) $((1 ? 10 : 20))
i=5; echo $((i++)) $i $((++i)) $((i += 10)) $((i--)) $i
echo $((9223372036854775807)) $((9223372036854775807 + 1))
(echo $((1 / 0))) 2>&1; echo "status $?"
let 'j = 3 * 4'; echo $j

section control flow
for i in 1 2 3 4 5; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done
i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo w$i; done
until [ $i = 0 ]; do i=$((i - 1)); done; echo u$i
case file.txt in *.c) echo c;; *.txt | *.md) echo text;; *) echo other;; esac
case abc in [!a]*) echo no;; a?c) echo yes;; esac
if false; then echo 1; elif true; then echo 2; else echo 3; fi
! true; echo $?; ! false; echo $?
true && echo and; false || echo or
[ -e a ] && [ ! -e nope ] && [ -d . ] && [ -f a ] && [ ! -s empty ] && [ a -ef a ] && echo tests
[[ abc == a* ]] && echo pattern; [ 3 -gt 2 -a 1 -lt 2 ] && echo both; test -z "" && echo empty

section functions
factorial() { if [ "$1" -le 1 ]; then echo 1; else echo $(($1 * $(factorial $(($1 - 1))))); fi; }
factorial 10
returns() { return 42; }; returns; echo $?
outer() { inner() { echo inner of outer; }; }; outer; inner
redirected() { echo to a file; } >redirected.out; redirected; cat redirected.out
unset -f inner; inner 2>&1; echo "status $?"

section reading
printf 'a b c\nd\\ne\n' | while read x y; do echo "$x|$y"; done
printf 'a b c\nd\\ne\n' | while read -r x; do echo "$x"; done
echo a:b:c | { IFS=: read p q s; echo "$s$q$p"; }
printf 'no newline' | { read x; echo "$? $x"; }
echo abcdef | { read -n 3 x; echo "$x"; }
read x </dev/null; echo "end: $?"
getopts_test() { OPTIND=1; while getopts ab:c o; do echo "$o $OPTARG"; done; shift $((OPTIND - 1)); echo "rest $*"; }
getopts_test -a -b value -c more words

section globbing
mkdir globs; cd globs; touch a1 a2 b1 .hidden 'with space' '[x]'; mkdir sub; touch sub/deep
echo *; echo a?; echo [ab]1; echo [!ab]*; echo .h*; echo */*; echo nothing*; echo \[x\]; echo "*"
for f in *; do echo "<$f>"; done
set -f; echo *; set +f
cd ..; rm -r globs

section sub-shells and exec
x=1; (x=2; cd /; echo $x); echo $x
(exit 5); echo $?
{ x=3; }; echo $x
sh -c 'exec echo replaced; echo never'
(exec sh -c 'echo $0 $1' zero one)
sh -c 'exec nothing-there' 2>&1; echo "status $?"
echo 'echo sourced $1; sv=7' >source.sh; . ./source.sh; echo $sv
printf '#!/bin/sh\necho script "$@"\nexit 6\n' >script.sh; ./script.sh 2>&1; echo "status $?"
chmod +x script.sh; ./script.sh p q; echo "status $?"
nothing-there 2>&1; echo "status $?"
command -v cd; type echo true; alias ll='ls -l'; alias ll
eval 'echo evaluated; false'; echo $?

section set -e and set -u
sh -c 'set -e; echo before; false; echo after'; echo "status $?"
sh -c 'set -e; if false; then :; fi; false || true; ! true; echo survived'; echo "status $?"
sh -c 'set -u; echo $undefined' 2>&1; echo "status $?"
sh -c 'set -x; echo traced' 2>&1
sh -c 'set -e; (exit 7); echo no'; echo "status $?"

section background jobs and wait
(sleep 0.1; echo slow >job1) & (echo fast >job2) & wait; cat job2 job1
(exit 12) & wait $!; echo "status $?"
for n in 1 2 3 4 5 6 7 8; do (exit $n) & pids="$pids $!"; done
for p in $pids; do wait $p; printf '%s ' $?; done; echo
sleep 10 & kill $!; wait $! 2>/dev/null; echo "terminated: $?"
sleep 10 & kill -9 $!; wait $! 2>/dev/null; echo "killed: $?"
wait 99999 2>&1; echo "no such child: $?"
{ sleep 0.05; echo background; } & wait; echo foreground
mkfifo pipe; (echo through a fifo >pipe) & cat pipe; wait
n=0; while [ $n -lt 50 ]; do (exit 0) & n=$((n + 1)); done; wait; echo reaped $?

section traps
trap 'echo on exit' EXIT; trap - EXIT
sh -c 'trap "echo bye" EXIT; echo hi; exit 3'; echo "status $?"
sh -c 'trap "echo got it" USR1; kill -USR1 $$; echo on'
sh -c 'trap "echo term; exit 9" TERM; kill $$; echo never'; echo "status $?"
sh -c 'trap "" INT; kill -INT $$; echo ignored'
sh -c 'trap "echo usr2" USR2; (kill -USR2 $$) ; sleep 0.05; echo done'
sh -c 'kill -SEGV $$' 2>&1; echo "status $?"
sh -c 'kill -HUP $$'; echo "status $?"
sh -c 'trap "echo child" CHLD; true | true; echo end' | tail -n 1
sh -c 'trap "echo a" USR1; trap; kill -0 $$ && echo alive'
kill -l 9; kill -l TERM; kill -0 $$ && echo self
(trap 'echo sub' EXIT; exit 4); echo "status $?"

section limits
(ulimit -n 20; ulimit -n; exec 9</dev/null && echo nine; (exec 25</dev/null) 2>&1 || echo beyond)
(ulimit -c 0; ulimit -c; ulimit -S -t 100; ulimit -t)
sh -c 'ulimit -f 2; exec dd if=/dev/zero of=big bs=1k count=5' 2>&1; echo "status $?"; wc -c <big; rm -f big
umask; umask 027; touch masked; stat -c %a masked; umask 022

section xargs
seq 1 10 | xargs -n 3 echo
printf 'a\0b c\0' | xargs -0 -n 1 echo
seq 1 8 | xargs -P 4 -n 1 sh -c 'echo $0' | sort -n | tr '\n' ' '; echo
echo 1 2 3 | xargs -I{} echo '<{}>'
echo | xargs -r echo none; echo a | xargs false; echo "status $?"
seq 1 5000 | xargs echo | wc -w

section deep and wide
deep() { [ $1 = 0 ] && echo bottom || (deep $(($1 - 1))); }; deep 15
x=; for i in $(seq 1 500); do x="$x$i "; done; echo ${#x}
i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; echo $i
for i in $(seq 1 30); do sh -c "exit $i"; t=$((t + $?)); done; echo $t
mkdir -p t/e/f/g/h; cd t/e/f/g/h; pwd | sed 's,.*/t/,t/,'; cd - >/dev/null; cd t/e; cd ..; pwd | sed 's,.*/t,t,'; cd ..
printf '%s %5d|%-5s|%05.1f %x %c %b %%\n' str 42 left 3.14159 255 char 'tab\there'
echo -n no newline; echo; echo -e 'a\tb\\n'; echo 'single "quotes"' "double 'quotes'" back\ slash
exit 17
