#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Updates the tables of directives in docs/policy.md, between its markers, from src/policy/directives.inc. The last column,
which compares a directive with systemd's, comes from src/convert/systemd.inc. Updates the list of lines of unit files that a
policy accepts, too, from src/policy/unit-line.c.

Usage: gen-directives.py [--check] DIRECTIVES.INC POLICY.MD     (--check: only report, by the exit status, whether the file is up to date)
"""
import pathlib
import re
import sys

FIELDS = {
    "POLICY": ["list", "type", "fallback", "example", "help", "order"],
    "SCOPE": ["list", "type", "property", "signature", "file", "since", "example", "help", "order"],
    "SANDBOX": ["list", "type", "fallback", "example", "help", "order"],
    "LIMIT": ["resource", "order"],
}
VALUE = re.compile(r'\s*([A-Z_]+\((?:"[^"]*"|[^)"]*)\)|"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*|[^,"]+)\s*(?:,|$)')


def unquote(value):
    if value.startswith('"'):
        return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', value)).replace('\\"', '"').replace("\\\\", "\\")
    return None if value == "NULL" else value.strip()


def rows(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for kind, body in re.findall(r"^([A-Z]+)\((.*?)\)$", text, flags=re.S | re.M):
        values = [unquote(v.strip()) for v in VALUE.findall(body)]
        row = dict(zip(["name", *FIELDS[kind]], values))
        if kind == "LIMIT":
            row |= {"name": f"Limit{row['name']}", "list": "false", "type": "resource_limit", "example": "10:20",
                    "help": f"`RLIMIT_{row['resource']}` of setrlimit(2), `SOFT:HARD`"}
        yield {"SCOPE": "Scope", "POLICY": "Policy"}.get(kind, "Sandbox"), row


def in_systemd(text):
    """The last column by the directive's name."""
    rows = re.findall(r"^SYSTEMD\((\w+),(.*?)\)$", text, flags=re.S | re.M)
    found = {name: [unquote(v.strip()) for v in VALUE.findall(body)] for name, body in rows}
    return {name: page + (f", but {but}" if but else "") if page else "—" for name, (page, but, *_) in found.items()}


def table(section, found, systemd):
    lines = ["| directive | meaning | default | example | in systemd |", "|---|---|---|---|---|"]
    for where, row in found:
        if where != section:
            continue
        default = (row.get("fallback") or "").replace("\\n", "`, then `")
        since = f" (systemd {row['since']})" if row.get("since", "0") != "0" else ""
        lines.append(f"| `{row['name']}=`{' …' if row['list'] == 'true' else ''} | {row['help']}{since} | "
                     f"{'`' + default + '`' if default else 'none'} | `{row['example'].replace('|', chr(92) + '|')}` | {systemd[row['name']]} |")
    return "\n".join(lines)


def accepted(text):
    texts = dict(re.findall(r'^#define (\w+) "([^"]*)"', text, flags=re.M))
    for kind, key, reason, values in re.findall(
            r'\{ (ALWAYS\w*)\("(\w+)", ("[^"]*"|\w+)\)(?:,\s*\.values = LIST\(([^)]*)\))?', text):
        words = (["yes"] if kind == "ALWAYS" else []) + re.findall(r'"([^"]*)"', values)
        yield f"- `{key}=` {' or '.join(f'`{w}`' for w in words)}: {texts.get(reason, reason.strip(chr(34)))}"


def main():
    check = "--check" in sys.argv
    source, target = [pathlib.Path(a) for a in sys.argv[1:] if a != "--check"]
    found = list(rows(source.read_text(encoding="utf-8")))
    old = new = target.read_text(encoding="utf-8")
    systemd = in_systemd((source.parents[1] / "convert/systemd.inc").read_text(encoding="utf-8"))
    for section in ["Policy", "Scope", "Sandbox"]:
        new = re.sub(rf"(<!-- {section} -->\n).*?(<!-- end -->)",
                     lambda m, s=section: m[1] + table(s, found, systemd) + "\n" + m[2], new, flags=re.S)
    lines = "\n".join(accepted((source.parent / "unit-line.c").read_text(encoding="utf-8")))
    new = re.sub(r"(<!-- Units -->\n).*?(<!-- end -->)", lambda m: m[1] + lines + "\n" + m[2], new, flags=re.S)
    if check:
        return old != new
    target.write_text(new, encoding="utf-8")
    return False


if __name__ == "__main__":
    sys.exit(main())
