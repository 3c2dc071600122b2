/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/fd.h"

void print_report(void *userdata, Severity severity, const char *line) {
        static const char *const prefixes[] = { [SEVERITY_NOTICE] = "notice: ", [SEVERITY_ERROR] = "",
                                                [SEVERITY_STEP] = "debug: " };
        const int *quiet = userdata;

        if (severity == SEVERITY_NOTICE && quiet && *quiet)
                return;
        fprintf(stderr, "%s: %s%s\n", program_invocation_short_name, prefixes[severity], line);
}

int flush_output(Report *report) {
        if (fflush(stdout) != 0)
                return report_error(report, errno, "cannot write to standard output: %s", strerror(errno));
        /* The errno of an earlier write error is not known any more. */
        return ferror(stdout) ? report_error(report, EIO, "cannot write to standard output: %s", strerror(EIO)) : 0;
}

void ensure_standard_fds(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd < 3);
        fd_close(fd);
}

void die_of(int sig) {
        sigset_t mask;

        (void) setrlimit(RLIMIT_CORE, &(struct rlimit) {});
        /* A core_pattern with a pipe ignores the limit: core(5). */
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void) signal(sig, SIG_DFL);
        sigemptyset(&mask);
        sigaddset(&mask, sig);
        (void) sigprocmask(SIG_UNBLOCK, &mask, NULL);
        (void) raise(sig);
}
