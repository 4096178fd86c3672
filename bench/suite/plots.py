# SPDX-License-Identifier: MPL-2.0
"""The plots of a result: inline SVG, drawn by gnuplot."""
import math
import re
import subprocess
import xml.etree.ElementTree

from . import schema

FASTER, SLOWER, SAME = "#0072B2", "#D55E00", "#8A8F98"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
DASHES = ("1", "(12,5)", "(3,4)", "(12,4,3,4)", "(6,6)")
FILLED, HOLLOW = (7, 5, 9, 13, 11, 15), (6, 4, 8, 12, 10, 14)
AXES = (("fork", "size of the forking process, MiB"), ("switch", "number of {part}"), ("bandwidth", "block size, bytes"))


class Missing(schema.Bad):
    """Why there are no plots."""


def quote(text):
    """A text as a string of gnuplot: nothing is special between single quotes but the quote itself."""
    return "'" + re.sub(r"[\x00-\x1f\x7f]", " ", str(text)).replace("'", "''") + "'"


def tic(text):
    """A text as a label of a tic, where % would be a format."""
    return quote(str(text).replace("%", "%%"))


def gnuplot(script):
    """What gnuplot writes for a script."""
    try:
        done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        raise Missing("no plots: gnuplot is not installed (Debian: apt install gnuplot-nox)") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"no plots: gnuplot: {schema.one_line(error)}") from None
    if done.returncode or "</svg>" not in done.stdout:
        raise Missing(f"no plots: gnuplot failed: {schema.one_line(done.stderr)[-300:] or 'no output'}")
    return done.stdout


