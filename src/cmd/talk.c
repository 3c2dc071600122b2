/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/talk.h"

#include <errno.h>
#include <unistd.h>

#include "util/fd.h"

int talk_connect(const Instance *instance, uid_t *ret_uid, Report *report) {
        _cleanup_close_ int fd = -1;
        uid_t uid = 0;

        if (instance->frozen)
                return report_error(report, EBUSY, "%s is frozen (systemctl thaw %s)", instance->name,
                                    instance->cgroup);
        fd = control_connect(instance->isorun, &uid);
        if (fd == -EPERM)
                return report_error(report, EPERM, "%s cannot be reached: another process has taken its socket's name",
                                    instance->name);
        if (fd < 0)
                return report_error(report, -fd, "%s cannot be reached from here: %s (its isorun, process %d, listens "
                                    "in the network namespace that it was started in)", instance->name,
                                    strerror(-fd), instance->isorun);
        if (uid != geteuid() && geteuid() != 0)
                return report_error(report, EPERM, "%s is an instance of user %u, who alone may do that beside root",
                                    instance->name, uid);
        if (ret_uid)
                *ret_uid = uid;
        return TAKE_FD(fd);
}

int talk_ask(const Instance *instance, ControlType question, int *fds, unsigned n, uid_t *ret_uid, Report *report) {
        _cleanup_close_ int fd = talk_connect(instance, ret_uid, report);
        ControlReply reply = {};
        int r;

        if (fd < 0)
                return TAKE_FD(fd);
        r = control_send_request(fd, &(ControlRequest) { .type = (int32_t) question }, NULL, 0, NULL, 0);
        if (r >= 0)
                r = control_receive_reply(fd, &reply, fds, n);
        if (r < 0 && r != -EPIPE && r != -ECONNRESET)
                return report_error(report, -r, "%s: %s", instance->name, strerror(-r));
        if (r > 0 && reply.type == CONTROL_FAILED)
                return report_error(report, EIO, "%s: %s", instance->name, reply.text);
        if (r > 0 && fds[n - 1] >= 0)
                return 0;
        for (unsigned i = 0; r > 0 && i < n; i++)
                fds[i] = fd_close(fds[i]);
        return report_error(report, ECONNRESET, "%s: no answer: it has ended, or does not take us for its owner",
                            instance->name);
}

int talk_plan(const Instance *instance, Report *report) {
        int fd, r;

        r = talk_ask(instance, CONTROL_PLAN, &fd, 1, NULL, report);
        return r < 0 ? r : fd;
}
