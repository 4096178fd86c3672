# SPDX-License-Identifier: MPL-2.0
"""Writes what the bench suite found: results.json, results.md and results.html, and the table of the project's README."""
import html as markup
import json
import math
import os
import re
import tempfile

from . import plots, schema

README = (
    ("boot", ("boot_power_on", "boot_handoff")), ("null call", ("getppid",)),
    ("write 1 byte to /dev/null", ("null_write_1",)), ("read 1 byte of /dev/zero", ("zero_read_1",)),
    ("stat", ("stat",)), ("open, close", ("open_close",)), ("signal catch", ("signal_catch",)),
    ("pipe, a turn", ("latency_pipe", "latency_fifo", "switch_processes_pipe")),
    ("context switch, processes", ("switch_processes_2_0k", "switch_processes_pipe")),
    ("context switch, threads", ("switch_threads_futex",)), ("fork, exit, wait", ("fork_exit_wait",)),
    ("fork, exec, exit, wait", ("fork_exec_exit_wait",)), ("shell", ("fork_shell_exit_wait",)),
    ("page fault", ("page_first_touch", "page_copy_on_write")), ("fork with 1 GiB", ("fork_1024mib",)),
    ("pipe bandwidth, 64 KiB", ("bandwidth_pipe_65536", "bandwidth_pipe_4096")),
    ("script", ("shell_external", "shell_builtins", "script_commands", "process_tree")),
)

STYLE = """
:root { color-scheme: light dark; --text: #1c1f24; --soft: #5b626c; --back: #fff; --panel: #f5f6f8; --line: #d8dce2;
  --good: #00568a; --bad: #a84300; --fail: #b00020; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a0a7b1; --back: #14171b; --panel: #1d2126; --line: #363c44;
  --good: #6bb8ea; --bad: #ff9a55; --fail: #ff7b8b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 16px/1.45 system-ui, sans-serif;
  color: var(--text); background: var(--back); }
h1 { font-size: 1.6rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; } p { max-width: 50rem; } .soft, small { color: var(--soft); }
.scroll { overflow-x: auto; } nav a { margin-right: 1rem; } a { color: var(--good); }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { background: var(--panel); }
th[aria-sort]::after { content: " \\2191"; } th[aria-sort=descending]::after { content: " \\2193"; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th.left, td.left { text-align: left; } td.wrap { white-space: normal; } td small { display: block; font-size: .75rem; font-weight: 400; }
td:first-child.wrap, td.failed { min-width: 10rem; overflow-wrap: anywhere; }
.faster, .slower, .failed { color: var(--good); font-weight: 600; } .slower { color: var(--bad); } .failed { color: var(--fail); }
figure { margin: 1rem 0; padding: .5rem; background: var(--panel); border-radius: .4rem; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 40rem; height: auto; }
@media (max-width: 40rem) { body { padding: .6rem; font-size: 15px; } th, td { padding: .25rem .4rem; } }
@media print { figure svg { min-width: 0; } }
"""

SCRIPT = """
document.querySelectorAll("table.sort").forEach(function (table) {
  var body = table.tBodies[0], heads = table.tHead.rows[0].cells;
  function key(row, column) {
    var cell = row.cells[column], value = cell.getAttribute("data-v");
    return value === null ? cell.textContent.trim() : value === "" ? null : Number(value);
  }
  Array.prototype.forEach.call(heads, function (head, column) {
    var button = document.createElement("button");
    button.type = "button"; button.textContent = head.textContent; head.textContent = ""; head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      Array.prototype.slice.call(body.rows).sort(function (a, b) {
        var x = key(a, column), y = key(b, column);
        if (x === null || y === null) return (x === null) - (y === null);
        var order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true});
        return down ? -order : order;
      }).forEach(function (row) { body.appendChild(row); });
    });
  });
});
"""


def digits(value):
    """A figure with thousands commas, and 3 significant digits below 100."""
    size = abs(value)
    if size == 0 or size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(float(f'{size:.2e}'))))}f}"


def shown_unit(row):
    """(divisor, unit) in which all figures of a row are shown: by its least median, so that systems compare at sight."""
    medians = [r["median"] for r in row["results"].values() if "failed" not in r]
    if row["unit"] not in schema.TIMES or not medians:
        return 1.0, row["unit"]
    least = min(medians) * schema.TIMES[row["unit"]]
    for unit, from_ns in (("s", 1e10), ("ms", 1e7), ("us", 1e4)):
        if least >= from_ns:
            break
    else:
        unit = "ns"
    if schema.TIMES[unit] < schema.TIMES[row["unit"]] and least >= schema.TIMES[row["unit"]]:
        unit = row["unit"]
    return schema.TIMES[unit] / schema.TIMES[row["unit"]], unit


