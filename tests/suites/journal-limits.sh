#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The journal's record of a process that was killed for memory. Needs a systemd, and the memory controller.
. "$(dirname "$0")/../lib.sh"
patience=60
printf '[Scope]\nMemoryMax=32M\nMemorySwapMax=0\n' >"$tmp/memory.conf"

records() { # kind, fields...
	journalctl --sync
	journalctl -q --no-pager -o json "$unit_option=isorun-oom.scope" "_UID=$uid" ISORUN_INSTANCE=oom \
		"MESSAGE_ID=$(sed -n "s/^RECORD($1, \"\([0-9a-f]*\)\".*/\1/p" "$top/src/sandbox/systemd/journal-records.inc")" |
		python3 -c 'import json, sys
for line in sys.stdin:
    entry = json.loads(line)
    print("|".join(str(entry.get(f, "-")) for f in sys.argv[1:]))' "${@:2}"
}

all() {
	verified_start
	uid=$("${who[@]}" id -u) unit_option=--unit
	[ "$label" = root ] || unit_option=USER_UNIT
	run "${who[@]}" "$isorun" --policy "$tmp/memory.conf" --name oom /usr/bin/python3 -c 'bytearray(64 << 20)'
	is "$label: killed for memory, which is a record with the policy's line" \
		"$status $(records OOM_KILLED MESSAGE PRIORITY CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE)" \
		"137 oom: the kernel killed a process for lack of memory|4|$tmp/memory.conf|2|MemoryMax"
	is "$label: ... beside that of the end" "$(records ENDED EXIT_CODE EXIT_STATUS)" "killed|9"
}

# A payload that can make no more processes, and tries it again and again.
tasks() {
	uid=$("${who[@]}" id -u) unit_option=--unit
	[ "$label" = root ] || unit_option=USER_UNIT
	printf '[Scope]\nTasksMax=16\n' >"$tmp/tasks.conf"
	run "${who[@]}" "$isorun" --policy "$tmp/tasks.conf" --name oom python3 -c 'import os, time
children = refused = 0
while refused < 20:
    try:
        if os.fork() == 0:
            time.sleep(1000)
        children += 1
    except BlockingIOError:
        refused += 1
os._exit(0 if 0 < children < 16 else 1)'
	like "$label: an instance that has reached TasksMax= says how often" "$status $err" \
		"0 *isorun: notice: $tmp/tasks.conf:2: TasksMax=: isorun-oom.scope has reached this limit: 20 times, a process*"
	is "$label: ... and it is one record, with the policy's line" \
		"$(records LIMIT_REACHED MESSAGE PRIORITY CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE)" \
		"oom has reached TasksMax=|4|$tmp/tasks.conf|2|TasksMax"
	run "${who[@]}" "$isorun" --policy "$tmp/tasks.conf" --name oom true
	is "$label: ... but not one that has not" "$status $(grep -c reached <<<"$err")" "0 0"
}

as_everybody all
as_everybody tasks
