#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The instance as a unit: seen, stopped, frozen and gone. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

show() { systemctl "${bus[@]}" show -P "$2" "$1"; }

active() { [ "$(ctl is-active "$1")" = active ]; }

# Starts a sleeping instance NAME in the background.
begin() {
	"${who[@]}" "$isorun" "${mode[@]}" --name "$1" "${@:2}" sleep 1000 &
	instance=$!
	await active "isorun-$1.scope" && await runs '^sleep 1000$'
}

nothing_left() {
	[ -z "$(ctl list-units --all --plain --no-legend 'isorun-*.scope')" ] &&
		[ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ] && ! pgrep -f '^sleep 1000$' >/dev/null &&
		! pgrep -f "^$isorun " >/dev/null
}

got_hups() { [ "$(grep -c hup "$tmp/hup-$label")" = "$1" ]; }

test_unit() {
	local cgroup

	begin one -p Description="A test"
	verified one
	is "$label: it is a scope" "$(ctl is-active isorun-one.scope)" active
	is "$label: in isorun.slice" "$(ctl show -P Slice isorun-one.scope)" isorun.slice
	is "$label: with a description" "$(ctl show -P Description isorun-one.scope)" "A test: sleep 1000"
	is "$label: collected when it ends" "$(ctl show -P CollectMode isorun-one.scope)" inactive-or-failed
	like "$label: systemctl status shows the payload" "$(ctl status isorun-one.scope --no-pager)" "*sleep 1000*"
	cgroup=/sys/fs/cgroup$(ctl show -P ControlGroup isorun-one.scope)
	is "$label: what it is stands on its cgroup" "$(python3 -c 'import os, sys
print(*[os.getxattr(sys.argv[1], "user.isorun." + n).decode() for n in ("name", "policy", "command")])' "$cgroup")" \
		"one default sleep 1000"
	run "${who[@]}" timeout -s KILL 20 env --ignore-signal=CHLD "$isorun" "${mode[@]}" --quiet sh -c 'exit 7'
	no_refusal is "$label: the exit status is known though isorun's caller ignores SIGCHLD" "$status $err" "7 "
	run "${who[@]}" "$isorun" "${mode[@]}" --name one true
	is "$label: a name that is taken" "$status $err" \
		"125 isorun: the unit isorun-one.scope already exists (--name sets another name)"
	also is "$label: ... and harms nobody" "$(ctl is-active isorun-one.scope)" active

	ctl freeze isorun-one.scope
	is "$label: it can be frozen" "$(grep frozen "$cgroup/cgroup.events")" "frozen 1"
	ctl thaw isorun-one.scope
	ctl stop isorun-one.scope
	wait "$instance"
	is "$label: stopped, it ends by SIGTERM" $? 143
	also ok "$label: ... and nothing is left" eventually nothing_left
	is "$label: ... the slice is empty" "$(find "${cgroup%/*}" -mindepth 1 -type d 2>/dev/null)" ""

	begin two
	ctl kill -s KILL isorun-two.scope
	wait "$instance"
	also is "$label: killed as a unit, 137" $? 137
	also ok "$label: ... nothing is left" eventually nothing_left

	cat >"$tmp/hup.sh" <<-'SH'
		trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done
	SH
	chmod 644 "$tmp/hup.sh"
	"${who[@]}" "$isorun" "${mode[@]}" --name hup -v "$tmp/hup.sh:/hup.sh:ro" bash /hup.sh >"$tmp/hup-$label" &
	instance=$!
	await grep -q ready "$tmp/hup-$label"
	ctl kill -s HUP isorun-hup.scope
	await got_hups 1
	sleep 0.5
	kill -HUP "$(first_pid "^$isorun .*--name hup ")"
	await got_hups 2
	sleep 0.5
	is "$label: a signal to the unit and then one to isorun are two" "$(grep -c hup "$tmp/hup-$label")" 2
	ctl stop isorun-hup.scope
	wait "$instance"
	begin three
	kill -KILL "$(first_pid "^$isorun .*--name three ")"
	wait "$instance" 2>/dev/null
	# promise P15
	also ok "$label: isorun killed, nothing is left" eventually nothing_left
	begin four
	ctl freeze isorun-four.scope
	kill -KILL "$(first_pid "^$isorun .*--name four ")"
	wait "$instance" 2>/dev/null
	also ok "$label: ... nor of one that is frozen" eventually nothing_left

	run "${who[@]}" "$isorun" "${mode[@]}" cat /proc/self/cgroup
	is "$label: inside, the cgroup is the root of all" "$(grep ^0:: <<<"$out")" 0::/
	run "${who[@]}" "$isorun" "${mode[@]}" -p Slice=isorun-test.slice true
	no_refusal is "$label: Slice=" $status 0
	run "${who[@]}" "$isorun" "${mode[@]}" -p RuntimeMaxSec=500ms sleep 1000
	is "$label: RuntimeMaxSec=" $status 143
	also ok "$label: ... nothing is left" eventually nothing_left
	run "${who[@]}" "$isorun" "${mode[@]}" -p StandardOutput=journal sh -c 'echo to-the-journal; sleep 0.2'
	ok "$label: StandardOutput=journal, under the unit" eventually in_journal
}

in_journal() {
	journalctl --no-pager -o json -g to-the-journal 2>/dev/null | python3 -c 'import json, sys
lines = [json.loads(l) for l in sys.stdin]
sys.exit(not any(l.get(sys.argv[1], "").startswith("isorun-sh-") for l in lines))' "$unit_field"
}

test_fail_closed() {
	if has_controllers; then
		skip "$label: a limit that the kernel does not hold" "this kernel holds them"
	else
		run "${who[@]}" "$isorun" --quiet -p Optional= -p MemoryMax=64M -p TasksMax=10 true
		# promise P24
		is "$label: a limit that systemd takes and the kernel does not hold stops the start" "$status $err" \
"125 isorun: -p: MemoryMax=, TasksMax=: systemd accepted it, but the kernel does not enforce it: the cgroup has no file memory.max; \
the cgroup has no file pids.max (-p \"Optional=MemoryMax TasksMax\" runs without them)"
		also ok "$label: ... nothing is left" eventually nothing_left
	fi
	run "${who[@]}" "$isorun" "${mode[@]}" -p MemoryZSwapMax=16M true
	if [ "$(systemctl --version | awk 'NR == 1 {print $2}')" -ge 253 ]; then
		is "$label: a property of systemd 253" $status 0
	else
		like "$label: a property that this systemd does not know" "$status $err" \
			"125 isorun: -p: MemoryZSwapMax=: this systemd does not support it for scopes (systemd 253 does)*"
	fi
	also ok "$label: ... nothing is left" eventually nothing_left
	run "${who[@]}" "$isorun" -p "Optional=MemoryMax TasksMax MemoryZSwapMax" -p MemoryZSwapMax=16M true
	no_refusal is "$label: ... unless it is optional" "$status" 0
	like "$label: ... which is said" "$err" "*MemoryZSwapMax=: not enforced: *"
}

test_timeout() {
	local loud=(-p "Optional=MemoryMax MemorySwapMax TasksMax")
	run "${who[@]}" "$isorun" "${loud[@]}" --name timed --timeout 1s sh -c 'exec sleep 3601'
	like "$label: an end by --timeout is said" "$status $err" "143 *isorun: notice: --timeout: RuntimeMaxSec=: systemd stopped isorun-timed.scope after 1s"
	run "${who[@]}" "$isorun" "${loud[@]}" --timeout 1s sh -c 'exec 2>/dev/null; trap "exit 3" TERM; sleep 3602 & wait'
	like "$label: ... whatever the program makes of it" "$status $err" "3 *isorun: notice: --timeout: RuntimeMaxSec=: systemd stopped *"
	run "${who[@]}" "$isorun" "${loud[@]}" --timeout 1h true
	no_refusal unlike "$label: ... not if the program has ended before" "$err" "*RuntimeMaxSec*"
}

test_bpf() {
	if [ "$label" = user ]; then
		run "${who[@]}" "$isorun" "${mode[@]}" -p IPAddressDeny=any true
		is "$label: IPAddressDeny=, which a user's systemd does not enforce" "$err" \
"isorun: -p: IPAddressDeny=: cannot be enforced: a user's systemd accepts it but does not enforce it (-p Optional=IPAddressDeny runs without it)"
		return
	fi
	python3 -m http.server --bind 127.0.0.1 8099 >/dev/null 2>&1 &
	await get_8099
	run "$isorun" "${mode[@]}" -p PrivateNetwork=no -p IPAddressDeny=any -p DevicePolicy=strict -p "DeviceAllow=/dev/null rw" \
		python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8099), 1)'
	like "$label: IPAddressDeny=" "$err" "*Error: *"
	run "$isorun" "${mode[@]}" -p PrivateNetwork=no -p DevicePolicy=strict -p "DeviceAllow=/dev/null rw" sh -c \
		'(: </dev/zero) 2>/dev/null && echo opened; : >/dev/null && echo ok'
	is "$label: DevicePolicy=strict" "$out" ok
	kill %%
}

get_8099() { python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8099), 1)' 2>/dev/null; }

# Sends signal $1 to the isorun of instance $2 when it has run for $3 milliseconds.
end_after() {
	await runs "^$isorun .*--name $2 "
	sleep "0.0$(printf %02d "$3")"
	kill "-$1" "$(first_pid "^$isorun .*--name $2 ")"
}

# isorun is killed at some moment of its start: whatever the moment, nothing stays.
test_killed_while_starting() {
	local i
	for i in 0 1 2 3 4 5 6 7 8 9 12 15 18 20; do
		"${who[@]}" "$isorun" "${mode[@]}" --name "brief$i" sleep 1000 2>/dev/null &
		instance=$!
		end_after KILL "brief$i" "$i"
		{ wait "$instance"; } 2>/dev/null
	done
	# Where systemd was asked for a scope and makes none, the process inside waits 5 s for it before it ends.
	patience=15 also ok "$label: killed while it starts, it leaves nothing" eventually nothing_left
	for i in 0 1 2 3 4 5 6 7 8 9 12; do
		"${who[@]}" "$isorun" "${mode[@]}" --name "short$i" sleep 1000 2>/dev/null &
		instance=$!
		end_after TERM "short$i" "$i"
		{ wait "$instance"; } 2>/dev/null
	done
	also ok "$label: nor stopped while it starts" eventually nothing_left
	mkfifo "$tmp/fifo-$label" 2>/dev/null
	run "${who[@]}" "$isorun" "${mode[@]}" --name fails -p 'TemporaryFileSystem=/x:size=1,nr_inodes=1' -v /etc:/x/y:ro true
	# promise P32
	like "$label: what fails inside is reported with the policy's line" "$status $err" "125 isorun: --volume: Volume=: cannot mount on /x/y: No space left on device"
	also ok "$label: ... and nothing is left" eventually nothing_left
	for i in $(seq 20); do "${who[@]}" "$isorun" "${mode[@]}" echo ran & done >"$tmp/twenty"
	wait
	no_refusal is "$label: twenty at once" "$(grep -c ran "$tmp/twenty")" 20
	also no_refusal ok "$label: ... leave nothing" eventually nothing_left
	for i in $(seq 10); do "${who[@]}" "$isorun" "${mode[@]}" --name again true || echo "$i"; done >"$tmp/again" 2>&1
	no_refusal is "$label: a name is free again at once" "$(cat "$tmp/again")" ""
}

# In a pid namespace of its own, with the host's bus, isorun and the process inside have numbers that mean other
# processes to systemd. Two sleeps of the host get just these numbers: none of them may be moved, and so stopped later.
test_other_pids() {
	local sleeps numbers first second outer=()
	[ -z "${who[*]}" ] || outer=(-U --keep-caps --map-user="$(id -u "$TH_USER")" --map-group="$(id -g "$TH_USER")")
	cat >"$tmp/sleeps.sh" <<-'SH'
		while :; do
			sleep 1001 &
			first=$!
			sleep 1001 &
			[ $! != $((first + 1)) ] || break
			kill $first $!
		done
		echo $first $!
		trap 'kill $first $!' TERM
		wait
	SH
	cat >"$tmp/other.sh" <<-'SH'
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
		shift
		setpriv --ambient-caps=-all "$@" &
		echo "isorun is $!"
		wait $!
	SH
	chmod 644 "$tmp/sleeps.sh" "$tmp/other.sh"
	rm -f "$tmp/numbers"
	"${who[@]}" sh "$tmp/sleeps.sh" >"$tmp/numbers" &
	sleeps=$!
	await test -s "$tmp/numbers"
	read -r first second <"$tmp/numbers"
	"${who[@]}" unshare "${outer[@]}" -p -f --mount-proc sh "$tmp/other.sh" "$first" \
		"$isorun" "${mode[@]}" --name other sleep 1000 >"$tmp/out" 2>"$tmp/err" &
	instance=$!
	await active isorun-other.scope
	also is "$label: isorun has the number of a process of the host" "$(cat "$tmp/out")" "isorun is $first"
	await runs '^sleep 1000$'
	also like "$label: ... the instance is in its scope" "$(cat "/proc/$(first_pid '^sleep 1000$')/cgroup")" "*/isorun-other.scope"
	numbers=$(cat "/proc/$first/cgroup" "/proc/$second/cgroup")
	# promise P36
	also unlike "$label: ... and no process of the host" "$numbers" "*isorun-*"
	ctl stop isorun-other.scope
	wait "$instance"
	also is "$label: ... it can be stopped" $? 143
	also ok "$label: ... nothing is left" eventually nothing_left
	# promise P36
	also is "$label: ... and both processes live" "$(pgrep -xf 'sleep 1001' | tr '\n' ' ')" "$first $second "
	kill "$(pgrep -f "sh $tmp/sleeps.sh" | sort -n | tail -n1)"
	wait "$sleeps"
	# LeakSanitizer looks for its own threads in /proc.
	run "${who[@]}" env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		unshare "${outer[@]}" -p -f "$isorun" "${mode[@]}" --name other true
	is "$label: with the host's /proc, it does not start" "$status $err" \
		"125 isorun: /proc belongs to another pid namespace: mount a new /proc first (unshare --mount-proc does)"
}

# The steps that isorun printed last, in the order of their times.
steps() { sed -n 's/^isorun: debug: \([0-9]*\) us, /\1 /p' "$tmp/err" | sort -ns | cut -d" " -f2-; }

# A step comes before another one, of the other process.
precedes() { # step, step
	local first second
	first=$(steps | grep -nFx "$1" | cut -d: -f1)
	second=$(steps | grep -nFx "$2" | cut -d: -f1)
	[ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ]
}

test_steps() {
	local all
	run "${who[@]}" "$isorun" "${mode[@]}" --verbose echo ran
	all=$(steps)
	is "$label: the steps of isorun" "$status $out $(grep ^outside: <<<"$all")" "0 ran outside: the policy is read
outside: the plan is made
outside: the process inside is made
outside: the id maps are written
outside: isorun has asked systemd for the unit
outside: the process inside is in its unit
outside: the limits are in effect
outside: the command runs
outside: the command has ended"
	is "$label: ... of the process inside" "$(grep ^inside: <<<"$all")" "inside: the id maps are there
inside: the root is made
inside: isorun confirmed that the limits are in effect
inside: the root is read-only, and Landlock's rules are made
inside: privileges are dropped, and the command is executed"
	ok "$label: ... after each other" precedes "outside: the id maps are written" "inside: the id maps are there"
	ok "$label: ... with times that compare" precedes "outside: the limits are in effect" "inside: isorun confirmed that the limits are in effect"
	ok "$label: ... of both" precedes "inside: privileges are dropped, and the command is executed" "outside: the command runs"
	run "${who[@]}" env ISORUN_LOG=debug "$isorun" "${mode[@]}" echo ran
	no_refusal is "$label: the same by ISORUN_LOG=debug" "$out $(steps | sort)" "ran $(sort <<<"$all")"
	run "${who[@]}" env ISORUN_LOG=other "$isorun" "${mode[@]}" echo ran
	no_refusal is "$label: none by default" "$out $err" "ran "
	run "${who[@]}" "$isorun" "${mode[@]}" --verbose -p 'TemporaryFileSystem=/x:size=1,nr_inodes=1' -v /etc:/x/y:ro true
	is "$label: they end where the start fails" "$status $(steps | grep ^inside:)" "125 inside: the id maps are there"
}

# isorun has the kernel begin the wait for a move: sandbox/limits/grace.h. It must move nothing by that, and so may name
# only the thread that writes.
test_ahead() {
	local trace=$tmp/trace-$label
	if ! strace -o "$trace" true 2>/dev/null; then
		skip "$label: what a scope begins early" "strace cannot trace here"
		return
	fi
	chmod 666 "$trace"
	run "${who[@]}" env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -o "$trace" -f -y -s 300 \
		-e trace=write,openat,sendmsg,ioctl "$isorun" "${mode[@]}" sh -c 'echo ran'
	no_refusal is "$label: a thread writes its own number to cgroup.threads, once" \
		"$out $(sed -nE 's/^([0-9]+) +write\([0-9]+<.*cgroup\.threads>, "([0-9]+)".*/\1 \2/p' "$trace" |
			awk '{print $1 == $2 ? "own" : $0}')" "ran own"
	no_refusal is "$label: the library is loaded once" "$(grep -c '= [0-9]*<[^>]*libsystemd\.so' "$trace")" 1
	# sd-bus cannot do without one of them, and a broadcast says that the job is done.
	no_refusal is "$label: three requests on the bus" "$(requests "$trace")" "Hello AddMatch StartTransientUnit "
	# Without a unit, the first process asks for its mount namespace: the suite command.
	no_refusal is "$label: the mounts are gone at the end" "$out $(grep -cE '0xff, 0x3|MNT_NAMESPACE' "$trace")" "ran 0"
}

