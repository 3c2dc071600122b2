/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/host.h"

/* Begins the wait that systemd's move of the first process inside will need, in a thread of its own.
 *
 * The kernel takes a lock to move a process to another cgroup. Before that, it waits for an RCU grace period, unless
 * somebody has moved a process in the last 10 to 20 ms: 6 ms on a machine with HZ=250. Whatever has the lock taken
 * before spares systemd this wait. The thread writes its own number to cgroup.threads. The kernel then takes the lock,
 * and refuses the write, unless the thread is in that cgroup already: cgroup.threads moves nothing from one domain to
 * another. So isorun stays where it is, even if somebody moves it at the same moment. Errors have no effect. */
void grace_begin(const Host *host);
