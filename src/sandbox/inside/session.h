/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In the reaper: the processes that serve requests from outside (isoctl enter and others). */

#include <poll.h>

#include "sandbox/inside/payload.h"

enum { SESSIONS_MAX = 64 };

typedef struct Session {
        pid_t pid;
        int connection;
        int started;     /* a pipe whose other end closes with execve(2); -1: it has closed */
        Failure *shared; /* the reason if there was no execve(2) */
} Session;

typedef struct Sessions {
        const Payload *payload;
        const int *isorun; /* the socket to isorun; -1: isorun is gone */
        Session items[SESSIONS_MAX];
        unsigned n;
} Sessions;

/* Takes over the connection, and forks a process that serves it. */
void sessions_add(Sessions *s, int connection);

/* The fds to poll(2), one for each session, and what to do when some are ready. sessions_fill() returns their
 * number. */
unsigned sessions_fill(const Sessions *s, struct pollfd fds[static SESSIONS_MAX]);
void sessions_process(Sessions *s, const struct pollfd *fds, unsigned n);

/* Whether the process is one that a session has forked. */
bool sessions_have(const Sessions *s, pid_t pid);

/* A child of the reaper has ended. If it belongs to a session, sends its wait status to isoctl, and removes the
 * session. */
void sessions_reap(Sessions *s, pid_t pid, int wait_status);
