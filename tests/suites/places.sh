#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where a program that isolates itself may be started: by cron, over ssh, and in sandboxes of others. There, it isolates
# itself or fails, and never takes them for its own. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$tmp/usr/lib" "$tmp/usr/bin"
cp "$build/src/libisorun.so.0" "$tmp/usr/lib/"
cp "$build/tests/library/self" "$tmp/usr/bin/"
install_isorun
if is_sanitized; then
	skip "programs that isolate themselves" "a sanitizer's check for leaks uses ptrace(2), which fails in their sandbox"
	exit 0
fi
chmod 777 "$tmp"
# shellcheck disable=SC2034  # lib.sh's: the program under test is not isorun
note=" [no isorun]"
went_on="1 show no_new_privs=1 FROM_NOTE=yes FROM_CALLER=(null)"

has() { # description, program
	[ -x "$(command -v "$2")" ] || { skip "$1" "no $2"; return 1; }
}

user_name() { if [ -n "${who[*]}" ]; then echo "$TH_USER"; else echo root; fi; }

# A job that cron starts when cron itself does.
from_cron() {
	has "$label: from cron" cron || return 0
	: >"$tmp/$label.cron"
	chmod 666 "$tmp/$label.cron"
	printf '@reboot %s /usr/bin/self show >>%s 2>&1; echo $? >>%s\n' "$(user_name)" "$tmp/$label.cron" "$tmp/$label.cron" \
		>/etc/cron.d/isorun-test
	rm -f /run/crond.reboot /var/run/crond.reboot
	cron -f >/dev/null 2>"$tmp/cron.err" &
	local cron=$!
	await grep -qsx '[0-9]*' "$tmp/$label.cron"
	kill "$cron"
	wait "$cron"
	rm /etc/cron.d/isorun-test
	also like "$label: a program isolates itself from cron" "$(cat "$tmp/$label.cron" "$tmp/cron.err")" "*$went_on"$'\n'"7"
}

# The server of this suite, for both users.
begin_ssh() {
	has "from ssh" sshd && has "from ssh" ssh || return 0
	mkdir -p /run/sshd "$tmp/ssh"
	ssh-keygen -q -t ed25519 -N "" -f "$tmp/ssh/host"
	ssh-keygen -q -t ed25519 -N "" -f "$tmp/ssh/key"
	cp "$tmp/ssh/key.pub" "$tmp/ssh/keys"
	printf '%s\n' Port\ 2299 "ListenAddress 127.0.0.1" "HostKey $tmp/ssh/host" "AuthorizedKeysFile $tmp/ssh/keys" \
		"StrictModes no" "UsePAM no" "PermitRootLogin yes" "PidFile none" >"$tmp/ssh/config"
	"$(command -v sshd)" -D -e -f "$tmp/ssh/config" 2>"$tmp/ssh/err" &
	ssh_server=$!
}

from_ssh() {
	[ -n "${ssh_server-}" ] || return 0
	local options=(-p 2299 -i "$tmp/ssh/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
		-o BatchMode=yes "$(user_name)@127.0.0.1")
	answers() { ssh "${options[@]}" true 2>/dev/null; }
	await answers
	run ssh "${options[@]}" /usr/bin/self show
	also is "$label: a program isolates itself over ssh" "$status $out" "7 $went_on"
	run ssh -tt "${options[@]}" /usr/bin/self show
	also like "$label: ... on a terminal" "$status $out" "7 *$went_on*"
}

# In a sandbox of another program, a program isolates itself, or fails. It never takes that sandbox for its own.
inside() { # description, command that starts another
	run "${who[@]}" "${@:2}" /usr/bin/self is
	# promise P46
	like "$label: a program does not take $1 for its own sandbox" "$status $out" "0 notice: not isolated: *"$'\n'"0"
	run "${who[@]}" "${@:2}" /usr/bin/self show
}
succeeds() {
	inside "$@"
	also is "$label: ... and isolates itself" "$status $out" "7 $went_on"
}
fails() { # description, pattern of the error, command
	inside "$1" "${@:3}"
	also like "$label: ... and fails" "$status $out $err" "125 E* show no_new_privs=* FROM_NOTE=(null) *error: $2"
}

