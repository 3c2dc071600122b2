#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real servers as services whose main process is isorun: they answer, are stopped, frozen, restarted and killed as any
# service is, and leave nothing. Needs a systemd.
. "$(dirname "$0")/../services.sh"

get() { # URL path, port
	body=$(curl -sf --max-time 0.5 "http://127.0.0.1:$2/$1")
}

probe_nginx() { get generation 18080; }
probe_http() { get index.html 18081; }

write_site() { # generation
	mkdir -p "$dir/site"
	echo hello >"$dir/site/index.html"
	cat >"$dir/site/nginx.conf.new" <<-NGINX
		pid /run/nginx.pid;
		error_log stderr;
		worker_processes 2;
		events {}
		http {
			access_log off;
			server {
				listen 127.0.0.1:18080;
				root /srv/site;
				location /generation { return 200 $1; }
			}
		}
	NGINX
	mv "$dir/site/nginx.conf.new" "$dir/site/nginx.conf"
}

# At least 1000 requests, each a connection of its own, until the file of the first argument is there. A worker of
# nginx's that is told to end closes a connection of which it has read nothing yet, in some hundred reloads one (without
# isorun, too): such a request may be made again (RFC 9110, 9.2.2), and is lost if that fails.
ask_all_the_time() {
	python3 - "$@" <<-'PY'
		import collections, http.client, os, sys, threading, urllib.request
		seen = collections.Counter()
		def get():
		    urllib.request.urlopen("http://127.0.0.1:18080/index.html", timeout=10).read()
		def ask():
		    n = 0
		    while n < 250 or not os.path.exists(sys.argv[1]):
		        n += 1
		        try:
		            try:
		                get()
		            except http.client.RemoteDisconnected:
		                get()
		            seen["answered"] += 1
		        except OSError as e:
		            seen[str(e)] += 1
		threads = [threading.Thread(target=ask) for i in range(4)]
		for t in threads: t.start()
		for t in threads: t.join()
		print(seen.pop("answered") >= 1000, *seen.items())
	PY
}

is_generation() { probe_nginx && [ "$body" = "$1" ]; }

test_nginx() {
	local i
	write_policy nginx <<<"[Policy]
Base=$top/policies/web.conf
[Sandbox]
ListenOn=18080 18081"
	write_site 0
	write_service nginx "--policy $dir/nginx.conf -v $dir/site:/srv/site:ro \
		/usr/sbin/nginx -c /srv/site/nginx.conf -g 'daemon off;'" <<-'UNIT'
		ExecReload=/bin/kill -HUP $MAINPID
	UNIT
	trials nginx

	start_service nginx
	ask_all_the_time "$dir/reloaded" >"$dir/asked" &
	for i in 1 2 3 4 5; do
		write_site "$i"
		"${ctl[@]}" reload isorun-nginx.service
		ok "$label: nginx reloaded has the new configuration" eventually is_generation "$i"
	done
	touch "$dir/reloaded"
	wait $!
	is "$label: nginx loses none of 1000 requests while it is reloaded five times" "$(cat "$dir/asked")" True
	stop_service nginx
}

test_http() {
	write_service http "--policy $dir/nginx.conf -v $dir/site:/srv/site:ro \
		/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv/site 18081" </dev/null
	trials http
}

