#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl analyze: the table in docs/exposure.md, and that it counts as systemd-analyze security does. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
note=" [no refusal]"
systemd=$(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')

# A policy as it is shipped, whose limits this host need not hold.
shipped() { # name
	printf '[Policy]\nBase=%s\nOptional=MemoryMax MemorySwapMax MemoryHigh TasksMax CPUQuota CPUWeight\n' \
		"$top/policies/$1.conf" >"$tmp/policy.conf"
	chmod 644 "$tmp/policy.conf"
}

exposure() { # command before isoctl...: as the table has it
	local line
	line=$("$@" "$isoctl" analyze "$tmp/policy.conf" -- true 2>/dev/null | sed -n 's/^Overall exposure of .*: //p')
	echo "${line:--}"
}

table() {
	local policy
	for policy in "$top"/policies/*.conf; do
		policy=${policy##*/}
		shipped "${policy%.conf}"
		echo "| \`${policy%.conf}\` | $(exposure "$as_user") | $(exposure) |"
	done
}

compare() { # policy: prints the rows that differ, and those that systemd does not have
	shipped "$1"
	"$isoctl" analyze --json "$tmp/policy.conf" -- /usr/bin/true >"$tmp/ours.json"
	"$isoctl" export --unit "$tmp/policy.conf" -- /usr/bin/true >"$tmp/x.service" 2>/dev/null
	systemd-analyze security --offline=yes --no-pager --json=short "$tmp/x.service" >"$tmp/theirs.json"
	python3 - "$tmp/ours.json" "$tmp/theirs.json" <<-'PY'
		import json, sys
		ours, theirs = (json.load(open(f)) for f in sys.argv[1:])
		theirs = {r["name"]: float(r["exposure"] or 0) for r in theirs}
		rows = {r["name"]: r["exposure"] for r in ours["rows"]}
		print(*sorted(n for n, e in rows.items() if n not in theirs or abs(theirs[n] - e) > 0.01))
	PY
}

if [ "$(id -u)" = 0 ] && [ -n "${TH_USER-}" ] && [ "${TESTHOST-real}" != real ]; then
	mkdir -p /run/php /run/postgresql # of services that do not run here
	is "the table in docs/exposure.md" "$(sed -n '/^| `/p' "$top/docs/exposure.md" | sed '/^| `[A-Z]/d')" "$(table)"
else
	skip "the table in docs/exposure.md" "it is that of the test's host"
fi

if [ "$systemd" -ge 252 ]; then
	known="DeviceAllow= PrivateMounts= PrivateTmp="
	is "agent: the rows that systemd counts in another way" "$(compare agent)" "$known PrivateUsers="
	is "nginx-static: ... for a policy with the host's network and capabilities" "$(compare nginx-static)" "$known"
	is "filter: ... and one without a network" "$(compare filter)" "DeviceAllow= IPAddressDeny= PrivateMounts= PrivateTmp= PrivateUsers="
fi

shipped default
run "$isoctl" analyze "$tmp/policy.conf" -- true
like "a row has what improves it, and its line" "$status $out" \
	"0 *0.3 *RestrictAddressFamilies=~AF_(INET|INET6) *RestrictAddressFamilies=~AF_INET AF_INET6 *default.conf:18*Overall*"
total=$(sed -n 's/.*: \([0-9]*\)\.\([0-9]\) [A-Z]*$/\1\2/p' <<<"$out" | sed 's/^0*//')
run "$isoctl" analyze --threshold "$total" "$tmp/policy.conf" -- true
is "--threshold, not exceeded" "$status $err" "0 "
run "$isoctl" analyze --threshold $((total - 1)) "$tmp/policy.conf" -- true
is "--threshold, exceeded" "$status $err" "1 "
run "$isoctl" analyze --threshold 1.5 "$tmp/policy.conf" -- true
is "--threshold in tenths" "$status $err" '125 isoctl: --threshold: not a number from 0 to 100, in tenths: "1.5"'

