#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ConnectTo=: the network as permissions to reach named peers, as root and as a user.
. "$(dirname "$0")/../lib.sh"

if [ "${TESTHOST-}" != nested ]; then
	echo "1..0 # SKIP it changes the host's network and /etc/hosts"
	exit 0
fi
mode=(--no-scope -p Optional="MemoryMax MemorySwapMax TasksMax")

# Another machine, with a public address and one of a private network.
set -e
ip link set lo up
ip link add host type veth peer name peer
ip address add 11.22.33.1/24 dev host
ip address add 11.22.33.2/24 dev host
ip address add 10.99.0.1/24 dev host
ip link set host up
ip route add local 2a00:1450:99::/64 dev lo
unshare -n sleep infinity &
machine=$!
while [ "$(readlink /proc/$machine/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link set peer netns $machine
on_machine() { nsenter -t $machine -n "$@"; }
on_machine ip link set lo up
on_machine ip address add 11.22.33.44/24 dev peer
on_machine ip address add 10.99.0.2/24 dev peer
on_machine ip link set peer up

# The host's own service, and those of the other machine.
mkfifo "$tmp/ready"
exec 9<>"$tmp/ready"
serve() { "$@" >"$tmp/ready" & read -r _ <&9; }
serve on_machine python3 "$top/tests/flow-server.py" 80 443 123/udp "$tmp/there"
serve python3 "$top/tests/flow-server.py" 8080 8090/many "$tmp/socket"
cat >"$tmp/hosts" <<-'END'
	127.0.0.1 localhost
	11.22.33.44 www.example.test both.example.test
	10.99.0.2 inner.example.test
	127.0.0.1 rebind.example.test
	11.22.33.1 own.example.test
	11.22.33.2 second.example.test
	169.254.169.254 metadata.example.test
	198.18.0.2 range.example.test
	11.22.33.45 silent.example.test
	2a00:1450:99::5 any.example.test
END
mount --bind "$tmp/hosts" /etc/hosts
printf 'nameserver 127.0.0.1\nsearch example.test elsewhere.test\n' >"$tmp/resolv.conf"
[ -e /etc/resolv.conf ] || { rm -f /etc/resolv.conf && touch /etc/resolv.conf; }
mount --bind "$tmp/resolv.conf" "$(realpath /etc/resolv.conf)"
set +e

# What programs do with the network. Each prints one line: an answer, or the name of an error.
cat >"$tmp/net.py" <<'PY'
import errno, os, resource, signal, socket, struct, sys, threading, time

def name(e):
    return e.strerror if isinstance(e, socket.gaierror) else errno.errorcode.get(e.errno, str(e)) if e.errno else type(e).__name__

def attempt(f, *args):
    try:
        return f(*args)
    except OSError as e:
        return name(e)

def connect(host, port):
    return socket.create_connection((host, port), 10)

def ask(host, port, line="who"):
    with connect(host, port) as s:
        s.sendall(line.encode() + b"\n")
        attempt(s.shutdown, socket.SHUT_WR) # a reset may have come already
        return s.makefile("rb").read().decode().strip()

def unix(path, line="who"):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(line.encode() + b"\n")
        return s.makefile("rb").read().decode().strip()

def proxied(host, port):
    """The client's address in the PROXY header, which an echo sends back, if it is the true one."""
    with connect(host, port) as s:
        s.sendall(b"\necho\n")
        s.shutdown(socket.SHUT_WR)
        h = s.makefile("rb").read()
        assert h[:16] == b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", h
        a = struct.unpack(">4s4sHH", h[16:28])
        assert (socket.inet_ntoa(a[0]), a[2]) == s.getsockname(), h
        return socket.inet_ntoa(a[1]), a[3]

def ipv6(host, port, kind=socket.SOCK_STREAM):
    """Where a program gets to that knows only IPv6, and the answer there."""
    a = socket.getaddrinfo(host, port, socket.AF_INET6, kind)[0][4]
    if kind == socket.SOCK_DGRAM:
        return send(datagrams(*a[:2]), 5), a[0]
    return refusal(*a[:2]), a[0]

def upload(host, port, n):
    """The last line of an echo of n bytes."""
    with connect(host, port) as s:
        def send():
            s.sendall(b"echo\n" + b"x" * n)
            s.shutdown(socket.SHUT_WR)
        threading.Thread(target=send).start()
        return s.makefile("rb").read().decode().lstrip("x").strip()

def refusal(host, port):
    """How a connection that isorun does not make ends: after connect(2), with a reset."""
    try:
        return ask(host, port)
    except OSError as e:
        return name(e)

def early(host, port):
    """The answer of a server that does not read all, and how the connection ends."""
    with connect(host, port) as s:
        s.sendall(b"early\n" + bytes(30000))
        n = 0
        while isinstance(a := attempt(s.recv, 65536), bytes) and a:
            n += len(a)
        return f"{n} {a}"

def urgent(host, port, end):
    """What comes back if urgent data is sent in the middle, or at the end."""
    with connect(host, port) as s:
        s.sendall(b"echo\nbefore ")
        s.send(b"x", socket.MSG_OOB)
        s.sendall(end)
        s.shutdown(socket.SHUT_WR)
        return " ".join(s.makefile().read().split())

def five(busy, go, other):
    """Five connections to a socket with room for one. The answer of another peer comes after all have been tried."""
    all = [attempt(connect, *busy) for _ in range(5)] # a reset may come before connect(2) has returned
    ask(*other)
    with connect(*go):
        return " ".join(s if isinstance(s, str) else str(attempt(lambda: s.recv(9).decode())) for s in all)

def question(name, kind, extra=b"", head=b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return b"ab" + head + labels + b"\0" + struct.pack(">HH", kind, 1) + extra

def udp(message):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    for _ in range(5): # like a resolver
        s.sendto(message, ("127.0.0.1", 53))
        a = attempt(s.recv, 2000)
        if isinstance(a, bytes):
            break
    return "%d %d %s" % (a[3] & 15, struct.unpack(">H", a[6:8])[0], a[-4:].hex() if a[7] and not a[11] else "-")

def datagrams(host, port):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    s.connect((host, port))
    return s

def send(s, size):
    """What comes back for a datagram: where it came from, and its size."""
    attempt(s.send, size if isinstance(size, bytes) else bytes(size))
    a = attempt(s.recv, 2000)
    return (a if a != size else b"same").decode() if isinstance(a, bytes) else a

def flood(host, port, n):
    """How many of n connections work, how many are refused, and what a later one gets."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 20, n + 20))
    all = [attempt(connect, host, port) for _ in range(n)]
    made = [s for s in all if isinstance(s, socket.socket)]
    for s in made:
        attempt(s.sendall, b"echo\nx")
    answers = [attempt(s.recv, 1) for s in made] + [s for s in all if isinstance(s, str)]
    for s in made:
        s.close()
    end = time.monotonic() + 10
    while (later := refusal(host, port)) == "ECONNRESET" and time.monotonic() < end:
        pass
    return f'{answers.count(b"x")} {answers.count("ECONNRESET") + answers.count(b"")} {later}'

def briefly(port):
    """Whether an echo of one byte is right."""
    with connect("localhost", port) as s:
        s.sendall(b"x")
        return s.recv(1) == b"x"

def on_request():
    """Answers each line of standard input."""
    for line in sys.stdin:
        print(eval(line), flush=True)

def when_stopped(f, *args):
    """Not in a new process: systemd signals those, too, that appear while it does so."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])
    return f(*args)

def unanswered(host, port, other):
    """A connection that waits for its name, and a later one. The answer of another peer comes after the first question."""
    with connect(host, port) as s:
        ask(*other)
        print("asked", flush=True)
        return f'{attempt(s.recv, 1)} {refusal(host, port)}'

kept = []
print(eval(sys.argv[1]))
PY
chmod 644 "$tmp/net.py"

net() { # description, expected line, options..., Python expression
	box -v "$tmp/net.py:/net.py:ro" "${@:3:$#-3}" /usr/bin/python3 /net.py "${@: -1}"
	is "$label: $1" "$status $out${err:+ $err}" "0 $2"
}

test_peers() {
	local web=(-p "ConnectTo=www.example.test:80")

	no_refusal net "a peer is reached by its name" 11.22.33.1 "${web[@]}" 'ask("www.example.test", 80)'
	no_refusal net "... at an address of its own" "('198.18.0.3', 80)" "${web[@]}" 'connect("www.example.test", 80).getpeername()'
	# promise P48
	net "another name does not resolve" "Name or service not known" "${web[@]}" 'attempt(ask, "both.example.test", 80)'
	net "another port of the peer is refused at once" ECONNREFUSED "${web[@]}" 'attempt(ask, "www.example.test", 443)'
	net "the peer's true address is not reached" ENETUNREACH "${web[@]}" 'attempt(ask, "11.22.33.44", 80)'
	net "nor are the host's services" "ECONNREFUSED" "${web[@]}" 'attempt(ask, "127.0.0.1", 8080)'
	net "nor those on its other addresses" "ENETUNREACH ENETUNREACH" "${web[@]}" \
		'" ".join(attempt(ask, a, 8080) for a in ("11.22.33.1", "10.99.0.1"))'
	net "nor an address that no peer has" ECONNREFUSED "${web[@]}" 'attempt(ask, "198.18.7.7", 80)'
	no_refusal net "an address as a peer" 11.22.33.1 -p ConnectTo=11.22.33.44:443 'ask("11.22.33.44", 443)'
	no_refusal net "several ports, another target, two lines" "11.22.33.1 11.22.33.1 11.22.33.1" \
		-p ConnectTo=www.example.test:80,443 -p ConnectTo=db:5=11.22.33.44:80 \
		'" ".join((ask("www.example.test", 80), ask("WWW.example.TEST", 443), ask("db", 5)))'
	no_refusal net "localhost is the host's" 127.0.0.1 -p ConnectTo=localhost:8080 'ask("localhost", 8080)[-9:]'
	no_refusal net "... at ::1, too" 127.0.0.1 -p ConnectTo=localhost:8080 'ask("::1", 8080)'
	no_refusal net "... unless another peer is there" "127.0.0.1 ::1" -p "ConnectTo=localhost:8080 [::1]:8080" \
		'ask("127.0.0.1", 8080) + " " + ask("::1", 8080)'
	no_refusal net "/etc/hosts has a peer's addresses" "198.18.0.3 fd69:736f:7275:6e::c612:3" "${web[@]}" \
		'" ".join(l.split()[0] for l in open("/etc/hosts") if "www.example.test" in l)'
	no_refusal net "a socket is reached by a name, as the payload's user" "$("${who[@]}" id -u) $("${who[@]}" id -g)" \
		-p "ConnectTo=db:5432=unix:$tmp/socket" 'ask("db", 5432)'
	box -p ConnectTo=www.example.test:80 curl -sS -o /dev/null -w '%{remote_ip}' http://www.example.test/
	no_refusal like "$label: curl finds the peer" "$out" "198.18.0.3*"
}

test_refused_names() {
	# promise P48
	net "a name may not lead to the host" "ECONNRESET ECONNRESET" -p "ConnectTo=rebind.example.test:8080 own.example.test:8080" \
		'refusal("rebind.example.test", 8080) + " " + refusal("own.example.test", 8080)'
	net "... nor to its second address in a network" ECONNRESET -p ConnectTo=second.example.test:8080 \
		'refusal("second.example.test", 8080)'
	also is "$label: ... which has a service there" "$(python3 "$tmp/net.py" 'connect("2a00:1450:99::5", 8080).getpeername()[0]')" 2a00:1450:99::5
	net "... nor to a network that is the host's as a whole" ECONNRESET -p ConnectTo=any.example.test:8080 \
		'refusal("any.example.test", 8080)'
	echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind
	net "... also if sockets can have any address, and others are reached" "ECONNRESET ECONNRESET 11.22.33.1" \
		-p "ConnectTo=own.example.test:8080 second.example.test:8080 www.example.test:80" \
		'" ".join((refusal("own.example.test", 8080), refusal("second.example.test", 8080), ask("www.example.test", 80)))'
	echo 0 >/proc/sys/net/ipv4/ip_nonlocal_bind
	net "... nor to metadata, nor to other peers' range" "ECONNRESET ECONNRESET" \
		-p "ConnectTo=metadata.example.test:80 range.example.test:80" \
		'refusal("metadata.example.test", 80) + " " + refusal("range.example.test", 80)'
	net "... nor, unless the policy says so, to a private network" "ECONNRESET 10.99.0.1" \
		-p "ConnectTo=inner.example.test:80 inner.example.test:443=private" \
		'refusal("inner.example.test", 80) + " " + ask("inner.example.test", 443)'
	net "=private does not mean the host" ECONNRESET -p ConnectTo=rebind.example.test:8080=private \
		'refusal("rebind.example.test", 8080)'
	net "a name that the host does not know" ECONNRESET -p ConnectTo=nothing.example.test:80 \
		'refusal("nothing.example.test", 80)'
	# The program sees only a reset, so the caller is told why, once for each peer.
	run "${who[@]}" "$isorun" "${mode[@]}" -p MemoryMax= -p MemorySwapMax= -p TasksMax= -v "$tmp/net.py:/net.py:ro" \
		-c nothing.example.test:80 -c inner.example.test:80 -c '*.pattern.example.test:81' /usr/bin/python3 /net.py \
		'" ".join(refusal(*p) for p in 2 * (("nothing.example.test", 80), ("inner.example.test", 80), ("a.pattern.example.test", 81)))'
	is "$label: why a connection is reset is said once" "$status $out $err" "0 ECONNRESET ECONNRESET ECONNRESET ECONNRESET ECONNRESET ECONNRESET \
isorun: notice: --connect: ConnectTo=: the program was not connected to nothing.example.test:80: the host finds no address of nothing.example.test
isorun: notice: --connect: ConnectTo=: the program was not connected to inner.example.test:80: a name may not lead to 10.99.0.2; ConnectTo=inner.example.test:80=10.99.0.2:80 would allow it
isorun: notice: --connect: ConnectTo=: the program was not connected to a.pattern.example.test:81: the host finds no address of a.pattern.example.test"
}

test_streams() {
	local web=(-p "ConnectTo=www.example.test:80")

	no_refusal net "half-closed connections work, and all bytes come" "end 3000000" "${web[@]}" \
		'upload("www.example.test", 80, 3000000)'
	no_refusal net "much is sent, and then the end" 67108864 "${web[@]}" 'len(ask("www.example.test", 80, "send 67108864").encode()) or 67108864'
	no_refusal net "a reset is passed on" ECONNRESET "${web[@]}" 'refusal("www.example.test", 80) and attempt(ask, "www.example.test", 80, "reset")'
	no_refusal net "... but the answer before it comes first" "4000 ECONNRESET 4000 ECONNRESET" \
		-p "ConnectTo=www.example.test:80 db:5=unix:$tmp/socket" 'early("www.example.test", 80) + " " + early("db", 5)'
	no_refusal net "one that reads nothing stalls no other" 11.22.33.1 "${web[@]}" \
		'(lambda s: (s.setblocking(False), s.send(b"slow\n"), attempt(lambda: [s.send(bytes(65536)) for _ in range(10000)]),
		  ask("www.example.test", 80))[3])(connect("www.example.test", 80))'
	no_refusal net "... nor do nine that send without end" "20" "${web[@]}" \
		'([threading.Thread(target=lambda s: (s.sendall(b"send 1000000000000\n"), all(iter(lambda: s.recv(1 << 20), b""))), args=(connect("www.example.test", 80),), daemon=True).start() for _ in range(9)],
		  sum(ask("www.example.test", 80) == "11.22.33.1" for _ in range(20)), sys.stdout.flush())[1]'
	no_refusal net "urgent data is left out, and the rest comes" "before after end 13|before end 7" "${web[@]}" \
		'urgent("www.example.test", 80, b"after ") + "|" + urgent("www.example.test", 80, b"")'
	no_refusal net "a socket whose queue is full is waited for" "done done done done done" \
		-p "ConnectTo=db:5=unix:$tmp/socket.busy go:5=unix:$tmp/socket.go db:6=unix:$tmp/socket" \
		'five(("db", 5), ("go", 5), ("db", 6))'
	no_refusal net "2000 connections one after another" 2000 "${web[@]}" \
		'sum(ask("www.example.test", 80) == "11.22.33.1" for _ in range(2000))'
	no_refusal net "more flows than are allowed are reset, and later ones work" "1024 76 11.22.33.1" "${web[@]}" \
		'flood("www.example.test", 80, 1100)'
	no_refusal net "... as many as FlowsMax= says" "3 7 11.22.33.1" "${web[@]}" -p FlowsMax=3 'flood("www.example.test", 80, 10)'
}

