/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/instance/kept.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

enum { TEXT_MAX = 4 << 20 }; /* bytes; a plan has some kilobytes */

/* Whether the instance's isorun is in another namespace of a kind than this process; false if that is not known. */
static bool is_elsewhere(const Instance *instance, const char *kind) {
        _cleanup_free_ char *own = format("/proc/self/ns/%s", kind);
        _cleanup_free_ char *other = format("/proc/%d/ns/%s", instance->isorun, kind);
        struct stat a, b;

        return own && other && stat(own, &a) >= 0 && stat(other, &b) >= 0 &&
               (a.st_dev != b.st_dev || a.st_ino != b.st_ino);
}

/* Also true of a zombie. */
static bool has_ended(pid_t isorun) {
        _cleanup_free_ char *path = format("/proc/%d", isorun);
        _cleanup_close_ int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        ProcessLife life = {};

        return path && (dir < 0 ? errno == ENOENT : process_life(dir, &life) == -ESRCH || life.ends);
}

/* isorun closes its socket before it ends. */
static int report_unreachable(const Instance *instance, int error, Report *report) {
        if (error == ENOENT && is_elsewhere(instance, "net"))
                return report_error(report, ENOENT,
                                    "cannot reach %s from here: its isorun, process %d, does not listen in this "
                                    "network namespace", instance->name, instance->isorun);
        if (has_ended(instance->isorun))
                return report_error(report, ENOENT, "cannot reach %s: it has just ended", instance->name);
        if (error == ENOENT)
                return report_error(report, ENOENT,
                                    "cannot reach %s: its isorun, process %d, does not listen (it is about to end, or "
                                    "the process is not isorun)", instance->name, instance->isorun);
        return report_error(report, error, "cannot reach %s: %s (its isorun is process %d)", instance->name,
                            strerror(error), instance->isorun);
}

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
        if (fd < 0)
                return report_unreachable(instance, -fd, report);
        if (owner.uid != instance->runner)
                return report_error(report, EPERM, "cannot reach %s: process %d is not its isorun any more",
                                    instance->name, instance->isorun);
        if (ret)
                *ret = owner;
        return TAKE_FD(fd);
}

int talk_hung_up(const Instance *instance, Report *report) {
        if (is_elsewhere(instance, "user")) /* that of a service with PrivateUsers= */
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

/* Fills all n fds and returns 0, or fills none and returns -errno, reported. sent: the result of client_send(). */
static int receive(const Instance *instance, int connection, int sent, int *fds, unsigned n, Report *report) {
        ControlReply reply = {};
        int r = sent;

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
        _cleanup_close_ int connection = -1, text = -1;
        int all[PACKET_FDS_MAX], r;

        if (instance->handed_over && kept_has(question))
                return kept_read(instance, question, ret_text, report);
        connection = talk_connect(instance, SOCK_SEQPACKET, ret, report);
        if (connection < 0)
                return TAKE_FD(connection);
        r = client_send(connection, &(ControlRequest) { .type = (int32_t) question }, NULL, 0, NULL, 0);
        r = receive(instance, connection, r, all, n + 1, report);
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

static int send_words(int fd, char *const *words) {
        ControlRequest request = { .type = CONTROL_WHY };
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return -ENOMEM;
        for (; words[request.n_strings]; request.n_strings++)
                text_add_bytes(&text, words[request.n_strings], strlen(words[request.n_strings]) + 1);
        return text.failed ? -ENOMEM : client_send(fd, &request, text.bytes, text.size, NULL, 0);
}

/* Makes the socket for the questions, and sends its other end to the instance. Returns the fd or -errno. */
static int send_questions(int connection, char *const *words) {
        const struct timeval limit = { .tv_sec = CONTROL_SECONDS };
        _cleanup_close_ int own = -1, other = -1;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        own = pair[0];
        other = pair[1];
        if (setsockopt(own, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
            setsockopt(own, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
                return -errno;
        r = send_words(own, words);
        if (r >= 0)
                r = client_send(connection, &(ControlRequest) { .type = CONTROL_WHY }, NULL, 0, &other, 1);
        return r < 0 ? r : TAKE_FD(own);
}

/* Whether the process inside has passed the questions on. If not, it has said why, for example another version. */
static int wait_until_passed(const Instance *instance, int connection, Report *report) {
        ControlReply reply = {};
        int r = client_receive(connection, instance->name, &reply, NULL, 0, report);

        if (r > 0 && reply.type == CONTROL_FAILED)
                return report_error(report, EIO, "%s: %s", instance->name, reply.text);
        return r < 0 ? r : 0;
}

int talk_ask_why(const Instance *instance, char *const *words, char **ret_text, Report *report) {
        _cleanup_close_ int connection = talk_connect(instance, SOCK_SEQPACKET, NULL, report), own = -1, text = -1;
        int r;

        if (connection < 0)
                return TAKE_FD(connection);
        own = send_questions(connection, words);
        if (own < 0)
                return report_error(report, -own, "%s: %s", instance->name, strerror(-own));
        r = wait_until_passed(instance, connection, report);
        if (r >= 0)
                r = receive(instance, own, 0, &text, 1, report);
        if (r < 0)
                return r;
        r = read_text(text, ret_text);
        return r < 0 ? report_error(report, -r, "%s: cannot read its answer: %s", instance->name, strerror(-r)) : 0;
}
