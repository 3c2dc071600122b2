#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun-oci: its commands and those who call them, with bundles of busybox, run as root.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"

test_lifecycle() {
	local pid
	bundle root.readonly=false 'annotations={"a.b": "c"}' -- sh -c 'echo started >/tmp/it; exec busybox sleep 7654'
	oci create --bundle "$bundle" --pid-file "$tmp/pid" one
	no_refusal is "create makes a container" "$status$out$err" 0
	pid=$(cat "$tmp/pid")
	also is "... whose first process is that of the pid file, and runs a copy of isorun-oci" \
		"$(readlink "/proc/$pid/exe")" "/memfd:isorun-oci (deleted)"
	# promise P58
	also is "... and has no page of the file of isorun-oci" \
		"$(grep -o '/.*isorun-oci.*' "/proc/$pid/maps" | sort -u)" "/memfd:isorun-oci (deleted)"
	if is_sanitized; then
		skip "the size of the copy" "only without sanitizers"
	else
		also ok "... and the copy has at most 520 kB" test "$(stat -L -c %s "/proc/$pid/exe")" -le 520000
	fi
	also is "... and the command has not begun" "$(cat "$bundle/rootfs/tmp/it" 2>&1)" \
		"cat: $bundle/rootfs/tmp/it: No such file or directory"
	oci state one
	no_refusal is "state is JSON, as the specification has it" "$(python3 -c 'import json, sys
s = json.loads(sys.argv[1])
print(s["ociVersion"], s["id"], s["status"], s["pid"] == int(sys.argv[2]), s["bundle"] == sys.argv[3], s["annotations"])' \
		"$out" "$pid" "$bundle")" "1.0.2 one created True True {'a.b': 'c'}"
	oci create --bundle "$bundle" one
	like "a second container of the name is refused" "$status $err" "1 isorun-oci: the container one exists"
	oci start one
	no_refusal is "start starts it" "$status$out$err" 0
	await runs '^busybox sleep 7654$'
	no_refusal is "... and it runs" "$(status_of one) $(cat "$bundle/rootfs/tmp/it")" "running started"
	oci start one
	like "a second start is refused" "$status $err" "1 isorun-oci: cannot start one: it is running, not created"
	oci delete one
	like "a running container is not deleted" "$status $err" "1 isorun-oci: cannot delete one: it is running*"
	also is "... and goes on" "$(status_of one)" running
	oci --root "$tmp/none" list
	like "list with a --root that does not exist fails" "$status $err" "1 isorun-oci: cannot open $tmp/none: No such file or directory"
	oci list --format json
	no_refusal is "list has it, in one line" "$(python3 -c 'import json, sys
print([(c["id"], c["status"]) for c in json.loads(sys.argv[1])], sys.argv[1].count("\n"))' "$out")" "[('one', 'running')] 0"
	oci list
	no_refusal is "... and a table, whose columns are as wide as what is in them" "$status $(python3 -c 'import re, sys
head, row = ([(w.group(), w.start()) for w in re.finditer(r"\S+", line)] for line in sys.argv[1].splitlines())
print(row[0][0], row[2][0], row[3][0] == sys.argv[2], row[5][0], [w[1] for w in head] == [w[1] for w in row])' "$out" "$bundle")" \
		"0 one running True root True"
	oci list --quiet --format json
	no_refusal is "... and with --quiet only the IDs" "$status$out$err" 0one
	oci kill one 0
	no_refusal is "signal 0 asks whether it runs" "$status$out$err" 0
	oci kill one KILL
	no_refusal is "kill kills it" "$status$out$err" 0
	await is_status one stopped
	oci kill one 0
	like "... and says when it does not" "$status $err" "1 isorun-oci: cannot kill one: container not running"
	oci kill one TERM
	like "a stopped container is not signalled" "$status $err" "1 isorun-oci: cannot kill one: container not running"
	oci delete one
	no_refusal is "delete removes it" "$status$out$err$(ls "$state")" 0
	oci state one
	like "then it does not exist" "$status $err" "1 isorun-oci: the container one does not exist"
	oci delete --force one
	no_refusal is "delete --force does not mind that" "$status$out$err" 0
	oci create --bundle "$bundle" one
	oci kill one
	no_refusal is "TERM ends a container that was only created" "$status$out$err" 0
	await is_status one stopped
	oci start one
	like "... and it cannot be started" "$status $err" "1 isorun-oci: cannot start one: it is stopped, not created"
	oci delete one
}

test_status() {
	bundle -- sh -c 'exit 42'
	oci run --bundle "$bundle" box
	no_refusal is "run returns the command's status" "$status$out$err" 42
	if strace -o /dev/null true 2>/dev/null; then
		run patiently env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -f -o /dev/null -e trace=signalfd4 \
			-e inject=signalfd4:error=EMFILE:when=2 "$isorun_oci" --root "$state" run --bundle "$bundle" box
		like "run that cannot wait for the command ends it" "$status $err$(ls "$state")" \
			"1 isorun-oci: cannot wait for the process: Too many open files"
	else
		skip "run that cannot wait for the command" "strace cannot trace here"
	fi
	rm -f "$tmp/log"
	oci --debug --log "$tmp/log" --log-format json run --bundle "$bundle" box
	no_refusal is "--debug reports the steps, in the log" "$status $out$err $(python3 -c 'import json, sys
for line in map(json.loads, open(sys.argv[1])): print(line["level"], line["msg"].split(": ")[1], end=", ")' "$tmp/log")" \
		"42  debug config.json is read, debug the first process is there, debug the root is made, debug the command is executed, "
	oci --debug run --keep --bundle "$bundle" box
	no_refusal like "... without a log, on standard error" "$status $err" "42 isorun-oci: debug: * us, outside: config.json is read*executed"
	oci --debug state box
	no_refusal is "... and of other commands, there are none" "$status$err" 0
	oci delete box
	oci run --keep --bundle "$bundle" box
	no_refusal is "run --keep leaves the container, stopped" "$status $(status_of box)" "42 stopped"
	oci delete box
	bundle 'linux.namespaces=[{"type":"mount"},{"type":"uts"}]' 'linux.cgroupsPath="/isorun-oci-test"' \
		-- sh -c 'busybox sleep 7675 & busybox sleep 7676'
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7676$'
	oci kill box KILL
	also no_refusal ok "without a pid namespace, KILL reaches all processes" eventually gone '^busybox sleep 767[56]$'
	oci delete --force box
	bundle -- sh -c 'kill -9 $$; busybox sleep 7655' # pid 1 takes no signals from inside its namespace
	"$isorun_oci" --root "$state" run --bundle "$bundle" box &
	await runs '^busybox sleep 7655$'
	oci kill box 9
	wait $!
	no_refusal is "... and 128+N for a signal" $? 137
	bundle -- sh -c 'trap "echo caught; exit 3" TERM; echo ready; while :; do busybox sleep 0.05; done'
	rm -f "$tmp/said"
	"$isorun_oci" --root "$state" run --bundle "$bundle" box >"$tmp/said" &
	await grep -qs ready "$tmp/said"
	kill -TERM $!
	wait $!
	no_refusal is "run hands on signals" "$? $(tail -n1 "$tmp/said")" "3 caught"
	bundle -- missing
	oci run --bundle "$bundle" box
	like "a command that is missing is an error" "$status $err" \
		'1 isorun-oci: executable file missing not found in $PATH: No such file or directory'
	printf '#!/no/interpreter\n' >"$bundle/rootfs/bin/script"
	chmod 755 "$bundle/rootfs/bin/script"
	bundle -- /bin/script
	oci run --bundle "$bundle" box
	like "... and one whose interpreter is missing" "$status $err" \
		"1 isorun-oci: cannot execute /bin/script, whose interpreter is missing: No such file or directory"
	rm "$bundle/rootfs/bin/script"
	bundle -- /etc
	oci --log "$tmp/log" --log-format json create --bundle "$bundle" box
	like "... also in the log" "$status $(tail -n1 "$tmp/log")" \
		'1 {"level":"error","msg":"cannot execute /etc, which is a directory: Permission denied","time":"20*Z"}'
	also is "... and nothing is left" "$(ls "$state")" ""
	bundle 'mounts+={"destination":"/etc","type":"bind","source":"'"$bundle"'/rootfs/bin","options":["bind","noexec"]}' -- /etc/busybox true
	oci create --bundle "$bundle" box
	is "create finds a command in a noexec mount, before start" "$status $err" "1 isorun-oci: cannot execute /etc/busybox: Permission denied"
}

