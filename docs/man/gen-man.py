#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the scdoc(5) source of a manual: a template, with parts of the Markdown documents put in.

Usage: gen-man.py VERSION TOP TEMPLATE.scd

In the template, @VERSION@ is replaced, and so are lines
    @include FILE HEADING    by what stands under that heading of FILE, in TOP
    @directives SECTION      by what docs/policy.md has under [SECTION]: each directive as an entry of its own, with
                             those of the notes below the table that begin with it
"""
import importlib.util
import pathlib
import re
import sys

TOP = pathlib.Path(sys.argv[2])


def load_rows():
    spec = importlib.util.spec_from_file_location("directives", TOP / "docs/gen-directives.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (TOP / "src/policy/directives.inc").read_text(encoding="utf-8")
    return {row["name"]: row for _, row in module.rows(text)}


def load_syntax():
    """What a value looks like, by the name of its type, as the parser's own table has it."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((TOP / "src/policy/value").glob("*.c")))
    return dict(re.findall(r'const ValueType type_(\w+) = \{\s*"([^"]*)"', text))


def escape(text):
    return re.sub(r"([\\*_#~`.])", r"\\\1", text) if text else text


def inline(text):
    """One paragraph of Markdown as scdoc."""
    text = re.sub(r"\[([^\]]*)\]\((?:(https?:[^)]*)|[^)]*)\)", lambda m: f"{m[1]} ({m[2]})" if m[2] else m[1], text)
    out, bold = [], False
    for part in re.split(r"(\*\*|`[^`]*`)", text):
        if part == "**":
            bold = not bold
            out.append("*")
        elif part.startswith("`"):
            out.append(escape(part[1:-1]) if bold else f"*{escape(part[1:-1])}*")
        else:
            out.append(escape(part))
    return "".join(out).replace("**", "")


def section(file, heading):
    """The lines under a heading, up to the next one that is not below it."""
    lines, level = [], 0
    for line in (TOP / file).read_text(encoding="utf-8").splitlines():
        found = re.match(r"(#+) (.*)", line)
        if found and level:
            break
        if found and found[2] == heading:
            level = len(found[1])
        elif level and not line.startswith("<!--"):
            lines.append(line)
    if not level:
        raise SystemExit(f"{file} has no \"{heading}\"")
    return lines


def blocks(lines):
    """Paragraphs ("p"), items of lists (their depth), and code ("c"), each with its text."""
    found = []
    for line in lines:
        item = re.match(r"( *)- (.*)", line)
        if not line.strip():
            found.append(("", ""))
        elif item:
            found.append((len(item[1]) // 4, item[2]))
        elif line.startswith("    ") and (not found or found[-1][0] in ("", "c")):
            found.append(("c", line[4:]))
        elif not found or found[-1][0] == "":
            found.append(("p", line))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def scdoc(found, indent=""):
    out, code = [], False
    for kind, text in found:
        if (kind == "c") != code:
            out.append(f"{indent}```")
            code = kind == "c"
        if kind == "c":
            out.append(indent + text)
        elif kind == "":
            out.append("")
        elif kind == "p":
            out.append(indent + inline(text))
        else:
            out.append(indent + "\t" * kind + "- " + inline(text))
    if code:
        out.append(f"{indent}```")
    return out


def beside_systemd(text):
    if text == "—":
        return "systemd has no such directive."
    page, _, difference = text.partition(", but ")
    return f"As in {page}" + (f", but {difference}." if difference else ".")


def entry(row, systemd, notes, syntax):
    default = (row.get("fallback") or "").replace("\\n", "; ")
    since = f" (systemd {row['since']} and newer)" if row.get("since", "0") != "0" else ""
    adds = " This is a list: lines add up." if row["list"] == "true" else ""
    text = [f"*{escape(row['name'])}=*{escape(syntax[row['type']])}",
            f"\t{inline(row['help'][0].upper() + row['help'][1:])}{since}.{adds} "
            + (f"Default: *{escape(default)}*. " if default else "Default: none. ") + inline(beside_systemd(systemd)), ""]
    for note in notes:
        text += [f"\t{inline(note)}", ""]
    return text + [f"\tExample: *{escape(row['name'] + '=' + row['example'])}*", ""]


def note_of(text, name):
    """The text of a note for the entry NAME, without its lead if that is only the name."""
    plain = re.sub(rf"^\*\*`{name}=`\*\*: ", "", text)
    return (plain if plain == text else plain[0].upper() + plain[1:]).replace("**", "")


def directives(name, rows, syntax):
    lines = section("docs/policy.md", f"[{name}]")
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    intro, lines = lines[:first], lines[first:]
    table = re.findall(r"^\| `(\w+)=`.* \| ([^|]+) \|$", "\n".join(lines), flags=re.M)
    own, rest = {}, []
    for kind, text in blocks([line for line in lines if not line.startswith("|")]):
        lead = re.match(r"\*\*((?:[^*]|\*(?!\*))*)\*\*", text) if isinstance(kind, int) else None
        named = re.findall(r"`(\w+)=", lead[1]) if lead else []
        if kind == 0 and named and all(n in rows for n in named):
            rest.append(("own", named))
            for n in named:
                own.setdefault(n, []).append(note_of(text, n))
        elif isinstance(kind, int) and kind > 0 and rest and rest[-1][0] == "own":
            for n in rest[-1][1]:
                own[n].append(text)
        else:
            rest.append((kind, text))
    out = scdoc(blocks(intro)) + [""]
    for directive, systemd in table:
        out += entry(rows[directive], systemd, own.get(directive, []), syntax)
    return out + [""] + scdoc([b for b in rest if b[0] != "own"])


def main():
    version, template = sys.argv[1], pathlib.Path(sys.argv[3])
    rows, syntax = load_rows(), load_syntax()
    for line in template.read_text(encoding="utf-8").replace("@VERSION@", version).splitlines():
        include = re.match(r"@include (\S+) (.*)", line)
        table = re.match(r"@directives (\w+)", line)
        lines = (scdoc(blocks(section(include[1], include[2]))) if include
                 else directives(table[1], rows, syntax) if table else [line])
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
        print(text)


if __name__ == "__main__":
    main()
