#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --hand-over: systemd has the first process inside as the main one, and no isorun is left. Needs a systemd.
. "$(dirname "$0")/../notifying.sh"

is_handed_over() { [ "$(parent_of "$(main_pid)")" = "$1" ]; }
manager() { if [ "$label" = root ]; then echo 1; else pgrep -u "$TH_USER" -x systemd | head -n1; fi; }

test_hand_over() {
	local reaper
	begin -- --hand-over -- say 'READY=1\nSTATUS=handed over\nMAINPID=1' child 'STATUS=of a child' barrier print said file /go/now exit 3
	await said said
	is "$label: --hand-over: active" "$status $(show ActiveState) $(show StatusText)" "0 active handed over"
	reaper=$(main_pid)
	also is "$label: ... the main process is the command's parent" "$reaper" "$(parent_of "$(first_pid '^/usr/bin/python3 /payload.py')")"
	is "$label: ... the manager's child" "$(parent_of "$reaper")" "$(manager)"
	is "$label: ... and no isorun waits" "$(pgrep -xfc isorun) $(pgrep -fc "^$isorun .*payload.py")" "1 0"
	test_managed "$reaper"
	touch "$tmp/go/now"
	await has_ended
	wait "$waiting"
	is "$label: ... isoctl wait has waited" "$? $(cat "$tmp/waited")" "3 "
	is "$label: ... the exit status is the command's" "$(show ExecMainStatus) $(show Result)" "3 exit-code"
	end
	begin -- --hand-over -- say READY=1 die
	await has_ended
	is "$label: ... and 128+N where a signal ended it" "$(show ExecMainStatus)" 137
	end
	start -- --hand-over --notify=exec -- sleep 1003
	is "$label: --hand-over --notify=exec" "$status $(show ActiveState) $(parent_of "$(main_pid)")" "0 active $(manager)"
	kill -KILL "$(main_pid)"
	also ok "$label: ... all ends with the first process" eventually gone '^sleep 1003$'
	await has_ended
	is "$label: ... as systemd knows" "$(show Result)" signal
	end
	start -- --hand-over --notify=exec -- not-there
	is "$label: a command that is not there is not handed over" "$(show ExecMainStatus) $(cat "$tmp/errors")" "127 isorun: not-there: command not found"
	end
	start -- --hand-over --notify=exec -v "$tmp/rubbish:/rubbish:ro" -- /rubbish
	is "$label: ... nor one that cannot be executed" "$(show ExecMainStatus) $(cat "$tmp/errors")" "126 isorun: cannot execute /rubbish: Exec format error"
	end
	test_last_words --hand-over
}

# Root reads the plan from the first process, which keeps it in memory. The kernel lets a user read nothing from there.
test_kept() {
	local refused="125 isoctl: notify was started with --hand-over: its isorun has ended, and only root can read the plan \
that its first process keeps"
	if [ "$label" = user ]; then
		run "${who[@]}" "$isoctl" verify --quiet --no-legend notify
		is "$label: ... verify looks at what every plan promises, and says that it does not know the rest" "$status $out" \
			"2 unread plan handed over: only root can read the plan"
		run "${who[@]}" "$isoctl" analyze notify
		is "$label: ... analyze says that only root can read the plan" "$status $err" "$refused"
		run "$isoctl" diff "$TH_USER/notify" "$TH_USER/notify"
		like "$label: ... and root does not believe a user's policy" "$status $err" \
			"125 isoctl: $TH_USER/notify: only a process of its owner could tell its policy, *"
		run "$isoctl" verify --quiet --no-legend "$TH_USER/notify"
		no_refusal is "$label: ... but verifies it" "$status $out$err" "0 "
		return
	fi
	verified notify
	run "$isoctl" verify --no-legend notify
	like "$label: ... verify knows its plan" "$out" "*holds * /dev/null *"
	nsenter -t "$(main_pid)" -m -p -- mount -o remount,bind,rw,nosuid,nodev /home
	run "$isoctl" verify --quiet --no-legend notify
	like "$label: ... and finds a directory that is made writable" "$status $out" "1 broken /home *it is writable*"
	nsenter -t "$(main_pid)" -m -p -- mount -o remount,bind,ro,nosuid,nodev /home
	run "$isoctl" diff --json notify notify
	like "$label: ... diff compares its policy" "$status $err$out" "0 *"
	run "$isoctl" analyze --no-legend notify
	like "$label: ... analyze tells its exposure" "$status $err$out" "0 *NoNewPrivileges=*Overall exposure of notify: *"
}