# A container whose first process has made cgroups of its own, as systemd does.
test_exec_cgroup() { # its cgroup
	local controller
	mkdir "/sys/fs/cgroup$1/below" "/sys/fs/cgroup$1/other"
	oci exec --cgroup other box busybox grep ^0: /proc/self/cgroup
	no_refusal is "exec --cgroup takes a cgroup below" "$status $out" "0 0::/other"
	oci exec --cgroup ../other box busybox true
	like "... and none elsewhere" "$status $err" "255 isorun-oci: --cgroup: bad sub cgroup path ../other: \`..\` components are not allowed"
	first_pid '^busybox sleep 7659$' >"/sys/fs/cgroup$1/below/cgroup.procs"
	also_inside "in the container's own cgroup while that can have processes" 0::/ 'busybox grep ^0: /proc/self/cgroup'
	while read -r pid; do echo "$pid" >"/sys/fs/cgroup$1/below/cgroup.procs"; done < <(cat "/sys/fs/cgroup$1/cgroup.procs")
	read -r controller _ <"/sys/fs/cgroup$1/cgroup.controllers" || controller=
	if [ "$controller" ] && echo "+$controller" >"/sys/fs/cgroup$1/cgroup.subtree_control"; then
		also_inside "... and otherwise in that of the first process" 0::/below 'busybox grep ^0: /proc/self/cgroup'
		echo "-$controller" >"/sys/fs/cgroup$1/cgroup.subtree_control"
	fi
	mkdir /sys/fs/cgroup/isorun-oci-other
	while read -r pid; do echo "$pid" >/sys/fs/cgroup/isorun-oci-other/cgroup.procs; done < <(cat "/sys/fs/cgroup$1/below/cgroup.procs")
	rmdir "/sys/fs/cgroup$1/below" "/sys/fs/cgroup$1/other" "/sys/fs/cgroup$1"
	oci exec box busybox true
	# promise P59
	like "exec: refused: the container's cgroup is gone, and its first process in another one" "$status $err" \
		"255 isorun-oci: cannot open *"
	mkdir "/sys/fs/cgroup$1"
	oci exec box busybox true
	# promise P65
	like "... or was made anew" "$status $err" "255 isorun-oci: the cgroup of box was removed, and $1 is another one now"
}

