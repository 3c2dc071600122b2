#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that use the network in their own ways reach named peers, and are reached: git, ssh, psql, node, a static
# program, redis, a question to a name server, IPv6, and an instance inside another.
. "$(dirname "$0")/../lib.sh"

if [ "${TESTHOST-}" != nested ]; then
	echo "1..0 # SKIP it starts servers at fixed ports"
	exit 0
fi
PATH=$PATH:/usr/sbin:/sbin
mode=(--no-scope -p Optional="MemoryMax MemorySwapMax TasksMax")
databases=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1)
note=" [no refusal]"
answers() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", sys.argv[1]))' "$1" 2>/dev/null; }

# The host's servers, which all listen at its loopback.
make_repository() {
	local git=(git -C "$tmp/site/repo" -c user.name=t -c user.email=t@example.test)
	mkdir -p "$tmp/site/repo"
	"${git[@]}" init -q
	head -c 3000000 /dev/urandom >"$tmp/site/repo/file"
	"${git[@]}" add file
	"${git[@]}" commit -qm first
	"${git[@]}" update-server-info # for http(s), which knows only files
	was_committed=$("${git[@]}" rev-parse HEAD)
}

serve_files() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=git.example.test -addext subjectAltName=DNS:git.example.test \
		-keyout "$tmp/key" -out "$tmp/certificate" 2>/dev/null
	cat >"$tmp/nginx.conf" <<-END
		pid $tmp/nginx.pid;
		user root;
		events {}
		http {
			access_log off;
			server {
				listen 127.0.0.1:7080;
				listen [::1]:7080;
				listen 127.0.0.1:7443 ssl;
				ssl_certificate $tmp/certificate;
				ssl_certificate_key $tmp/key;
				root $tmp/site;
			}
		}
	END
	echo hello >"$tmp/site/index.html"
	nginx -e stderr -c "$tmp/nginx.conf" -g 'daemon off;' &
	git daemon --listen=127.0.0.1 --port=7418 --base-path="$tmp/site" --export-all 2>/dev/null &
	await answers 7443
	await answers 7418
}

serve_ssh() {
	mkdir -p /run/sshd "$tmp/ssh"
	ssh-keygen -qt ed25519 -N '' -f "$tmp/ssh/host"
	ssh-keygen -qt ed25519 -N '' -f "$tmp/ssh/client"
	cp "$tmp/ssh/client.pub" "$tmp/ssh/authorized"
	echo "git.example.test $(cut -d' ' -f1-2 "$tmp/ssh/host.pub")" >"$tmp/ssh/known"
	"$(command -v sshd)" -D -e -f /dev/null -p 7022 -h "$tmp/ssh/host" -o ListenAddress=127.0.0.1 -o UsePAM=no -o StrictModes=no \
		-o PermitRootLogin=yes -o AuthorizedKeysFile="$tmp/ssh/authorized" -o PidFile=none 2>"$tmp/ssh/log" &
	await answers 7022
}

# Each user of the machine is a user of the database, by the credentials of the socket alone.
serve_database() {
	local become=(setpriv --reuid postgres --regid postgres --init-groups)
	mkdir -m 700 "$tmp/data"
	mkdir -m 755 "$tmp/database"
	chown postgres: "$tmp/data" "$tmp/database"
	"${become[@]}" "$databases/initdb" --no-sync --no-locale -E UTF8 -A peer -D "$tmp/data" >/dev/null
	"${become[@]}" "$databases/postgres" -D "$tmp/data" -F -c listen_addresses= -c unix_socket_directories="$tmp/database" \
		2>"$tmp/database.log" &
	await "${become[@]}" psql -qh "$tmp/database" -c "CREATE ROLE $TH_USER LOGIN" postgres 2>/dev/null
}

serve_names() {
	dnsmasq -kC /dev/null -p 7053 --listen-address=127.0.0.1 --bind-interfaces -Ru root --address=/known.example.test/192.0.2.7 \
		-x "$tmp/dnsmasq.pid" &
	await answers 7053
}

# Programs inside. The options come before --.
works() { # description, expected output, options..., command...
	box "${@:3}"
	is "$label: $1" "$status $out" "0 $2"
}

cloned() { # description, peer, URL, options...
	works "$1" "$was_committed" -c "$2" "${@:4}" sh -c 'git clone -q "$0" /tmp/clone && git -C /tmp/clone rev-parse HEAD &&
		git -C /tmp/clone fsck' "$3"
}

