/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The reaper's side of hand-over.h: once isorun is gone, it is the unit's main process. It relays what the payload says
 * to systemd, and hands on the signals that are sent to it, but for those that systemd sends to the payload as well. */

#include <stdint.h>

#include "sandbox/notify/notify.h"
#include "sandbox/wire/message.h"

typedef struct TakeOver {
        Notify *notify;   /* NULL: not prepared */
        uint64_t signals; /* that the payload gets from systemd */
        uint64_t pending; /* that have come since it was prepared, and before it was done */
        pid_t payload;
        bool done;
} TakeOver;

/* MESSAGE_HAND_OVER: takes over the fds. From now on the reaper takes every signal that it can: signals is its signalfd.
 * Returns 0 or -errno. */
int take_over_prepare(TakeOver *t, const Message *m, int fds[static 2], pid_t payload, int signals);

/* MESSAGE_HANDED_OVER. */
void take_over_finish(TakeOver *t);

/* A signal has come from outside. */
void take_over_signal(TakeOver *t, int sig);