def clean(svg, prefix, title):
    """gnuplot's SVG to be put into a page: ids of its own, colours of the page, a name for who cannot see it."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"""(\bid=)(["'])([^"']*)\2""", rf"\1\2{prefix}-\3\2", svg)
    svg = re.sub(r"""(href=)(["'])#([^"']*)\2""", rf"\1\2#{prefix}-\3\2", svg)
    svg = re.sub(r"url\(#([^)]*)\)", rf"url(#{prefix}-\1)", svg)
    svg = re.sub(r"<title>.*?</title>|<desc>.*?</desc>", "", svg, flags=re.S)
    svg = re.sub(r"""fill\s*=\s*(["'])black\1""", 'fill="currentColor"', svg)
    svg = re.sub(r"""\scolor\s*=\s*(["'])black\1""", "", svg)
    svg = re.sub(r"""stroke\s*=\s*(["'])black\1""", 'stroke="currentColor"', svg)
    svg = re.sub(r"rgb\(\s*0,\s*0,\s*0\)", "currentColor", svg)
    name = re.sub(r"[^\w ,.=/()-]", " ", title)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{name}"', 1).strip()
    try:
        xml.etree.ElementTree.fromstring(svg)
    except xml.etree.ElementTree.ParseError as error:
        raise Missing(f"no plots: gnuplot wrote SVG that is not well-formed: {error}") from None
    return svg


def block(name, lines):
    """Data of a plot."""
    return f"${name} << EOD\n" + "".join(" ".join(f"{v:.9g}" for v in line) + "\n" for line in lines) + "EOD\n"


def head(width, height, title):
    """How all plots begin."""
    return (f"set encoding utf8\nset terminal svg noenhanced size {width},{height} dynamic font 'sans-serif,12' linewidth 1\n"
            f"set title {quote(title)} font ',14'\nset border 3\nset tics nomirror\nset grid xtics lc rgb '#B0B4BA' lw 0.5 dt 1\n")


def log_tics(low, high):
    """Tics at 1, 2 and 5 of each decade; of each decade only when there would be too many."""
    steps = (1,) if high / low > 3000 else (1, 2, 5)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = [step * 10.0 ** power for power in range(first, last + 1) for step in steps]
    return [v for v in values if low * 0.999 <= v <= high * 1.001]


def bars_of(section, other):
    """(item, ratio, low, high), the best last: gnuplot draws upwards."""
    found = []
    for row in section["rows"]:
        r = row["ratios"].get(other)
        if r and min(r["ratio"], r["low"], r["high"]) > 0:
            found.append((row["item"], r["ratio"], r["low"], r["high"], schema.verdict(row, section["subject"], other)))
    return sorted(found, key=lambda bar: (bar[1], bar[0]))


def bars_script(result, section):
    """Script of the ratio bars of a section, None without ratios; more systems than one are marks beside the bars."""
    first, *others = section["against"]
    bars = bars_of(section, first)
    if not bars:
        return None, ""
    place = {bar[0]: i for i, bar in enumerate(bars, 1)}
    marks = [[(bar[1], place[bar[0]]) for bar in bars_of(section, other) if bar[0] in place] for other in others]
    reach = [v for bar in bars for v in bar[1:4]] + [m[0] for points in marks for m in points] + [1.0]
    low, high = min(reach) / 1.15, max(reach) * 1.15
    subject = schema.label(result, section["subject"])
    title = f"{section['title']}: {subject} against {schema.label(result, first)}"
    script = head(900, 150 + 17 * len(bars), title)
    script += f"set logscale x\nset xrange [{low:.6g}:{high:.6g}]\nset yrange [0.3:{len(bars) + 0.7}]\n"
    script += "set xtics (" + ",".join(f"'{v:g}' {v:g}" for v in log_tics(low, high)) + ")\n"
    script += "set xlabel 'times better (log scale; above 1: " + subject.replace("'", "''") + " is better; bars of error: low to high)'\n"
    script += "set ytics scale 0 font ',11' (" + ",".join(f"{tic(b[0])} {i}" for i, b in enumerate(bars, 1)) + ")\n"
    script += "set y2range [0.3:%g]\n" % (len(bars) + 0.7)
    script += "set y2tics scale 0 font ',11' (" + ",".join(f"'{b[1]:.3g}' {i}" for i, b in enumerate(bars, 1)) + ")\n"
    script += "set key outside top center horizontal maxcols 2\nset style fill solid 0.85 noborder\nset bars 0.5\n"
    script += "set arrow from 1, graph 0 to 1, graph 1 nohead front lw 1.5\n"
    return script + bars_plot(result, bars, marks, others), title


def bars_plot(result, bars, marks, others):
    """The data and the plot command of ratio bars."""
    data, parts = "", []
    for kind, colour in (("faster", FASTER), ("same", SAME), ("slower", SLOWER)):
        lines = [(b[1], i, min(1, b[1]), max(1, b[1]), i - 0.36, i + 0.36) for i, b in enumerate(bars, 1) if b[4] == kind]
        if lines:
            data += block(kind, lines)
            title = "same (the interval spans 1)" if kind == "same" else kind
            parts.append(f"${kind} using 1:2:3:4:5:6 with boxxyerror lc rgb '{colour}' title '{title}'")
    data += block("errors", [(b[1], i, b[2], b[3]) for i, b in enumerate(bars, 1)])
    parts.append("$errors using 1:2:3:4 with xerrorbars pt 0 lw 1.2 lc rgb '#000000' notitle")
    for i, (points, other) in enumerate(zip(marks, others)):
        if points:
            data += block(f"marks{i}", points)
            parts.append(f"$marks{i} using 1:2 with points pt {HOLLOW[(3 + i) % len(HOLLOW)]} ps 0.7 lw 1.5 lc rgb '#000000' "
                         f"title {quote('against ' + schema.label(result, other))}")
    return data + "plot " + ", ".join(parts) + "\n"


def family(series):
    """(family, last part) of a series: all but the last comma part, if there are commas."""
    parts = [part.strip() for part in series.split(",")]
    return (", ".join(parts[:-1]), parts[-1]) if len(parts) > 1 else (parts[0], "")


def families(section):
    """The series of a section: {(family, unit): {(part, system): [(x, median, q1, q3)]}}."""
    found = {}
    for row in section["rows"]:
        if not row["series"]:
            continue
        name, part = family(row["series"])
        lines = found.setdefault((name, row["unit"]), {})
        for system in schema.names(section):
            figures = row["results"].get(system, {})
            if "failed" not in figures and figures and min(figures["median"], figures["q1"], figures["q3"], row["x"]) > 0:
                lines.setdefault((part, system), []).append((row["x"], figures["median"], figures["q1"], figures["q3"]))
    return {key: {k: sorted(v) for k, v in lines.items()} for key, lines in found.items()
            if len({p[0] for line in lines.values() for p in line}) > 1}


def axis_x(name):
    """What the x axis of a family is."""
    for word, text in AXES:
        if word in name:
            return text.format(part=name.split(",")[-1].strip() if "," in name else "processes")
    return "x"


def scale_y(unit, values):
    """(divisor, label) of the y axis."""
    if unit not in schema.TIMES:
        return 1.0, {"MB/s": "bandwidth, MB/s", "instr": "instructions", "instr/KiB": "instructions per KiB"}.get(unit, unit)
    top = max(values) * schema.TIMES[unit]
    shown = "ms" if top >= 1e7 else "us" if top >= 1e4 else "ns"
    return schema.TIMES[shown] / schema.TIMES[unit], f"time, {shown}"


def wide(low, high, factor):
    """A range of a log axis with some room on both sides."""
    return low / factor, high * factor


def lines_script(result, section, name, unit, lines):
    """Script of the lines of one family."""
    points = [p for line in lines.values() for p in line]
    divisor, y_label = scale_y(unit, [p[1] for p in points])
    xs = sorted({p[0] for p in points})
    low, high = wide(min(min(p[1:]) for p in points) / divisor, max(max(p[1:]) for p in points) / divisor, 1.25)
    title = f"{section['title']}: {name}"
    script = head(900, 440 + 9 * len(lines), title)
    x_low, x_high = wide(xs[0], xs[-1], 1.15)
    script += f"set logscale xy\nset xrange [{x_low:.6g}:{x_high:.6g}]\nset yrange [{low:.6g}:{high:.6g}]\n"
    script += "set xtics (" + ",".join(f"'{x:,.9g}' {x:.9g}" for x in xs) + ")\n"
    script += "set ytics (" + ",".join(f"'{v:,.9g}' {v:.9g}" for v in log_tics(low, high)) + ")\nset grid ytics\n"
    script += f"set xlabel {quote(axis_x(name))}\nset ylabel {quote(y_label + ' (log scale, bars: quartiles)')}\n"
    script += "set key outside bottom center horizontal samplen 5 maxcols 3 height 1\nset bars 0.6\n"
    return script + lines_plot(result, section, lines, divisor), title


def lines_plot(result, section, lines, divisor):
    """The data and the plot command of lines: colour, dash and filling by system, the mark's shape by the last part."""
    systems = schema.names(section)
    order = list(dict.fromkeys(part for part, _ in lines))
    data, parts = "", []
    for number, ((part, system), points) in enumerate(lines.items()):
        s, p = systems.index(system), order.index(part) if len(order) > 1 else systems.index(system)
        shape = (HOLLOW if s else FILLED)[p % len(FILLED)]
        data += block(f"line{number}", [(x, *(v / divisor for v in rest)) for x, *rest in points])
        title = schema.label(result, system) + (f", {part}" if part else "")
        parts.append(f"$line{number} using 1:2:3:4 with yerrorlines lw {2 if s == 0 else 1.5} dt {DASHES[s % len(DASHES)]} "
                     f"pt {shape} ps 0.8 lc rgb '{COLOURS[s % len(COLOURS)]}' title {quote(title)}")
    return data + "plot " + ", ".join(parts) + "\n"


def scripts(result):
    """All plots to be drawn: (section's name, kind, title, script)."""
    found = []
    for section in result["sections"]:
        if section["against"]:
            script, title = bars_script(result, section)
            if script:
                found.append((section["name"], "ratios", title, script))
        for (name, unit), lines in families(section).items():
            script, title = lines_script(result, section, name, unit, lines)
            found.append((section["name"], "lines", title, script))
    return found


def draw(result):
    """All plots of a checked result: dicts of section, kind, title, svg. Raises Missing when gnuplot cannot draw."""
    return [{"section": section, "kind": kind, "title": title, "svg": clean(gnuplot(script), f"plot{number}", title)}
            for number, (section, kind, title, script) in enumerate(scripts(result), 1)]
