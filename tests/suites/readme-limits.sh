#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The three things that README.md shows first: its commands print what it says. Needs a systemd, and controllers.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || { [ "$(id -u)" != 0 ] && [ "${1-}" != --type ]; }; then
	echo "1..0 # SKIP a service would be put into this machine's systemd"
	exit 0
fi
[ "${1-}" = --type ] || install_isorun
[ "$(id -u)" != 0 ] || export HOME=/home/ada

# The nth block of a kind.
block() { # kind, n
	awk -v kind="$1" -v n="$2" '/^```/ { inside = !inside && $0 == "```" kind; nth += inside; next } inside && nth == n' \
		"$top/README.md"
}

# What differs from one run to the next.
normalize() {
	sed -E -e 's/-[0-9a-f]{4}\b/-XXXX/g; s/\[[^]]*\] "GET/[TIME] "GET/; s/ +/ /g; s/ $//' \
		-e 's/running [0-9.]+[KMG] [0-9]+ [0-9.a-z]+ [0-9.a-z]+/running SIZE TASKS CPU AGE/' \
		-e "s/ AGE ($(id -un)|${TH_USER:-root}) isorun-/ AGE ada isorun-/" \
		-e "s,${home:-/nowhere}/,/home/ada/,g" -e '/isorun: notice: (.*MemorySwapMax|waiting until)/d' -e 's,nginx/[0-9.]+\r?,nginx/VERSION,' | sort
}

# Runs the commands of a block in one shell, each after its prompt, as soon as the one before it has ended.
type_block() {
	local line
	while read -r -u 3 line; do
		[[ $line = [\$\#]' '* ]] || continue
		echo "$line"
		line=${line:2}
		eval "$line"
	done 3<"$1"
	wait
}
if [ "${1-}" = --type ]; then
	trap - EXIT
	cd || exit
	type_block "$2" 2>&1
	exit
fi

says() { # description, n
	local expected
	expected=$(block console "$2" | tee "$tmp/block" | normalize)
	[ -n "$expected" ] || expected="(README.md has no such block)"
	"${who[@]}" bash "$0" --type "$tmp/block" >"$tmp/typed" 2>&1 </dev/null
	is "$label: README.md: $1" "$(normalize <"$tmp/typed")" "$expected"
}

by_hand() {
	home=$HOME
	[ "$label" = root ] || home=$(getent passwd "$TH_USER" | cut -d: -f6)
	says "a tool in a directory" 1
	says "a server by hand" 2
	"${who[@]}" rm -r "$home"/{hello,site,diary}
}

mkdir -p /home/ada
mount -t tmpfs tmpfs /srv
block ini 1 >/run/systemd/system/site.service
systemctl daemon-reload
as_everybody verified_start
as_everybody by_hand
label=root who=() home=$HOME
says "a line in a unit file" 3
# Debian's own unit, configuration and site.
mkdir -p /run/systemd/system/nginx.service.d
block ini 2 >/run/systemd/system/nginx.service.d/10-isorun.conf
says "a line in a unit file, for Debian's nginx" 4
is "$label: ... which checked its configuration before the start, and stopped well" \
	"$(systemctl show -P ExecStartPre nginx | grep -c 'nginx -t .*status=0') $(systemctl show -P Result nginx)" "1 success"
rm -r /home/ada /run/systemd/system/site.service /run/systemd/system/nginx.service.d
umount /srv
