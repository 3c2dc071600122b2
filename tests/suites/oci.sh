#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun-oci: bundles of busybox, run with runc's command line, as root and as a user.
. "$(dirname "$0")/../lib.sh"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP only root can make the containers of these tests"
	exit 0
fi

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

test_process() {
	note=" [no refusal]"
	inside "ids, groups and umask are those of config.json" "uid=1 gid=2 groups=3,4 0027" \
		'process.user={"uid":1,"gid":2,"additionalGids":[3,4],"umask":23}' 'echo "$(busybox id) $(umask)"'
	inside "the host name is set" box 'busybox hostname'
	touch "$tmp/uts"
	unshare --uts="$tmp/uts" true
	inside "a name is set in a joined uts namespace" "joined" hostname='"joined"' \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\",\"path\":\"$tmp/uts\"}]" 'busybox hostname'
	also is "... which keeps it" "$(nsenter --uts="$tmp/uts" hostname)" joined
	umount "$tmp/uts"
	trap '' HUP USR1 RTMIN+5
	inside "no signal is ignored" 0000000000000000 'busybox awk "/^SigIgn/ { print \$2 }" /proc/self/status'
	trap - HUP USR1 RTMIN+5
	inside "the working directory is made" "/tmp/a/b" root.readonly=false 'process.cwd="/tmp/a/b"' pwd
	inside "limits are set" "100 200" 'process.rlimits=[{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}]' \
		'echo $(ulimit -n) $(ulimit -H -n)'
	inside "oom_score_adj is set" 123 'process.oomScoreAdj=123' 'busybox cat /proc/self/oom_score_adj'
	inside "a sysctl is set" 1 'linux.sysctl={"net.ipv4.ip_forward": "1"}' 'busybox cat /proc/sys/net/ipv4/ip_forward'
	inside "variables are those of config.json" "PATH=/bin:A=b c:HOME=/" 'process.env=["PATH=/bin","A=b c"]' \
		'echo $(busybox tr "\0" ":" </proc/1/environ | busybox sed "s/:$//")'
	inside "the scheduler is set, with a nice value" "5 3" 'process.scheduler={"policy":"SCHED_BATCH","nice":5}' \
		'echo $(busybox cut -d" " -f19,41 /proc/1/stat)'
	inside "... and with flags: a child does not keep a nice value below 0" "-5 0" \
		'process.scheduler={"policy":"SCHED_BATCH","nice":-5,"flags":["SCHED_FLAG_RESET_ON_FORK"]}' \
		'echo $(busybox cut -d" " -f19 /proc/1/stat) $(busybox cut -d" " -f19 /proc/self/stat)'
	inside "the I/O priority is set" "best-effort: prio 6" \
		'process.ioPriority={"class":"IOPRIO_CLASS_BE","priority":6}' 'busybox ionice -p 1'
	if [ "$(uname -m)" = x86_64 ]; then
		inside "the personality is set" i686 'linux.personality={"domain":"LINUX32"}' 'busybox uname -m'
	fi
	inside "of several values of a variable, the last one counts" "b 1" 'process.env=["PATH=/bin","A=a","HOME=","A=b"]' \
		'echo $A $(busybox tr "\0" "\n" </proc/1/environ | busybox grep -c ^A=)'
	printf 'root:x:0:0::/home/root:/bin/sh\nother:x:5:5::/home/other:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
	inside "HOME is the user's in the root's passwd" /home/other 'process.user={"uid":5,"gid":5}' 'echo $HOME'
	inside "... where it is missing or empty" "/home/root" 'process.env=["PATH=/bin","HOME="]' 'echo $HOME'
	ln -sf /dev/zero "$bundle/rootfs/etc/passwd"
	inside "... and is / if that is no file" / 'echo $HOME'
	rm "$bundle/rootfs/etc/passwd"
	bundle 'process.user={"uid":5,"gid":5}' -- sh -c ': >/proc/self/fd/1; echo opened'
	"$isorun_oci" --root "$state" run --bundle "$bundle" box 2>&1 | cat >"$tmp/shown"
	is "a command of another user can open the pipe that it writes to" "$(cat "$tmp/shown")" opened
	mkfifo "$tmp/fifo"
	exec 8<>"$tmp/fifo"
	bundle 'process.user={"uid":5,"gid":5}' -- busybox true
	"$isorun_oci" --root "$state" run --bundle "$bundle" box >&8 2>"$tmp/err"
	# promise P57
	is "... and a pipe that has a name on the host keeps its owner" "$? $(stat -c %u "$tmp/fifo")" "0 0"
	exec 8>&-
	local user unheld='process.capabilities={"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	for user in 5 0; do
		bundle "process.user={\"uid\":$user,\"gid\":0}" "$unheld" -- sh -c 'busybox grep ^CapAmb: /proc/self/status | busybox tr -d "\t "'
		oci run --bundle "$bundle" box
		no_refusal like "ambient capabilities that are not inheritable are left out, with a notice but for root: user $user" \
			"$user $status $out $err" "@(5 0 CapAmb:0000000000000000 isorun-oci: notice: config.json:*: /process/capabilities: the ambient *|0 0 CapAmb:0000000000000000 )"
	done
	note=
	inside "capabilities are those of config.json, in all five sets" \
		"CapInh:0000000000000020 CapPrm:0000000000000020 CapEff:0000000000000020 CapBnd:0000000020000420 CapAmb:0000000000000020" \
		'process.user={"uid":1,"gid":1}' 'process.noNewPrivileges=false' \
		'process.capabilities={"bounding":["CAP_KILL","CAP_NET_BIND_SERVICE","CAP_AUDIT_WRITE"],"permitted":["CAP_KILL","CAP_NET_BIND_SERVICE"],"effective":["CAP_NET_BIND_SERVICE"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]}' \
		'echo $(busybox grep ^Cap /proc/1/status | busybox tr -d "\t ")'
	inside "without capabilities, root has none" "CapPrm:0000000000000000 CapBnd:0000000000000000" process.capabilities= \
		'echo $(busybox grep -E "^Cap(Prm|Bnd)" /proc/self/status | busybox tr -d "\t ")'
	inside "no_new_privs is set" "NoNewPrivs:1" 'busybox grep NoNewPrivs /proc/self/status | busybox tr -d "\t "'
}

test_root() {
	local secret=$tmp/secret
	echo secret >"$secret"
	inside "the root is read-only" "touch: /x: Read-only file system" 'busybox touch /x 2>&1'
	no_refusal inside "... or writable" "" 'root.readonly=false' 'echo >/written'
	also no_refusal ok "... and then it is the bundle's own" [ -e "$bundle/rootfs/written" ]
	rm -f "$bundle/rootfs/written"
	inside "the host's root and mounts are gone" "1 /" \
		'echo $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox wc -l) $(busybox realpath /../..)'
	inside "processes of the host are hidden" "1" 'for p in /proc/[0-9]*; do echo ${p#/proc/}; done'
	inside "masked paths are empty, also a directory" "0 0" 'linux.maskedPaths+="/etc/hidden"' 'linux.maskedPaths+="/etc/dir"' \
		'echo $(busybox wc -c </etc/hidden) $(busybox ls /etc/dir | busybox wc -l)'
	inside "read-only paths are, with the mounts below" "touch: /tmp/x: Read-only file system touch: /tmp/v/x: Read-only file system" \
		'root.readonly=false' 'mounts+={"destination":"/tmp/v","type":"tmpfs"}' 'linux.readonlyPaths+="/tmp"' \
		'echo $(busybox touch /tmp/x /tmp/v/x 2>&1)'
	inside "a volume can be read-only" "secret can't create /tmp/s: Read-only file system" 'root.readonly=false' \
		"mounts+={\"destination\":\"/tmp/s\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"rbind\",\"ro\"]}" \
		'echo $(busybox cat /tmp/s) "$( (echo x >/tmp/s) 2>&1 | busybox sed "s/.*: can/can/")"'
	also is "... and the file is as it was" "$(cat "$secret")" secret
	mkdir -m 751 "$bundle/rootfs/home"
	inside "a directory in memory has the mode of the one that it hides" "751 1777 700" \
		'mounts+={"destination":"/home","type":"tmpfs"}' 'mounts+={"destination":"/dev/new","type":"tmpfs"}' \
		'mounts+={"destination":"/dev/own","type":"tmpfs","options":["mode=700"]}' 'echo $(busybox stat -c %a /home /dev/new /dev/own)'
	rmdir "$bundle/rootfs/home"
	inside "a read-only /dev has its devices" "1:3 touch: /dev/x: Read-only file system" \
		'mounts+={"destination":"/dev","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/dev/below","type":"tmpfs"}' \
		'echo $(busybox stat -c %t:%T /dev/null) $(busybox touch /dev/x 2>&1)'
	inside "... also one that a remount makes read-only, however its path is written" "1:3 touch: /dev/x: Read-only file system" \
		'mounts+={"destination":"/./dev/","type":"tmpfs"}' 'mounts+={"destination":"/dev","options":["remount","ro"]}' \
		'echo $(busybox stat -c %t:%T /dev/null) $(busybox touch /dev/x 2>&1)'
	inside "of two remounts of /dev, the last one counts" "" 'mounts+={"destination":"/dev","options":["remount","ro"]}' \
		'mounts+={"destination":"/dev","options":["remount","rw"]}' 'busybox touch /dev/x 2>&1'
	inside "a remount changes a mount before it, when all mounts are made" "rw,nosuid,noexec touch: /tmp/x: Read-only file system" root.readonly=false \
		'mounts+={"destination":"/tmp/","type":"tmpfs","options":["nosuid"]}' 'mounts+={"destination":"/tmp/below","type":"tmpfs"}' \
		'mounts+={"destination":"/tmp","type":"bind","options":["bind","remount","ro"]}' \
		'mounts+={"destination":"/dev/b","type":"bind","source":"/etc","options":["ro"]}' 'mounts+={"destination":"/dev/b","options":["remount","rw","nosuid","noexec"]}' \
		'busybox touch /tmp/below/x && echo $(busybox awk "\$5 == \"/dev/b\" { print \$6 }" /proc/self/mountinfo | busybox grep -Eo "^rw,nosuid,noexec") $(busybox touch /tmp/x 2>&1)'
	ln -s /tmp "$bundle/rootfs/etc/to"
	inside "... the one that is at the end of a symlink, and no other" "rw ro" root.readonly=false \
		'mounts+={"destination":"/tmp/a","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to/a","type":"tmpfs","options":["ro"]}' \
		'mounts+={"destination":"/tmp/b","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to/a","options":["remount","rw"]}' \
		'echo $(busybox awk "\$5 ~ \"^/tmp/[ab]\" { o[\$5] = substr(\$6, 1, 2) } END { print o[\"/tmp/a\"], o[\"/tmp/b\"] }" /proc/self/mountinfo)'
	# promise P57
	refuses "a remount of what a symlink of the image leads to" "config.json:*: /mounts/7: remount: no mount before it has the destination /etc/to *" \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["ro"]}' 'mounts+={"destination":"/etc/to","options":["remount","rw"]}'
	rm "$bundle/rootfs/etc/to"
	refuses "a remount with options of the file system" "config.json:*: /mounts/6: remount changes only options of the mount itself" 'mounts+={"destination":"/dev/shm","type":"tmpfs","options":["remount","size=1m"]}'
	inside "options of access times hold" "noatime relatime" \
		"mounts+={\"destination\":\"/dev/a\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"rnoatime\"]}" \
		"mounts+={\"destination\":\"/dev/b\",\"type\":\"bind\",\"source\":\"$secret\",\"options\":[\"ratime\"]}" \
		'echo $(busybox awk "\$5 ~ \"^/dev/[ab]$\" { print \$6 }" /proc/self/mountinfo | busybox grep -Eo "noatime|relatime")'
	inside "a working directory that is missing is made, also in a read-only root" /new/directory process.cwd='"/new/directory"' pwd
	rm -r "$bundle/rootfs/new"
	inside "the loopback device of a new network is up" 1 'busybox ip addr show lo | busybox grep -c LOOPBACK,UP'
	inside "mounts have their options" "rw,nosuid,nodev,noexec,noatime" \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["nosuid","nodev","noexec","noatime","size=1m"]}' \
		'busybox sed -n "s,^[^ ]* /tmp tmpfs \([^ ]*\),\1,p" /proc/self/mounts | busybox sed "s/,size.*//"'
}

# An image can put symlinks where the runtime mounts, makes and hides things.
test_symlinks() {
	local out_there=$tmp/outside word
	mkdir -p "$out_there"
	ln -s "$out_there" "$bundle/rootfs/etc/absolute"
	ln -s "../../../../../../../../../../$out_there" "$bundle/rootfs/etc/relative"
	ln -s /proc/1/root/etc "$bundle/rootfs/etc/magic"
	for link in absolute relative; do
		# promise P57
		inside "a mount through a $link symlink stays in the root" "here" 'root.readonly=false' \
			"mounts+={\"destination\":\"/etc/$link/new\",\"type\":\"tmpfs\"}" \
			"busybox grep -q ' $out_there/new tmpfs' /proc/self/mounts && echo here"
		# promise P57
		inside "... and so does a working directory that is made (CVE-2026-55686): $link" "$out_there/work" 'root.readonly=false' \
			"process.cwd=\"/etc/$link/work\"" 'cd . && pwd -P'
		# promise P57
		also is "... and nothing of the host has changed" "$(ls -A "$out_there")" ""
		rm -rf "$bundle/rootfs/tmp/${out_there#/tmp/}"
	done
	echo host >"$out_there/file"
	for word in rootfs/etc/absolute "$bundle/rootfs/etc/relative"; do
		# promise P57
		refuses "a source in the root that is a symlink to the host: ${word##*/}" "cannot open /etc/${word##*/} of the container, the source of /dev/s (it leads through a symlink*: Too many levels of symbolic links" \
			"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$word\",\"options\":[\"bind\"]}"
		# promise P57
		refuses "... also with ids that are mapped: ${word##*/}" "cannot open /etc/${word##*/} of the container, *: Too many levels of symbolic links" 'linux.namespaces+={"type":"user"}' \
			'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
			"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$word\",\"options\":[\"bind\",\"idmap\"]}"
	done
	ln -s . "$bundle/alias"
	# promise P57
	refuses "... also by a symlink of the host that leads into the root" "cannot open /etc/absolute of the container, *" \
		"mounts+={\"destination\":\"/dev/s\",\"type\":\"bind\",\"source\":\"$bundle/alias/rootfs/etc/absolute\",\"options\":[\"bind\"]}"
	# promise P57
	refuses "... also by .. in the root" "config.json: /mounts/6: the source */alias/rootfs/../rootfs/etc/absolute leads to the root, and there it has \"..\": *" \
		'mounts+={"destination":"/dev/s","type":"bind","source":"alias/rootfs/../rootfs/etc/absolute","options":["bind"]}'
	rm "$out_there/file"
	ln -s /proc "$bundle/rootfs/etc/proc"
	# promise P57
	refuses "a source in the root that is a symlink to a procfs, which would have no masks" "cannot open /etc/proc of the container, *" \
		'mounts+={"destination":"/dev/s","type":"bind","source":"rootfs/etc/proc","options":["bind"]}'
	rm "$bundle/rootfs/etc/proc"
	inside "a source in the root is that of the container, with a mount before it" "all all" root.readonly=false 'mounts+={"destination":"/tmp","type":"tmpfs"}' \
		'mounts+={"destination":"/dev/s","type":"bind","source":"rootfs/tmp","options":["bind"]}' 'mounts+={"destination":"/dev/t","type":"bind","source":"alias/rootfs/tmp","options":["bind"]}' \
		'echo all >/tmp/x; echo $(busybox cat /dev/s/x /dev/t/x)'
	rm "$bundle/alias"
	# A volume is another one's, and the link leads out of it.
	mkdir "$tmp/volume"
	ln -s "$out_there" "$tmp/volume/link"
	# promise P57
	inside "a mount point is not made through a symlink of a volume (CVE-2024-45310, CVE-2021-30465)" "here" 'root.readonly=false' \
		"mounts+={\"destination\":\"/tmp/volume\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}" \
		'mounts+={"destination":"/tmp/volume/link/new","type":"tmpfs"}' \
		"busybox grep -q ' $out_there/new tmpfs' /proc/self/mounts && echo here"
	# promise P57
	also is "... and the host has no such directory" "$(ls -A "$out_there")" ""
	rm -rf "$tmp/volume" "$bundle/rootfs/tmp/"*
	# promise P57
	refuses "a mount of proc through a symlink" "proc must be mounted on ordinary directory paths, without symlinks: /etc/absolute/p: Too many levels of symbolic links" \
		"mounts+={\"destination\":\"/etc/absolute/p\",\"type\":\"proc\"}"
	refuses "... and of sysfs" "sysfs must be mounted on ordinary directory paths, without symlinks: /etc/absolute/s: *" \
		"mounts+={\"destination\":\"/etc/absolute/s\",\"type\":\"sysfs\"}"
	refuses "a mount over the root" "cannot mount /etc/.. over the root*" "mounts+={\"destination\":\"/etc/..\",\"type\":\"tmpfs\"}"
	ln -s /etc/hidden "$bundle/rootfs/etc/link"
	# promise P57
	inside "a symlink does not save a masked path" 0 'linux.maskedPaths+="/etc/link"' 'busybox wc -c </etc/hidden'
	inside "hidden directories share one in memory, which nobody can write, and each path is hidden once" "same 1 2" root.readonly=false \
		'linux.maskedPaths=["/etc/dir","/tmp","/etc/dir","/etc/hidden","/etc/hidden"]' \
		'[ "$(busybox stat -c %d /etc/dir)" = "$(busybox stat -c %d /tmp)" ] && echo same $(busybox touch /etc/dir/x /tmp/x 2>/dev/null || echo $?) $(busybox grep -Ec " /etc/(dir|hidden) " /proc/mounts)'
	rm "$bundle/rootfs/etc/"{absolute,relative,magic,link}
	mkdir "$tmp/volume"
	ln -s dev "$bundle/rootfs/data"
	# promise P57
	refuses "devices in a volume that a symlink of the image puts at /dev" "cannot make /dev/null: by a symlink of the image, it is in a bind mount*" \
		"mounts+={\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}"
	rm "$bundle/rootfs/data"
	mv "$bundle/rootfs/dev" "$bundle/rootfs/dev.real"
	mkdir "$bundle/rootfs/data"
	ln -s data "$bundle/rootfs/dev"
	# promise P57
	refuses "... or that /dev leads to" "cannot make /dev/null: by a symlink of the image, it is in a bind mount*" \
		"mounts+={\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"$tmp/volume\"}"
	also is "... and the host's directory is empty" "$(ls -A "$tmp/volume")" ""
	rm "$bundle/rootfs/dev"
	mv "$bundle/rootfs/dev.real" "$bundle/rootfs/dev"
	rmdir "$tmp/volume" "$bundle/rootfs/data"
	mv "$bundle/rootfs/dev" "$bundle/rootfs/dev.real"
	for word in "$out_there" "../../../../../../../../../../$out_there"; do
		echo host >"$out_there/ptmx"
		ln -s "$word" "$bundle/rootfs/dev"
		# promise P57
		inside "an image whose /dev is a symlink has its devices in the root (CVE-2026-41579, CVE-2026-47766): ${word%%/*}" "1:3 pts/ptmx" \
			'mounts=[{"destination":"/proc","type":"proc"}]' 'root.readonly=false' \
			"echo \$(busybox stat -c %t:%T $out_there/null) \$(busybox readlink $out_there/ptmx)"
		# promise P57
		also is "... and the host keeps its files" "$(ls "$out_there") $(cat "$out_there/ptmx")" "ptmx host"
		rm -r "$bundle/rootfs/dev" "$bundle/rootfs/tmp/${out_there#/tmp/}" "$out_there/ptmx"
	done
	mkdir "$bundle/rootfs/dev"
	ln -s ../etc/hidden "$bundle/rootfs/dev/null"
	# promise P57
	refuses "a symlink instead of /dev/null" "cannot make /dev/null: File exists" \
		'mounts=[{"destination":"/proc","type":"proc"}]' 'root.readonly=false'
	rm -r "$bundle/rootfs/dev"
	mv "$bundle/rootfs/dev.real" "$bundle/rootfs/dev"
	mv "$bundle/rootfs" "$bundle/other"
	ln -s other "$bundle/rootfs"
	bundle -- true
	oci run --bundle "$bundle" box
	like "refused: a root that is a symlink" "$status $err" "1 isorun-oci: cannot open the root $bundle/rootfs: *"
	rm "$bundle/rootfs"
	mv "$bundle/other" "$bundle/rootfs"
}

