#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a start says that takes long: what it waits for. Needs a systemd.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
loud=(-p MemoryMax= -p MemorySwapMax= -p TasksMax=)

# A start that is late says so on FILE.
late() { grep -qs "^isorun: notice: .*waiting" "$1"; }

# Opens the FIFO for writing, where somebody reads.
open_fifo() { patiently sh -c ': >"$1"' - "$dir/fifo"; }

test_late_fifo() {
	local line
	mkfifo "$dir/fifo"
	chmod 666 "$dir/fifo"
	for line in StandardInput=file StandardOutput=file StandardError=append; do
		rm -f "$dir/err"
		"${who[@]}" "$isorun" "${loud[@]}" --no-scope -p "$line:$dir/fifo" true 2>"$dir/err" &
		ok "$label: a FIFO that nobody has opened, $line:" eventually late "$dir/err"
		if [ "$line" = StandardInput=file ]; then open_fifo; else patiently cat "$dir/fifo" >/dev/null; fi
		wait $!
		is "$label: ... said once, with whose doing it is, and then it starts" "$? $(cat "$dir/err")" \
			"0 isorun: notice: -p: ${line%=*}=: waiting until another process opens the other end of the FIFO $dir/fifo"
	done
	"${who[@]}" "$isorun" --quiet "${loud[@]}" --no-scope -p "StandardInput=file:$dir/fifo" true 2>"$dir/err" &
	sleep 3
	open_fifo
	wait $!
	no_refusal is "$label: not with --quiet" "$? $(cat "$dir/err")" "0 "
	rm -f "$dir/err"
	"${who[@]}" "$isorun" "${loud[@]}" --no-scope -p "StandardInput=file:$dir/fifo" sleep 1000 2>"$dir/err" &
	await late "$dir/err"
	pkill -f "^$isorun .*StandardInput=file:$dir/fifo"
	wait $!
	is "$label: who waits can be ended" $? 143
}

test_late_systemd() {
	"${who[@]}" systemd-run "${bus[@]}" --quiet --no-block --unit isorun-late -p Type=oneshot sleep 1000
	rm -f "$dir/err"
	"${who[@]}" "$isorun" "${loud[@]}" --name late -p After=isorun-late.service true 2>"$dir/err" &
	ok "$label: a job of systemd's that waits for another" eventually late "$dir/err"
	"${who[@]}" systemctl "${bus[@]}" stop isorun-late.service
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-late.service # the suite interrupt uses this name, too
	wait $!
	is "$label: ... said once, and then it starts" "$? $(cat "$dir/err")" \
		"0 isorun: notice: waiting until systemd has started isorun-late.scope"
	[ -z "${who[*]}" ] || return 0
	daemon=$(systemctl show -P MainPID dbus.service)
	rm -f "$dir/err"
	kill -STOP "$daemon"
	"$isorun" "${loud[@]}" --name late true 2>"$dir/err" &
	ok "$label: a bus that does not answer" eventually late "$dir/err"
	kill -CONT "$daemon"
	wait $!
	is "$label: ... said once, and then it starts" "$? $(cat "$dir/err")" \
		"0 isorun: notice: waiting until the bus answers"
}

test_late_inside() {
	if ! "${who[@]}" strace -f -o /dev/null -e trace=capset -e inject=capset:delay_enter=1 true 2>/dev/null; then
		skip "$label: a process inside that is late" "strace cannot trace here"
		return
	fi
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run "${who[@]}" strace -f -o /dev/null -e trace=capset \
		-e inject=capset:delay_enter=3000000 "$isorun" "${loud[@]}" --no-scope true
	is "$label: a root that takes long" "$status $err" \
		"0 isorun: notice: waiting until the instance's root is complete and its command runs"
}

test_late() {
	bus=()
	[ "$label" = root ] || bus=(--user)
	dir=$tmp/late-$label
	mkdir -m 777 "$dir"
	test_late_fifo
	test_late_systemd
	test_late_inside
	verified_start "${loud[@]}"
}

as_everybody test_late
