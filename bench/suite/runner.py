# SPDX-License-Identifier: MPL-2.0
"""Runs the systems in turn and makes of what they said the sections of the report."""
import datetime
import fnmatch
import json
import os
import re
import statistics
import subprocess
import sys
import time

from . import schema, systems
from .systems import BUILD, ROOT, Failure, say

NOTES = {
    "time": "The same static programs on the same root file system in memory, in the same QEMU, one system after the other in each round. "
            "An item's figure is the median of its batches of all rounds, then the quartiles; a ratio above 1 says that KxOS is faster. The spread of a ratio is "
            "from one's lower quartile by the other's upper one to the reverse.",
    "instructions": "The same under -icount, where a nanosecond of the guest's clock is an instruction executed by it, the kernel's included: exact, but blind to what "
                    "an instruction costs. Instructions are per operation, or per KiB where the item is a bandwidth.",
    "smp": "As above with more CPUs: the items that are about several processes or threads.",
    "hosted": "KxOS as a program of this host beside the host's own Linux, at native speed, the same static programs.",
}


class Settings:
    """How much is measured."""

    def __init__(self, quick, rounds, patterns, memory, accelerator):
        self.quick, self.patterns, self.memory, self.accelerator = quick, patterns, memory, accelerator
        self.rounds = rounds or (1 if quick else 3)
        self.limit = 30 if quick else 120

    def micro(self, kind, patterns=None):
        """Arguments of micro for a kind of section; patterns: instead of those that were asked for."""
        if kind == "instructions":
            counts = ["--batches", "3", "--batch-ms", "1", "--runs", "1"]
        elif self.quick:
            counts = ["--batches", "5", "--batch-ms", "1", "--runs", "1"]
        else:
            counts = ["--batches", "15", "--batch-ms", "20", "--runs", "3"]
        large = ["--large"] if kind == "hosted" and not self.quick else []
        return [*counts, *large, "--limit", str(self.limit * (4 if kind == "instructions" else 1)), *(patterns or self.patterns)]


