#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Only what isorun is the main process of, or has made, is an instance. And root's isoctl does not wait for ever for
# instances and managers of another user that do not answer. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")
patience=60 # isoctl itself waits up to ten seconds, more than once

ctl() { run patiently "${who[@]}" "$isoctl" "$@"; }

# An ordinary service, one of whose processes runs isorun. Its main process is the shell.
begin_service() { # NUMBER, script
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit isorun-test sh -c "$2" sh "$isorun" "${mode[@]}" --no-scope sleep "$1"
	await runs "^sleep $1\$"
}

end_service() {
	"${who[@]}" systemctl "${bus[@]}" stop isorun-test.service 2>/dev/null
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test.service 2>/dev/null
}

is_no_instance() { # what, NUMBER, script
	begin_service "$2" "$3"
	ctl list -q
	# promise P40
	also no_refusal is "$label: a service is not an instance because isorun runs in it$1" "$status $out$err" "0 "
	ctl stop '*'
	also no_refusal is "$label: ... and stop of all does not stop it" "$status $err" '0 isoctl: notice: no instance matches "*"'
	also no_refusal ok "$label: ... it still runs" runs "^sleep $2\$"
	ctl enter isorun-test true
	also no_refusal is "$label: ... nor is it entered" "$status $err" '125 isoctl: no such instance: "isorun-test"; see isoctl list'
	end_service
}

test_services() {
	is_no_instance "" 841 '"$@"; true'
	# An orphan has the service manager as its parent, as the main process does.
	is_no_instance ", as an orphan" 842 'setsid "$@" & (exec sleep 1000)'
	begin_service 843 'exec "$@"'
	ctl list -q
	like "$label: a service whose main process is isorun is an instance" "$status $out$err" "0 isorun-test"
	ctl stop isorun-test.service
	is "$label: ... and is stopped" "$status $err" "0 "
	also ok "$label: ... with all in it" gone '^sleep 843$'
	end_service
}

state() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"; }
is_stopped() { [ "$(state "$1")" = T ]; }

# Starts an instance of the user.
begin() { # NUMBER, options...
	"$as_user" "$isorun" "${mode[@]}" --name his "${@:2}" sleep "$1" </dev/null &
	instance=$!
	await runs "^sleep $1\$" && await "$as_user" "$isoctl" enter his true
}

# isorun, the reaper and the manager of the user are stopped with SIGSTOP, each in turn.
test_stopped() {
	local isorun_pid reaper manager
	begin 844
	isorun_pid=$(first_pid "^$isorun .*--name his ")
	reaper=$(pgrep -P "$isorun_pid")
	kill -STOP "$reaper"
	await is_stopped "$reaper"
	ctl enter "$user/his" true
	# promise P38
	is "root's enter gives up on an instance whose reaper is stopped" "$status $err" \
		"125 isoctl: his has not started the command within 10 seconds"
	ctl status "$user/his"
	like "... status, too, and shows the rest" "$status $err $out" "125 isoctl: his has not answered within 10 seconds $user/his*state*"
	kill -CONT "$reaper"
	kill -STOP "$isorun_pid"
	await is_stopped "$isorun_pid"
	ctl enter "$user/his" true
	is "... or whose isorun is" "$status $err" "125 isoctl: his has not started the command within 10 seconds"
	ctl list -q
	is "... it is listed" "$status $out" "0 $user/his"
	kill -CONT "$isorun_pid"

	manager=$(systemctl show -P MainPID "user@$(id -u "$user").service")
	kill -STOP "$manager"
	await is_stopped "$manager"
	for verb in stop freeze; do
		ctl "$verb" "$user/his"
		is "root's $verb gives up on a manager that is stopped" "$status $err" \
			"125 isoctl: the systemd of user $(id -u "$user") has not answered within 5 seconds"
	done
	ctl list -q
	is "... but list does not need it" "$status $out" "0 $user/his"
	kill -CONT "$manager"
	ctl stop "$user/his"
	is "... and when it goes on, stop works" "$status $err" "0 "
	wait "$instance"
	also ok "... and nothing is left" gone '^sleep 844$'
}

# A program that is called isorun, with a first process that is called so, and that claims to be an instance. It listens,
# and does what its argument says with whoever connects.
cat >"$tmp/fake.py" <<'PY'
import array, ctypes, os, re, select, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name): libc.prctl(15, name, 0, 0, 0)
how, header = sys.argv[1], sys.argv[2]
version = int(re.search(r"CONTROL_VERSION = (\d+)", header)[1])
kinds = re.findall(r"^ +(CONTROL_[A-Z]+)\b", re.search(r"enum ControlType {(.*?)}", header, re.DOTALL)[1], re.MULTILINE)
cgroup = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if how in ("flood", "dribble") else socket.SOCK_SEQPACKET)
s.bind("")
s.listen(0 if how == "full" else 10)
call(b"isorun")
assert libc.unshare(0x10000000) == 0 and libc.unshare(0x20000000) == 0, ctypes.get_errno()
pid = os.fork()
if pid == 0:
    time.sleep(1000)
