#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who enters an instance is within its limits, what list and status count, and that what an instance writes to its own
# memory is counted. Needs a systemd, and the memory and pids controllers.
. "$(dirname "$0")/../lib.sh"
install_isorun
patience=60
allocate='x = bytearray(64 << 20); print(len(x))'
limited=(-p MemoryMax=32M -p MemorySwapMax=0 -p TasksMax=20)
hold='import time; x = b"x" * (12 << 20); print("held", flush=True); time.sleep(1000)'

ctl() { run "${who[@]}" isoctl "$@"; }

begin() { # NAME, isorun...
	: >"$tmp/begin"
	"${who[@]}" "${@:2}" /usr/bin/python3 -c "$hold" >"$tmp/begin" 2>&1 </dev/null &
	instance=$!
	await grep -q held "$tmp/begin"
}

# systemd may have stopped it already, for a process that the kernel has killed.
end() {
	kill "$instance" 2>/dev/null
	wait "$instance"
}

# From the JSON of list, on standard input: one number of each instance, with whether it is in a range.
cat >"$tmp/count.py" <<'PY'
import json, sys
def show(instances, depth):
    for i in instances:
        print("-" * depth + i["name"], 12 << 20 <= i["memory"] < 64 << 20, i["tasks"])
        show(i["nested"], depth + 1)
show(json.load(sys.stdin), 0)
PY

test_entered() {
	local dir
	begin one isorun --name one "${limited[@]}"
	dir=/sys/fs/cgroup$(sed -n s/^0:://p "/proc/$("${who[@]}" isoctl status one | sed -n 's/^  first process *\([0-9]*\).*/\1/p')/cgroup")
	is "$label: the instance's limits" "$(cat "$dir/memory.max" "$dir/pids.max" | xargs)" "33554432 20"
	"${who[@]}" isoctl enter one sleep 960 &
	await runs '^sleep 960$'
	is "$label: who enters is in that very cgroup" \
		"/sys/fs/cgroup$(sed -n s/^0:://p "/proc/$(first_pid '^sleep 960$')/cgroup")" "$dir"
	is "$label: list counts memory and tasks" "$("${who[@]}" isoctl list --json | python3 "$tmp/count.py")" "one True 3"
	like "$label: ... in its columns" "$("${who[@]}" isoctl list --no-legend | awk '{print $1, $2, $3, $4, $5}')" \
		"one default running @(1[2-9]|2[0-9]).[0-9]M 3"
	like "$label: ... and status, with the limits" "$("${who[@]}" isoctl status one | grep -E '^  (memory|tasks)' | xargs)" \
		"memory *M of 32.0M tasks 3 of 20"
	kill "$(first_pid '^sleep 960$')"
	wait $!
	ctl enter one /usr/bin/python3 -c 'import os, time
n = 0
try:
    while n < 100:
        if os.fork() == 0: time.sleep(1); os._exit(0)
        n += 1
except BlockingIOError: print("stopped", n < 20)'
	is "$label: who enters is stopped by TasksMax=" "$out" "stopped True"
	ctl enter one /usr/bin/python3 -c "$allocate"
	is "$label: ... and does not get more than MemoryMax=" "$status $out" "137 "
	end
}

test_nested() {
	begin outer isorun --policy nest "${nest_as[@]}" -p Delegate=yes --name outer -p MemoryMax=64M -p TasksMax=50 \
		isorun --name inner "${limited[@]}"
	is "$label: list counts those of nested ones, too" "$("${who[@]}" isoctl list --json | python3 "$tmp/count.py")" \
		$'outer True 4\n-inner True 2'
	like "$label: ... in its columns" "$("${who[@]}" isoctl list --no-legend | awk '{print $1, $2, $3, $5}')" \
		$'outer nest running 4\n└─inner default running 2'
	ctl enter outer isoctl list --json
	is "$label: ... inside, too" "$(python3 "$tmp/count.py" <<<"$out")" "inner True 2"
	ctl enter outer isoctl enter inner /usr/bin/python3 -c "$allocate"
	is "$label: who enters a nested one is within its limits" "$status" 137
	end
}

test_memory() {
	run "${who[@]}" isorun --quiet "${limited[@]}" sh -c 'head -c 40M /dev/zero >/tmp/x && echo written'
	is "$label: 40M in /tmp are more than MemoryMax=32M" "$out" ""
	ok "$label: ... whose writer is killed" test "$status" != 0
	run "${who[@]}" isorun --quiet -p MemoryMax=128M -p MemorySwapMax=0 -p TasksMax=20 sh -c \
		'head -c 40M /dev/zero >/tmp/x && echo written'
	is "$label: ... not than 128M" "$out" written
	run "${who[@]}" isorun --quiet -p MemoryMax=128M -p TasksMax=20 sh -c 'head -c 70M /dev/zero >/tmp/x; stat -c %s /tmp/x'
	is "$label: ... and 64M are there" "$out" 67108864
}

no_scopes() { [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

cd / || exit
all() {
	verified_start
	test_entered
	test_nested
	test_memory
	also ok "$label: nothing is left" eventually no_scopes
}

as_everybody all
