#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line, policies as files, and what goes wrong with them. Needs no systemd.
. "$(dirname "$0")/../lib.sh"
quiet=("$isorun" --no-scope --quiet)

# Exit statuses
run "${quiet[@]}" sh -c 'exit 7'
no_refusal is "the payload's exit status" $status 7
run "${quiet[@]}" sh -c 'kill -TERM $$'
no_refusal is "128+N where a signal ended it" $status 143
run "${quiet[@]}" no-such-command
no_refusal is "127 where the command is not found" $status 127
is "... in one line" "$err" "isorun: no-such-command: command not found"
run "${quiet[@]}" /etc/passwd
no_refusal is "126 where it cannot be executed" $status 126
run "${quiet[@]}" "$top/no/such"
no_refusal is "127 for a path that does not exist" $status 127
run "${quiet[@]}" /usr/bin
no_refusal is "126 for a directory" $status 126
printf '#!/no/such/interpreter\n' >"$tmp/script"; chmod 755 "$tmp/script"
run "${quiet[@]}" -v "$tmp:/srv" /srv/script
no_refusal is "127 where the interpreter of a script is missing" $status 127
is "... by name" "$err" "isorun: cannot execute /srv/script: its interpreter /no/such/interpreter is not visible in the \
sandbox: No such file or directory"
run "$isorun"
like "125 without a command" "$status $err" "125 isorun: no command *"
run "$isorun" --no-such-option true
is "125 for an unknown option" "$status $err" "125 isorun: the option --no-such-option does not exist; see --help"
run "$isorun" --polcy web true
is "... with the nearest" "$err" "isorun: the option --polcy does not exist (did you mean --policy?); see --help"
run "${quiet[@]}" -- ls -d /
no_refusal is "-- ends the options" "$out" /
run "${quiet[@]}" echo --policy x
no_refusal is "options behind the command are the command's" "$out" "--policy x"
run "$isorun" --json true
is "125 for --json without a plan" "$status $out$err" "125 isorun: --json prints a plan, so it needs --dry-run"
run "$isorun" --version
like "--version" "$out" "isorun [0-9]*"
run "$isorun" --help
like "--help names every option" "$out" "*--policy*--property*--volume*--root*--name*--user*--no-scope*--dry-run*--quiet*"
for verb in "enter NAME" "check NAME POLICY" "export POLICY" "cat NAME POLICY" "build" "import"; do
	run "$isoctl" "${verb%% *}" --help
	no_refusal is "the help of a verb explains its own words: $verb" \
		"$status ${verb%% *}$(sed -n 's/^\(NAME\|POLICY\) is an\? .*/ \1/p' <<<"$out" | tr -d '\n')" "0 $verb"
done

# The default policy runs ordinary programs
run "${quiet[@]}" ls /
no_refusal is "ls runs" $status 0
run "${quiet[@]}" python3 -c 'print(1)'
no_refusal is "python3 runs" "$out" 1
run "${quiet[@]}" sh -c 'echo "a b" | tr a-z A-Z | cat; ls /nonexistent 2>/dev/null || echo no'
no_refusal is "a shell with pipes runs" "$out" "A B
no"
run sh -c '(ulimit -f 0; exec "$@") | cat' sh "${quiet[@]}" sh -c 'ulimit -f; echo ran'
no_refusal is "a start writes no file, not even the filter" "$out" "0
ran"
# The memory that an instance needs while it runs. What one of its two processes has written to since the clone is there
# twice.
if [ "$(id -u)" = 0 ] && ! is_sanitized; then
	# With this variable, which meson sets, malloc(3) writes to all that it gives and gets back.
	env -u MALLOC_PERTURB_ "${quiet[@]}" sh -c 'echo ran; exec sleep 1000' >"$tmp/idle" &
	idle=$!
	await grep -q ran "$tmp/idle"
	reaper=$(tr -d ' ' <"/proc/$idle/task/$idle/children")
	no_refusal is "isorun and the reaper share most of their heap" "$(awk '
		FNR == 1 { n++ }
		/^[0-9a-f]+-/ { is_heap = $NF == "[heap]" }
		is_heap && /^Private_Dirty:/ { size += $2 }
		END { print n, size <= 36 ? "shared" : size " kB" }' "/proc/$idle/smaps" "/proc/$reaper/smaps")" "2 shared"
	kill $idle
	wait $idle
else
	skip "isorun and the reaper share most of their heap" "not root, or the heap is that of a sanitizer"
fi

