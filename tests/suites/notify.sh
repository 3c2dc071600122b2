#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a service tells systemd from inside, --notify=exec and --notify=fork. Needs a systemd.
# shellcheck disable=SC2119
. "$(dirname "$0")/../notifying.sh"

test_ready() {
	block=(--no-block)
	begin -- -- print started file /go/now say 'READY=1\nSTATUS=all is well' sleep
	block=()
	ok "$label: the command runs" eventually said started
	is "$label: ... and the service is not active before it says so" "$(show ActiveState)" activating
	touch "$tmp/go/now"
	ok "$label: ... but then" eventually is_state active
	is "$label: STATUS= is shown" "$(show StatusText)" "all is well"
	like "$label: ... by systemctl status" "$(ctl status --no-pager "$unit")" '*Status: "all is well"*'
	end
	begin -- -- environment "NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID" own SYSTEMD_EXEC_PID say READY=1 sleep
	refusal is "$label: the socket is one inside, and nothing else of the service's is told" "$(cat "$tmp/said")" \
		"$(printf '%s\n' "/run/isorun/notify - -" True)"
	# shellcheck disable=SC2016
	run "${who[@]}" "$isoctl" enter notify sh -c 'echo "${NOTIFY_SOCKET-none}"; touch /run/isorun/x; rm -f /run/isorun/notify; ls /run/isorun'
	refusal is "$label: who enters is told of no socket, and can change nothing there" "$out" "$(printf '%s\n' none notify)"
	end
	begin -- -p PassEnvironment=NOTIFY_SOCKET -- environment NOTIFY_SOCKET say READY=1 sleep
	refusal is "$label: the socket outside is not even passed on request" "$(last)" /run/isorun/notify
	end
	begin -- -- say 'READY=1' say 'RELOADING=1' file /go/now say 'READY=1' sleep
	ok "$label: RELOADING=1" eventually is_state reloading
	touch "$tmp/go/now"
	ok "$label: ... until READY=1" eventually is_state active
	end
	test_last_words
}

test_barrier() {
	begin -- -- say READY=1 say STATUS=before barrier print passed sleep
	ok "$label: BARRIER=1" eventually said passed
	is "$label: ... what was said before it is known then" "$(show StatusText)" before
	end
	[ "$label" = user ] || return 0
	local manager
	manager=$(pgrep -u "$TH_USER" -x systemd | head -n1)
	begin -- -- say READY=1 print ready file /go/now barrier print passed sleep
	await said ready
	kill -STOP "$manager"
	touch "$tmp/go/now"
	sleep 0.5
	also ok "$label: it holds while systemd does not read" not said passed
	kill -CONT "$manager"
	ok "$label: ... and no longer" eventually said passed
	end
}

test_main_pid() {
	local named
	begin -- -- say 'READY=1\nMAINPID=1\nSTATUS=kept' say 'X=1\rMAINPID=1' file /go/now main_of /go/now barrier print said \
		main sleep
	named=$(first_pid '^/usr/bin/python3 /payload.py')
	echo "$named" >"$tmp/go/new" # the pid that systemd would take
	mv "$tmp/go/new" "$tmp/go/now"
	await said said
	# promise P30
	also is "$label: isorun stays the main process, whatever the command says" "$(main_pid)" \
		"$(first_pid "^$isorun .*payload.py")"
	is "$label: ... and what else was said with it is known" "$(show StatusText)" kept
	ok "$label: ... isoctl status shows whom it has named" eventually status_shows "*main process*$named (reported by the command)*"
	end
	begin -- -- say READY=1 say MAINPID=4242 barrier print said sleep
	await said said
	run "${who[@]}" "$isoctl" status notify
	like "$label: isoctl status shows the main process" "$status $out" "0 *main process*"
	also unlike "$label: ... not a pid that is no process inside" "$out" "*reported by the command*"
	end
}

test_access() {
	block=(--no-block)
	begin NotifyAccess=main -- -- child READY=1 child MAINPID=1 barrier print said sleep
	block=()
	ok "$label: NotifyAccess=main: a child speaks" eventually said said
	# promise P30
	is "$label: ... and is not heard" "$(show ActiveState) $(show StatusText)" "activating "
	is "$label: ... with one notice" "$(grep -c "the command's first process did not send it" "$tmp/errors")" 1
	end
	begin NotifyAccess=all -- -- child 'READY=1\nSTATUS=of a child' sleep
	is "$label: NotifyAccess=all: it is" "$status $(show ActiveState) $(show StatusText)" "0 active of a child"
	end
	start NotifyAccess=all -- -- sh -c 'systemd-notify --ready --status="by a script"; sleep 1000'
	is "$label: ... and so is systemd-notify" "$status $(show StatusText)" "0 by a script"
	end
	start NotifyAccess=main -- -- sh -c 'exec systemd-notify --ready'
	await has_ended
	is "$label: systemd-notify as the command itself" "$status $(show Result)" "0 success"
	end
}

