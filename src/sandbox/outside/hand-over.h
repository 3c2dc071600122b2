/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isorun --hand-over: the reaper becomes the main process of isorun's service, and isorun ends.
 *
 *   isorun                                   reaper (take-over.h)
 *   asks systemd how it stops the service
 *   starts the payload
 *   MESSAGE_HAND_OVER, notify sockets     -> keeps the sockets; still ends if isorun is gone
 *   MAINPID= to systemd, then BARRIER=1
 *   waits until systemd has read both, and asks it whether the reaper is its main process
 *   MESSAGE_HANDED_OVER                   -> from now on goes on without isorun
 *   ends
 *
 * The reaper is the service manager's child from its beginning (CLONE_PARENT). If it were not when MAINPID= comes,
 * systemd would think that it cannot notice the reaper's end. With KillMode=mixed, systemd would then kill the reaper
 * at once instead of waiting.
 *
 * If isorun is killed on the way, either systemd already knows the reaper as the main process, or the reaper ends and
 * all processes inside with it. A reaper that is stopped or frozen then ends when it continues: its parent-death signal
 * (PR_SET_PDEATHSIG) is about the manager, not about isorun. */

#include <stdint.h>

#include "sandbox/notify/notify.h"
#include "sandbox/outside/relay.h"
#include "sandbox/outside/run.h"
#include "sandbox/systemd/service.h"

typedef struct HandOver {
        ServiceBus bus;
        pid_t main_pid;   /* the reaper's, as systemd sees it */
        uint64_t signals; /* a bit for each signal that systemd sends to all processes of the service */
        NotifyAccess access;
        NotifyStore store;
} HandOver;

/* Before the payload is started: asks systemd for the properties of the service that are needed, and the bus for the
 * reaper's pid. The bus must see the same pids as systemd. Returns 0 or -errno, reported. */
int hand_over_prepare(HandOver *h, Run *run);

/* When the payload runs: hands the instance over. Returns 1 if the instance no longer belongs to isorun, or -errno. The
 * error is reported, except -ECONNRESET: the first process inside is gone. */
int hand_over(const HandOver *h, Run *run, const Relay *relay);

void hand_over_deinit(HandOver *h);
