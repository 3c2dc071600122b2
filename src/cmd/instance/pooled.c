/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/pooled.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "cmd/instance/member.h"
#include "sandbox/wire/signals.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/strv.h"

void pooled_stops_deinit(PooledStops *stops) {
        for (size_t i = 0; i < stops->n; i++) {
                fd_close(stops->items[i].isorun);
                fd_close(stops->items[i].inside);
                fd_close(stops->items[i].cgroup);
                free(stops->items[i].name);
        }
        free(stops->items);
        *stops = (PooledStops) {};
}

int pooled_open(const InstanceList *list, const Instance *i, Report *report) {
        _cleanup_close_ int cgroup = instance_open(list, i), pidfd = -1;
        struct stat st;

        if (cgroup < 0 || fstat(cgroup, &st) < 0) {
                int error = cgroup < 0 ? -cgroup : errno;

                return report_error(report, error, "%s: %s", i->cgroup, strerror(error));
        }
        if (geteuid() != 0 && st.st_uid != geteuid())
                return report_error(report, EPERM, "%s is in a pool of user %u: only that user and root may do this",
                                    i->name, st.st_uid);
        /* The next line of a batch may have the same name, and so its cgroup the same path. */
        pidfd = st.st_ino == i->inode ? member_open(i->pid, i->cgroup, cgroup, i->inode) : -ESRCH;
        if (pidfd == -ESRCH)
                return report_error(report, ESRCH, "%s has ended", i->name);
        if (pidfd < 0)
                return report_error(report, -pidfd, "%s: %s", i->name, strerror(-pidfd));
        return TAKE_FD(cgroup);
}

/* Reads from cgroup.events. A read also lets poll(2) tell of the next change. */
static int is_frozen(int events, bool *ret) {
        char text[256] = "";
        const char *found;

        if (pread(events, text, sizeof(text) - 1, 0) < 0)
                return -errno;
        found = strstr(text, "frozen ");
        if (!found)
                return -ENODATA;
        *ret = startswith(found, "frozen 1") != NULL;
        return 0;
}

static int await_frozen(int events, bool wanted) {
        enum { WAIT_USEC = 10000000 };
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + WAIT_USEC;
        bool frozen = false;
        int r;

        while ((r = is_frozen(events, &frozen)) >= 0 && frozen != wanted)
                if (poll(&(struct pollfd) { .fd = events, .events = POLLPRI }, 1, clock_msec_until(end)) == 0)
                        return -ETIMEDOUT;
        return r;
}

int pooled_freeze(int cgroup, const Instance *i, bool freeze, Report *report) {
        _cleanup_close_ int events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
        int r = file_write(cgroup, "cgroup.freeze", freeze ? "1" : "0");

        if (r >= 0)
                r = await_frozen(events, freeze);
        if (r < 0)
                return report_error(report, -r, "cannot %s %s: %s", freeze ? "freeze" : "thaw", i->name, strerror(-r));
        return 0;
}

/* Sends the signal to the processes of a cgroup and of those below it. By the time a process is opened, its pid may
 * belong to a process elsewhere. Returns 0, or -errno if a process cannot be signalled. */
static int signal_all(int cgroup, const Instance *i, int sig) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *pids = NULL;
        char *position = NULL;
        int r = file_read(cgroup, "cgroup.procs", &pids, NULL);

        for (char *word = strtok_r(pids, "\n", &position); r >= 0 && word; word = strtok_r(NULL, "\n", &position)) {
                pid_t pid = (pid_t) strtol(word, NULL, 10);
                _cleanup_close_ int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;

                if (pidfd >= 0 && member_is_in(pid, i->cgroup, cgroup) && sys_pidfd_send_signal(pidfd, sig) < 0 &&
                    errno != ESRCH)
                        r = -errno;
        }
        if (r >= 0)
                (void) directory_list(cgroup, &names);
        for (char **name = names; r >= 0 && name && *name; name++) {
                _cleanup_close_ int below = openat(cgroup, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                r = below < 0 ? 0 : signal_all(below, i, sig);
        }
        return r == -ENODEV ? 0 : r; /* the cgroup has just been removed */
}

int pooled_kill(int cgroup, const Instance *i, int sig, Report *report) {
        int r = sig == SIGKILL ? file_write(cgroup, "cgroup.kill", "1") : -EOPNOTSUPP;

        if (r < 0)
                r = signal_all(cgroup, i, sig);
        return r < 0 ? report_error(report, -r, "cannot send the signal to %s: %s", i->name, strerror(-r)) : 0;
}

int pooled_stop(PooledStops *stops, int cgroup, const Instance *i, Report *report) {
        PooledStop *s = ARRAY_APPEND(stops->items, stops->n);
        int r;

        if (!s)
                return report_oom(report);
        *s = (PooledStop) { .isorun = sys_pidfd_open(i->isorun, 0),
                            .inside = member_open(i->pid, i->cgroup, cgroup, i->inode),
                            .cgroup = fcntl(cgroup, F_DUPFD_CLOEXEC, 3), .name = strdup(i->name) };
        if (!s->name)
                return report_oom(report);
        r = s->inside < 0 ? s->inside : sys_pidfd_send_signal(s->inside, SIGNAL_STOP) < 0 ? -errno : 0;
        if (r >= 0) {
                (void) file_write(cgroup, "cgroup.freeze", "0"); /* a frozen process does not end */
                return 0;
        }
        s->isorun = fd_close(s->isorun); /* nothing to wait for */
        return r == -ESRCH ? 0 : report_error(report, -r, "%s: cannot send a signal to process %d: %s", i->name, i->pid,
                                              strerror(-r));
}

/* Returns whether the instance ends before the time. The isorun of a batch goes on with its next line, so this waits
 * until isorun has ended or has removed the cgroup. */
static bool ends(const PooledStop *s, uint64_t end_usec) {
        enum { ON_ISORUN, ON_INSIDE, TURN_MSEC = 10 };
        struct pollfd fds[] = {
                [ON_ISORUN] = { .fd = s->isorun, .events = POLLIN },
                [ON_INSIDE] = { .fd = s->inside, .events = POLLIN },
        };

        for (;;) {
                int left = clock_msec_until(end_usec);
                bool ended = fds[ON_INSIDE].fd < 0;

                (void) poll(fds, ELEMENTSOF(fds), ended && left > TURN_MSEC ? TURN_MSEC : left);
                if (fds[ON_ISORUN].revents || (s->cgroup >= 0 && member_cgroup_is_removed(s->cgroup)))
                        return true;
                if (fds[ON_INSIDE].revents)
                        fds[ON_INSIDE].fd = -1;
                if (left == 0)
                        return false;
        }
}

int pooled_wait(const PooledStops *stops, Report *report) {
        enum { STOP_USEC = 90000000, KILL_USEC = 10000000 }; /* DefaultTimeoutStopSec= of systemd-system.conf(5) */
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + STOP_USEC;
        int result = 0;

        for (size_t i = 0; i < stops->n; i++) {
                const PooledStop *s = &stops->items[i];

                if (s->isorun < 0 || ends(s, end))
                        continue;
                (void) sys_pidfd_send_signal(s->inside, SIGKILL);
                if (!ends(s, clock_usec(CLOCK_MONOTONIC) + KILL_USEC))
                        result = report_error(report, ETIMEDOUT, "%s has not ended", s->name);
        }
        return result;
}
