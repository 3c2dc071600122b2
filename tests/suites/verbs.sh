#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl's verbs that are systemctl's, on instances of the system's and of a user's manager. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../person.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

ctl() { run "${who[@]}" "$isoctl" "$@"; }
state() { systemctl "${of[@]}" show -P "$2" "isorun-$1.scope"; }
listed() { [ "$("${who[@]}" "$isoctl" list -q | tr '\n' ' ')" = "$1" ]; }

# Starts an instance NAME, with options, whose payload is `sleep NUMBER`.
begin() {
	"${who[@]}" "$isorun" "${mode[@]}" --name "$1" "${@:3}" sleep "$2" </dev/null >/dev/null 2>&1 &
	started=$!
	await runs "^sleep $2\$"
}

end() { # numbers...
	local n
	for n; do
		runs "^sleep $n\$" && kill -KILL "$(first_pid "^sleep $n\$")"
		await gone "^sleep $n\$"
	done
	await listed ""
}

# Runs a command with a terminal, what it writes to it being $out; keys: what is typed.
cat >"$tmp/terminal.py" <<'PY'
import fcntl, os, pty, select, signal, struct, sys, termios, time
keys, argv = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 100, 0, 0))
data, at, end = b"", time.monotonic() + 1.5, time.monotonic() + float(os.environ.get("TEST_PATIENCE", 18)) + 2
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

test_stop() {
	begin one 801
	begin two 802
	verified one two
	ctl stop one isorun-two.scope
	is "$label: stop" "$status $err" "0 "
	also is "$label: ... has waited for the end" "$(runs '^sleep 80[12]$' || echo ended)" ended
	also is "$label: ... and the units are gone" "$(state one LoadState) $(state two LoadState)" "not-found not-found"
	ctl stop one
	is "$label: stop of what there is not" "$status $err" "125 isoctl: no such instance: \"one\"; see isoctl list"
	begin one 801
	ctl stop nothing one
	is "$label: of two names the one that is wrong is an error" "$status $err" \
		"125 isoctl: no such instance: \"nothing\"; see isoctl list"
	also ok "$label: ... and the other is stopped" gone '^sleep 801$'
	begin one 801
	ctl stop --no-block one
	is "$label: stop --no-block" "$status $err" "0 "
	also ok "$label: ... stops, too" eventually gone '^sleep 801$'
	ctl stop
	is "$label: stop without a name" "$status $err" "125 isoctl: stop: NAME is missing; usage: isoctl stop [--no-block] NAME..."
	ctl stop --bad one
	is "$label: an unknown option" "$status $err" "125 isoctl: the option --bad does not exist; see --help"
	ctl stop --no-blok one
	is "$label: a mistyped option" "$status $err" \
		"125 isoctl: the option --no-blok does not exist (did you mean --no-block?); see --help"
	ctl stpo one
	is "$label: a mistyped verb" "$status $err" '125 isoctl: no such verb: "stpo" (did you mean stop?)'
	ctl stop --help
	like "$label: --help of a verb" "$status $out" "0 isoctl stop*Waits until*--user*--system*"
	end
}

test_kill() {
	begin one 803
	ctl kill one
	wait "$started"
	is "$label: kill is SIGTERM" $? 143
	begin one 803
	ctl kill -s USR1 one
	wait "$started"
	is "$label: kill -s" $? 138
	begin one 803
	ctl kill --signal=SIGKILL one
	is "$label: kill --signal=SIGKILL" "$status $err" "0 "
	also ok "$label: ... leaves nothing" eventually gone '^sleep 803$'
	ctl kill -s NONE one
	is "$label: what is no signal" "$status $err" "125 isoctl: kill: not a signal (such as SIGTERM): \"NONE\""
	ctl kill --kill-whom=some one
	is "$label: what is nobody" "$status $err" "125 isoctl: --kill-whom: not all or main: \"some\""
	end
}

# isorun hands on what it is sent, and is sent it along with the payload.
test_once() {
	printf 'n=0; trap "n=\$((n + 1))" USR1\necho ready; while [ $n = 0 ]; do sleep 0.05; done; sleep 0.5; echo "got $n"\n' >"$tmp/count.sh"
	"${who[@]}" "$isorun" "${mode[@]}" --name one -v "$tmp/count.sh:/count.sh:ro" bash /count.sh </dev/null >"$tmp/count-$label" &
	started=$!
	await grep -q ready "$tmp/count-$label"
	ctl kill -s USR1 one
	wait "$started"
	is "$label: a signal reaches the payload once" "$(tail -n1 "$tmp/count-$label")" "got 1"
}

frozen() { grep -q "frozen $2" "$(cgroup "$1")/cgroup.events"; }
cgroup() { echo "/sys/fs/cgroup$(state "$1" ControlGroup)"; }

test_freeze() {
	begin one 804
	begin two 805
	ctl freeze one two
	is "$label: freeze" "$status $err" "0 "
	ok "$label: ... and the kernel has halted it" frozen one 1
	is "$label: ... and systemd knows" "$(state two FreezerState)" frozen
	ctl thaw one
	also ok "$label: thaw" frozen one 0
	ctl stop two
	is "$label: what is frozen is stopped" "$status $err" "0 "
	end 804 805
}

