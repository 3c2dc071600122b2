/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files that a job names for standard input, output and error. isorun opens them on the host, with the rights of
 * its caller. A command of an earlier line may have put a symlink where a path leads through a volume. So no component
 * of a path may be a symlink. */

#include "cmd/batch/job.h"

/* Opens the job's files into ret; an entry is -1 if the job names none. An output is made, or emptied. Returns 0 or
 * -errno, reported; nothing is open then. */
int files_open(const Job *job, int ret[static 3], Report *report);
