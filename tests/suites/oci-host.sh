#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun-oci and the host: cgroups, systemd, namespaces of others, users; with bundles of busybox.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"

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
	for version in 1.2.1 1.3.0; do
		bundle "ociVersion=\"$version\"" "linux.cgroupsPath=\"$path\"" "hooks={\"poststart\":$sleeps}" -- busybox sleep 7802
		begin_waiting "poststart-$version" run --bundle "$bundle" box
		await runs '^busybox sleep 7801$'
		end_waiting "poststart-$version" TERM
		no_refusal is "TERM ends run that waits for a hook of poststart, and the container (version $version)" \
			"$status $err $(left_of_box)" \
			"1 isorun-oci: error running poststart hook #0: /bin/busybox: killed, since a signal came "
	done
	test_start_signals
	test_half_made "a cgroup" "$path"
	mkdir "/sys/fs/cgroup$path"
	test_half_made "a cgroup of others" "$path"
	test_half_made_without_cgroup
	test_full_sockets
}

ends_by() { # signal; those that come just after the one before are the same
	kill -s "$1" "$waiting" 2>/dev/null
	[[ $(ps -o stat= -p "$waiting") = @(|Z*) ]]
}

# Without a cgroup, a half-made container is known by its first process.
test_half_made_without_cgroup() {
	local options=(--cgroup-manager disabled)
	bundle "hooks={\"createContainer\":$sleeps}" -- busybox sleep 7802
	begin_waiting half run --bundle "$bundle" box
	await runs '^busybox sleep 7801$'
	kill -s STOP "$waiting"
	oci delete --force box
	# promise P65
	is "delete --force ends a container without a cgroup that is half made" "$status$err" 0
	also ok "... and the hook inside" eventually gone '^busybox sleep 7801$'
	end_waiting half CONT
	like "... and run fails" "$status $err $(left_of_box)" "1 isorun-oci: *the first process ended* "
}

