#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Core dumps and a program in core_pattern(5), which is the whole machine's. Needs an emulated kernel.
. "$(dirname "$0")/../lib.sh"
if [ "${TESTHOST-}" != uml ]; then
	echo "1..0 # SKIP core_pattern is not this host's own"
	exit 0
fi
patience=60
pattern=/proc/sys/kernel/core_pattern
before=$(cat $pattern)

cat >"$tmp/handler" <<HANDLER
#!/bin/sh
echo "\$1" >>$tmp/handled
HANDLER
chmod 755 "$tmp/handler"
echo "|$tmp/handler %e" >$pattern

crash='import ctypes, os, resource, signal, sys
new = tuple(int(x) for x in sys.argv[1:])
if new: resource.setrlimit(resource.RLIMIT_CORE, new)
print("alive", flush=True)
os.kill(os.getpid(), signal.SIGSEGV)'
# shellcheck disable=SC2048,SC2086  # the last argument has several words
crash_of() { run "${who[@]}" "${@:1:$#-1}" /usr/bin/python3 -c "$crash" ${*: -1}; }
handled() { [ -s "$tmp/handled" ]; }
crashes() { # description, whether it is handled, options..., words for the program in one argument
	rm -f "$tmp/handled"
	crash_of "$isorun" --quiet "${mode[@]}" "${@:3}"
	is "$label: $1: the payload crashes" "$status $out" "139 alive"
	if [ "$2" = yes ]; then
		also ok "$label: ... and the handler has it" eventually handled
	else
		also not_handled
	fi
}
# The kernel ends the process when the handler has ended: the control shows that it has run at once.
not_handled() {
	# promise P35
	ok "$label: ... and the handler is not run" not handled
}

mode=(--no-scope -p "Optional=MemoryMax TasksMax")
verified_with_cgroup() {
	local mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
	verified_start
}

all() {
	verified_with_cgroup
	rm -f "$tmp/handled"
	crash_of env "0 0"
	no_isorun is "$label: outside, a limit of 0 does not keep it from the handler" "$status $(cat "$tmp/handled")" "139 python3"
	crashes "by default" no ""
	crashes "with the limit 0 of its own" no "0 0"
	crashes "with another limit of its own" no "-1 -1"
	crashes "LimitCORE=0" no -p LimitCORE=0 ""
	crashes "with every call" no -p SystemCallFilter=@known "0 1"
	crashes "nest" no --policy "$top/policies/nest.conf" "${nest_as[@]}" "0 0"
	crashes "LimitCORE=infinity" yes -p LimitCORE=infinity ""
}
as_everybody all

# As a file, in the directory of the payload.
label=root who=()
echo core >$pattern
mkdir -m 777 "$tmp/dump"
cd "$tmp/dump" || exit
crash_of "$isorun" --quiet "${mode[@]}" -v "$tmp/dump" ""
is "no file is made by default" "$status $out $(ls "$tmp/dump")" "139 alive "
crash_of "$isorun" --quiet "${mode[@]}" -v "$tmp/dump" -p LimitCORE=infinity ""
no_refusal is "... but with LimitCORE=infinity" "$status $(find "$tmp/dump" -name 'core*' | wc -l)" "139 1"
echo "$before" >$pattern
