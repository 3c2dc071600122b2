#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What isoctl does with the connections that isorun carries: flows, status, top, grant and revoke.
. "$(dirname "$0")/../lib.sh"

if [ "${TESTHOST-}" != nested ]; then
	echo "1..0 # SKIP it listens at fixed ports"
	exit 0
fi
mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
ip link set lo up
mkfifo "$tmp/ready"
exec 9<>"$tmp/ready"
printf '127.0.0.1 localhost\n127.0.0.1 own.test\n' >"$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts
python3 "$top/tests/flow-server.py" 127.0.0.1:9301 9302/udp >"$tmp/ready" &
server=$!
read -r _ <&9

isoctl() { run "${who[@]}" "$isoctl" "$@"; }

# The connections as lines, sorted, without what differs each time.
flows() { # arguments...
	run "${who[@]}" "$isoctl" flows --json "$@"
	python3 -c 'import json, sys
print("\n".join(sorted(" ".join(str(f[k]).split(":")[0] if k == "with" else str(f[k]) for k in
    ("instance", "direction", "protocol", "state", "peer", "with", "sent", "received")) for f in json.load(sys.stdin)
    if f["age_usec"] < 60000000)))' <<<"$out"
}

# An instance with a connection to a peer, one to a name of a pattern, and a server that has a client.
begin() { # port, options...
	local port=$1
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name linked -v "$top/tests/flow-server.py:/server.py:ro" \
		-p "ConnectTo=localhost:9301 *.db.test:9303=127.0.0.1:9301" -p "ListenOn=$port=80" "${@:2}" bash -c '
			exec 3<>/dev/tcp/127.0.0.1/9301 4<>/dev/tcp/a.db.test/9303
			printf "echo\nabc" >&3; head -c 3 <&3 >/dev/null
			printf "echo\n" >&4
			exec python3 /server.py 80' >"$tmp/ready" 2>"$tmp/errors" &
	instance=$!
	read -r _ <&9
	exec 7<>"/dev/tcp/127.0.0.1/$port"
	printf 'echo\nhello' >&7
	head -c 5 <&7 >/dev/null
}

end() {
	exec 7<&-
	kill -KILL "$(first_pid '^python3 /server.py 80')"
	wait "$instance"
}

all="linked in tcp open 127.0.0.1:PORT 127.0.0.1 5 10
linked out tcp open *.db.test:9303 a.db.test 5 0
linked out tcp open localhost:9301 None 8 3"

test_flows() {
	local port=$((label_port + 1)) kept
	begin "$port"
	verified linked
	kept=${all/PORT/$port}
	no_refusal ok "$label: isoctl flows lists the connections in both directions" eventually lists "$kept"
	no_refusal is "$label: ... of all instances" "$(flows)" "$kept"
	isoctl flows --json
	no_refusal is "$label: ... as JSON that is what the schema says" \
		"$status $("$top/tests/json-agrees.py" flows 20 <<<"$out" 2>&1)" "0 "
	isoctl flows linked
	no_refusal like "$label: ... as a table" "$status $out" "0 NAME*DIRECTION*STATE*SENT*RECEIVED*AGE*PEER*WITH*linked*open*"
	isoctl status linked
	no_refusal like "$label: isoctl status counts them" "$status $out" "0 *connections  *2 to peers, 1 from clients; 18B sent, 13B received so far*"
	isoctl top linked
	no_refusal like "$label: isoctl top, too" "$status $out" "0 NAME*FLOWS*NET/S*linked* 3 *"
	printf 'x' >&7
	exec 7<&-
	no_refusal ok "$label: a connection that ends is gone" eventually is_down_to 2
	isoctl status linked
	no_refusal like "$label: ... and its bytes still count" "$out" "*2 to peers, 0 from clients; * sent, 14B received so far*"
	end
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name alone sleep 3101 &
	await runs '^sleep 3101$'
	isoctl flows alone
	is "$label: an instance without such lines" "$status $err" \
		"125 isoctl: alone: isorun carries no connections for it: its policy has neither ConnectTo= nor ListenOn="
	isoctl top
	unlike "$label: ... and top has no column for them" "$out" "*FLOWS*"
	kill "$(first_pid '^sleep 3101$')"
	wait $!
}
lists() { [ "$(flows linked)" = "$1" ]; }
is_down_to() { [ "$(flows linked | wc -l)" = "$1" ]; }

