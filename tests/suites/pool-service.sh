#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pools in a service with Delegate=yes, and in a delegated cgroup without systemd. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
unit='isorun-runner.service'
work=$tmp/work
mkdir -m 777 "$work"

# A service whose main process runs commands: those of a CI runner, say.
begin_service() {
	local fifo=$work/commands-$label
	rm -f "$fifo"
	mkfifo -m 666 "$fifo"
	# shellcheck disable=SC2016
	manager systemd-run "${bus[@]}" --quiet --collect --unit=$unit -p Delegate=yes -p TimeoutStopSec=20 "${properties[@]}" \
		bash -c 'while read -r line; do eval "$line" & done <>"$0"' "$fifo" >"$work/begun-$label" 2>&1
}
manager() { "${manager[@]}" "$@"; }
control() { manager systemctl "${bus[@]}" "$@"; }

n_commands=0
# Runs a command in the service. Its output and exit status are then in $out, $err and $status.
in_service() {
	n_commands=$((n_commands + 1))
	local name=$work/$label-$n_commands
	printf '%s </dev/null >%s.out 2>%s.err; echo $? >%s.part; mv %s.part %s.status\n' "${*@Q}" "$name" "$name" "$name" \
		"$name" "$name" >"$work/commands-$label"
	await test -e "$name.status"
	status=$(cat "$name.status") out=$(cat "$name.out") err=$(cat "$name.err")
}

# Starts a sleeping instance NAME in the service.
begin() { # name, seconds, options...
	printf '%s </dev/null >%s 2>&1\n' "${isorun@Q} --quiet --pool test --name $1 ${*:3} sleep $2" "$work/begun-$label-$1" \
		>"$work/commands-$label"
	await runs "^sleep $2\$"
}

group() { control show -P ControlGroup $unit; }
ended() { [ "$(control show -P LoadState $unit)" = not-found ]; }
left() { find "/sys/fs/cgroup$(group)" -mindepth 1 -name 'isorun*' -printf '%P '; }
nothing_left() { [ -z "$(left)" ]; }
names() { "${who[@]}" "$isoctl" list -q | tr '\n' ' '; }
end_service() {
	control stop $unit
	await ended
}

test_seen() {
	local status
	begin_service
	begin one 2201
	begin two 2202
	verified one two
	is "$label: the instances are in a pool in the service" "$(left)" "isorun_pool-test isorun_pool-test/isorun-one.scope isorun_pool-test/isorun-two.scope "
	also is "$label: ... which has no unit of its own" "$(control list-units --all --no-legend 'isorun_pool-*' 'isorun-*.scope')" ""
	like "$label: ... systemctl status shows them under it" "$(control status $unit)" "*isorun_pool-test*isorun-one.scope*sleep 2201*isorun-two.scope*sleep 2202*"
	like "$label: isoctl list" "$("${who[@]}" "$isoctl" list)" "*one *sleep 2201*two *sleep 2202*"
	like "$label: isoctl status" "$("${who[@]}" "$isoctl" status --verbose one)" \
		"*/$unit/isorun_pool-test/isorun-one.scope*held by *a cgroup in */isorun_pool-test, a pool in $unit*--pool*"
	like "$label: isoctl top" "$("${who[@]}" "$isoctl" top </dev/null)" "*one *two *"
	run "${who[@]}" "$isoctl" enter one sh -c 'echo in'
	no_refusal is "$label: isoctl enter" "$status $out" "0 in"
	in_service "$isorun" --quiet --pool test --name one true
	is "$label: a name is taken once" "$status $err" "125 isorun: the unit isorun-one.scope already exists (--name sets another name)"
	in_service "$isorun" --quiet --pool other --name three echo ran
	is "$label: another pool" "$status $out $(left)" "0 ran isorun_pool-test isorun_pool-test/isorun-one.scope isorun_pool-test/isorun-two.scope "
	run "${who[@]}" "$isoctl" set-property one IPAddressDeny=any
	is "$label: what only systemd can do is refused" "$status ${err#isoctl: set-property: }" \
		"125 IPAddressDeny=: only systemd can set it, and one is only a part of $unit"
	run "${who[@]}" "$isoctl" freeze one
	like "$label: isoctl freeze" "$status $err $("${who[@]}" "$isoctl" list)" "0 *one *frozen*two *running*"
	run patiently "${who[@]}" "$isoctl" stop one
	is "$label: isoctl stop ends one that is frozen" "$status $err $(names)" "0  two "
	run "${who[@]}" "$isoctl" kill -s KILL two
	is "$label: isoctl kill" "$status $err" "0 "
	also ok "$label: ... and no cgroup is left" eventually nothing_left
	is "$label: the service runs on" "$(control is-active $unit)" active
	end_service
}

