#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun as the main process of a service: the service is the instance. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
optional=(-p "Optional=MemoryMax TasksMax")

show() { ctl show -P "$2" "$1"; }

# Runs isorun as a service; properties of the unit before --, words of isorun's behind it.
service() {
	local properties=()
	while [ "$1" != -- ]; do
		properties+=("$1")
		shift
	done
	as_service "${properties[@]}" -- "$isorun" "${@:2}"
}

test_service() {
	service -- --quiet "${optional[@]}" cat /proc/self/cgroup
	no_refusal is "$label: a service runs" "$status" 0
	is "$label: ... its cgroup is the root of all inside" "$(grep ^0:: <<<"$out")" 0::/
	# shellcheck disable=SC2016
	service -- --quiet "${optional[@]}" sh -c "$(to_end 'echo $SYSTEMD_EXEC_PID $INVOCATION_ID $NOTIFY_SOCKET $JOURNAL_STREAM')"
	is_reached "$label: nothing of the unit's leaks into the environment" ""
	service -- --quiet "${optional[@]}" sh -c 'exit 9'
	no_refusal is "$label: the exit status is the payload's" "$status" 9
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit=isorun-test.service "$isorun" --quiet "${optional[@]}" sleep 1000
	await runs '^sleep 1000$'
	verified isorun-test.service
	also no_refusal is "$label: no scope is made" "$("${who[@]}" systemctl "${bus[@]}" list-units --plain --no-legend 'isorun-*.scope')" ""
	also no_refusal like "$label: systemctl status shows the payload" \
		"$("${who[@]}" systemctl "${bus[@]}" status --no-pager isorun-test.service)" "*CGroup: *─[0-9]* sleep 1000*"
	pkill -KILL -f '^sleep 1000$'
	await ended
	is "$label: isorun dies of the payload's signal" \
		"$("${who[@]}" systemctl "${bus[@]}" show -P ExecMainCode isorun-test.service) $("${who[@]}" systemctl "${bus[@]}" show -P ExecMainStatus isorun-test.service)" "2 9"
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test.service
}

ended() { [ "$("${who[@]}" systemctl "${bus[@]}" is-active isorun-test.service)" != active ]; }

# TERM by systemd goes to all processes of the service (control-group), or to isorun alone (mixed).
test_stop() {
	local kill_mode
	cat >"$tmp/count.sh" <<-'SH'
		n=0; trap 'n=$((n + 1))' TERM
		echo ready; while [ $n = 0 ]; do sleep 0.05; done; sleep 0.5; echo "got $n"
	SH
	for kill_mode in control-group mixed; do
		: >"$tmp/stop"; chmod 666 "$tmp/stop"
		"${who[@]}" systemd-run "${bus[@]}" --quiet --unit=isorun-test.service -p KillMode=$kill_mode \
			-p StandardOutput="append:$tmp/stop" "$isorun" --quiet "${optional[@]}" -v "$tmp/count.sh:/count.sh:ro" bash /count.sh
		await grep -q ready "$tmp/stop"
		"${who[@]}" systemctl "${bus[@]}" stop isorun-test.service
		no_refusal is "$label: stopped with KillMode=$kill_mode, SIGTERM reaches the payload once" "$(tail -n1 "$tmp/stop")" "got 1"
		"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test.service 2>/dev/null
	done
}

