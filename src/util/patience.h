/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A start that takes long says once what it waits for. */

#include <stdint.h>
#include <sys/types.h>

#include "util/report.h"

enum { PATIENCE_MSEC = 2000 };

typedef struct Patience {
        Report *report;
        uint64_t end; /* CLOCK_MONOTONIC, in microseconds; 0: it has been said */
} Patience;

/* Begins now. */
Patience patience_begin(Report *report);

/* For poll(2): ms until there is something to be said; -1: there is nothing more. */
int patience_left(const Patience *p);

/* A notice, if it is time. origin and key: whose doing it is; {} and NULL: nobody's. */
void patience_check(Patience *p, Origin origin, const char *key, const char *format, ...) _printf_(4, 5);

/* open(2), which may wait for another process: that of a FIFO. Returns the fd or -errno. */
int patience_open(Patience *p, Origin origin, const char *key, const char *path, int flags, mode_t mode);
