/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between a person's terminal and the master of another one: what is typed goes there as it is, what comes from
 * there is shown. Nothing is lost where one side is slower than the other. */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

typedef struct TerminalBuffer {
        char data[4096];
        size_t begin, end;
} TerminalBuffer;

typedef struct Terminal {
        int input;  /* the person's terminal, borrowed; -1: nothing is typed */
        int output; /* likewise, owned */
        int master; /* owned */
        bool raw;   /* so is input, which is read; saved is to be restored */
        bool output_ended;
        bool hurry; /* it is to end: who does not read is not waited for any longer */
        struct termios saved;
        TerminalBuffer typed, shown;
} Terminal;

/* The person's terminal is the fds of mask. Takes master over. Returns 0 or -errno; -ENOTTY where master is none.
 * terminal_end() must follow either way. */
int terminal_begin(Terminal *t, unsigned mask, int master);

/* Makes the person's terminal raw, and has it read; again, where somebody has changed it meanwhile. Returns 0 or
 * -errno. */
int terminal_take(Terminal *t);

/* Puts it back into the state that it was in when it was taken; or leaves it as it is, where it is another's now. */
void terminal_release(Terminal *t);
void terminal_forget(Terminal *t);

/* The other terminal gets the settings of the person's. */
void terminal_copy(const Terminal *t);

/* Releases the terminal, and hangs up the other one; may be called again. */
void terminal_end(Terminal *t);

/* What to wait for, and what to do then. The latter returns 0, or -errno where the person's terminal is gone. */
enum { TERMINAL_FROM_INPUT, TERMINAL_TO_MASTER, TERMINAL_FROM_MASTER, TERMINAL_TO_OUTPUT, TERMINAL_FDS };
void terminal_fill(const Terminal *t, struct pollfd fds[static TERMINAL_FDS]);
int terminal_process(Terminal *t, const struct pollfd fds[static TERMINAL_FDS]);

/* Shows what has been written to the other terminal until now, however long that takes, but in a hurry; a signal that
 * comes on signals, a signalfd, ends it. */
void terminal_drain(Terminal *t, int signals);

/* Hands the size of the terminal on. */
void terminal_resize(const Terminal *t);
