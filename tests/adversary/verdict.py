#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says what the attempts of the adversary have come to.

verdict.py judge CONTROL RESULTS...: prints a line for each file of results, with tabs between: its name, how many were
    tried, allowed and got through, what got through though the policy does not allow it, and what the policy allows and
    did not get through (unless it did not in the control either).
verdict.py closed CONTROL RESULTS...: prints the gaps through which nothing has got in any of the files.
verdict.py idle ADVERSARY CONTROL: prints the attempts that did not get through in the control, and that need nothing.
verdict.py table [--check] ADVERSARY DOCUMENT: writes the table in DOCUMENT, or only compares it.

ADVERSARY is the program, CONTROL and RESULTS are what it prints. A file of results is named POLICY-USER-HOW, where USER
is root or user. What the policies allow is in the file "allowed".
"""
import fnmatch
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TOP = HERE.parents[1]
POLICIES = ["default", "web", "client", "compile", "filter", "nest", "agent", "convert", "browser"]
USERS = ["root", "user"]


def read_results(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def read_allowed():
    """The rules of the file: (pattern, policies, users, whether some kernels prevent it, reason)."""
    for line in (HERE / "allowed").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern, policies, users, reason = line.split(maxsplit=3)
            yield (pattern.rstrip("?"), POLICIES if policies == "all" else policies.split(","),
                   USERS if users == "all" else users.split(","), pattern.endswith("?"), reason)


def find_rule(rules, attempt, policy, user):
    for rule in rules:
        if fnmatch.fnmatchcase(attempt, rule[0]) and policy in rule[1] and user in rule[2]:
            return rule
    return None


def lines_of(policy):
    """Of its file and that of its Base=."""
    text = (TOP / "policies" / f"{policy}.conf").read_text(encoding="utf-8")
    base = re.search(r"^Base=(\w+)$", text, re.M)
    return text.splitlines() + (lines_of(base[1]) if base else [])


def check_reasons(rules):
    """Each reason is true: a line of each policy, no line that would deny it, or a gap that README.md names."""
    readme = " ".join((TOP / "README.md").read_text(encoding="utf-8").split())
    for pattern, policies, _, _, reason in rules:
        kind, text = reason.split(maxsplit=1)
        for policy in policies:
            found = any(re.match(text, line) for line in lines_of(policy)) if kind in ("line", "without") else None
            if kind == "line" and not found:
                yield f"allowed: {pattern}: {policy} has no line {text}"
            if kind == "without" and found:
                yield f"allowed: {pattern}: {policy} has a line {text}"
        if kind == "readme" and text not in readme:
            yield f"allowed: {pattern}: README.md does not say \"{text}\""
        if kind not in ("line", "without", "readme", "harmless", "gap"):
            yield f"allowed: {pattern}: {kind} is no kind of reason"


def read_list(adversary):
    """The attempts: (area, name, what it tries, what it needs)."""
    text = subprocess.run([adversary, "list"], check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in text.splitlines()]


def cell(rules, attempt, policy, notes):
    found = {user: find_rule(rules, attempt, policy, user) for user in USERS}
    allowed = [user for user in USERS if found[user]]
    if not allowed:
        return "–"
    marks = []
    for user in allowed:
        reason = found[user][4]
        if reason not in notes:
            notes.append(reason)
        mark = str(notes.index(reason) + 1)
        if mark not in marks:
            marks.append(mark)
    some = "*" if any(found[user][3] for user in allowed) else ""
    return f"{'yes' if allowed == USERS else allowed[0]}{some} [{', '.join(marks)}]"


KINDS = {
    "line": "The policy has the line `{}`.",
    "without": "The policy has no line `{}`.",
    "readme": "README.md, \"What it does not promise\": \"{}\"",
    "harmless": "{}",
    "gap": "Not yet prevented: {}",
}


def explain(reason):
    kind, text = reason.split(maxsplit=1)
    return KINDS[kind].format(text)


def table(attempts, rules):
    notes, lines, area = [], [], None
    for title, name, what, needs in attempts:
        if title != area:
            area = title
            lines += ["", f"### {title}", "", f"| attempt | what it tries | {' | '.join(POLICIES)} |",
                      "|---|---|" + "---|" * len(POLICIES)]
        if needs:
            what += f" (needs {needs})"
        cells = [cell(rules, name, policy, notes) for policy in POLICIES]
        lines.append(f"| `{name}` | {what} | {' | '.join(cells)} |")
    lines += ["", "### Why it is allowed", ""]
    lines += [f"{n}. {explain(reason)}" for n, reason in enumerate(notes, 1)]
    return "\n".join(lines[1:])


def update(check, attempts, rules, document):
    document = pathlib.Path(document)
    old = document.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- table -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{table(attempts, rules)}\n{m[2]}", old, flags=re.S)
    wrong = list(check_reasons(rules))
    names = [name for _, name, _, _ in attempts]
    wrong += [f"allowed: no attempt is like {rule[0]}" for rule in rules if not fnmatch.filter(names, rule[0])]
    if check and old != new:
        wrong.append(f"{document.name} is out of date: tests/adversary/verdict.py table ADVERSARY {document.name} updates it")
    if not check:
        document.write_text(new, encoding="utf-8")
    return wrong


def judge(rules, control, path):
    name = pathlib.Path(path).name
    policy, user, _ = name.split("-", 2)
    results = read_results(path)
    if results.get("end") != "end" or set(results) != set(control):
        return f"{name}\t-\tthe attempts did not reach their end\t-"
    through = {attempt for attempt, r in results.items() if r == "through"}
    possible = {attempt for attempt, r in control.items() if r == "through"}
    found = {attempt: find_rule(rules, attempt, policy, user) for attempt in results}
    allowed = {attempt for attempt, rule in found.items() if rule}
    certain = {attempt for attempt in allowed if not found[attempt][3] and not found[attempt][4].startswith("gap ")}
    missed = [f"{attempt} ({results[attempt]})" for attempt in sorted(certain & possible - through)]
    count = f"{len(possible)} tried, {len(allowed & possible)} allowed, {len(through)} got through"
    return "\t".join([name, count, " ".join(sorted(through - allowed)) or "-", " ".join(missed) or "-"])


def list_closed(rules, control, paths):
    through, listed = set(), set()
    possible = [attempt for attempt, outcome in control.items() if outcome == "through"]
    for path in paths:
        policy, user, _ = pathlib.Path(path).name.split("-", 2)
        results = read_results(path)
        for attempt in possible:
            rule = find_rule(rules, attempt, policy, user)
            if rule and rule[4].startswith("gap ") and not rule[3]:
                listed.add((attempt, policy, user))
                if results.get(attempt) == "through":
                    through.add((attempt, policy, user))
    return [" ".join(gap) for gap in sorted(listed - through)]


def main():
    verb, *arguments = sys.argv[1:]
    rules = list(read_allowed())
    if verb == "table":
        check = "--check" in arguments
        adversary, document = [a for a in arguments if a != "--check"]
        said = update(check, read_list(adversary), rules, document)
    elif verb == "idle":
        adversary, control = arguments
        control = read_results(control)
        said = [f"{name}: {control.get(name)}" for _, name, _, needs in read_list(adversary)
                if not needs and control.get(name) != "through"]
    else:
        control = read_results(arguments[0])
        if verb == "closed":
            said = list_closed(rules, control, arguments[1:])
        else:
            said = [judge(rules, control, path) for path in arguments[1:]]
    print(*said, sep="\n", end="\n" if said else "")
    return verb == "table" and bool(said)


if __name__ == "__main__":
    sys.exit(main())
