#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a unit file says of a service holds with isorun in its ExecStart= as it would without: reloads, restarts, stops,
# signals, logs, users. Needs a systemd.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP units would be put into this machine's systemd"
	exit 0
fi
unit="isorun-test-service.service"
# shellcheck disable=SC2034  # lib.sh's: a service does here what it would do without a sandbox
note=" [no refusal]"

show() { ctl show -P "$1" "$unit"; }
says() { grep -q "$1" "$tmp/said"; }
is_now() { [ "$(ctl is-active "$unit")" = "$1" ]; }
settled() { ! is_now active && ! is_now activating && ! is_now deactivating; }

# Starts a payload, a bash script on standard input, as a service with these lines in its unit; what it says goes to
# $tmp/said.
begin() {
	cat >"$tmp/payload"
	: >"$tmp/said"
	chmod 666 "$tmp/said"
	{
		printf '[Service]\nType=exec\nStandardOutput=append:%s\n' "$tmp/said"
		echo "ExecStart=$isorun --quiet -p \"Optional=MemoryMax TasksMax\" -v $tmp/payload:/payload:ro bash /payload"
		echo 'ExecStopPost=sh -c "echo ended $$SERVICE_RESULT $$EXIT_CODE $$EXIT_STATUS"'
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$units/$unit"
	ctl daemon-reload
	ctl start "$unit"
}

# How the service has ended; systemd forgets a unit that has done well.
ended() { sed -n 's/^ended //p' "$tmp/said" | tail -n1; }

end() {
	ctl stop "$unit"
	ctl reset-failed "$unit" 2>/dev/null
	[ -z "$(find /sys/fs/cgroup -name "$unit")" ]
}

# Counts signals, and says so of each when it comes. (bash loses a trap now and then, without isorun, too.)
counts() {
	cat <<-SH
		exec /usr/bin/python3 - $* <<'PY'
		import signal, sys
		names = {signal.SIGRTMIN + 1 if name == "RTMIN+1" else signal.Signals["SIG" + name]: name for name in sys.argv[1:]}
		signal.pthread_sigmask(signal.SIG_BLOCK, names)
		print("ready", flush=True)
		n = 0
		while True:
		    n += 1
		    print("got", names[signal.sigwait(names)], n, flush=True)
		PY
	SH
}

test_reload() {
	local mode
	for mode in control-group mixed; do
		begin KillMode=$mode 'ExecReload=kill -HUP $MAINPID' <<<"$(counts HUP TERM)"
		await says ready
		ctl reload "$unit"
		ok "$label: systemctl reload reaches the payload (KillMode=$mode)" eventually says 'got HUP 1'
		ctl reload "$unit"
		ok "$label: ... and again" eventually says 'got HUP 2'
		sleep 0.3
		is "$label: ... once each" "$(grep -c 'got HUP' "$tmp/said")" 2
		ctl kill -s KILL "$unit"
		await settled
		end
	done
}

test_restart() {
	local how
	while read -r how expected code what; do
		begin Restart=on-failure RestartSec=20ms StartLimitBurst=100 <<-SH
			echo ready; while ! [ -e /run/never ]; do read -t 0.02 <> <(:); $how; done
		SH
		await says ready
		[ "$expected" != TERM ] || { ctl kill -s TERM "$unit"; expected=no; }
		if [ "$expected" = yes ]; then
			ok "$label: $what: it is started again" eventually restarted
		else
			await settled
			is "$label: $what: it is not started again" "$(grep -c ready "$tmp/said") $(ended)" "1 success ${code/_/ }"
		fi
		end
	done <<-'CASES'
		exit${IFS}3 yes - exit 3
		exit${IFS}0 no exited_0 exit 0
		kill${IFS}-SEGV${IFS}$$ yes - SIGSEGV
		: TERM killed_TERM SIGTERM
	CASES
	begin Restart=on-failure SuccessExitStatus=3 RemainAfterExit=yes <<<'exit 3'
	ok "$label: SuccessExitStatus=3: exit 3 is none" eventually has_exited
	is "$label: ... it is not started again" "$(show NRestarts) $(show Result) $(show ExecMainStatus)" "0 success 3"
	end
	begin RestartPreventExitStatus=SIGUSR1 Restart=always <<<'kill -USR1 $$'
	await settled
	is "$label: RestartPreventExitStatus= of a signal" "$(show NRestarts) $(show ExecMainCode) $(show ExecMainStatus)" "0 2 10"
	end
}
has_exited() { [ "$(show SubState)" = exited ]; }
restarted() { [ "$(show NRestarts)" -ge 2 ] && [ "$(grep -c ready "$tmp/said")" -ge 2 ]; }

# To all processes, to the main one, to what runs in a session of its own.
test_kill() {
	local whom signal n=0
	begin <<<"$(counts USR1 USR2 HUP INT QUIT ALRM IO PROF VTALRM PWR ABRT RTMIN+1 TERM)"
	await says ready
	for signal in USR1 USR2 HUP INT QUIT ALRM IO PROF VTALRM PWR ABRT RTMIN+1; do
		for whom in all main; do
			ctl kill -s $signal --kill-whom=$whom "$unit"
			n=$((n + 1))
			ok "$label: systemctl kill -s $signal --kill-whom=$whom reaches the payload" eventually says "got $signal $n\$"
			is_now active || return
			sleep 0.15
			is "$label: ... once" "$(grep -c got "$tmp/said")" $n
			n=$(grep -c got "$tmp/said")
		done
	done
	is "$label: ... which goes on" "$(ctl is-active "$unit")" active
	ctl kill -s KILL "$unit"
	await settled
	end
}

test_freeze() {
	begin <<<'echo ready; n=0; while :; do n=$((n + 1)); echo "at $n"; read -t 0.02 <> <(:); done'
	await says ready
	ctl freeze "$unit"
	is "$label: frozen" "$(show FreezerState)" frozen
	n=$(grep -c at "$tmp/said")
	sleep 0.2
	also is "$label: ... it stands still" "$(grep -c at "$tmp/said")" "$n"
	ctl thaw "$unit"
	ok "$label: ... and goes on" eventually says "at $((n + 3))\$"
	also ok "$label: ... and stops" end
}

test_stop() {
	local mode
	for mode in control-group mixed process; do
		begin KillMode=$mode <<<'trap "echo cleaned; exit 0" TERM; echo ready; while :; do read -t 0.02 <> <(:); done'
		await says ready
		ctl stop "$unit"
		is "$label: a payload that ends on SIGTERM (KillMode=$mode)" "$(grep -c cleaned "$tmp/said") $(ended)" \
			"1 success exited 0"
		also ok "$label: ... leaves nothing" end
	done
	begin KillMode=mixed <<<'bash -c "trap \"echo child got it\" TERM; while :; do read -t 0.02 <> <(:); done" & trap "echo own; sleep 0.3; exit 0" TERM; echo ready; wait; exit 0'
	await says ready
	ctl stop "$unit"
	is "$label: KillMode=mixed: SIGTERM is for the main process alone" "$(grep -c 'child' "$tmp/said") $(grep -c own "$tmp/said")" "0 1"
	end
	begin TimeoutStopSec=2s <<<'trap "echo deaf" TERM; echo ready; while :; do read -t 0.02 <> <(:); done'
	await says ready
	ctl stop "$unit"
	is "$label: one that does not is killed" "$(grep -c deaf "$tmp/said") $(ended)" \
		"1 timeout killed KILL"
	also ok "$label: ... leaves nothing" end
	begin KillSignal=SIGQUIT <<<'trap "echo quit; exit 0" QUIT; echo ready; while :; do read -t 0.02 <> <(:); done'
	await says ready
	ctl stop "$unit"
	is "$label: KillSignal=SIGQUIT" "$(grep quit "$tmp/said") $(ended)" "quit success exited 0"
	end
}

# All that runs is in the service's cgroup, and isorun has no other unit made.
test_cgroup() {
	local path
	begin <<<'(setsid bash -c "sleep 970 & wait" &); echo ready; while :; do read -t 0.02 <> <(:); done'
	await says ready
	await runs '^sleep 970$'
	verified "$unit"
	path=$(show ControlGroup)
	also is "$label: a daemon of the payload's is in the service, too" "$(sed -n s/^0:://p "/proc/$(first_pid '^sleep 970$')/cgroup")" "$path"
	also is "$label: ... no scope is made" "$(ctl list-units --plain --no-legend 'isorun-*.scope')" ""
	also is "$label: ... and all is in one cgroup" "$(find "/sys/fs/cgroup$path" -type d | wc -l)" 1
	ctl stop "$unit"
	also ok "$label: ... and gone with it" gone '^sleep 970$'
	end
}

test_journal() {
	begin StandardOutput=journal <<<'echo "isorun-test-$UID says it"; echo ready >&2; while :; do read -t 0.02 <> <(:); done'
	ok "$label: what the payload prints is in the journal, as the unit's" eventually logged
	end
	begin StandardOutput=journal SyslogIdentifier=tag-of-the-unit <<<'echo "isorun-test-tag"'
	await settled
	ok "$label: SyslogIdentifier=" eventually logged_tag
	end
}
field() { python3 -c 'import json, sys
for line in sys.stdin:
    e = json.loads(line)
    print(e.get(sys.argv[1]), e.get("SYSLOG_IDENTIFIER"), e.get("MESSAGE"))' "$1"; }
logged() { journalctl -q -o json "$field=$unit" | field "$field" | grep -q "^$unit isorun isorun-test-.* says it$"; }
logged_tag() { journalctl -q -o json "$field=$unit" | field "$field" | grep -q "^$unit tag-of-the-unit isorun-test-tag$"; }

test_users() {
	begin User=nobody <<<'trap "echo bye; exit 0" TERM; echo "ready $(id -u)"; while :; do read -t 0.02 <> <(:); done'
	ok "User=: the payload is that user" eventually says "ready $(id -u nobody)\$"
	ctl stop "$unit"
	is "User=: ... and is stopped as any" "$(grep bye "$tmp/said") $(ended)" "bye success exited 0"
	end
	begin DynamicUser=yes "BindReadOnlyPaths=$build $tmp/payload" <<<'trap "echo bye; exit 0" TERM; echo "ready $(id -u)"; while :; do read -t 0.02 <> <(:); done'
	ok "DynamicUser=: the payload is such a user" eventually says 'ready 6[1-5]'
	ctl stop "$unit"
	is "DynamicUser=: ... and is stopped as any" "$(grep bye "$tmp/said") $(ended)" "bye success exited 0"
	end
}

# In the user namespace of a service of root, isorun cannot tell root's isoctl from a process inside.
test_private_users() {
	begin PrivateUsers=yes "BindReadOnlyPaths=$build $tmp/payload" <<<'echo ready; sleep 1000'
	eventually says ready
	run "$isoctl" enter "${unit%.service}" true
	also like "PrivateUsers=: root cannot enter, and hears why" "$status $err" "125 isoctl: * refuses: *PrivateUsers=yes*"
	end
	begin PrivateUsers=yes User=nobody "BindReadOnlyPaths=$build $tmp/payload" <<<'echo ready; sleep 1000'
	eventually says ready
	run "$isoctl" enter "${unit%.service}" echo in
	also is "PrivateUsers=: with User=, root can" "$status $out" "0 in"
	end
}

all() {
	mkdir -p "$units"
	test_reload
	test_restart
	test_kill
	test_freeze
	test_stop
	test_cgroup
	test_journal
	rm "$units/$unit"
}

label=root who=() bus=() units=/run/systemd/system field=_SYSTEMD_UNIT
all
test_users
test_private_users
label=user who=("$as_user") bus=(--user) units=/run/user/$(id -u "$TH_USER")/systemd/user field=_SYSTEMD_USER_UNIT
all
