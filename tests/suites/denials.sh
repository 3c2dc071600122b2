#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun --why: what it tells of the calls that the sandbox denied, and that it weakens nothing. The adversary runs under
# it, too (adversary.sh).
. "$(dirname "$0")/../lib.sh"
# A program inside has a tracer already, so a sanitizer cannot look for leaks there.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
policy=$tmp/mine.conf

# What the policy shows of the host, and what it hides.
make_files() {
	local owner=root
	capability=CapabilityBoundingSet
	[ "$label" = root ] || owner=$TH_USER capability=AmbientCapabilities
	mkdir -p /home/denials
	echo notes >/home/denials/notes
	chmod 755 /home/denials
	rm -rf "$tmp/shown"
	mkdir -m 755 "$tmp/shown" "$tmp/shown/hidden" "$tmp/shown/fixed"
	touch "$tmp/shown/hidden/file" "$tmp/shown/fixed/file" "$tmp/shown/closed"
	chown -R "$owner" "$tmp/shown"
	chmod 000 "$tmp/shown/closed"
	cat >"$policy" <<-END
		[Policy]
		Optional=MemoryMax MemorySwapMax TasksMax CPUQuota
		[Sandbox]
		BindReadOnlyPaths=$tmp/shown
		InaccessiblePaths=$tmp/shown/hidden
		RestrictAddressFamilies=AF_UNIX
		SystemCallFilter=~ptrace mount
	END
}