# Without a pid namespace of its own, the hook of startContainer would outlive the first process.
test_start_signals() {
	local next=${sleeps/7801/7805}
	bundle "linux.cgroupsPath=\"$path\"" "$host" "hooks={\"startContainer\":$sleeps,\"poststop\":[${sleeps:1:-1},${next:1:-1}]}" -- busybox sleep 7802
	oci create --bundle "$bundle" box
	begin_waiting start start box
	await runs '^busybox sleep 7801$'
	end_waiting start TERM
	await is_status box stopped
	await has_processes "$path" 0
	# promise P70
	no_refusal is "TERM ends start that waits for a hook of startContainer, and the container" \
		"$status $err $(processes "$path") $(pgrep -f '^busybox sleep 780')" "1 isorun-oci: a signal came before the command was executed 0 "
	begin_waiting delete delete box
	await runs '^busybox sleep 7801$'
	kill -s INT "$waiting"
	await runs '^busybox sleep 7805$'
	# promise P70
	is "INT ends a hook of poststop that delete waits for, and not the next one" "$(cat "$tmp/delete.err") $(pgrep -f '^busybox sleep 7801$')" \
		"isorun-oci: notice: error running poststop hook #0: /bin/busybox: killed, since a signal came "
	await ends_by INT
	wait "$waiting"
	status=$? err=$(<"$tmp/delete.err")
	# promise P70
	no_refusal is "... but another signal does" "$status $err $(left_of_box)" \
		"0 isorun-oci: notice: error running poststop hook #0: /bin/busybox: killed, since a signal came
isorun-oci: notice: error running poststop hook #1: /bin/busybox: killed, since a signal came "
	bundle "linux.cgroupsPath=\"$path\"" "hooks={\"poststart\":$sleeps}" -- busybox sleep 7802
	oci create --bundle "$bundle" box
	begin_waiting poststart-start start box
	await runs '^busybox sleep 7801$'
	end_waiting poststart-start HUP
	# promise P70
	no_refusal is "HUP ends start that waits for a hook of poststart, and the container" "$status $err $(left_of_box)" \
		"1 isorun-oci: error running poststart hook #0: /bin/busybox: killed, since a signal came "
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
	also like "... and exec says why: where it waits depends on when the process was stopped" "$(cat "$tmp/exec-TERM.err")" \
		"isorun-oci: @(--pidfd-socket: cannot connect to $queue: Interrupted system call|a signal came before the first process was ready)"
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

# A container that has ended, "old", and another one at the same path.
create_after_end() { # the path of both, [PATH=JSON...]
	bundle "linux.cgroupsPath=\"$1\"" "${@:2}" -- busybox sleep 7691
	oci create --bundle "$bundle" old
	oci kill old KILL
	await is_status old stopped
	await grep -q "populated 0" "/sys/fs/cgroup$1/cgroup.events"
	oci create --bundle "$bundle" box
}

test_cgroup_of_another() { # whose, its path, [PATH=JSON...]
	create_after_end "${@:2}"
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
	create_after_end "${@:2}"
	no_refusal is "$1 container takes the cgroup of others after one that has ended" "$status$out$err" 0
	oci kill --all old KILL
	like "... and kill --all of that one is refused there" "$status $err" "1 isorun-oci: the cgroup of old, $2, is another container's now"
	oci delete old
	# promise P65
	also is "... and delete of that one ends no process in it" "$status$err $(status_of box) $(wc -l <"/sys/fs/cgroup$2/cgroup.procs")" "0 created 1"
	oci delete --force box
	is "... and that of its own container ends it" "$status$err $(ls -d "/sys/fs/cgroup$2" 2>/dev/null)" "0 "
}

# Where another tree is at /sys/fs/cgroup, or none, a cgroup that is not there need not have been removed.
test_cgroup_not_visible() { # its path
	local view who=() views=('mount -t tmpfs none /sys/fs/cgroup' \
		'echo 0 >/sys/fs/cgroup/isorun-oci-view/cgroup.procs && exec unshare -C sh -c "mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec \"\$@\"" sh "$@"')
	mkdir /sys/fs/cgroup/isorun-oci-view
	bundle "linux.cgroupsPath=\"$1\"" 'linux.namespaces=[{"type":"mount"},{"type":"ipc"},{"type":"uts"}]' -- sh -c 'busybox sleep 7704 &'
	oci run --detach --bundle "$bundle" box
	await runs '^busybox sleep 7704$'
	await is_status box stopped
	for view in "${views[@]}"; do
		who=(unshare -m sh -c "$view && exec \"\$@\"" sh)
		oci kill --all box KILL
		# promise P65
		like "kill --all does not take a cgroup for gone that is only not visible" "$status $err" "1 isorun-oci: cannot open the cgroup /sys/fs/cgroup$1: *"
		oci delete box
		# promise P65
		like "... nor does delete" "$status $err $(ls "$state") $(pgrep -fc '^busybox sleep 7704$')" \
			"1 isorun-oci: cannot delete box: processes in its cgroup $1 may live still, but /sys/fs/cgroup is not * box 1"
	done
	who=()
	oci delete box
	is "... which ends them where it is" "$status$err $(pgrep -f '^busybox sleep 7704$')" "0 "
	eventually rmdir /sys/fs/cgroup/isorun-oci-view 2>/dev/null
}

test_cgroup() {
	local path=/isorun-oci-test.slice/box pid
	mkdir /sys/fs/cgroup/isorun-oci-both
	test_cgroup_of_both root /isorun-oci-both
	bundle "linux.cgroupsPath=\"$path\"" 'linux.namespaces+={"type":"cgroup"}' \
		'mounts+={"destination":"/sys/fs/cgroup","type":"cgroup","source":"the-tree","options":["ro"]}' root.readonly=false \
		-- sh -c 'busybox grep ^0: /proc/self/cgroup >/tmp/own; (busybox ls /sys/fs/cgroup; busybox grep ^the-tree /proc/mounts) >/tmp/tree; busybox sleep 7658 & wait'
	oci create --bundle "$bundle" --pid-file "$tmp/pid" box
	oci start box
	await runs '^busybox sleep 7658$'
	pid=$(cat "$tmp/pid")
	no_refusal is "a container is in its cgroup" "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$path"
	also is "... which is the root of its cgroup namespace" "$(cat "$bundle/rootfs/tmp/own")" 0::/
	also like "... and of its tree, which has the source of config.json" "$(cat "$bundle/rootfs/tmp/tree")" "*cgroup.freeze*the-tree /sys/fs/cgroup cgroup2 ro*"
	oci ps --format json box
	no_refusal is "ps lists its processes" "$(python3 -c 'import json, sys; print(len(json.loads(sys.argv[1])), int(sys.argv[2]) in json.loads(sys.argv[1]))' \
		"$out" "$pid")" "2 True"
	if command -v ps >/dev/null; then
		oci ps box
		no_refusal like "... in the table of ps(1)" "$status $(wc -l <<<"$out") $out" "0 3 UID *PID *CMD*$pid *sleep 7658*"
		oci ps box -o ppid,pid,comm -e
		no_refusal is "... with its options" "$status $(wc -l <<<"$out") $(awk -v pid="$pid" '$2 == pid { print $3 }' <<<"$out")" "0 3 sh"
		cp "$(readlink -f "$(command -v sleep)")" "$tmp/a $pid"
		"$tmp/a $pid" 7705 &
		await grep -q "^a $pid\$" "/proc/$!/comm"
		oci ps box -eo comm,pid,args
		kill $!
		no_refusal is "... and with a process of the host whose name looks like a pid" \
			"$status $(wc -l <<<"$out") $(awk '{ print $1 }' <<<"$out" | tr '\n' ' ')" "0 3 COMMAND sh busybox "
		oci ps box axo pid,comm --sort=pid
		no_refusal is "... and in BSD's way" "$status $(awk '{ print $2 }' <<<"$out" | tr '\n' ' ')" "0 COMMAND sh busybox "
		oci ps box -e --forest -f
		no_refusal like "... and without names of columns" "$status $(wc -l <<<"$out") $out" "0 3 UID *PID *CMD*"
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
	test_cgroup_not_visible "$path"
	test_cgroup_of_another a "$path"
	mkdir -p /sys/fs/cgroup/isorun-oci-test.slice
	echo 1 >/sys/fs/cgroup/isorun-oci-test.slice/cgroup.freeze
	bundle "linux.cgroupsPath=\"$path\"" -- busybox true
	run patiently "$isorun_oci" --root "$state" create --bundle "$bundle" box # would wait for ever
	is "a cgroup below a frozen one is refused" "$status $err $(ls "$state")" "1 isorun-oci: cannot use $path: container's cgroup unexpectedly frozen "
	echo 0 >/sys/fs/cgroup/isorun-oci-test.slice/cgroup.freeze
	rmdir "/sys/fs/cgroup$path" /sys/fs/cgroup/isorun-oci-test.slice
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
	inside "a namespace with a path is joined, also with oomScoreAdj" "$(readlink "/proc/$pid/ns/net") 124" process.oomScoreAdj=124 \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},{\"type\":\"network\",\"path\":\"/proc/$pid/ns/net\"}]" \
		'echo $(busybox readlink /proc/self/ns/net) $(busybox cat /proc/self/oom_score_adj)'
	kill "$pid"
	wait "$pid" 2>/dev/null
	inside "a user namespace has the maps of config.json" "0 100000 1000 root is mapped, 1:7 too" \
		'linux.namespaces+={"type":"user"}' 'linux.uidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'linux.gidMappings=[{"containerID":0,"hostID":100000,"size":1000}]' \
		'echo $(busybox cat /proc/self/uid_map) root is mapped, $(busybox stat -c %t:%T /dev/zero | busybox sed s/5/7/) too'
}

# While a container is being made, root of the user namespace that it joins enters its mount namespace, and looks for a
# file of the host and one of a volume.
test_join_attack() { # a pid in the user namespace, [PATH=JSON...]
	local pid=$1 victim fd host dir=$tmp/attacked layers # and sets staged_proc
	host=$(stat -c %d:%i /)
	layers="lowerdir=$dir/one:$dir/two"
	[ -z "${separate-}" ] || layers="lowerdir+=$dir/one\",\"lowerdir+=$dir/one:two" # each is one path
	mkfifo -m 666 /dev/of-the-host
	mkdir -m 777 "$dir" "$dir/"{volume,one,two,one:two} && mkfifo -m 666 "$dir/go"
	echo secret | tee "$dir/"{of-the-host,one/file} >"$dir/volume/file" && chmod 666 "$dir/of-the-host" "$dir/"*/file
	bundle "${@:2}" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$dir/volume\",\"options\":[\"bind\",\"ro\",\"rprivate\"]}" \
		"mounts+={\"destination\":\"/etc/dir\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"ro\",\"userxattr\",\"$layers\"]}" 'linux.rootfsPropagation="rprivate"' 'linux.devices=[{"path":"/dev/of-the-host","type":"p"}]' \
		"hooks={\"createRuntime\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat >$dir/new; mv $dir/new $dir/hooked; read -r line <$dir/go\"]}]}" \
		-- sh -c "$(to_end 'busybox cat /tmp/file /etc/dir/file')"
	exec 9<>"$dir/go"
	"${who[@]}" "$isorun_oci" --root "$state" run --bundle "$bundle" victim >"$dir/out" 2>&1 9<&- &
	await test -e "$dir/hooked"
	victim=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])' <"$dir/hooked")
	run "$top/tests/join-attack.py" "$pid" "$victim" "$dir/of-the-host" /sources/6/file /o/7/0/file
	if [ "$out" = "no handles" ]; then
		skip "an attack on its mount namespace" "the kernel has no file handles of namespaces"
	else
		# promise P67
		is "root of the user namespace enters the mount namespace of a container that is being made, and finds nothing of the host" \
			"$status $out" "0 devices o proc rootfs sources sys, No such file or directory, No such file or directory, read, Read-only file system, read, Read-only file system"
	fi
	# promise P67
	also is "... whose mounts are all parts of the container" "$(cut -d ' ' -f 5 "/proc/$victim/mountinfo" | sed -E 's,^/(devices/dev|proc|rootfs|sys)(/.*)?$,/\1,' | sort -u | tr '\n' ' ')" \
		"/ /devices/dev /o/7/0 /o/7/1 /proc /rootfs /sources/6 /sys "
	# promise P67
	also is "... but no FIFO of the host, since the container gets another one" "$(grep -c of-the-host "/proc/$victim/mountinfo")" 0
	# promise P67
	also is "... with a sysfs that is read-only" "$(awk '$5 ~ "^/(proc|sys)$" { sub(",relatime", "", $6); print $5, $6 }' "/proc/$victim/mountinfo" | tr '\n' ' ')" \
		"/proc rw,nosuid,nodev,noexec /sys ro,nosuid,nodev,noexec "
	# promise P67
	also is "... where no later mount of the host appears, if config.json says so" "$(grep -c ' master:' "/proc/$victim/mountinfo")" 0
	# promise P67
	also is "... and no directory that its process has leads to the host's root" \
		"$(for fd in "/proc/$victim/"{root,cwd,fd/*}; do [ -d "$fd/" ] && stat -L -c %d:%i "$fd/../../../../../../../../../../../.."; done | grep -cx "$host")" 0
	staged_proc=$(awk '$5 == "/proc" { print $NF } $5 == "/proc/1" { print $5 }' "/proc/$victim/mountinfo" | xargs)
	echo >&9
	wait "$!"
	no_refusal is "... and it runs then" "$? $(cat "$dir/out")" "0 secret"$'\n'"secret"$'\n'"$reached"
	exec 9<&-
	rm -r "$dir" /dev/of-the-host
}

