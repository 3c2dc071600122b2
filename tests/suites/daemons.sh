#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Daemons as Debian ships them, with the drop-in and the policy of isoctl import --drop-in: each starts in a sandbox,
# answers, is reloaded and stopped. Needs a systemd.
# shellcheck disable=SC2034  # lib.sh's
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP units would be put into this machine's systemd"
	exit 0
fi
# Units with ProtectHome=yes or PrivateTmp=yes do not see a work tree there.
mkdir -p "$tmp/usr/bin"
cp "$build/tests/adversary/adversary" "$tmp/usr/bin/isorun-adversary"
install_isorun
isorun=/usr/bin/isorun isoctl=/usr/bin/isoctl adversary=/usr/bin/isorun-adversary
note=" [no refusal]"

show() { systemctl show -P "$1" "$unit"; }
# The first bytes that a server sends, after those of standard input.
talk() { # port, udp|tcp
	timeout 2 python3 -c 'import socket, sys
udp = sys.argv[2] == "udp"
s = socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
s.settimeout(1)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.send(sys.stdin.buffer.read())
sys.stdout.buffer.write(s.recv(512))' "$1" "$2" 2>/dev/null
}
ask_dns() { printf '\0\1\1\0\0\1\0\0\0\0\0\0\tlocalhost\0\0\1\0\1' | talk 53 udp | tail -c4 | od -An -tu1 | grep -q '127 *0 *0 *1'; }

answers() {
	case $unit in
	nginx.service | lighttpd.service | apache2.service) [ "$(curl -s --max-time 1 http://127.0.0.1/)" = "hello from outside" ] ;;
	redis-server.service) [ "$(timeout 1 redis-cli PING)" = PONG ] ;;
	memcached.service) printf 'version\r\n' | talk 11211 tcp | grep -q '^VERSION' ;;
	haveged.service) runs '^/usr/sbin/haveged' ;;
	ssh.service) talk 22 tcp </dev/null | grep -q '^SSH-2.0' ;;
	dnsmasq.service | unbound.service | named.service) ask_dns ;;
	vsftpd.service) talk 21 tcp </dev/null | grep -q '^220 ' ;;
	dovecot.service) talk 143 tcp </dev/null | grep -q '^\* OK' ;;
	smbd.service) printf '\0\0\0\57\377SMBr\0\0\0\0\30\1\110\0\0\0\0\0\0\0\0\0\0\0\0\377\377\377\376\0\0\0\0\0\14\0\2NT LM 0.12\0' |
		talk 445 tcp | grep -qa SMB ;;
	caddy.service) curl -sI --max-time 1 http://127.0.0.1/ | grep -q Caddy ;;
	tinyproxy.service) curl -s --max-time 1 http://127.0.0.1:8888/ | grep -q tinyproxy ;;
	beanstalkd.service) printf 'stats\r\n' | talk 11300 tcp | grep -q '^OK' ;;
	rpcbind.service) rpcinfo -p 127.0.0.1 2>/dev/null | grep -q portmapper ;;
	freeradius.service) runs '^/usr/sbin/freeradius' ;;
	chrony.service) timeout 2 chronyc -n tracking >/dev/null 2>&1 ;;
	mosquitto.service) printf '\20\15\0\4MQTT\4\2\0\74\0\1a' | talk 1883 tcp | od -An -tx1 | grep -q '20 02 00 00' ;;
	postfix@-.service) talk 25 tcp </dev/null | grep -q '^220 ' ;;
	esac
}

# Lines of the unit that the drop-in may remove. All others are in force before and after.
removable="RestrictNamespaces|SystemCallFilter|CapabilityBoundingSet|SecureBits|RestrictAddressFamilies|RootDirectory|RootImage|NoExecPaths|ExecPaths"
hardening() {
	local kept='No|Protect|Private|Restrict|Lock|Memory|Remove|System|ReadOnly|ReadWrite|Inaccess|Temporary|Bind|Root|NoExec|Proc'
	kept+='|Dynamic|User=|Group=|Supplem|Ambient|Keyring|UMask|Limit|Tasks|IPAddress|Device|SocketBind|AppArmor|SELinux|Smack'
	systemctl show "$unit" | grep -E "^($kept)" |
		grep -Ev "^($removable|MemoryCurrent|MemoryAvailable|TasksCurrent|NotifyAccess)=" | sort
}
# The lines that the drop-in removes, and that the policy does not have, nor the reason why isorun does the same. Without a
# line, a policy keeps no capabilities.
lost_lines() {
	local key
	# shellcheck disable=SC2013
	for key in $(grep -oE "^($removable)=" "/run/systemd/system/$unit.d/zz-isorun.conf"); do
		[[ $key != @(CapabilityBoundingSet|SecureBits)= ]] || grep -q "^CapabilityBoundingSet=" "$policy" || continue
		grep -qE "^$key|: ${key}.*: not needed" "$policy" || echo "$key"
	done
}

