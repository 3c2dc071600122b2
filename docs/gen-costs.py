#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the table of costs into docs/PERFORMANCE.md, and its first rows into README.md.

Usage: gen-costs.py [--check] BENCH.JSON PAGE...     (--check: only report whether the pages are up to date)

BENCH.JSON has the data of tests/bench/run. A row is left out if the run did not have its part or the other program.
"""
import json
import pathlib
import re
import sys

BEGIN = re.compile(r"<!-- costs(?: in short)?: docs/gen-costs.py -->\n")
END = "<!-- end of costs -->"
ALONE, SCOPE, DIRECT = "isorun --no-scope", "isorun, a scope", "no sandbox"
BWRAP, SYSTEMD = "bwrap, same namespaces and root", "systemd-run --scope bwrap"
CALLS, PEER = "system calls of a start, of all processes", "isorun, a peer with an address"
TCP, RENO = "TCP over loopback: ", "no sandbox, with reno"
BATCH, LOOP = "isorun --batch", "a loop of isorun --no-scope"

# What the row says, the title in the data, its case there, the case of the other program, and how that is called. In
# README.md: those before None.
ROWS = [
    ("a start without a unit", "no unit, from start to end of true", ALONE, BWRAP, "bwrap, same namespaces and root"),
    ("… among 504 mounts of the host", "no unit, at 504 mounts of the host", ALONE, BWRAP, ""),
    ("… among 2004 mounts", "no unit, at 2004 mounts of the host", ALONE, BWRAP, ""),
    ("a start in a scope, back to back", "a unit, back to back (hot)", SCOPE, SYSTEMD, "`systemd-run --scope bwrap`"),
    ("… 200 ms between starts", "a unit, 200 ms between starts (cold)", SCOPE, SYSTEMD, ""),
    ("starts by two workers", "starts in a second, by 2 workers", ALONE, BWRAP, "bwrap"),
    ("a batch of 200, two at once", "runs in a second, 2 at once", BATCH, LOOP, "a loop of isorun"),
    ("memory of an idle instance", "memory of an idle instance without its payload, one of 20", ALONE, BWRAP, "bwrap"),
    None,
    ("a start in a pool, back to back", "a pool that runs, back to back", "isorun --pool", ALONE,
     "isorun without a unit"),
    ("… 200 ms between starts", "a pool that runs, 200 ms between starts", "isorun --pool", ALONE, ""),
    ("a batch of 200, one at once", "runs in a second, 1 at once", BATCH, LOOP, "a loop of isorun"),
    ("… in a pool", "runs in a second, 1 at once", f"{BATCH}, in a pool", LOOP, ""),
    ("… in a pool, two at once", "runs in a second, 2 at once", f"{BATCH}, in a pool", LOOP, ""),
    ("system calls of a start", CALLS, ALONE, BWRAP, "bwrap"),
    ("… in a scope", CALLS, SCOPE, SYSTEMD, "`systemd-run --scope bwrap`"),
    ("instructions of `--dry-run`", "million instructions of isorun --dry-run", "the default policy", None, ""),
    ("inside: a system call (getppid)", "inside: getppid", ALONE, BWRAP, "inside of bwrap"),
    ("… open and close a file", "inside: open and close a file", ALONE, BWRAP, ""),
    ("… a byte through a pipe, there and back", "inside: pipe, there and back", ALONE, BWRAP, ""),
    ("… a connection over loopback", "inside: connection over loopback", ALONE, BWRAP, ""),
    ("… fork and exec", "inside: fork and exec", ALONE, BWRAP, ""),
    ("`isoctl list` of 200 instances", "a list of 200 instances", "isoctl list", "systemctl list-units",
     "`systemctl list-units`"),
    ("a peer of `ConnectTo=`: bytes one way", f"{TCP}one way", PEER, DIRECT, "directly"),
    ("", f"{TCP}one way", PEER, RENO, "directly, with `reno`"),
    ("… both ways at once", f"{TCP}both ways at once", PEER, DIRECT, "directly"),
    ("", f"{TCP}both ways at once", PEER, RENO, "directly, with `reno`"),
    ("… processor time of all for a GB", f"{TCP}processor time of all for a GB", PEER, DIRECT, "directly"),
    ("", f"{TCP}processor time of all for a GB", PEER, RENO, "directly, with `reno`"),
    ("… a byte there and back", f"{TCP}one byte, there and back", PEER, DIRECT, "directly"),
    ("… connections, one after another", f"{TCP}connections, one after another", PEER, DIRECT, ""),
    ("a compiler, with `--why`", "watched: a compiler", "isorun --why", SCOPE, "isorun without it"),
    ("", "watched: a compiler", "isorun --why", "strace of files and network", "strace"),
    ("a static program that isolates itself (libisorun.a)", "a static program, from its start to its end",
     "isolates itself (libisorun.a)", ALONE, "the same under isorun, without a unit"),
    ("… its system calls", "its system calls, of all processes", "isolates itself (libisorun.a)", ALONE, ""),
]
UNITS = {"1/s": " a second", "us": " µs", "": ""}


def number(value):
    """Three digits, but all that are before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def amount(value, unit):
    if unit == "MB/s":
        return f"{value / 1000:.1f} GB/s"
    return number(value) + UNITS.get(unit, f" {unit}")


def table(medians, rows):
    out = ["| | isorun | compared with | ratio |", "|---|---|---|---|"]
    for says, title, case, base, name in rows:
        value, unit = medians.get((title, case), (None, ""))
        against = medians.get((title, base), (None, ""))[0]
        if value is None or (base and against is None):
            continue
        if base is None:
            out.append(f"| {says} | {number(value)} million | | |")
        else:
            cells = says, amount(value, unit) if says else "", name, f"{value / against:.2f}"
            out.append("".join(f"| {cell} " if cell else "| " for cell in cells) + "|")
    return "\n".join(out) + "\n"


def filled(page, medians):
    text, place = page, BEGIN.search(page)
    if not place or END not in page[place.end():]:
        sys.exit("a page has no place for the table")
    middle = ROWS.index(None)
    rows = ROWS[:middle] + ([] if "in short" in place[0] else ROWS[middle + 1:])
    return text[:place.end()] + table(medians, rows) + text[text.index(END, place.end()):]


def main():
    check = sys.argv[1] == "--check"
    bench, *pages = sys.argv[1 + check:]
    data = json.loads(pathlib.Path(bench).read_text(encoding="utf-8"))
    medians = {(row["title"], row["case"]): (row["median"], row["unit"]) for row in data["results"] if "curve" not in row}
    for page in map(pathlib.Path, pages):
        text = page.read_text(encoding="utf-8")
        made = filled(text, medians)
        if check and made != text:
            sys.exit(f"{page} does not have the figures of {bench}: run docs/gen-costs.py")
        if not check:
            page.write_text(made, encoding="utf-8")


main()
