/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An error inside, on its way to the user. Nothing can be printed inside (standard error may be the payload's file by
 * then), so the error is kept as a message for isorun. */

#include "sandbox/wire/message.h"

typedef struct Failure {
        Message message;
} Failure;

/* Returns a hint for an error that a sandbox around this process may cause: text in parentheses after a space, or "".
 * error is a positive errno. */
const char *failure_hint(int error);

/* The same for an error of socket(2) that RestrictAddressFamilies= may cause. */
const char *failure_socket_hint(int error);

/* Keep in f what was tried and the text of error, a positive errno. Return -error. */
int fail(Failure *f, int error, const char *format, ...) _printf_(3, 4);
int fail_at(Failure *f, Subject subject, int error, const char *format, ...) _printf_(4, 5);

/* Takes the failure that another process has left in shared memory. It is copied before it is checked, because that
 * process may still write to it. Returns 0 if there is no failure, or its -errno. */
int failure_take(const Failure *shared, Failure *ret);

/* Makes a failure in memory that this process shares with its children: a child that has its filter may not be able to
 * send a message. Freed with failure_unshare(). Returns NULL if memory is short. */
Failure *failure_share(void);
Failure *failure_unshare(Failure *f);
DEFINE_CLEANUP(Failure *, failure_unshare);
