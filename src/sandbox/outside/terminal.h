/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies between the user's terminal and the master of another terminal: input goes to the master, output to the
 * user's. If one side is slow, the other waits, and nothing is lost. Runs in isorun, and in isoctl enter. */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum { TERMINAL_ROOM = 4096 };

typedef struct TerminalBuffer {
        char *data; /* TERMINAL_ROOM bytes */
        size_t begin, end;
} TerminalBuffer;

typedef struct Terminal {
        int input;  /* the user's terminal, borrowed; -1: no input */
        int output; /* the user's terminal, owned */
        int master; /* owned */
        bool shared; /* other programs may write to the user's terminal, too: it processes all output itself */
        bool raw;   /* input is raw and is read; saved must be restored */
        bool processed; /* while raw, whether it processes output */
        bool output_ended;
        int key_signal; /* SIGINT or SIGQUIT if the user has typed its key last, else 0 */
        bool hurry; /* isorun is to end: do not wait long for a user's terminal that takes no output */
        struct termios saved;
        TerminalBuffer typed, shown;
} Terminal;

/* Begins with the user's terminal on those of fds 0 to 2 that mask has a bit for. Takes over master. Returns 0 or
 * -errno: -ENOTTY if master is not a terminal's master. Call terminal_end() in either case. */
int terminal_begin(Terminal *t, unsigned mask, int master);

/* For a caller that fills in the rest itself, without terminal_begin(). terminal_make_buffers() returns 0 or -ENOMEM.
 * terminal_open_output() opens a terminal or pipe a second time, because a slow one must not block isorun. If that is
 * not possible, it makes a copy, which blocks. It returns the fd, or -1 with errno. */
int terminal_make_buffers(Terminal *t);
int terminal_open_output(int output);

/* Makes the user's terminal raw, and begins to read it. May be called again, if another program has changed it
 * meanwhile. Returns 0 or -errno. */
int terminal_take(Terminal *t);

/* Stop reading the user's terminal. terminal_release() restores its settings; terminal_forget() leaves them, because
 * another program uses the terminal now. */
void terminal_release(Terminal *t);
void terminal_forget(Terminal *t);

/* Copies the settings of the user's terminal to the other terminal. */
void terminal_copy(const Terminal *t);

/* Releases the user's terminal, and hangs up the other one. May be called again. */
void terminal_end(Terminal *t);

/* The fds to poll(2), and what to do when some are ready. terminal_process() returns 0, or -errno if the user's
 * terminal is gone. */
enum { TERMINAL_FROM_INPUT, TERMINAL_TO_MASTER, TERMINAL_FROM_MASTER, TERMINAL_TO_OUTPUT, TERMINAL_FDS };
void terminal_fill(const Terminal *t, struct pollfd fds[static TERMINAL_FDS]);
int terminal_process(Terminal *t, const struct pollfd fds[static TERMINAL_FDS]);

/* Shows the output that the other terminal has until now. Waits for the user's terminal as long as needed, but not long
 * with t->hurry. A blocked signal that is to end isorun stops this, and stays pending. */
void terminal_drain(Terminal *t);

/* Gives the other terminal the size of the user's. */
void terminal_resize(const Terminal *t);
