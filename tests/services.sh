# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the suites of real services have in common: unit files that run isorun, and what must hold for each of them.
# A service NAME has the unit isorun-NAME.service and a function probe_NAME, which succeeds where it answers, and comes
# back soon where it does not.
# shellcheck disable=SC2034  # what is set here is the suites'
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The systemd that has the units, in label, ctl, units (the directory of its unit files), owner and dir (which is his).
use_manager() { # root|user
	label=$1 owner=root units=/run/systemd/system ctl=(systemctl)
	if [ "$1" = user ]; then
		owner=${TH_USER:-$(id -un)}
		local runtime
		runtime=/run/user/$(id -u "$owner")
		units=$runtime/systemd/user
		ctl=(env "XDG_RUNTIME_DIR=$runtime" "DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus" systemctl --user)
		[ "$(id -u)" != 0 ] || ctl=(setpriv --reuid "$owner" --regid "$owner" --init-groups "${ctl[@]}")
	fi
	dir=$tmp/$label
	mkdir -p "$dir" "$units"
	chown "$owner" "$dir"
	# isorun asks for it; it stays then.
	[ "$label" = root ] || "${ctl[@]}" start dbus.service
}

for_each_manager() { # function
	if [ "$(id -u)" = 0 ]; then
		use_manager root
		"$1"
	fi
	if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
		use_manager user
		"$1"
	else
		skip "the same with a user's manager" "no user to be"
	fi
}

# A unit file, from standard input.
write_unit() { # name with suffix
	cat >"$units/$1"
	written+=("$units/$1")
}

# A service whose ExecStart= is isorun; more lines of the unit from standard input.
write_service() { # name, words of isorun's as ExecStart= has them
	write_unit "isorun-$1.service" < <(
		printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=%s --quiet %s\n' "$isorun" "$2"
		cat
	)
	"${ctl[@]}" daemon-reload
}

# Most checks here expect that a service works as it does without a sandbox. Only a few expect a refusal.
note=" [no refusal]"

