#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun --batch: a line of JSON is a run in a sandbox of its own. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
cd / || exit

# Prints the results in the order of their lines: line, name, status, and signal or error.
show() {
	python3 -c '
import json, sys
for r in sorted(map(json.loads, sys.stdin), key=lambda r: r["line"]):
    print(r["line"], r["name"] if r["run"] else "-", r["status"], r.get("signal", "") + r.get("error", ""), sep=":")'
}

# Runs the lines of standard input, and puts the results into $out as show() prints them.
batch() { # options...
	cat >"$tmp/lines"
	"${who[@]}" "$isorun" --quiet --batch "${mode[@]}" --name b "$@" <"$tmp/lines" >"$tmp/results" 2>"$tmp/err"
	status=$?
	out=$(show <"$tmp/results")
	err=$(cat "$tmp/err")
}

# A line that runs a script of sh.
line() { # script, further keys...
	python3 -c '
import json, sys
print(json.dumps({"argv": ["sh", "-c", sys.argv[1]], **{k: json.loads(v) for k, v in (w.split("=", 1) for w in sys.argv[2:])}}))' "$@"
}

test_results() {
	batch <<-E
		{"argv":["true"]}
		$(line 'exit 3' 'name="three"')
		$(line 'kill -KILL $$')

		{"argv":["isorun-no-such-program"]}
	E
	is "$label: a result for each line" "$status $out" "1 1:b-1:0:
2:three:3:
3:b-3:137:SIGKILL
5:-:127:isorun-no-such-program: command not found"
	like "$label: ... with what it used" "$(head -n1 "$tmp/results")" \
		'{"line":*,"wall_usec":*,"cpu_usec":*,"max_rss":*,"oom_killed":false}'
	batch <<<"$(line 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done')"
	ok "$label: ... the time of the command's processes is in it" python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(not (r["cpu_usec"] > 20000 and r["max_rss"] > 1 << 20))' "$tmp/results"
	batch -j 1 <<-E
		{"argv":["true"]}
		$(line true)
	E
	is "$label: the exit status is 0 if all succeed" "$status $out" "0 1:b-1:0:
2:b-2:0:"
}

test_hostile() {
	batch <<-E
		not JSON
		["argv"]
		{"argv":["true"],"args":[]}
		{"env":{}}
		{"argv":[]}
		{"argv":[1]}
		{"argv":"true"}
		{"argv":["true"],"env":[]}
		{"argv":["true"],"env":{"A":1}}
		{"argv":["true"],"env":{"A=B":"1"}}
		{"argv":["true"],"stdin":""}
		{"argv":["true"],"stdout":7}
		{"argv":["true"],"volumes":{}}
		{"argv":["true"],"name":"../x"}
		{"argv":["a\u0000b"]}
		{"argv":["true"],"argv":["false"]}
		{"argv":["true"],"stdin":"$tmp/absent"}
		{"argv":["true"],"volumes":["$tmp/absent"]}
		{"argv":["x"]}}
		{"command":["x"]}
		{"argv":["true"]}
	E
	like "$label: a wrong line is an error that names it and its key" "$status ${out%$'\n'*}" '1 1:-:125:the line is not JSON: *
