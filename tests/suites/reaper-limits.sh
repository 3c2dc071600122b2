#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Payloads with Delegate=yes that freeze, move and deepen their cgroups: status, enter, stop and SIGTERM work all the
# same, and nothing is left. Needs a systemd, and a cgroup tree with nsdelegate.
. "$(dirname "$0")/../lib.sh"
install_isorun
patience=60

# Says what it can do to its reaper, to the root of its cgroups, and how many cgroups it can make. Then, with "freeze", a
# child in another cgroup freezes the payload, again and again.
cat >"$tmp/attack.py" <<'PY'
import errno, os, sys, time
top = "/sys/fs/cgroup"
def write(path, text):
    try: os.write(os.open(f"{top}/{path}", os.O_WRONLY), text.encode())
    except OSError as e: return errno.errorcode[e.errno]
    return "written"
def deepen(name):
    os.chdir(top)
    for n in range(500):
        try: os.mkdir(name)
        except OSError as e: return f"{errno.errorcode[e.errno]} at {n // 10}x"
        os.chdir(name)
    return "no end"
def widen():
    for n in range(5000):
        try: os.mkdir(f"{top}/wide{n}")
        except OSError as e: return f"{errno.errorcode[e.errno]} at {n // 100}xx"
    return "no end"
print("reaper:", write("payload/cgroup.procs", "1"))
print("freeze the root:", write("cgroup.freeze", "1"))
print("deepen the root:", write("cgroup.max.depth", "max"), write("cgroup.max.descendants", "max"))
print("deep:", deepen("." + "x" * 249)) # a name that many listings leave out
os.mkdir(top + "/apart")
os.mkdir(top + "/other")
print("wide:", widen(), flush=True)
if sys.argv[1] != "freeze": print("attacking", flush=True)
elif os.fork():
    write("apart/cgroup.procs", "0")
else:
    write("other/cgroup.procs", "0")
    print("attacking", flush=True)
    while True:
        for name in "apart", "payload": write(name + "/cgroup.freeze", "1")
        time.sleep(0.2)
time.sleep(1000)
PY
chmod 644 "$tmp/attack.py"

ctl() { run patiently "${who[@]}" isoctl "$@"; }

starts=0
begin() { # attack
	victim=victim$((++starts))
	: >"$tmp/attack"
	"${who[@]}" isorun --quiet --name "$victim" --policy nest "${nest_as[@]}" -p Delegate=yes -v "$tmp/attack.py:/attack.py:ro" \
		/usr/bin/python3 /attack.py "$1" >"$tmp/attack" 2>&1 </dev/null &
	instance=$!
	await grep -q attacking "$tmp/attack"
	[ "$1" != freeze ] || await frozen
}

scope() { find /sys/fs/cgroup -name "isorun-$victim.scope"; }
frozen() { grep -q "frozen 1" "$(scope)/inside/apart/cgroup.events"; }
no_scope() { [ -z "$(scope)" ]; }

test_attack() { # attack
	begin "$1"
	is "$label, $1: the payload cannot move the reaper, nor change the root of its cgroups" "$(head -n3 "$tmp/attack")" \
		"$refusals"
	is "$label, $1: ... nor make cgroups without end" "$(sed -n 4,5p "$tmp/attack")" "deep: EAGAIN at 6x
wide: EAGAIN at 9xx"
	ctl enter "$victim" sh -c 'sed -n s/^0:://p /proc/self/cgroup; exit 7'
	is "$label, $1: enter works, and is in the payload's cgroup" "$status $out" "7 /payload"
	ctl status "$victim" --verbose
	like "$label, $1: status shows the plan" "$status $err $out" "0  $victim*state*no_new_privs*"
	kill -TERM "$instance"
	wait "$instance"
	is "$label, $1: SIGTERM ends it" $? 143
	also ok "$label, $1: ... and no process is left" eventually gone '^/usr/bin/python3 /attack.py'
	also ok "$label, $1: ... and no cgroup" eventually no_scope
	begin "$1"
	ctl stop "$victim"
	is "$label, $1: stop ends it" "$status $err" "0 "
	wait "$instance"
	also ok "$label, $1: ... and no process is left" eventually gone '^/usr/bin/python3 /attack.py'
	also ok "$label, $1: ... and no cgroup" eventually no_scope
}

all() {
	verified_start
	# A user's payload owns the cgroups, and it is nsdelegate that protects them.
	refusals=$'reaper: ENOENT\nfreeze the root: EPERM\ndeepen the root: EPERM EPERM'
	[ "$label" = user ] || refusals=$'reaper: EACCES\nfreeze the root: EACCES\ndeepen the root: EACCES EACCES'
	test_attack deepen
	test_attack freeze
}

cd / || exit
if ! grep -q 'cgroup2.*nsdelegate' /proc/mounts; then
	skip "attacks on the cgroups" "the cgroup tree is mounted without nsdelegate"
	exit 0
fi
as_everybody all
