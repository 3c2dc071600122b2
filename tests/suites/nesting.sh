#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun inside isorun: how deep, that each level is within the one around it, and what comes through. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
install_isorun
quiet=(--quiet -p "Optional=MemoryMax TasksMax")
# Where Landlock cannot keep the host's abstract sockets shut, no unix socket can be had in its network.
shared=(-p PrivateNetwork=no)
[ "$(landlock_abi)" -ge 6 ] || shared+=(-p RestrictAddressFamilies= -p "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK")

nothing_left() {
	[ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ] && ! pgrep -x isorun >/dev/null &&
		! pgrep -f '^sleep 10[0-9][0-9]$' >/dev/null
}

# Runs a command under the policy nest, as who it is.
outer() { "${who[@]}" isorun "${quiet[@]}" --policy nest "${nest_as[@]}" "$@"; }

# N sandboxes around a command, the innermost under POLICY: levels N POLICY COMMAND...
levels() {
	local n=$1 policy=$2 i inner=()
	for ((i = 2; i < n; i++)); do inner+=(isorun --quiet --policy nest); done
	outer "${inner[@]}" isorun --quiet --policy "$policy" "${@:3}"
}

within() { # description, expected output, options and command of the inner isorun...
	run outer isorun --quiet "${@:3}"
	is "$label: $1" "$out$err" "$2"
}

refused() { # description, glob of the one line, options and command of the inner isorun...
	run outer isorun --quiet "${@:3}"
	like "$label: $1" "$status $(wc -l <"$tmp/err") $err" "125 1 isorun: $2"
}

test_depth() {
	local policy

	for policy in nest default; do
		# shellcheck disable=SC2016
		run levels 16 "$policy" sh -c 'echo x >/dev/null || echo no /dev/null
			for d in / /etc /usr /home /opt /srv /sys /proc; do (: >$d/x) 2>/dev/null && echo "$d is writable"; done
			: >/tmp/x || echo no /tmp; ls /tmp; grep -h ^NoNewPrivs /proc/self/status; grep ^0:: /proc/self/cgroup
			while read -r a b c d e f g; do [ "$e" = / ] && case $f in ro,nosuid,nodev*) ;; *) echo "$f" ;; esac
			done </proc/self/mountinfo; exit 7'
		is "$label: sixteen deep, the last under $policy: read-only, with /dev/null and a /tmp" "$out" \
			"x"$'\n'"NoNewPrivs:"$'\t'"1"$'\n'"0::/"
		no_refusal is "$label: ... its exit status comes through" "$status" 7
		no_refusal is "$label: ... and nothing is said" "$err" ""
	done
	if [ "$(landlock_abi)" -ge 6 ]; then
		run levels 17 default true
		is "$label: the seventeenth is refused" "$status $err" "125 isorun: cannot enforce the Landlock rules (the kernel\
 does not allow deeper nesting of sandboxes with Landlock): Argument list too long"
	else
		skip "$label: the seventeenth is refused" "no Landlock that counts them"
	fi
	# The example of selfdock, whose policy is no option.
	run "${who[@]}" isorun --policy nest "${nest_as[@]}" "${quiet[@]}" isorun sh -c 'echo in; exit 3'
	no_refusal is "$label: isorun run in isorun run in a shell" "$status $out" "3 in"
	run outer isorun --quiet --policy nest no-such-command
	no_refusal is "$label: a command that is not there is told from one that fails" "$status" 127
	also no_refusal ok "$label: nothing is left" eventually nothing_left
}

# As uid 0 of a world of its own, where CAP_SETFCAP is kept: what maps uid 0 must hold it.
test_world() {
	local i inner=() world=("${who[@]}" isorun "${quiet[@]}" --policy nest -p PrivateUsers=full)

	[ "$label" = user ] || echo root:300000:65536 | tee -a /etc/subuid >>/etc/subgid
	for ((i = 2; i < 16; i++)); do inner+=(isorun --quiet --policy nest -p CapabilityBoundingSet=CAP_SETFCAP); done
	# shellcheck disable=SC2016
	run "${world[@]}" "${inner[@]}" isorun --quiet sh -c 'echo x >/dev/null || echo no /dev/null; id -u
		for f in /etc/x /usr/x /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do (: >$f) 2>/dev/null && echo "$f"; done; exit 7'
	is "$label: uid 0 of its own world, sixteen deep" "$status $out$err" "7 0"
	run "${world[@]}" isorun --quiet --policy nest isorun --quiet true
	like "$label: ... not where CAP_SETFCAP is not kept" "$status $err" \
		"125 isorun: root needs CAP_SETFCAP to map uid 0 into a user namespace*"
}

