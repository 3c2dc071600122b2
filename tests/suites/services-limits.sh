#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real servers that reach the limits of their policy, which isorun has systemd set on their services. Needs a systemd,
# and the memory, pids and cpu controllers.
# shellcheck disable=SC2119
. "$(dirname "$0")/../services.sh"
# shellcheck disable=SC2034  # lib.sh's
patience=60
# shellcheck disable=SC2034  # services.sh's
answers_within=10

limit() { cat "/sys/fs/cgroup$(show "$1" ControlGroup)/$2"; }

test_redis() {
	write_redis <<<$'MemoryMax=32M\nMemorySwapMax=0\nTasksMax=32\nCPUQuota=90%'
	start_service redis
	is "$label: the service has the policy's limits" \
		"$(limit isorun-redis.service memory.max) $(limit isorun-redis.service pids.max) $(limit isorun-redis.service cpu.max)" \
		"33554432 32 90000 100000"
	redis SET isorun kept >/dev/null
	redis SAVE >/dev/null
	redis SETRANGE large $((64 << 20)) x >/dev/null
	ok "$label: redis that wants more is killed, which is the unit's result" \
		eventually is_state isorun-redis.service "oom-kill failed"
	start_service redis
	is "$label: ... it has what it had saved" "$(redis GET isorun)" kept
	"${ctl[@]}" stop isorun-redis.service
}

test_postgresql() {
	write_postgresql <<<$'MemoryMax=256M\nTasksMax=16'
	"${ctl[@]}" start isorun-initdb.service
	start_service postgresql
	bench -n -f <(echo 'SELECT pg_sleep(1)') -c 20 -t 1
	like "$label: TasksMax= refuses postgresql a process for each of 20 clients" "$(cat "$tmp/client")" \
		"*could not fork new process for connection: Resource temporarily unavailable*"
	ok "$label: ... and it goes on" eventually probe_postgresql
	"${ctl[@]}" stop isorun-postgresql.service
	is "$label: ... and stops in order" "$(state isorun-postgresql.service)" "success inactive"
}

all() {
	test_redis
	test_postgresql
	remove_units
}

for_each_manager all
