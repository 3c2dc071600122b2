#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl why: what it answers, and that a program inside gets the same. WHY_QUESTIONS and WHY_POLICIES draw more.
. "$(dirname "$0")/../lib.sh"

questions=$top/tests/questions.py
count=${WHY_QUESTIONS:-500} policies=${WHY_POLICIES:-4}
sockets=$tmp/sockets
mkdir "$sockets"
touch "$sockets/plain"
chmod 666 "$sockets/plain"
"$questions" serve "$sockets" >"$tmp/ready" 2>&1 &
await grep -q ready "$tmp/ready"

# Files with all kinds of modes, which the policies show as a volume.
make_volume() {
	rm -rf "$tmp/volume"
	mkdir -p "$tmp/volume/open" "$tmp/volume/shut" "$tmp/volume/sticky" "$tmp/volume/fixed"
	touch "$tmp/volume/plain" "$tmp/volume/open/file" "$tmp/volume/shut/file" "$tmp/volume/sticky/file" \
		"$tmp/volume/fixed/file" "$tmp/volume/secret" "$tmp/volume/none"
	printf '#!/bin/sh\n' >"$tmp/volume/script"
	chmod 755 "$tmp/volume" "$tmp/volume/script"
	chmod 777 "$tmp/volume/open"
	chmod 700 "$tmp/volume/shut"
	chmod 1777 "$tmp/volume/sticky"
	chmod 555 "$tmp/volume/fixed"
	chmod 600 "$tmp/volume/secret"
	chmod 000 "$tmp/volume/none"
}

# Asks why, and does it: the same questions, policy and command.
agree() { # description, policy, seed
	local command=(/usr/bin/python3 /questions.py try) words=()
	local limits=(-E "OUTSIDE_LimitNOFILE=$(ulimit -Sn)" -E "OUTSIDE_LimitFSIZE=-1")
	make_volume
	"$questions" draw "$3" "$count" "$tmp/volume" >"$tmp/questions"
	while IFS=$'\t' read -r action object; do
		words+=("$action" "$object")
	done <"$tmp/questions"
	"${who[@]}" env TZ=UTC LC_TIME=C SOME=1 "$isoctl" why --json "$2" "${words[@]}" -- "${command[@]}" >"$tmp/answers" 2>"$tmp/err"
	status=$?
	err=$(cat "$tmp/err")
	"${who[@]}" env TZ=UTC LC_TIME=C SOME=1 "$isorun" --no-scope --quiet --policy "$2" "${limits[@]}" "${command[@]}" <"$tmp/questions" >"$tmp/results"
	"${who[@]}" "$questions" try "$sockets" <"$tmp/questions" >"$tmp/outside"
	out=$("$questions" compare "$tmp/answers" "$tmp/results" "$tmp/outside" 2>&1)
	no_refusal like "$label: $1" "$out" "$count questions, [0-9]* answered, 0 wrong"
	# Most questions have an answer.
	also ok "$label: ... and the plan knows the most" test "$(sed -n 's/.*, \([0-9]*\) answered.*/\1/p' <<<"$out")" -gt $((count * 7 / 10))
}

write_policy() { # name; then its other lines on standard input
	{ printf '[Policy]\nOptional=MemoryMax MemorySwapMax TasksMax CPUQuota\n'
	[ -z "${2-}" ] || printf 'Base=%s\n' "$top/policies/$2.conf"
	cat
	printf '[Sandbox]\nBindReadOnlyPaths=%s:/questions.py\n' "$questions"
	printf '%s:/sockets\n' "${sockets_as:-BindReadOnlyPaths=$sockets}"; } >"$tmp/$1.conf"
}

