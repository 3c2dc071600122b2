/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/message.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int message_send(int socket, const Message *message, const int *fds, unsigned n) {
        union {
                char buffer[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
                struct cmsghdr align;
        } control = {};
        struct iovec iov = { .iov_base = (void *) message, .iov_len = sizeof(*message) };
        struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (n > 0) {
                struct cmsghdr *c = &control.align;

                h.msg_control = &control;
                h.msg_controllen = CMSG_SPACE(sizeof(int) * n);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
        }

        return TEMP_FAILURE_RETRY(sendmsg(socket, &h, MSG_NOSIGNAL)) < 0 ? -errno : 0;
}

static void take_fds(struct msghdr *h, int *fds, unsigned n) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
                size_t got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t i = 0; i < got; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (i < n)
                                fds[i] = fd;
                        else
                                close(fd);
                }
        }
}

int message_receive(int socket, Message *ret, int *fds, unsigned n) {
        union {
                char buffer[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
                struct cmsghdr align;
        } control;
        struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
        struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                            .msg_controllen = sizeof(control) };
        ssize_t size;

        for (unsigned i = 0; i < n; i++)
                fds[i] = -1;

        size = TEMP_FAILURE_RETRY(recvmsg(socket, &h, MSG_CMSG_CLOEXEC));
        if (size < 0)
                return errno == ECONNRESET ? 0 : -errno;
        take_fds(&h, fds, n);
        if (size == 0)
                return 0;
        return size == sizeof(*ret) ? 1 : -EPROTO;
}
