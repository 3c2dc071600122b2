#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Register=: instances that systemd-machined knows. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if [ ! -e /usr/share/dbus-1/system-services/org.freedesktop.machine1.service ] || ! command -v machinectl >/dev/null; then
	echo "1..0 # SKIP there is no systemd-machined (systemd-container)"
	exit 0
fi
install_isorun
optional=(-p "Optional=MemoryMax TasksMax")
mode=(--quiet "${optional[@]}")
printf '[Policy]\nOptional=MemoryMax TasksMax CPUQuota\n[Sandbox]\nRegister=yes\n' >"$tmp/register.conf"

begin() { # name, options...
	"$isorun" --quiet --policy "$tmp/register.conf" --name "$1" "${@:2}" sleep 1000 &
	instance=$!
	await runs '^sleep 1000$'
}

machines() { machinectl list --no-legend | awk '{print $1}'; }
is_machine() { machines | grep -qx "$1"; }
show() { machinectl show -p "$2" --value "$1"; }
nothing_left() { [ -z "$(machines)" ] && [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

test_scope() {
	local reaper
	run "$isorun" --quiet --policy "$tmp/register.conf" --dry-run --verbose --name web true
	like "the plan has it" "$out" "*machine*web, registered with systemd-machined*"
	begin web
	verified web
	reaper=$(pgrep -P "$instance")
	is "an instance is a machine" "$(machines)" web
	is "... a container" "$(show web Class) $(show web Service)" "container isorun"
	is "... of its own unit" "$(show web Unit)" isorun-web.scope
	also is "... led by its first process" "$(show web Leader)" "$reaper"
	like "... of which machinectl status tells" "$(machinectl status --no-pager web)" "*Unit: isorun-web.scope*sleep 1000*"
	systemctl stop isorun-web.scope
	wait "$instance"
	also ok "... which is gone with the unit" eventually nothing_left
	begin web
	machinectl terminate web
	wait "$instance"
	is "machinectl terminate stops it" $? 143
	also ok "... and nothing is left" eventually nothing_left
	"$isorun" "${mode[@]}" --name web sleep 1000 &
	instance=$!
	await runs '^sleep 1000$'
	also no_refusal is "without Register= there is none" "$(machines)" ""
	systemctl stop isorun-web.scope
	wait "$instance"
	for _ in {1..10}; do "$isorun" --quiet --policy "$tmp/register.conf" --name again true || echo "$_"; done >"$tmp/again" 2>&1
	no_refusal is "a name is free again at once" "$(cat "$tmp/again")" ""
}

# In a pid namespace of its own, isorun sees other pids than machined.
test_other_pids() {
	unshare -p -f --mount-proc "$isorun" --quiet --policy "$tmp/register.conf" --name apart sleep 1000 &
	instance=$!
	await runs '^sleep 1000$'
	also is "in another pid namespace: a machine of its own unit" "$(show apart Unit)" isorun-apart.scope
	also is "... led by its first process" "$(show apart Leader)" "$(ps -o ppid= -p "$(first_pid '^sleep 1000$')" | tr -d ' ')"
	machinectl terminate apart
	wait "$instance"
	also ok "... and nothing is left" eventually nothing_left
}

test_root() {
	mkdir -p "$tmp/tree/bin"
	cp /bin/busybox "$tmp/tree/bin/busybox"
	"$isorun" --quiet --policy "$tmp/register.conf" --name tree --root "$tmp/tree" /bin/busybox sleep 1001 &
	instance=$!
	await runs '^/bin/busybox sleep 1001$'
	is "a root of its own is the machine's" "$(show tree RootDirectory)" "$tmp/tree"
	machinectl terminate tree
	wait "$instance"
}

test_service() {
	systemd-run --quiet --unit=isorun-test.service -p Restart=always -p RestartSec=0 \
		"$isorun" --quiet --policy "$tmp/register.conf" --name served sleep 1000
	ok "a service is a machine" eventually is_machine served
	is "... of its own unit" "$(show served Unit)" isorun-test.service
	await runs '^sleep 1000$'
	leader=$(show served Leader)
	pkill -KILL -f '^sleep 1000$'
	ok "... and still is when it is restarted" eventually led_by_another
	no_refusal ok "... and runs" eventually runs '^sleep 1000$'
	no_refusal is "... restarted once" "$(systemctl show -P NRestarts isorun-test.service)" 1
	machinectl terminate served
	also no_refusal ok "... terminated, it is none" eventually not is_machine served
	systemctl reset-failed isorun-test.service 2>/dev/null
}

led_by_another() { [ "$(show served Leader 2>/dev/null || echo "$leader")" != "$leader" ]; }

test_refused() {
	run "$isorun" --policy "$tmp/register.conf" --name a_b true
	is "a name that no machine can have" "$status $err" \
		"125 isorun: $tmp/register.conf:4: Register=: \"a_b\" is not a machine name: use letters, digits, \"-\" and single \".\" (--name sets another name)"
	for name in a..b a. a-.b "$(printf 'a%.0s' {1..65})"; do
		run "$isorun" --policy "$tmp/register.conf" --name "$name" true
		like "... $name" "$status $err" "125 *register.conf:4: Register=: * is not a machine name: *"
	done
	systemd-run --quiet --unit=another.service sleep 1002
	busctl --quiet call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager RegisterMachine \
		sayssus taken 0 another container "$(systemctl show -P MainPID another.service)" ""
	run "$isorun" --quiet --policy "$tmp/register.conf" --name taken true
	is "a name that another machine has" "$status $err" \
		"125 isorun: $tmp/register.conf:4: Register=: systemd-machined refused it: Machine 'taken' already exists (-p Optional=Register runs without it)"
	also is "... which keeps it" "$(show taken Unit)" another.service
	run "$isorun" --policy "$tmp/register.conf" -p Optional=Register --name taken echo ran
	no_refusal is "... with Optional=Register" "$status $out" "0 ran"
	like "... a notice" "$err" "*register.conf:4: Register=: not registered: systemd-machined refused it: *"
	systemctl stop another.service
	also ok "... nothing is left" eventually nothing_left
}

# Who cannot register: label, what the error says, and how to run isorun.
test_cannot() {
	local option=-p
	[ "$1" != "a service with User=" ] || option="the line" # its journal's reader types no options
	run "${@:3}" --policy "$tmp/register.conf" true
	is "$1: an error with the line" "$status $(grep Register= <<<"$err")" \
		"125 isorun: $tmp/register.conf:4: Register=: cannot be enforced: $2 ($option Optional=Register runs without it)"
	run "${@:3}" --policy "$tmp/register.conf" -p "Optional=Register MemoryMax TasksMax" true
	is "$1: with Optional=Register a notice" "$status $(grep Register= <<<"$err")" \
		"0 isorun: notice: $tmp/register.conf:4: Register=: not enforced: $2"
}

test_unreachable() {
	systemctl stop systemd-machined.service
	systemctl --runtime --quiet mask systemd-machined.service
	run "$isorun" "${optional[@]}" --policy "$tmp/register.conf" --name web echo ran
	no_refusal is "where machined cannot be reached, it starts" "$status $out" "0 ran"
	like "... with a notice" "$err" \
		"*isorun: notice: $tmp/register.conf:4: Register=: not registered: systemd-machined cannot be reached: *masked*"
	systemctl --runtime --quiet unmask systemd-machined.service
}

if [ "$TESTHOST" != real ]; then test_unreachable; else skip "without machined" "it is the machine's"; fi
test_scope
test_other_pids
test_root
test_service
test_refused
test_cannot "without a unit" "with --no-scope there is no unit that could enforce it" "$isorun" --no-scope
test_cannot "in a sandbox" "isorun cannot reach the user's service manager, and has no delegated cgroup that could enforce it" \
	"$isorun" --quiet --policy nest -p "Optional=MemoryMax TasksMax CPUQuota" -p User=nobody -v "$tmp:$tmp:ro" isorun
if [ -n "${TH_USER-}" ]; then
	test_cannot "a user" "systemd-machined does not register units of a user's service manager" "$as_user" "$isorun"
	test_cannot "a service with User=" "only root may register a machine" \
		systemd-run --wait --pipe --quiet -p User="$TH_USER" "$isorun"
else
	skip "a user" "no user to be"
fi
also ok "nothing is left" eventually nothing_left