2:-:125:the line is not a JSON object
3:-:125:unknown key "args" (did you mean "argv"?)
4:-:125:the key "argv" is missing
5:-:125:"argv" must be an array that begins with the command
6:-:125:"argv" must be an array of strings
7:-:125:"argv" must be an array of strings
8:-:125:"env" must be an object of strings
9:-:125:"env" must be an object of strings
10:-:125:"env": "A=B" is not the name of a variable
11:-:125:"stdin" must be a string that is not empty
12:-:125:"stdout" must be a string that is not empty
13:-:125:"volumes" must be an array of strings
14:-:125:"name": a name can contain only letters, *
15:-:125:the line is not JSON: *u0000*
16:-:125:the line is not JSON: duplicate object key*
17:-:125:"stdin": cannot open */absent: No such file or directory
18:-:125:volumes: Volume=: */absent*
19:-:125:the line is not JSON: *
20:-:125:unknown key "command": the keys are name argv env stdin stdout stderr volumes'
	also like "$label: ... and the rest is run" "${out##*$'\n'}" "21:b-21:0:"
	{ printf 'a\0b\n'; head -c 3000000 /dev/zero | tr '\0' x; printf '\n{"argv":["true"]}'; } >"$tmp/huge"
	batch <"$tmp/huge"
	like "$label: NUL bytes, a huge line, and a line without its end" "$status $out" \
		"1 1:-:125:the line is not JSON: *
2:-:125:the line is longer than 1048576 bytes
3:b-3:0:"
}

test_files() {
	local dir=$tmp/files-$label
	mkdir "$dir"
	chmod 777 "$dir"
	batch -j 1 <<-E
		$(line 'echo out; echo err >&2' "stdout=\"$dir/out\"" "stderr=\"$dir/err\"")
		$(line 'cat; echo $A; echo both >&2' "stdin=\"$dir/out\"" "stdout=\"$dir/both\"" "stderr=\"$dir/both\"" 'env={"A":"it is $HOME"}')
		$(line 'cat /mnt/out /mnt/both; cat; echo "A is $A"; touch /mnt/made' "volumes=[\"$dir:/mnt:rw\"]")
		$(line 'echo $HOME; ls /mnt' 'env={"HOME":"/tmp/home"}' "stdout=\"$dir/home\"")
	E
	is "$label: files and variables of a line" "$status $(cd "$dir" && cat out err both home)" \
		"0 out
err
out
it is \$HOME
both
/tmp/home"
	is "$label: ... are of that line alone, and other output goes to standard error" "$(ls "$dir") $err" \
		"both
err
home
made
out out
out
it is \$HOME
both
A is "
}

# What a command has put into a volume must not lead isorun elsewhere.
test_symlinks() {
	local dir=$tmp/links-$label
	mkdir "$dir"
	chmod 777 "$dir"
	echo mine >"$tmp/mine-$label"
	chmod 666 "$tmp/mine-$label"
	batch -j 1 -v "$dir:/mnt:rw" <<-E
		$(line "ln -s '$tmp/mine-$label' /mnt/link && ln -s '$tmp' /mnt/directory && ln -s /proc/self/fd/2 /mnt/fd && echo planted >/mnt/file && mkfifo /mnt/fifo")
		$(line 'echo x' "stdout=\"$dir/link\"")
		$(line 'echo x' "stderr=\"$dir/directory/mine-$label\"")
		$(line 'echo x' "stdin=\"$dir/link\"")
		$(line 'cat >/mnt/copy' "stdin=\"$dir/file\"")
		$(line 'echo x' "stdout=\"$dir/fifo\"")
		$(line 'cat' "stdin=\"$dir/fifo\"")
	E
	# promise P45
	is "$label: no symlink of a command leads isorun to a file of its caller" "$status $out $(cat "$tmp/mine-$label" "$dir/copy")" \
		"1 1:b-1:0:
2:-:125:\"stdout\": a part of $dir/link is a symlink, which isorun does not follow here
3:-:125:\"stderr\": a part of $dir/directory/mine-$label is a symlink, which isorun does not follow here
4:-:125:\"stdin\": a part of $dir/link is a symlink, which isorun does not follow here
5:b-5:0:
6:-:125:\"stdout\": $dir/fifo is a FIFO or a socket
7:-:125:\"stdin\": $dir/fifo is a FIFO or a socket mine
planted"
}

