/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/plan.h"
#include "sandbox/wire/packet.h"
#include "util/array.h"
#include "util/fd.h"

/* The inodes of the sockets that a process has open. */
typedef struct Sockets {
        uint64_t *inodes;
        size_t n;
} Sockets;

static void sockets_deinit(Sockets *s) {
        free(s->inodes);
}

static int sockets_find(pid_t pid, Sockets *ret) {
        char path[64];
        struct dirent *e;
        DIR *dir;
        int r = 0;

        snprintf(path, sizeof(path), "/proc/%d/fd", pid);
        dir = opendir(path);
        if (!dir)
                return -errno;
        while (r >= 0 && (e = readdir(dir))) {
                _cleanup_free_ char *target = NULL;
                uint64_t inode, *added;

                if (link_read(dirfd(dir), e->d_name, &target) < 0 ||
                    sscanf(target, "socket:[%" SCNu64 "]", &inode) != 1)
                        continue;
                added = ARRAY_APPEND(ret->inodes, ret->n);
                if (added)
                        *added = inode;
                else
                        r = -ENOMEM;
        }
        closedir(dir);
        return r;
}

static bool sockets_have(const Sockets *s, uint64_t inode) {
        for (size_t i = 0; i < s->n; i++)
                if (s->inodes[i] == inode)
                        return true;
        return false;
}

/* Reads a line of /proc/net/unix: proc_pid_net(5), unix(7). Returns the name if it is that of an abstract socket of
 * this type that listens, or NULL. */
static const char *read_listener(char *line, unsigned wanted, uint64_t *ret_inode) {
        const unsigned accepts = 1U << 16; /* __SO_ACCEPTCON of the kernel */
        unsigned flags, type;
        int n = 0;

        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%*x: %*x %*x %x %x %*x %" SCNu64 " %n", &flags, &type, ret_inode, &n) != 3 || n == 0)
                return NULL;
        return flags & accepts && type == wanted && line[n] == '@' ? line + n + 1 : NULL;
}

/* Connects to an abstract socket without waiting. Returns the fd, or -errno: -EPERM if the socket is not isorun's. */
static int connect_to(const char *name, pid_t isorun, int type, struct ucred *ret) {
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const struct timeval limit = { .tv_sec = CONTROL_SECONDS };
        socklen_t size = sizeof(*ret);
        size_t n = strlen(name);

        if (n >= sizeof(address.sun_path))
                return -EPERM;
        memcpy(address.sun_path + 1, name, n);
        n += offsetof(struct sockaddr_un, sun_path) + 1;
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, (socklen_t) n) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &size) < 0)
                return -errno;
        if (ret->pid != isorun)
                return -EPERM;
        if (fcntl(fd, F_SETFL, 0) < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* A name may contain a newline, and so imitate a line. Such a line leads to a socket of another process, so this goes
 * on until a socket is isorun's. */
static int find_and_connect(FILE *table, const Sockets *own, pid_t isorun, int type, struct ucred *ret) {
        _cleanup_free_ char *line = NULL;
        int result = -ENOENT;
        size_t room = 0;

        while (getline(&line, &room, table) >= 0) {
                uint64_t inode;
                const char *name = read_listener(line, (unsigned) type, &inode);
                int fd;

                if (!name || !sockets_have(own, inode))
                        continue;
                fd = connect_to(name, isorun, type, ret);
                if (fd >= 0)
                        return fd;
                if (fd == -EAGAIN)
                        result = fd;
        }
        return result;
}

int client_connect(pid_t isorun, int type, uid_t *ret_uid, gid_t *ret_gid) {
        _cleanup_(sockets_deinit) Sockets own = {};
        struct ucred peer;
        FILE *table;
        int r;

        r = sockets_find(isorun, &own);
        if (r < 0)
                return r;
        table = fopen("/proc/self/net/unix", "re");
        if (!table)
                return -errno;
        r = find_and_connect(table, &own, isorun, type, &peer);
        fclose(table);
        if (r >= 0) {
                *ret_uid = peer.uid;
                *ret_gid = peer.gid;
        }
        return r;
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

int client_version_differs(const char *name, const ControlHeader *theirs, Report *report) {
        return report_error(report, EPROTONOSUPPORT,
                            "%s was started by isorun %s (control protocol %u), but this is isoctl %s "
                            "(protocol %u): use isoctl %s for it, or restart the instance",
                            name, theirs->program, theirs->version, control_header.program, control_header.version,
                            theirs->program);
}

/* Checks the reply, because an instance may be of another version or may be attacked. Returns 0 or -errno, reported. */
static int parse_reply(const char *packet, size_t size, const char *name, ControlReply *ret, Report *report) {
        ControlHeader header;
        int r;

        r = control_check_header(packet, size, &header);
        if (r == -EPROTONOSUPPORT)
                return client_version_differs(name, &header, report);
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
        if (r == -EAGAIN)
                return report_error(report, ETIMEDOUT, "%s has not answered within %d seconds", name, CONTROL_SECONDS);
        if (r < 0)
                return report_error(report, -r, "%s: %s", name, strerror(-r));
        if (r == 0)
                return 0;
        r = parse_reply(packet, size, name, ret, report);
        if (r < 0)
                fds_close(fds, n);
        return r < 0 ? r : 1;
}