def spread(found, divisor, unit):
    """(median with unit, its spread) of a result."""
    low, high = sorted((found["q1"], found["q3"]))
    return f"{digits(found['median'] / divisor)} {unit}".strip(), f"{digits(low / divisor)}-{digits(high / divisor)}"


def cell(row, name, divisor, unit):
    """The figure of a system in a row as text."""
    why = schema.failure(row, name)
    return f"FAILED: {why}" if why else "{} ({})".format(*spread(row["results"][name], divisor, unit))


def ratio_text(row, other):
    """A ratio with its interval as text."""
    found = row["ratios"].get(other)
    return f"{digits(found['ratio'])} [{digits(found['low'])}-{digits(found['high'])}]" if found else "-"


def marks(result, section, row):
    """What a reader should not overlook in a row."""
    found = ["FAILED"] if any(schema.failure(row, n) for n in [section["subject"], *section["against"], *row["results"]]) else []
    for other in section["against"]:
        if other in row["ratios"] and row["ratios"][other]["ratio"] < 1:
            same = " (same)" if schema.verdict(row, section["subject"], other) == "same" else ""
            found.append(f"below 1: {schema.label(result, other)}{same}")
    if schema.missed(row, section):
        found.append(f"misses target {row['target']:g}")
    return found


def facts(result):
    """What was measured when and where, as (name, text)."""
    host = result["host"]
    quick = "quick: one short round, rough figures" if result.get("quick") else "full"
    found = [("Date", result["date"]), ("Commit", result["commit"]), ("Run", f"{quick}; rounds: {result.get('rounds', '?')}"),
             ("Host", "{}, {} cores, {}; load {}".format(*(host.get(k, "?") for k in ("cpu", "cores", "kernel", "load")))),
             ("QEMU", host.get("qemu", "?")), ("Host's mitigations", host.get("mitigations", "?"))]
    return [(name, schema.one_line(text)) for name, text in found]


def systems_table(result):
    """Heads and rows of the systems."""
    rows = []
    for name, about in result["systems"].items():
        machine = ", ".join(str(about[k]) for k in ("machine", "accelerator", "cpu") if about.get(k))
        size = ", ".join(f"{about[k]} {unit}" for k, unit in (("cpus", "CPU"), ("memory_mib", "MiB")) if about.get(k) is not None)
        more = "; ".join(f"{k.replace('_', ' ')}: {about[k]}" for k in ("parameters", "huge_pages") if about.get(k))
        machine = "; ".join(filter(None, (machine, size, more)))
        texts = about.get("label", name), about.get("version", ""), machine, about.get("mitigations", "")
        rows.append([schema.one_line(text) or "-" for text in texts])
    return ["System", "Version", "Machine", "Mitigations"], rows


def summary_table(result):
    """Heads and rows of the summary: a line per section, other system and group."""
    rows = []
    for section in result["sections"]:
        for other in section["against"]:
            sets = [*schema.groups(section).items(), ("all latencies", schema.latency_rows(section)), ("all", section["rows"])]
            for name, members in sets:
                if members:
                    rows.append(summary_row(result, section, other, name, members))
    counted = ["Items", "Faster", "Same", "Slower", "Failed", "No ratio", "Below target"]
    return ["Section", "Against", "Group", "Mean ratio", *counted], rows


def summary_row(result, section, other, name, members):
    """One line of the summary."""
    mean, count = schema.mean_ratio(members, other), schema.counts(members, section, other)
    figures = [len(members), *(count[k] for k in ("faster", "same", "slower", "failed", "none"))]
    is_first = section["against"][0] == other
    return [section["title"], schema.label(result, other), name, "-" if mean is None else digits(mean), *map(str, figures),
            str(count["missed"]) if is_first else "-"]


