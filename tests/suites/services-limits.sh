#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real servers that reach the limits of their policy, which isorun has systemd set on their services. Needs a systemd,
# and the memory, pids and cpu controllers.
. "$(dirname "$0")/../services.sh"
# shellcheck disable=SC2034  # lib.sh's
patience=20
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1)

limit() { cat "/sys/fs/cgroup$(show "$1" ControlGroup)/$2"; }

redis() { timeout 10 redis-cli -p 18082 "$@" 2>/dev/null; }
probe_redis() { [ "$(redis PING)" = PONG ]; }

test_redis() {
	local user=$owner
	[ "$label" = user ] || user=redis
	mkdir -p "$dir/redis"
	chown "$user" "$dir/redis"
	write_policy redis <<-POLICY
		[Scope]
		MemoryMax=32M
		MemorySwapMax=0
		TasksMax=32
		CPUQuota=90%
		[Sandbox]
		PrivateNetwork=no
		RestrictAddressFamilies=AF_INET
		Volume=$dir/redis:/var/lib/redis
		$([ "$label" = user ] || printf 'User=redis\nGroup=redis\n')
	POLICY
	write_service redis "--policy $dir/redis.conf /usr/bin/redis-server --bind 127.0.0.1 --port 18082 \
		--dir /var/lib/redis" </dev/null
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

query() { PGHOST=$dir/socket timeout 60 "$programs/psql" -XAtqc "$1" -U database postgres 2>"$tmp/client"; }
probe_postgresql() { [ "$(query 'SELECT 1')" = 1 ]; }

test_postgresql() {
	local user=$owner
	[ "$label" = user ] || user=postgres
	mkdir -p "$dir/data" "$dir/socket"
	chmod 700 "$dir/data"
	chown "$user" "$dir/data" "$dir/socket"
	write_policy postgresql <<-POLICY
		[Scope]
		MemoryMax=256M
		TasksMax=16
		[Sandbox]
		Volume=$dir/data:/var/lib/postgresql/data
		Volume=$dir/socket:/run/postgresql
		$([ "$label" = user ] || printf 'User=postgres\nGroup=postgres\n')
	POLICY
	"${who[@]}" "$isorun" --quiet --policy "$dir/postgresql.conf" "$programs/initdb" --no-sync --no-locale \
		--username=database -A trust -D /var/lib/postgresql/data >"$tmp/initdb"
	write_service postgresql "--policy $dir/postgresql.conf $programs/postgres -D /var/lib/postgresql/data \
		-c listen_addresses= -c unix_socket_directories=/run/postgresql" <<<"KillMode=mixed"
	start_service postgresql
	PGHOST=$dir/socket timeout 60 "$programs/pgbench" -n -f <(echo 'SELECT pg_sleep(1)') -c 20 -t 1 -U database postgres \
		>"$tmp/bench" 2>&1
	like "$label: TasksMax= refuses postgresql a process for each of 20 clients" "$(cat "$tmp/bench")" \
		"*could not fork new process for connection: Resource temporarily unavailable*"
	ok "$label: ... and it goes on" eventually probe_postgresql
	"${ctl[@]}" stop isorun-postgresql.service
	is "$label: ... and stops in order" "$(state isorun-postgresql.service)" "success inactive"
}

all() {
	who=()
	[ "$label" = root ] || [ "$(id -u)" != 0 ] || who=("$as_user")
	test_redis
	test_postgresql
	remove_units
}

for_each_manager all
