/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/plan.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"

int client_connect(pid_t isorun, uid_t *ret_uid, gid_t *ret_gid) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        socklen_t size = control_address(isorun, &address), peer_size = sizeof(struct ucred);
        struct ucred peer;

        if (fd < 0 || connect(fd, (struct sockaddr *) &address, size) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) < 0)
                return -errno;
        if (peer.pid != isorun)
                return -EPERM;
        *ret_uid = peer.uid;
        *ret_gid = peer.gid;
        return TAKE_FD(fd);
}

int client_send(int fd, const ControlRequest *request, const char *strings, size_t size, const int *fds, unsigned n) {
        struct iovec parts[] = {
                { .iov_base = (void *) &control_header, .iov_len = sizeof(control_header) },
                { .iov_base = (void *) request, .iov_len = sizeof(*request) },
                { .iov_base = (void *) strings, .iov_len = size },
        };

        return size > CONTROL_STRINGS_MAX ? -E2BIG : packet_send(fd, parts, ELEMENTSOF(parts), fds, n, 0);
}

static bool is_valid(const ControlReply *reply) {
        switch (reply->type) {
        case CONTROL_TERMINAL:
        case CONTROL_TEXT:
        case CONTROL_STARTED:
                return true;
        case CONTROL_FAILED:
                return reply->status >= PLAN_FAILED && reply->status <= PLAN_NOT_FOUND;
        case CONTROL_EXITED:
                return WIFEXITED(reply->value) || WIFSIGNALED(reply->value);
        }
        return false;
}

/* Checks the reply, because an instance may be of another version or may be attacked. Returns 0 or -errno, reported. */
static int parse_reply(const char *packet, size_t size, const char *name, ControlReply *ret, Report *report) {
        ControlHeader header;
        int r;

        r = control_check_header(packet, size, &header);
        if (r == -EPROTONOSUPPORT)
                return report_error(report, EPROTONOSUPPORT,
                                    "%s was started by isorun %s (control protocol %u), but this is isoctl %s "
                                    "(protocol %u): use isoctl %s for it, or restart the instance",
                                    name, header.program,
                                    header.version, control_header.program, control_header.version, header.program);
        if (r >= 0 && size == sizeof(header) + sizeof(*ret)) {
                memcpy(ret, packet + sizeof(header), sizeof(*ret));
                ret->text[sizeof(ret->text) - 1] = '\0';
                if (is_valid(ret))
                        return 0;
        }
        return report_error(report, EPROTO,
                            "isoctl %s cannot understand the answer of %s: a different version of isorun may have "
                            "started it", control_header.program, name);
}

int client_receive(int fd, const char *name, ControlReply *ret, int *fds, unsigned n, Report *report) {
        char packet[CONTROL_REPLY_ROOM];
        size_t size;
        int r;

        r = packet_receive(fd, packet, sizeof(packet), &size, fds, n, 0);
        if (r < 0)
                return report_error(report, -r, "%s: %s", name, strerror(-r));
        if (r == 0)
                return 0;
        r = parse_reply(packet, size, name, ret, report);
        if (r < 0)
                fds_close(fds, n);
        return r < 0 ? r : 1;
}
