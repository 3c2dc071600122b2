#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The places of a machine that hold secrets or data, seen from inside: src/plan/root/secrets.c.
# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# It puts files into /etc, /var and other places, in a mount namespace of its own.
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP only root can mount"
	exit 0
fi
if [ -z "${TEST_UNSHARED-}" ]; then
	rm -rf "$tmp"
	TEST_UNSHARED=1 exec unshare -m --propagation private bash "$0"
fi
cp -a /etc "$tmp/etc"
mount --bind "$tmp/etc" /etc
mount -t tmpfs none /var
mkdir -m 1777 /var/tmp
mkdir /var/mail /var/spool
ln -s ../mail /var/spool/mail

# A file for each place that the code lists, readable for everybody. What is there already stays.
patterns=$(sed -n 's/^\tSECRET("\([^"]*\)".*/\1/p; s/^ *SECRET("\([^"]*\)".*/\1/p' "$top/src/plan/root/secrets.c")
places=()
for pattern in $patterns; do
	place=/${pattern//\*/x}
	case $place in /run/* | /core | /swap*) continue ;; esac
	case $place in *.* | *key* | *shadow* | *-secrets | */opasswd | */random-seed | */sudoersx) ;; *) place+=/secret ;; esac
	[ -e "$place" ] && continue
	mkdir -p "${place%/*}"
	echo "SECRET of $place" >"$place"
	places+=("$place")
done
# Also those that other people have in mind, in case the code forgets one.
known=(/etc/ssh/ssh_host_rsa_key /etc/shadow- /etc/sudoers /etc/ssl/private/site.key /etc/wireguard/wg0.conf
	/etc/NetworkManager/system-connections/home /etc/kubernetes/admin.conf /var/backups/shadow.bak
	/var/lib/postgresql/base /var/lib/cloud/user-data /var/spool/mail/root /var/lib/systemd/coredump/core.1)
for place in "${known[@]}"; do
	mkdir -p "${place%/*}"
	[ -s "$place" ] || echo "SECRET of $place" >"$place"
done
all=("${places[@]}" "${known[@]}")
chmod -R a+rX "${all[@]}"
for place in "${all[@]}"; do
	while place=${place%/*} && [ -n "$place" ]; do chmod a+rx "$place"; done
done
for place in /srv /mnt /media /opt; do
	mount -t tmpfs none $place
	mkdir $place/shop
	echo "SECRET of $place" >$place/shop/file
done

read_all() { printf 'cat '; printf "'$1%s' " "${all[@]}"; printf '2>/dev/null\n'; }
count() { grep -c . <<<"$out"; }

test_places() {
	local one policy
	run "${who[@]}" sh -c "$(read_all "")"
	no_isorun is "$label: everything is there and can be read outside" "$(grep -c "^SECRET" <<<"$out")" \
		"$(grep -l "^SECRET" "${all[@]}" | wc -l)"
	no_isorun ok "$label: ... and it is much" [ "$(count)" -ge 100 ]
	printf '[Policy]\n' >"$tmp/empty.conf"
	for policy in "$top/policies/default.conf" "$top/policies/web.conf" "$top/policies/client.conf" "$tmp/empty.conf"; do
		# promise P2
		shell "${policy##*/} shows none of it" "" --policy "$policy" "$(read_all "")"
	done
	# promise P2
	shell "nor with a volume that has such places" "" -v /etc:/x/etc:ro -v /var:/x/var:ro "$(read_all /x)"
	shell "... or can be written" "" -v /etc:/etc -v /var:/var "$(read_all "")"
	shell "... or is the whole host" "" -v /:/x:ro "$(read_all /x)"
	shell "... or an entry in memory among them" new -p File=/etc/wireguard/new:new \
		'cat /etc/wireguard/new; cat /etc/wireguard/secret /etc/wireguard/wg0.conf 2>/dev/null; ls /etc/wireguard 2>/dev/null'
	one=/etc/ssl/private/site.key
	prints "a volume of one place shows that" "SECRET of $one" -p BindReadOnlyPaths=$one \
		sh -c "cat $one; cat /etc/ssl/private/secret; ls /etc/ssl/private"
	no_refusal prints "... also elsewhere" "SECRET of $one" -v $one:/x:ro cat /x
	prints "... or one of the policy" other -p "File=/etc/ssl/private/deep/down/other:other" \
		sh -c "cat /etc/ssl/private/deep/down/other /etc/ssl/private/secret; ls /etc/ssl/private"
	shell "a policy may hide it, too" "" -p "InaccessiblePaths=$one /etc/ssl/private" "cat $one 2>/dev/null"
	no_refusal prints "... or of the directory" $'SECRET of /etc/ssl/private/secret\nSECRET of '$one -v /etc/ssl/private:/etc/ssl/private:ro \
		cat /etc/ssl/private/secret $one
	no_refusal prints "... or of a directory in it" "SECRET of /var/lib/postgresql/secret" -v /var/lib/postgresql:/var/lib/postgresql:ro \
		cat /var/lib/postgresql/secret
	mkdir -p "$tmp/tree/etc" "$tmp/tree/proc" "$tmp/tree/dev" "$tmp/tree/tmp" "$tmp/tree/run" "$tmp/tree/var/tmp" "$tmp/tree/bin"
	cp /bin/busybox "$tmp/tree/bin/sh"
	echo "SECRET of a tree" >"$tmp/tree/etc/shadow"
	shell "another root shows none of its own" "" --root "$tmp/tree" 'while read -r x; do echo "$x"; done </etc/shadow 2>/dev/null; :'
}