test_without() {
	local options

	for options in "" "-p RestrictNamespaces=no" "-p RestrictNamespaces=no -p SystemCallFilter=@mount" \
		"--policy nest -p RestrictNamespaces=~time" "--policy nest -p SystemCallFilter=~@mount"; do
		# shellcheck disable=SC2086
		run "${who[@]}" isorun "${quiet[@]}" "${nest_as[@]}" $options isorun --quiet true
		like "$label: where a sandbox cannot be made inside ($options), the one line names Nesting=" \
			"$status $(wc -l <"$tmp/err") $err" "125 1 isorun: *Nesting=yes*"
	done
}

# isoctl inside, where the cgroup is delegated so that instances have their own.
test_manage() {
	# shellcheck disable=SC2016
	run outer -p Delegate=yes bash -c 'mkdir /tmp/source; echo hello >/tmp/source/file
		isorun --quiet -p GrantPaths=/mnt/in --name inner sleep 1005 &
		for ((i = 0; i < 10 * '"${TEST_PATIENCE:-10}"'; i++)); do isoctl enter inner true 2>/dev/null && break; sleep 0.1; done
		isoctl list -q; isoctl grant inner /tmp/source:/mnt/in; isoctl enter inner cat /mnt/in/file
		isoctl revoke inner /mnt/in; isoctl enter inner ls -A /mnt/in; kill $!; wait $!'
	is "$label: isoctl lists, enters and grants inside" "$out$err" "inner"$'\n'"hello"
	also ok "$label: ... and nothing is left" eventually nothing_left
}

