/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/instance/client.h"
#include "cmd/instance/member.h"
#include "sandbox/wire/kept-answers.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"

bool kept_has(int32_t question) {
        for (size_t i = 0; i < ELEMENTSOF(kept_answers); i++)
                if (kept_answers[i] == question)
                        return true;
        return false;
}

static int cannot_read(const Instance *i, int error, Report *report) {
        if (error == EPERM)
                return report_error(report, EPERM, "%s was started with --hand-over: its isorun has ended, and only "
                                    "root can read the plan that its first process keeps", i->name);
        return report_error(report, error, "%s: cannot read the plan that its first process, process %d, keeps: %s",
                            i->name, i->pid, strerror(error));
}

/* Opens the file again, so that this does not share its offset with others. Before that, it must be a file in memory:
 * the instance may be a forgery, and to open a pipe or a device can have effects. Returns the fd or -errno: -EAGAIN if
 * the reaper has not written all. */
static int open_again(int fd) {
        const int seals = fcntl(fd, F_GET_SEALS);
        struct stat st;
        char path[64];
        int r;

        if (seals < 0)
                return -EPROTO;
        if ((seals & KEPT_ANSWERS_SEALS) != KEPT_ANSWERS_SEALS)
                return -EAGAIN;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > KEPT_ANSWERS_MAX)
                return -EPROTO;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        r = open(path, O_RDONLY | O_CLOEXEC);
        return r < 0 ? -errno : r;
}

/* Reads the file of the process, if that still is the reaper. */
static int read_file(const Instance *i, char **ret, size_t *ret_size) {
        _cleanup_close_ int pidfd = sys_pidfd_open(i->pid, 0), kept = -1, fd = -1;
        _cleanup_free_ char *cgroup = NULL;
        int r;

        kept = pidfd < 0 ? -1 : sys_pidfd_getfd(pidfd, KEPT_ANSWERS_FD);
        if (kept < 0)
                return -errno;
        r = process_cgroup(i->pid, &cgroup);
        if (r < 0 || !path_is_at_or_below(cgroup, i->cgroup) || !member_runs(pidfd))
                return r < 0 ? r : -ESRCH;
        fd = open_again(kept);
        return fd < 0 ? fd : fd_read_all(fd, ret, ret_size);
}

static int wait_for_file(const Instance *i, char **ret, size_t *ret_size) {
        const uint64_t end = clock_usec(CLOCK_MONOTONIC) + (uint64_t) CONTROL_SECONDS * 1000000;
        enum { PAUSE_NSEC = 20000000 };
        int r;

        while ((r = read_file(i, ret, ret_size)) == -EAGAIN && clock_usec(CLOCK_MONOTONIC) < end)
                nanosleep(&(struct timespec) { .tv_nsec = PAUSE_NSEC }, NULL);
        return r == -EAGAIN ? -ETIMEDOUT : r;
}

/* Copies the answer from the file's text. */
static int find_answer(const char *text, size_t size, int32_t question, char **ret) {
        const char *end = text + size;

        for (size_t i = 0; i < ELEMENTSOF(kept_answers); i++) {
                const char *nul = memchr(text, '\0', (size_t) (end - text));

                if (!nul)
                        return -EPROTO;
                if (kept_answers[i] == question) {
                        *ret = strdup(text);
                        return *ret ? 0 : -ENOMEM;
                }
                text = nul + 1;
        }
        return -EOPNOTSUPP;
}

int kept_read(const Instance *i, int32_t question, char **ret, Report *report) {
        _cleanup_free_ char *text = NULL;
        ControlHeader header;
        size_t size = 0;
        int r;

        r = wait_for_file(i, &text, &size);
        if (r >= 0)
                r = control_check_header(text, size, &header);
        if (r == -EPROTONOSUPPORT)
                return client_version_differs(i->name, &header, report);
        if (r >= 0)
                r = find_answer(text + sizeof(header), size - sizeof(header), question, ret);
        return r < 0 ? cannot_read(i, -r, report) : 0;
}
