/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Outside: changes this process, which is about to carry the flows, to the payload's ids on the host, without any
 * capability. A peer behind a socket then sees the payload's user. As a user, isorun cannot become another one: with
 * PrivateUsers=full, the caller's ids stay. Returns 0 or -errno. */
int confine_ids(const Plan *plan);

/* Allows this process only what flows need: no files, no programs, no sockets but TCP, UDP and Unix ones. Returns 0 or
 * -errno. */
int confine_calls(void);

/* Allows this process only to make internet sockets and to send them; listens: also to let them listen, and to give
 * the loopback device addresses. Returns 0 or -errno. */
int confine_inner(bool listens);

typedef struct Confinement {
        const uint32_t *calls;
        size_t n_calls;
        const uint32_t *families; /* of socket(2) */
        size_t n_families;
        const uint32_t *requests; /* of ioctl(2) */
        size_t n_requests;
        bool sizes_pipes; /* fcntl(2) with F_SETPIPE_SZ */
} Confinement;

/* Loads a filter that allows only these system calls, and socket(2), ioctl(2) and fcntl(2) only with these values. All
 * others fail with EPERM. Returns 0 or -errno. */
int confine_filter(const Confinement *c);
