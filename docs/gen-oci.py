#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the table of config.json's fields into docs/oci.md. Usage: gen-oci.py [--check] FIELDS.INC OCI.MD

--check changes nothing, and fails if the table is not what it would write."""
import pathlib
import re
import sys

BEGIN, END = "<!-- fields: docs/gen-oci.py -->\n", "<!-- end of fields -->"
VERDICTS = {"TAKEN": "supported", "IGNORED": "ignored with a notice", "REFUSED": "refused"}


def rows(text):
    for path, verdict, note in re.findall(r'^FIELD\("([^"]+)", \w+, (\w+), "([^"]*)"\)$', text, re.M):
        yield path, VERDICTS[verdict] + (f": {note}" if note else "")


def table(text):
    lines = ["| field | |", "|---|---|"]
    lines += [f"| `{path}` | {says} |" for path, says in rows(text)]
    return "\n".join(lines) + "\n"


def main():
    check, (fields, page) = sys.argv[1] == "--check", sys.argv[-2:]
    text = pathlib.Path(page).read_text(encoding="utf-8")
    made = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END),
                  lambda _: BEGIN + table(pathlib.Path(fields).read_text(encoding="utf-8")) + END, text, flags=re.S)
    if BEGIN not in text:
        sys.exit(f"{page} has no place for the table")
    if check:
        sys.exit(made != text and f"{page} does not have the fields of {fields}: run docs/gen-oci.py")
    pathlib.Path(page).write_text(made, encoding="utf-8")


main()
