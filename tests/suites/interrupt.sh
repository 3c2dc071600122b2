#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM and SIGINT end isorun and isoctl, whatever they wait for, and nothing is left. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
unlimited=(-p MemoryMax= -p MemorySwapMax= -p TasksMax=)

# A bus that accepts connections, says so, and answers nothing; with "full", one that does not even accept.
cat >"$tmp/bus.py" <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen(0)
if sys.argv[2:] == ["full"]:
    first = socket.socket(socket.AF_UNIX)
    first.connect(sys.argv[1])
kept = []
print("ready", flush=True)
while True:
    if sys.argv[2:] == ["full"]:
        os.read(0, 1)
    kept.append(s.accept()[0])
    print("connected", flush=True)
PY

# Begins to listen at $bus_path; $fake then has its output.
begin_bus() { # [full]
	bus_path=$dir/bus$((++n_buses))
	fake=$dir/bus$n_buses.out
	sleep 1005 | python3 "$tmp/bus.py" "$bus_path" "$@" >"$fake" &
	bus_job=$!
	await grep -qs ready "$fake"
	address=$variable=unix:path=$bus_path
}

end_bus() {
	pkill -f "^python3 $tmp/bus.py $bus_path"
	pkill -xf 'sleep 1005'
	wait "$bus_job" 2>/dev/null
}

is_connected() { grep -q connected "$fake"; }

scopes() { "${who[@]}" systemctl "${bus[@]}" list-units --all --plain --no-legend 'isorun-*.scope'; }
nothing_left() { [ -z "$(scopes)" ] && ! runs "^$isorun " && ! runs '^sleep 100[0-4]$'; }

# Sends the signal to the process with a matching command line, which is the last job, and waits for its end. The status
# is then in $status.
interrupt() { # signal, pattern
	local job=$!
	kill "-$1" "$(first_pid "$2")"
	patience=8 await not kill -0 "$job" 2>/dev/null
	pkill -KILL -f "$2" 2>/dev/null
	wait "$job"
	status=$?
}

test_bus() {
	local signal number
	begin_bus
	for signal in TERM INT; do
		[ $signal = TERM ] && number=143 || number=130
		"${who[@]}" env "$address" "$isorun" "${unlimited[@]}" --quiet --name waits sleep 1000 2>"$dir/err" &
		await is_connected
		interrupt $signal "^$isorun .*--name waits"
		# promise P38
		also is "$label: a bus that does not answer, SIG$signal" "$status $(cat "$dir/err")" \
			"$number isorun: stopped by SIG$signal before the command started"
		: >"$fake"
	done
	also ok "$label: ... nothing is left" eventually nothing_left
	end_bus
	begin_bus full
	"${who[@]}" env "$address" "$isorun" "${unlimited[@]}" --quiet --name waits sleep 1000 2>"$dir/err" &
	await inside_connects
	interrupt TERM "^$isorun .*--name waits"
	also is "$label: a bus that does not accept" "$status $(cat "$dir/err")" \
		"143 isorun: stopped by SIGTERM before the command started"
	also ok "$label: ... nothing is left" eventually nothing_left
	end_bus
}

# Whether two processes of isorun's are there: the second one connects.
inside_connects() { [ "$(pgrep -fc "^$isorun .*--name waits")" = 2 ]; }

# A manager that is stopped has the request, and gets to it when isorun is gone.
test_stopped_manager() {
	local manager name
	manager=$(pgrep -u "$TH_USER" -x systemd | head -n1)
	"${who[@]}" "$isorun" "${unlimited[@]}" --quiet --name taken sleep 1001 &
	taken=$!
	await runs '^sleep 1001$'
	kill -STOP "$manager"
	for name in waits taken; do
		rm -f "$dir/err"
		as_manager_of_its_own "$isorun" "${unlimited[@]}" --verbose --name $name sleep 1000 2>"$dir/err" &
		await grep -qs "asked systemd for the unit" "$dir/err"
		interrupt TERM "^$isorun .*--verbose --name $name"
		also like "$label: a manager that is stopped, --name $name" "$status $(grep -v debug "$dir/err")" \
			"143 isorun: stopped by SIGTERM before the command started"
	done
	: >"$dir/err"
	as_manager_of_its_own "$isorun" "${unlimited[@]}" --verbose --detach --name late sleep 1000 2>"$dir/err" &
	await grep -qs "asking systemd for the service" "$dir/err"
	interrupt TERM "^$isorun .*--verbose --detach"
	also is "$label: ... --detach" "$status $(grep -v debug "$dir/err")" "143 isorun: stopped by SIGTERM before the command started"
	kill -CONT "$manager"
	# The manager answers this only after what it has got before.
	also is "$label: ... later, it makes nothing and stops nothing" "$(scopes | cut -d' ' -f1)" isorun-taken.scope
	also is "$label: ... nor a service" "$(ctl show -P LoadState isorun-late.service)" not-found
	ctl stop isorun-taken.scope
	wait "$taken"
	also ok "$label: ... nothing is left" eventually nothing_left
}