# The image, or a process that shares a volume, may exchange what the runtime itself uses: advisories of runc and crun.
test_exchanged() {
	local hook swapped=$tmp/swapped
	mkdir -p "$tmp/dev" "$tmp/rootfs.false"
	ln -sfn /etc/hidden "$tmp/dev/null"
	# promise P57
	inside "paths are masked by the host's /dev/null, and not by the container's (CVE-2025-31133)" "1:3 0 hidden" \
		"mounts=[{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":\"/dev/\",\"type\":\"bind\",\"source\":\"$tmp/dev\"}]" \
		'linux.maskedPaths=["/etc/dir/file"]' 'echo $(busybox stat -c %t:%T /etc/dir/file) $(busybox wc -c </etc/dir/file) $(busybox cat /etc/hidden)'
	bundle "mounts=[{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$tmp/dev\"}]" \
		'process.user={"uid":5,"gid":5}' -- sh -c "$(to_end 'busybox stat -L -c %t:%T /proc/$$/fd/0; busybox stat -c %u /etc/hidden')"
	run bash -c 'exec "$@" <&-' bash "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P57
	is_reached "an fd of 0 to 2 that is closed is the host's /dev/null, not that of the container (CVE-2026-88265)" $'1:3\n0'
	mkdir -p "$tmp/proc/sys/net/ipv4"
	: >"$tmp/proc/sys/net/ipv4/ip_forward"
	# promise P57
	inside "sysctls are written past what is mounted at /proc (CVE-2019-19921, CVE-2025-52881)" 1 'linux.maskedPaths=[]' 'linux.readonlyPaths=[]' \
		"mounts=[{\"destination\":\"/proc\",\"type\":\"bind\",\"source\":\"$tmp/proc\"},{\"destination\":\"/tmp\",\"type\":\"proc\"},{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]" \
		'linux.sysctl={"net.ipv4.ip_forward": "1"}' 'busybox cat /tmp/sys/net/ipv4/ip_forward'
	also is "... and not to that" "$(cat "$tmp/proc/sys/net/ipv4/ip_forward")" ""
	hook="{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"mv '$bundle/rootfs' '$swapped' && mv '$tmp/rootfs.false' '$bundle/rootfs'\"]}"
	# promise P57
	inside "a root that is exchanged after it has been opened changes nothing" hidden "hooks={\"createRuntime\":[$hook]}" 'busybox cat /etc/hidden'
	also no_refusal ok "... and it was exchanged" [ -d "$swapped/etc" ]
	rmdir "$bundle/rootfs"
	mv "$swapped" "$bundle/rootfs"
}

test_fds() {
	exec 5<"$bundle" 6<"$bundle"
	# promise P58
	inside "no fd of the caller comes through" $'0\n1\n2' 'busybox ls /proc/1/fd'
	bundle process.cwd='"/proc/self/fd/5"' -- busybox true
	oci run --bundle "$bundle" box
	# promise P58
	like "refused: a working directory that is an fd of the caller" "$status $err" \
		"1 isorun-oci: cannot * the working directory /proc/self/fd/5: *"
	exec 5<&- 6<&-
	exec 3<"$top/README.md"
	bundle -- sh -c "$(to_end 'busybox ls /proc/1/fd; busybox head -n1 <&3')"
	oci run --preserve-fds 1 --bundle "$bundle" box
	no_refusal is_reached "--preserve-fds passes one" "0
1
2
3
# isorun"
	exec 3<"$bundle"
	oci run --preserve-fds 1 --bundle "$bundle" box
	# promise P58
	like "... and no directory" "$status $out$err" \
		"1 isorun-oci: fd 3 is a directory or was opened with O_PATH: the command could reach files outside through it"
	run python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_PATH)
os.dup2(fd, 5)
os.dup2(5, 3)
os.execv(sys.argv[2], sys.argv[2:])' "$top/README.md" "$isorun_oci" --root "$state" run --preserve-fds 1 --bundle "$bundle" box
	# promise P58
	like "... nor what was opened with O_PATH" "$status $out$err" "1 isorun-oci: fd 3 is a directory or was opened with O_PATH: *"
	exec 3<&- 4<"$top/README.md"
	bundle -- sh -c "$(to_end 'busybox ls /proc/1/fd; busybox head -n1 <&4')"
	oci run --preserve-fds 5 --bundle "$bundle" box
	# promise P58
	no_refusal is_reached "... and only open ones: no fd of isorun-oci takes the place of one" "0
1
2
4
# isorun"
	exec 4<&-
	for fd in 3 5 6 7; do
		bundle "process.cwd=\"/proc/self/fd/$fd\"" -- busybox true
		oci run --preserve-fds 5 --bundle "$bundle" box
		# promise P58
		like "... nor can one be the working directory: $fd (CVE-2024-21626)" "$status $err" \
			"1 isorun-oci: cannot * the working directory /proc/self/fd/$fd*"
	done
	bundle -- sh -c "$(to_end 'echo $LISTEN_FDS $LISTEN_PID; busybox head -n1 <&3; busybox head -n1 <&4')"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<"$0"/README.md 4<"$0"/NEWS.md' "$top" "$isorun_oci" --root "$state" run --preserve-fds 1 --bundle "$bundle" box
	no_refusal is_reached "sockets of a service manager are passed on, and then the preserved fds" "1 1"$'\n'"$(head -n1 "$top/README.md")"$'\n'"$(head -n1 "$top/NEWS.md")"
	run sh -c 'LISTEN_PID=1 LISTEN_FDS=1 exec "$@" 3<"$0"' "$top/README.md" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	no_refusal like "... but not those of another process" "$status $out$err" "*3: Bad file descriptor*"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<"$0"' "$bundle" "$isorun_oci" --root "$state" run --bundle "$bundle" box
	# promise P58
	like "... nor a directory" "$status $out$err" "1 isorun-oci: fd 3 is a directory *"
	run sh -c 'LISTEN_PID=$$ LISTEN_FDS=200 exec "$@" 3<&-' sh "$isorun_oci" --root "$state" run --bundle "$bundle" box
	like "... and it is an error if one is not open" "$status $err" "1 isorun-oci: LISTEN_FDS: fd * is not open"
	test_pidfd
}

# Whoever gets the pidfd compares its process with that of the pid file.
test_pidfd() {
	local receiver
	receiver=$(cat <<-'END'
		import os, re, socket, subprocess, sys
		path, pid_file, *command = sys.argv[1:]
		with socket.socket(socket.AF_UNIX) as server:
		    server.bind(path)
		    server.listen()
		    status = subprocess.run(command).returncode
		    server.setblocking(False)
		    connection, _ = server.accept()
		    name, fds, _, _ = socket.recv_fds(connection, 100, 2)
		os.unlink(path)
		pid = re.search(r"^Pid:\s*(\d+)$", open(f"/proc/self/fdinfo/{fds[0]}").read(), re.M)[1]
		print(status, name.decode(), len(fds), pid == open(pid_file).read())
	END
	)
	bundle -- busybox sleep 7684
	run python3 -c "$receiver" "$tmp/pidfd" "$tmp/pid" "$isorun_oci" --root "$state" create --pidfd-socket "$tmp/pidfd" --pid-file "$tmp/pid" --bundle "$bundle" box
	no_refusal is "create --pidfd-socket sends a pidfd of the first process" "$out$err" "0 standard 1 True"
	oci start box
	run python3 -c "$receiver" "$tmp/pidfd" "$tmp/pid" "$isorun_oci" --root "$state" exec --detach --pidfd-socket "$tmp/pidfd" --pid-file "$tmp/pid" box busybox sleep 7685
	no_refusal is "... and exec, of its process" "$out$err" "0 setns 1 True"
	oci delete --force box
	rm -f "$tmp/pid"
	oci run --pidfd-socket "$tmp/none" --pid-file "$tmp/pid" --bundle "$bundle" box
	like "... and it is an error if nobody listens" "$status $err$(ls "$state")$(ls "$tmp/pid" 2>/dev/null)" \
		"1 isorun-oci: --pidfd-socket: cannot connect to $tmp/none: No such file or directory"
}

# What a container costs, in calls and in programs that are executed: docs/PERFORMANCE.md has the times. isorun-oci must not
# execute itself.
# Whether the kernel has PR_SET_MM_MAP (CONFIG_CHECKPOINT_RESTORE): without it, isorun-oci executes its copy.
can_change_exe() {
	python3 -c 'import ctypes
PR_SET_MM, PR_SET_MM_MAP_SIZE = 35, 15
raise SystemExit(ctypes.CDLL(None).prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, ctypes.byref(ctypes.c_uint()), 0, 0) != 0)'
}

test_calls() { # command of isorun-oci, most calls, executed programs, arguments...
	local calls executed trace=(strace -f -qq -e signal=none -o "$tmp/trace")
	if is_sanitized || ! strace -o /dev/null true 2>/dev/null; then
		skip "the system calls of $1" "strace counts them only without sanitizers"
		return
	fi
	if ! can_change_exe; then
		skip "the system calls of $1" "the kernel does not have CONFIG_CHECKPOINT_RESTORE"
		return
	fi
	run "${trace[@]}" "$isorun_oci" --root "$state" "$1" "${@:4}"
	calls=$(grep -vc 'resumed>' "$tmp/trace")
	executed=$(grep -cE ' execve(at)?\(' "$tmp/trace")
	no_refusal ok "$1 makes at most $2 system calls, and executes $3 programs" \
		test "$status$err" = 0 -a "$calls" -gt 50 -a "$calls" -le "$2" -a "$executed" = "$3"
	echo "# $1: $calls system calls, $executed programs"
}

test_budget() {
	bundle process.rlimits=[] 'linux.cgroupsPath="/isorun-oci-test"' -- busybox true
	test_calls run 505 2 --bundle "$bundle" box
	bundle process.rlimits=[] 'linux.cgroupsPath="/isorun-oci-test"' -- busybox sleep 7674
	oci create --bundle "$bundle" box
	oci start box
	test_calls exec 265 2 box busybox true
	oci delete --force box
}

# Whoever has opened /proc/PID/exe can write to that file when nothing executes it any more (CVE-2019-5736).
test_own_file() {
	local isorun_oci=$tmp/own sum
	cp "$build/src/isorun-oci" "$isorun_oci"
	sum=$(sha256sum <"$isorun_oci")
	bundle -- busybox sleep 7656
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	run python3 -c 'import os, subprocess, sys
kept = os.open(f"/proc/{sys.argv[1]}/exe", os.O_RDONLY)
subprocess.run(sys.argv[2:], check=True)
print("opened", flush=True)
os.write(os.open(f"/proc/self/fd/{kept}", os.O_WRONLY | os.O_APPEND), b"attack")' \
		"$(cat "$tmp/pid")" "$isorun_oci" --root "$state" delete --force box
	# promise P58
	like "root cannot write to the file of the first process" "$status $out $err" "1 opened *PermissionError: *Operation not permitted"
	also is "... and isorun-oci is as it was" "$(sha256sum <"$isorun_oci")" "$sum"
}

test_config() {
	refuses "a field of the wrong kind" "config.json:*: /mounts/0/destination: it must be a string*" 'mounts=[{"destination":3}]'
	# promise P59
	refuses "a field that is not supported" "config.json:*: /linux/intelRdt: not supported by isorun-oci yet*" \
		'linux.intelRdt={"closID":"x"}'
	refuses "an action that does not exist" 'config.json:*: /linux/seccomp/defaultAction: not an action*"SCMP_ACT_ASK"' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ASK"}'
	refuses "an agent for all calls" 'config.json:*: /linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be the default action' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/no/agent"}'
	refuses "an agent without a path" 'config.json:*: /linux/seccomp/syscalls/0: SCMP_ACT_NOTIFY needs listenerPath' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an agent for write(2)" 'config.json:*: /linux/seccomp/syscalls/0/names/1: SCMP_ACT_NOTIFY cannot be used for the write syscall' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/no/agent","syscalls":[{"names":["mkdir","write"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an agent that is not there" 'failed to connect with seccomp agent /no/agent: No such file or directory' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/no/agent","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}'
	refuses "an unknown operator of a filter" 'config.json:*: /linux/seccomp/syscalls/0/args/0: op is not an operator: "x"' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["close"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"x"}]}]}'
	refuses "an unknown architecture of a filter" 'config.json:*: /linux/seccomp/architectures/0: *' \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_PDP11"]}'
	refuses "no mount namespace" "config.json:*: /linux/namespaces: a mount namespace is missing*" 'linux.namespaces=[{"type":"pid"}]'
	refuses "a sysctl of the host" "config.json:*: /linux/sysctl/kernel.panic: the sysctl would change the host*" \
		'linux.sysctl={"kernel.panic":"1"}'
	refuses "a sysctl of the host's network" "config.json has sysctls, and joins the host's own network namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"uts"},{"type":"network","path":"/proc/self/ns/net"}]' 'linux.sysctl={"net.ipv4.ip_forward":"1"}'
	refuses "a name of the host's own uts namespace" "config.json has a host or domain name, and joins the host's own uts namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"uts","path":"/proc/self/ns/uts"}]' 'hostname="stolen"'
	refuses "a name without a uts namespace" "config.json:*: hostname and domainname need a new or joined uts namespace" \
		'linux.namespaces=[{"type":"mount"},{"type":"pid"}]' 'hostname="stolen"'
	refuses "a mount namespace of others" "config.json:*: /linux/namespaces/0: a mount namespace must be a new one: to make the root in /proc/1/ns/mnt would take their root from all processes there" \
		'linux.namespaces=[{"type":"mount","path":"/proc/1/ns/mnt"}]'
	refuses "an unknown namespace" "config.json:*: /linux/namespaces/5: not supported*space" 'linux.namespaces+={"type":"space"}'
	refuses "an unknown mount option of a bind mount" "config.json:*: /mounts/6/options: a bind mount has no such option: nosiud" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["nosiud"]}'
	refuses "... and one that restricts what a file system shows" "config.json:*: /mounts/6/options: a bind mount has no such option: hidepid=2" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["hidepid=2"]}'
	refuses "an unknown version" "config.json:*: /ociVersion: *" 'ociVersion="2.0.0"'
	bundle 'new={"a":1}' 'windows={"x":1}' -- busybox true
	oci run --bundle "$bundle" box
	# promise P59
	no_refusal is "fields that mean nothing here are notices, with their lines" "$status $err" "0 isorun-oci: notice: config.json:$(line_of '"new"'): /new: ignored: isorun-oci does not know this field