# Who has put isorun below the cgroup of its unit, as Slurm does, limits it there.
test_unit_around() {
	local own start said=$tmp/around-$label as=()
	if [ "$(id -u)" != 0 ]; then
		skip "$label: isorun stays below the cgroup of a unit" "only root may make a cgroup there"
		return
	fi
	[ $label = root ] || as=(setpriv --reuid="$TH_USER" --regid="$(id -g "$TH_USER")" --init-groups env
		XDG_RUNTIME_DIR="/run/user/$(id -u "$TH_USER")")
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	mkdir "/sys/fs/cgroup$own/task"
	# shellcheck disable=SC2016
	start=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "/sys/fs/cgroup$own/task" "${as[@]}" "$isorun")
	"${start[@]}" --name around sleep 1000 2>"$said" &
	instance=$!
	await runs '^sleep 1000$'
	like "$label: isorun stays below the cgroup of a unit" "$(tail -n1 "/proc/$(pgrep -f '^sleep 1000$')/cgroup")" \
		"0::$own/task*"
	kill "$instance"
	wait "$instance"
	if [ $label = root ]; then
		run "${start[@]}" --system "${mode[@]}" true
		no_refusal is "$label: ... unless a service manager is chosen" "$status $err" "0 "
	else
		like "$label: ... and says so" "$(<"$said")" "*: isorun stays in its cgroup*"
	fi
	ok "$label: ... and nothing is left in it" eventually rmdir "/sys/fs/cgroup$own/task"
}

# The D-Bus calls in a trace, in their order. Field 3 of a header is the member.
requests() { grep sendmsg "$1" | grep -oE '\\3\\1s\\0[^A-Z]*[A-Za-z]+' | sed 's/.*[^A-Za-z]//' | tr '\n' ' '; }

all() {
	test_unit
	test_unit_around
	test_ahead
	test_steps
	test_fail_closed
	test_timeout
	test_bpf
	test_other_pids
	test_killed_while_starting
}

label=root who=() bus=() unit_field=_SYSTEMD_UNIT
[ "$(id -u)" = 0 ] && all
if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
	label=user bus=(--user) unit_field=_SYSTEMD_USER_UNIT
	[ "$(id -u)" != 0 ] || who=("$as_user")
	all
else
	skip "the same with a user's manager" "no user to be"
fi