# Asks at isorun's socket, and prints how the answer begins, or that none comes. 400: asks so often, and reads no answer.
cat >"$tmp/ask.py" <<'PY'
import socket, struct, sys
def ask(question):
    s = socket.socket(socket.AF_UNIX)
    s.connect("\0" + sys.argv[1])
    s.settimeout(20)
    s.sendall(b"isorun\0\0" + struct.pack("I20sI512s", int(sys.argv[2]), b"test", question, b"own.test:9301"))
    return s
if sys.argv[3] == "400":
    sys.exit(len([ask(1) for _ in range(400)]) != 400)
try:
    s = ask(int(sys.argv[3]))
    print("answer", s.recv(6).decode() or "none")
except ConnectionError:
    print("answer none")
PY
chmod 644 "$tmp/ask.py"

# The name of the socket for questions.
socket_of() { # pid of isorun
	python3 -c 'import os, sys
own = {os.readlink(f"/proc/{sys.argv[1]}/fd/{f}") for f in os.listdir(f"/proc/{sys.argv[1]}/fd")}
for line in open("/proc/net/unix"):
    w = line.split()
    if len(w) == 8 and w[3] == "00010000" and w[4] == "0001" and f"socket:[{w[6]}]" in own: print(w[7][1:])' "$1"
}

# The socket is for the owner and root, outside of sandboxes.
test_askers() {
	local name version
	begin $((label_port + 2))
	name=$(socket_of "$(pgrep -f "^$isorun .*--name linked" | head -n1)")
	version=$(sed -n 's/.*CONTROL_VERSION = \([0-9]*\).*/\1/p' "$top/src/sandbox/wire/control.h")
	no_refusal is "$label: isorun answers its owner" "$("${who[@]}" python3 "$tmp/ask.py" "$name" "$version" 1)" "answer isorun"
	no_refusal is "$label: ... a question that it does not know with its version alone" \
		"$("${who[@]}" python3 "$tmp/ask.py" "$name" "$version" 77)" "answer isorun"
	box --net -p AbstractSockets=yes -v "$tmp/ask.py:/ask.py:ro" python3 /ask.py "$name" "$version" 3
	# promise P54
	is "$label: ... but no program in a sandbox, as the same user" "$status $out" "0 answer none"
	setpriv --reuid=65534 --regid=65534 --clear-groups python3 "$tmp/ask.py" "$name" "$version" 3 >"$tmp/other" 2>&1
	# promise P54
	is "$label: ... and no other user" "$(tail -n1 "$tmp/other")" "answer none"
	isoctl status linked
	also unlike "$label: ... and nothing was granted" "$out" "*granted*"
	isoctl grant linked peer:localhost:9399
	# promise P54
	is "$label: without GrantPeers=yes, nothing is granted" "$status $err" \
		"125 isoctl: linked: peer:localhost:9399: the policy has no GrantPeers=yes, so no peer can be granted"
	kill -STOP "$(first_pid '^isorun-flows$')"
	"${who[@]}" python3 "$tmp/ask.py" "$name" "$version" 400
	isoctl top linked
	no_refusal like "$label: a process that does not answer stops nothing" "$status $out" "0 NAME*linked*"
	also unlike "$label: ... and its connections are not known" "$out" "*FLOWS*"
	kill -CONT "$(first_pid '^isorun-flows$')"
	no_refusal ok "$label: ... until it answers again, also after many questions" eventually is_down_to 3
	end
}

# What a program inside gets from a peer: an echo, or the name of an error.
cat >"$tmp/say.py" <<'PY'
import errno, socket, sys
def say(host, port, kind):
    try:
        if host.endswith("/6"):
            host = socket.getaddrinfo(host.removesuffix("/6"), port, socket.AF_INET6)[0][4][0]
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        s.settimeout(20)
        s.connect((host, int(port)))
        s.sendall(b"echo\nabc")
        return s.recv(3).decode() or "end"
    except socket.gaierror as e:
        return e.strerror
    except OSError as e:
        return errno.errorcode.get(e.errno, type(e).__name__)
