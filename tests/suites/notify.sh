#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a service tells systemd from inside, --notify=exec, and --hand-over. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
[ "${TESTHOST-}" = real ] || install_isorun # for one in another
unlimited=(-p MemoryMax= -p TasksMax=)
unit="isorun-notify.service"

# Says and does what its words are, one after the other.
payload=$tmp/payload.py
cat >"$payload" <<'PY'
import array, os, signal, socket, struct, sys, time

def send(data, fds=()):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    s.connect(os.environ["NOTIFY_SOCKET"])
    data = data if isinstance(data, bytes) else data.encode().decode("unicode_escape").encode()
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])

def child(do, *arguments):
    pid = os.fork()
    if pid == 0:
        do(*arguments)
        os._exit(0)
    os.waitpid(pid, 0)

def barrier():
    r, w = os.pipe()
    send("BARRIER=1", [w])
    os.close(w)
    os.read(r, 1)
    os.close(r)

def store(name):
    s = socket.create_server(("127.0.0.1", 0))
    print("port", s.getsockname()[1], flush=True)
    send(f"FDSTORE=1\nFDNAME={name}", [s.fileno()])

def stored():
    n = int(os.environ.get("LISTEN_FDS", "0"))
    print("fds", n, os.environ.get("LISTEN_FDNAMES"), os.environ.get("LISTEN_PID") == str(os.getpid()), flush=True)
    for fd in range(3, 3 + n):
        print("port", socket.socket(fileno=os.dup(fd)).getsockname()[1], flush=True)

def many(n):
    for _ in range(n):
        send("STATUS=many")

def fds(n):
    r, w = os.pipe()
    send("STATUS=with fds", [w] * n)
    os.close(w)
    os.read(r, 1) # until all that were on the way are closed
    os.close(r)

# A socket that the one who closes it last waits for, or one with it in its queue.
def linger(how):
    server = socket.create_server(("127.0.0.1", 0))
    here, there = socket.create_connection(server.getsockname()), server.accept()[0]
    here.setblocking(False)
    try:
        while True:
            here.send(b"x" * 65536)
    except BlockingIOError:
        pass
    here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    if "in a queue" in how:
        one, other = socket.socketpair()
        socket.send_fds(one, [b"x"], [here.fileno()])
        here.close()
        here = other
    send(how, [here.fileno()])
    print("sent", flush=True)
    here.close()
    time.sleep(1000)

def size(n):
    try:
        send(b"STATUS=" + b"x" * (n - 7))
    except OSError as e:
        print("size", e, flush=True)

def flood():
    for _ in range(2):
        if os.fork() == 0:
            while True:
                send("STATUS=flood")

def signals():
    seen = []
    for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGRTMIN):
        signal.signal(s, lambda s, _: (seen.append(s), print("signal", s, flush=True)))
    print("ready", flush=True)
    send("READY=1")
    while signal.SIGTERM not in seen:
        time.sleep(0.05)
    time.sleep(0.4)
    print("got", seen.count(signal.SIGTERM), flush=True)

def pings(n): # and says so, and goes on
    while True:
        send("WATCHDOG=1")
        time.sleep(0.2)
        n -= 1
        if n == 0:
            print("alive", flush=True)

def file(path):
    while not os.path.exists(path):
        time.sleep(0.02)

words = iter(sys.argv[1:])
for word in words:
    if word == "say": send(next(words))
    elif word == "child": child(send, next(words))
    elif word == "nul": send(b"STATUS=a\0b\nMAINPID=1")
    elif word == "empty": send(b"")
    elif word == "print": print(next(words), flush=True)
    elif word == "environment": print(*(os.environ.get(k, "-") for k in next(words).split()), flush=True)
    elif word == "own": print(*(os.environ.get(k) == str(os.getpid()) for k in next(words).split()), flush=True)
    elif word == "sleep": time.sleep(1000)
    elif word == "exit": os._exit(int(next(words)))
    elif word == "die": os.kill(os.getpid(), signal.SIGKILL)
    elif word == "main": send(f"MAINPID={os.getpid()}")
    elif word == "main_of": send("MAINPID=" + open(next(words)).read())
    elif word in ("store", "file", "linger"): globals()[word](next(words))
    elif word in ("many", "fds", "size", "pings"): globals()[word](int(next(words)))
    else: globals()[word]()
PY
chmod 644 "$payload"