for key, value in ("name", "fake"), ("pid", str(pid)): os.setxattr(cgroup, "user.isorun." + key, value.encode())
header = b"isorun\0\0" + struct.pack("I20s", version, b"fake")
def reply(kind): return header + struct.pack("iii400s", 1 + kinds.index(kind), 0, 0, b"")
def send(c, data, *fds): c.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
print("faking", flush=True)
kept = []
while True:
    if how == "full":
        kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        kept[-1].setblocking(False)
        try: kept[-1].connect(s.getsockname())
        except BlockingIOError: time.sleep(1)
        continue
    c = s.accept()[0]
    kept.append(c)
    if how == "mute": continue
    if how in ("flood", "dribble"):
        c.sendall(header)
        try:
            while True:
                c.sendall(b"flow\n" * 10000 if how == "flood" else b"x")
                if how == "dribble": time.sleep(1)
        except OSError: continue
    c.recv(1 << 20)
    if how == "started": send(c, reply("CONTROL_STARTED"))
    elif how == "zero": send(c, reply("CONTROL_TEXT"), os.open("/dev/zero", os.O_RDONLY), *map(os.dup, (0, 0)))
    elif how == "huge":
        fd = os.memfd_create("x")
        os.truncate(fd, 1 << 40)
        send(c, reply("CONTROL_TEXT"), fd, *map(os.dup, (0, 0)))
PY
chmod 644 "$tmp/fake.py"

begin_fake() { # how
	: >"$tmp/fake"
	"$as_user" systemd-run --user --scope --quiet --collect \
		/usr/bin/python3 "$tmp/fake.py" "$1" "$(cat "$top/src/sandbox/wire/control.h")" >"$tmp/fake" 2>&1 </dev/null &
	instance=$!
	await grep -q faking "$tmp/fake"
}

end_fake() {
	pkill -KILL -f '^/usr/bin/python3 .*/fake.py'
	wait "$instance" 2>/dev/null
}

test_fakes() {
	begin_fake mute
	ctl list -q
	no_isorun is "a user's fake is listed as the user's" "$status $out$err" "0 $user/fake"
	ctl stop '*'
	no_isorun is "... and stop of all is not about it" "$status $err" '0 isoctl: notice: no instance matches "*"'
	ctl enter fake true
	# promise P40
	no_isorun is "... nor is it entered by its name" "$status $err" \
		"125 isoctl: no such instance: \"fake\"; for the instance of another user, write \"$user/fake\""
	ctl enter "$user/fake" true
	# promise P38
	no_isorun is "one that does not answer is given up" "$status $err" "125 isoctl: fake has not started the command within 10 seconds"
	ctl status "$user/fake"
	no_isorun like "... by status, too" "$status $err" "125 isoctl: fake has not answered within 10 seconds"
	end_fake
	begin_fake full
	ctl enter "$user/fake" true
	no_isorun like "one that accepts nothing, too" "$status $err" \
		"125 isoctl: fake does not answer: its isorun, process *, accepts no connections"
	end_fake
	for how in zero huge; do
		begin_fake "$how"
		ctl status "$user/fake"
		no_isorun is "an answer that has no end is refused ($how)" "$status $err" \
			"125 isoctl: fake: cannot read its answer: Protocol error"
		end_fake
	done
	begin_fake flood
	ctl flows "$user/fake"
	no_isorun is "connections that have no end are refused" "$status $err" \
		"125 isoctl: fake: cannot read the connections that isorun carries: Protocol error"
	end_fake
	begin_fake dribble
	ctl flows "$user/fake"
	no_isorun is "... and given up, if they come slowly" "$status $err" \
		"125 isoctl: fake: cannot read the connections that isorun carries: Connection timed out"
	end_fake
	begin_fake started
	patiently "$isoctl" enter "$user/fake" true </dev/null >"$tmp/enter" 2>&1 &
	await runs "^$isoctl enter $user/fake"
	for _ in 1 2 3; do
		sleep 0.3
		pkill -TERM -f "^$isoctl enter $user/fake"
	done
	wait $!
	no_isorun is "one that takes signals and does nothing can be left" $? 143
	end_fake
}

