#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What isorun tells the journal of an instance, and how it is found there. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$tmp/usr/lib/systemd/catalog"
cp "$top/catalog/isorun.catalog" "$tmp/usr/lib/systemd/catalog/"
install_isorun
mode=(--quiet -p "Optional=MemoryMax TasksMax")

count() {
	journalctl --sync
	journalctl -q --no-pager -o cat SYSLOG_IDENTIFIER=isorun | wc -l
}

# What a command answers, and how many records it adds.
adds() { # description, number, pattern of the status and of what it says, command...
	local before
	before=$(count)
	run "${@:4}"
	like "$label: $1" "$(($(count) - before)) $status $err" "$2 $3"
}

begin() { # name, options...
	"${who[@]}" "$isorun" "${mode[@]}" --name "$1" "${@:2}" sleep 1000 &
	instance=$!
	await runs '^sleep 1000$'
}

gone_scopes() { [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

test_run() {
	local unit=isorun-run.scope
	run "${who[@]}" "$isorun" "${mode[@]}" --name run sh -c 'exit 0'
	is "$label: a start is a record" "$(records STARTED $unit MESSAGE PRIORITY ISORUN_INSTANCE ISORUN_POLICY ISORUN_UNIT COMMAND SYSLOG_IDENTIFIER)" \
		"run started: sh -c exit 0|6|run|default|$unit|sh -c exit 0|isorun"
	is "$label: so is an exit" "$(records ENDED $unit MESSAGE PRIORITY ISORUN_INSTANCE EXIT_CODE EXIT_STATUS)" \
		"run ended: exit status 0|6|run|exited|0"
	is "$label: ... with isorun's version" "isorun $(records ENDED $unit ISORUN_VERSION)" "$("$isorun" --version)"
	run "${who[@]}" "$isorun" "${mode[@]}" --name run sh -c 'exit 3'
	is "$label: ... of a failure" "$(records ENDED $unit MESSAGE PRIORITY EXIT_CODE EXIT_STATUS | tail -n1)" \
		"run ended: exit status 3|5|exited|3"
	let_read_journal
	run "${who[@]}" "$isoctl" wait run
	is "$label: ... isoctl wait still knows it" "$status $err" "3 "
	run "${who[@]}" "$isoctl" status "$unit"
	like "$label: ... and isoctl status" "$status $out" \
		"0 run?  unit * $unit?  state * ended?  policy * default?  command * sh -c exit 3?  started *?  ended *?  journal * run ended: exit status 3"
	run "${who[@]}" "$isoctl" status --json "$unit"
	no_refusal is "$label: ... as JSON that is what the schema says" "$status $("$top/tests/json-agrees.py" status 10 <<<"$out" 2>&1)" "0 "
	like "$label: ... with the exit status" "$out" '*"exit_status": 3,*'
	run "${who[@]}" "$isorun" "${mode[@]}" --name run sh -c 'kill -KILL $$'
	is "$label: ... by a signal" "$(records ENDED $unit MESSAGE PRIORITY EXIT_CODE EXIT_STATUS | tail -n1)" \
		"run was ended by SIGKILL|5|killed|9"
	begin run
	ctl kill -s KILL $unit
	wait "$instance"
	is "$label: ... of the unit" "$(records ENDED $unit EXIT_CODE EXIT_STATUS | tail -n1)" "killed|9"
	is "$label: each once" "$(records STARTED $unit MESSAGE | wc -l) $(records ENDED $unit MESSAGE | wc -l)" "4 4"
	run "${who[@]}" "$isorun" "${mode[@]}" --name run sh -c $': a\nISORUN_FORGED=yes\nb \e[31m \\'
	is "$label: a command line is one field" "$(records STARTED $unit COMMAND ISORUN_FORGED | tail -n1)" \
		'sh -c : a\x0aISORUN_FORGED=yes\x0ab \x1b[31m \|-'
	run "${who[@]}" "$isorun" "${mode[@]}" --name run true "$(printf 'ä%.0s' {1..5000})"
	is "$label: ... and not longer than 4000 bytes, of whole characters" "$(records STARTED $unit COMMAND | tail -n1 | tr -d '\n' | wc -c)" 3999
}

# A limit of the unit that ends the instance. (journal-limits has those that need controllers.)
test_limit() {
	printf '[Scope]\nRuntimeMaxSec=1s\n' >"$tmp/short.conf"
	run "${who[@]}" "$isorun" "${mode[@]:1}" --policy "$tmp/short.conf" --name short sleep 1000
	like "$label: an instance that has run for too long says so" "$status $err" \
		"143 *isorun: notice: $tmp/short.conf:2: RuntimeMaxSec=: systemd stopped isorun-short.scope after 1s"
	is "$label: ... and it is a record, with the policy's line" \
		"$(records LIMIT_REACHED isorun-short.scope MESSAGE PRIORITY CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE)" \
		"short has reached RuntimeMaxSec=|4|$tmp/short.conf|2|RuntimeMaxSec"
	run "${who[@]}" "$isorun" "${mode[@]:1}" -p RuntimeMaxSec=1h --name short sh -c 'kill -TERM $$'
	unlike "$label: ... not if it ends before" "$status $err" "143 *RuntimeMaxSec*"
	also is "$label: ... which adds no record" "$(records LIMIT_REACHED isorun-short.scope MESSAGE | wc -l)" 1
}

# A directory in memory without room is told at the end, with what gives it more.
test_full() {
	local fill='head -c 1M /dev/zero >"$1/x" 2>/dev/null; echo filled' line='-p: TemporaryFileSystem='
	full() { # directory, script, options...
		run "${who[@]}" "$isorun" "${mode[@]:1}" --name full "${@:3}" sh -c "$2" x "$1"
	}
	full /tmp "$fill" -p TemporaryFileSystem=/tmp:mode=1777,size=64k
	like "$label: /tmp is full at the end" "$status $out $err" \
		"0 filled *isorun: notice: $line: /tmp is full (size=64K): nothing more can be written there (ENOSPC); its option size= sets how much it holds"
	also is "$label: ... which is a record" \
		"$(records LIMIT_REACHED isorun-full.scope MESSAGE ISORUN_FULL ISORUN_DIRECTIVE PRIORITY)" \
		"full has filled /tmp (size=64K)|/tmp|TemporaryFileSystem|4"
	full /tmp "$fill; rm /tmp/x" -p TemporaryFileSystem=/tmp:mode=1777,size=64k
	also is "$label: ... not if there is room again" "$status $out $(grep -c 'is full' <<<"$err")" "0 filled 0"
	full /tmp 'for i in 1 2 3 4 5; do echo >"$1/$i"; done 2>/dev/null; echo filled' -p TemporaryFileSystem=/tmp:mode=1777,nr_inodes=4
	also like "$label: ... also if it can have no more files" "$status $out $err" "0 filled *: /tmp is full *"
	full /dev/shm 'fallocate -l 64M "$1/x"; echo filled'
	also like "$label: ... and one that no line asks for" "$status $out $err" \
		"0 filled *isorun: notice: /dev/shm is full (size=64M): * (ENOSPC); -p TemporaryFileSystem=/dev/shm:mode=1777,size=VALUE gives it more room"
	full /var/a/b "$fill" -p TemporaryFileSystem=/var/a/b:mode=1777,size=64k
	also is "$label: ... not where the payload could move the directory" "$status $out $(grep -c 'is full' <<<"$err")" "0 filled 0"
}

# A command that goes into the background, also if nobody sees isorun's notice.
test_left() {
	run "${who[@]}" "$isorun" "${mode[@]}" --name left python3 -Ic 'import ctypes, os, signal
ctypes.CDLL(None).prctl(15, b"sl\x1bep")
if os.fork() == 0: signal.pause()'
	no_refusal is "$label: a command leaves a process behind" "$status" 0
	also is "$label: ... which the record of its end names" \
		"$(records ENDED isorun-left.scope MESSAGE ISORUN_LEFT PRIORITY)" \
		'left ended: exit status 0; it left "sl\x1bep" behind, which was killed|sl\x1bep|5'
}

test_refusal() {
	local unit=isorun-no.scope
	printf '[Sandbox]\n\nVolume=/nowhere:/x\nVolume=/nor-here:/y\n' >"$tmp/volume.conf"
	run "${who[@]}" "$isorun" "${mode[@]}" --policy "$tmp/volume.conf" --name no true
	is "$label: what cannot be planned is one record, of the first line" \
		"$(records REFUSED $unit PRIORITY ISORUN_INSTANCE ISORUN_POLICY CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE ERRNO)" \
		"3|no|$tmp/volume.conf|$tmp/volume.conf|3|Volume|2"
	is "$label: ... which says what isorun says" "isorun: $(records REFUSED $unit MESSAGE)" \
		"isorun: no was not started: $(head -n1 <<<"${err#isorun: }")"
	also is "$label: ... and nothing has started" "$(records STARTED $unit MESSAGE)" ""
	printf '[Scope]\nTasksMax=few\n' >"$tmp/value.conf"
	run "${who[@]}" "$isorun" "${mode[@]}" --policy "$tmp/value.conf" --name no true
	is "$label: a wrong value is" "$(records REFUSED $unit CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE | tail -n1)" "$tmp/value.conf|2|TasksMax"
	run "${who[@]}" "$isorun" "${mode[@]}" --name no not-there
	is "$label: a command that is not there is" "$status $(records REFUSED $unit MESSAGE CONFIG_FILE | tail -n1)" \
		"127 no was not started: not-there: command not found|-"
	run "${who[@]}" "$isorun" "${mode[@]}" --name no -p 'TemporaryFileSystem=/x:size=1,nr_inodes=1' -v /etc:/x/y:ro true
	like "$label: what fails inside is" "$(records REFUSED $unit MESSAGE | tail -n1)" \
		"no was not started: --volume: Volume=: cannot mount on /x/y: *"
	begin no
	run "${who[@]}" "$isorun" "${mode[@]}" --name no true
	is "$label: a name that is taken is" "$(records REFUSED $unit MESSAGE ERRNO | tail -n1)" \
		"no was not started: the unit $unit already exists (--name sets another name)|17"
	ctl stop $unit
	wait "$instance"
	if has_controllers; then
		skip "$label: a limit that does not hold" "this kernel holds them"
	else
		printf '[Policy]\nOptional=\n[Scope]\nMemoryMax=64M\n' >"$tmp/limit.conf"
		run "${who[@]}" "$isorun" --quiet --policy "$tmp/limit.conf" --name no true
		is "$label: a limit that does not hold is" "$(records REFUSED $unit CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE | tail -n1)" \
			"$tmp/limit.conf|4|MemoryMax"
	fi
	is "$label: each once" "$(records REFUSED $unit MESSAGE | wc -l)" $((has_limits + 5))
}

test_silence() {
	adds "an unknown option is no record" 0 "125 *--nonsense does not exist*" "${who[@]}" "$isorun" --nonsense true
	adds "nor is what cannot be a name" 0 "125 isorun: \"/\" cannot be the name of an instance: *" \
		"${who[@]}" "$isorun" --name / true
	adds "nor is --dry-run" 0 "125 isorun: $tmp/volume.conf:3: *" "${who[@]}" "$isorun" --policy "$tmp/volume.conf" --dry-run true
	adds "nor is isoctl check" 0 "125 isoctl: $tmp/volume.conf:3: *" "${who[@]}" "$isoctl" check "$tmp/volume.conf"
	no_refusal adds "what is no unit has no records" 0 "0 " "${who[@]}" "$isorun" "${mode[@]}" --no-scope true
	adds "... nor where it is refused" 0 "127 isorun: not-there: *" "${who[@]}" "$isorun" "${mode[@]}" --no-scope not-there
	adds "a sandbox in a sandbox has none" 2 "0 " \
		"${who[@]}" "$isorun" --quiet --policy nest -p "Optional=MemoryMax TasksMax CPUQuota" "${nest_as[@]}" \
		isorun --quiet -p "Optional=MemoryMax TasksMax" true
	adds "... but for its parent's" 2 "0 " "${who[@]}" "$isorun" "${mode[@]}" true
}

test_service() {
	local unit=isorun-test.service
	"${who[@]}" systemd-run "${bus[@]}" --wait --quiet --unit=$unit "$isorun" "${mode[@]}" --name inside sh -c 'exit 4'
	is "$label: a service's records are in its journal" \
		"$(records STARTED $unit ISORUN_INSTANCE ISORUN_UNIT) $(records ENDED $unit ISORUN_INSTANCE EXIT_STATUS)" \
		"inside|$unit inside|4"
	ctl reset-failed $unit
	"${who[@]}" systemd-run "${bus[@]}" --wait --quiet --unit=$unit "$isorun" "${mode[@]}" not-there 2>/dev/null
	is "$label: ... a refusal, too" "$(records REFUSED $unit ISORUN_UNIT)" "$unit"
	ctl reset-failed $unit 2>/dev/null
	[ "$label" = root ] && [ -n "${TH_USER-}" ] || return
	unit="isorun-other.service"
	systemd-run --wait --quiet --unit=$unit -p User="$TH_USER" "$isorun" "${mode[@]}" --name inside sh -c 'sleep 0.5; exit 4'
	is "a service's with User=, too" "$(records STARTED $unit ISORUN_INSTANCE ISORUN_UNIT) $(records ENDED $unit ISORUN_INSTANCE EXIT_STATUS)" \
		"inside|$unit inside|4"
	systemctl reset-failed $unit
}

# Says twice that it is ready, as after a reload.
ready='import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(2): s.sendto(b"STATUS=up\nREADY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))'

test_ready() {
	local unit=isorun-ready.service
	"${who[@]}" systemd-run "${bus[@]}" --wait --quiet --unit=$unit -p Type=notify "$isorun" "${mode[@]}" --name up \
		/usr/bin/python3 -c "$ready"
	is "$label: what says that it is ready is a record, once" "$(records READY $unit MESSAGE PRIORITY ISORUN_INSTANCE)" "up is ready|6|up"
	"${who[@]}" systemd-run "${bus[@]}" --wait --quiet --unit=$unit -p Type=notify "$isorun" "${mode[@]}" --notify=exec \
		--name executed true
	is "$label: so is --notify=exec" "$(records READY $unit MESSAGE | tail -n1)" "executed is ready"
}

# No text of a policy may stand in a journal that others read.
test_secrets() {
	printf '[Sandbox]\nSetCredential=token:hunter2\nFile=/etc/x:hunter2\nEnvironment=X=hunter2\n' >"$tmp/secret.conf"
	run "${who[@]}" "$isorun" "${mode[@]}" --policy "$tmp/secret.conf" --name secret cat /etc/x
	is "$label: a policy's texts are inside" "$out" hunter2
	for line in 'SetCredential=hunter2' 'SetCredential=a:hunter2\q' 'File=hunter2' 'File=/etc/x:hunter2\q' \
		'Environment=hunter2' 'hunter2'; do
		printf '[Sandbox]\n%s\n' "$line" >"$tmp/secret.conf"
		run "${who[@]}" "$isorun" "${mode[@]}" --policy "$tmp/secret.conf" --name secret true
		like "$label: isorun says what is wrong with $line" "$status $err" "125 isorun: $tmp/secret.conf:2: *hunter2*"
		like "$label: ... the journal where" "$(records REFUSED isorun-secret.scope MESSAGE | tail -n1)" \
			"secret was not started: $tmp/secret.conf:2: *invalid value (isorun --dry-run shows the details)"
	done
	journalctl --sync
	also is "$label: the journal has none of it" "$(journalctl --no-pager -o json SYSLOG_IDENTIFIER=isorun | grep hunter2)" ""
}

# isoctl logs: what the payload writes, and the records.
in_logs() { # text, words of isoctl's
	let_read_journal
	"${who[@]}" "$isoctl" logs --no-pager "${@:2}" -- -o cat 2>/dev/null | grep -qxF "$1"
}

test_logs() {
	"${who[@]}" "$isorun" "${mode[@]}" --name logs-one -p StandardOutput=journal sh -c 'echo said so; exec sleep 1000' &
	instance=$!
	ok "$label: logs has what the payload writes" eventually in_logs "said so" logs-one
	ok "$label: ... and the records" in_logs "logs-one started: sh -c echo said so; exec sleep 1000" logs-one
	ok "$label: ... by a pattern" in_logs "logs-one started: sh -c echo said so; exec sleep 1000" 'logs-*'
	"${who[@]}" "$isoctl" logs --no-pager -f logs-one -- -o cat >"$tmp/follow-$label" 2>&1 &
	follower=$!
	await grep -q 'said so' "$tmp/follow-$label"
	ctl stop isorun-logs-one.scope
	wait "$instance"
	ok "$label: ... and as they come" eventually grep -qx 'logs-one was ended by SIGTERM' "$tmp/follow-$label"
	{ kill -- "$follower"; wait "$follower"; } 2>/dev/null
	pkill -f '^journalctl .*logs-one'
	ok "$label: those of one that has ended" in_logs "logs-one was ended by SIGTERM" logs-one
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit=isorun-logs.service "$isorun" "${mode[@]}" --name logs-two \
		sh -c 'echo said more; exec sleep 1000'
	ok "$label: ... of a service, by its instance's name" eventually in_logs "said more" logs-two
	ok "$label: ... with the records" in_logs "logs-two started: sh -c echo said more; exec sleep 1000" logs-two
	if [ "$label" = root ]; then
		for _ in {1..20}; do "$isorun" "${mode[@]}" --name logs-brief -p StandardOutput=journal echo said quickly; done
		let_read_journal
		is "... of one that has ended before journald looked" \
			"$("$isoctl" logs --no-pager logs-brief -- -o cat | grep -cx 'said quickly')" 20
	fi
	ctl stop isorun-logs.service
	ok "$label: ... by the unit when it has ended" in_logs "logs-two was ended by SIGTERM" isorun-logs.service
	ctl reset-failed isorun-logs.service 2>/dev/null
}

# A payload that makes calls which the filter denies, and prints their errnos.
denied='import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def error(call, *arguments):
    return ctypes.get_errno() if call(*arguments) < 0 else 0
def mount():
    return error(libc.mount, b"x", b"/mnt", b"tmpfs", 0, None)
def new_socket(family):
    try: socket.socket(family)
    except OSError as e: return e.errno
def send():
    try: socket.socketpair()[0].sendmsg([b"x"])
    except OSError as e: return e.errno
def listen():
    program = (ctypes.c_uint16 * 4)(6, 0, 0, 0x7fff)
    fprog = (ctypes.c_uint64 * 2)(1, ctypes.addressof(program))
    return error(libc.syscall, {"x86_64": 317, "aarch64": 277}[os.uname().machine], 1, 8, fprog)
'

# Those of the calls that the tests make.
denials() { # name, fields...
	records DENIED "isorun-$1.scope" ISORUN_DENIED "${@:2}" | grep -E '^(mount|ptrace|sendmsg|socket)\b'
}

test_denials() {
	local policy=$tmp/denials.conf
	printf '[Sandbox]\nLogDenials=yes\nSystemCallFilter=~mount ptrace\nRestrictAddressFamilies=AF_UNIX\n' >"$policy"
	run "${who[@]}" "$isorun" "${mode[@]}" --policy "$policy" --name denials python3 -Ic "$denied
all = {mount() for _ in range(20000)}
pid = os.fork()
if pid == 0: os._exit(error(libc.ptrace, 16, 1, 0, 0))
print(*all, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), new_socket(socket.AF_INET))"
	# promise P55
	is "$label: LogDenials=: the filter's errnos" "$status $out" "0 1 1 97"
	also is "$label: ... with a record of each, the first, 10th, ... time, that names the line and what would allow it" \
		"$(denials denials ERRNO ISORUN_COUNT CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE ISORUN_ALLOW)" \
		"$(printf "mount|1|%s|$policy|3|SystemCallFilter|SystemCallFilter=mount\n" 1 10 100 1000 10000)
ptrace|1|1|$policy|3|SystemCallFilter|SystemCallFilter=ptrace
socket AF_INET|97|1|$policy|4|RestrictAddressFamilies|RestrictAddressFamilies=AF_INET"
	also is "$label: ... in words" "$(denials denials MESSAGE | tail -n1)" \
		"socket AF_INET|denials was denied socket AF_INET: EAFNOSUPPORT – filtered by $policy:4 RestrictAddressFamilies=; this would allow it: RestrictAddressFamilies=AF_INET"
	run "${who[@]}" "$isorun" "${mode[@]}" --policy "$policy" -p 'SystemCallFilter=~sendmsg seccomp' --name unsent \
		python3 -Ic "$denied
print(mount(), send(), listen())"
	# promise P55
	also is "$label: ... also if the filter denies what sends the listener" "$status $out $(denials unsent)" "0 1 1 1 mount"
	run "${who[@]}" python3 -Ic "$denied
import subprocess
libc.prctl(38, 1, 0, 0, 0)
listen()
sys.exit(subprocess.call(sys.argv[1:]))" "$isorun" -p "Optional=MemoryMax TasksMax" --policy "$policy" --name around python3 -Ic "$denied
print(mount())"
	also like "$label: ... where another sandbox watches calls, that is told" "$status $out $err" \
		"0 1 *: LogDenials=: a sandbox around isorun watches system calls already, *"
	also is "$label: ... and nothing is recorded" "$(denials around)" ""
}

# Nothing that is denied may be allowed without the process that answers.
test_denials_unanswered() {
	local fifo=$tmp/denials-$label
	mkfifo -m 666 "$fifo"
	"${who[@]}" "$isorun" -p "Optional=MemoryMax TasksMax" --policy "$tmp/denials.conf" --name unanswered python3 -Ic "$denied
print('begun', mount(), flush=True)
sys.stdin.readline()
print(mount(), listen(), os.path.exists('/etc/passwd'))" <>"$fifo" >"$fifo-out" 2>"$fifo-err" &
	instance=$!
	await grep -qs begun "$fifo-out"
	verified unanswered
	kill -KILL "$(pgrep -x isorun-denials)"
	also ok "$label: LogDenials=: the process that answers is killed" eventually not pgrep -x isorun-denials
	echo >"$fifo"
	wait "$instance"
	# promise P55
	also like "$label: ... the program goes on, what is denied stays so, and no listener takes its place" \
		"$? $(xargs <"$fifo-out") $(cat "$fifo-err")" "0 begun 1 38 16 True *isorun-denials was killed: *"
}

# The process that answers may be stopped, and asked as often as the payload likes.
test_denials_stopped() {
	local fifo=$tmp/stopped-$label watcher before
	mkfifo -m 666 "$fifo"
	"${who[@]}" "$isorun" --quiet -p "Optional=MemoryMax TasksMax" --policy "$tmp/denials.conf" --name stopped python3 -Ic "$denied
print('begun', mount(), flush=True)
sys.stdin.readline()
pid = os.fork()
if pid == 0:
    print('denied', mount(), flush=True)
    os._exit(0)
print('allowed', os.path.exists('/etc/passwd'), os.waitpid(pid, os.WNOHANG)[0], flush=True)
os.waitpid(pid, 0)
for i in range(100000): mount()
print('many', flush=True)
sys.stdin.readline()" <>"$fifo" >"$fifo-out" 2>"$fifo-err" &
	instance=$!
	await grep -qs begun "$fifo-out"
	watcher=$(pgrep -x isorun-denials)
	before=$(grep VmSize "/proc/$watcher/status")
	kill -STOP "$watcher"
	echo >"$fifo"
	also ok "$label: LogDenials=: while the process that answers is stopped, other calls go on" \
		eventually grep -qs '^allowed True 0$' "$fifo-out"
	also is "$label: ... and a denied call waits" "$(grep -c '^denied' "$fifo-out")" 0
	kill -CONT "$watcher"
	also ok "$label: ... until it goes on" eventually grep -qs '^denied 1$' "$fifo-out"
	also ok "$label: ... 100000 denied calls" eventually grep -qs '^many$' "$fifo-out"
	is_sanitized || also is "$label: ... take no memory of it" "$(grep VmSize "/proc/$watcher/status")" "$before"
	run "${who[@]}" "$isoctl" enter stopped -- python3 -Ic "$denied
print(mount(), error(libc.ptrace, 16, 1, 0, 0))"
	also is "$label: ... a process that enters has the filter's errnos" "$status $out" "0 1 1"
	also is "$label: ... without a record" "$(denials stopped | grep -c ptrace)" 0
	kill -STOP "$watcher"
	"${who[@]}" "$isoctl" kill stopped
	wait "$instance"
	also is "$label: ... the instance ends although it is stopped" "$? $(cat "$fifo-err")" "143 "
	also ok "$label: ... and so does the process" eventually not pgrep -x isorun-denials
}

# The flag by which the kernel's audit log has what Landlock denies: LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON, 2. (Only the
# initial pid namespace can read that log.)
landlock_flags() { # options...
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run "${who[@]}" strace -f -qq -e trace=landlock_restrict_self \
		"$isorun" "${mode[@]}" --no-scope "$@" true
	echo "$status $(sed -n 's/.*landlock_restrict_self([0-9]*, \([0-9a-zA-Z_]*\)) *= \(.*\)/\1 \2/p' "$tmp/err")"
}

test_denials_audit() {
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: LogDenials=audit" "strace cannot trace here"
	elif [ "$(landlock_abi)" -lt 7 ] || [ ! -e /proc/self/loginuid ]; then
		run "${who[@]}" "$isorun" "${mode[@]}" -p LogDenials=audit true
		like "$label: LogDenials=audit, which this kernel cannot do" "$status $err" \
			"125 *-p LogDenials=: cannot be enforced: *audit log*(the line Optional=LogDenials *"
	else
		is "$label: LogDenials=audit sets Landlock's flag" "$(landlock_flags -p LogDenials=audit)" "0 0x2 0"
		also is "$label: ... with the records, too" "$(landlock_flags -p LogDenials=yes+audit -p Optional=LogDenials)" "0 0x2 0"
		also is "$label: ... and LogDenials=yes does not" "$(landlock_flags -p LogDenials=yes)" "0 0 0"
	fi
}

# Where nothing can be recorded, that is said.
test_denials_refused() {
	run "${who[@]}" "$isorun" --no-scope -p "Optional=MemoryMax TasksMax" --policy "$tmp/denials.conf" python3 -Ic "$denied
print(mount())"
	like "$label: LogDenials= without a unit" "$status $out $err" \
		"0 1 *: LogDenials=: the journal has records only of instances that are units: denied calls are not recorded"
	run "${who[@]}" "$isorun" --hand-over --policy "$tmp/denials.conf" true
	like "$label: LogDenials= with --hand-over" "$status $err" \
		"125 *$tmp/denials.conf:2: LogDenials=: isorun writes the records, so it cannot end after --hand-over*"
}

all() {
	has_controllers && has_limits=0 || has_limits=1
	bus=()
	[ "$label" = root ] || bus=(--user)
	test_run
	test_limit
	test_full
	test_left
	test_refusal
	test_silence
	test_service
	test_ready
	test_secrets
	test_logs
	test_denials
	test_denials_unanswered
	test_denials_stopped
	test_denials_audit
	test_denials_refused
}

# What anybody may write into the journal is not taken for what isorun says.
forge() { # fields, as uid $1
	setpriv --reuid "$1" --clear-groups python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto("".join(f + "\n" for f in sys.argv[1:]).encode(), "/run/systemd/journal/socket")' \
		"${@:2}"
}

forged() {
	journalctl --sync
	[ "$(journalctl -q --no-pager -o cat MESSAGE="$1")" = "$1" ]
}

test_forged() {
	local field
	label=root who=() bus=()
	begin forged
	forge "$(id -u nobody)" MESSAGE=forged-system "MESSAGE_ID=$(id_of ENDED)" \
		{OBJECT_SYSTEMD_UNIT,UNIT,USER_UNIT,ISORUN_UNIT,OBJECT_SYSTEMD_USER_UNIT}=isorun-forged.scope ISORUN_INSTANCE=forged
	no_isorun ok "a record is forged" eventually forged forged-system
	ok "... isorun's own is in the logs" in_logs "forged started: sleep 1000" forged
	# promise P31
	also ok "... and the other is not" not in_logs forged-system forged
	ctl stop isorun-forged.scope
	wait "$instance"
	also ok "... nor when the instance has ended" not in_logs forged-system forged

	who=("$as_user") bus=(--user)
	begin forged
	for field in USER_UNIT OBJECT_SYSTEMD_USER_UNIT ISORUN_UNIT; do
		forge "$(id -u nobody)" "MESSAGE=forged-$field" "MESSAGE_ID=$(id_of ENDED)" "$field=isorun-forged.scope" ISORUN_INSTANCE=forged
		no_isorun ok "a record of a user's instance is forged, with $field=" eventually forged "forged-$field"
		who=("$as_user")
		ok "... isorun's own is in his logs" in_logs "forged started: sleep 1000" forged
		also ok "... and the other is not" not in_logs "forged-$field" forged
		who=()
		ok "... in root's logs of it there is isorun's own" in_logs "forged started: sleep 1000" forged
		also ok "... and not the other" not in_logs "forged-$field" forged
	done
	who=("$as_user")
	ctl stop isorun-forged.scope
	wait "$instance"
}

# A journald that does not read, with its queue full.
test_stopped() {
	local pid
	pid=$(systemctl show -P MainPID systemd-journald)
	kill -STOP "$pid"
	# A socket may have only so much on its way: a new one each time.
	python3 -c 'import socket
try:
    while True:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.setblocking(False)
        s.sendto(b"MESSAGE=fill\n", "/run/systemd/journal/socket")
except BlockingIOError: pass'
	run timeout 20 "$isorun" "${mode[@]}" --name stopped echo ran
	no_refusal is "where journald does not read, an instance runs" "$status $out" "0 ran"
	run timeout 20 "$isorun" "${mode[@]}" --name stopped not-there
	like "... and is refused" "$status $err" "127 isorun: not-there: *"
	kill -CONT "$pid"
	run unshare -m sh -c 'mount -t tmpfs tmpfs /run/systemd/journal && exec "$@"' x "$isorun" -p "Optional=MemoryMax TasksMax" true
	no_refusal is "where there is none, too" "$status" 0
	also no_refusal unlike "... and says nothing of it" "$err" "*journal*"
}

test_catalog() {
	local name text
	if [ "$TESTHOST" = real ]; then
		skip "journalctl -x" "the machine's catalog would be written"
		return
	fi
	journalctl --update-catalog
	label=root who=()
	while IFS='(,' read -r _ name _; do
		no_isorun like "the catalog has $name" "$(journalctl --no-pager --list-catalog "$(id_of "$name")")" "$(id_of "$name") isorun: *@ISORUN_INSTANCE@*"
	done < <(grep '^RECORD(' "$top/src/sandbox/systemd/journal-records.inc")
	run "$isorun" "${mode[@]}" --name explained true
	journalctl --sync
	text=$(journalctl -x --no-pager -u isorun-explained.scope)
	like "journalctl -x explains a start" "$text" "*Subject: Instance explained has been started*man:isorun(7)*the policy default*"
	like "... and an exit" "$text" "*Subject: Instance explained has ended*exited, 0*"
	also unlike "... with all that is to be filled in" "$text" "*@*@*"
}

has_limits=0
as_everybody all
as_everybody verified_start
test_catalog
if [ -n "${TH_USER-}" ]; then test_forged; else skip "forged records" "no user to be"; fi
test_stopped
also no_refusal ok "nothing is left" eventually gone_scopes