test_exec() {
	local ns=/proc/self/ns tasks word
	exec 7<"$bundle"
	bundle 'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":5}]}' \
		'linux.cgroupsPath="/isorun-oci-test"' 'linux.namespaces+={"type":"cgroup"}' \
		'process.rlimits=[{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]' -- busybox sleep 7659
	oci create --bundle "$bundle" box
	also_inside "in a container that was only created" created 'echo created'
	oci start box
	await runs '^busybox sleep 7659$'
	also_inside "all namespaces are the container's" \
		"$(for n in ipc uts net pid cgroup mnt; do readlink "/proc/$(first_pid '^busybox sleep 7659$')/ns/$n"; done)" \
		"for n in ipc uts net pid cgroup mnt; do busybox readlink $ns/\$n; done"
	# promise P59
	also_inside "groups can be added, and capabilities, which children do not inherit (CVE-2022-29162)" \
		"5 6 CapInh:0000000000000000 CapEff:0000000020000421 CapAmb:0000000000000000" -g 5 --additional-gids 6 --cap CAP_CHOWN \
		'busybox awk "/^Groups/ { printf \"%s %s \", \$2, \$3 } /^Cap(Inh|Eff|Amb)/ { printf \"%s%s%s\", \$1, \$2, /Amb/ ? \"\n\" : \" \" }" /proc/self/status'
	oci exec --cap CAP_FLY box true
	like "exec: an unknown capability" "$status $err" "255 isorun-oci: --cap: isorun-oci does not know this capability: CAP_FLY"
	also_inside "the cgroup and the root are, too" $'0::/\n/\n/' 'busybox grep ^0: /proc/self/cgroup; busybox realpath /../..; busybox readlink /proc/self/cwd'
	# promise P59
	also_inside "the filter is" "mkdir: can't create directory '/dev/x': Input/output error" 'busybox mkdir /dev/x 2>&1'
	# promise P59
	also_inside "capabilities are those of config.json, and no other" \
		"CapInh:0000000000000000 CapPrm:0000000020000420 CapEff:0000000020000420 CapBnd:0000000020000420 CapAmb:0000000000000000 NoNewPrivs:1" \
		'echo $(busybox grep -E "^(Cap|NoNew)" /proc/self/status | busybox tr -d "\t ")'
	also_inside "limits are" "100 200" 'echo $(ulimit -n) $(ulimit -H -n)'
	# promise P58
	also_inside "no fd of the caller comes through" $'0\n1\n2' 'busybox ls /proc/$$/fd'
	also_inside "options say what is different" "uid=3 gid=4 /dev x y" --user 3:4 --cwd /dev --env A=x --env B=y \
		'echo $(busybox id) $(pwd) $A $B'
	# promise P59
	also_inside "--user with one number is this user (CVE-2026-30892)" "uid=1 gid=0" --user 1 'busybox id'
	for word in "" : 1: :1 -1 +1 " 1" 4294967295 4294967297 1:4294967296 root; do
		oci exec --user "$word" box busybox id
		like "exec: refused: --user \"$word\"" "$status $err" "255 isorun-oci: --user: not UID or UID:GID: \"$word\""
	done
	oci exec --cwd /proc/self/fd/7 box busybox true
	like "exec: refused: a working directory that is an fd of the caller" "$status $err" "255 isorun-oci: *working directory /proc/self/fd/7: *"
	oci exec --preserve-fds 5 box busybox true
	# promise P58
	like "exec: refused: an fd of a directory" "$status $err" "255 isorun-oci: fd 7 is a directory *"
	oci exec box sh -c 'exit 9'
	no_refusal is "exec returns the command's status" "$status$out$err" 9
	oci exec box missing
	like "a command that is missing is an error" "$status $err" '255 isorun-oci: executable file missing not found in $PATH: *'
	echo '{"args":["sh","-c","echo $0 $A; busybox id -u"],"env":["PATH=/bin","A=b"],"cwd":"/","user":{"uid":5,"gid":5}}' >"$tmp/process"
	oci exec --process "$tmp/process" box
	no_refusal is "--process says all of it" "$status $out" $'0 sh b\n5'
	oci exec --process <(sleep 0.2; cat "$tmp/process") box
	no_refusal is "... from a pipe, too" "$status $out" $'0 sh b\n5'
	for option in --cwd=/dev --env=A=c --user=7 --additional-gids=7 --cap=CAP_CHOWN --apparmor=profile --process-label=a --no-new-privs; do
		oci exec --process "$tmp/process" "$option" box
		like "refused: --process beside ${option%%=*}, which it would hide" "$status $out$err" \
			"255 isorun-oci: --process cannot be combined with ${option%%=*}"
	done
	oci exec --process "$tmp/process" box sh -c 'echo ran'
	like "refused: --process beside a command" "$status $out$err" "255 isorun-oci: --process cannot be combined with a command"
	if ! grep -qs Y /sys/module/apparmor/parameters/enabled; then
		oci exec --apparmor profile box true
		like "refused: exec --apparmor without AppArmor" "$status $err" \
			"255 isorun-oci: this host does not have AppArmor, so the process cannot have the profile profile"
	fi
	if ! [ -e /sys/fs/selinux/enforce ]; then
		echo '{"args":["sh"],"cwd":"/","selinuxLabel":"x"}' >"$tmp/process"
		oci exec --process "$tmp/process" box
		like "exec: refused: a label without SELinux" "$status $err" \
			"255 isorun-oci: SELinux is not enabled on this host, so the process cannot have the label x"
	fi
	"$isorun_oci" --root "$state" exec --detach --pid-file "$tmp/pid" box busybox sleep 7660 </dev/null >/dev/null 2>&1
	no_refusal is "--detach does not wait" "$? $(tr '\0' ' ' <"/proc/$(cat "$tmp/pid")/cmdline")" "0 busybox sleep 7660 "
	oci pause box
	tasks=$(wc -l </sys/fs/cgroup/isorun-oci-test/cgroup.procs)
	oci exec box busybox true
	like "refused: exec in a paused container" "$status $err" "255 isorun-oci: cannot exec in a paused container: resume box first"
	"$isorun_oci" --root "$state" exec --ignore-paused box busybox echo went on >"$tmp/waited" 2>&1 &
	await eval "[ \"\$(wc -l </sys/fs/cgroup/isorun-oci-test/cgroup.procs)\" -gt $tasks ]"
	no_refusal is "exec --ignore-paused waits" "$(cat "$tmp/waited")" ""
	oci resume box
	wait $!
	also is "... until the container is resumed" "$? $(cat "$tmp/waited")" "0 went on"
	test_exec_cgroup /isorun-oci-test
	echo '{' >"$state/box/config.json"
	oci exec box true
	like "exec: a damaged copy of config.json is named" "$status $err" "255 isorun-oci: config.json:*: it is not JSON: *"
	oci update --pids-limit 5 box
	like "... by update, too" "$status $err" "1 isorun-oci: config.json:*: it is not JSON: *"
	oci delete --force box
	also ok "delete --force ends what exec has started" gone '^busybox sleep 7660$'
	# promise P65
	also ok "... and removes no cgroup that others have made at its path" rmdir /sys/fs/cgroup/isorun-oci-test
	await rmdir /sys/fs/cgroup/isorun-oci-other
	exec 7<&-
}

# Takes the terminal as an engine does, and prints what is written to it until its other end is closed.
take_terminal() { # path of the socket
	rm -f "$1"
	python3 -c 'import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.settimeout(60)
server.bind(sys.argv[1])
server.listen(1)
connection, _ = server.accept()
name, fds, *_ = socket.recv_fds(connection, 100, 1)
while fds:
    try:
        os.write(1, os.read(fds[0], 1000).replace(b"\r", b""))
    except OSError:
        break' "$1" >"$tmp/terminal" &
	await [ -S "$1" ]
}

has_child_with_number() { # pid, the child's number in its pid namespace
	local status
	for status in /proc/[0-9]*/status; do
		grep -qsE "^PPid:[[:space:]]$1\$" "$status" && grep -qsE "^NSpid:.*[[:space:]]$2\$" "$status" && return
	done
	return 1
}