test_names() {
	local web=(-p "ConnectTo=www.example.test:80")

	no_refusal net "A, in any case of letters" "0 1 c6120003" "${web[@]}" 'udp(question("wWw.ExAmPlE.test", 1))'
	no_refusal net "HTTPS and others of a peer: no record, no error" "0 0 -|0 0 -" "${web[@]}" \
		'"|".join(udp(question("www.example.test", t)) for t in (65, 16))'
	net "another name is not known" "3 0 -" "${web[@]}" 'udp(question("www.example.org", 1))'
	no_refusal net "an OPT record is answered" "0 1 -" "${web[@]}" \
		'udp(question("www.example.test", 1, b"\0\0\x29\x04\xd0\0\0\0\0\0\0", b"\x01\x20\0\1\0\0\0\0\0\1"))'
	no_refusal net "the name of an address" www.example.test "${web[@]}" 'socket.getnameinfo(("198.18.0.3", 80), 8)[0]'
	no_refusal net "over TCP, split and pipelined" "c6120003 c6120003" "${web[@]}" \
		'(lambda q, s: (s.sendall(q[:1]), time.sleep(0.1), s.sendall(q[1:9]), time.sleep(0.1), s.sendall(q[9:] + q),
		  (lambda a: a[48:52].hex() + " " + a[-4:].hex())(s.recv(104, socket.MSG_WAITALL)))[5])(
		  (lambda m: struct.pack(">H", len(m)) + m)(question("www.example.test", 1)), connect("127.0.0.1", 53))'
	no_refusal net "... although forty others have sent half a question" c6120003 "${web[@]}" \
		'(kept.extend(connect("127.0.0.1", 53) for _ in range(40)), [s.sendall(b"\0") for s in kept],
		  (lambda q, s: (s.sendall(struct.pack(">H", len(q)) + q), s.recv(52, socket.MSG_WAITALL)[-4:].hex())[1])(
		  question("www.example.test", 1), connect("127.0.0.1", 53)))[2]'
	net "what is no question gets an error or nothing" "1|1|1|1|4" "${web[@]}" \
		'"|".join(udp(m).split()[0] for m in (question("www.example.test", 1)[:-1], question("a", 1, b"x"),
		  b"ab\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", b"ab\1\0\0\2\0\0\0\0\0\0\0\0\1\0\1",
		  question("a", 1, head=b"\x28\0\0\1\0\0\0\0\0\0")))'
	no_refusal net "... and the next one is answered" "0 1 c6120003" "${web[@]}" \
		'([socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(os.urandom(i % 600), ("127.0.0.1", 53)) for i in range(5000)],
		  udp(question("www.example.test", 1)))[1]'
}