# isorun --detach waits for an isorun in a service, which waits for somebody to open the FIFO.
detach() {
	rm -f "$dir/ran" # by the command
	env --default-signal=INT "${who[@]}" "$isorun" "${unlimited[@]}" --quiet --detach --name held \
		-p StandardInput=file:"$dir/fifo" -v "$dir:/mnt" sh -c 'echo ran >/mnt/ran; exec sleep 1000' >"$dir/out" 2>"$dir/err" &
	await held_is active
}

held_is() { [ "$(ctl show -P ActiveState isorun-held.service)" = "$1" ]; }

test_detached() {
	local signal number
	mkfifo -m 666 "$dir/fifo"
	for signal in TERM INT; do
		[ $signal = TERM ] && number=143 || number=130
		detach
		interrupt $signal "^$isorun .*--detach --name held"
		# promise P38
		is "$label: --detach, SIG$signal" "$status $(cat "$dir/out" "$dir/err")" \
			"$number isorun: stopped by SIG$signal before the command started"
		also ok "$label: ... has stopped the service" held_is inactive
		also ok "$label: ... whose command did not start" not test -e "$dir/ran"
	done

	# The signal comes when the command already runs, and isorun has not yet said so.
	detach
	job=$!
	kill -STOP "$(first_pid "^$isorun .*--detach --name held")"
	: >"$dir/fifo"
	await test -e "$dir/ran"
	await "${who[@]}" "$isoctl" enter held true # the isorun in the service does this after it has said so
	kill -TERM "$(first_pid "^$isorun .*--detach --name held")"
	kill -CONT "$(first_pid "^$isorun .*--detach --name held")"
	wait "$job"
	is "$label: --detach, too late" "$? $(cat "$dir/out" "$dir/err")" "0 held"
	also ok "$label: ... the instance runs" held_is active
	ctl stop isorun-held.service
	also ok "$label: ... nothing is left" eventually nothing_left

	# As systemd starts it when the isorun that has asked for it was killed.
	run "${who[@]}" env ISORUN_DETACHED=1 python3 -c 'import socket, subprocess, sys
ours, theirs = socket.socketpair()
ours.close()
sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=theirs))' "$isorun"
	is "$label: nothing starts for an isorun --detach that was killed" "$status $err" \
		"125 isorun: --detach: the isorun that asked for this service has ended"
}

# as_user needs the user's manager, which is stopped.
as_manager_of_its_own() {
	local uid
	uid=$(id -u "$TH_USER")
	setpriv --reuid="$uid" --regid="$(id -g "$TH_USER")" --init-groups env HOME=/ XDG_RUNTIME_DIR="/run/user/$uid" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" "$@"
}

begin_fuse() { # mode
	fuse=$dir/fuse-$1
	mkdir -p "$fuse"
	"$top/tests/fuse.py" "$fuse" "$1" >"$fuse.out" &
	fuse_job=$!
	await grep -qs mounted "$fuse.out"
}

end_fuse() {
	kill "$fuse_job"
	wait "$fuse_job" 2>/dev/null
	umount -l "$fuse"
}

is_waiting() { grep -qs "waiting until" "$dir/err"; }

test_fuse() {
	local mode arguments n=0
	if ! has_fuse; then
		skip "$label: a file system that hangs" "no /dev/fuse"
		return
	fi
	for mode in unread read; do
		begin_fuse $mode
		for arguments in "-v $fuse/x:/mnt:ro" "-p StandardOutput=append:$fuse/x" "--root $fuse/x"; do
			rm -f "$dir/err"
			n=$((n + 1)) # in a mode, the processes that look are still there
			# shellcheck disable=SC2086
			"${who[@]}" "$isorun" "${unlimited[@]}" --name hangs$n $arguments sleep 1000 2>"$dir/err" &
			await is_waiting
			interrupt TERM "^$isorun .*--name hangs$n"
			# promise P38
			also is "$label: a file system that hangs, $mode, $arguments" "$status $(cat "$dir/err")" \
				"143 isorun: notice: waiting until the file systems of the policy's paths answer"
		done
		rm -f "$dir/err"
		"${who[@]}" "$isoctl" explain default -- "$fuse/x/y" 2>"$dir/err" &
		await is_waiting
		interrupt TERM "^$isoctl explain"
		also is "$label: ... isoctl explain" "$status" 143
		end_fuse
		also ok "$label: ... when it is gone, nothing is left" eventually nothing_left
	done
	begin_fuse inside
	"${who[@]}" "$isorun" "${unlimited[@]}" --name hangs -v "$fuse/x:/mnt:ro" sleep 1000 2>"$dir/err" &
	await grep -q hangs "$fuse.out"
	interrupt TERM "^$isorun .*--name hangs"
	also is "$label: a file system that hangs when it is mounted" "$status $(cat "$dir/err")" \
		"143 isorun: stopped by SIGTERM before the command started
isorun: notice: a process of the instance cannot be ended now, because it waits for a file system or a device; it ends when that answers"
	end_fuse
	also ok "$label: ... when it is gone, nothing is left" eventually nothing_left
}

