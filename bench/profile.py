# SPDX-License-Identifier: MPL-2.0
# Steps through one operation of an item in the guest, instruction by instruction: see bench/profile. gdb runs this.
import bisect
import collections
import os
import re
import subprocess

import gdb

function, program, steps, turns = os.environ["FUNCTION"], os.environ["PROGRAM"], int(os.environ["STEPS"]), int(os.environ["TURNS"])
image, kernel = "build/linux.elf", "build/kxos.elf"


def symbols(file, base=0):
    found = []
    for line in subprocess.run(["nm", "-n", file], capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "tTwWi":
            found.append((int(words[0], 16) + base, words[2]))
    return found


table = sorted(symbols(program) + symbols(image) + symbols(kernel))
starts = [at for at, _ in table]


def name(at):
    index = bisect.bisect_right(starts, at) - 1
    if at >> 36 == 0x706 or index < 0 or at - starts[index] > 0x100000:
        return f"stub {at:#x}"
    return table[index][1]


gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute(f"target remote {os.environ['REMOTE']}")
address = dict((n, a) for a, n in symbols(program))[function]
gdb.execute(f"hbreak *{address:#x}")
for _ in range(turns):
    gdb.execute("continue", to_string=True)
gdb.execute("delete")
path = []
calls = collections.Counter()
low, high = address, starts[bisect.bisect_right(starts, address)] if bisect.bisect_right(starts, address) < len(starts) else address + 4096
loop = collections.Counter()
while len(path) < steps:
    pc = int(gdb.parse_and_eval("$pc")) & (1 << 64) - 1
    inside = bool(path) and path[-1] != pc and low <= path[-1] < high  # not a string instruction's repetition, nor one that faulted
    path.append(pc)
    if inside and low <= pc < high:
        loop[pc] += 1
        if loop[pc] == 4:
            break
    gdb.execute("stepi", to_string=True)
ends = [i for i, pc in enumerate(path) if pc == path[-1] and i > 0 and path[i - 1] != pc and low <= path[i - 1] < high]
once = path[ends[-2]:ends[-1]] if len(ends) > 1 else path
print(f"{len(once)} instructions")
runs, last = [], None
for pc in once:
    this = name(pc)
    calls[this] += 1
    if this != last:
        runs.append([this, 0])
    runs[-1][1] += 1
    last = this
if os.environ.get("ORDER"):
    for this, count in runs:
        print(f"{count:6} {this}")
else:
    for this, count in calls.most_common():
        print(f"{count:6} {this}")
gdb.execute("kill")
