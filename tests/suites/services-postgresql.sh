#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# PostgreSQL, without a network, as a service whose main process is isorun: a cluster is made on a volume, written to
# and read by pgbench, restarted and killed, and has all that was committed. Needs a systemd.
. "$(dirname "$0")/../services.sh"
patience=20
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1)

# psql and pgbench ask from outside, through the socket on the volume.
as_client() { PGHOST=$dir/socket PGUSER=$database_user PGDATABASE=postgres timeout 60 "$@" 2>"$tmp/client"; }
bench() { as_client "$programs/pgbench" "$@" >"$tmp/bench"; }
query() { as_client "$programs/psql" -XAtqc "$1"; }
probe_postgresql() { [ "$(PGCONNECT_TIMEOUT=2 as_client timeout 0.5 "$programs/psql" -XAtqc 'SELECT 1')" = 1 ]; }

make_cluster() {
	mkdir -p "$dir/data" "$dir/socket"
	chmod 700 "$dir/data"
	chown "$database_user" "$dir/data" "$dir/socket"
	write_policy postgresql <<-POLICY
		[Scope]
		MemoryMax=256M
		TasksMax=64
		[Sandbox]
		Volume=$dir/data:/var/lib/postgresql/data
		Volume=$dir/socket:/run/postgresql
		RestrictAddressFamilies=
		RestrictAddressFamilies=AF_UNIX
		$([ "$label" = user ] || printf 'User=postgres\nGroup=postgres\n')
	POLICY
	write_service initdb "--policy $dir/postgresql.conf $programs/initdb --no-sync --no-locale -E UTF8 \
		--username=$database_user -A trust -D /var/lib/postgresql/data" <<<"Type=oneshot"
	"${ctl[@]}" start isorun-initdb.service
	is "$label: initdb makes a cluster on a volume" "$(state isorun-initdb.service)" "success inactive"
}

test_data() {
	start_service postgresql
	ok "$label: pgbench makes its tables" bench -iqs 1
	ok "$label: ... and four clients use them" bench -nc 4 -t 25
	is "$label: ... and all is counted" "$(query 'SELECT count(*) FROM pgbench_history')" 100
	"${ctl[@]}" restart isorun-postgresql.service
	ok "$label: postgresql restarted answers" eventually probe_postgresql
	is "$label: ... with all that there was" "$(query 'SELECT count(*) FROM pgbench_history')" 100
	query 'CREATE TABLE t AS SELECT 1'
	kill -KILL "$(pid_of isorun-postgresql.service payload)"
	await is_state isorun-postgresql.service "signal failed"
	start_service postgresql
	is "$label: ... also after it was killed" "$(query 'SELECT count(*) FROM t')" 1
	stop_service postgresql
}

all() {
	database_user=$owner
	[ "$label" = user ] || database_user=postgres
	make_cluster
	write_service postgresql "--policy $dir/postgresql.conf $programs/postgres -D /var/lib/postgresql/data \
		-c listen_addresses= -c unix_socket_directories=/run/postgresql" <<<"KillMode=mixed"
	trials postgresql
	test_data
	remove_units
}

if [ ! -x "$programs/postgres" ]; then
	echo "1..0 # SKIP there is no postgresql"
	exit 0
fi
for_each_manager all