test_limits() {
	service -- "${optional[@]}" --quiet -p KillMode=mixed true
	is "$label: a lifecycle key that the unit has otherwise" "$status $err" \
"125 isorun: -p: KillMode=: isorun-test.service has another value, which isorun cannot change while the unit runs: write KillMode=mixed into the unit, section [Service]"
	service KillMode=mixed -- --quiet "${optional[@]}" -p KillMode=mixed true
	no_refusal is "$label: one that it has" "$status" 0
	service Wants=basic.target -- --quiet "${optional[@]}" -p Wants=basic.target true
	no_refusal is "$label: a dependency that it has" "$status $err" "0 "
	service -- --quiet "${optional[@]}" -p Wants=basic.target true
	like "$label: ... and one that it has not" "$status $err" '125 isorun: -p: Wants=: *: write Wants=basic.target into the unit, section \[Unit\]'

	if ! has_controllers; then
		service -- --quiet -p Optional= -p MemoryMax=64M -p TasksMax= true
		like "$label: a limit that the kernel does not hold" "$status $err" "125 isorun: -p: MemoryMax=: systemd set it on isorun-test.service, but the kernel does not enforce it: *"
		return
	fi
	service MemoryMax=32M TasksMax=100 -- --quiet -p Optional= -p MemoryMax=64M -p TasksMax=200 true
	is "$label: a limit that the unit holds more tightly is met" "$status" 0
	service -- --quiet -p Optional= -p MemoryMax=64M -p TasksMax=200 true
	is "$label: one that it does not hold is set" "$status" 0
	[ "$label" = root ] || return
	run systemd-run --wait --pipe --quiet -p User="${TH_USER-nobody}" "$isorun" -p Optional= -p TasksMax= -p MemoryMax=64M true
	like "$label: one that it may not set on itself, as a service with User=" "$err" \
		"isorun: -p: MemoryMax=: *.service has no MemoryMax=64M and, with User=, isorun may not add it: write MemoryMax=64M into the unit, section [Service]"
}

# A container has a cgroup of its own that is called like a service of the host, and reaches the host's bus.
test_same_name() {
	cat >"$tmp/container.sh" <<-'SH'
		cgroup=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/isorun-same.service
		mkdir "$cgroup" && echo $$ >"$cgroup/cgroup.procs" || exit
		SYSTEMD_EXEC_PID=$$ exec "$@"
	SH
	chmod 644 "$tmp/container.sh"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit=isorun-same.service -p TasksMax=77 sleep 1000
	as_service Delegate=yes -- sh "$tmp/container.sh" "$isorun" --quiet -p Optional= -p MemoryMax= -p MemorySwapMax= -p TasksMax=7 true
	is "$label: a service of the same name in another place" "$status $err" \
		"125 isorun: the service manager on the bus does not know this process as one of isorun-same.service"
	also is "$label: ... keeps its limits" "$(show isorun-same.service TasksMax)" 77
	ctl stop isorun-same.service
}

test_listen_fds() {
	/usr/bin/python3 - "$isorun" "${optional[@]}" >"$tmp/listen" <<-'PY'
		import os, socket, sys
		s = socket.create_server(("127.0.0.1", 0))
		os.dup2(s.fileno(), 3)
		os.set_inheritable(3, True)
		os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="web")
		os.execv(sys.argv[1], [*sys.argv[1:], "--quiet", "/usr/bin/python3", "-c",
		    "import os, socket; print(os.getpid() == int(os.environ['LISTEN_PID']), os.environ['LISTEN_FDS'], os.environ['LISTEN_FDNAMES'], socket.socket(fileno=3).getsockname()[0])"])
	PY
	is "passed sockets are the payload's" "$(cat "$tmp/listen")" "True 1 web 127.0.0.1"
}

# units/isorun@.service with a policy that says what to run.
test_template() {
	mkdir -p /etc/isorun/policies /run/systemd/system || return
	{
		printf '[Policy]\nBase=%s\nOptional=MemoryMax TasksMax CPUQuota\n' "$top/policies/web.conf"
		printf 'ExecStart=/usr/bin/python3 -m http.server --directory /usr/share 80\n'
		printf '[Sandbox]\nListenOn=8097=80\n'
	} >/etc/isorun/policies/website.conf
	cp "$top/units/isorun.slice" /run/systemd/system/
	sed "s,@bindir@,$build/src,; s,@target@,multi-user.target," "$top/units/isorun@.service" >/run/systemd/system/isorun@.service
	no_isorun is "systemd-analyze verify has nothing to say" \
		"$(systemd-analyze verify --man=no /run/systemd/system/isorun@.service /run/systemd/system/isorun.slice 2>&1)" ""
	systemctl daemon-reload
	run systemctl start isorun@website.service
	no_isorun is "systemctl start isorun@website" "$status" 0
	ok "... it answers" eventually fetch 8097
	also is "... in isorun.slice" "$(systemctl show -P Slice isorun@website.service)" isorun.slice
	systemctl stop isorun@website.service
	also is "... and stops" "$(systemctl show -P Result isorun@website.service)" success
}

