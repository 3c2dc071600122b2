#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl set-property, as the kernel holds it. Needs a systemd, and the memory, pids and cpu controllers.
. "$(dirname "$0")/../lib.sh"
patience=60
fork_bomb='
import os, time
n = 0
try:
    while n < 100:
        if os.fork() == 0: time.sleep(1); os._exit(0)
        n += 1
except BlockingIOError: pass
print(n)'

ctl() { run "${who[@]}" "$isoctl" "$@"; }
runs() { pgrep -f '^sleep 840$' >/dev/null; }
gone() { ! runs; }
held() { (cd /sys/fs/cgroup"$("${who[@]}" systemctl "${of[@]}" show -P ControlGroup isorun-one.scope)" && cat "$@") | tr '\n' ' '; }

begin() {
	"${who[@]}" "$isorun" --quiet --name one "$@" sleep 840 </dev/null &
	eventually runs || result "not ok" "$label: one runs"
}

# Limits that are raised behind the back of isorun, which isoctl verify finds.
test_raised() {
	local dir
	[ "$label" = root ] || return 0
	dir=/sys/fs/cgroup$(systemctl show -P ControlGroup isorun-one.scope)
	echo max >"$dir/memory.max"
	echo 101 >"$dir/pids.max"
	ctl verify --quiet --no-legend one
	like "$label: limits that are raised in the cgroup are found" "$status $out" \
		"1 *broken MemoryMax *memory.max is \"max\", and not 256M*broken TasksMax *pids.max is \"101\", and not 100*"
	echo 100M >"$dir/memory.max"
	echo 100 >"$dir/pids.max"
	ctl verify --quiet --no-legend one
	is "$label: ... and lower ones are not" "$status $out" "0 "
}

all() {
	begin -p MemoryMax=256M -p TasksMax=100
	verified one
	test_raised
	ctl set-property one MemoryMax=64M TasksMax=20 CPUQuota=50% CPUWeight=50
	is "$label: set-property" "$status $err" "0 "
	is "$label: ... is what the kernel holds" "$(held memory.max pids.max cpu.max cpu.weight)" "67108864 20 50000 100000 50 "
	is "$label: ... and what systemd knows" "$("${who[@]}" systemctl "${of[@]}" show -P MemoryMax isorun-one.scope)" 67108864
	like "$label: ... and what status tells" "$("${who[@]}" "$isoctl" status one)" "* of 64.0M*of 20*"
	ctl enter one /usr/bin/python3 -c "$fork_bomb"
	ok "$label: ... and stops a fork bomb" test "$out" -gt 5 -a "$out" -lt 20
	ctl set-property one MemoryMax=infinity TasksMax=50%
	is "$label: a limit is taken off, or a share" "$status $err $(held memory.max)" "0  max "
	unlike "$label: ... which is a limit" "$(held pids.max)" "max *"
	ctl set-property isorun-one.scope MemoryHigh=32M MemoryMin=1M
	is "$label: others" "$status $err $(held memory.high memory.min)" "0  33554432 1048576 "
	if [ ! -e /sys/fs/cgroup/cpuset.cpus.effective ]; then
		ctl set-property one AllowedCPUs=0
		like "$label: what there is no controller for is an error" "$status $err" \
			"125 isoctl: set-property: AllowedCPUs=: one: systemd accepted it, but the kernel does not enforce it:*"
	fi
	ctl stop one
	also ok "$label: ... stopped" eventually gone

	begin -p MemoryMax=64M -p TasksMax=100 -p Delegate=yes
	ctl set-property one MemoryMax=128M TasksMax=40
	is "$label: Delegate=yes: higher and lower" "$status $err $(held memory.max pids.max)" "0  134217728 40 "
	is "$label: ... is what the payload sees" "$("${who[@]}" "$isoctl" enter one cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max | tr '\n' ' ')" \
		"134217728 40 "
	ctl stop one
	also ok "$label: ... stopped" eventually gone
}

label=root who=() of=()
[ "$(id -u)" != 0 ] || all
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") of=(--user)
	all
else
	skip "the same with a user's manager" "no user to be"
fi
