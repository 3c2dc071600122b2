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
install_isorun
isorun=/usr/bin/isorun isoctl=/usr/bin/isoctl
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
	nginx.service | lighttpd.service) [ "$(curl -s --max-time 1 http://127.0.0.1/)" = "hello from outside" ] ;;
	redis-server.service) [ "$(timeout 1 redis-cli PING)" = PONG ] ;;
	memcached.service) printf 'version\r\n' | talk 11211 tcp | grep -q '^VERSION' ;;
	haveged.service) runs '^/usr/sbin/haveged' ;;
	ssh.service) talk 22 tcp </dev/null | grep -q '^SSH-2.0' ;;
	dnsmasq.service) ask_dns ;;
	chrony.service) timeout 2 chronyc -n tracking >/dev/null 2>&1 ;;
	mosquitto.service) printf '\20\15\0\4MQTT\4\2\0\74\0\1a' | talk 1883 tcp | od -An -tx1 | grep -q '20 02 00 00' ;;
	postfix@-.service) talk 25 tcp </dev/null | grep -q '^220 ' ;;
	esac
}

# Puts the two files where this host's systemd and isorun look for them.
wrap() { # unit
	unit=$1.service
	run "$isoctl" import --drop-in --output "$tmp/made" "$unit"
	is "$unit: import --drop-in" "$status" 0
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

daemon_pid() { pgrep -P "$(pgrep -P "$(show MainPID)")" | head -n1; }
stopped() { [ -z "$(find /sys/fs/cgroup -path "*/$unit" -name "$unit")" ]; }

try() { # unit
	wrap "$1"
	ok "$unit: isoctl check accepts the policy" "$isoctl" check "$policy"
	unlike "$unit: systemd-analyze verify has nothing to say of the drop-in" "$(systemd-analyze verify "$unit" 2>&1)" "*zz-isorun*"
	run timeout 30 systemctl start "$unit"
	is "$unit: starts" "$status $(show ActiveState)" "0 active"
	ok "$unit: answers" eventually answers
	ok "$unit: the daemon is inside" is_inside "$(daemon_pid)"
	is "$unit: ... and isorun is the unit's main process" "$(readlink "/proc/$(show MainPID)/exe")" "$(readlink -f "$isorun")"
	is "$unit: the instance has the unit's name" "$("$isoctl" list -q)" "$(tr @ _ <<<"${unit%.service}")"
	if [ "$(show CanReload)" = yes ]; then
		run timeout 20 systemctl reload "$unit"
		is "$unit: is reloaded" "$status $(show ActiveState)" "0 active"
		ok "$unit: ... and answers" eventually answers
	fi
	timeout 30 systemctl stop "$unit"
	is "$unit: stops" "$(show Result) $(show ActiveState)" "success inactive"
	also ok "$unit: ... and leaves nothing" eventually stopped
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
	refusal is "... nor a drop-in, and then no policy is left" "$status $(find "$tmp/half" -type f | wc -l)" "125 1"
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
	unit=isorun-env.service
	printf 'FROM_FILE=yes\n' >"$tmp/env"
	cat >/run/systemd/system/$unit <<-UNIT
		[Service]
		Type=oneshot
		EnvironmentFile=$tmp/env
		StandardOutput=file:$tmp/out
		ExecStart=/usr/bin/env
	UNIT
	systemctl daemon-reload
	wrap isorun-env
	systemctl start $unit
	is "an EnvironmentFile= reaches the command" "$(grep -c '^FROM_FILE=yes' "$tmp/out")" 1
	also refusal is "... without the variables about isorun itself" "$(grep -cE '^(JOURNAL_STREAM|SYSTEMD_EXEC_PID)=' "$tmp/out")" 0
}

test_text
test_existing
test_environment
echo "hello from outside" >"$tmp/index.html"
mkdir -p /var/www/html
cp "$tmp/index.html" /var/www/html/index.html
systemd-tmpfiles --create >/dev/null 2>&1
postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 mydestination=localhost 2>/dev/null
for name in nginx redis-server ssh memcached haveged dnsmasq chrony mosquitto lighttpd postfix@-; do
	if systemctl cat "$name.service" >/dev/null 2>&1; then
		try "$name"
	else
		skip "$name" "not installed"
	fi
done
