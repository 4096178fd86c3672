# Numbered lines of words and numbers, the same ones always: `awk -v bytes=N -f data.awk`. All values stay exact in a double.
function random(below) {
    state = state * 16807 % 2147483647
    return state % below
}
BEGIN {
    state = 1
    while (written < bytes) {
        line = sprintf("%08d %s%s %d %d", random(100000000), substr("abcdefghijklmnopqrstuvwxyz", random(20) + 1, 6),
                       substr("zyxwvutsrqponmlkjihgfedcba", random(20) + 1, 6), random(1000), ++count)
        print line
        written += length(line) + 1
    }
}
