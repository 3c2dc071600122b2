/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cmd/oci/command.h"
#include "oci/spec/load.h"
#include "sandbox/wire/standard-io.h"
#include "util/parse.h"

/* Those that are not open are not passed: init.c closes the fds of isorun-oci that took their numbers. */
int oci_read_preserved(const char *text, unsigned *ret, Report *report) {
        uint64_t n = 0;

        if (text && parse_u64_range(text, 0, 200, &n) < 0)
                return report_error(report, EINVAL, "--preserve-fds: not a number from 0 to 200: \"%s\"", text);
        *ret = (unsigned) n;
        return 0;
}

/* Also of standard input and output. The fds of isorun-oci itself that are among these numbers are closed on execve(2),
 * and are not passed. */
int oci_check_passed(unsigned n, Report *report) {
        for (int fd = 0; fd < 3 + (int) n; fd++) {
                const int r = standard_io_check(fd), flags = r < 0 ? fcntl(fd, F_GETFD) : 0;

                if (flags < 0 || flags & FD_CLOEXEC)
                        continue;
                if (r == -EISDIR)
                        return report_error(report, EISDIR, STANDARD_IO_OUTSIDE, fd);
                if (r < 0)
                        return report_error(report, -r, "cannot use fd %d: %s", fd, strerror(-r));
        }
        return 0;
}

int oci_listening_fds(Report *report) {
        const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
        uint64_t number;

        if (!pid || !n || parse_u64(pid, &number) < 0 || number != (uint64_t) getpid())
                return 0;
        if (parse_u64_range(n, 0, 200, &number) < 0)
                return report_error(report, EINVAL, "LISTEN_FDS: not a number from 0 to 200: \"%s\"", n);
        for (int fd = 3; fd < 3 + (int) number; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        return report_error(report, EBADF, "LISTEN_FDS: fd %d is not open", fd);
        return (int) number;
}

const char *oci_notify_address(void) {
        const char *address = getenv("NOTIFY_SOCKET");

        return address && *address ? address : NULL;
}

/* create has printed the notices. */
int oci_load_spec(const OciCall *call, const State *state, Spec *ret) {
        Report quiet = {};

        return spec_load_copy(state->directory, state->bundle, ret, &quiet) >= 0
                       ? 0 : spec_load_copy(state->directory, state->bundle, ret, call->report);
}