# The service's stop ends all, and nothing is left of them.
test_stopped() {
	begin_service
	begin one 2203
	begin two 2204
	control stop $unit
	is "$label: systemctl stop ends the instances" "$(pgrep -cf '^sleep 220[34]$') $(names)" "0 "
	also ok "$label: ... and nothing is left" eventually ended
}

# An isorun that was killed leaves its cgroup, which later ones remove.
test_killed() {
	begin_service
	begin one 2205
	begin two 2206
	pkill -KILL -f -- "--name one sleep 2205"
	await gone '^sleep 2205$'
	is "$label: after isorun was killed, its instance has ended" "$(names)" "two "
	run "${who[@]}" "$isoctl" stop two
	ok "$label: ... and the last one removes its cgroup" eventually nothing_left
	begin one 2207
	is "$label: ... and a new one has its name" "$(names)" "one "
	end_service
}

# A start in a pool that is there asks nobody, and makes the first process in its cgroup.
test_no_requests() {
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: a start asks nobody" "strace cannot trace here"
		return
	fi
	begin_service
	begin one 2210
	: >"$work/trace"
	chmod 666 "$work/trace"
	in_service env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -e trace=connect,clone3,openat -o "$work/trace" \
		"$isorun" --quiet --pool test true
	is "$label: a start in the service asks nobody, and moves no process" "$status $(grep -cE '(CLONE_INTO_CGROUP|clone3 resumed).*= [1-9]' "$work/trace") \
$(grep -c 'cgroup.procs.*O_WRONLY' "$work/trace") $(grep -c 'connect.*bus\|connect.*private' "$work/trace")" "0 1 0 0"
	end_service
}

# A start that was killed before its first process was made leaves a cgroup without attributes.
test_abandoned() {
	local pool
	begin_service
	pool=/sys/fs/cgroup$(group)/isorun_pool-test
	begin one 2211
	verified one
	"${manager[@]}" mkdir "$pool/isorun-new.scope" "$pool/isorun-old.scope"
	"${manager[@]}" touch -d '2 minutes ago' "$pool/isorun-old.scope"
	in_service "$isorun" --quiet --pool test --name new true
	is "$label: a cgroup that may belong to a start is not taken" "$status $err" \
		"125 isorun: the unit isorun-new.scope already exists (--name sets another name)"
	in_service "$isorun" --quiet --pool test --name old echo ran
	is "$label: ... but an old one of a start that was killed is" "$status $out $err" "0 ran "
	"${manager[@]}" rmdir "$pool/isorun-new.scope"
	end_service
}

# Pools may have a name that ends as a unit's does.
test_suffix() {
	begin_service
	printf '%s </dev/null >%s 2>&1\n' "${isorun@Q} --quiet --pool x.scope --name one sleep 2212" "$work/begun-$label-suffix" \
		>"$work/commands-$label"
	await runs "^sleep 2212\$"
	is "$label: a pool whose name ends in .scope" "$(left)" "isorun_pool-x.scope isorun_pool-x.scope/isorun-one.scope "
	run "${who[@]}" "$isoctl" freeze one
	like "$label: ... isoctl freeze" "$status $err $("${who[@]}" "$isoctl" list)" "0 *one *frozen*"
	run patiently "${who[@]}" "$isoctl" stop one
	is "$label: ... isoctl stop" "$status $err $(names)" "0  "
	also ok "$label: ... and nothing is left" eventually nothing_left
	end_service
}

test_race() {
	local n=${TEST_ROUNDS:-3}
	begin_service
	TEST_PATIENCE=120 in_service /usr/bin/python3 "$top/tests/pool-race.py" "$isoctl" 16 "$n" "$isorun" --quiet --pool test
	is "$label: starts against stops and ends: none is lost" "$status $out $err" "0 $((32 * n)) [] "
	also ok "$label: ... and nothing is left" nothing_left
	end_service
}

test_batch() {
	begin_service
	printf '{"argv":["cat","/proc/self/cgroup"]}\n{"argv":["true"]}\n{"argv":["false"]}\n' >"$work/lines"
	chmod 644 "$work/lines"
	in_service sh -c "${isorun@Q} --quiet --batch -j 2 --name many <${work@Q}/lines"
	like "$label: a batch is in a pool of the service, too" "$status $(grep -c '"run": *true\|"status"' <<<"$out") $out" "1 3 *"
	also ok "$label: ... of which nothing is left" nothing_left
	end_service
}