# From the moment that the container can see it, a new process has nothing that a tracer there could take. exec waits to
# connect to a socket whose queue is full.
test_exec_traced() {
	local caps='"bounding":["CAP_SYS_PTRACE"],"permitted":["CAP_SYS_PTRACE"],"effective":["CAP_SYS_PTRACE"]' order full exec
	bundle "process.capabilities={$caps}" -- busybox sleep 7704
	oci create --bundle "$bundle" box
	oci start box
	begin_full "$tmp/queue"
	exec 8<"$bundle"
	"$isorun_oci" --root "$state" exec --pidfd-socket "$tmp/queue" box busybox true </dev/null >/dev/null 2>&1 &
	exec=$!
	await has_child_with_number $exec 2
	oci exec box sh -c "$(to_end 'cd /proc/2 && echo $(for i in exe root cwd; do busybox readlink $i; done; for i in fd/*; do echo ${i#*/} $(busybox readlink $i | busybox sed "s/:.*//"); done
		busybox awk "/^Cap/ { print \$1 \$2 }" status)')"
	exec 8<&-
	# promise P69
	is_reached "exec: a process of the container with CAP_SYS_PTRACE finds no fd and no capability of the host" \
		"/memfd:isorun-oci (deleted) / / 0 /dev/null 1 /dev/null 2 /dev/null 3 socket CapInh:0000000000000000 CapPrm:00000000000800c0 CapEff:00000000000800c0 CapBnd:0000000000080000 CapAmb:0000000000000000"
	kill $exec
	wait $exec
	end_full "$tmp/queue"
	if is_sanitized || ! strace -o /dev/null true 2>/dev/null; then
		skip "what exec gives up before a process is seen" "strace counts them only without sanitizers"
	else
		# A file for each process: in one file, strace divides the line of a call when another process makes one.
		run patiently strace -ff -qq -e signal=none -e trace=setns,close_range,dup2,capset,clone3 -o "$tmp/trace" \
			"$isorun_oci" --root "$state" exec --tty box busybox true
		order=$(sed -nE '/setns\(.*= 0/,/CLONE_PARENT/ s/^([a-z0-9_]+)\(.*/\1/p' "$(grep -l '^setns' "$tmp/trace".*)" | tr '\n' ' ')
		# promise P69
		no_refusal is "... also not before, nor the caller's terminal" "$status $order" "0 setns close_range capset dup2 dup2 dup2 clone3 "
	fi
	oci delete --force box
}

# The caller's terminal is raw meanwhile, so that ^C is the command's, and it has its settings again afterwards.
test_own_terminal() {
	cat >"$tmp/typist" <<-'END'
		import fcntl, os, pty, struct, sys, termios
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 66, 0, 0))
		before, text = termios.tcgetattr(master), b""
		def until(word):
		    global text
		    while word not in text:
		        text += os.read(master, 1000)
		until(b"ready")
		os.write(master, b"\x03")
		until(b"last")
		status = os.waitpid(pid, 0)[1]
		print(text.replace(b"\r", b"").decode().strip(), os.waitstatus_to_exitcode(status), termios.tcgetattr(master) == before)
	END
	bundle process.terminal=true -- sh -c 'trap "echo interrupted; busybox stty size; echo last; exit 6" INT; echo ready; while :; do busybox sleep 0.05; done'
	run timeout 60 python3 "$tmp/typist" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	no_refusal is "run connects a terminal to the caller's, with its size and its keys" "$status $out" $'0 ready\n^Cinterrupted\n44 66\nlast 6 True'
	also is "... and the container is gone" "$(ls "$state")" ""
}

# The caller's terminal is one that nobody reads, and is full by the time that the signal comes.
test_deaf_terminal() {
	cat >"$tmp/deaf" <<-'END'
		import array, fcntl, pty, subprocess, sys, termios, time
		master, slave = pty.openpty()
		run = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=slave)
		waiting = array.array("i", [0])
		while waiting[0] < 4095:
		    fcntl.ioctl(master, termios.FIONREAD, waiting)
		    time.sleep(0.02)
		run.terminate()
		raise SystemExit(run.wait())
	END
	bundle process.terminal=true -- sh -c 'trap "exit 6" TERM; busybox yes & wait'
	run patiently python3 "$tmp/deaf" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	no_refusal is "a signal reaches the command also if nobody reads the terminal of run" "$status $err$(ls "$state")" "6 "
	bundle process.terminal=true 'hooks={"startContainer":[{"path":"/bin/busybox","args":["yes"]}]}' -- busybox true
	run patiently python3 "$tmp/deaf" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P70
	is "TERM ends run whose terminal nobody reads while a hook writes to it" "$status $err$(ls "$state")" \
		"1 isorun-oci: a signal came before the command was executed"
}

test_terminal() {
	local how
	local tty=(process.terminal=true 'process.consoleSize={"height":33,"width":77}' 'process.user={"uid":1,"gid":1}')
	local script='[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && busybox stty size; : >/dev/tty && echo controlling; echo console >/dev/console; busybox stat -c %u /dev/console'
	bundle "${tty[@]}" -- sh -c "$script"
	take_terminal "$tmp/console"
	oci run --console-socket "$tmp/console" --bundle "$bundle" box
	wait $!
	no_refusal is "a container has the terminal that it gives to the engine" "$status $(cat "$tmp/terminal")" $'0 33 77\ncontrolling\nconsole\n1'
	for how in create "run --detach"; do
		# shellcheck disable=SC2086
		oci $how --bundle "$bundle" box
		like "$how: refused: a terminal without a console socket" "$status $err" "1 isorun-oci: a process with a terminal needs --console-socket*"
	done
	bundle -- busybox sleep 7662
	oci run --console-socket "$tmp/console" --bundle "$bundle" box
	like "refused: a console socket without a terminal" "$status $err" "1 isorun-oci: --console-socket: the process has no terminal"
	oci create --bundle "$bundle" box
	take_terminal "$tmp/console"
	oci exec --tty --console-socket "$tmp/console" box sh -c "[ -t 0 ] && : >/dev/tty && echo controlling"
	wait $!
	no_refusal is "exec, too" "$status $(cat "$tmp/terminal")" "0 controlling"
	echo word | "$isorun_oci" --root "$state" exec --tty box sh -c 'read x; [ -t 1 ] && echo "got $x"; exit 5' >"$tmp/shown" 2>&1
	no_refusal is "exec --tty without a socket connects the terminal to the caller" "$? $(cat "$tmp/shown")" $'5 word\ngot word'
	printf abc | patiently "$isorun_oci" --root "$state" exec --tty box busybox cat >"$tmp/shown" 2>&1
	no_refusal is "... and input that ends within a line ends, too" "$? $(cat "$tmp/shown")" "0 abcabc"
	oci delete --force box
	test_own_terminal
	bundle process.terminal=true 'hooks={"startContainer":[{"path":"/bin/sh","args":["sh","-c","echo said by the hook; exit 3"]}]}' -- busybox true
	oci run --bundle "$bundle" box
	is "run shows what a hook of startContainer that fails has written to the terminal" "$status $out $err$(ls "$state")" \
		"1 said by the hook isorun-oci: error running startContainer hook #0: /bin/sh: exit status 3: Operation canceled"
	local flood='["sh","-c","busybox yes | busybox head -c 100000"]'
	bundle process.terminal=true "hooks={\"startContainer\":[{\"path\":\"/bin/sh\",\"args\":$flood}]}" -- busybox true
	run patiently "$isorun_oci" --root "$state" run --bundle "$bundle" box
	no_refusal is "... also more than the terminal can hold, while the hook runs" "$status $(wc -c <"$tmp/out")" "0 100000"
	test_deaf_terminal
	mv "$bundle/rootfs/dev" "$bundle/rootfs/dev.real"
	mkdir -p "$bundle/rootfs/dev/pts"
	take_terminal "$tmp/console"
	bundle "${tty[@]}" root.readonly=false 'mounts=[{"destination":"/proc","type":"proc"}]' -- busybox true
	oci run --console-socket "$tmp/console" --bundle "$bundle" box
	like "refused: a terminal without a devpts" "$status $err" "1 isorun-oci: a terminal needs a devpts at /dev/pts: *"
	wait $!
	ln -s ../etc/hidden "$bundle/rootfs/dev/console"
	take_terminal "$tmp/console"
	bundle "${tty[@]}" root.readonly=false 'mounts=[{"destination":"/dev/pts","type":"devpts"}]' -- busybox true
	oci run --console-socket "$tmp/console" --bundle "$bundle" box
	# promise P57
	like "refused: a /dev/console that is a symlink" "$status $err" "1 isorun-oci: cannot mount /dev/console: Too many levels of symbolic links"
	wait $!
	rm -r "$bundle/rootfs/dev"
	mv "$bundle/rootfs/dev.real" "$bundle/rootfs/dev"
}