systemctl_() { "${who[@]}" systemctl "${bus[@]}" "$@"; }
show() { systemctl_ show -P "$1" "$unit"; }
is_state() { [ "$(show ActiveState)" = "$1" ]; }
shows() { [ "$(show "$1")" = "$2" ]; }
said() { grep -qsx "$1" "$tmp/said"; }
last() { tail -n1 "$tmp/said"; }
parent_of() { ps -o ppid= -p "$1" | tr -d ' '; }

# Starts a service; properties of the unit before the first --, options before the second, then the command.
start() {
	local properties=() options=()
	rm -f "$tmp/said" "$tmp/errors" "$tmp/go/now"
	touch "$tmp/said" "$tmp/errors"
	chmod 666 "$tmp/said" "$tmp/errors"
	while [ "$1" != -- ]; do
		properties+=(-p "$1")
		shift
	done
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run "${who[@]}" systemd-run "${bus[@]}" --quiet --unit="$unit" "${block[@]}" -p Type=notify -p TimeoutStartSec=30 \
		-p StandardOutput="append:$tmp/said" -p StandardError="append:$tmp/errors" "${properties[@]}" \
		"$isorun" "${unlimited[@]}" --name notify "${options[@]}" -v "$payload:/payload.py:ro" -v "$tmp/go:/go:ro" "$@"
}
block=()
mkdir "$tmp/go"
echo rubbish >"$tmp/rubbish"
chmod 755 "$tmp/rubbish"

# The same with the payload above.
begin() {
	local before=()
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	before+=("$1")
	shift
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	start "${before[@]}" -- /usr/bin/python3 /payload.py "$@"
}

end() {
	systemctl_ stop "$unit" 2>/dev/null
	systemctl_ reset-failed "$unit" 2>/dev/null
}

has_ended() { [[ $(show ActiveState) = @(inactive|failed) ]]; }

test_ready() {
	block=(--no-block)
	begin -- -- print started file /go/now say 'READY=1\nSTATUS=all is well' sleep
	block=()
	ok "$label: the command runs" eventually said started
	is "$label: ... and the service is not active before it says so" "$(show ActiveState)" activating
	touch "$tmp/go/now"
	ok "$label: ... but then" eventually is_state active
	is "$label: STATUS= is shown" "$(show StatusText)" "all is well"
	like "$label: ... by systemctl status" "$(systemctl_ status --no-pager "$unit")" '*Status: "all is well"*'
	end
	begin -- -- environment "NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID" own SYSTEMD_EXEC_PID say READY=1 sleep
	is "$label: the socket is one inside, and nothing else of the service's is told" "$(cat "$tmp/said")" \
		"$(printf '%s\n' "/run/isorun/notify - -" True)"
	# shellcheck disable=SC2016
	run "${who[@]}" "$isoctl" enter notify sh -c 'echo "${NOTIFY_SOCKET-none}"; touch /run/isorun/x; rm -f /run/isorun/notify; ls /run/isorun'
	is "$label: who enters is told of no socket, and can change nothing there" "$out" "$(printf '%s\n' none notify)"
	end
	begin -- -p PassEnvironment=NOTIFY_SOCKET -- environment NOTIFY_SOCKET say READY=1 sleep
	is "$label: the socket outside is not even passed on request" "$(last)" /run/isorun/notify
	end
	begin -- -- say 'READY=1' say 'RELOADING=1' file /go/now say 'READY=1' sleep
	ok "$label: RELOADING=1" eventually is_state reloading
	touch "$tmp/go/now"
	ok "$label: ... until READY=1" eventually is_state active
	end
	test_last_words
}

is_zombie() { [[ $(ps -o stat= -p "$1") = Z* ]]; }

# What the command says while who relays it is kept from listening, before it ends.
test_last_words() { # options
	local pid relaying
	begin -- "$@" -- say READY=1 file /go/now say 'STOPPING=1\nSTATUS=last words\nERRNO=5' exit 7
	pid=$(first_pid '^/usr/bin/python3 /payload.py')
	relaying=$(show MainPID)
	kill -STOP "$relaying"
	touch "$tmp/go/now"
	await is_zombie "$pid"
	kill -CONT "$relaying"
	await has_ended
	is "$label: the last words of a command that ends are heard${1+, $1}" \
		"$(show StatusText) $(show StatusErrno) $(show ExecMainStatus)" "last words 5 7"
	end
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
	ok "$label: it holds while systemd does not read" not said passed
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
	is "$label: isorun stays the main process, whatever the command says" "$(show MainPID)" \
		"$(first_pid "^$isorun .*payload.py")"
	is "$label: ... and what else was said with it is known" "$(show StatusText)" kept
	ok "$label: ... isoctl status shows whom it has named" eventually status_shows "*main process*$named (as the command says)*"
	end
	begin -- -- say READY=1 say MAINPID=4242 barrier print said sleep
	await said said
	unlike "$label: a pid that is no process inside is not shown" "$("${who[@]}" "$isoctl" status notify)" "*as the command says*"
	end
}

