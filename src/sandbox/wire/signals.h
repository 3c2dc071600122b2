/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum {
        SIGNAL_MAX = 64,

        /* If a signal was sent to both isorun and the reaper, the second may get it this much later. The kernel signals
         * a process group at once; systemd signals the processes of a unit one after the other. */
        SIGNAL_GRACE_MSEC = 10,
        SIGNAL_GRACE_MANAGER_MSEC = 100,

        /* From outside, this signal asks the reaper to have isorun send SIGTERM to the payload. isoctl does not ask
         * isorun: that of a batch may already run its next line. No kernel sends SIGSTKFLT; what it sends of SIGXCPU is
         * not SI_USER. It has no value, as of sigqueue(3): the kernel drops that if the user has too many pending
         * signals. */
#ifdef SIGSTKFLT
        SIGNAL_STOP = SIGSTKFLT,
#else
        SIGNAL_STOP = SIGXCPU,
#endif
};

/* The signals that isorun forwards to the payload. */
void signals_forwarded(sigset_t *ret);

/* All signals that a signalfd may take: all but those by which the kernel reports a fault of this process. */
void signals_all(sigset_t *ret);

/* Whether the signal is to end a program that does not handle it, and is not an event. */
static inline bool signal_is_to_end(int sig) {
        return sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGHUP;
}

/* The bit of a signal in a mask, or 0 for a number that is not a signal. */
static inline uint64_t signal_bit(int sig) {
        return sig >= 1 && sig <= SIGNAL_MAX ? UINT64_C(1) << (sig - 1) : 0;
}
