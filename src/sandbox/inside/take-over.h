/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In the reaper: its side of hand-over.h. After isorun is gone, the reaper is the unit's main process. It relays the
 * payload's messages to systemd, and forwards the signals that it gets, except those that systemd also sends to the
 * payload. */

#include <stdint.h>

#include "sandbox/notify/notify.h"
#include "sandbox/wire/message.h"

typedef struct TakeOver {
        Notify *notify;   /* NULL before take_over_prepare() */
        uint64_t signals; /* a bit for each signal that the payload gets from systemd */
        uint64_t pending; /* signals that came between MESSAGE_HAND_OVER and MESSAGE_HANDED_OVER */
        pid_t payload;
        bool done;
} TakeOver;

/* Handles MESSAGE_HAND_OVER. Takes over fds. From now on the reaper accepts every signal that it can, on the signalfd
 * signals. Returns 0 or -errno. */
int take_over_prepare(TakeOver *t, const Message *m, int fds[static 2], pid_t payload, int signals);

/* Handles MESSAGE_HANDED_OVER: forwards the signals that have come since take_over_prepare(). */
void take_over_finish(TakeOver *t);

/* Handles a signal from outside the pid namespace. */
void take_over_signal(TakeOver *t, int sig);