test_answers() {
	write_policy mine <<<$'[Sandbox]\nInaccessiblePaths=/usr/share/doc\nRestrictAddressFamilies=AF_UNIX\nSystemCallFilter=~ptrace'
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" read /usr/share/doc -- true
	is "$label: a hidden directory" "$status $out" "1 read /usr/share/doc: denied, EACCES
  because  /usr/share/doc is hidden
  line     $tmp/mine.conf:4
  to allow InaccessiblePaths=
  opens    all that lines of InaccessiblePaths= hide"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" read /etc/shadow -- true
	like "$label: a secret, which isorun hides by itself" "$status $out" "1 read /etc/shadow: denied, EACCES
  because  /etc/shadow is hidden: a secret: hashes of passwords, and their backups*
  line     built-in*"
	[ "$label" = user ] || also like "$label: ... and the line that shows it" "$out" "*
  to allow BindReadOnlyPaths=/etc/shadow
  opens    this file alone"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" call 'socket(AF_INET,1)' call ptrace -- true
	like "$label: calls" "$status $out" "1 call socket(AF_INET,1): denied, EAFNOSUPPORT*line * $tmp/mine.conf:5*to allow RestrictAddressFamilies=AF_INET*call ptrace: denied, EPERM*line * $tmp/mine.conf:6*to allow SystemCallFilter=ptrace*"
	write_policy limited <<<$'[Scope]\nMemoryMax=1G'
	run "${who[@]}" "$isoctl" why "$tmp/limited.conf" limit MemoryMax -- true
	if ! has_controllers; then
		like "$label: an optional limit that the host cannot enforce" "$status $out" "0 limit MemoryMax: allowed
  because  MemoryMax=1G is in the policy, but this host cannot enforce it
  line     $tmp/limited.conf:4"
		printf '[Scope]\nMemoryMax=1G\n' >"$tmp/required.conf"
		run "${who[@]}" "$isoctl" why "$tmp/required.conf" limit MemoryMax -- true
		no_refusal is "$label: a limit that the host lacks is no reason to explain nothing" "$status $(head -n1 <<<"$out") $err" \
			"1 limit MemoryMax: denied isoctl: notice: $tmp/required.conf:2: MemoryMax=: a start on this host would be refused: \
$([ "$label" = user ] && echo your service manager || echo the kernel) does not have the cgroup controller for it, as isoctl doctor says"
	fi
	# Two directives deny it, and one line would not do.
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" call io_uring_setup environment NOTIFY_SOCKET -- true
	like "$label: no line that would not do" "$status $out" "1 call io_uring_setup: denied, ENOSYS*environment NOTIFY_SOCKET: denied?*"
	also unlike "$label: ... is proposed" "$out" "*to allow*"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" read /etc/passwd -- true
	is "$label: what is allowed" "$status $out" "0 read /etc/passwd: allowed
  because  /etc/passwd is a file of the host"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" read $'/no\e[1m' -- true
	like "$label: no control characters" "$status $out" "1 read /no\\\\x1b\[1m: denied, ENOENT*"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" connect /run/socket connect db.example:5432 listen 80 -- true
	like "$label: networks" "$status $out" "1 connect /run/socket: denied, ENOENT*connect db.example:5432: denied, EAFNOSUPPORT
  because  the filter denies socket with these arguments
  line     $tmp/mine.conf:5*listen 80: denied, EAFNOSUPPORT*"
	also unlike "$label: ... and no line that would not do" "$out" "*to allow*"
	for question in 'connect db' 'connect *.example:80' 'connect db:80=db:81' 'connect db:80,81' 'connect 0.0.0.0:80' \
		'listen 0' 'listen 0.0.0.0:80' 'call no_such_call' 'limit Nothing' 'call socket(' 'capability no_such_thing' 'fly /'; do
		# shellcheck disable=SC2086
		run "${who[@]}" "$isoctl" why "$tmp/mine.conf" $question -- true
		is "$label: no question: $question" "$status $err" \
			"125 isoctl: not a question that isoctl can answer: $question (see isoctl why --help)"
	done
}

