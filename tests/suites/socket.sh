#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Services that a socket unit starts: the payload gets the sockets, whatever network it has, and one instance runs for each
# connection where the unit says so. Needs a systemd.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP units would be put into this machine's systemd"
	exit 0
fi
optional="-p \"Optional=MemoryMax TasksMax\""

# A file of the manager's, from standard input.
unit_file() { cat >"$units/$1"; }

# What is answered: by TCP to a port, by UDP, or at a path.
ask() {
	python3 - "$@" <<-'PY'
		import os, socket, sys
		kind, where, text = sys.argv[1:4]
		address = where if kind == "unix" else ("127.0.0.1", int(where))
		s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
		s.settimeout(float(os.environ.get("TEST_PATIENCE", 10)))
		s.connect(address)
		s.send(text.encode() + b"\n")
		answer = s.recv(1000)
		while kind == "tcp" and (more := s.recv(1000)): # with a timeout, MSG_WAITALL does not wait
		    answer += more
		print(answer.decode().rstrip("\n").replace("MY-PORT", str(s.getsockname()[1] if kind != "unix" else 0)))
	PY
}

# Answers on every socket that it was passed, tells what it is, and whether it could have made one itself.
cat >"$tmp/server.py" <<'PY'
import os, selectors, socket
assert int(os.environ["LISTEN_PID"]) == os.getpid()
names = os.environ["LISTEN_FDNAMES"].split(":")
assert len(names) == int(os.environ["LISTEN_FDS"])
try:
    socket.socket(socket.AF_INET)
    own = "could"
except OSError:
    own = "could not"
devices = " ".join(sorted(name for _, name in socket.if_nameindex())) if own == "could" else "?"
fds = {3 + i: name for i, name in enumerate(names)}
selector = selectors.DefaultSelector()
for fd in fds:
    selector.register(fd, selectors.EVENT_READ)
said = ""
def answer(fd, text):
    return f"{fds[fd]}: {text.strip()} {' '.join(sorted(names))} {own}{said}\n".encode()
while True:
    for key, _ in selector.select():
        fd = key.fd
        if fds[fd] == "fifo":
            said = " fifo:" + os.read(fd, 1000).decode().strip()
            continue
        s = socket.socket(fileno=os.dup(fd))
        if s.type == socket.SOCK_DGRAM:
            data, peer = s.recvfrom(1000)
            s.sendto(answer(fd, data.decode()), peer)
        else:
            connection = s.accept()[0]
            connection.send(answer(fd, connection.recv(1000).decode()))
            connection.close()
PY

stop_all() {
	verified_start
	ctl stop isorun-test-{web,data,local,fifo}.socket isorun-test.service 2>/dev/null
	ctl reset-failed 2>/dev/null
}

test_several() {
	local name
	unit_file isorun-test.service <<-UNIT
		[Service]
		Type=exec
		ExecStart=$isorun --quiet $optional -p "RestrictAddressFamilies=~AF_INET AF_INET6" -v $tmp/server.py:/server.py:ro /usr/bin/python3 /server.py
	UNIT
	for name in web data local fifo; do
		printf '[Socket]\nService=isorun-test.service\nFileDescriptorName=%s\n' "$name" | unit_file "isorun-test-$name.socket"
	done
	echo ListenStream=127.0.0.1:8095 >>"$units/isorun-test-web.socket"
	echo ListenDatagram=127.0.0.1:8096 >>"$units/isorun-test-data.socket"
	echo "ListenStream=$runtime/isorun-test.socket" >>"$units/isorun-test-local.socket"
	echo "ListenFIFO=$runtime/isorun-test.fifo" >>"$units/isorun-test-fifo.socket"
	ctl daemon-reload
	ctl start isorun-test-{web,data,local,fifo}.socket

	is "$label: the first connection starts the service, its answer tells of all sockets" "$(ask tcp 8095 hello)" \
		"web: hello data fifo local web could not"
	is "$label: ... a datagram, in a network of its own" "$(ask udp 8096 hello)" "data: hello data fifo local web could not"
	is "$label: ... a unix socket of a directory that is not seen" "$(ask unix "$runtime/isorun-test.socket" hello)" \
		"local: hello data fifo local web could not"
	patiently sh -c 'echo text >"$1"' - "$runtime/isorun-test.fifo"
	ok "$label: ... a FIFO" eventually fifo_read
	is "$label: ... all by one process" "$(ctl show -P NRestarts isorun-test.service) $(ctl is-active isorun-test.service)" "0 active"
	also is "$label: ... in the service, without a scope" "$(ctl list-units --plain --no-legend 'isorun-*.scope')" ""
	stop_all
	also is "$label: ... which stops" "$(ctl show -P Result isorun-test.service)" success
	rm "$units"/isorun-test*
}
fifo_read() { [[ $(ask tcp 8095 x) = *fifo:text ]]; }