test_datagrams() {
	local ntp=(-p "ConnectTo=www.example.test:123/udp")

	no_refusal net "UDP reaches a peer, and datagrams stay whole" "11.22.33.1 48|11.22.33.1 0|11.22.33.1 1400" "${ntp[@]}" \
		'(lambda s: "|".join(send(s, n) for n in (48, 0, 1400)))(datagrams("www.example.test", 123))'
	no_refusal net "... both ways, with as many bytes as QUIC sends" "same same same" "${ntp[@]}" \
		'(lambda s: " ".join(send(s, b"echo" + os.urandom(1346)) for _ in range(3)))(datagrams("www.example.test", 123))'
	no_refusal net "... but none that is too large for the way" "TimeoutError|11.22.33.1 1472" "${ntp[@]}" \
		'(lambda s: "|".join(send(s, n) for n in (1473, 1472)))(datagrams("www.example.test", 123))'
	no_refusal net "... and the first one of each socket" "11.22.33.1 1 11.22.33.1 2 11.22.33.1 3" "${ntp[@]}" \
		'" ".join(send(datagrams("www.example.test", 123), n) for n in (1, 2, 3))'
	no_refusal net "... also one with an address" "11.22.33.1 7" -p ConnectTo=ntp:5/udp=11.22.33.44:123 'send(datagrams("ntp", 5), 7)'
	# promise P48
	net "only the peer's answers come back" "TimeoutError|11.22.33.1 2" "${ntp[@]}" \
		'(lambda s: send(s, b"other") + "|" + send(s, 2))(datagrams("www.example.test", 123))'
	net "a UDP port is no TCP port, and another port none" "ECONNREFUSED ECONNREFUSED" "${ntp[@]}" \
		'refusal("www.example.test", 123) + " " + send(datagrams("www.example.test", 124), 1)'
	net "UDP leads to this host as little" TimeoutError -p ConnectTo=own.example.test:123/udp 'send(datagrams("own.example.test", 123), 1)'
	no_refusal net "FlowsMax= counts exchanges, and they end" "11.22.33.1 1 11.22.33.1 1 TimeoutError 11.22.33.1 1" "${ntp[@]}" -p FlowsMax=2 \
		'" ".join([send(datagrams("www.example.test", 123), 1) for _ in range(3)] + [[a for _ in range(20) if (a := send(datagrams("www.example.test", 123), 1)) != "TimeoutError"][0]])'
}

