/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's side of a terminal of the instance's own (pty.h): it is the caller's terminal to the instance, and the
 * instance's job to the caller's shell. */

#include <poll.h>
#include <sys/signalfd.h>

#include "sandbox/outside/run.h"
#include "sandbox/outside/terminal.h"

typedef struct RunTerminal {
        const Run *run;   /* borrowed */
        bool active;      /* there is one, and neither end is gone */
        bool foreground;  /* what the payload has been told */
        bool set_up;      /* it has the settings of the caller's */
        unsigned n_asked; /* signals that the reaper has been asked about */
        bool wake;        /* SIGCONT waits for the answers */
        Terminal terminal;
} RunTerminal;

/* Whether isorun is in the foreground of those of the caller's terminals that the plan replaces. */
bool run_terminal_is_ours(const Run *run);

/* The master has come; it is taken over. Returns 0 or -errno, reported. */
int run_terminal_begin(RunTerminal *t, int master);

/* The payload runs: from now on the caller's terminal is its. */
int run_terminal_start(RunTerminal *t);

/* What to wait for, and what to do then. */
void run_terminal_fill(const RunTerminal *t, struct pollfd fds[static TERMINAL_FDS]);
void run_terminal_process(RunTerminal *t, const struct pollfd fds[static TERMINAL_FDS]);

/* Returns whether a signal was for the terminal, and so is not to be handed on. */
bool run_terminal_signal(RunTerminal *t, const struct signalfd_siginfo *info);

/* The reaper has said whether the payload has a signal, and if it has not, it got it. */
void run_terminal_answered(RunTerminal *t);

/* The payload was stopped, by that signal: so is isorun, until it is continued. */
void run_terminal_stopped(RunTerminal *t, int sig);

/* Shows what is left, and leaves the caller's terminal as it was. To be called while the reaper lives, whose end takes
 * away what nobody has read; and it may be called where there is no terminal. */
void run_terminal_end(RunTerminal *t);
