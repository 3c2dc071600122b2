#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job: real web servers under policies/web.conf. Needs a systemd and controllers for the policy's limits.
. "$(dirname "$0")/../lib.sh"
patience=60
policy=$top/policies/web.conf

fetch() { # URL; what came in $body
	body=$(curl -sf --max-time 10 "$1")
}

mkdir -p /srv/www 2>/dev/null
site=$tmp/site
mkdir -p "$site"
echo "<p>hello from the sandbox</p>" >"$site/index.html"
chmod -R a+rX "$site"
cat >"$site/nginx.conf" <<'NGINX'
pid /run/nginx.pid;
error_log stderr;
events {}
http {
	access_log /var/log/nginx/access.log;
	server { listen 80; root /srv/site; }
}
NGINX

# A server in the background: name, ListenOn=, options and command. Checks it, and stops it.
serve() {
	local name=$1 cgroup
	shift
	"${who[@]}" "$isorun" --policy "$policy" --name "$name" -p "ListenOn=$1" -v "$site:/srv/site:ro" "${@:2}" >"$tmp/log" 2>&1 &
	ok "$label: $name answers" eventually fetch http://127.0.0.1:8080/index.html
	[ -n "$body" ] || sed 's/^/# /' "$tmp/log"
	like "$label: ... with what is in the volume" "$body" "*hello from the sandbox*"
	is "$label: ... systemctl sees it" "$("${who[@]}" systemctl "${bus[@]}" is-active "isorun-$name.scope")" active
	cgroup=/sys/fs/cgroup$("${who[@]}" systemctl "${bus[@]}" show -P ControlGroup "isorun-$name.scope")
	is "$label: ... held to its limits" "$(cd "$cgroup" && cat memory.max memory.swap.max pids.max cpu.max)" \
		$'268435456\n0\n128\n100000 100000'
	verified "$name"
	"${who[@]}" systemctl "${bus[@]}" stop "isorun-$name.scope"
	wait $!
	also ok "$label: ... gone without a trace when stopped" eventually traceless "$name"
}

traceless() {
	[ -z "$(find /sys/fs/cgroup -name "isorun-$1.scope")" ] && ! fetch http://127.0.0.1:8080/index.html &&
		[ "$("${who[@]}" systemctl "${bus[@]}" show -P LoadState "isorun-$1.scope")" = not-found ]
}

all() {
	serve nginx 8080=80 /usr/sbin/nginx -c /srv/site/nginx.conf -g 'daemon off;'
	serve python 8080 /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /srv/site 8080
	run "${who[@]}" "$isorun" --quiet --policy "$policy" -v "$site:/srv/site:ro" sh -c \
		'for d in /srv/site / /etc /usr/share/nginx; do touch $d/x 2>/dev/null && echo written; done; echo tried'
	is "$label: nothing is written outside of memory" "$out" tried
}

label=root who=() bus=()
[ "$(id -u)" = 0 ] && all
run "$top/tests/demo-inside"
is "what tests/demo shows is there" "$status $(grep -c FAILED <<<"$out")" "0 0"
if [ -n "${TH_USER-}" ] || [ "$(id -u)" != 0 ]; then
	label=user bus=(--user)
	[ "$(id -u)" != 0 ] || who=("$as_user")
	all
else
	skip "the same with a user's manager" "no user to be"
fi
