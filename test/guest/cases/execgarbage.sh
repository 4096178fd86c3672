# Truncated and random ELF files give ENOEXEC, not harm.
cd /tmp/w
for n in 0 1 4 16 63 64 100; do head -c $n /bin/busybox >cut$n; done
printf '\177ELF\2\1\1junk and more junk that is long enough to be a header of sixty-four bytes or so' >junk
head -c 5000 /dev/zero >zeros
printf '#! \n' >no-interpreter
printf '#!/nothing/there\n' >bad-interpreter
cp /bin/busybox machine; printf '\003\000' | dd of=machine bs=1 seek=18 conv=notrunc 2>/dev/null
cp /bin/busybox kind; printf '\001\000' | dd of=kind bs=1 seek=16 conv=notrunc 2>/dev/null
cp /bin/busybox headers; printf '\377\377' | dd of=headers bs=1 seek=56 conv=notrunc 2>/dev/null
cp /bin/busybox entry; printf '\377\377\377\377\377\377\377\177' | dd of=entry bs=1 seek=24 conv=notrunc 2>/dev/null
mkdir dir; chmod +x *
/test/programs/execerror ./cut0 ./cut1 ./cut4 ./cut16 ./cut63 ./cut64 ./cut100 ./junk ./zeros ./no-interpreter ./bad-interpreter ./machine ./kind ./headers ./entry ./dir ./nothing
chmod -x cut100; /test/programs/execerror ./cut100
for half in 1000 4096 500000 1500000; do head -c $half /bin/busybox >half; chmod +x half; ./half true >/dev/null 2>&1; [ $? -gt 0 ] && echo "half $half refused"; done
i=0; while [ $i -lt 20 ]; do { head -c 64 /bin/busybox; head -c 2000 /dev/urandom; } >garbage; chmod +x garbage; timeout 5 /test/programs/execerror ./garbage >/dev/null 2>&1; i=$((i + 1)); done
i=0; while [ $i -lt 20 ]; do { printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0'; head -c 4000 /dev/urandom; } >garbage; chmod +x garbage; timeout 5 /test/programs/execerror ./garbage >/dev/null 2>&1; i=$((i + 1)); done
cp /bin/busybox text; i=0; while [ $i -lt 20 ]; do dd if=/dev/urandom of=text bs=1 seek=$((64 + i * 17)) count=8 conv=notrunc 2>/dev/null; timeout 5 ./text true >/dev/null 2>&1; i=$((i + 1)); done
echo alive
