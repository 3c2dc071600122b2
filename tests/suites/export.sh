#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl export and import: units that a real systemd runs, compared with what isorun itself forbids, and the round trips of
# the services that Debian ships. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ]; then
	echo "1..0 # SKIP units and secrets would be put on this machine"
	exit 0
fi
probe=$tmp/probe.py
cat "$top/tests/calls.py" "$top/tests/suites/export-probe.py" >"$probe"
chmod 644 "$probe"
port=8123

# Where it cannot be, it is left out: what is there already is seen by both alike.
leave_secrets() {
	local dir
	for dir in /home /root /boot /var /run /tmp /var/tmp /dev/shm "$tmp"; do
		echo secret 2>/dev/null >"$dir/isorun-secret" && chmod 644 "$dir/isorun-secret"
	done
	mkdir -p "$tmp/rw" "$tmp/ro"
	chmod 777 "$tmp/rw" "$tmp/ro"
	python3 - "$port" <<-'PY' &
		import signal, socket, sys
		sockets = [socket.create_server(("127.0.0.1", int(sys.argv[1])))]
		sockets.append(socket.socket(socket.AF_UNIX))
		sockets[1].bind("\0isorun-" + sys.argv[1])
		sockets[1].listen()
		signal.pause()
	PY
	await python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null
}

# The policy, with what the probe needs; it ends in a file, since a service has no standard output of ours.
make_policy() { # base, another line
	: >"$tmp/answers"
	chmod 666 "$tmp/answers"
	cat >"$tmp/$1.conf" <<-CONF
		[Policy]
		Base=$top/policies/$1.conf
		Optional=MemoryMax TasksMax CPUQuota CPUWeight
		ExecStart=/usr/bin/python3 $probe $tmp $victim $port
		[Sandbox]
		BindReadOnlyPaths=$probe
		BindPaths=$tmp/rw
		BindReadOnlyPaths=$tmp/ro
		StandardOutput=append:$tmp/answers
		StandardError=append:$tmp/answers
		${2-}
	CONF
}

# Runs the unit to its end, in the manager it is for.
run_unit() { # name
	"${who[@]}" systemctl "${bus[@]}" daemon-reload
	"${who[@]}" timeout 60 systemctl "${bus[@]}" start --wait "$1.service"
}

# Which comment of the unit says so.
admission() { # what the probe tried
	case $1 in
	signal | ptrace | process_vm_readv | kcmp | *" /proc/$victim/"*) echo "a process namespace" ;;
	"abstract socket") echo "PrivateNetwork=" ;;
	"ioctl TIOCSTI") echo "the ban on ioctl TIOCSTI and TIOCLINUX" ;;
	"write in /home" | "write in /root") echo "ProtectHome=" ;;
	*) echo "nothing" ;;
	esac
}

# What isorun forbids and the unit does not, without a word.
find_silent() { # isorun's answers, the unit's, the unit
	local line what mine theirs
	while IFS= read -r line; do
		what=${line% done}
		theirs=$line
		mine=$(grep -E "^${what//\//.} (done|no)" "$1")
		[ "$mine" = "$theirs" ] || grep -qF "# not enforced by systemd: $(admission "$what") " "$3" ||
			echo "\"$theirs\" where isorun has \"$mine\""
	done < <(grep ' done$' "$2")
}

# The limits of those that the unit sets.
limits() { # answers, unit
	local name
	while read -r name; do
		grep "^limit $name " "$1" || echo "no limit $name"
	done < <(sed -n 's/^Limit\(.*\)=.*/\1/p' "$2")
}

