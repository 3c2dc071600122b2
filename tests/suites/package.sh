#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What others build from: the tarball of meson dist, and the Debian package, from a copy of what git would hold.
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

# Of what is committed: meson dist takes nothing else.
run meson setup "$tmp/dist" "$top"
run meson dist -C "$tmp/dist" --no-tests --allow-dirty --formats gztar
is "meson dist" "$status" 0
mkdir "$tmp/tarball"
tar -x -f "$tmp"/dist/meson-dist/*.tar.gz -C "$tmp/tarball" --strip-components=1
run sh -c 'cd "$1" && meson setup build && ninja -C build src/isorun src/isoctl && build/src/isorun --no-scope --quiet \
	-p "Optional=MemoryMax TasksMax" echo built' x "$tmp/tarball"
is "... makes a tarball that builds" "$(tail -n1 <<<"$out")" built

mkdir "$tmp/isorun"
git -C "$top" ls-files -z --cached --others --exclude-standard | tar -c -C "$top" --null -T - | tar -x -C "$tmp/isorun"
cd "$tmp/isorun" || exit

run timeout 500 dpkg-buildpackage -us -uc -b
is "dpkg-buildpackage" "$status" 0
unlike "has nothing to warn of" "$(grep -E '^dh_[a-z]*: |dpkg-[a-z]*: warning' <<<"$out$err")" "*warning*"
is "lintian finds no error" "$(lintian --allow-root --fail-on error ../isorun_*.changes >&2 && echo good)" good
for package in isorun libisorun0 libisorun-dev python3-isorun; do dpkg-deb -x ../"$package"_*.deb "$tmp/root"; done
# Debian's own files, and what it compresses.
is "the packages hold what meson installs" \
	"$(cd "$tmp/root" && find . ! -type d | sed -E 's/^\.//; s/\.gz$//' | LC_ALL=C sort)" \
	"$({ sed "s|^@LIBDIR@|/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)|; s|^@PYTHONDIR@|/usr/lib/python3/dist-packages|" "$top/tests/installed"
		printf '/usr/share/doc/%s\n' {isorun,libisorun0,libisorun-dev,python3-isorun}/{changelog,copyright}; } | LC_ALL=C sort)"
