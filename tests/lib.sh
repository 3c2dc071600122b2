# SPDX-License-Identifier: LGPL-2.1-or-later
# Shared by the suites, which source it with bash: TAP, and the programs under test.
set -u
unset LD_LIBRARY_PATH # meson sets it for libisorun; every program here would look for libc there
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${ISORUN_BUILD:-$top/build}
isorun=$build/src/isorun
isoctl=$build/src/isoctl
isorun_oci=$build/src/isorun-oci
as_user=$top/tests/host/as-user
tap_count=0
tap_failed=0
tap_last=ok
who=() bus=() mode=()
tmp=$(mktemp -d /tmp/isorun-test.XXXXXX)
chmod 755 "$tmp"
mkfifo "$tmp/.nap"
trap 'finish $?' EXIT

# Runs a command; its output and exit status are then in $out, $err and $status.
run() {
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(<"$tmp/out")
	err=$(<"$tmp/err")
}

result() { # ok|not ok, description, reason of a failure
	local verdict=$1 known=${3-}
	if [ -n "${needs_last-}" ] && [ "$tap_last" != ok ]; then
		verdict="not ok"
		known="the check before this one failed, and without it this one proves nothing; $known"
	fi
	tap_last=$verdict
	tap_count=$((tap_count + 1))
	echo "$verdict $tap_count - ${2//#/}${note-}"
	[ "$verdict" = ok ] && return
	tap_failed=$((tap_failed + 1))
	printf '%s\n' "$known" "status: ${status-}" "out: ${out-}" "err: ${err-}" | sed 's/^/# /'
}

# Words before a check. tests/check-dead replaces isorun by a program that protects nothing. Every check must fail then,
# except those marked here.
# This check counts only if the check or the wait before it passed: "nothing is left" proves nothing if nothing has run.
also() { local needs_last=1; "$@"; }
# This check is not of a refusal: it also passes if the command is not confined.
no_refusal() { local note=" [no refusal]"; "$@"; }
# This check is of a refusal, in a suite that sets $note because most of its checks are not.
refusal() { local note=; "$@"; }
# This check does not run isorun.
no_isorun() { local note=" [no isorun]"; "$@"; }

ok() { # description, command...
	local what=$1
	shift
	if "$@"; then result ok "$what"; else result "not ok" "$what" "failed: $*"; fi
}

is() { # description, actual, expected
	if [ "$2" = "$3" ]; then result ok "$1"; else result "not ok" "$1" "got \"$2\", expected \"$3\""; fi
}

like() { # description, text, glob
	# shellcheck disable=SC2053
	if [[ $2 = $3 ]]; then result ok "$1"; else result "not ok" "$1" "got \"$2\", expected to match \"$3\""; fi
}

unlike() { # description, text, glob
	# shellcheck disable=SC2053
	if [[ $2 != $3 ]]; then result ok "$1"; else result "not ok" "$1" "got \"$2\", expected not to match \"$3\""; fi
}