# The socket of the user's manager is that of a program that accepts and does not answer.
test_fake_manager() {
	local private
	private=/run/user/$(id -u "$user")/systemd/private
	begin 845
	mv "$private" "$private.away"
	"$as_user" /usr/bin/python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(10)
print("listening", flush=True)
time.sleep(1000)' "$private" >"$tmp/manager" 2>&1 &
	await grep -qs listening "$tmp/manager"
	ctl stop "$user/his"
	is "root's stop gives up on a manager that does not answer" "$status $err" \
		"125 isoctl: the systemd of user $(id -u "$user") has not answered within 5 seconds"
	kill "$(first_pid '^/usr/bin/python3 -c import socket, sys, time')"
	mv "$private.away" "$private"
	ctl stop "$user/his"
	wait "$instance"
	is "... and that of the manager works" "$status $err" "0 "
}

# proc(5): with hidepid=2, /proc shows a user no process of others, nor any that it may not trace, such as the reaper.
is_hidden() { not "$as_user" test -e "/proc/$1"; }
cgroup_of() { sed -n s/^0:://p "/proc/$1/cgroup"; }
his() { run patiently "$as_user" "$isoctl" "$@"; }
old_kernel=(env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -o /dev/null -e trace=ioctl -e inject=ioctl:error=ENOTTY) # without PIDFD_GET_INFO

hide() {
	mount -o remount,hidepid=2 /proc
	no_isorun ok "the user does not see process 1" is_hidden 1
}

unhide() { mount -o remount,hidepid=0 /proc; }

show_tasks() { "$as_user" systemctl --user show -P TasksMax isorun-his.scope; }
no_controllers="@(|isoctl: set-property: TasksMax=: his: systemd accepted it, *: the cgroup has no file pids.max)"

test_hidden_verbs() {
	local reaper source=$tmp/granted
	mkdir -p "$source"
	echo granted >"$source/file"
	begin 846 -p "GrantPaths=/mnt/in"
	reaper=$(pgrep -P "$(first_pid "^$isorun .*--name his ")")
	hide
	also ok "... nor the reaper" is_hidden "$reaper"
	his list --no-legend
	like "... lists the instance" "$status $err$out" "0 his *running *"
	his status his
	like "... sees its status" "$status $err $out" "0  *first process*$reaper (isorun: *"
	his enter his echo in
	is "... enters it" "$status $out$err" "0 in"
	his set-property his TasksMax=91
	like "... changes a limit" "$err $(show_tasks)" "$no_controllers 91"
	his grant his "$source:/mnt/in"
	his enter his cat /mnt/in/file
	is "... grants a directory" "$status $out$err" "0 granted"
	his revoke his /mnt/in
	is "... and takes it back" "$status $err" "0 "
	his top
	like "... sees what it uses" "$status $err$out" "0 NAME*his *running *"
	his freeze his
	also is "... freezes it" "$status $err $(grep frozen "/sys/fs/cgroup$(cgroup_of "$reaper")/cgroup.events")" "0  frozen 1"
	his thaw his
	also is "... and resumes it" "$status $err $(grep frozen "/sys/fs/cgroup$(cgroup_of "$reaper")/cgroup.events")" "0  frozen 0"
	let_read_journal
	his logs his
	is "... reads its journal" "$status $err" "0 "
	ctl set-property "$user/his" TasksMax=92
	like "... root changes a limit" "$err $(show_tasks)" "$no_controllers 92"
	ctl grant "$user/his" "$source:/mnt/in"
	ctl enter "$user/his" cat /mnt/in/file
	is "... root grants a directory, and enters" "$status $out$err" "0 granted"
	if strace -o /dev/null true 2>/dev/null; then
		run patiently "$as_user" "${old_kernel[@]}" "$isoctl" enter his echo in
		is "... without PIDFD_GET_INFO, the user enters it, too" "$status $out$err" "0 in"
	else
		skip "... without PIDFD_GET_INFO, the user enters it, too" "strace cannot trace here"
	fi
	his stop his
	is "... the user stops it" "$status $err" "0 "
	wait "$instance"
	also ok "... and nothing is left" gone '^sleep 846$'
	unhide
}

# The attribute pid belongs to the user, and so may name any process.
name_reaper() { # PID, CGROUP
	python3 -c 'import os, sys; os.setxattr("/sys/fs/cgroup" + sys.argv[2], "user.isorun.pid", sys.argv[1].encode())' "$1" "$2"
}

is_unverified() { # what
	his stop his
	# promise P40
	is "$1 is not taken for the reaper" "$status $err" "125 isoctl: isoctl cannot verify his,\
 because /proc is mounted with hidepid=, which hides its processes: run isoctl as root, or mount /proc with gid= of a group that you are in"
	also ok "... and all goes on" runs '^sleep 847$'
}

# Prints the pid of a hidden child of a process with this name, both the user's. With "first", it is the first process of
# a pid namespace.
cat >"$tmp/hide.py" <<'PY'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def prctl(option, value): assert libc.prctl(option, value, 0, 0, 0) == 0
if "first" in sys.argv: assert libc.unshare(0x20000000) == 0
os.setresgid(*[int(sys.argv[2])] * 3)
os.setresuid(*[int(sys.argv[2])] * 3)
prctl(15, sys.argv[1].encode()) # PR_SET_NAME
prctl(4, 1) # PR_SET_DUMPABLE
pid = os.fork()
if pid == 0: prctl(4, 0)
else: print(pid, flush=True)
time.sleep(1000)
PY

begin_hidden() { # name of the parent, ["first"]
	: >"$tmp/hidden"
	/usr/bin/python3 "$tmp/hide.py" "$1" "$(id -u "$user")" "${@:2}" >"$tmp/hidden" </dev/null &
	await test -s "$tmp/hidden"
	fake=$(cat "$tmp/hidden")
	await is_hidden "$fake"
	name_reaper "$fake" "$cgroup"
	echo "$fake" >"/sys/fs/cgroup$cgroup/cgroup.procs"
}

end_hidden() {
	kill -KILL "$fake" "$!"
	wait "$!" 2>/dev/null
}

# None of these is the hidden reaper, although the kernel tells little that proves it.
test_hidden_fakes() {
	local reaper other another fake cgroup
	begin 847
	"$as_user" "$isorun" "${mode[@]}" --name another sleep 848 </dev/null &
	another=$!
	await runs '^sleep 848$'
	reaper=$(pgrep -P "$(first_pid "^$isorun .*--name his ")")
	other=$(pgrep -P "$(first_pid "^$isorun .*--name another ")")
	cgroup=$(cgroup_of "$reaper")
	hide
	name_reaper "$other" "$cgroup"
	is_unverified "the reaper of another instance"
	begin_hidden python first
	is_unverified "a first process that is not a child of isorun"
	end_hidden
	begin_hidden isorun
	is_unverified "a process that is in no pid namespace of its own"
	end_hidden
	name_reaper "$reaper" "$cgroup"
	his stop his another
	is "... the reaper is" "$status $err" "0 "
	wait "$instance" "$another"
	unhide
}

# A user's manager that has capabilities, as from systemd 254 on, is hidden, too.
test_hidden_services() {
	local what=$1
	hide
	"$as_user" systemd-run --user --quiet --unit isorun-test "$isorun" "${mode[@]}" --no-scope sleep 851
	await runs '^sleep 851$'
	his enter isorun-test echo in
	is "$what: the user enters a service" "$status $out$err" "0 in"
	his stop isorun-test
	is "... and stops it" "$status $err" "0 "
	run patiently "$as_user" systemd-run --user --pipe --wait --quiet -p Type=notify -p NotifyAccess=all "$isorun" \
		"${mode[@]}" --no-scope --hand-over --notify=exec sleep 852
	like "... --hand-over says what is in the way" "$status $err" "125 isorun: --hand-over: systemd did not accept\
 process * as the main process of *: hidepid= of /proc hides it from a user's systemd"
	for verb in "kill -s TERM" stop; do
		"$as_user" "$isorun" "${mode[@]}" --pool hidden --name pooled sleep 853 </dev/null &
		await runs '^sleep 853$'
		# shellcheck disable=SC2086  # a verb may have options
		his $verb pooled
		is "... $verb reaches an instance in a pool" "$status $err" "0 "
		await gone '^sleep 853$'
	done
	wait
	also ok "... and nothing is left" gone '^sleep 85[123]$'
	unhide
}

test_hidden_manager() {
	local unit dropin
	unit=user@$(id -u "$user").service
	dropin=/run/systemd/system/user@.service.d
	mkdir -p "$dropin"
	printf '[Service]\nAmbientCapabilities=CAP_WAKE_ALARM\n' >"$dropin/capable.conf"
	systemctl daemon-reload
	systemctl restart "$unit"
	await "$as_user" true
	mount -o remount,hidepid=2 /proc
	no_isorun ok "the user does not see the manager" is_hidden "$(systemctl show -P MainPID "$unit")"
	also test_hidden_services "a hidden manager"
}

if [ "$(id -u)" != 0 ] || [ "${TESTHOST-}" = real ]; then
	echo "1..0 # SKIP it stops services and managers of the host"
	exit 0
fi
label=root who=() bus=()
test_services
verified_start
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user) user=$TH_USER
	test_services
	who=()
	test_stopped
	test_fakes
	test_fake_manager
	test_hidden_verbs
	test_hidden_fakes
	test_hidden_services "hidepid="
	test_hidden_manager # last: it changes the user's manager
else
	skip "the same with another user" "no user to be"
fi