isorun-oci: notice: config.json:$(line_of '"windows"'): /windows: ignored: of another system"
	bundle 'mounts+={"destination":"/etc/dir","type":"bind","source":"/etc","options":["size=1k","ro","mode=700","sync"]}' \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["rro","rnosuid","silent"]}' \
		-- busybox grep -c -E ' /(etc/dir [a-z0-9]+ ro|tmp tmpfs ro,nosuid),' /proc/mounts
	oci run --bundle "$bundle" box
	# promise P59
	no_refusal is "a bind mount ignores options of a file system, with notices; rro makes a new mount read-only" "$status $out $err" "0 2 $(
		printf "isorun-oci: notice: config.json:$(($(line_of '"size=1k"') - 1)): /mounts/6/options: ignored: %s is an option of a file system, and a bind mount makes none\n" size=1k mode=700 sync)"
	echo '{"a": 1, "a": 2}' >"$bundle/config.json"
	oci run --bundle "$bundle" box
	like "refused: a key that is there twice" "$status $err" "1 isorun-oci: config.json:1: it is not JSON: duplicate*"
	oci run --bundle "$tmp/nowhere" box
	like "refused: no bundle" "$status $err" "1 isorun-oci: --bundle: cannot use the directory: No such file or directory"
	bundle -- true
	oci run --bundle "$bundle" ../box
	like "refused: a name that is a path" "$status $err" '1 isorun-oci: invalid container ID: "../box"*'
	chmod 777 "$state"
	oci run --bundle "$bundle" box
	like "refused: a directory of states that others can write to" "$status $err" "1 isorun-oci: others can write to $state*"
	chmod 700 "$state"
	for command in checkpoint restore; do
		oci $command box
		is "not there yet: $command" "$status $err" "1 isorun-oci: not supported by isorun-oci yet: $command"
	done
}

# The line of config.json that has a string; the string may be on a line after that of the object.
line_of() { grep -nF -- "$1" "$bundle/config.json" | cut -d: -f1 | head -n1; }

explains() { # description, key of an entry, string in config.json, [lines before it]
	like "explain: $1" "$(grep -- "^  $2 " <<<"$out")" "  *   # config.json:$(($(line_of "$3") - ${4-0}))"
}

says() { # description, bundle, action, object, expected verdict, string in config.json, [lines before it]
	run "$isoctl" why "$2" "$3" "$4"
	like "why: $1" "$status $out" "$([ "${5%%,*}" = allowed ] && echo 0 || echo 1) $3 $4: $5*  line     config.json:$(($(line_of "$6") - ${7-0}))*"
}

# What a bundle would do, and which line of config.json decides it; what why says is compared with what is so.
test_explain() {
	local script question expected said shown word filter
	filter='linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38},{"names":["socket"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":17,"op":"SCMP_CMP_EQ"}]}]}'
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'linux.resources={"pids":{"limit":77}}' 'process.env+="A=b"' -- busybox sleep 7681
	run "$isoctl" explain "$bundle"
	no_refusal is "explain sums up a bundle" "$status$err$(sed "s,$tmp,,g; s/ *#.*//" <<<"$out")" "0bundle   $(sed "s,$tmp,," <<<"$bundle")
command  busybox sleep 7681 in /
held by  a cgroup or scope
network  its own, which the engine sets up
writes   in memory, lost at the end: /dev /dev/shm /tmp
reads    the root $(sed "s,$tmp,," <<<"$bundle")/rootfs – hidden: /etc/hidden /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/scsi and 2 more
may      CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE
calls    SCMP_ACT_ALLOW but for the calls of its rules: 3
limits   pids.max=77 RLIMIT_NOFILE=1024
users    uid 0 gid 0 – in the caller's user namespace"
	like "... with the lines that decide" "$(grep ^limits <<<"$out")" "*   # config.json:$(line_of '"limit": 77'),*"
	run "$isoctl" explain --tree "$bundle"
	no_refusal is "explain --tree: the root that the command finds" "$status$err$(sed "1,/^root/d; s,$tmp,,g; s/ *#.*//" <<<"$out" | grep -E '^ +(/tmp|/etc/hidden|/proc|keys|sys) ')" "0    /etc/hidden           hidden
    /proc                 writable proc
      keys                hidden
      sys                 read-only
    /tmp                  writable tmpfs, noexec"
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'linux.resources={"pids":{"limit":77}}' 'process.env+="A=b"' 'process.apparmorProfile="profile"' 'process.selinuxLabel="a:b"' \
		'linux.mountLabel="a:c"' -- busybox sleep 7681
	run "$isoctl" explain --verbose "$bundle"
	no_refusal is "explain --verbose prints all of a bundle" "$status$err" 0
	explains "the command" command '"args"'
	explains "a profile" AppArmor '"apparmorProfile"'
	explains "a label" 'SELinux  *a:b' '"selinuxLabel"'
	explains "a label of files" 'SELinux  *a:c: of new file systems' '"mountLabel"'
	explains "a mount" /dev/shm '"destination": "/dev/shm"' 1
	explains "a hidden path" /etc/hidden '"/etc/hidden"'
	explains "a namespace" network '"type": "network"' 1
	explains "a limit" pids.max '"limit": 77'
	explains "a rule of the filter" "SCMP_ACT_ERRNO          mkdir mkdirat" '"mkdir",' 2
	run "$isoctl" explain --json "$bundle/config.json"
	no_refusal is "explain --json: as the schema says" "$("$top/tests/json-agrees.py" explain 150 <<<"$out" 2>&1)" ""
	says "a capability" "$bundle" capability CAP_NET_BIND_SERVICE allowed '"permitted"'
	says "a variable" "$bundle" environment A allowed '"A=b"'
	run "$isoctl" why "$bundle" read /bin/busybox write /bin/busybox environment A
	like "why: a label may deny what is allowed" "$status $out" \
		"1 read /bin/busybox: allowed*; the SELinux label a:b may deny it*write /bin/busybox: denied*environment A: allowed*"
	also unlike "... and nothing else" "${out#*may deny it}" "*may deny*"
	run "$isoctl" why "$bundle" environment HOME environment PATH environment B
	like "why: HOME is the root's, if config.json has none" "$status $out" \
		"1 environment HOME: depends*environment PATH: allowed*environment B: denied*"
	says "a limit" "$bundle" limit pids.max denied,\ EAGAIN '"limit": 77'
	says "a call" "$bundle" call mkdirat denied,\ ENOSYS '"mkdir",' 2
	says "a call with this argument" "$bundle" call 'socket(17,3)' denied,\ EPERM '"socket"' 2
	says "a call that depends" "$bundle" call socket depends '"socket"' 2
	says "a call that no rule names" "$bundle" call unshare allowed '"defaultAction"'
	says "the network" "$bundle" connect @x denied,\ ECONNREFUSED '"type": "network"' 1
	says "a read-only path" "$bundle" write /proc/sys/kernel/hostname denied,\ EROFS '"/proc/sys"'
	for question in read:/etc/dir/file write:/bin/busybox create:/etc/x create:/tmp/x create:/dev/shm/x read:/none write:/dev/null remove:/etc/dir/file; do
		run "$isoctl" why "$bundle" "${question%%:*}" "${question#*:}"
		said+="$question $([[ $out == *": allowed"* ]] && echo yes || echo no)"$'\n'
		case $question in
		read:*) word="busybox cat ${question#*:} >/dev/null" ;;
		write:*) word=": >>${question#*:}" ;;
		create:*) word=": >${question#*:}" ;;
		remove:*) word="busybox rm -f ${question#*:}" ;;
		esac
		script+="( $word ) 2>/dev/null && echo $question yes || echo $question no; "
	done
	shown=$("$isorun_oci" --root "$state" exec box true 2>&1)
	like "... there is no container yet" "$shown" "*the container box does not exist"
	bundle "$filter" 'linux.maskedPaths+="/etc/hidden"' 'mounts+={"destination":"/tmp","type":"tmpfs","options":["noexec"]}' \
		'process.rlimits=[{"type":"RLIMIT_NOFILE","soft":77,"hard":77}]' -- busybox sleep 7681
	oci create --bundle "$bundle" box
	oci exec box sh -c "$script"
	no_refusal is "why says of paths what is so" "$said" "$out"$'\n'
	sed -i 's/"soft": 77/"soft": 7/' "$bundle/config.json"
	run "$isoctl" why "$state/box" limit NOFILE
	like "a container has the config.json that it was made with" "$status $out" "1 *RLIMIT_NOFILE is 77 *"
	"$isorun_oci" --root "$state" delete --force box
	python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); json.dump(c, open(sys.argv[1], "w"))' "$bundle/config.json"
	"$isorun_oci" create --bundle "$bundle" box81
	run "$isoctl" why box81 call mkdirat
	like "why: a container by its ID; a config.json of one line has JSON pointers" "$status $out" \
		"1 call mkdirat: denied, ENOSYS*  line     config.json#/linux/seccomp/syscalls/0"*
	run "$isoctl" explain --verbose box81
	like "explain, too" "$status $out" "0 *  working directory       /   # config.json#/process/cwd"*
	run "$isoctl" stop box81
	like "stop says that it is not an instance" "$status $err" "125 isoctl: box81 is not an instance but a container: *"
	"$isorun_oci" delete --force box81
	expected='1 isoctl: no policy "box81" *'
	run "$isoctl" explain box81
	like "... until it is deleted" "$(( status > 0 )) $err" "$expected"
	bundle 'linux.seccomp={"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG"},{"names":["mkdir"],"action":"SCMP_ACT_TRAP"},{"names":["chmod"],"action":"SCMP_ACT_TRACE"}]}' \
		'process.user.umask=18' 'process.oomScoreAdj=5' 'process.terminal=true' 'domainname="example"' 'linux.cgroupsPath="/c"' \
		'hooks={"poststop":[{"path":"/bin/true"}]}' 'linux.sysctl={"net.ipv4.ip_forward":"1"}' \
		'process.rlimits=[{"type":"RLIMIT_CORE","soft":0,"hard":-1},{"type":"RLIMIT_NOFILE","soft":-1,"hard":-1}]' -- true
	run "$isoctl" why "$bundle" call read call mkdir call chmod call unshare connect 192.0.2.1:80 listen 80 limit NOFILE limit CPU
	like "why: each action of a filter, addresses and limits" "$status $(sed -n '/^ /! s/.*: //p' <<<"$out" | xargs)" \
		"1 allowed denied depends denied depends depends allowed allowed"
	also like "... with reasons" "$out" "*, and logs it*the signal SIGSYS*another program answers chmod*kills the process for unshare*devices are the engine's*NOFILE is unlimited*sets no CPU*"
	run "$isoctl" why "$bundle" call frobnicate
	like "why: a call that does not exist is an error" "$status $err" "125 isoctl: *frobnicate*"
	run "$isoctl" explain --verbose "$bundle"
	no_refusal like "explain: all of a bundle" "$status $out" "0 *domain name *example*hook *poststop: /bin/true*umask *0022*oom_score_adj *5*terminal *yes*RLIMIT_CORE *0:infinity*RLIMIT_NOFILE *infinity*sysctls*ip_forward*"
	bundle 'linux.namespaces=[{"type":"mount"},{"type":"pid"}]' 'hostname=null' -- true
	run "$isoctl" why "$bundle" connect @x connect 192.0.2.1:80 listen 80 call mkdir
	like "why: the network of the host, without a filter" "$status $out" \
		"0 *the network is the host's*whether a server is there*whether the port is free*there is no filter*"
	bundle 'process.env=["PATH=/bin","A=first","HOME=/x","A=second","HOME="]' -- true
	says "of several values of a variable, the last one counts" "$bundle" environment A allowed '"A=second"'
	run "$isoctl" why "$bundle" environment HOME
	like "... and an empty HOME is none" "$status $out" "1 environment HOME: depends*/etc/passwd*"
	mkdir -p "$tmp/devices"
	bundle "mounts+={\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$tmp/devices\",\"options\":[\"bind\"]}" \
		'linux.devices=[{"path":"/dev/own","type":"c","major":1,"minor":3}]' -- sh -c "$(to_end 'for d in null own; do [ -e /dev/$d ] && echo $d; done')"
	run "$isoctl" why "$bundle" read /dev/null read /dev/own
	like "why: a /dev that is bound has its own devices" "$status $out" "1 read /dev/null: denied, ENOENT*read /dev/own: denied, ENOENT*"
	run "$isoctl" explain --verbose "$bundle"
	also is "... for explain, too" "$status $(grep -c '^  /dev/own' <<<"$out")" "0 0"
	oci run --bundle "$bundle" box
	is_reached "... which is so" ""
	bundle 'linux.intelRdt={"closID":"x"}' -- true
	run "$isoctl" explain "$bundle"
	like "explain: what run refuses" "$status $err" "125 isoctl: config.json:$(line_of '"intelRdt"'): /linux/intelRdt: not supported*"
	bundle -- true
	run "$isoctl" explain "$bundle" -- true
	like "explain: a bundle has its own command" "$status $err" "125 *is a bundle: it has its own command*"
}

# Each word that features prints is one that config.json may have, and no other.
test_features() {
	local config words
	oci features
	config=$out
	bundle -- true
	words=$(python3 - "$bundle/config.json" "$config" <<-'END'
		import json, sys
		path, f = sys.argv[1], json.loads(sys.argv[2])
		c, linux = json.load(open(path)), f["linux"]
		ids = [{"containerID": 0, "hostID": 0, "size": 1}]
		made = {"tmpcopyup": "tmpfs"}
		c["mounts"].append({"destination": "/tmp/remount", "type": "tmpfs"})
		c["mounts"] += [{"destination": f"/tmp/{o}", "type": made.get(o, "bind"), "source": "/etc", "options": [o],
		                 **({"uidMappings": ids, "gidMappings": ids} if o.endswith("idmap") else {})} for o in f["mountOptions"]]
		c["linux"]["namespaces"] = [{"type": t} for t in linux["namespaces"]]
		c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = ids
		s = linux["seccomp"]
		c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "flags": s["supportedFlags"], "listenerPath": "/no/agent", "syscalls":
		    [{"names": ["acct"], "action": a, "args": [{"index": 0, "value": i, "op": "SCMP_CMP_EQ"}]} for i, a in enumerate(s["actions"]) if a != "SCMP_ACT_ALLOW"] +
		    [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "args": [{"index": i % 6, "value": i, "valueTwo": i, "op": o}]} for i, o in enumerate(s["operators"])]}
		c["process"]["capabilities"]["bounding"] = linux["capabilities"]
		c["hooks"] = {h: [{"path": "/bin/true"}] for h in f["hooks"]}
		json.dump(c, open(path, "w"))
		print(len(f["mountOptions"]) > 30, len(s["actions"]), len(s["operators"]), len(s["supportedFlags"]), len(linux["namespaces"]), len(f["hooks"]))
	END
	)
	run "$isoctl" explain "$bundle"
	no_refusal is "features: all that it prints is accepted" "$words $status$err" "True 9 7 4 8 6 0"
	words=
	also unlike "... and what is refused is not there" "$(tr -s ' \n' ' ' <<<"$config")" '*"intelRdt": {"enabled": true}*'
	refuses "a flag that features does not print" "config.json:*: /linux/seccomp/flags/0: not a flag that isorun-oci supports" \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}'
	refuses "a flag for an agent, without one" "config.json:*: /linux/seccomp: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs SCMP_ACT_NOTIFY" \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}'
}