# An instance: the plan that it was started with.
its_instance() {
	local pid same="$tmp/same.conf"
	printf '[Policy]\nBase=%s\n' "$tmp/policy.conf" >"$same"
	cp "$same" "$tmp/changed.conf"
	chmod 644 "$tmp/changed.conf"
	"${who[@]}" "$isorun" --quiet --policy "$tmp/changed.conf" -p PrivateNetwork=no --name analyzed sleep 7766 </dev/null >/dev/null &
	pid=$!
	await runs '^sleep 7766$'
	echo "Description=another" >>"$tmp/changed.conf"
	printf '[Sandbox]\nPrivateNetwork=no\n' >>"$same"
	run "${who[@]}" "$isoctl" analyze --json analyzed
	unnamed <<<"$out" >"$tmp/kept"
	"${who[@]}" "$isoctl" analyze --json "$same" -- sleep 7766 | unnamed >"$tmp/planned"
	no_refusal ok "$label: the plan of an instance is read" test -s "$tmp/kept"
	also ok "$label: the plan of an instance counts, not the file" diff "$tmp/kept" "$tmp/planned"
	run "${who[@]}" "$isoctl" analyze --no-legend "isorun-analyzed.scope"
	like "$label: ... and its unit names it" "$status $out" "0 *PrivateNetwork=yes   # -p*Overall exposure of *analyzed: *"
	run "${who[@]}" "$isoctl" analyze --threshold 1 analyzed
	is "$label: ... and it can be above a threshold" "$status $err" "1 "
	verified analyzed
	kill "$pid"
	wait "$pid"
	await gone '^sleep 7766$'
	run "${who[@]}" "$isoctl" analyze analyzed
	like "$label: ... until it is gone" "$status $err" '125 isoctl: no policy "analyzed" in *'
}
unnamed() { # rows without where their lines are
	python3 -c 'import json, sys
e = json.load(sys.stdin)
print(e["exposure"], *[{**row, "origin": bool(row["origin"] and row["origin"]["file"])} for row in e["rows"]], sep="\n")'
}
as_everybody its_instance
label="" who=()

# Each line is worse than the default in the row that it is about.
worse() { # line, row
	printf '%s\n' "$1" | cat "$tmp/policy.conf" - >"$tmp/worse.conf"
	run "$isoctl" analyze --json "$tmp/worse.conf" -- true
	is "$1 is seen" "$(python3 -c 'import json, sys
print(*[(r["exposure"] > 0, r["origin"]["line"] if r["origin"] else None) for r in json.load(sys.stdin)["rows"] if r["name"] == sys.argv[1]])' \
		"$2" <<<"$out")" "(True, 5)"
}
echo "[Sandbox]" >>"$tmp/policy.conf"
worse PrivateNetwork=no PrivateNetwork=
worse PrivateDevices=no PrivateDevices=
worse SystemCallFilter=@mount "SystemCallFilter=~@mount"
worse RestrictNamespaces=no "RestrictNamespaces=~user"
worse CapabilityBoundingSet=CAP_SYS_PTRACE "CapabilityBoundingSet=~CAP_SYS_PTRACE"
worse "SystemCallArchitectures=native x86" SystemCallArchitectures=
worse RestrictSUIDSGID=no RestrictSUIDSGID=
worse AmbientCapabilities=CAP_CHOWN AmbientCapabilities=

# A program that has entered a stage has less. A stage may deny execve, which the start needs.
cat >>"$tmp/policy.conf" <<'END'
SystemCallFilter=@mount
RestrictNamespaces=no
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_CHOWN
AmbientCapabilities=CAP_CHOWN

[Stage.serving]
SystemCallFilter=~@mount execve
CapabilityBoundingSet=CAP_SYS_PTRACE
END
# The part of the exposure of each row that differs in the stage: before, and in it.
run "$isoctl" analyze --json "$tmp/policy.conf" -- true
echo "$out" >"$tmp/before.json"
is "the JSON is what the schema says" "$("$top/tests/json-agrees.py" analyze 200 <<<"$out" 2>&1)" ""
run "$isoctl" analyze --json --stage=serving "$tmp/policy.conf" -- true
is "analyze --stage counts what a stage leaves" "$status $(python3 -c 'import json, sys
before = json.load(open(sys.argv[1]))["rows"]
for a, b in zip(before, json.load(sys.stdin)["rows"]):
    if a["exposure"] != b["exposure"]: print(a["name"], a["exposure"] > 0, b["exposure"] > 0)' "$tmp/before.json" <<<"$out")" \
	"0 CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP) True False
SystemCallFilter=~@mount True False
AmbientCapabilities= True False"
run "$isoctl" analyze --stage=other "$tmp/policy.conf" -- true
is "... of a stage that the policy has" "$status $err" "125 isoctl: --stage: the policy has no section [Stage.other]"
