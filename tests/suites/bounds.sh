#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an instance can take from its caller's user and from the machine: a payload takes all that it can get and keeps
# it, and the same user outside must still get some.
. "$(dirname "$0")/../lib.sh"

# Both sides use this program. "take" prints what it got of each kind and why it got no more, and keeps it until its
# standard input ends. "need" tries to get one of each.
cat "$top/tests/calls.py" - >"$tmp/taker.py" <<'PY'
import errno, fcntl, os, resource, sys

libc = ctypes.CDLL(None, use_errno=True)
kept = []
F_SETLEASE, F_GETLEASE, F_SETPIPE_SZ = 1024, 1025, 1031


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def terminal():
    kept.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))


def pipe():
    kept.extend(os.pipe())
    # First more than anybody gets without privilege, so that the error is not that of the user's own limit.
    fcntl.fcntl(kept[-1], F_SETPIPE_SZ, 1 << 17)


def lease():
    path = f"/tmp/lease-{os.getpid()}"
    kept.append(os.open(path, os.O_RDWR | os.O_CREAT))
    os.unlink(path)
    fcntl.fcntl(kept[-1], F_SETLEASE, fcntl.F_WRLCK)
    fcntl.fcntl(kept[-1], F_SETLEASE, fcntl.F_UNLCK)


def instance():
    kept.append(checked(libc.inotify_init1(0)))


def watches():
    """Watches of 60 instances, on each file once."""
    files = (os.path.join(d, f) for d, _, files in os.walk("/usr/share") for f in files)
    paths = list({os.stat(f).st_ino: f for f in files if not os.path.islink(f)}.values())[:4000]
    for _ in range(60):
        fd = checked(libc.inotify_init1(0))
        kept.append(fd)
        for path in paths:
            yield fd, path


more_watches = watches()


def watch():
    fd, path = next(more_watches)
    checked(libc.inotify_add_watch(fd, path.encode(), 2))


def timer():
    """A timer holds a pending signal from its beginning."""
    checked(libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p())))


def queue():
    name = f"/isorun-test-{os.getpid()}-{len(kept)}".encode()
    kept.append(checked(libc.mq_open(name, os.O_RDWR | os.O_CREAT, 0o600, None)))
    libc.mq_unlink(name)


def locked():
    """A page that SHM_LOCK keeps in memory."""
    segment = checked(libc.shmget(0, 4096, 0o1600))
    try:
        checked(libc.shmctl(segment, 11, None))
    except OSError:
        libc.shmctl(segment, 0, None)
        raise


KINDS = {"terminal": terminal, "pipe": pipe, "lease": lease, "instance": instance, "watch": watch, "timer": timer,
         "queue": queue, "locked": locked}


def get(kind, most):
    """How many of them there are to be had, up to a number, and the error that ended it."""
    for n in range(most):
        try:
            KINDS[kind]()
        except OSError as e:
            return f"{n} {errno.errorcode[e.errno]}"
    return f"{most} and more"


if sys.argv[1] == "take":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for kind in sys.argv[2:]:
        print(kind, get(kind, 200000))
    print("taken", flush=True)
    sys.stdin.read()
else:
    for kind in sys.argv[2:]:
        print(kind, get(kind, 1))
PY
chmod 644 "$tmp/taker.py"

# Starts an instance that takes all of some kinds. What it got is then in $tmp/taken.
take() { # options... -- kinds...
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$tmp/taken" "$tmp/keep"
	mkfifo "$tmp/keep"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" -v "$tmp/taker.py:/taker.py:ro" "${options[@]}" \
		/usr/bin/python3 /taker.py take "$@" <"$tmp/keep" >"$tmp/taken" 2>"$tmp/err" &
	taker=$!
	exec 8>"$tmp/keep"
	patience=60 await grep -qsx taken "$tmp/taken"
}

got() { sed -n "s/^$1 //p" "$tmp/taken"; } # kind

let_go() {
	exec 8>&-
	wait "$taker"
}

# The caller's user, outside, gets one.
is_left() { # kind
	run "${who[@]}" /usr/bin/python3 "$tmp/taker.py" need "$1"
	also is "$label: ... and outside there is one left" "$out" "$1 1 and more"
}

# "NUMBER ERROR" with a number from 1 to a bound, and that error.
is_bounded() { [ "${1#* }" = "$3" ] && [ "${1% *}" -gt 0 ] && [ "${1% *}" -le "$2" ]; }

# The bound that explain shows, which isorun takes from the limit of the caller.
bound() { # name in explain, options...
	"${who[@]}" "$isorun" --dry-run --verbose "${@:2}" true 2>/dev/null | sed -n "s/^  $1 *\([0-9]*\), .*/\1/p"
}

