# SPDX-License-Identifier: MPL-2.0
# Reads the bytes of a newc archive, a decimal number a line, and names each member of a page and more whose contents begin elsewhere.
{ byte[NR - 1] = $1 }
function field(at, i,    value, j, c) {
    value = 0
    for (j = 0; j < 8; j++) {
        c = byte[at + 6 + 8 * i + j]
        value = value * 16 + (c < 58 ? c - 48 : c - 55)
    }
    return value
}
function up(n) { return int((n + 3) / 4) * 4 }
END {
    for (at = 0; at + 110 < NR; at = up(start + size)) {
        size = field(at, 6)
        start = up(at + 110 + field(at, 11))
        if (size >= 4096 && start % 4096)
            print "member at " at ": contents at " start
        if (field(at, 11) > 4096)
            print "member at " at ": a name of " field(at, 11)
        if (byte[at + 110] == 84 && byte[at + 111] == 82 && byte[at + 112] == 65 && byte[at + 113] == 73)
            exit
        members++
    }
}
