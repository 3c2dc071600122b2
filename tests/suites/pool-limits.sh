#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits of instances in a pool, each with its own, and that none of them can lift them. Needs a systemd and controllers.
. "$(dirname "$0")/../lib.sh"
install_isorun
if ! has_controllers; then
	echo "1..0 # SKIP no memory and pids controllers here"
	exit 0
fi

# The limits of an instance, as the kernel has them.
held() { # instance, file...
	local dir
	dir=$(find /sys/fs/cgroup -path "*/isorun_pool-test.scope/instances/isorun-$1.scope")
	(cd "$dir" && cat "${@:2}" | tr '\n' ' ')
}

pool() { "${who[@]}" isorun --quiet --pool test "$@"; }
ended() { [ -z "$(find /sys/fs/cgroup -name 'isorun_pool-*')" ]; }

test_limits() {
	pool --name one -p MemoryMax=64M -p MemorySwapMax=0 -p TasksMax=11 sleep 2101 &
	await runs '^sleep 2101$'
	pool --name two -p MemoryMax=32M -p MemorySwapMax=0 -p TasksMax=12 sleep 2102 &
	await runs '^sleep 2102$'
	verified one two
	is "$label: each instance has its own limits" "$(held one memory.max pids.max) $(held two memory.max pids.max)" \
		"67108864 11  33554432 12 "
	run "${who[@]}" isorun --pool test -p MemoryMax=32M -p MemorySwapMax=0 /usr/bin/python3 -c 'x = bytearray(100 << 20)'
	like "$label: the kernel enforces them, and isorun says so" "$status $err" "137 isorun: *MemoryMax=: the kernel killed a process*"
	run "${who[@]}" isoctl set-property two TasksMax=9 MemoryMax=48M
	is "$label: isoctl set-property changes the limits of one" "$status $err $(held two memory.max pids.max) $(held one pids.max)" \
		"0  50331648 9  11 "
	is "$label: ... and the others run on" "$(isoctl list --no-legend | grep -c 'sleep 210')" 2
	run pool -p TasksMax=3 sh -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait; echo forked'
	unlike "$label: a limit on tasks" "$status $out" "0 forked"
	run pool -p AllowedCPUs=1000 echo ran
	like "$label: a limit that the kernel does not enforce is an error" "$status $out$err" \
		"125 isorun: -p: AllowedCPUs=: the kernel does not enforce it: *"
	[ "$label" = user ] || {
		run pool -p CPUQuota=20% -p CPUWeight=50 sh -c true
		is "$label: limits of processor time" "$status $err" "0 "
	}
}

# Each line of a batch has the limits, and a result of its own.
test_batch() {
	"${who[@]}" isorun --quiet --batch -j 2 --pool test -p MemoryMax=32M -p MemorySwapMax=0 -p TasksMax=13 >"$tmp/results" <<-E &
		{"name":"held","argv":["sleep","2104"]}
		{"name":"big","argv":["/usr/bin/python3","-c","x = bytearray(100 << 20)"]}
		{"name":"small","argv":["true"]}
	E
	local waiter=$!
	await runs '^sleep 2104$'
	is "$label: a run of a batch has the limits" "$(held held memory.max pids.max)" "33554432 13 "
	await grep -q small "$tmp/results"
	"${who[@]}" isoctl stop held
	wait $waiter
	is "$label: ... and its result says how much it used" "$(python3 -c '
import json, sys
for r in sorted(map(json.loads, sys.stdin), key=lambda r: r["line"]):
    print(r["name"], r["status"], r["oom_killed"], 1 << 16 <= r["memory_peak"] <= 32 << 20, r["cpu_usec"] > 0)' <"$tmp/results")" \
		"held 143 False True True
big 137 True True True
small 0 False True True"
}

# Mounts the cgroups that are seen from here, prints those of the pool, and tries to lift all limits; then again from a
# cgroup further down.
cat >"$tmp/lift.sh" <<'SH'
mkdir -p /tmp/cg && mount -t cgroup2 cgroup2 /tmp/cg || exit
lift() { for f in $(find /tmp/cg /sys/fs/cgroup -name memory.max -o -name pids.max 2>/dev/null); do echo max >$f; done 2>/dev/null; }
lift
find /tmp/cg -name 'isorun*.scope' -o -name keeper -o -name instances
{ mkdir /tmp/cg/child && echo $$ >/tmp/cg/child/cgroup.procs && unshare -C true; } 2>/dev/null
lift
echo tried
SH
chmod 644 "$tmp/lift.sh"

test_not_lifted() { # description, options...
	: >"$tmp/lift"
	pool --name evil --policy nest "${nest_as[@]}" "${@:2}" -p Optional= -p MemoryMax=60M -p MemorySwapMax=0 -p TasksMax=50 \
		-v "$tmp/lift.sh:/lift.sh:ro" sh -c 'unshare -UrmC sh /lift.sh; exec sleep 2103' >"$tmp/lift" 2>&1 &
	await runs '^sleep 2103$'
	is "$label: a payload in a pool sees no cgroup of others, $1" "$(cat "$tmp/lift")" tried
	# promise P25
	also is "$label: ... and cannot lift its limits, nor theirs" "$(held evil memory.max pids.max) $(held one memory.max pids.max)" \
		"62914560 50  67108864 11 "
	"${who[@]}" isoctl stop evil
}

# In a service with Delegate=yes, of which all is one process tree, as a runner of jobs has it.
test_in_service() {
	local bus=()
	[ "$label" = root ] || bus=(--user)
	local dir unit=isorun-runner.service start
	start="isorun --quiet --pool test -p MemorySwapMax=0"
	# shellcheck disable=SC2016
	"${who[@]}" systemd-run "${bus[@]}" --quiet --collect --unit=$unit -p Delegate=yes -p TasksMax=60 -p MemoryMax=100M \
		-p ExecReload=/bin/true bash -c "$start --name one -p MemoryMax=64M -p TasksMax=11 sleep 2106 &
		$start --name two -p MemoryMax=32M -p TasksMax=12 sleep 2107 & wait"
	await runs '^sleep 2106$'
	await runs '^sleep 2107$'
	verified one two
	dir=/sys/fs/cgroup$(ctl show -P ControlGroup $unit)
	is "$label: in a service, each instance has its own limits" \
		"$(cat "$dir"/isorun_pool-test/isorun-{one,two}.scope/{memory,pids}.max | tr '\n' ' ')" "67108864 11 33554432 12 "
	also is "$label: ... the service's limits hold for all" "$(cat "$dir"/{memory,pids}.max | tr '\n' ' ')" "104857600 60 "
	is "$label: ... its own processes are beside the pool" "$(wc -l <"$dir/cgroup.procs") $(wc -l <"$dir/callers/cgroup.procs")" "0 3"
	run ctl reload $unit
	is "$label: ... systemd can run commands in it" "$status $err" "0 "
	run "${who[@]}" isoctl set-property two TasksMax=9
	is "$label: ... isoctl set-property" "$status $err $(cat "$dir/isorun_pool-test/isorun-two.scope/pids.max")" "0  9"
	ctl stop $unit
	is "$label: ... and its end is that of all" "$(pgrep -cf '^sleep 210[67]$')" 0
}

all() {
	test_in_service
	test_batch
	test_limits
	test_not_lifted "under Nesting=yes"
	test_not_lifted "with Delegate=yes" -p Delegate=yes
	"${who[@]}" isoctl stop one two
	also ok "$label: nothing is left" eventually ended
}

as_everybody all
