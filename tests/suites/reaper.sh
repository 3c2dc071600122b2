#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Payloads that try to keep their reaper from its work: status, enter, stop and SIGTERM work whatever they do. Needs a
# systemd.
. "$(dirname "$0")/../lib.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

# Each attack says "attacking" when it has begun, and goes on until it is ended. In C, because it must be faster than the
# reaper.
cat >"$tmp/attack.c" <<'C'
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void flood(int sig) {
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			break;
	for (;;)
		sigqueue(1, sig, (union sigval) {});
}

static void make_orphans(void) {
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			break;
	for (;;) {
		pid_t pid = vfork();

		if (pid == 0) {
			vfork();
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* Signals that would stop or end any other process; limits and scheduling that would keep it from its work. */
static void seize(void) {
	static const int signals[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGABRT, SIGKILL };
	cpu_set_t first = {};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		kill(1, signals[i]);
	CPU_SET(0, &first);
	printf("changed:%s%s%s%s\n", prlimit(1, RLIMIT_NOFILE, &(struct rlimit) {}, NULL) == 0 ? " limits" : "",
	       sched_setscheduler(1, SCHED_IDLE, &(struct sched_param) {}) == 0 ? " scheduler" : "",
	       sched_setparam(1, &(struct sched_param) {}) == 0 ? " parameters" : "",
	       sched_setaffinity(1, sizeof(first), &first) == 0 ? " processors" : "");
	fflush(stdout);
	pause();
}

int main(int argc, char *argv[]) {
	puts("attacking");
	fflush(stdout);
	if (strcmp(argv[1], "signals") == 0)
		flood(SIGRTMIN);
	else if (strcmp(argv[1], "children") == 0)
		flood(SIGCHLD);
	else if (strcmp(argv[1], "orphans") == 0)
		make_orphans();
	else
		seize();
}
C

ctl() { run patiently "${who[@]}" "$isoctl" "$@"; }

# Starts an instance that attacks its reaper.
begin() { # attack
	: >"$tmp/attack"
	"${who[@]}" "$isorun" "${mode[@]}" --name victim -p SystemCallFilter=@resources -v "$tmp/attack.bin:/attack:ro" \
		/attack "$1" >"$tmp/attack" 2>&1 </dev/null &
	instance=$!
	await grep -q attacking "$tmp/attack"
}

main_process() { first_pid "^$isorun .*--name victim "; }

test_attack() { # what, attack
	begin "$2"
	ctl status victim --verbose
	like "$label, $1: status shows the plan" "$status $err $out" "0  victim*state*running*no_new_privs*"
	ctl verify --quiet victim
	is "$label, $1: verify ends, and finds nothing" "$status $out$err" "0 "
	ctl enter victim sh -c 'echo entered; exit 7'
	# promise P37
	is "$label, $1: enter works" "$status $out" "7 entered"
	kill -TERM "$(main_process)"
	await gone '^/attack '
	wait "$instance"
	# promise P37
	is "$label, $1: SIGTERM ends it" $? 143
	begin "$2"
	ctl stop victim
	# promise P37
	is "$label, $1: stop ends it" "$status $err" "0 "
	also ok "$label, $1: ... and nothing is left" eventually gone '^/attack '
	wait "$instance"
}

# A server that goes into the background ends with the command, and isorun says so.
test_left() {
	local left='*isorun: notice: the command has ended, and left "*" behind, which ends now: a server has to stay*'
	run "${who[@]}" "$isorun" "${mode[@]:1}" sh -c 'sleep 7171 & exit 0'
	like "$label: processes that are left behind are named" "$status $err" "0 $left"
	also ok "$label: ... and end" eventually gone '^sleep 7171$'
	run "${who[@]}" "$isorun" "${mode[@]:1}" sh -c 'sleep 7171 & exit 3'
	is "$label: ... not after a failure" "$status $(grep -c behind <<<"$err")" "3 0"
	# The child has ended before the command, and nobody has waited for it.
	run "${who[@]}" "$isorun" "${mode[@]:1}" python3 -c 'import os
pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("its child has ended")'
	like "$label: ... nor if they have ended already" "$status $out" "0 its child has ended"
	also unlike "$label: ... which needs no notice" "$err" "$left"
}

all() {
	verified_start
	test_left
	test_attack "a flood of real-time signals" signals
	test_attack "a flood of SIGCHLD" children
	test_attack "a flood of orphans" orphans
	test_attack "signals and limits for the reaper" seize
	begin seize
	await grep -q changed: "$tmp/attack"
	ctl stop victim
	wait "$instance"
	is "$label: the payload cannot change the reaper's limits or its scheduling" "$(tail -n1 "$tmp/attack")" changed:
}

if cc -O1 -o "$tmp/attack.bin" "$tmp/attack.c"; then
	as_everybody all
else
	skip "attacks on the reaper" "there is no C compiler to make them"
fi