# Signals that are pending elsewhere for this user count, too, and another suite may have many.
take_signals() {
	take -- timer
	is_bounded "$(got timer)" "$(bound LimitSIGPENDING)" EAGAIN && return
	let_go
	return 1
}

all() {
	verified_start
	take -p LimitNOFILE=4096 -p 'SystemCallFilter=setrlimit prlimit64' -- terminal pipe lease instance
	# promise P26
	is "$label: terminals end at a number of the instance's own" "$(got terminal)" "256 ENOSPC"
	is_left terminal
	# promise P26
	is "$label: no pipe is made larger" "$(got pipe)" "0 EPERM"
	is_left pipe
	# promise P26
	is "$label: no lease is taken" "$(got lease)" "0 EPERM"
	is_left lease
	# promise P26
	is "$label: inotify instances end at the bound" "$(got instance)" "$(bound max_inotify_instances) EMFILE"
	is_left instance
	let_go

	take -- watch locked
	# promise P26
	is "$label: inotify watches end at the bound" "$(got watch)" "$(bound max_inotify_watches) ENOSPC"
	is_left watch
	# promise P26
	is "$label: locked memory ends at the bound" "$(got locked)" "$(($(bound LimitMEMLOCK) / $(getconf PAGESIZE))) ENOMEM"
	is_left locked
	let_go

	# promise P26
	ok "$label: pending signals end at the bound" eventually take_signals
	is_left timer
	let_go

	take -p Nesting=yes "${nest_as[@]}" -- queue
	# promise P26
	ok "$label: message queues end at the bound" is_bounded "$(got queue)" "$(bound LimitMSGQUEUE)" EMFILE
	is_left queue
	let_go

	shell "namespaces are bounded where they can be made" \
		"$(bound max_user_namespaces -p Nesting=yes "${nest_as[@]}")" -p Nesting=yes \
		"${nest_as[@]}" 'cat /proc/sys/user/max_user_namespaces'
	also shell "... and the payload cannot raise the bound" "$(bound max_inotify_instances) refused" \
		-p Nesting=yes "${nest_as[@]}" 'echo 9999 2>/dev/null >/proc/sys/user/max_inotify_instances || refused=refused
			echo $(cat /proc/sys/user/max_inotify_instances) $refused'
}

# Fills a user's key quota, and becomes a command.
cat "$top/tests/calls.py" - >"$tmp/fill-keys.py" <<'PY'
import os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(number("keyctl"), 1, None)  # a session keyring, so that the keys are no other session's
for n in range(100000):
    if libc.syscall(number("add_key"), b"user", b"isorun-%d" % n, b"secret", ctypes.c_ulong(6), -3) < 0:
        break
print(ctypes.get_errno(), flush=True)
os.execv(sys.argv[1], sys.argv[1:])
PY

# Runs isorun as a user without a key left. A user of its own for each run: the kernel frees keys late.
keyless() {
	keyless_uid=$((${keyless_uid:-40000 + $$ % 10000} + 1))
	run env HOME=/ setpriv --reuid=$keyless_uid --regid=$keyless_uid --clear-groups \
		/usr/bin/python3 "$tmp/fill-keys.py" "$isorun" --quiet --no-scope "${mode[@]}" "$@"
}

# An instance takes no key of its user where it cannot reach the caller's.
test_keys() {
	keyless -v "$tmp/find-key.py:/find-key.py:ro" /usr/bin/python3 /find-key.py
	# promise P26
	is "an instance starts though its user has no key left, and finds none of the caller's keys" "$status $out" \
		"0 122
request_key EPERM
keyctl EPERM
socket EAFNOSUPPORT"
	keyless -p SystemCallFilter=@keyring true
	is "... but not if it needs a keyring of its own" "$status $err" \
		"125 isorun: cannot make a session keyring: Disk quota exceeded"
	keyless -p RestrictAddressFamilies=AF_ALG true
	is "... as for sockets that use keys" "$status $err" "125 isorun: cannot make a session keyring: Disk quota exceeded"
}

cat "$top/tests/calls.py" - >"$tmp/find-key.py" <<'PY'
import errno, socket

libc = ctypes.CDLL(None, use_errno=True)
for call in (("request_key", b"user", b"isorun-0", None, 0), ("keyctl", 10, -3, b"user", b"isorun-0", 0)):
    r = libc.syscall(number(call[0]), *call[1:])
    print(call[0], "ok" if r >= 0 else errno.errorcode[ctypes.get_errno()])
try:
    socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    print("socket ok")
except OSError as e:
    print("socket", errno.errorcode[e.errno])
PY
chmod 644 "$tmp"/*.py

mode=(-p "Optional=MemoryMax TasksMax")
as_everybody all
if [ "$(id -u)" = 0 ]; then
	test_keys
else
	skip "the key quota of a user that has no other keys" "only root can become that user"
fi