# Fields that few engines write.
test_rare() {
	local map='[{"containerID":0,"hostID":3000,"size":1000}]' uptime='u=$(busybox cut -d. -f1 /proc/uptime); [ "$u" -gt 5000000 ] && echo later'
	inside "a time namespace has its offsets" later 'linux.namespaces+={"type":"time"}' \
		'linux.timeOffsets={"boottime":{"secs":5000000,"nanosecs":1},"monotonic":{"secs":3}}' "$uptime"
	bundle 'linux.namespaces+={"type":"time"}' 'linux.timeOffsets={"boottime":{"secs":5000000}}' \
		'process.execCPUAffinity={"initial":"0","final":"0"}' 'process.user={"uid":0,"gid":9}' -- busybox sleep 7683
	oci create --bundle "$bundle" box
	also_inside "the time namespace is the container's, and the CPUs those of execCPUAffinity" "later
Cpus_allowed_list: 0" "$uptime; echo \$(busybox grep Cpus_allowed_list /proc/self/status)"
	# promise P59
	also_inside "--user without a group keeps that of config.json" "uid=1 gid=9" --user 1 'busybox id'
	"$isorun_oci" --root "$state" delete --force box
	inside "a time namespace has its offsets in a user namespace, too" later 'linux.namespaces+={"type":"user"}' 'linux.namespaces+={"type":"time"}' \
		'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.timeOffsets={"boottime":{"secs":5000000}}' "$uptime"
	mkdir -p "$tmp/mapped"
	: >"$tmp/mapped/file"
	chown 7:8 "$tmp/mapped/file"
	inside "a mount maps ids" "3007 3008" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"uidMappings\":$map,\"gidMappings\":$map}" \
		'busybox stat -c "%u %g" /tmp/file'
	inside "... as the user namespace does" "7 8" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"ridmap\"]}" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'busybox stat -c "%u %g" /tmp/file'
	for word in "" ", in a user namespace"; do
		inside "... also of a source in a mount that comes before it$word" "3007 3008" ${word:+'linux.namespaces+={"type":"user"}' \
			'linux.uidMappings=[{"containerID":0,"hostID":0,"size":10000}]' 'linux.gidMappings=[{"containerID":0,"hostID":0,"size":10000}]'} \
			"mounts+={\"destination\":\"/dev/first\",\"type\":\"bind\",\"source\":\"$tmp/mapped\"}" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"rootfs/dev/first\",\"uidMappings\":$map,\"gidMappings\":$map}" \
			'busybox stat -c "%u %g" /tmp/file'
	done
	inside "... also as podman writes it for crun, with ids of the host and of the container" "7 8" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=uids=0-5-1#7-100007-1;gids=@0-0-10\"]}" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'busybox stat -c "%u %g" /tmp/file'
	for word in 'uids=0-1: not a range of ids, FILE-HOST-SIZE: *' 'uids=0-1-0: not a range*' 'uids=0-1-2-3: a range of ids has more than three numbers*' \
		'uids=@0-5-2;gids=0-0-1: the container does not have the ids @5 to @6 in one entry of its map' 'users=0-1-1: idmap= takes uids= and gids=, not \"users=0-1-1\"' \
		'uids=0-1-1: uidMappings and gidMappings must both be there, or neither'; do
		refuses "idmap=${word%%:*}" "config.json:*: /mounts/6*: ${word#*: }" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=${word%%:*}\"]}"
	done
	bundle "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap=uids=0-0-5;gids=0-0-5\"],\"gidMappings\":$map}" \
		-- busybox true
	oci run --bundle "$bundle" box
	like "refused: idmap= with only one map of the mount, which says that it is ignored" "$status $err" \
		"1 *ignored: the ids of idmap=, because the mount has uidMappings or gidMappings*must both be there, or neither"
	mount --bind "$tmp/mapped" "$tmp/mapped"
	mount --make-shared "$tmp/mapped"
	mount -o remount,bind,nosuid "$tmp/mapped"
	mkdir "$tmp/mapped/below"
	# promise P57
	inside "... and no mount below it appears on the host, also without rprivate" mounted 'linux.namespaces+={"type":"user"}' \
		'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' 'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"ridmap\"]}" \
		'process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}' \
		'busybox mount -t tmpfs none /tmp/below && echo mounted'
	also like "... a notice says that its options on the host do not hold" "$err" \
		"isorun-oci: notice: config.json: /mounts/6: a process with CAP_SYS_ADMIN can remove *"
	also is "... and none has" "$(grep -c " $tmp/mapped/below " /proc/self/mountinfo)" 0
	umount -l "$tmp/mapped"
	bundle -- sh -c 'echo $(busybox ls /) $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox wc -l)'
	oci run --no-pivot --bundle "$bundle" box
	like "--no-pivot: the root is the bundle's, and a notice says what is weaker" "$status $out$err" \
		"0 bin dev etc proc sys tmp 1*notice: --no-pivot: the host's mounts stay below the root*"
	bundle 'process.user={"uid":65534,"gid":65534}' process.capabilities= -- sh -c "$(to_end \
		'busybox unshare -U -r true && busybox unshare -U -r -m -p -f busybox mount -t proc none /tmp 2>/dev/null && echo uncovered')"
	oci run --no-pivot --bundle "$bundle" box
	# promise P57
	is_reached "--no-pivot: no process can mount a proc without the lids of the container's" ""
	if ! [ -e /sys/fs/selinux/enforce ]; then
		refuses "a label without SELinux" "SELinux is not enabled on this host, so the process cannot have the label a:b:c" \
			'process.selinuxLabel="a:b:c"'
		bundle 'linux.mountLabel="a:b:c"' -- busybox echo ran
		oci run --bundle "$bundle" box
		no_refusal is "... and one for files, which nobody would read, is a notice" "$status $out $err" \
			"0 ran isorun-oci: notice: config.json: /linux/mountLabel: ignored: SELinux is not enabled on this host"
	fi
}

policy() { # name, lines...
	mkdir -p "$tmp/config/isorun/policies"
	printf '%s\n' "${@:2}" >"$tmp/config/isorun/policies/$1.conf"
}

# Limits that only the policy has, and such as it lowers.
test_policy_limits() {
	policy few '[Scope]' 'TasksMax=5' 'MemoryMax=1G' '[Sandbox]' 'LimitCORE=0' 'LimitNOFILE=100' 'LimitFSIZE=7:8'
	bundle 'annotations={"isorun.policy":"few"}' 'linux.resources={"pids":{"limit":77},"memory":{"limit":2147483648},"unified":{"memory.max":"4K"}}' \
		'process.rlimits=[{"type":"RLIMIT_FSIZE","soft":5,"hard":6},{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]' -- busybox true
	run "$isoctl" why "$bundle" limit CORE limit NOFILE limit FSIZE limit pids.max limit memory.max
	shown=$(grep -oE 'RLIMIT_.*|(pids|memory)\..* is .*|line +.*' <<<"$out" | sed "s,$tmp/config/isorun/policies/,,; s/ for .*//" | tr -s ' \n' ' ')
	no_refusal is "why: a limit has the line that decided it" "$status $shown" \
		"1 RLIMIT_CORE is 0 line few.conf:5 RLIMIT_NOFILE is 100 line few.conf:6 RLIMIT_FSIZE is 5 line config.json:$(($(line_of '"RLIMIT_FSIZE"') - 1)) pids.max is 5 line few.conf:2 memory.max is 4096 line config.json:$(line_of '"memory.max"') "
	run "$isoctl" explain --verbose "$bundle"
	shown=$(grep -E '^  (RLIMIT|pids|memory)' <<<"$out" | sed "s,$tmp/config/isorun/policies/,," | tr -s ' \n' ' ')
	no_refusal is "... for explain, too" "$status $shown" \
		"0  RLIMIT_FSIZE 5:6 # config.json:$(($(line_of '"RLIMIT_FSIZE"') - 1)) RLIMIT_NOFILE 100:100 # few.conf:6 RLIMIT_CORE 0:0 # few.conf:5 memory.max 1073741824 # few.conf:3 pids.max 5 # few.conf:2 memory.max 4096 # config.json:$(line_of '"memory.max"') "
	bundle 'annotations={"isorun.policy":"few"}' process.rlimits= -- busybox true
	run "$isoctl" why "$bundle" limit NOFILE limit pids.max
	like "... and where config.json has no limits" "$status $out" "1 limit NOFILE: denied*few.conf:6*limit pids.max: denied, EAGAIN*few.conf:2"
}

# The annotation isorun.policy: a container is what config.json and the policy allow, both.
test_policy() {
	local script expected shown all narrow=() wide=()
	local -x XDG_CONFIG_HOME=$tmp/config
	policy tight '[Sandbox]' 'SystemCallFilter=~mkdir mkdirat' 'InaccessiblePaths=/etc/dir' 'ReadOnlyPaths=/etc' 'NoExecPaths=/tmp' \
		'CapabilityBoundingSet=CAP_KILL' 'LimitNOFILE=100'
	policy wide '[Sandbox]' 'SystemCallFilter=@default @system-service @mount' 'CapabilityBoundingSet=~' 'LimitNOFILE=4096' 'LandlockFiles=no' \
		'PrivateNetwork=no' 'PrivateIPC=no' 'Environment=X=y'
	narrow=('annotations={"isorun.policy":"tight"}' root.readonly=false process.noNewPrivileges=false)
	script='echo $(busybox sed -n "s/^CapEff:.//p;s/^CapBnd:.//p;s/^NoNewPrivs:.//p" /proc/self/status) $(ulimit -n) $(ulimit -H -n)'
	script+='; for f in /etc/dir /etc/x /tmp/x; do (echo >$f) 2>/dev/null && echo $f written; done; busybox ls /etc/dir | busybox wc -l'
	script+='; busybox mkdir /x 2>/dev/null && echo made; busybox rmdir /x 2>/dev/null; busybox cp /bin/busybox /tmp/busybox; /tmp/busybox true 2>/dev/null && echo executed; busybox rm /tmp/busybox /tmp/x'
	expected='0000000000000020 0000000000000020 1 100 100
/tmp/x written
0'
	# promise P61
	inside "isorun.policy: all that the policy takes away" "$expected" "${narrow[@]}" "$script"
	all='0000000020000420 0000000020000420 0 1024 1024
/etc/x written
/tmp/x written
1
made
executed'
	inside "... and without it, nothing of that" "$all" root.readonly=false process.noNewPrivileges=false "$script; busybox rm /etc/x"
	wide=('annotations={"isorun.policy":"wide"}' root.readonly=false process.noNewPrivileges=false)
	# promise P61
	inside "isorun.policy: a policy that allows more adds nothing" "${all/ 0 1024/ 1 1024}" "${wide[@]}" "$script; busybox rm /etc/x; echo \"\$X\""
	bundle 'annotations={"isorun.policy":"wide"}' 'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' \
		root.readonly=false -- busybox mkdir /x
	oci run --bundle "$bundle" box
	like "... and the filter of config.json stays" "$status $err" "1 *Operation not permitted"
	bundle "${narrow[@]}" -- busybox sleep 7682
	oci create --bundle "$bundle" box
	oci start box
	# promise P61
	also_inside "isorun.policy holds for it, too, whatever its options say" "0000000000000020 1 100" --cap CAP_SYS_ADMIN \
		'echo $(busybox sed -n "s/^CapEff:.//p;s/^NoNewPrivs:.//p" /proc/self/status) $(ulimit -n); busybox mkdir /x 2>/dev/null && echo made'
	run "$isoctl" why "$state/box" call mkdir capability CAP_NET_BIND_SERVICE write /etc/x execute /tmp/x read /etc/dir/file
	shown=$(grep -oE '(denied|line +).*' <<<"$out" | sed "s,$tmp/config/isorun/policies/,," | tr -s ' \n' ' ')
	no_refusal is "why names the line of the policy" "$shown" \
		"denied, EPERM line tight.conf:2 denied, EPERM line tight.conf:6 denied, EROFS line tight.conf:4 denied, EACCES line tight.conf:5 denied, ENOENT line tight.conf:3 "
	run "$isoctl" why "$state/box" read /etc/dir create /etc/dir/x
	like "... and of a hidden directory itself, that it is empty" "$status $out" \
		"1 read /etc/dir: allowed*it is empty*tight.conf:3*create /etc/dir/x: denied, EROFS*tight.conf:3*"
	also_inside "... which is so" 'it is empty, Read-only file system' \
		'busybox ls /etc/dir && echo it is empty, $(busybox touch /etc/dir/x 2>&1 | busybox grep -o Read-only.*)'
	run "$isoctl" explain --verbose "$state/box"
	like "explain shows the policy" "$status $out" "0 *  name                    tight   # config.json:$(line_of '"isorun.policy"')*NoExecPaths *tight.conf:5*"
	oci delete --force box
	inside "isorun.policy: the network of others is not joined" "lo" 'annotations={"isorun.policy":"tight"}' \
		'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"network","path":"/proc/1/ns/net"}]' \
		"$(printf 'echo $(busybox ls /proc/sys/net/ipv4/conf | busybox grep -vxE "all|default|sit0|tunl0|ip6tnl0|gre0|erspan0|gretap0")')"
	# promise P61
	refuses "a network device of the host, against a policy" "PrivateNetwork=: /linux/netDevices/isorun9 of config.json gives the container *" \
		'annotations={"isorun.policy":"tight"}' 'linux.netDevices={"isorun9":{}}'
	policy mounts '[Sandbox]' 'CapabilityBoundingSet=CAP_SYS_ADMIN' 'SystemCallFilter=@system-service @mount' 'LandlockFiles=no'
	script='busybox mount -t tmpfs none /tmp 2>/dev/null && echo mounted || echo refused'
	shown='process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}'
	inside "isorun.policy: without Landlock, a capable process mounts" mounted 'annotations={"isorun.policy":"mounts"}' "$shown" "$script"
	policy mounts '[Sandbox]' 'CapabilityBoundingSet=CAP_SYS_ADMIN' 'SystemCallFilter=@system-service @mount'
	# promise P61
	also inside "... with Landlock, it cannot" refused 'annotations={"isorun.policy":"mounts"}' "$shown" "$script"
	policy net '[Sandbox]' 'CapabilityBoundingSet=~'
	bundle 'annotations={"isorun.policy":"net"}' 'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]' -- busybox sleep 7684
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	policy net '[Sandbox]' 'CapabilityBoundingSet=~' 'PrivateNetwork=no'
	# promise P61
	also_inside "the network is the container's, whatever the policy says by now" "$(readlink "/proc/$(cat "$tmp/pid")/ns/net")" \
		'busybox readlink /proc/self/ns/net'
	oci delete --force box
	refuses "an unknown policy" "config.json:*: /annotations/isorun.policy: there is no policy \"none\"*" 'annotations={"isorun.policy":"none"}'
	like "... with its line" "$err" "isorun-oci: config.json:$(line_of '"isorun.policy"'): *"
	refuses "a policy by a path" "config.json:*: /annotations/isorun.policy: not the name of a policy*" 'annotations={"isorun.policy":"/etc/x.conf"}'
	policy other '[Sandbox]' 'ExecPaths=/bin'
	refuses "a policy with a line that containers cannot have" "*/other.conf:2: ExecPaths=: isorun-oci cannot add this to a container*" \
		'annotations={"isorun.policy":"other"}'
	policy other '[Scope]' 'MemoryHigh=1G'
	# promise P61
	refuses "a limit that cannot be compared with the policy's" "*/other.conf:2: MemoryHigh=: isorun-oci cannot compare it with \"+5\" in /linux/resources/unified/memory.high of config.json: *" \
		'annotations={"isorun.policy":"other"}' 'linux.resources={"unified":{"memory.high":"+5"}}'
	policy other '[Sandbox]' 'ReadOnlyPaths=./dir'
	# promise P61
	inside "isorun.policy: a path below the working directory is read-only" "done" 'annotations={"isorun.policy":"other"}' root.readonly=false \
		'process.cwd="/etc"' '(echo >dir/new) 2>/dev/null && echo written; echo done'
	run "$isoctl" why "$bundle" write /etc/dir/new
	like "... and why names its line" "$status $out" "1 write /etc/dir/new: denied, EROFS*/other.conf:2"
	script='for f in /etc/dir/sub /etc/dir /etc; do busybox mv $f $f.x 2>/dev/null && echo $f moved && busybox mv $f.x $f; done; echo done'
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/dir/sub/file -/etc/none'
	mkdir "$bundle/rootfs/etc/dir/sub"
	touch "$bundle/rootfs/etc/dir/sub/file"
	# promise P61
	inside "isorun.policy: no directory above a read-only path can be moved" "done" 'annotations={"isorun.policy":"other"}' root.readonly=false \
		"$script"
	rm -r "$bundle/rootfs/etc/dir/sub"
	# promise P61
	refuses "a read-only path that the container could make" "*/other.conf:2: ReadOnlyPaths=: /etc/dir/sub/file does not exist, so the container could make it *" \
		'annotations={"isorun.policy":"other"}' root.readonly=false
	inside "... and not, if it is in a read-only root" "done" 'annotations={"isorun.policy":"other"}' 'echo done'
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/dir -/etc/none' 'LandlockFiles=no'
	bundle 'annotations={"isorun.policy":"other"}' root.readonly=false -- busybox true
	ln -s dir "$bundle/rootfs/etc/link"
	run "$isoctl" why "$bundle" create /etc/none create /etc/link/x
	like "why follows the container's symlinks, and knows that a missing path is not protected" "$status $out" \
		"1 create /etc/none: allowed*create /etc/link/x: denied, EROFS*other.conf:2*"
	rm "$bundle/rootfs/etc/link"
	ln -s dir "$bundle/rootfs/etc/link"
	policy other '[Sandbox]' 'ReadOnlyPaths=/etc/link/file'
	# promise P61
	refuses "a read-only path through a symlink that the container could replace" "*/other.conf:2: ReadOnlyPaths=: /etc/link/file leads through a symlink *" \
		'annotations={"isorun.policy":"other"}' root.readonly=false
	rm "$bundle/rootfs/etc/link"
	policy other '[Sandbox]' 'LogDenials=yes' 'PrivateNetwork=no'
	bundle 'annotations={"isorun.policy":"other"}' 'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]' \
		'mounts+={"destination":"/tmp","type":"tmpfs","options":["mode=700"]}' 'mounts+={"destination":"/tmp/a","type":"tmpfs"}' \
		'mounts+={"destination":"/etc","type":"tmpfs"}' 'process.user={"uid":1000,"gid":1000}' -- busybox true
	oci run --bundle "$bundle" box
	like "isorun.policy: a user who cannot reach each mount starts, and a notice says that LogDenials= does nothing" "$status $err" \
		"0 isorun-oci: notice: */other.conf:2: LogDenials=: isorun-oci records nothing that a container is denied"
	run "$isoctl" why "$bundle" connect @abstract
	like "why: the policy denies abstract sockets of the host's network" "$status $out" "1 *denied, EPERM*"
	# promise P61
	refuses "shared memory of others, with PrivateIPC=yes" "PrivateIPC=: /mounts/6 of config.json binds /dev/shm, which the container would share: *PrivateIPC=no in the policy default" \
		'annotations={"isorun.policy":"default"}' 'mounts+={"destination":"/dev/shm","type":"bind","source":"/dev/shm","options":["bind"]}'
	policy other '[Policy]' 'Optional=ExecPaths MemoryMax' '[Scope]' 'MemoryMax=50%' '[Sandbox]' 'ExecPaths=/bin'
	bundle 'annotations={"isorun.policy":"other"}' -- busybox true
	oci run --bundle "$bundle" box
	like "... unless that is optional: a notice" "$status $err" "0 *notice: */other.conf:6: ExecPaths=: isorun-oci cannot add this to a container*"
	bundle 'annotations={"isorun.policy":"other"}' -- busybox sleep 7684
	oci create --bundle "$bundle" box
	also like "... of create" "$status $err" "0 *notice: */other.conf:6: ExecPaths=*"
	oci exec box busybox true
	no_refusal is "... but not once more of exec" "$status $err" "0 "
	echo '{}' >"$tmp/changes"
	oci update --resources "$tmp/changes" box
	no_refusal is "... and of update" "$status $err" "0 "
	oci delete --force box
	inside "isorun.policy: the default one works" "ran" 'annotations={"isorun.policy":"default"}' 'echo ran'
	test_policy_limits
	rm -rf "$tmp/config"
}

