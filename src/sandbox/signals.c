/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/signals.h"

#include <stddef.h>

#include "util/macro.h"

void signals_forwarded(sigset_t *ret) {
        static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

        sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(ret, signals[i]);
}
