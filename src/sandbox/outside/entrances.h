/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sockets of ListenOn= on the host. isorun makes them with its own rights before the start, so that a place that is
 * taken is an error. */

#include "plan/plan.h"
#include "util/report.h"

/* A socket in the file system that is removed at the end. */
typedef struct EntranceFile {
        int directory; /* -1: none */
        const char *name;
        dev_t device;
        ino_t inode;
} EntranceFile;

typedef struct Entrances {
        int *fds; /* one for each of the plan's */
        EntranceFile *files;
        size_t n;
} Entrances;

/* Listens at all entrances. A socket file that nobody listens at is replaced. Returns 0 or -errno, reported. */
int entrances_open(Entrances *e, const Plan *plan, Report *report);

/* Closes the sockets. */
void entrances_close(Entrances *e);

/* Closes the sockets, and removes their files. */
void entrances_deinit(Entrances *e);
