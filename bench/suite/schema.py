# SPDX-License-Identifier: MPL-2.0
"""The result file of the bench suite: loading, checking and the few statistics that report, plots and compare share."""
import json
import math

from .systems import Failure

FORMAT = 1
TIMES = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
TOP_KEYS = ("date", "commit", "host", "systems", "sections")
SECTION_KEYS = ("name", "title", "subject", "rows")
ROW_KEYS = ("item", "unit", "group", "results")
FIGURES = ("median", "q1", "q3")


class Bad(Failure):
    """A result that cannot be used, said in one line."""


def one_line(text):
    """Any text as one line."""
    return " ".join(str(text).split())


def load(path):
    """A checked result from a file."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise Bad(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise Bad(f"{path}: not JSON: {one_line(error)}") from None
    return check(data, str(path))


def expect(condition, where, what):
    """Fails with one line unless the condition holds."""
    if not condition:
        raise Bad(one_line(f"{where}: {what}"))


def keys(value, names, where):
    """The value is an object that has these keys."""
    expect(isinstance(value, dict), where, "an object expected")
    for name in names:
        expect(name in value, where, f"no key \"{name}\"")


def number(value, where, name):
    """The value is a finite number."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    expect(good, where, f"\"{name}\" is no finite number")


def check(data, where="result"):
    """The result itself, with what is optional filled in; raises Bad for one that does not fit format 1."""
    expect(isinstance(data, dict), where, "an object expected")
    expect("format" in data, where, "no key \"format\": not a result of the bench suite")
    expect(data["format"] == FORMAT, where, f"format {data['format']!r}; this program reads format {FORMAT}")
    keys(data, TOP_KEYS, where)
    for name in ("host", "systems"):
        expect(isinstance(data[name], dict), where, f"\"{name}\" is no object")
    for name, about in data["systems"].items():
        expect(isinstance(about, dict), f"{where}: system {name}", "an object expected")
    expect(isinstance(data["sections"], list), where, "\"sections\" is no list")
    for number_, section in enumerate(data["sections"], 1):
        check_section(section, f"{where}: section {number_}")
    return data


def check_section(section, where):
    """One section and its rows."""
    keys(section, SECTION_KEYS, where)
    where = f"{where} ({section['name']})"
    for name, default in (("against", []), ("note", ""), ("measure", "time")):
        section.setdefault(name, default)
    expect(isinstance(section["against"], list), where, "\"against\" is no list")
    expect(isinstance(section["rows"], list), where, "\"rows\" is no list")
    for number_, row in enumerate(section["rows"], 1):
        check_row(row, f"{where}, row {number_}")


def check_row(row, where):
    """One row with its results and ratios."""
    keys(row, ROW_KEYS, where)
    where = f"{where} ({row['item']})"
    for name in ("item", "unit", "group"):
        expect(isinstance(row[name], str), where, f"\"{name}\" is no string")
    for name, default in (("what", ""), ("series", ""), ("x", 0)):
        row.setdefault(name, default)
    row.setdefault("ratios", {})
    number(row["x"], where, "x")
    if row.get("target") is not None:
        number(row["target"], where, "target")
    keys(row["results"], (), f"{where}: results")
    for name, result in row["results"].items():
        keys(result, () if "failed" in result else FIGURES, f"{where}: {name}")
        for figure in FIGURES if "failed" not in result else ():
            number(result[figure], f"{where}: {name}", figure)
    keys(row["ratios"], (), f"{where}: ratios")
    for name, ratio in row["ratios"].items():
        keys(ratio, ("ratio", "low", "high"), f"{where}: ratio to {name}")
        for figure in ("ratio", "low", "high"):
            number(ratio[figure], f"{where}: ratio to {name}", figure)


def label(result, name):
    """What a system is called."""
    return str(result["systems"].get(name, {}).get("label", name))


def names(section):
    """The systems of a section, the subject first, and any that only a row knows."""
    found = [section["subject"], *section["against"]]
    for row in section["rows"]:
        found += [name for name in row["results"] if name not in found]
    return found


def groups(section):
    """The rows by group, in the order of their first row."""
    found = {}
    for row in section["rows"]:
        found.setdefault(row["group"], []).append(row)
    return found


def latency_rows(section):
    """The rows that are latencies: times (or their instructions) of anything but whole programs and boots."""
    units = (*TIMES, "instr")
    return [r for r in section["rows"] if r["unit"] in units and r["group"] not in ("program", "boot")]


def more_is_better(unit):
    """Whether a higher figure is the better one."""
    return unit == "MB/s"


def geometric_mean(values):
    """The geometric mean of the positive values, None without any."""
    logs = [math.log(v) for v in values if v > 0]
    return math.exp(math.fsum(logs) / len(logs)) if logs else None


def mean_ratio(rows, other):
    """The geometric mean of the rows' ratios to another system."""
    return geometric_mean([r["ratios"][other]["ratio"] for r in rows if other in r["ratios"]])


def failure(row, name):
    """Why a system has no figure in a row, None if it has one."""
    found = row["results"].get(name)
    if found is None:
        return "no result"
    return one_line(found["failed"]) or "no reason given" if "failed" in found else None


def verdict(row, subject, other):
    """failed, none (no ratio can be made), same (the interval spans 1), faster or slower."""
    if failure(row, subject) or failure(row, other):
        return "failed"
    found = row["ratios"].get(other)
    if not found:
        return "none"
    if found["low"] <= 1.0 <= found["high"]:
        return "same"
    return "faster" if found["ratio"] > 1.0 else "slower"


def missed(row, section):
    """Whether a row has a target and its ratio to the first other system is below it."""
    first = section["against"][0] if section["against"] else None
    return row.get("target") is not None and first in row["ratios"] and row["ratios"][first]["ratio"] < row["target"]


def counts(rows, section, other):
    """How many rows are faster, same, slower, failed, none, and missed (the target, against the first other system)."""
    found = dict.fromkeys(("faster", "same", "slower", "failed", "none"), 0)
    for row in rows:
        found[verdict(row, section["subject"], other)] += 1
    is_first = section["against"][:1] == [other]
    found["missed"] = sum(missed(row, section) for row in rows) if is_first else 0
    return found


def failures(result):
    """All (section, row, system, why) without a figure that said why."""
    return [(s, r, n, failure(r, n)) for s in result["sections"] for r in s["rows"] for n in r["results"] if failure(r, n)]
