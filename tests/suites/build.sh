#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl build: a tree that its command may write to, and nothing else. As root and as a user, with subordinate ids and
# without: up to apt-get install.
. "$(dirname "$0")/../lib.sh"

if [ "$(id -u)" != 0 ] || [ "${TESTHOST-real}" = real ]; then
	skip "isoctl build" "needs a test host, whose /etc/subuid can be written"
	exit 0
fi

build() { run "${who[@]}" "$isoctl" build --root "$tree" "$@"; }

build_shell() { # description, expected output, options..., script of sh, which runs to its end
	build "${@:3:$#-3}" -- sh -c "$(to_end "${@: -1}")"
	is_reached "$label: $1" "$2"
}

# A tree of one static program.
cat >"$tmp/make-small" <<'SH'
set -e
mkdir -p "$1/bin" "$1/etc"
cp /bin/busybox "$1/bin/busybox"
for applet in sh id touch ls cat mkdir chown chmod stat echo grep sed readlink kill sleep mount umount nc mknod; do
	ln -s busybox "$1/bin/$applet"
done
echo root:x:0:0::/root:/bin/sh >"$1/etc/passwd"
SH

# One of this machine's dpkg and apt, with the libraries that they load.
cat >"$tmp/make-debian" <<'SH'
tree=$1
put() { # file
	[ ! -e "$tree$1" ] || return 0
	mkdir -p "$tree${1%/*}"
	cp -d "$1" "$tree$1" 2>/dev/null
}
mkdir -p "$tree"/usr/{bin,sbin,lib,lib64} "$tree"/{etc/apt/apt.conf.d,root,var/lib/dpkg/{info,updates},var/log} \
	"$tree"/var/{cache/apt/archives/partial,lib/apt/lists/partial}
for dir in bin sbin lib lib64; do ln -s usr/$dir "$tree/$dir"; done
dpkg -L dpkg apt tar coreutils dash libc-bin sed grep diffutils findutils debianutils gzip xz-utils zstd 2>/dev/null |
	grep -v -e /share/doc/ -e /share/man/ -e /share/locale/ | while read -r file; do
		file=$(sed 's,^/\(bin\|sbin\|lib\|lib64\)/,/usr/\1/,' <<<"$file")
		[ ! -f "$file" ] || put "$file"
	done
find "$tree/usr/bin" "$tree/usr/lib" "$tree/usr/sbin" -type f -perm /111 -exec ldd {} + 2>/dev/null |
	grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r file; do
		put "$(sed 's,^/\(lib\|lib64\)/,/usr/\1/,' <<<"$file")"
		put "$(realpath "$file")"
	done
printf '#!/bin/sh\n' >"$tree/usr/sbin/start-stop-daemon"
chmod 755 "$tree/usr/sbin/start-stop-daemon"
printf 'root:x:0:0::/root:/bin/sh\n_apt:x:100:65534::/nonexistent:/usr/sbin/nologin\nnobody:x:65534:65534::/:/x\n' >"$tree/etc/passwd"
printf 'root:x:0:\nshadow:x:42:\nnogroup:x:65534:\n' >"$tree/etc/group"
: >"$tree/var/lib/dpkg/status"
SH

# A package with what packages do: ids of their own, a set-user-ID program.
make_package() {
	mkdir -p "$tmp/package/"{DEBIAN,usr/bin,usr/share/isorun-test}
	printf '%s\n' 'Package: isorun-test' 'Version: 1' 'Architecture: all' 'Maintainer: x <x@example.org>' \
		'Description: x' >"$tmp/package/DEBIAN/control"
	printf '%s\n' '#!/bin/sh' 'set -e' 'chown 33:42 /usr/share/isorun-test/data' 'chmod 4755 /usr/bin/isorun-test' \
		>"$tmp/package/DEBIAN/postinst"
	echo data >"$tmp/package/usr/share/isorun-test/data"
	printf '#!/bin/sh\necho installed\n' >"$tmp/package/usr/bin/isorun-test"
	chmod 755 "$tmp/package/DEBIAN/postinst" "$tmp/package/usr/bin/isorun-test"
	dpkg-deb --root-owner-group -b "$tmp/package" "$tmp/isorun-test.deb" >/dev/null
}

no_units() { [ -z "$("${ctl[@]}" list-units --all --no-legend 'isorun-*')" ]; }

