/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program's own policy: its sidecar FILE.isorun.conf, or else what the file carries (policy/note.h). */

#include "policy/note.h"

#define SIDECAR_SUFFIX ".isorun.conf"

/* Reads the policy of the program that fd, which is open for reading, refers to; file is its name in messages.
 *
 * A sidecar counts only if it and its directory belong to root or to the owner of the program, and nobody else can
 * write to them: anything else is an error, and not ignored. Its Notes has one item, with the sidecar's path as its
 * name. A set-user-ID or set-group-ID program has no policy of its own: it gets no rights in a sandbox.
 *
 * Returns the errors of notes_read(), or, reported, -EPERM for such a sidecar and those of reading it. */
int own_policy_read(int fd, const char *file, Notes *ret, Report *report);
