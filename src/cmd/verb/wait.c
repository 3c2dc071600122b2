/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl wait NAME...: waits until the instances have ended and their scopes are gone, so that their names are free.
 * Exits as they have. */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#include "cmd/instance/ended.h"
#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "sandbox/limits/cgroup.h"
#include "util/fd.h"
#include "util/process.h"

/* Waits for the process. Returns its status of wait(2), -EOPNOTSUPP if the kernel does not tell it, or -errno,
 * reported. */
static int wait_for_process(int pidfd, Report *report) {
        while (poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, -1) < 0)
                if (errno != EINTR)
                        return report_error(report, errno, "cannot wait for events: %s", strerror(errno));
        return process_pidfd_exit(pidfd);
}

/* Opens a pidfd. Returns it, -1 if the process is gone, or -errno, reported. */
static int open_process(pid_t pid, const char *name, Report *report) {
        int fd = process_open(pid);

        if (fd >= 0 || fd == -ESRCH)
                return fd >= 0 ? fd : -1;
        return report_error(report, -fd, "%s: cannot wait for process %d: %s", name, pid, strerror(-fd));
}

/* systemd removes the scope a moment after its last process has ended. The kernel does not tell other processes that a
 * cgroup is removed, so this looks again and again: not for ever, because a user can keep a cgroup. */
static int wait_for_removal(const InstanceList *list, const Instance *i, Report *report) {
        enum { TURN_MSEC = 10, TURNS = 1000 };
        _cleanup_close_ int fd = -1;
        uint64_t populated;

        for (unsigned turn = 0; turn < TURNS; turn++) {
                fd_close(fd);
                fd = instance_open(list, i);
                if (fd < 0)
                        return 0;
                /* A new instance of the same name has started. */
                if (cgroup_number(fd, "cgroup.events", "populated", &populated) >= 0 && populated)
                        return 0;
                nanosleep(&(struct timespec) { .tv_nsec = TURN_MSEC * 1000000 }, NULL);
        }
        return report_error(report, ETIMEDOUT, "%s has ended, but its cgroup %s is still there after %d seconds",
                            i->name, i->cgroup, TURNS * TURN_MSEC / 1000);
}

/* Waits for the first process inside and then for isorun, which ends as the payload has ended. After a hand-over, the
 * first process does. Sets *ret to its status of wait(2), or -1. */
static int wait_for_processes(const Instance *i, int *ret, Report *report) {
        _cleanup_close_ int inside = open_process(i->pid, i->name, report),
                            isorun = i->isorun ? open_process(i->isorun, i->name, report) : -1;
        int r = inside >= 0 ? wait_for_process(inside, report) : 0;

        *ret = -1;
        if (inside < -1 || isorun < -1 || (r < 0 && r != -EOPNOTSUPP))
                return -EIO;
        if (isorun >= 0)
                r = wait_for_process(isorun, report);
        if (r < 0 && r != -EOPNOTSUPP)
                return r;
        if ((isorun >= 0 || i->handed_over) && inside >= 0 && r >= 0)
                *ret = r;
        return 0;
}

/* The exit status that isorun has for this status of wait(2). */
static int as_exit_status(int wait_status) {
        return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

static int not_known(const char *name, Report *report) {
        report_error(report, ENODATA, "%s has ended, but neither the kernel nor the journal says how", name);
        return PLAN_FAILED;
}

/* Finds the last records of an instance that has started. journald takes the record of the end a moment later. Returns
 * as ended_find(). */
static int find_end(const char *name, uint64_t since_usec, Ended *ret) {
        enum { TURN_MSEC = 50, TURNS = 40 };
        int r = 0;

        for (unsigned turn = 0; turn < TURNS; turn++) {
                ended_deinit(ret);
                *ret = (Ended) { .status = -1 };
                r = ended_find(name, since_usec, ret);
                if ((r <= 0 && !since_usec) || (r > 0 && (ret->refused || ret->status >= 0)))
                        break;
                nanosleep(&(struct timespec) { .tv_nsec = TURN_MSEC * 1000000 }, NULL);
        }
        return r;
}

static int ask_journal(const Instance *i, Report *report) {
        _cleanup_(ended_deinit) Ended ended = {};

        return i->unit && find_end(i->unit, i->started_usec, &ended) > 0 && ended.status >= 0
                       ? ended.status
                       : not_known(i->name, report);
}

/* Returns the exit status of the instance. */
static int wait_for(const InstanceList *list, const Instance *i, Report *report) {
        int status;

        if (wait_for_processes(i, &status, report) < 0)
                return PLAN_FAILED;
        if (endswith(i->cgroup, ".scope") && wait_for_removal(list, i, report) < 0)
                return PLAN_FAILED;
        return status >= 0 ? as_exit_status(status) : ask_journal(i, report);
}

/* Finds the exit status of an instance that does not run. Returns whether the journal has a record about it. */
static bool has_ended(const char *name, int *ret, Report *report) {
        _cleanup_(ended_deinit) Ended ended = {};

        if (find_end(name, 0, &ended) <= 0)
                return false;
        if (ended.refused)
                report_error(report, ENOENT, "%s", ended.message);
        *ret = ended.refused ? PLAN_FAILED : ended.status >= 0 ? ended.status : not_known(name, report);
        return true;
}

/* Waits for all instances that the argument means. Returns the exit status of the last that has failed, or 0. */
static int wait_for_argument(const InstanceList *list, char *name, Report *report) {
        _cleanup_(selection_deinit) Selection selection = {};
        int status = 0;

        if (!instances_has(list, name) && has_ended(name, &status, report))
                return status;
        if (instances_select(&selection, list, (char *[]) { name, NULL }, true, report) < 0)
                return PLAN_FAILED;
        for (size_t i = 0; i < selection.n; i++) {
                int r = wait_for(list, selection.items[i], report);

                if (r != 0)
                        status = r;
        }
        return status;
}

static bool names_unverified(const InstanceList *list, char *const *names) {
        for (char *const *name = names; *name; name++)
                for (size_t i = 0; i < list->n; i++)
                        if (!list->items[i].nested && !list->items[i].pid && instance_matches(&list->items[i], *name))
                                return true;
        return false;
}

/* Finds the instances. One that is just ending has lost its reaper, so that nothing proves it, and is gone a moment
 * later. */
static int find(InstanceList *ret, char *const *names, Report *report) {
        enum { TURN_MSEC = 10, TURNS = 100 };
        int r = instances_find(ret, report);

        for (unsigned turn = 0; r >= 0 && turn < TURNS && names_unverified(ret, names); turn++) {
                nanosleep(&(struct timespec) { .tv_nsec = TURN_MSEC * 1000000 }, NULL);
                instances_deinit(ret);
                *ret = (InstanceList) {};
                r = instances_find(ret, report);
        }
        return r;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        int status = 0;

        if (find(&list, line->arguments, report) < 0)
                return PLAN_FAILED;
        for (char **name = line->arguments; *name; name++) {
                int r = wait_for_argument(&list, *name, report);

                if (r != 0)
                        status = r;
        }
        return status;
}

static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_wait = {
        .name = "wait",
        .help = "wait until instances have ended",
        .details = "Returns the exit status of the instance, as isorun does; with several, that of the last that has\n"
                   "failed, or 0. For an instance that has ended, the journal says it.",
        .arguments = arguments,
        .run = run,
};
