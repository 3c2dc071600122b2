# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the suites of services that talk to systemd have in common: a payload that says what it is given to say, and the
# checks that hold whoever is the service's main process. Needs a systemd.
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ "${TESTHOST-}" = real ] || install_isorun # for one in another
# Most checks here expect that a message of the service reaches systemd. Only a few expect a refusal.
# shellcheck disable=SC2034
note=" [no refusal]"
unlimited=(-p MemoryMax= -p MemorySwapMax= -p TasksMax=)
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

def fds(n, text="STATUS=with fds"):
    r, w = os.pipe()
    send(text, [w] * n)
    os.close(w)
    os.read(r, 1) # until all that were on the way are closed
    os.close(r)

kept = []
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
    here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 100000))
    if "in a queue" in how:
        one, other = socket.socketpair()
        socket.send_fds(one, [b"x"], [here.fileno()])
        here.close()
        here = other
    send(how, [here.fileno()])
    here.close() # isorun holds the last reference to it now
    kept.append((server, there))
    print("sent", flush=True)

def to_store(n):
    fds(n, "FDSTORE=1")

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
    elif word in ("many", "fds", "to_store", "size", "pings"): globals()[word](int(next(words)))
    else: globals()[word]()
PY
chmod 644 "$payload"

show() { ctl show -P "$1" "$unit"; }
# Prints nothing if the service has no main process: kill(1) takes 0 for this suite's own process group.
main_pid() { show MainPID | grep -vx 0; }
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
		-p WorkingDirectory=/ -p StandardOutput="append:$tmp/said" -p StandardError="append:$tmp/errors" "${properties[@]}" \
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
	ctl stop "$unit" 2>/dev/null
	ctl reset-failed "$unit" 2>/dev/null || :
}

has_ended() { [[ $(show ActiveState) = @(inactive|failed) ]]; }

status_shows() {
	# shellcheck disable=SC2053
	[[ $("${who[@]}" "$isoctl" status notify 2>&1) = $1 ]]
}

is_zombie() { [[ $(ps -o stat= -p "$1") = Z* ]]; }

# What the command says while who relays it is kept from listening, before it ends.
test_last_words() { # options
	local pid relaying
	begin -- "$@" -- say READY=1 file /go/now say 'STOPPING=1\nSTATUS=last words\nERRNO=5' exit 7
	pid=$(first_pid '^/usr/bin/python3 /payload.py')
	relaying=$(main_pid)
	kill -STOP "$relaying"
	touch "$tmp/go/now"
	await is_zombie "$pid"
	kill -CONT "$relaying"
	await has_ended
	is "$label: the last words of a command that ends are heard${1+, $1}" \
		"$(show StatusText) $(show StatusErrno) $(show ExecMainStatus)" "last words 5 7"
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

# Neither isorun nor systemd is to wait for a socket's end that the command has chosen. isorun is stopped until the command
# has closed the socket, so that isorun or systemd is the last one who has it.
test_linger() { # options; the caller compares heard, how many did not keep the process that relays, with 6
	local how relaying
	heard=0
	for how in 'STATUS=fd' 'FDSTORE=1' 'BARRIER=1' 'STATUS=in a queue' 'FDSTORE=1\nFDNAME=in a queue' 'BARRIER=1\nX=in a queue'; do
		begin -- "$@" -- say READY=1 file /go/now linger "$how" say STATUS=after sleep
		relaying=$(main_pid)
		kill -STOP "$relaying"
		touch "$tmp/go/now"
		ok "$label: ${1-plain}: a socket that lingers ($how)" eventually said sent
		kill -CONT "$relaying"
		! eventually shows StatusText after || heard=$((heard + 1))
		# What was sent is read before this is answered: as many events of each as there are, in turn.
		also ok "$label: ... does not keep systemd" timeout 20 "${who[@]}" systemctl "${bus[@]}" daemon-reload
		also ok "$label: ... nor after a while" timeout 20 "${who[@]}" systemctl "${bus[@]}" kill --signal=KILL "$unit"
		end
	done
}

# Calls a function with each manager, in label, who, bus and nest_as (how a sandbox is nested).
# shellcheck disable=SC2034
with_each_manager() {
	label=root who=() bus=() nest_as=(-p User=nobody)
	[ "$(id -u)" != 0 ] || "$1"
	if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
		label=user bus=(--user) nest_as=()
		[ "$(id -u)" != 0 ] || who=("$as_user")
		"$1"
	else
		skip "the same with a user's manager" "no user to be"
	fi
}
