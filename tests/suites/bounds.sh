#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an instance can take from its caller's user and from the machine: a payload takes all that it can get and keeps
# it, and the same user outside must still get some.
. "$(dirname "$0")/../lib.sh"

# Both sides use this program. "take" prints what it got of each kind and why it got no more, and keeps it until its
# standard input ends. "need" tries to get one of each.
cat "$top/tests/calls.py" - >"$tmp/taker.py" <<'PY'
import errno, fcntl, os, resource, signal, sys

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


KINDS = {"terminal": terminal, "pipe": pipe, "lease": lease}


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
        print(kind, get(kind, 5000))
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
	await grep -qsx taken "$tmp/taken"
}

got() { sed -n "s/^$1 //p" "$tmp/taken"; } # kind

let_go() {
	exec 8>&-
	wait $taker
}

# The caller's user, outside, gets one.
is_left() { # kind
	run "${who[@]}" /usr/bin/python3 "$tmp/taker.py" need "$1"
	also is "$label: ... and outside there is one left" "$out" "$1 1 and more"
}

all() {
	take -p LimitNOFILE=4096 -p 'SystemCallFilter=setrlimit prlimit64' -- terminal pipe lease
	is "$label: terminals end at a number of the instance's own" "$(got terminal)" "256 ENOSPC"
	is_left terminal
	is "$label: no pipe is made larger" "$(got pipe)" "0 EPERM"
	is_left pipe
	is "$label: no lease is taken" "$(got lease)" "0 EPERM"
	is_left lease
	let_go
}

mode=(-p "Optional=MemoryMax TasksMax")
as_everybody all
