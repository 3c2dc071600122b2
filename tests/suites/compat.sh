#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compares the test programs of systemd, GLib and Python outside and inside a sandbox, as root and as a user: some that
# take seconds, or the suites that TEST_COMPAT names. tests/check-compat runs all. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP the programs would run on this machine itself"
	exit 0
fi
cp "$isorun" "$isoctl" "$top/tests/compare-programs" "$top/docs/compat.md" "$tmp/"
cp -r "$top/policies" "$tmp/"

quick="python/test_grp python/test_pwd python/test_stat python/test_posix
	systemd/test-strv systemd/test-capability systemd/test-fd-util systemd/test-path-util systemd/test-signal-util
	systemd/test-user-util systemd/test-bus-creds systemd/test-loopback
	glib/fileutils glib/spawn-singlethread glib/mem-overflow
	units/exec-environment units/exec-environmentfile units/exec-systemcallfilter-* units/exec-umask-0177
	units/exec-temporaryfilesystem-options units/exec-workingdirectory"

compare() {
	verified_start
	# shellcheck disable=SC2086
	"${who[@]}" env PATH=/usr/sbin:/usr/bin:/sbin:/bin python3 "$tmp/compare-programs" "$tmp/isorun" "$tmp/isoctl" \
		"$tmp/compat.md" ${TEST_COMPAT:-$quick} </dev/null 2>&1 | sed 's/^/# /'
	status=${PIPESTATUS[0]} out='' err=''
	if [ "$status" = 77 ]; then
		skip "$label: each program ends as outside, or is listed in docs/compat.md" "none is installed"
	else
		ok "$label: each program ends as outside, or is listed in docs/compat.md" [ "$status" = 0 ]
	fi
}

set -f # the words of $quick are patterns of the suites' programs
cd /tmp || exit
as_everybody compare
