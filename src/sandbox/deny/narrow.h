/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/deny/stage.h"

/* Narrows this process, in all its threads, to a stage: isorun_restrict(3). Other processes stay as they are.
 *
 * The kernel gives a filter to all threads at once (SECCOMP_FILTER_FLAG_TSYNC). It does so with a Landlock domain
 * from Linux 7.0 on, and never with capabilities. So where the stage has paths, peers or capabilities, and they
 * cannot be given to all threads, a process with more than one is refused.
 *
 * Returns 0, or -errno, reported, with nothing changed: -EBUSY because of the threads, -E2BIG if there are too many
 * Landlock domains or filters, and others. -ENOTRECOVERABLE, reported: the process is narrowed by a part of the
 * stage. */
int narrow(const StagePlan *stage, Report *report);