print(say(sys.argv[1], sys.argv[2], socket.SOCK_DGRAM if sys.argv[3:] else socket.SOCK_STREAM))
PY
chmod 644 "$tmp/say.py"

begin_open() { # options...
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name open -p GrantPeers=yes -v "$tmp/say.py:/say.py:ro" "$@" sleep 3102 &
	instance=$!
	await entered open
}
entered() { "${who[@]}" "$isoctl" enter "$1" true 2>/dev/null; }
end_open() {
	kill "$(first_pid '^sleep 3102$')"
	wait "$instance"
}

said() { # description, expected line, arguments of say.py...
	run "${who[@]}" "$isoctl" enter open python3 /say.py "${@:3}"
	is "$label: $1" "$status $out" "0 $2"
}

granted() { # description, peer
	isoctl grant open "peer:$2"
	is "$label: $1" "$status $err" "0 "
}

not_granted() { # description, peer, message
	isoctl grant open "peer:$2"
	is "$label: $1" "$status $err" "125 isoctl: open: peer:$2: $3"
}

test_grant() {
	local unit=isorun-open.scope
	begin_open
	said "without a grant, no name is known" "Name or service not known" db.test 5432
	said "... and the host is not reached" ECONNREFUSED 127.0.0.1 9301
	no_refusal granted "a peer is granted" db.test:5432=127.0.0.1:9301
	also no_refusal said "... and is reached, by its name" abc db.test 5432
	also no_refusal said "... also by IPv6" abc db.test/6 5432
	also said "... but at no other port" ECONNREFUSED db.test 5433
	no_refusal granted "a service of the host, at its own address" localhost:9301
	also no_refusal said "... is reached" abc 127.0.0.1 9301
	no_refusal granted "an address, at a port below 1024" 10.1.2.3:80=127.0.0.1:9301
	also no_refusal said "... is reached" abc 10.1.2.3 80
	no_refusal granted "an IPv6 address" "[2001:db8::1]:81=127.0.0.1:9301"
	also no_refusal said "... is reached" abc 2001:db8::1 81
	no_refusal granted "UDP" ntp.test:123/udp=127.0.0.1:9302
	also no_refusal said "... is reached" ech ntp.test 123 udp
	granted "a name that leads to this host" own.test:9301
	# promise P54
	also said "a granted name may not lead to this host" ECONNRESET own.test 9301
	no_refusal not_granted "a peer that is granted already" localhost:9301 "it is a peer already"
	no_refusal not_granted "one that is not a peer" db "not HOST:PORT: \"db\""
	no_refusal not_granted "two ports" a.test:1,2 "only one peer can be granted at a time, and no pattern"
	no_refusal not_granted "a pattern" "*.test:1" "only one peer can be granted at a time, and no pattern"
	no_refusal not_granted "a unit" "db:1=unit:gone.socket" "units cannot be looked up here: name the socket of gone.socket"
	no_refusal not_granted "a specifier" "%H:1" 'a peer has no "%"'
	no_refusal not_granted "the port of the name server" 127.0.0.1:53 \
		"with peers, the payload finds its name server at 127.0.0.1:53"
	said "another name is still unknown" "Name or service not known" other.test 5432
	isoctl status open
	no_refusal is "$label: isoctl status lists the peers" "$(grep -o 'peer:.*' <<<"$out" | xargs)" \
		"peer:db.test:5432 peer:localhost:9301 peer:10.1.2.3:80 peer:[2001:db8::1]:81 peer:ntp.test:123/udp peer:own.test:9301"
	end_open
	like "$label: the journal names the unknown one" "$(records PEER_REFUSED $unit ISORUN_PEER)" "*other.test*"
}