skip() { # description, reason
	tap_last=ok
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - ${1//#/} # SKIP $2"
}

# A pause between two looks, without another program. In UML a look is slow, and delays what it waits for.
pause=0.05
[ "${TESTHOST-}" != uml ] || pause=0.2
nap() { read -rt $pause <>"$tmp/.nap" || :; }

# Waits until a command succeeds, for $TEST_PATIENCE seconds, or the suite's $patience, or 20. All suites wait with this
# function. A virtual machine may have been paused meanwhile: then all programs have a little time after it.
eventually() {
	local end=$((${EPOCHREALTIME/[.,]/} + ${TEST_PATIENCE:-${patience:-20}} * 1000000)) late=0
	while ! "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt $end ] || [ $((++late)) -lt 20 ] || return 1
		nap
	done
}

# Runs a command that waits for something by itself, with a time limit.
patiently() { timeout "${TEST_PATIENCE:-20}" "$@"; }

# Waits for a condition of the next checks; it is a failed check if the condition does not come. Do not redirect its
# output, which is that result.
await() { # command...
	if eventually "$@"; then
		[ "$tap_last" = "waited in vain" ] || tap_last=ok
		return 0
	fi
	result "not ok" "${label:+$label: }waited in vain for: $*"
	tap_last="waited in vain"
	return 1
}

# Runs isorun as the current user (see as_everybody), with the suite's own options before the arguments.
box() { run "${who[@]}" "$isorun" --quiet "${mode[@]}" "$@"; }

# The last line of a script inside. Missing output proves something only if the script has reached its end.
reached="-- reached the end --"
to_end() { printf '%s\necho "%s"\n' "$1" "$reached"; }

is_reached() { # description, what was printed before the end
	local said=${out%"$reached"}
	[ "$said" != "$out" ] || said="(it did not reach its end) $out"
	while [[ $said = *$'\n' ]]; do said=${said%$'\n'}; done
	is "$1" "$status $said" "0 $2"
}

shell() { # description, expected output, options..., script for sh, which must reach its end
	box "${@:3:$#-3}" sh -c "$(to_end "${@: -1}")"
	is_reached "$label: $1" "$2"
}

prints() { # description, expected output (not empty: use shell for that), arguments...
	box "${@:3}"
	is "$label: $1" "$out" "${2:?}"
}

refused() { # description, pattern of the only line on stderr, arguments...
	box "${@:3}"
	like "$label: $1" "$status $(wc -l <"$tmp/err") $err" "125 1 isorun: $2"
}

is_sanitized() { grep -q __asan_init "$isorun"; }

# Installs isorun and its policies, so that they are inside a sandbox, too: mounts an overlay on /usr. On a real host it
# does so in a mount namespace of the suite. Call it first.
install_isorun() {
	if [ "$(id -u)" != 0 ]; then
		echo "1..0 # SKIP only root can put isorun in its place"
		exit 0
	fi
	if [ "${TESTHOST-}" = real ] && [ -z "${TEST_UNSHARED-}" ]; then
		rm -rf "$tmp"
		TEST_UNSHARED=1 exec unshare -m --propagation private bash "$0"
	fi
	mkdir -p "$tmp/usr/bin" "$tmp/usr/lib/isorun/policies"
	cp "$isorun" "$isoctl" "$tmp/usr/bin/"
	cp "$top"/policies/*.conf "$tmp/usr/lib/isorun/policies/"
	# The sanitizer's leak check uses ptrace(2), which fails in a sandbox.
	if is_sanitized; then
		mkdir "$tmp/usr/lib/isorun/policies/default.conf.d"
		printf '[Sandbox]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' \
			>"$tmp/usr/lib/isorun/policies/default.conf.d/sanitizer.conf"
	fi
	# Hides the policies that the machine itself has there.
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.overlay.opaque", b"y")' "$tmp/usr/lib/isorun"
	mount -t overlay -o "lowerdir=$tmp/usr:/usr" overlay /usr
	installed=1
}

# Compares running instances with their plans.
verified() { # NAME...
	run "${who[@]}" "$isoctl" verify --quiet --no-legend "$@"
	no_refusal is "${label:+$label: }isoctl verify finds nothing wrong with $*" "$status $out$err" "0 "
}

# The same for an instance that this starts, of the kind of the suite.
verified_start() { # options...
	local pid
	[[ " ${mode[*]} " != *" --no-scope "* ]] || return 0 # isoctl knows only instances with a cgroup
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --name verified "$@" sleep 7777 </dev/null >/dev/null &
	pid=$!
	await runs '^sleep 7777$' && verified verified
	kill "$pid" 2>/dev/null
	wait "$pid"
	await gone '^sleep 7777$'
}

# Whether a process has a matching command line. (ok "…" pgrep … >/dev/null would discard the result of ok, too.)
runs() { pgrep -f "$1" >/dev/null; }
gone() { ! runs "$1"; }

not() { ! "$@"; }

# Calls a function twice, as root and as an ordinary user. $who runs a command as that user; $nest_as are the options
# with which the user's sandboxes can be nested.
# shellcheck disable=SC2034
as_everybody() {
	label=root who=() nest_as=(-p User=nobody)
	"$1"
	if [ -n "${TH_USER-}" ]; then
		label=user who=("$as_user") nest_as=()
		"$1"
	else
		skip "the same as another user" "no user to be"
	fi
}

# Runs a command as isorun-test.service of the current manager; arguments before -- are properties of the unit.
as_service() {
	local properties=()
	while [ "$1" != -- ]; do
		properties+=(-p "$1")
		shift
	done
	shift
	run "${who[@]}" systemd-run "${bus[@]}" --wait --pipe --quiet --unit=isorun-test.service "${properties[@]}" "$@"
	ctl reset-failed isorun-test.service 2>/dev/null
	await forgotten isorun-test.service # otherwise systemd refuses the next one with this name
}

forgotten() { [ "$(ctl show -P LoadState "$1")" = not-found ]; }

# systemctl of the current manager.
ctl() { "${who[@]}" systemctl "${bus[@]}" "$@"; }

# The first process with a matching command line. (pgrep -o cannot tell processes apart that started in the same tick.)
first_pid() { # pattern of a command line: waits for it, because a shell that says that it runs may still have to exec it
	eventually pgrep -f "$1" >/dev/null
	pgrep -f "$1" | sort -n | head -n1
}

# Without files on disk, a user's journal is in the system's, which the user may not read.
let_read_journal() {
	journalctl --sync
	chmod -R o+rX /run/log/journal
}

# The MESSAGE_ID of a kind of record.
id_of() { sed -n "s/^RECORD($1, \"\([0-9a-f]*\)\".*/\1/p" "$top/src/sandbox/systemd/journal-records.inc"; }

# Fields of each record of a kind that journalctl shows for a unit, and for nothing but that: a line each.
records() { # kind, unit, fields...
	let_read_journal
	"${who[@]}" journalctl -q --no-pager -o json "--${bus[0]:+user-}unit=$2" "MESSAGE_ID=$(id_of "$1")" |
		python3 -c 'import json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print("|".join(str(entry.get(f, "-")) for f in sys.argv[1:]))' "${@:3}"
}

has_controllers() {
	local there
	there=" $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) "
	[[ $there = *" memory "* && $there = *" pids "* ]]
}

# The first of a user's subordinate ids, or nothing.
first_subuid() { sed -n "s/^$1:\([0-9]*\):65536$/\1/p" /etc/subuid 2>/dev/null | head -n1; }

# Whether PrivateUsers=full works here. On a host that is made for the tests, gives root subordinate ids first.
has_private_ids() {
	[ -u /usr/bin/newuidmap ] || return
	if [ "${TESTHOST-real}" != real ] && [ -z "$(first_subuid root)" ]; then
		sed -i '/^root:/d' /etc/subuid /etc/subgid
		echo root:300000:65536 | tee -a /etc/subuid >>/etc/subgid
	fi
	[ -n "$(first_subuid root)" ] && { [ -z "${TH_USER-}" ] || [ -n "$(first_subuid "$TH_USER")" ]; }
}

# The number of a system call on this machine.
call_number() { # name
	PYTHONPATH=$top/tests python3 -Bc 'import calls, sys
print(calls.number(sys.argv[1]))' "$1"
}

landlock_abi() { # 0 without Landlock
	python3 -c "import ctypes
print(max(0, ctypes.CDLL(None).syscall($(call_number landlock_create_ruleset), None, 0, 1)))"
}

# Whether a file system can be mounted that hangs: tests/fuse.py.
has_fuse() {
	[ "$(id -u)" = 0 ] || return
	[ -e /dev/fuse ] || mknod -m 600 /dev/fuse c 10 229 2>/dev/null
	(: <>/dev/fuse) 2>/dev/null
}

finish() {
	trap - EXIT
	# shellcheck disable=SC2046
	[ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
	[ -z "${installed-}" ] || umount -l /usr # the next suite in this host mounts its own
	rm -rf "$tmp"
	[ "$1" = 0 ] || echo "# the suite ended with status $1"
	echo "1..$tap_count"
	[ "$1" = 0 ] && [ "$tap_failed" = 0 ]
	exit $? # without the argument, exit would use the status from before the trap
}
