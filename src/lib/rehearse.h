/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A process that looks up a path on a file system of another machine, or of a program (NFS, FUSE), may never come back,
 * and then cannot be ended: once a FUSE server has read a request, not even SIGKILL ends the wait for its answer. So if
 * there is such a file system, a child does each look first. While isorun waits for the child, it can be ended. */

#include "util/report.h"

/* Looks at files. May change what userdata points to: in the child, that is a copy. */
typedef void (*Look)(void *userdata, Report *silent);

/* What is known about the mounts of this machine. The table may be long, so it is read once. Begin with {}. */
typedef struct Rehearsal {
        bool known, needed;
        bool symlinks_everywhere; /* no mount has nosymfollow: mount(8) */
} Rehearsal;

/* Whether there is a file system that can hang. */
bool rehearse_is_needed(Rehearsal *rehearsal);

/* Returns when look() has returned in a child, or at once if no file system can hang. Returns 0 or -errno, reported. */
int rehearse(Rehearsal *rehearsal, Look look, void *userdata, Report *report);
