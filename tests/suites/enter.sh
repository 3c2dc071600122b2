#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Running instances: listed, shown, and entered by a process that is just like the payload. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

# All that makes a process what it is.
facts=$tmp/facts.py
cat >"$facts" <<'PY'
import os, resource, sys, time
status = dict(l.rstrip("\n").split(":\t", 1) for l in open("/proc/self/status"))
for k in "Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Umask".split():
    print(k, status.get(k))
for n in sorted(os.listdir("/proc/self/ns")):
    print(n, os.readlink("/proc/self/ns/" + n))
print(open("/proc/self/mountinfo").read())
print(open("/proc/self/cgroup").read())
for n in sorted(n for n in dir(resource) if n.startswith("RLIMIT_")):
    print(n, resource.getrlimit(getattr(resource, n)))
print("nice", os.nice(0), "cwd", os.getcwd(), "root", os.readlink("/proc/self/root"))
print("oom", open("/proc/self/oom_score_adj").read(), open("/proc/self/uid_map").read())
print(sorted((k, v) for k, v in os.environ.items() if k != "TERM"))
fds = os.listdir("/proc/self/fd") # and the one that lists them
print("fds", sorted(fds), file=sys.stderr if len(sys.argv) > 1 else sys.stdout)
sys.stdout.flush()
if len(sys.argv) > 1:
    time.sleep(1000)
PY
chmod 644 "$facts"

enter() { run "${who[@]}" "$isoctl" enter "$@"; }

# Starts an instance NAME, with options, whose payload tells what it is in $tmp/payload and sleeps.
begin() {
	rm -f "$tmp/payload" "$tmp/payload.err"
	"${who[@]}" "$isorun" "${mode[@]}" --name "$1" -v "$facts:/facts.py:ro" "${@:2}" /usr/bin/python3 /facts.py stay \
		>"$tmp/payload" 2>"$tmp/payload.err" </dev/null &
	instance=$!
	await grep -qs ^fds "$tmp/payload.err" && await "${who[@]}" "$isoctl" enter "$1" true 2>/dev/null
}

end() {
	local pid
	pid=$(first_pid "^$isorun .*--name $1 ")
	[ -z "$pid" ] || kill "$pid"
	wait "$instance"
}

reaper() { "${who[@]}" "$isoctl" status "$1" | sed -n 's/^  first process *\([0-9]*\).*/\1/p'; }

compare() { # what, options...
	begin one "${@:2}"
	enter one /usr/bin/python3 /facts.py
	# promise P16
	is "$label, $1: an entered process is what the payload is" "$(diff "$tmp/payload" "$tmp/out")" \
		"$(printf '%s\n' "$(wc -l <"$tmp/payload")a$(($(wc -l <"$tmp/payload") + 1))" "> fds ['0', '1', '2', '3']")"
	like "$label, $1: ... the payload's facts are there to compare with" "$(cat "$tmp/payload")" "Uid*NoNewPrivs 1*Seccomp 2*"
	enter one sh -c 'p=$(ls -d /proc/[0-9]* | sort -V | sed -n "2s#/proc/##p"); kill -0 $p && echo reached && kill -USR1 $p'
	is "$label, $1: it can signal the payload" "$out" reached
	wait "$instance"
	is "$label, $1: ... which ends by that" $? 138
	begin one "${@:2}"
	"${who[@]}" "$isoctl" enter one sleep 700 &
	await runs '^sleep 700$'
	verified one
	enter one /usr/bin/python3 -c 'import os, signal
for p in filter(str.isdigit, os.listdir("/proc")):
    if open(f"/proc/{p}/cmdline").read() == "sleep\x00700\x00": os.kill(int(p), signal.SIGTERM)'
	wait $!
	no_refusal is "$label, $1: entered processes signal each other" $? 143
	end one
}

