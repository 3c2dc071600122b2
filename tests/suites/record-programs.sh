#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun --record with real programs: each runs under its record alone as it ran before, and systemd runs the unit that
# isoctl export makes of a record. A program that is not installed is skipped. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
# A program inside has a tracer already, so a sanitizer cannot look for leaks there.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
work=$tmp/work
record=$tmp/records/policy.conf
mode=(--no-scope -p "Optional=MemoryMax MemorySwapMax TasksMax CPUQuota")
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") owner=$TH_USER
else
	label=root owner=root
fi

make_files() {
	rm -rf "$work"
	mkdir -p "$tmp/records"
	mkdir -m 755 "$work" "$work/src" "$work/site"
	printf 'int main(void) { return 0; }\n' >"$work/src/a.c"
	printf 'a: a.c\n\tcc -o a a.c\n' >"$work/src/Makefile"
	echo hello >"$work/site/index.html"
	git -C "$work/src" init -q .
	git -C "$work/src" add .
	git -C "$work/src" -c user.name=a -c user.email=a@example.org commit -qm first
	chown -R "$owner" "$work" "$tmp/records"
	cd "$work" || exit
}

# Records a script, and runs it again in new files, under the record alone. What it prints must be the same.
again() { # description, program that it needs, expected output, options of isorun..., script
	local script=${*: -1}
	if ! PATH=$PATH:$postgres command -v "$2" >/dev/null; then
		skip "$label: $1" "no $2"
		return
	fi
	rm -f "$record"
	make_files
	box --here --record "$record" "${@:4:$#-4}" sh -c "$script"
	no_refusal is "$label: $1: recorded" "$status $out" "0 $3"
	make_files
	run "${who[@]}" "$isorun" --quiet --no-scope --policy "$record" sh -c "$script"
	also is "$label: $1: under the record alone" "$status $out" "0 $3"
}

# Prefix of a script: tries a command for some seconds.
until='try() { for i in $(seq 300); do "$@" 2>/dev/null && return; sleep 0.1; done; return 1; }; '
postgres=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | tail -n1)

# Servers outside, which clients inside reach by a peer.
serve_outside() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" -out "$tmp/cert.pem" -days 3 -subj /CN=localhost 2>/dev/null
	chmod 644 "$tmp/key.pem" "$tmp/cert.pem"
	make_files
	python3 -Ic 'import http.server, sys
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
print(server.server_address[1], flush=True)
server.serve_forever()' >"$tmp/port" 2>/dev/null &
	await test -s "$tmp/port"
	port=$(cat "$tmp/port")
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/hostkey"
	ssh-keygen -q -t ed25519 -N '' -f "$tmp/id"
	chown "$owner" "$tmp/id"
	printf '%s\n' "Port 17422" "ListenAddress 127.0.0.1" "HostKey $tmp/hostkey" "AuthorizedKeysFile $tmp/id.pub" "PidFile none" \
		"StrictModes no" "UsePAM no" "PermitRootLogin yes" >"$tmp/sshd.conf"
	mkdir -p /run/sshd
	"$(command -v sshd)" -D -f "$tmp/sshd.conf" -E "$tmp/sshd.log" &
	await python3 -c 'import socket; socket.create_connection(("127.0.0.1", 17422))' 2>/dev/null
}

