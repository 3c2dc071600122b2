/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/wire/packet.h"
#include "util/fd.h"

enum { TEXT_MAX = 4 << 20 }; /* bytes; a plan has some kilobytes */

int talk_connect(const Instance *instance, int type, TalkOwner *ret, Report *report) {
        _cleanup_close_ int fd = -1;
        TalkOwner owner = {};

        if (instance->frozen)
                return report_error(report, EBUSY, "%s is frozen: resume it with isoctl thaw %s", instance->name,
                                    instance->name);
        if (instance->handed_over)
                return report_error(report, EOPNOTSUPP,
                                    "%s was started with --hand-over: its isorun has ended, so isoctl cannot do this",
                                    instance->name);
        if (instance->runner != geteuid() && geteuid() != 0)
                return report_error(report, EPERM, "%s is an instance of user %u: only that user and root may do this",
                                    instance->name, instance->runner);
        fd = client_connect(instance->isorun, type, &owner.uid, &owner.gid);
        if (fd == -EAGAIN)
                return report_error(report, ETIMEDOUT, "%s does not answer: its isorun, process %d, accepts no "
                                    "connections", instance->name, instance->isorun);
        if (fd == -ENOENT && type != SOCK_SEQPACKET)
                return fd;
        if (fd == -ENOENT)
                return report_error(report, ENOENT,
                                    "cannot reach %s from here: its isorun, process %d, does not listen in this network "
                                    "namespace", instance->name, instance->isorun);
        if (fd < 0)
                return report_error(report, -fd, "cannot reach %s: %s (its isorun is process %d)", instance->name,
                                    strerror(-fd), instance->isorun);
        if (owner.uid != instance->runner)
                return report_error(report, EPERM, "cannot reach %s: process %d is not its isorun any more",
                                    instance->name, instance->isorun);
        if (ret)
                *ret = owner;
        return TAKE_FD(fd);
}

/* Whether the instance's isorun is in another user namespace than this process: that of a service with PrivateUsers=. */
static bool has_other_users(const Instance *instance) {
        struct stat own, other;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/ns/user", instance->isorun);
        return stat("/proc/self/ns/user", &own) >= 0 && stat(path, &other) >= 0 &&
               (own.st_dev != other.st_dev || own.st_ino != other.st_ino);
}

int talk_hung_up(const Instance *instance, Report *report) {
        if (has_other_users(instance))
                return report_error(report, EPERM, "%s refuses: it is in a user namespace of its service "
                                    "(PrivateUsers=yes), where its isorun cannot tell you from a process inside (with "
                                    "User= in the unit, it can)", instance->name);
        return report_error(report, ECONNRESET, "%s does not answer: it has ended, or you are not its owner",
                            instance->name);
}

/* Reads a text. An instance of another user may send any fd, but only a file in memory has seals: such a file is not a
 * pipe or a device, and no other process answers its reads. Returns 0 or -errno. */
static int read_text(int fd, char **ret) {
        struct stat st;

        if (fcntl(fd, F_GET_SEALS) < 0 || fstat(fd, &st) < 0)
                return -EPROTO;
        if (!S_ISREG(st.st_mode) || st.st_size > TEXT_MAX)
                return -EPROTO;
        /* The writer has left the offset at the end. */
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, ret, NULL);
}

/* Returns 0 with all n fds filled, or -errno, reported, with none. */
static int ask(const Instance *instance, int connection, ControlType question, int *fds, unsigned n, Report *report) {
        ControlReply reply = {};
        int r;

        r = client_send(connection, &(ControlRequest) { .type = (int32_t) question }, NULL, 0, NULL, 0);
        if (r < 0 && r != -EPIPE && r != -ECONNRESET)
                return report_error(report, -r, "%s: %s", instance->name, strerror(-r));
        r = client_receive(connection, instance->name, &reply, fds, n, report);
        if (r < 0)
                return r;
        if (r > 0 && reply.type == CONTROL_TEXT && fds[n - 1] >= 0)
                return 0;
        if (r > 0)
                fds_close(fds, n);
        return r > 0 && reply.type == CONTROL_FAILED
                       ? report_error(report, EIO, "%s: %s", instance->name, reply.text)
                       : talk_hung_up(instance, report);
}

int talk_ask(const Instance *instance, ControlType question, char **ret_text, int *fds, unsigned n, TalkOwner *ret,
             Report *report) {
        _cleanup_close_ int connection = talk_connect(instance, SOCK_SEQPACKET, ret, report), text = -1;
        int all[PACKET_FDS_MAX], r;

        if (connection < 0)
                return TAKE_FD(connection);
        r = ask(instance, connection, question, all, n + 1, report);
        if (r < 0)
                return r;
        text = all[0];
        r = read_text(text, ret_text);
        if (r < 0) {
                fds_close(all + 1, n);
                return report_error(report, -r, "%s: cannot read its answer: %s", instance->name, strerror(-r));
        }
        for (unsigned i = 0; i < n; i++)
                fds[i] = all[i + 1];
        return 0;
}
