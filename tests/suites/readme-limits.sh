#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The three things that README.md shows first: its commands print what it says. Needs a systemd, and controllers.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP a service would be put into this machine's systemd"
	exit 0
fi
install_isorun
export HOME=/home/ada

# The nth block of a kind.
block() { # kind, n
	awk -v kind="$1" -v n="$2" '/^```/ { inside = !inside && $0 == "```" kind; nth += inside; next } inside && nth == n' \
		"$top/README.md"
}

# What differs from one run to the next.
normalize() {
	sed -E -e 's/-[0-9a-f]{4}\b/-XXXX/g; s/\[[^]]*\] "GET/[TIME] "GET/; s/ +/ /g; s/ $//' \
		-e 's/running [0-9.]+[KMG] [0-9]+ [0-9.a-z]+ [0-9.a-z]+/running SIZE TASKS CPU AGE/' \
		-e '/isorun: notice: .*MemorySwapMax/d' | sort
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Runs the commands of a block in one shell, each after its prompt.
type_block() { # n
	local line
	while read -r line; do
		[[ $line = [\$\#]' '* ]] || continue
		echo "$line"
		line=${line:2}
		[[ $line != curl* ]] || eventually listens "$(grep -o ':[0-9]*/$' <<<"$line" | tr -d :/)"
		eval "$line"
	done < <(block console "$1") 2>&1
	wait
}

says() { # description, n
	local expected
	expected=$(block console "$2" | normalize)
	[ -n "$expected" ] || expected="(README.md has no such block)"
	type_block "$2" >"$tmp/typed" 2>&1
	is "README.md: $1" "$(normalize <"$tmp/typed")" "$expected"
}

mkdir -p ~/hello ~/site ~/.ssh
echo silent >~/.curlrc # as at a terminal
mount -t tmpfs tmpfs /srv
mkdir /srv/www
echo 'int puts(const char *); int main(void) { return puts("hello") < 0; }' >~/hello/hello.c
echo '<h1>Hello</h1>' | tee ~/site/index.html >/srv/www/index.html
echo secret >~/.ssh/id_ed25519
block ini 1 >/run/systemd/system/site.service
systemctl daemon-reload
says "a tool in a directory" 1
cd ~ || exit
says "a server by hand" 2
says "a line in a unit file" 3
cd /
rm -r /home/ada /run/systemd/system/site.service
umount /srv
