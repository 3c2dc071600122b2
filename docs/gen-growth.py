#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes docs/growth.svg from the data of tests/bench/run: a chart for each curve, of medians with quartiles.

Usage: gen-growth.py [--check] BENCH.JSON GROWTH.SVG     (--check: only report whether it is up to date)

The data has a row for each point, with the keys "curve", "x", "case", "median", "q1" and "q3"; other rows are skipped.
"""
import json
import pathlib
import sys
from xml.sax.saxutils import escape

COLOURS = ["#2f6fb5", "#c2542d", "#3d8a4a", "#8a5aa8"]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 440, 260, 58, 34, 62, 16
COLUMNS = 2


def read_curves(data):
    """{curve: {case: [(x, result)]}}, in the order of the data."""
    curves = {}
    for row in data["results"]:
        if "curve" in row:
            curves.setdefault(row["curve"], {}).setdefault(row["case"], []).append((row["x"], row))
    return curves


def ticks(most):
    """About five round numbers from 0 on."""
    step = 10.0 ** len(str(int(most)))
    while most / step < 4:
        step /= 2 if str(step)[0] != "5" else 2.5
    return [n * step for n in range(int(most / step) + 1)]


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def chart(name, cases, left, top):
    """The axes are for isorun: another program's line may leave the chart at its top."""
    most_x = max(x for points in cases.values() for x, _ in points) or 1
    most_y = max(r["q3"] for case, points in cases.items() if case.startswith("iso") for _, r in points) * 1.1
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    right, bottom = left + LEFT + wide, top + TOP + high

    def place(x, y):
        return left + LEFT + wide * x / most_x, bottom - high * y / most_y

    out = [text(left + WIDTH / 2, top + 20, name, more=' font-weight="bold"')]
    for y in ticks(most_y):
        height = place(0, y)[1]
        out.append(f'<line x1="{left + LEFT}" x2="{right}" y1="{height:.1f}" y2="{height:.1f}" stroke="#ddd"/>')
        out.append(text(left + LEFT - 6, height + 4, f"{y:g} ms", "end"))
    out += [text(place(x, 0)[0], bottom + 16, f"{x:g}") for x in ticks(most_x)]
    area = f"area-{left}-{top}"
    shape = f'<rect x="{left + LEFT}" y="{top + TOP}" width="{wide + 4}" height="{high}"/>'
    out.append(f'<clipPath id="{area}">{shape}</clipPath>')
    for number, (case, points) in enumerate(cases.items()):
        colour = COLOURS[number % len(COLOURS)]
        out.append(f'<g clip-path="url(#{area})">')
        line = " ".join("{:.1f},{:.1f}".format(*place(x, r["median"])) for x, r in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, r in points:
            (at, low), high_end, middle = place(x, r["q1"]), place(x, r["q3"])[1], place(x, r["median"])[1]
            out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{low:.1f}" y2="{high_end:.1f}" stroke="{colour}"/>')
            out.append(f'<circle cx="{at:.1f}" cy="{middle:.1f}" r="3" fill="{colour}"/>')
        out.append("</g>")
        key_x, key_y = left + LEFT + number % 2 * 190, bottom + 34 + number // 2 * 16
        out.append(f'<rect x="{key_x}" y="{key_y - 8}" width="12" height="4" fill="{colour}"/>')
        out.append(text(key_x + 18, key_y, case, "start"))
    return out


def picture(data):
    curves = read_curves(data)
    rows = -(-len(curves) // COLUMNS)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * COLUMNS} {HEIGHT * rows}" '
           'font-family="sans-serif" font-size="11" fill="#222">',
           "<!-- Made by docs/gen-growth.py from docs/bench.json. -->",
           f'<rect width="{WIDTH * COLUMNS}" height="{HEIGHT * rows}" fill="#fff"/>']
    for number, (name, cases) in enumerate(curves.items()):
        out += chart(name, cases, number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT)
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    check = sys.argv[1] == "--check"
    source, target = (pathlib.Path(p) for p in sys.argv[1 + check:])
    made = picture(json.loads(source.read_text()))
    if not check:
        target.write_text(made)
    elif not target.exists() or target.read_text() != made:
        sys.exit(f"{target} is not up to date: run docs/gen-growth.py {source} {target}")


main()