test_git() {
	local ssh="ssh -p 7022 -F none -i /key -o UserKnownHostsFile=/known -o HostKeyAlias=git.example.test -o ControlMaster=no"
	cloned "git clones over its own protocol" git.example.test:9418=127.0.0.1:7418 git://git.example.test/repo
	cloned "... over https, whose certificate has the peer's name" git.example.test:443=127.0.0.1:7443 \
		https://git.example.test/repo/.git -v "$tmp/certificate:/certificate:ro" -p Environment=GIT_SSL_CAINFO=/certificate
	install -m 600 "$tmp/ssh/client" "$tmp/ssh/client-$label"
	"${who[@]}" true && chown "$("${who[@]}" id -u)" "$tmp/ssh/client-$label"
	cloned "... and over ssh" git.example.test:7022=127.0.0.1:7022 "root@git.example.test:$tmp/site/repo" \
		-v "$tmp/ssh/client-$label:/key:ro" -v "$tmp/ssh/known:/known:ro" -p "Environment=\"GIT_SSH_COMMAND=$ssh\""
}

test_database() {
	local role=postgres as=(-p User=postgres -p Group=postgres)
	[ $label = root ] || role=$TH_USER as=()
	works "psql reaches a socket by a name, and is authenticated as the payload's user" "$role 100000" "${as[@]}" \
		-c "db.example.test:5432=unix:$tmp/database/.s.PGSQL.5432" psql -XAtF ' ' -h db.example.test -U "$role" \
		-c "SELECT current_user, count(*) FROM generate_series(1, 100000)" postgres
	box "${as[@]}" -c "db.example.test:5432=unix:$tmp/database/.s.PGSQL.5432" psql -XAt -h db.example.test -U root \
		-c "SELECT 1" postgres
	refusal like "$label: ... and as no other user" "$status $err" '2 *Peer authentication failed for user "root"*'
}

# A socket unit of systemd, whose service a connection starts.
begin_proxy() { # unit, where it listens, to where, options of systemd-run...
	systemd-run -q --unit="$1" --socket-property=ListenStream="$2" "${@:4}" /usr/lib/systemd/systemd-socket-proxyd "$3"
}
begin_proxies() {
	begin_proxy starts-database "$tmp/database/proxy" "$tmp/database/.s.PGSQL.5432" -p User=postgres
	begin_proxy starts-root 127.0.0.1:7391 127.0.0.1:7080
	"$as_user" systemd-run -q --user --unit=starts-user --socket-property=ListenStream='[::]:7392' \
		/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:7080
}
test_units() {
	local of=
	[ $label = root ] || of=user:
	systemctl stop starts-database.service 2>/dev/null
	is "$label: no connection has started the database's proxy yet" "$(systemctl is-active starts-database.service)" inactive
	works "psql reaches a database through a unit of the system" postgres \
		-c "db.example.test:5432=unit:system:starts-database.socket" \
		psql -XAt -h db.example.test -U postgres -c "SELECT current_user" postgres
	also is "$label: ... which the connection has started" "$(systemctl is-active starts-database.service)" active
	works "curl reaches a server through the only unit that the manager has" hello \
		-c "www.example.test:80=unit:${of}starts-$label.socket" curl -s http://www.example.test/
	refusal refused "a unit that the manager does not have" "--connect: ConnectTo=: the system's service manager has no unit gone.socket" \
		-c "db.example.test:5432=unit:system:gone.socket" true
}

test_languages() {
	local peer=www.example.test:80=127.0.0.1:7080
	works "a static program looks a peer up" hello -c $peer busybox wget -qO- http://www.example.test/
	if [ -x "$(command -v node)" ]; then
		works "node reaches a peer" "200 hello" -c $peer node -e 'require("http").get("http://www.example.test/", r =>
			r.on("data", d => console.log(r.statusCode, String(d).trim())))'
	else
		skip "$label: node reaches a peer" "node is not installed"
	fi
	# A JVM takes a second of processor time to start.
	if [ -z "${TEST_FULL-}" ]; then
		skip "$label: java reaches a peer" "TEST_FULL is not set"
	elif [ -x "$(command -v javac)" ]; then
		works "java reaches a peer" "200 hello" -v "$tmp/java:/java:ro" -c $peer java -cp /java Get http://www.example.test/
	else
		skip "$label: java reaches a peer" "javac is not installed"
	fi
	works "a peer has an IPv6 address" hello -c 'www.example.test:80=[::1]:7080' curl -s http://www.example.test/
	works "busybox asks a name server that is a peer" "Address: 192.0.2.7" -c ns.example.test:53/udp=127.0.0.1:7053 \
		sh -c 'busybox nslookup -type=a known.example.test ns.example.test | grep -o "Address: 192.*"'
}

