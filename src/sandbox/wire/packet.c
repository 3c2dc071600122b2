/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/packet.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"

int packet_send(int socket, struct iovec *parts, size_t n_parts, const int *fds, unsigned n, int flags) {
        struct msghdr h = { .msg_iov = parts, .msg_iovlen = n_parts };
        union {
                char buffer[CMSG_SPACE(sizeof(int) * PACKET_SEND_FDS_MAX)];
                struct cmsghdr align;
        } control;

        if (n > PACKET_SEND_FDS_MAX)
                return -E2BIG;
        if (n > 0) {
                struct cmsghdr *c = &control.align;

                memset(&control, 0, CMSG_SPACE(sizeof(int) * n));
                h.msg_control = &control;
                h.msg_controllen = CMSG_SPACE(sizeof(int) * n);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
        }

        return TEMP_FAILURE_RETRY(sendmsg(socket, &h, MSG_NOSIGNAL | flags)) < 0 ? -errno : 0;
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

int packet_receive(int socket, void *buffer, size_t size, size_t *ret_size, int *fds, unsigned n, int flags) {
        struct iovec part = { .iov_base = buffer, .iov_len = size };
        struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1 };
        union {
                char buffer[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
                struct cmsghdr align;
        } control;
        ssize_t got;

        for (unsigned i = 0; i < n; i++)
                fds[i] = -1;
        /* If the caller wants no fds, there is no room for them, and the kernel drops all that come. */
        if (n > 0) {
                h.msg_control = &control;
                h.msg_controllen = sizeof(control);
        }

        got = TEMP_FAILURE_RETRY(recvmsg(socket, &h, MSG_CMSG_CLOEXEC | flags));
        if (got < 0)
                return errno == ECONNRESET ? 0 : -errno;
        take_fds(&h, fds, n);
        /* A packet without bytes may carry fds. It looks like the end of the stream. */
        if (got == 0 || h.msg_flags & MSG_TRUNC) {
                fds_close(fds, n);
                return got == 0 ? 0 : -EMSGSIZE;
        }
        *ret_size = (size_t) got;
        return 1;
}