test_same() {
	compare default
	# Where Landlock cannot keep abstract sockets shut, no unix socket can be had.
	[ "$(landlock_abi)" -lt 6 ] || compare "the host's network" -p PrivateNetwork=no
	compare "limits and umask" -p LimitNOFILE=77 -p LimitFSIZE=1M -p UMask=0027 -p Nice=7 -p WorkingDirectory=/usr
	compare "CAP_SYS_ADMIN" -p CapabilityBoundingSet="CAP_SYS_ADMIN CAP_NET_ADMIN" -p LimitNOFILE=78
	[ "$label" = user ] || compare "capabilities and User=" -p CapabilityBoundingSet="CAP_CHOWN CAP_NET_RAW" \
		-p AmbientCapabilities=CAP_CHOWN -p User=nobody
	[ "$label" = user ] || compare "CAP_SYS_PTRACE and User=" -p CapabilityBoundingSet="CAP_SYS_PTRACE CAP_CHOWN" \
		-p User=nobody
	has_private_ids || return 0
	compare "PrivateUsers=full" -p PrivateUsers=full
	compare "PrivateUsers=full and User=" -p PrivateUsers=full -p User=7 -p LimitNOFILE=76
	compare "PrivateUsers=full with few capabilities" -p PrivateUsers=full -p CapabilityBoundingSet=CAP_CHOWN
}

test_status() {
	mkdir "$tmp/no-programs"
	printf '#!/bin/sh\n' >"$tmp/no-programs/program"
	chmod -R a+rx "$tmp/no-programs"
	begin one -v "$tmp/no-programs:/no-programs:ro,noexec"
	enter one sh -c 'exit 3'
	no_refusal is "$label: the exit status comes through" $status 3
	enter one sh -c 'kill -TERM $$'
	no_refusal is "$label: and that of a signal" $status 143
	enter one not-there
	is "$label: what is not found" "$status $err" "127 isoctl: one: cannot execute not-there: No such file or directory"
	enter one /etc/passwd
	is "$label: what cannot be executed" "$status $err" "126 isoctl: one: cannot execute /etc/passwd: Permission denied"
	enter one /no-programs/program
	is "$label: ... because its place is noexec" "$status $err" \
		"126 isoctl: one: cannot execute /no-programs/program: its file system is mounted noexec: Permission denied"
	rm -r "$tmp/no-programs"
	run "${who[@]}" sh -c 'echo "echo from a shell" | "$@"' - "$isoctl" enter one
	is "$label: a shell without a command" "$out" "from a shell"
	run "${who[@]}" sh -c 'printf abc | "$@" | tr b B' - "$isoctl" enter one cat
	no_refusal is "$label: standard input and output" "$out" aBc
	run "${who[@]}" sh -c '"$@" 0</' - "$isoctl" enter one true
	is "$label: a directory as standard input" "$status $err" \
		"125 isoctl: one: fd 0 is a directory or was opened with O_PATH: the command could reach files outside through it: Is a directory"
	run "${who[@]}" sh -c '"$@" 7</etc/passwd 8</' - "$isoctl" enter one /usr/bin/python3 -c 'import os; print(len(os.listdir("/proc/self/fd")))'
	is "$label: no other fd comes in" "$out" 4
	run "${who[@]}" env -i SECRET=1 TERM=vt52 "$isoctl" enter one sh -c 'echo ${SECRET-unset} $TERM'
	is "$label: no variable but TERM comes in" "$out" "unset vt52"
	run "${who[@]}" "$isoctl" enter one /usr/bin/python3 -c 'import sys; print(len(sys.argv[1]))' "$(head -c 100000 /dev/zero | tr '\0' x)"
	no_refusal is "$label: a long argument" "$out" 100000
	run "${who[@]}" "$isoctl" enter one echo "$(head -c 70000 /dev/zero | tr '\0' x)" "$(head -c 70000 /dev/zero | tr '\0' x)"
	is "$label: ... one too long" "$status $err" "125 isoctl: enter: the command line is longer than 131072 bytes"
	for error in ENOENT:"its isorun, process *, does not listen (it is about to end, or the process is not isorun)" EACCES:"Permission denied (its isorun is process *)"; do
		run "${who[@]}" env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -o /dev/null \
			-P "/proc/$(first_pid "^$isorun .*--name one ")/fd" -e "inject=openat:error=${error%%:*}" "$isoctl" enter one true
		refusal like "$label: an isorun without a socket: ${error%%:*}" "$status $err" "125 isoctl: cannot reach one: ${error#*:}"
	done
	end one
}

protocol=$(sed -n 's/.*CONTROL_VERSION = \([0-9]*\).*/\1/p' "$top/src/sandbox/wire/control.h")

# isorun and isoctl of another version, in $tmp/other.
make_other() {
	mkdir -p "$tmp/other"
	python3 - "$tmp/other" "$protocol" "$isorun" "$isoctl" <<'PY'
import pathlib, sys
other, *programs = map(pathlib.Path, [sys.argv[1], *sys.argv[3:]])
protocol = int(sys.argv[2])
header = b"isorun\0\0" + protocol.to_bytes(4, sys.byteorder)
for program in programs:
    before, after = program.read_bytes().split(header)
    changed = header[:8] + (protocol + 1).to_bytes(4, sys.byteorder) + b"9.9".ljust(20, b"\0")
    (other / program.name).write_bytes(before + changed + after[20:])
    (other / program.name).chmod(0o755)
PY
}