test_watchdog() {
	begin WatchdogSec=2 -- -- own WATCHDOG_PID environment WATCHDOG_USEC say READY=1 pings 15
	is "$label: the watchdog is the command's" "$(cat "$tmp/said")" "$(printf '%s\n' True 2000000)"
	ok "$label: WATCHDOG=1 keeps it alive" eventually said alive
	is "$label: ... for longer than it would have lived" "$(show ActiveState)" active
	end
	begin WatchdogSec=1 -- -- say READY=1 sleep
	await has_ended
	is "$label: without, it is killed by the watchdog, with SIGABRT" "$(show Result) $(show ExecMainStatus)" "watchdog 6"
	also ok "$label: ... and nothing is left" eventually gone '^/usr/bin/python3 /payload.py'
	end
}

# A daemon goes into the background, here in two steps: it is the payload then, gets the signals, and its end is the
# service's.
test_fork() {
	local body='import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP, signal.SIGUSR1])
while os.getppid() != 1: time.sleep(0.01) # the process in between has not ended yet
open("/said/daemon", "w").write("up %d\n" % os.getppid())
while signal.sigwait([signal.SIGHUP, signal.SIGUSR1]) == signal.SIGHUP: open("/said/daemon", "a").write("reloaded\n")
os._exit(7)'
	rm -rf "$tmp/from-daemon"
	mkdir -m 777 "$tmp/from-daemon"
	start -- --notify=fork -v "$tmp/from-daemon:/said" -- python3 -c "$body"
	is "$label: --notify=fork: a daemon in the background is active" "$status $(show ActiveState)" "0 active"
	ok "$label: ... its parent is the reaper" eventually grep -q '^up 1$' "$tmp/from-daemon/daemon"
	kill -HUP "$(show MainPID)"
	ok "$label: ... it gets the signals" eventually grep -q reloaded "$tmp/from-daemon/daemon"
	kill -USR1 "$(show MainPID)"
	await has_ended
	is "$label: ... and its exit status is the service's" "$(show Result) $(show ExecMainStatus)" "exit-code 7"
	end
	start -- --notify=fork -- sh -c 'sleep 1007 & exit 3'
	is "$label: --notify=fork: a command that fails leaves nothing" "$status $(show Result) $(show ExecMainStatus)" "1 exit-code 3"
	also ok "$label: ... and no process that it has started" eventually gone '^sleep 1007$'
	end
	start RemainAfterExit=yes -- --notify=fork -- true
	is "$label: --notify=fork: a command that leaves no process has done well" "$status $(show Result)" "0 success"
	end
}

test_exec() {
	start -- --notify=exec -- sleep 1001
	is "$label: --notify=exec: active without a word of the command's" "$status $(show ActiveState)" "0 active"
	ok "$label: ... which runs by then" runs '^sleep 1001$'
	end
	start -- --notify=exec -- not-there
	is "$label: ... and never where there is no such command" "$status $(show Result) $(show ExecMainStatus) $(show ActiveEnterTimestampMonotonic)" \
		"1 exit-code 127 0"
	end
	start -- --notify=exec -v "$tmp/rubbish:/rubbish:ro" -- /rubbish
	is "$label: ... or where it cannot be executed" "$status $(show Result) $(show ExecMainStatus) $(show ActiveEnterTimestampMonotonic)" \
		"1 exit-code 126 0"
	end
	start Type=exec NotifyAccess=none -- --notify=exec -- true
	await has_ended
	is "$label: ... where systemd does not listen" "$(show ExecMainStatus) $(cat "$tmp/errors")" "125 isorun: --notify=exec: isorun must be the main process of a service with Type=notify"
	end
	run "$isorun" --notify=exec true
	like "$label: ... or there is no service" "$status $err" "125 isorun: --notify=exec: *Type=notify"
	run "$isorun" --notify=never true
	is "$label: another word" "$status $err" '125 isorun: --notify: not payload or exec or fork: "never"'
	begin -- --notify=payload -- say READY=1 sleep
	is "$label: --notify=payload" "$status $(show ActiveState)" "0 active"
	end
}

