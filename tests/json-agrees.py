#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares JSON on standard input with docs/isoctl.schema.json. Usage: json-agrees.py VERB [LEAST]

LEAST: the number of values that it must have at least, so that an empty list proves nothing. Knows the keywords that the
schema uses, and fails at any other. Without a module, so that each test host can run it.
"""
import json
import pathlib
import sys

TYPES = {"array": list, "object": dict, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "anyOf", "$ref",
         "description"}


def has_type(value, names):
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, TYPES[n]) and isinstance(value, bool) == (n == "boolean") for n in names)


class Schema:
    def __init__(self, path):
        self.definitions = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["$defs"]
        self.seen = 0

    def members(self, s, value, at):
        for name in s.get("required", []):
            if name not in value:
                yield f"{at}: no {name}"
        for name, member in value.items():
            below = s.get("properties", {}).get(name, s.get("additionalProperties", {}))
            if below is False:
                yield f"{at}: {name} is not in the schema"
            else:
                yield from self.differences(below, member, f"{at}.{name}")

    def differences(self, s, value, at):
        self.seen += 1
        if unknown := s.keys() - KNOWN:
            yield f"{at}: this program does not know {unknown}"
        if "$ref" in s:
            yield from self.differences(self.definitions[s["$ref"].removeprefix("#/$defs/")], value, at)
        if "anyOf" in s and all(any(True for _ in self.differences(one, value, at)) for one in s["anyOf"]):
            yield f"{at}: {value!r} is none of {s['anyOf']}"
        if "type" in s and not has_type(value, s["type"]):
            yield f"{at}: {value!r} is not of type {s['type']}"
            return
        if "enum" in s and value not in s["enum"]:
            yield f"{at}: {value!r} is not one of {s['enum']}"
        if "minimum" in s and value is not None and value < s["minimum"]:
            yield f"{at}: {value} is below {s['minimum']}"
        if isinstance(value, dict):
            yield from self.members(s, value, at)
        for i, item in enumerate(value if isinstance(value, list) else []):
            yield from self.differences(s.get("items", {}), item, f"{at}[{i}]")


def main():
    verb, least = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    schema = Schema(pathlib.Path(__file__).parent.parent / "docs/isoctl.schema.json")
    found = list(schema.differences(schema.definitions[verb], json.load(sys.stdin), verb))
    if schema.seen < least:
        found.append(f"only {schema.seen} values, and not {least}")
    print("\n".join(found), end="")
    return len(found) > 0


sys.exit(main())