# A connection that is there when its peer is revoked, and one that waits for its name.
test_revoke() {
	begin_open
	isoctl grant open peer:db.test:5432=127.0.0.1:9301
	patiently "${who[@]}" "$isoctl" enter open bash -c 'exec 3<>/dev/tcp/db.test/5432; printf "echo\nabc" >&3
		head -c 3 <&3; echo; head -c 1 <&3 2>&1; echo reached' >"$tmp/cut-$label" 2>&1 &
	await grep -q abc "$tmp/cut-$label"
	isoctl revoke open peer:db.test:5432
	is "$label: a peer is revoked" "$status $err" "0 "
	wait $!
	# promise P54
	no_refusal is "$label: a peer that is revoked loses its connections" "$(cat "$tmp/cut-$label")" \
		"abc
head: error reading 'standard input': Connection reset by peer
reached"
	# promise P54
	also said "... and is not reached any more" "Name or service not known" db.test 5432
	also said "... by its address, either" ECONNREFUSED 198.18.0.3 5432
	# promise P54
	also said "... nor by IPv6" ECONNREFUSED fd69:736f:7275:6e::c612:3 5432
	isoctl revoke open peer:db.test:5432
	is "$label: it is not revoked twice" "$status $err" "125 isoctl: open: peer:db.test:5432: no such peer was granted"
	no_refusal not_granted "it keeps its target" db.test:5432=127.0.0.1:9302 "it has led elsewhere before"
	no_refusal granted "it is granted again" db.test:5432=127.0.0.1:9301
	also no_refusal said "... and is reached again" abc db.test 5432
	isoctl grant open peer:next.test:5432=127.0.0.1:9301
	no_refusal is "$label: the next name has another address" \
		"$("${who[@]}" "$isoctl" enter open getent ahostsv4 next.test | head -n1 | cut -d' ' -f1)" 198.18.0.4
	end_open
}

# The process that makes listeners is stopped in the middle: meanwhile, connections and questions are answered.
test_slow_grant() {
	local maker job next
	begin_open -p ConnectTo=localhost:9301
	maker=$(first_pid '^isorun-inner$')
	kill -STOP "$maker"
	patiently "${who[@]}" "$isoctl" grant open peer:db.test:5432=127.0.0.1:9301 2>"$tmp/slow-$label" &
	job=$!
	patiently "${who[@]}" "$isoctl" grant open peer:next.test:5432=127.0.0.1:9301 2>"$tmp/next-$label" &
	next=$!
	await waits_for_maker
	no_refusal said "while a grant waits, connections are carried" abc 127.0.0.1 9301
	isoctl flows open
	also no_refusal ok "$label: ... and isorun-flows answers" test "$status" = 0
	also no_refusal ok "$label: ... and the grant waits still" kill -0 $job
	kill -CONT "$maker"
	wait $job
	no_refusal is "$label: ... until it is granted" "$? $(cat "$tmp/slow-$label")" "0 "
	wait $next
	no_refusal is "$label: ... and then the next one" "$? $(cat "$tmp/next-$label")" "0 "
	also no_refusal said "both are reached" abc db.test 5432
	also no_refusal said "... by their names" abc next.test 5432
	end_open
}
# Whether isorun-flows has sent a request that the maker has not read.
waits_for_maker() { [ "$(ss -xpnH 2>/dev/null | awk -v p="pid=$maker," 'index($0, p) && $3 > 0' | wc -l)" -gt 0 ]; }

