#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# PrivateUsers=full: a payload that is uid 0 of a world of its own, and what of it reaches outside: nothing. As root and
# as a user, each with a range of subordinate ids.
. "$(dirname "$0")/../lib.sh"

if [ "$(id -u)" != 0 ] || [ "${TESTHOST-real}" = real ]; then
	skip "PrivateUsers=full" "needs a test host, whose /etc/subuid can be written"
	exit 0
fi
if [ ! -u /usr/bin/newuidmap ]; then
	skip "PrivateUsers=full" "newuidmap is not installed"
	exit 0
fi
sed -i '/^root:/d' /etc/subuid /etc/subgid

# Runs isorun with options, and then a script by sh.
inside() { box "${@:1:$#-1}" sh -c "${@: -1}"; }

no_units() { [ -z "$("${ctl[@]}" list-units --all --no-legend 'isorun-*')" ]; }

test_ids() {
	no_refusal shell "uid 0, gid 0, and no other group" "0 0 0" 'echo $(id -u) $(id -g) $(id -G)'
	shell "the map is the range alone" "0 $first 65536 0 $first 65536" 'echo $(cat /proc/self/uid_map /proc/self/gid_map)'
	shell "all capabilities, of its own world" "$(capsh_all)" 'sed -n "s/^CapEff:\t//p" /proc/self/status'
	shell "no_new_privs and a filter" "1 2 1" \
		'echo $(sed -n "s/^\(NoNewPrivs\|Seccomp\|Seccomp_filters\):\t//p" /proc/self/status)'
	no_refusal shell "it is root by its environment" "root root /root" 'echo $USER $LOGNAME $HOME'
	no_refusal shell "... and finds root's programs" ok 'case $PATH in */sbin*) echo ok; esac'
	shell "the caller's files are nobody's" 65534 -v "$tmp/own-$label:/mnt" 'stat -c %u /mnt'
	shell "... and cannot be written" "" -v "$tmp/own-$label:/mnt" 'touch /mnt/x 2>/dev/null && echo written'
	shell "what the range owns is its" "0 ok" -v "$tmp/range-$label:/mnt" 'echo $(stat -c %u /mnt) $(touch /mnt/x && echo ok)'
	is "$label: ... on the host, the range's" "$(stat -c %u:%g "$tmp/range-$label/x")" "$first:$first"
	no_refusal shell "what is in memory is its" "0:0 0:0 0:0 0:0 0:0" 'echo $(stat -c %u:%g /tmp /run /var /var/lib /dev/shm)'
	no_refusal shell "chown to other ids, as useradd does" "1000:1000 65535:65535" \
		'touch /tmp/a /tmp/b; chown 1000:1000 /tmp/a; chown 65535:65535 /tmp/b; echo $(stat -c %u:%g /tmp/a /tmp/b)'
	shell "... not to one above the range" "" '(touch /tmp/a; chown 65536 /tmp/a) 2>/dev/null && echo changed'
	no_refusal shell "a child with ids of its own" "33 42 42,7" \
		'setpriv --reuid 33 --regid 42 --groups 42,7 sh -c "echo \$(id -u) \$(id -g) \$(id -G | tr \" \" ,)"'
	no_refusal shell "... which has no capability" 0000000000000000 \
		'setpriv --reuid 33 --regid 33 --clear-groups sed -n "s/^CapEff:\t//p" /proc/self/status'
	if [ "$label" = root ]; then
		run setpriv --groups 2,3 "$isorun" --quiet -p PrivateUsers=full id -G
		is "$label: the caller's groups are left" "$out" 0
	fi
	shell "User= and Group= are numbers of that world" "5 7 7" -p User=5 -p Group=7 'echo $(id -u) $(id -g) $(id -G)'
	no_refusal shell "... or root" "0 0" -p User=root 'echo $(id -u) $(id -g)'
	refused "User= with a name" '-p: User=: with PrivateUsers=full, use root or a number from 0 to 65535*: "nobody"' \
		-p User=nobody true
	refused "User= above the range" "-p: User=: with PrivateUsers=full*" -p User=65536 true
	refused "Group= with a name" "-p: Group=: with PrivateUsers=full*" -p Group=nogroup true
	refused "Delegate=" "-p: Delegate=: does not work with PrivateUsers=full*" -p Delegate=yes true
	run "${who[@]}" "$isorun" --quiet -p PrivateUsers=full --dry-run --verbose true
	like "$label: both maps are explained" "$out" "*uid map *$own $own 1,$first $first 65536   # -p*
  inner uid map * 0 $first 65536   # -p*"
}

