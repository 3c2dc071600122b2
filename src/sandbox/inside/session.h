/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes that were asked for from outside, as the reaper keeps them. */

#include <poll.h>

#include "sandbox/inside/payload.h"

enum { SESSIONS_MAX = 64 };

typedef struct Session {
        pid_t pid;
        int connection;
        int started;     /* the end of a pipe that closes with execve(2); -1: it has */
        Failure *shared; /* why there was none */
} Session;

typedef struct Sessions {
        const Payload *payload;
        const int *isorun; /* the socket to it; -1: it is gone */
        Session items[SESSIONS_MAX];
        unsigned n;
} Sessions;

/* Forks a process that serves the connection, which is taken over. */
void sessions_add(Sessions *s, int connection);

/* What to wait for, an entry for each session, and what to do when something has come. */
unsigned sessions_fill(const Sessions *s, struct pollfd fds[static SESSIONS_MAX]);
void sessions_process(Sessions *s, const struct pollfd *fds, unsigned n);

/* A child of the reaper has ended: if it was a session's, tells the one who asked for it. */
void sessions_reap(Sessions *s, pid_t pid, int wait_status);
