#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instances in cgroups that isorun makes: in a delegated cgroup, and in pools. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet)
# The sanitizer's leak check uses ptrace(2), too.
trace=(env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq)

# Runs a command in a cgroup with Delegate=, where no systemd can be reached. It prints what is left of the instances.
delegated() {
	run systemd-run --quiet --pipe --wait -p Delegate=yes bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		exec unshare -m bash -c "unset SYSTEMD_EXEC_PID; mount -t tmpfs tmpfs /run/dbus; \"\$@\"; ls $c | grep isorun; true" x "$@"' x "$@"
}

# The system calls of a start that put processes into cgroups.
moves() { grep -c 'cgroup.procs.*O_WRONLY' "$tmp/trace"; }
# The new process may make a call before strace shows that its parent's has returned.
born() {
	awk '/clone3\(.*CLONE_INTO_CGROUP/ { waits[$1] = 1 }
		/clone3[( ]/ && waits[$1] && !/unfinished/ { n += / = [1-9]/; waits[$1] = 0 }
		END { print n + 0 }' "$tmp/trace"
}

test_born() {
	local trace=("${trace[@]}" -o "$tmp/trace" -e "trace=clone3,openat")

	if ! strace -o /dev/null true 2>/dev/null; then
		skip "the first process is made in its cgroup" "strace cannot trace here"
		return
	fi
	delegated "${trace[@]}" "$isorun" --quiet echo ran
	no_refusal is "without systemd, a delegated cgroup holds the instance, and is gone afterwards" "$status $out" "0 ran"
	also is "... the first process is made in it: no process is moved" "$(born) $(moves)" "1 0"
	delegated "${trace[@]}" -e inject=clone3:error=EOPNOTSUPP:when=1 "$isorun" --quiet echo ran
	is "... or moved into it, if the kernel refuses that" "$status $out $(born) $(moves)" "0 ran 0 1"
}


unit=isorun_pool-test.scope

pool() { "${who[@]}" "$isorun" "${mode[@]}" --pool test "$@"; }

active() { [ "$(ctl is-active $unit)" = active ]; }
ended() { [ "$(ctl show -P LoadState $unit)" = not-found ]; }
nothing_left() { [ -z "$(find /sys/fs/cgroup -name 'isorun*.scope')" ] && ended; }

# Starts a sleeping instance NAME in the background.
begin() {
	pool --name "$1" "${@:3}" sleep "$2" &
	await runs "^sleep $2\$"
}

names() { "${who[@]}" "$isoctl" list -q "$@" | tr '\n' ' '; }

test_seen() {
	local status
	begin one 2001
	ulimit -S -i 0 # the kernel then drops the values of signals
	begin two 2002
	ulimit -S -i "$(ulimit -H -i)"
	verified one two
	is "$label: two instances in one unit" "$(ctl is-active $unit) $(names)" "active one two "
	like "$label: ... as systemctl shows" "$(ctl status $unit)" "*instances*isorun-one.scope*sleep 2001*isorun-two.scope*sleep 2002*keeper*"
	like "$label: isoctl status" "$("${who[@]}" "$isoctl" status --verbose one)" "*/$unit/instances/isorun-one.scope*held by *a cgroup in $unit, the pool*--pool*"
	like "$label: isoctl top" "$("${who[@]}" "$isoctl" top </dev/null)" "*one *two *"
	run "${who[@]}" "$isoctl" enter one sh -c 'grep -c 2002 /proc/*/cmdline; echo in'
	no_refusal like "$label: isoctl enter" "$status $out" "0 *in"
	run "${who[@]}" "$isorun" "${mode[@]}" --pool test --name one true
	is "$label: a name is taken once" "$status $err" "125 isorun: the unit isorun-one.scope already exists (--name sets another name)"
	run "${who[@]}" "$isoctl" stop one
	is "$label: isoctl stop ends one of them" "$status $err $(names)" "0  two "
	also ok "$label: ... and it is gone" gone '^sleep 2001$'
	run patiently "${who[@]}" "$isoctl" stop two
	is "$label: ... and the other, whose user may have no pending signals" "$status $err $(names)" "0  "
	also ok "$label: ... and nothing is left" eventually nothing_left
}

is_frozen() { grep -qx "frozen 1" "$(find /sys/fs/cgroup -path "*/$unit/instances/isorun-$1.scope")/cgroup.events"; }
# shellcheck disable=SC2053  # a pattern
has_logs() { let_read_journal; [[ $("${who[@]}" "$isoctl" logs --no-pager "$1" -- -o cat 2>&1) = $2 ]]; }

# What systemd does for a unit, isoctl does for a part of one.
test_verbs() {
	pool --name one -p StandardOutput=journal sh -c 'trap "echo got USR1" USR1; echo said; while :; do sleep 0.1; done' &
	begin two 2012
	await runs 'echo said; while'
	run "${who[@]}" "$isoctl" freeze one
	is "$label: isoctl freeze, of one alone" "$status $err $(is_frozen one; echo $?) $(is_frozen two; echo $?)" "0  0 1"
	like "$label: ... as isoctl list says" "$("${who[@]}" "$isoctl" list)" "*one *frozen*"
	run "${who[@]}" "$isoctl" thaw one
	is "$label: isoctl thaw" "$status $err $(is_frozen one; echo $?)" "0  1"
	run "${who[@]}" "$isoctl" kill -s USR1 one
	is "$label: isoctl kill" "$status $err" "0 "
	ok "$label: ... signals the processes, and isoctl logs has what they write, and the records" \
		eventually has_logs one $'*one started: *said\n*got USR1*'
	also unlike "$label: ... and nothing of the others" "$("${who[@]}" "$isoctl" logs --no-pager one -- -o cat)" "*sleep 2012*"
	run "${who[@]}" "$isoctl" kill --kill-whom=main one
	is "$label: ... not a main process" "$status $err" "125 isoctl: one is no service, so it has no main process"
	run "${who[@]}" "$isoctl" set-property one IPAddressDeny=any
	like "$label: what only systemd can do is refused" "$status $err" \
		"125 isoctl: set-property: IPAddressDeny=: only systemd can set it, and one is only a part of $unit"
	"${who[@]}" "$isoctl" freeze one
	run patiently "${who[@]}" "$isoctl" stop one
	is "$label: isoctl stop ends one that is frozen" "$status $err $(names)" "0  two "
	run "${who[@]}" "$isoctl" kill -s KILL two
	is "$label: isoctl kill -s KILL" "$status $err" "0 "
	also ok "$label: ... ends all processes" eventually gone '^sleep 2012$'
	also ok "$label: ... and nothing is left" eventually nothing_left
}

# Makes the pool, whose keeper must not keep what it has from its caller.
test_keeper() {
	mkfifo "$tmp/pipe-$label"
	chmod 666 "$tmp/pipe-$label"
	pool --name first sleep 2003 >"$tmp/pipe-$label" &
	cat "$tmp/pipe-$label" >/dev/null &
	local reader=$!
	await runs '^sleep 2003$'
	begin second 2004
	"${who[@]}" "$isoctl" stop first
	also ok "$label: the keeper of a pool leaves its caller's pipes" eventually not kill -0 $reader
	also is "$label: ... while it keeps the pool" "$(ctl is-active $unit) $(names)" "active second "
	pkill -KILL -f -- "--name second sleep 2004"
	also ok "$label: the pool ends also if isorun is killed" eventually nothing_left
}

# A start in a pool that is there.
test_no_requests() {
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: a start in a pool asks nobody" "strace cannot trace here"
		return
	fi
	begin one 2005
	: >"$tmp/trace"
	chmod 666 "$tmp/trace"
	run "${who[@]}" "${trace[@]}" -e trace=connect,clone3,openat -o "$tmp/trace" "$isorun" "${mode[@]}" --pool test true
	is "$label: in a pool, the first process is made in its cgroup, and systemd is not asked" \
		"$status $(born) $(moves) $(grep -c 'connect.*bus\|connect.*private' "$tmp/trace")" "0 1 0 0"
	ctl stop $unit
	also ok "$label: systemctl stop ends the pool" eventually nothing_left
	also ok "$label: ... with its instances" gone '^sleep 2005$'
}

keeper() { cat /sys/fs/cgroup/"$(ctl show -P ControlGroup $unit)"/keeper/cgroup.procs; }
is_made() { find /sys/fs/cgroup -path "*/$unit/instances/isorun-$1.scope" | grep -q .; }

# Starts an instance that has made its cgroup, but has no process in it for a while, and stops the last other one.
begin_late() { # name
	begin first 2011
	before=$(keeper)
	"${who[@]}" "${trace[@]}" -o /dev/null -e trace=clone3 -e inject=clone3:delay_enter=700000 \
		"$isorun" "${mode[@]}" --pool test --name late sleep "$1" &
	await is_made late
	"${who[@]}" "$isoctl" stop first
}

# The last instance ends while another is on its way into the pool.
test_late() {
	local before
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: a start as the pool ends" "strace cannot trace here"
		return
	fi
	begin_late 2012
	await runs '^sleep 2012$'
	is "$label: a pool does not end while a start is on its way into it" "$(ctl is-active $unit) $(keeper)" "active $before"
	"${who[@]}" "$isoctl" stop late
	await nothing_left

	begin_late 2013
	kill -KILL "$before"
	await runs '^sleep 2013$'
	is "$label: a start makes the pool again if it has ended all the same" "$(ctl is-active $unit) $(names)" "active late "
	also unlike "$label: ... with another keeper" "$(keeper)" "$before"
	"${who[@]}" "$isoctl" stop late
	await nothing_left
}

is_closed() { [ "$(cat /sys/fs/cgroup/"$(ctl show -P ControlGroup $unit)"/instances/cgroup.max.descendants)" = 0 ]; }

# A start waits until a pool has stopped, and then makes it again.
test_stopping() {
	local before start
	# shellcheck disable=SC2016
	pool --name slow sh -c 'trap "" TERM; while :; do sleep 2014; done' &
	await runs '^sleep 2014$'
	before=$(keeper)
	ctl stop --no-block $unit
	await is_closed
	pool --name next sleep 2015 &
	start=$!
	is "$label: systemctl stop: the pool takes no instance any more" "$(ctl is-active $unit) $(names)" "deactivating slow "
	kill -KILL "$(first_pid "^sh -c trap")"
	await runs '^sleep 2015$'
	is "$label: ... and a start that has waited makes the next one" "$(ctl is-active $unit) $(names)" "active next "
	also unlike "$label: ... with a keeper of its own" "$(keeper)" "$before"
	"${who[@]}" "$isoctl" stop next
	wait $start
	await nothing_left
}

# No start is lost when the pool ends and begins all the time, and instances are stopped as others start.
test_race() {
	local n=${TEST_ROUNDS:-3}
	run "${who[@]}" /usr/bin/python3 "$top/tests/pool-race.py" "$isoctl" 16 "$n" "$isorun" --quiet --pool test
	is "$label: starts against stops and ends: none is lost" "$status $out $err" "0 $((32 * n)) [] "
	also ok "$label: ... and nothing is left" eventually nothing_left
}

# The system calls of isoctl list grow by as many for each instance. Where the kernel counts memory and tasks, two more files
# are read, instead of not being there. Each as-user makes a scope, too, which takes four.
count_calls() { "${who[@]}" "${trace[@]}" -o "$tmp/calls" "$isoctl" list >/dev/null && wc -l <"$tmp/calls"; }
test_list_calls() {
	local before after budget=15
	[ "$label" = root ] || budget=30
	! has_controllers || budget=$((budget + 4))
	! is_sanitized || budget=$((budget + 2)) # memory for the sanitizer
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: the system calls of isoctl list" "strace cannot trace here"
		return
	fi
	: >"$tmp/calls"
	chmod 666 "$tmp/calls"
	begin one 2016
	before=$(count_calls)
	for _ in {1..10}; do pool sleep 2017 & done
	await eleven
	after=$(count_calls)
	ok "$label: isoctl list has at most $budget system calls for an instance ($before for one, $after for eleven)" \
		[ $((after - before)) -le $((10 * budget)) ]
	ctl stop $unit
	also ok "$label: ... and nothing is left" eventually nothing_left
}
eleven() { [ "$("${who[@]}" "$isoctl" list -q | wc -l)" = 11 ]; }

attribute() { # CGROUP NAME [VALUE]: prints an attribute, or sets it
	python3 -c 'import os, sys
if len(sys.argv) > 3: os.setxattr(*sys.argv[1:3], sys.argv[3].encode())
else: print(os.getxattr(*sys.argv[1:]).decode().replace(chr(0), "|"))' "$@"
}
name_pid() { # CGROUP PID: changes the pid in root's description
	python3 -c 'import os, sys
name = "trusted.isorun.instance"
rest = os.getxattr(sys.argv[1], name).split(b"\0")[1:]
os.setxattr(sys.argv[1], name, b"\0".join([sys.argv[2].encode(), *rest]))' "$@"
}
one_line() { "$isoctl" list --no-legend one | awk '{print $1, $3, $NF}'; }

# For a table, root believes what root has written about an instance, if the kernel says that its process is there.
test_description() {
	local cgroup own other
	begin one 2018
	begin two 2019
	cgroup=$(find /sys/fs/cgroup -path "*/$unit/instances/isorun-one.scope")
	own=$(attribute "$cgroup" user.isorun.pid) other=$(attribute "${cgroup/one/two}" user.isorun.pid)
	attribute "$cgroup" user.isorun.command "not root's"
	is "isoctl list as root takes root's description" "$(one_line)" "one running 2018"
	name_pid "$cgroup" "$other"
	is "... not if its process is another instance's" "$(one_line)" "one running root's"
	name_pid "$cgroup" "$(pgrep -xf "sleep 2018")"
	is "... or no child of that isorun" "$(one_line)" "one running root's"
	attribute "$cgroup" user.isorun.pid "$other"
	is "... and if no process is right, says so" "$(one_line)" "one unverified root's"
	attribute "$cgroup" user.isorun.pid "$own"
	"$isoctl" stop one two
	await nothing_left
	[ -n "${TH_USER-}" ] || return
	as_user_begin() { "$as_user" "$isorun" "${mode[@]}" --name one sleep 2018 & }
	as_user_begin
	await runs '^sleep 2018$'
	like "what a user's isorun has written is no such description" \
		"$(attribute "$(find /sys/fs/cgroup -name isorun-one.scope)" trusted.isorun.instance 2>&1)" "*No data available*"
	"$as_user" "$isoctl" stop one
	wait
}

test_refused() {
	local name
	for name in ../x a/b .. .a -a 'a b' a@b; do
		run "${who[@]}" "$isorun" --quiet "--pool" "$name" true
		like "$label: $name is no name of a pool" "$status $err" "125 isorun: --pool: *not the name of a pool*"
	done
	printf '[Policy]\nPool=test\nOptional=\n[Scope]\nRuntimeMaxSec=5\nIPAddressDeny=any\nKillMode=mixed\nMemoryMax=\nTasksMax=\n' >"$tmp/unit.conf"
	chmod 644 "$tmp/unit.conf"
	run "${who[@]}" "$isorun" --quiet --policy "$tmp/unit.conf" true
	like "$label: what only systemd holds is an error at its line" "$status $err" "125 isorun: $tmp/unit.conf:6: IPAddressDeny=, \
line 5: RuntimeMaxSec=, line 7: KillMode=: cannot be enforced: an instance in a pool has no unit that could enforce it (-p \"Optional=*\" runs without them)"
	run "${who[@]}" "$isorun" --quiet --no-scope --pool test true
	like "$label: --no-scope with a pool" "$status $err" "125 isorun: --pool: Pool=: cannot be enforced: with --no-scope there is no unit*"
	run "${who[@]}" "$isorun" --quiet --pool test -d true
	like "$label: --detach with a pool" "$status $err" "125 isorun: --detach: the instance would be a service*"
	as_service -- "$isorun" --quiet --pool test true
	like "$label: a pool in a service" "$status $err" "125 isorun: --pool: Pool=: cannot be enforced: isorun is the main process of a service*"
}

# A unit of the pool's name that isorun has not made, and one whose cgroups belong to another user.
test_squatted() {
	"${who[@]}" systemd-run "${bus[@]}" --scope --quiet --collect --unit $unit -p Delegate=yes --slice isorun.slice sleep 2006 &
	await active
	run "${who[@]}" "$isorun" --quiet --pool test true
	like "$label: a unit that is no pool is not used" "$status $err" "125 isorun: $unit exists, but is no pool in */instances: stop it *"
	ctl stop $unit
	await ended
	[ "$label" = root ] && [ -n "${TH_USER-}" ] || return
	begin one 2007
	chown "$TH_USER" /sys/fs/cgroup/isorun.slice/$unit/instances
	run "$isorun" --quiet --pool test true
	like "$label: cgroups of another user are not used" "$status $err" "125 isorun: the pool */instances belongs to another user"
	"$isoctl" stop one
	await nothing_left
}

# Each user has pools of its own.
test_users() {
	who=() bus=()
	begin one 2008
	who=("$as_user") bus=(--user)
	run "${who[@]}" "$isoctl" stop root/one
	is "another user cannot stop an instance in a pool" "$status $err" \
		"125 isoctl: one is in a pool of user 0: only that user and root may do this"
	for verb in freeze thaw "kill -s KILL" "set-property TasksMax=1"; do
		read -ra words <<<"$verb"
		run "${who[@]}" "$isoctl" "${words[0]}" root/one "${words[@]:1}"
		# promise P29
		is "... nor $verb it" "$status $err $(pgrep -cf '^sleep 2008$')" \
			"125 isoctl: one is in a pool of user 0: only that user and root may do this 1"
	done
	begin other 2009
	is "a user's pool of the same name is another one" "$(names --user) $(find /sys/fs/cgroup -name $unit | wc -l)" "other  2"
	"${who[@]}" "$isoctl" stop other
	who=() bus=()
	"$isoctl" stop one
	await nothing_left
}

# A login session is not below the user's manager, so the kernel does not let the user make processes there.
test_session() {
	local uid
	uid=$(id -u "$TH_USER")
	who=(setpriv --reuid "$TH_USER" --regid "$TH_USER" --init-groups env "XDG_RUNTIME_DIR=/run/user/$uid")
	bus=(--user)
	label="user in a session"
	begin one 2010
	is "$label: a pool" "$(ctl is-active $unit) $(find /sys/fs/cgroup -path "*/user@$uid.service/*/$unit/instances/isorun-one.scope" | wc -l)" "active 1"
	run pool echo ran
	no_refusal is "$label: ... and a start in it" "$status $out" "0 ran"
	"${who[@]}" "$isoctl" stop one
	await nothing_left
}

all() {
	test_seen
	test_verbs
	test_keeper
	test_no_requests
	test_late
	test_list_calls
	test_stopping
	test_race
	test_refused
	[ "$label" = user ] || test_squatted
}

label=root
if [ "$(id -u)" = 0 ]; then
	test_born
else
	skip "a delegated cgroup" "only root can hide the bus"
fi

label=root who=() bus=()
[ "$(id -u)" != 0 ] || all
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user)
	all
else
	skip "the same with a user's manager" "no user to be"
fi
if [ -n "${TH_USER-}" ] && [ "$(id -u)" = 0 ]; then
	test_users
	test_session
	who=() bus=() label=root
	test_description
fi
