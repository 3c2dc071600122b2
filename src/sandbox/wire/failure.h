/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What goes wrong inside, on its way to the user: inside nothing can be printed (standard error may be the
 * payload's file by then), so that it is kept here and sent to isorun. */

#include "sandbox/wire/message.h"

typedef struct Failure {
        Message message;
} Failure;

/* What to say behind an error that a sandbox around this process may be the reason for: text in parentheses with a
 * space before, or "". error: a positive errno. */
const char *failure_hint(int error);

/* Keeps what was tried, and error, a positive errno, whose text is appended. Returns -error. */
int fail(Failure *f, int error, const char *format, ...) _printf_(3, 4);
int fail_at(Failure *f, Subject subject, int error, const char *format, ...) _printf_(4, 5);

/* Takes what another process has left in a failure that it shares: copied first, then checked, since that process may
 * write there still. Returns 0 if it is nothing, or -errno of it. */
int failure_take(const Failure *shared, Failure *ret);

/* A failure in memory that this process shares with those it forks: one that is filtered can write no message. Freed
 * with failure_unshare(). NULL when memory runs out. */
Failure *failure_share(void);
Failure *failure_unshare(Failure *f);
DEFINE_CLEANUP(Failure *, failure_unshare);
