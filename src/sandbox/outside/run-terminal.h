/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun's side of the instance's own session and terminal (pty.h). isorun passes input, output, size and signals
 * between the caller's terminal and the instance's, so that the instance looks like a job to the caller's shell. */

#include <poll.h>
#include <sys/signalfd.h>

#include "sandbox/outside/run.h"
#include "sandbox/outside/terminal.h"

typedef struct RunTerminal {
        const Run *run;   /* borrowed */
        bool job;         /* the payload runs in a session of its own, and isorun stops and continues with it */
        bool active;      /* the instance has a terminal, and neither end is gone */
        bool wanted;      /* the payload is to have the terminal's foreground when isorun has that of the caller's */
        bool foreground;  /* whether it has; the last state that the reaper has got from isorun */
        bool set_up;      /* the instance's terminal has the settings of the caller's */
        unsigned n_asked; /* signals that the reaper has been asked about */
        bool wake;        /* SIGCONT has come, and waits for the reaper's answers */
        unsigned n_continued; /* requests to continue the payload that the reaper has not answered */
        Terminal terminal;
} RunTerminal;

/* Whether isorun is in the foreground of the caller's terminal that the plan replaces; also true if that is not its
 * controlling terminal. The plan must have such a terminal. */
bool run_terminal_is_ours(const Run *run);

/* Takes over the master of the instance's terminal. Returns 0 or -errno, reported. */
int run_terminal_begin(RunTerminal *t, int master);

/* From here on, ^Z in the caller's terminal is for the payload, which may run at any moment. Returns 0 or -errno,
 * reported. */
int run_terminal_prepare(const RunTerminal *t);

/* Connects the caller's terminal when the payload runs. Does nothing if the payload has no session of its own. Returns
 * 0 or -errno, reported. */
int run_terminal_start(RunTerminal *t);

/* The fds to poll(2), and what to do when some are ready. */
void run_terminal_fill(const RunTerminal *t, struct pollfd fds[static TERMINAL_FDS]);
void run_terminal_process(RunTerminal *t, const struct pollfd fds[static TERMINAL_FDS]);

/* Handles a signal to isorun if it concerns the terminal. Returns whether it did, so that the signal is not
 * forwarded. */
bool run_terminal_signal(RunTerminal *t, const struct signalfd_siginfo *info);

/* Notes that the reaper has answered about one signal, and that the payload has this signal now. */
void run_terminal_answered(RunTerminal *t);

/* Notes that the reaper has answered one request to continue the payload. */
void run_terminal_continued(RunTerminal *t);

/* Stops isorun as well, by the signal that has stopped the payload. Returns when isorun is continued. */
void run_terminal_stopped(RunTerminal *t, int sig);

/* Shows the rest of the output, and restores the caller's terminal. Call it while the reaper lives: when the reaper
 * ends, the kernel discards output that was not read. Does nothing without a terminal. */
void run_terminal_end(RunTerminal *t);