# Rules of a filter that denies some calls of busybox, each with an errno of its own.
test_seccomp() {
	local rules='linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[
		{"names":["mkdir","mkdirat","nosuchcall"],"action":"SCMP_ACT_ERRNO","errnoRet":5},
		{"names":["rmdir","unlinkat"],"action":"SCMP_ACT_ERRNO"},
		{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":7,"args":[{"index":1,"value":15,"op":"SCMP_CMP_EQ"},{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]},
		{"names":["sync"],"action":"SCMP_ACT_KILL_PROCESS"},
		{"names":["getpid"],"action":"SCMP_ACT_ALLOW"}]}'
	local script='busybox mkdir /tmp/x 2>&1; busybox rmdir /tmp 2>&1; for s in 9 15 18; do busybox kill -$s 99 2>&1; done; busybox sync; echo $?'
	local expected="mkdir: can't create directory '/tmp/x': Input/output error
rmdir: '/tmp': Operation not permitted
kill: can't kill pid 99: Argument list too long
kill: can't kill pid 99: Argument list too long
kill: can't kill pid 99: No such process
159"
	inside "a filter denies what config.json says" "$expected" root.readonly=false "$rules" "$script"
	also like "... and a notice names a call that libseccomp does not know" "$err" "*notice: config.json:*: /linux/seccomp/syscalls: libseccomp *: nosuchcall*"
	inside "... also without no_new_privs" "$expected" root.readonly=false "$rules" process.noNewPrivileges=false "$script"
	inside "... also if it refuses what a start needs" "no" process.noNewPrivileges=false \
		'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getcwd","chdir"],"action":"SCMP_ACT_ERRNO"}]}' \
		'cd /tmp 2>/dev/null && echo yes || echo no'
	bundle 'linux.seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","clone3"],"action":"SCMP_ACT_ALLOW"}]}' -- true
	run "$isoctl" why "$bundle" call acct call openat2
	no_refusal like "a call that is newer than all rules gets ENOSYS, so that a C library tries another one" "$status $out" \
		"1 call acct: denied, EPERM*call openat2: denied, ENOSYS*"
	test_agent
}

