/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/start/policy-file.h"
#include "lib/start.h"
#include "plan/record/merge.h"
#include "policy/policy.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

int record_check(const RecordOptions *o, bool why, const char *without, Report *report) {
        if (o->tighten && !o->file)
                return report_error(report, EINVAL, "--tighten needs --record");
        if (o->permissive && !o->file)
                return report_error(report, EINVAL, "--permissive needs --record");
        if (without && (o->file || why))
                return report_error(report, EINVAL, "%s when the command has ended, so it cannot be combined with %s",
                                    o->file ? "--record writes" : "--why prints", without);
        return 0;
}

/* Whether isorun itself would read it, and record_merge() can. */
static int check(const char *file, const char *text, size_t size, Report *report) {
        const Specifiers none = {};
        _cleanup_(policy_freep) Policy *policy = policy_new(&none);
        int r = policy ? policy_read(policy, file, text, size, report) : report_oom(report);

        if (r >= 0 && policy->n_stages > 0)
                return report_error_at(report, policy->stages[0].origin, NULL, EINVAL,
                                       "--record cannot write a policy with stages");
        return r;
}

/* Returns 1 and what the file has, or 0 if it does not exist. */
static int read_earlier(const char *file, char **ret, Report *report) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = text_file_read(file, &text, &size);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return report_error(report, -r, "--record: cannot read %s: %s", file, text_file_strerror(-r));
        r = check(file, text, size, report);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 1;
}

int record_begin(const RecordOptions *options, Report *report) {
        _cleanup_free_ char *directory = path_parent(options->file), *text = NULL;
        int fd, r;

        if (!directory)
                return report_oom(report);
        if (access(directory, W_OK | X_OK) < 0)
                return report_error(report, errno, "--record: cannot write to %s: %s", directory, strerror(errno));
        r = read_earlier(options->file, &text, report);
        if (r < 0)
                return r;
        fd = memfd_create("isorun-record", MFD_CLOEXEC);
        return fd < 0 ? report_error(report, errno, "--record: cannot make a file in memory: %s", strerror(errno)) : fd;
}

/* Reads what the command has used. Returns 0 or -errno, reported. */
static int read_record(int fd, const char *file, char **ret, Report *report) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, &text, &size);

        if (r < 0)
                return report_error(report, -r, "--record: cannot read the record: %s", strerror(-r));
        if (size == 0)
                return report_error(report, ENODATA, "--record: %s was not written: no policy can say what the command "
                                    "used", file);
        *ret = TAKE_PTR(text);
        return 0;
}

static void tell_gone(const char *line, Report *report) {
        _cleanup_free_ char *text = format("not used, and so removed: %s", line);

        if (text)
                report_told(report, text);
}

/* The file may have changed since the start. */
static int merge(const RecordOptions *o, char **text, Report *report) {
        _cleanup_free_ char *earlier = NULL, *merged = NULL;
        _cleanup_strv_free_ char **gone = NULL;
        int r = read_earlier(o->file, &earlier, report);

        if (r <= 0)
                return r;
        r = record_merge(earlier, *text, o->tighten, &merged, &gone);
        if (r < 0)
                return report_error(report, -r, "--record: cannot add to %s: %s", o->file,
                                    r == -E2BIG ? "the two have too many lines" : strerror(-r));
        for (char **line = gone; line && *line; line++)
                tell_gone(*line, report);
        free(*text);
        *text = TAKE_PTR(merged);
        return 1;
}

/* In FILE's place only when it is whole. Returns 1 if it was there before, 0, or -errno, reported. */
static int save(int fd, const RecordOptions *o, Report *report) {
        _cleanup_free_ char *text = NULL, *written = NULL, *directory = path_parent(o->file);
        int r = directory ? read_record(fd, o->file, &text, report) : report_oom(report), merged;

        if (r < 0)
                return r;
        merged = merge(o, &text, report);
        r = merged < 0 ? merged : check(o->file, text, strlen(text), report);
        if (r >= 0)
                r = policy_file_write(directory, text, merged > 0 ? o->file : NULL, &written, report);
        if (r < 0)
                return r;
        r = policy_file_move(written, o->file, !merged, report);
        if (r < 0)
                (void) unlink(written);
        return r < 0 ? r : merged;
}

int record_start(const Plan *plan, const RecordOptions *o, bool last_try, Report *report) {
        Outcome outcome;
        int r;

        if (o->permissive)
                report_told(report, "--permissive: the command can read all that you can, and use your network and "
                                    "sockets; its own changes to files are thrown away");
        r = start_run(plan, last_try, report, &outcome);

        if (r == -EEXIST)
                return r;
        r = outcome.progress == PROGRESS_ENDED ? save(plan->record, o, report) : -ECANCELED;
        if (r >= 0)
                report_notice(report, "%s is a policy for this command%s: isorun --policy %s%s COMMAND", o->file,
                              r > 0 ? " and those before" : "", strchr(o->file, '/') ? "" : "./", o->file);
        return start_end_as(&outcome, plan->holder == HOLDER_SERVICE);
}
