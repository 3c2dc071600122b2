#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits that the kernel really holds. Needs a systemd, and the memory, pids and cpu controllers.
. "$(dirname "$0")/../lib.sh"
patience=60
allocate='x = bytearray(64 << 20); print(len(x))'
fork_bomb='
import os, time
n = 0
try:
    while n < 100:
        if os.fork() == 0: time.sleep(100)
        n += 1
except BlockingIOError: pass
print(n)'

printf '[Scope]\nMemoryMax=32M\nMemorySwapMax=0\n' >"$tmp/memory.conf"
printf '[Scope]\nMemoryMax=128M\nMemorySwapMax=0\n' >"$tmp/more.conf"
printf '[Scope]\nTasksMax=20\n' >"$tmp/tasks.conf"
printf '[Scope]\nCPUQuota=20%%\n' >"$tmp/cpu.conf"

cd / || exit # the sandbox has it, so there is no notice
no_scopes() { [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

# Whether the payload got less than half of the time. The kernel counts periods (100 ms), on a slow machine, too.
is_throttled() {
	awk '{ n[$1] = $2 } END { exit !(n["nr_periods"] > 9 && n["usage_usec"] < n["nr_periods"] * 50000) }' <<<"$out"
}

lock='
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
libc.mlock.argtypes = ctypes.c_void_p, ctypes.c_size_t
for mib in 7, 9:
    at = libc.mmap(None, mib << 20, 3, 0x22, -1, 0)
    r = libc.mlock(at, mib << 20)
    print(mib, r and ctypes.get_errno(), end=" ")
    libc.munlock(ctypes.c_void_p(at), ctypes.c_size_t(mib << 20))'

# The caller has no limit, as in a container, or in a unit with LimitMEMLOCK=infinity.
test_locked() {
	local who=(prlimit --memlock=unlimited:unlimited "${who[@]}")
	run "${who[@]}" "$isorun" --quiet /usr/bin/python3 -c "$lock"
	# promise P26
	is "$label: locked memory ends, also if the caller has no limit" "$out" "7 0 9 12 "
	run "${who[@]}" "$isorun" --quiet -p LimitMEMLOCK=infinity /usr/bin/python3 -c "$lock"
	no_refusal is "$label: ... unless the policy says so" "$out" "7 0 9 0 "
}

# Past systemd, which still has the old number.
test_raised() {
	local file pid
	"${who[@]}" "$isorun" --quiet --name raised -p TasksMax=20 sleep 7776 </dev/null >/dev/null &
	pid=$!
	await runs '^sleep 7776$'
	file=$(find /sys/fs/cgroup -path '*/isorun-raised.scope/pids.max')
	echo 999 >"$file"
	run "${who[@]}" "$isoctl" verify --quiet --no-legend raised
	like "$label: isoctl verify finds a limit that is raised in the kernel" "$status $out" "1 *broken TasksMax*999*"
	kill "$pid"
	wait "$pid"
	await gone '^sleep 7776$'
}

all() {
	test_raised
	verified_start --policy "$tmp/memory.conf" -p TasksMax=20 -p CPUQuota=20%
	run "${who[@]}" "$isorun" --policy "$tmp/memory.conf" /usr/bin/python3 -c "$allocate"
	# promise P24
	is "$label: MemoryMax=32M kills who wants 64 MiB" "$status" 137
	like "$label: ... and isorun says so, with the policy's line" "$err" \
		"*$tmp/memory.conf:2: MemoryMax=: the kernel killed a process of isorun-memory-*"
	run "${who[@]}" "$isorun" --policy "$tmp/more.conf" /usr/bin/python3 -c "$allocate"
	is "$label: MemoryMax=128M does not" "$out" 67108864
	is "$label: ... and says nothing" "$err" ""

	run "${who[@]}" "$isorun" --policy "$tmp/tasks.conf" /usr/bin/python3 -c "$fork_bomb"
	# promise P24
	ok "$label: TasksMax=20 stops a fork bomb" test "$out" -gt 10 -a "$out" -lt 20
	run "${who[@]}" "$isorun" --policy "$tmp/tasks.conf" sh -c 'for i in 1 2 3 4 5; do sleep 0.1 & done; wait; echo all'
	is "$label: ... and lets a few be" "$out" all

	# shellcheck disable=SC2016
	run "${who[@]}" "$isorun" --policy "$tmp/cpu.conf" -p Delegate=yes bash -c \
		'end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done; cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu.max'
	like "$label: CPUQuota=20% is in cpu.max" "$out" "*20000 100000*"
	# By its own limit or by the copy of it that the payload sees: of each period a fifth, not all.
	ok "$label: ... and throttles" is_throttled

	run "${who[@]}" "$isorun" --quiet -p Delegate=yes sh -c \
		'mkdir /sys/fs/cgroup/leaf && echo $$ >/sys/fs/cgroup/leaf/cgroup.procs && cat /proc/self/cgroup | grep ^0::'
	is "$label: Delegate=yes: the cgroup is the payload's to divide" "$out" 0::/leaf
	run "${who[@]}" "$isorun" --quiet true
	is "$label: the default policy's limits hold" "$err" ""
	also ok "$label: nothing is left" eventually no_scopes
	test_locked
}

# The files of one limit each, as the payload itself sees them.
shows() { # directive, expected text, files...
	run "$isorun" --quiet -p "$1" -p Delegate=yes sh -c 'cd /sys/fs/cgroup && exec cat "$@"' x "${@:3}"
	like "$1 is the kernel's" "$out" "$2"
}

test_other_limits() {
	shows MemoryHigh=20M 20971520 memory.high
	shows MemoryLow=5M 5242880 memory.low
	shows MemoryMin=1M 1048576 memory.min
	shows MemoryMax=10% '[1-9]*' memory.max
	shows TasksMax=50% '[1-9]*' pids.max
	shows CPUWeight=50 50 cpu.weight
	shows CPUWeight=idle 1 cpu.idle
	if [ -b /dev/ubda ] && [ -n "${TH_SCRATCH-}" ]; then
		shows "IOReadBandwidthMax=/dev/ubda 1M" "98:0 rbps=1000000 *" io.max
		shows "IOWriteIOPSMax=$TH_SCRATCH 100" "*wiops=100" io.max
	else
		skip "limits of a disk" "no disk to spare"
	fi
	if [ -e /sys/fs/cgroup/cpuset.cpus.effective ]; then
		shows AllowedCPUs=0 0 cpuset.cpus
	else
		run "$isorun" --quiet -p AllowedCPUs=0 true
		is "AllowedCPUs= without a cpuset controller is refused" "$status" 125
	fi
}

# Without a systemd that can be asked, but with a cgroup that is delegated.
test_delegated() {
	systemd-run --quiet --pipe --wait -p Delegate=yes bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		export -n SYSTEMD_EXEC_PID; unset SYSTEMD_EXEC_PID
		exec unshare -m bash -c "mount -t tmpfs tmpfs /run/dbus; \"\$@\"; ls $c | grep isorun" x "$@"' x \
		"$isorun" --policy "$tmp/memory.conf" /usr/bin/python3 -c "$allocate" >"$tmp/out" 2>"$tmp/err"
	status=$? out=$(cat "$tmp/out") err=$(cat "$tmp/err")
	like "a delegated cgroup holds the limits where no systemd is reachable" "$err" \
		"*$tmp/memory.conf:2: MemoryMax=: the kernel killed a process*"
	is "... and is gone afterwards" "$out" ""
}

# A static program that isolates itself asks no systemd, and no isorun is installed.
test_static() {
	if [ ! -e "$build/tests/library/static-self" ] || [ -x /usr/bin/isorun ] || [ -x /usr/local/bin/isorun ]; then
		skip "limits of a static program" "this compiler links none, or isorun is installed"
		return
	fi
	printf '[Scope]\nTasksMax=20\nMemoryMax=64M\n' >"$tmp/static.conf"
	no_refusal ok "a policy with limits is embedded" \
		"$isoctl" embed "$tmp/static.conf" "$build/tests/library/static-self" -o "$tmp/static-self"
	run systemd-run --quiet --pipe --wait -p Delegate=yes bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		"$1" stay & outer=$!
		for n in {1..600}; do cat $c/isorun*/cgroup.procs 2>/dev/null | grep -q . && break; sleep 0.1; done
		cat $c/isorun*/{pids.max,memory.max}; kill $outer; wait $outer; echo $?; ls $c | grep isorun' x "$tmp/static-self"
	also is "a delegated cgroup holds the limits of a static program that isolates itself" "$(grep -v inside <<<"$out")" \
		$'20\n67108864\n143'
	run systemd-run --quiet --pipe --wait -p User=nobody "$tmp/static-self" show
	also like "... which are refused where there is none" "$status $out $err" \
		"125 EOPNOTSUPP * error: *static-self (note):[23]: *: cannot be enforced: * no delegated cgroup*"
}

label=root who=()
if [ "$(id -u)" = 0 ]; then
	all
	test_other_limits
	test_delegated
	test_static
fi
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user")
	all
else
	skip "the same with a user's manager" "no user to be"
fi