test_refused() {
	begin_service
	cat >"$work/unit.conf" <<-'C'
		[Policy]
		Pool=test
		Optional=
		[Scope]
		RuntimeMaxSec=5
		IPAddressDeny=any
		KillMode=mixed
		MemoryMax=
		TasksMax=
		Slice=isorun-x.slice
	C
	chmod 644 "$work/unit.conf"
	in_service "$isorun" --quiet --policy "$work/unit.conf" true
	is "$label: what only the service can hold is an error at its line" "$status $err" "125 isorun: $work/unit.conf:10: Slice=, line 6: IPAddressDeny=, \
line 5: RuntimeMaxSec=, line 7: KillMode=: cannot be enforced: an instance in a pool has no unit that could \
enforce it (the service that the pool is in can, for all its processes) (-p \"Optional=Slice IPAddressDeny RuntimeMaxSec KillMode\" runs without them)"
	in_service "$isorun" --quiet --no-scope --pool test true
	like "$label: --no-scope with a pool" "$status $err" "125 isorun: --pool: Pool=: cannot be enforced: with --no-scope *"
	end_service
	is "$label: no service, no pool" "$(find /sys/fs/cgroup -name 'isorun_pool-test')" ""
}

# A user who is not the service's cannot act on its instances, and root in a user's service does not put its own there.
test_shut_out() {
	properties=() manager=() who=() bus=() label=root
	begin_service
	begin one 2208
	for verb in stop freeze "kill -s KILL" "set-property TasksMax=1"; do
		local words
		read -ra words <<<"$verb"
		run "$as_user" "$isoctl" "${words[0]}" "root/one" "${words[@]:1}"
		# promise P29
		is "another user cannot $verb an instance in a service's pool" "$status $err $(pgrep -cf '^sleep 2208$')" \
			"125 isoctl: one is in a pool of user 0: only that user and root may do this 1"
	done
	in_service setpriv --reuid "$TH_USER" --regid "$TH_USER" --init-groups "$isorun" --quiet --pool test echo ran
	is "... nor start one in its pool: that user has a pool of its own" "$(left)" "isorun_pool-test isorun_pool-test/isorun-one.scope "
	end_service
	properties=(-p "User=$TH_USER") label=of-user
	begin_service
	in_service test -w "/sys/fs/cgroup$(group)/cgroup.procs"
	is "a user's service has the cgroup" "$status" 0
	mkdir "/sys/fs/cgroup$(group)/isorun_pool-test"
	in_service "$isorun" --quiet --pool test true
	# promise P29
	like "cgroups of another user are not used as a pool" "$status $err" "125 isorun: the pool */$unit/isorun_pool-test belongs to another user"
	rmdir "/sys/fs/cgroup$(group)/isorun_pool-test"
	end_service
}

# Without systemd: in a cgroup namespace, with the bus hidden.
test_without_systemd() {
	label="without systemd"
	# shellcheck disable=SC2016
	run patiently systemd-run --quiet --pipe --wait -p Delegate=yes -p RuntimeMaxSec=20 bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		mkdir $c/box; echo 0 >$c/box/cgroup.procs
		exec unshare -m -C bash -c "unset SYSTEMD_EXEC_PID; mount -t tmpfs tmpfs /run/dbus
			mount -t tmpfs tmpfs /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit
			mkdir /sys/fs/cgroup/leaf; echo 0 >/sys/fs/cgroup/leaf/cgroup.procs
			\"\$@\"" x "$@"' x bash -c '"$1" --quiet --pool test --name one sleep 2209 & sleep=$!
		until find /sys/fs/cgroup -name isorun-one.scope | grep -q .; do sleep 0.1; done; until pgrep -xf "sleep 2209" >/dev/null; do sleep 0.1; done
		find /sys/fs/cgroup -name "isorun*" -printf "%P "; echo; "$2" list -q; "$2" stop one; wait $sleep
		find /sys/fs/cgroup -name "isorun*"' x "$isorun" "$isoctl"
	is "$label: a pool in a delegated cgroup" "$status $out $err" "0 leaf/isorun_pool-test leaf/isorun_pool-test/isorun-one.scope 
one "
}

all() {
	test_seen
	test_stopped
	test_killed
	test_abandoned
	test_suffix
	test_no_requests
	test_race
	test_batch
	test_refused
}

properties=() manager=()
if [ "$(id -u)" = 0 ]; then
	label=root who=() bus=()
	all
	as_service Delegate=yes -- "$isorun" --quiet --pool test true
	like "root: the main process of a service is its instance, not one in a pool" "$status $err" \
		"125 isorun: --pool: Pool=: cannot be enforced: isorun is the main process of a service*"
	test_without_systemd
else
	skip "a pool in a service of the system" "only root can start one"
fi
if [ -z "${TH_USER-}" ]; then
	skip "the same for a user" "no user to be"
else
	label=user who=("$as_user") bus=(--user) manager=("$as_user")
	all
fi
if [ -n "${TH_USER-}" ] && [ "$(id -u)" = 0 ]; then
	label=User= who=("$as_user") bus=() manager=() properties=(-p "User=$TH_USER")
	all
	test_shut_out
fi