# A variable that the payload does not have: the caller has none either, the policy passes on none, or removes it.
test_variables() {
	printf '[Sandbox]\nUnsetEnvironment=LANG LC_TIME=C\n' >"$tmp/variables.conf"
	run "${who[@]}" env -u LC_NAME -u LANG TZ=UTC LC_TIME=C SOME=1 "$isoctl" why "$tmp/variables.conf" environment TZ \
		environment LC_TIME environment LC_NAME environment LANG environment SOME -- true
	is "$label: variables" "$status $out" "1 environment TZ: allowed
  because  TZ is \"UTC\"
environment LC_TIME: denied
  because  UnsetEnvironment= removes LC_TIME
  line     $tmp/variables.conf:2
  to allow UnsetEnvironment=
  opens    all variables that lines of UnsetEnvironment= remove
environment LC_NAME: denied
  because  LC_NAME is not set: the caller does not have it (if it did, the payload would get it)
  line     built-in
  to allow Environment=LC_NAME=VALUE
  opens    a variable of this value, and nothing else
environment LANG: denied
  because  UnsetEnvironment= removes LANG, which the payload would not have without it either
  line     $tmp/variables.conf:2
environment SOME: denied
  because  SOME is not set: the policy does not pass on this variable of the caller
  line     built-in
  to allow PassEnvironment=SOME
  opens    the value of this variable, which programs inside can read"
}

# The policy answers for a program that is not installed yet.
test_missing_command() {
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" read /etc/passwd capability CAP_SYS_ADMIN -- no-such-program
	like "$label: a command that is not there" "$status $out$err" "1 read /etc/passwd: allowed*does not have CAP_SYS_ADMIN*=CAP_SYS_ADMIN*isoctl: notice: no-such-program: a start on this host would be refused: command not found"
}

test_words() {
	run "${who[@]}" sh -c 'cd /etc && exec "$@"' x "$isoctl" why "$tmp/mine.conf" read passwd read ../etc/passwd -- true
	is "$label: a path relative to the working directory" "$status $(grep -c '^read /etc/.*: allowed$' <<<"$out")" "0 2"
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" raed /etc/passwd -- true
	is "$label: a mistyped action" "$status $err" '125 isoctl: no such action: "raed" (did you mean read?)'
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" capability net_bnd_service -- true
	is "$label: a mistyped capability" "$status $err" \
		'125 isoctl: no such capability: "net_bnd_service" (did you mean cap_net_bind_service?)'
	run "${who[@]}" "$isoctl" why "$tmp/mine.conf" write /etc/shadow -- true
	if [ "$label" = user ]; then
		like "$label: no line that the mode of the file would defeat" "$status $out" "1 write /etc/shadow: denied, EACCES
  because  /etc/shadow is hidden*; and even if it is visible, its mode (0*, uid 0, gid *) does not let uid * do that*"
		also unlike "$label: ... is proposed" "$out" "*to allow*"
	else
		like "$label: a line that the mode of the file allows" "$status $out" "1 *to allow BindPaths=/etc/shadow*"
	fi
}

test_agreement() {
	local name seed
	for name in default agent web convert; do
		write_policy "$name" "$name" </dev/null
		agree "what why says of $name is what happens" "$tmp/$name.conf" "$name"
	done
	write_policy peers </dev/null
	"$questions" peers >>"$tmp/peers.conf"
	agree "what why says of peers is what happens" "$tmp/peers.conf" peers
	sockets_as="Volume=$sockets" write_policy open <<<$'[Sandbox]\nPrivateNetwork=no'
	sed -i '$s/$/:overlay/' "$tmp/open.conf"
	agree "what why says of the host's network, and of sockets in an overlay, is what happens" "$tmp/open.conf" open
	for ((seed = 1; seed <= policies; seed++)); do
		"$questions" policy "$seed" "$tmp/volume" | write_policy random
		agree "what why says of random policy $seed is what happens" "$tmp/random.conf" "$seed"
	done
}

# The line that why proposes allows what was denied.
proposed_allows() { # question; $tmp/before.conf denies it
	local line
	# shellcheck disable=SC2086
	line=$("${who[@]}" env SOME=1 TZ=UTC "$isoctl" why --json "$tmp/before.conf" $1 -- true |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["allow"])')
	{ cat "$tmp/before.conf"; echo "$line"; } >"$tmp/after.conf"
	# shellcheck disable=SC2086
	run "${who[@]}" env SOME=1 TZ=UTC "$isoctl" why "$tmp/after.conf" $1 -- true
	is "$label: $line allows: $1" "$status" 0
}