# An agent that answers mkdir(2) with EREMCHG for the filters of run and exec, whatever calls isorun-oci needs then.
test_agent() {
	local agent=$tmp/agent rule privileges said=$tmp/agent.out job call
	"$top/tests/seccomp-agent.py" "$agent" >"$said" 2>&1 &
	job=$!
	await grep -qs listens "$said"
	rule="linux.seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$agent\",\"listenerMetadata\":\"meta\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],
		\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\",\"execve\",\"openat\",\"read\",\"close\",\"futex\",\"munmap\",\"sendmsg\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
	for privileges in true false; do
		inside "an agent answers for the filter, no_new_privs $privileges" "mkdir: can't create directory '/tmp/x': Remote address changed" \
			root.readonly=false "process.noNewPrivileges=$privileges" "$rule" 'busybox mkdir /tmp/x 2>&1'
	done
	is "... and gets its fd, the state and the metadata" "$(grep -v listens "$said" | sort -u)" \
		"fds metadata ociVersion pid state ['seccompFd'] meta box creating True 1"
	for call in '"write"' '"write","close","sendmsg","futex"'; do
		refuses "a filter that an agent cannot get: it answers for $call itself" "cannot send the filter to isorun-oci: Input/output error" \
			"linux.seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$agent\",\"syscalls\":[
			{\"names\":[$call],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0},{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
	done
	bundle "$rule" -- busybox sleep 7681
	oci run --detach --bundle "$bundle" box
	also_inside "an agent answers for it, too" "mkdir: can't create directory '/tmp/x': Remote address changed" 'busybox mkdir /tmp/x 2>&1'
	oci delete --force box
	kill "$job"
	wait "$job" 2>/dev/null
	rm -f "$agent"
	bundle "$rule" -- busybox mkdir /tmp/x
	oci run --bundle "$bundle" box
	like "without the agent, nothing is executed" "$status $err" "1 isorun-oci: failed to connect with seccomp agent *"
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
		run patiently strace -f -qq -e signal=none -e trace=setns,close_range,dup2,capset,clone3 -o "$tmp/trace" \
			"$isorun_oci" --root "$state" exec --tty box busybox true
		order=$(sed -nE '/setns\(.*= 0/,/CLONE_PARENT/ s/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$tmp/trace" | tr '\n' ' ')
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

test_copy_up() {
	mkdir -p "$bundle/rootfs/etc/up/deep"
	echo text >"$bundle/rootfs/etc/up/deep/file"
	ln -s /etc/hidden "$bundle/rootfs/etc/up/link"
	chown -R 7:8 "$bundle/rootfs/etc/up"
	chmod 751 "$bundle/rootfs/etc/up"
	chmod 640 "$bundle/rootfs/etc/up/deep/file"
	inside "tmpcopyup begins with what the directory has" "text 7:8 640 7:8 751 /etc/hidden" \
		'mounts+={"destination":"/etc/up","type":"tmpfs","options":["tmpcopyup","ro"]}' 'process.capabilities={"bounding":["CAP_DAC_OVERRIDE"],"effective":["CAP_DAC_OVERRIDE"],"permitted":["CAP_DAC_OVERRIDE"]}' \
		'echo $(busybox cat /etc/up/deep/file) $(busybox stat -c "%u:%g %a" /etc/up/deep/file /etc/up) $(busybox readlink /etc/up/link)'
	inside "... and is as read-only as it should be" "touch: /etc/up/x: Read-only file system" \
		'mounts+={"destination":"/etc/up","type":"tmpfs","options":["tmpcopyup","ro"]}' 'busybox touch /etc/up/x 2>&1'
	refuses "tmpcopyup of a bind mount" "config.json:*: /mounts/6: tmpcopyup is an option of tmpfs" \
		'mounts+={"destination":"/x","type":"bind","source":"/etc","options":["tmpcopyup"]}'
	rm -r "$bundle/rootfs/etc/up"
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
	bundle 'hooks={"poststart":[{"path":"/bin/busybox","args":["false"]}]}' -- sh -c 'exit 5'
	oci run --bundle "$bundle" box
	like "a hook of poststart that fails ends the container" "$status $err$(ls "$state")" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: exit status 1"
	bundle 'hooks={"poststart":[{"path":"/bin/busybox","args":["false"]}]}' -- busybox sleep 7664
	oci create --bundle "$bundle" box
	oci start box
	like "... also one that start has started" "$status $err$(ls "$state")" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: exit status 1"
	also ok "... which has ended" gone '^busybox sleep 7664$'
	bundle "hooks={\"poststart\":[{\"path\":\"/bin/busybox\",\"args\":[\"false\"]}],\"poststop\":[{\"path\":\"/bin/busybox\",
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

# A socket whose owner accepts nothing, and whose queue is full: connect(2) waits there.
begin_full() { # path
	: >"$tmp/full"
	python3 -c 'import signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
clients = []
try:
    while True:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
        clients[-1].connect(sys.argv[1])
except BlockingIOError:
    print("full", flush=True)
signal.sigwait([signal.SIGTERM])' "$1" >"$tmp/full" &
	full=$!
	await grep -q full "$tmp/full"
}

end_full() { # path
	kill "$full"
	wait "$full" 2>/dev/null
	rm -f "$1"
}

# A command of isorun-oci that waits.
begin_waiting() { # name of its files, argument...
	"$isorun_oci" --root "$state" "${options[@]}" "${@:2}" >"$tmp/$1.out" 2>"$tmp/$1.err" </dev/null &
	waiting=$!
}

end_waiting() { # name of its files, signal
	kill -s "$2" "$waiting"
	await not is_alive "$waiting" || kill -s KILL "$waiting"
	wait "$waiting" 2>/dev/null
	status=$?
	err=$(<"$tmp/$1.err")
}

processes() { sed '' "/sys/fs/cgroup$1/cgroup.procs" 2>/dev/null | wc -l; } # its cgroup
has_processes() { [ "$(processes "$1")" = "$2" ]; }
is_alive() { kill -0 "$1" 2>/dev/null; }
holds_listener() { find "/proc/$1/fd" -lname '*seccomp notify*' 2>/dev/null | grep -q .; }
blocks_signals() { grep -qs '^SigBlk:	f' "/proc/$1/status"; }
left_of_box() { ls -d "$state/box" "/sys/fs/cgroup$path" 2>/dev/null; pgrep -f '^busybox sleep 780'; } # in the tests below

# SIGTERM, SIGINT and SIGHUP end whatever isorun-oci waits for, and what was made is removed.
test_signals() {
	local sig path=/isorun-oci-test queue=$tmp/queue pid waiting full
	local sleeps='[{"path":"/bin/busybox","args":["busybox","sleep","7801"]}]' host='linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]'
	for sig in TERM INT HUP; do
		bundle "linux.cgroupsPath=\"$path\"" "hooks={\"createRuntime\":$sleeps}" -- busybox sleep 7802
		begin_waiting "hook-$sig" create --bundle "$bundle" box
		await runs '^busybox sleep 7801$'
		end_waiting "hook-$sig" "$sig"
		# promise P70
		no_refusal is "$sig ends create that waits for a hook, and nothing is left" \
			"$status $err $(left_of_box)" \
			"1 isorun-oci: error running createRuntime hook #0: /bin/busybox: killed, since a signal came "
	done
	bundle "linux.cgroupsPath=\"$path\"" "$host" "hooks={\"createContainer\":$sleeps}" -- busybox sleep 7802
	begin_waiting inside run --bundle "$bundle" box
	await runs '^busybox sleep 7801$'
	kill -s INT "$waiting"
	end_waiting inside TERM
	# promise P70
	no_refusal is "TERM ends run whose first process waits for a hook, and that one, also with INT beside it" \
		"$status $err $(left_of_box)" \
		"1 isorun-oci: a signal came before the first process was ready "
	bundle "linux.cgroupsPath=\"$path\"" "hooks={\"poststart\":$sleeps}" -- busybox sleep 7802
	begin_waiting poststart run --bundle "$bundle" box
	await runs '^busybox sleep 7801$'
	end_waiting poststart TERM
	no_refusal is "TERM ends run that waits for a hook of poststart, and the container" \
		"$status $err $(left_of_box)" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: killed, since a signal came "
	test_half_made "a cgroup" "$path"
	mkdir "/sys/fs/cgroup$path"
	test_half_made "a cgroup of others" "$path"
	test_full_sockets
}

# Without a pid namespace of its own, the hook outlives the first process, which ends with isorun-oci.
test_half_made() { # what it has, its cgroupsPath
	bundle "linux.cgroupsPath=\"$2\"" "$host" "hooks={\"createContainer\":$sleeps}" -- busybox sleep 7802
	begin_waiting half run --bundle "$bundle" box
	await runs '^busybox sleep 7801$'
	kill -s STOP "$(grep -vx "$(first_pid '^busybox sleep 7801$')" "/sys/fs/cgroup$path/cgroup.procs")"
	end_waiting half KILL
	await has_processes "$path" 1
	oci state box
	no_refusal like "run is killed, with $1: the container is half made" "$status $err" "1 isorun-oci: the container box is still being created, or was left half made *"
	oci delete box
	also like "... delete refuses it" "$status $err" "1 isorun-oci: the container box is still being created, or was left half made *"
	oci delete --force box
	# promise P65
	also is "... and delete --force leaves no process of it, nor its cgroup" \
		"$status$err $(left_of_box)" "0 "
}

# In the cgroup, there is one process beside the first one, and it has a session of its own: it waits for isorun-oci.
is_settled() { # the first one
	pid=$(grep -vx "$1" "/sys/fs/cgroup$path/cgroup.procs")
	[ "$pid" ] && [ "$(awk '{ print $6 }' "/proc/$pid/stat" 2>/dev/null)" = "$pid" ]
}

test_full_sockets() {
	local first
	begin_full "$queue"
	bundle "linux.cgroupsPath=\"$path\"" process.terminal=true -- busybox sleep 7802
	begin_waiting console create --bundle "$bundle" --console-socket "$queue" box
	await blocks_signals "$waiting"
	end_waiting console TERM
	no_refusal is "TERM ends create that waits for the console socket" "$status $err $(left_of_box)" \
		"1 isorun-oci: --console-socket: cannot connect to $queue: Interrupted system call "
	bundle "linux.cgroupsPath=\"$path\"" \
		"linux.seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$queue\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}" \
		-- busybox sleep 7802
	begin_waiting agent run --bundle "$bundle" box
	await holds_listener "$waiting"
	end_waiting agent HUP
	no_refusal is "HUP ends run that waits for an agent, and nothing is left" \
		"$status $err $(left_of_box)" \
		"1 isorun-oci: failed to connect with seccomp agent $queue: Interrupted system call "
	bundle "linux.cgroupsPath=\"$path\"" -- busybox sleep 7803
	oci create --bundle "$bundle" box
	oci start box
	await runs '^busybox sleep 7803$'
	first=$(pid_of box)
	for sig in TERM KILL; do
		begin_waiting "exec-$sig" exec --pidfd-socket "$queue" box busybox sleep 7804
		await is_settled "$first"
		kill -s STOP "$pid"
		end_waiting "exec-$sig" "$sig"
		await has_processes "$path" 1
		# promise P70
		no_refusal is "$sig ends exec, and its process, which the container has stopped" "$status $(processes "$path")" \
			"$([ "$sig" = TERM ] && echo 255 || echo 137) 1"
	done
	also is "... and exec says why" "$(cat "$tmp/exec-TERM.err")" "isorun-oci: --pidfd-socket: cannot connect to $queue: Interrupted system call"
	end_full "$queue"
	oci pause box
	begin_waiting frozen exec --ignore-paused box busybox sleep 7804
	await has_processes "$path" 2
	end_waiting frozen INT
	# promise P70
	no_refusal is "INT ends exec in a paused container" "$status $err" "255 isorun-oci: a signal came before the process was in the container"
	oci resume box
	await has_processes "$path" 1
	also is "... and nothing of it is left" "$(processes "$path") $(pgrep -f '^busybox sleep 7804$')" "1 "
	oci delete --force box
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
	refuses "device rules without a cgroup, for who can make devices" \
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

frozen() { grep -q "frozen $1" "/sys/fs/cgroup$2/cgroup.events"; }

# A process that waits for a file system that does not answer cannot be frozen.
test_pause_fails() {
	local path=/isorun-oci-test.slice/box fuse=$tmp/fuse job stuck
	if ! has_fuse; then
		skip "a pause that takes too long" "no /dev/fuse"
		return
	fi
	mkdir -p "$fuse"
	"$top/tests/fuse.py" "$fuse" read >"$tmp/fuse.out" &
	job=$!
	await grep -qs mounted "$tmp/fuse.out"
	bundle "linux.cgroupsPath=\"$path\"" -- busybox sleep 7659
	oci run --detach --bundle "$bundle" box
	stat "$fuse/x" >"$tmp/stat.out" 2>&1 &
	stuck=$!
	await grep -qs hangs "$tmp/fuse.out"
	echo "$stuck" >"/sys/fs/cgroup$path/cgroup.procs"
	run patiently "$isorun_oci" --root "$state" pause box
	no_refusal like "a pause that takes too long is given up" "$status $err" "1 isorun-oci: cannot pause box: its processes have not all stopped*"
	also no_refusal is "... and the container runs on" "$(status_of box) $(cat "/sys/fs/cgroup$path/cgroup.freeze")" "running 0"
	for word in "pause box" "kill --all box TERM"; do
		# shellcheck disable=SC2086
		begin_waiting "${word%% *}" $word
		await grep -qx 1 "/sys/fs/cgroup$path/cgroup.freeze"
		end_waiting "${word%% *}" TERM
		no_refusal is "a signal ends ${word%% *}, and the container runs on" "$status $err $(cat "/sys/fs/cgroup$path/cgroup.freeze")" \
			"1 isorun-oci: cannot pause box: Interrupted system call 0"
	done
	kill "$job"
	wait "$job" "$stuck" 2>/dev/null
	umount -l "$fuse" 2>/dev/null
	oci delete --force box
}

# A container that has ended, and another one at the same path.
test_cgroup_of_another() { # whose, its path, [PATH=JSON...]
	bundle "linux.cgroupsPath=\"$2\"" "${@:3}" -- busybox sleep 7691
	oci create --bundle "$bundle" old
	oci kill old KILL
	await is_status old stopped
	await grep -q "populated 0" "/sys/fs/cgroup$2/cgroup.events"
	oci create --bundle "$bundle" box
	no_refusal is "$1 container takes a cgroup of its own at the path of one that has ended" "$status$out$err" 0
	oci kill --all old KILL
	like "... and kill --all of that one is refused" "$status $err" "1 isorun-oci: the cgroup of old was removed, and $2 is another one now"
	oci delete old
	no_refusal is "... and delete removes it" "$status$out$err" 0
	# promise P65
	also is "... and ends no process of a container that has its cgroup's path" "$(status_of box) $(wc -l <"/sys/fs/cgroup$2/cgroup.procs")" "created 1"
	oci delete --force box
	also ok "... whose cgroup goes with it" [ ! -e "/sys/fs/cgroup$2" ]
}

# The same in a cgroup that somebody else has made, and that both have.
test_cgroup_of_both() { # whose, its path, [PATH=JSON...]
	bundle "linux.cgroupsPath=\"$2\"" "${@:3}" -- busybox sleep 7691
	oci create --bundle "$bundle" old
	oci kill old KILL
	await is_status old stopped
	await grep -q "populated 0" "/sys/fs/cgroup$2/cgroup.events"
	oci create --bundle "$bundle" box
	no_refusal is "$1 container takes the cgroup of others after one that has ended" "$status$out$err" 0
	oci kill --all old KILL
	like "... and kill --all of that one is refused there" "$status $err" "1 isorun-oci: the cgroup of old, $2, is another container's now"
	oci delete old
	# promise P65
	also is "... and delete of that one ends no process in it" "$status$err $(status_of box) $(wc -l <"/sys/fs/cgroup$2/cgroup.procs")" "0 created 1"
	oci delete --force box
	is "... and that of its own container ends it" "$status$err $(ls -d "/sys/fs/cgroup$2" 2>/dev/null)" "0 "
}

test_cgroup() {
	local path=/isorun-oci-test.slice/box pid
	mkdir /sys/fs/cgroup/isorun-oci-both
	test_cgroup_of_both root /isorun-oci-both
	bundle "linux.cgroupsPath=\"$path\"" 'linux.namespaces+={"type":"cgroup"}' \
		'mounts+={"destination":"/sys/fs/cgroup","type":"cgroup","options":["ro"]}' root.readonly=false \
		-- sh -c 'busybox grep ^0: /proc/self/cgroup >/tmp/own; busybox ls /sys/fs/cgroup >/tmp/tree; busybox sleep 7658 & wait'
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	oci start box
	await runs '^busybox sleep 7658$'
	pid=$(cat "$tmp/pid")
	no_refusal is "a container is in its cgroup" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$path"
	also is "... which is the root of its cgroup namespace" "$(cat "$bundle/rootfs/tmp/own")" 0::/
	also like "... and of its tree" "$(cat "$bundle/rootfs/tmp/tree")" "*cgroup.freeze*"
	oci ps --format json box
	no_refusal is "ps lists its processes" "$(python3 -c 'import json, sys; print(len(json.loads(sys.argv[1])), int(sys.argv[2]) in json.loads(sys.argv[1]))' \
		"$out" "$pid")" "2 True"
	if command -v ps >/dev/null; then
		oci ps box
		no_refusal like "... in the table of ps(1)" "$status $(wc -l <<<"$out") $out" "0 3 UID *PID *CMD*$pid *sleep 7658*"
		oci ps box -o ppid,pid,comm -e
		no_refusal is "... with its options" "$status $(wc -l <<<"$out") $(awk -v pid="$pid" '$2 == pid { print $3 }' <<<"$out")" "0 3 sh"
		oci ps box -o comm
		like "... and not without the pids" "$status $out$err" "1 isorun-oci: ps(1) printed no table with a column PID *"
	else
		skip "ps in a table" "there is no ps(1)"
	fi
	run env PATH=/nonexistent "$isorun_oci" --root "$state" ps box
	no_refusal is "... without ps(1), only the pids" "$status $(wc -l <<<"$out") $(grep -xE "PID|$pid" <<<"$out" | tr '\n' ' ')" "0 3 PID $pid "
	oci resume box
	like "what is not paused is not resumed" "$status $err" "1 isorun-oci: cannot resume box: it is running"
	oci pause box
	no_refusal is "pause freezes it" "$status$out$err $(status_of box)" "0 paused"
	also no_refusal ok "... all of it" frozen 1 "$path"
	oci delete box
	like "a paused container is not deleted" "$status $err" "1 isorun-oci: cannot delete box: it is paused*"
	oci resume box
	no_refusal is "resume thaws it" "$status$out$err $(status_of box)" "0 running"
	oci create --bundle "$bundle" other
	like "a cgroup that has processes is refused" "$status $err" "1 isorun-oci: cannot use $path: container's cgroup is not empty"
	also is "... and goes on" "$(status_of box)" running
	oci kill --all box TERM
	no_refusal is "kill --all reaches all processes" "$status$out$err" 0
	await is_status box stopped
	oci delete box
	also no_refusal ok "delete removes the cgroup" [ ! -e "/sys/fs/cgroup$path" ]
	rm -rf "$bundle/rootfs/tmp/"*
	if ! grep -qs Y /sys/module/apparmor/parameters/enabled; then
		refuses "an AppArmor profile without AppArmor" "this host does not have AppArmor, so the process cannot have the profile *" \
			'process.apparmorProfile="unconfined"'
	fi
	refuses "a deadline without a runtime" 'config.json:*: /process/scheduler: sched_setattr: `SCHED_DEADLINE` requires `runtime`' \
		'process.scheduler={"policy":"SCHED_DEADLINE","deadline":3000}'
	refuses "... and with one that is longer" 'config.json:*: /process/scheduler: sched_setattr: `SCHED_DEADLINE` runtime (4000) must be <= deadline (3000)' \
		'process.scheduler={"policy":"SCHED_DEADLINE","runtime":4000,"deadline":3000}'
	refuses "a scheduler that is none" 'config.json:*: /process/scheduler/policy: isorun-oci does not know "FAST"' \
		'process.scheduler={"policy":"FAST"}'
	refuses "an I/O priority without a class" 'config.json:*: /process/ioPriority/class: it is missing' \
		'process.ioPriority={"priority":3}'
	refuses "a cgroup path that leads up" "config.json:*: /linux/cgroupsPath: *" 'linux.cgroupsPath="/a/../../b"'
	if ! grep -q pids /sys/fs/cgroup/cgroup.controllers; then
		refuses "a limit whose controller is not there" "cannot write 5 to pids.max of the cgroup *: the requested cgroup controller \`pids\` is not available there" \
			'linux.resources={"pids":{"limit":5}}' "linux.cgroupsPath=\"$path\""
	fi
	test_cgroup_of_another a "$path"
	mkdir -p /sys/fs/cgroup/isorun-oci-test.slice
	echo 1 >/sys/fs/cgroup/isorun-oci-test.slice/cgroup.freeze
	bundle "linux.cgroupsPath=\"$path\"" -- busybox true
	run patiently "$isorun_oci" --root "$state" create --bundle "$bundle" box # would wait for ever
	is "a cgroup below a frozen one is refused" "$status $err $(ls "$state")" "1 isorun-oci: cannot use $path: container's cgroup unexpectedly frozen "
	echo 0 >/sys/fs/cgroup/isorun-oci-test.slice/cgroup.freeze
	rmdir "/sys/fs/cgroup$path" /sys/fs/cgroup/isorun-oci-test.slice
}

events() { python3 -c 'import json, sys
for line in sys.argv[1].splitlines():
    e = json.loads(line)
    print(e["type"], e["id"], sorted(e["data"]), e["data"]["cpu"]["usage"]["total"] >= 0)' "$1"; }

test_spec() {
	local path=/isorun-oci-test.slice/box
	rm "$bundle/config.json"
	oci spec --bundle "$bundle"
	no_refusal is "spec writes a config.json" "$status$out$err" 0
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

scope_is_gone() {
	[ "$(systemctl show -P LoadState "$1")" = not-found ] && [ ! -e "/sys/fs/cgroup/oci.slice/$1" ]
}

# With --systemd-cgroup, systemd makes the scope; its cgroup is delegated, and the container has one below.
test_systemd_waits() {
	local units=/run/systemd/system waiting path=/oci.slice/box-one.scope/container pid
	local sleeps='[{"path":"/bin/busybox","args":["busybox","sleep","7801"]}]' host='linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]'
	test_half_made "a scope" oci.slice:box:one
	mkdir -p "$units"
	printf '[Unit]\nRequires=isorun-wait.service\nAfter=isorun-wait.service\n' >"$units/isorunwait.slice"
	printf '[Service]\nType=oneshot\nExecStart=%s infinity\n' "$(command -v sleep)" >"$units/isorun-wait.service"
	systemctl daemon-reload
	bundle 'linux.cgroupsPath="isorunwait.slice:box:one"' -- busybox true
	begin_waiting job run --bundle "$bundle" box
	await eval '[ "$(systemctl show -P ActiveState isorun-wait.service)" = activating ]'
	end_waiting job TERM
	# promise P70
	no_refusal is "systemd: TERM ends run that waits for the scope" "$status $err $(left_of_box)" \
		"1 isorun-oci: a signal came before the container was ready "
	systemctl stop isorun-wait.service isorunwait.slice
	rm "$units/isorunwait.slice" "$units/isorun-wait.service"
	systemctl daemon-reload
}

test_systemd() {
	local path=/oci.slice/box-one.scope/container pid
	if [ ! -d /run/systemd/system ]; then
		skip "systemd" "systemd is not running"
		return
	fi
	# The annotation is one of runc: an image's label could set any property by it (CVE-2024-3154 of CRI-O).
	bundle 'linux.cgroupsPath="oci.slice:box:one"' 'linux.namespaces+={"type":"cgroup"}' root.readonly=false \
		"annotations={\"org.systemd.property.Description\":\"'stolen'\"}" -- sh -c 'busybox grep ^0: /proc/self/cgroup >/tmp/own; exec busybox sleep 7662'
	oci --systemd-cgroup create --bundle "$bundle" --pid-file "$tmp/pid" box
	no_refusal is "systemd: create" "$status$out$err" 0
	pid=$(cat "$tmp/pid")
	also is "... asks for a scope, with a cgroup below it" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$path"
	also is "... which is delegated, and has systemd's properties" \
		"$(systemctl show -P ActiveState -P Slice -P Delegate -P TasksMax -P Description box-one.scope | tr '\n' ' ')" \
		"oci.slice yes infinity container box active " || systemctl show box-one.scope | head -40 | sed 's/^/# /'
	oci start box
	await runs '^busybox sleep 7662$'
	no_refusal is "systemd: the container sees it as the root" "$(cat "$bundle/rootfs/tmp/own")" 0::/
	oci pause box
	no_refusal ok "systemd: pause" frozen 1 "$path"
	oci resume box
	oci exec box sh -c 'busybox grep ^0: /proc/self/cgroup'
	no_refusal is "systemd: exec" "$status $out" "0 0::/"
	oci --systemd-cgroup create --bundle "$bundle" other
	like "systemd: a unit that exists is refused" "$status $err" "1 isorun-oci: systemd refused to create box-one.scope: *"
	also is "... and goes on" "$(status_of box)" running
	systemctl stop box-one.scope
	await is_status box stopped
	no_refusal is "systemctl stop ends it" "$(status_of box)" stopped
	await [ ! -e "/sys/fs/cgroup$path" ]
	oci kill --all box KILL
	no_refusal is "... and when its cgroup is gone, kill --all has nothing to do" "$status$out$err" 0
	oci delete box
	no_refusal is "systemd: delete" "$status$out$err" 0
	bundle 'linux.cgroupsPath="oci.slice:box:one"' 'linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]' -- busybox sleep 7692
	oci --systemd-cgroup create --bundle "$bundle" box
	oci kill box KILL
	await eval '[ "$(systemctl show -P LoadState box-one.scope)" = not-found ]'
	oci kill box KILL
	like "... and kill says so, also without a pid namespace" "$status $err" "1 isorun-oci: cannot kill box: container not running"
	oci --systemd-cgroup create --bundle "$bundle" other
	oci delete box
	# promise P65
	no_refusal is "systemd: delete ends no process of a new scope that has its name" "$status$out$err $(status_of other)" "0 created"
	oci delete --force other
	for i in 1 2 3; do
		bundle 'linux.cgroupsPath="oci.slice:box:one"' -- busybox true
		oci --systemd-cgroup run --bundle "$bundle" box
		no_refusal is "systemd: run, one after another ($i)" "$status$out$err" 0
	done
	bundle -- busybox true
	oci --systemd-cgroup run --bundle "$bundle" box
	no_refusal is "systemd: without cgroupsPath" "$status$out$err" 0
	options=(--systemd-cgroup)
	refuses "a path with --systemd-cgroup" 'config.json: /linux/cgroupsPath: with --systemd-cgroup, it is SLICE:PREFIX:NAME*' \
		'linux.cgroupsPath="/a/b"'
	refuses "a name that is no unit's" 'systemd refused to create a-b?c.scope: *' 'linux.cgroupsPath="s.slice:a:b/c"'
	refuses "a slice as a container" 'config.json: /linux/cgroupsPath: a container cannot be a slice*' \
		'linux.cgroupsPath="s.slice:a:b.slice"'
	if ! grep -q pids /sys/fs/cgroup/cgroup.controllers; then
		refuses "a scope whose limit cannot be enforced" "cannot write 5 to pids.max of the cgroup *: the requested cgroup controller \`pids\` is not available there" \
			'linux.resources={"pids":{"limit":5}}' 'linux.cgroupsPath="oci.slice:box:lost"'
		also ok "... and its scope and cgroup are gone" eventually scope_is_gone box-lost.scope
	fi
	test_systemd_waits
	options=()
	refuses "a scope without --systemd-cgroup" 'config.json: /linux/cgroupsPath: it is not a path *' \
		'linux.cgroupsPath="s.slice:a:b"'
}

test_joined() {
	local pid
	unshare -n sleep 7657 &
	await runs '^sleep 7657$'
	pid=$(first_pid '^sleep 7657$')
	inside "a namespace with a path is joined" "$(readlink "/proc/$pid/ns/net")" \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},{\"type\":\"network\",\"path\":\"/proc/$pid/ns/net\"}]" \
		'busybox readlink /proc/self/ns/net'
	kill "$pid"
	wait "$pid" 2>/dev/null
	inside "a user namespace has the maps of config.json" "0 100000 1000 root is mapped, 1:7 too" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'echo $(busybox cat /proc/self/uid_map) root is mapped, $(busybox stat -c %t:%T /dev/zero | busybox sed s/5/7/) too'
}

# The user namespace of a container that runs, as engines name it (podman run --userns=container:ID, pods). Root there
# could enter the mount namespace of the new container, which has the host's mounts until pivot_root(2).
test_joined_users() {
	local pid order nothing ids='[{"containerID":0,"hostID":100000,"size":1000}]' users
	users=('linux.namespaces+={"type":"user"}' "linux.uidMappings=$ids" "linux.gidMappings=$ids")
	bundle "${users[@]}" -- busybox sleep 7700
	oci create --bundle "$bundle" first
	pid=$(pid_of first)
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	# promise P67
	refuses "the user namespace of another container" \
		"config.json:*: /linux/namespaces/*: a user namespace must be a new one: root in /proc/$pid/ns/user could reach the host's files before the container has its root" \
		"linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}"
	run "$isoctl" explain "$bundle"
	like "... and explain says so" "$status $err" "125 *: a user namespace must be a new one: *"
	if is_sanitized || ! strace -o /dev/null true 2>/dev/null; then
		skip "the order of the joins" "strace counts them only without sanitizers"
	else
		bundle "linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\",\"path\":\"/proc/$pid/ns/pid\"}]" hostname= -- busybox true
		run patiently strace -f -qq -e signal=none -e trace=setns,prctl,clone3 -o "$tmp/trace" "$isorun_oci" --root "$state" run --bundle "$bundle" second
		order=$(sed -nE 's/^[0-9]+ +//; s/^prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE.*/protected/p; s/^setns\([0-9]+, CLONE_NEW([A-Z]+).*= 0/\1/p; s/^clone3\(.*CLONE_PARENT.*/clone/p' "$tmp/trace" | head -n3 | tr '\n' ' ')
		no_refusal is "no process of a joined namespace can look into the one that joins" "$status $order" "0 protected PID clone "
	fi
	oci start first
	oci delete --force first
	bundle "${users[@]}" -- busybox sleep 7703
	who=(setpriv --groups "4,6")
	oci create --bundle "$bundle" box
	oci start box
	# promise P67
	also_inside "no group of the caller comes into a user namespace with exec" "Groups:" 'busybox grep ^Groups /proc/self/status | busybox tr -d " \t"'
	who=()
	oci delete --force box
}

# Each option of fsconfig(2) has less than 256 bytes, but podman writes long paths of layers.
test_long_layers() { # of whom, more options
	local long layers
	long=$tmp/$(printf 'long%.0s' {1..50})
	layers="lowerdir=$long/of\\\\:two:$long/one"
	mkdir -p "$long/of:two" "$long/one"
	touch "$long/of:two/two" "$long/one/one"
	chmod -R a+rX "$long"
	inside "$1: an overlay may have layers with long paths" "one two ro" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"$layers\"${2-}]}" \
		'echo $(busybox ls /tmp; busybox touch /tmp/x 2>/dev/null || echo ro)'
	refuses "$1: a layer that does not exist" "cannot mount /tmp of type overlay (layer 3): No such file or directory" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"$layers:$long/missing\"${2-}]}"
	rm -r "$long"
}

# What podman as a user does: root of a user namespace, whose cgroup namespace is the host's.
test_root_of_namespace() {
	local who=("${who[@]}" unshare -U --map-auto --map-root-user)
	[ -n "$(first_subuid "$TH_USER")" ] || { skip "root of a user namespace" "$TH_USER has no subordinate ids"; return; }
	test_long_layers "root of a user namespace" ',"userxattr"'
	# promise P57
	inside "... without a new cgroup namespace, only the container's cgroup is bound, read-only" "ro,nosuid,nodev,noexec 0 1" \
		'mounts+={"destination":"/dev/cgroup","type":"cgroup","options":["rw"]}' \
		'echo $(busybox sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* /dev/cgroup \([^ ]*\) .*,\1,p" /proc/self/mountinfo | busybox sed "s/,relatime//") $(busybox test -e /dev/cgroup/cgroup.procs; echo $?) $(busybox test -e /dev/cgroup/init.scope; echo $?)'
}

# As root: with ids of their own, and directories that root of the user namespace cannot reach.
test_user_namespace() {
	local type maps=('linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]')
	mkdir -m 700 "$tmp/closed" && mkdir "$tmp/closed/open"
	echo reached >"$tmp/closed/open/file"
	test_long_layers root
	inside "a devpts without options has a ptmx that can be opened" "666" 'mounts+={"destination":"/dev/pts","type":"devpts"}' \
		'busybox stat -c %a /dev/pts/ptmx'
	inside "in a user namespace, a volume can be in a directory that only root can enter" "reached Permission denied" "${maps[@]}" \
		"mounts+={\"destination\":\"/dev/v\",\"type\":\"bind\",\"source\":\"$tmp/closed/open\",\"options\":[\"bind\"]}" \
		'echo $(busybox cat /dev/v/file; busybox touch /dev/v/x 2>&1 | busybox grep -o Permission.*)'
	inside "... message queues belong to its root" "0 ok" "${maps[@]}" \
		'echo $(busybox stat -c %u /dev/mqueue) $(busybox touch /dev/mqueue/one && echo ok)'
	for type in cgroup cgroup2; do
		# promise P57
		inside "... and without a cgroup namespace, only the container's cgroup is bound, read-only (CVE-2023-25809): $type" \
			"/isorun-oci-test ro,nosuid,nodev,noexec 0 1" "${maps[@]}" 'linux.cgroupsPath="/isorun-oci-test"' \
			"mounts+={\"destination\":\"/dev/cgroup\",\"type\":\"$type\",\"options\":[\"rw\"]}" \
			'echo $(busybox sed -n "s,^[^ ]* [^ ]* [^ ]* \([^ ]*\) /dev/cgroup \([^ ]*\) .*,\1 \2,p" /proc/self/mountinfo | busybox sed "s/,relatime//") $(busybox test -e /dev/cgroup/cgroup.procs; echo $?) $(busybox test -e /dev/cgroup/init.scope; echo $?)'
	done
	inside "... and devices that are bound give no rights" "nosuid noexec" "${maps[@]}" \
		'echo $(busybox sed -n "s,.* /dev/zero \([^ ]*\) .*,\1,p" /proc/self/mountinfo | busybox grep -o "nosuid\|noexec")'
	bundle "${maps[@]}" 'linux.devices=[{"path":"/dev/null","type":"c","major":1,"minor":3},{"path":"/dev/zero","type":"c","major":1,"minor":5,"uid":5,"fileMode":438}]' \
		-- busybox stat -c %u:%a /dev/zero
	oci run --bundle "$bundle" box
	like "... and a notice says whose one is if config.json gives it to somebody else" "$status $out $err" \
		"0 65534:666 isorun-oci: notice: config.json:*: /linux/devices/1: /dev/zero of the host is bound, and keeps its owner 0:0 and mode 666: *"
	rm -r "$tmp/closed"
	local caller='linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]'
	# promise P57
	inside "... with the caller's network, /sys of the host is bound, read-only and without the mounts below" \
		"1 0 Read-only file system inner 0 ro" "$caller" "${maps[@]}" 'process.user={"uid":5,"gid":5}' \
		'echo $(busybox ls /sys/class/net | busybox grep -c ^lo$; busybox ls /sys/fs/cgroup | busybox wc -l; busybox touch /sys/x 2>&1 | busybox grep -o Read-only.*; busybox unshare -U -r -m sh -c "echo inner; busybox umount /sys/fs/cgroup; busybox mount -o remount,rw,bind /sys; busybox ls /sys/fs/cgroup | busybox wc -l; busybox awk \"\\\$5 == \\\"/sys\\\" { print substr(\\\$6, 1, 2) }\" /proc/self/mountinfo" 2>/dev/null)'
	inside "... and the container's cgroup can be mounted there" cgroup.procs "$caller" "${maps[@]}" 'mounts+={"destination":"/sys/fs/cgroup","type":"cgroup","options":["ro"]}' \
		'busybox ls /sys/fs/cgroup | busybox grep ^cgroup.procs'
	# promise P57
	refuses "... if the container could uncover these" "cannot mount /sys of type sysfs (with the caller's network and CAP_SYS_ADMIN, the container could reach the host's cgroups): *" \
		"$caller" "${maps[@]}" 'process.capabilities={"bounding":["CAP_SYS_ADMIN"]}'
	refuses "... without ro" "cannot mount /sys of type sysfs (with the caller's network, it needs the option ro): *" \
		"$caller" "${maps[@]}" 'mounts=[{"destination":"/sys","type":"sysfs"}]'
	touch "$tmp/net"
	unshare --net="$tmp/net" true
	refuses "... with a network of others" "cannot mount /sys of type sysfs (the network namespace does not belong to the user namespace): *" \
		"$caller" "${maps[@]}" "linux.namespaces+={\"type\":\"network\",\"path\":\"$tmp/net\"}"
	umount "$tmp/net"
	bundle "${maps[@]}" process.capabilities= -- sh -c "$(to_end \
		'busybox unshare -U -r true && busybox unshare -U -r -m -p -f busybox mount -t proc none /tmp 2>/dev/null && echo uncovered')"
	oci run --no-pivot --bundle "$bundle" box
	is_reached "... and with --no-pivot, the host's proc is covered" ""
}


# A volume that the host shares. What the container mounts in it may reach the host only if config.json asks for that.
test_propagation() {
	local volume=$tmp/shared word root admin='process.capabilities={"bounding":["CAP_SYS_ADMIN"],"permitted":["CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"]}'
	local both=("$admin" 'linux.rootfsPropagation="rshared"' "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$volume\",\"options\":[\"rbind\",\"rshared\"]}")
	local of_root='echo $(busybox awk "\$5 == \"/\"" /proc/self/mountinfo | busybox grep -Eo "shared|master|unbindable")'
	mkdir "$volume"
	mount -t tmpfs tmpfs "$volume"
	mount --make-shared "$volume"
	mkdir "$volume/in" "$volume/other"
	inside "with rootfsPropagation and the option shared, a mount of the container appears on the host" "" "${both[@]}" \
		'busybox mount -t tmpfs new /tmp/in; echo >/tmp/in/made'
	also is "... and stays" "$(ls "$volume/in") $(grep -c " $volume/in " /proc/self/mountinfo)" "made 1"
	umount "$volume/in"
	mount -t tmpfs below "$volume/other"
	mkdir "$volume/other/in"
	inside "with shared and not rshared, only the top of a volume is" "" "${both[@]//,\"rshared\"/,\"shared\"}" \
		'busybox mount -t tmpfs new /tmp/in; busybox mount -t tmpfs new /tmp/other/in'
	# promise P57
	also is "... so that a mount in one below it does not appear on the host" "$(grep -o " $volume/[^ ]*in " /proc/self/mountinfo)" " $volume/in "
	umount "$volume/in" "$volume/other"
	for word in '"rshared" "slave"' '"rshared" "rbind"' '"private" "rshared"' '"rslave" "rshared"' '"unbindable" "rshared"' '"shared" "rprivate"'; do
		root=${word% *}
		inside "a container mounts something in a volume that the host shares: rootfsPropagation $root, option ${word#* }" "mounted 0" "$admin" "linux.rootfsPropagation=$root" \
			"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$volume\",\"options\":[\"rbind\",${word#* }]}" \
			'busybox mount -t tmpfs new /tmp/in && echo mounted $(busybox ls /tmp/in | busybox wc -l)'
		# promise P57
		also is "... and it does not appear on the host: $word" "$(grep -c " $volume/in " /proc/self/mountinfo)" 0
	done
	inside "... in a user namespace" "mounted" "${both[@]}" 'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":0,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":0,"size":1000}]' 'busybox mount -t tmpfs new /tmp/in && echo mounted'
	# promise P57
	also is "... and it does not appear on the host then" "$(grep -c " $volume/in " /proc/self/mountinfo)" 0
	# promise P57
	refuses "a mount in a shared volume, which would stay on the host" "cannot mount /tmp/in (it is in a mount that is shared with the host, and would appear there, too): *" \
		"${both[@]}" 'mounts+={"destination":"/tmp/in","type":"tmpfs"}'
	inside "... but what is only shared in the container can have mounts" "mounted" "${both[@]}" 'mounts+={"destination":"/dev/t","type":"tmpfs","options":["shared"]}' \
		'mounts+={"destination":"/dev/t/in","type":"tmpfs"}' 'busybox grep -q " /dev/t/in " /proc/self/mounts && echo mounted'
	ln -s /tmp "$bundle/rootfs/etc/link"
	for word in masked readonly; do
		# promise P57
		refuses "... also by a symlink of the image: ${word}Paths" "cannot * /etc/link/in*it is in a mount that is shared with the host, and would appear there, too): *" \
			"${both[@]}" "linux.${word}Paths=[\"/etc/link/in\"]"
	done
	rm "$bundle/rootfs/etc/link"
	also is "... and the host has none of these" "$(grep -c " $volume/" /proc/self/mountinfo)" 0
	umount "$volume"
	inside "a root can be shared, but not with the host" shared 'linux.rootfsPropagation="shared"' "$of_root"
	inside "... or unbindable" unbindable 'linux.rootfsPropagation="runbindable"' "$of_root"
	inside "... and so can a mount" "1 1" 'mounts+={"destination":"/tmp","type":"tmpfs","options":["shared"]}' 'mounts+={"destination":"/dev/x","type":"bind","source":"/etc","options":["bind","unbindable"]}' \
		'echo $(busybox grep -c " /tmp .*shared:" /proc/self/mountinfo) $(busybox grep -c " /dev/x .*unbindable" /proc/self/mountinfo)'
	refuses "a propagation that does not exist" 'config.json:*: /linux/rootfsPropagation: it must be private, slave, *, not "rrshared"' 'linux.rootfsPropagation="rrshared"'
}

# A user without rights needs a user namespace.
# A cgroup whose processes the user may not kill.
test_cgroup_of_root() { # uid
	local cgroup who=("$as_user")
	bundle 'linux.namespaces=[{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"user"}]' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$1,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" \
		mounts='[{"destination":"/dev","type":"tmpfs"}]' linux.maskedPaths= linux.readonlyPaths= \
		-- sh -c 'busybox sleep 7685 & exec busybox sleep 7686'
	oci run --detach --bundle "$bundle" box
	await runs '^busybox sleep 7686$'
	await runs '^busybox sleep 7685$'
	cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7686$')/cgroup")
	chown root:root "$cgroup" "$cgroup/cgroup.kill"
	oci delete --force box
	# promise P65
	like "delete does not forget a container whose processes it cannot kill" \
		"$status $err $("${who[@]}" "$isorun_oci" --root "$state" list --quiet)" \
		"1 isorun-oci: cannot delete box: processes in its cgroup * may live still: Permission denied box"
	also ok "... and one of which lives" runs '^busybox sleep 7685$'
	chown "$TH_USER" "$cgroup" "$cgroup/cgroup.kill"
	oci delete box
	# promise P65
	is "... and removes it when it can" "$status$err$(pgrep -f '^busybox sleep 768[56]$')" 0
}

test_user() {
	local uid nothing pid
	uid=$(id -u "$TH_USER")
	state=$tmp/user-state who=("$as_user")
	install -d -o "$TH_USER" -m 700 "$state"
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" \
		-- sh -c "$(to_end 'echo $(busybox id -u) $(busybox cat /proc/self/uid_map) $(busybox stat -c %t:%T /dev/null)')"
	oci run --bundle "$bundle" box
	is_reached "a user's container" "0 0 $uid 1 1:3"
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" -- busybox sleep 7661
	oci create --bundle "$bundle" box
	oci state box
	pid=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])' <<<"$out")
	# promise P58
	also is "the first process of a user's container has no page of the file of isorun-oci" \
		"$(readlink "/proc/$pid/exe") $(grep -o '/.*isorun-oci.*' "/proc/$pid/maps" | sort -u)" \
		"/memfd:isorun-oci (deleted) /memfd:isorun-oci (deleted)"
	oci start box
	await runs '^busybox sleep 7661$'
	also_inside "a user's container" "0 CapPrm:0000000020000420" \
		'echo $(busybox id -u) $(busybox grep CapPrm /proc/self/status | busybox tr -d "\t ")'
	oci delete --force box
	test_root_of_namespace
	label=user
	notify_checks 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]"
	if "${who[@]}" systemctl --user is-system-running >/dev/null 2>&1 || [ -S "/run/user/$uid/bus" ]; then
		bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
			"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" -- busybox sleep 7664
		oci --systemd-cgroup create --bundle "$bundle" box
		no_refusal is "a user's container with --systemd-cgroup" "$status$out$err" 0
		oci start box
		await runs '^busybox sleep 7664$'
		also like "... is in a scope of the user's manager" "$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7664$')/cgroup")" \
			"/user.slice/user-$uid.slice/user@$uid.service/*/isorun-oci-box.scope/container"
		# Outside of the user's manager, as in a login session, where the user may not move processes to its cgroups.
		who=(setpriv --reuid "$TH_USER" --regid "$(id -g "$TH_USER")" --init-groups env "XDG_RUNTIME_DIR=/run/user/$uid" "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus")
		also_inside "from a login session, by systemd" "/isorun-oci-box.scope/container" \
			"echo \$(busybox sed -n 's,^0::.*\\(/[^/]*/[^/]*\\)\$,\\1,p' /proc/self/cgroup)"
		"$as_user" mkdir "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7664$')/cgroup")/below"
		oci exec --cgroup below box busybox true
		# promise P59
		like "... but not to a cgroup that systemd would not take" "$status $err" "255 isorun-oci: cannot fork into the cgroup of the container: *"
		who=("$as_user")
		oci delete --force box
	fi
	rm "$bundle/config.json"
	"$isorun_oci" --root "$state" spec --rootless --bundle "$bundle"
	python3 - "$bundle/config.json" "$uid" "$(id -g "$TH_USER")" <<-'END'
		import json, sys
		path, uid, gid = sys.argv[1:]
		c = json.load(open(path))
		c["process"].update(terminal=False, args=["busybox", "id", "-u"])
		c["linux"]["uidMappings"][0]["hostID"], c["linux"]["gidMappings"][0]["hostID"] = int(uid), int(gid)
		json.dump(c, open(path, "w"))
	END
	oci run --bundle "$bundle" box
	no_refusal is "a user's container of spec --rootless" "$status$out$err" "00"
	# Slurm gives a cgroup to the user, but not its files.
	mkdir /sys/fs/cgroup/isorun-oci-job
	chown "$TH_USER" /sys/fs/cgroup/isorun-oci-job
	who=(sh -c 'echo 0 >/sys/fs/cgroup/isorun-oci-job/cgroup.procs && exec "$@"' sh
		setpriv --reuid "$TH_USER" --regid "$(id -g "$TH_USER")" --init-groups)
	oci run --bundle "$bundle" box
	no_refusal is "... in a cgroup that the user may not move processes in" "$status$out$err" "00"
	# One that is the user's with its files, as systemd delegates it.
	chown "$TH_USER" /sys/fs/cgroup/isorun-oci-job/cgroup.{procs,subtree_control}
	test_cgroup_of_another "a user's" /isorun-oci-job/box 'linux.namespaces+={"type":"user"}' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]"
	"${who[@]}" mkdir /sys/fs/cgroup/isorun-oci-job/both
	test_cgroup_of_both "a user's" /isorun-oci-job/both 'linux.namespaces+={"type":"user"}' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]"
	also ok "... leaves none below" rmdir /sys/fs/cgroup/isorun-oci-job
	test_cgroup_of_root "$uid"
	# As above, in a cgroup of root.
	who=(setpriv --reuid "$TH_USER" --regid "$(id -g "$TH_USER")" --init-groups)
	# promise P65
	refuses "a user's container of the host's processes, without a cgroup" \
		"config.json: /linux/namespaces: a container without a cgroup needs a new pid namespace: *may not make a cgroup*" \
		'linux.namespaces=[{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"user"}]' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]"
	who=("$as_user")
	bundle -- busybox true
	oci run --bundle "$bundle" box
	like "... and not without a user namespace" "$status $err" "1 isorun-oci: cannot make the namespaces: Operation not permitted (config.json has no user namespace*"
}