# What isoctl can do to an instance that was handed over.
test_managed() { # the reaper
	local refused="isoctl: notify was started with --hand-over: its isorun has ended, so isoctl cannot do this"
	like "$label: isoctl list has it" "$("${who[@]}" "$isoctl" list 2>&1)" "*notify *"
	run "${who[@]}" "$isoctl" status notify
	like "$label: ... status shows it" "$status $out" "0 *first process * $1 (handed over to systemd)*"
	test_kept
	run "${who[@]}" "$isoctl" enter notify true
	is "$label: ... enter says why not" "$status $err" "125 $refused"
	run "${who[@]}" "$isoctl" grant notify /usr:/mnt
	is "$label: ... and grant" "$status $err" "125 $refused"
	run "${who[@]}" "$isoctl" revoke notify /mnt
	is "$label: ... and revoke" "$status $err" "125 $refused"
	"${who[@]}" "$isoctl" wait notify 2>"$tmp/waited" &
	waiting=$!
	run "${who[@]}" "$isoctl" freeze notify
	is "$label: ... freeze" "$status $(show FreezerState)" "0 frozen"
	run "${who[@]}" "$isoctl" thaw notify
	is "$label: ... thaw" "$status $(show FreezerState)" "0 running"
}

# Whatever ids and cgroups there are inside, the first process can be the main one, and signals the command.
test_hand_over_kinds() {
	start Delegate=yes -- --hand-over --notify=exec -p Delegate=yes -- sleep 1003
	is "$label: --hand-over with Delegate=" "$status $(show ActiveState) $(parent_of "$(main_pid)")" "0 active $(manager)"
	ok "$label: ... isoctl knows it" status_shows "*first process * $(main_pid) (handed over to systemd)*"
	end
	if has_private_ids; then
		begin KillMode=mixed -- --hand-over -p PrivateUsers=full -- signals
		ctl stop "$unit"
		is "$label: ... with PrivateUsers=full" "$(last) $(show Result)" "got 1 success"
		end
	else
		skip "$label: ... with PrivateUsers=full" "no subordinate ids"
	fi
	[ "$label" = root ] || return 0
	begin KillMode=mixed -- --hand-over -p User=nobody -- signals
	ctl stop "$unit"
	is "$label: ... with User=" "$(last) $(show Result)" "got 1 success"
	end
	begin KillMode=mixed User=nobody -- --hand-over -- signals
	run "$isoctl" status isorun-notify # of the unit's name, for isorun may not write another down
	like "$label: ... in a service with User=, isoctl knows it" "$status $out" "0 *first process * $(main_pid) (handed over to systemd)*"
	ctl stop "$unit"
	is "$label: ... and it stops" "$(last) $(show Result)" "got 1 success"
	end
}

# A user's process in a service of root's, as cron has them, that looks like a first process that was handed over.
test_pretended() {
	[ "$label" = root ] || return 0
	if [ -z "${TH_USER-}" ]; then
		skip "a user's process in a service of root's is no instance" "no user to be"
		return
	fi
	cat >"$tmp/pretend.py" <<-'PY'
		import ctypes, os, time
		libc = ctypes.CDLL(None)
		if libc.unshare(0x10000000 | 0x20000000): # CLONE_NEWUSER, CLONE_NEWPID
		    raise OSError("unshare")
		if os.fork() == 0:
		    libc.prctl(15, b"isorun", 0, 0, 0)
		    time.sleep(1005)
	PY
	systemd-run --quiet --unit="$unit" sh -c "setpriv --reuid=$TH_USER --clear-groups /usr/bin/python3 $tmp/pretend.py; sleep 1005"
	no_isorun ok "$label: a user's process looks like one that was handed over" eventually pretends
	run "$isoctl" list -q
	also is "$label: ... and is no instance of root's" "$status $out" "0 "
	end
}

pretends() { [ "$(parent_of "$(pgrep -u "$TH_USER" -x isorun)")" = 1 ]; }