status_shows() {
	# shellcheck disable=SC2053
	[[ $("${who[@]}" "$isoctl" status notify 2>&1) = $1 ]]
}

test_access() {
	block=(--no-block)
	begin NotifyAccess=main -- -- child READY=1 child MAINPID=1 barrier print said sleep
	block=()
	ok "$label: NotifyAccess=main: a child speaks" eventually said said
	is "$label: ... and is not heard" "$(show ActiveState) $(show StatusText)" "activating "
	is "$label: ... with one notice" "$(grep -c "another process than the command's first" "$tmp/errors")" 1
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
	ok "$label: without, it is killed" eventually has_ended
	is "$label: ... by the watchdog, with SIGABRT" "$(show Result) $(show ExecMainStatus)" "watchdog 6"
	also ok "$label: ... and nothing is left" eventually gone '^/usr/bin/python3 /payload.py'
	end
}

is_restarted() { [ "$(grep -c ^fds "$tmp/said")" = 2 ]; }

test_store() { # options
	begin FileDescriptorStoreMax=4 Restart=always RestartSec=100ms -- "$@" -- stored store web say READY=1 barrier print up sleep
	await said up
	is "$label: FDSTORE=1${1+, $1}" "$(show NFileDescriptorStore)" 1
	kill -KILL "$(first_pid '^/usr/bin/python3 /payload.py')"
	ok "$label: ... the service starts again" eventually is_restarted
	ok "$label: ... with the same socket" eventually grep -q "$(sed -n 's/^port //p;q' <(grep ^port "$tmp/said"))" <(sed '1,/up/d' "$tmp/said")
	ok "$label: ... under its name" said "fds 1 web True"
	end
}

# systemd is not to wait for a socket's end that the command has chosen.
test_linger() { # options
	local how
	for how in 'STATUS=fd' 'FDSTORE=1' 'BARRIER=1' 'STATUS=in a queue' 'FDSTORE=1\nFDNAME=in a queue' 'BARRIER=1\nX=in a queue'; do
		begin -- "$@" -- say READY=1 linger "$how"
		ok "$label: ${1-plain}: a socket that lingers ($how)" eventually said sent
		# What was sent is read before this is answered: as many events of each as there are, in turn.
		ok "$label: ... does not keep systemd" timeout 20 "${who[@]}" systemctl "${bus[@]}" daemon-reload
		ok "$label: ... nor after a while" timeout 20 "${who[@]}" systemctl "${bus[@]}" kill --signal=KILL "$unit"
		end
	done
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
	is "$label: ... where systemd does not listen" "$(show ExecMainStatus) $(cat "$tmp/errors")" "125 isorun: --notify=exec: isorun is not the main process of a service that systemd listens to: it takes a service with Type=notify"
	end
	run "$isorun" --notify=exec true
	like "$label: ... or there is no service" "$status $err" "125 isorun: --notify=exec: *Type=notify"
	run "$isorun" --notify=never true
	is "$label: another word" "$status $err" '125 isorun: --notify: neither payload nor exec: "never"'
	begin -- --notify=payload -- say READY=1 sleep
	is "$label: --notify=payload" "$status $(show ActiveState)" "0 active"
	end
}

