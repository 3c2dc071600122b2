#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Updates the plans in docs/roots.md: for each policy there, the root as isoctl explain prints it.

Usage: gen-roots.py [--check] ISOCTL ROOTS.MD     (--check: only report, by the exit status, whether the file is up to date)

A policy is a block ```ini, and its plan is the next block ```. Run this as root, where /var/lib and /etc are writable, as in a
test host: it makes the directories that the policies name. Entries that every root has are shown only in the first plan.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCKS = re.compile(r"(```ini\n(?P<policy>.*?)```\n.*?```\n\$ isoctl explain --verbose (?P<file>\S+) -- (?P<command>\S+)\n)(.*?)(```)",
                    flags=re.S)
ROOTS = pathlib.Path("/var/lib/roots")
SHOP = pathlib.Path("/var/lib/shop")
TABLE = pathlib.Path("/etc/isorun/volumes.d/roots.conf")


def prepare():
    for name in ["debian", "top"]:
        for directory in ["bin", "etc", "proc", "dev", "tmp", "run", "var/tmp", "srv/data"]:
            (ROOTS / name / directory).mkdir(parents=True)
        shutil.copy("/bin/busybox", ROOTS / name / "bin/sh")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", ROOTS / "debian", ROOTS / "debian.img", "8M"], check=True,
                   stdout=subprocess.DEVNULL)
    SHOP.mkdir()
    (SHOP / "a.key").touch()
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("[Volumes]\ndebian=/var/lib/roots/debian\ndata=/var/lib/shop\n")


def explain(isoctl, directory, block):
    (directory / block["file"]).write_text(block["policy"])
    text = subprocess.run([isoctl, "explain", "--verbose", block["file"], "--", block["command"]], cwd=directory,
                          check=True, env=dict(os.environ, HOME="/root"),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return re.search(r"^root\n((?:  .*\n)*)", text, flags=re.M)[1].splitlines()


def main():
    check = "--check" in sys.argv
    isoctl, target = [pathlib.Path(a).absolute() for a in sys.argv[1:] if a != "--check"]
    seen = set()

    def renew(block):
        lines = explain(isoctl, pathlib.Path(directory), block)
        new = [line for line in lines if line not in seen or line.startswith("  / ")]
        seen.update(lines)
        return block[1] + "\n".join(["root", *new, ""]) + block[6]

    prepare()
    try:
        with tempfile.TemporaryDirectory() as directory:
            old = target.read_text(encoding="utf-8")
            new = BLOCKS.sub(renew, old)
    finally:
        TABLE.unlink()
        shutil.rmtree(ROOTS)
        shutil.rmtree(SHOP)
    if check:  # machines differ in which of the hidden files and of the data of packages exist
        old, new = (re.sub(r"  .*( inaccessible\b|# data of the system:).*\n", "", text) for text in (old, new))
        return old != new
    target.write_text(new, encoding="utf-8")
    return False


sys.exit(main())
