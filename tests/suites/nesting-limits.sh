#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits of instances inside an instance that has Delegate=yes, and that none of them can be lifted from inside. Needs a
# systemd, and the memory and pids controllers.
. "$(dirname "$0")/../lib.sh"
install_isorun
patience=60
allocate='x = bytearray(64 << 20); print(len(x))'
cat >"$tmp/inner.conf" <<'CONF'
[Policy]
Base=nest
Optional=
[Scope]
MemoryMax=32M
MemorySwapMax=0
TasksMax=100
[Sandbox]
CONF
cp "$tmp/inner.conf" "$tmp/usr/lib/isorun/policies/"

outer() { "${who[@]}" isorun --policy nest "${nest_as[@]}" -p Delegate=yes "$@"; }

no_scopes() { [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

test_held() {
	run outer sh -c "isorun --policy inner /usr/bin/python3 -c '$allocate'; echo inner \$?"
	is "$label: MemoryMax=32M of the inner one kills it, and the outer lives" "$status $out" "0 inner 137"
	like "$label: ... the inner one says so, with its line" "$err" "*/inner.conf:5: MemoryMax=: the kernel killed a process*"
	is "$label: ... and the outer one nothing" "$(wc -l <<<"$err")" 1
	run outer -p MemoryMax=40M -p MemorySwapMax=0 sh -c "isorun --quiet -p MemoryMax=200M /usr/bin/python3 -c '$allocate'; echo \$?"
	is "$label: a greater limit inside does not lift the outer's" "$out" 137
	run outer isorun --policy nest -p Delegate=yes isorun --policy nest -p Delegate=yes sh -c \
		"isorun --policy inner /usr/bin/python3 -c '$allocate'; echo inner \$?; isorun --policy inner echo fine"
	is "$label: four deep, each with a part of its parent's" "$out" "inner 137"$'\n'fine
	run outer isorun --policy inner -p TasksMax=8 /usr/bin/python3 -c 'import os, time
try:
    while True:
        if os.fork() == 0: time.sleep(100)
except BlockingIOError: print("stopped")'
	is "$label: TasksMax= of the inner one" "$out" stopped
	run outer sh -c 'cat /sys/fs/cgroup/memory.max; cat /proc/self/cgroup; isorun -p CPUQuota=20% cat /proc/self/cgroup'
	like "$label: the payload sees a copy of its limit, and sits in a leaf" "$out" "[1-9]*0::/payload
0::/"
	# A slow machine may print that isorun waits.
	is "$label: ... and the default policy's limits hold inside" "$(grep -v ': waiting until ' <<<"$err")" ""
	run outer isorun -p Delegate=yes -p MemoryMax=30M cat /sys/fs/cgroup/memory.max
	is "$label: ... the inner one's, too" "$out" 31457280
	# The process that makes the network namespace would be in the cgroup whose controllers isorun enables.
	run outer -p SystemCallFilter=@debug strace -f -o /dev/null -e trace=unshare -e inject=unshare:delay_enter=300000 \
		isorun --quiet -p Delegate=yes -p MemoryMax=30M cat /sys/fs/cgroup/memory.max
	is "$label: ... also if its namespaces take long" "$out" 31457280
	run "${who[@]}" isorun --policy nest "${nest_as[@]}" isorun --policy inner true
	like "$label: without Delegate= there is nothing to hold the inner one's" "$err" \
		"*/inner.conf:5: MemoryMax=, line 7: TasksMax=: cannot be enforced: isorun cannot reach the user's service manager, and has no delegated cgroup*"
	is "$label: ... which ends it" "$status" 125
	run outer isorun --policy inner -p KillMode=mixed true
	like "$label: nor for what a cgroup does not do" "$err" "isorun: -p: KillMode=: cannot be enforced: *"
}

# Mounts the cgroups that are seen from here, and tries to lift a limit; at first straight away, and then from a
# namespace further down, through the same mount.
cat >"$tmp/lift.sh" <<'SH'
mkdir -p /tmp/cg && mount -t cgroup2 cgroup2 /tmp/cg || exit
for d in /tmp/cg /sys/fs/cgroup; do
	for f in memory.max pids.max; do echo max >$d/$f; done
done 2>/dev/null
{
	mkdir /tmp/cg/child && echo $$ >/tmp/cg/child/cgroup.procs
	unshare -C sh -c 'for d in /tmp/cg /sys/fs/cgroup; do for f in memory.max pids.max; do echo max >$d/$f; done; done'
} 2>/dev/null
echo tried
SH
chmod 644 "$tmp/lift.sh"

# The limits of the instance NAME, as the host sees them.
limits_of() { cat "$(find /sys/fs/cgroup -name "isorun-$1.scope" | head -n1)"/{memory,pids}.max | tr '\n' ' '; }

test_not_lifted() { # description, options...
	local what=$1
	: >"$tmp/lift"
	"${who[@]}" isorun --quiet --name lift --policy inner "${nest_as[@]}" -v "$tmp/lift.sh:/lift.sh:ro" "${@:2}" sh -c \
		'unshare -UrmC sh /lift.sh; sleep 1000' >"$tmp/lift" 2>&1 &
	await grep -qs tried "$tmp/lift"
	# promise P25
	is "$label: a payload cannot lift its limits, $what" "$(cat "$tmp/lift") $(limits_of lift)" "tried 33554432 100 "
	kill "$(first_pid '^(/usr/bin/)?isorun .*--name lift')"
	wait
}

test_inner_not_lifted() {
	: >"$tmp/lift"
	outer --quiet -v "$tmp/lift.sh:/lift.sh:ro" isorun --quiet --name lift --policy inner sh -c \
		'unshare -UrmC sh /lift.sh; sleep 1000' >"$tmp/lift" 2>&1 &
	await grep -qs tried "$tmp/lift"
	is "$label: nor one that is nested" "$(cat "$tmp/lift") $(limits_of lift)" "tried 33554432 100 "
	is "$label: the nested instance tells what it is" "$(python3 -c 'import os, sys
print(*[os.getxattr(sys.argv[1], "user.isorun." + n).decode() for n in ("name", "policy")])' \
		"$(find /sys/fs/cgroup -name isorun-lift.scope)")" "lift inner"
	kill "$(first_pid '^(/usr/bin/)?isorun ')"
	wait
}

test_cleaned() {
	local name='find /sys/fs/cgroup -mindepth 1 -type d'
	run outer sh -c "isorun --policy inner -p Delegate=yes sh -c 'mkdir -p /sys/fs/cgroup/a/b/c /sys/fs/cgroup/d'; $name"
	is "$label: what was made inside an instance goes with it" "$out" /sys/fs/cgroup/payload
	run outer sh -c "isorun --quiet --policy inner -p MemoryMax=1P -p BindPaths=/nothing:/mnt true 2>/dev/null; \
		isorun --policy inner no-such-command 2>/dev/null; isorun --policy inner -p TemporaryFileSystem=/x:size=1,nr_inodes=1 \
		-v /etc:/x/y:ro true 2>/dev/null; isorun --policy inner sh -c 'kill -9 \$\$'; $name"
	is "$label: ... however it ends" "$out" /sys/fs/cgroup/payload
	# shellcheck disable=SC2016
	run outer bash -c 'isorun --name killed --policy inner sleep 1000 &
		until pgrep -f "^sleep 1000$" >/dev/null; do sleep 0.1; done; kill -9 $!; wait $!
		until grep -q "populated 0" /sys/fs/cgroup/isorun-killed.scope/cgroup.events; do sleep 0.1; done
		ls -d /sys/fs/cgroup/*/; isorun --policy inner ls /sys/fs/cgroup; '"$name"
	is "$label: what a killed isorun leaves, the next one removes" "$out" \
		"/sys/fs/cgroup/isorun-killed.scope/"$'\n'"/sys/fs/cgroup/payload/"$'\n'"/sys/fs/cgroup/payload"
	run outer bash -c 'isorun --quiet --name twice --policy inner sleep 1000 &
		until pgrep -f "^sleep 1000$" >/dev/null; do sleep 0.1; done
		isorun --name twice --policy inner true; kill $!; wait $!'
	like "$label: a name that is taken" "$err" "isorun: the unit isorun-twice.scope already exists*"
	also ok "$label: nothing is left" eventually no_scopes
}

# Also in a service, whose main process must then get out of the way.
test_service() {
	run systemd-run --quiet --pipe --wait -p Delegate=yes "$isorun" --policy "$tmp/usr/lib/isorun/policies/nest.conf" \
		-p User=nobody -p Optional= -p Delegate=yes -p "MemoryMax=200M" -p TasksMax=200 -v "$tmp/usr:/inside:ro" sh -c \
		"/inside/bin/isorun --policy /inside/lib/isorun/policies/filter.conf -p MemoryMax=32M -p MemorySwapMax=0 \
		-v /inside:/inside:ro /usr/bin/python3 -c '$allocate'; echo inner \$?; cat /sys/fs/cgroup/memory.max"
	is "$label: in a service, too" "$out" "inner 137"$'\n'209715200
	is "$label: ... which ends well" "$status" 0
}

all() {
	verified_start --policy nest "${nest_as[@]}"
	test_held
	test_not_lifted "under Nesting=yes"
	test_not_lifted "with Delegate=yes" -p Delegate=yes
	test_inner_not_lifted
	test_cleaned
}

cd / || exit
label=root who=() nest_as=(-p User=nobody)
all
if [ "${TESTHOST-}" = real ]; then
	skip "in a service" "isorun is in its place for this suite only"
else
	test_service
fi
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") nest_as=()
	all
else
	skip "the same with a user's manager" "no user to be"
fi
