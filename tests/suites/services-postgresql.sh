#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# PostgreSQL, without a network, as a service whose main process is isorun: a cluster is made on a volume, written to
# and read by pgbench, restarted and killed, and has all that was committed. Needs a systemd.
. "$(dirname "$0")/../services.sh"
patience=60

make_cluster() {
	write_postgresql <<<$'MemoryMax=256M\nTasksMax=64'
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
	make_cluster
	trials postgresql
	test_data
	remove_units
}

if [ ! -x "$programs/postgres" ]; then
	echo "1..0 # SKIP there is no postgresql"
	exit 0
fi
for_each_manager all
