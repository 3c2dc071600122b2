/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/standard-io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>

#include "plan/unit/name.h"
#include "util/fd.h"
#include "util/path.h"

#define JOURNAL_STREAM "/run/systemd/journal/stdout"

static int open_one(const PlanStandardIO *io, DirectiveId id, Patience *patience, int *ret) {
        const int output = O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC;
        const bool input = id == D_StandardInput;
        const char *path = io->path;
        int flags = output;

        switch (io->kind) {
        case STANDARD_IO_INHERIT:
                *ret = -1;
                return 0;
        case STANDARD_IO_NULL:
                path = "/dev/null";
                flags = (input ? O_RDONLY : O_WRONLY) | O_CLOEXEC;
                break;
        case STANDARD_IO_JOURNAL:
                path = JOURNAL_STREAM;
                flags = O_PATH | O_CLOEXEC;
                break;
        case STANDARD_IO_FILE:
                flags = input ? O_RDONLY | O_NOCTTY | O_CLOEXEC : output;
                break;
        case STANDARD_IO_APPEND:
                flags = output | O_APPEND;
                break;
        case STANDARD_IO_TRUNCATE:
                flags = output | O_TRUNC;
                break;
        }
        *ret = patience_open(patience, io->origin, directive_table[id].name, path, flags, 0644);
        return *ret < 0 ? *ret : 0;
}

/* The same, and returns 1 if the fd is a regular file for reading. */
static int check(int fd) {
        int flags = fcntl(fd, F_GETFL);
        struct stat st;

        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        /* From a directory fd, ".." leads to the host's root, past everything that is hidden inside. */
        if (S_ISDIR(st.st_mode) || flags & O_PATH)
                return -EISDIR;
        return S_ISREG(st.st_mode) && (flags & O_ACCMODE) == O_RDONLY;
}

int standard_io_check(int fd) {
        int r = check(fd);

        return r < 0 ? r : 0;
}

static int check_inherited(const Plan *plan, ReadFiles *ret_read, Report *report) {
        *ret_read = 0;
        for (int fd = 0; fd < 3 + (int) plan->n_passed_fds; fd++) {
                bool replaced = fd < 3 && plan->standard_io[fd].kind != STANDARD_IO_INHERIT;
                int r = replaced ? 0 : check(fd);

                if (r == -EISDIR)
                        return report_error(report, EISDIR, STANDARD_IO_OUTSIDE, fd);
                if (r < 0)
                        return report_error(report, -r, "cannot use fd %d: %s", fd, strerror(-r));
                if (r > 0 && fd < 3)
                        *ret_read |= 1U << fd;
        }
        return 0;
}

int standard_io_open(const Plan *plan, Patience *patience, int ret[static 3], ReadFiles *ret_read, Report *report) {
        static const DirectiveId ids[3] = { D_StandardInput, D_StandardOutput, D_StandardError };
        int fds[3] = { -1, -1, -1 }, r;

        r = check_inherited(plan, ret_read, report);
        if (r < 0)
                return r;
        for (size_t i = 0; i < 3; i++) {
                const PlanStandardIO *io = &plan->standard_io[i];

                r = open_one(io, ids[i], patience, &fds[i]);
                if (r < 0) {
                        fds_close(fds, i);
                        return report_error_at(report, io->origin, directive_table[ids[i]].name, -r,
                                               "cannot open %s: %s",
                                               io->path ?: JOURNAL_STREAM, strerror(-r));
                }
        }
        memcpy(ret, fds, sizeof(fds));
        return 0;
}

/* journald finds the unit by the cgroup of the process. If the process is already gone, journald takes the unit's name
 * from the stream, but only from root and for units of the system's manager. */
static const char *stream_unit(const Plan *plan) {
        const PlanUnit unit = plan_unit_of(plan);

        return plan_unit_is_real(&unit) && !plan->user_manager ? unit.name : "";
}

/* The stream protocol of systemd-journald.service(8): seven lines, then the text. */
static int connect_journal(int socket_path, const char *identifier, const char *unit) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char header[512];
        int n;

        if (fd < 0)
                return -errno;
        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", socket_path);
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        if (shutdown(fd, SHUT_RD) < 0)
                return -errno;

        n = snprintf(header, sizeof(header), "%.64s\n%s\n%d\n1\n0\n0\n0\n", identifier, unit, LOG_INFO);
        return write(fd, header, (size_t) n) == n ? TAKE_FD(fd) : -EIO;
}

int standard_io_connect(const Plan *plan, int fds[static 3], Failure *f) {
        for (size_t i = 0; i < 3; i++) {
                int fd;

                if (plan->standard_io[i].kind != STANDARD_IO_JOURNAL)
                        continue;
                fd = connect_journal(fds[i], path_name(plan->executable), stream_unit(plan));
                if (fd < 0)
                        return fail_at(f, (Subject) { SUBJECT_STANDARD_IO, (uint32_t) i }, -fd,
                                       "cannot connect to the journal");
                fd_close(fds[i]);
                fds[i] = fd;
        }
        return 0;
}