# The abstract name at which isorun listens for the instance NAME, and the inode of that socket.
socket_of() { # NAME
	python3 -c 'import os, sys
fds = "/proc/%s/fd/" % sys.argv[1]
own = [os.readlink(fds + n) for n in os.listdir(fds)]
for flags, kind, state, inode, *name in (l.split()[3:] for l in open("/proc/net/unix")):
    if "socket:[%s]" % inode in own and flags == "00010000" and kind == "0005": print(name[0][1:], inode)' \
		"$(first_pid "^$isorun .*--name $1 ")"
}

name_of() { socket_of "$1" | cut -d' ' -f1; }

# Sends isorun, raw, what is no request of any version, and prints the text of the answer.
send_nonsense() {
	run "${who[@]}" python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("\0" + sys.argv[1])
s.send(b"\1" + bytes(23))
answer = s.recv(5000)
print(answer[:6].decode(), answer[44:].rstrip(b"\0").decode())' "$1"
}

test_version() {
	local version
	version=$("$isorun" --version)
	version=${version#isorun }
	make_other
	"${who[@]}" "$isorun" -p "Optional=MemoryMax TasksMax" --name one sleep 720 2>"$tmp/isorun.err" &
	instance=$!
	await runs '^sleep 720$' && await "${who[@]}" "$isoctl" enter one true
	run "${who[@]}" "$tmp/other/isoctl" enter one true
	is "$label: an isoctl of another version is refused" "$status $err" "125 isoctl: one was started by isorun $version \
(control protocol $protocol), but this is isoctl 9.9 (protocol $((protocol + 1))): use isoctl $version for it, or restart the instance"
	ok "$label: ... and isorun says so" eventually grep -q "^isorun: notice: isoctl 9.9 (control protocol $((protocol + 1))) cannot \
talk to isorun $version (protocol $protocol): use isoctl $version for this instance" "$tmp/isorun.err"
	send_nonsense "$(name_of one)"
	is "$label: no request of any version" "$out" \
		"isorun cannot read the request: the version of isoctl is not $version: Protocol error"
	enter one echo still
	no_refusal is "$label: ... and its own isoctl goes on" "$out" still
	end one
	"${who[@]}" "$tmp/other/isorun" "${mode[@]}" --name two sleep 721 &
	instance=$!
	await runs '^sleep 721$'
	run "${who[@]}" "$tmp/other/isoctl" enter two echo reached
	is "$label: two of another version understand each other" "$out" reached
	enter two true
	is "$label: an isorun of another version is known" "$status $err" "125 isoctl: two was started by isorun 9.9 \
(control protocol $((protocol + 1))), but this is isoctl $version (protocol $protocol): use isoctl 9.9 for it, or restart the instance"
	kill "$(first_pid "^$tmp/other/isorun .*--name two ")"
	wait "$instance"
}

test_ends() {
	begin one
	"${who[@]}" "$isoctl" enter one sh -c 'sleep 701 & sleep 702' &
	await runs '^sleep 702$'
	also ok "$label: isoctl is killed" kill -KILL "$(first_pid "^$isoctl enter one sh -c sleep 701")"
	wait $! 2>/dev/null
	also ok "$label: ... and nothing is left" eventually gone '^sleep 70[12]$'
	: >"$tmp/term"
	"${who[@]}" "$isoctl" enter one sh -c 'trap "echo got it; exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$tmp/term" &
	await grep -q ready "$tmp/term"
	kill -TERM "$(first_pid "^$isoctl enter one sh -c trap")"
	wait $!
	is "$label: SIGTERM is handed on" "$? $(tail -n1 "$tmp/term")" "9 got it"
	rm -f "$tmp/ended"
	"${who[@]}" "$isoctl" enter one sleep 703 2>"$tmp/ended" &
	await runs '^sleep 703$'
	also ok "$label: isorun is ended" kill "$(first_pid "^$isorun .*--name one ")"
	wait "$instance"
	wait %2 2>/dev/null || wait $!
	also ok "$label: the end of the instance ends what entered" eventually gone '^sleep 703$'
	ok "$label: ... and isoctl says so" eventually grep -q "one has ended, and so has the command" "$tmp/ended"
	enter one true
	is "$label: what has ended cannot be entered" "$status $err" "125 isoctl: no such instance: \"one\"; see isoctl list"
}

# fd counts of isorun and of the reaper PID, which is not asked for here: that would be one more connection.
count_fds() { # process
	local pid
	for pid in "$(first_pid "^$isorun .*--name one ")" "$1"; do find "/proc/$pid/fd" -mindepth 1 | wc -l; done
}

# The reaper has no child but the payload.
is_alone() { [ "$(ps --ppid "$1" -o pid= | wc -l)" = 1 ]; }

has_fds() { [ "$(count_fds "$1")" = "$2" ]; }

test_leaks() {
	local before i pid
	begin one
	pid=$(reaper one)
	await is_alone "$pid" # begin has entered, and reaper has asked
	before=$(count_fds "$pid")
	for ((i = 0; i < 100; i++)); do "${who[@]}" "$isoctl" enter one true || echo failed; done >"$tmp/loop" 2>&1
	no_refusal is "$label: a hundred enter" "$(cat "$tmp/loop")" ""
	also no_refusal ok "$label: ... and leave no fd behind" eventually has_fds "$pid" "$before"
	also ok "$label: ... nor a zombie" eventually is_alone "$pid"
	end one
}

test_frozen() {
	begin one
	ctl freeze isorun-one.scope
	is "$label: list shows what is frozen" "$("${who[@]}" "$isoctl" list --no-legend | awk '{print $1, $3}')" "one frozen"
	enter one true
	like "$label: it is not entered" "$status $err" "125 isoctl: one is frozen: resume it with isoctl thaw one"
	run "${who[@]}" "$isoctl" status one
	like "$label: ... but shown, without what only it can tell" "$status $err $(tail -n1 <<<"$out")" "0  *"
	also unlike "$label: ... such as the plan" "$out" "*no_new_privs*"
	run "${who[@]}" "$isoctl" status --json one
	is "$label: ... also as JSON" "$status $("$top/tests/json-agrees.py" status 18 <<<"$out" 2>&1)" "0 "
	like "$label: ... where that is null" "$out" '*"state": "frozen"*"summary": null*'
	ctl thaw isorun-one.scope
	enter one echo thawed
	no_refusal is "$label: ... but when it is thawed" "$out" thawed
	end one
}

# A payload that tries to reach the socket of its own isorun, and to look into the reaper and who enters.
cat >"$tmp/attack.py" <<'PY'
import ctypes, errno, os, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def reach(name):
    try:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(b"\0" + name.encode())
        s.settimeout(3)
        s.send(b"\1\0\0\0" + b"\0" * 24)
        return "hung up" if not s.recv(1000) else "answered"
    except (BrokenPipeError, ConnectionResetError):
        return "hung up"
    except OSError as e:
        return errno.errorcode[e.errno]
print(reach(sys.argv[1]), flush=True)
if sys.argv[2] == "only": sys.exit()
traced = set()
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    for p in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if p == os.getpid(): continue
        try:
            comm = open(f"/proc/{p}/comm").read()
        except OSError:
            continue
        if not comm.startswith("isorun"): continue
        for what, f in { "seize": lambda: None if p == 1 and libc.ptrace(0x4206, p, 0, 0) == 0 else 1/0, "fd": lambda: os.readlink(f"/proc/{p}/fd/0"),
                         "mem": lambda: open(f"/proc/{p}/mem", "rb"), "environ": lambda: open(f"/proc/{p}/environ").read(),
                         "root": lambda: os.readlink(f"/proc/{p}/root") }.items():
            try:
                f()
                # Within execve it can be the command's by then, but for its name.
                if p == 1 or "isorun" in os.readlink(f"/proc/{p}/exe"): traced.add(what)
            except (OSError, ZeroDivisionError): pass
print("reached:", *sorted(traced), flush=True)
time.sleep(1000)
PY
chmod 644 "$tmp/attack.py"

attack() { # what, options...
	local i
	begin one "${@:2}"
	"${who[@]}" "$isorun" "${mode[@]}" --name two "${@:2}" -v "$tmp/attack.py:/attack.py:ro" \
		/usr/bin/python3 /attack.py "$(name_of one)" 2 >"$tmp/attack" 2>&1 </dev/null &
	await "${who[@]}" "$isoctl" enter two true 2>/dev/null
	await test -s "$tmp/attack"
	for ((i = 0; i < 20; i++)); do "${who[@]}" "$isoctl" enter two true; done
	await grep -q ^reached "$tmp/attack"
	like "$label, $1: a payload does not reach the socket" "$(head -n1 "$tmp/attack")" "@(EPERM|ECONNREFUSED|EAFNOSUPPORT|hung up)"
	# promise P14
	is "$label, $1: nor looks into the reaper or who enters" "$(tail -n1 "$tmp/attack")" "reached:"
	kill "$(first_pid "^$isorun .*--name two ")"
	end one
}

test_attack() {
	attack "default" -p SystemCallFilter=@debug
	[ "$(landlock_abi)" -lt 6 ] || attack "the host's network" -p PrivateNetwork=no -p SystemCallFilter=@debug
	attack "CAP_SYS_PTRACE" -p SystemCallFilter=@debug -p CapabilityBoundingSet=CAP_SYS_PTRACE
	[ "$(landlock_abi)" -lt 6 ] || attack "the host's network and CAP_SYS_PTRACE" -p PrivateNetwork=no \
		-p SystemCallFilter=@debug -p CapabilityBoundingSet=CAP_SYS_PTRACE
	# With 1, which is insecure, whoever changes its ids on its way in can be looked into for a moment.
	if [ "$(cat /proc/sys/fs/suid_dumpable)" = 1 ]; then
		skip "$label, PrivateUsers=full: a payload does not look into who enters" "fs.suid_dumpable is 1 here"
	elif has_private_ids; then
		attack "PrivateUsers=full" -p SystemCallFilter=@debug -p PrivateUsers=full
	fi
	# Where neither Landlock nor the filter is in the way: isorun itself looks who it is.
	begin one
	run "${who[@]}" unshare -Ur /usr/bin/python3 "$tmp/attack.py" "$(name_of one)" only
	is "$label: from another user namespace, isorun hangs up" "$out" "hung up"
	run "${who[@]}" unshare -Urpf /usr/bin/python3 "$tmp/attack.py" "$(name_of one)" only
	is "$label: from another pid namespace, too" "$out" "hung up"
	if [ "$label" = root ]; then
		run unshare -pf /usr/bin/python3 "$tmp/attack.py" "$(name_of one)" only
		is "$label: ... of the same users" "$out" "hung up"
	fi
	run "${who[@]}" /usr/bin/python3 "$tmp/attack.py" "$(name_of one)" only
	is "$label: ... and not on its owner" "$out" "answered"
	end one
}

cat >"$tmp/drive.py" <<'PY'
"""Drives a command in a terminal: each argument pair is what to wait for and what to type."""
import os, pty, select, struct, sys, termios, fcntl, time
patience = float(os.environ.get("TEST_PATIENCE", 10))
wait, go = os.pipe()
pid, master = pty.fork()
if pid == 0:
    os.read(wait, 1)
    os.execvp(sys.argv[1].split()[0], sys.argv[1].split())
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
before = termios.tcgetattr(master)
os.write(go, b"!")
seen = b""
def until(text):
    global seen
    end = time.monotonic() + patience
    while text not in seen and time.monotonic() < end:
        if not select.select([master], [], [], 0.1)[0]: continue
        try: data = os.read(master, 4096)
        except OSError: return False
        seen += data
    found = text in seen
    seen = seen[seen.find(text) + len(text):] if found else seen
    if not found: print("waited for", text, "saw", seen)
    return found
for wait, kind in zip(sys.argv[2::2], sys.argv[3::2]):
    if not until(wait.encode()): break
    if kind.startswith("SIZE"):
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 88, 0, 0))
    elif kind.startswith("KILL"):
        os.kill(int(os.popen(f"pgrep -f '^{sys.argv[1]}' | sort -n | tail -n1").read()), 15)
    else:
        os.write(master, kind.encode().decode("unicode_escape").encode())