test_sizes() {
	begin -- -- say READY=1 empty nul size 4000 size 65536 size 65537 fds 253 \
		say 'STATUS=a\n\n\nX' say 'STATUS=no newline' barrier print said file /go/now exit 4
	ok "$label: messages of all sizes" eventually said said
	is "$label: ... the last is heard" "$(show StatusText)" "no newline"
	like "$label: ... one with a NUL is not" "$(cat "$tmp/errors")" "*it contains a NUL byte*"
	like "$label: ... nor one that is too long" "$(cat "$tmp/errors")" "*longer than 64 KiB*"
	also is "$label: ... and no fd is left behind" "$(find "/proc/$(main_pid)/fd" -mindepth 1 -lname 'pipe:*' | wc -l)" 0
	touch "$tmp/go/now"
	await has_ended
	is "$label: ... the exit status comes through" "$(show ExecMainStatus)" 4
	end
	begin LimitNOFILE=64 FileDescriptorStoreMax=99 -- -p LimitNOFILE=64 -- say READY=1 fds 60 to_store 60 say STATUS=after \
		barrier print said sleep
	ok "$label: more fds than isorun can have" eventually said said
	like "$label: ... are dropped with a notice" "$(cat "$tmp/errors")" "*more file descriptors than isorun can open*"
	is "$label: ... and no other message is" "$(show StatusText)" after
	also is "$label: ... and none is left open" "$(find "/proc/$(main_pid)/fd" -mindepth 1 -lname 'pipe:*' | wc -l)" 0
	end
	local access
	for access in main all; do
		begin NotifyAccess=$access -- -- flood signals
		"${who[@]}" systemctl "${bus[@]}" kill --kill-whom=main -s USR1 "$unit"
		ok "$label: a flood of messages (NotifyAccess=$access) does not keep signals out" eventually said "signal 10"
		end
		is "$label: ... nor the end" "$(last)" "got 1"
		also ok "$label: ... and nothing is left" eventually gone '^/usr/bin/python3 /payload.py'
	done
}

# The socket is in every kind of root, and for every id.
test_roots() {
	local tree=$tmp/tree root
	local by_script=(/usr/bin/systemd-notify --ready)
	mkdir -p "$tree"/{usr,proc,dev,run,tmp,var/tmp,home,root,etc} "$tmp/above/etc"
	for root in bin lib lib64 sbin; do
		ln -sfn usr/$root "$tree/$root"
	done
	for root in "--root=$tree" "--root=$tree:$tmp/above"; do
		start -- "$root" -p BindReadOnlyPaths=/usr -- "${by_script[@]}"
		await has_ended
		is "$label: ${root//$tmp/} has the socket" "$status $(show Result) $(cat "$tmp/errors")" "0 success "
		end
	done
	start -- --root=none -p BindLibraries=yes -- "${by_script[@]}"
	await has_ended
	is "$label: --root=none, too" "$status $(show Result) $(cat "$tmp/errors")" "0 success "
	end
	mkdir -p "$tmp/run"
	start -- -v "$tmp/run:/run" -- "${by_script[@]}"
	like "$label: a writable volume in its place is an error" "$(cat "$tmp/errors")" \
		"isorun: NOTIFY_SOCKET=: /run/isorun does not exist, and isorun creates nothing in a writable volume: create it in *"
	also is "$label: ... 125" "$(show ExecMainStatus)" 125
	end
	start -- --dry-run --verbose -- "${by_script[@]}"
	like "$label: the plan shows it" "$(cat "$tmp/said")" "*/run/isorun * read-only, in memory, with the socket notify, relayed to /run/*"
	end
	if [ "$label" = root ]; then
		begin -- -p User=nobody -- say READY=1 sleep
		is "$label: User= may speak" "$status $(show ActiveState)" "0 active"
		end
		begin User=nobody -- -- say READY=1 sleep
		is "$label: ... and that of the unit" "$status $(show ActiveState)" "0 active"
		end
	fi
	if has_private_ids; then
		begin -- -p PrivateUsers=full -- say READY=1 sleep
		is "$label: PrivateUsers=full may speak" "$status $(show ActiveState)" "0 active"
		end
	else
		skip "$label: PrivateUsers=full may speak" "no subordinate ids"
	fi
	start -- --policy nest "${nest_as[@]}" -- isorun --quiet -p "Optional=MemoryMax TasksMax" /usr/bin/python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"READY=1\nSTATUS=from deep inside")
os.execv("/bin/sleep", ["sleep", "1002"])'
	is "$label: a sandbox in a sandbox relays" "$status $(show ActiveState) $(show StatusText)" "0 active from deep inside"
	end
}

test_redis() {
	if ! command -v redis-server >/dev/null; then
		skip "$label: redis-server --supervised systemd" "not installed"
		return
	fi
	start -- -- redis-server --supervised systemd --save "" --dir /tmp --port 6399
	is "$label: redis-server --supervised systemd" "$status $(show ActiveState) $(show StatusText)" "0 active Ready to accept connections"
	end
}

all() {
	test_ready
	test_barrier
	test_main_pid
	test_access
	test_watchdog
	test_store
	test_linger
	# promise P38
	is "$label: no socket that lingers keeps isorun" "$heard" 6
	test_exec
	test_fork
	test_sizes
	test_roots
	test_redis
	verified_start "${unlimited[@]}"
}

with_each_manager all
