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

# meson dist takes only what is committed: so here is a copy of the work tree, in which all is. The Debian package is
# built from the tarball: this shows that nothing is missing in it, and the whole is compiled only once.
mkdir "$tmp/tree" "$tmp/isorun"
git -C "$top" ls-files -z --cached --others --exclude-standard | tar -c -C "$top" --null -T - | tar -x -C "$tmp/tree"
commit() { git init -q && git add -A && git -c user.name=nobody -c user.email=nobody@localhost commit -q -m tree; }
(cd "$tmp/tree" && commit)
run meson setup "$tmp/dist" "$tmp/tree"
run meson dist -C "$tmp/dist" --no-tests --formats gztar
is "meson dist" "$status" 0
tar -x -f "$tmp"/dist/meson-dist/*.tar.gz -C "$tmp/isorun" --strip-components=1
cd "$tmp/isorun" || exit

# The unit tests have run twice without the package; with its flags they run in the full check alone.
[ -n "${TEST_FULL-}" ] || export DEB_BUILD_OPTIONS=nocheck
run timeout 900 dpkg-buildpackage -us -uc -b
is "... makes a tarball that dpkg-buildpackage builds" "$status" 0
unlike "has nothing to warn of" "$(grep -E '^dh_[a-z]*: |dpkg-[a-z]*: warning' <<<"$out$err")" "*warning*"
is "lintian finds no error" "$(lintian --allow-root --fail-on error ../isorun_*.changes >&2 && echo good)" good
for package in isorun libisorun0 libisorun-dev python3-isorun; do dpkg-deb -x ../"$package"_*.deb "$tmp/root"; done
run "$tmp/root/usr/bin/isorun" --no-scope --quiet --policy "$tmp/root/usr/lib/isorun/policies/default.conf" \
	-p "Optional=MemoryMax TasksMax" echo built
is "isorun of the package runs" "$status $out" "0 built"
# Debian's own files, and what it compresses.
is "the packages hold what meson installs" \
	"$(cd "$tmp/root" && find . ! -type d | sed -E 's/^\.//; s/\.gz$//' | LC_ALL=C sort)" \
	"$({ sed "s|^@LIBDIR@|/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)|; s|^@PYTHONDIR@|/usr/lib/python3/dist-packages|" "$top/tests/installed"
		printf '/usr/share/doc/%s\n' {isorun,libisorun0,libisorun-dev,python3-isorun}/{changelog,copyright}; } | LC_ALL=C sort)"
