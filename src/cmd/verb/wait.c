/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl wait NAME...: waits until the instances have ended and their scopes are gone, so that their names are free. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/fd.h"
#include "util/kernel.h"

static int wait_for_process(pid_t pid, const char *name, Report *report) {
        _cleanup_close_ int fd = sys_pidfd_open(pid, 0);

        if (fd < 0)
                return errno == ESRCH ? 0 : report_error(report, errno, "%s: cannot wait for process %d: %s", name, pid,
                                                         strerror(errno));
        while (poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, -1) < 0)
                if (errno != EINTR)
                        return report_error(report, errno, "cannot wait for events: %s", strerror(errno));
        return 0;
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
                if (instance_number(fd, "cgroup.events", "populated", &populated) >= 0 && populated)
                        return 0;
                nanosleep(&(struct timespec) { .tv_nsec = TURN_MSEC * 1000000 }, NULL);
        }
        return report_error(report, ETIMEDOUT, "%s has ended, but its cgroup %s is still there after %d seconds", i->name,
                            i->cgroup, TURNS * TURN_MSEC / 1000);
}

static int wait_for(const InstanceList *list, const Instance *i, Report *report) {
        int r;

        r = wait_for_process(i->pid, i->name, report);
        if (r >= 0 && i->isorun)
                r = wait_for_process(i->isorun, i->name, report);
        if (r >= 0 && endswith(i->cgroup, ".scope"))
                r = wait_for_removal(list, i, report);
        return r;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(selection_deinit) Selection selection = {};
        int status = 0;

        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        if (instances_select(&selection, &list, line->arguments, true, report) < 0)
                status = PLAN_FAILED;
        for (size_t i = 0; i < selection.n; i++)
                if (wait_for(&list, selection.items[i], report) < 0)
                        status = PLAN_FAILED;
        return status;
}

static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_REPEATED }, {} };

const Verb verb_wait = {
        .name = "wait",
        .help = "wait until instances have ended",
        .details = "Returns 0 even if an instance failed.",
        .arguments = arguments,
        .run = run,
};
