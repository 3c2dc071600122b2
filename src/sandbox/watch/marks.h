/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which capabilities the payload uses: isorun --record. The kernel marks a thread when it uses a capability for the
 * first time (PF_SUPERPRIV, proc_pid_stat(5): flags), and a new thread has no mark. It does not say which capability,
 * nor in which call. So the tracer looks for the mark before and after each call:
 *
 *   - The mark appears during a call: the call has used a capability that the kernel looks for in it.
 *   - It appears between two calls that are stopped: a quiet call has used one.
 *   - It is there already: each call that has succeeded may have used those that the kernel looks for in it.
 *
 * Only effective capabilities count (CapEff of proc_pid_status(5)). overlayfs acts with the capabilities of the process
 * that has mounted it, and marks whoever opens a file for the first time: such a mark is for no capability, or for too
 * many. */

#include <sys/types.h>

#include "plan/plan.h"
#include "plan/record/record.h"

typedef struct Marks Marks;

/* Returns NULL when memory runs out. */
Marks *marks_new(const Plan *plan, Record *record);
Marks *marks_free(Marks *marks);
DEFINE_CLEANUP(Marks *, marks_free);

/* Whether the end of the call is of interest. Marks may be NULL: the payload has no capabilities. */
bool marks_want(const Marks *marks, int number);

/* Before each call that is stopped, and after each for which marks_want() is true. executed: the command runs. */
void marks_before(Marks *marks, pid_t tid, int number, bool executed, const char *program);
void marks_after(Marks *marks, pid_t tid, int number, bool succeeded, bool executed, const char *program);

/* At the end of a thread: when it is about to end, and when it is gone. */
void marks_end(Marks *marks, pid_t tid, bool executed, const char *program);
void marks_forget(Marks *marks, pid_t tid);