# Hooks of startContainer are files of the image.
test_start_hooks() {
	local filter
	filter='linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":5},{"names":["sync"],"action":"SCMP_ACT_KILL_PROCESS"}]}'
	hook() { echo "hooks={\"startContainer\":[{\"path\":\"/bin/busybox\",\"args\":[\"sh\",\"-c\",\"$1\"]}]}"; }
	bundle 'process.user={"uid":1,"gid":2}' "$filter" \
		"$(hook 'busybox id >&2; busybox grep -E ^NoNew\\|^CapBnd /proc/self/status >&2; busybox mkdir /dev/x')" -- sh -c 'echo command'
	oci run --bundle "$bundle" box
	# promise P64
	like "a hook of startContainer has the ids, capabilities and filter of the command" "$status $err" "1 uid=1 gid=2*
CapBnd:	0000000020000420
NoNewPrivs:	1
mkdir: can't create directory '/dev/x': Input/output error
isorun-oci: error running startContainer hook #0: /bin/busybox: exit status 1*"
	bundle process.noNewPrivileges=false "$filter" "$(hook 'busybox grep ^CapEff /proc/self/status >&2; busybox mkdir /dev/x')" -- sh -c 'echo command'
	oci run --bundle "$bundle" box
	# promise P64
	like "... also of a command without no_new_privs" "$status $err" "1 CapEff:	0000000020000420
mkdir: can't create directory '/dev/x': Input/output error
isorun-oci: error running startContainer hook *"
	refuses "a hook that the filter kills" "error running startContainer hook #0: /bin/busybox: ended by signal 31 (bad system call)*" \
		"$filter" 'hooks={"startContainer":[{"path":"/bin/busybox","args":["sync"]}]}'
	bundle "hooks={\"createContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat rootfs/etc/hidden >&2; ls -d rootfs/proc/self >&2; echo \$A\$LD_LIBRARY_PATH >&2\"]}]}" \
		'process.env=["PATH=/bin","A=image","LD_LIBRARY_PATH=lib"]' -- sh -c true
	A=caller oci run --bundle "$bundle" box
	# promise P64
	no_refusal is "a hook of createContainer has neither the environment of the command nor the root as working directory (CVE-2025-23266)" \
		"$status $err" "0 hidden
rootfs/proc/self
caller"
}

# A hook that writes its name, the status that it gets, and whether it is in the host's mount namespace.
test_hooks() {
	local hooks='' kind host
	host=$(readlink /proc/self/ns/mnt)
	cat >"$tmp/hook" <<-END
		#!/bin/bash
		state=\$(cat)
		case \$(readlink /proc/self/ns/mnt) in "$host") where=host ;; *) where=inside ;; esac
		echo "\$1 \$(sed 's/.*"status":"\\([a-z]*\\)".*/\\1/' <<<"\$state") \$where \$A" >>"$tmp/hooks"
		[ "\$1" != createRuntime ] || [ -e "/proc/\$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' <<<"\$state")/root$bundle/rootfs/dev/null" ] || echo incomplete >>"$tmp/hooks"
	END
	chmod 755 "$tmp/hook"
	for kind in prestart createRuntime createContainer poststart poststop; do
		hooks+="\"$kind\":[{\"path\":\"$tmp/hook\",\"args\":[\"hook\",\"$kind\"],\"env\":[\"PATH=/bin:/usr/bin\",\"A=b\"]}],"
	done
	bundle "hooks={$hooks\"startContainer\":[{\"path\":\"/bin/busybox\",\"args\":[\"sh\",\"-c\",\"/bin/busybox cat; echo\"]}]}" -- sh -c 'echo command >&2'
	oci run --bundle "$bundle" box
	no_refusal is "all hooks run" "$status $(cat "$tmp/hooks")" "0 prestart created host b
createRuntime created host b
createContainer created inside b
poststart running host b
poststop stopped host b"
	also like "... also that inside, before the command" "$err" '{*"id":"box","status":"created","pid":1,*}
command'
	rm "$tmp/hooks"
	bundle 'process.env=["A=of the command","PATH=/bin"]' 'hooks={"startContainer":[{"path":"/bin/busybox","args":["sh","-c","echo $A >&2"]}]}' -- sh -c true
	oci run --bundle "$bundle" box
	no_refusal is "a hook of startContainer has the environment of the command" "$status $err" "0 of the command"
	bundle "annotations={\"long\":\"$(head -c 100000 /dev/zero | tr '\0' a)\"}" \
		'hooks={"prestart":[{"path":"/bin/busybox","args":["sh","-c","busybox tr -dc a | busybox wc -c >&2"]}],"startContainer":[{"path":"/bin/busybox","args":["sh","-c","busybox tr -dc a | busybox wc -c >&2"]}]}' -- sh -c true
	oci run --bundle "$bundle" box
	no_refusal like "... and each gets the state with all annotations, also if they are longer than a pipe" "$status $err" "0 1000[0-9][0-9]