test_hand_over_signals() {
	local mode reload
	# shellcheck disable=SC2016
	reload='/bin/sh -c "kill -HUP $MAINPID"'
	for mode in control-group mixed process; do
		begin KillMode=$mode "ExecReload=$reload" -- --hand-over -- signals
		ctl reload "$unit"
		ok "$label: KillMode=$mode: ExecReload= reaches the command" eventually said "signal 1"
		ctl kill --kill-whom=main -s RTMIN "$unit"
		ok "$label: ... and so does a signal to the main process" eventually said "signal 34"
		run "${who[@]}" "$isoctl" stop notify
		is "$label: ... a stop once" "$status $(last) $(show Result)" "0 got 1 success"
		end
	done
	begin KillMode=control-group KillSignal=SIGUSR1 SendSIGHUP=yes -- --hand-over -- signals
	ctl kill --kill-whom=main -s HUP "$unit"
	ctl kill --kill-whom=main -s USR1 "$unit"
	ctl kill --kill-whom=main -s TERM "$unit"
	ok "$label: what the unit has as its signals is not handed on, others are" eventually said "got 1"
	also is "$label: ... as said" "$(grep -c '^signal 1\(0\)*$' "$tmp/said")" 0
	end
	begin WatchdogSec=1 KillMode=mixed -- --hand-over -- say READY=1 sleep
	await has_ended
	is "$label: the watchdog ends it, as the watchdog" "$(show Result) $(show ExecMainStatus)" "watchdog 134"
	end
}

test_hand_over_refused() {
	local type
	for type in exec simple; do
		start Type=$type NotifyAccess=main -- --hand-over -- true
		await has_ended
		is "$label: --hand-over with Type=$type" "$(show ExecMainStatus) $(cat "$tmp/errors")" \
			"125 isorun: --hand-over: $unit has Type=$type, but must have Type=notify"
		end
	done
	start Type=exec -- --hand-over -- true
	await has_ended
	like "$label: ... where systemd does not listen" "$(show ExecMainStatus) $(cat "$tmp/errors")" "125 isorun: --hand-over: *Type=notify"
	end
	run "$isorun" --hand-over true
	like "$label: ... or there is no service" "$status $err" "125 isorun: --hand-over: *Type=notify"
}

# Killed at each message that it sends, and when it ends: nothing is left, or systemd goes on with it. With this
# KillMode= systemd itself ends no process but the main one.
settled() {
	if is_state active; then
		runs '^sleep 1004$' && is_handed_over "$(manager)"
	else
		has_ended && gone '^sleep 1004$'
	fi
}

test_hand_over_killed() {
	local at handed=0 ended=0
	if ! command -v strace >/dev/null; then
		skip "$label: isorun is killed on the way" "no strace"
		return
	fi
	for at in sendmsg:when={1..14} poll:when={1..6} exit_group; do
		run "${who[@]}" systemd-run "${bus[@]}" --quiet --unit="$unit" -p Type=notify -p TimeoutStartSec=30 \
			-p StandardError=null -p KillMode=process strace -D -qq -o /dev/null -e "inject=${at/:/:signal=KILL:}$([[ $at = *:* ]] || echo :signal=KILL)" \
			"$isorun" "${unlimited[@]}" --hand-over --notify=exec sleep 1004
		eventually settled || result "not ok" "$label: killed at $at" "$(ctl status --no-pager "$unit")"
		if is_state active; then handed=$((handed + 1)); else ended=$((ended + 1)); fi
		end
		eventually gone '^sleep 1004$' || result "not ok" "$label: killed at $at, something is left"
	done
	ok "$label: killed on the way, isorun leaves an instance that systemd goes on with ($handed times)" [ $handed -ge 1 ]
	also ok "$label: ... or nothing ($ended times)" [ $ended -ge 4 ]
}

# In a pid namespace of its own, isorun sees other pids than systemd.
test_other_pids() {
	[ "$label" = root ] || return 0
	cat >"$tmp/apart.sh" <<-'SH'
		sh -c 'SYSTEMD_EXEC_PID=$$ exec "$@"' sh "$@"
		exec sleep 1003
	SH
	run systemd-run --quiet --unit="$unit" -p Type=notify -p NotifyAccess=all unshare -p -f --mount-proc \
		sh "$tmp/apart.sh" "$isorun" "${unlimited[@]}" --hand-over --notify=exec sleep 1004
	is "$label: --hand-over in another pid namespace" "$status $(show ActiveState)" "0 active"
	also is "$label: ... the main process is the command's parent" "$(main_pid)" "$(parent_of "$(first_pid '^sleep 1004$')")"
	end
}

all() {
	test_hand_over
	test_other_pids
	test_hand_over_kinds
	test_pretended
	test_hand_over_signals
	test_hand_over_refused
	test_store --hand-over
	test_linger --hand-over
	is "$label: no socket that lingers keeps the reaper" "$heard" 6
	test_hand_over_killed
}

with_each_manager all