test_sizes() {
	begin -- -- say READY=1 empty nul size 4000 size 65536 size 65537 fds 253 \
		say 'STATUS=a\n\n\nX' say 'STATUS=no newline' barrier print said file /go/now exit 4
	ok "$label: messages of all sizes" eventually said said
	is "$label: ... the last is heard" "$(show StatusText)" "no newline"
	like "$label: ... one with a NUL is not" "$(cat "$tmp/errors")" "*there is a NUL in it*"
	like "$label: ... nor one that is too long" "$(cat "$tmp/errors")" "*longer than 64 KiB*"
	is "$label: ... and no fd is left behind" "$(find "/proc/$(show MainPID)/fd" -mindepth 1 -lname 'pipe:*' | wc -l)" 0
	touch "$tmp/go/now"
	await has_ended
	is "$label: ... the exit status comes through" "$(show ExecMainStatus)" 4
	end
	begin LimitNOFILE=64 -- -p LimitNOFILE=64 -- say READY=1 fds 60 say STATUS=after barrier print said sleep
	ok "$label: more fds than isorun can have" eventually said said
	like "$label: ... are dropped with a notice" "$(cat "$tmp/errors")" "*more file descriptors than can be opened here*"
	is "$label: ... and no other message is" "$(show StatusText)" after
	is "$label: ... and none is left open" "$(find "/proc/$(show MainPID)/fd" -mindepth 1 -lname 'pipe:*' | wc -l)" 0
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
		"isorun: NOTIFY_SOCKET=: /run/isorun does not exist, and nothing is made inside a writable volume (*): make it there"
	is "$label: ... 125" "$(show ExecMainStatus)" 125
	end
	start -- --dry-run -- "${by_script[@]}"
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
	if has_world; then
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

# --hand-over

is_handed_over() { [ "$(parent_of "$(show MainPID)")" = "$1" ]; }
manager() { if [ "$label" = root ]; then echo 1; else pgrep -u "$TH_USER" -x systemd | head -n1; fi; }

test_hand_over() {
	local reaper
	begin -- --hand-over -- say 'READY=1\nSTATUS=handed over\nMAINPID=1' child 'STATUS=of a child' barrier print said file /go/now exit 3
	await said said
	is "$label: --hand-over: active" "$status $(show ActiveState) $(show StatusText)" "0 active handed over"
	reaper=$(show MainPID)
	is "$label: ... the main process is the command's parent" "$reaper" "$(parent_of "$(first_pid '^/usr/bin/python3 /payload.py')")"
	is "$label: ... the manager's child" "$(parent_of "$reaper")" "$(manager)"
	is "$label: ... and no isorun waits" "$(pgrep -fc "^$isorun .*payload.py")" 1
	test_managed "$reaper"
	touch "$tmp/go/now"
	await has_ended
	wait "$waiting"
	is "$label: ... isoctl wait has waited" "$? $(cat "$tmp/waited")" "0 "
	is "$label: ... the exit status is the command's" "$(show ExecMainStatus) $(show Result)" "3 exit-code"
	end
	begin -- --hand-over -- say READY=1 die
	await has_ended
	is "$label: ... and 128+N where a signal ended it" "$(show ExecMainStatus)" 137
	end
	start -- --hand-over --notify=exec -- sleep 1003
	is "$label: --hand-over --notify=exec" "$status $(show ActiveState) $(parent_of "$(show MainPID)")" "0 active $(manager)"
	kill -KILL "$(show MainPID)"
	also ok "$label: ... all ends with the first process" eventually gone '^sleep 1003$'
	await has_ended
	is "$label: ... as systemd knows" "$(show Result)" signal
	end
	start -- --hand-over --notify=exec -- not-there
	is "$label: a command that is not there is not handed over" "$(show ExecMainStatus) $(cat "$tmp/errors")" "127 isorun: not-there: command not found"
	end
	start -- --hand-over --notify=exec -v "$tmp/rubbish:/rubbish:ro" -- /rubbish
	is "$label: ... nor one that cannot be executed" "$(show ExecMainStatus) $(cat "$tmp/errors")" "126 isorun: /rubbish: Exec format error"
	end
	test_last_words --hand-over
}

# What isoctl can do to an instance that was handed over.
test_managed() { # the reaper
	local refused="isoctl: notify was handed over to systemd (--hand-over): no isorun is left to ask for that"
	like "$label: isoctl list has it" "$("${who[@]}" "$isoctl" list 2>&1)" "*notify *"
	run "${who[@]}" "$isoctl" status notify
	like "$label: ... status shows it" "$status $out" "0 *first process * $1 (handed over to systemd)*"
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
	is "$label: --hand-over with Delegate=" "$status $(show ActiveState) $(parent_of "$(show MainPID)")" "0 active $(manager)"
	ok "$label: ... isoctl knows it" status_shows "*first process * $(show MainPID) (handed over to systemd)*"
	end
	if has_world; then
		begin KillMode=mixed -- --hand-over -p PrivateUsers=full -- signals
		systemctl_ stop "$unit"
		is "$label: ... with PrivateUsers=full" "$(last) $(show Result)" "got 1 success"
		end
	else
		skip "$label: ... with PrivateUsers=full" "no subordinate ids"
	fi
	[ "$label" = root ] || return 0
	begin KillMode=mixed -- --hand-over -p User=nobody -- signals
	systemctl_ stop "$unit"
	is "$label: ... with User=" "$(last) $(show Result)" "got 1 success"
	end
	begin KillMode=mixed User=nobody -- --hand-over -- signals
	run "$isoctl" status isorun-notify # of the unit's name, for isorun may not write another down
	like "$label: ... in a service with User=, isoctl knows it" "$status $out" "0 *first process * $(show MainPID) (handed over to systemd)*"
	systemctl_ stop "$unit"
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
	ok "$label: a user's process looks like one that was handed over" eventually pretends
	unlike "$label: ... and is no instance of root's" "$("$isoctl" list)" "*notify*"
	end
}

pretends() { [ "$(parent_of "$(pgrep -u "$TH_USER" -x isorun)")" = 1 ]; }

test_hand_over_signals() {
	local mode reload
	# shellcheck disable=SC2016
	reload='/bin/sh -c "kill -HUP $MAINPID"'
	for mode in control-group mixed process; do
		begin KillMode=$mode "ExecReload=$reload" -- --hand-over -- signals
		systemctl_ reload "$unit"
		ok "$label: KillMode=$mode: ExecReload= reaches the command" eventually said "signal 1"
		systemctl_ kill --kill-whom=main -s RTMIN "$unit"
		ok "$label: ... and so does a signal to the main process" eventually said "signal 34"
		run "${who[@]}" "$isoctl" stop notify
		is "$label: ... a stop once" "$status $(last) $(show Result)" "0 got 1 success"
		end
	done
	begin KillMode=control-group KillSignal=SIGUSR1 SendSIGHUP=yes -- --hand-over -- signals
	systemctl_ kill --kill-whom=main -s HUP "$unit"
	systemctl_ kill --kill-whom=main -s USR1 "$unit"
	systemctl_ kill --kill-whom=main -s TERM "$unit"
	ok "$label: what the unit has as its signals is not handed on, others are" eventually said "got 1"
	is "$label: ... as said" "$(grep -c '^signal 1\(0\)*$' "$tmp/said")" 0
	end
	begin WatchdogSec=1 KillMode=mixed -- --hand-over -- say READY=1 sleep
	ok "$label: the watchdog ends it" eventually has_ended
	is "$label: ... as the watchdog" "$(show Result) $(show ExecMainStatus)" "watchdog 134"
	end
}

test_hand_over_refused() {
	local type
	for type in exec simple; do
		start Type=$type NotifyAccess=main -- --hand-over -- true
		await has_ended
		is "$label: --hand-over with Type=$type" "$(show ExecMainStatus) $(cat "$tmp/errors")" \
			"125 isorun: --hand-over: $unit has Type=$type; it takes Type=notify"
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
	local at i handed=0 ended=0
	if ! command -v strace >/dev/null; then
		skip "$label: isorun is killed on the way" "no strace"
		return
	fi
	for at in sendmsg:when={1..14} poll:when={1..6} exit_group; do
		run "${who[@]}" systemd-run "${bus[@]}" --quiet --unit="$unit" -p Type=notify -p TimeoutStartSec=30 \
			-p StandardError=null -p KillMode=process strace -D -qq -o /dev/null -e "inject=${at/:/:signal=KILL:}$([[ $at = *:* ]] || echo :signal=KILL)" \
			"$isorun" "${unlimited[@]}" --hand-over --notify=exec sleep 1004
		eventually settled || result "not ok" "$label: killed at $at" "$(systemctl_ status --no-pager "$unit")"
		if is_state active; then handed=$((handed + 1)); else ended=$((ended + 1)); fi
		end
		eventually gone '^sleep 1004$' || result "not ok" "$label: killed at $at, something is left"
	done
	ok "$label: killed on the way, isorun leaves nothing behind ($ended times)" [ $ended -ge 4 ]
	ok "$label: ... or an instance that systemd goes on with ($handed times)" [ $handed -ge 1 ]
}

all() {
	test_ready
	test_barrier
	test_main_pid
	test_access
	test_watchdog
	test_store
	test_linger
	test_linger --hand-over
	test_exec
	test_sizes
	test_roots
	test_redis
	test_hand_over
	test_hand_over_kinds
	test_pretended
	test_hand_over_signals
	test_hand_over_refused
	test_store --hand-over
	test_hand_over_killed
}

label=root who=() bus=() nest_as=(-p User=nobody)
[ "$(id -u)" != 0 ] || all
if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
	label=user bus=(--user) nest_as=()
	[ "$(id -u)" != 0 ] || who=("$as_user")
	all
else
	skip "the same with a user's manager" "no user to be"
fi
