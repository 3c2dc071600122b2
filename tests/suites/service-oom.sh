#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OOMPolicy= of a unit with isorun in its ExecStart=: what becomes of the payload when the kernel kills one of its
# children for memory. Needs a systemd, and the memory controller.
. "$(dirname "$0")/../lib.sh"
patience=60
unit="isorun-test-oom.service"
optional=(-p "Optional=TasksMax")

show() { ctl show -P "$1" "$unit"; }
says() { grep -q "$1" "$tmp/said"; }
settled() { ! [[ $(ctl is-active "$unit") =~ ^(active|activating|deactivating)$ ]]; }

# A child that wants more than there is, and then whoever made it.
cat >"$tmp/payload.py" <<'PY'
import os, signal, time
pid = os.fork()
if pid == 0:
    b"x" * (64 << 20)
    os._exit(0)
print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
time.sleep(1)
print("lives", flush=True)
signal.pause()
PY

begin() { # OOMPolicy
	: >"$tmp/said"
	chmod 666 "$tmp/said"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit="$unit" -p OOMPolicy="$1" -p MemoryMax=48M -p MemorySwapMax=0 \
		-p "StandardOutput=append:$tmp/said" "$isorun" --quiet "${optional[@]}" -p MemoryMax=48M \
		-v "$tmp/payload.py:/payload.py:ro" /usr/bin/python3 /payload.py
}

all() {
	verified_start
	begin continue
	ok "$label: OOMPolicy=continue: a child is killed" eventually says 'child -9'
	ok "$label: ... and the payload lives" eventually says lives
	is "$label: ... and the service" "$(ctl is-active "$unit")" active
	ctl stop "$unit"
	ctl reset-failed "$unit" 2>/dev/null
	begin stop
	await settled
	is "$label: OOMPolicy=stop ends the service, and says why" "$(ctl is-active "$unit") $(show Result) $(grep -c lives "$tmp/said")" \
		"failed oom-kill 0"
	ctl reset-failed "$unit" 2>/dev/null
	begin kill
	await settled
	is "$label: OOMPolicy=kill kills it" "$(ctl is-active "$unit") $(show Result) $(grep -c lives "$tmp/said")" "failed oom-kill 0"
	ctl reset-failed "$unit" 2>/dev/null
	ok "$label: nothing is left" nothing_left
}
nothing_left() { [ -z "$(find /sys/fs/cgroup -name "$unit")" ]; }

has_controllers || { echo "1..0 # SKIP no memory controller"; exit 0; }
label=root who=() bus=()
if [ "$(id -u)" = 0 ]; then all; fi
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user)
	all
else
	skip "the same with a user's manager" "no user to be"
fi