# One worker runs both lines.
test_fresh() {
	batch -j 1 <<-E
		$(line 'echo 1 >/tmp/x; echo 1 >/dev/shm/x; mkdir -p /run/x; sleep 2601 >/dev/null 2>&1 </dev/null & umask 0; cd /tmp; echo done')
		$(line 'ls /tmp /dev/shm /run/x 2>&1 | tr "\n" " "; umask; pwd; ls /proc/self/fd | wc -l; cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep [2]601"')
	E
	# promise P45
	is "$label: no run finds anything of the one before it" "$status $out ${err//$'\n'/ }" \
		"1 1:b-1:0:
2:b-2:1: done ls: cannot access '/run/x': No such file or directory /dev/shm:  /tmp: $(umask) / 4 0"
	also ok "$label: ... and its processes have ended with it" gone '^sleep 2601$'
}

# Also counts what is looked at for each plan.
test_planned_once() {
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: isorun plans once" "strace cannot trace here"
		return
	fi
	: >"$tmp/trace"
	chmod 666 "$tmp/trace"
	local traced=("${who[@]}" env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -f -qq -o "$tmp/trace" -e "trace=execve,openat")
	for _ in {1..20}; do echo '{"argv":["true"]}'; done |
		"${traced[@]}" "$isorun" --quiet --batch -j 1 "${mode[@]}" >"$tmp/results"
	is "$label: twenty runs" "$(grep -c '"status":0' "$tmp/results")" 20
	also is "$label: ... are one isorun" "$(grep -c 'execve(.*isorun.* = 0' "$tmp/trace")" 1
	# One in the beginning, and one for the program; a slow machine may need some more.
	also ok "$label: ... and a plan or two" [ "$(grep -c '/proc/self/uid_map.*O_RDONLY' "$tmp/trace")" -le 6 ]
}

is_blocked() { [[ $(ps -o stat= -p "$1") == S* ]]; } # "SN" if the suite is niced