rest = b""
end = time.monotonic() + patience
status = None
while time.monotonic() < end:
    if status is None:
        p, s = os.waitpid(pid, os.WNOHANG)
        if p: status = s
    if select.select([master], [], [], 0.02)[0]:
        try: rest += os.read(master, 65536)
        except OSError: time.sleep(0.02)
        else: continue
    if status is not None: break
else: os.kill(pid, 9); status = 9
print((seen + rest).decode(errors="replace").replace("\r", ""))
print("status", os.waitstatus_to_exitcode(status), "restored", termios.tcgetattr(master) == before)
PY

echo '"$1" enter one sh -s <"$2"' >"$tmp/through"
terminal() { run "${who[@]}" /usr/bin/python3 "$tmp/drive.py" "$isoctl enter one${2:+ $2}" "${@:3}"; }

test_terminal() {
	local prompt='# '
	[ "$label" = root ] || prompt='$ '
	begin one
	terminal "" "/bin/sh" "$prompt" 'tty; stty size; echo marker-$((40+2))\n' marker-42 'exit 5\n'
	like "$label: a shell in a terminal, its status, and the terminal as it was" "$out" "*status 5 restored True"
	terminal "" "sh -c tty;stty\${IFS}size" "33 99" ""
	no_refusal like "$label: it is the instance's own terminal, of the right size" "$out" "*status 0 restored True"
	terminal "" "sh" "" 'tty\n' "/dev/pts/" 'exit\n'
	like "$label: ... by name" "$out" "*status 0 restored True"
	terminal "" "sh" "" 'sh -c "echo go-$((40+2)); exec sleep 705"\n' "go-42" '\x03' "^C" 'echo st=$?\n' "st=130" 'exit 0\n'
	like "$label: ^C reaches the foreground command" "$out" "*status 0 restored True"
	terminal "" "sh" "" 'for i in 1 2 3 4 5 6 7 8; do stty size; sleep 0.1; done\n' "33 99" 'SIZE' "44 88" 'exit 0\n'
	like "$label: a change of its size is handed on" "$out" "*status 0 restored True"
	terminal "" "seq 20000" "1" ""
	no_refusal like "$label: no output is lost at the end" "$out" "*19999
20000
*status 0 restored True"
	terminal "" "sh" "" 'echo re$((40+2))dy; exec sleep 706\n' "re42dy" "KILL"
	like "$label: the terminal is as it was when isoctl is killed" "$out" "*status 143 restored True"
	also ok "$label: ... and the command gone" eventually gone '^sleep 706$'
	echo '[ $(stat -Lc %d /proc/self/fd/2) != '"$(stat -c %d /dev/pts)"' ] || echo of the caller; stat -Lc %d /proc/self/fd/2 /dev/pts | uniq | wc -l; stty size <&1; seq 3; exit 4' >"$tmp/script-$label"
	run "${who[@]}" /usr/bin/python3 "$tmp/drive.py" "sh $tmp/through $isoctl $tmp/script-$label" "" ""
	is "$label: a terminal that is for output alone is none of the caller's either" "$out" "1
33 99
1
2
3

status 4 restored True"
	touch "$tmp/redirected-$label"
	chmod 666 "$tmp/redirected-$label"
	run "${who[@]}" /usr/bin/python3 -c 'import pty, sys
sys.exit(pty.spawn(["sh", "-c", sys.argv[1] + " enter one sh -c \"test -t 0 && ! test -t 1 && test -t 2 && echo yes\" >'"$tmp"'/redirected-'"$label"'"]))' "$isoctl"
	no_refusal is "$label: what is no terminal is passed on" "$(cat "$tmp/redirected-$label" 2>/dev/null)" yes
	end one
}

