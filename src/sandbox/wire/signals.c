/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/signals.h"

#include <stddef.h>

#include "util/macro.h"

void signals_forwarded(sigset_t *ret) {
        /* Without the signals that report what the process itself has done (SIGSEGV, SIGPIPE, SIGCHLD …), and those
         * that stop it. */
        static const int signals[] = { SIGTERM, SIGINT,  SIGHUP,  SIGQUIT,   SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT,
                                       SIGABRT, SIGALRM, SIGPROF, SIGVTALRM, SIGIO,   SIGPWR,  SIGURG };

        sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(ret, signals[i]);
        for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
                sigaddset(ret, sig);
}

void signals_all(sigset_t *ret) {
        static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };

        sigfillset(ret);
        for (size_t i = 0; i < ELEMENTSOF(faults); i++)
                sigdelset(ret, faults[i]);
}