written=()
remove_units() {
	[ ${#written[@]} = 0 ] || rm -rf "${written[@]}" "${written[@]/%/.d}"
	"${ctl[@]}" daemon-reload
	written=()
}

# A policy, from standard input. Where nothing holds limits, they are optional.
write_policy() { # name
	{
		cat
		has_controllers || printf '[Policy]\nOptional=MemoryMax TasksMax CPUQuota\n'
	} >"$dir/$1.conf"
}

show() { "${ctl[@]}" show -P "$2" "$1"; }
state() { "${ctl[@]}" show -P Result -P ActiveState "$1" | paste -sd' '; }
is_state() { [ "$(state "$1")" = "$2" ]; }

traces() { "$top/tests/traces" "$tmp" "$units"; }
remember_traces() { traces >"$tmp/traces"; }
no_traces() { traces | diff "$tmp/traces" - >"$tmp/left"; }
# No process, cgroup, mount, socket or file that was not there before, nor a unit that is more than a file.
ok_gone() { # description
	if eventually no_traces; then also result ok "$1"; else result "not ok" "$1" "$(cat "$tmp/left")"; fi
	also is "$1 ... no unit is active" "$("${ctl[@]}" list-units --all --plain --no-legend \
		--state=active,activating,deactivating,reloading,failed 'isorun-*.service' 'isorun-*.scope')" ""
}

no_child() { [ -z "$(pgrep -P "$1")" ]; }

# The process of a running service that is called so.
pid_of() { # unit, isorun|reaper|payload
	local pid
	pid=$(show "$1" MainPID)
	[ "$pid" != 0 ] || return # which would be this suite's process group
	[ "$2" = isorun ] || pid=$(pgrep -x -P "$pid" isorun) # not the one that carries connections
	[ "$2" = isorun ] || [ "$2" = reaper ] || pid=$(pgrep -P "$pid")
	echo "$pid"
}

start_service() { # name
	"${ctl[@]}" start "isorun-$1.service"
	if eventually "probe_$1"; then
		result ok "$label: $1 answers"
		verified "$([ "$label" = root ] || echo "$TH_USER/")isorun-$1.service"
	else
		result "not ok" "$label: $1 answers" "$("${ctl[@]}" status --no-pager "isorun-$1.service" 2>&1)"
	fi
}

stop_service() { # name
	"${ctl[@]}" stop "isorun-$1.service"
	also is "$label: $1 stopped" "$(state "isorun-$1.service")" "success inactive"
	ok_gone "$label: $1 stopped: nothing is left"
}

try_restart() {
	local unit=isorun-$1.service before
	before=$(show "$unit" MainPID)
	"${ctl[@]}" restart "$unit"
	ok "$label: $1 restarted answers" eventually "probe_$1"
	also is "$label: $1 ... and is as systemd has read it" "$(show "$unit" NeedDaemonReload)" no
	unlike "$label: $1 ... and is another process" "$(show "$unit" MainPID)" "$before"
}

try_freeze() {
	local unit=isorun-$1.service
	"${ctl[@]}" freeze "$unit"
	also ok "$label: $1 frozen does not answer" not "probe_$1"
	"${ctl[@]}" thaw "$unit"
	ok "$label: $1 thawed answers" eventually "probe_$1"
}

try_kill() {
	local victim unit=isorun-$1.service
	for victim in payload reaper isorun; do
		start_service "$1"
		kill -KILL "$(pid_of "$unit" $victim)"
		ok "$label: $1: $victim killed, the unit has failed" eventually is_state "$unit" "signal failed"
		"${ctl[@]}" reset-failed "$unit"
		ok_gone "$label: $1: $victim killed, nothing is left"
	done
}

came_back() { [ "$(show "isorun-$1.service" NRestarts)" = "$2" ] && "probe_$1"; }

try_restart_on_failure() {
	local victim n=0 unit=isorun-$1.service
	mkdir -p "$units/$unit.d"
	printf '[Service]\nRestart=on-failure\nRestartSec=0\n' >"$units/$unit.d/restart.conf"
	"${ctl[@]}" daemon-reload
	start_service "$1"
	for victim in isorun reaper payload; do
		kill -KILL "$(pid_of "$unit" $victim)"
		n=$((n + 1))
		ok "$label: $1: $victim killed, Restart=on-failure brings it back" eventually came_back "$1" $n
	done
	rm -r "$units/$unit.d"
	"${ctl[@]}" daemon-reload
	stop_service "$1"
}

# The kernel ends the rest, also where nothing in it can run, and where systemd would let it be.
try_kill_stopped() {
	local unit=isorun-$1.service reaper
	mkdir -p "$units/$unit.d"
	printf '[Service]\nKillMode=process\n' >"$units/$unit.d/mode.conf"
	"${ctl[@]}" daemon-reload
	start_service "$1"
	reaper=$(pid_of "$unit" reaper)
	kill -STOP "$reaper"
	kill -KILL "$(pid_of "$unit" isorun)"
	ok "$label: $1: isorun killed, its reaper stopped, KillMode=process: the unit has failed" \
		eventually is_state "$unit" "signal failed"
	rm -r "$units/$unit.d"
	"${ctl[@]}" daemon-reload
	"${ctl[@]}" reset-failed "$unit"
	ok_gone "$label: $1: ... and nothing is left"
	kill -CONT "$reaper" 2>/dev/null
}

# A signal that comes while isorun has no payload yet must not be lost: the stop would wait until it kills.
try_stop_early() {
	local i results=()
	for i in 1 2 3 4 5 6 7 8; do
		"${ctl[@]}" start "isorun-$1.service"
		"${ctl[@]}" stop "isorun-$1.service"
		results[i]=$(state "isorun-$1.service")
	done
	is "$label: $1 stopped while it starts stops at once" "$(printf '%s\n' "${results[@]}" | sort -u)" "success inactive"
	ok_gone "$label: $1 stopped while it starts, nothing is left"
}

# All that a service must stand.
trials() { # name
	remember_traces
	start_service "$1"
	try_restart "$1"
	try_freeze "$1"
	stop_service "$1"
	try_stop_early "$1"
	try_kill "$1"
	try_kill_stopped "$1"
	try_restart_on_failure "$1"
}

# redis-server with its data in $dir/redis; the policy's [Scope] from standard input.
redis() { timeout "${answers_within:-0.5}" redis-cli -p 18082 "$@" 2>/dev/null; }
probe_redis() { [ "$(redis PING)" = PONG ]; }
write_redis() { # options of redis-server
	local user=$owner
	[ "$label" = user ] || user=redis
	mkdir -p "$dir/redis"
	chown "$user" "$dir/redis"
	write_policy redis < <(
		echo "[Scope]"
		cat
		printf '[Sandbox]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET\nVolume=%s:/var/lib/redis\n' "$dir/redis"
		[ "$label" = user ] || printf 'User=redis\nGroup=redis\n'
	)
	write_service redis "--policy $dir/redis.conf /usr/bin/redis-server --bind 127.0.0.1 --port 18082 \
		--dir /var/lib/redis $*" </dev/null
}

# PostgreSQL with a cluster in $dir/data, and its socket in $dir/socket, by which its clients ask from outside.
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1)
as_client() { PGHOST=$dir/socket PGUSER=$database_user PGDATABASE=postgres timeout 60 "$@" 2>"$tmp/client"; }
bench() { as_client "$programs/pgbench" "$@" >"$tmp/bench"; }
query() { as_client "$programs/psql" -XAtqc "$1"; }
probe_postgresql() {
	[ "$(PGCONNECT_TIMEOUT=2 as_client timeout "${answers_within:-0.5}" "$programs/psql" -XAtqc 'SELECT 1')" = 1 ]
}

# The policy, whose [Scope] comes from standard input, the service, and one that makes the cluster.
write_postgresql() {
	database_user=$owner
	[ "$label" = user ] || database_user=postgres
	mkdir -p "$dir/data" "$dir/socket"
	chmod 700 "$dir/data"
	chown "$database_user" "$dir/data" "$dir/socket"
	write_policy postgresql < <(
		echo "[Scope]"
		cat
		printf '[Sandbox]\nVolume=%s\nVolume=%s\n' "$dir/data:/var/lib/postgresql/data" "$dir/socket:/run/postgresql"
		printf 'RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX\n'
		[ "$label" = user ] || printf 'User=postgres\nGroup=postgres\n'
	)
	write_service initdb "--policy $dir/postgresql.conf $programs/initdb --no-sync --no-locale -E UTF8 \
		--username=$database_user -A trust -D /var/lib/postgresql/data" <<<"Type=oneshot"
	write_service postgresql "--policy $dir/postgresql.conf $programs/postgres -D /var/lib/postgresql/data \
		-c listen_addresses= -c unix_socket_directories=/run/postgresql" <<<"KillMode=mixed"
}
