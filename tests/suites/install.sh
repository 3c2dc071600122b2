#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is installed, and where: tests/installed lists it.
. "$(dirname "$0")/../lib.sh"

installed() { (cd "$1" && find . ! -type d | sed 's/^\.//' | LC_ALL=C sort); }

if ! command -v meson >/dev/null; then
	skip "meson install" "there is no meson"
	exit 0
fi
run env DESTDIR="$tmp/root" meson install -C "$build" --no-rebuild
is "meson install" "$status" 0
libdir=/usr/$(meson introspect --buildoptions "$build" | python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "libdir"))')
pythondir=$(meson introspect --installed "$build" | python3 -c 'import json, os, sys
print(*{os.path.dirname(to) for file, to in json.load(sys.stdin).items() if file.endswith("/python/isorun.py")})')
like "the module of Python is where that looks for modules" "$pythondir" "/usr/lib/python3*/@(dist|site)-packages"
is "puts each file where it is expected, and no other" "$(installed "$tmp/root")" \
	"$(sed "s|^@LIBDIR@|$libdir|; s|^@PYTHONDIR@|$pythondir|" "$top/tests/installed" | LC_ALL=C sort)"
is "programs alone can be executed" "$(cd "$tmp/root" && find . -type f -perm /111 | LC_ALL=C sort)" \
	$'./usr/bin/isoctl\n./usr/bin/isorun\n./usr/bin/isorun-oci'
is "nothing is set-user-ID, or writable by others" "$(find "$tmp/root" -type f -perm /6022)" ""
is "symlinks lead to what is there" "$(find "$tmp/root" -xtype l)" ""
is "the units start what is installed" "$(grep -h '^ExecStart=' "$tmp/root"/usr/lib/systemd/*/isorun@.service | sort -u)" \
	"ExecStart=/usr/bin/isorun --policy %i"
like "the manual is found below the directory of manuals" "$(MANPATH=$tmp/root/usr/share/man man -w 5 isorun.policy 2>&1)" \
	"$tmp/root/usr/share/man/man5/isorun.policy.5"