def plain(text):
    """Text as Markdown that means just itself."""
    text = re.sub(r"[\\`*|]|\](?=[(\[:])", r"\\\g<0>", schema.one_line(text)).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def table(heads, rows, left=1, last=False):
    """A Markdown table, aligned for who reads it as text; the first columns, and the last one if so, to the left."""
    lefts = [i < left or last and i == len(heads) - 1 for i in range(len(heads))]
    lines = [[plain(c) for c in row] for row in [heads, *rows]]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(heads))]
    shown = ["| " + " | ".join(c.ljust(w) if l else c.rjust(w) for c, w, l in zip(line, widths, lefts)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (w + 2) if l else "-" * (w + 1) + ":" for w, l in zip(widths, lefts)) + "|"
    return "\n".join([shown[0], rule, *shown[1:]])


def section_heads(result, section):
    """Heads of the tables of a section."""
    heads = ["Item"]
    for name in schema.names(section):
        heads.append(schema.label(result, name))
        if name in section["against"]:
            heads.append("ratio [low-high]")
    return [*heads, "Mark"]


def row_cells(result, section, row):
    """The cells of a row as text."""
    divisor, unit = shown_unit(row)
    cells = [row["item"]]
    for name in schema.names(section):
        known = name in row["results"] or name in (section["subject"], *section["against"])
        cells.append(cell(row, name, divisor, unit) if known else "-")
        if name in section["against"]:
            cells.append(ratio_text(row, name))
    return [*cells, "; ".join(marks(result, section, row))]


def markdown(result):
    """The report as Markdown."""
    out = ["# KxOS: results of the bench suite", "", *(f"- {name}: {plain(text)}" for name, text in facts(result)), ""]
    for name, version, machine, mitigations in systems_table(result)[1]:
        out.append(f"- {plain(name)}: {plain(version)}; {plain(machine)}; mitigations: {plain(mitigations)}")
    out += ["", "## Summary", ""]
    out += ["A ratio says how many times better the first system of a section is; the mean is the geometric one. "
            "Same: the interval of the ratio spans 1.", "", table(*summary_table(result), left=3), ""]
    failed = [f"{s['title']}: {r['item']}, {schema.label(result, n)}: {why}" for s, r, n, why in schema.failures(result)]
    out += [f"Without a figure: {len(failed)}.", "", *("- " + plain(line) for line in failed), ""]
    for section in result["sections"]:
        out += [f"## {plain(section['title'])}", "", *([plain(section["note"]), ""] if section["note"] else [])]
        for group, rows in schema.groups(section).items():
            cells = [row_cells(result, section, row) for row in rows]
            out += [f"### {plain(section['title'])}: {plain(group)}", "", table(section_heads(result, section), cells, last=True), ""]
    return "\n".join(out)


def escape(text):
    """Text as HTML."""
    return markup.escape(str(text), quote=True)


def html_table(heads, rows, left=1, sort=True, last=False):
    """A table; cells are text, or (value to sort by, HTML, class)."""
    out = [f'<div class="scroll"><table{" class=sort" if sort else ""}><thead><tr>']
    lefts = [i < left or last and i == len(heads) - 1 for i in range(len(heads))]
    out += [f'<th{" class=left" if to_left else ""} scope="col">{escape(head)}</th>' for head, to_left in zip(heads, lefts)]
    out.append("</tr></thead><tbody>")
    for row in rows:
        out.append("<tr>" + "".join(html_cell(c, to_left) for c, to_left in zip(row, lefts)) + "</tr>")
    return "\n".join([*out, "</tbody></table></div>"])


def html_cell(content, left):
    """One cell of a table."""
    value, text, kind = content if isinstance(content, tuple) else (None, escape(content), "")
    kinds = " ".join(filter(None, ("left wrap" if left else "", kind)))
    sorting = "" if value is None else f' data-v="{value}"'
    return f"<td{sorting}" + (f' class="{kinds}"' if kinds else "") + f">{text}</td>"


def html_figure(row, name, divisor, unit):
    """The cell of a system in a row."""
    why = schema.failure(row, name)
    if why:
        return "", f"FAILED: {escape(why)}", "failed wrap"
    median, quartiles = spread(row["results"][name], divisor, unit)
    factor = schema.TIMES.get(row["unit"], 1.0)
    return f"{row['results'][name]['median'] * factor:.9g}", f"{escape(median)}<small>{escape(quartiles)}</small>", ""


def html_ratio(section, row, other):
    """The cell of a ratio in a row."""
    found = row["ratios"].get(other)
    if not found:
        return "", "-", ""
    kind = schema.verdict(row, section["subject"], other)
    interval = f"<small>{digits(found['low'])}-{digits(found['high'])}</small>"
    return f"{found['ratio']:.9g}", digits(found["ratio"]) + interval, kind if kind in ("faster", "slower") else ""


def html_row(result, section, row):
    """The cells of a row."""
    divisor, unit = shown_unit(row)
    what = f"<small>{escape(row['what'])}</small>" if row["what"] and row["what"] != row["item"] else ""
    cells = [(None, escape(row["item"]) + what, "")]
    for name in schema.names(section):
        known = name in row["results"] or name in (section["subject"], *section["against"])
        cells.append(html_figure(row, name, divisor, unit) if known else ("", "-", ""))
        if name in section["against"]:
            cells.append(html_ratio(section, row, name))
    found = marks(result, section, row)
    return [*cells, (None, escape("; ".join(found)), ("failed" if "FAILED" in found else "slower" if found else ""))]


def html_section(result, section, number, pictures):
    """One section with its plots and tables."""
    out = [f'<section id="s{number}"><h2>{escape(section["title"])}</h2>']
    if section["note"]:
        out.append(f'<p>{escape(section["note"])}</p>')
    out += [f"<figure>{p['svg']}</figure>" for p in pictures if p["section"] == section["name"]]
    for group, rows in schema.groups(section).items():
        cells = [html_row(result, section, row) for row in rows]
        out += [f"<h3>{escape(group)}</h3>", html_table(section_heads(result, section), cells, last=True)]
    return "\n".join([*out, "</section>"])


def raw(result):
    """The result as JSON that cannot end the script element it is put into."""
    return json.dumps(result, separators=(",", ":")).replace("</", "<\\/").replace("<!--", "<\\u0021--")


def numeric(rows):
    """Rows of text whose figures sort as numbers."""
    return [[(c.replace(",", ""), escape(c), "") if re.fullmatch(r"[0-9,]+(\.[0-9]+)?", c) else c for c in row] for row in rows]


def html(result, pictures):
    """The report as one page; `pictures` are those of plots.draw, or a text that says why there are none."""
    drawn = [] if isinstance(pictures, str) else pictures
    links = "".join(f'<a href="#s{i}">{escape(s["title"])}</a> ' for i, s in enumerate(result["sections"], 1))
    heads, rows = summary_table(result)
    failed = ["<li class=failed>" + escape(f"{s['title']}: {r['item']}, {schema.label(result, n)}: {why}") + "</li>"
              for s, r, n, why in schema.failures(result)]
    about = html_table(("", ""), facts(result), left=2, sort=False).replace("<thead><tr>", "<thead hidden><tr>")
    parts = ["<!DOCTYPE html>", "<!-- SPDX-License-Identifier: MPL-2.0 -->", '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             f"<title>KxOS bench, {escape(result['commit'])}, {escape(result['date'])}</title><style>{STYLE}</style></head><body>",
             "<h1>KxOS: results of the bench suite</h1>", about, f"<nav><p>{links}</p></nav>",
             "<h2>Systems</h2>", html_table(*systems_table(result), left=4),
             "<h2>Summary</h2>", "<p>A ratio says how many times better the first system of a section is; above 1 it is better. "
             "The mean is the geometric one. Same: the interval of the ratio spans 1.</p>", html_table(heads, numeric(rows), left=3),
             f"<p>Without a figure: {len(failed)}.</p><ul>{''.join(failed)}</ul>" if failed else "<p>No item failed.</p>"]
    if isinstance(pictures, str):
        parts.append(f"<p class=failed>{escape(pictures)}</p>")
    parts += [html_section(result, section, i, drawn) for i, section in enumerate(result["sections"], 1)]
    parts += [f'<script type="application/json" id="result">{raw(result)}</script>', f"<script>{SCRIPT}</script>", "</body></html>", ""]
    return "\n".join(parts)


def replace(path, text):
    """Writes a file so that a reader sees all of the old one or all of the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def keep(result, folder):
    """Writes results.json alone, so that nothing measured gets lost."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / "results.json", json.dumps(result, indent=1) + "\n")


def write(result, folder):
    """Writes results.json first, then results.md and results.html, into a folder."""
    keep(result, folder)
    schema.check(result)
    replace(folder / "results.md", markdown(result))
    try:
        pictures = plots.draw(result)
    except plots.Missing as missing:
        pictures = str(missing)
    replace(folder / "results.html", html(result, pictures))


def readme(result):
    """The table of the project's README: what a reader asks first, of the first section in time; empty without any of it."""
    section = next((s for s in result["sections"] if s["measure"] == "time" and s["subject"] == "kxos" and "linux" in s["against"]), None)
    if section is None:
        return ""
    known, rows = {r["item"]: r for r in section["rows"]}, []
    for name, items in README:
        row = next((known[i] for i in items if i in known), None)
        if row:
            divisor, unit = shown_unit(row)
            texts = [schema.failure(row, s) and "failed" or spread(row["results"][s], divisor, unit)[0] for s in ("kxos", "linux")]
            found = row["ratios"].get("linux")
            rows.append([name, *texts, digits(found["ratio"]) if found else "-"])
    heads = ["", schema.label(result, "kxos"), schema.label(result, "linux"), "ratio"]
    return table(heads, rows) + "\n" if rows else ""