test_lines() {
	local question device=()
	printf '[Sandbox]\nInaccessiblePaths=/usr/share/doc\nRestrictAddressFamilies=AF_UNIX\nUnsetEnvironment=TZ\n' >"$tmp/before.conf"
	touch "$tmp/plain"
	chmod 666 "$tmp/plain"
	# One that no instance has by itself.
	if [ "$label" = root ]; then
		device=("read $(find /dev -maxdepth 1 -type c ! -name null ! -name zero ! -name full ! -name '*random' ! -name tty \
			! -name ptmx | head -n1)")
		[ "${device[0]}" != "read " ] || device=()
	fi
	for question in "${device[@]}" 'read /usr/share/doc' "read /usr/share/doc/$(find /usr/share/doc -mindepth 1 -maxdepth 1 -printf '%f\n' | head -n1)" "read $tmp/plain" "write $tmp/plain" 'call ptrace' \
		'call socket(AF_INET,1)' 'call unshare(0x10000000)' 'environment SOME' 'environment OTHER' \
		'environment TZ'; do
		proposed_allows "$question"
	done
	printf '[Sandbox]\n' >"$tmp/before.conf"
	for question in 'connect db.example:5432' 'connect 127.0.0.1:5432' 'connect [::1]:53/udp' 'connect 198.51.100.1:80' \
		'listen 80' "connect $sockets/open"; do
		proposed_allows "$question"
	done
	printf '[Sandbox]\nPrivateNetwork=no\n' >"$tmp/before.conf"
	[ "$(landlock_abi)" -lt 6 ] || proposed_allows 'connect @some-server'
}

# The JSON of a verb is what docs/isoctl.schema.json says.
agrees() { # description, verb of the schema, least number of values, arguments of isoctl...
	run "${who[@]}" "$isoctl" "${@:4}"
	no_refusal is "$label: the JSON of $1 is what the schema says" "$("$top/tests/json-agrees.py" "$2" "$3" <<<"$out" 2>&1)" ""
}

# The words that a program finds in the last JSON.
json() { # expression of python about the JSON j
	python3 -c "import json, sys; j = json.load(sys.stdin); print(*($1))" <<<"$out"
}

