/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/watch/compose.h"
#include "sandbox/watch/judge.h"
#include "sandbox/watch/tracer.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/process.h"

/* Of the fds of isorun, keeps the socket as fd 3, and the file of a record (0: none) as fd 4. */
enum { SOCKET = STDERR_FILENO + 1, RECORD, OTHERS };

static int keep_fds(int socket, int record) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC), high = fcntl(socket, F_DUPFD_CLOEXEC, OTHERS),
                  other = fcntl(record ?: null, F_DUPFD_CLOEXEC, OTHERS);

        if (null < 0 || high < 0 || other < 0)
                return -errno;
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (dup2(null, fd) < 0)
                        return -errno;
        if (dup3(high, SOCKET, O_CLOEXEC) < 0 || dup3(other, RECORD, O_CLOEXEC) < 0)
                return -errno;
        return close_range(OTHERS, ~0U, 0) < 0 ? -errno : 0;
}

/* Only newer kernels (6.11) keep the peak of tasks. The reaper is a task, too. */
static void write_record(const Plan *plan, const Record *record, uint64_t usec) {
        const uint64_t tasks = record_threads(record) + 1;
        RecordPeaks peaks = {};

        if (TEMP_FAILURE_RETRY(recv(SOCKET, &peaks, sizeof(peaks), 0)) != sizeof(peaks))
                return;
        peaks.tasks = peaks.tasks > tasks ? peaks.tasks : tasks;
        peaks.usec = usec;
        compose(plan, record, &peaks, RECORD, SOCKET);
}

void watch_main(const Plan *plan, Denials *denials, pid_t pid, int socket) {
        _cleanup_(record_freep) Record *record = plan_is_recorded(plan) ? record_new() : NULL;
        const uint64_t begun = clock_usec(CLOCK_MONOTONIC);
        uint64_t ended;
        int r = record || !plan_is_recorded(plan) ? 0 : -ENOMEM;

        process_begin_helper("isorun-watch");
        if (r >= 0)
                r = keep_fds(socket, plan->record);
        if (r >= 0 && chdir("/") < 0)
                r = -errno;
        if (r >= 0)
                r = tracer_attach(pid);
        (void) send(r < 0 ? socket : SOCKET, &(int) { -r }, sizeof(int), MSG_NOSIGNAL);
        if (r >= 0)
                r = tracer_run(plan, denials, record);
        if (r < 0)
                _exit(1); /* the kernel kills the payload */
        ended = clock_usec(CLOCK_MONOTONIC);
        judge_all(plan, denials, SOCKET, JUDGE_PACKETS);
        if (record)
                write_record(plan, record, ended - begun);
        (void) send(SOCKET, "", 1, MSG_NOSIGNAL);
        _exit(0);
}