# Answers the calls of an instance's default filter by an action of its own.
cat >"$tmp/deny.py" <<'PY'
import ctypes, os, struct, sys
sys.path.insert(0, sys.argv[2])
import calls
action = int(sys.argv[1], 0)
numbers = [calls.number(name) for name in sys.argv[3].split() if calls.exists(name)]
assert len(numbers) > 50
code = [(0x20, 0, 0, 0)] # the number
for n in numbers:
    code += [(0x15, 0, 1, n), (0x06, 0, 0, action)]
code += [(0x06, 0, 0, 0x7fff0000)]
program = b"".join(struct.pack("HBBI", *c) for c in code)
buffer = ctypes.create_string_buffer(program)
fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, fprog, 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[4], sys.argv[4:])
PY
denied=$("$isorun" --no-scope --quiet --dry-run --verbose true | sed -n 's/^ *answered EPERM *//p' | sed 's/ *#.*//')
strict=(bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --tmpfs /run --tmpfs /var --tmpfs /home --tmpfs /root
	--tmpfs /srv --tmpfs /mnt --tmpfs /media --tmpfs /boot --tmpfs /sys --unshare-all --cap-drop ALL
	--ro-bind "$top/tests" "$top/tests" --ro-bind "$tmp/deny.py" /tmp/deny.py)

in_sandboxes() {
	local action
	fails "a user namespace without ids" "cannot make the namespaces: *" unshare -U
	has "$label: in bubblewrap" bwrap || return 0
	succeeds "bubblewrap that shows all" bwrap --dev-bind / /
	fails "bubblewrap with all namespaces" "*" bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-all
	[ "$label" = root ] || also like "$label: ... because systemd's unit is not in its cgroup namespace" "$err" \
		"*error: cannot open the cgroup of isorun-self-*.scope, *systemd is outside of this sandbox's cgroup namespace; *"
	inside "bubblewrap that hides much" "${strict[@]}"
	for action in 0x50001 0x50026 0x7ff00000 0x80000000 0x30000; do # EPERM, ENOSYS, trace, kill, trap
		fails "bubblewrap with a filter of the same calls ($action)" "*" \
			"${strict[@]}" /usr/bin/python3 -B /tmp/deny.py "$action" "$top/tests" "$denied"
	done
}

# Runs a command in a container of an OCI runtime, with the masks and capabilities that "spec" gives.
cat >"$tmp/contain.py" <<'PY'
import json, os, subprocess, sys, tempfile
engine, tree = sys.argv[1:3]
os.chdir(tempfile.mkdtemp(dir="/run"))
subprocess.run([engine, "spec"], check=True)
with open("config.json") as f: c = json.load(f)
assert c["linux"]["maskedPaths"] and c["process"]["noNewPrivileges"]
c["process"].update(terminal=False, args=sys.argv[3:], rlimits=[])
c["root"] = {"path": tree, "readonly": True}
c["linux"].pop("resources", None)
with open("config.json", "w") as f: json.dump(c, f)
more = ["--cgroup-manager=disabled"] if engine == "crun" else []
os.execvp(engine, [engine, "--root", f"/run/{engine}-test", *more, "run", f"isorun-test-{os.getpid()}"])
PY

in_containers() {
	local engine
	label=root who=()
	succeeds "a user namespace" unshare -Ur
	succeeds "namespaces of unshare" unshare -Urpfm --mount-proc
	[ -e "$build/tests/library/static-self" ] || return 0
	mkdir -p "$tmp/tree"/{usr/bin,proc,sys,dev,tmp,etc,run,var}
	cp "$build/tests/library/static-self" "$tmp/tree/usr/bin/self"
	for engine in crun runc; do
		! has "in a container of $engine" "$engine" ||
			fails "a container of $engine" "*" python3 "$tmp/contain.py" "$engine" "$tmp/tree"
	done
	! has "in systemd-nspawn" systemd-nspawn ||
		succeeds "systemd-nspawn" systemd-nspawn -q --console=pipe -D "$tmp/tree" --as-pid2
}

as_everybody from_cron
begin_ssh
as_everybody from_ssh
[ -z "${ssh_server-}" ] || kill "$ssh_server"
as_everybody in_sandboxes
in_containers
