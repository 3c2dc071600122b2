/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdint.h>

enum {
        SIGNAL_MAX = 64,

        /* How long a signal that isorun got may take to reach the reaper, if it was sent to both. The kernel sends
         * to a process group in one go; systemd sends to the processes of a unit one after the other. */
        SIGNAL_GRACE_MSEC = 10,
        SIGNAL_GRACE_MANAGER_MSEC = 100,
};

/* The signals that isorun hands on to the payload. */
void signals_forwarded(sigset_t *ret);

/* All that a signalfd may take: not those by which the kernel says that this process itself has failed. */
void signals_all(sigset_t *ret);

/* The bit of a signal in a mask; 0 for what is none. */
static inline uint64_t signal_bit(int sig) {
        return sig >= 1 && sig <= SIGNAL_MAX ? UINT64_C(1) << (sig - 1) : 0;
}