# What an inner policy asks for beyond what is around it.
test_narrower() {
	local open=$tmp/open-$label closed=$tmp/closed-$label

	mkdir -p "$open" "$closed"
	chmod 777 "$open" "$closed"
	refused "a source that the parent does not show" "-p: BindReadOnlyPaths=: $tmp: No such file or directory" \
		-p "BindReadOnlyPaths=$tmp" true
	# promise P27
	refused "a writable volume of what is read-only" \
		"--volume: Volume=: cannot be enforced: /usr/share is mounted read-only (-p Optional=Volume runs without it)" \
		-v /usr/share:/mnt true
	run outer isorun -p "Optional=Volume MemoryMax TasksMax" -v /usr/share:/mnt sh -c ': >/mnt/x'
	like "$label: ... which is less with a notice, if optional" "$err" \
		"*--volume: Volume=: not enforced: /usr/share is mounted read-only*Read-only file system*"
	run outer -v "$closed:/closed:ro" -v "$open:/open" isorun --quiet -v /open:/mnt sh -c \
		'echo inner >/mnt/file && cat /open/file; (: >/closed/x) 2>/dev/null && echo written'
	is "$label: a volume is handed on, writable only where that is said" "$out" inner
	run outer -p InaccessiblePaths=/etc/hostname isorun --quiet -v /etc/hostname:/mnt/x:ro sh -c \
		"$(to_end 'cat /etc/hostname /mnt/x 2>/dev/null')"
	# promise P27
	is_reached "$label: what the parent hides cannot be bound to light" ""
	refused "a limit where nothing is delegated" "-p: MemoryMax=: cannot be enforced: isorun cannot reach the user's service manager, and has no delegated \
cgroup*" -p Optional= -p Optional=TasksMax -p MemoryMax=1G true
	run outer isorun true
	like "$label: ... which is a notice where it is optional" "$err" "isorun: notice: *default.conf*: MemoryMax=, TasksMax=: not enforced: *"
	also is "$label: ... told once" "$(wc -l <<<"$err")" 1
	run outer -p Delegate=yes isorun true
	no_refusal is "$label: ... and no notice is printed twice" "$status $(sort <<<"$err" | uniq -d)" "0 "
	refused "Delegate= where nothing is delegated" "-p: Delegate=: cannot be enforced: *" -p Delegate=yes true
	refused "what only systemd does" "-p: RuntimeMaxSec=: cannot be enforced: *" -p RuntimeMaxSec=5 true
	refused "another user" "-p: User=: only root can *" -p User=12345 true
	refused "the parent's user namespace" "-p: PrivateUsers=: *works only for root" -p PrivateUsers=no true
	refused "a capability that acts on the host" "-p: AmbientCapabilities=: CAP_SYS_TIME has no effect *" \
		-p AmbientCapabilities=CAP_SYS_TIME true
	refused "one over the parent's network" "-p: AmbientCapabilities=: CAP_NET_ADMIN has no effect *" \
		"${shared[@]}" -p AmbientCapabilities=CAP_NET_ADMIN true
	refused "a resource limit above the parent's" "-p: LimitNOFILE=: cannot be enforced: it is above the caller's hard limit*" \
		-p LimitNOFILE=infinity true
	refused "a better priority" "-p: Nice=: *denied" -p Nice=-5 true
	refused "the journal" "-p: StandardOutput=: cannot open /run/systemd/journal/stdout: No such file or directory" \
		-p StandardOutput=journal true
	no_refusal within "PrivateNetwork=no is the parent's network" "lo:" "${shared[@]}" \
		sh -c 'echo $(sed 1,2d /proc/net/dev | cut -d: -f1):'
	run outer -p 'SystemCallFilter=~sync:EBUSY' isorun --quiet -p SystemCallFilter=sync \
		/usr/bin/python3 -c "import ctypes; print(ctypes.CDLL(None).syscall($(call_number sync)))"
	is "$label: a system call that the parent denies stays denied" "$out" -1
	run outer -p RestrictAddressFamilies= -p RestrictAddressFamilies=AF_UNIX isorun --quiet /usr/bin/python3 -c \
		'import socket; socket.socket()'
	like "$label: ... and an address family" "$err" "*Address family not supported*"
	within "a capability is one over its own namespaces" tried -p AmbientCapabilities=CAP_SYS_ADMIN \
		-p SystemCallFilter=@mount sh -c 'mount -o remount,rw,bind / 2>/dev/null && echo writable
		umount -l /tmp 2>/dev/null && echo uncovered; (: >/proc/sys/kernel/core_pattern) 2>/dev/null && echo sysctl; echo tried'
	no_refusal within "the shipped policies can be had inside" "ok" --policy filter echo ok
	no_refusal within "... client" "ok" --policy client echo ok
	run outer isorun --quiet --policy nest sh -c \
		"$(to_end 'find /home /root /boot /sys -mindepth 1 ! -path "$HOME"; cat /etc/shadow 2>/dev/null')"
	# promise P27
	is_reached "$label: what is hidden outside is hidden inside" ""
}

# Tries to take off every mount, and to make writable what is not, in a user namespace of its own.
cat >"$tmp/undo.sh" <<'SH'
# Of mounts that lie over each other, the last is the one that counts.
awk '{ flags[$5] = $6 } END { for (m in flags) print m, flags[m] }' /proc/self/mountinfo | while read -r mount flags; do
	umount -l "$mount" 2>/dev/null && echo "detached $mount"
	case $flags in
	ro*) mount -o remount,bind,rw,nosuid,nodev "$mount" 2>/dev/null && echo "made $mount writable" ;;
	esac
done
[ ! -e /sys/kernel ] || echo "this is no sandbox"
echo tried
SH
chmod 644 "$tmp/undo.sh"

test_no_undoing() {
	run outer -v "$tmp/undo.sh:/undo.sh:ro" isorun --quiet --policy nest unshare -Urm sh /undo.sh
	# promise P3
	is "$label: two deep, no mount of either can be undone" "$status $out" "0 tried"
}