listed() { "${who[@]}" "$isoctl" list -q | grep -qx "$1"; }

# Prints how many processes list reads about, how many of them twice, how many system calls it makes, and how often it
# reads the table of users.
cost_of_list() {
	"${who[@]}" env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace "$isoctl" list 2>&1 >/dev/null | awk '
		match($0, /"\/proc\/[0-9]+\/status"/) { if (++seen[substr($0, RSTART, RLENGTH)] == 1) ++n; else ++twice }
		/openat.*"\/etc\/passwd"/ { ++users }
		END { print n + 0, twice + 0, NR, users + 0 }'
}

test_list() {
	begin one
	begin other
	is "$label: list" "$("${who[@]}" "$isoctl" list --no-legend | awk '{print $1, $2, $3}')" "one default running
other default running"
	is "$label: list -q" "$("${who[@]}" "$isoctl" list -q | tr '\n' ' ')" "one other "
	like "$label: list --json" "$("${who[@]}" "$isoctl" list --json | python3 -c 'import json, sys
i = json.load(sys.stdin)[0]; print(i["name"], i["state"], i["command"], i["cgroup"], i["nested"])')" \
		"one running /usr/bin/python3 /facts.py stay */isorun-one.scope \[\]"
	like "$label: list's legend" "$("${who[@]}" "$isoctl" list)" "NAME*POLICY*STATE*MEMORY*TASKS*CPU*AGE*USER*UNIT*COMMAND*"
	like "$label: ... user and unit" "$("${who[@]}" "$isoctl" list --no-legend one)" \
		"* $("${who[@]}" id -un) *isorun-one.scope /usr/bin/python3 /facts.py stay"
	local both alone reads=0
	read -ra both < <(cost_of_list)
	like "$label: status" "$("${who[@]}" "$isoctl" status --verbose other)" \
		"other*state*running*policy*default*first process*started*held by*isorun-other.scope*no_new_privs*yes*system calls?  allowed *accept *"
	like "$label: ... in ten lines" "$("${who[@]}" "$isoctl" status other | sed '1,/^$/d' | cut -d' ' -f1 | xargs)" \
		"policy command held network writes reads may calls limits users"
	like "$label: ... and its root" "$("${who[@]}" "$isoctl" status --tree other)" "*users *root?  / *?    /boot *empty*?      null *"
	enter o true
	like "$label: a beginning of two names" "$status $err" "125 isoctl: \"o\" matches more than one instance: one (*) other (*)"
	enter ot echo prefix
	no_refusal is "$label: a beginning of one" "$out" prefix
	enter isorun-other.scope echo unit
	no_refusal is "$label: the name of the unit" "$out" unit
	enter nothing true
	is "$label: no such instance" "$status $err" "125 isoctl: no such instance: \"nothing\"; see isoctl list"
	kill "$(first_pid "^$isorun .*--name one ")"
	await not listed one
	read -ra alone < <(cost_of_list)
	[ "$label" = root ] || reads=2 # root's own description of an instance is enough
	is "$label: list reads about isorun and the reaper of an instance, once each, as root about none" \
		"$((both[0] - alone[0])) ${both[1]}" "$reads 0"
	is_sanitized || ok "$label: ... and makes at most 40 system calls for an instance: $((both[2] - alone[2]))" \
		test $((both[2] - alone[2])) -le 40
	is "$label: ... and asks for the name of their user once" "${both[3]}" 1
	end other
}