test_patterns() {
	local all=(-p "ConnectTo=*.example.test:80 www.example.test:443 11.22.33.44:80")

	no_refusal net "a pattern: each name has an address" "11.22.33.1 11.22.33.1 ('198.18.0.4', 80) ('198.18.0.5', 80)" "${all[@]}" \
		'" ".join([ask(n + ".example.test", 80) for n in ("both", "BOTH")] + [str(socket.getaddrinfo(n + ".example.test", 80)[0][4]) for n in ("both", "nothing")])'
	no_refusal net "... also one that another line has, and an address on its port" "11.22.33.1 11.22.33.1 11.22.33.1" "${all[@]}" \
		'" ".join((ask("www.example.test", 80), ask("www.example.test", 443), ask("11.22.33.44", 80)))'
	# promise P48
	net "a name that a pattern does not match" "Name or service not known" "${all[@]}" 'attempt(ask, "example.test", 80)'
	net "an address that no name has is reset" "ECONNRESET ECONNRESET ECONNREFUSED" "${all[@]}" \
		'refusal("198.18.0.4", 80) + " " + refusal("127.0.0.1", 80) + " " + refusal("198.18.0.3", 81)'
	net "a name of a pattern may not lead to the host" "ECONNRESET ECONNRESET" -p "ConnectTo=*.example.test:8080" \
		'refusal("own.example.test", 8080) + " " + refusal("rebind.example.test", 8080)'
	no_refusal net "a name without a dot gets the host's search domain, if a peer is there" "11.22.33.1 11.22.33.1" \
		-p "ConnectTo=*.example.test:80 www.example.test:443" 'ask("both", 80) + " " + ask("www", 443)'
	net "the name of an address of a pattern" both.example.test "${all[@]}" \
		'socket.getaddrinfo("both.example.test", 80) and socket.getnameinfo(("198.18.0.4", 80), 8)[0]'
}

# A name server of the host that knows names in one of its search domains.
test_search() {
	dnsmasq -kC /dev/null -p 53 --listen-address=127.0.0.1 --bind-interfaces -Ru root --local=/test/ \
		--address=/single.elsewhere.test/11.22.33.44 --address=/gone.pattern.test.elsewhere.test/11.22.33.44 &
	local server=$!
	ok "$label: the name server answers" eventually bash -c 'exec 3<>/dev/tcp/127.0.0.1/53'
	no_refusal net "a peer's name is looked up in the host's search domains" 11.22.33.1 -p ConnectTo=single:80 'ask("single", 80)'
	# promise P48
	net "... but not a name of a pattern" "ECONNRESET" -p "ConnectTo=*.pattern.test:80" 'refusal("gone.pattern.test", 80)'
	kill "$server"
	wait "$server"
}

# Programs that use IPv6 alone.
test_ipv6() {
	local twin="fd69:736f:7275:6e::c612"
	no_refusal net "by IPv6, a peer is reached by its name" "('11.22.33.1', '$twin:3') 11.22.33.1" \
		-p "ConnectTo=www.example.test:80" 'str(ipv6("www.example.test", 80)) + " " + ask("www.example.test", 80)'
	no_refusal net "... and by UDP" "('11.22.33.1 5', '$twin:3')" -p "ConnectTo=www.example.test:123/udp" \
		'ipv6("www.example.test", 123, socket.SOCK_DGRAM)'
	no_refusal net "... and by a name of a pattern, which IPv4 leads to first" "('11.22.33.1', '$twin:3') 198.18.0.3" \
		-p "ConnectTo=*.example.test:80" 'str(ipv6("www.example.test", 80)) + " " + socket.getaddrinfo("www.example.test", 80)[0][4][0]'
	no_refusal net "... and an address on the port of a pattern" "11.22.33.1" \
		-p "ConnectTo=*.example.test:80 [2001:db8::5]:80=11.22.33.44:80" 'ask("2001:db8::5", 80)'
	no_refusal net "... whose address has its name" www.example.test -p "ConnectTo=www.example.test:80" \
		"socket.getnameinfo(('$twin:3', 80), 8)[0]"
	# promise P48
	net "by IPv6, no other name, port or address is reached" "Name or service not known|ECONNREFUSED|ECONNREFUSED|ENETUNREACH" \
		-p "ConnectTo=www.example.test:80" '"|".join((attempt(ipv6, "both.example.test", 80), ipv6("www.example.test", 443)[0],
		  refusal("'$twin':4", 80), refusal("2a00:1450:99::5", 8080)))'
	# promise P48
	net "... nor by the port of a pattern" "ECONNRESET ECONNRESET ECONNRESET" -p "ConnectTo=*.example.test:8080" \
		'" ".join((ipv6("own.example.test", 8080)[0], refusal("'$twin':9", 8080), refusal("::1", 8080)))'
}

# A unit around isorun that denies IPv6: names have none then.
test_without_ipv6() {
	run systemd-run -q --pipe --wait -p RestrictAddressFamilies="AF_UNIX AF_INET AF_NETLINK" "$isorun" --quiet "${mode[@]}" \
		-v "$tmp/net.py:/net.py:ro" -p "ConnectTo=www.example.test:80" /usr/bin/python3 /net.py \
		'ask("www.example.test", 80) + " " + udp(question("www.example.test", 28))'
	no_refusal is "where IPv6 is denied, a peer is reached by IPv4" "$status $out" "0 11.22.33.1 0 0 -"
}

server_of() { pgrep -f '^isorun-flows$' >/dev/null; }

sockets_of() { find "/proc/$1/fd" -lname 'socket:*' | wc -l; }

# The resolver may wait for a name server, or be stopped: isorun ends nevertheless. So it does if the server is stopped.
test_end() {
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -p ConnectTo=www.example.test:80 sleep 3002 &
	local job=$! resolver
	await runs '^sleep 3002$'
	resolver=$(first_pid '^isorun-resolver$')
	is "$label: the process that looks up names has no listener" "$(sockets_of "$resolver")" 1
	kill -STOP "$resolver"
	kill "$(first_pid '^sleep 3002$')"
	also no_refusal ok "$label: isorun ends although the resolver does not answer" eventually gone '^isorun-resolver$'
	kill -KILL "$resolver" 2>/dev/null
	wait $job
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -p ConnectTo=www.example.test:80 sleep 3003 &
	job=$!
	await runs '^sleep 3003$'
	kill -STOP "$(first_pid '^isorun-flows$')"
	kill "$(first_pid '^sleep 3003$')"
	also no_refusal ok "$label: ... nor the server" eventually gone '^isorun-flows$'
	kill -KILL "$(pgrep -f '^isorun-flows$')" 2>/dev/null
	wait $job
}

# A payload with CAP_NET_ADMIN over its own network destroys all sockets there that isorun listens at. epoll(7) says that
# such a socket is ready for ever.
test_destroyed() {
	local pid
	mkfifo "$tmp/destroyed-$label"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -p "ConnectTo=www.example.test:80,443" -p AmbientCapabilities=CAP_NET_ADMIN \
		-v "$tmp/net.py:/net.py:ro" /usr/bin/python3 /net.py \
		'(lambda before: (os.system("ss -K -l -t -u >/dev/null 2>&1"), print(before, attempt(ask, "198.18.0.3", 80),
		  attempt(ask, "198.18.0.3", 443), flush=True), sys.stdin.readline())[2])(ask("www.example.test", 80))' \
		<>"$tmp/destroyed-$label" >"$tmp/destroyed-out-$label" 2>&1 &
	await grep -q '^11' "$tmp/destroyed-out-$label"
	if grep -qx '11.22.33.1 11.22.33.1 11.22.33.1' "$tmp/destroyed-out-$label"; then
		skip "$label: a payload destroys the listeners of its peers" "the kernel lacks INET_DIAG_DESTROY"
		echo >"$tmp/destroyed-$label"
		wait $!
		return
	fi
	pid=$(first_pid '^isorun-flows$')
	also no_refusal is "$label: a payload can destroy the listeners of its peers" "$(head -n1 "$tmp/destroyed-out-$label")" \
		"11.22.33.1 ECONNREFUSED ECONNREFUSED"
	also no_refusal ok "$label: ... after which the server sleeps" eventually sleeps "$pid"
	echo >"$tmp/destroyed-$label"
	wait $!
	also no_refusal is "$label: ... and the payload ends as always" "$?" 0
}