# The same over a unix socket on a volume, with no network at all.
probe_socket() { body=$(curl -sf --max-time 0.5 --unix-socket "$dir/socket/web" http://localhost/index.html); }

test_nginx_socket() {
	mkdir -p "$dir/socket"
	chown "$owner" "$dir/socket"
	write_policy socket <<<"[Policy]
Base=$top/policies/web.conf
[Sandbox]
PrivateNetwork=yes
RestrictAddressFamilies=
RestrictAddressFamilies=AF_UNIX
CapabilityBoundingSet=CAP_DAC_OVERRIDE"
	sed -i 's,listen .*,listen unix:/srv/socket/web;,' "$dir/site/nginx.conf"
	remember_traces
	write_service socket "--policy $dir/socket.conf -v $dir/site:/srv/site:ro -v $dir/socket:/srv/socket \
		/usr/sbin/nginx -c /srv/site/nginx.conf -g 'daemon off;'" </dev/null
	start_service socket
	is "$label: ... over a unix socket on a volume" "$body" hello
	stop_service socket
}

test_redis() {
	write_redis --save 3600 1 <<<$'MemoryMax=128M\nTasksMax=32'
	trials redis

	touch "$dir/before"
	start_service redis
	is "$label: redis takes a value" "$(redis SET isorun kept)" OK
	"${ctl[@]}" restart isorun-redis.service
	await probe_redis
	is "$label: ... has it after a restart, from the volume" "$(redis GET isorun)" kept
	stop_service redis
	is "$label: ... and nothing of it is elsewhere" \
		"$(find "$dir" /var/lib/redis /var/log/redis -newer "$dir/before" -type f)" "$dir/redis/dump.rdb"
}

# redis tells its manager when it is ready, and is the service's main process itself but for the reaper.
test_redis_notify() {
	remember_traces
	write_service notify "--hand-over --policy $dir/redis.conf -p RestrictAddressFamilies=AF_UNIX /usr/bin/redis-server --bind 127.0.0.1 --port 18082 \
		--dir /var/lib/redis --save 3600 1 --supervised systemd" <<<"Type=notify"
	"${ctl[@]}" start isorun-notify.service
	ok "$label: redis with Type=notify has started when it answers" probe_redis
	is "$label: ... it is the one who has said so" "$(show isorun-notify.service StatusText)" \
		"Ready to accept connections"
	stop_service notify
}

test_timer() {
	mkdir -p "$dir/ticks"
	chown "$owner" "$dir/ticks"
	remember_traces
	write_service tick "-p 'Optional=MemoryMax TasksMax' -v $dir/ticks:/ticks sh -c 'echo tick >>/ticks/all'" <<<"Type=oneshot"
	write_unit isorun-tick.timer <<-'UNIT'
		[Timer]
		OnActiveSec=0
		OnUnitInactiveSec=100ms
		AccuracySec=1ms
	UNIT
	"${ctl[@]}" daemon-reload
	"${ctl[@]}" start isorun-tick.timer
	ok "$label: a timer starts it again and again" eventually ticked
	"${ctl[@]}" stop isorun-tick.timer
	ok "$label: ... and ends by itself" eventually is_state isorun-tick.service "success inactive"
	ok_gone "$label: the timer stopped, nothing is left"
	write_service tick "-p 'Optional=MemoryMax TasksMax' sh -c 'exit 9'" <<<"Type=oneshot"
	"${ctl[@]}" start isorun-tick.service 2>/dev/null
	is "$label: a oneshot that fails" "$(state isorun-tick.service) $(show isorun-tick.service ExecMainStatus)" \
		"exit-code failed 9"
	"${ctl[@]}" reset-failed isorun-tick.service
}

ticked() { [ -e "$dir/ticks/all" ] && [ "$(wc -l <"$dir/ticks/all")" -ge 2 ]; }

# A command that goes to the background is a command that has ended: what it leaves running ends with it.
test_daemon() {
	local type
	remember_traces
	for type in exec forking; do
		write_service daemon "--policy $dir/nginx.conf -v $dir/site:/srv/site:ro \
			/usr/sbin/nginx -c /srv/site/nginx.conf" <<<"Type=$type"
		"${ctl[@]}" start isorun-daemon.service
		ok "$label: a daemon is not kept, with Type=$type" eventually is_state isorun-daemon.service "success inactive"
	done
	write_service daemon "-p 'Optional=MemoryMax TasksMax' sh -c 'setsid sleep 4711 & (setsid sleep 4712 &) ; exit 5'" </dev/null
	"${ctl[@]}" start isorun-daemon.service
	await is_state isorun-daemon.service "exit-code failed"
	is "$label: ... the exit status is the command's" "$(show isorun-daemon.service ExecMainStatus)" 5
	"${ctl[@]}" reset-failed isorun-daemon.service
	ok_gone "$label: ... and nothing is left of its children"
}

all() {
	test_nginx
	test_http
	test_daemon
	test_nginx_socket
	test_redis
	test_redis_notify
	test_timer
	remove_units
}

for_each_manager all