1000[0-9][0-9]"
	bundle 'hooks={"prestart":[{"path":"/bin/busybox","args":["sh","-c","echo $A >&2"]}]}' -- sh -c true
	A="of the caller" oci run --bundle "$bundle" box
	no_refusal is "... others without one have that of isorun-oci" "$status $err" "0 of the caller"
	for kind in prestart createContainer startContainer; do
		refuses "a hook of $kind that fails" "error running $kind hook #0: /bin/busybox: exit status 1*" \
			"hooks={\"$kind\":[{\"path\":\"/bin/busybox\",\"args\":[\"false\"]}]}"
	done
	refuses "a hook that takes too long" "error running prestart hook #1: /bin/busybox: not done in 1 s" \
		'hooks={"prestart":[{"path":"/bin/busybox","args":["true"]},{"path":"/bin/busybox","args":["sleep","100"],"timeout":1}]}'
	refuses "a hook that is not there" "error running createRuntime hook #0: /no/hook: exit status 127" 'hooks={"createRuntime":[{"path":"/no/hook"}]}'
	refuses "a hook without a path" "config.json:*: /hooks/prestart/0: path must be absolute" 'hooks={"prestart":[{"path":"x"}]}'
	bundle 'ociVersion="1.2.1"' 'hooks={"poststart":[{"path":"/bin/busybox","args":["false"]},{"path":"/bin/busybox","args":["sh","-c","echo next >&2"]}]}' \
		-- sh -c 'exit 5'
	oci run --bundle "$bundle" box
	no_refusal is "a hook of poststart that fails is a notice, and the next one runs" "$status $err$(ls "$state")" \
		"5 isorun-oci: notice: error running poststart hook #0: /bin/busybox: exit status 1
next"
	bundle 'ociVersion="1.3.0"' 'hooks={"poststart":[{"path":"/bin/busybox","args":["false"]}]}' -- sh -c 'exit 5'
	oci run --bundle "$bundle" box
	like "... since version 1.3, it ends the container" "$status $err$(ls "$state")" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: exit status 1"
	bundle 'ociVersion="1.3.0"' 'hooks={"poststart":[{"path":"/bin/busybox","args":["false"]}]}' -- busybox sleep 7664
	oci create --bundle "$bundle" box
	oci start box
	like "... also one that start has started" "$status $err$(ls "$state")" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: exit status 1"
	also ok "... which has ended" gone '^busybox sleep 7664$'
	bundle 'ociVersion="1.3.0"' "hooks={\"poststart\":[{\"path\":\"/bin/busybox\",\"args\":[\"false\"]}],\"poststop\":[{\"path\":\"/bin/busybox\",
		\"args\":[\"sh\",\"-c\",\"[ -e $tmp/once ] || mkdir $tmp/once $state/box\"]}]}" -- busybox true
	oci run --bundle "$bundle" box
	# promise P65
	is "... and does not remove another one of its name, made meanwhile" "$status $(ls "$state")" "1 box"
	rmdir "$state/box" "$tmp/once"
	bundle 'hooks={"poststop":[{"path":"/bin/busybox","args":["false"]},{"path":"/bin/busybox","args":["sh","-c","echo next >&2"]}]}' -- sh -c 'exit 5'
	oci run --bundle "$bundle" box
	no_refusal is "a hook of poststop that fails is a notice, and the next one runs" "$status $err" \
		"5 isorun-oci: notice: error running poststop hook #0: /bin/busybox: exit status 1
next"
	test_start_hooks
}