def items_of(root, arguments):
    """What micro would run: rows without results."""
    done = subprocess.run([root / "bench/micro", "--list", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip() or "micro --list failed")
    told = done.stdout
    rows = []
    for line in told.splitlines():
        name, unit, group, series, x, what = line.split("\t")
        rows.append({"item": name, "what": what, "unit": unit, "group": group, "series": series, "x": float(x)})
    return rows


def summary(rounds):
    """Of lists of values, one a round: their figures, all pooled."""
    pool = sorted(v for values in rounds for v in values)
    q1, median, q3 = statistics.quantiles(pool, n=4, method="inclusive") if len(pool) > 1 else pool * 3
    return {"median": median, "q1": q1, "q3": q3, "min": pool[0], "max": pool[-1], "n": len(pool),
            "rounds": [statistics.median(values) for values in rounds]}


def ratio(row, subject, other):
    """How many times better the subject is, with the spread."""
    a, b = row["results"][subject], row["results"][other]
    if row["unit"] == "MB/s":
        parts = a["median"], b["median"], a["q1"], b["q3"], a["q3"], b["q1"]
    else:
        parts = b["median"], a["median"], b["q1"], a["q3"], b["q3"], a["q1"]
    if min(parts) <= 0:
        return None
    return {"ratio": parts[0] / parts[1], "low": parts[2] / parts[3], "high": parts[4] / parts[5]}


def finish(row, subject, against):
    """Adds a row's ratios."""
    row["ratios"] = {}
    for other in against:
        if "median" in row["results"].get(subject, {}) and "median" in row["results"].get(other, {}):
            found = ratio(row, subject, other)
            if found:
                row["ratios"][other] = found
    return row


def targets():
    """The lines of bench/targets: (measure, patterns, ratio)."""
    lines = []
    for number, line in enumerate((ROOT / "bench/targets").read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 3 or words[0] not in ("time", "instructions") or not re.fullmatch(r"[0-9.]+", words[2]):
            raise Failure(f"bench/targets:{number}: MEASURE PATTERN RATIO expected")
        lines.append((words[0], words[1].split("|"), float(words[2])))
    return lines


def target(lines, measure, item):
    """What an item is to reach."""
    for kind, patterns, aim in lines:
        if kind == measure and any(fnmatch.fnmatch(item, p) for p in patterns):
            return aim
    return 1.0


class Progress:
    """Says where the suite is."""

    def __init__(self, total):
        self.total, self.label, self.done, self.shown = total, "", 0, 0.0

    def begin(self, label):
        self.label, self.done = label, 0
        say(label)

    def __call__(self, system, item):
        self.done += 1
        if sys.stderr.isatty():
            print(f"\r\033[Kbench: {self.label}: {self.done}/{self.total} {item}", end="", file=sys.stderr, flush=True)
        elif time.time() > self.shown + 20:
            self.shown = time.time()
            say(f"{self.label}: {self.done}/{self.total} {item}")

    def over(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def measure(name, title, kind, sides, rows, settings, rounds, cpus):
    """A section: all sides in turn, `rounds` times."""
    items = [r["item"] for r in rows]
    arguments = settings.micro(kind, items if kind == "smp" else None)
    values = {side.name: {item: [] for item in items} for side in sides}
    why = {side.name: {} for side in sides}
    boots = {side.name: [] for side in sides}
    progress = Progress(len(rows))
    for number in range(rounds):
        for side in sides if number % 2 == 0 else sides[::-1]:
            progress.begin(f"{title}, {side.about['label']}, round {number + 1} of {rounds}")
            got, times = systems.run(side, arguments, items, settings.limit + 60, progress)
            progress.over()
            boots[side.name] += times[:1]
            for row in rows:
                item, heard = row["item"], got.get(row["item"], "no figure: it did not come to this item")
                if isinstance(heard, list):
                    values[side.name][item].append(heard)
                else:
                    why[side.name].setdefault(item, heard)
    for row in rows:
        row["results"] = {}
        for side in sides:
            reason = why[side.name].get(row["item"])
            row["results"][side.name] = {"failed": reason} if reason else summary(values[side.name][row["item"]])
    return {"name": name, "title": title, "note": NOTES[kind], "subject": sides[0].name, "against": [s.name for s in sides[1:]],
            "measure": "instructions" if kind == "instructions" else "time", "cpus": cpus, "rows": rows}, boots


def instructions(row):
    """Under -icount the guest's nanoseconds are instructions."""
    for result in row["results"].values():
        if "median" not in result:
            continue
        if row["unit"] == "MB/s":  # MB/s to instructions per KiB; what was best stays best
            figures = {k: 1024e3 / result[k] for k in ("median", "q1", "q3", "min", "max")}
            result.update(figures, q1=figures["q3"], q3=figures["q1"], min=figures["max"], max=figures["min"],
                          rounds=[1024e3 / v for v in result["rounds"]])
        else:
            factor = schema.TIMES[row["unit"]]
            result.update({k: result[k] * factor for k in ("median", "q1", "q3", "min", "max")}, rounds=[v * factor for v in result["rounds"]])
    row["unit"] = "instr/KiB" if row["unit"] == "MB/s" else "instr"


def boot_rows(boots):
    """From the boots that the rounds needed anyway: two rows."""
    rows = []
    for kind, what in (("power_on", "from QEMU's start to the first line of the first program, by the host's clock"),
                       ("handoff", "from the loader's hand-off to the first program, by the guest's clock")):
        row = {"item": f"boot_{kind}", "what": what, "unit": "ms", "group": "boot", "series": "", "x": 0, "results": {}}
        for name, times in boots.items():
            row["results"][name] = summary([[t[kind]] for t in times]) if times else {"failed": "did not boot"}
        rows.append(row)
    return rows


def in_qemu(name, title, kind, root, settings, rounds, cpus, with_default=True):
    """A section of KxOS beside Linux in QEMU."""
    rows = items_of(root, settings.micro(kind))
    if kind == "smp":
        rows = [r for r in rows if r["group"] in ("program", "switch", "message", "process") and not r["series"]]
    machine = (root, cpus, settings.memory, settings.accelerator, kind == "instructions")
    sides = [systems.Kxos(*machine), systems.Linux("linux", "Linux, mitigations=off", "mitigations=off", *machine)]
    if with_default:
        sides.append(systems.Linux("linux-default", "Linux, default", "", *machine))
    section, boots = measure(name, title, kind, sides, rows, settings, rounds, cpus)
    if kind == "instructions":
        for row in section["rows"]:
            instructions(row)
    elif kind == "time" and not settings.patterns:
        section["rows"] += boot_rows(boots)
    aims = targets()
    for row in section["rows"]:
        row["target"] = target(aims, section["measure"], row["item"])
    return section, sides


def hosted(root, settings):
    """KxOS hosted beside the host."""
    rows = items_of(root, settings.micro("hosted"))
    sides = [systems.Hosted(root, 1, settings.memory), systems.Host(root, 1)]
    section, _ = measure("hosted", "Hosted, native speed", "hosted", sides, rows, settings, settings.rounds, 1)
    return section, sides


def folders():
    """bench/NAME/run: sections of their own."""
    return {f.parent.name: f for f in sorted((ROOT / "bench").glob("*/run"))}


def folder(name, settings):
    """Runs bench/NAME/run, which writes its sections to build/bench/NAME.json (rows.py). Gives the systems and the sections."""
    out = BUILD / f"{name}.json"
    out.unlink(missing_ok=True)
    say(f"bench/{name}/run")
    log = BUILD / f"{name}.txt"
    with open(log, "wb") as text:
        done = subprocess.run([folders()[name], *(["--quick"] if settings.quick else [])], stdout=text, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        told = json.loads(out.read_text())
        return told["systems"], told["sections"]
    except (OSError, ValueError, KeyError):
        failed = {"item": name, "what": f"bench/{name}/run", "unit": "", "group": name, "series": "", "x": 0,
                  "results": {"kxos": {"failed": f"ended with status {done.returncode} and no figures; see {log.relative_to(ROOT)}"}}}
        return {}, [{"name": name, "title": name, "note": "", "subject": "kxos", "against": [], "measure": "time", "cpus": 1, "rows": [failed]}]


def host_facts():
    """What a reader has to know of the machine."""
    model = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout.splitlines()
    return {"cpu": model[1] if model else "unknown", "cores": os.cpu_count(), "kernel": f"{os.uname().sysname} {os.uname().release}",
            "qemu": qemu[0] if qemu else "unknown", "mitigations": systems.mitigations(),
            "load": round(os.getloadavg()[0], 2)}


def suite(parts, settings, save):
    """All sections that are wanted, as the result that report.py writes; `save` gets it after each part, too, so that nothing is lost."""
    root = systems.prepare_root()
    result = {"format": 1, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": systems.kxos_version(),
              "quick": settings.quick, "rounds": settings.rounds, "host": host_facts(), "systems": {}, "sections": []}

    def add(sections, known):
        for section in sections:
            for row in section["rows"]:
                finish(row, section["subject"], section["against"])
        result["sections"] += sections
        result["systems"] = {**known, **result["systems"]}
        save(result)

    def sided(section, sides):
        add([section], {side.name: side.about for side in sides})

    if "time" in parts:
        sided(*in_qemu("time", "Time, one CPU", "time", root, settings, settings.rounds, 1))
    if "instructions" in parts:
        sided(*in_qemu("instructions", "Instructions, one CPU", "instructions", root, settings, 1, 1, not settings.quick))
    if "smp" in parts:
        sided(*in_qemu("smp", "Time, two CPUs", "smp", root, settings, settings.rounds, 2, False))
    if "hosted" in parts:
        sided(*hosted(root, settings))
    for name in folders():
        if name in parts:
            known, sections = folder(name, settings)
            add(sections, known)
    return result
