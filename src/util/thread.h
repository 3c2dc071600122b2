/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Threads of isorun outside, for work that takes long and decides nothing. isorun makes its other processes by a plain
 * clone3(2), in which locks of glibc stay as they are. So before that, either a thread is joined, or it only makes
 * system calls, and is never joined: then it takes no lock. */

#include <pthread.h>

/* Begins a thread that gets no signals. Returns 0 or -errno. */
int thread_begin(pthread_t *ret, void *(*run)(void *userdata), void *userdata);
