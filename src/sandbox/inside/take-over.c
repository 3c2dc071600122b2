/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/take-over.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "sandbox/wire/signals.h"
#include "util/fd.h"

int take_over_prepare(TakeOver *t, const Message *m, int fds[static 2], pid_t payload, int signals) {
        sigset_t mask;

        if (t->notify || fds[0] < 0 || fds[1] < 0) {
                fds_close(fds, 2);
                return -EPROTO;
        }
        /* A signal from outside the pid namespace reaches its first process only if that process handles or blocks it,
         * except SIGKILL and SIGSTOP: pid_namespaces(7). */
        signals_all(&mask);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0 || signalfd(signals, &mask, 0) < 0)
                return -errno;

        t->notify = notify_new(fds[1], NULL, NULL);
        if (!t->notify)
                return -ENOMEM;
        notify_begin(t->notify, fds[0], payload, (NotifyAccess) m->status, (NotifyStore) m->value);
        t->signals = m->number;
        t->payload = payload;
        return 0;
}

void take_over_signal(TakeOver *t, int sig) {
        if (!t->notify || t->signals & signal_bit(sig))
                return;
        if (t->done)
                (void) kill(t->payload, sig);
        else
                t->pending |= signal_bit(sig);
}

void take_over_finish(TakeOver *t) {
        t->done = t->notify;
        for (int sig = 1; sig <= SIGNAL_MAX; sig++)
                if (t->pending & signal_bit(sig))
                        take_over_signal(t, sig);
        t->pending = 0;
}