# Runs a script, whose end must be reached. What was told is in $told then.
why() { # options..., script
	box --why --policy "$policy" "${@:1:$#-1}" sh -c "exec 2>/dev/null; $(to_end "${@: -1}")"
	told=${err//isorun: /}
}

tells() { # description, lines, options..., script
	why "${@:3}"
	no_refusal is_reached "$label: $1: the program goes on" ""
	also is "$label: $1" "$told" "$2"
}

getpid=$(python3 -c "import sys; sys.path[:0] = ['$top/tests']; import calls; print(calls.number('getpid'))")
nothing="the sandbox has denied nothing"

test_files() {
	local shown=$tmp/shown
	tells "a hidden directory, each time" \
		"openat $shown/hidden/file: EACCES (3 times) – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$shown/hidden/file" \
		"for i in 1 2 3; do cat $shown/hidden/file; done"
	tells "a read-only mount" \
		"openat $shown/fixed/new: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$shown/fixed" \
		"(: >$shown/fixed/new)"
	tells "an existing file" \
		"openat $shown/fixed/file: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$shown/fixed/file" \
		"(: >$shown/fixed/file)"
	why "cat /home/denials/notes"
	refusal like "$label: a home is hidden, not missing" "$told" \
		"openat /home/denials/notes: ENOENT – /home/denials of the host is hidden: /home is *: -p BindReadOnlyPaths=/home/denials/notes"
	tells "a relative path" \
		"openat $shown/hidden/file: EACCES – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$shown/hidden/file" \
		"cd $shown; cat hidden/file"
	tells "a path from a directory" \
		"newfstatat $shown/hidden/file: EACCES – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$shown/hidden/file" \
		"python3 -Ic 'import os; os.stat(\"hidden/file\", dir_fd=os.open(\"$shown\", os.O_PATH))'"
	tells "what the host lacks, too" "$nothing" "cat /nonexistent/file $shown/hidden.not; ls $shown/missing"
	# Root may read it.
	[ "$label" = root ] || tells "what the host refuses, too" "$nothing" "cat $shown/closed; touch /etc/denials; ls /root"
}

test_filter() {
	tells "a call" "mount: EPERM – filtered by $policy:7 SystemCallFilter= – to allow: -p SystemCallFilter=mount
ptrace: EPERM – filtered by $policy:7 SystemCallFilter= – to allow: -p SystemCallFilter=ptrace" \
		"mount -t tmpfs x /mnt; python3 -Ic 'import ctypes; ctypes.CDLL(None).ptrace(16, 1, 0, 0)'"
	tells "a family of sockets" \
		"socket AF_INET: EAFNOSUPPORT (2 times) – filtered by $policy:6 RestrictAddressFamilies= – to allow: -p RestrictAddressFamilies=AF_INET" \
		"python3 -Ic 'import socket
for i in range(2):
    try: socket.socket()
    except OSError: pass'"
	shell "no ring of io_uring, and openat2 as without --why" "38 38" --why \
		'python3 -Ic "import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for call in (425, 437): libc.syscall(call, 1, None, None, 0) < 0 and print(ctypes.get_errno(), end=chr(32) if call == 425 else None)" | sed "s/ $//"'
	is "$label: ... and neither is told" "$err" "isorun: $nothing"
}

test_network() {
	# One system call each.
	run_python() { printf 'python3 -Ic "import os, socket\nsocket.socket(socket.%s).%s"' "$1" "$2"; }
	why_default() { policy=$top/policies/default.conf; tells "$@"; policy=$tmp/mine.conf; }
	why_default "an address in no network" \
		"connect 192.0.2.1:80: ENETUNREACH – the instance's own network leads nowhere – to allow: -p ConnectTo=192.0.2.1:80" \
		"$(run_python AF_INET "connect(('192.0.2.1', 80))")"
	why_default "a datagram" \
		"connect 192.0.2.1:53/udp: ENETUNREACH – the instance's own network has no name server; isorun finds only the names of peers – to allow: -p ConnectTo=HOST:PORT" \
		"$(run_python 'AF_INET, socket.SOCK_DGRAM' "connect(('192.0.2.1', 53))")"
	why_default "a datagram without connect" \
		"sendto 192.0.2.1:53/udp: ENETUNREACH (2 times) – the instance's own network has no name server; isorun finds only the names of peers – to allow: -p ConnectTo=HOST:PORT" \
		'python3 -Ic "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for send in lambda: s.sendto(b\"x\", (\"192.0.2.1\", 53)), lambda: s.sendmsg([b\"x\"], [], 0, (\"192.0.2.1\", 53)):
    try: send()
    except OSError: pass
a, b = socket.socketpair()
for i in range(3): a.send(b\"x\"); a.sendmsg([b\"x\"])"'
	python3 -Ic 'import os, socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666)' \
		"$tmp/shown/hidden/log"
	tells "a datagram to a socket of the host" \
		"sendto $tmp/shown/hidden/log: EACCES – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$tmp/shown/hidden/log" \
		"$(run_python 'AF_UNIX, socket.SOCK_DGRAM' "sendto(b'x', '$tmp/shown/hidden/log')")"
	why_default "the host's loopback" \
		"connect [::1]:22: ECONNREFUSED – inside, ::1 is the instance itself, not the host – to allow: -p ConnectTo=[::1]:22" \
		"$(run_python AF_INET6 "connect(('::1', 22))")"
	why_default "an abstract socket" \
		"connect @isorun-denials: ECONNREFUSED – abstract sockets belong to a network, and the instance has its own" \
		"$(run_python AF_UNIX "connect('\\0isorun-denials')")"
	why_default "a low port" \
		"bind 0.0.0.0:80: EACCES – the payload does not have CAP_NET_BIND_SERVICE – to allow: -p $capability=CAP_NET_BIND_SERVICE" \
		"$(run_python AF_INET "bind(('0.0.0.0', 80))")"
}

# What kills, and a limit of the policy.
test_deaths() {
	local kills='python3 -Ic "import ctypes, struct
libc = ctypes.CDLL(None)
code = ctypes.create_string_buffer(struct.pack(\"HBBI\" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, '"$getpid"', 6, 0, 0, 0x80000000, 6, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack(\"HxxxxxxQ\", 4, ctypes.addressof(code)))
libc.prctl(22, 2, ctypes.c_ulong(ctypes.addressof(program)), 0, 0)
libc.getpid()"'
	tells "a filter of the program's own" "getpid: SIGSYS – a filter that the program itself has loaded kills it" "$kills"
	run "${who[@]}" "$isorun" "${mode[@]}" sh -c "exec $kills"
	no_refusal like "$label: ... and without --why, a notice says how to find out" "$status $err" \
		"159 *isorun: notice: the command was killed by SIGSYS: * (isorun --why says which call it was)"
	box --why sh -c 'kill -SYS $$'
	is "$label: SIGSYS that a process sends names no filter" "$status $err" "159 isorun: $nothing"
	# The other threads wait in futex(2) and nanosleep(2), and end with SIGSYS as well.
	local threads='import ctypes, mmap, os, threading, time
for i in range(8): threading.Thread(target=threading.Event().wait if i % 2 else lambda: time.sleep(1000)).start()
libc = ctypes.CDLL(None)
'
	if grep -q x86_64 <<<"$(uname -m)"; then
		local code call
		# int 0x80, and a number of x32
		for call in '20 0x40000003 b814000000cd80c3' '39 0x4000003e b8270000400f05c3'; do
			read -r -a code <<<"$call"
			box --why python3 -Ic "$threads"'code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex("'"${code[2]}"'"))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()'
			is "$label: of several threads, the one with a call of another architecture (${code[1]}) is named" "$status $err" \
				"159 isorun: call ${code[0]} of another architecture (${code[1]}): SIGSYS – the filter kills the program, unless SystemCallArchitectures= names that architecture"
		done
	fi
	box --why python3 -Ic "$threads"'import struct
code = ctypes.create_string_buffer(struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, '"$getpid"', 6, 0, 0, 0x80000000, 6, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(code)))
libc.prctl(22, 2, ctypes.c_ulong(ctypes.addressof(program)), 0, 0)
libc.getpid()'
	is "$label: ... and for a filter of its own, no call is named that another thread may have made" "$status $err" \
		"159 isorun: a call of one of several threads: SIGSYS – a filter that the program itself has loaded kills it"
	tells "a limit" "openat: EMFILE (3 times) – denied by -p LimitNOFILE= – to allow: -p LimitNOFILE=VALUE" \
		-p LimitNOFILE=32 'python3 -Ic "import os
for i in range(40):
    try: os.open(\"/etc/passwd\", 0)
    except OSError: break
for i in range(2):
    try: os.open(\"/etc\", 0)
    except OSError: pass"'
	tells "a rename, by both paths" "rename $tmp/shown/fixed/file: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown/fixed
rename $tmp/shown/new: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown" \
		"python3 -Ic 'import os; os.rename(\"$tmp/shown/fixed/file\", \"$tmp/shown/new\")'"
}

# The filter lets root's setuid(2) pass, and the missing capability does not. A user has none outside either.
test_capability() {
	local lines=$nothing
	[ "$label" != root ] || lines="setuid: EPERM – the payload does not have CAP_SETUID – to allow: -p CapabilityBoundingSet=CAP_SETUID"
	tells "a capability" "$lines" "python3 -Ic 'import os; os.setuid(3)'"
}

test_payloads() {
	box --why sh -c 'echo begun; kill -TERM $$'
	is "$label: a death by a signal" "$status $out $err" "143 begun isorun: $nothing"
	box --why sh -c 'exit 7'
	is "$label: an exit status" "$status $err" "7 isorun: $nothing"
	no_refusal shell "a process stops, and goes on" "stopped
back" --why 'python3 -Ic "
import os, signal
pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    print(\"back\", flush=True)
    os._exit(0)
if os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]): print(\"stopped\", flush=True)
os.kill(pid, signal.SIGCONT)
os.waitpid(pid, 0)"'
	no_refusal shell "a program with threads executes another one" "done" --why 'python3 -Ic "
import os, threading
threads = [threading.Thread(target=lambda: [os.path.exists(chr(47) + str(i)) for i in range(200)]) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
threading.Thread(target=lambda: os.execv(\"/bin/echo\", [\"echo\", \"done\"])).start()
threading.Event().wait()"'
	also is "$label: ... and nothing is told" "$err" "isorun: $nothing"
}

# Paths, and how many there are, are the payload's choice.
test_hostile() {
	tells "control characters are escaped" \
		"openat $tmp/shown/fixed/\\x1b[1m\\x0anew: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown/fixed" \
		"python3 -Ic 'open(\"$tmp/shown/fixed/\" + chr(27) + \"[1m\" + chr(10) + \"new\", \"w\")'"
	tells "... and so are characters that reorder a line, and bytes that are no text" \
		"mkdir $tmp/shown/fixed/\xe2\x80\xaetxt: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown/fixed
mkdir $tmp/shown/fixed/\xff\xc3: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown/fixed" \
		"python3 -Ic 'import os
for name in chr(0x202e).encode() + b\"txt\", bytes([0xff, 0xc3]):
    try: os.mkdir(b\"$tmp/shown/fixed/\" + name)
    except OSError: pass'"
	why "python3 -Ic 'import os
for i in range(20000):
    try: os.mkdir(\"$tmp/shown/fixed/%d\" % i)
    except OSError: pass'"
	no_refusal is_reached "$label: a payload that fails in many ways: it goes on" ""
	also is "$label: ... 100 of them are shown" "$(grep -c "^mkdir $tmp/shown/fixed/[0-9]*: EROFS – " <<<"$told")" 100
	also like "$label: ... and the others are counted" "$(grep -v ^mkdir <<<"$told")" \
		"[0-9]* more that the sandbox denied are not shown
[0-9]* calls that failed have not been kept, because there were too many different ones"
}

# What a program does against the process that watches it: it gets nothing, and ends.
test_watcher() {
	local way option
	for way in many race race_numbers die trace vforks rings bomb storm; do
		for option in --why "--record=$tmp/records/$way.conf"; do
			mkdir -p "$tmp/records"
			chmod 777 "$tmp/records"
			rm -f "$tmp/records/$way.conf"
			box "$option" --policy "$policy" -v "$top/tests:/tests:ro" python3 -IBc "import sys
sys.path.insert(0, '/tests')
sys.argv = ['', '$way', '$tmp/shown']
exec(open('/tests/watched.py').read())"
			# promise P53
			is "$label: ${option%=*}: a hostile program, $way: it gets nothing, and ends" "$status $out" "0 nothing"
		done
	done
}

# Whether the host has a path, only its file system can say.
test_hanging() {
	local place=/home/denials/hanging job
	if ! has_fuse; then
		skip "$label: a file system that hangs" "no /dev/fuse"
		return
	fi
	mkdir -p $place
	rm -f "$tmp/fuse"
	"$top/tests/fuse.py" $place unread >"$tmp/fuse" &
	job=$!
	await grep -qs mounted "$tmp/fuse"
	tells "a file system of the host that hangs" \
		"openat $place/x: ENOENT – the host does not answer whether the sandbox denies that
openat $tmp/shown/hidden/file: EACCES – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$tmp/shown/hidden/file" \
		"cat $place/x $tmp/shown/hidden/file"
	kill "$job"
	wait "$job" 2>/dev/null
	umount -l $place
	rmdir $place
}

# Starts a command that says when it runs.
begin() { # options...
	rm -f "$tmp/begun"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --why "$@" sh -c 'echo begun; exec sleep 1000' >"$tmp/begun" 2>"$tmp/told" &
	await grep -qs begun "$tmp/begun"
}

# The tracer decides about what the filter denies, so nothing may run without it.
test_tracer() {
	local watcher
	begin
	watcher=$(pgrep -x isorun-watch)
	also is "$label: one process watches" "$(wc -w <<<"$watcher")" 1
	kill -KILL "$watcher"
	wait $!
	status=$? err=$(cat "$tmp/told")
	# promise P53
	also is "$label: the instance ends with its tracer" "$status $err" \
		"137 isorun: isorun-watch, which traced the command, was killed, and its report is lost"
	also unlike "$label: nothing of it is left" "$(pgrep -x isorun-watch)" "*?"
}

# While the command runs, isoctl why tells the same lines.
test_so_far() {
	local name=so-far-$label-$RANDOM
	begin_asking() { # options..., script
		rm -f "$tmp/begun"
		"${who[@]}" "$isorun" --quiet "${mode[@]}" --name "$name" "${@:1:$#-1}" sh -c "exec 2>/dev/null; ${*: -1}; echo begun; exec sleep 1000" >"$tmp/begun" 2>"$tmp/told" &
		await grep -qs begun "$tmp/begun"
	}
	begin_asking --why --policy "$policy" "mount -t tmpfs x /mnt; for i in 1 2 3; do cat $tmp/shown/hidden/file; done; (: >'$tmp/shown/fixed/a
b'); cat /nonexistent"
	run "${who[@]}" "$isoctl" why "$name"
	also is "$label: what was denied so far, while the command runs" "$status $out$err" \
		"1 mount: EPERM – filtered by $policy:7 SystemCallFilter= – to allow: -p SystemCallFilter=mount
openat $tmp/shown/hidden/file: EACCES (3 times) – hidden by $policy:5 InaccessiblePaths= – to allow: -p BindReadOnlyPaths=$tmp/shown/hidden/file
openat $tmp/shown/fixed/a\\x0ab: EROFS – read-only by $policy:4 BindReadOnlyPaths= – to allow: -p BindPaths=$tmp/shown/fixed"
	local lines=$out
	run "${who[@]}" "$isoctl" why --json "$name"
	no_refusal is "$label: ... as JSON, as its schema says" "$status $("$top/tests/json-agrees.py" why 27 <<<"$out" 2>&1)" "1 "
	also is "$label: ... with the same denials" "$(python3 -Ic 'import json, sys
print(*[(d["call"], d["object"], d["times"], d["errno"], d["mechanism"], d["origin"]["line"], d["allow"]) for d in json.load(sys.stdin)])' <<<"$out")" \
		"('mount', None, 1, 'EPERM', 'filter', 7, 'SystemCallFilter=mount') ('openat', '$tmp/shown/hidden/file', 3, 'EACCES', 'hidden', 5, 'BindReadOnlyPaths=$tmp/shown/hidden/file') ('openat', '$tmp/shown/fixed/a\\nb', 1, 'EROFS', 'mount', 4, 'BindPaths=$tmp/shown/fixed')"
	run "${who[@]}" "$isoctl" why "$name" read /etc/passwd
	no_refusal is "$label: ... and a question is answered" "$status $(head -n1 <<<"$out")" "0 read /etc/passwd: allowed"
	if [ "$label" = root ]; then
		run "$as_user" "$isoctl" why "$name"
		is "$label: ... but another user is refused" "$status $out$err" "125 isoctl: $name is an instance of user 0: only that user and root may do this"
	fi
	run "${who[@]}" "$isoctl" kill "$name"
	wait $!
	no_refusal is "$label: ... and the lines at the end are the same" "$(sed 's/^isorun: //' "$tmp/told")" "$lines"
	begin_asking --why true
	run "${who[@]}" "$isoctl" why "$name"
	no_refusal is "$label: nothing was denied so far" "$status $out$err" "0 $nothing"
	run "${who[@]}" "$isoctl" why --json "$name"
	no_refusal is "$label: ... as JSON" "$status $out$err" "0 []"
	run "${who[@]}" "$isoctl" kill "$name"
	wait $!
	begin_asking true
	run "${who[@]}" "$isoctl" why "$name"
	no_refusal like "$label: an instance that is not watched says so" "$status $out$err" "125 isoctl: $name: it was not started with --why or --record, so nothing has noted what it was denied: *"
	run "${who[@]}" "$isoctl" kill "$name"
	wait $!
	run "${who[@]}" "$isoctl" why "$policy"
	no_refusal is "$label: a policy needs a question" "$status $err" \
		"125 isoctl: $policy is not a running instance; about a policy, ask a question, such as: isoctl why $policy read /etc/passwd"
}

test_enter() {
	local name=denials-$label-$RANDOM
	begin --name "$name" --policy "$policy"
	verified "$name"
	run "${who[@]}" "$isoctl" enter "$name" -- python3 -Ic 'import ctypes
open("/etc/passwd").close()
libc = ctypes.CDLL(None, use_errno=True)
print("entered", libc.mount(b"x", b"/mnt", b"tmpfs", 0, None), ctypes.get_errno())'
	# promise P53
	also is "$label: a process that enters has the plan's filter" "$status $out $err" "0 entered -1 1 "
	run "${who[@]}" "$isoctl" kill "$name"
	wait $!
	is "$label: ... and is not watched" "$(cat "$tmp/told")" "isorun: $nothing"
}

test_options() {
	refused "--detach" "--why prints when the command has ended, so it cannot be combined with --detach" --why --detach true
	refused "--batch" "--batch cannot be combined with --why" --why --batch
	refused "other architectures" "*: SystemCallArchitectures=: --why cannot watch the system calls of other architectures*" \
		--why -p SystemCallArchitectures=native -p SystemCallArchitectures=x86 true
}

all() {
	make_files
	test_files
	test_filter
	test_network
	test_capability
	test_deaths
	test_payloads
	test_hostile
	test_watcher
	test_hanging
	test_tracer
	test_so_far
	test_enter
	test_options
}

mode=(-p "Optional=MemoryMax MemorySwapMax TasksMax CPUQuota")
as_everybody all
rm -r /home/denials