# Puts the two files where this host's systemd and isorun look for them.
wrap() { # unit
	unit=$1.service
	run "$isoctl" import --drop-in --output "$tmp/made" "$unit"
	is "$unit: import --drop-in" "$status" 0
	[ "$status" = 0 ] || return # the unit itself would pass the checks
	policy=$tmp/made/etc/isorun/policies/${1%%@*}.conf
	mkdir -p /etc/isorun/policies "/run/systemd/system/$unit.d"
	cp "$policy" /etc/isorun/policies/
	cp "$tmp/made/etc/systemd/system/$unit.d/zz-isorun.conf" "/run/systemd/system/$unit.d/"
	systemctl daemon-reload
}

# The other namespaces of the daemon prove that it is in the sandbox, and not only started by isorun.
is_inside() { # pid
	[ -n "$1" ] && [ "$(readlink "/proc/$1/ns/mnt")" != "$(readlink /proc/1/ns/mnt)" ] &&
		[ "$(readlink "/proc/$1/ns/pid")" != "$(readlink /proc/1/ns/pid)" ] && grep -q '^NoNewPrivs:.*1$' "/proc/$1/status"
}

is_active() { [ "$(show ActiveState)" = active ]; }
daemon_pid() { pgrep -P "$(pgrep -P "$(show MainPID)")" | head -n1; }
stopped() { [ -z "$(find /sys/fs/cgroup -path "*/$unit" -name "$unit")" ]; }

try() { # unit
	local before
	unit=$1.service
	before=$(hardening)
	show CapabilityBoundingSet >"$tmp/$unit.bounding"
	wrap "$1" || return
	is "$unit: the unit keeps its hardening lines" "$(hardening)" "$before"
	refusal is "$unit: ... or the policy has them" "$(lost_lines) $(grep -c '^\[Sandbox\]' "$policy")" " 1"
	ok "$unit: isoctl check accepts the policy" "$isoctl" check "$policy"
	unlike "$unit: systemd-analyze verify has nothing to say of the drop-in" "$(systemd-analyze verify "$unit" 2>&1)" "*zz-isorun*"
	run timeout 30 systemctl start "$unit"
	is "$unit: starts" "$status $(show ActiveState)" "0 active"
	ok "$unit: answers" eventually answers
	ok "$unit: the daemon is inside" is_inside "$(daemon_pid)"
	is "$unit: ... and isorun is the unit's main process" "$(readlink "/proc/$(show MainPID)/exe")" "$(readlink -f "$isorun")"
	[ "$(show PrivateNetwork)" = yes ] || label=$unit verified "$unit" # isoctl does not reach it from here
	is "$unit: the instance has the unit's name" "$("$isoctl" list -q)" "$(tr @ _ <<<"${unit%.service}")"
	# Its unit has User=, PrivateUsers=, ProtectProc= and NoExecPaths=.
	[ "$unit" != redis-server.service ] || like "$unit: root enters it" \
		"$("$isoctl" enter redis-server.service /usr/bin/redis-server --version 2>&1)" "Redis server v=*"
	if [ "$(show CanReload)" = yes ]; then
		run timeout 20 systemctl reload "$unit"
		is "$unit: is reloaded" "$status" 0
		await is_active # with Type=notify, it may say so later
		ok "$unit: ... and answers" eventually answers
	fi
	timeout 30 systemctl stop "$unit"
	is "$unit: stops" "$(show Result) $(show ActiveState)" "success inactive"
	also ok "$unit: ... and leaves nothing" eventually stopped
}

# What the adversary of tests/adversary may do in the place of a daemon: what README.md says of all sandboxes, and what the
# daemon itself needs. Its standard input is /dev/null.
all_may="read-opt unix-opt lock-file input-lock input-times error-* output-read take-flight take-aio take-inotify
	input-write* inet-* tcp-host udp-host unix-socket netlink-route mlock mbind userfaultfd"
# With the capabilities of a daemon that root starts. /proc/kmsg is empty: CAP_DAC_OVERRIDE opens the file that hides it.
root_may="$all_may code-* chown chroot setuid setgid setgroups forged-credentials securebits low-port proc-kmsg"

