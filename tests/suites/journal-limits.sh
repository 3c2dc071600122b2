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
	uid=$("${who[@]}" id -u) unit_option=--unit
	[ "$label" = root ] || unit_option=USER_UNIT
	run "${who[@]}" "$isorun" --policy "$tmp/memory.conf" --name oom /usr/bin/python3 -c 'bytearray(64 << 20)'
	is "$label: killed for memory, which is a record with the policy's line" \
		"$status $(records OOM_KILLED MESSAGE PRIORITY CONFIG_FILE CONFIG_LINE ISORUN_DIRECTIVE)" \
		"137 oom: the kernel killed a process for lack of memory|4|$tmp/memory.conf|2|MemoryMax"
	is "$label: ... beside that of the end" "$(records ENDED EXIT_CODE EXIT_STATUS)" "killed|9"
}

as_everybody all
