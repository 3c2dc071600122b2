#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes docs/picture.svg from docs/picture.txt, which describes its own syntax.

Usage: gen-picture.py [--check] PICTURE.TXT PICTURE.SVG     (--check: only report, by the exit status, whether it is up to date)
"""
import pathlib
import sys
import textwrap
from xml.sax.saxutils import escape

COLOURS = {"host": "#eef1f5", "outside": "#ffffff", "unit": "#dfe8f6", "sandbox": "#e6f3e6", "inside": "#ffffff",
           "payload": "#fff3cf", "hidden": "#f6dede", "memory": "#fff3cf", "volume": "#d8efd8"}
COLUMN, GAP, PAD, LINE = 470, 30, 12, 17
LETTER = 6.6  # the width of a letter of 12 pixels, about


class Box:
    def __init__(self, kind, title, text):
        self.kind, self.title, self.text, self.children = kind, title, text, []


def parse(source):
    """Returns [(title of a column, its boxes)]; an arrow is a string among the boxes."""
    columns, stack = [], []
    for line in source.splitlines():
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        if words.startswith("="):
            columns.append((words[1:].strip(), []))
            stack = [(-1, columns[-1][1])]
            continue
        depth = len(line) - len(line.lstrip())
        while stack[-1][0] >= depth:
            stack.pop()
        if words.startswith("->"):
            stack[-1][1].append(words[2:].strip())
            continue
        kind, rest = words.split(" ", 1)
        title, text = (part.strip() for part in rest.split("|"))
        box = Box(kind, title, text)
        stack[-1][1].append(box)
        stack.append((depth, box.children))
    return columns


def words_at(x, y, text, style):
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def arrow(x, y, text):
    return [f'<path d="M{x} {y - 4} v20" stroke="#445" marker-end="url(#tip)"/>', words_at(x + 10, y + 11, text, 'class="small"')]


def draw_all(boxes, x, y, width):
    """Returns the elements, and where they end."""
    out = []
    for box in boxes:
        if isinstance(box, str):
            out += arrow(x + 24, y, box)
            y += 24
        else:
            parts, y = draw(box, x, y, width)
            out += parts
            y += 8
    return out, y


def draw(box, x, y, width):
    top, y = y, y + PAD + 8
    out = [words_at(x + PAD, y, box.title, 'class="title"')]
    for line in textwrap.wrap(box.text, int((width - 2 * PAD) / LETTER)):
        y += LINE
        out.append(words_at(x + PAD, y, line, 'class="text"'))
    y += PAD
    if box.children:
        inner, y = draw_all(box.children, x + PAD, y, width - 2 * PAD)
        out += inner
        y += 4
    frame = f'<rect x="{x}" y="{top}" width="{width}" height="{y - top}" rx="6" fill="{COLOURS[box.kind]}" stroke="#667"/>'
    return [frame, *out], y


def picture(columns):
    out, height = [], 0
    for n, (title, boxes) in enumerate(columns):
        x = GAP + n * (COLUMN + GAP)
        out.append(words_at(x, 28, title, 'class="head"'))
        parts, end = draw_all(boxes, x, 42, COLUMN)
        out += parts
        height = max(height, end + 12)
    width = GAP + len(columns) * (COLUMN + GAP)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="DejaVu Sans, Arial, sans-serif">',
        "<!-- Made by docs/gen-picture.py from docs/picture.txt. -->",
        "<style>.head{font-size:16px;font-weight:bold}.title{font-size:13px;font-weight:bold}.text{font-size:12px}"
        ".small{font-size:11px;font-style:italic}</style>",
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        '<path d="M0 0 L6 3 L0 6 z" fill="#445"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *out, "</svg>", ""])


def main():
    check = sys.argv[1] == "--check"
    source, target = (pathlib.Path(p) for p in sys.argv[1 + check:])
    made = picture(parse(source.read_text()))
    if not check:
        target.write_text(made)
    elif not target.exists() or target.read_text() != made:
        sys.exit(f"{target} is not up to date: run docs/gen-picture.py {source} {target}")


main()