# An instance answers as its policy does, by name and by the pid of a process in it.
test_instance() {
	local words=() pid job
	make_volume
	write_policy running </dev/null
	"$questions" peers >>"$tmp/running.conf"
	"$questions" draw running 300 "$tmp/volume" >"$tmp/questions"
	while IFS=$'\t' read -r action object; do
		words+=("$action" "$object")
	done <"$tmp/questions"
	"${who[@]}" "$isorun" --quiet --policy "$tmp/running.conf" --name asked sleep 8887 </dev/null >/dev/null &
	job=$!
	await runs '^sleep 8887$'
	pid=$(first_pid '^sleep 8887$')
	run "${who[@]}" "$isoctl" why --json "$tmp/running.conf" "${words[@]}" -- sleep 8887
	local answers=$out
	run "${who[@]}" "$isoctl" why --json asked "${words[@]}"
	no_refusal is "$label: a running instance answers as its policy does" "$status $(wc -l <<<"$out") $out" \
		"1 $(wc -l <<<"$answers") $answers"
	agrees "why" why 2000 why --json asked "${words[@]}"
	agrees "list" list 10 list --json asked
	agrees "top" top 14 top --json asked
	agrees "status" status 60 status --json asked
	like "$label: ... with its limits, processes and summary" \
		"$(json 'j[0]["name"], j[0]["first_process"] != j[0]["isorun_process"] > 1, j[0]["summary"]["policy"]["name"]')" \
		"asked True *running*"
	agrees "verify" verify 100 verify --json asked
	agrees "explain" explain 200 explain --json "$tmp/running.conf" -- sleep 8887
	agrees "explain" explain 40 explain --json asked
	# The plan is that of the policy. Only the start knows its name and its standard input and output.
	own() { grep -v -e '^ *\(policy\|name\|command\|held by\|program\) ' -e 'standard ' -e 'asked' -e 'running-' -e 'terminal'; }
	run "${who[@]}" "$isoctl" explain --verbose "$tmp/running.conf" -- sleep 8887
	own <<<"$out" >"$tmp/planned"
	run "${who[@]}" "$isoctl" explain --verbose asked
	no_refusal is "$label: explain prints the plan that it has" "$status $err$([ "$(wc -l <"$tmp/planned")" -gt 50 ] || echo short)$(
		own <<<"$out" | diff "$tmp/planned" -)" "0 "
	run "${who[@]}" "$isoctl" freeze asked
	run "${who[@]}" "$isoctl" explain asked
	is "$label: ... but not while it is frozen" "$status $out$err" \
		"125 isoctl: asked is frozen, so it cannot be asked for its plan"
	run "${who[@]}" "$isoctl" thaw asked
	run "${who[@]}" "$isoctl" why "$pid" read /etc/shadow
	like "$label: the pid of a process in it" "$status $out" "1 read /etc/shadow: denied, EACCES*"
	run "${who[@]}" "$isoctl" why asked read /etc/passwd fly /
	is "$label: no question to an instance" "$status $out$err" \
		"125 isoctl: asked: not a question that isoctl can answer: fly / (see isoctl why --help)"
	verified asked
	kill "$job"
	wait "$job"
	await gone '^sleep 8887$'
	"${who[@]}" "$isorun" --quiet -p InaccessiblePaths=/usr/share/doc --name asked sleep 8887 </dev/null >/dev/null &
	job=$!
	await runs '^sleep 8887$'
	run "${who[@]}" "$isoctl" why asked read /usr/share/doc
	is "$label: what its command line says" "$status $out" "1 read /usr/share/doc: denied, EACCES
  because  /usr/share/doc is hidden
  line     -p
  to allow InaccessiblePaths=
  opens    all that lines of InaccessiblePaths= hide"
	kill "$job"
	wait "$job"
	await gone '^sleep 8887$'
}

# With a command, its own policy narrows that of --policy.
test_program() {
	printf '#!/bin/sh\n# isorun: [Sandbox]\n# isorun: InaccessiblePaths=/usr/share/doc\n' >"$tmp/program"
	chmod 755 "$tmp/program"
	run "${who[@]}" "$isoctl" why default read /usr/share/doc -- "$tmp/program"
	like "$label: the policy of the command counts" "$status $out" "1 read /usr/share/doc: denied, EACCES*line *$tmp/program*"
	run "${who[@]}" "$isoctl" why "$tmp/program" read /usr/share/doc
	like "$label: ... and a program can be asked about" "$status $out" "1 read /usr/share/doc: denied, EACCES*line *$tmp/program*"
}

# Which of the policies decided, in an instance.
test_decisions() {
	local job
	printf '#!/bin/sh\n# isorun: [Sandbox]\n# isorun: InaccessiblePaths=/usr/share/doc\n# isorun: LimitNOFILE=64\nsleep 8886\n' \
		>"$tmp/decided"
	printf '[Sandbox]\nLimitNOFILE=128\nLimitFSIZE=1M\n' >"$tmp/site.conf"
	chmod 755 "$tmp/decided"
	chmod 644 "$tmp/site.conf"
	"${who[@]}" "$isorun" --quiet --policy "$tmp/site.conf" --name decided "$tmp/decided" </dev/null >/dev/null &
	job=$!
	await runs '^sleep 8886$'
	printf '[Sandbox]\nLimitNOFILE=96\n' >"$tmp/site.conf" # the instance has its plan already
	run "${who[@]}" "$isoctl" explain decided
	like "$label: explain says who decided in an instance, and who lost" "$status $err$(sed -n '/^decisions/,$p' <<<"$out")" "0 *
  LimitNOFILE *64*, by the program ($tmp/decided:4); lost: *128*   # $tmp/site.conf:2*"
	kill "$job"
	wait "$job"
	await gone '^sleep 8886$'
}

all() {
	test_program
	test_decisions
	test_instance
	test_answers
	test_variables
	test_missing_command
	test_words
	test_lines
	test_agreement
}

as_everybody all
