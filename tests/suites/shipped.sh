#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The units and the examples that are shipped, in their places: systemd has nothing to say against them, and they do what
# they say. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP units would be put into this machine's systemd"
	exit 0
fi
for manager in system user; do
	mkdir -p "$tmp/usr/lib/systemd/$manager"
	cp "$top/units/isorun.slice" "$tmp/usr/lib/systemd/$manager/"
	cp "$build/units/$manager-isorun@.service" "$tmp/usr/lib/systemd/$manager/isorun@.service"
done
examples=/usr/share/doc/isorun/examples
mkdir -p "$tmp$examples"
for file in "$build"/units/example-*; do cp "$file" "$tmp$examples/${file##*/example-}"; done
install_isorun
mount -t tmpfs tmpfs /srv
mkdir /srv/www
echo "hello from a passed socket" >/srv/www/index.html
cp /srv/www/index.html /srv/

fetch() { curl -sf --max-time 10 "http://127.0.0.1:$1/$2"; }

# No worse than what it is, in tenths: "systemd-analyze security" does not know what isorun does.
no_worse() { # unit, exposure
	run "${who[@]}" systemd-analyze "${bus[@]}" security --offline=yes --no-pager --threshold="$2" "$1"
	no_isorun is "$label: exposure of ${1##*/}: $(tail -n1 <<<"$out" | grep -o '[0-9]*\.[0-9]'), $2 at most" "$status" 0
}

test_units() {
	local directory=$1
	shift
	run "${who[@]}" systemd-analyze "${bus[@]}" verify --man=no "$directory"/isorun{@.service,.slice} "$@"
	no_isorun is "$label: systemd-analyze verify has nothing to say" "$status $out$err" "0 "
	no_worse "$directory/isorun@.service" 96
}

test_site() {
	ctl daemon-reload
	run ctl start isorun@site.socket
	no_isorun is "$label: the socket of a policy" "$status $err" "0 "
	no_isorun is "$label: ... whose service does not run yet" "$(ctl is-active isorun@site.service)" inactive
	is "$label: ... and is started by the first request" "$(fetch 8080 index.html)" "hello from a passed socket"
	also is "$label: ... with its name in the journal" "$(ctl show -P SyslogIdentifier isorun@site.service)" site
	is "$label: ... which answers all of them" "$(fetch 8080 index.html) $(ctl is-active isorun@site.service)" \
		"hello from a passed socket active"
	verified isorun@site.service
	ctl stop isorun@site.socket isorun@site.service
	is "$label: ... and stops" "$(ctl show -P Result isorun@site.service)" success
}

test_each() {
	cp "$examples"/each* /run/systemd/system/
	# The leak check traces, which the unit's own filter denies.
	if is_sanitized; then
		mkdir /run/systemd/system/each@.service.d
		printf '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' >/run/systemd/system/each@.service.d/sanitizer.conf
	fi
	ctl daemon-reload
	ctl start each.socket
	no_refusal is "a sandbox for each connection: one" "$(fetch 8081 index.html)" "hello from a passed socket"
	no_refusal is "... another" "$(fetch 8081 index.html)" "hello from a passed socket"
	also no_refusal is "... of two" "$(ctl show -P NAccepted each.socket)" 2
	also no_refusal ok "... which leave nothing" eventually none_left
	ctl stop each.socket
}
none_left() { [ -z "$(ctl list-units --all --plain --no-legend 'each@*')" ]; }

label=system who=() bus=()
mkdir -p /etc/isorun/policies /run/systemd/system
cp $examples/site.conf /etc/isorun/policies/
# (A test host's manager looks there alone.)
cp $examples/isorun@site.socket /usr/lib/systemd/system/isorun{@.service,.slice} /run/systemd/system/
test_units /usr/lib/systemd/system $examples/{isorun@site.socket,each.socket,each@.service}
no_worse "$examples/each@.service" 29
test_site
test_each

label=user who=("$as_user") bus=(--user) home=$(getent passwd "$TH_USER" | cut -d: -f6)
rm /etc/isorun/policies/site.conf
"${who[@]}" mkdir -p "$home/.config/isorun/policies" "$home/.config/systemd/user"
"${who[@]}" cp $examples/site.conf "$home/.config/isorun/policies/"
"${who[@]}" cp $examples/isorun@site.socket "$home/.config/systemd/user/"
test_units /usr/lib/systemd/user "$home/.config/systemd/user/isorun@site.socket"
test_site