test_wait() {
	local waiter
	begin one 806
	"${who[@]}" "$isoctl" wait one >"$tmp/wait" 2>&1 &
	waiter=$!
	sleep 0.5
	ok "$label: wait waits" kill -0 $waiter
	kill -TERM "$(first_pid '^sleep 806$')"
	wait $waiter
	is "$label: ... until it has ended, and ends as it has" "$? $(cat "$tmp/wait")" "143 "
	begin one 806
	is "$label: ... when its name is free again" "$(state one ActiveState)" active
	(sleep 0.3; kill "$(first_pid '^sleep 806$')") &
	ctl wait one
	is "$label: and again" "$status $(state one LoadState)" "143 not-found"
	let_read_journal
	ctl wait one
	is "$label: ... after its end" "$status $err" "143 "
	mkfifo "$tmp/exit-$label"
	chmod 666 "$tmp/exit-$label"
	"${who[@]}" "$isorun" "${mode[@]}" --name one sh -c 'read -r n; exit "$n"' <>"$tmp/exit-$label" &
	started=$!
	await listed "one "
	"${who[@]}" "$isoctl" wait one &
	waiter=$!
	echo 3 >"$tmp/exit-$label"
	wait $waiter
	is "$label: wait exits with the command's status" $? 3
	wait "$started"
	ctl wait never
	is "$label: wait for what there is not" "$status $err" "125 isoctl: no such instance: \"never\"; see isoctl list"
	end
}

detached_is_gone() { [ "$(systemctl "${of[@]}" show -P LoadState isorun-one.service)" = not-found ]; }

# isorun --detach: the instance is a service, which outlives isorun.
test_detach() {
	local dir=$tmp/detach-$label
	mkdir "$dir"
	chmod 777 "$dir"
	run "${who[@]}" env TOKEN=secret-word sh -c 'umask 027; exec "$@"' x "$isorun" "${mode[@]}" --quiet -d --name one \
		-v "$dir:/mnt" -E TOKEN -E 'X=$HOME %h "' sh -c 'echo said
			ls /proc/self/fd >/mnt/fds
			echo "$(readlink /proc/self/fd/0) $(tty) $TOKEN $X $(umask)" >/mnt/facts
			until [ -e /mnt/go ]; do sleep 0.05; done; exit 5' argument-word
	is "$label: --detach prints the name" "$status $out$err" "0 one"
	also ok "$label: ... and the instance runs" listed "one "
	await test -s "$dir/facts"
	is "$label: ... without a terminal, with the caller's variables" "$(cat "$dir/facts")" \
		'/dev/null not a tty secret-word $HOME %h " 0027'
	is "$label: ... and no other fds" "$(xargs <"$dir/fds")" "0 1 2 3" # 3 reads it
	like "$label: ... as a service, which does not show them" "$(systemctl "${of[@]}" show isorun-one.service)" \
		"*ActiveState=active*"
	also unlike "$label: ... nor the arguments" "$(systemctl "${of[@]}" show -p Environment,ExecStart,ExecStartEx isorun-one.service)" \
		"*-word*"
	"${who[@]}" "$isoctl" wait one &
	waiter=$!
	touch "$dir/go"
	wait $waiter
	is "$label: ... wait gives its exit status" $? 5
	await listed ""
	let_read_journal
	run "${who[@]}" "$isoctl" logs one -- -o cat
	like "$label: ... and logs its output" "$out" "*said*one ended: exit status 5*"
	await detached_is_gone
	"${who[@]}" "$isorun" "${mode[@]}" --quiet --detach --name one sleep 7123 >/dev/null
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet --detach --name one true
	is "$label: --detach with a name that is taken" "$status $err" \
		"125 isorun: the unit isorun-one.service already exists (--name sets another name)"
	"${who[@]}" "$isoctl" stop one >/dev/null
	await detached_is_gone
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet --detach --name one no-such-program
	is "$label: --detach reports a start that fails" "$status $out$err" "127 isorun: no-such-program: command not found"
	also ok "$label: ... and leaves nothing" eventually detached_is_gone
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -d -p Nice=20 true
	is "$label: ... and a bad line, once" "$status $err" '125 isorun: -p: Nice=: not a number from -20 to 19: "20"'
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -d --no-scope true
	is "$label: --detach needs systemd" "$status $err" "125 isorun: --detach: there is no systemd that could run the instance"
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -d --pty true
	is "$label: --detach has no terminal" "$status $err" "125 isorun: --detach cannot be combined with --pty"
	if [ "$label" = root ]; then
		run setpriv --bounding-set=-net_raw "$isorun" "${mode[@]}" --quiet -d true
		is "$label: --detach gives no rights that the caller has not" "$status $err" \
			"125 isorun: --detach: the service manager would run the instance with other rights than yours, or in other namespaces"
	fi
	await listed ""
}

test_set_property() {
	begin one 807
	ctl set-property one MemoryMax=64X
	is "$label: set-property parses as a policy is" "$status $err" \
		"125 isoctl: set-property: MemoryMax=: not a size (such as 64M): \"64X\""
	ctl set-property one MemroyMax=64M
	is "$label: ... and suggests" "$status $err" \
		"125 isoctl: set-property: MemroyMax=: no such directive (did you mean MemoryMax=?)"
	ctl set-property one PrivateTmp=no KillMode=mixed
	is "$label: what cannot be changed is refused" "$status $err" \
		"125 isoctl: set-property: KillMode=: isoctl can change only limits while an instance runs"
	ctl set-property one MemoryMax=
	is "$label: no value" "$status $err" "125 isoctl: set-property: MemoryMax=: the value is missing (infinity removes the limit)"
	ctl set-property one
	is "$label: no property" "$status $err" "125 isoctl: set-property: LIMIT=VALUE is missing; usage: isoctl set-property NAME LIMIT=VALUE..."
	if ! has_controllers; then
		ctl set-property one MemoryMax=64M
		is "$label: what systemd takes and the kernel does not hold is an error" "$status $err" \
			"125 isoctl: set-property: MemoryMax=: one: systemd accepted it, but the kernel does not enforce it: the cgroup has no file memory.max"
	fi
	if [ "$label" = root ]; then
		ctl set-property one IPAddressDeny=any
		is "$label: a BPF program is attached and found" "$status $err" "0 "
	else
		ctl set-property one IPAddressDeny=any
		like "$label: a BPF program that cannot be" "$status $err" \
			"125 isoctl: set-property: IPAddressDeny=: one: systemd accepted it, but isoctl cannot read whether the kernel enforces it:*"
	fi
	end 807
}