# Whether a process does not run for a while. One that waits for nothing never does so.
sleeps() {
	local before
	before=$(cat "/proc/$1/schedstat") || return
	sleep 0.3
	[ "$(cat "/proc/$1/schedstat")" = "$before" ]
}

# Something ends or freezes an instance in the middle of a transfer. No other test leaves a connection to this port.
end_in_transfer() { # description, payload|isorun|server|stop|freeze
	local job unit=isorun-moving.scope payload
	"${who[@]}" "$isorun" --quiet --name moving -p "Optional=MemoryMax MemorySwapMax TasksMax" -p ConnectTo=www.example.test:443 \
		-v "$tmp/net.py:/net.py:ro" /usr/bin/python3 /net.py '(lambda s: (s.sendall(b"send 1000000000000\n"), all(iter(lambda: s.recv(65536), b""))))(connect("www.example.test", 443))' \
		>/dev/null 2>&1 &
	job=$!
	payload=$(first_pid '^/usr/bin/python3 /net.py .*send 1000000000000')
	await moves
	case $2 in
	stop) ctl stop "$unit" ;;
	freeze)
		ctl freeze "$unit"
		also ok "$label: a frozen instance moves nothing" eventually not moves
		ctl thaw "$unit"
		also no_refusal ok "$label: ... and a thawed one goes on" eventually moves
		kill -KILL "$payload"
		;;
	payload) kill -KILL "$payload" ;;
	isorun) kill -KILL "$(pgrep -f "^$isorun .*--name moving")" ;;
	server) kill -KILL "$(first_pid '^isorun-flows$')" ;;
	esac
	wait $job
	also ok "$label: $1, nothing is left" eventually gone '^isorun-(flows|resolver)$'
	also ok "$label: ... and no connection" eventually not connected
}
connected() { on_machine ss -Htn state established 'sport = 443' | grep -q .; }
bytes_sent() { on_machine ss -Htin state established 'sport = 443' | grep -o 'bytes_sent:[0-9]*'; }
moves() {
	local before
	before=$(bytes_sent) || return
	sleep 0.2
	[ "$(bytes_sent)" != "$before" ]
}

test_ends_in_transfer() {
	end_in_transfer "the payload killed in a transfer" payload
	end_in_transfer "isorun killed in a transfer" isorun
	end_in_transfer "the server of the flows killed in a transfer" server
	end_in_transfer "the unit stopped in a transfer" stop
	end_in_transfer "the unit frozen in a transfer, thawed, and its payload killed" freeze
}

# The process that carries the flows.
test_server() {
	local pid
	mkfifo "$tmp/idle-$label"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name served -p ConnectTo=www.example.test:80 \
		bash -c 'read -r _; exec 3<>/dev/tcp/www.example.test/80; exec sleep 3001' <>"$tmp/idle-$label" &
	await runs '^bash -c read -r _; exec 3'
	pid=$(first_pid '^isorun-flows$')
	is "$label: the server of the flows has no capability, no_new_privs and a filter" \
		"$(awk '/^CapPrm|^NoNewPrivs|^Seccomp:/ { print $2 }' /proc/"${pid:-x}"/status | xargs)" \
		"0000000000000000 1 2"
	is "$label: ... is of the payload's user" "$(awk '/^Uid/ { print $2, $3, $4, $5 }' /proc/"${pid:-x}"/status)" \
		"$(u=$("${who[@]}" id -u); echo "$u $u $u $u")"
	also is "$label: ... and has only sockets, /dev/null and the resolver's pidfd open" \
		"$(find /proc/"${pid:-x}"/fd -type l -printf '%l\n' | grep -v -e '^socket:' -e '^/dev/null$' -e '^anon_inode:.*eventpoll' -e '^anon_inode:.pidfd')" ""
	echo 1<>"$tmp/idle-$label"
	no_refusal ok "$label: ... and finds out whether an idle peer is still there" \
		eventually grep -q ' 2C21160B:0050 01 00000000:00000000 02:' /proc/net/tcp # the timer of SO_KEEPALIVE
	kill -9 "$(pgrep -f "^$isorun .*--name served")"
	also ok "$label: if isorun is killed, the server ends" eventually not server_of
}

# The process that looks up names. It is stopped, so that it answers nothing, and then killed.
test_resolver() {
	local pid
	eventually gone '^isorun-resolver$' # of the sandboxes before
	mkfifo "$tmp/go-$label"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -p "ConnectTo=www.example.test:80 11.22.33.44:443" -v "$tmp/net.py:/net.py:ro" \
		sh -c 'read -r _ && exec python3 /net.py "$1"' - 'unanswered("www.example.test", 80, ("11.22.33.44", 443))' \
		<>"$tmp/go-$label" >"$tmp/unanswered-$label" 2>&1 &
	eventually runs '^isorun-resolver$'
	pid=$(first_pid '^isorun-resolver$')
	kill -STOP "$pid"
	echo 1<>"$tmp/go-$label"
	eventually grep -qx asked "$tmp/unanswered-$label"
	kill -9 "$pid"
	wait $!
	no_refusal is "$label: if nobody answers for a name any more, its connections are reset" \
		"$(tail -n1 "$tmp/unanswered-$label")" "ECONNRESET ECONNRESET"
}

test_unit() {
	local pid
	"${who[@]}" "$isorun" --quiet --name unit -p "Optional=MemoryMax MemorySwapMax TasksMax" -p ConnectTo=www.example.test:80 \
		-v "$tmp/net.py:/net.py:ro" /usr/bin/python3 /net.py 'when_stopped(ask, "www.example.test", 80)' >"$tmp/unit-$label" 2>&1 &
	eventually grep -q ready "$tmp/unit-$label"
	verified unit
	pid=$(first_pid '^isorun-flows$')
	no_refusal like "$label: the server is in the unit" "$(cat /proc/"${pid:-x}"/cgroup)" "*/isorun-unit.scope"
	"${who[@]}" systemctl "${bus[@]}" stop isorun-unit.scope
	no_refusal is "$label: when systemd stops the unit, the payload still reaches its peers" "$(tail -n1 "$tmp/unit-$label")" 11.22.33.1
	also ok "$label: ... and nothing is left" eventually not server_of
}

