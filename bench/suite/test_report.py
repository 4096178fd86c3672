# SPDX-License-Identifier: MPL-2.0
"""Tests of schema, report, plots and compare: python3 -m unittest discover -s bench/suite."""
import contextlib
import copy
import html.parser
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
from unittest import mock

BENCH = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCH))
from suite import plots, report, runner, schema  # noqa: E402

EVIL = "</script><b>&\"'|`x` _y_ [a](b) %d"


def load_compare():
    """bench/compare as a module."""
    loader = importlib.machinery.SourceFileLoader("compare", str(BENCH / "compare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
    loader.exec_module(module)
    return module


compare = load_compare()


def figures(median, spread=0.02, n=9):
    """A result around a median."""
    low, high = median * (1 - spread), median * (1 + spread)
    return {"median": median, "q1": low, "q3": high, "min": low, "max": high, "n": n, "rounds": [median]}


def row(item, kxos, linux=None, unit="ns", group="system call", **more):
    """A row; a figure that is a text is the reason of a failure."""
    results = {"kxos": kxos} if linux is None else {"kxos": kxos, "linux": linux}
    results = {k: {"failed": v} if isinstance(v, str) else v if isinstance(v, dict) else figures(v) for k, v in results.items()}
    made = {"item": item, "what": f"what {item} is", "unit": unit, "group": group, "series": "", "x": 0, "results": results, **more}
    return runner.finish(made, "kxos", ["linux"])


def section(*rows, **more):
    """A section of rows."""
    return {"name": "time", "title": "Time", "note": "", "subject": "kxos", "against": ["linux"], "measure": "time", "cpus": 1,
            "rows": list(rows), **more}


def result(*sections):
    """A whole result."""
    host = {"cpu": "CPU", "cores": 2, "kernel": "Linux", "qemu": "QEMU", "mitigations": "none", "load": 0.1}
    systems = {k: {"label": label, "version": "1", "memory_mib": 2048} for k, label in (("kxos", "KxOS"), ("linux", "Linux"))}
    return schema.check({"format": 1, "date": "2026-11-27T01:00:00Z", "commit": "abc", "quick": False, "rounds": 3, "host": host,
                         "systems": systems, "sections": list(sections)})


def fork_rows():
    """A series of three."""
    return [row(f"fork_{x}", 1e4 * x, 3e4 * x, group="process", series="fork", x=x) for x in (1, 16, 256)]


class Page(html.parser.HTMLParser):
    """The tags, the ids, the references and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.references, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.ids += [value] if name == "id" else []
            self.references += [value] if name in ("src", "href", "xlink:href") else []

    def handle_data(self, data):
        self.text += data


class Statistics(unittest.TestCase):
    def test_geometric_mean(self):
        self.assertAlmostEqual(schema.geometric_mean([2, 8]), 4)
        self.assertAlmostEqual(schema.geometric_mean([0.5, 2, 0]), 1)
        self.assertIsNone(schema.geometric_mean([]))

    def test_counts(self):
        rows = [row("a", 10, 40, target=5.0), row("b", 10, 10.1), row("c", 40, 10)]
        rows += [row("d", "why", 10), row("e", 10, "why"), row("f", 0, 10)]
        self.assertEqual(schema.counts(rows, section(*rows), "linux"),
                         {"faster": 1, "same": 1, "slower": 1, "failed": 2, "none": 1, "missed": 1})
        self.assertAlmostEqual(schema.mean_ratio(rows, "linux"), (4 * 1.01 * 0.25) ** (1 / 3))

    def test_bandwidth_is_better_when_higher(self):
        self.assertEqual(schema.verdict(row("a", 40, 10, "MB/s"), "kxos", "linux"), "faster")

    def test_target_is_against_the_first_only(self):
        rows = [row("a", 10, 40, target=4.0), row("b", 10, 39, target=4.0)]
        self.assertEqual(schema.counts(rows, section(*rows), "linux")["missed"], 1)
        self.assertEqual(schema.counts(rows, section(*rows, against=["x", "linux"]), "linux")["missed"], 0)

    def test_latencies(self):
        rows = [row("a", 1, 1), row("b", 1, 1, "MB/s"), row("c", 1, 1, "ms", "boot"), row("d", 1, 1, "ms", "program"), row("e", 1, 1, "us")]
        self.assertEqual([r["item"] for r in schema.latency_rows(section(*rows))], ["a", "e"])

    def test_families(self):
        self.assertEqual(plots.family("context switch, processes, 16 KiB"), ("context switch, processes", "16 KiB"))
        self.assertEqual(plots.family("fork"), ("fork", ""))


class Figures(unittest.TestCase):
    def test_digits(self):
        for value, text in ((0, "0"), (0.0123, "0.0123"), (0.5, "0.500"), (9.996, "10.0"), (12.34, "12.3"), (99.94, "99.9"), (99.96, "100"),
                            (1234567.8, "1,234,568")):
            self.assertEqual(report.digits(value), text)

    def test_units(self):
        self.assertEqual(report.cell(row("a", 9000.0), "kxos", *report.shown_unit(row("a", 9000.0))), "9,000 ns (8,820-9,180)")
        cases = (2.5e4, "ns", "25.0 us"), (2.5e7, "ns", "25.0 ms"), (2.5, "ms", "2.50 ms"), (3000, "MB/s", "3,000 MB/s")
        for value, unit, shown in cases:
            made = row("a", value, unit=unit)
            self.assertEqual(report.spread(made["results"]["kxos"], *report.shown_unit(made))[0], shown)


class Texts(unittest.TestCase):
    def setUp(self):
        rows = [row("good", 10, 40, target=5.0), row("lost", f"it broke\n{EVIL}", 10), row("other", 10, "no luck")]
        rows += [row("slow", 40, 10), row(EVIL, 1, 2)]
        more = section(row("alone", 5), name="more", title="More", against=[])
        self.result = result(section(*rows, note=EVIL, title="Time " + EVIL), more)

    def test_markdown_rows(self):
        text = report.markdown(self.result)
        for part in ("| lost ", "FAILED: it broke", "FAILED: no luck", "misses target 5", "below 1: Linux", "| alone ",
                     "Without a figure: 2.", "4.00 [3.84-4.16]", "2048 MiB"):
            self.assertIn(part, text)

    def test_markdown_columns_and_escapes(self):
        text = report.markdown(self.result)
        for line in text.splitlines():
            self.assertNotRegex(line, r"<(?!$)")
            if line.startswith("|"):
                count = len(re.findall(r"(?<!\\)\|", line))
                self.assertIn(count, (5, 6, 12, 4))
        self.assertIn(r"\`x\` \_y\_ [a\](b)", text)

    def test_html(self):
        text = report.html(self.result, "no plots: gnuplot is not installed")
        page = Page(text)
        self.assertNotIn("b", page.tags)
        self.assertEqual(page.tags.count("script"), 2)
        self.assertEqual(text.count("</script>"), 2)
        self.assertTrue(all(r.startswith("#") for r in page.references))
        for part in ("FAILED: it broke", "FAILED: no luck", EVIL, "no plots: gnuplot is not installed", "misses target 5"):
            self.assertIn(part, page.text)

    def test_embedded_json(self):
        text = report.html(self.result, [])
        found = re.search(r'<script type="application/json" id="result">(.*?)</script>', text, re.S)
        self.assertEqual(json.loads(found[1]), self.result)

    def test_readme(self):
        made = result(section(row("getppid", 10.0, 80.0), row("stat", "why", 5.0), row("unlisted", 1.0, 1.0)))
        lines = report.readme(made).splitlines()
        self.assertEqual([[c.strip() for c in line.split("|")[1:-1]] for line in lines[2:]],
                         [["null call", "10.0 ns", "80.0 ns", "8.00"], ["stat", "failed", "5.00 ns", "-"]])
        self.assertEqual(report.readme(result()), "")

    def test_no_rows(self):
        self.assertIn("Time", report.html(result(section()), []))
        self.assertIn("Time", report.markdown(result(section())))


class Files(unittest.TestCase):
    def test_write(self):
        made = result(section(*fork_rows()))
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "new"
            report.write(made, folder)
            self.assertEqual(sorted(os.listdir(folder)), ["results.html", "results.json", "results.md"])
            self.assertEqual(schema.load(folder / "results.json"), made)

    def test_without_gnuplot(self):
        with tempfile.TemporaryDirectory() as name, mock.patch.dict(os.environ, PATH="/nowhere"):
            report.write(result(section(*fork_rows())), pathlib.Path(name))
            self.assertIn("gnuplot is not installed", Page((pathlib.Path(name) / "results.html").read_text()).text)

    def test_figures_survive_what_the_report_cannot_read(self):
        with tempfile.TemporaryDirectory() as name:
            with self.assertRaises(schema.Bad):
                report.write({"format": 1}, pathlib.Path(name))
            self.assertEqual(os.listdir(name), ["results.json"])


@unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
class Plots(unittest.TestCase):
    def setUp(self):
        self.result = result(section(*fork_rows(), row(EVIL, 1, 2), row("slow", 40, 10)))
        self.drawn = plots.draw(self.result)

    def test_kinds(self):
        self.assertEqual([p["kind"] for p in self.drawn], ["ratios", "lines"])
        self.assertIn("fork_256", self.drawn[0]["svg"])
        self.assertIn("MiB", self.drawn[1]["svg"])

    def test_ids(self):
        page = Page(report.html(self.result, self.drawn))
        self.assertEqual(len(page.ids), len(set(page.ids)))
        self.assertTrue({r[1:] for r in page.references} <= set(page.ids))

    def test_escaped(self):
        page = Page(self.drawn[0]["svg"])
        self.assertNotIn("b", page.tags)
        self.assertIn(EVIL, page.text)

    def test_black_is_the_colour_of_the_text(self):
        for plot in self.drawn:
            self.assertNotRegex(plot["svg"], r"black|rgb\(\s*0,\s*0,\s*0\)|#000000")

    def test_nothing_to_draw(self):
        self.assertEqual(plots.draw(result(section(row("a", 0, 1), row("b", "x", 1)), section(row("c", 1), against=[]))), [])


class Compare(unittest.TestCase):
    def verdict(self, old, new, **more):
        return compare.verdict(section(**more), old, new)

    def test_ratio_decides(self):
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", 20, 80)), "")
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", 10, 80)), "better")
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", 20, 40)), "worse")
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", 10.5, 40)), "")
        self.assertEqual(self.verdict(row("a", 10, 40, "MB/s"), row("a", 20, 40, "MB/s")), "better")

    def test_quartiles_decide_without_ratio(self):
        self.assertEqual(self.verdict(row("a", 10), row("a", 11)), "worse")
        self.assertEqual(self.verdict(row("a", 10), row("a", 9)), "better")
        self.assertEqual(self.verdict(row("a", 10), row("a", 10.3)), "")
        self.assertEqual(self.verdict(row("a", 10, unit="MB/s"), row("a", 9, unit="MB/s")), "worse")
        self.assertEqual(self.verdict(row("a", figures(10, 0, 1)), row("a", figures(12, 0, 1))), "")

    def test_instructions(self):
        for new, expected in ((1004, ""), (1006, "worse"), (994, "better"), (996, "")):
            self.assertEqual(self.verdict(row("a", 1000, 5000, "instr"), row("a", new, 5000, "instr"), measure="instructions"), expected)

    def test_failures_and_units(self):
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", "broke", 40)), "worse")
        self.assertEqual(self.verdict(row("a", "broke", 40), row("a", 10, 40)), "better")
        self.assertEqual(self.verdict(row("a", "broke", 40), row("a", "broke", 40)), "failed")
        self.assertEqual(self.verdict(row("a", 10, 40), row("a", 10, 40, "us")), "unit differs")

    def test_rows_and_warnings(self):
        old, new = result(section(row("gone", 1, 2), row("both", 1, 2))), result(section(row("both", 1, 9), row("fresh", 1, 2)))
        new["host"]["cpu"], new["quick"], new["systems"]["linux"]["memory_mib"] = "other", True, 512
        lines, counts = compare.compare(old, new)
        text = "\n".join(lines)
        for part in ("only in OLD: time: gone", "only in NEW: time: fresh", "quick differs", "host's cpu differs",
                     "memory mib differs: 2048 -> 512"):
            self.assertIn(part, text)
        self.assertEqual((counts["better"], counts["worse"]), (1, 0))
        self.assertNotIn("warning", "\n".join(compare.compare(old, copy.deepcopy(old))[0]))


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def run_compare(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = compare.main(list(arguments))
        return status, out.getvalue(), err.getvalue()

    def test_status(self):
        old, new = self.file("old", result(section(row("a", 10, 40)))), self.file("new", result(section(row("a", 20, 40))))
        self.assertEqual(self.run_compare(old, new)[0], 0)
        self.assertEqual(self.run_compare(old, new, "--fail-on-worse")[0], 1)
        self.assertEqual(self.run_compare(new, old, "--fail-on-worse")[0], 0)
        self.assertIn("+100.0 %", self.run_compare(old, new)[1])
        self.assertNotIn("| a ", self.run_compare(old, old)[1])
        self.assertIn("| a ", self.run_compare(old, old, "--all")[1])

    def test_bad_input(self):
        good = result(section(row("a", 10, 40)))
        cases = {"not JSON": "{", "format 2": {**good, "format": 2}, "no key \"format\"": {}, "object expected": [],
                 "no key \"date\"": {"format": 1}}
        cases["no key \"sections\""] = {k: v for k, v in good.items() if k != "sections"}
        cases["no key \"unit\""] = copy.deepcopy(good)
        del cases["no key \"unit\""]["sections"][0]["rows"][0]["unit"]
        cases["\"median\" is no finite number"] = copy.deepcopy(good)
        cases["\"median\" is no finite number"]["sections"][0]["rows"][0]["results"]["kxos"]["median"] = float("nan")
        path = self.file("good", good)
        for message, content in cases.items():
            status, _, err = self.run_compare(path, self.file("bad", content))
            self.assertEqual((status, err.count("\n")), (2, 1), message)
            self.assertIn(message, err)
        self.assertIn("No such file", self.run_compare(path, "/nowhere/x.json")[2])
        self.assertIn("no section q; there are time", self.run_compare(path, path, "--section", "q")[2])


if __name__ == "__main__":
    unittest.main()
