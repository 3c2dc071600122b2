/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* If a start takes long, one notice says what it waits for. */

#include <stdint.h>
#include <sys/types.h>

#include "util/report.h"

enum { PATIENCE_MSEC = 2000 };

typedef struct Patience {
        Report *report;
        uint64_t end; /* CLOCK_MONOTONIC, in microseconds; 0: the notice has been reported */
} Patience;

/* Starts the time of PATIENCE_MSEC. */
Patience patience_begin(Report *report);

/* A timeout for poll(2): milliseconds until the notice is due, or -1 if it has been reported. */
int patience_left(const Patience *p);

/* Reports the notice if it is due. origin and key name the policy line that causes the wait; {} and NULL if no line
 * does. */
void patience_check(Patience *p, Origin origin, const char *key, const char *format, ...) _printf_(4, 5);

/* Calls open(2). For a FIFO, which may have to wait for another process, reports the notice when it is due. Returns the
 * fd or -errno. */
int patience_open(Patience *p, Origin origin, const char *key, const char *path, int flags, mode_t mode);