test_data() {
	shell "/srv, /mnt and /media are empty" "" 'ls -A /srv /mnt /media | grep -v -e : -e "^$"'
	no_refusal prints "/opt is visible, also if it is a mount" "SECRET of /opt" cat /opt/shop/file
	no_refusal prints "a volume shows its place in /srv" $'shop\nSECRET of /srv' -v /srv/shop:/srv/shop:ro \
		sh -c 'ls /srv; cat /srv/shop/file'
	shell "... unless the policy hides it" "" -p InaccessiblePaths=/opt/shop 'cat /opt/shop/file 2>/dev/null'
}

# They are open only to the machine's uid 0, even without capabilities.
test_proc() {
	local closed
	[ "$label" = root ] || return
	closed=$(find /proc -maxdepth 1 -type f ! -perm /044 ! -name kmsg -printf '%f ')
	no_isorun like "$label: /proc has files for root alone" " $closed " "* kpagecount *"
	# promise P2
	shell "they cannot be read inside" "" "for f in $closed; do head -c 1 /proc/\$f; done 2>/dev/null | wc -c | grep -v '^0'"
}

# Starts isorun, which stops when it has its plan: then it makes the socket for its child, which has no mounts yet.
# What is removed meanwhile is in the plan.
start_without() { # PLACE, options...
	local said=$tmp/vanish-$label-$((++vanishes)) place=$1
	: >"$place"
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 "${who[@]}" sh -c 'echo $$; exec "$@"' x \
		strace -D -e trace=socketpair -e inject=socketpair:signal=STOP:when=1 \
		"$isorun" --quiet "${mode[@]}" --name vanished "${@:2}" </dev/null >"$said" 2>"$said.err" &
	starter=$!
	await grep -q "stopped by SIGSTOP" "$said.err"
	rm "$place"
	kill -CONT "$(head -n1 "$said")"
	says=$said.err
}

# Programs such as useradd make files like /etc/gshadow+, and rename or remove them at once.
test_vanished() {
	local place=/etc/gshadow+ starter says
	if ! "${who[@]}" strace -D -o /dev/null true 2>/dev/null; then
		skip "$label: a secret that is removed while an instance starts" "strace cannot trace here"
		return
	fi
	start_without $place sleep 7788
	await runs "^sleep 7788$" && verified vanished
	echo SECRET >$place
	run "${who[@]}" "$isoctl" verify --no-legend vanished
	# promise P8
	like "$label: isoctl verify finds a secret that comes back" "$status $out" "1 *broken *$place *nothing is mounted there*"
	rm $place
	kill "$starter"
	wait "$starter"
	await gone "^sleep 7788$"

	# The first hidden file, in a root that is not made in place.
	start_without /etc/0keytab -v /opt:/mnt:overlay true
	wait "$starter"
	is "$label: ... and starts without the first one" "$? $(grep ^isorun: "$says")" "0 "

	start_without /etc/gone-$label -p InaccessiblePaths=/etc/gone-$label true
	wait "$starter"
	# promise P8
	is "$label: what a policy hides must be there" "$? $(grep ^isorun: "$says")" \
		"125 isorun: -p: InaccessiblePaths=: cannot mount on /etc/gone-$label: No such file or directory"
}

vanishes=0
mode=(-p "Optional=MemoryMax TasksMax CPUQuota")
run_all() {
	test_places
	test_data
	test_proc
	test_vanished
	verified_start
}
as_everybody run_all
umount /srv /mnt /media /opt /var /etc
