/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/member.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/strv.h"

int member_facts(pid_t pid, ProcessFacts *ret, int *ret_pidfd) {
        _cleanup_close_ int pidfd = -1;
        int r = process_facts(pid, ret);

        if (r == -ENOENT) {
                pidfd = sys_pidfd_open(pid, 0);
                r = pidfd < 0 ? -errno : process_pidfd_facts(pidfd, pid, ret);
        }
        if (r >= 0)
                *ret_pidfd = TAKE_FD(pidfd);
        return r;
}

bool member_runs(int pidfd) {
        return pidfd < 0 || poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, 0) == 0;
}

/* Whether cgroup.procs of the cgroup, or of one below it, names the process. */
static bool is_listed(pid_t pid, int dir) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_free_ char **names = NULL;
        bool found = false;

        if (file_read(dir, "cgroup.procs", &text, NULL) >= 0)
                for (char *rest = text, *line; !found && (line = strsep(&rest, "\n"));)
                        found = strtol(line, NULL, 10) == pid;
        if (!found)
                (void) directory_list(dir, &names);
        for (char **name = names; name && *name && !found; name++) {
                _cleanup_close_ int below = openat(dir, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                found = below >= 0 && is_listed(pid, below);
        }
        return found;
}

bool member_is_exactly_in(pid_t pid, ino_t cgroup) {
        _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
        uint64_t id;

        return pidfd >= 0 && process_pidfd_cgroup(pidfd, &id) >= 0 && id == cgroup;
}

bool member_cgroup_is_removed(int dir) {
        return faccessat(dir, "cgroup.procs", F_OK, 0) < 0 && (errno == ENOENT || errno == ENODEV);
}

int member_open(pid_t pid, const char *path, int dir, ino_t cgroup) {
        _cleanup_close_ int pidfd = sys_pidfd_open(pid, 0);
        uint64_t id;

        if (pidfd < 0)
                return -errno;
        if (process_pidfd_cgroup(pidfd, &id) >= 0 && id == cgroup)
                return TAKE_FD(pidfd);
        /* A removed cgroup has no processes: then the path is that of another one. */
        return member_is_in(pid, path, dir) && !member_cgroup_is_removed(dir) && member_runs(pidfd) ? TAKE_FD(pidfd)
                                                                                                   : -ESRCH;
}

bool member_is_in(pid_t pid, const char *path, int dir) {
        _cleanup_free_ char *own = NULL;
        int r = process_cgroup(pid, &own);

        return r == -ENOENT ? is_listed(pid, dir) : r >= 0 && path_is_at_or_below(own, path);
}