# Starts a service that waits for the bus, and ends its isorun.
service() { # description, properties... -- isorun's arguments...
	local what=$1 properties=()
	shift
	while [ "$1" != -- ]; do
		properties+=(-p "$1")
		shift
	done
	begin_bus
	: >"$dir/err" && chmod 666 "$dir/err"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --no-block --unit=isorun-test.service -p Environment="$address" \
		-p TimeoutStopSec=20 -p StandardError="file:$dir/err" "${properties[@]}" "$isorun" --quiet "${@:2}"
	await is_connected
	ctl kill -s TERM --kill-whom=main isorun-test.service
	patience=8 await ended
	also is "$label: $what" "$(cat "$dir/err")" "isorun: stopped by SIGTERM before the command started"
	ctl reset-failed isorun-test.service 2>/dev/null
	await forgotten isorun-test.service
	end_bus
}

ended() { [[ $(ctl is-active isorun-test.service) = @(failed|inactive) ]]; }

test_service() {
	service "a service whose limits are asked for" -- -p MemoryMax= -p Optional= -p TasksMax=7 sleep 1000
	service "--hand-over" Type=notify -- "${unlimited[@]}" --hand-over sleep 1000
	[ "$label" != root ] || service "a machine" -- "${unlimited[@]}" -p Register=yes sleep 1000
}

# systemd's socket for messages is read by nobody: isorun waits for the barrier when the command runs.
test_handing_over() {
	cat >"$tmp/deaf.py" <<-'PY'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("\0isorun-deaf-" + sys.argv[1])
		os.set_inheritable(s.fileno(), False)
		if os.fork():
		    os.environ["NOTIFY_SOCKET"] = "@isorun-deaf-" + sys.argv[1]
		    os.execv(sys.argv[2], sys.argv[2:])
		while True:
		    os.read(os.open("/dev/null", os.O_RDONLY), 1) or __import__("time").sleep(1000)
	PY
	chmod 644 "$tmp/deaf.py"
	: >"$dir/err" && chmod 666 "$dir/err"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --no-block --unit=isorun-test.service -p Type=notify -p TimeoutStopSec=20 \
		-p StandardError="file:$dir/err" -p KillMode=mixed python3 "$tmp/deaf.py" "$label" "$isorun" --quiet \
		"${unlimited[@]}" --hand-over sleep 1000
	await runs '^sleep 1000$'
	ctl kill -s TERM --kill-whom=main isorun-test.service
	patience=8 await gone '^sleep 1000$'
	also is "$label: systemd that does not take over" "$(cat "$dir/err")" \
		"isorun: stopped by SIGTERM before systemd had taken over"
	ctl stop isorun-test.service 2>/dev/null
	ctl reset-failed isorun-test.service 2>/dev/null
	await forgotten isorun-test.service
}

test_isoctl() {
	local verb line
	"${who[@]}" "$isorun" "${unlimited[@]}" --quiet --name there sleep 1001 &
	there=$!
	await runs '^sleep 1001$'
	verified there
	begin_bus
	for verb in stop kill freeze thaw set-property; do
		: >"$fake"
		line=("$isoctl" "$verb" there)
		[ $verb != set-property ] || line+=(TasksMax=9)
		"${who[@]}" env "$address" "${line[@]}" 2>"$dir/err" &
		await is_connected
		interrupt TERM "^$isoctl $verb there"
		also is "$label: isoctl $verb" "$status $(cat "$dir/err")" "143 "
	done
	end_bus
	kill -STOP "$(pgrep -f '^sleep 1001$' | xargs -I{} ps -o ppid= -p {})"
	"${who[@]}" "$isoctl" enter there true 2>"$dir/err" &
	await runs "^$isoctl enter there"
	interrupt TERM "^$isoctl enter there"
	is "$label: isoctl enter, where nobody answers" "$status $(cat "$dir/err")" "143 "
	ctl kill -s KILL isorun-there.scope
	wait "$there"
	also ok "$label: ... nothing is left" eventually nothing_left
}

test_all() {
	bus=() variable=DBUS_SYSTEM_BUS_ADDRESS n_buses=0
	[ "$label" = root ] || bus=(--user) variable=DBUS_SESSION_BUS_ADDRESS
	dir=$tmp/$label
	mkdir -m 777 "$dir"
	test_bus
	test_service
	test_handing_over
	test_isoctl
	test_detached
	test_fuse
	[ "$label" = root ] || [ "$TESTHOST" = real ] || test_stopped_manager
}

as_everybody test_all
