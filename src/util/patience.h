/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a start waits: if it takes long, one notice says what it waits for, and a signal can end it at any time. */

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/report.h"

enum {
        PATIENCE_MSEC = 2000,
        PATIENCE_FDS_MAX = 16,
};

typedef struct Patience {
        Report *report;
        uint64_t end; /* CLOCK_MONOTONIC, in microseconds; 0: the notice has been reported */

        int signals;  /* an fd that can be read when signals have come; -1: none */
        /* Returns 0 if none of the signals is to end the wait, or -errno, reported. */
        int (*interrupted)(void *userdata);
        void *userdata;
        int grace_msec;     /* a wait goes on for this time after a signal, and then calls interrupted() */
        uint64_t grace_end; /* 0: no signal has come */
} Patience;

/* Starts the time of PATIENCE_MSEC. */
Patience patience_begin(Report *report);

/* The start has succeeded: there will be no notice, and no signal has come. */
void patience_end(Patience *p);

/* A timeout for poll(2): milliseconds until the notice is due, or -1 if it has been reported. */
int patience_left(const Patience *p);

/* Reports the notice if it is due. origin and key name the policy line that causes the wait; {} and NULL if no line
 * does. */
void patience_check(Patience *p, Origin origin, const char *key, const char *format, ...) _printf_(4, 5);

/* Calls poll(2) for at most PATIENCE_FDS_MAX fds and the signals. Returns early when the notice is due. Returns the
 * number of fds that are ready, or -errno: that of interrupted() if a signal is to end the wait. */
int patience_poll(Patience *p, struct pollfd *fds, size_t n, int timeout_msec);

/* Calls open(2). For a FIFO, which may have to wait for another process, reports the notice when it is due. Returns the
 * fd or -errno. */
int patience_open(Patience *p, Origin origin, const char *key, const char *path, int flags, mode_t mode);