test_names() {
	begin web-1 811
	begin web-2 812
	begin other 813
	is "$label: list of a pattern" "$("${who[@]}" "$isoctl" list -q 'web-?' | tr '\n' ' ')" "web-1 web-2 "
	is "$label: ... with a legend" "$("${who[@]}" "$isoctl" list 'oth*' isorun-web-1.scope | awk '{print $1}' | tr '\n' ' ')" "NAME other web-1 "
	like "$label: status of a pattern" "$("${who[@]}" "$isoctl" status 'web*')" "web-1*web-2*"
	run "${who[@]}" "$isoctl" enter 'oth*' echo inside
	no_refusal is "$label: enter by a pattern that is one" "$out" inside
	run "${who[@]}" "$isoctl" enter 'web*' true
	like "$label: ... that is two" "$status $err" '125 isoctl: "web?" matches more than one instance: web-1 (*) web-2 (*)'
	ctl stop 'none*'
	is "$label: a pattern that matches none" "$status $err" '0 isoctl: notice: no instance matches "none*"'
	ctl stop 'web*' web-1
	is "$label: stop of a pattern" "$status $err" "0 "
	is "$label: ... stops those that match" "$("${who[@]}" "$isoctl" list -q)" other
	ctl stop '[no]*r'
	is "$label: stop of another pattern" "$status $err $("${who[@]}" "$isoctl" list -q)" "0  "
	end 811 812 813
}

test_top() {
	begin one 814
	run "${who[@]}" "$isoctl" top
	is "$label: top without a terminal is one round" "$status $(awk '{print $1}' <<<"$out" | tr '\n' ' ')" "0 NAME one "
	vars=()
	at_terminal q "$isoctl" top
	is "$label: top ends with q" $status 0
	like "$label: ... has shown the table, more than once, and gives the screen back" "$out" \
		$'\e[[]?1049h*1 running*%CPU*one*sleep 814*1 running*one*\e[[]?1049l*'
	at_terminal $'\003' "$isoctl" top
	like "$label: ... or with Ctrl-C" "$status $out" $'0 *\e[[]?1049l*'
	at_terminal q "$isoctl" top 'x*'
	like "$label: top of a pattern" "$status $out" "0 *running*"
	also unlike "$label: ... has no other" "$out" "*sleep 814*"
	ctl top -d never
	is "$label: a bad delay" "$status $err" '125 isoctl: top: not a time span (such as 2s): "never"'
	end 814
}

# Prints what is wrong with a command that prints, one command a line.
cat >"$tmp/streams.py" <<'PY'
import os, subprocess, sys
def run(argv, stdout=subprocess.PIPE, closed=None):
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                         preexec_fn=None if closed is None else lambda: os.close(closed))
    out, err = p.communicate(timeout=60)
    last = err.decode().splitlines()[-1:]
    return p.returncode, out, last[0].split(": ", 1)[1] if last else ""
def check(argv):
    status, out, said = run(argv)
    if status != 0 or not out.endswith(b"\n"):
        yield f"ends with {status}, {out[-20:]}, {said}"
    with open("/dev/full", "wb") as full:
        status, _, said = run(argv, full)
    if status != 125 or not said.startswith("cannot ") or "No space left" not in said:
        yield f"on /dev/full ends with {status}, {said}"
    reader, writer = os.pipe()
    os.close(reader)
    status = run(argv, writer)[0]
    os.close(writer)
    if status != -13:
        yield f"without a reader ends with {status}"
    for fd in 0, 2:
        status, out, said = run(argv, closed=fd)
        if status != 0 or not out:
            yield f"without fd {fd} ends with {status}, {len(out)} bytes, {said}"
    status, out, said = run(argv, closed=1)
    if out or (status, said) not in ((125, said if "Bad file descriptor" in said else None), (0, "")):
        yield f"without fd 1 ends with {status}, {said}"
for n, line in enumerate(open(sys.argv[1]), 1):
    for problem in check(line.split()):
        print(line.strip(), problem)
print("checked", n)
PY
chmod 644 "$tmp/streams.py"

test_streams() {
	begin one 819
	begin two 820
	printf '[Service]\nExecStart=/bin/true\n' >"$tmp/some.service"
	sed "s,^,$isoctl ," >"$tmp/commands" <<-END
		list
		list --json
		list -q
		top
		status one two
		policies
		policies --json
		cat default
		explain default -- true
		explain --json default -- true
		doctor
		doctor --json
		export --unit default -- /bin/true
		import $tmp/some.service
		--help
		--version
		list --help
		wait --version
	END
	printf "$isorun %s\n" --help --version "--quiet --dry-run true" "--quiet --dry-run --json true" >>"$tmp/commands"
	run "${who[@]}" python3 "$tmp/streams.py" "$tmp/commands"
	is "$label: what prints tells if it cannot, on any stdin, stdout and stderr" "$out" "checked 22"
	for verb in list top; do
		is "$label: a loop gets every instance of $verb" \
			"$("${who[@]}" "$isoctl" $verb | while read -r name _; do echo "$name"; done | sort | tr '\n' ' ')" "NAME one two "
	done
	end 819 820
}