# One instance for a connection, which is its standard input and output.
test_each() {
	unit_file isorun-test-each.socket <<-UNIT
		[Socket]
		ListenStream=127.0.0.1:8098
		Accept=yes
	UNIT
	unit_file isorun-test-each@.service <<-UNIT
		[Service]
		StandardInput=socket
		StandardError=journal
		ExecStart=$isorun --quiet $optional sh -c 'read line; echo "got \$\$line \$\$REMOTE_ADDR \$\$REMOTE_PORT \$\$(ls /proc/self/fd | wc -l)"'
	UNIT
	ctl daemon-reload
	ctl start isorun-test-each.socket
	# (fds 0 to 2, and that of ls)
	no_refusal is "$label: a connection is its instance's standard input and output" \
		"$(ask tcp 8098 'hello MY-PORT' | awk '{print $1, $2, $4, $3 == $5, $6}')" "got hello 127.0.0.1 1 4"
	ask tcp 8098 'one' >/dev/null & ask tcp 8098 'two' >/dev/null & wait
	also no_refusal is "$label: ... of which each has one" "$(ctl show -P NAccepted isorun-test-each.socket)" 3
	also no_refusal ok "$label: ... that ends with it" eventually nothing_left each

	unit_file isorun-test-each@.service <<-UNIT
		[Service]
		ExecStart=$isorun --quiet $optional /usr/bin/python3 -c 'import os, socket; s = socket.socket(fileno=3); s.send(b"%%s %%s %%s" %% (os.environ["LISTEN_FDS"].encode(), os.environ["LISTEN_FDNAMES"].encode(), s.recv(100)))'
	UNIT
	ctl daemon-reload
	no_refusal is "$label: it can be fd 3" "$(ask tcp 8098 hello)" "1 connection hello"

	unit_file isorun-test-each@.service <<-UNIT
		[Service]
		StandardInput=socket
		ExecStart=$isorun --verbose $optional sh -c 'read line; echo "got \$\$line"; echo error >&2'
	UNIT
	ctl daemon-reload
	no_refusal is "$label: the client gets the bytes of the payload, and no message" "$(ask tcp 8098 "$label")" "got $label"$'\nerror'
	also ok "$label: ... which are in the journal" eventually says_steps

	unit_file isorun-test-each@.service <<-UNIT
		[Service]
		StandardInput=socket
		ExecStart=$isorun --quiet $optional --policy $tmp/wrong-$label.conf cat
	UNIT
	printf "[Sandbox]\nWrong=1\n" >"$tmp/wrong-$label.conf"
	ctl daemon-reload
	no_refusal is "$label: the client of an instance that cannot start gets nothing" "$(ask tcp 8098 hello 2>/dev/null)" ""
	also ok "$label: ... but the journal says why" eventually says_why
	also ok "$label: ... and leaves nothing but its failure" eventually failed_only
	ctl stop isorun-test-each.socket
	ctl reset-failed
	rm "$units"/isorun-test-each*
}
instances() { ctl list-units --all --plain --no-legend "isorun-test-$1@*" | awk '{print $3}' | sort -u; }
nothing_left() { [ -z "$(instances "$1")" ] && [ -z "$(find /sys/fs/cgroup -name "isorun-test-$1@*.service")" ]; }
says_steps() { journalctl -q -o cat -p debug _UID="$("${who[@]}" id -u)" SYSLOG_IDENTIFIER=isorun | grep -q "outside: the plan is made"; }
says_why() { journalctl -q -o cat SYSLOG_IDENTIFIER=isorun | grep -q "wrong-$label.conf:2: Wrong=: "; }
failed_only() { [ "$(instances each)" = failed ] && [ -z "$(find /sys/fs/cgroup -name "isorun-test-each@*.service")" ]; }

all() {
	mkdir -p "$units"
	test_several
	test_each
}

label=root who=() bus=() units=/run/systemd/system runtime=/run
all
runtime=/run/user/$(id -u "$TH_USER")
label=user who=("$as_user") bus=(--user) units=$runtime/systemd/user
all
