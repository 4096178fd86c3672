#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""For bench/NAME/run, which may be in any language: makes of lines on standard input the file that the suite reads.

    rows.py NAME >build/bench/NAME.json     (NAME: the folder's)

Fields are separated by tabs:
    system   NAME  LABEL                                  a side, once
    section  NAME  TITLE  SUBJECT  AGAINST,...  MEASURE  NOTE     MEASURE: time or instructions; AGAINST may be empty
    row      ITEM  WHAT  UNIT  GROUP  SYSTEM=VALUE VALUE...  ...   of the section before; SYSTEM=failed: WHY
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from suite import runner  # noqa: E402


def side(field):
    """SYSTEM=... as a pair of name and result."""
    name, _, text = field.partition("=")
    if text.startswith("failed: "):
        return name, {"failed": text[8:]}
    try:
        values = [float(v) for v in text.split()]
    except ValueError:
        return name, {"failed": f"not understood: {text}"}
    return name, runner.summary([values]) if values else {"failed": "no figure"}


def main():
    """Reads, checks and prints."""
    out = {"systems": {}, "sections": []}
    for number, line in enumerate(sys.stdin, 1):
        kind, *fields = line.rstrip("\n").split("\t")
        if kind == "system" and len(fields) == 2:
            out["systems"][fields[0]] = {"label": fields[1]}
        elif kind == "section" and len(fields) == 6:
            name, title, subject, against, measure, note = fields
            out["sections"].append({"name": name, "title": title, "note": note, "subject": subject, "measure": measure, "cpus": 1, "rows": [],
                                    "against": [a for a in against.split(",") if a]})
        elif kind == "row" and len(fields) >= 5 and out["sections"]:
            item, what, unit, group = fields[:4]
            out["sections"][-1]["rows"].append({"item": item, "what": what, "unit": unit, "group": group, "series": "", "x": 0,
                                                "results": dict(side(f) for f in fields[4:])})
        else:
            sys.exit(f"rows.py: line {number} is not understood: {line.rstrip()}")
    json.dump(out, sys.stdout, indent=1)


main()