capsh_all() { printf '%016x' $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)); }

test_world() {
	local kind

	no_refusal shell "it can mount" "mounted" 'mount -t tmpfs x /mnt && touch /mnt/x && echo mounted'
	for kind in mount pid uts ipc net cgroup user; do
		no_refusal shell "it can make a $kind namespace" made "unshare --$kind --fork true && echo made"
	done
	no_refusal shell "it can name its host" name 'hostname name && hostname'
	no_refusal shell "a /proc of its own" 1 'unshare -pf --mount-proc readlink /proc/self'
	no_refusal shell "a chroot" ok 'mkdir /tmp/r && mount --rbind / /tmp/r && chroot /tmp/r sh -c "echo ok"'
	no_refusal shell "a terminal" ok 'python3 -c "import os; a, b = os.openpty(); os.fchown(b, 33, 5); print(\"ok\")"'
	no_refusal shell "set-user-ID bits can be set" 4755 'touch /tmp/x && chmod 4755 /tmp/x && stat -c %a /tmp/x'
	shell "... unless the policy says no" "" -p RestrictSUIDSGID=yes 'touch /tmp/x && chmod 4755 /tmp/x 2>/dev/null && echo set'
	shell "RestrictNamespaces= of the policy holds" "" -p RestrictNamespaces=yes 'unshare -m true 2>/dev/null && echo made'
	shell "CapabilityBoundingSet= of the policy holds" 0000000000000001 -p CapabilityBoundingSet=CAP_CHOWN \
		'sed -n "s/^CapEff:\t//p" /proc/self/status'
	shell "SystemCallFilter=~ of the policy holds" "" -p 'SystemCallFilter=~@mount' \
		'mount -t tmpfs x /mnt 2>/dev/null && echo mounted'
	shell "ProtectHostname= of the policy holds" "" -p ProtectHostname=yes 'hostname name 2>/dev/null && echo named'
}

# Tries to take off every mount, and to make writable what is not.
cat >"$tmp/undo.sh" <<'SH'
while read -r _ _ _ _ mount flags _; do
	umount "$mount" 2>/dev/null && echo "unmounted $mount"
	umount -l "$mount" 2>/dev/null && echo "detached $mount"
	case $flags in
	ro*) for more in "" ,noexec; do
		mount -o "remount,bind,rw,nosuid,nodev$more" "$mount" 2>/dev/null && echo "made $mount writable"
	done ;;
	esac
	mount -o remount,bind,suid "$mount" 2>/dev/null && echo "made $mount suid"
	case $flags in
	*nodev*) mount -o remount,bind,dev "$mount" 2>/dev/null && echo "gave $mount devices" ;;
	esac
done </proc/self/mountinfo
mount --rbind / /mnt && mount -o remount,bind,rw,nosuid,nodev /mnt 2>/dev/null && echo "made a bind writable"
touch /etc/x 2>/dev/null && echo "wrote /etc/x"
cat /etc/shadow 2>/dev/null
find /home -mindepth 1 ! -path "$HOME"
echo tried
SH
chmod 644 "$tmp/undo.sh"