test_policy() { # name, another line
	local unit=$units/export-$1.service secrets label=$label${2+ with $2}
	make_policy "$@"
	cd "$tmp" || return
	run "${who[@]}" "$isorun" --quiet --policy "./$1.conf"
	is "$label: $1: the probe runs under isorun" "$status $err" "0 "
	mv answers "$1.isorun"
	: >answers
	chmod 666 answers
	run "${who[@]}" "$isoctl" export --unit "./$1.conf" --name "export-$1"
	is "$label: $1: is exported" "$status" 0
	echo "$out" >"$unit"
	also is "$label: $1: ... every comment is a notice, too" \
		"$(grep -c '^# not enforced by systemd' "$unit")" "$(grep -c 'notice: .*not enforced by systemd' <<<"$err")"
	is "$label: $1: ... systemd-analyze verify has nothing to say" \
		"$("${who[@]}" systemd-analyze "${bus[@]}" verify --man=no "$unit" 2>&1 | grep -F "export-$1")" ""
	run_unit "export-$1"
	also is "$label: $1: the unit runs" "$("${who[@]}" systemctl "${bus[@]}" show -P Result "export-$1.service") $(grep -c '^' answers)" \
		"success $(grep -c '^' "$1.isorun")"
	also is "$label: $1: what it does not forbid, it says" "$(find_silent "$1.isorun" answers "$unit")" ""
	also is "$label: $1: its limits are the same" "$(limits answers "$unit")" "$(limits "$1.isorun" "$unit")"
	like "$label: $1: a volume can be written" "$(grep "rw" answers)" "*write in $tmp/rw done*"
	secrets=$(find /etc /usr /srv /opt /home /root /boot /var /run /tmp /dev/shm -xdev -name isorun-leak ! -path "$tmp/rw/*" 2>/dev/null)
	also is "$label: $1: nothing was written to the host" "$secrets" ""
	rm -f "$tmp/rw/isorun-leak" "$unit" answers
	cd / || return
}

all() {
	local policy
	mkdir -p "$units"
	verified_start
	"${who[@]}" sleep 1000 </dev/null >/dev/null 2>&1 &
	await runs '^[^ ]*sleep 1000$'
	victim=$(first_pid '^[^ ]*sleep 1000$')
	for policy in default web filter compile client; do
		test_policy "$policy"
	done
	# Elsewhere the policy is refused.
	if [ "$(landlock_abi)" -ge 6 ]; then
		test_policy client RestrictAddressFamilies=AF_UNIX
	else
		skip "$label: abstract sockets" "no Landlock scopes"
	fi
	kill "$victim"
}

# Runs a command by an exported unit, with lines of the policy's; what it has printed is in $tmp/answers.
run_exported() { # command, lines
	: >"$tmp/answers"
	chmod 666 "$tmp/answers"
	printf '[Policy]\nExecStart=%s\n[Sandbox]\nStandardOutput=append:%s\nStandardError=append:%s\n%s\n' \
		"$1" "$tmp/answers" "$tmp/answers" "$2" >"$tmp/lines.conf"
	"$isoctl" export --unit "$tmp/lines.conf" --name lines 2>/dev/null >"$units/export-lines.service"
	run_unit export-lines
	rm "$units/export-lines.service"
}

# Whether this host's systemd hands on credentials, for which / must be shared.
has_credentials() {
	systemd-run --quiet --wait --pipe -p SetCredential=a:b sh -c "grep -q b \"\$CREDENTIALS_DIRECTORY/a\"" 2>/dev/null
}

# What is in memory belongs to the user.
test_user() {
	test_policy default User=www-data
	run_exported "/bin/sh -c 'id -un; echo x >/run/x && echo x >/var/x && cat /run/x'" User=www-data
	is "a user's unit has memory to write to" "$(cat "$tmp/answers")" $'www-data\nx'
	if has_credentials; then
		run_exported "/bin/sh -c 'cat \"\$\$CREDENTIALS_DIRECTORY/token\"'" "SetCredential=token:it's 100%%\\n"
		is "a unit has its credentials" "$(cat "$tmp/answers")" "it's 100%"
	else
		skip "a unit has its credentials" "this host's systemd hands on none"
	fi
}

# What isorun shows by itself below directories in memory is not in the unit, where the policy hides it.
test_hidden() {
	local path
	for path in /var/lib/dpkg /var/log /dev/shm; do
		run_exported "/bin/sh -c 'echo started; ls /var/lib/dpkg/status /var/log /dev/shm 2>&1'" "InaccessiblePaths=$path"
		like "a unit that hides $path starts" "$(cat "$tmp/answers")" "started*ls: cannot * '$path*"
	done
}