# What a container says on the socket of sd_notify(3), and who hears it. Its program says each of its words, or if that is a
# path, waits for the file.
listener='import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print("listens", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    print(data.decode().split("\n"), len(fds), flush=True)
    for fd in fds:
        os.close(fd)'
speaker='import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
for word in sys.argv[1:]:
    if word.startswith("/"):
        print("waits for", word, flush=True)
        while not os.path.exists(word):
            time.sleep(0.02)
    else:
        s.send(word.encode().decode("unicode_escape").encode())'
notifying() { patiently "${who[@]}" env NOTIFY_SOCKET="$manager" "$isorun_oci" --root "$state" "$@"; }
speaks() { # [PATH=JSON...] -- WORD...
	local parts=() d
	while [ "$1" != -- ]; do
		parts+=("$1")
		shift
	done
	for d in usr lib lib64; do
		[ ! -e "/$d" ] || parts+=("mounts+={\"destination\":\"/$d\",\"type\":\"bind\",\"source\":\"$(readlink -f "/$d")\",\"options\":[\"rbind\",\"ro\"]}")
	done
	rm -f "$bundle/rootfs/tmp/"*
	mkdir -p "$bundle/rootfs/"{usr,lib,lib64,run/notify} # a user cannot make them
	bundle "${parts[@]}" -- /usr/bin/python3 -c "$speaker" "${@:2}"
}
# What the manager has heard since the last time. Messages stay in their order, so the mark is the last one.
told() {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"mark", sys.argv[1])' "$manager"
	await tail_is_mark
	sed "1,${skipped}d;\$d" "$heard"
}
tail_is_mark() { [ "$(tail -n1 "$heard")" = "['mark'] 0" ]; }