# What crun has beside runc's command line.
test_crun() {
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	bundle -- busybox sleep 7665
	oci --cgroup-manager disabled create --bundle "$bundle" --pid-file "$tmp/pid" box
	no_refusal is "--cgroup-manager disabled: no cgroup" \
		"$status$out$err $(sed -n 's/^0:://p' "/proc/$(cat "$tmp/pid")/cgroup")" "0 $own"
	oci pause box
	like "... and what needs one is refused" "$status $err" "1 isorun-oci: box does not have a cgroup"
	oci exec --detach box busybox sleep 7674
	await runs '^busybox sleep 7674$'
	oci kill --all box TERM
	no_refusal is "... such as a signal to all, but for KILL" "$status $err" \
		"1 isorun-oci: cannot signal all processes of box: it does not have a cgroup (KILL ends all)"
	oci start box
	cp "$state/box/config.json" "$tmp/config.json"
	python3 -c 'import json, sys
config = json.load(open(sys.argv[1]))
config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
json.dump(config, open(sys.argv[1], "w"))' "$state/box/config.json"
	oci kill --all box KILL
	# promise P65
	like "... also KILL, if it does not end all: the host's processes" "$status $err" \
		"1 isorun-oci: cannot kill all processes of box: it has neither a cgroup nor a private pid namespace"
	oci delete --force box
	# promise P65
	like "... nor does delete remove it" "$status $err$(status_of box)" \
		"1 isorun-oci: cannot delete box: it has neither a cgroup nor a private pid namespace, *running"
	cp "$tmp/config.json" "$state/box/config.json"
	oci kill --all box KILL
	no_refusal is "... which kill --all sends" "$status$out$err" 0
	# promise P65
	also ok "... and none is left" eventually eval "! runs '^busybox sleep 76(65|74)$'"
	await is_status box stopped # a process that is ending has no command line any more
	oci delete box
	options=(--cgroup-manager disabled)
	refuses "a limit without a cgroup" "config.json: /linux/resources/*: a limit needs a cgroup*" \
		'linux.resources={"unified":{"pids.max":"9"}}'
	# promise P65
	refuses "the host's processes without a cgroup" \
		"config.json: /linux/namespaces: a container without a cgroup needs a new pid namespace: *disabled makes no cgroup)" \
		'linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]'
	refuses "device rules without a cgroup, for a user who can make devices" \
		"config.json: /linux/resources/devices needs a cgroup*drop CAP_MKNOD*" \
		'linux.resources={"devices":[{"allow":false,"access":"rwm"}]}' 'process.capabilities={"bounding":["CAP_MKNOD"]}'
	for id in cgroup cgroup2; do
		refuses "others' cgroups: $id" "config.json: /mounts/*: the container does not have a cgroup, so *" \
			'linux.namespaces+={"type":"cgroup"}' "mounts+={\"destination\":\"/sys/fs/cgroup\",\"type\":\"$id\",\"source\":\"cgroup\"}"
	done
	options=(--cgroup-manager else)
	refuses "an unknown --cgroup-manager" "--cgroup-manager: not cgroupfs or systemd or disabled: \"else\""
	options=(--systemd-cgroup --cgroup-manager disabled)
	refuses "two who make the cgroup" "--systemd-cgroup cannot be combined with --cgroup-manager disabled"
	options=()
	bundle -- sh -c "echo other"
	mv "$bundle/config.json" "$bundle/other.json"
	bundle 'no={"such":"field"}' -- sh -c "exit 9"
	oci run --config other.json --bundle "$bundle" box
	no_refusal is "--config names another file" "$status $out$err" "0 other"
	bundle 'linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]' -- busybox touch /tmp/ran
	mv "$bundle/config.json" "$bundle/other.json"
	oci --cgroup-manager disabled run --config other.json --bundle "$bundle" box
	like "... also in messages" "$status $err" "1 isorun-oci: other.json: /linux/namespaces: a container without a cgroup *"
	bundle -- sh -c "echo other"
	mv "$bundle/config.json" "$bundle/other.json"
	sed -i 's/"ociVersion": "[^"]*"/"ociVersion": "9"/' "$bundle/other.json"
	oci run --config other.json --bundle "$bundle" box
	like "... with their lines" "$status $err" "1 isorun-oci: other.json:*: /ociVersion: *"
	bundle -- busybox sleep 7666
	for id in one.a one.b two; do oci create --bundle "$bundle" "$id"; done
	oci delete --regex '^one'
	no_refusal is "delete --regex removes all that match" "$status$out$err $(ls "$state")" "0 two"
	oci delete --regex '('
	like "refused: what is not a regular expression" "$status $err" '1 isorun-oci: --regex: not a regular expression: "("'
	oci delete --force --regex ''
	like "refused: an expression that matches all by mistake" "$status $err $(ls "$state")" '1 isorun-oci: --regex: the expression is empty*two'
	mkdir "$state/made"
	oci delete --force --regex made
	like "a container that is being created stays" "$status $err $(ls -d "$state/made")" "0 isorun-oci: notice: made is not removed: * $state/made"
	oci delete --force made
	oci start two
	await runs '^busybox sleep 7666$'
	oci exec --cwd /tmp/missing two busybox true
	like "exec makes no working directory" "$status $err" \
		"255 isorun-oci: cannot open the working directory /tmp/missing: No such file or directory"
	oci delete --regex .
	like "... and does not kill without --force" "$status $err" "1 isorun-oci: cannot delete two: it is running*"
	oci delete --force --regex .
	no_refusal is "... but with it" "$status$out$err$(ls "$state")" 0
	refuses "the sysctl kernel.hostname" "config.json:*: /linux/sysctl/kernel.hostname: /hostname sets it" \
		'linux.sysctl={"kernel.hostname": "a"}'
	refuses "two domain names" "config.json*domainname and the sysctl kernel.domainname differ" \
		'linux.sysctl={"kernel.domainname": "a"}' 'domainname="b"'
	inside "a device whose path ends in a slash" "1:3" 'linux.devices=[{"path":"/dev/own/","type":"c","major":1,"minor":3}]' \
		'busybox stat -c %t:%T /dev/own'
	refuses "an option that the cgroup file system does not know" "cannot mount /sys/fs/cgroup of type cgroup (cgroup2: Unknown parameter *): Invalid argument" \
		'mounts+={"destination":"/sys/fs/cgroup","type":"cgroup","options":["no_such_option"]}' \
		'linux.namespaces+={"type":"cgroup"}'
}

# Annotations may come from the image.
test_annotations() {
	local who=(setpriv --groups "7,8")
	# Not root of the host: the namespace does not have the groups' ids, so they look like 65534.
	local user=("${who[@]}" unshare --user --map-root-user)
	inside "the caller's groups are dropped" 0 'busybox id -G'
	# promise P59
	refuses "root's groups are not kept, because an image can ask for that" \
		"config.json:*: /annotations: run.oci.keep_original_groups is not for root of the host, *" \
		'annotations={"run.oci.keep_original_groups":"1"}'
	who=("${user[@]}")
	inside "a user's are, with run.oci.keep_original_groups" "0 65534 65534" 'annotations={"run.oci.keep_original_groups":"1"}' 'busybox id -G'
	also is "... and a notice says so" "$err" "isorun-oci: notice: config.json:$(grep -n '"annotations"' "$bundle/config.json" |
		cut -d: -f1): /annotations: run.oci.keep_original_groups: the container has the caller's groups"
	who=(setpriv --groups "7,8")
	inside "... if it is 1" 0 'annotations={"run.oci.keep_original_groups":"0"}' 'busybox id -G'
	who=("${user[@]}")
	inside "... instead of those of config.json, which podman also gives" "0 65534 65534" 'annotations={"run.oci.keep_original_groups":"1"}' \
		'process.user={"uid":0,"gid":0,"additionalGids":[0]}' 'busybox id -G'
	also like "... and a notice says so" "$err" "*and not those of /process/user/additionalGids"
	refuses "... nor with a policy" "config.json:*: /annotations: run.oci.keep_original_groups is not for *" \
		'annotations={"run.oci.keep_original_groups":"1","isorun.policy":"default"}'
	who=()
	refuses "another value" "config.json:*: /annotations/run.oci.keep_original_groups: it is not 1 or 0" \
		'annotations={"run.oci.keep_original_groups":"all"}'
	refuses "an unknown system call, with run.oci.seccomp_fail_unknown_syscall" \
		"config.json:*: /linux/seccomp/syscalls: libseccomp does not know some system calls: no_such_call (*" \
		'annotations={"run.oci.seccomp_fail_unknown_syscall":"1"}' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}'
	bundle "annotations={\"run.oci.handler\":\"krun\",\"run.oci.hooks.stdout\":\"$tmp/annotated\",\"run.oci.pidfd_receiver\":\"$tmp/annotated\"}" \
		'hooks={"prestart":[{"path":"/bin/busybox","args":["echo","x"]}]}' -- busybox true
	ln -s "$tmp/annotated" "$bundle/rootfs/.krun_config.json"
	oci run --bundle "$bundle" box
	# promise P59
	like "others of crun are notices" "$status $(grep -c '/annotations/run.oci.[a-z_.]*: ignored: an annotation of crun' <<<"$err")" "0 3"
	# promise P57
	also no_refusal ok "... and write nothing to the host (CVE-2025-24965)" [ ! -e "$tmp/annotated" ]
	rm "$bundle/rootfs/.krun_config.json"
	if [ ! -e /proc/self/numa_maps ]; then
		skip "memory policies" "the kernel has none"
		return
	fi
	inside "the memory policy is set" bind:0 'linux.memoryPolicy={"mode":"MPOL_BIND","nodes":"0"}' \
		'busybox awk "NR == 2 { print \$2 }" /proc/self/numa_maps'
	bundle 'linux.memoryPolicy={"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_STATIC_NODES"]}' -- busybox sleep 7667
	oci run --detach --bundle "$bundle" box
	also_inside "also the memory policy" bind=static:0 'busybox awk "NR == 2 { print \$2 }" /proc/self/numa_maps'
	oci delete --force box
	refuses "an unknown memory policy" 'config.json:*: /linux/memoryPolicy/mode: isorun-oci does not know "MPOL_X"' \
		'linux.memoryPolicy={"mode":"MPOL_X"}'
	refuses "a memory policy without a mode" 'config.json:*: /linux/memoryPolicy/mode: it is missing' 'linux.memoryPolicy={}'
	refuses "a memory policy that the kernel refuses" 'config.json: /linux/memoryPolicy: cannot set it: Invalid argument' \
		'linux.memoryPolicy={"mode":"MPOL_INTERLEAVE"}'
	refuses "nodes that are no list" 'config.json:*: /linux/memoryPolicy/nodes: it is not a list of nodes such as 0-3,7' \
		'linux.memoryPolicy={"mode":"MPOL_BIND","nodes":"bad"}'
}

