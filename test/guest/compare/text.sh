# SPDX-License-Identifier: MPL-2.0
# Applets that read and write text, compared between Linux and the guest.
s() { echo "--- $*"; }
seq 1 20 >numbers
printf 'pear 3\napple 1\nfig 2\napple 5\nbanana 4\n' >fruit
printf 'the quick brown fox\njumps over\n\nthe lazy dog\n' >fox

s awk; awk '{ sum[$1] += $2 } END { for (k in sum) print k, sum[k] }' fruit | sort
awk 'BEGIN { printf "%.3f %d %s %c\n", 2 / 3, 3.9, substr("hello", 2, 3), 65; print length("abc"), index("abc", "c"), toupper("up") }'
awk -F: 'NR == 1 { print $1, $3, $NF }' /etc/group
awk 'BEGIN { "echo piped" | getline x; print x; print "out" | "cat"; close("cat"); print gsub(/o/, "0", x), x; exit 3 }'; echo $?
awk 'BEGIN { while ((getline line < "fox") > 0) n++; print n; srand(1); print int(rand() * 0) }'
s base64; base64 fruit; base64 fruit | base64 -d | cmp - fruit && echo same; head -c 100 /dev/zero | base64 -w 20
s basename dirname; basename /a/b/c.txt .txt; dirname /a/b/c.txt; basename /; dirname x
s bc; echo '2^100; scale=20; 4*a(1); 10/3; x=5; x*x' | bc -l
s dc; echo '2 3 + p 10 7 % p' | dc; dc -e '3 4 * p'
s cat; cat -n fox; cat -A fruit | head -n 2; cat -b fox; cat nothing 2>&1; echo $?; cat - <fruit | wc -l
s cal; cal 2 2024; cal -m 1 2023 | head -n 4; cal -j 12 1999
s cmp; cmp fruit fox; echo $?; cmp fruit fruit; echo $?; cmp -l fruit fox 2>&1 | head -n 3
s comm-like sort; sort fruit; sort -k2 -n -r fruit; sort -u -k1,1 fruit; sort -t: -k3 -n /etc/group | head -n 1; sort -c fruit; echo $?
sort -o sorted fruit; cat sorted
s crc32; crc32 fruit 2>/dev/null || true; cksum fruit 2>/dev/null || echo no cksum
s cut; cut -d' ' -f2 fruit; cut -c1-3 fruit; cut -d: -f1,3- /etc/group | head -n 1; cut -b 2 fox
s date; date -u -d @0; date -u -d '2024-02-29 12:34:56' '+%Y-%j %H:%M:%S %a %b %s'; date -u -d @1700000000 +%FT%TZ; date -u -d bad 2>&1; echo $?
[ "$(date +%Y)" -ge 2020 ] && echo present
s diff; diff fruit sorted; echo $?; diff -u fruit sorted | sed 1,2d; diff -q fruit fox; diff fruit fruit; echo $?
s dos2unix; printf 'a\r\nb\r\n' >dos; dos2unix dos; od -c dos; unix2dos dos; od -An -c dos
s echo; echo -e '\0101\x42\tC'; echo -n; echo "\\n"
s ed; printf '1\n2,3p\ns/brown/red/\n1p\n$a\nappended\n.\nw fox2\nq\n' | ed fox; cat fox2
s egrep fgrep grep; egrep '^(the|jumps)' fox; fgrep . fox; grep -n the fox; grep -c the fox; grep -v the fox; grep -i QUICK fox; grep -o 'o.' fox
grep -q lazy fox; echo $?; grep nothing fox; echo $?; grep x nothing-there 2>&1; echo $?; grep -l dog fox fruit; grep -w the fox; grep -A1 -B1 jumps fox; grep -E '[0-9]{1}$' fruit | wc -l
s env; env -i A=1 B=2 env | sort; env -u HOME sh -c 'echo [$HOME]'; env nothing-there 2>&1; echo $?
s expand unexpand; printf 'a\tb\n' | expand -t 4; printf '        x\n' | unexpand | od -c
s expr; expr 3 + 4 \* 2; expr abc : 'a\(.\)c'; expr length hello; expr 1 \> 2; echo $?; expr substr hello 2 3
s factor; factor 12 97 1234567890 4294967291
s false true; false; echo $?; true; echo $?
s fold; fold -w 7 fox; fold -s -w 10 fox
s getopt; getopt -o ab: -l long,arg: -- -a -b x --arg=y rest; getopt -o a -- -z 2>&1; echo $?
s head tail; head -n 3 numbers; head -c 5 numbers; head -n -17 numbers; tail -n 2 numbers; tail -n +19 numbers; tail -c 4 numbers; head -q -n 1 fruit fox; tac numbers | head -n 2
s hexdump od xxd; hexdump -C fruit; hexdump fruit | head -n 2; od -c fruit | head -n 2; od -A x -t x1 fruit | head -n 2; od -t d4 -N 8 fruit; xxd fruit; xxd -p fruit; xxd -p fruit | xxd -r -p | cmp - fruit && echo same
s less more; less <fox; more <fox; less fox | head -n 1; more fox | tail -n 1
s hashes; for h in md5sum sha1sum sha256sum sha512sum sha3sum; do $h fruit; seq 1 20000 | $h; done
md5sum fruit fox >sums; md5sum -c sums; echo changed >>fox; sha256sum fruit | sha256sum -c; md5sum -c sums 2>&1; echo $?
s nl; nl fox; nl -b a fox | head -n 3
s paste; paste fruit numbers | head -n 3; paste -s -d, numbers; paste -d' ' - - <numbers | tail -n 1
s patch; printf 'one\ntwo\nthree\n' >p1; printf 'one\n2\nthree\nfour\n' >p2; diff -u p1 p2 >p.diff; patch p1 <p.diff; cmp p1 p2 && echo patched; patch -R p1 <p.diff; cat p1
s printf; printf '%d %i %o %x %X %u %c %s %5s|%-5s|%05d %e %g\n' 1 2 8 255 255 7 c s r l 42 1.5 0.0001; printf '%s\n' a b c; printf '%q\n' 'a b' 2>&1; printf '%d\n' abc 2>&1; echo $?
s rev; rev fruit
s sed; sed -n '2,3p' fruit; sed 's/\(.*\) \(.*\)/\2 \1/' fruit; sed -e '/apple/d' -e 's/a/A/g' fruit; sed '$!N;s/\n/+/' fruit; sed -n '/fig/,$p' fruit; sed 'y/abc/xyz/' fruit; sed = fruit | sed 'N;s/\n/:/'
cp fruit edit; sed -i 's/fig/date/w written' edit; cat edit written; sed -n '$=' numbers; sed 5q numbers | sed '1!G;h;$!d'; sed -E 's/(a+)p/<\1>/; t; s/$/ -/' fruit
s seq; seq 3; seq 2 2 8; seq -w 8 11; seq -s, 1 5; seq 5 -2 1; seq 0.5 0.5 2
s shuf; shuf numbers | sort -n | cmp - numbers && echo all; shuf -i 1-5 -n 5 | sort | tr -d '\n'; echo; shuf -e x
s split; split -l 8 numbers part. 2>/dev/null && wc -l part.*
s strings; printf '\1\2hello world\0\3ab\0long enough\377' >binary; strings binary; strings -n 3 -o binary | wc -l
s tee; echo teed | tee t1 t2; cat t1 t2; echo more | tee -a t1 >/dev/null; cat t1
s test; test 1 -lt 2; echo $?; [ a = b ]; echo $?; test -f fruit -a -r fruit; echo $?; test ! -e nothing; echo $?; test 2>&1; echo $?; [ fruit -nt /etc/passwd ]; echo $?
s tr; tr a-z A-Z <fruit; tr -d aeiou <fruit; tr -s p <fruit; tr -cd '[:digit:]' <fruit; echo; tr '[:lower:]' '[:upper:]' <fox | tr ' ' '\n' | wc -l
s ts; echo line | ts 'stamp:'
s uniq; printf 'a\na\nb\na\nB\n' | uniq; printf 'a\na\nb\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u; printf 'b\nB\n' | uniq -i
s uuencode uudecode; uuencode fruit name <fruit; uuencode -m fruit decoded | uudecode -o - | cmp - fruit && echo same; uuencode fruit decoded >uu; uudecode uu; cmp decoded fruit && echo again
s wc; wc fruit fox; wc -l <numbers; wc -w fox; wc -c binary; wc -L fox
s yes; yes | head -n 3; yes no | head -n 2
s ascii; ascii | head -n 3
s ash; ash -c 'echo $0 $1' zero one; echo 'echo piped $((6 * 7))' | ash; ash -c 'exit 9'; echo $?
s uname; uname -s; uname -m; uname -p 2>/dev/null | head -n 1; uname -o; [ "$(uname -n)" = "$(hostname)" ] && echo named
s id; id -u; id -un; id -g; id -gn; whoami; id -u nobody; id -u daemon; id nobody2 2>&1; echo $?
s which; which ls | sed 's,.*/,,'; which nothing-there; echo $?
s clear; clear | hexdump -C; TERM=vt100 clear | wc -c
s tty stty; tty </dev/null; echo $?; stty </dev/null 2>&1; echo $?
s hostid; hostid | grep -c '^[0-9a-f]*$'
s nproc; [ "$(nproc)" -ge 1 ] && echo some
