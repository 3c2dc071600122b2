#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl's verbs that are systemctl's, on instances of the system's and of a user's manager. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

ctl() { run "${who[@]}" "$isoctl" "$@"; }
state() { systemctl "${of[@]}" show -P "$2" "isorun-$1.scope"; }
gone() { ! pgrep -f "$1" >/dev/null; }
runs() { pgrep -f "$1" >/dev/null; }
listed() { [ "$("$isoctl" list -q | tr '\n' ' ')" = "$1" ]; }

# Starts an instance NAME, with options, whose payload is `sleep NUMBER`.
begin() {
	"${who[@]}" "$isorun" "${mode[@]}" --name "$1" "${@:3}" sleep "$2" </dev/null >/dev/null 2>&1 &
	started=$!
	eventually runs "^sleep $2\$" || result "not ok" "$label: $1 runs"
}

end() { # numbers...
	local n
	for n; do
		runs "^sleep $n\$" && kill -KILL "$(first_pid "^sleep $n\$")"
		eventually gone "^sleep $n\$"
	done
	eventually listed ""
}

# Runs a command with a terminal, what it writes to it being $out; keys: what is typed.
cat >"$tmp/terminal.py" <<'PY'
import fcntl, os, pty, select, signal, struct, sys, termios, time
keys, argv = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 100, 0, 0))
data, at, end = b"", time.monotonic() + 1.5, time.monotonic() + 20
while time.monotonic() < end:
    if select.select([fd], [], [], 0.1)[0]:
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        if not got:
            break
        data += got
    if keys and time.monotonic() > at:
        os.write(fd, keys.encode())
        keys = ""
else:
    os.kill(pid, signal.SIGKILL)
    data += b"TOO LONG"
sys.stdout.buffer.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
chmod 644 "$tmp/terminal.py"
at_terminal() { # keys, command...
	run "${who[@]}" env -u NO_COLOR -u SYSTEMD_PAGER -u PAGER -u SUDO_UID TERM=xterm "${vars[@]}" python3 "$tmp/terminal.py" "$@"
}

frozen() { grep -q "frozen $2" "$(cgroup "$1")/cgroup.events"; }
cgroup() { echo "/sys/fs/cgroup$(state "$1" ControlGroup)"; }

test_colours() {
	begin one 815
	vars=(SYSTEMD_PAGER=)
	at_terminal "" "$isoctl" list
	like "$label: colours at a terminal" "$out" $'*\e[[]*one*'
	vars=(SYSTEMD_PAGER= NO_COLOR=1)
	at_terminal "" "$isoctl" list
	unlike "$label: ... without NO_COLOR" "$out" $'*\e*'
	vars=(SYSTEMD_PAGER= TERM=dumb)
	at_terminal "" "$isoctl" list
	unlike "$label: ... and not at a dumb one" "$out" $'*\e*'
	unlike "$label: ... nor elsewhere" "$("$isoctl" list)" $'*\e*'
	printf '#!/bin/sh\nsed "s/^/paged /"\nsleep 0.3\necho last\n' >"$tmp/pager"
	chmod 755 "$tmp/pager"
	vars=("SYSTEMD_PAGER=$tmp/pager" NO_COLOR=1)
	at_terminal "" "$isoctl" list
	like "$label: the pager" "$status $out" "0 paged NAME*paged one*last*"
	at_terminal "" "$isoctl" list --no-pager
	unlike "$label: --no-pager" "$out" "*paged*"
	at_terminal "" "$isoctl" --no-pager list
	unlike "$label: ... also before the verb" "$out" "*paged*"
	vars=("PAGER=$tmp/pager -x" SYSTEMD_PAGER= NO_COLOR=1)
	at_terminal "" "$isoctl" list
	unlike "$label: an empty SYSTEMD_PAGER is none" "$out" "*paged*"
	vars=("PAGER=$tmp/pager -x" NO_COLOR=1)
	at_terminal "" "$isoctl" list
	like "$label: PAGER, with an option" "$out" "*paged *"
	vars=(SUDO_UID=1 "PAGER=$tmp/pager" NO_COLOR=1)
	at_terminal "q" "$isoctl" list
	unlike "$label: with sudo no other pager than less is run" "$out" "*paged*"
	end 815
}

journal_has() { "${who[@]}" "$isoctl" logs --no-pager one 2>/dev/null | grep -q "$1"; }

test_help() {
	local verb
	for verb in $("$isoctl" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
		run "$isoctl" "$verb" --help
		like "isoctl $verb --help" "$status $out" "0 isoctl $verb*"
	done
}

# The system's directory of policies, where it is not a real one.
make_system_policy() {
	mkdir -p /etc/isorun/policies
	printf '[Policy]\nDescription=The shop of the system\n' >/etc/isorun/policies/shop.conf
	chmod -R a+rX /etc/isorun
}

test_names() {
	begin web-1 811
	begin web-2 812
	begin other 813
	is "$label: list of a pattern" "$("$isoctl" list -q 'web-?' | tr '\n' ' ')" "web-1 web-2 "
	is "$label: ... with a legend" "$("$isoctl" list 'oth*' isorun-web-1.scope | awk '{print $1}' | tr '\n' ' ')" "NAME other web-1 "
	like "$label: status of a pattern" "$("${who[@]}" "$isoctl" status 'web*')" "web-1*web-2*"
	run "${who[@]}" "$isoctl" enter 'oth*' echo inside
	is "$label: enter by a pattern that is one" "$out" inside
	run "${who[@]}" "$isoctl" enter 'web*' true
	like "$label: ... that is two" "$status $err" '125 isoctl: "web?" is more than one instance: web-1 (*) web-2 (*)'
	end 811 812 813
}

all() {
	test_names
	test_colours
	[ "${TESTHOST-}" = real ] || test_policies
}

test_help
[ "${TESTHOST-}" = real ] || make_system_policy
label=root who=() of=()
[ "$(id -u)" != 0 ] || all
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") of=(--user)
	[ "$(id -u)" != 0 ] || of+=(-M "$TH_USER@")
	all
else
	skip "the same as another user" "no user to be"
fi