has_no_process() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1") = Z* ]]; }

forget_speaker() {
	rm -f "$bundle/rootfs/tmp/"*
	rmdir "$bundle/rootfs/"{usr,lib,lib64,run/notify,run}
}

notify_checks() { # [PATH=JSON...]
	local manager=$tmp/manager-$label heard=$tmp/heard-$label said=$tmp/said-$label job listening pid skipped starting
	python3 -c "$listener" "$manager" >"$heard" 2>&1 &
	listening=$!
	await grep -qs listens "$heard"
	speaks "$@" -- 'MAINPID=1\nSTATUS=evil' READY=0 /tmp/go 'X=1\nREADY=1\nMAINPID=1' /tmp/end
	notifying create --bundle "$bundle" box >"$said.create" 2>&1
	notifying start box >"$said.start" 2>&1 &
	job=$!
	await grep -qs /tmp/go "$said.create"
	pid=$("${who[@]}" "$isorun_oci" --root "$state" state box | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
	no_refusal ok "$label: start waits until the container is ready" kill -0 "$job"
	touch "$bundle/rootfs/tmp/go"
	wait "$job"
	status=$? skipped=1
	# promise P66
	no_refusal is "$label: ... and only that it is, and its first process, is told to the manager" \
		"$status$(cat "$said.start")$(told)" "0['MAINPID=$pid', 'READY=1'] 0"$'\n'"['BARRIER=1'] 1"
	also ok "$label: ... and no process of isorun-oci is left" gone "^$isorun_oci --root $state "
	oci delete --force box
	speaks "$@" -- READY=0 /tmp/go
	notifying run --detach --bundle "$bundle" box >"$said.run" 2>&1 &
	job=$!
	await grep -qs /tmp/go "$said.run"
	kill "$(first_pid "^$isorun_oci --root $state run")"
	wait "$job"
	status=$? skipped=$(wc -l <"$heard")
	is "$label: a signal ends the wait for it, and the container" "$status $(cat "$said.run")$(told)$(ls "$state")" \
		"1 waits for /tmp/go
isorun-oci: a signal came before the service manager knew that the container is ready"
	speaks "$@" -- READY=0
	skipped=$(wc -l <"$heard")
	run notifying run --detach --bundle "$bundle" box
	no_refusal is "$label: a container that ends is waited for no longer" "$status$out$err $(told)" "0 "
	oci delete --force box
	speaks "$@" -- /tmp/go READY=1
	notifying create --bundle "$bundle" box >"$said.ends" 2>&1
	skipped=$(wc -l <"$heard")
	notifying start box >"$said.start" 2>&1 &
	job=$!
	await grep -qs /tmp/go "$said.ends"
	starting=$(first_pid "^$isorun_oci --root $state start")
	pid=$("${who[@]}" "$isorun_oci" --root "$state" state box | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
	kill -STOP "$starting"
	touch "$bundle/rootfs/tmp/go"
	await has_no_process "$pid"
	kill -CONT "$starting"
	wait "$job"
	status=$?
	# promise P66
	no_refusal is "$label: start names no main process that has ended: its pid may be another one's" \
		"$status$(cat "$said.start")$(told)" "0['READY=1'] 0"$'\n'"['BARRIER=1'] 1"
	oci delete --force box
	speaks "$@" -- STATUS=evil READY=1 READY=1
	skipped=$(wc -l <"$heard")
	run notifying run --bundle "$bundle" box
	# promise P66
	no_refusal is "$label: run hands on once that it is ready, and nothing else" "$status$out$err $(told)" \
		"0 ['READY=1'] 0"
	mkdir "$tmp/volume-$label"
	speaks "$@" "mounts+={\"destination\":\"/run\",\"type\":\"bind\",\"source\":\"$tmp/volume-$label\",\"options\":[\"bind\"]}" -- READY=1
	run notifying run --bundle "$bundle" box
	like "$label: no directory for the socket is made in a volume" "$status $err$(ls "$tmp/volume-$label")" \
		"1 isorun-oci: *: /run is in a mount of config.json that is not a tmpfs (*)*"
	speaks "$@" "mounts+={\"destination\":\"/run\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}" -- READY=1
	skipped=$(wc -l <"$heard")
	run notifying run --bundle "$bundle" box
	no_refusal is "$label: ... but in a tmpfs" "$status$out$err $(told)" "0 ['READY=1'] 0"
	speaks "$@" -- READY=1
	rmdir "$bundle/rootfs/run/notify" "$bundle/rootfs/run"
	ln -s tmp "$bundle/rootfs/run"
	run notifying run --bundle "$bundle" box
	like "$label: ... nor through a symlink of the image" "$status $err$(ls "$bundle/rootfs/tmp")" "1 isorun-oci: *: a symlink is in its path*"
	rm "$bundle/rootfs/run"
	kill "$listening"
	wait "$listening" 2>/dev/null
	speaks "$@" -- READY=1
	run notifying run --bundle "$bundle" box
	like "$label: a manager that is not there is an error" "$status $err$(ls "$state")" "1 isorun-oci: cannot connect to NOTIFY_SOCKET=$manager: *"
	forget_speaker
}

unit_of() { systemctl show --property "$1" --value isorun-oci-notify.service; }
unit_is() { [ "$(unit_of ActiveState)" = "$1" ]; }
notify_service() { # description, the main process: main or command, option of run...
	local said=$tmp/said-service
	rm -f "$said"
	speaks -- 'MAINPID=1\nSTATUS=evil' /tmp/go READY=1 /tmp/end
	systemd-run --quiet --no-block --unit=isorun-oci-notify -p Type=notify -p "StandardOutput=append:$said" \
		-p "StandardError=append:$said" "$isorun_oci" --root "$state" run "${@:3}" --pid-file "$tmp/pid" --bundle "$bundle" box
	await grep -qs /tmp/go "$said"
	is "$1: starts until its container is ready" "$(unit_of ActiveState)" activating
	touch "$bundle/rootfs/tmp/go"
	await unit_is active
	# promise P66
	also is "$1: ... and has the right main process, whatever the container says" "$(unit_of MainPID) $(unit_of StatusText)" \
		"$(if [ "$2" = main ]; then pgrep -f "^$isorun_oci --root $state run"; else cat "$tmp/pid"; fi) "
	touch "$bundle/rootfs/tmp/end"
	await unit_is inactive
	oci delete --force box
	forget_speaker
}

test_notify() {
	if ! [ -x /usr/bin/python3 ]; then
		skip "sd_notify" "there is no /usr/bin/python3"
		return
	fi
	label=root
	notify_checks
	[ -d /run/systemd/system ] || return 0
	note=" [no refusal]"
	notify_service "a service with run" main
	notify_service "a service with run --detach" command --detach
	note=
}

# One end of a pair of devices is given away. The kernel removes a pair some time after the network of one of them.
test_net_devices() {
	local script ipv6='' joined
	script='busybox ip addr show dev eth1 | busybox sed -n "s/.*mtu \([0-9]*\).*/\1/p; s/.*\(inet6* [^ ]*\).*scope global.*/\1/p"
		busybox cat /sys/class/net/eth1/flags'
	if ! ip link add isorun0 type veth peer name isorun1 2>/dev/null; then
		skip "network devices" "no pair of devices can be made here"
		return
	fi
	ip link set isorun0 mtu 1400 up
	ip addr add 10.99.8.7/24 dev isorun0
	ip addr add 10.99.9.7/24 dev isorun0 valid_lft 1000 preferred_lft 1000
	! ip addr add fd99::7/64 dev isorun0 nodad 2>/dev/null || ipv6="inet6 fd99::7/64"$'\n'
	refuses "a network device that is not there" "config.json:*: /linux/netDevices/isorun9: cannot find the network device: No such device" \
		'linux.netDevices={"isorun0":{},"isorun9":{}}'
	refuses "a name that the container's network has" "config.json:*: /linux/netDevices/isorun0: the container's network has a device lo already" \
		'linux.netDevices={"isorun0":{"name":"lo"}}'
	also is "... and the host keeps its device, as it was" "$(ip -4 -o addr show isorun0 up | grep -o 'inet [^ ]*')" "inet 10.99.8.7/24"$'\n'"inet 10.99.9.7/24"
	bundle 'linux.netDevices={"isorun0":{"name":"eth1"}}' -- /no/such/command
	oci run --bundle "$bundle" box
	like "a container that cannot be made gives the device back" "$status $err$(ls "$state")" "1 isorun-oci: */no/such/command*"
	also is "... with its permanent addresses, and up" "$(ip -o addr show isorun0 up scope global | grep -o 'inet6* [^ ]*')" \
		"inet 10.99.8.7/24${ipv6:+$'\n'${ipv6%$'\n'}}"
	ip addr add 10.99.9.7/24 dev isorun0 valid_lft 1000 preferred_lft 1000
	inside "a network device of the host, with a name and what it was" "1400"$'\n'"inet 10.99.8.7/24"$'\n'"${ipv6}0x1003" \
		'linux.netDevices={"isorun0":{"name":"eth1"}}' "$script"
	run "$isoctl" explain --verbose "$bundle"
	no_refusal like "... and explain shows it" "$status $out" "0 *network devices of the host*isorun0 * eth1   # config.json:*"
	touch "$tmp/net"
	unshare --net="$tmp/net" true
	nsenter --net="$tmp/net" ip link add eth0 type veth peer name eth7
	ip link add isorun2 type veth peer name isorun3
	ip link add isorun6 type veth peer name isorun7
	joined="linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"network\",\"path\":\"$tmp/net\"}]"
	refuses "a new name for a device of the host's own network" "config.json has netDevices, and joins the host's own network namespace" \
		'linux.netDevices={"isorun2":{"name":"evil"}}' "${joined/"$tmp/net"//proc/$$/ns/net}"
	ip link property add dev isorun6 altname isorun-alt
	refuses "another name of a device" "config.json:*: /linux/netDevices/isorun-alt: this is another name of the network device isorun6: use that one" \
		'linux.netDevices={"isorun-alt":{}}' "$joined"
	refuses "... as its new one" "config.json:*: /linux/netDevices/isorun6: isorun-alt is another name of the device already*" \
		'linux.netDevices={"isorun6":{"name":"isorun-alt"}}' "$joined"
	refuses "... or as that of one before it" "config.json:*: /linux/netDevices/isorun6: cannot move the network device into the container: *" \
		'linux.netDevices={"isorun2":{"name":"isorun-alt"},"isorun6":{}}' "$joined"
	also ok "... and the host has both back" test -d /sys/class/net/isorun2 -a -d /sys/class/net/isorun6
	ip link del isorun6
	inside "a device in a joined network, under a name that is free" "eth1" 'linux.netDevices={"isorun2":{"name":"eth%d"}}' \
		"$joined" 'cd /sys/class/net; echo eth1*'
	umount "$tmp/net"
	[ -n "${TH_USER-}" ] || return 0
	ip link add isorun4 type veth peer name isorun5
	bundle 'linux.netDevices={"isorun4":{}}' 'linux.namespaces+={"type":"user"}' \
		"linux.uidMappings=[{\"containerID\":0,\"hostID\":$(id -u "$TH_USER"),\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" -- busybox true
	install -d -o "$TH_USER" -m 700 "$tmp/net-state"
	run "$as_user" "$isorun_oci" --root "$tmp/net-state" run --bundle "$bundle" box
	like "a user gives no network device away" "$status $err$(ls "$tmp/net-state")" \
		"1 isorun-oci: config.json:*: /linux/netDevices: only root of the host can move network devices into a container"
	also ok "... and it is there still" test -d /sys/class/net/isorun4
	ip link del isorun4
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
		pod pause two
		pod unpause two
		no_refusal is "... pause and unpause" "$status" "0"
		pod rm --force --time 0 two
		also no_refusal is "... rm" "$status $(systemctl list-units --no-legend 'libpod-*.scope' | grep -v conmon)" "0 "
	fi
	podman_end
}

test_lifecycle
test_notify
test_net_devices
test_status
test_process
test_root
test_symlinks
test_exchanged
test_fds
test_own_file
test_budget
test_config
test_explain
test_policy
test_features
test_rare
test_seccomp
test_exec
test_exec_traced
test_terminal
test_copy_up
test_hooks
test_signals
test_crun
test_annotations
test_pause_fails
test_cgroup
test_spec
test_systemd
test_device_rules
test_joined
test_joined_users
test_podman
test_user_namespace
test_propagation
[ -z "${TH_USER-}" ] || test_user
