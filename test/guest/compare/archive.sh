# SPDX-License-Identifier: MPL-2.0
# Archivers and compressors, compared between Linux and the guest.
s() { echo "--- $*"; }
umask 022
mkdir tree tree/sub; seq 1 2000 >tree/numbers; echo small >tree/sub/small; ln -s numbers tree/link; : >tree/empty; head -c 10000 /dev/zero >tree/zeros; chmod 600 tree/sub/small
find tree -exec touch -h -d '2021-05-06 07:08:09' {} \; 2>/dev/null; find tree ! -type l -exec touch -d '2021-05-06 07:08:09' {} \;

s tar; tar cf t.tar tree; tar tf t.tar | sort; tar tvf t.tar | grep -v link | sed 's,[^ ]*/[^ ]*,owner,' | sort -k6; mkdir out; tar xf t.tar -C out; find out | sort; cat out/tree/sub/small; stat -c '%a %Y' out/tree/sub/small; readlink out/tree/link; cmp tree/numbers out/tree/numbers && echo same
tar czf t.tgz tree; tar tzf t.tgz | wc -l; tar xzf t.tgz -O tree/sub/small; tar cjf t.tbz tree && tar tjf t.tbz | wc -l; tar cf - tree | tar xf - -C out; tar xf nothing 2>&1; echo $?; tar cf x.tar --no-recursion tree; tar tf x.tar; head -c 1000 t.tar >short; tar tf short >/dev/null 2>&1; echo $?
s gzip gunzip zcat; gzip -c tree/numbers >n.gz; gunzip -c n.gz | cmp - tree/numbers && echo same; zcat n.gz | wc -l; cp tree/numbers n; gzip n; ls n 2>&1; rm n.gz; gzip n; ls n.gz; gunzip n.gz; ls n; gzip -9 <tree/zeros | wc -c; gzip -t n 2>&1; echo $?; echo junk | gunzip 2>&1; echo $?; gzip -d <n 2>&1 | head -n 1; echo hello | gzip -n | gunzip; gzip -1c n | gzip -dc | md5sum; seq 1 20000 | gzip | zcat | md5sum
s bzip2 bunzip2 bzcat; bzip2 -c tree/numbers >n.bz2; bzcat n.bz2 | cmp - tree/numbers && echo same; rm n.bz2; bzip2 -k n; bunzip2 -c n.bz2 | tail -n 1; echo junk | bunzip2 2>&1; echo $?; seq 1 10000 | bzip2 | bzcat | md5sum
s xz unxz xzcat; base64 -d >hello.xz <<'END'
/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4ARRARFdADQZSe6N6RLmFA6/udJno8NFx+j8UJlesDdvqAXbnbtvHBj/Zrlr2FUMrx+b4nS0tveC+4
tsPiIDV0DaCh1eWY0X7eqYjdEjaUKpGblscSjxF2EqxIvthiNSQEFL7aScDouDoWvXHrHzjAmhbkqvMzx4NQr9HO/Gm2KhCxWqKwRLSgkO7Lxy
6OyunhAlfm/d3gkWaaeRlvbJphLg0zd8AesM3AMOb7hFh0ifAf/lp7NYpu3MQWKiirOKkRBzohFa5bNYwV6FfPbERFPMWO7eUX/APC+Zmv3J0G
jvAZldOGB60e931DwrXGtZLemaoOeMdjlqHvpP6E16kCHKbI3SaDQgXkfDpgEnB0qSNe7WITZBAAAAAAC+uiy4AAGpAtIIAAAx58gFPjANiwIA
AAAAAVla
END
unxz -c hello.xz | tail -n 1; xzcat hello.xz | head -n 1; xz -dc hello.xz | md5sum; cp hello.xz h2.xz; unxz h2.xz; md5sum h2; echo junk | unxz 2>&1; echo $?
s lzma; base64 -d >hello.lzma <<'END'
XQAAgAD//////////wA0GUnujekS5hQOv7nSZ6PDRcfo/FCZXrA3b6gF2527bxwY/2a5a9hVDK8fm+J0tLb3gvuLbD4iA1dA2godXlmNF+3qmI
3RI2lCqRm5bHEo8RdhKsSL7YYjUkBBS+2knA6Lg6Fr1x6x84wJoW5KrzM8eDUK/RzvxptioQsVqisES0oJDuy8cujsrp4QJX5v3d4JFmmnkZb2
yaYS4NM3fAHrDNwDDm+4RYdInwH/5aezWKbtzEFiooqzipEQc6IRWuWzWMFehXz2xERTzFju3lF/wDwvmZr9ydBo7wGZXThgetHvd9Q8K1xrWS
3pmqDnjHY5ah76T+hNepAhymyN0mg0IF5Hw6YBJwdKkjXu1j5sOPb/9GF3oA==
END
lzcat hello.lzma | md5sum; unlzma -c hello.lzma | wc -c
s zip; base64 -d >z.zip <<'END'
UEsDBAoAAAAAAMl+dl2fqBf4BAAAAAQAAAAHAAAAb25lLnR4dG9uZQpQSwMECgAAAAAAyX52XQAAAAAAAAAAAAAAAAQAAABkaXIvUEsDBBQAAA
AIAMl+dl2Y7yg0SwEAALQCAAALAAAAZGlyL3R3by50eHQd0skRwDAMw8A/qjHlu//GAufPybFQKDqDyWJzuKSRkCKdDDLJIpsccqlGhSqqU4Oa
1KI2dahLb/TQfWSnD/qkL/qmH/plNEYYxfCNgzEZi7EZh3GZjRlmMTvTD5rMxdzMw7ysxgqrWJ01WH7vYm3WYV12Y4dd7M4e7Mn2dzb7sC+ncc
IpTucMzuQsjn97OJfbuOEWt3MHd3IXd3PFeBpyND2aIE2RJknTpInSVGmyNHc/m7sH9+Qe3bN7eE/v8ekXAVPP152GETEqRsboGCGjZKSMlukv
hDs5o2cEjaKRNJpG1KgaWTNeMXfKRtpoG3GjbuSNvhE4Cme+tO5EjsqROTpH6CgdqaN1xM56N+BO7wgexSN5NI/oUT2yR/fsdyzupI/2ET/qR/
7oHwPEAjFBzrsqd1aIGWKHGCKWiCliixgj1sh95/fur/EBUEsBAh4DCgAAAAAAyX52XZ+oF/gEAAAABAAAAAcAAAAAAAAAAQAAAKSBAAAAAG9u
ZS50eHRQSwECHgMKAAAAAADJfnZdAAAAAAAAAAAAAAAABAAAAAAAAAAAABAA7UEpAAAAZGlyL1BLAQIeAxQAAAAIAMl+dl2Y7yg0SwEAALQCAA
ALAAAAAAAAAAEAAACkgUsAAABkaXIvdHdvLnR4dFBLBQYAAAAAAwADAKAAAAC/AQAAAAA=
END
unzip -l z.zip | awk '{ print $1, $NF }'; unzip -p z.zip one.txt; mkdir z; unzip -q -o z.zip -d z; find z | sort; md5sum z/dir/two.txt; unzip -t z.zip | tail -n 1; unzip -q nothing.zip 2>&1; echo $?
s cpio; find tree | sort | cpio -o -H newc >t.cpio 2>/dev/null; cpio -t <t.cpio 2>/dev/null | sort; mkdir cp; cd cp; cpio -id <../t.cpio 2>/dev/null; find . | sort; cat tree/sub/small; readlink tree/link; cd ..; echo tree/numbers | cpio -o -H newc 2>/dev/null | cpio -i --to-stdout 2>/dev/null | md5sum
s ar; printf '!<arch>\none.txt/        0           0     0     644     4         `\none\ntwo.txt/        0           0     0     644     4         `\ntwo\n' >a.ar; ar t a.ar; ar p a.ar two.txt; mkdir ar; cd ar; ar x ../a.ar; cat one.txt two.txt; cd ..; ar tv a.ar | awk '{ print $1, $3, $NF }'; ar t tree/numbers 2>&1; echo $?
s dpkg-deb; dpkg-deb -c nothing 2>&1 | tail -n 1; rpm2cpio nothing 2>&1 | head -n 1