test_spec() {
	rm "$bundle/config.json"
	oci spec --bundle "$bundle"
	no_refusal is "spec writes a config.json" "$status$out$err" 0
	oci features
	also is "... of the newest version that features names" "$(sed -n 's/.*"ociVersion": "\(.*\)",/\1/p' "$bundle/config.json")" \
		"$(sed -n 's/.*"ociVersionMax": "\(.*\)",/\1/p' <<<"$out")"
	oci spec --bundle "$bundle"
	like "... but over none" "$status $err" "1 isorun-oci: cannot write $bundle/config.json: File exists"
	echo 'echo typed; exit 3' | "$isorun_oci" --root "$state" run --bundle "$bundle" box >"$tmp/shown" 2>&1
	no_refusal like "... which has a terminal, connected to the caller" "$? $(cat "$tmp/shown")" $'3 *\ntyped'
	sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"busybox", "sleep", "7672"/' "$bundle/config.json"
	oci create --bundle "$bundle" box
	no_refusal is "... and makes a container" "$status$out$err" 0
	oci start box
	await runs '^busybox sleep 7672$'
	also_inside "a container of spec" "isorun 0000000020000420 Read-only" \
		'echo $(busybox hostname) $(busybox awk "/^CapEff/ { print \$2 }" /proc/self/status) $(busybox touch /x 2>&1 | busybox grep -o Read-only)'
	oci events --stats box
	no_refusal is "events --stats is a line of JSON" "$status $(events "$out")" "0 stats box ['cpu', 'memory', 'pids'] True"
	"$isorun_oci" --root "$state" events --interval 100ms box >"$tmp/events" &
	await eval '[ "$(grep -c stats "$tmp/events")" -ge 2 ]'
	oci delete --force box
	wait $!
	no_refusal is "events ends with the container" $? 0
	oci events --interval never box
	like "events: an interval that is none" "$status $err" "1 isorun-oci: --interval: not a time: \"never\""
}

# This host need not have controllers, so podman is to set no limits.
test_podman() {
	podman_begin cgroupfs || return
	pod_runs "run, with its own filter" "0 Seccomp:2" box:1 sh -c 'busybox grep ^Seccomp: /proc/self/status | busybox tr -d "\t "'
	pod_runs "the command's status" "7 " box:1 sh -c 'exit 7'
	pod_runs "run -t" "0 tty" -t box:1 sh -c '[ -t 0 ] && printf tty'
	pod_runs "run --user" "0 5:6" --user 5:6 box:1 sh -c 'echo $(busybox id -u):$(busybox id -g)'
	pod_runs "run --volume" "0 hidden" -v "$bundle/rootfs/etc:/tmp:ro" box:1 sh -c 'busybox cat /tmp/hidden'
	# By its status: podman 4.3 has lost the output of such a short command once, in hundreds of runs.
	pod run --rm --read-only --tmpfs /tmp box:1 sh -c 'busybox touch /x 2>/tmp/x; busybox grep -q "Read-only file system" /tmp/x && exit 9'
	no_refusal is "podman: run --read-only" "$status" 9
	pod run --rm box:1 missing
	like "podman: a missing command" "$status $err" "127 *executable file missing not found in*"
	pod run --detach --name one box:1 sh -c 'trap "exit 4" TERM; echo said; while :; do busybox sleep 0.1; done'
	no_refusal is "podman: run --detach" "$status" 0
	await eval 'pod logs one; [ "$out" = said ]'
	pod exec one sh -c 'echo $(busybox cat /proc/1/comm)'
	no_refusal is "podman: exec" "$status $out" "0 sh"
	pod exec -t one sh -c '[ -t 0 ] && printf tty'
	no_refusal is "podman: exec -t" "$status $out" "0 tty"
	pod pause one
	pod ps --all --format '{{.Names}} {{.Status}}'
	like "podman: pause" "$status $out" "0 one Paused*"
	pod unpause one
	pod stop one
	pod ps --all --format '{{.Names}} {{.Status}}'
	like "podman: stop" "$status $out" "0 one Exited (4)*"
	pod rm one
	also no_refusal is "podman: rm" "$status $(ls /run/isorun-oci)" "0 "
	if [ -d /run/systemd/system ]; then
		podman_uses systemd
		pod run --detach --name two --uidmap 0:100000:1000 --gidmap 0:100000:1000 box:1 sh -c 'busybox sleep 7663'
		await runs '^busybox sleep 7663$'
		like "podman with systemd: a scope" "$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7663$')/cgroup")" \
			"/machine.slice/libpod-*.scope/container"
		pod exec two sh -c 'echo $(busybox cat /proc/1/comm)'
		no_refusal is "... exec" "$status $out" "0 busybox"
		pod_runs "run --userns=container:" "0 $(readlink "/proc/$(first_pid '^busybox sleep 7663$')/ns/user") 0 100000 1000" \
			--userns=container:two box:1 sh -c 'echo $(busybox readlink /proc/self/ns/user; busybox cat /proc/self/uid_map)'
		pod pause two
		pod unpause two
		no_refusal is "... pause and unpause" "$status" "0"
		pod rm --force --time 0 two
		also no_refusal is "... rm" "$status $(systemctl list-units --no-legend 'libpod-*.scope' | grep -v conmon)" "0 "
	fi
	podman_end
}

test_lifecycle
test_status
test_exec
test_exec_traced
test_terminal
test_hooks
test_crun
test_annotations
test_spec
test_podman