# A tree instead of the host's root.
test_root() {
	mkdir -p "$tmp"/tree/{bin,dev,proc,sys,tmp,run,var/tmp,etc,home,root}
	cp /bin/busybox "$tmp/tree/bin/"
	echo hidden >"$tmp/tree/home/file"
	run_exported "/bin/busybox sh -c 'busybox ls -d /bin /srv /home/file; busybox touch /etc/x; busybox touch /tmp/x && echo done'" \
		"RootDirectory=$tmp/tree"
	like "a unit's root is a tree" "$(cat "$tmp/answers")" "*/srv: No such*/home/file: Permission denied*/bin*/etc/x: Read-only*done"
}

fetch() { curl -sf --max-time 5 "http://127.0.0.1:$1/" >/dev/null; }

# As a person does it: a policy with a command becomes a service, and it serves.
test_server() {
	mkdir -p "$tmp/site"
	echo hello >"$tmp/site/index.html"
	cat >"$tmp/site/nginx.conf" <<-'NGINX'
		pid /run/nginx.pid;
		error_log stderr;
		events {}
		http { access_log off; server { listen 127.0.0.1:8124; root SITE; } }
	NGINX
	sed -i "s,SITE,$tmp/site," "$tmp/site/nginx.conf"
	chmod -R a+rX "$tmp/site"
	printf '[Policy]\nBase=%s\n[Sandbox]\nPrivateNetwork=no\nBindReadOnlyPaths=%s\n' "$top/policies/web.conf" "$tmp/site" >"$tmp/site.conf"
	"${who[@]}" "$isoctl" export --unit "$tmp/site.conf" -- "$@" >"$units/export-server.service" 2>/dev/null
	"${who[@]}" systemctl "${bus[@]}" daemon-reload
	"${who[@]}" systemctl "${bus[@]}" start export-server.service
	ok "$label: $1 serves" eventually fetch 8124
	"${who[@]}" systemctl "${bus[@]}" stop export-server.service
	rm "$units/export-server.service"
}

test_refused() {
	run "${who[@]}" "$isoctl" export --unit default
	like "$label: without a command" "$status $out$err" "125 isoctl: *command*"
	run "${who[@]}" "$isoctl" export -- true
	is "$label: without a policy" "$status $out $err" "125  isoctl: export: --unit POLICY is missing; usage: isoctl export --unit POLICY [--name NAME] [-- COMMAND...]"
	printf '[Sandbox]\nNothing=1\n' >"$tmp/bad.conf"
	run "${who[@]}" "$isoctl" export --unit "$tmp/bad.conf" true
	like "$label: a bad policy leaves nothing on standard output, and names its line" "$status $out$err" "125 isoctl: $tmp/bad.conf:2: Nothing=: *"
	printf '[Sandbox]\nRootDirectory=/usr /opt\n' >"$tmp/stacked.conf"
	run "${who[@]}" "$isoctl" export --unit "$tmp/stacked.conf" busybox true
	like "$label: a root that systemd cannot have, by its line" "$status $out$err" "125 isoctl: *stacked.conf:2: RootDirectory=: *"
	head -c 1000 /dev/urandom >"$tmp/garbage"
	chmod 644 "$tmp/garbage"
	run "${who[@]}" "$isoctl" import "$tmp/garbage"
	like "$label: garbage is no unit" "$(wc -l <<<"$err") $status $out$err" "1 125 isoctl: $tmp/garbage*"
	printf '[Unit]\n\nno line\nno line\n' >"$tmp/garbage"
	run "${who[@]}" "$isoctl" import "$tmp/garbage"
	is "$label: ... by the first line that is wrong" "$status $err" \
		"125 isoctl: $tmp/garbage:3: neither a [Section] nor a KEY=VALUE line: \"no line\""
	printf '[Service]\nUMask=0077\nUMask=no mode\nInaccessiblePaths=/no/such/path\n' >"$tmp/some.service"
	run "${who[@]}" "$isoctl" import "$tmp/some.service"
	like "$label: what cannot be had here is left out by its line" "$status $err" \
		"0 *$tmp/some.service:3: UMask=: left out: not an octal file mode (such as 0755)*$tmp/some.service:4: InaccessiblePaths=: replaced: this path does not exist now: isorun hides it if it exists*"
	run "${who[@]}" "$isoctl" import no-such-unit
	like "$label: a unit that is not there" "$status $err" "125 isoctl: there is no unit \"no-such-unit.service\" *"
}