# What a start needs
traced() { ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run strace -o "$tmp/trace" "$@"; }
traced -f true
if [ $status = 0 ]; then
	traced -e trace=openat,execve "${quiet[@]}" echo ran
	no_refusal is "a start without a unit loads no library but libc's" \
		"$out $(grep -c libc.so "$tmp/trace") $(grep -oE 'lib(seccomp|cap|jansson|systemd|elf|blkid|subid)\.so' "$tmp/trace")" "ran 1 "
	traced -f -e trace=seccomp,memfd_create,prctl "${quiet[@]}" echo ran
	no_refusal is "... loads one filter, without a file" \
		"$out $(grep -c SECCOMP_SET_MODE_FILTER "$tmp/trace") $(grep -c memfd "$tmp/trace")" "ran 1 0"
	also ok "... and makes one call for each capability" test "$(grep -c prctl "$tmp/trace")" -lt 64
	# How many calls it takes depends on the host, by what is hidden and shown of it (2 to 4 for
	# each such place), and on PATH, whose directories isorun looks at.
	PATH=/usr/bin:/bin traced -f -c "${quiet[@]}" grep -c . /proc/self/mountinfo
	calls=$(awk '$NF == "total" { print $4 }' "$tmp/trace")
	is_sanitized || also ok "... and makes a limited number of system calls ($calls, with $out mounts)" test "$calls" -lt $((310 + 5 * out))
	# The last process that closes it waits, so the payload closes it while the first process still has it.
	traced -f -e trace=fsopen,fsmount,close,clone,execve "${quiet[@]}" echo ran
	no_refusal is "... does not wait until a mount that is attached nowhere is gone" "$out $(awk '
		!started { known[$1] = 1 }
		/fsopen\("mqueue"/ { pid = $1 }
		$1 == pid && /fsmount/ && $NF ~ /^[0-9]+$/ && fd == "" { fd = $NF }
		$1 == pid && fd != "" && !started && $0 ~ "close\\(" fd "[ )]" { print "waits" }
		$1 == pid && fd != "" && /clone\(/ { started = 1 }
		!known[$1] && $0 ~ "close\\(" fd "[ )]" { print "closed early"; exit }
		!known[$1] && /execve/ { print "closed by execve"; exit }' "$tmp/trace")" "ran closed early"
	traced -f -e trace=umount2 "${quiet[@]}" echo ran
	no_refusal is "... nor until any other mount is" "$out $(grep -c umount2 "$tmp/trace")" "ran 0"
	# Whether the first process leaves its mounts to the kernel, on Linux 6.11 or later: inside/unmount.h. It sends the
	# socket that gets the message, not the one that sends it.
	leaves_mounts() {
		traced -f -e trace=ioctl,sendmsg "$isorun" --quiet "$@"
		no_refusal is "$what" "$out $(awk -v left="nobody's" '
			/ioctl\(.*(0xff, 0x3|MNT_NAMESPACE)/ { left = "not left"; pid = $1; fd = $NF }
			$1 == pid && /ioctl resumed/ { fd = $NF }
			fd != "" && match($0, "SCM_RIGHTS, cmsg_data=.[0-9]+, " fd "(, [0-9]+)?]") {
				split(substr($0, RSTART), sent, "[[,]")
				left = index($0, "sendmsg(" sent[3] ",") ? "not left" : "left"
			}
			END { print left }' "$tmp/trace")" "$expected"
	}
	late="ran left"
	printf '6.11\n%s\n' "$(uname -r)" | sort -VC || late="ran not left"
	what="the kernel removes the mounts later" expected=$late leaves_mounts --no-scope echo ran
	what="... also those of a policy that shows nothing" expected=$late \
		leaves_mounts --no-scope -p TemporaryFileSystem=/srv echo ran
	mkdir -p "$tmp/own/usr" "$tmp/own/lib" "$tmp/own/lib64"
	expected="ran nobody's"
	what="... not with a volume" leaves_mounts --no-scope -v /usr/bin:/run/v:ro echo ran
	what="... with a root of its own" leaves_mounts --no-scope --root "$tmp/own" -v /usr:/usr:ro -v /lib:/lib:ro \
		-v /lib64:/lib64:ro /usr/bin/echo ran
	what="... with a place for isoctl grant" leaves_mounts --no-scope -p GrantPaths=/srv echo ran
	what="... if the payload may mount" leaves_mounts --no-scope -p RestrictNamespaces=no echo ran
	traced -f -e trace=ioctl setpriv --no-new-privs "${quiet[@]}" echo ran
	no_refusal is "... or inside of another sandbox" "$out $(grep -cE '0xff, 0x3|MNT_NAMESPACE' "$tmp/trace")" "ran 0"
	cpu=$(taskset -pc $$ | grep -oE '[0-9]+' | tail -n 1)
	traced -f -e trace=clone taskset -c "$cpu" "${quiet[@]}" cat /proc/net/dev
	no_refusal is "on one processor, no other process makes the network" \
		"$(grep -c 'lo:' <<<"$out") $(grep -c CLONE_FILES "$tmp/trace")" "1 0"
	# To enlarge a table of fds that two processes share, the kernel waits for a grace period. If no processor is free,
	# there is no such table.
	volumes=()
	for i in $(seq 60); do
		volumes+=(-v "/usr/bin:/run/v/$i:ro")
	done
	traced -f -e trace=fcntl,clone,openat2,open_tree "${quiet[@]}" "${volumes[@]}" echo ran
	no_refusal is "the process that makes the network shares no table of fds that must grow" "$out $(awk '
		/CLONE_FILES/ { shared = 1 }
		/F_DUPFD/ && !shared && $NF > size { size = $NF }
		/open/ && shared && $NF > most { most = $NF }
		END { print (most > 64 || !shared ? "many" : most), (size > most || !shared ? "fit" : size) }' \
		"$tmp/trace")" "ran many fit"
else
	skip "what a start needs" "strace cannot trace here"
fi
# The end. The kernel counts a pid namespace until its /proc is unmounted.
export -f eventually nap
export pause tmp
# shellcheck disable=SC2016
run unshare -Ur bash -c 'echo 2 >/proc/sys/user/max_pid_namespaces || exit
	for i in 1 2 3 4 5 6; do eventually "$@" || exit; done' bash "${quiet[@]}" echo ran
no_refusal is "nothing is left of an instance" "$(grep -c ran <<<"$out")" 6
run unshare -Urpf --mount-proc "${quiet[@]}" sh -c 'echo ran; exit 7'
no_refusal is "isorun is process 1 of a container, and reaps all" "$status $out$err" "7 ran"
# shellcheck disable=SC2016
run bash -c 'TIMEFORMAT="%U %S"; time "$@"' bash "${quiet[@]}" python3 -c 'import time
while time.process_time() < 0.2: pass
print("ran")'
no_refusal is "the times of isorun include those of the payload" \
	"$out $(tail -n 1 <<<"$err" | awk '{ print ($1 + $2 >= 0.2 ? "all" : $0) }')" "ran all"
# The program without shared libraries, which meson's option static installs
static=$ISORUN_BUILD/src/isorun-static
if [ -x "$static" ]; then
	run "$static" --no-scope --quiet sh -c 'echo ran; grep -c Seccomp_filters:.1 /proc/self/status'
	no_refusal is "a static isorun starts a program" "$status $out" "0 ran
1"
	run "$static" --no-scope --quiet --dry-run -p User=no-such-user true # elsewhere, nsswitch.conf(5) may name a library
	is "... and looks for users in a file" "$status $err" '125 isorun-static: -p: User=: no such user: "no-such-user"'
	run "$static" --no-scope --quiet --dry-run --json true
	is "... and says why it cannot load one" "$status $err" "125 isorun-static: --json needs libjansson.so.4, and this \
isorun is linked statically, so it cannot load it"
else
	skip "a static isorun" "it is not built here"
fi
run "$isorun" --no-scope true
like "what is optional and not enforced is said in one line" "$err" "isorun: notice: default.conf*: MemoryMax=, \
TasksMax=: not enforced: with --no-scope there is no unit that could enforce it"
run "$isorun" --no-scope --quiet true
no_refusal is "--quiet says nothing" "$err" ""

# The working directory, and what the command line says of it
mkdir -p "$tmp/home/job/sub"
echo hello >"$tmp/home/job/notes"
printf '#!/bin/sh\necho other\n' >"$tmp/home/job/ls"
chmod 755 "$tmp/home/job/ls"
in_job() { run env -C "$tmp/home/job" HOME="$tmp/home" "$isorun" --no-scope -p MemoryMax= -p MemorySwapMax= -p TasksMax= "$@"; }
# description, expected status, output and messages (%d is the directory), arguments...
job() {
	local what=$1 expected=${2//%d/$tmp/home/job}
	shift 2
	in_job "$@"
	is "$what" "$status $out$err" "$expected"
}
no_refusal job "--here shows the working directory, writable" "0 hello
%d" --here sh -c 'cat notes && touch new && pwd'
also ok "... and what is written stays" test -e "$tmp/home/job/new"
job "--here=ro shows it read-only" "1 hellotouch: cannot touch 'newer': Read-only file system" \
	--here=ro sh -c 'cat notes && touch newer'
no_refusal job "-v PATH shows a path at the same place" "0 hello" -v ./notes cat notes
job "-v PATH:ro read-only" "1 hellotouch: cannot touch 'newer': Read-only file system" -v .:ro sh -c 'cat notes && touch newer'
# shellcheck disable=SC2088
no_refusal job "~ is the home directory, on both sides of -v" "0 hello" -v '~/job:~/there' -C / cat "$tmp/home/there/notes"
no_refusal job "-v understands .." "0 job" -v ..:/srv -C /srv ls
no_refusal job "-C starts the command elsewhere" "0 /srv" -v .:/srv -C /srv pwd
no_refusal job "... at a place relative to the working directory" "0 %d/sub" --here -C sub pwd
no_refusal job "-E sets a variable as it is" '0 a "b" c%h $x\n' -E 'V=a "b" c%h $x\n' -C / sh -c 'printf %s "$V"'
V=mine no_refusal job "... or passes on the caller's" "0 mine" -E V -C / sh -c 'echo $V'
no_refusal job "specifiers of the host and of the group" "0 $(id -g) $(id -gn) $(uname -n) $(uname -r) \
$(tr -d - </proc/sys/kernel/random/boot_id)" -C / -p 'Environment="V=%G %g %H %v %b"' sh -c 'echo $V'
job "-v with a word says how to show the path" "125 isorun: -v sub: sub would be the name of a volume; for the path here, type \
-v ./sub" -v sub true
job "... also with options" "125 isorun: -v sub:ro: sub would be the name of a volume; for the path here, type -v ./sub:ro" -v sub:ro true
job "... and that a name has no path" "125 isorun: --volume: Volume=: the name sub is not bound to a path: use isorun --bind sub=PATH, \
or write sub=PATH into a file /etc/isorun/volumes.d/*.conf. A path begins with \"/\", \"~\" or \".\": ./sub" -v sub:/srv true
job "a relative destination" '125 isorun: --volume: Volume=: unknown option: "srv" (a path inside begins with "/")' -v ./sub:srv true
no_refusal job "-E of a variable that is not set is said" "0 isorun: notice: -E: NO_SUCH is not set, so the program does not get it \
(-E NO_SUCH=VALUE sets it)" -C / -E NO_SUCH true
job "-c with the network of the host" "125 isorun: -p: PrivateNetwork=: ConnectTo= is for a private network, \
and this line opens the whole network: leave out ConnectTo=, or add -p PrivateNetwork=yes" -p PrivateNetwork=no -c example.org:443 true
no_refusal job "--no-net and --net choose the network" "0 1" --net --no-net -C / grep -c : /proc/net/dev
job "--timeout needs a unit" "125 isorun: --timeout: RuntimeMaxSec=: cannot be enforced: with --no-scope there is no unit that \
could enforce it (-p Optional=RuntimeMaxSec runs without it)" --timeout 1s true
no_refusal job "a hidden working directory is said" "0 /isorun: notice: the working directory is not visible in the \
sandbox; the command starts in / (--here shows %d)" pwd
no_refusal job "... not if a volume shows it elsewhere" "0 /" -v .:/srv pwd
in_job -C / strace -o /dev/null true
like "a notice says that the policy denies a tracer its calls" "$status $err" "1 isorun: notice: strace traces processes, which the \
policy denies (-p SystemCallFilter=ptrace allows it, for processes inside)*strace: *PTRACE_TRACEME*Operation not permitted*"
no_refusal job "... not where it may" "0 " -C / -p SystemCallFilter=ptrace strace -o /dev/null true
job "a hidden file that an argument names is said" "1 isorun: notice: %d/notes is not visible in the sandbox \
(-v %d/notes:ro shows it, --here the working directory)
cat: notes: No such file or directory" cat notes
echo elsewhere >"$tmp/home/elsewhere"
job "... and --here only where it would show the file" "1 isorun: notice: $tmp/home/elsewhere is not visible in the sandbox \
(-v $tmp/home/elsewhere:ro shows it)
cat: $tmp/home/elsewhere: No such file or directory" --here cat "$tmp/home/elsewhere"
no_refusal job "... not with --quiet, nor where it is visible" "0 hello" --quiet --here cat notes
SSL_CERT_FILE=$tmp/home/job/notes no_refusal job "so is one that a variable names, if the policy passes it on" "0 isorun: \
notice: SSL_CERT_FILE names %d/notes, which is not visible in the sandbox (-v %d/notes:ro shows it)" -C / -E SSL_CERT_FILE true
SSL_CERT_FILE=$tmp/home/job/notes no_refusal job "... not where it is visible" "0 hello" -E SSL_CERT_FILE -v ./notes:ro -C / \
	sh -c 'cat "$SSL_CERT_FILE"'
SSL_CERT_FILE=$tmp/home/job/notes no_refusal job "... nor if it is not passed on" "0 " -C / true
PATH=$tmp/home/job:$PATH no_refusal job "another program than the shell's is said" "0 isorun: notice: %d/ls is not visible in \
the sandbox; /usr/bin/ls is executed instead" -C / ls /home
run env -C "$tmp/home" HOME="$tmp/home" "$isorun" --no-scope --here ls
like "--here does not show the home directory" "$status $out$err" "125 isorun: --here: $tmp/home is the home directory, *"
run env -C / "$isorun" --no-scope --here ls
like "... nor what is above it" "$status $out$err" "125 isorun: --here: / has more than one command needs; *"
run env -C /home HOME="$tmp/home" "$isorun" --no-scope --here ls
like "... also if it is not that of HOME" "$status $out$err" "125 isorun: --here: /home has more than one command needs; *"
run env -C "$(getent passwd "$(id -u)" | cut -d: -f6)" HOME="$tmp/home" "$isorun" --no-scope --here ls
like "... nor that of the user, as under sudo" "$status $out$err" "125 isorun: --here: * is the home directory, *"
# As root in the home directory of another user
other_home=$(getent passwd | while IFS=: read -r _ _ uid _ _ home _; do
	[ "$uid" -lt 1000 ] || [ "$(stat -c %u "$home" 2>/dev/null)" != "$uid" ] || echo "$home"
done | head -n1)
if [ "$(id -u)" = 0 ] && [ -n "$other_home" ]; then
	run env -C "$other_home" HOME="$tmp/home" "$isorun" --no-scope --here ls
	like "... nor that of its owner" "$status $out$err" "125 isorun: --here: $other_home is the home directory, *"
else
	skip "the home directory of its owner" "this needs root, and a user with a home directory"
fi

# Whose policies are read
mkdir -p "$tmp/other/.config/isorun/policies"
echo '[Policy]' >"$tmp/other/.config/isorun/policies/mine.conf"
run env HOME="$tmp/other" "${quiet[@]}" --policy mine echo found
no_refusal is "the policies in the home directory are found" "$status $out$err" "0 found"
if [ "$(id -u)" = 0 ]; then
	chown -R 4321 "$tmp/other"
	run env HOME="$tmp/other" "${quiet[@]}" --policy mine echo found
	like "... but not those of another user" "$status $out$err" '125 isorun: no policy "mine" in /etc/isorun/policies, *'
	chown -R root "$tmp/other/.config"
	run env HOME="$tmp/other" "${quiet[@]}" --policy mine echo found
	like "... nor those below another user's directory" "$status $out$err" '125 isorun: no policy "mine" in /etc/isorun/policies, *'
fi
run env HOME=/dev/null "${quiet[@]}" --policy default echo found
no_refusal is "a home that is no directory has no policies" "$status $out$err" "0 found"
printf '[Policy]\nBase=beside.conf\n' >"$tmp/based.conf"
printf '[Sandbox]\nEnvironment=FROM=beside\n' >"$tmp/beside.conf"
run "${quiet[@]}" --policy "$tmp/based.conf" sh -c 'echo $FROM'
no_refusal is "Base=NAME.conf is the file beside the policy" "$status $out$err" "0 beside"

# What the command line asks for is required
run "${quiet[@]}" -p MemoryMax=64M echo started
is "-p over Optional= of the policy" "$status $out$err" "125 isorun: -p: MemoryMax=: cannot be enforced: with --no-scope there \
is no unit that could enforce it (-p Optional=MemoryMax runs without it)"
run "${quiet[@]}" -p MemoryMax=64M -p Optional=MemoryMax echo started
no_refusal is "... unless the command line says that it is optional, too" "$status $out$err" "0 started"

# isoctl doctor says what isorun finds. In each row, a program makes the host poorer before it runs them.
ill() { # description, the line of doctor, program for sh
	run unshare -mUr sh -c "$3"' && exec "$0" doctor' "$isoctl"
	like "doctor: $1" "$status $out" "125 *$2*"
	run unshare -mUr sh -c "$3"' && exec "$0" --no-scope --quiet true' "$isorun"
	also is "... and isorun does not start there" "$status" 125
}
run unshare -mUr "$isoctl" doctor --no-legend
no_refusal like "doctor: nothing is missing" "$status $(grep -c '^works ' <<<"$out")" "0 [5-9]"
also unlike "... says the same" "$out" "*missing*"
ill "/proc is masked" "missing /proc *cannot mount a new one: Operation not permitted. To change it: *" 'mount -t tmpfs x /proc/fs'
ill "no more user namespaces" "missing user namespaces *cannot make one: No space left on device. To change it: set the sysctl *" \
	'echo 0 >/proc/sys/user/max_user_namespaces'
ill "no network namespaces" "missing other namespaces *: No space left on device*" 'echo 0 >/proc/sys/user/max_net_namespaces'
# In a container, nobody can boot with another parameter, nor start another PID 1.
run unshare -mUr env container=podman "$isoctl" doctor
no_refusal like "doctor in a container: what works there" "$status $out" "0 *limited systemd *: instances are not units, *\
To change it: for limits, use those of the container, *limited cgroups *To change it: the container's manager must delegate them*"
also unlike "... no advice for a machine" "$out" "*unified_cgroup_hierarchy*"
run unshare -mUr sh -c 'container=podman exec "$0" true' "$isorun"
no_refusal is "... which is so: a start needs no option there" "$status" 0
run "$isoctl" doctor --json
no_refusal is "doctor --json: as the schema says" "$("$top/tests/json-agrees.py" doctor 20 <<<"$out" 2>&1)" ""
run "$isoctl" policies --json
no_refusal is "policies --json: as the schema says" "$("$top/tests/json-agrees.py" policies 6 <<<"$out" 2>&1)" ""

# Standard input and output
no_refusal is "standard input comes through" "$(echo hello | "${quiet[@]}" cat)" hello
no_refusal is "standard error is kept apart" "$("${quiet[@]}" sh -c 'echo no >&2; echo yes' 2>/dev/null)" yes
run "${quiet[@]}" -p StandardOutput="file:$tmp/log" echo to-file
is "StandardOutput=file:" "$(cat "$tmp/log")" to-file
run "${quiet[@]}" -p StandardOutput="append:$tmp/log" echo more
is "StandardOutput=append:" "$(cat "$tmp/log")" "to-file
more"
run "${quiet[@]}" -p StandardInput="file:$tmp/log" -p StandardOutput="truncate:$tmp/log2" cat
is "StandardInput=file: and StandardOutput=truncate:" "$(cat "$tmp/log2")" "to-file
more"
# Programs log to these; the files themselves are not in the sandbox.
"${quiet[@]}" sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' >"$tmp/to-out" 2>"$tmp/to-err"
no_refusal is "/dev/stdout and /dev/stderr can be opened where they are files" "$(cat "$tmp/to-out" "$tmp/to-err")" "out
err"
out=$(python3 -c 'import os, subprocess, sys
file = os.memfd_create("out")
status = subprocess.call(sys.argv[1:], stdout=file)
print(status, os.pread(file, 100, 0).decode().split())' "${quiet[@]}" sh -c 'echo before; echo after >>/dev/stdout' 2>&1)
no_refusal is "... also where they are in memory (memfd)" "$out" "0 ['before', 'after']"
"${quiet[@]}" sh -c 'echo before; echo after >>/dev/stdout' >>"$tmp/to-out"
no_refusal is "... and added to" "$(cat "$tmp/to-out")" "out
before
after"
run "${quiet[@]}" -p StandardError=null sh -c 'echo gone >&2'
is "StandardError=null" "$err" ""

# Bad policies: every line is reported, and nothing starts
bad() { # description, policy text, expected messages, each with the file's name as %f
	printf '%s\n' "$2" >"$tmp/bad.conf"
	run "$isorun" --no-scope --policy "$tmp/bad.conf" sh -c "touch $tmp/started"
	is "$1" "$status $err" "125 ${3//%f/isorun: $tmp/bad.conf}"
	also ok "... nothing started" test ! -e "$tmp/started"
}
bad "not a size (such as 64M)" $'[Scope]\nMemoryMax=12Q' '%f:2: MemoryMax=: not a size (such as 64M): "12Q"'
bad "a size that is no limit, whatever Optional= says" $'[Policy]\nOptional=MemoryMax\n[Scope]\nMemoryMax=0' \
	'%f:4: MemoryMax=: this size would not limit anything (write infinity for no limit): "0"'
bad "a size of 0, which tmpfs takes for no limit" $'[Sandbox]\nTemporaryFileSystem=/mnt:size=0' \
	'%f:2: TemporaryFileSystem=: not a size greater than 0 (such as 64M or 10%): "0"'
bad "2^64-1 bytes likewise" $'[Sandbox]\nVolume=/etc:/mnt:overlay,size=18446744073709551615' \
	'%f:2: Volume=: not a size greater than 0 (such as 64M or 10%): "18446744073709551615"'
bad "unknown key, with the nearest" $'[Scope]\nMemryMax=1M' '%f:2: MemryMax=: no such directive (did you mean MemoryMax=?)'
bad "a key in the wrong section" $'[Sandbox]\nMemoryMax=1M' \
	'%f:2: MemoryMax=: belongs in section [Scope], not in [Sandbox]'
bad "an unknown section" $'[Service]\nUser=x' \
	'%f:2: User=: unknown section [Service]: a policy has the sections [Policy], [Scope], [Sandbox] and [Stage.NAME]; isoctl import makes a policy of a service'
bad "no assignment" $'[Scope]\nnonsense' '%f:2: neither a [Section] nor a KEY=VALUE line: "nonsense"'
bad "all mistakes at once" $'[Scope]\nTasksMax=x\n\n# comment\n[Sandbox]\nPrivateTmp=maybe\nUMask=9' \
	'%f:2: TasksMax=: not a number of tasks from 1 to 4194304: "x"
%f:6: PrivateTmp=: not a boolean (yes or no): "maybe"
%f:7: UMask=: not an octal file mode (such as 0755): "9"'
bad "control characters are escaped" $'[Scope]\nMemoryMax=\e[31mred' '%f:2: MemoryMax=: not a size (such as 64M): "\x1b[31mred"'
bad "a continuation line counts from its first" $'[Sandbox]\nBindPaths=/etc \\\n  relative' \
	'%f:2: BindPaths=: not an absolute path: "relative"'
bad "a source that does not exist" $'[Sandbox]\nBindPaths=/no/such' '%f:2: BindPaths=: /no/such: No such file or directory'
bad "a destination with .." $'[Sandbox]\nVolume=/etc:/a/../b' '%f:2: Volume=: the path contains "..": "/a/../b"'
bad "two mounts on one place" $'[Sandbox]\nBindPaths=/etc:/mnt\nVolume=/usr:/mnt' \
	"%f:3: Volume=: /mnt is already the destination of BindPaths= of $tmp/bad.conf:2"
printf '[Policy]\nBase=default\nOptional=MemoryMax TasksMax\n[Sandbox]\nBindReadOnlyPaths=/etc:/srv/www\n' >"$tmp/shown.conf"
run "$isorun" --no-scope --quiet --policy "$tmp/shown.conf" -v "$tmp/home/job:/srv/www:ro" cat /srv/www/notes
no_refusal is "what the caller shows replaces what the policy shows at the same place" "$status $out$err" "0 hello"
printf '[Sandbox]\nInaccessiblePaths=/srv/www\n' >>"$tmp/shown.conf"
run "$isorun" --no-scope --quiet --policy "$tmp/shown.conf" -v "$tmp/home/job:/srv/www:ro" cat /srv/www/notes
like "... but not what it hides" "$status $err" "125 *InaccessiblePaths=: /srv/www is already the destination of *"
bad "a directory over a file" $'[Sandbox]\nBindPaths=/usr:/etc/passwd' \
	'%f:2: BindPaths=: /etc/passwd is a file, but /usr is a directory'
bad "a capability without effect" $'[Sandbox]\nCapabilityBoundingSet=CAP_SYS_TIME' \
	'%f:2: CapabilityBoundingSet=: CAP_SYS_TIME has no effect in a user namespace (as root, set PrivateUsers=no to run without one)'
bad "an unknown user" $'[Sandbox]\nUser=no-such-user' '%f:2: User=: no such user: "no-such-user"'
bad "a mistyped capability, with the nearest" $'[Sandbox]\nCapabilityBoundingSet=CAP_SETUDI' \
	'%f:2: CapabilityBoundingSet=: not a capability: "CAP_SETUDI" (did you mean CAP_SETUID?)'
bad "a mistyped group of system calls" $'[Sandbox]\nSystemCallFilter=@system-servic' \
	'%f:2: SystemCallFilter=: not a group of system calls: "@system-servic" (did you mean @system-service?)'
bad "an address family without its beginning" $'[Sandbox]\nRestrictAddressFamilies=AF_UNIX INET' \
	'%f:2: RestrictAddressFamilies=: not an address family or "none": "INET" (did you mean AF_INET?)'
bad "a wrong unit of size" $'[Scope]\nMemoryMax=64MB' '%f:2: MemoryMax=: not a size (such as 64M): "64MB" (did you mean 64M?)'
for guess in "5minuets 5minutes" "5Min 5min" "5mins 5min" "2.5hrs 2.5hr" "3H 3h" "1dayz 1days" "10 secnds 10seconds"; do
	bad "a wrong unit of time" $'[Scope]\nRuntimeMaxSec='"${guess% *}" \
		"%f:2: RuntimeMaxSec=: not a time span (such as 5min): \"${guess% *}\" (did you mean ${guess##* }?)"
done
for text in 5q "5 x" min 5minutesandmore; do
	bad "... which is like no unit" $'[Scope]\nRuntimeMaxSec='"$text" "%f:2: RuntimeMaxSec=: not a time span (such as 5min): \"$text\""
done
bad "... of a directory in memory" $'[Sandbox]\nTemporaryFileSystem=/x:size=1.5gib' \
	'%f:2: TemporaryFileSystem=: not a size greater than 0 (such as 64M or 10%): "1.5gib" (did you mean 1.5G?)'
bad "an unknown system call" $'[Sandbox]\nSystemCallFilter=~no_such_call' \
	'%f:2: SystemCallFilter=: not a system call: "no_such_call"'
bad "a required limit without anything to hold it" $'[Scope]\nMemoryMax=1G' \
	'%f:2: MemoryMax=: cannot be enforced: with --no-scope there is no unit that could enforce it (-p Optional=MemoryMax runs without it)'
bad "Base= that comes back" $'[Policy]\nBase=./bad.conf' \
	"%f:2: Base=: the policy is its own base: $tmp/bad.conf → $tmp/bad.conf"
bad "a missing base" $'[Policy]\nBase=./none.conf' "%f:2: cannot read the policy $tmp/./none.conf: No such file or directory"
bad "ProtectProc= with Nesting=" $'[Sandbox]\nNesting=yes\nUser=nobody\nProtectProc=invisible' \
	'%f:4: ProtectProc=: cannot be enforced if the payload can make user namespaces (Nesting=yes or RestrictNamespaces= without user): it could mount a /proc that shows everything'

# Hostile files: one clear line, soon, and nothing starts. (The limit is only there for a program that hangs.)
soon() { timeout 60 "$@"; }
absurd() { # description, the file's name, the message after it
	run soon "$isorun" --no-scope --policy "$tmp/$2" sh -c "touch $tmp/started"
	is "$1" "$status $err" "125 isorun: ${3//%f/$tmp/$2}"
	also ok "... nothing started" test ! -e "$tmp/started"
}
mkdir "$tmp/deep"
mkfifo "$tmp/fifo.conf"
ln -s /dev/zero "$tmp/zero.conf"
{ echo '[Sandbox]'; yes 'Environment=A=1' | head -n 200000; } >"$tmp/lines.conf"
{ echo '[Sandbox]'; printf 'Environment='; yes 'A=1' | head -n 200000 | tr '\n' ' '; } >"$tmp/words.conf"
{ echo '[Sandbox]'; yes 'Environment=A=1' | head -n 30000; } >"$tmp/values.conf"
for ((i = 0; i < 2000; i++)); do printf '[Policy]\nBase=./%s.conf\n' $((i + 1)) >"$tmp/deep/$i.conf"; done
absurd "a FIFO is no policy" fifo.conf 'cannot read the policy %f: not a regular file'
absurd "nor is /dev/zero" zero.conf 'cannot read the policy %f: not a regular file'
absurd "nor 3 MB of text" lines.conf 'cannot read the policy %f: too large (the limit is 1 MiB)'
absurd "nor 30,000 lines" values.conf '%f:20002: Environment=: the policy has more than 20000 values'
absurd "nor 200,000 words" words.conf '%f:2: Environment=: too many words, or a word that is too long'
absurd "nor 2000 bases" deep/0.conf \
	"$(printf '%s/deep/' "$tmp"; printf './%.0s' {1..32})32.conf:2: Base=: more than 32 policies are based on each other"
{ echo '[Scope]'; yes nonsense | head -n 100000; } >"$tmp/bad.conf"
run soon "$isorun" --no-scope --policy "$tmp/bad.conf" true
is "of 100,000 mistakes the first are shown" "$status $(wc -l <<<"$err") ${err##*$'\n'}" \
	"125 21 isorun: more errors follow, which are not shown"
{ printf '[Service]\nExecStart=/bin/true\n'; for ((i = 0; i < 1000; i++)); do echo "BindPaths=/no/such/$i"; done; } >"$tmp/bad.service"
run soon "$isoctl" import "$tmp/bad.service"
like "a unit of which nothing works" "$status $err" "125 isoctl: more than [0-9]* lines of the unit fail on this host"
printf '[Service]\nReadWritePaths=%s\nReadOnlyPaths=%s\n' "$(seq -f /%g -s ' ' 5000)" "$(seq -f /%g/a -s ' ' 4900)" >"$tmp/bad.service"
run soon "$isoctl" import "$tmp/bad.service"
no_refusal like "a unit of 9900 words" "$status $out" "0 *BindReadOnlyPaths=-/4900/a*"
printf '[Service]\nReadOnlyPaths=%s\n' "$(seq -f /%g -s ' ' 9900)" >"$tmp/bad.service"
run soon "$isoctl" import "$tmp/bad.service"
no_refusal like "... with a note on each" "$status $out" "0 *isorun makes /9900 read-only by default*"
{ echo '[Sandbox]'; seq -f 'Environment=V%g=1' 9500; seq -f 'UnsetEnvironment=W%g' 9500; } >"$tmp/many.conf"
run soon "$isoctl" explain --verbose "$tmp/many.conf"
no_refusal like "a policy of 19,000 variables" "$status $out" "0 *V9500=1*"
mkfifo "$tmp/fifo.service"
run soon "$isoctl" import "$tmp/fifo.service"
is "a FIFO is no unit" "$status $err" "125 isoctl: $tmp/fifo.service: not a regular file"
rm -r "$tmp/deep" "$tmp/fifo.conf" "$tmp/zero.conf"

run "$isorun" --no-scope -p MemoryMax=12Q true
is "-p is checked likewise" "$err" 'isorun: -p: MemoryMax=: not a size (such as 64M): "12Q"'
run "$isorun" --no-scope -p Base=x true
is "-p Base= has no meaning" "$err" "isorun: -p: Base=: can be set only in a policy file, not with -p (use --policy to choose a policy)"
run "$isorun" --no-scope -p nonsense true
is "-p wants an assignment" "$err" 'isorun: -p: not KEY=VALUE: "nonsense"'
run "$isorun" --policy no-such-policy true
like "an unknown policy tells where it was looked for" "$err" 'isorun: no policy "no-such-policy" in */etc/isorun/policies*'
run "$isorun" --policy defualt true
like "... with the nearest" "$err" 'isorun: no policy "defualt" in * (did you mean default?)'
run "$isorun" --name 'a/b' true
like "a bad name" "$status $err" "125 isorun: \"a/b\" cannot be the name of an instance: *"

# What tmpfs is given of sizes that it does not read itself, and of those that only it reads
size() { # description, option, the file system's size in bytes
	# shellcheck disable=SC2016
	run "${quiet[@]}" -p "$2" sh -c 'echo $(($(stat -f -c "%b * %S" /mnt)))'
	is "$1" "$out" "$3"
}
size "a size with a fraction" TemporaryFileSystem=/mnt:size=1.5M 1572864
size "a size with a lower-case letter" TemporaryFileSystem=/mnt:size=10m 10485760
size "a size in bytes" TemporaryFileSystem=/mnt:size=8192B 8192

# Policies by name, with drop-ins
export XDG_CONFIG_HOME=$tmp/config
mkdir -p "$XDG_CONFIG_HOME/isorun/policies/mine.conf.d"
printf '[Sandbox]\nEnvironment=A=1 B=1\n' >"$XDG_CONFIG_HOME/isorun/policies/mine.conf"
printf '[Sandbox]\nEnvironment=B=2\n' >"$XDG_CONFIG_HOME/isorun/policies/mine.conf.d/50-b.conf"
# shellcheck disable=SC2016
run "${quiet[@]}" --policy mine sh -c 'echo $A $B'
is "a policy by name with a drop-in" "$out" "1 2"
# shellcheck disable=SC2016
run "${quiet[@]}" --policy mine -p Environment=B=3 sh -c 'echo $A $B'
is "-p over the policy" "$out" "1 3"
# shellcheck disable=SC2016
run "${quiet[@]}" --policy mine -p Environment= sh -c 'echo "[$A$B]"'
no_refusal is "an empty value resets" "$out" "[]"

# The plan
printf '[Policy]\nBase=default\n[Sandbox]\nBindReadOnlyPaths=/etc/hostname:/srv/name\n' >"$tmp/plan.conf"
run "$isorun" --no-scope --quiet --dry-run --verbose --policy "$tmp/plan.conf" sh -c "touch $tmp/started"
like "--dry-run prints the plan with origins" "$out" "*/srv/name *read-only /etc/hostname   # $tmp/plan.conf:4*"
also ok "... and starts nothing" test ! -e "$tmp/started"
for line in "$isorun --no-scope --quiet --dry-run true" "$isoctl explain default"; do
	run sh -c "$line >/dev/full"
	is "what cannot be written is told ($line)" "$status ${err#*: }" "125 cannot write to standard output: No space left on device"
done
# stdio's buffer of 4096 bytes fails, and has room for what follows.
printf '[Policy]\n#\n' >"$tmp/long.conf"
size=$("$isoctl" cat "$tmp/long.conf" | wc -c)
printf '[Policy]\n#%0*d\n' $((4098 - size)) 0 >"$tmp/long.conf"
run sh -c "$isoctl cat '$tmp/long.conf' >/dev/full"
is "... also if the last byte would fit" "$status ${err#*: }" "125 cannot write to standard output: No space left on device"
run "$isorun" --no-scope --quiet --dry-run --json true "$(printf '\302\2332J')"
like "JSON has no control characters of a terminal" "$status $(tr -d '\n -~' <<<"$out" | wc -c) $out" '0 0 *\\u009B2J*'
run "$isorun" --no-scope --quiet --dry-run --json --policy "$tmp/plan.conf" true
is "--json is JSON, with file and line" "$(python3 -c 'import json,sys
plan = json.load(sys.stdin)
print([e["origin"]["line"] for e in plan["root"] if e["key"] == "/srv/name"])' <<<"$out")" "[4]"
run "$isoctl" explain --verbose "$tmp/plan.conf" -- true
like "... in the summary, too" "$("$isoctl" explain "$tmp/plan.conf" -- true)" \
	"policy *network *none*writes *memory*/tmp*reads *the host's /*/srv/name (/etc/hostname)*   # $tmp/plan.conf:4?*users *"
is "... and in that of JSON" "$("$isoctl" explain --json "$tmp/plan.conf" -- true | python3 -c 'import json,sys
summary = json.load(sys.stdin)["summary"]
print(summary["network"]["kind"], summary["reads"]["shown"], summary["reads"]["origins"][0]["line"])')" \
	"none ['/srv/name (/etc/hostname)'] 4"
like "isoctl explain --verbose shows the same" "$out" "*/srv/name *read-only /etc/hostname   # $tmp/plan.conf:4*"
run "$isoctl" check "$tmp/plan.conf"
is "isoctl check is content" $status 0
run "$isoctl" check "$tmp/bad.conf"
like "isoctl check is not" "$status $err" "125 *isoctl: $tmp/bad.conf:*"
for policy in "$top"/policies/*.conf; do
	run "$isoctl" cat "$policy"
	is "isoctl cat shows the shipped policy ${policy##*/}" "$status" 0
	run "$isoctl" check "$policy"
	also unlike "the shipped policy ${policy##*/} can be read" "$err" "*: not a*"
done

# Set-user-ID
if [ "$(id -u)" = 0 ]; then
	cp "$isorun" "$tmp/suid"; chmod 4755 "$tmp/suid"
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$tmp/suid" --no-scope true
	is "refuses to run set-user-ID" "$status $err" "125 suid: isorun refuses to run with more rights than its caller: remove the set-user-ID bit, the set-group-ID bit and the capabilities of its file"
else
	skip "refuses to run set-user-ID" "not root"
fi