test_records() {
	local unit=isorun-recorded.scope
	run "${who[@]}" "$isorun" --quiet --name recorded -p "Optional=MemoryMax MemorySwapMax TasksMax" -p FlowsMax=3 -p LogFlows=yes \
		-p "ConnectTo=www.example.test:80 inner.example.test:80" -v "$tmp/net.py:/net.py:ro" /usr/bin/python3 /net.py \
		'[udp(question("ftp.example.test", 1)) for _ in range(10)][0] + " " + refusal("inner.example.test", 80) + " " + flood("www.example.test", 80, 10)'
	is "$label: a name, a peer and connections are refused" "$status $out" "0 3 0 - ECONNRESET 3 7 11.22.33.1"
	let_read_journal
	also is "$label: ... which the journal records, the first and the tenth time, with the line that allows it" \
		"$(records PEER_REFUSED $unit MESSAGE ISORUN_PEER ISORUN_COUNT)" \
		"recorded asked for ftp.example.test, which is not a peer: ConnectTo=ftp.example.test:PORT in the policy would allow it|ftp.example.test|1
recorded asked for ftp.example.test, which is not a peer: ConnectTo=ftp.example.test:PORT in the policy would allow it|ftp.example.test|10
recorded was not connected to inner.example.test:80: a name may not lead to 10.99.0.2; ConnectTo=inner.example.test:80=10.99.0.2:80 would allow it|inner.example.test:80|1"
	also is "$label: ... and connections above FlowsMax=" "$(records FLOWS_MAX $unit ISORUN_INSTANCE ISORUN_DIRECTIVE ISORUN_COUNT | head -n1)" \
		"recorded|FlowsMax|1"
	# A reset that comes before connect(2) has returned makes the program try the name's other address. What is received
	# of the answers depends on when the connections are closed.
	also like "$label: LogFlows= records each flow" \
		"$(records FLOW_ENDED $unit ISORUN_PEER ISORUN_SENT ISORUN_RECEIVED | sed 's/|6|[1-7]$/|6|some/' | sort | uniq -c | xargs)" \
		"[12] inner.example.test:80|0|0 1 www.example.test:80|4|11 3 www.example.test:80|6|some"
}

# Clients of an entrance: more than are allowed, and how each ended.
test_records_of_clients() {
	local servers=() port=$((label_port + 9)) unit=isorun-clients.scope mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
	listening clients -p FlowsMax=3 -p LogFlows=yes -p "ListenOn=[::]:$port=80" -- 80
	no_refusal is "$label: more clients than FlowsMax= says are reset" "$(reach "flood('127.0.0.1', $port, 10)")" "3 7 198.18.0.2"
	kill -KILL "$(first_pid '^/usr/bin/python3 /server.py')"
	wait "${servers[@]}"
	no_refusal is "$label: ... which the journal records" "$(records FLOWS_MAX $unit MESSAGE ISORUN_COUNT | head -n1)" \
		"clients has 3 connections from clients, as many as FlowsMax= allows: further ones are reset|1"
	no_refusal like "$label: LogFlows= records each client" \
		"$(records FLOW_ENDED $unit ISORUN_ENTRANCE ISORUN_RECEIVED ISORUN_SENT ISORUN_DIRECTIVE | sort | uniq -c | xargs)" \
		"1 [[]::]:$port|4|11|ListenOn 3 [[]::]:$port|6|*|ListenOn*"
	no_refusal like "$label: ... with its address, of IPv4 at an entrance for both" "$(records FLOW_ENDED $unit MESSAGE ISORUN_CLIENT | tail -n1)" \
		"clients: the connection from 127.0.0.1:* to [[]::]:$port ended: * bytes sent, * received|127.0.0.1:*"
}

# isorun-flows can have few files, and no more connections than these.
test_records_of_files() {
	local unit=isorun-files.scope
	# shellcheck disable=SC2016
	run "${who[@]}" bash -c 'ulimit -n 40 && exec "$@"' - "$isorun" --quiet --name files \
		-p "Optional=MemoryMax MemorySwapMax TasksMax" -p "ConnectTo=ntp:5/udp=11.22.33.44:123" -v "$tmp/net.py:/net.py:ro" \
		/usr/bin/python3 /net.py '(lambda all: [s.send(b"x") for s in all] and attempt(all[0].recv, 99).decode())(
			[datagrams("ntp", 5) for _ in range(32)])'
	no_refusal is "$label: where no more files can be open, the first datagrams are answered" "$status $out" "0 11.22.33.1 1"
	also no_refusal like "$label: ... and the journal records the others" "$(records FLOWS_MAX $unit MESSAGE | head -n1)" \
		"files has as many connections as isorun can have open files (*): further ones fail"
}

# Connections that the payload has ended, to a peer that ignores that. One of them still reads.
begin_half_closed() {
	mkfifo "$tmp/half"
	"$isorun" --quiet "${mode[@]}" -p ConnectTo=www.example.test:443 -v "$tmp/net.py:/net.py:ro" /usr/bin/python3 /net.py \
		'(lambda a, b: (a.sendall(b"slow\n"), b.sendall(b"slow\n"), print("ready", flush=True), sys.stdin.readline(), a.close(), b.shutdown(1), sys.stdin.read()))(
		 *(connect("www.example.test", 443) for _ in "ab"))' <>"$tmp/half" >"$tmp/half-out" &
	half=$!
	await grep -q ready "$tmp/half-out"
	half_server=$(first_pid '^isorun-flows$')
	half_payload=$(first_pid '^/usr/bin/python3 /net.py .lambda a, b')
	nsenter -t "$half_payload" -n sh -c "echo 1 >/proc/sys/net/ipv4/tcp_fin_timeout"
	half_sockets=$(sockets_of "$half_server")
	echo 1<>"$tmp/half"
}
sockets_of() { find "/proc/$1/fd" -lname 'socket:*' | wc -l; }
half_closed_is_gone() { [ "$(sockets_of "$half_server")" -lt "$half_sockets" ]; }

# Servers inside. Their clients outside see the host's ports.
listening() { # name, options..., -- server's arguments...
	local name=$1 options=() ready=$tmp/listening-$label-$1
	while [ "$2" != -- ]; do options+=("$2"); shift; done
	mkfifo "$ready"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name "$name" -v "$top/tests/flow-server.py:/server.py:ro" "${options[@]}" \
		/usr/bin/python3 /server.py "${@:3}" >"$ready" 2>"$tmp/errors-$name" &
	servers+=($!)
	read -r _ <"$ready"
}
reach() { python3 "$tmp/net.py" "$@"; }

test_entrances() {
	local servers=() port=$((label_port + 1)) socket=$tmp/in-$label/x.sock
	mkdir "$tmp/in-$label"
	"${who[@]}" true && chown "$("${who[@]}" id -u)" "$tmp/in-$label"
	listening entered -p "ListenOn=$port=80 0.0.0.0:$((port + 1))=8080 [::1]:$((port + 2))=80 unix:$socket=81" \
		-p ConnectTo=www.example.test:443 -- 80 127.0.0.1:8080 81 "@isorun-test-$label"
	# promise P17
	no_refusal is "$label: a server without capabilities listens at port 80 inside, and sees its client as 198.18.0.2" \
		"$(reach "ask('127.0.0.1', $port)")" 198.18.0.2
	no_refusal is "$label: ... also one that listens at 127.0.0.1, at all addresses of the host" \
		"$(reach "ask('11.22.33.1', $((port + 1)))")" 198.18.0.2
	no_refusal is "$label: ... by IPv6" "$(reach "ask('::1', $((port + 2)))")" 198.18.0.2
	no_refusal is "$label: ... by a socket" "$(reach "unix('$socket')")" 198.18.0.2
	# promise P17
	is "$label: only at the address that the policy names" "$(reach "attempt(ask, '11.22.33.1', $port)")" ECONNREFUSED
	no_refusal is "$label: half-closed connections work, and all bytes come" "$(reach "upload('127.0.0.1', $port, 3000000)")" "end 3000000"
	no_refusal is "$label: a reset is passed on" "$(reach "attempt(ask, '127.0.0.1', $port, 'reset')")" ECONNRESET
	no_refusal is "$label: 1000 connections one after another, none lost" \
		"$(reach "sum(ask('127.0.0.1', $port) == '198.18.0.2' for _ in range(1000))")" 1000
	no_refusal is "$label: more clients than are allowed are reset, and later ones work" \
		"$(reach "flood('127.0.0.1', $port, 1100)")" "1024 76 198.18.0.2"
	refused "a port that is taken" "-p: ListenOn=: cannot listen at port $port of 127.0.0.1: *" -p ListenOn=$port=80 true
	refused "a socket that is taken" "-p: ListenOn=: cannot listen at $socket: *" -p "ListenOn=unix:$socket=80" true
	others
	kill -KILL "$(first_pid '^/usr/bin/python3 /server.py')"
	wait "${servers[@]}"
	also is "$label: ... and nobody has complained" "$(<"$tmp/errors-entered")" ""
	also ok "$label: at the end, the socket is gone" not test -e "$socket"
	also is "$label: ... and so are the ports" "$(reach "attempt(ask, '127.0.0.1', $port)")" ECONNREFUSED
}

