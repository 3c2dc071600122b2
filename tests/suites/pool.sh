#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instances in cgroups that isorun owns. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet)

# Runs a command in a cgroup with Delegate=, where no systemd can be reached. It prints what is left of the instances.
delegated() {
	run systemd-run --quiet --pipe --wait -p Delegate=yes bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		exec unshare -m bash -c "unset SYSTEMD_EXEC_PID; mount -t tmpfs tmpfs /run/dbus; \"\$@\"; ls $c | grep isorun; true" x "$@"' x "$@"
}

# The system calls of a start that put processes into cgroups.
moves() { grep -c 'cgroup.procs.*O_WRONLY' "$tmp/trace"; }
born() { grep -c 'clone3.*CLONE_INTO_CGROUP.*= [1-9]' "$tmp/trace"; }

test_born() {
	local trace=(strace -f -qq -o "$tmp/trace" -e trace=clone3,openat)

	if ! strace -o /dev/null true 2>/dev/null; then
		skip "the first process is made in its cgroup" "strace cannot trace here"
		return
	fi
	delegated "${trace[@]}" "$isorun" --quiet echo ran
	is "without systemd, a delegated cgroup holds the instance, and is gone afterwards" "$status $out" "0 ran"
	also is "... the first process is made in it: no process is moved" "$(born) $(moves)" "1 0"
	delegated "${trace[@]}" -e inject=clone3:error=EOPNOTSUPP:when=1 "$isorun" --quiet echo ran
	is "... or moved into it, if the kernel refuses that" "$status $out $(born) $(moves)" "0 ran 0 1"
}

label=root
if [ "$(id -u)" = 0 ]; then
	test_born
else
	skip "a delegated cgroup" "only root can hide the bus"
fi