# pivot_root(2) exchanges the root of the caller alone, which in a chroot(2) is not that of the mount namespace.
test_join_attack_in_chroot() { # as above
	local staged_proc who=(chroot "$tmp/chroot") label="in a chroot" separate
	separate=$(printf '6.8\n%s\n' "$(uname -r)" | sort -VC && echo yes) # layers can be named one by one since then
	mkdir "$tmp/chroot"
	mount --bind "$tmp/chroot" "$tmp/chroot"
	mount --make-private "$tmp/chroot"
	mount --rbind / "$tmp/chroot"
	mount --make-rprivate "$tmp/chroot"
	test_join_attack "$@" 'mounts=[{"destination":"/dev","type":"tmpfs"},{"destination":"/dev/pts","type":"devpts"},{"destination":"/dev/shm","type":"tmpfs"},{"destination":"/dev/mqueue","type":"mqueue"},{"destination":"/proc","type":"tmpfs"},{"destination":"/sys","type":"sysfs","options":["ro"]}]'
	# promise P67
	is "... with a procfs that has only processes if config.json mounts none" "$staged_proc" "rw,hidepid=ptraceable,subset=pid /proc/1"
	umount -R -l "$tmp/chroot"
	umount "$tmp/chroot"
	rmdir "$tmp/chroot"
}