fetch() { python3 -c 'import sys, urllib.request
urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1], timeout=5)' "$1" 2>/dev/null; }

# Lines of a unit around isorun that leave it what it needs. systemd ignores or refuses some of them for a user's unit.
hardened=(ProtectSystem=strict RestrictSUIDSGID=yes LockPersonality=yes MemoryDenyWriteExecute=yes
	NoNewPrivileges=yes SystemCallArchitectures=native KeyringMode=private UMask=0077 IgnoreSIGPIPE=no PrivateMounts=yes
	PrivateIPC=yes RestrictRealtime=yes ProtectControlGroups=yes ProtectKernelTunables=yes DevicePolicy=closed
	ProtectHostname=yes PrivateUsers=yes ProtectProc=invisible ProcSubset=pid)
hardened_by_root=(ProtectHome=tmpfs "BindReadOnlyPaths=$build" PrivateDevices=yes "TemporaryFileSystem=/srv /opt" NoExecPaths=/
	"ExecPaths=/usr /lib /lib64 $build" ProtectKernelModules=yes ProtectKernelLogs=yes)

# LeakSanitizer traces the process at its end. In some of these units, it then waits for ever.
no_leaks=Environment=ASAN_OPTIONS=detect_leaks=0

# With the words of a unit. The payload's pid shows that it runs in a sandbox.
runs_under() { # description, properties...
	service "$no_leaks" "${@:2}" -- --quiet "${optional[@]}" readlink /proc/self
	like "$label: isorun runs in a unit with $1" "$status $out $err" "0 [1-9] "
}

stopped_by() { # pattern of the one line, properties...
	service "$no_leaks" "${@:2}" -- --quiet "${optional[@]}" readlink /proc/self
	like "$label: in a unit with ${*:2}, the one error says what to change" "$status $(wc -l <"$tmp/err") $err" "125 1 isorun: $1"
}

# The line that isorun names is all that is missing. systemd's filter kills, or denies with an errno.
needs_line() { # pattern of calls that the line has, properties...
	local line
	stopped_by "a system call filter around isorun denies *, add the line SystemCallFilter=$1 (the policy*" "${@:2}"
	line=$(sed -n 's/.*add the line \(SystemCallFilter=[a-z0-9_ ]*\) (.*/\1/p' <<<"$err")
	also runs_under "$* and the line that it named" "${@:2}" "${line:-SystemCallFilter=}"
}

test_hardened() {
	local error
	for error in "" SystemCallErrorNumber=EPERM; do
		needs_line "*mount*pivot_root*seccomp*landlock_restrict_self" SystemCallFilter=@system-service ${error:+"$error"}
		needs_line "*pivot_root*capset*" SystemCallFilter=~@privileged ${error:+"$error"}
	done
	runs_under "SystemCallFilter=~@keyring @clock" "SystemCallFilter=~@keyring @clock"
	stopped_by "cannot make the namespaces: * (a unit around isorun must not have RestrictNamespaces=*" RestrictNamespaces=yes
	stopped_by "cannot bring up the loopback device (a unit around isorun needs AF_UNIX and AF_INET in its RestrictAddressFamilies=)*" \
		RestrictAddressFamilies=AF_UNIX
	stopped_by "cannot connect to the * bus: * (a unit around isorun needs AF_UNIX and AF_INET in its RestrictAddressFamilies=)" \
		RestrictAddressFamilies=AF_INET
	runs_under "RestrictAddressFamilies=AF_UNIX AF_INET" "RestrictAddressFamilies=AF_UNIX AF_INET"
	runs_under "${hardened[*]}" "${hardened[@]}"
}