# What another instance reaches of this one: only what its own policy names.
others() {
	local there attempts
	there=$(first_pid '^/usr/bin/python3 /server.py')
	attempts="attempt(ask, '127.0.0.1', $port), attempt(ask, '::1', $((port + 2))), attempt(ask, '11.22.33.1', $((port + 1)))"
	attempts="$attempts, attempt(ask, '127.0.0.1', 80), attempt(ask, '198.18.0.1', 80), attempt(ask, '127.0.0.1', 8080)"
	attempts="' '.join(map(str, ($attempts, attempt(unix, '\\0isorun-test-$label'), attempt(unix, '$socket'))))"
	# promise P17
	net "another instance reaches none of its ports, servers and sockets" \
		"ECONNREFUSED ECONNREFUSED ENETUNREACH ECONNREFUSED ENETUNREACH ECONNREFUSED ECONNREFUSED ENOENT" "$attempts"
	# promise P48
	net "... nor does one with another peer and a server of its own" \
		"ECONNREFUSED ECONNREFUSED ENETUNREACH ECONNREFUSED ECONNREFUSED ECONNREFUSED ECONNREFUSED ENOENT" \
		-p ListenOn=$((port + 3)) -p ConnectTo=localhost:8090 "$attempts"
	no_refusal net "... but one whose policy names a port does" "198.18.0.2 ECONNREFUSED" -p "ConnectTo=localhost:$port" \
		"ask('localhost', $port) + ' ' + attempt(ask, '127.0.0.1', 80)"
	also no_refusal like "$label: ... but a process in its network reaches them" \
		"$(nsenter -t "${there:-x}" -n python3 "$tmp/net.py" "ask('127.0.0.1', 80) + ' ' + unix('\\0isorun-test-$label')")" "127.0.0.1 * *"
}

# Servers inside that listen for IPv6 alone.
test_ipv6_servers() {
	local servers=() port=$((label_port + 10)) client=fd69:736f:7275:6e::c612:2
	listening six -p "ListenOn=$port=80 $((port + 1))=81 $((port + 2))=82" -- "[::1]:80" "[::]:81" 82
	# promise P17
	no_refusal is "$label: a server at [::1] is reached, and sees no client of the loopback" "$(reach "ask('127.0.0.1', $port)")" $client
	# promise P17
	no_refusal is "$label: ... and one at [::], for IPv6 alone" "$(reach "ask('127.0.0.1', $((port + 1)))")" $client
	no_refusal is "$label: ... and one for both, by IPv4" "$(reach "ask('127.0.0.1', $((port + 2)))")" 198.18.0.2
	kill -KILL "$(first_pid '^/usr/bin/python3 /server.py')"
	wait "${servers[@]}"
}

# Many flows, all at once and one after another, leave nothing behind. They are an instance's own: another one has room.
test_many() {
	local n=1000 short=2000 hard pid before
	hard=$(ulimit -Hn)
	[ -z "${TEST_FLOWS_MANY-}" ] || [ $label = user ] || n=10000 short=100000
	# Each takes two fds of isorun-flows, which a host may limit.
	[ "$hard" = unlimited ] || [ $((hard / 2 - 100)) -ge $n ] || n=$((hard / 2 - 100))
	mkfifo "$tmp/many-$label"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name many \
		-p LimitNOFILE=$((n + 100)) -p FlowsMax=$n -p ConnectTo=localhost:8090 -v "$tmp/net.py:/net.py:ro" \
		/usr/bin/python3 /net.py 'on_request()' <>"$tmp/many-$label" >"$tmp/many-out-$label" 2>&1 &
	await runs '^/usr/bin/python3 /net.py on_request'
	pid=$(first_pid '^isorun-flows$')
	before=$(fds_of "$pid")
	no_refusal is "$label: $short connections one after another" \
		"$(request "sum(briefly(8090) for _ in range($short))")" "$short"
	also no_refusal ok "$label: ... leave no fd behind" eventually has_fds "$pid" "$before"
	no_refusal is "$label: $n connections at once, as many as FlowsMax= says" \
		"$(request "flood('localhost', 8090, $((n + 76)))")" "$n 76 who"
	also no_refusal ok "$label: ... leave no fd behind" eventually has_fds "$pid" "$before"
	no_refusal is "$label: an instance that has no room" \
		"$(request "kept.extend(attempt(connect, 'localhost', 8090) for _ in range($n)) or refusal('localhost', 8090)")" ECONNRESET
	no_refusal net "... takes none from another one" True -p ConnectTo=localhost:8090 'briefly(8090)'
	if [ "$(</proc/sys/net/ipv4/tcp_congestion_control)" = reno ]; then
		skip "$label: ... needs no timers of the host's congestion control" "the host's is reno, too"
	else
		# Each socket of isorun-flows to the loopback address, and none of the server's.
		also no_refusal is "$label: ... needs no timers of the host's congestion control" \
			"$(ss -Htin 'dport = :8090' | grep -oE '\<(reno|cubic|bbr)\>' | sort -u)" reno
		no_refusal net "... and has none inside" reno -p ConnectTo=localhost:8090 \
			'open("/proc/sys/net/ipv4/tcp_congestion_control").read().strip()'
	fi
	kill -KILL "$(first_pid '^/usr/bin/python3 /net.py on_request')"
	wait $!
}
fds_of() { find "/proc/$1/fd" -type l | wc -l; }
has_fds() { [ "$(fds_of "$1")" -le $(($2 + 34)) ]; } # it keeps up to 16 pipes
request() { # Python expression
	local seen
	seen=$(wc -l <"$tmp/many-out-$label")
	echo "$1" >"$tmp/many-$label"
	patience=600 eventually answered "$seen"
	tail -n1 "$tmp/many-out-$label"
}
answered() { [ "$(wc -l <"$tmp/many-out-$label")" -gt "$1" ]; }