test_outside() {
	local f

	# promise P3
	shell "no mount of ours can be undone" tried -v "$tmp/undo.sh:/undo.sh:ro" -v "$tmp/open:/srv:ro" 'sh /undo.sh'
	shell "... nor in namespaces of its own" tried -v "$tmp/undo.sh:/undo.sh:ro" -v "$tmp/open:/srv:ro" \
		'unshare -Urm sh /undo.sh'
	shell "a read-only volume that all may write to" "" -v "$tmp/open:/srv:ro" '(: >>/srv/file) 2>/dev/null && echo written'
	# promise P1
	shell "nothing of the host can be written" "" \
		'for d in / /etc /usr /usr/bin /opt /srv /home /root /boot /sys /dev; do [ $d != "$HOME" ] && touch $d/x 2>/dev/null && echo $d; done; :'
	# promise P11
	shell "/proc/sys cannot be written" "" \
		'for f in kernel/core_pattern kernel/hostname vm/drop_caches fs/suid_dumpable kernel/modprobe kernel/ns_last_pid; do
			(: >>/proc/sys/$f; echo 1 >/proc/sys/$f) 2>/dev/null && [ $f != kernel/hostname ] && echo $f; done
		(: >>/proc/sysrq-trigger) 2>/dev/null && echo sysrq'
	shell "no process of the host is seen" "alone" 'cd /proc; set -- [0-9]*; [ "$*" = "1 $$" ] && echo alone || echo "$@"'
	shell "the reaper cannot be ended" "isorun alive" 'kill -9 1; kill -STOP 1; echo $(cat /proc/1/comm) alive'
	shell "... nor looked into" "" 'for f in root cwd exe fd/3; do readlink /proc/1/$f 2>/dev/null; done; (: </proc/1/mem) 2>/dev/null && echo mem'
	shell "... and it is another's, without a capability" "65534 0000000000000000" \
		'echo $(stat -c %u /proc/1/status | sed s/^0$/65534/) $(sed -n "s/^Cap\(Prm\|Eff\|Bnd\|Inh\|Amb\):\t//p" /proc/1/status | sort -u)'
	"${who[@]}" sleep 1000 &
	await runs '^[^ ]*sleep 1000$'
	# promise P13
	shell "a process of the host's cannot be killed" "" "kill -9 $! 2>/dev/null && echo killed || kill -9 -1 2>/dev/null"
	also ok "$label: ... and lives" kill -0 $!
	kill $!
	# promise P7
	shell "no device can be made" "" 'for d in "c 1 1" "c 5 1" "b 8 0"; do mknod /tmp/d $d 2>/dev/null && echo "$d"; done'
	shell "nor one of the host's devices be used elsewhere" "" \
		'mount --rbind /dev /mnt && touch /mnt/x 2>/dev/null && echo written; mknod /mnt/d c 1 1 2>/dev/null && echo made'
	inside -v "$tmp/range-$label:/mnt" 'cp /usr/bin/id /mnt/id && chmod 6755 /mnt/id; stat -c %a /mnt/id'
	no_refusal is "$label: a set-user-ID file that it makes" "$out" 6755
	f=$("$as_user" "$tmp/range-$label/id" -u)
	# promise P11
	is "$label: ... is, for another user of the host, the range's and no more" "$f" "$first"
	shell "... and for none inside" 33 -v "$tmp/range-$label:/mnt" 'setpriv --reuid 33 --regid 33 --clear-groups /mnt/id -u'
	inside -v "$tmp/range-$label:/mnt" 'cp /usr/bin/cat /mnt/caps; python3 -c "import os, struct
os.setxattr(\"/mnt/caps\", \"security.capability\", struct.pack(\"<5I\", 0x2000001, 0xffffffff, 0, 0xffffffff, 0)); print(\"set\")"'
	no_refusal is "$label: file capabilities that it sets" "$out" set
	f=$("$as_user" "$tmp/range-$label/caps" /proc/self/status | sed -n 's/^CapEff:\t//p')
	# promise P11
	also is "$label: ... give nothing on the host" "$f" 0000000000000000
	shell "no abstract socket or loopback of the host is reached" ECONNREFUSED \
		"python3 -c 'import errno, socket
try: socket.create_connection((\"127.0.0.1\", $port))
except OSError as e: print(errno.errorcode[e.errno])'"
	# Its own part of the cgroup tree is another's: no limit of the unit can be lifted.
	# promise P25
	shell "its limits cannot be lifted" "" 'unshare -C sh -c "mount -t cgroup2 x /mnt 2>/dev/null || exit 0
		for f in /mnt/cgroup.procs /mnt/cgroup.freeze /mnt/memory.max /mnt/pids.max; do
			[ ! -e \$f ] || { (: >>\$f) 2>/dev/null && echo \$f; }; done; mkdir /mnt/x 2>/dev/null && echo made"'
}

test_life() {
	local sig

	inside 'exit 7'
	no_refusal is "$label: the exit status" $status 7
	inside 'kill -KILL $$'
	no_refusal is "$label: ... of a signal" $status 137
	for sig in TERM INT HUP USR1; do
		rm -f "$tmp/signals"
		env --default-signal=INT,QUIT "${who[@]}" "$isorun" --quiet -p PrivateUsers=full bash -c \
			'trap "echo got; exit 9" TERM INT HUP USR1; echo ready; sleep 10 & wait' >"$tmp/signals" &
		await grep -qs ready "$tmp/signals"
		kill -"$sig" "$(first_pid "^$isorun .*trap")"
		wait $!
		is "$label: SIG$sig reaches it" "$? $(tail -n1 "$tmp/signals")" "9 got"
	done
	"${who[@]}" "$isorun" --quiet --name full-stop -p PrivateUsers=full sh -c \
		'setpriv --reuid 77 --regid 77 --clear-groups sleep 1000 & setsid sleep 1001 & unshare -Urpf sleep 1002' &
	await runs '^sleep 1002$'
	verified full-stop
	is "$label: its processes are the range's" \
		"$(ps -o uid= -p "$(pgrep -d, -f '^sleep 100[01]$')" | sort -n | xargs)" "$first $((first + 77))"
	"${ctl[@]}" stop isorun-full-stop.scope
	wait $!
	is "$label: systemctl stop ends it" $? 143
	also ok "$label: ... with all its processes" eventually gone '^sleep 100[0-2]$'
	"${who[@]}" "$isorun" --quiet -p PrivateUsers=full sh -c 'setsid sleep 1003 & sleep 1004' &
	await runs '^sleep 1004$'
	kill -KILL "$(first_pid "^$isorun .*sleep 1004")"
	wait $! 2>/dev/null
	also ok "$label: if isorun dies, all die" eventually gone '^sleep 100[34]$'
	also ok "$label: no unit is left" eventually no_units
}

test_nesting() {
	local inner="/mnt/isorun --quiet --no-scope"

	shell "isorun runs inside" "0 0 0 65536" -p Nesting=yes -p SystemCallFilter=keyctl -v "$build/src:/mnt:ro" \
		"$inner sh -c 'echo \$(id -u) \$(cat /proc/self/uid_map)'"
	shell "... with a read-only root, /dev/null and no capability" "0000000000000000" -p Nesting=yes \
		-p SystemCallFilter=keyctl -v "$build/src:/mnt:ro" \
		"$inner sh -c 'echo x >/dev/null; touch /etc/x 2>/dev/null && echo written; sed -n \"s/^CapBnd:\t//p\" /proc/self/status'"
	shell "... and inside that one, with /proc/sys shut" "0 no" -p Nesting=yes -p SystemCallFilter=keyctl \
		-v "$build/src:/mnt:ro" "$inner -p Nesting=yes -p CapabilityBoundingSet=CAP_SETFCAP -p RestrictSUIDSGID=no \
			-p SystemCallFilter=keyctl -v /mnt:/mnt:ro $inner sh -c \
			'id -u; echo 1 2>/dev/null >/proc/sys/vm/drop_caches || echo no' | xargs"
}

test_range() {
	local file saved

	for file in subuid subgid; do
		saved=$(cat "/etc/$file")
		sed -i "/^$name:/d" "/etc/$file"
		refused "without a range in /etc/$file" \
			"-p: PrivateUsers=: \"full\" is not available: $name has no subordinate ids in /etc/$file (as root, add 65536 unused ids: usermod --add-subuids*" true
		echo "$saved" >"/etc/$file"
	done
	saved=$(cat /etc/subuid)
	sed -i "/^$name:/d" /etc/subuid
	printf '%s:500000:10\n%s:%s:70000\n' "$name" "$name" "$first" >>/etc/subuid
	shell "the first range that is large enough counts" "0 $first 65536" 'echo $(cat /proc/self/uid_map)'
	sed -i "/^$name:/d" /etc/subuid
	printf '%s:500000:10\n%s:600000:20\n' "$name" "$name" >>/etc/subuid
	shell "... else the largest" "0 600000 20" 'echo $(cat /proc/self/uid_map)'
	sed -i "/^$name:/d" /etc/subuid
	echo "$name:$own:65536" >>/etc/subuid
	refused "a range that holds the caller" "-p: PrivateUsers=: \"full\" is not available: the range*contains the caller's own id*" true
	sed -i "/^$name:/d" /etc/subuid
	echo "$name:0:65536" >>/etc/subuid
	refused "... or root" "-p: PrivateUsers=: \"full\" is not available: the range*" true
	echo "$saved" >/etc/subuid
	[ "$label" = user ] || return 0

	printf '#!/bin/sh\necho "newuidmap: not today" >&2\nexit 1\n' >"$tmp/no-helper"
	chmod 755 "$tmp/no-helper"
	mount --bind "$tmp/no-helper" /usr/bin/newuidmap
	refused "newuidmap that refuses is quoted" "/usr/bin/newuidmap did not write the id map: newuidmap: not today" true
	umount /usr/bin/newuidmap
	mount --bind /dev/null /usr/bin/newuidmap
	refused "without newuidmap" "-p: PrivateUsers=: \"full\" is not available: newuidmap and newgidmap are not installed*" true
	umount /usr/bin/newuidmap
	also ok "$label: no unit is left of those" eventually no_units
}

# The ids on disk as those of the world: root's to ask for.
test_idmap() {
	local dir=$tmp/idmap-$label
	mkdir "$dir"
	mount -t tmpfs -o mode=755,nodev tmpfs "$dir"
	echo secret >"$dir/secret"
	touch "$dir/other"
	chmod 600 "$dir/secret"
	chown 1000:1000 "$dir/other"
	if [ "$label" != root ]; then
		refused "idmap as a user" "--volume: Volume=: \"idmap\" works only for root*" -v "$dir:/mnt:ro,idmap" true
		umount "$dir"
		return
	fi
	mode=()
	refused "idmap without a world of its own" "--volume: Volume=: \"idmap\" works only with PrivateUsers=full*" -v "$dir:/mnt:ro,idmap" true
	mode=(-p PrivateUsers=full)
	refused "a writable one where set-user-ID counts" "--volume: Volume=: a writable \"idmap\" needs a file system that is mounted nosuid*" \
		-v "$dir:/mnt:idmap" true
	inside -v "$dir:/mnt:ro,idmap" 'echo $(stat -c %u:%g /mnt/secret /mnt/other) $(cat /mnt/secret)'
	if [[ $err = *"not every file system"* ]]; then
		skip "$label: idmap" "this kernel's tmpfs cannot be idmapped"
	else
		no_refusal is "$label: the ids on disk are the world's" "$out" "0:0 1000:1000 secret"
		mount -o remount,nosuid "$dir"
		no_refusal shell "what is written there has the ids on disk" "ok" -v "$dir:/mnt:idmap" \
			'echo x >/mnt/new; touch /mnt/new2; chown 42 /mnt/new2; chmod 4755 /mnt/new 2>/dev/null; echo ok'
		no_refusal is "$label: ... on the machine" "$(stat -c %u "$dir/new" "$dir/new2")" $'0\n42'
		shell "without idmap they are nobody's" "65534:65534" -v "$dir:/mnt:ro" 'stat -c %u:%g /mnt/secret'
	fi
	refused "what cannot be idmapped" "--volume: Volume=: cannot idmap /proc/sys: *" \
		-v "/proc/sys:/mnt:ro,norbind,idmap" true
	umount "$dir"
}

all() {
	mkdir "$tmp/own-$label" "$tmp/range-$label"
	chown "$name" "$tmp/own-$label"
	mount -t tmpfs -o "mode=755,uid=$first,gid=$first" tmpfs "$tmp/range-$label" # where set-user-ID counts
	test_ids
	test_world
	test_outside
	test_life
	test_nesting
	test_range
	test_idmap
	umount "$tmp/range-$label"
}

mkdir -m 777 "$tmp/open"
: >"$tmp/open/file"
chmod 666 "$tmp/open/file"
/usr/bin/python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(600)' >"$tmp/port" &
await test -s "$tmp/port"
port=$(cat "$tmp/port")
cd /tmp || exit

mode=(-p PrivateUsers=full)
label=user who=("$as_user") ctl=("$as_user" systemctl --user) name=$TH_USER own=$(id -u "$TH_USER")
first=$(sed -n "s/^$name:\([0-9]*\):65536$/\1/p" /etc/subuid)
all
label=root who=() ctl=(systemctl) name=root own=0 first=300000
echo root:300000:65536 | tee -a /etc/subuid >>/etc/subgid
all
