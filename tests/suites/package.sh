#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Debian package, from a copy of what git would hold, as a tarball of meson dist has it.
. "$(dirname "$0")/../lib.sh"

if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh >/dev/null || ! command -v lintian >/dev/null; then
	skip "the package" "there are no dpkg-dev, debhelper and lintian"
	exit 0
fi
if ! git -C "$top" rev-parse >/dev/null 2>&1; then
	skip "the package" "this is no work tree of git"
	exit 0
fi
export PATH=/usr/sbin:/usr/bin:/sbin:/bin # Debian's own python3
mkdir "$tmp/isorun"
git -C "$top" ls-files -z --cached --others --exclude-standard | tar -c -C "$top" --null -T - | tar -x -C "$tmp/isorun"
cd "$tmp/isorun" || exit

run timeout 500 dpkg-buildpackage -us -uc -b
is "dpkg-buildpackage" "$status" 0
unlike "has nothing to warn of" "$(grep -E '^dh_[a-z]*: |dpkg-[a-z]*: warning' <<<"$out$err")" "*warning*"
is "lintian finds no error" "$(lintian --allow-root --fail-on error ../isorun_*.changes >&2 && echo good)" good
dpkg-deb -x ../isorun_*.deb "$tmp/root"
# Debian's own files, and what it compresses.
is "the package holds what meson installs" \
	"$(cd "$tmp/root" && find . ! -type d | sed -E 's/^\.//; s/\.gz$//' | LC_ALL=C sort)" \
	"$({ cat "$top/tests/installed"; printf '/usr/share/doc/isorun/%s\n' changelog copyright; } | LC_ALL=C sort)"