# The user namespace of a container that runs, as engines name it (podman run --userns=container:ID, pods).
test_joined_users() {
	local pid inner users made order word nothing ids='[{"containerID":0,"hostID":100000,"size":1000}]' admin
	admin='process.capabilities={"bounding":["CAP_SYS_ADMIN","CAP_SYS_PTRACE"],"permitted":["CAP_SYS_ADMIN","CAP_SYS_PTRACE"],"effective":["CAP_SYS_ADMIN","CAP_SYS_PTRACE"]}'
	bundle "$admin" 'linux.namespaces+={"type":"user"}' "linux.uidMappings=$ids" "linux.gidMappings=$ids" -- busybox sleep 7700
	oci create --bundle "$bundle" first
	oci start first
	pid=$(pid_of first)
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	users="linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}"
	inside "a user namespace with a path is joined" "$(readlink "/proc/$pid/ns/user") 0 100000 1000 uid=0 gid=0" "$users" \
		'echo $(busybox readlink /proc/self/ns/user; busybox cat /proc/self/uid_map; busybox id)'
	inside "... and the new namespaces are its own, and devices and cgroups as in a new one" "0 changed 1000 /isorun-oci-test ro,nosuid,nodev,noexec nosuid,noexec" \
		"$admin" "$users" 'linux.cgroupsPath="/isorun-oci-test"' 'linux.namespaces+={"type":"time"}' 'linux.timeOffsets={"monotonic":{"secs":1000}}' \
		'mounts+={"destination":"/dev/cgroup","type":"cgroup","options":["rw"]}' \
		'busybox mount -t tmpfs new /tmp && busybox hostname changed && echo $(busybox grep -c shared: /proc/self/mountinfo; busybox hostname; busybox awk "/monotonic/ { print \$2 }" /proc/self/timens_offsets; busybox sed -n "s,.* /dev/zero rw\,\(nosuid\,noexec\)[ \,].*,\1,p; s,^[^ ]* [^ ]* [^ ]* \([^ ]*\) /dev/cgroup \([^ ]*\)\,relatime .*,\1 \2,p" /proc/self/mountinfo)'
	inside "... and namespaces of it can be joined with it" "$(readlink "/proc/$pid/ns/net") $(readlink "/proc/$pid/ns/ipc")" \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"ipc\",\"path\":\"/proc/$pid/ns/ipc\"},{\"type\":\"network\",\"path\":\"/proc/$pid/ns/net\"}]" \
		"$users" 'echo $(busybox readlink /proc/self/ns/net; busybox readlink /proc/self/ns/ipc)'
	touch "$tmp/net"
	unshare --net="$tmp/net" true
	made=$(stat -L -c %i "$tmp/net")
	inside "... and one that only root of the host may join" "net:[$made]" 'mounts=[{"destination":"/proc","type":"proc"},{"destination":"/dev","type":"tmpfs"}]' 'linux.maskedPaths=[]' \
		"linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"network\",\"path\":\"$tmp/net\"}]" \
		"$users" 'busybox readlink /proc/self/ns/net'
	umount "$tmp/net"
	mkdir "$tmp/mapped" && echo >"$tmp/mapped/file" && chown 7:8 "$tmp/mapped/file"
	inside "... and gives a mount its ids" 7:8 "$users" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"idmap\"]}" \
		'busybox stat -c %u:%g /tmp/file'
	mkdir "$tmp/mapped/sub"
	mount -t tmpfs -o ro lid "$tmp/mapped/sub"
	# promise P67
	inside "... and keeps the options of such a mount, those of mounts below, and of a remount" "Invalid argument 1 1" "$admin" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/mapped\",\"options\":[\"rbind\",\"ridmap\"]}" \
		'mounts+={"destination":"/tmp","options":["remount","bind","ro"]}' \
		'echo $(busybox umount /tmp/sub 2>&1 | busybox grep -o Invalid.*; for i in /tmp /tmp/sub; do busybox mount -o remount,bind,rw $i 2>/dev/null; echo $?; done)'
	umount "$tmp/mapped/sub"
	rm -r "$tmp/mapped"
	mkdir -m 700 "$tmp/closed" && mkdir "$tmp/closed/open"
	inside "... and root there may do no more than in the first container" "Permission denied Operation not permitted" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp/closed/open\",\"options\":[\"bind\"]}" \
		'echo $(busybox touch /tmp/x 2>&1 | busybox grep -o Permission.*; busybox hostname x 2>&1 | busybox grep -o Operation.*)'
	rm -r "$tmp/closed"
	inside "... and a filter needs no no_new_privs" Seccomp:2 "$users" process.noNewPrivileges=false 'linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}' \
		'busybox grep ^Seccomp: /proc/self/status | busybox tr -d " \t"'
	inside "... and a source above the root has the root in it, and nothing else" "bin dev etc proc sys tmp" "$users" "mounts+={\"destination\":\"/tmp\",\"type\":\"bind\",\"source\":\"$tmp\",\"options\":[\"rbind\"]}" \
		'echo $(busybox ls /tmp/bundle/rootfs)'
	# promise P67
	refuses "a hook that would need the host's files there" "config.json:*: /hooks/createContainer: with a user namespace of others (/proc/$pid/ns/user), the host's files are gone where these hooks run: use createRuntime" \
		"$users" 'hooks={"createContainer":[{"path":"/bin/true"}]}'
	# promise P67
	refuses "ids of a source that root of the user namespace could exchange" "config.json: /mounts/7: in a user namespace of others (/proc/$pid/ns/user), the ids of a source in the container's root cannot be mapped" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"tmpfs\"}" "mounts+={\"destination\":\"/sys\",\"type\":\"bind\",\"source\":\"$bundle/rootfs/tmp\",\"options\":[\"bind\",\"idmap\"]}"
	mkdir -p "$tmp/overlay/"{one,of:two,three/upper,three/work} && touch "$tmp/overlay/"{one/one,of:two/two} && chown 100000 "$tmp/overlay/three/"*
	inside "... and the directories of an overlay are the host's" "new one two" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/of\\\\:two:$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/three/work\"]}" \
		'busybox touch /tmp/new; echo $(busybox ls /tmp)'
	also is "... to which it writes" "$(ls "$tmp/overlay/three/upper")" new
	refuses "... if they are beside each other" "cannot copy directory 3 of the overlay for /tmp: * (in a user namespace of others, upperdir and workdir must be in one directory and mount, with nothing beside them, where only the caller may write)" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/work\"]}"
	mount --bind "$tmp/overlay/one" "$tmp/overlay/three/upper"
	# promise P67
	refuses "... and no mount covers one, which the copy would uncover" "cannot copy directory 2 of the overlay for /tmp: * (in a user namespace of others, upperdir and workdir must be in one directory and mount, with nothing beside them, where only the caller may write)" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/three/work\"]}"
	umount "$tmp/overlay/three/upper"
	touch "$tmp/overlay/three/other"
	# promise P67
	refuses "... and if their directory has nothing else, which root there could reach" "cannot copy directory 2 of the overlay for /tmp: Directory not empty (in a user namespace of others, upperdir and workdir must be in one directory and mount, with nothing beside them, where only the caller may write)" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/three/work\"]}"
	rm "$tmp/overlay/three/other"
	chown 100000 "$tmp/overlay/three"
	# promise P67
	refuses "... and if root there cannot write to this directory, and put others in their place" "cannot copy directory 2 of the overlay for /tmp: Operation not permitted (in a user namespace of others, upperdir and workdir must be in one directory and mount, with nothing beside them, where only the caller may write)" "$users" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/three/work\"]}"
	chown 0 "$tmp/overlay/three"
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=${ids/\}/\},{\"containerID\":65534,\"hostID\":0,\"size\":1\}}" "linux.gidMappings=$ids" -- busybox sleep 7710
	oci create --bundle "$bundle" zero
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	# promise P67
	refuses "... also not as the caller" "config.json: /mounts/6: /proc/$(pid_of zero)/ns/user has the uid of isorun-oci, so root there could put something else in the place of upperdir" "${users/$pid/$(pid_of zero)}" \
		"mounts+={\"destination\":\"/tmp\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"userxattr\",\"lowerdir=$tmp/overlay/one\",\"upperdir=$tmp/overlay/three/upper\",\"workdir=$tmp/overlay/three/work\"]}"
	oci delete --force zero
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	rm -r "$tmp/overlay"
	mkfifo -m 666 /dev/of-the-host
	# promise P67
	refuses "a device that is something else on the host, which does not become visible" "cannot open /dev/of-the-host of the host, or it is another device: No such file or directory" "$users" \
		'linux.devices=[{"path":"/dev/of-the-host","type":"c","major":1,"minor":3}]'
	rm /dev/of-the-host
	test_join_attack "$pid" "$users"
	test_join_attack_in_chroot "$pid" "$users"
	inside "uidMappings beside the path may be those of the namespace" same "$users" "linux.uidMappings=$ids" "linux.gidMappings=$ids" 'echo same'
	for word in uid gid; do
		refuses "... and no others: $word" "config.json: /linux/${word}Mappings is not the map of /proc/$pid/ns/user, which is \"0 100000 1000\": leave it out" \
			"$users" "linux.uidMappings=$ids" "linux.gidMappings=$ids" "linux.${word}Mappings=${ids/1000\}/1001\}}"
	done
	refuses "one of both maps" "config.json:*: /linux: uidMappings and gidMappings must both be there, or neither" "$users" "linux.uidMappings=$ids"
	# promise P57
	refuses "a joined user namespace, whose root could uncover what is below the host's /sys" "cannot mount /sys of type sysfs (with the caller's network, root of the joined user namespace could reach the host's cgroups): *" \
		'linux.namespaces=[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]' "$users"
	refuses "the user namespace of isorun-oci itself" "config.json: /linux/namespaces: /proc/self/ns/user is the user namespace of isorun-oci itself: leave this entry out" \
		"${users/$pid/self}"
	nsenter -t "$pid" -U unshare -U sleep 7711 &
	inner=$(first_pid '^sleep 7711$')
	# promise P67
	refuses "a user namespace in which root of another one has chosen the ids" "config.json: /linux/namespaces: /proc/$inner/ns/user was made in another user namespace than that of isorun-oci, *" \
		"${users/$pid/$inner}"
	kill "$inner"
	refuses "a namespace of another type" "config.json: /linux/namespaces: /proc/$pid/ns/net is not a user namespace" "${users/ns\/user/ns\/net}"
	bundle "$users" -- busybox true
	run "$isoctl" explain "$bundle"
	no_refusal is "explain says which, and its ids" "$status$err$(sed -n 's/ *#.*//; s/^users *//p' <<<"$out")" \
		"0uid 0 gid 0 – in the user namespace of /proc/$pid/ns/user with the map (id inside, outside, count): 0 100000 1000"
	run "$isoctl" explain --verbose "$bundle"
	explains "the map of a joined user namespace" "uid map" "/proc/$pid/ns/user" 2
	install -m 600 /dev/null "$bundle/rootfs/etc/closed"
	run "$isoctl" why "$bundle" read /etc/closed
	like "why knows the ids: a file of the host's root" "$status $out" "1 read /etc/closed: denied, EACCES*"
	rm "$bundle/rootfs/etc/closed"
	sed -i "s,/proc/$pid/ns/user,/run/user-namespace," "$bundle/config.json"
	run "$isoctl" why "$bundle" read /etc/passwd
	like "... and where isoctl cannot know the ids, it says so" "$status $out" "*depends*the id maps of /run/user-namespace decide*"
	bundle "$users" "linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\",\"path\":\"/proc/$pid/ns/pid\"},{\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}]" hostname= \
		'mounts=[{"destination":"/proc","type":"proc"},{"destination":"/dev","type":"tmpfs"}]' -- busybox sleep 7701
	oci create --bundle "$bundle" second
	oci exec first sh -c "$(to_end 'for i in exe root cwd fd/0; do busybox readlink /proc/2/$i && echo reached; done 2>/dev/null; busybox test -d /proc/2 && echo seen')"
	# promise P67
	is_reached "root of the joined user namespace, with CAP_SYS_PTRACE, cannot look into the first process" "seen"
	also is "... which is a copy of isorun-oci" "$(readlink "/proc/$(pid_of second)/exe")" "/memfd:isorun-oci (deleted)"
	oci delete --force second
	if is_sanitized || ! strace -o /dev/null true 2>/dev/null; then
		skip "the order of the joins" "strace counts them only without sanitizers"
	else
		sed -i 's/"sleep"/"true"/' "$bundle/config.json"
		# A file for each process: in one file, strace divides the line of a call when another process makes one.
		run patiently strace -ff -qq -e signal=none -e trace=setns,prctl,setgroups,clone3,pivot_root -o "$tmp/trace" "$isorun_oci" --root "$state" run --bundle "$bundle" second
		order=$(sed -nE 's/^prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE.*/protected/p; s/^pivot_root\(.*= 0/left/p; s/^setgroups\(0.*/no-groups/p; s/^setns\([0-9]+, CLONE_NEW([A-Z]+).*= 0/\1/p; s/^clone3\(.*CLONE_PARENT.*/clone/p' "$(grep -l '^setns' "$tmp/trace".*)" | tr '\n' ' ')
		# promise P67
		no_refusal is "... also before, from the first join on, and it has left the host's root by then" "$status $order" "0 protected NS left NS PID no-groups USER protected clone "
		bundle "$users" "linux.uidMappings=${ids/1000\}/1001\}}" "linux.gidMappings=$ids" -- busybox true
		run patiently strace -ff -qq -e signal=none -e trace=clone3 -o "$tmp/other-maps" "$isorun_oci" --root "$state" run --bundle "$bundle" second
		# promise P67
		like "... and if its maps are not those of config.json, nothing of the container comes there" \
			"$status $err $(cat "$tmp/other-maps".* | grep -c CLONE_PARENT)" "1 *is not the map of /proc/$pid/ns/user, * 0"
	fi
	oci delete --force first
	# What a user has made without rights over groups: root's groups would stay there.
	[ -n "${TH_USER-}" ] || return
	"$as_user" unshare -U -r sleep 7702 &
	made=$!
	await runs '^sleep 7702$'
	pid=$(first_pid '^sleep 7702$')
	who=(setpriv --groups "4,6")
	bundle process.rlimits= "linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}" -- sh -c 'busybox grep ^Groups /proc/self/status; exec busybox sleep 7703'
	chmod a+rx "$tmp" && chown -R "$TH_USER" "$bundle"
	"${who[@]}" "$isorun_oci" --root "$state" run --bundle "$bundle" box >"$tmp/groups.out" 2>&1 &
	await runs '^busybox sleep 7703$'
	# promise P67
	no_refusal is "no group of the caller comes through where setgroups(2) is denied" "$(tr -d ' \t' <"$tmp/groups.out")" "Groups:"
	# promise P67
	also_inside "... also not with exec" "Groups:" 'busybox grep ^Groups /proc/self/status | busybox tr -d " \t"'
	who=()
	oci delete --force box
	kill "$pid"
	wait "$made" "$!" 2>/dev/null
	test_groups_denied_later
	chown -R root "$bundle"
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

# The first process of a user's container goes to a user namespace of its own, where setgroups(2) is denied.
test_groups_denied_later() {
	local sub uid gid state=$tmp/groups-state maps
	sub=$(first_subuid "$TH_USER")
	[ -n "$sub" ] || { skip "exec in such a namespace" "$TH_USER has no subordinate ids"; return; }
	uid=$(id -u "$TH_USER") gid=$(id -g "$TH_USER")
	maps="[{\"containerID\":0,\"hostID\":%d,\"size\":1},{\"containerID\":1,\"hostID\":$sub,\"size\":1000}]"
	install -d -o "$TH_USER" -m 700 "$state"
	bundle process.rlimits= 'process.capabilities={"bounding":["CAP_SETFCAP"],"permitted":["CAP_SETFCAP"],"effective":["CAP_SETFCAP"]}' \
		'linux.namespaces+={"type":"user"}' "linux.uidMappings=${maps/\%d/$uid}" "linux.gidMappings=${maps/\%d/$gid}" \
		-- busybox unshare -r busybox sleep 7706
	chown -R "$TH_USER" "$bundle"
	setpriv --reuid "$uid" --regid "$gid" --groups 4,6 "$isorun_oci" --root "$state" run --bundle "$bundle" denied >"$tmp/denied.out" 2>&1 &
	await runs '^busybox sleep 7706$'
	run setpriv --reuid "$uid" --regid "$gid" --groups 4,6 "$isorun_oci" --root "$state" exec denied busybox echo ran
	# promise P67
	is "a container's root cannot deny setgroups(2) to get the caller's groups with exec" "$status $out$err" \
		"255 isorun-oci: cannot drop the caller's groups: setgroups(2) is denied in the user namespace: Operation not permitted"
	oci delete --force denied
}

# What podman as a user does: root of a user namespace, whose cgroup namespace is the host's.
test_root_of_namespace() {
	local who=("${who[@]}" unshare -U --map-auto --map-root-user)
	[ -n "$(first_subuid "$TH_USER")" ] || { skip "root of a user namespace" "$TH_USER has no subordinate ids"; return; }
	test_long_layers "root of a user namespace" ',"userxattr"'
	inside "... in the host's pid namespace, sysctls are set in the host's procfs" "40000 40001" \
		'linux.namespaces=[{"type":"mount"},{"type":"network"}]' hostname= 'linux.sysctl={"net.ipv4.ip_local_port_range":"40000 40001"}' \
		'mounts=[{"destination":"/proc","type":"bind","source":"/proc","options":["rbind"]},{"destination":"/dev","type":"tmpfs"}]' \
		'echo $(busybox cat /proc/sys/net/ipv4/ip_local_port_range)'
	# promise P57
	inside "... without a new cgroup namespace, only the container's cgroup is bound, read-only" "ro,nosuid,nodev,noexec 0 1" \
		'mounts+={"destination":"/dev/cgroup","type":"cgroup","options":["rw"]}' \
		'echo $(busybox sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* /dev/cgroup \([^ ]*\) .*,\1,p" /proc/self/mountinfo | busybox sed "s/,relatime//") $(busybox test -e /dev/cgroup/cgroup.procs; echo $?) $(busybox test -e /dev/cgroup/init.scope; echo $?)'
	test_joined_in_namespace
}

# As an engine has it that runs without root, in a user and mount namespace of its own.
test_joined_in_namespace() {
	local who engine pid nothing ids='[{"containerID":0,"hostID":1,"size":100}]' label="root of a user namespace"
	"$as_user" unshare -U -m --map-auto --map-root-user sleep 7704 &
	engine=$!
	await runs '^sleep 7704$'
	who=(nsenter -U -m -S 0 -G 0 -t "$(first_pid '^sleep 7704$')")
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=$ids" "linux.gidMappings=$ids" -- busybox sleep 7705
	oci create --bundle "$bundle" first
	oci start first
	pid=$(pid_of first)
	inside "joins the user namespace of a container" "$(readlink "/proc/$pid/ns/user") 0 1 100 ro,nosuid,nodev,noexec 1:3" \
		"linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}" 'mounts+={"destination":"/dev/cgroup","type":"cgroup","options":["ro"]}' \
		'echo $(busybox readlink /proc/self/ns/user; busybox cat /proc/self/uid_map; busybox sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* /dev/cgroup \([^ ]*\) .*,\1,p" /proc/self/mountinfo | busybox sed "s/,relatime//"; busybox stat -c %t:%T /dev/null)'
	nothing=$(ls "$bundle/rootfs/tmp" "$state")
	# promise P67
	refuses "the caller's groups in a joined user namespace, whose root could take them" "config.json:*: /annotations: run.oci.keep_original_groups is not for a user namespace of others (/proc/$pid/ns/user), *" \
		"linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}" 'annotations={"run.oci.keep_original_groups":"1"}'
	test_join_attack "$pid" "linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}"
	oci delete --force first
	kill "$(first_pid '^sleep 7704$')"
	wait "$engine" 2>/dev/null
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
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" process.oomScoreAdj=321 \
		-- sh -c "$(to_end 'echo $(busybox id -u) $(busybox cat /proc/self/uid_map) $(busybox stat -c %t:%T /dev/null) $(busybox cat /proc/self/oom_score_adj)')"
	oci run --bundle "$bundle" box
	is_reached "a user's container, also with oomScoreAdj" "0 0 $uid 1 1:3 321"
	bundle 'linux.namespaces+={"type":"user"}' "linux.uidMappings=[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]" \
		"linux.gidMappings=[{\"containerID\":0,\"hostID\":$(id -g "$TH_USER"),\"size\":1}]" process.oomScoreAdj=322 -- busybox sleep 7661
	oci create --bundle "$bundle" box
	oci state box
	pid=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])' <<<"$out")
	# promise P58
	also is "the first process of a user's container has no page of the file of isorun-oci" \
		"$(readlink "/proc/$pid/exe") $(grep -o '/.*isorun-oci.*' "/proc/$pid/maps" | sort -u)" \
		"/memfd:isorun-oci (deleted) /memfd:isorun-oci (deleted)"
	oci start box
	await runs '^busybox sleep 7661$'
	also_inside "a user's container" "0 CapPrm:0000000020000420 322" \
		'echo $(busybox id -u) $(busybox grep CapPrm /proc/self/status | busybox tr -d "\t ") $(busybox cat /proc/self/oom_score_adj)'
	bundle "linux.namespaces+={\"type\":\"user\",\"path\":\"/proc/$pid/ns/user\"}" -- busybox true
	oci run --bundle "$bundle" other
	# promise P67
	like "refused: a joined user namespace, to a user who may not leave the host's files before" "$status $err $(ls "$state")" \
		"1 isorun-oci: config.json: /linux/namespaces: to join /proc/$pid/ns/user, isorun-oci must leave the host's files before, and only root of the host or of an engine's user namespace may do that: * box"
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

test_notify
test_signals
test_pause_fails
test_cgroup
test_systemd
test_joined
test_joined_users
test_user_namespace
[ -z "${TH_USER-}" ] || test_user
