/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sandbox/wire/packet.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"
#include "util/strv.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* The length counts: an abstract name is not terminated. */
static socklen_t make_address(struct sockaddr_un *ret, pid_t isorun) {
        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 +
                            (size_t) snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1, "isorun/%d", isorun));
}

int control_listen(void) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address;
        socklen_t size = make_address(&address, getpid());

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) < 0 || listen(fd, 16) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int user_namespace(const char *pid, struct stat *ret) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%s/ns/user", pid);
        return stat(path, ret) < 0 ? -errno : 0;
}

/* A sandboxed process may have the same uid, and share the network. root's processes are looked at by their pid
 * namespace alone where isorun is a user's, who may not look at their other ones. */
static int check_outside(pid_t pid, bool need_users) {
        struct stat own, peer;
        char number[16];
        int depth, r;

        depth = process_pid_depth(pid);
        if (depth < 0)
                return depth;
        if (depth != process_pid_depth(0))
                return -EPERM;

        r = user_namespace("self", &own);
        if (r < 0)
                return r;
        snprintf(number, sizeof(number), "%d", pid);
        r = user_namespace(number, &peer);
        if (r == -EACCES && !need_users)
                return 0;
        if (r < 0)
                return r;
        return own.st_dev == peer.st_dev && own.st_ino == peer.st_ino ? 0 : -EPERM;
}

static int check_peer(int fd) {
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

        r = check_outside(peer.pid, peer.uid != 0 || geteuid() == 0);
        if (r < 0)
                return r;
        /* Then the pid was that process's all the while. */
        return poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, 0) == 0 ? 0 : -EPERM;
}

int control_accept(int listener) {
        _cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        int r;

        if (fd < 0)
                return -errno;
        r = check_peer(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

int control_connect(pid_t isorun, uid_t *ret_uid, gid_t *ret_gid) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        socklen_t size = make_address(&address, isorun), peer_size = sizeof(struct ucred);
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

int control_send_request(int fd, const ControlRequest *request, const char *strings, size_t size, const int *fds,
                         unsigned n) {
        struct iovec parts[] = {
                { .iov_base = (void *) request, .iov_len = sizeof(*request) },
                { .iov_base = (void *) strings, .iov_len = size },
        };

        return size > CONTROL_STRINGS_MAX ? -E2BIG : packet_send(fd, parts, 2, fds, n, 0);
}

/* Exactly n strings, each with its NUL. */
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

int control_receive_request(int fd, ControlRequest *ret, char ***ret_strings, int *fds, unsigned n) {
        const size_t room = sizeof(ControlRequest) + CONTROL_STRINGS_MAX;
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

        r = -EPROTO;
        if (size >= sizeof(*ret)) {
                memcpy(ret, buffer, sizeof(*ret));
                r = split(buffer + sizeof(*ret), size - sizeof(*ret), ret->n_strings, ret_strings);
        }
        if (r < 0)
                fds_close(fds, n);
        return r < 0 ? r : 1;
}

int control_receive_signal(int fd, int *ret) {
        ControlRequest request;
        size_t size;
        int r;

        r = packet_receive(fd, &request, sizeof(request), &size, NULL, 0, MSG_DONTWAIT);
        if (r <= 0)
                return r;
        if (size != sizeof(request) || request.type != CONTROL_SIGNAL)
                return -EPROTO;
        *ret = request.value;
        return 1;
}

int control_send_reply(int fd, const ControlReply *reply, const int *fds, unsigned n) {
        struct iovec part = { .iov_base = (void *) reply, .iov_len = sizeof(*reply) };

        return packet_send(fd, &part, 1, fds, n, MSG_DONTWAIT);
}

int control_receive_reply(int fd, ControlReply *ret, int *fds, unsigned n) {
        size_t size;
        int r;

        r = packet_receive(fd, ret, sizeof(*ret), &size, fds, n, 0);
        if (r > 0 && size != sizeof(*ret)) {
                fds_close(fds, n);
                return -EPROTO;
        }
        if (r > 0)
                ret->text[sizeof(ret->text) - 1] = '\0';
        return r;
}