# The lines of a policy or unit, whatever is said beside them.
lines() { grep -v -e '^#' -e '^$' "$1"; }

# Import, export, import: a policy that check accepts, a unit that systemd accepts, and the same policy again.
round_trip() { # unit; prints what is wrong
	local command=()
	"$isoctl" import "$1" >one.conf 2>log || { grep -v notice: log; return; }
	"$isoctl" check ./one.conf >log 2>&1 || { cat log; return; }
	grep -q ^ExecStart= one.conf || command=(/bin/true)
	"$isoctl" export --unit ./one.conf --name trip "${command[@]}" >trip.service 2>log || { grep -v notice: log; return; }
	systemd-analyze verify --man=no ./trip.service 2>&1
	"$isoctl" import ./trip.service >two.conf 2>log || { grep -v notice: log; return; }
	[ ${#command[@]} = 0 ] || sed -i /^ExecStart=/d two.conf
	diff <(lines one.conf) <(lines two.conf)
}

shipped() { # package
	dpkg -L "$1" | grep '/system/[^/]*\.service$' | sort
}

# Names in packages that are links, or lead to them, are other names.
own_file() { # path; prints the one that is there
	local path
	for path in "$1" "/usr$1"; do
		[ -L "$path" ] || [ ! -f "$path" ] || { echo "$path"; return; }
	done
}

test_shipped() { # package
	local unit file wrong
	cd "$tmp" || return
	for unit in $(shipped "$1"); do
		file=$(own_file "$unit")
		[ -n "$file" ] || continue
		wrong=$(round_trip "${file/@./@root.}" 2>&1)
		is "$1: ${unit##*/} there and back" "$wrong" ""
	done
	cd / || return
}

all_shipped() {
	local package
	for package in nginx-common redis-server postgresql-common systemd systemd-container systemd-timesyncd; do
		# shellcheck disable=SC2016
		if [ "$(dpkg-query -Wf '${db:Status-Status}' "$package" 2>/dev/null)" = installed ]; then
			test_shipped "$package"
		else
			skip "the services of $package" "it is not installed"
		fi
	done
}

# What a start would do, without where it is from and what the instance is called.
meaning() { "$isoctl" explain --verbose "$1" 2>/dev/null | sed -e '1,/^$/d' -e 's/   # .*//' -e 's/ (optional)$//' -e '/^  \(held by\|name\|unit\|policy\|description\) /d'; }

# isorun's own policies lose what the export has said that it loses.
test_own() {
	local name
	cd "$tmp" || return
	for name in default web filter compile client; do
		printf '[Policy]\nBase=%s\nOptional=MemoryMax TasksMax CPUQuota CPUWeight\nExecStart=/bin/true\n' "$top/policies/$name.conf" >own.conf
		"$isoctl" export --unit ./own.conf >own.service 2>/dev/null
		{ "$isoctl" import ./own.service 2>/dev/null && printf '[Policy]\nOptional=MemoryMax TasksMax CPUQuota CPUWeight\n'; } >back.conf
		like "explain shows what $name.conf means" "$(meaning ./own.conf)" "*no_new_privs*"
		also is "... and it means the same there and back" "$(diff <(meaning ./own.conf) <(meaning ./back.conf))" ""
	done
	cd / || return
}

# Drop-ins, resets, templates and prefixes, as systemd itself reads them.
# shellcheck disable=SC2016
test_lookup() {
	mkdir -p /run/systemd/system/trip@.service.d /run/systemd/system/trip@one.service.d
	printf '[Service]\nExecStart=@/bin/echo echo %%i $$5 ; /bin/true\nUMask=0022\nLimitNOFILE=100\nInaccessiblePaths=/etc/a\n' \
		>/run/systemd/system/trip@.service
	printf '[Service]\nUMask=0077\nInaccessiblePaths=\nInaccessiblePaths=-/etc/b\n' >/run/systemd/system/trip@.service.d/20-a.conf
	printf '[Service]\nUMask=0027\nReadWritePaths=/var/lib/x%%%%y-%%i\n' >/run/systemd/system/trip@one.service.d/90-b.conf
	run "$isoctl" import trip@one
	is "drop-ins are read in the order of their names" "$(grep -e ^UMask -e ^Inacc -e ^BindP -e ^ExecS <<<"$out")" \
'ExecStart=/bin/echo one $$5
BindPaths=-/var/lib/x%%y-one
InaccessiblePaths=-/etc/b
UMask=0027'
	systemctl daemon-reload
	no_isorun is "... as systemd does" "$(systemctl show -P UMask trip@one.service) $(systemctl show -P InaccessiblePaths trip@one.service)" \
		"0027 -/etc/b"
	like "... what is left out is named by file and line" "$err" \
		"*notice: /run/systemd/system/trip@.service:2: ExecStart=: left out: a policy can have only one command*"
	printf '[Service]\nExecStart=/bin/true\n' >/run/systemd/system/trip.service
	run "$isoctl" import trip
	is "a service of root's is in the host's user namespace, where its capabilities count" \
		"$(grep -e ^Priv -e ^Cap <<<"$out")" "PrivateNetwork=no
PrivateUsers=no
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_NET_BIND_SERVICE"
	printf '[Service]\nPrivateUsers=yes\nCapabilityBoundingSet=CAP_KILL CAP_NET_BIND_SERVICE\n' >/run/systemd/system/trip.service
	run "$isoctl" import trip
	is "... and one that makes its own loses what has no effect there" "$(grep -e ^PrivateU -e ^Cap <<<"$out")" CapabilityBoundingSet=CAP_KILL
	like "... which is said" "$err" "*trip.service:3: CapabilityBoundingSet=: left out: CAP_NET_BIND_SERVICE has no effect *"
	ln -s /dev/null /run/systemd/system/masked.service
	run "$isoctl" import masked
	like "a masked unit" "$status $out $err" "125  isoctl: masked.service is masked: *"
	printf '[Service]\nExecStart=/bin/true\nUser=nobody-at-all\n' >/run/systemd/system/trip.service
	run "$isoctl" import trip
	is "a user who is missing is no reason to be root" "$status $out $err" \
		"125  isoctl: /run/systemd/system/trip.service:3: User=: no such user: \"nobody-at-all\""
	printf '[Service]\nExecStart=/bin/true\nType=oneshot\nRemainAfterExit=yes\n' >/run/systemd/system/trip.service
	mkdir /run/systemd/system/trip.service.d
	systemctl daemon-reload
	systemctl start trip
	printf '[Service]\nUMask=0027\n' >/run/systemd/system/trip.service.d/10-new.conf
	run "$isoctl" import trip
	like "files that systemd has not read yet" "$status $err" "0 *notice: the files of trip.service have changed since systemd read them*"
	systemctl daemon-reload
	run "$isoctl" import trip
	is "... and after a reload" "$status $(grep ^UMask <<<"$out")" "0 UMask=0027"
	also unlike "... there is no such notice" "$err" "*have changed*"
	systemctl stop trip
	rm -r /run/systemd/system/trip*
}

# The test host's systemd has a directory of its own for units (SYSTEMD_UNIT_PATH).
test_unit_path() {
	local directory
	directory=$(systemctl show -P UnitPath)
	directory=${directory##* }
	no_isorun like "the manager's last directory is not a usual one" "$directory" "/run/testhost/*"
	mkdir "$directory/elsewhere.service.d"
	printf '[Service]\nExecStart=/bin/true\nUMask=0022\n' >"$directory/elsewhere.service"
	printf '[Service]\nUMask=0027\n' >"$directory/elsewhere.service.d/a.conf"
	printf '[Service]\nExecStart=/bin/true\nUMask=0007\n' >"$directory/elsewhere@.service"
	run "$isoctl" import elsewhere
	is "a unit that only the manager finds, with its drop-in" "$status $(grep ^UMask <<<"$out")" "0 UMask=0027"
	run "$isoctl" import elsewhere@x
	is "... an instance of a template" "$status $(grep ^UMask <<<"$out")" "0 UMask=0007"
	run "$isoctl" import elsewhere@
	is "... and the template, which systemd never loads" "$status $(grep ^UMask <<<"$out")" "0 UMask=0007"
	run env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/no/such/socket "$isoctl" import elsewhere
	is "... without a bus, from the manager itself" "$status $(grep ^UMask <<<"$out")" "0 UMask=0027"
	rm -r "$directory"/elsewhere*
}

# What systemctl --user set-property writes is a drop-in, in a directory of the manager's alone.
test_control() {
	printf '[Service]\nExecStart=/bin/true\nType=oneshot\nRemainAfterExit=yes\n' >/run/systemd/user/kept.service
	"${who[@]}" systemctl --user daemon-reload
	"${who[@]}" systemctl --user start kept.service
	"${who[@]}" systemctl --user set-property kept.service TasksMax=77
	run "${who[@]}" "$isoctl" import kept
	is "$label: a drop-in of systemctl set-property" "$status $(grep ^TasksMax <<<"$out")" "0 TasksMax=77"
	run "${who[@]}" env DBUS_SESSION_BUS_ADDRESS=unix:path=/no/such/socket "$isoctl" import kept
	is "$label: ... without a bus, from the manager itself" "$status $(grep ^TasksMax <<<"$out")" "0 TasksMax=77"
	"${who[@]}" systemctl --user stop kept.service
	"${who[@]}" systemctl --user revert kept.service
	rm /run/systemd/user/kept.service
}

# Root has no manager of a user's here, so that its units are looked for without one.
test_without_manager() {
	mkdir -p "$tmp/config/systemd/user/shut.service.d"
	printf '[Service]\nType=exec\nUMask=0022\n' >"$tmp/config/systemd/user/shut.service"
	printf '[Service]\nUMask=0027\n' >"$tmp/config/systemd/user/shut.service.d/a.conf"
	run env "XDG_CONFIG_HOME=$tmp/config" "$isoctl" --user import shut
	is "without a manager, the unit and its drop-ins are found" "$status $(grep ^UMask <<<"$out")" "0 UMask=0027"
	like "... which is said" "$err" \
		"*notice: cannot connect to the user service manager: No such file or directory; isoctl looked for the unit in systemd's default directories*"
	rm -r "$tmp/config/systemd/user/shut.service.d"
	ln -s shut.service.d "$tmp/config/systemd/user/shut.service.d"
	run env "XDG_CONFIG_HOME=$tmp/config" "$isoctl" --user import shut
	is "... drop-ins that cannot be read are not left out" "$status $out $err" \
		"125  isoctl: cannot read the drop-ins of shut.service: Too many levels of symbolic links"
}

# Imports a unit with these lines, and runs the command by the policy.
run_imported() { # lines, command
	printf '[Service]\nExecStart=/bin/true\n%b\n' "$1" >"$tmp/strict.service"
	"$isoctl" import "$tmp/strict.service" >"$tmp/strict.conf" 2>"$tmp/strict.log"
	run "$isorun" --quiet --policy "$tmp/strict.conf" sh -c "$2"
}

# A policy is never weaker than the unit that it is made of.
test_strict() {
	local ids="id -u; sed -n 's/^CapEff:[^0]*//p; s/^CapBnd:[^0]*//p' /proc/self/status" nobody
	nobody=$(id -u nobody)
	run_imported DynamicUser=yes "$ids"
	# promise P42
	is "DynamicUser=yes is nobody, without capabilities" "$status $out" $'0 '"$nobody"$'\n0000000000000000\n0000000000000000'
	like "... which is said" "$(cat "$tmp/strict.log" "$tmp/strict.conf")" "*notice: *DynamicUser=: replaced: *# *DynamicUser=yes: replaced: *"
	run_imported "DynamicUser=yes\nUser=nobody-at-all\nGroup=nobody-at-all" "$ids"
	is "... also under a name that does not exist" "$status $out" $'0 '"$nobody"$'\n0000000000000000\n0000000000000000'
	run_imported "DynamicUser=yes\nCapabilityBoundingSet=CAP_KILL" "$ids"
	like "... also with a bounding set" "$status $out" "0 $nobody"$'\n0000000000000000\n*'
	run_imported ReadOnlyPaths=/tmp "echo ran; touch /tmp/x"
	like "ReadOnlyPaths=/tmp is read-only" "$status $out$err" "1 ran*/tmp/x*Read-only file system"
	run_imported ReadOnlyPaths=/dev "echo ran; touch /tmp/x && echo tmp; touch /dev/shm/x"
	like "... /dev/shm is below /dev" "$status $out$err" "1 ran*tmp*/dev/shm/x*Read-only file system"
	run_imported "ReadOnlyPaths=/\nPrivateTmp=yes" "echo ran; touch /tmp/x /var/tmp/x && echo tmp; touch /run/x"
	like "... and /run below /, but PrivateTmp= counts" "$status $out$err" "1 ran*tmp*/run/x*Read-only file system"
	run_imported ReadOnlyPaths=/var/lib "echo ran; touch /var/lib/x /var/x"
	like "... below what is in memory, too" "$status $out$err" "1 ran*/var/lib/x*Read-only file system"
	run_imported "SystemCallFilter=@system-service\nSystemCallFilter=~@chown:kill" "echo ran; chown 0 /tmp"
	like "\":kill\" denies the call" "$status $out$err" "1 ran*Operation not permitted"
	run_imported "SystemCallFilter=~@mount\nProtectKernelLogs=yes\nCapabilityBoundingSet=~CAP_KILL" "echo ran; dmesg -S"
	like "ProtectKernelLogs=yes denies the call that the list leaves" "$status $out$err" "1 ran*Operation not permitted*"
	run_imported "InaccessiblePaths=$tmp\nReadWritePaths=$tmp/rw" "echo ran; ls $tmp/rw"
	like "what is inaccessible is not made writable" "$status $out$err" "2 ran*$tmp/rw*"
	run_imported "NoExecPaths=/\nExecPaths=/usr/lib -/usr/lib64 $(realpath /bin/sh)" "echo ran; id"
	like "NoExecPaths=/ lets the service execute only what ExecPaths= names" "$status $out$err" "126 ran*id: Permission denied"
	run_imported "NoExecPaths=/\nExecPaths=/usr" "echo ran; printf '#!/bin/sh\necho executed' >/tmp/x; chmod 755 /tmp/x; /tmp/x"
	like "... and nothing that it writes" "$status $out$err" "126 ran*Permission denied"
	run_imported "InaccessiblePaths=/etc/not-there" true
	is "a path that is not there yet is hidden if it comes" "$status $(grep ^Inacc "$tmp/strict.conf")" \
		"0 InaccessiblePaths=-/etc/not-there"
}

# import_refused LINES ERROR: no policy is made of a unit with these lines.
import_refused() {
	printf '[Service]\nExecStart=/bin/true\n%b\n' "$1" >"$tmp/strict.service"
	run "$isoctl" import "$tmp/strict.service"
	# promise P42
	like "no policy is made of $1" "$status $out $err" "125  isoctl: $tmp/strict.service:3: $2"
}

test_weaker() {
	import_refused "SystemCallFilter=~execve munmap" "SystemCallFilter=: *denies execve*"
	import_refused "SystemCallFilter=~@no-such-group" "SystemCallFilter=: *no-such-group*"
	import_refused "RestrictFileSystems=ext4" "RestrictFileSystems=: *weaker than the unit*"
	import_refused "RootDirectory=/no/such" "RootDirectory=: *"
	import_refused "InaccessiblePaths=/%A" "InaccessiblePaths=: *specifier %A*weaker than the unit*"
	import_refused "TemporaryFileSystem=/srv:nonsense" "TemporaryFileSystem=: *"
	import_refused "InaccessiblePaths=/" "InaccessiblePaths=: / is the root, and only RootDirectory= decides about it*"
	import_refused "BindPaths=/srv:/" "BindPaths=: write RootDirectory= into the unit*weaker than the unit*"
}

# Words that systemd splits and expands in its own way, one line for each command.
# shellcheck disable=SC2016
tricky_arguments() {
	cat <<-'LINES'
		plain  two	three
		'a\tb' 'it\'s' "\-x" "say \"x\"" 'c\\d'
		\; ";" '\;' \\; \073 a;b ;c
		sh$(date) "x=$(date +%%s) $$y" a$ b$c $$$$ a$$$b
		-e '\w+\K' \w+\b \x41\102 \u00e4\U0001f600 \s\"
		yay'foo'bar "" '' "a"'b' a\ b
		\x4 \x00 \400 \: a\:b \z
		'100%%' %% "#x" #y 'tab	in'
		$$HOME $$ "$$(x)" "a'b" 'a"b' end\
	LINES
}

# What systemd starts for a line, and what isorun starts for the same line in a policy, and in an imported one.
test_argv() {
	local line printer="/usr/bin/python3 -c 'import sys; print(ascii(sys.argv[1:]))'"
	mkdir -p /run/systemd/system
	while IFS= read -r line; do
		: >"$tmp/argv"
		printf '[Service]\nType=oneshot\nStandardOutput=append:%s\nExecStart=%s %s\n' \
			"$tmp/argv" "$printer" "$line" >/run/systemd/system/argv.service
		systemctl daemon-reload
		systemctl start argv.service
		no_isorun like "systemd runs: $line" "$(cat "$tmp/argv")" "[[]*[]]"
		printf '[Policy]\nExecStart=%s %s\n' "$printer" "$line" >"$tmp/argv.conf"
		run "$isorun" --quiet --policy "$tmp/argv.conf"
		also is "... with the same arguments as a policy does" "$out" "$(cat "$tmp/argv")"
		"$isoctl" import argv.service 2>/dev/null | grep -v ^StandardOutput= >"$tmp/argv.conf"
		run "$isorun" --quiet --policy "$tmp/argv.conf"
		also is "... and an imported unit" "$out" "$(cat "$tmp/argv")"
	done < <(tricky_arguments)
	rm /run/systemd/system/argv.service
}

# A service that runs from the policy that was made of its unit.
test_imported() {
	printf '[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv 8125\nUser=nobody\nProtectSystem=strict\nStateDirectory=isorun-trip\n' >"$tmp/served.service"
	"$isoctl" import "$tmp/served.service" >"$tmp/served.conf" 2>/dev/null
	"$isorun" --quiet --policy "$tmp/served.conf" >/dev/null 2>&1 &
	ok "an imported service serves" eventually fetch 8125
	kill $!
	wait $!
}

leave_secrets
label=root who=() bus=() units=/run/systemd/system
all
test_user
test_hidden
test_root
test_server nginx -c "$tmp/site/nginx.conf" -g 'daemon off;'
test_refused
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user) units=/run/systemd/user
	all
	printf '[Service]\nLimitNOFILE=1000000000\n' >"$tmp/limit.service"
	run "${who[@]}" "$isoctl" import "$tmp/limit.service"
	is "$label: what this host cannot hold is optional" "$(grep -e ^Opt -e ^Limit <<<"$out")" \
		$'Optional=LimitNOFILE\nLimitNOFILE=1000000000'
	like "$label: ... with a notice" "$err" "*notice: LimitNOFILE= is added to Optional=: this host cannot enforce it*"
	test_control
	test_server python3 -m http.server --bind 127.0.0.1 --directory "$tmp/site" 8124
	test_refused
else
	skip "the same with a user's manager" "no user to be"
fi
test_lookup
test_unit_path
test_without_manager
test_imported
test_strict
test_weaker
test_argv
test_own
all_shipped