test_colours() {
	begin one 815
	"${who[@]}" "$isoctl" freeze one
	vars=(SYSTEMD_PAGER=)
	at_terminal "" "$isoctl" list
	like "$label: colours at a terminal" "$out" $'*\e[[]*one*'
	vars=(SYSTEMD_PAGER= NO_COLOR=1)
	at_terminal "" "$isoctl" list
	also unlike "$label: ... without NO_COLOR" "$out" $'*\e*'
	vars=(SYSTEMD_PAGER= TERM=dumb)
	at_terminal "" "$isoctl" list
	also unlike "$label: ... and not at a dumb one" "$out" $'*\e*'
	also unlike "$label: ... nor elsewhere" "$("$isoctl" list; "$isoctl" cat default; "$isoctl" policies)" $'*\e*'
	printf '#!/bin/sh\nsed "s/^/paged /"\nsleep 0.3\necho last\n' >"$tmp/pager"
	chmod 755 "$tmp/pager"
	vars=("SYSTEMD_PAGER=$tmp/pager" NO_COLOR=1)
	at_terminal "" "$isoctl" list
	like "$label: the pager" "$status $out" "0 paged NAME*paged one*last*"
	at_terminal "" "$isoctl" list --no-pager
	also unlike "$label: --no-pager" "$out" "*paged*"
	at_terminal "" "$isoctl" --no-pager list
	also unlike "$label: ... also before the verb" "$out" "*paged*"
	vars=("PAGER=$tmp/pager -x" SYSTEMD_PAGER= NO_COLOR=1)
	at_terminal "" "$isoctl" list
	also unlike "$label: an empty SYSTEMD_PAGER is none" "$out" "*paged*"
	vars=("PAGER=$tmp/pager -x" NO_COLOR=1)
	at_terminal "" "$isoctl" cat default
	like "$label: PAGER, with an option" "$out" "*paged *"
	vars=(SUDO_UID=1 "PAGER=$tmp/pager" NO_COLOR=1)
	at_terminal "q" "$isoctl" list
	also unlike "$label: with sudo no other pager than less is run" "$out" "*paged*"
	printf '#!/bin/sh\nhead -n1\n' >"$tmp/pager"
	vars=("SYSTEMD_PAGER=$tmp/pager" NO_COLOR=1)
	at_terminal "" "$isoctl" cat default default default default default default default default default default \
		default default default default default default default default default default
	is "$label: a pager that is left early is no failure" "$status" 0
	"${who[@]}" "$isoctl" thaw one
	end 815
}