# Tries to get below what hides /home, in a user namespace of its own: each attempt in a mount namespace of its own.
cat >"$tmp/under.py" <<'PY'
import ctypes, os
NEWNS, DETACH, BIND, REC = 0x20000, 2, 4096, 16384
libc = ctypes.CDLL(None)
def mount(source, target, kind, flags): libc.mount(source, target, kind, flags, None)
def found(path): return os.path.exists(path + "/isorun-below")
def umount():
    libc.umount2(b"/home", DETACH)
    return found("/home")
def umount_root():
    libc.umount2(b"/", DETACH)
    return found("/home") or found("/../home")
def setns():
    libc.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), NEWNS)
    return found("/home")
def bind():
    mount(b"/", b"/mnt", None, BIND)
    return found("/mnt/home")
def rbind():
    mount(b"/", b"/mnt", None, BIND | REC)
    libc.umount2(b"/mnt/home", DETACH)
    return found("/mnt/home")
def pivot():
    mount(b"x", b"/mnt", b"tmpfs", 0)
    os.mkdir("/mnt/old")
    libc.pivot_root(b"/mnt", b"/mnt/old")
    libc.umount2(b"/old/home", DETACH)
    return found("/old/home") or libc.umount2(b"/old", DETACH) and False or found("/home") or found("/../home")
def pivot_onto():
    mount(b"/", b"/mnt", None, BIND | REC)
    os.chdir("/mnt")
    libc.pivot_root(b".", b".")
    return any(found(p) for _ in range(4) if libc.umount2(b".", DETACH) or True for p in ("home", "/home", "../home"))