test_tools() {
	if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
		again "python3 with numpy" /usr/bin/python3 "3.0 12.0" \
			'/usr/bin/python3 -c "import numpy; print(*map(float, numpy.arange(6).reshape(2, 3).dot(numpy.ones(3))))"'
	else
		skip "$label: python3 with numpy" "no numpy"
	fi
	again "node" node "3 2d711642" 'node -e "
const fs = require(\"fs\"), zlib = require(\"zlib\"), crypto = require(\"crypto\");
fs.writeFileSync(\"out\", zlib.gzipSync(\"x\"));
console.log(zlib.gunzipSync(fs.readFileSync(\"out\")).length + 2, crypto.createHash(\"sha256\").update(\"x\").digest(\"hex\").slice(0, 8))"'
	again "gcc" gcc "" 'gcc -O2 -o out src/a.c && ./out'
	again "make" make "cc -o a a.c" 'make -s --no-print-directory -C src && echo cc -o a a.c'
	again "git clone" git "a.c" 'git -c safe.directory=* clone -q --no-hardlinks src clone && ls clone/a.c | sed s,clone/,,'
	again "sqlite3" sqlite3 "3" 'sqlite3 d.db "create table t(a); insert into t values(1), (2); select sum(a) from t"'
	again "ffmpeg" ffmpeg "made" \
		'ffmpeg -loglevel error -f lavfi -i testsrc=duration=1:size=64x64:rate=5 -y out.mkv </dev/null && test -s out.mkv && echo made'
	again "convert" convert "PNG" 'convert -size 32x32 xc:red out.png && head -c 4 out.png | tail -c 3'
	again "tar" tar "src/a.c" 'tar czf out.tar.gz src && mkdir to && tar xzf out.tar.gz -C to && cd to && ls src/a.c'
}

test_clients() {
	again "curl" curl "hello" -c "web.example:80=127.0.0.1:$port" 'curl -sS http://web.example/'
	again "ssh" ssh "over" -c "host.example:22=127.0.0.1:17422" -v "$tmp/id:$tmp/id:ro" \
		"ssh -F none -i $tmp/id -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes \
		$owner@host.example echo over"
}

test_servers() {
	again "openssl s_server" openssl "answers" -v "$tmp/key.pem:$tmp/key.pem:ro" -v "$tmp/cert.pem:$tmp/cert.pem:ro" \
		"$until openssl s_server -accept 4433 -cert $tmp/cert.pem -key $tmp/key.pem -www >/dev/null 2>&1 &
		try curl -sk -o /dev/null https://127.0.0.1:4433/ && echo answers; kill \$!"
	again "nginx" "$(PATH=$PATH:/usr/sbin command -v nginx || echo nginx)" "hello" "$until PATH=\$PATH:/usr/sbin; printf 'daemon off; pid /run/nginx.pid; error_log stderr; events {}
http { access_log off; server { listen 127.0.0.1:8080; root %s/site; } client_body_temp_path /tmp/a; proxy_temp_path /tmp/b;
fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e; }' \$PWD >nginx.conf
		nginx -c \$PWD/nginx.conf 2>/dev/null & try curl -sf http://127.0.0.1:8080/index.html; kill \$!; wait"
	again "redis" redis-server "PONG
OK
1
dump.rdb" "$until redis-server --port 7001 --save 60 1 >/dev/null & try redis-cli -p 7001 ping
		redis-cli -p 7001 set a 1; redis-cli -p 7001 get a; redis-cli -p 7001 shutdown save; wait; ls dump.rdb"
	[ "$label" = user ] || return
	again "postgres, initdb and pgbench" initdb "number of transactions actually processed: 40/40" \
		"$until PATH=\$PATH:$postgres
		initdb -D \$PWD/data -A trust -N >/dev/null && postgres -D \$PWD/data -k \$PWD -c listen_addresses= >log 2>&1 &
		server=\$!; try pg_isready -q -h \$PWD; pgbench -h \$PWD -i -q postgres >/dev/null 2>&1
		pgbench -h \$PWD -t 20 -c 2 postgres 2>/dev/null | grep processed; kill \$server; wait"
}

# What a record opened is told, and systemd runs the unit that is made of it.
test_verbs() {
	local unit
	again "a server for a unit" python3 "hello
made" 'cat site/index.html && echo made >made && cat made'
	run "${who[@]}" "$isoctl" diff default "$record"
	also like "$label: isoctl diff shows what the record opened" "$status $out" "1 *$record allows, and default does not:
*: $work of the host, writable,*default allows, and $record does not:*"
	run "${who[@]}" "$isoctl" why "$record" write "$work/made" read "$work/../records" -- sh
	also like "$label: isoctl why knows it" "$status $out" "1 write $work/made: allowed*read $work/../records: denied, ENOENT*"
	mode=()
	verified_start --policy "$record"
	make_files
	run "${who[@]}" "$isoctl" export --unit "$record" --name recorded -- /bin/sh -c "cd $work && cat site/index.html >made; echo \$? /* >>made; : >/usr/made || ls $tmp/records >>made"
	also is "$label: isoctl export makes a unit of it" "$status" 0
	unit=$units/recorded.service
	mkdir -p "$units"
	echo "$out" >"$unit"
	"${who[@]}" systemctl "${bus[@]}" daemon-reload
	"${who[@]}" timeout 60 systemctl "${bus[@]}" start --wait recorded.service
	like "$label: ... that writes where the command wrote" "$(head -n1 "$work/made" 2>&1)" hello
	also like "$label: ... and sees nothing else" "$(sed -n 2p "$work/made")" "0 /bin /dev /etc /lib* /proc* /run * /tmp /usr /var"
	also is "$label: ... no home, and no data" "$(sed -n 2p "$work/made" | tr ' ' '\n' | grep -E '^/(home|opt|srv|media|mnt)$')" ""
	also is "$label: ... nor another directory" "$(sed -n '3,$p' "$work/made")" ""
	rm -f "$unit"
	"${who[@]}" systemctl "${bus[@]}" daemon-reload
}

units=/run/systemd/system bus=()
if [ "$label" = user ]; then
	units=$(getent passwd "$TH_USER" | cut -d: -f6)/.config/systemd/user bus=(--user)
	"${who[@]}" mkdir -p "$units"
fi
serve_outside
test_tools
test_clients
test_servers
test_verbs