# In a directory of policies of one's own, which a drop-in of the system's and a base add to.
test_policies() {
	local dir=$tmp/config-$label
	mkdir -p "$dir/isorun/policies/shop.conf.d"
	printf '[Policy]\nBase=default\nDescription=The shop\n[Sandbox]\nPrivateTmp=yes' >"$dir/isorun/policies/shop.conf"
	printf '[Sandbox]\nUMask=0077\n' >"$dir/isorun/policies/shop.conf.d/10-mask.conf"
	printf '[Policy]\nDescription=mine\n' >"$dir/isorun/policies/default.conf"
	printf '[Sandbox]\nNo such line\n' >"$dir/isorun/policies/bad.conf"
	chmod -R a+rX "$dir"
	env=(env "XDG_CONFIG_HOME=$dir")
	run "${who[@]}" "${env[@]}" "$isoctl" policies
	like "$label: policies" "$status $out" "0 NAME*DESCRIPTION*WHERE*bad *\(has errors: see isoctl check\)*default *mine *$dir/isorun/policies/default.conf*default*built-in \(shadowed by $dir/isorun/policies/default.conf\)*shop *The shop *$dir/isorun/policies/shop.conf
shop *The shop of the system *\(shadowed by $dir/*"
	run "${who[@]}" "${env[@]}" "$isoctl" policies --json 'sh*'
	is "$label: policies --json of a pattern" "$(python3 -c 'import json, sys
for p in json.load(sys.stdin): print(p["name"], p["description"], p["shadowed_by"] is not None, p["broken"])' <<<"$out")" \
		"shop The shop False False
shop The shop of the system True False"
	run "${who[@]}" "${env[@]}" "$isoctl" cat shop
	is "$label: cat of a policy, with base and drop-ins" "$out" "# $dir/isorun/policies/default.conf
[Policy]
Description=mine

# $dir/isorun/policies/shop.conf
[Policy]
Base=default
Description=The shop
[Sandbox]
PrivateTmp=yes

# $dir/isorun/policies/shop.conf.d/10-mask.conf
[Sandbox]
UMask=0077"
	run "${who[@]}" "${env[@]}" "$isoctl" cat bad
	like "$label: cat of one that is not right" "$status $out" "0 # */bad.conf*No such line"
	run "${who[@]}" "$isoctl" cat default
	like "$label: cat of what is built in" "$status $out" "0 # default.conf (built-in)*"
	run "${who[@]}" "$isoctl" cat not-there
	is "$label: cat of nothing" "$status $err" \
		"125 isoctl: no such policy or instance: \"not-there\"; see isoctl policies and isoctl list"
	run "${who[@]}" "$isoctl" cat "$tmp/not-there.conf"
	is "$label: cat of no file" "$status $err" "125 isoctl: cannot read the policy $tmp/not-there.conf: No such file or directory"
	for limit in MemoryMax=64M TasksMax=10 CPUQuota=10% AllowedCPUs=0 IOWeight=10 RuntimeMaxSec=5; do
		printf '[Scope]\n%s\n' "$limit" >"$tmp/hand.conf"
		run "${who[@]}" "$isorun" --policy "$tmp/hand.conf" true
		local started=$status
		run "${who[@]}" "$isoctl" check "$tmp/hand.conf"
		also is "$label: check says of $limit what a start would" "$status" "$started"
		run "${who[@]}" "$isoctl" explain "$tmp/hand.conf" -- true
		also like "$label: ... explain says it as a notice" "$started $status $err" "@(0 0 |125 0 isoctl: notice: *:2: ${limit%%=*}=: a start on this host would be refused: *)"
		run "${who[@]}" "$isorun" --policy "$tmp/hand.conf" --dry-run true
		also is "$label: ... and --dry-run" "$status" "$started"
	done
	if ! has_controllers; then
		printf '[Scope]\nTasksMax=10\n' >"$tmp/hand.conf"
		run "${who[@]}" "$isoctl" check "$tmp/hand.conf"
		like "$label: ... and why" "$status $err" "125 isoctl: $tmp/hand.conf:2: TasksMax=: cannot be enforced: *\
 does not have the cgroup controller for it, *"
		run "${who[@]}" "$isorun" true
		like "$label: the default's limits that cannot be held are one notice" "$(wc -l <<<"$err") $err" \
			"1 isorun: notice: default.conf*: MemoryMax=, TasksMax=: not enforced: *"
		run "${who[@]}" "$isorun" --quiet true
		also is "$label: ... and none with --quiet" "$status$err" 0
		run "${who[@]}" "$isorun" --dry-run true
		like "$label: ... --dry-run has the same notice" "$(wc -l <<<"$err") $err" \
			"1 isorun: notice: default.conf*: MemoryMax=, TasksMax=: not enforced: *"
		also ok "$label: ... and its plan has no such limit" not grep -q MemoryMax <<<"$out"
	fi
	printf '[Policy]\nDescription=by hand\n' >"$tmp/hand.conf"
	cd "$tmp" || exit
	begin one 816 --policy ./hand.conf
	cd / || exit
	run "${who[@]}" "$isoctl" cat one
	is "$label: cat of an instance, its policy meant from where it was started" "$status $out" "0 # $tmp/./hand.conf
[Policy]
Description=by hand"
	sleep 0.01
	echo >>"$tmp/hand.conf"
	run "${who[@]}" "$isoctl" cat one
	is "$label: ... says what has been changed since" "$err" \
		"isoctl: notice: $tmp/./hand.conf has changed since one was started"
	printf '[Policy]\nDescription=a\033[31mb\n' >"$tmp/hand.conf"
	vars=(SYSTEMD_PAGER= NO_COLOR=1)
	at_terminal "" "$isoctl" cat one
	like "$label: ... and no terminal acts on what it says" "$out" '*a?x1b?31mb*'
	end 816
}

journal_has() { "${who[@]}" "$isoctl" logs --no-pager one 2>/dev/null | grep -q "$1"; }

test_logs() {
	mkdir -p "$tmp/bin"
	printf '#!/bin/sh\necho "$@"\n' >"$tmp/bin/journalctl"
	chmod 755 "$tmp/bin" "$tmp/bin/journalctl"
	begin one 817
	begin two 818
	run "${who[@]}" env "PATH=$tmp/bin:$PATH" "$isoctl" logs one -f two -n 5 -- -o cat
	if [ "$label" = root ]; then unit=--unit; else unit=--user-unit; fi
	like "$label: logs is journalctl" "$out" "--follow --lines=5 *$unit=isorun-one.scope $unit=isorun-two.scope*-o cat*"
	run "${who[@]}" env "PATH=$tmp/bin:$PATH" "$isoctl" logs ended
	is "$label: logs of one that has ended" "$out" "$unit=isorun-ended.scope $unit=isorun-ended.service"
	run "${who[@]}" "$isoctl" logs
	like "$label: logs of nobody" "$status $err" "125 isoctl: logs: NAME is missing; usage: isoctl logs *"
	end 817 818
	[ "$label" = root ] || return
	"$isorun" "${mode[@]}" --name one -p StandardOutput=journal sh -c 'echo said it; exec sleep 819' </dev/null &
	await runs '^sleep 819$'
	ok "$label: what an instance writes to the journal is in its logs" eventually journal_has "said it"
	ctl stop one
	ok "$label: ... and when it has ended" journal_has "said it"
}

test_nested() {
	begin outer 820 -p Delegate=yes
	"${who[@]}" "$isoctl" enter outer sh -c 'mkdir /sys/fs/cgroup/isorun-inner.scope && exec /usr/bin/python3 -c "import os
for k, v in {\"name\": \"inner\", \"pid\": \"1\"}.items(): os.setxattr(\"/sys/fs/cgroup/isorun-inner.scope\", \"user.isorun.\" + k, v.encode())
open(\"/sys/fs/cgroup/isorun-inner.scope/cgroup.procs\", \"w\").write(str(os.getpid()))
os.execvp(\"sleep\", [\"sleep\", \"821\"])"' &
	await runs '^sleep 821$'
	for verb in stop kill freeze wait; do
		ctl $verb inner
		# promise P28
		like "$label: $verb never acts on what is nested" "$status $err" '125 isoctl: "inner" is nested in outer, so isoctl cannot verify it*'
	done
	ctl set-property inner TasksMax=1
	like "$label: nor does set-property" "$status $err" '125 isoctl: "inner" is nested in outer, so isoctl cannot verify it*'
	ctl kill 'inn*'
	is "$label: nor does a pattern" "$status $err" '0 isoctl: notice: no instance matches "inn*"'
	also ok "$label: ... it still runs" runs '^sleep 821$'
	end 820 821
}

unit_is_gone() {
	[ "$("${who[@]}" systemctl "${bus[@]}" show -P LoadState isorun-test.service)" = not-found ]
}

# isorun as the main process of a service.
test_service() {
	local bus=()
	[ "$label" = root ] || bus=(--user)
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit isorun-test -p Restart=no --collect "$isorun" "${mode[@]}" --name inside sleep 822
	await runs '^sleep 822$'
	ctl kill --kill-whom=main -s INT isorun-test.service
	is "$label: kill of a service's main process" "$status $err" "0 "
	also ok "$label: ... is handed on to the payload" eventually gone '^sleep 822$'
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test 2>/dev/null
	await unit_is_gone
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit isorun-test "$isorun" "${mode[@]}" --name inside sleep 822
	await runs '^sleep 822$'
	"${who[@]}" "$isoctl" wait inside >"$tmp/wait" 2>&1 &
	waiter=$!
	ctl freeze inside
	is "$label: a service is frozen" "$status $err $("${who[@]}" "$isoctl" list --no-legend | awk '{print $1, $3}')" "0  inside frozen"
	ctl stop inside
	is "$label: ... and stopped" "$status $err" "0 "
	wait $waiter
	is "$label: ... which wait has seen" "$? $(cat "$tmp/wait")" "143 "
	"${who[@]}" systemctl "${bus[@]}" reset-failed isorun-test 2>/dev/null
	end 822
}

# An instance in a part of a cgroup that it has not got from systemd.
test_no_unit() {
	systemd-run --quiet --unit isorun-host -p Delegate=yes bash -c '
		c=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $c/leaf; echo 0 >$c/leaf/cgroup.procs
		unset SYSTEMD_EXEC_PID
		unshare -m bash -c "mount -t tmpfs tmpfs /run/dbus; exec \"\$@\"" x "$@"' x \
		"$isorun" "${mode[@]}" --name part sleep 823
	await runs '^sleep 823$'
	for verb in stop freeze kill; do
		run "$isoctl" $verb part
		like "$verb of an instance that is no unit" "$status $err" \
			"125 isoctl: part has no unit, so systemd cannot act on it: send signals to its isorun, process *"
	done
	systemctl stop isorun-host.service
	end 823
}

# root's and a user's instances at the same time.
test_managers() {
	who=() of=()
	begin one 831
	begin mine 832
	who=("$as_user") of=(--user -M "$TH_USER@")
	begin one 833
	begin his 834
	is "root sees all" "$("$isoctl" list -q | sort | tr '\n' ' ')" "mine one $TH_USER/his $TH_USER/one "
	is "... with --system the system's" "$("$isoctl" list -q --system | sort | tr '\n' ' ')" "mine one "
	also is "... with --user his own" "$("$isoctl" --user list -q)" ""
	is "a user's own with --user" "$("$as_user" "$isoctl" list -q --user | sort | tr '\n' ' ')" "his one "
	run "$as_user" "$isoctl" stop mine
	# promise P29
	like "a user stops none of root's, which systemd says" "$status $(runs '^sleep 832$' && echo runs) $err" \
		"125 runs isoctl: mine: systemd refused this: *"
	run "$as_user" "$isoctl" --user stop mine
	is "... which is not seen with --user" "$status $err" "125 isoctl: no such instance: \"mine\"; see isoctl list"
	run "$as_user" "$isoctl" kill -s KILL '[hmo]*[es]'
	is "a user's pattern means his own" "$status $err" "0 "
	also ok "... all of them" eventually gone '^sleep 83[34]$'
	is "... and nobody else's" "$("$isoctl" list -q | sort | tr '\n' ' ')" "mine one "
	begin one 833
	begin his 834
	run "$isoctl" freeze his
	is "root does not freeze a user's by its name alone" "$status $err" \
		"125 isoctl: no such instance: \"his\"; for the instance of another user, write \"$TH_USER/his\""
	run "$isoctl" freeze "$TH_USER/his"
	is "root freezes a user's as USER/NAME" "$status $err $("$isoctl" list --no-legend his | awk '{print $3}')" "0  frozen"
	run "$isoctl" thaw "$TH_USER/his"
	run "$isoctl" stop "$TH_USER/h*"
	is "... and stops it" "$status $err" "0 "
	run "$isoctl" stop one
	is "of two of one name root's is meant" "$status $err $("$isoctl" list -q | sort | tr '\n' ' ')" "0  mine $TH_USER/one "
	also ok "... and the user's runs" runs '^sleep 833$'
	run "$isoctl" stop '[hmo]*[es]'
	is "root's pattern means the system's" "$status $err $("$isoctl" list -q)" "0  $TH_USER/one"
	run env "PATH=$tmp/bin:$PATH" "$isoctl" logs "$TH_USER/one"
	is "logs of a user's instance" "$out" "_SYSTEMD_USER_UNIT=isorun-one.scope _UID=$(id -u "$TH_USER") + USER_UNIT=isorun-one.scope _UID=$(id -u "$TH_USER")"
	[ "${TESTHOST-}" = real ] || test_confused
	end 831 832 833 834
}

# A user has put the system manager's socket in the place of his own manager's.
test_confused() {
	local private
	private=/run/user/$(id -u "$TH_USER")/systemd/private
	mv "$private" "$private.away"
	ln -s /run/systemd/private "$private"
	run "$isoctl" stop "$TH_USER/one"
	is "root takes no other for the user's manager" "$status $err" \
		"125 isoctl: cannot connect to the systemd of user $(id -u "$TH_USER"): Operation not permitted"
	mv "$private.away" "$private"
	run "$isoctl" stop "$TH_USER/one"
	is "... but that" "$status $err" "0 "
}

test_help() {
	local verb
	for verb in $("$isoctl" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
		run "$isoctl" "$verb" --help
		like "isoctl $verb --help" "$status $out" "0 isoctl $verb*"
	done
	run "$isoctl" stop --no-pager
	like "isoctl stop --no-pager" "$status $err" "125 isoctl: stop: NAME is missing; *"
}

# The system's directory of policies, where it is not a real one.
make_system_policy() {
	mkdir -p /etc/isorun/policies
	printf '[Policy]\nDescription=The shop of the system\n' >/etc/isorun/policies/shop.conf
	chmod -R a+rX /etc/isorun
}

test_edit_instance() {
	local bus=()
	[ "$label" = root ] || bus=(--user)
	"${who[@]}" sh -c 'printf "[Sandbox]\n" >"$1"' x "$home/run.conf"
	cd "$home" || exit
	begin one 841 --policy ./run.conf
	cd / || exit
	edit UMask=0077 edit one
	is "$label: edit of an instance changes the policy that it was started with" "$status $out $(tail -n1 "$home/run.conf")" \
		"0 $home/run.conf UMask=0077"
	also is "$label: ... and says how the instance gets it" "$err" \
		"isoctl: notice: one keeps its plan until you end it (isoctl stop one) and start its command again"
	if [ "$label" = root ]; then
		run "$as_user" env "EDITOR=$tmp/editor" ADD=UMask=0007 "$isoctl" edit one
		is "another user's instance is not edited" "$status $err $(tail -n1 "$home/run.conf")" \
			"125 isoctl: one is not an instance of yours: edit its policy as the user who started it UMask=0077"
	fi
	end 841
	begin one 842
	edit UMask=0007 edit one
	is "$label: ... nor one without a policy" "$status $err" "125 isoctl: one was started with the default policy, which is not a file:\
 isoctl edit default changes the default of all starts"
	end 842
	"${who[@]}" systemd-run "${bus[@]}" --quiet --unit edited "$isorun" "${mode[@]}" --policy "$home/run.conf" sleep 843
	await runs '^sleep 843$'
	edit UMask=0007 edit edited
	is "$label: edit of a service" "$status $err $(tail -n1 "$home/run.conf")" \
		"0 isoctl: notice: edited keeps its plan until systemctl${bus:+ --user} restart edited.service UMask=0007"
	"${who[@]}" systemctl "${bus[@]}" stop edited.service
	end
}

# Its file stays beside the policies, where it is none.
test_edit_killed() {
	local left
	rm -f "$own"/.isoctl-*
	# shellcheck disable=SC2016
	printf '%s\n' '#!/bin/sh' 'echo UMask=99 >>"$1"; kill -KILL $PPID' >"$tmp/killer"
	chmod 755 "$tmp/killer"
	printf '[Sandbox]\n' >"$own/mine.conf"
	run "${who[@]}" env -u XDG_CONFIG_HOME "HOME=$home" "EDITOR=$tmp/killer" "$isoctl" edit mine
	await test -s "$own"/.isoctl-*
	left=$(find "$own" -name '.isoctl-*')
	also is "$label: an edit that is killed leaves its text" "$(tail -n1 "$left")" UMask=99
	is "$label: ... where it is no policy" "$("${who[@]}" env "HOME=$home" "$isoctl" check "$(basename "$left" .conf)" 2>&1)" \
		"isoctl: not the name of a policy: \"$(basename "$left" .conf)\""
	edit UMask=0007 edit mine
	is "$label: ... and the next edit names it" "$status $err" \
		"0 isoctl: notice: $left has the text of an edit that did not end: take from it what you need, and remove it"
	mkdir -p "$own/mine.conf.d"
	mv "$left" "$own/mine.conf.d/"
	run "${who[@]}" env -u XDG_CONFIG_HOME "HOME=$home" "$isoctl" check mine
	is "$label: ... nor is it a drop-in" "$status $err" "0 "
	rm -r "$own/mine.conf.d"

	run "${who[@]}" env -u XDG_CONFIG_HOME "HOME=$home" "EDITOR=$tmp/killer" "$isoctl" edit default
	left=$(find "$own" -maxdepth 1 -name '.isoctl-*')
	await grep -qsx UMask=99 "$left/default.conf.d/$drop_in.conf"
	edit UMask=0007 edit default
	like "$label: an edit of a drop-in that is killed leaves its text, too" "$status $err" \
		"0 isoctl: notice: $left has the text of an edit that did not end: take from it what you need, and remove it*"
	also is "$label: ... and not in the policy" "$(tail -n2 "$own/default.conf.d/$drop_in.conf" | xargs)" "UMask=0070 UMask=0007"
}

# The keys of an editor that goes on at ^C.
test_edit_keys() {
	local who=(${who[@]+"${who[@]}"} env -u XDG_CONFIG_HOME "HOME=$home" "EDITOR=$tmp/line-editor")
	cat >"$tmp/line-editor" <<'SH'
#!/bin/sh
trap 'echo UMask=0070 >>"$1"; exit 0' INT
trap 'echo quit' QUIT
echo ready
while :; do sleep 0.1; done
SH
	chmod 755 "$tmp/line-editor"
	person "keys that the editor handles do not end edit" <<'PY'
t = Terminal(os.environ["ISOCTL"], "edit", "mine")
t.until("ready")
t.type("\x1c")
t.until("quit")
t.type("\x03")
print("status", t.end()) #= status 0
PY
	also is "$label: ... and its text is used" "$(tail -n1 "$own/mine.conf")" UMask=0070
}

# A policy that the caller makes and edits. The editor adds $ADD to the file.
test_edit() {
	local home=$tmp/home-$label own=/etc/isorun/policies drop_in=override
	mkdir "$home"
	chmod 777 "$home"
	[ "$label" = root ] || own=$home/.config/isorun/policies drop_in=user
	cat >"$tmp/editor" <<'SH'
#!/bin/sh
printf '%s\n' "$ADD" >>"$1"
SH
	chmod 755 "$tmp/editor"
	edit() { run "${who[@]}" env -u XDG_CONFIG_HOME "HOME=$home" "EDITOR=$tmp/editor" "ADD=$1" "$isoctl" "${@:2}"; }

	edit "" new mine
	is "$label: new" "$status $out" "0 $own/mine.conf"
	like "$label: ... with comments and a base" "$(cat "$own/mine.conf")" $'*\nBase=default\n*\n#MemoryMax=64M\n*'
	is "$label: ... that others can read" "$(stat -c %a "$own/mine.conf")" 644
	edit "" new mine
	is "$label: new does not replace a policy" "$status $err" \
		"125 isoctl: the policy mine already exists: $own/mine.conf; isoctl edit mine changes it"
	edit "" new --base none other
	like "$label: new with a base that is not there" "$status $err" "125 *: no policy \"none\" in *"
	also is "$label: ... leaves nothing" "$(find "$own" -name '.isoctl-*' -o -name other.conf)" ""
	edit $'[Sandbox]\nUMask=0077' edit mine
	is "$label: edit of an own policy" "$status $out $(tail -n1 "$own/mine.conf")" "0 $own/mine.conf UMask=0077"
	edit UMask=99 edit mine
	like "$label: a text that is wrong is refused" "$status $err" \
		"125 *UMask=: not an octal*isoctl: $own/mine.conf is unchanged (--force replaces it anyway)
isoctl: notice: your text is in $own/.*"
	also is "$label: ... the file is as before" "$(tail -n1 "$own/mine.conf")" UMask=0077
	also is "$label: ... and the text is there" "$(tail -n1 "${err##* }")" UMask=99
	also unlike "$label: ... where it is no policy" "$("${who[@]}" env "HOME=$home" "$isoctl" policies)" "*isoctl-*"
	edit UMask=99 edit --force mine
	is "$label: ... unless it is forced" "$status $(tail -n1 "$own/mine.conf")" "0 UMask=99"
	edit $'[Sandbox]\nUMask=0007' edit default
	is "$label: edit of another policy makes a drop-in" "$status $out" "0 $own/default.conf.d/$drop_in.conf"
	also is "$label: ... with no other line" "$(grep -v '^#' "$own/default.conf.d/$drop_in.conf" | xargs)" "[Sandbox] UMask=0007"
	edit UMask=0070 edit default
	is "$label: ... which is edited the next time" "$status $(tail -n2 "$own/default.conf.d/$drop_in.conf" | xargs)" \
		"0 UMask=0007 UMask=0070"
	edit UMask=99 edit default
	like "$label: ... and is checked" "$status $err" "125 *UMask=: not an octal*is unchanged*"
	also is "$label: ... as well" "$(tail -n1 "$own/default.conf.d/$drop_in.conf")" UMask=0070
	rm -r "${err##* }" && rmdir -p "$(dirname "${err##* }")" 2>/dev/null
	edit "" edit none
	like "$label: edit of a policy that is not there" "$status $err" "125 isoctl: no policy \"none\" in *"
	run "${who[@]}" env "HOME=$home" EDITOR=false "$isoctl" edit default
	is "$label: an editor that fails changes nothing" "$status $(tail -n1 "$own/default.conf.d/$drop_in.conf")" "125 UMask=0070"
	also is "$label: ... and leaves nothing" "$(find "$own" -type d -name '.isoctl-*')" ""
	mkdir "$tmp/theirs-$label"
	chown "$([ "$label" = root ] && echo "$TH_USER" || echo 1)" "$tmp/theirs-$label"
	printf '[Policy]\n' >"$tmp/theirs-$label/x.conf"
	edit UMask=99 edit "$tmp/theirs-$label/x.conf"
	like "$label: edit of a file that another user could replace is refused" "$status $err" \
		"125 isoctl: $tmp/theirs-$label belongs to another user *"
	test_edit_killed
	test_edit_keys
	test_edit_instance
	rm -rf "$own/mine.conf" "$own/default.conf.d" "$own"/.isoctl-*
}

test_inspect() {
	printf '[Policy]\nDescription=Noted\n' >"$tmp/noted.conf"
	"$isoctl" embed --syntax "$tmp/noted.conf" /bin/sleep -o "$tmp/noted"
	"${who[@]}" "$isorun" "${mode[@]}" --own --name one "$tmp/noted" 831 </dev/null >/dev/null 2>&1 &
	await runs "^$tmp/noted 831\$"
	ctl inspect --no-legend one
	like "$label: inspect finds the policy in an instance's program" "$status $out" "0 /proc/*/exe *valid *1 *Noted"
	ctl cat one
	is "$label: cat prints the policy of a program" "$status $(sed 1d <<<"$out")" "0 [Policy]
Description=Noted"
	ctl stop one
	await listed ""
}

all() {
	test_stop
	test_inspect
	test_kill
	test_once
	test_freeze
	test_wait
	test_detach
	test_set_property
	test_names
	test_top
	test_streams
	test_colours
	[ "${TESTHOST-}" = real ] || test_policies
	[ "${TESTHOST-}" = real ] || test_edit
	test_logs
	test_nested
	test_service
}

test_help
[ "${TESTHOST-}" = real ] || make_system_policy
label=root who=() of=()
[ "$(id -u)" != 0 ] || { all; test_no_unit; }
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") of=(--user)
	[ "$(id -u)" != 0 ] || of+=(-M "$TH_USER@")
	all
	[ "$(id -u)" != 0 ] || test_managers
else
	skip "the same as another user" "no user to be"
fi
