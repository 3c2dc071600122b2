/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --hand-over: the reaper becomes the main process of isorun's service, and isorun ends.
 *
 *   isorun                                   reaper (take-over.h)
 *   asks systemd how it stops the service
 *   starts the payload
 *   MESSAGE_HAND_OVER, notify sockets     -> keeps them; ends still if isorun is gone
 *   MAINPID= to systemd, then BARRIER=1
 *   waits until systemd has read both, and asks it whether the reaper is its main process
 *   MESSAGE_HANDED_OVER                   -> from now on goes on without isorun
 *   ends
 *
 * The reaper is the manager's child from its beginning (CLONE_PARENT): of one that is not when MAINPID= comes, systemd
 * thinks that it will not notice its end, and with KillMode=mixed kills it at once where it should wait.
 *
 * So whenever isorun is killed on the way, either the reaper ends and all with it, or systemd knows it as the main
 * process. A reaper that is stopped or frozen in that moment ends when it goes on: PR_SET_PDEATHSIG is of the manager's
 * end. */

#include <stdint.h>

#include "sandbox/notify/notify.h"
#include "sandbox/outside/relay.h"
#include "sandbox/outside/run.h"
#include "sandbox/systemd/service.h"

typedef struct HandOver {
        ServiceBus bus;
        uint64_t signals; /* that systemd itself sends to each process of the service, a bit each */
        NotifyAccess access;
        NotifyStore store;
} HandOver;

/* Before the payload is started: asks systemd what must be known. Returns 0 or -errno, reported. */
int hand_over_prepare(HandOver *h, const Plan *plan, Report *report);

/* When the payload runs. Returns 1 where the instance is no more isorun's, or -errno, reported but for -ECONNRESET: its
 * first process is gone. */
int hand_over(const HandOver *h, Run *run, const Relay *relay);

void hand_over_deinit(HandOver *h);