# A line is read when a worker is free.
test_endless() {
	mkfifo "$tmp/endless-$label"
	yes "$(line 'exec sleep 2602')" >"$tmp/endless-$label" &
	local yes=$!
	"${who[@]}" env --default-signal=INT "$isorun" --quiet --batch -j 1 "${mode[@]}" <"$tmp/endless-$label" >"$tmp/results" &
	local waiter=$! pid
	await runs '^sleep 2602$'
	await is_blocked $yes
	pid=$(first_pid "^$isorun --quiet --batch -j 1")
	ok "$label: an endless input is read as slots are free" [ "$(sed -n 's/^rchar: //p' "/proc/$pid/io")" -lt 4000000 ]
	ok "$label: ... and memory does not grow" [ "$(sed -n 's/^VmRSS:\s*\([0-9]*\) kB/\1/p' "/proc/$pid/status")" -lt "$(is_sanitized && echo 200000 || echo 20000)" ]
	kill $yes
	kill -INT "$pid"
	wait $waiter 2>/dev/null
	status=$?
	head -n 2 "$tmp/results" | show >"$tmp/out"
	out=$(cat "$tmp/out")
	is "$label: SIGINT ends the command that runs" "$status ${out%%$'\n'*}" "130 1:$(sed -n '1s/.*"name":"\([^"]*\)".*/\1/p' "$tmp/results"):143:SIGTERM"
	also like "$label: ... and the lines after it are listed" "${out#*$'\n'}" "2:-:125:not run, because the batch was stopped"
	also ok "$label: ... and nothing is left" gone '^sleep 2602$'
}

# One command ignores SIGTERM, one worker is killed.
test_killed() {
	"${who[@]}" "$isorun" --quiet --batch -j 1 "${mode[@]}" --name b <<-E >"$tmp/results" &
		$(line 'exec sleep 2603')
		{"argv":["true"]}
	E
	local waiter=$! parent
	await runs '^sleep 2603$'
	parent=$(first_pid "^$isorun --quiet --batch -j 1")
	pkill -KILL -P "$parent" isorun
	wait $waiter
	is "$label: a worker that is killed costs one line" "$? $(show <"$tmp/results")" \
		"1 1:-:125:the process of isorun that ran this line was ended by SIGKILL
2:b-2:0:"
	also ok "$label: ... whose command ends, too" eventually gone '^sleep 2603$'
}

test_reader_gone() {
	for _ in {1..50}; do echo '{"argv":["true"]}'; done >"$tmp/fifty"
	"${who[@]}" "$isorun" --quiet --batch "${mode[@]}" <"$tmp/fifty" 2>"$tmp/err" | true
	is "$label: without a reader of the results, isorun stops" "${PIPESTATUS[0]} $(cat "$tmp/err")" \
		"125 isorun: cannot write to standard output: Broken pipe"
}

test_options() {
	local mode=(--batch "${mode[@]}")
	refused "no command" "--batch cannot be combined with a command" true
	refused "no other way to start" "--batch cannot be combined with --detach" -d
	refused "the policy is checked before any line" "cannot read the policy ./no-such.conf: *" --policy ./no-such.conf
	refused "a number of jobs" "--jobs: 0 is not a number from 1 to 1024" -j 0
	mode=(--no-scope)
	refused "jobs are of batches" "--jobs needs --batch" -j 2 true
}

test_terminal() {
	local command="${who[*]} $isorun --batch ${mode[*]} <$tmp/one >$tmp/results"
	line 'echo from inside; [ -t 2 ] || echo piped' >"$tmp/one"
	echo '{"argv":["sleep", "0.3"]}' >>"$tmp/one"
	run patiently script -qec "$command" /dev/null
	like "$label: a terminal shows the progress, and what commands say" "$status $out" \
		"0 *0 done, 0 failed, */s*from inside*piped*1 done, 0 failed, */s [[]##*] *%, 0:0* left*"
}

all() {
	test_results
	test_hostile
	test_files
	test_symlinks
	test_fresh
	test_planned_once
	test_endless
	test_killed
	test_reader_gone
	test_options
	test_terminal
}

in_pools() { find /sys/fs/cgroup -path '*/isorun_pool-*/instances/isorun-*.scope' | wc -l; }
no_pools() { [ -z "$(find /sys/fs/cgroup -name 'isorun_pool-*')" ]; }

# With a systemd, the instances of a batch are in a pool of its own.
test_pool() {
	"${who[@]}" "$isorun" --quiet --batch -j 2 --name b <<-E >"$tmp/results" &
		$(line 'exec sleep 2604' 'name="first"')
		$(line 'exec sleep 2605')
	E
	local waiter=$!
	await runs '^sleep 2604$'
	await runs '^sleep 2605$'
	is "$label: the instances of a batch are in one pool" "$(ctl is-active isorun_pool-b.scope) $(in_pools) $("${who[@]}" "$isoctl" list -q | tr '\n' ' ')" \
		"active 2 b-2 first "
	verified b-2 first
	"${who[@]}" "$isoctl" stop b-2 first
	wait $waiter
	is "$label: ... and can be stopped there" "$(show <"$tmp/results")" "1:first:143:SIGTERM
2:b-2:143:SIGTERM"
	also ok "$label: ... and then the pool ends" eventually no_pools
}

pool_keeper() { cat "$(find /sys/fs/cgroup -path '*/isorun_pool-k.scope/keeper')/cgroup.procs"; }
has_results() { [ "$(wc -l <"$tmp/kept-$label")" = "$1" ]; }

# A pool ends with its last instance, but that of a batch has none between two lines.
test_pool_kept() {
	local before waiter
	mkfifo "$tmp/jobs-$label"
	"${who[@]}" "$isorun" --quiet --batch -j 1 --name k <"$tmp/jobs-$label" >"$tmp/kept-$label" &
	waiter=$!
	exec {jobs}>"$tmp/jobs-$label"
	line 'exec sleep 2606' >&"$jobs"
	await runs '^sleep 2606$'
	before=$(pool_keeper)
	run "${who[@]}" "$isoctl" stop k-1
	is "$label: isoctl stop does not wait for the other lines" "$status $err" "0 "
	await has_results 1
	line 'exec sleep 2607' >&"$jobs"
	await runs '^sleep 2607$'
	is "$label: the pool of a batch is made once" "$(pool_keeper)" "$before"
	"${who[@]}" "$isoctl" stop k-2
	await has_results 2
	ctl stop --no-block isorun_pool-k.scope
	also ok "$label: ... if nobody stops it" eventually no_pools
	line 'true' >&"$jobs"
	await has_results 3
	exec {jobs}>&-
	wait $waiter
	is "$label: ... and then the next line makes it again" "$(show <"$tmp/kept-$label")" "1:k-1:143:SIGTERM
2:k-2:143:SIGTERM
3:k-3:0:"
	also ok "$label: ... until the batch ends" eventually no_pools
}

is_stopped() { grep -q "stopped by SIGSTOP" "$tmp/stop-$label"; }

# isoctl is stopped after the last call before its signal. Meanwhile the worker goes on to its next line.
test_stop_is_of_a_line() {
	local waiter stopper call trace=("${who[@]}" env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -qq -o "$tmp/stop-$label")
	if ! strace -o /dev/null true 2>/dev/null; then
		skip "$label: isoctl stop is of one line" "strace cannot trace here"
		return
	fi
	mkfifo "$tmp/stops-$label"
	: >"$tmp/stop-$label"
	chmod 666 "$tmp/stop-$label"
	"${who[@]}" "$isorun" --quiet --batch -j 1 --name k <"$tmp/stops-$label" >"$tmp/kept-$label" &
	waiter=$!
	exec {jobs}>"$tmp/stops-$label"
	line 'exec sleep 2608' >&"$jobs"
	await runs '^sleep 2608$'
	"${trace[@]}" "$isoctl" stop --no-block k-1
	call=$(awk -F "(" '/^pidfd_send_signal/ { exit } { n[last = $1]++ } END { print last ":signal=STOP:when=" n[last] }' "$tmp/stop-$label")
	await has_results 1
	line 'exec sleep 2609' >&"$jobs"
	await runs '^sleep 2609$'
	"${trace[@]}" -e inject="$call" "$isoctl" stop k-2 2>"$tmp/stop-err" &
	stopper=$!
	await is_stopped
	kill -KILL "$(first_pid '^sleep 2609$')"
	await has_results 2
	line 'exec sleep 2610' >&"$jobs"
	await runs '^sleep 2610$'
	kill -CONT "$(first_pid "^$isoctl stop k-2")"
	wait $stopper
	is "$label: isoctl stop of a line that has ended meanwhile" "$? $(<"$tmp/stop-err") $(sed -n 's/^pidfd_send_signal(.* = //p' "$tmp/stop-$label")" \
		"0  -1 ESRCH (No such process)"
	"${who[@]}" "$isoctl" enter k-3 true
	kill -KILL "$(first_pid '^sleep 2610$')"
	exec {jobs}>&-
	wait $waiter
	is "$label: ... does not reach the next one" "$(show <"$tmp/kept-$label")" "1:k-1:143:SIGTERM
2:k-2:137:SIGKILL
3:k-3:137:SIGKILL"
	also ok "$label: ... and nothing is left" eventually no_pools
}

label=root mode=(--no-scope)
if [ "$(id -u)" = 0 ]; then
	all
else
	skip "without units" "only for root"
fi

in_pool() {
	label="$label in a pool" mode=()
	test_results
	test_files
	test_symlinks
	test_fresh
	test_killed
	test_pool
	test_pool_kept
	test_stop_is_of_a_line
}

label=root who=() bus=()
[ "$(id -u)" != 0 ] || in_pool
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") bus=(--user)
	in_pool
else
	skip "the same as another user" "no user to be"
fi