test_small() {
	build -- sh -c 'echo made >/etc/made; mkdir -p /srv/a; ls /etc; exit 5'
	is "$label: the exit status" $status 5
	is "$label: a file that is made is in the tree" "$(cat "$tree/etc/made")" made
	is "$label: ... and the caller's" "$(stat -c %u:%g "$tree/etc/made")" "$own:$own"
	is "$label: the notice says so, once" "$(grep -c "isoctl: notice: the command can write to the tree $tree" "$tmp/err")" 1
	build -- id -u
	is "$label: it is root" "$out" 0
	build -- sh -c 'touch /etc/a && chown 33:42 /etc/a 2>/dev/null; stat -c %u:%g /etc/a'
	is "$label: other ids" "$out $(stat -c %u:%g "$tree/etc/a")" "$others"
	build -- sh -c 'chmod 6755 /etc/a && stat -c %a /etc/a'
	is "$label: set-user-ID files can be made" "$out" 6755
	build_shell "/tmp, /run and /var/tmp are in memory, /proc and /dev shut" "" \
		'for d in /tmp /run /var/tmp /dev/shm; do touch $d/vanishes || echo $d; done
		for d in /proc /dev; do touch $d/x 2>/dev/null && echo $d; done'
	also is "$label: ... nothing of it is in the tree" "$(find "$tree" -name vanishes)" ""
	build_shell "nothing outside of the tree can be seen or undone" "" \
		'for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do (: >>$f) 2>/dev/null && echo $f; done
		mount -t tmpfs x /srv 2>/dev/null && echo mounted; umount /proc 2>/dev/null && echo unmounted
		mount -o remount,suid / 2>/dev/null && echo remounted; (: </proc/1/mem) 2>/dev/null && echo mem
		readlink /proc/1/root; ls /proc | grep -v "^[12a-z-]"; ls /home /root 2>/dev/null'
	build -- sh -c 'kill -9 1; grep -l "^Cap\(Prm\|Eff\|Bnd\):.*[1-9a-f]" /proc/1/status; sed -n "s/^\(CapBnd\|NoNewPrivs\):\t//p" /proc/self/status'
	is "$label: the capabilities are those that packages need, the reaper's too" "$out" "/proc/1/status
$capabilities
1"
	build -- sh -c 'sed -n "s/^\([^ ]* \)\{4\}\/ \([^ ]*\) .*/\2/p" /proc/self/mountinfo'
	like "$label: the root is nosuid and nodev" "$out" "rw,nosuid,nodev*"
	build_shell "no device can be made" "" 'for d in "c 1 1" "b 8 0"; do mknod /etc/d $d 2>/dev/null && echo "$d"; done'
	build -v "$tmp/volume-$label:/mnt" -v "$tmp/own-file:/etc/own:ro" -- sh -c \
		'echo x >/mnt/x; cat /etc/own; (: >>/etc/own) 2>/dev/null && echo written'
	is "$label: volumes, which are made a place for in the tree" "$out $(cat "$tmp/volume-$label/x")" "own x"
	build --dry-run --json -- id
	is "$label: --dry-run --json: as the schema says" "$("$top/tests/json-agrees.py" build 100 <<<"$out" 2>&1)" ""
	build --dry-run --verbose -- id
	ok "$label: the plan says what is writable, and what a build has of its own" \
		test "$(grep -c -e "^  / *writable $tree   # --root" -e '^  bounding .*   # isoctl build' "$tmp/out")" = 2
	build -- sh -c 'echo x | nc -w 1 127.0.0.1 '"$port"
	is "$label: the host's network is there" "$out" hello
	build_shell "... or not" "" -p PrivateNetwork=yes "echo x | nc -w 1 127.0.0.1 $port 2>/dev/null"
	build --name built -- sleep 1000 &
	await unit_is_active
	"${ctl[@]}" stop isorun-built.scope
	wait $!
	also ok "$label: it is a unit, which systemctl stops" eventually no_units
	build -- missing
	is "$label: the command is looked for in the tree" "$status $(tail -n1 <<<"$err")" "127 isoctl: missing: command not found"
	no_isorun ok "$label: the tree holds a program" test -x "$tree/bin/busybox"
	run "${who[@]}" "$isorun" --quiet --root "$tree" sh -c 'cat /etc/made; touch /etc/x 2>/dev/null && echo written'
	is "$label: what was built is a root, and read-only" "$out" made
}

unit_is_active() { "${ctl[@]}" is-active -q isorun-built.scope; }

test_mounts_below() {
	mkdir "$tree/below"
	mount -t tmpfs -o mode=777 tmpfs "$tree/below"
	build -- sh -c 'touch /below/x 2>/dev/null && echo written; touch /etc/y && echo ok'
	is "$label: what is mounted below the tree is read-only" "$out" ok
	umount "$tree/below"
	mount --bind "$tree" "$tree"
	mount -o remount,bind,ro "$tree"
	build -- true
	is "$label: a tree that is mounted read-only" "$status $err" "125 isoctl: --root: RootDirectory=: $tree is mounted read-only"
	umount "$tree"
}

refused() { # description, message, arguments...
	run "${who[@]}" "$isoctl" build "${@:3}"
	like "$label: refused: $1" "$status $err" "125 isoctl: $2"
}

