#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libisorun: programs that isolate themselves. tests/library/self.c is the program. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
# In the place of a library, where a sandbox has it, too.
mkdir -p "$tmp/usr/lib" "$tmp/usr/bin"
cp "$build/src/libisorun.so.0" "$build/src/libisorun-auto.so.0" "$tmp/usr/lib/"
cp "$build/tests/library/"{self,self-alone,self-grants,none,auto} \
	"$build/tests/library/stages" "$tmp/usr/bin/"
cp "$build/tests/library/auto" "$tmp/usr/bin/auto-setuid"
cp "$build/tests/library/self" "$tmp/usr/bin/self-setuid"
chown "${TH_USER:-nobody}" "$tmp"/usr/bin/*-setuid
chmod 4755 "$tmp"/usr/bin/*-setuid
# More that a sandbox has: a program that everybody may only execute, a file, and a program that makes a filter answer a
# system call with an error, if an argument has these bits, and starts another program.
echo odd >"$tmp/usr/bin/odd"
chmod 711 "$tmp/usr/bin/odd"
mkdir "$tmp/usr/lib/odd"
cat >"$tmp/usr/lib/odd/answer.py" <<'PY'
import ctypes, os, struct, sys
name, error, argument, bits = sys.argv[1], *(int(word, 0) for word in sys.argv[2:5])
number = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name(name.encode())
assert number >= 0
code = [(0x20, 0, 0, 0), (0x15, 0, 4, number), (0x20, 0, 0, 16 + 8 * argument), (0x54, 0, 0, bits),
        (0x15, 0, 1, bits), (0x06, 0, 0, 0x50000 + error), (0x06, 0, 0, 0x7fff0000)]
buffer = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(22, 2, fprog, 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[5], sys.argv[5:])
PY
chmod 755 "$tmp/usr/lib/odd"
chmod 644 "$tmp/usr/lib/odd/answer.py"
# A program with each of these policies: name|what it misses under the default policy (-: nothing)|lines of [Sandbox].
notes=(
	"hidden|the process has access to /opt|InaccessiblePaths=/opt"
	"linked|-|Symlink=/var/etc:/etc\nInaccessiblePaths=/var/etc"
	"fixed|the process can write to /tmp|ReadOnlyPaths=-/nowhere /tmp"
	"all-fixed|the process can write to /*|ReadOnlyPaths=/"
	"part-fixed|the process can write to /*|ReadOnlyPaths=/\nTemporaryFileSystem=/tmp"
	"no-exec|the process can execute files in /tmp|NoExecPaths=/tmp"
	"few-exec|the process can execute files in /|NoExecPaths=/\nExecPaths=/usr"
	"covered|the process can see /usr/share|TemporaryFileSystem=/usr/share"
	"invisible|processes of other users are in /proc|ProtectProc=invisible"
	"subset|files of the kernel, and not only processes, are in /proc|ProcSubset=pid"
	"limit|the limit LimitFSIZE is infinity here, which is more than the policy's|LimitFSIZE=1M"
	"nice|Nice= is [0-9]* here|Nice=19"
	"limit-unasked|the limit LimitFSIZE is infinity here, which is more than the policy's|LimitFSIZE=1M\nSystemCallFilter=~prlimit64 getrlimit"
	"nice-unasked|Nice= is [0-9]* here|Nice=19\nSystemCallFilter=~getpriority"
	"odd|the process has access to /usr/bin/odd|InaccessiblePaths=/usr/bin/odd"
	"odd-file|the process has access to /usr/lib/odd/answer.py|InaccessiblePaths=/usr/lib/odd/answer.py"
	"odd-fixed|-|ReadOnlyPaths=/usr/lib/odd/answer.py"
	"missing|-|BindPaths=$tmp/volume:/mnt/volume\nReadOnlyPaths=/mnt/volume/below/missing/file"
	"missing-top|-|BindPaths=$tmp/volume:/mnt/volume\nReadOnlyPaths=/mnt/volume/missing /tmp/missing /missing"
	"admin|-|AmbientCapabilities=CAP_NET_ADMIN"
	"peer|-|ConnectTo=10.9.8.7:80=127.0.0.1:80 example.org:443=127.0.0.1:80"
	"entrance|-|ListenOn=127.0.0.1:8099"
	"numbered|-|SystemCallErrorNumber=EACCES"
	"core|-|LimitCORE=0"
	"devices|-|PrivateDevices=no\nPrivateTmp=yes"
	"override|the process has access to /opt|AmbientCapabilities=CAP_DAC_OVERRIDE\nInaccessiblePaths=/opt"
)
mkdir -p "$tmp/volume/below"
chmod 777 "$tmp/volume" "$tmp/volume/below"
has_private_ids && notes+=("ids|the process has ids of the host, not private ones|PrivateUsers=full")
embed_note() { # name, lines
	printf '[Sandbox]\n%b\n' "$2" >"$tmp/note.conf"
	"$isoctl" embed --syntax "$tmp/note.conf" "$build/tests/library/self" -o "$tmp/usr/bin/note-$1" || ok "embed the note $1" false
}
for row in "${notes[@]}"; do embed_note "${row%%|*}" "${row##*|}"; done
if [ -e "$build/tests/library/static-self" ]; then
	printf '[Sandbox]\nRootDirectory=none\n' >"$tmp/note.conf"
	"$isoctl" embed "$tmp/note.conf" "$build/tests/library/static-self" -o "$tmp/usr/bin/note-none" ||
		ok "embed the note none" false
	notes+=("none|the process can see /etc|")
fi
install_isorun
if is_sanitized; then
	skip "libisorun" "a sanitizer's check for leaks uses ptrace(2), which fails in a program's own sandbox"
	exit 0
fi
chmod 777 "$tmp"
hidden=$tmp/self # a sandbox does not see it
cp "$build/tests/library/self" "$hidden"
# shellcheck disable=SC2034  # lib.sh's: the program under test is not isorun
note=" [no isorun]"

# Runs the program as the user, by its path, with the mode that its first argument is.
self() { run "${who[@]}" env FROM_CALLER=kept OTHER=lost "$@"; }
# What the program prints when it goes on in its sandbox.
went_on="1 show no_new_privs=1 FROM_NOTE=yes FROM_CALLER=kept"

# It is refused: errno of the library, pattern of the only message.
is_refused() { # description, errno, pattern
	like "$label: $1" "$status $(wc -l <"$tmp/err") ${out%% *} $err" "125 1 $2 error: $3"
}

by_hand() {
	self /usr/bin/self show
	is "$label: a program isolates itself" "$status $out $err" "7 $went_on "
	self "$hidden" show
	is "$label: ... also where its own sandbox does not see it" "$status $out $err" "7 $went_on "
	self setpriv --no-new-privs /usr/bin/self show
	is "$label: ... with no_new_privs" "$status $out $err" "7 $went_on "
	self /usr/bin/self-alone show
	is "$label: ... if its policy denies it to make processes, and so to measure itself in a child" \
		"$status $out $err" "7 1 show no_new_privs=-1 FROM_NOTE=yes FROM_CALLER=kept "
	self env -i /usr/bin/self show
	is "$label: ... without an environment" "$status ${out% *}" "7 ${went_on% *}"
	self /usr/bin/self run 3
	is "$label: isorun_run() returns, as often as it is called" "$status $out" "0 \
self 0 status 3, ignored 1, blocked 1 0
self 0 status 3, ignored 1, blocked 1 0"
	self /usr/bin/self is
	# promise P46
	is "$label: it is not isolated by itself" "$out" \
		"notice: not isolated: no_new_privs is not set, or no system call filter is loaded"$'\n'"0"
}

administered() {
	mkdir -p /etc/isorun/policies
	echo "[Sandbox]" >/etc/isorun/policies/self.conf
	self /usr/bin/self show
	# promise P49
	is "$label: the administrator's policy bounds a program that isolates itself" "$status $out $err" \
		"7 1 show no_new_privs=1 FROM_NOTE=yes FROM_CALLER=(null) "
	printf '[Policy]\nProgram=ignore\n[Sandbox]\nPassEnvironment=FROM_CALLER\n' >/etc/isorun/policies/self.conf
	self /usr/bin/self show
	is "$label: ... and counts alone with Program=ignore" "$status $out $err" \
		"7 1 show no_new_privs=1 FROM_NOTE=(null) FROM_CALLER=kept "
	printf '[Sandbox]\nSystemCallFilter=~chown\n' >/etc/isorun/policies/self.conf
	around -p MemoryDenyWriteExecute=yes /usr/bin/self is
	# promise P49
	like "$label: ... and so it is not isolated in an instance of its own policy alone" "$status $out" \
		"0 notice: not isolated: the filter allows chown, *"$'\n'"0"
	printf '[Sandbox]\nSystemCallFilter=~msgget\n' >/etc/isorun/policies/self.conf
	around -p MemoryDenyWriteExecute=yes sh -c '/usr/bin/self is; cat /proc/sysvipc/msg'
	like "$label: ... which it finds out without making a queue of messages" "$status $out" \
		"0 notice: not isolated: the filter allows msgget, *"$'\n'"0"$'\n'" *key *ctime"
	rm /etc/isorun/policies/self.conf
}

refusals() {
	self /usr/bin/self threads
	# promise P47
	is_refused "a process with threads is refused" EBUSY "this process has 2 threads: *"
	self /usr/bin/self closed
	is_refused "a process without a standard input is refused" EBADF "fd 0 is closed: *"
	self /usr/bin/none
	like "$label: a program without a policy is refused" "$status $err" "125 isorun: /usr/bin/none carries no policy *"
	self /usr/bin/self silent
	is "$label: unknown flags are refused, and nothing is said without a log" "$out$err" EINVAL
	cp "$hidden" "$tmp/gone"
	self "$tmp/gone" removed
	[ -e "$tmp/gone" ] || is_refused "a program whose file is gone is refused" ESTALE "the file of this program is not at *"
	self /usr/bin/self hand-over
	like "$label: a hand-over outside of a service is refused" "$status ${out%% *} $err" "125 E* *error: *--hand-over*"
}

of_root() {
	label=root who=()
	mkdir -p "$tmp/tree/proc" "$tmp/tree/usr" "$tmp/tree/lib64" "$tmp/tree/lib"
	mount --rbind /proc "$tmp/tree/proc"
	self /usr/bin/self chroot "$tmp/tree"
	# promise P47
	is_refused "a process in a chroot is refused" EXDEV "this process is in a chroot(2) environment, *"
	umount -l "$tmp/tree/proc"
	self /usr/bin/self-setuid show
	# promise P47
	is_refused "a set-user-ID program is refused" EPERM "this program has more rights than its caller: *"
	self /usr/bin/auto-setuid word
	like "$label: ... also before its main()" "$status $out $err" "125  isorun: this program has more rights than its caller: *"
}

# isorun around the program, under another policy.
around() { run "${who[@]}" "$isorun" --quiet --policy "${policy:-default}" -p "Optional=MemoryMax TasksMax" "$@"; }

# The first line of the last answer names what is missing.
finds() { # description, pattern
	# promise P46
	like "$label: it finds $1" "$status $out" "0 notice: not isolated: $2"$'\n'"0"
}

# "is" asks in a sandbox with these options.
misses() { # description, pattern, options...
	around -p MemoryDenyWriteExecute=yes "${@:3}" /usr/bin/self is
	finds "$1" "$2"
}

measured() {
	rm -rf "$tmp/mine"
	"${who[@]}" mkdir "$tmp/mine"
	around -p MemoryDenyWriteExecute=yes /usr/bin/self is
	is "$label: it finds itself in an instance as narrow as its policy" "$status $out$err" "0 1"
	around -p MemoryDenyWriteExecute=yes -p "SystemCallFilter=~chown" -p PrivateIPC=yes -p ProcSubset=pid \
		-p RestrictAddressFamilies= -p RestrictAddressFamilies=AF_UNIX /usr/bin/self is
	is "$label: ... and in a narrower one" "$status $out$err" "0 1"
	around -p MemoryDenyWriteExecute=yes -p Environment=FROM_NOTE=around /usr/bin/self show
	like "$label: ... where it goes on at once" "$status $out" "7 1 show no_new_privs=1 FROM_NOTE=around *"

	run "${who[@]}" "$isorun" --quiet /usr/bin/self show
	like "$label: ... and under isorun with its own policy" "$status $out" "7 1 show no_new_privs=1 FROM_NOTE=yes *"

	around -p MemoryDenyWriteExecute=yes /usr/bin/self ask
	is "$label: ... also in threads, whose program sees no child of the library" "$status $out$err" \
		"0 80 answers, handler lost 0, children 0, signal 0"

	misses "a call that the filter allows" "the filter allows kcmp, *" -p SystemCallFilter=kcmp
	misses "a family of sockets" "the filter allows socket, *" -p RestrictAddressFamilies=AF_PACKET
	misses "namespaces that can be made" "the filter allows setns, *" -p RestrictNamespaces=no
	misses "set-user-ID bits that can be set" "the filter allows *chmod*, *" -p RestrictSUIDSGID=no
	misses "real-time scheduling" "the filter allows sched_setscheduler, *" -p RestrictRealtime=no \
		-p SystemCallFilter=sched_setscheduler
	misses "writable memory that can be executed" "the filter allows m*, *" -p MemoryDenyWriteExecute=no
	misses "shared memory of others" "/proc/self/ns/ipc is shared with processes outside" -p PrivateIPC=no
	misses "a capability" "CapBnd has capabilities that the policy drops" -p CapabilityBoundingSet=CAP_NET_RAW
	misses "a directory that is writable" "the process can write to /opt" -v "$tmp/mine:/opt:rw"
	misses "a directory that is to be hidden" "the process can see /srv" -v /usr:/srv:ro
	misses "a network of others" "/proc/self/ns/net is shared with processes outside" -p PrivateNetwork=no

	misses "modify_ldt, whose errors look like results" "the filter allows modify_ldt, *" -p SystemCallFilter=modify_ldt
	misses "fanotify_init, which has an unprivileged part" "the filter allows fanotify_init, *" \
		-p SystemCallFilter=fanotify_init
	[ "$(cat /proc/sys/kernel/dmesg_restrict)" != 0 ] ||
		misses "the kernel's log" "the filter allows syslog, *" -p SystemCallFilter=syslog

	misses "devices of the host" "the process can see the device /dev/*" -p PrivateDevices=no
	misses "... and one in a directory" "the process can see the device /dev/bus/usb/001/odd" \
		-p BindReadOnlyPaths=/dev/null:/dev/bus/usb/001/odd
	around -p MemoryDenyWriteExecute=yes /usr/bin/python3 -B /usr/lib/odd/answer.py openat 24 2 0x10800 /usr/bin/self is
	# promise P46
	like "$label: it does not know whether it is isolated if it cannot list devices" "$status $out" \
		"0 error: cannot find out whether this process is isolated: /dev: Too many open files"$'\n'"EMFILE"
	misses "temporary files of others" "the process can see /tmp" -p PrivateTmp=no
	misses "peers of others" "the network has the address 10.9.8.7, of a peer" -p ConnectTo=10.9.8.7:80=127.0.0.1:80
	misses "... and clients" "the network has the address 198.18.0.1, of a peer" -p ListenOn=127.0.0.1:8098

	around -p SystemCallFilter=kcmp /usr/bin/self show
	like "$label: in a wider sandbox, it fails and says why" "$status ${out%% *} $err" "125 EPERM error: a system call \
filter around isorun denies calls that it needs: *notice: this process is in another sandbox already, but not in an \
instance of its policy: the filter allows *"
	around -p "SystemCallFilter=~@process" -p SystemCallFilter=kcmp /usr/bin/self show
	like "$label: ... also if that lets it make no processes" "$status ${out%% *} $err" "125 EPERM error: a system call \
filter around isorun denies that it makes processes (clone, wait4): Operation not permitted*notice: this process is in \
another sandbox already, but not in an instance of its policy: the filter allows *"
	policy=nest around "${nest_as[@]}" /usr/bin/self show
	like "$label: in one that lets it nest, it isolates itself" "$status $out" \
		"7 1 show no_new_privs=1 FROM_NOTE=yes FROM_CALLER=(null)"
}

# Policies that differ from the default one in one line. In an instance of its own, a program finds all as it should be;
# under the default policy, it finds what its own takes away.
noted() {
	local row name lines rest
	for row in "${notes[@]}"; do
		name=${row%%|*} lines=${row##*|} rest=${row#*|}
		self "/usr/bin/note-$name" show
		like "$label: a program isolates itself by ${lines:-RootDirectory=none}" "$status ${out%% FROM*}" \
			"7 1 show no_new_privs=1"
		[ "${rest%%|*}" != - ] || continue
		around sh -c "/usr/bin/note-$name is" # a shell, so that isorun does not read the note
		# promise P46
		also like "$label: ... and misses that in another sandbox" "$status $out" \
			"0 notice: not isolated: ${rest%%|*}"$'\n'"0"
	done
}

# Asks the program with one of these policies in another sandbox.
misses_noted() { # description, name, pattern, words before the program...
	around "${@:4}" "/usr/bin/note-$2" is
	finds "$1" "$3"
}

# Errors that say nothing about what was asked: a filter of somebody else, or a file system, may answer anything.
unanswered() {
	local answer=(/usr/bin/python3 -B /usr/lib/odd/answer.py) call calls name what
	misses_noted "a limit that it cannot ask for" limit "the limit LimitFSIZE is infinity here, which is more than the policy's" \
		"${answer[@]}" prlimit64 1 3 0
	misses_noted "... and a priority" nice "Nice= is [0-9]* here" "${answer[@]}" getpriority 38 0 0
	[ -x "$(command -v strace)" ] || { skip "$label: files that it cannot ask about" "no strace"; return; }
	for call in newfstatat:odd-file:"has access to" statfs,?access,?faccessat:odd-fixed:"can change"; do
		IFS=: read -r calls name what <<<"$call"
		fault_of "$calls" "$name"
		finds "a file that it cannot ask about ($calls)" "the process $what /usr/lib/odd/answer.py"
	done
}

fault_of() { # system call, name: asks, and the call fails for the file
	run "${who[@]}" strace -f -qq -o /dev/null -P /usr/lib/odd/answer.py -e "inject=$1:error=EIO" \
		"$isorun" --quiet -p "Optional=MemoryMax TasksMax" sh -c "/usr/bin/note-$2 is"
}

# Sandboxes that differ from the policy in what cannot be asked for with one option.
otherwise() {
	run "${who[@]}" "$isorun" --quiet -p "BindPaths=$tmp/volume:/mnt/volume" -p "Optional=MemoryMax TasksMax" \
		sh -c "/usr/bin/note-missing is"
	finds "a directory where it can make a file that is to be read-only" \
		"the process can change /mnt/volume/below/missing/file"
	around -p AmbientCapabilities=CAP_NET_ADMIN sh -c \
		'for kind in dummy bridge "veth peer name odd1"; do ip link add odd0 type $kind && exec /usr/bin/note-admin is; done
echo no device' 2>/dev/null
	if [ "$out" = "no device" ]; then
		skip "$label: a network with another device" "the kernel makes none"
	else
		finds "a device of the network that it may have made" "the network has more than a loopback device"
	fi
	! has_private_ids || mapped
}

# A user namespace whose root is the caller.
mapped() {
	policy=nest around "${nest_as[@]}" unshare -Ur -uin setpriv --bounding-set=-all --inh-caps=-all \
		sh -c "/usr/bin/note-ids is"
	finds "that its root is the caller" "the process has ids of the host, not private ones"
}

# In units. Their sandbox is not that of the policy, however strict it is.
in_units() {
	as_service -- /usr/bin/auto word
	is "$label: as a service, before main()" "$status $out" "7 1 word"
	as_service -- /usr/bin/self show
	like "$label: as a service" "$status $out" "7 1 show no_new_privs=1 FROM_NOTE=yes *"
	as_service NoNewPrivileges=yes -- /usr/bin/self show
	like "$label: as a service with NoNewPrivileges=" "$status $out" "7 1 show no_new_privs=1 FROM_NOTE=yes *"
	as_service NoNewPrivileges=yes SystemCallFilter=@system-service SystemCallErrorNumber=EPERM \
		RestrictNamespaces=yes LockPersonality=yes -- /usr/bin/self is
	# promise P46
	like "$label: a unit's own sandbox is not an instance" "$status $out" "0 notice: not isolated: *"$'\n'"0"
	as_service Type=notify NotifyAccess=all -- /usr/bin/self hand-over
	like "$label: it hands itself over" "$out" "1 hand-over no_new_privs=1 *"
}

# isoctl takes it for an instance like one of isorun, although no isorun runs.
shown() {
	run "${who[@]}" "$isoctl" list -q "self-*"
	local name=$out
	also like "$label: isoctl lists it" "$status $err $name" "0  self-????"
	run "${who[@]}" "$isoctl" list --no-legend "$name"
	like "$label: ... as running" "$out" "$name /usr/bin/self running *"
	also verified "$name"
	run "${who[@]}" "$isoctl" status "$name"
	like "$label: ... tells its plan" "$status $err $out" "0  *first process* (isorun: *"
	run "${who[@]}" "$isoctl" enter "$name" sh -c "echo \$FROM_NOTE"
	is "$label: ... runs a command in it" "$status $out$err" "0 yes"
	run "${who[@]}" "$isoctl" diff "$name" /usr/bin/self
	is "$label: ... finds its policy to be that of the program" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" analyze --threshold=0 "$name"
	like "$label: ... and says how exposed the system is to it" "$status $out$err" "1 *Overall exposure of $name: *"
}

# What changes an instance, and what looks into it, works on one of a program as on one of isorun.
changed() {
	: >"$tmp/said"
	"${who[@]}" /usr/bin/self-grants stay >"$tmp/said" 2>"$tmp/err" &
	local child=$! name
	await grep -qsx inside "$tmp/said"
	run "${who[@]}" "$isoctl" list -q "self-grants-*"
	name=$out
	rm -rf "$tmp/given"
	"${who[@]}" mkdir "$tmp/given"
	"${who[@]}" touch "$tmp/given/of-mine"
	run "${who[@]}" "$isoctl" grant "$name" "$tmp/given:/mnt/in"
	is "$label: isoctl grant gives a program's instance a directory" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" enter "$name" ls /mnt/in
	also is "$label: ... which it sees" "$status $out" "0 of-mine"
	run "${who[@]}" "$isoctl" verify --quiet --no-legend "$name"
	also is "$label: ... and which isoctl verify knows" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" revoke "$name" /mnt/in
	is "$label: ... and revoke takes it away" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" flows --json "$name"
	is "$label: isoctl flows asks it" "$status $out$err" "0 []"
	run "${who[@]}" "$isoctl" explain "$name"
	like "$label: isoctl explain, too" "$status $err$out" "0 *network *localhost:9797*# /usr/bin/self-grants (note*"
	run "${who[@]}" "$isoctl" verify --filter --quiet --no-legend "$name"
	if [ "$label" = root ]; then
		is "$label: verify --filter compares its filters' bytes" "$status $out$err" "0 "
	else
		like "$label: verify --filter says that a user cannot read filters" "$status $out$err" "2 unread filter's bytes *: Permission denied*"
	fi
	pkill -x self-grants
	wait "$child"
	await gone '^/usr/bin/self-grants'
}

# Starts a command as isorun-test.service, and leaves it running.
begin_service() { # properties..., --, command...
	local properties=()
	while [ "$1" != -- ]; do
		properties+=(-p "$1")
		shift
	done
	: >"$tmp/said"
	chmod 666 "$tmp/said"
	"${who[@]}" systemd-run "${bus[@]}" --quiet --no-block --unit=isorun-test.service "${properties[@]}" \
		-p "StandardOutput=append:$tmp/said" "${@:2}"
}

end_service() {
	ctl stop isorun-test.service 2>/dev/null # it may be gone
	ctl reset-failed isorun-test.service 2>/dev/null
	await forgotten isorun-test.service
}

# Also where its service's user keeps it from writing down that it is an instance.
services_shown() {
	local kind
	for kind in "${kinds[@]}"; do
		# shellcheck disable=SC2086  # a kind is several properties
		begin_service $kind -- /usr/bin/self stay
		await grep -qsx inside "$tmp/said"
		also verified isorun-test.service
		run "${who[@]}" "$isoctl" enter isorun-test sh -c "echo \$FROM_NOTE"
		is "$label: isoctl runs a command in a service that isolates itself${kind:+ ($kind)}" "$status $out$err" "0 yes"
		run "${who[@]}" "$isoctl" list --no-legend isorun-test
		like "$label: ... lists it with its command" "$out" "isorun-test * running * isorun-test.service /usr/bin/self stay"
		run "${who[@]}" "$isoctl" stop isorun-test
		is "$label: ... and stops it" "$status $out$err" "0 "
		end_service

		# shellcheck disable=SC2086
		begin_service $kind Type=notify NotifyAccess=all -- /usr/bin/self stay hand-over
		await grep -qsx inside "$tmp/said"
		await handed_over
		run "${who[@]}" "$isoctl" status isorun-test
		like "$label: ... also after a hand-over${kind:+ ($kind)}" "$status $err $out" "0 *(handed over to systemd)*"
		end_service
	done
}

handed_over() { "${who[@]}" "$isoctl" list --no-legend isorun-test | grep -q running; }

# The main process of a service makes a worker, which makes a child of the main process that looks like a reaper: called
# isorun, and the first one of a pid namespace. It writes the attributes of an instance, if it can. With "main", the
# main process itself says that it is isorun.
cat >"$tmp/forge.py" <<'PY'
import ctypes, os, platform, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name): assert libc.prctl(15, name, 0, 0, 0) == 0 # PR_SET_NAME
CLONE_PARENT, CLONE_NEWUSER, CLONE_NEWPID, SIGCHLD = 0x8000, 0x10000000, 0x20000000, 17
if sys.argv[1:] == ["main"]: call(b"isorun")
if os.fork() > 0: time.sleep(1000)
call(b"isorun")
pid = libc.syscall({"x86_64": 56}.get(platform.machine(), 220), CLONE_PARENT | CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0)
assert pid >= 0, ctypes.get_errno()
if pid > 0:
    cgroup = "/sys/fs/cgroup" + open("/proc/self/cgroup").read().strip().split("::")[1]
    try:
        for key, value in ("name", "isorun-test"), ("pid", str(pid)):
            os.setxattr(cgroup, "user.isorun." + key, value.encode())
    except OSError: pass
    print("forged", flush=True)
time.sleep(1000)
PY
chmod 644 "$tmp/forge.py"

forged() {
	local kind who_runs=$label
	for kind in "${kinds[@]}"; do
		label=$who_runs${kind:+ ($kind)}
		# shellcheck disable=SC2086  # the forgery is the first of its pid namespace, and takes no SIGTERM
		begin_service $kind KillSignal=SIGKILL -- /usr/bin/python3 "$tmp/forge.py"
		await grep -qsx forged "$tmp/said"
		run "${who[@]}" "$isoctl" stop isorun-test
		# promise P40
		is "$label: a service with a worker that pretends to be isorun's is no instance" \
			"$status $out$err" "125 isoctl: no such instance: \"isorun-test\"; see isoctl list"
		also ok "$label: ... and goes on" ctl is-active --quiet isorun-test.service
		end_service
		# shellcheck disable=SC2086
		begin_service $kind KillSignal=SIGKILL -- /usr/bin/python3 "$tmp/forge.py" main
		await grep -qsx forged "$tmp/said"
		run "${who[@]}" "$isoctl" list -q isorun-test
		is "$label: ... only its main process can say that it is" "$status $out$err" "0 isorun-test"
		run "${who[@]}" "$isoctl" enter isorun-test true
		like "$label: ... and cannot be entered without isorun's socket" "$status $err" \
			"125 isoctl: cannot reach isorun-test: its isorun, process *, does not listen (*"
		end_service
	done
	label=$who_runs
}

its_scope() { find /sys/fs/cgroup -name 'isorun-self-*.scope' | grep -q .; }

signals() {
	: >"$tmp/said"
	"${who[@]}" /usr/bin/self stay >"$tmp/said" 2>"$tmp/err" &
	local child=$! outer
	await grep -qsx inside "$tmp/said"
	also ok "$label: it is an instance of systemd" its_scope
	shown
	outer=$(pgrep -of '^/usr/bin/self stay') || outer=$child # it has not started, or has ended
	kill -TERM "$outer"
	wait "$child"
	status=$?
	also is "$label: a signal reaches it, and the outer process ends as it did" "$status" 143
	ok "$label: nothing is left of it" eventually not its_scope
}

# Enters stages, and compares what the attempts of tests/library/stages.c returned after the last word.
enters() { # description, result, words...
	self /usr/bin/stages "${@:3}"
	is "$label: $1" "$status ${out##*$'\n'}" "7 $2"
}

# Stages of a program in its sandbox. What it can do before is the control: without it, no refusal means anything.
stages() {
	local exec="tmp=0 run=0 null=0 read=0 chmod=0 truncate=0 peer1=0 peer2=0 fast=0 capabilities=9"

	enters "before a stage, all is permitted" "start: exec=0 $exec"
	# promise P50
	enters "a stage takes system calls" "calls 0: exec=EPERM $exec" calls
	# promise P50
	enters "... from processes that are made later, too" "fork 0: exec=EPERM $exec" calls fork
	# promise P50
	enters "... and from all threads" "calls 0: exec=EPERM $exec" thread calls
	# promise P50
	enters "a stage takes paths, peers and capabilities in part" "half 0: exec=EACCES tmp=0 run=EACCES null=0 read=0 \
chmod=0 truncate=EACCES peer1=EACCES peer2=0 fast=EPERM capabilities=8" half
	# promise P50
	enters "... and as a whole" "serving 0: exec=EPERM tmp=EACCES run=EACCES null=0 read=0 chmod=EPERM truncate=EPERM \
peer1=EPERM peer2=EPERM fast=EPERM capabilities=0" serving
	# promise P50
	enters "a stage gives nothing back that another one has taken" "half 0: exec=EPERM tmp=EACCES run=EACCES null=0 read=0 \
chmod=EPERM truncate=EPERM peer1=EPERM peer2=EPERM fast=EPERM capabilities=0" serving serving half
	enters "a stage follows one that denies processes" "calls 0: exec=EPERM ${exec/%=9/=ffffffff}" alone calls
	enters "no file can be read in a stage without files" "blind 0: exec=EACCES tmp=EACCES run=EACCES null=0 read=EACCES \
chmod=EPERM truncate=EPERM peer1=0 peer2=0 fast=0 capabilities=9" blind

	self /usr/bin/stages fds half{,,,,,,,,,,,,,,,,,} fds
	like "$label: a stage is entered until the kernel takes no more Landlock domains" "$status $out" \
		"7 *half 0: *error: the stage half changes nothing: cannot enter a Landlock domain: this process is in 16 of them, *half \
E2BIG: *"
	also is "$label: ... and leaves no fd open" "$(grep ' fds$' <<<"$out" | sort -u | wc -l)" 1
	# shellcheck disable=SC2046
	self /usr/bin/stages $(yes calls | head -n 150)
	like "$label: ... or until the filters are too long" "$status $out" "7 *calls 0: *error: the stage calls changes nothing: \
cannot load the system call filter: out of memory, or the filters of this process are too long together*calls ENOMEM: *"

	if [ "$(landlock_abi)" -lt 8 ]; then
		# promise P50
		enters "with threads, a stage that cannot reach all of them changes nothing" "serving EBUSY: exec=0 $exec" \
			thread serving
		also like "$label: ... and says so" "$out" "*error: the stage serving changes nothing, because this process has 2 \
threads, and the kernel does not give a Landlock domain to all of them *"
	else
		enters "with threads, a Landlock domain reaches all of them" "half EBUSY: exec=0 $exec" thread half
	fi
	enters "a path that does not exist changes nothing" "missing ENOENT: exec=0 $exec" missing
	like "$label: ... and says so" "$out" "*error: the stage missing changes nothing: *Landlock rule for /tmp/nowhere: *"
	enters "a stage that the policy does not have changes nothing" "other ENOENT: exec=0 $exec" other
	like "$label: ... and says so" "$out" "*error: the policy of /usr/bin/stages has no section [[]Stage.other] (it has \
calls, half, serving, blind, alone, missing)*"
	self /usr/bin/stages outside
	is "$label: outside of its sandbox, a program enters no stage" "$status $out" "0 error: not isolated, so the stage \
calls changes nothing: no_new_privs is not set, or no system call filter is loaded
EPERM EINVAL"
}

# Isolated before main().
automatic() {
	self /usr/bin/auto word
	is "$label: a program that is linked with libisorun-auto is isolated" "$status $out $err" "7 1 word "
	self setpriv --no-new-privs /usr/bin/auto word
	is "$label: ... with no_new_privs" "$status $out $err" "7 1 word "
	self env LD_PRELOAD=libisorun-auto.so.0 /usr/bin/self is
	is "$label: ... and one that it is preloaded into" "$status $out $err" "0 1 "
	: >"$tmp/said"
	"${who[@]}" env LD_PRELOAD=libisorun-auto.so.0 /usr/bin/self stay >"$tmp/said" 2>&1 &
	await grep -qsx inside "$tmp/said"
	also verified "self-*"
	pkill -x self
	wait $!
	also is "$label: ... and that ends as it does" $? 143
	self env LD_PRELOAD=libisorun-auto.so.0 /usr/bin/true
	like "$label: a program without a policy does not run with it" "$status $err" "125 isorun: /usr/bin/* carries no policy *"
	policy=nest around "${nest_as[@]}" /usr/bin/auto word
	is "$label: it nests" "$status $out" "7 1 word"
	around -p SystemCallFilter=kcmp /usr/bin/auto word
	like "$label: in a sandbox that does not let it, it does not run" "$status $out $err" "125  isorun: a system call filter *"
}

# Programs with the archive, and no shared library.
of_static() {
	self "$tmp/static-self" show
	is "$label: a static program isolates itself" "$status $out $err" "7 $went_on "
	self "$tmp/static-self" run 3
	is "$label: ... as often as it likes" "$status $out" "0 \
static-self 0 status 3, ignored 1, blocked 1 0
static-self 0 status 3, ignored 1, blocked 1 0"
	self "$tmp/static-limited" show
	like "$label: ... with limits, by the isorun that is installed" "$status $out $err" "7 1 show no_new_privs=1 FROM_NOTE=yes *"
	self "$tmp/static-limited" run 3
	is "$label: ... also if it wants to go on afterwards" "$status $out" "0 \
static-limited 0 status 3, ignored 1, blocked 1 0
static-limited 0 status 3, ignored 1, blocked 1 0"
}

of_bare_machine() {
	label=root who=()
	mkdir "$tmp/bare"
	self "$build/tests/library/bare" "$tmp/bare" "$tmp/static-self" show
	is "$label: a static program isolates itself where there is nothing else" "$status $out $err" "7 $went_on "
	self "$build/tests/library/bare" "$tmp/bare" "$tmp/static-limited" show
	is_refused "limits that nothing can hold are refused there" EOPNOTSUPP "*RuntimeMaxSec=: cannot be enforced: *"
	self "$build/tests/library/bare" "$tmp/bare" "$tmp/static-peers" show
	is_refused "... and peers with a name" EOPNOTSUPP "*ConnectTo=: this program is linked statically, *"
}

text_of() { size "$build/tests/library/$1" | awk 'END { print $1 }'; }

calls_of() { # command...: system calls of all its processes
	strace -f -qq -e signal=none -o "$tmp/trace" "$@" >/dev/null 2>&1 && grep -vc 'resumed>' "$tmp/trace"
}

# A start, by the program itself and by isorun. Inside, the program tries each call that its policy denies.
counted() {
	local own other
	own=$(calls_of "$build/tests/library/static-hello")
	other=$(calls_of "$isorun" --quiet --no-scope --own "$build/tests/library/static-hello-bare")
	ok "a start makes at most 260 system calls more than one by isorun" \
		test "${own:-0}" -gt "${other:-0}" -a "$((${own:-0} - ${other:-0}))" -le 260
	echo "# a static program that isolates itself makes $own system calls, and $other if isorun isolates it"
}

statically() {
	if [ ! -e "$build/tests/library/static-self" ]; then
		skip "static programs" "this compiler links none"
		return
	fi
	cp "$build/tests/library"/static-{self,limited,peers} "$tmp/"
	as_everybody of_static
	of_bare_machine
	counted
	echo "# libisorun.a adds $((($(text_of static-self) - $(text_of static-plain)) / 1024)) KiB to a static program"
}

as_everybody by_hand
as_everybody administered
as_everybody refusals
of_root
as_everybody measured
as_everybody noted
as_everybody unanswered
as_everybody otherwise
as_everybody signals
as_everybody changed
as_everybody stages
as_everybody automatic
statically
label=root who=() bus=(--system) kinds=("" User=nobody "User=nobody Delegate=yes")
in_units
services_shown
forged
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user) kinds=("")
	in_units
	services_shown
	forged
fi
