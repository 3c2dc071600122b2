/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/limits/grace.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"
#include "util/thread.h"

/* System calls only: see thread.h. The fd is for this thread alone. */
static void *take_lock(void *userdata) {
        int fd = (int) (intptr_t) userdata;
        char number[16];
        int size = snprintf(number, sizeof(number), "%d", gettid());

        (void) TEMP_FAILURE_RETRY(write(fd, number, (size_t) size));
        close(fd);
        return NULL;
}

/* The file of isorun's own cgroup. A user cannot write to that of a login session, but to that of the user's
 * manager. */
static int open_threads(const Host *host) {
        _cleanup_free_ char *own = path_join(host->cgroup_root, host->cgroup + 1),
                            *file = own ? path_join(own, "cgroup.threads") : NULL,
                            *manager = NULL, *other = NULL;
        int fd = file ? open(file, O_WRONLY | O_CLOEXEC) : -1;

        if (fd >= 0)
                return fd;
        manager = host_user_manager(host);
        other = manager ? format("%s%s/cgroup.threads", host->cgroup_root, manager) : NULL;
        return other ? open(other, O_WRONLY | O_CLOEXEC) : -1;
}

void grace_begin(const Host *host) {
        int fd = host->cgroup_root && host->cgroup ? open_threads(host) : -1;
        pthread_t thread;

        if (fd >= 0 && thread_begin(&thread, take_lock, (void *) (intptr_t) fd) < 0)
                close(fd);
}
