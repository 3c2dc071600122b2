/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun-oci events: what a container uses, in the form that runc has. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/oci/command.h"
#include "cmd/program.h"
#include "image/json.h"
#include "oci/outside/cgroup.h"
#include "oci/state/state.h"
#include "sandbox/limits/cgroup.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/text.h"

/* A number of a file, which the cgroup need not have. No limit is UINT64_MAX. */
static uint64_t read_number(int cgroup, const char *file, const char *key) {
        uint64_t n;
        int r = cgroup_number(cgroup, file, key, &n);

        return r == -ERANGE ? UINT64_MAX : r < 0 ? 0 : n;
}

/* JSON has no numbers above INT64_MAX here: libjansson. runc prints UINT64_MAX for "no limit". */
static json_t *number(uint64_t n) {
        return n > INT64_MAX ? json_real((double) n) : json_integer((json_int_t) n);
}

static json_t *cpu(int cgroup) {
        const uint64_t usec = 1000; /* runc has nanoseconds */

        return json_pack("{s{so so so} s{so so so}}", "usage",
                         "total", number(read_number(cgroup, "cpu.stat", "usage_usec") * usec),
                         "kernel", number(read_number(cgroup, "cpu.stat", "system_usec") * usec),
                         "user", number(read_number(cgroup, "cpu.stat", "user_usec") * usec),
                         "throttling",
                         "periods", number(read_number(cgroup, "cpu.stat", "nr_periods")),
                         "throttledPeriods", number(read_number(cgroup, "cpu.stat", "nr_throttled")),
                         "throttledTime", number(read_number(cgroup, "cpu.stat", "throttled_usec") * usec));
}

static json_t *memory(int cgroup) {
        return json_pack("{so s{so so so} s{so so}}", "cache", number(read_number(cgroup, "memory.stat", "file")),
                         "usage",
                         "limit", number(read_number(cgroup, "memory.max", NULL)),
                         "usage", number(read_number(cgroup, "memory.current", NULL)),
                         "failcnt", number(read_number(cgroup, "memory.events", "max")),
                         "swap",
                         "limit", number(read_number(cgroup, "memory.swap.max", NULL)),
                         "usage", number(read_number(cgroup, "memory.swap.current", NULL)));
}

static json_t *make_stats(const OciCall *call, int cgroup) {
        json_t *pids = json_pack("{so so}", "current", number(read_number(cgroup, "pids.current", NULL)), "limit",
                                 number(read_number(cgroup, "pids.max", NULL)));

        return json_pack("{ss ss s{so so so}}", "type", "stats", "id", call->id, "data", "cpu", cpu(cgroup), "memory",
                         memory(cgroup), "pids", pids);
}

/* A line of JSON. Takes it over; NULL means that memory has run out. */
static int print_line(json_t *json, Report *report) {
        int r = json ? json_dumpf(json, stdout, JSON_COMPACT) : -1;

        json_decref(json);
        if (r < 0)
                return report_oom(report);
        putchar('\n');
        return flush_output(report);
}

/* How many processes the kernel has killed for lack of memory. poll(2) shows a file of a cgroup as changed until this
 * very fd is read. If the cgroup is gone, the fd is closed. */
static uint64_t count_kills(int *events) {
        char text[512];
        uint64_t kills;
        ssize_t n = *events < 0 ? -1 : pread(*events, text, sizeof(text) - 1, 0);

        if (n < 0) {
                *events = fd_close(*events);
                return 0;
        }
        text[n] = '\0';
        return cgroup_find_number(text, "oom_kill", &kills) < 0 ? 0 : kills;
}

/* Prints a line at each interval, and when the kernel has killed a process for lack of memory, until the container
 * ends. */
static int follow(const OciCall *call, const State *state, int cgroup, uint64_t interval) {
        _cleanup_close_ int pidfd = -1, events = openat(cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
        uint64_t killed = count_kills(&events), next = clock_usec(CLOCK_MONOTONIC) + interval;
        Status status;
        int r = state_status(state, &status, &pidfd, call->report);
        bool ended = pidfd < 0;

        while (r >= 0 && !ended) {
                struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = events, .events = POLLPRI } };
                int n = poll(fds, ELEMENTSOF(fds), clock_msec_until(next));
                uint64_t now = count_kills(&events);

                ended = (n < 0 && errno != EINTR) || (n > 0 && fds[0].revents);
                if (now > killed)
                        r = print_line(json_pack("{ss ss}", "type", "oom", "id", call->id), call->report);
                killed = now;
                if (r >= 0 && !ended && clock_msec_until(next) == 0) {
                        r = print_line(make_stats(call, cgroup), call->report);
                        next = clock_usec(CLOCK_MONOTONIC) + interval;
                }
        }
        return r < 0;
}

int oci_events(const OciCall *call) {
        const char *text = command_line_get(call->line, OCI_INTERVAL) ?: "5s";
        _cleanup_state_ State state = { .directory = -1 };
        _cleanup_close_ int cgroup = -1;
        uint64_t interval;
        Status status;

        if (parse_timespan(text, &interval) < 0 || interval < 1000 || interval / 1000 > INT32_MAX)
                return report_error(call->report, EINVAL, "--interval: not a time: \"%s\"", text) < 0;
        if (state_load(call->root, call->id, &state, call->report) < 0 ||
            state_status(&state, &status, NULL, call->report) < 0)
                return 1;
        if (status == STATUS_STOPPED)
                return report_error(call->report, ESRCH, "the container %s is not running", call->id) < 0;
        cgroup = container_cgroup_open(&state, call->report);
        if (cgroup < 0)
                return 1;
        return command_line_has(call->line, OCI_STATS) ? print_line(make_stats(call, cgroup), call->report) < 0
                                                       : follow(call, &state, cgroup, interval);
}
