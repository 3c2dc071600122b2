/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/journal-entry.h"

/* Whether the journal has standard error: systemd.exec(5), JOURNAL_STREAM. */
static bool is_journal(const struct stat *st) {
        const char *stream = getenv("JOURNAL_STREAM");
        char own[64];

        snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t) st->st_dev, (uintmax_t) st->st_ino);
        return stream && streq(stream, own);
}

/* Whether a client of a service would read standard error, as in a unit with Accept=yes and StandardInput=socket. A
 * caller by hand can have a unix socket there, as under sshd. */
static bool is_client(void) {
        const char *executed = getenv("SYSTEMD_EXEC_PID");
        struct sockaddr_storage address;
        socklen_t size = sizeof(address);
        struct stat st;

        if (fstat(STDERR_FILENO, &st) < 0 || !S_ISSOCK(st.st_mode) || is_journal(&st))
                return false;
        if (getsockname(STDERR_FILENO, (struct sockaddr *) &address, &size) >= 0 && address.ss_family != AF_UNIX)
                return true;
        return executed && strtol(executed, NULL, 10) == getpid();
}

static void send_to_journal(Severity severity, const char *text) {
        static const int priorities[] = { [SEVERITY_NOTICE] = LOG_NOTICE, [SEVERITY_ERROR] = LOG_ERR,
                                          [SEVERITY_TOLD] = LOG_NOTICE, [SEVERITY_STEP] = LOG_DEBUG };
        JournalEntry e;

        if (journal_entry_init(&e) < 0)
                return;
        journal_entry_add(&e, "MESSAGE", "%s", text);
        journal_entry_add(&e, "PRIORITY", "%d", priorities[severity]);
        journal_entry_add(&e, "SYSLOG_IDENTIFIER", "%s", program_invocation_short_name);
        (void) journal_entry_send(&e, JOURNAL_SOCKET);
        journal_entry_deinit(&e);
}

void print_report(void *userdata, Severity severity, const char *line) {
        static const char *const prefixes[] = { [SEVERITY_NOTICE] = "notice: ", [SEVERITY_ERROR] = "",
                                                [SEVERITY_TOLD] = "", [SEVERITY_STEP] = "debug: " };
        const int *quiet = userdata;

        if (severity == SEVERITY_NOTICE && quiet && *quiet)
                return;
        if (is_client()) {
                send_to_journal(severity, line);
                return;
        }
        fprintf(stderr, "%s: %s%s\n", program_invocation_short_name, prefixes[severity], line);
}

/* The first error of keep_output_error()'s stream. */
static int output_error;

/* A write of fopencookie(3), which returns 0 for an error. */
static ssize_t write_output(_unused_ void *cookie, const char *text, size_t size) {
        int r = fd_write_all(STDOUT_FILENO, text, size);

        if (r < 0 && output_error == 0)
                output_error = -r;
        return r < 0 ? 0 : (ssize_t) size;
}

void keep_output_error(void) {
        FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t) { .write = write_output });

        if (!f)
                return; /* flush_output() then knows only that there was an error */
        if (isatty(STDOUT_FILENO))
                (void) setvbuf(f, NULL, _IOLBF, 0);
        stdout = f;
}

int flush_output(Report *report) {
        int error = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;
        int known = output_error != 0 ? output_error : error;

        return error == 0 ? 0 : report_error(report, known, "cannot write to standard output: %s", strerror(known));
}

void ensure_standard_fds(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd < 3);
        fd_close(fd);
}