plant() {
	local directory file
	mkdir -p /var/lib/isorun-other /etc/ssl/private
	for directory in /root /opt; do mount -t tmpfs -o mode=755 tmpfs $directory; done
	mkdir -p /root/adversary /home/adversary
	mkdir -m 1777 /opt/adversary /run/isorun-adversary
	for file in {/root,/home,/opt}/adversary/file /var/lib/isorun-other/file /etc/ssl/private/adversary; do
		echo secret >"$file"
		chmod 644 "$file"
	done
	chmod 755 /etc/ssl/private
}

# Starts the unit with the adversary in place of its command. The second argument is the facts for it. Its output goes to
# the process outside.
cat >"$tmp/in-place" <<'SCRIPT'
#!/bin/bash
cat >"/run/systemd/system/$1.d/zzz-attack.conf" <<UNIT
[Service]
Type=oneshot
Restart=no
ExecStartPre=
ExecStartPost=
ExecStop=
ExecReload=
StandardOutput=file:/proc/$$/fd/1
StandardError=file:$3
ExecStart=
ExecStart=/usr/bin/isorun --quiet --policy ${1%.service} -p SetCredential=adversary:pass-phrase -p "ExecPaths=-$4" $4 inside ${2//%/%%}
UNIT
systemctl daemon-reload
systemctl start "$1"
SCRIPT
chmod 755 "$tmp/in-place"

# Bits of the set of capabilities that the unit does not have.
added_capabilities() { # the unit's names, the set in hexadecimal
	local names name i=0
	mapfile -t names < <(setpriv --list-caps)
	for name in "${names[@]}"; do
		[ $((0x$2 >> i++ & 1)) = 0 ] || [[ " $1 " = *" cap_$name "* ]] || echo "$name"
	done
}

attack() { # unit, attempts that may succeed
	local through
	unit=$1.service
	"$adversary" outside /run/isorun-adversary "$tmp/in-place" "$unit" @ "$tmp/attack.err" $adversary >"$tmp/attempts" 2>/dev/null
	through=$(sed -n 's/\tthrough$//p' "$tmp/attempts" | while read -r name; do
		# shellcheck disable=SC2053
		for may in $2; do [[ $name != $may ]] || continue 2; done
		echo "$name"
	done)
	# promise P1
	refusal is "$unit: an attacker in place of the daemon gets no further" "$(tail -n1 "$tmp/attempts") $through" $'end\tend '
	rm "/run/systemd/system/$unit.d/zzz-attack.conf"
	systemctl daemon-reload
	systemctl reset-failed "$unit" 2>/dev/null
	systemctl start "$unit"
	eventually answers
	refusal is "$unit: it has no capability that its unit does not have" \
		"$(added_capabilities "$(cat "$tmp/$unit.bounding")" "$(sed -n 's/^CapBnd:\t//p' "/proc/$(daemon_pid)/status")") $(is_inside "$(daemon_pid)" && echo inside)" " inside"
	if [ "$1" != redis-server ]; then # which may execute only itself
		run "$isoctl" enter "$unit" sh -c 'cat /var/lib/isorun-other/file /etc/ssl/private/adversary; ps ax | grep "[s]ystemd --"
			touch /usr/left /etc/left; mount -t tmpfs none /mnt; echo tried' 2>/dev/null
		refusal is "$unit: ... and sees no other service" "$out" tried
	fi
	systemctl stop "$unit"
}

# What the drop-in says, of units that no package has.
test_existing() {
	mkdir -p "$tmp/full/etc/isorun/policies"
	echo mine >"$tmp/full/etc/isorun/policies/kept.conf"
	run "$isoctl" import --drop-in -o "$tmp/full" "$tmp/units/kept.service"
	refusal is "a policy that exists is not overwritten" "$status $err $(cat "$tmp/full/etc/isorun/policies/kept.conf")" \
		"125 isoctl: cannot write $tmp/full/etc/isorun/policies/kept.conf: File exists (remove it first) mine"
	mkdir -p "$tmp/half/etc/systemd/system/kept.service.d"
	echo mine >"$tmp/half/etc/systemd/system/kept.service.d/zz-isorun.conf"
	run "$isoctl" import --drop-in -o "$tmp/half" "$tmp/units/kept.service"
	refusal like "... nor a drop-in, and then no policy is left" "$status $(find "$tmp/half" -type f | wc -l) $err" \
		"125 1 *zz-isorun.conf: File exists*"
}

test_text() {
	mkdir -p "$tmp/units"
	cat >"$tmp/units/many.service" <<-'UNIT'
		[Service]
		Type=oneshot
		Environment="A=1 2" B=3
		ExecStart=-:/bin/echo $A ; @/bin/sh other -c "exit 0"
		ExecReload=/bin/kill -HUP $MAINPID
		ExecStop=/bin/echo ${B}
	UNIT
	run "$isoctl" import --drop-in "$tmp/units/many.service"
	is "the commands keep their words, and @ loses its name" "$(grep '^Exec' <<<"$out" | sed "s,${isorun%/*},B,g")" "ExecStart=
ExecStart=-:B/isorun --policy many /bin/echo \$A
ExecStart=B/isorun --policy many /bin/sh -c \"exit 0\"
ExecStop=
ExecStop=-B/isoctl enter %n /bin/echo \${B}"
	like "the unit's variables are passed" "$out" $'*\nPassEnvironment=A B\n*'
	printf '[Service]\nExecStart=/bin/true\nSecureBits=keep-caps\n' >"$tmp/units/bits.service"
	run "$isoctl" import --drop-in "$tmp/units/bits.service"
	refusal like "a line that must go, and that no policy has, is refused" "$status $err" "125 *SecureBits=:*weaker*"
	printf '[Service]\nExecStart=/bin/true\nAppArmorProfile=x\nMemoryMax=1G\nUser=nobody\nCapabilityBoundingSet=CAP_CHOWN\n' \
		>"$tmp/units/kept.service"
	run "$isoctl" import --drop-in "$tmp/units/kept.service"
	is "lines that are not in the way stay in the unit" "$status $(grep -cE '^(AppArmor|Memory|User|Capa)' <<<"$out")" "0 0"
	run "$isoctl" import --output "$tmp" "$tmp/units/kept.service"
	is "--output needs --drop-in" "$status $err" "125 isoctl: --output needs --drop-in: without it, isoctl prints one policy"
}

# The variables of an EnvironmentFile= reach the daemon, and not those about isorun itself.
test_environment() {
	unit="isorun-env.service"
	printf 'FROM_FILE=yes\n' >"$tmp/env"
	cat >/run/systemd/system/$unit <<-UNIT
		[Service]
		Type=oneshot
		EnvironmentFile=$tmp/env
		StandardOutput=file:$tmp/out
		ExecStart=/usr/bin/env
	UNIT
	systemctl daemon-reload
	wrap isorun-env || return
	systemctl start "$unit"
	is "an EnvironmentFile= reaches the command" "$(grep -c '^FROM_FILE=yes' "$tmp/out")" 1
	also refusal is "... without the variables about isorun itself" "$(grep -cE '^(JOURNAL_STREAM|SYSTEMD_EXEC_PID)=' "$tmp/out")" 0
}

# What systemd makes of quotes, variables and prefixes is the same with the drop-in.
test_words() {
	local before
	unit="isorun-words.service"
	cat >"$tmp/words" <<-'FILE'
		# a comment
		A="two words"
		B='single $x "y"'
		C=plain \
		 continued
		D="line\nnot"
		E=
		F=a"b"c
	FILE
	cat >/run/systemd/system/$unit <<-UNIT
		[Service]
		Type=oneshot
		Environment="G=g h" H=\$A
		EnvironmentFile=$tmp/words
		EnvironmentFile=-$tmp/missing
		StandardOutput=append:$tmp/said
		ExecStartPre=-/bin/false
		ExecStartPre=+/bin/sh -c "id -u >$tmp/around"
		ExecStart=-/bin/sh -c 'printf "<%%s>" "\$\$@"; env | grep -E "^[A-H]=" | sort; exit 3' sh \$A "\$A" \${B} \$C \${F} \$MISSING \$\$A
		ExecStartPost=!/bin/sh -c "echo after >>$tmp/around"
	UNIT
	systemctl daemon-reload
	systemctl start "$unit"
	before=$(cat "$tmp/said" "$tmp/around")
	wrap isorun-words || return
	rm "$tmp/around" "$tmp/said"
	run systemctl start "$unit"
	is "quotes, variables and prefixes mean the same in the drop-in" "$status $(cat "$tmp/said" "$tmp/around")" "0 $before"
	like "... which are many" "$before" '<two><words><two><words><single $x "y"><plain><continued><a"b"c><$A>A=two words*after'
	like "... and isorun ran the command" "$(journalctl -u "$unit" -o cat)" "*isorun-words ended: exit status 3*"
}

# A unit in /run, of a template, with drop-ins of the template and of the instance: the last ExecStart= is wrapped.
test_template() {
	local directory=/run/systemd/system
	unit="isorun-t@bar-x.service"
	mkdir -p $directory/isorun-t@.service.d $directory/isorun-t@bar-x.service.d
	printf '[Service]\nExecStart=/bin/false %%i\n' >$directory/isorun-t@.service
	printf '[Service]\nEnvironment=Q=1\n' >$directory/isorun-t@.service.d/a.conf
	printf '[Service]\nRuntimeDirectory=isorun-t\nExecStart=\nExecStart=/bin/sh -c "echo %%i %%I $Q >/run/isorun-t/out; exec sleep 872"\n' \
		>$directory/isorun-t@bar-x.service.d/b.conf
	systemctl daemon-reload
	wrap isorun-t@bar-x || return
	systemctl start "$unit"
	await grep -qs . /run/isorun-t/out
	is "an instance of a template has its words and variables" "$(cat /run/isorun-t/out)" "bar-x bar/x 1"
	is "... and is inside" "$(is_inside "$(daemon_pid)" && echo yes)" yes
	systemctl stop "$unit"
	run "$isoctl" import --drop-in -o "$tmp/made" isorun-t@other.service
	refusal like "the instances share a policy, which is not overwritten" "$status $err" "125 *policies/isorun-t.conf: File exists*"
}

# A unit of a user's manager. Without -o /, in the user's directories.
test_user() {
	local home
	unit="isorun-mine.service"
	[ -n "${TH_USER-}" ] || { skip "a user's unit" "no user to be"; return; }
	home=$(getent passwd "$TH_USER" | cut -d: -f6)
	"$as_user" mkdir -p "$home/.config/systemd/user"
	"$as_user" tee "$home/.config/systemd/user/$unit" >/dev/null <<-'UNIT'
		[Service]
		Type=notify
		NotifyAccess=all
		StateDirectory=isorun-mine
		RestrictAddressFamilies=AF_UNIX
		ExecStart=/bin/sh -c 'trap "" HUP; echo started >%S/isorun-mine/out; systemd-notify --ready; sleep 873; exit'
		ExecReload=/bin/sh -c "echo reloaded >>%S/isorun-mine/out"
		ExecReload=/bin/kill -HUP $MAINPID
	UNIT
	"$as_user" systemctl --user daemon-reload
	run "$as_user" "$isoctl" import --drop-in -o / $unit
	is "a user's unit: import --drop-in" "$status" 0
	[ "$status" = 0 ] || return
	"$as_user" systemctl --user daemon-reload
	run "$as_user" systemctl --user start $unit
	is "a user's unit: starts" "$status $("$as_user" "$isoctl" list -q)" "0 isorun-mine"
	run "$as_user" systemctl --user reload $unit
	is "a user's unit: is reloaded, by a command inside" "$status $(cat "$home"/.config/isorun-mine/out "$home"/.local/state/isorun-mine/out 2>/dev/null)" \
		$'0 started\nreloaded'
	is "a user's unit: is inside" "$(is_inside "$(first_pid '^sleep 873')" && echo yes)" yes
	"$as_user" systemctl --user stop $unit
}

test_text
test_existing
test_environment
test_words
test_template
test_user
echo "hello from outside" >"$tmp/index.html"
mkdir -p /var/www/html
cp "$tmp/index.html" /var/www/html/index.html
systemd-tmpfiles --create >/dev/null 2>&1
postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 mydestination=localhost 2>/dev/null
# The second line is not in tests/packages: skipped where nobody has installed it.
for name in nginx redis-server ssh memcached haveged dnsmasq chrony mosquitto lighttpd postfix@- \
	apache2 unbound named vsftpd dovecot smbd caddy tinyproxy beanstalkd rpcbind freeradius; do
	if systemctl cat "$name.service" >/dev/null 2>&1; then
		try "$name"
	else
		skip "$name" "not installed"
	fi
done

plant
control=$("$adversary" outside /run/isorun-adversary "$adversary" control @ pass-phrase | sed -n 's/\tthrough$//p')
no_isorun is "outside of a sandbox, the attacks succeed" "$(for name in mount-tmpfs ptrace-own read-ssl write-file kill-host setattr-root; do
	grep -x "$name" <<<"$control"; done | wc -l)" 6
for name in redis-server nginx dnsmasq ssh; do
	may=$root_may
	[ $name != redis-server ] || may=$all_may
	[ $name != ssh ] || may+=" read-shadow read-ssh-key"
	! grep -qs "/etc/ssl/private/" /etc/isorun/policies/$name.conf || may+=" read-ssl" # which shows the service's own key
	if [ -e "/run/systemd/system/$name.service.d/zz-isorun.conf" ]; then
		attack $name "$may"
	else
		skip "$name is attacked" "not installed"
	fi
done
umount -l /root /opt
