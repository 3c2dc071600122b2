# SPDX-License-Identifier: LGPL-2.1-or-later
# What the suites have in common: TAP, and the programs under test. Sourced by bash.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${ISORUN_BUILD:-$top/build}
isorun=$build/src/isorun
isoctl=$build/src/isoctl
as_user=$top/tests/host/as-user
tap_count=0
tap_failed=0
tap_last=ok
who=() bus=() mode=()
tmp=$(mktemp -d /tmp/isorun-test.XXXXXX)
chmod 755 "$tmp"
trap 'finish $?' EXIT

# What a command printed and answered: $out, $err, $status.
run() {
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

result() { # ok|not ok, description, and on failure what is known
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

# Words before a check. tests/check-dead takes every check for one of a refusal, which must fail where a program that
# protects nothing is in isorun's place, but for those that say so here.
# The check also needs the check or the wait before it: that nothing is left proves nothing where nothing has run.
also() { local needs_last=1; "$@"; }
# The check is none of a refusal: a command that is not confined passes it, too.
no_refusal() { local note=" [no refusal]"; "$@"; }
# The check is one of a refusal, in a suite that sets $note to say that most of its are none.
refusal() { local note=; "$@"; }
# The check does not run isorun at all.
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

# Waits until a command succeeds, at most for the seconds of TEST_PATIENCE, or else of the suite's own $patience. Every
# wait of the suites is this one.
eventually() {
	local end=$((${EPOCHREALTIME/[.,]/} + ${TEST_PATIENCE:-${patience:-20}} * 1000000))
	while ! "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt $end ] || return 1
		sleep 0.05
	done
}

# Runs a command that ends when what it waits for comes.
patiently() { timeout "${TEST_PATIENCE:-20}" "$@"; }

# Waits for what the next checks build on, and fails if it does not come. (Its output is a result: it is not redirected.)
await() { # command...
	if eventually "$@"; then
		[ "$tap_last" = "waited in vain" ] || tap_last=ok
		return 0
	fi
	result "not ok" "${label:+$label: }waited in vain for: $*"
	tap_last="waited in vain"
	return 1
}

# Runs isorun as the user whose turn it is, with the suite's own options before those given.
box() { run "${who[@]}" "$isorun" --quiet "${mode[@]}" "$@"; }

# What a script inside says at its end. That it said nothing before proves something only if it came as far as this.
reached="-- reached the end --"
to_end() { printf '%s\necho "%s"\n' "$1" "$reached"; }

is_reached() { # description, what was printed before the end
	local said=${out%"$reached"}
	[ "$said" != "$out" ] || said="(it did not reach its end) $out"
	while [[ $said = *$'\n' ]]; do said=${said%$'\n'}; done
	is "$1" "$status $said" "0 $2"
}

shell() { # description, expected output, options..., script of sh, which runs to its end
	box "${@:3:$#-3}" sh -c "$(to_end "${@: -1}")"
	is_reached "$label: $1" "$2"
}

prints() { # description, expected output (not nothing: see shell), arguments...
	box "${@:3}"
	is "$label: $1" "$out" "${2:?}"
}

refused() { # description, pattern of the one line, arguments...
	box "${@:3}"
	like "$label: $1" "$status $(wc -l <"$tmp/err") $err" "125 1 isorun: $2"
}

is_sanitized() { grep -q __asan_init "$isorun"; }

# isorun and its policies as they are when installed, and so inside of a sandbox, too: an overlay on /usr, in a mount
# namespace of the suite's own where the host is not just made for it. To be called first.
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
	# The leak check traces, which no sandbox around it lets it do.
	if is_sanitized; then
		mkdir "$tmp/usr/lib/isorun/policies/default.conf.d"
		printf '[Sandbox]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' \
			>"$tmp/usr/lib/isorun/policies/default.conf.d/sanitizer.conf"
	fi
	# Without what the machine's own has there.
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.overlay.opaque", b"y")' "$tmp/usr/lib/isorun"
	mount -t overlay -o "lowerdir=$tmp/usr:/usr" overlay /usr
	installed=1
}

# Whether there is a process whose command line matches. (ok "…" pgrep … >/dev/null would throw the result itself away.)
runs() { pgrep -f "$1" >/dev/null; }
gone() { ! runs "$1"; }

not() { ! "$@"; }

# Calls a function as root, and as the ordinary user, where who and nest_as say how a sandbox is nested.
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

# Runs a command as the service isorun-test of the manager that bus names; properties of the unit before --.
as_service() {
	local properties=()
	while [ "$1" != -- ]; do
		properties+=(-p "$1")
		shift
	done
	shift
	run "${who[@]}" systemd-run "${bus[@]}" --wait --pipe --quiet --unit=isorun-test.service "${properties[@]}" "$@"
	ctl reset-failed isorun-test.service 2>/dev/null
	await forgotten isorun-test.service # or the next one of that name is refused
}

forgotten() { [ "$(ctl show -P LoadState "$1")" = not-found ]; }

# The manager whose turn it is.
ctl() { "${who[@]}" systemctl "${bus[@]}" "$@"; }

# The process that was started first of those whose command line matches (pkill -o cannot tell within a tick).
first_pid() { pgrep -f "$1" | sort -n | head -n1; }

has_controllers() {
	local there
	there=" $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) "
	[[ $there = *" memory "* && $there = *" pids "* ]]
}

# The first of a user's subordinate ids, or nothing.
first_subuid() { sed -n "s/^$1:\([0-9]*\):65536$/\1/p" /etc/subuid 2>/dev/null | head -n1; }

# Whether PrivateUsers=full can be had here, by root, who gets subordinate ids where nothing but the test is told, too.
has_world() {
	[ -u /usr/bin/newuidmap ] || return
	if [ "${TESTHOST-real}" != real ] && [ -z "$(first_subuid root)" ]; then
		sed -i '/^root:/d' /etc/subuid /etc/subgid
		echo root:300000:65536 | tee -a /etc/subuid >>/etc/subgid
	fi
	[ -n "$(first_subuid root)" ] && { [ -z "${TH_USER-}" ] || [ -n "$(first_subuid "$TH_USER")" ]; }
}

# The number that a system call has on this machine.
call_number() { # name
	PYTHONPATH=$top/tests python3 -Bc 'import calls, sys
print(calls.number(sys.argv[1]))' "$1"
}

landlock_abi() { # 0 where there is none
	python3 -c "import ctypes
print(max(0, ctypes.CDLL(None).syscall($(call_number landlock_create_ruleset), None, 0, 1)))"
}

finish() {
	trap - EXIT
	# shellcheck disable=SC2046
	[ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
	[ -z "${installed-}" ] || umount -l /usr # the next suite in the host puts its own there
	rm -rf "$tmp"
	[ "$1" = 0 ] || echo "# the suite ended with status $1"
	echo "1..$tap_count"
	[ "$1" = 0 ] && [ "$tap_failed" = 0 ]
	exit $? # without the number it would be the status of before the trap
}
