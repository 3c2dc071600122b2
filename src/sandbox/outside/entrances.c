/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/entrances.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sandbox/flows/address.h"
#include "util/fd.h"
#include "util/path.h"

enum { BACKLOG = 4096 }; /* the kernel lowers it to net.core.somaxconn */

static int open_port(const PlanEntrance *e) {
        const int yes = 1;
        _cleanup_close_ int fd = -1;
        Address a;

        if (!address_parse(e->place, e->port, &a))
                return -EINVAL;
        fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
            bind(fd, &a.any, address_size(&a)) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Where the path is too long for an address, one that leads to the name in the directory. */
static int socket_address(const char *path, const EntranceFile *file, struct sockaddr_un *ret) {
        const size_t size = sizeof(ret->sun_path);

        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        return (size_t) snprintf(ret->sun_path, size, "%s", path) < size ||
                               (size_t) snprintf(ret->sun_path, size, "/proc/self/fd/%d/%s", file->directory,
                                                 file->name) < size ? 0 : -ENAMETOOLONG;
}

/* Whether the name is a socket at which nobody listens, such as an isorun that was killed leaves it. */
static bool is_stale(const EntranceFile *file, const struct sockaddr_un *address) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct stat st;

        return fd >= 0 && fstatat(file->directory, file->name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISSOCK(st.st_mode) &&
               connect(fd, (const struct sockaddr *) address, sizeof(*address)) < 0 && errno == ECONNREFUSED;
}

static int bind_file(int fd, const EntranceFile *file, const struct sockaddr_un *address) {
        const struct sockaddr *a = (const struct sockaddr *) address;

        if (bind(fd, a, sizeof(*address)) >= 0)
                return 0;
        if (errno != EADDRINUSE || !is_stale(file, address))
                return -errno;
        return unlinkat(file->directory, file->name, 0) < 0 || bind(fd, a, sizeof(*address)) < 0 ? -errno : 0;
}

static int open_file(const PlanEntrance *e, EntranceFile *ret) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), directory = -1;
        _cleanup_free_ char *parent = path_parent(e->place);
        EntranceFile file = { .name = path_name(e->place) };
        struct sockaddr_un address;
        struct stat st;
        int r;

        if (!parent || fd < 0)
                return parent ? -errno : -ENOMEM;
        file.directory = directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return -errno;
        r = socket_address(e->place, &file, &address);
        if (r >= 0)
                r = bind_file(fd, &file, &address);
        if (r < 0)
                return r;
        if (listen(fd, BACKLOG) < 0 || fstatat(directory, file.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        file.device = st.st_dev;
        file.inode = st.st_ino;
        *ret = file;
        directory = -1;
        return TAKE_FD(fd);
}

static int failed(const PlanEntrance *e, int error, Report *report) {
        const char *hint = error == EADDRINUSE ? ": another program listens there" :
                           error == EACCES && !e->is_socket ?
                                                 ": for ports below 1024, this host wants CAP_NET_BIND_SERVICE" : "";

        if (e->is_socket)
                return report_error_at(report, e->origin, "ListenOn", error, "cannot listen at %s: %s%s", e->place,
                                       strerror(error), hint);
        return report_error_at(report, e->origin, "ListenOn", error, "cannot listen at port %u of %s: %s%s", e->port,
                               e->place, strerror(error), hint);
}

/* Takes over a socket that this process was started with. */
static int take_passed(int passed) {
        int fd = fcntl(passed, F_DUPFD_CLOEXEC, passed + 1), flags;

        flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
        return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : fd;
}

static bool is_taken(const Plan *plan, int fd) {
        for (size_t i = 0; i < plan->n_entrances; i++)
                if (plan->entrances[i].passed_fd == fd)
                        return true;
        return false;
}

/* Moves the socket to the end of all that were passed. */
static int move_to_end(int passed, int end) {
        _cleanup_close_ int copy = fcntl(passed, F_DUPFD_CLOEXEC, end);

        for (int fd = passed; copy >= 0 && fd < end - 1; fd++)
                if (dup2(fd + 1, fd) < 0)
                        return -errno;
        return copy < 0 || dup2(copy, end - 1) < 0 ? -errno : 0;
}

/* The payload gets the other sockets, from fd 3 on. All stay open, for the case that the start is tried again. */
static int move_others(const Plan *plan) {
        int end = 3 + (int) plan->n_passed_fds, r = 0;

        for (size_t i = 0; i < plan->n_entrances; i++)
                end += plan->entrances[i].passed_fd > 0;
        for (int fd = end - 1; r >= 0 && fd >= 3; fd--)
                if (is_taken(plan, fd))
                        r = move_to_end(fd, end);
        return r;
}

static int open_entrance(const PlanEntrance *entrance, EntranceFile *file) {
        file->directory = -1;
        if (entrance->passed_fd)
                return take_passed(entrance->passed_fd);
        return entrance->is_socket ? open_file(entrance, file) : open_port(entrance);
}

int entrances_open(Entrances *e, const Plan *plan, Report *report) {
        int r;

        if (plan->n_entrances == 0)
                return 0;
        e->fds = calloc(plan->n_entrances, sizeof(*e->fds));
        e->files = calloc(plan->n_entrances, sizeof(*e->files));
        if (!e->fds || !e->files)
                return report_error(report, ENOMEM, "%s", strerror(ENOMEM));
        while (e->n < plan->n_entrances) {
                const PlanEntrance *entrance = &plan->entrances[e->n];
                int fd = open_entrance(entrance, &e->files[e->n]);

                if (fd < 0)
                        return failed(entrance, -fd, report);
                e->fds[e->n++] = fd;
        }
        r = move_others(plan);
        return r < 0 ? report_error(report, -r, "cannot pass on the sockets of LISTEN_FDS: %s", strerror(-r)) : 0;
}

void entrances_close(Entrances *e) {
        fds_close(e->fds, e->n);
}

static void remove_file(EntranceFile *file) {
        struct stat st;

        if (file->directory < 0)
                return;
        if (fstatat(file->directory, file->name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && st.st_dev == file->device &&
            st.st_ino == file->inode)
                (void) unlinkat(file->directory, file->name, 0);
        file->directory = fd_close(file->directory);
}

void entrances_deinit(Entrances *e) {
        entrances_close(e);
        for (size_t i = 0; i < e->n; i++)
                remove_file(&e->files[i]);
        free(e->fds);
        free(e->files);
        *e = (Entrances) {};
}