# Attributes are believed only where they are found true.
test_lies() {
	begin one -p Delegate=yes
	"${who[@]}" "$isoctl" enter one sh -c 'mkdir /sys/fs/cgroup/fake && exec /usr/bin/python3 -c "import os, sys
for k, v in {\"name\": \"evil\\033[31m\", \"policy\": \"p\", \"command\": \"c\\n\", \"pid\": \"1\"}.items(): os.setxattr(\"/sys/fs/cgroup/fake\", \"user.isorun.\" + k, v.encode())
open(\"/sys/fs/cgroup/fake/cgroup.procs\", \"w\").write(str(os.getpid()))
os.execvp(\"sleep\", [\"sleep\", \"707\"])"' &
	await runs '^sleep 707$'
	like "$label: what is told of nested ones is escaped and shown below" "$("${who[@]}" "$isoctl" list --no-legend)" "one *
*evil?x1b*"
	is "$label: ... and not by list -q" "$("${who[@]}" "$isoctl" list -q)" one
	is "$label: ... as nested in JSON" "$("${who[@]}" "$isoctl" list --json | python3 -c 'import json, sys
print(len(json.load(sys.stdin)[0]["nested"]))')" 1
	enter $'evil\033[31m' true
	# promise P28
	like "$label: ... and never acted on" "$status $err" "125 isoctl: *evil* is nested in one, so isoctl cannot verify it from here*"
	end one
}

# In a service with User= nothing can be written down: it is found by its processes.
test_unmarked() {
	systemctl reset-failed isorun-test.service 2>/dev/null
	systemd-run --quiet --unit isorun-test -p User="$TH_USER" -p MemoryMax=100M -p TasksMax=50 -p Type=exec \
		"$isorun" "${mode[@]}" -p MemoryMax= -p MemorySwapMax= -p TasksMax= sleep 708
	await runs '^sleep 708$'
	is "a service without attributes is found" "$("$isoctl" list --no-legend | awk '{print $1, $2, $3}')" "isorun-test default running"
	like "... with its age, user, unit and command" "$("$isoctl" list --no-legend)" "* [0-9]*s $TH_USER *isorun-test.service sleep 708"
	run "$isoctl" enter isorun-test id -un
	is "... and entered by root" "$out" "$TH_USER"
	run "$as_user" "$isoctl" enter isorun-test.service id -un
	no_refusal is "... and by its owner" "$out" "$TH_USER"
	like "... and shown" "$("$isoctl" status --verbose isorun-test)" "*held by*isorun-test.service, the unit whose main process is isorun*"
	systemctl stop isorun-test.service
}

test_others() {
	who=()
	begin one
	run "$as_user" "$isoctl" enter one true
	# promise P29
	is "another user is refused" "$status $err" "125 isoctl: one is an instance of user 0: only that user and root may do this"
	run "$as_user" /usr/bin/python3 "$tmp/attack.py" "$(name_of one)" only
	is "... by isorun itself" "$out" "hung up"
	end one
	who=("$as_user")
	begin one
	run "$isoctl" enter one id -un
	is "root does not enter a user's instance by its name alone" "$status $err" \
		"125 isoctl: no such instance: \"one\"; for the instance of another user, write \"$TH_USER/one\""
	run "$isoctl" enter "$TH_USER/one" id -un
	is "... but as USER/NAME, as that user" "$out" "$TH_USER"
	run "$isoctl" enter "$(id -u "$TH_USER")/one" id -un
	is "... or UID/NAME" "$out" "$TH_USER"
	like "... and status says whose it is" "$("$isoctl" status "$TH_USER/one")" "$TH_USER/one*user*$TH_USER ($(id -u "$TH_USER"))*"
	end one
	who=()
	begin one
	for name in one longer /isorun.slice/isorun-one.scope $'red\033[31m\none'; do
		"$as_user" /usr/bin/python3 -c 'import os, sys, time
cgroup = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1] + "/lie%d" % os.getpid()
os.mkdir(cgroup)
os.setxattr(cgroup, "user.isorun.name", sys.argv[1].encode())
open(cgroup + "/cgroup.procs", "w").write("0")
time.sleep(710)' "$name" &
	done
	await sh -c '[ "$(pgrep -fc "^/usr/bin/python3 .*sleep.710")" = 4 ]'
	sleep 0.3
	for name in one o isorun-one.scope /isorun.slice/isorun-one.scope; do
		enter "$name" sh -c 'echo $(id -u) $(cat /proc/1/comm)'
		is "root's instance is meant by $name, whatever another user calls his" "$out$err" "0 isorun"
	done
	enter long true
	is "... whose is not meant by a beginning" "$err" "isoctl: no such instance: \"long\"; see isoctl list"
	is "... nor listed by what is no name" "$("$isoctl" list -q | sort | tr '\n' ' ')" "one $TH_USER/longer $TH_USER/one "
	is "... and is marked" "$("$isoctl" list --no-legend "$TH_USER/*" | awk '{print $1, $3}' | sort | tr '\n' ' ')" \
		"$TH_USER/longer unverified $TH_USER/one unverified "
	pkill -f '^/usr/bin/python3 .*sleep.710'
	end one
	test_impostor
}

# Another user cannot take the name of the socket, because the kernel chooses it. Here he makes lines in /proc/net/unix
# that name the socket of isorun, and then his own.
test_impostor() {
	"$isorun" "${mode[@]}" --name one sleep 709 &
	instance=$!
	await runs '^sleep 709$' && await "$isoctl" enter one true
	"$as_user" python3 -c 'import socket, sys, time
def listen(name):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(b"\0" + name.encode())
    s.listen()
    return s
line = "\n0000000000000000: 00000002 00000000 00010000 0005 01 %s @impostor"
sockets = [listen("impostor"), listen("a" + line % sys.argv[1]), listen("z" + line % sys.argv[1])]
print("bound", flush=True)
sockets[0].accept()
time.sleep(600)' "$(socket_of one | cut -d' ' -f2)" >"$tmp/bound" 2>&1 &
	squatter=$!
	await grep -qs bound "$tmp/bound"
	is "another user has made lines that name his own socket" "$(grep -c '@impostor$' /proc/net/unix)" 3
	run "$isoctl" enter one echo reached
	also is "... and isoctl finds that of isorun" "$status $out$err" "0 reached"
	kill "$(first_pid '^(/usr/bin/)?python3 -c import socket, sys')"
	wait "$squatter" 2>/dev/null
	end one
}

all() {
	test_list
	test_same
	test_status
	test_version
	test_ends
	test_leaks
	test_frozen
	test_terminal
	test_lies
	test_attack
}

export SHELL=/bin/sh
label=root who=() bus=()
all
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user)
	all
	test_others
	test_unmarked
else
	skip "the same as another user" "no user to be"
fi
