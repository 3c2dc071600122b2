/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sandbox/wire/packet.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"
#include "util/strv.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

int control_check_header(const void *packet, size_t size, ControlHeader *ret) {
        if (size < sizeof(*ret) || memcmp(packet, control_header.magic, sizeof(control_header.magic)) != 0)
                return -EPROTO;
        memcpy(ret, packet, sizeof(*ret));
        ret->program[sizeof(ret->program) - 1] = '\0';
        return ret->version == control_header.version ? 0 : -EPROTONOSUPPORT;
}

int control_listen(int type) {
        enum { BACKLOG = 64 }; /* isorun accepts nothing before the command runs */
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const struct sockaddr any = { .sa_family = AF_UNIX };

        /* An address of this size asks for a name: "Autobind feature" in unix(7). */
        if (fd < 0 || bind(fd, &any, sizeof(any.sa_family)) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int user_namespace(const char *pid, struct stat *ret) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%s/ns/user", pid);
        return stat(path, ret) < 0 ? -errno : 0;
}

/* A process in a sandbox may have the same uid, and may reach the socket if it shares the network. So the sender's pid
 * namespace must be as deep as isorun's, and its user namespace the same. A user's isorun may not look at the user
 * namespace of root's processes, or with hidepid= not see them at all, so need_users is false for them. */
static int check_outside(pid_t pid, int pidfd, bool need_users) {
        struct stat own, peer;
        char number[16];
        int depth, r;

        depth = process_pidfd_depth(pidfd);
        if (depth < 0)
                return depth;
        if (depth != process_pid_depth(0))
                return -EPERM;

        r = user_namespace("self", &own);
        if (r < 0)
                return r;
        snprintf(number, sizeof(number), "%d", pid);
        r = user_namespace(number, &peer);
        if ((r == -EACCES || r == -ENOENT) && !need_users)
                return 0;
        if (r < 0)
                return r;
        return own.st_dev == peer.st_dev && own.st_ino == peer.st_ino ? 0 : -EPERM;
}

int control_check_sender(int fd) {
        _cleanup_close_ int pidfd = -1;
        socklen_t size = sizeof(struct ucred), pidfd_size = sizeof(pidfd);
        struct ucred peer;
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        if (peer.pid <= 0 || (peer.uid != 0 && peer.uid != geteuid()))
                return -EPERM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &pidfd_size) < 0) {
                pidfd = errno == ENOPROTOOPT ? sys_pidfd_open(peer.pid, 0) : -1;
                if (pidfd < 0)
                        return -EPERM;
        }

        r = check_outside(peer.pid, pidfd, peer.uid != 0 || geteuid() == 0);
        if (r < 0)
                return r;
        /* The sender still runs, so the pid that was checked has been its pid all the time. */
        return poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, 0) == 0 ? 0 : -EPERM;
}

int control_accept(int listener) {
        _cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        int r;

        if (fd < 0)
                return -errno;
        r = control_check_sender(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

/* Splits text into exactly n strings, each with a NUL at its end. */
static int split(const char *text, size_t size, size_t n, char ***ret) {
        _cleanup_strv_free_ char **strings = NULL;

        for (size_t i = 0; i < n; i++) {
                size_t length = strnlen(text, size);

                if (length == size)
                        return -EPROTO;
                if (strv_push(&strings, text) < 0)
                        return -ENOMEM;
                text += length + 1;
                size -= length + 1;
        }
        if (size)
                return -EPROTO;
        *ret = TAKE_PTR(strings);
        return 0;
}

/* packet begins after the header. */
static int parse_request(const char *packet, size_t size, ControlRequest *ret, char ***ret_strings) {
        if (size < sizeof(*ret))
                return -EPROTO;
        memcpy(ret, packet, sizeof(*ret));
        return split(packet + sizeof(*ret), size - sizeof(*ret), ret->n_strings, ret_strings);
}

int control_receive_request(int fd, ControlHeader *ret_header, ControlRequest *ret, char ***ret_strings, int *fds,
                            unsigned n) {
        const size_t room = sizeof(ControlHeader) + sizeof(ControlRequest) + CONTROL_STRINGS_MAX;
        _cleanup_free_ char *buffer = malloc(room);
        size_t size;
        int r;

        if (!buffer)
                return -ENOMEM;
        if (TEMP_FAILURE_RETRY(poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, -1)) < 0)
                return -errno;
        r = packet_receive(fd, buffer, room, &size, fds, n, MSG_DONTWAIT);
        if (r <= 0)
                return r;

        r = control_check_header(buffer, size, ret_header);
        if (r >= 0)
                r = parse_request(buffer + sizeof(ControlHeader), size - sizeof(ControlHeader), ret, ret_strings);
        if (r < 0)
                fds_close(fds, n);
        return r < 0 ? r : 1;
}

int control_receive_signal(int fd, int *ret) {
        struct {
                ControlHeader header;
                ControlRequest request;
        } packet;
        ControlHeader header;
        size_t size;
        int r;

        r = packet_receive(fd, &packet, sizeof(packet), &size, NULL, 0, MSG_DONTWAIT);
        if (r <= 0)
                return r;
        if (control_check_header(&packet, size, &header) < 0 || size != sizeof(packet) ||
            packet.request.type != CONTROL_SIGNAL || packet.request.value < 1 || packet.request.value > SIGNAL_MAX)
                return -EPROTO;
        *ret = packet.request.value;
        return 1;
}

int control_send_reply(int fd, const ControlReply *reply, const int *fds, unsigned n) {
        struct iovec parts[] = {
                { .iov_base = (void *) &control_header, .iov_len = sizeof(control_header) },
                { .iov_base = (void *) reply, .iov_len = sizeof(*reply) },
        };

        return packet_send(fd, parts, ELEMENTSOF(parts), fds, n, MSG_DONTWAIT);
}