# With peers and entrances of the policy, in another network namespace, and with records.
test_grant_beside() {
	local unit=isorun-open.scope nested=() pid
	[ "$label" = root ] && nested=(-p User=nobody)
	begin_open -p Nesting=yes "${nested[@]}" -p LogFlows=yes -p "ConnectTo=*.wild.test:5=127.0.0.1:9301 localhost:9301" \
		-p ListenOn=$((label_port + 3))=80
	pid=$(pgrep -f '^isorun-inner$' | while read -r p; do grep -q 'CapEff:.0*0$' "/proc/$p/status" || echo "$p"; done)
	# promise P54
	is "$label: the maker of listeners has two capabilities, no_new_privs and a filter" \
		"$(awk '/^CapPrm|^CapEff|^NoNewPrivs|^Seccomp:/ { print $2 }' "/proc/${pid:-x}/status" | xargs)" \
		"0000000000001400 0000000000001400 1 2"
	no_refusal said "a name of a pattern" abc a.wild.test 5
	no_refusal granted "... is granted on another port" a.wild.test:6=127.0.0.1:9301
	also no_refusal said "... and reached there" abc a.wild.test 6
	also no_refusal said "... and still on that of the pattern" abc a.wild.test 5
	no_refusal granted "another name, on the port of the pattern" else.test:5=127.0.0.1:9301
	also no_refusal said "... is reached" abc else.test 5
	no_refusal granted "an address, on the port of the pattern" 10.1.2.4:5=127.0.0.1:9301
	also no_refusal said "... is reached" abc 10.1.2.4 5
	no_refusal granted "an IPv6 address, on the port of the pattern" "[2001:db8::4]:5=127.0.0.1:9301"
	also no_refusal said "... is reached" abc 2001:db8::4 5
	isoctl revoke open peer:else.test:5
	also said "... until it is revoked" "Name or service not known" else.test 5
	not_granted "the port of an entrance" db.test:80 "inside, port 80 belongs to a server of ListenOn="
	isoctl revoke open peer:localhost:9301
	is "$label: a peer of the policy is not revoked" "$status $err" \
		"125 isoctl: open: peer:localhost:9301: it is a peer of the policy, and was not granted"
	isoctl grant open peer:own.test:9301
	said "a name of this host is refused" ECONNRESET own.test 9301
	end_open
	no_refusal like "$label: the journal has a record of each connection to a granted peer" \
		"$(records FLOW_ENDED $unit ISORUN_PEER ISORUN_DIRECTIVE | sort -u | xargs)" "*a.wild.test:6|GrantPeers*else.test:5|GrantPeers*"
	no_refusal like "$label: ... and of a refused one" "$(records PEER_REFUSED $unit MESSAGE)" \
		"*open was not connected to own.test:9301: a name may not lead to 127.0.0.1; isoctl grant NAME peer:own.test:9301=127.0.0.1:PORT would allow it*"
}

# A payload does to its connections whatever may harm, at random. Meanwhile, a peer comes and goes, isoctl asks, and the
# instance is frozen.
test_hostile() {
	local seed=$RANDOM times=${TEST_FULL:+20000} log=$tmp/hostile-out-$label pid instance rounds=0
	mkfifo "$tmp/hostile-$label"
	echo "# $label: hostile-flows.py $seed"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name hostile -v "$top/tests/hostile-flows.py:/hostile.py:ro" -p FlowsMax=100 \
		-p LogFlows=yes -p GrantPeers=yes -p "ConnectTo=localhost:9301 closed:7=127.0.0.1:1 nothing.invalid:5 \
			*.pat.test:81=127.0.0.1:9301 *.pat.test:7=127.0.0.1:9301 u.test:5/udp=127.0.0.1:9302 v.test:123/udp=127.0.0.1:9302" \
		python3 /hostile.py "$seed" "${times:-500}" <>"$tmp/hostile-$label" >"$log" 2>&1 &
	instance=$!
	await runs '^python3 /hostile.py'
	pid=$(first_pid '^isorun-flows$')
	until [ $rounds -gt 0 ] && grep -q "^done" "$log"; do
		isoctl grant hostile peer:granted:5=127.0.0.1:9301
		isoctl flows hostile
		ctl freeze isorun-hostile.scope
		ctl thaw isorun-hostile.scope
		isoctl revoke hostile peer:granted:5
		rounds=$((rounds + 1))
		runs '^python3 /hostile.py' || break
	done
	echo 1<>"$tmp/hostile-$label"
	await grep -q answered "$log"
	also no_refusal is "$label: whatever a payload has done to its connections, later ones are carried by the same process" \
		"$(tail -n1 "$log") $(cat "/proc/${pid:-x}/comm")" "answered isorun-flows"
	kill -KILL "$(first_pid '^python3 /hostile.py')"
	wait "$instance"
}

for label in root user; do
	label_port=9310
	[ $label = root ] || who=("$as_user") bus=(--user) label_port=9320
	test_flows
	test_askers
	test_grant
	test_revoke
	test_slow_grant
	test_grant_beside
	test_hostile
done
kill $server
