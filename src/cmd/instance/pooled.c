/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/pooled.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"

void pooled_stops_deinit(PooledStops *stops) {
        for (size_t i = 0; i < stops->n; i++) {
                fd_close(stops->items[i].isorun);
                fd_close(stops->items[i].inside);
                free(stops->items[i].name);
        }
        free(stops->items);
        *stops = (PooledStops) {};
}

int pooled_stop(PooledStops *stops, const Instance *i, Report *report) {
        PooledStop *s = ARRAY_APPEND(stops->items, stops->n);

        if (!s)
                return report_oom(report);
        *s = (PooledStop) { .isorun = sys_pidfd_open(i->isorun, 0), .inside = sys_pidfd_open(i->pid, 0),
                            .name = strdup(i->name) };
        if (!s->name)
                return report_oom(report);
        if (s->isorun >= 0 && sys_pidfd_send_signal(s->isorun, SIGTERM) >= 0)
                return 0;
        s->isorun = fd_close(s->isorun); /* nothing to wait for */
        return errno == ESRCH ? 0 : report_error(report, errno, "%s: cannot send SIGTERM to process %d: %s", i->name,
                                                 i->isorun, strerror(errno));
}

/* Returns whether the process ends before the time. */
static bool ends(int pidfd, uint64_t end_usec) {
        struct pollfd fd = { .fd = pidfd, .events = POLLIN };
        int r;

        do
                r = poll(&fd, 1, clock_msec_until(end_usec));
        while (r < 0 && errno == EINTR);
        return r > 0;
}

int pooled_wait(const PooledStops *stops, Report *report) {
        enum { STOP_USEC = 90000000, KILL_USEC = 10000000 }; /* DefaultTimeoutStopSec= of systemd-system.conf(5) */
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + STOP_USEC;
        int result = 0;

        for (size_t i = 0; i < stops->n; i++) {
                const PooledStop *s = &stops->items[i];

                if (s->isorun < 0 || ends(s->isorun, end))
                        continue;
                (void) sys_pidfd_send_signal(s->inside, SIGKILL);
                if (!ends(s->isorun, clock_usec(CLOCK_MONOTONIC) + KILL_USEC))
                        result = report_error(report, ETIMEDOUT, "%s has not ended", s->name);
        }
        return result;
}