for attempt in umount, umount_root, setns, bind, rbind, pivot, pivot_onto:
    pid = os.fork()
    if pid == 0:
        try:
            if libc.unshare(NEWNS) == 0 and attempt():
                os.write(1, f"below by {attempt.__name__}\n".encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
print("tried")
PY
chmod 644 "$tmp/under.py"

test_below() {
	mkdir -p /home/isorun-below
	run outer -v "$tmp/under.py:/under.py:ro" unshare -Urm /usr/bin/python3 /under.py
	# promise P3
	is "$label: a payload that may mount does not get below its root, nor what hides a place" "$status $out" "0 tried"
	[ "$label" = root ] || return 0
	mkdir -p "$tmp/jail"
	run unshare -m sh -c 'mount --rbind / "$1/jail"; mount -t tmpfs x "$1/jail/home"; exec chroot "$1/jail" "$2" "$1/under.py"' \
		sh "$tmp" /usr/bin/python3
	like "... as it does out of a chroot" "$out" "below by umount*below by setns*below by rbind*below by pivot*tried"
	run unshare -m sh -c 'mount --rbind / "$1/jail"; exec chroot "$1/jail" "$2" --no-scope --quiet true' sh "$tmp" "$isorun"
	like "a caller in a chroot cannot start a sandbox with a user namespace" "$status $err" \
		"125 isorun: cannot make the namespaces: Operation not permitted*"
}

# The buses of the host: by path, by an abstract name, in the host's network, too.
cat >"$tmp/bus.py" <<'PY'
import glob, os, socket, sys
def try_one(address):
    try:
        socket.socket(socket.AF_UNIX).connect(address)
        print("reached", address)
    except OSError:
        pass
for a in ["/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket", "/run/systemd/private",
          "/run/systemd/journal/stdout", "/run/systemd/notify", "\0" + sys.argv[1]] + glob.glob("/run/user/*/*"):
    try_one(a)
for line in open("/proc/net/unix"):
    name = line.split()[-1]
    if name.startswith("@"):
        try_one("\0" + name[1:])
print("tried")
PY
chmod 644 "$tmp/bus.py"

test_bus() {
	local network options

	for network in yes no; do
		options=(-p PrivateNetwork=yes)
		[ $network = yes ] || options=("${shared[@]}")
		run outer "${options[@]}" -v "$tmp/bus.py:/bus.py:ro" isorun --quiet "${options[@]}" \
			-p PassEnvironment="DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR" /usr/bin/python3 /bus.py "$abstract"
		is "$label: no bus is reached with PrivateNetwork=$network" "$status $out$err" "0 tried"
		run outer "${options[@]}" -v "$tmp/bus.py:/bus.py:ro" /usr/bin/python3 /bus.py "$abstract"
		is "$label: ... nor one level up" "$status $out$err" "0 tried"
	done
	run outer isorun --quiet sh -c "$(to_end 'busctl list 2>/dev/null; busctl --user list 2>/dev/null
		systemd-run true 2>/dev/null && echo ran; systemd-run --user true 2>/dev/null && echo ran')"
	is_reached "$label: nor by systemd's own programs" ""
	run outer isorun --system true
	like "$label: --system finds none" "$err" "*cannot reach the system's service manager*"
}

cat >"$tmp/count.sh" <<'SH'
n=0; trap 'n=$((n + 1))' TERM INT HUP USR1
echo ready; i=0; while [ $n = 0 ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done; sleep 0.4; echo $n; exit 5
SH
chmod 644 "$tmp/count.sh"

# Four levels, with the payload's script inside.
begin_four() {
	: >"$tmp/signals"
	env --default-signal=INT,QUIT "$@" "${who[@]}" isorun "${quiet[@]}" --policy nest "${nest_as[@]}" \
		-v "$tmp/count.sh:/count.sh:ro" isorun --quiet --policy nest isorun --quiet --policy nest isorun --quiet \
		bash /count.sh >"$tmp/signals" 2>&1 &
	instance=$!
	await grep -q ready "$tmp/signals"
}

# The isoruns of that, the outermost first.
isoruns() { pgrep -f '^(/usr/bin/)?isorun .*bash /count.sh$' | sort -n; }

test_signals() {
	local name pid

	for name in TERM INT HUP USR1; do
		begin_four
		kill -"$name" "$(isoruns | head -n1)"
		wait $instance
		is "$label: SIG$name to the outermost of four reaches the payload once, and its status comes back" \
			"$? $(tail -n1 "$tmp/signals")" "5 1"
	done
	begin_four
	kill -TERM "$(pgrep -f '^bash /count.sh$' | sort -n | tail -n1)"
	wait $instance
	is "$label: ... to the payload itself, too; its exit status comes through four" "$? $(tail -n1 "$tmp/signals")" "5 1"
	begin_four setsid
	pid=$(isoruns | head -n1)
	kill -INT -- "-$(ps -o pgid= -p "$pid" | tr -d ' ')"
	wait $instance
	is "$label: a terminal's SIGINT to the whole group reaches it once" "$? $(tail -n1 "$tmp/signals")" "5 1"
	begin_four
	also ok "$label: one in the middle is killed" kill -KILL "$(isoruns | sed -n 3p)"
	wait $instance
	also is "$label: SIGKILL of it ends what is inside of it, and is told on" "$?" 137
	also ok "$label: ... nothing is left" eventually nothing_left
	begin_four
	also ok "$label: the outermost is killed" kill -KILL "$(isoruns | head -n1)"
	wait $instance 2>/dev/null
	also ok "$label: ... and nothing is left" eventually nothing_left
	run outer isorun --quiet --policy nest isorun --quiet sh -c 'kill -SEGV $$'
	no_refusal is "$label: death by a signal comes through as 128 and its number" $status 139
}

test_many() {
	run outer sh -c 'for i in 1 2 3 4 5 6 7 8; do isorun --quiet sh -c "echo $i" & done; wait'
	no_refusal is "$label: many beside each other" "$(sort -n <<<"$out" | tr '\n' ' ')" "1 2 3 4 5 6 7 8 "
	also no_refusal ok "$label: nothing is left" eventually nothing_left
}

/usr/bin/python3 -c 'import socket, time
a = socket.socket(socket.AF_UNIX); a.bind("\0isorun-test-bus"); a.listen(); print("there", flush=True); time.sleep(600)' \
	>"$tmp/there" &
await test -s "$tmp/there"
abstract="isorun-test-bus"

cd / || exit
all() {
	test_depth
	test_world
	test_manage
	test_without
	test_narrower
	test_no_undoing
	test_below
	test_bus
	test_signals
	test_many
	verified_start "${quiet[@]}" --policy nest "${nest_as[@]}"
}

as_everybody all
