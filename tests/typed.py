#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Types the examples of a page of docs/. Usage: typed.py list PAGE           # the sections that have some
                                          typed.py type PAGE SECTION   # types them, and prints each difference

Each line of the page after a command must be in the command's output, in this order; "…" is any text. A command without
such lines must succeed. HTML comments "needs: WORD" before a block name a program, a device, or controllers. It exits
with 2 if the section's only blocks need what is missing.
"""
import fnmatch
import getpass
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def sections(page):
    title, found = "", {}
    needs, block = None, None
    for line in pathlib.Path(page).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            title = line[3:]
        elif match := re.fullmatch(r"<!-- needs: (\S+) -->", line):
            needs = match[1]
        elif line == "```console":
            block = []
            found.setdefault(title, []).append((needs, block))
            needs = None
        elif line == "```":
            block = None
        elif block is not None and line.startswith("$ "):
            block.append((line[2:], []))
        elif block is not None:
            block[-1][1].append(line)
    return found


def is_there(need):
    if need == "controllers":
        return " pids " in " " + pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text(encoding="utf-8").strip() + " "
    return need is None or (os.path.exists(need) if need.startswith("/") else shutil.which(need))


def normalize(text):
    text = text.replace(os.environ["HOME"], "/home/ada")
    return text.replace(f"/run/user/{os.getuid()}", "/run/user/1000").splitlines()


def pattern(line):
    return re.sub(r"([\[\]*?])", r"[\1]", line).replace("…", "*")


def missing(expected, got):
    """The first line that is not in the output after those before it, or None."""
    lines = iter(got)
    for line in expected:
        if not any(fnmatch.fnmatchcase(other, pattern(line)) for other in lines):
            return line
    return None


def type_block(block):
    good = True
    for command, expected in block:
        # A process that the command leaves behind would keep a pipe open.
        with tempfile.TemporaryFile() as output:
            r = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.STDOUT, cwd=os.environ["HOME"], check=False)
            output.seek(0)
            got = normalize(output.read().decode(errors="replace"))
        line = missing(expected, got)
        if line is not None or (not expected and r.returncode != 0):
            good = False
            print(f"$ {command}", f"status {r.returncode}, as {getpass.getuser()}; not there: {line}", *got, sep="\n")
    return good


def main():
    command, page, *rest = sys.argv[1:]
    if command == "list":
        print("\n".join(sections(page)))
        return 0
    blocks = sections(page)[rest[0]]
    there = [block for needs, block in blocks if is_there(needs)]
    results = [type_block(block) for block in there]
    return 2 if not there else not all(results)


sys.exit(main())
