/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/thread.h"

#include <signal.h>

int thread_begin(pthread_t *ret, void *(*run)(void *userdata), void *userdata) {
        enum { STACK_SIZE = 256 * 1024 }; /* ld.so needs most of it */
        pthread_attr_t attributes;
        sigset_t all, before;
        int r;

        r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_attr_setstacksize(&attributes, STACK_SIZE);
        if (r == 0)
                r = pthread_create(ret, &attributes, run, userdata);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void) pthread_attr_destroy(&attributes);
        return -r;
}
