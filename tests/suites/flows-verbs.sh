#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What isoctl does with the connections that isorun carries: flows, status and top.
. "$(dirname "$0")/../lib.sh"

if [ "${TESTHOST-}" != nested ]; then
	echo "1..0 # SKIP it listens at fixed ports"
	exit 0
fi
mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
ip link set lo up
mkfifo "$tmp/ready"
exec 9<>"$tmp/ready"
python3 "$top/tests/flow-server.py" 127.0.0.1:9301 >"$tmp/ready" &
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
    s.sendall(b"isorun\0\0" + struct.pack("I20sI", int(sys.argv[2]), b"test", question))
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
	box --net -p AbstractSockets=yes -v "$tmp/ask.py:/ask.py:ro" python3 /ask.py "$name" "$version" 1
	is "$label: ... but no program in a sandbox, as the same user" "$status $out" "0 answer none"
	setpriv --reuid=65534 --regid=65534 --clear-groups python3 "$tmp/ask.py" "$name" "$version" 1 >"$tmp/other" 2>&1
	is "$label: ... and no other user" "$(tail -n1 "$tmp/other")" "answer none"
	kill -STOP "$(first_pid '^isorun-flows$')"
	"${who[@]}" python3 "$tmp/ask.py" "$name" "$version" 400
	isoctl top linked
	no_refusal like "$label: a process that does not answer stops nothing" "$status $out" "0 NAME*linked*"
	also unlike "$label: ... and its connections are not known" "$out" "*FLOWS*"
	kill -CONT "$(first_pid '^isorun-flows$')"
	no_refusal ok "$label: ... until it answers again, also after many questions" eventually is_down_to 3
	end
}

for label in root user; do
	label_port=9310
	[ $label = root ] || who=("$as_user") bus=(--user) label_port=9320
	test_flows
	test_askers
done
kill $server