# Nothing of an inner instance gets further than the outer one.
test_two_deep() {
	local inner=(-p Nesting=yes "${nest_as[@]}" -v "$isorun:/run/isorun:ro")
	# The sanitizer's leak check uses ptrace(2), which fails in a sandbox.
	! is_sanitized || inner+=(-p Environment=ASAN_OPTIONS=detect_leaks=0)
	works "an instance inside another reaches a peer of both" "hello" "${inner[@]}" -c www.example.test:80=127.0.0.1:7080 \
		/run/isorun --no-scope --quiet -c www.example.test:80 curl -s http://www.example.test/
	box "${inner[@]}" -c www.example.test:80=127.0.0.1:7080 \
		/run/isorun --no-scope --quiet -c localhost:7443 -c www.example.test:80 sh -c 'curl -s http://www.example.test/
			curl -sk https://localhost:7443/ || echo unreached'
	refusal is "$label: ... but no service that only the outer host has" "$status $(xargs <<<"$out")" "0 hello unreached"
}

# Redis believes clients from the loopback address, and only those.
test_redis() {
	local port=7379 ready ask=(redis-cli -p 7379)
	[ $label = root ] || port=7380 ask=(redis-cli -p 7380)
	for protected in yes no; do
		ready=$tmp/redis-$label-$protected
		: >"$ready"
		"${who[@]}" "$isorun" --quiet "${mode[@]}" --name "redis-$protected" -p ListenOn=$port=6379 redis-server --save '' \
			--protected-mode $protected --daemonize no >"$ready" &
		await grep -q "Ready to accept" "$ready"
		if [ $protected = yes ]; then
			refusal like "$label: a client of redis is none of the loopback, which redis trusts" "$("${ask[@]}" ping 2>&1)" "*DENIED*"
		else
			is "$label: redis answers at a port of the host" "$("${ask[@]}" set k v) $("${ask[@]}" get k)" "OK v"
			is "$label: ... and a thousand clients" "$(patiently redis-benchmark -p $port -n 1000 -k 0 -t ping_mbulk -q 2>&1 | grep -c 'requests per second')" 1
		fi
		kill "$(first_pid '^redis-server .*6379')"
		wait $!
	done
}

make_java() {
	[ -n "${TEST_FULL-}" ] && [ -x "$(command -v javac)" ] || return 0
	cat >"$tmp/Get.java" <<-'JAVA'
		import java.net.*;
		public class Get {
			public static void main(String[] argv) throws Exception {
				var c = (HttpURLConnection) new URL(argv[0]).openConnection();
				System.out.print(c.getResponseCode() + " " + new String(c.getInputStream().readAllBytes()));
			}
		}
	JAVA
	mkdir -m 755 "$tmp/java"
	javac -d "$tmp/java" "$tmp/Get.java" && chmod 644 "$tmp/java/Get.class"
}

# The web server with the configuration of its package, at the usual port of the host, under its policy. Clients who come
# eight at a time, each with a connection of its own, all get their page.
test_nginx() {
	"$isorun" --quiet --policy "$top/policies/web.conf" "${mode[@]}" -p Optional=CPUQuota -p ListenOn=80 nginx -e stderr \
		-g 'daemon off;' &
	await answers 80
	is "root: nginx as its package has it, at port 80 of the host: 1000 requests, none lost" "$(python3 - <<-'PY'
		import concurrent.futures, urllib.request
		def get(_):
		    with urllib.request.urlopen("http://127.0.0.1/", timeout=60) as page:
		        return page.status == 200 and b"nginx" in page.read()
		with concurrent.futures.ThreadPoolExecutor(8) as pool:
		    print(sum(pool.map(get, range(1000))))
	PY
	)" 1000
	kill "$(first_pid '^nginx: master process nginx -e stderr -g')"
	wait $!
}

make_repository
make_java
serve_files
serve_ssh
serve_database
serve_names
begin_proxies
verified_with_cgroup() {
	local mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
	verified_start -p ConnectTo=127.0.0.1:5432
}

all() {
	verified_with_cgroup
	test_git
	test_database
	test_units
	test_languages
	test_two_deep
	test_redis
}
as_everybody all
test_nginx