test_refused() {
	local here="refused: --root is this machine's own root"

	ln -sfn / "$tmp/t/link"
	mkdir -p "$tmp/t/bind"
	mount --bind / "$tmp/t/bind"
	refused / "--root: RootDirectory=: $here" --root / -- true
	refused // "--root: RootDirectory=: $here" --root // -- true
	refused "/ by .." "--root: RootDirectory=: $here" --root /usr/.. -- true
	refused "/ by a symlink" "--root: RootDirectory=: $here" --root "$tmp/t/link" -- true
	refused "/ by a directive" "-p: RootDirectory=: $here" --root "$tree" -p RootDirectory=/ -- true
	refused "a bind of /" "--root: RootDirectory=: $here" --root "$tmp/t/bind" -- true
	refused "no directory" "--root: RootDirectory=: /etc/passwd is not a directory" --root /etc/passwd -- true
	refused "nothing" "--root: RootDirectory=: $tmp/none: No such file*" --root "$tmp/none" -- true
	refused "a name that nothing is bound to" "--root: RootDirectory=: the name tree is not bound to a path*" --root tree -- true
	refused "no root to write to" "--root: RootDirectory=: none is not a single directory that a build can write to" --root none -- true
	refused "several" "--root: RootDirectory=: $tree:/usr is not a single directory that a build can write to" --root "$tree:/usr" -- true
	refused "no --root" "build: --root DIR|NAME is missing*" -- true
	refused "no command" "build: COMMAND is missing*" --root "$tree"
	refused "PrivateUsers=full" "-p: PrivateUsers=: \"full\" does not work in a build*" --root "$tree" -p PrivateUsers=full -- true
	refused "another user" "-p: User=: cannot be set in a build: the command runs as the tree's root" --root "$tree" -p User=33 -- sh
	umount "$tmp/t/bind"
}

test_debian() {
	local tree=$tmp/t/debian-$label

	"${who[@]}" bash "$tmp/make-debian" "$tree"
	build -v "$tmp/isorun-test.deb:/mnt/isorun-test.deb:ro" -- apt-get install -qy /mnt/isorun-test.deb
	is "$label: apt-get install" $status 0
	is "$label: ... what it unpacked has its ids and modes" \
		"$(stat -c '%u:%g %a' "$tree/usr/share/isorun-test/data" "$tree/usr/bin/isorun-test" | xargs)" \
		"$data 644 $own:$own 4755"
	run "${who[@]}" "$isorun" --quiet --root "$tree" isorun-test
	is "$label: ... and runs" "$out" installed
	build -- dpkg -r isorun-test
	is "$label: dpkg -r" "$status $(ls "$tree/usr/bin/isorun-test" 2>/dev/null)" "0 "
}

test_without_range() {
	local saved tree=$tmp/t/small-alone

	saved=$(cat /etc/subuid)
	sed -i "/^$TH_USER:/d" /etc/subuid
	"${who[@]}" sh "$tmp/make-small" "$tree"
	build -- sh -c 'id -u; cat /proc/self/uid_map /proc/self/setgroups; touch /etc/b; chown 33 /etc/b 2>/dev/null && echo changed'
	is "$label: without subordinate ids there is root alone" "$(xargs <<<"$out")" "0 0 $own 1 deny"
	like "$label: ... with a notice" "$err" \
		"*isoctl: notice: this build has only one user, root: $TH_USER has no subordinate ids in /etc/subuid*"
	is "$label: ... whose files are the caller's" "$(stat -c %u "$tree/etc/b")" "$own"
	echo "$saved" >/etc/subuid
}

all() {
	tree=$tmp/t/small-$label
	"${who[@]}" sh "$tmp/make-small" "$tree"
	mkdir "$tmp/volume-$label"
	chown "$own" "$tmp/volume-$label"
	verified_start
	test_small
	test_mounts_below
	test_refused
	test_debian
	if [ "$label" = user ]; then test_without_range; fi
}

mkdir -m 777 "$tmp/t"
echo own >"$tmp/own-file"
make_package
/usr/bin/python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
while True: c = s.accept()[0]; c.sendall(b"hello\n"); c.close()' >"$tmp/port" &
await test -s "$tmp/port"
port=$(cat "$tmp/port")
cd /tmp || exit

label=user who=("$as_user") ctl=("$as_user" systemctl --user) own=$(id -u "$TH_USER") capabilities=00000000800400fb
first=$(sed -n "s/^$TH_USER:\([0-9]*\):65536$/\1/p" /etc/subuid)
data=$((first + 32)):$((first + 41)) others="33:42 $((first + 32)):$((first + 41))"
all
label=root who=() ctl=(systemctl) own=0 capabilities=00000000000400fb data=33:42 others="33:42 33:42"
all
