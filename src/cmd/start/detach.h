/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --detach: systemd starts isorun once more, as the main process of a transient service, which is the instance.
 *
 *   isorun --detach                          isorun in the service
 *   makes the plan, which reports errors
 *   asks systemd for the service, with    -> takes its arguments and environment from fd 0
 *   three fds: a memfd, a socket, a pipe     starts the command; writes messages to fd 2
 *   passes on the messages                   sends the exit status, or 0 once the command runs, over fd 1
 *   prints the name, and ends             <- gives up fd 2
 *
 * If a signal comes before that, the first isorun stops the service.
 *
 * Neither arguments nor environment are properties of the unit, because everybody can read those. */

#include "plan/plan.h"
#include "util/report.h"

/* In the service: takes the arguments and the environment, and puts /dev/null on fds 0 and 1. Returns the socket, 0 if
 * isorun is not such a process, or -errno, reported. The arguments live as long as the process. */
int detach_begin(int *argc, char ***argv, Report *report);

/* In the service: tells the exit status. After the command has started, nobody listens. */
void detach_end(int socket, int status);

/* Lets systemd start the service for this plan, of an instance that would be a scope. Prints the instance's name when
 * the command runs. Returns an exit status. */
int detach_start(const Plan *plan, int argc, char *const *argv, Report *report);

/* Sets standard input, output and error of the policy for a detached instance, if the policy leaves them to the caller.
 * Returns 0 or -errno, reported. */
int detach_redirect(Policy *policy, Report *report);
