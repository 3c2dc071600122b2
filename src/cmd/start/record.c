/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/start/policy-file.h"
#include "lib/start.h"
#include "policy/policy.h"
#include "util/fd.h"
#include "util/path.h"

/* In FILE's place only when it is whole. */
int record_begin(const char *file, Report *report) {
        _cleanup_free_ char *directory = path_parent(file);
        int fd;

        if (!directory)
                return report_oom(report);
        if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return report_error(report, EEXIST, "--record: %s exists already; name a new file", file);
        if (access(directory, W_OK | X_OK) < 0)
                return report_error(report, errno, "--record: cannot write to %s: %s", directory, strerror(errno));
        fd = memfd_create("isorun-record", MFD_CLOEXEC);
        return fd < 0 ? report_error(report, errno, "--record: cannot make a file in memory: %s", strerror(errno)) : fd;
}

/* Whether isorun itself would read it. */
static int check(const char *file, const char *text, size_t size, Report *report) {
        const Specifiers none = {};
        _cleanup_(policy_freep) Policy *policy = policy_new(&none);

        return policy ? policy_read(policy, file, text, size, report) : report_oom(report);
}

static int save(int fd, const char *file, Report *report) {
        _cleanup_free_ char *text = NULL, *written = NULL, *directory = path_parent(file);
        size_t size;
        int r;

        if (!directory)
                return report_oom(report);
        if (lseek(fd, 0, SEEK_SET) < 0)
                return report_error(report, errno, "--record: cannot read the record: %s", strerror(errno));
        r = fd_read_all(fd, &text, &size);
        if (r < 0)
                return report_error(report, -r, "--record: cannot read the record: %s", strerror(-r));
        if (size == 0)
                return report_error(report, ENODATA, "--record: %s was not written: no policy can say what the command used",
                                    file);
        r = check(file, text, size, report);
        if (r >= 0)
                r = policy_file_write(directory, text, NULL, &written, report);
        if (r < 0)
                return r;
        r = policy_file_move(written, file, true, report);
        if (r < 0)
                (void) unlink(written);
        return r;
}

int record_start(const Plan *plan, const char *file, bool last_try, Report *report) {
        Outcome outcome;
        int r = start_run(plan, last_try, report, &outcome);

        if (r == -EEXIST)
                return r;
        if (outcome.progress == PROGRESS_ENDED && save(plan->record, file, report) >= 0)
                report_notice(report, "%s is a policy for this command: isorun --policy %s%s COMMAND", file,
                              strchr(file, '/') ? "" : "./", file);
        return start_end_as(&outcome, plan->holder == HOLDER_SERVICE);
}