# What happens before the server listens, in another network namespace, with a socket that was passed.
test_late_servers() {
	local servers=() port=$((label_port + 5))
	mkfifo "$tmp/late-$label"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name late -v "$top/tests/flow-server.py:/server.py:ro" -p "ListenOn=$port=80" \
		sh -c 'read -r _; exec python3 /server.py 80' <>"$tmp/late-$label" >/dev/null &
	servers=($!)
	await runs '^sh -c read -r _; exec python3'
	reach "print('sent', flush=True) or ask('127.0.0.1', $port)" >"$tmp/early-$label" &
	eventually grep -q sent "$tmp/early-$label"
	echo >"$tmp/late-$label"
	wait $!
	no_refusal is "$label: a client waits for a server that does not listen yet" "$(tail -n1 "$tmp/early-$label")" 198.18.0.2
	kill -KILL "$(first_pid '^python3 /server.py 80')"
	wait "${servers[@]}"
	servers=()
	listening nested -p Nesting=yes "${nobody[@]}" -p "ListenOn=$port=80,proxy" -- 80
	no_refusal is "$label: in a sandbox that can make others, with the PROXY protocol" \
		"$(reach "proxied('127.0.0.1', $port)")" "('127.0.0.1', $port)"
	kill -KILL "$(first_pid '^/usr/bin/python3 /server.py')"
	wait "${servers[@]}"
	port=$((label_port + 7)) # systemd-socket-activate waits for no port that had connections
	"${who[@]}" systemd-socket-activate -l "$port" "$isorun" --quiet "${mode[@]}" --name passed \
		-v "$top/tests/flow-server.py:/server.py:ro" -p "ListenOn=$port=80" python3 /server.py 80 &>/dev/null &
	await reachable "$port"
	no_refusal is "$label: a socket that was passed is the entrance, whatever its address" \
		"$(reach "ask('11.22.33.1', $port)")" 198.18.0.2
	kill -KILL "$(first_pid '^python3 /server.py 80')"
	wait $!
}
reachable() { [ "$(reach "attempt(ask, '127.0.0.1', $1)")" = 198.18.0.2 ]; }

# The process that makes sockets in the payload's network.
test_inner() {
	local servers=() pid socket=$tmp/inner-$label/x.sock
	mkdir "$tmp/inner-$label"
	"${who[@]}" true && chown "$("${who[@]}" id -u)" "$tmp/inner-$label"
	listening inner -p "ListenOn=$((label_port + 6))=80 unix:$socket=80" -- 80
	pid=$(first_pid '^isorun-inner$')
	# promise P17
	no_refusal is "$label: the maker of sockets has no capability, no_new_privs and a filter" \
		"$(awk '/^CapPrm|^CapEff|^NoNewPrivs|^Seccomp:/ { print $2 }' /proc/"${pid:-x}"/status | xargs)" \
		"0000000000000000 0000000000000000 1 2"
	no_refusal is "$label: ... and has only sockets and /dev/null open" \
		"$(find /proc/"${pid:-x}"/fd -type l -printf '%l\n' | sed 's/:.*//' | sort -u | xargs)" "/dev/null socket"
	# promise P17
	is "$label: ... and is in the payload's network, but not among its processes" \
		"$(for n in net pid; do [ /proc/"${pid:-x}"/ns/$n -ef /proc/self/ns/$n ] && echo $n; done)" pid
	kill -9 "$(pgrep -f "^$isorun .*--name inner")"
	wait "${servers[@]}"
	also ok "$label: if isorun is killed, it ends" eventually gone '^isorun-inner$'
	servers=()
	no_refusal ok "$label: ... and leaves its socket behind" test -S "$socket"
	rm "$tmp/listening-$label-inner"
	for name in inner another; do
		listening "$name" -p "ListenOn=unix:$socket=80" -- 80
		also no_refusal is "$label: ... which the next start replaces, as $name" "$(reach "unix('$socket')")" 198.18.0.2
		kill -9 "$(pgrep -f "^$isorun .*--name $name")"
		wait "${servers[@]}"
		servers=()
	done
}

test_errors() {
	local key=ConnectTo
	refused "with the host's network, peers are an error" "--net: PrivateNetwork=: *ConnectTo=*" --net -p $key=a:1 true
	refused "two targets for one peer" "-p: ConnectTo=: a:1 already leads elsewhere*" -p "$key=a:1 a:1=b:2" true
	refused "a port is missing" '-p: ConnectTo=: not HOST:PORT: "a"*' -p $key=a true
	refused "a port that the name server has" "-p: ConnectTo=: *127.0.0.1:53" -p $key=127.0.0.1:53 true
}

for label in root user; do
	label_port=8100 nobody=(-p User=nobody)
	[ $label = root ] || who=("$as_user") bus=(--user) label_port=8200 nobody=()
	test_peers
	test_refused_names
	test_streams
	test_names
	test_datagrams
	test_patterns
	test_search
	test_ipv6
	test_entrances
	test_ipv6_servers
	test_many
	test_late_servers
	test_inner
	test_server
	test_destroyed
	test_ends_in_transfer
	test_end
	test_resolver
	test_unit
	test_records
	test_records_of_clients
	test_records_of_files
	test_errors
done
test_without_ipv6
begin_half_closed
# The kernel keeps a closed socket for longer than tcp_fin_timeout if its first packets were slow: tcp_fin_time().
patience=60 no_refusal ok "a connection ends if the payload has closed it, and the peer ignores that" eventually half_closed_is_gone
[ "$tap_last" = ok ] || for pid in $half_payload $half_server; do nsenter -t "$pid" -n ss -tanpoie | sed 's/^/# /'; done
also is "... but not one that the payload still reads" "$(sockets_of "$half_server")" $((half_sockets - 2))
kill $half
wait $half

# Where no name server is known, or only by a symlink that leads nowhere, programs find their peers all the same.
resolved_root=$tmp/resolved
mkdir -p "$resolved_root"/{etc,usr,proc,dev,tmp,run,var,sys}
for dir in bin lib lib64; do ln -s usr/$dir "$resolved_root/$dir"; done
chmod -R a+rX "$resolved_root"
resolves() { # description, options...
	no_refusal net "$1, a peer is found" "127.0.0.1 11.22.33.1" -p "ConnectTo=*.example.test:80" "${@:2}" \
		'open("/etc/resolv.conf").read().split()[-1] + " " + ask("both.example.test", 80)'
}
test_resolver_file() {
	local target at=() host=/etc/resolv.conf
	[ "$where" = "the host" ] || at=(-p "RootDirectory=$resolved_root" -v /usr:/usr:ro) host=$resolved_root/etc/resolv.conf
	for target in ../run/resolved/stub.conf ""; do
		ln -sfn "${target:-absent}" "$host"
		[ -n "$target" ] || rm "$host"
		resolves "with ${target:-no file} as the resolv.conf of $where" "${at[@]}"
	done
}
umount "$(realpath /etc/resolv.conf)"
mv /etc/resolv.conf "$tmp/saved.conf"
for where in "the host" "another root"; do as_everybody test_resolver_file; done
mv "$tmp/saved.conf" /etc/resolv.conf
ln -s ../run/resolved/stub.conf "$resolved_root/etc/resolv.conf"
label=root who=() bus=()
if grep -qw squashfs /proc/filesystems && mksquashfs "$resolved_root" "$tmp/resolved.squashfs" -quiet -noappend >/dev/null; then
	resolves "with such a symlink in an image" -p "RootDirectory=$tmp/resolved.squashfs" -v /usr:/usr:ro
else
	skip "root: with such a symlink in an image, a peer is found" "this kernel has no squashfs"
fi

# Another user's server, as root.
label=root who=() bus=()
no_refusal net "as another user, a socket sees that user" "65534 65534" -p User=nobody -p "ConnectTo=db:5=unix:$tmp/socket" 'ask("db", 5)'
# A static isorun cannot load libraries that look names up.
if [ -x "$build/src/isorun-static" ]; then
	isorun=$build/src/isorun-static
	no_refusal net "a static isorun looks names up" 11.22.33.1 -p ConnectTo=www.example.test:80 'ask("www.example.test", 80)'
fi
kill $machine