# Of units that only the system's manager can start.
test_hardened_by_root() {
	stopped_by "root needs CAP_SETFCAP *CapabilityBoundingSet=*" CapabilityBoundingSet=CAP_CHOWN
	runs_under CapabilityBoundingSet=CAP_SETFCAP CapabilityBoundingSet=CAP_SETFCAP
	stopped_by "cannot write the id maps, because /proc is read-only: *ReadWritePaths=/proc;*" ReadOnlyPaths=/
	runs_under "ReadOnlyPaths=/, ReadWritePaths=/proc" ReadOnlyPaths=/ ReadWritePaths=/proc
	runs_under "${hardened[*]} ${hardened_by_root[*]}" "${hardened[@]}" "${hardened_by_root[@]}"
	runs_under "User=nobody and all these" User=nobody CapabilityBoundingSet= "${hardened[@]}" "${hardened_by_root[@]}"
	runs_under RootDirectory=/ RootDirectory=/
	runs_under "DynamicUser=" DynamicUser=yes "BindReadOnlyPaths=$build"
}

# Names that only a module of the name service knows, nss-systemd: those of DynamicUser=, and of a record of userdb, as
# systemd-homed has them.
named=(sh -c 'id; whoami; getent passwd $(id -u) | cut -d: -f1,6')
walter="uid=6789(walter) gid=6789(walter) groups=6789(walter)"$'\nwalter\nwalter:/home/walter'
test_names() {
	if ! grep -q '^passwd:.*systemd' /etc/nsswitch.conf || [ "$TESTHOST" = real ]; then
		skip "names of nss-systemd" "there is no nss-systemd, or it is a real machine"
		return
	fi
	service DynamicUser=yes User=dora "BindReadOnlyPaths=$build" -- --quiet "${optional[@]}" sh -c 'whoami; id -un; id -gn'
	no_refusal is "a service has the name that DynamicUser= gave it" "$status $out" $'0 dora\ndora\ndora'
	mkdir -p /etc/userdb
	echo '{"userName": "walter", "uid": 6789, "gid": 6789, "homeDirectory": "/home/walter"}' >/etc/userdb/walter.user
	echo '{"groupName": "walter", "gid": 6789}' >/etc/userdb/walter.group
	ln -s walter.user /etc/userdb/6789.user
	ln -s walter.group /etc/userdb/6789.group
	run "$isorun" --quiet "${optional[@]}" -p User=walter "${named[@]}"
	no_refusal is "root starts a sandbox as a user that is in no file" "$out" "$walter"
	run setpriv --reuid 6789 --regid 6789 --clear-groups "$isorun" --quiet "${optional[@]}" "${named[@]}"
	no_refusal is "such a user starts one" "$out" "$walter"
	rm -r /etc/userdb
	test_homed
}

# A user that systemd-homed itself has. Its records are in no file that others read.
test_homed() {
	local person="uid=60321(wilma) gid=60321(wilma) groups=60321(wilma)"$'\nwilma\nwilma:/home/wilma'
	if ! command -v homectl >/dev/null; then
		skip "a user of systemd-homed" "it is not installed"
		return
	fi
	systemctl start systemd-homed
	NEWPASSWORD=of-a-test homectl create --storage=directory --uid=60321 --enforce-password-policy=no wilma >/dev/null
	run "$isorun" --quiet "${optional[@]}" -p User=wilma "${named[@]}"
	no_refusal is "root starts a sandbox as a user of systemd-homed" "$out" "$person"
	run setpriv --reuid 60321 --regid 60321 --clear-groups "$isorun" --quiet "${optional[@]}" "${named[@]}"
	no_refusal is "such a user starts one, too" "$out" "$person"
	service User=wilma -- --quiet "${optional[@]}" "${named[@]}"
	no_refusal is "... and a service of such a user" "$out" "$person"
	homectl remove wilma
	systemctl stop systemd-homed
}

all() {
	test_service
	test_stop
	test_limits
	test_same_name
	test_hardened
}

label=root who=() bus=()
if [ "$(id -u)" = 0 ]; then
	all
	test_hardened_by_root
	test_names
	if [ "$TESTHOST" = real ]; then skip "isorun@.service" "would be installed"; else test_template; fi
fi
if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
	label=user bus=(--user)
	[ "$(id -u)" != 0 ] || who=("$as_user")
	all
else
	skip "the same with a user's manager" "no user to be"
fi
test_listen_fds
