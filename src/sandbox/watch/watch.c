/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/watch/judge.h"
#include "sandbox/watch/tracer.h"
#include "util/fd.h"
#include "util/process.h"

/* Keeps none of the fds of isorun, and the socket as fd 3. */
static int keep_socket(int *socket) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC), high = fcntl(*socket, F_DUPFD_CLOEXEC, 4);

        if (null < 0 || high < 0)
                return -errno;
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (dup2(null, fd) < 0)
                        return -errno;
        *socket = dup3(high, STDERR_FILENO + 1, O_CLOEXEC);
        return *socket < 0 || close_range(STDERR_FILENO + 2, ~0U, 0) < 0 ? -errno : 0;
}

void watch_main(const Plan *plan, pid_t pid, int socket) {
        _cleanup_(denials_freep) Denials *denials = denials_new();
        int r;

        process_begin_helper("isorun-watch");
        r = denials ? keep_socket(&socket) : -ENOMEM;
        if (r >= 0 && chdir("/") < 0)
                r = -errno;
        if (r >= 0)
                r = tracer_attach(pid);
        (void) send(socket, &(int) { -r }, sizeof(int), MSG_NOSIGNAL);
        if (r >= 0)
                r = tracer_run(plan, denials);
        if (r < 0)
                _exit(1); /* the kernel kills the payload */
        judge_all(plan, denials, socket);
        (void) send(socket, "", 1, MSG_NOSIGNAL);
        _exit(0);
}
