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
        int input, output; /* the person's terminal; borrowed */
        int master;        /* owned */
        bool raw;          /* saved is to be restored */
        bool input_ended, output_ended;
        struct termios saved;
        TerminalBuffer typed, shown;
} Terminal;

enum { TERMINAL_FDS = 4 };

/* Whether fd is the master of a terminal, without trust in the path that it was opened by. */
bool terminal_is_master(int fd);

/* Takes master over, and makes the terminal raw. Returns 0 or -errno; -ENOTTY where master is none. terminal_end() must
 * follow either way. */
int terminal_begin(Terminal *t, int input, int output, int master);

/* Puts the terminal back into the state it was in; may be called again. */
void terminal_end(Terminal *t);

/* What to wait for, and what to do then. The latter returns 0, or -errno where the person's terminal is gone. */
void terminal_fill(const Terminal *t, struct pollfd fds[static TERMINAL_FDS]);
int terminal_process(Terminal *t, const struct pollfd fds[static TERMINAL_FDS]);

/* Shows what has been written to the other terminal, as far as it is there. */
void terminal_drain(Terminal *t);

/* Hands the size of the terminal on. */
void terminal_resize(const Terminal *t);
