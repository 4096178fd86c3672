# SPDX-License-Identifier: MPL-2.0
# Programs linked with newlib and their library OS (libos/newlib), on both machines: what each area says of itself, statuses, ends.
newlib_root=$out/newlib-root
rm -rf "$newlib_root"
cp -a build/rootfs "$newlib_root"
cp README.md "$newlib_root/text"
cat >"$newlib_root/script.lua" <<'SCRIPT'
local parts = {}
for i = 1, 20000 do parts[i] = ("%d"):format(i * i) end
local file = assert(io.open("/tmp/out", "w"))
file:write(table.concat(parts, "\n"), "\n")
file:close()
local sum = 0
for line in io.lines("/tmp/out") do sum = sum + tonumber(line) end
print(arg[0], arg[1], arg[2], sum, select(2, pcall(error, {})) ~= nil, io.open("/no/file") == nil)
io.stderr:write("on standard error\n")
os.exit(sum == 2666866670000 and 7 or 1)
SCRIPT

# newlib_run NAME COMMAND FLAGS...: standard output in $said, standard error in $complained, status in $status
newlib_run() {
    local name=$1 command=$2
    shift 2
    # shellcheck disable=SC2086
    said=$($machine --libos "$name" --timeout 60 "$@" --cmd "$command" </dev/null 2>"$out/newlib.err" | tr -d '\r'; exit "${PIPESTATUS[0]}")
    status=$?
    complained=$(tr -d '\r' <"$out/newlib.err")
}
# newlib_expect LABEL STATUS OUTPUT ERRORS: patterns of the shell for the whole of both
newlib_expect() {
    # shellcheck disable=SC2254
    case $status/$said/$complained in
    $2/$3/$4) ok ;;
    *) not_ok "newlib on $machine: $1" "status $status, output '$said', errors '$complained'" ;;
    esac
}

for machine in 'boot/run --direct' build/hosted/kxos; do
    if [ ! -s build/hello.img ] || [ ! -s build/words.img ]; then
        not_ok newlib 'build/hello.img or build/words.img is missing: no package newlib-source?'
        break
    fi
    newlib_run hello ''
    newlib_expect 'all areas' 0 '*12 areas, 0 failed' 'stdio: this line is on standard error'
    for area in stdio input malloc files names math time setjmp raise faults alarm environment; do
        echo "$said" | grep -q "^$area: [^F]" && ok || not_ok "newlib on $machine" "$area: $(echo "$said" | grep "^$area:")"
    done
    newlib_run hello "setjmp 'a  b' \"c'd\" e\\ f \"\""
    newlib_expect 'words of --cmd' 0 "Hello from hello, with 5 arguments: \[setjmp\] \[a  b\] \[c'd\] \[e f\] \[\]*1 areas, 0 failed" ''
    newlib_run hello "stdio 'no end"
    newlib_expect 'a quote without end' 2 '' '--cmd: a quote is not closed'
    # How it ends: KIND:STATUS:OUTPUT:ERRORS
    for end in 'exit 0:0::' 'exit 77:77::' 'exit 511:255::' 'stack:139::hello: stack overflow at instruction 7*' \
        'wild:139::hello: invalid memory access to 10 by instruction 7*' \
        'write-text:139::hello: invalid memory access to 7* by instruction 7*' \
        'divide:136::hello: arithmetic error at instruction 7*' 'abort:134::hello: ended by signal 6 (abort)' \
        'memory:0:malloc said NULL after [1-9]* MiB\: Not enough space:' \
        'disk:0:writing stopped\: No space left on device:' 'nonsense:2:hello\: no such end\: nonsense:'; do
        end=${end//\\:/@}
        IFS=: read -r kind code output errors <<<"$end"
        # What has more colons than fields is in the last: errors.
        newlib_run hello "--crash $kind" --mem 64
        newlib_expect "--crash $kind" "$code" "${output//@/:}" "$errors"
    done
    said=$(timeout 60 expect -c "
        log_user 0
        set timeout 20
        spawn -noecho $machine --libos hello
        expect {not sooner} {} default {puts silent; exit 1}
        after 1500
        send \"typed late\r\"
        expect {read \\[typed late\\] from a terminal} {} default {puts {not read after an alarm}; exit 1}
        expect {12 areas, 0 failed} {} default {puts {it fails on a terminal}; exit 1}
        expect eof {} timeout {puts endless; exit 1}" </dev/null 2>&1)
    # shellcheck disable=SC2181
    [ $? = 0 ] && ok || not_ok "newlib on $machine" "at a terminal: $said"
    newlib_run words '-n 0 /text /missing' --rootfs "$newlib_root"
    read -r text_lines text_words text_bytes _ < <(wc README.md)
    newlib_expect words 1 "$text_lines lines, $text_words words, $text_bytes bytes, * different words" \
        'words: /missing: No such file or directory'
    newlib_run words '-n x /text'
    newlib_expect 'words with a bad number' 2 '' 'words: -n wants a whole number'

    if [ ! -s build/lua.img ]; then
        echo "newlib: build/lua.img is missing (its source could not be fetched): not tested"
        continue
    fi
    newlib_run lua 'script.lua one "two three"' --rootfs "$newlib_root"
    newlib_expect 'a Lua script' 7 $'script.lua\tone\ttwo three\t2666866670000\ttrue\ttrue' 'on standard error'
    newlib_run lua missing.lua
    newlib_expect 'a missing Lua script' 1 '' 'lua: cannot open missing.lua*'
    newlib_run lua "-e 'local t = {} while true do t[#t + 1] = (\"x\"):rep(100000) .. #t end'" --mem 64
    newlib_expect 'Lua without memory' 1 '' 'lua: not enough memory*'
    said=$(timeout 60 expect -c "
        log_user 0
        spawn -noecho $machine --libos lua
        expect {> } {} default {puts silent; exit 1}
        send \"print('a' .. 6 * 7)\r\"
        expect a42 {} default {puts deaf; exit 1}
        send \"print('going' .. 1) while true do end\r\"
        expect going1 {} default {puts {does not begin}; exit 1}
        send \003
        expect interrupted! {} default {puts {Ctrl-C does nothing}; exit 1}
        send \"print(io.read() .. 'back')\r\"
        send \"typed\r\"
        expect typedback {} default {puts {no input after it}; exit 1}
        send \004
        expect eof {} timeout {puts endless; exit 1}" </dev/null 2>&1)
    # shellcheck disable=SC2181
    [ $? = 0 ] && ok || not_ok "newlib on $machine" "Lua's prompt: $said"
done
for image in hello words lua; do
    [ ! -s build/$image.img ] || [ "$(stat -c %s build/$image.img)" -le 1048576 ] && ok || not_ok "newlib: $image" 'its image is larger than 1 MiB'
done
