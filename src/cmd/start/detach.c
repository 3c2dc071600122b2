/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/start/detach-wait.h"
#include "sandbox/systemd/transient.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

#define MARK "ISORUN_DETACHED"

/* Variables that tell a service what systemd has prepared for it. Those of the caller are another service's. */
static bool is_of_service(const char *variable) {
        static const char *const names[] = {
                MARK, "SYSTEMD_EXEC_PID", "INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_PID",
                "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "MAINPID", "MANAGERPID",
                "CREDENTIALS_DIRECTORY", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY",
                "CONFIGURATION_DIRECTORY", "REMOTE_ADDR", "REMOTE_PORT",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *rest = startswith(variable, names[i]);

                if (rest && *rest == '=')
                        return true;
        }
        return false;
}

/* What isorun in the service must have in common with the caller: the files that paths lead to, and the rights. Returns
 * a text on the heap, or NULL. */
static char *find_place(void) {
        _cleanup_free_ char *mounts = NULL, *users = NULL, *capabilities = NULL;

        if (link_read(AT_FDCWD, "/proc/self/ns/mnt", &mounts) < 0 ||
            link_read(AT_FDCWD, "/proc/self/ns/user", &users) < 0 || process_status(0, "CapEff", &capabilities) < 0)
                return NULL;
        return format("%s %s %s", mounts, users, capabilities);
}

/* Writes strings, each with its NUL: the place, the number of arguments, these, and the environment. Returns the memfd
 * or -errno. */
static int write_words(const Plan *plan, int argc, char *const *argv) {
        _cleanup_free_ char *place = find_place(), *name = format("--name=%s", plan->name);
        _cleanup_close_ int fd = memfd_create("isorun-detach", MFD_CLOEXEC);
        FILE *f;
        int copy;

        if (!place || !name || fd < 0)
                return -ENOMEM;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        f = copy < 0 ? NULL : fdopen(copy, "w");
        if (!f) {
                fd_close(copy);
                return -ENOMEM;
        }
        fprintf(f, "%s%c%d%c%s%c%s%c", place, 0, argc + 1, 0, argv[0], 0, name, 0);
        for (int i = 1; i < argc; i++)
                fprintf(f, "%s%c", argv[i], 0);
        for (char *const *e = environ; *e; e++)
                if (!is_of_service(*e))
                        fprintf(f, "%s%c", *e, 0);
        if (fclose(f) != 0 || lseek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        copy = fd;
        fd = -1;
        return copy;
}

/* The number of strings in the text, each with its NUL. */
static size_t count_words(const char *text, size_t size) {
        size_t n = 0;

        for (size_t i = 0; i < size; i++)
                n += text[i] == '\0';
        return n;
}

static int take_words(char *text, size_t size, int *argc, char ***argv, Report *report) {
        /* For as long as the process lives. Nothing reads it: without the attribute there is no such variable, and
         * LeakSanitizer reports a leak. */
        static char **arguments __attribute__((used));
        size_t n = size > 0 && text[size - 1] == '\0' ? count_words(text, size) : 0, i = 0;
        _cleanup_free_ char **words = calloc(n + 1, sizeof(char *)), *place = find_place();
        uint64_t count;

        if (!words || !place)
                return report_oom(report);
        for (char *p = text; i < n; p += strlen(p) + 1)
                words[i++] = p;
        if (n < 3 || parse_u64_range(words[1], 1, n - 2, &count) < 0)
                return report_error(report, EPROTO, "this isorun was not started by isorun --detach");
        if (!streq(words[0], place))
                return report_error(report, EXDEV, "--detach: the service manager would run the instance with other "
                                                   "rights than yours, or in other namespaces");
        for (i = 2 + count; i < n; i++)
                if (putenv(words[i]) != 0)
                        return report_oom(report);
        arguments = calloc(count + 1, sizeof(char *));
        if (!arguments)
                return report_oom(report);
        memcpy(arguments, words + 2, count * sizeof(char *));
        *argc = (int) count;
        *argv = arguments;
        return 0;
}

/* Removes the variables that systemd has set, but not those that tell what it has prepared. */
static int clear_environment(void) {
        _cleanup_strv_free_ char **kept = NULL;
        int r = 0;

        for (char *const *e = environ; r >= 0 && *e; e++)
                if (is_of_service(*e) && !startswith(*e, MARK "="))
                        r = strv_push(&kept, *e);
        if (r < 0 || clearenv() != 0)
                return -ENOMEM;
        for (char **e = kept; e && *e; e++) {
                char *equals = strchr(*e, '=');

                *equals = '\0';
                if (setenv(*e, equals + 1, 1) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int detach_begin(int *argc, char ***argv, Report *report) {
        static char *words __attribute__((used)); /* for as long as the process lives, as take_words() says */
        _cleanup_close_ int null = -1, socket = -1;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (!getenv(MARK))
                return 0;
        r = fd_read_all(STDIN_FILENO, &text, &size);
        if (r < 0)
                return report_error(report, -r, "--detach: cannot read the arguments: %s", strerror(-r));
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        socket = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (null < 0 || socket < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
                return report_error(report, errno, "--detach: cannot use the file descriptors: %s", strerror(errno));
        if (poll(&(struct pollfd) { .fd = socket }, 1, 0) != 0)
                return report_error(report, ECANCELED, "--detach: the isorun that asked for this service has ended");
        if (clear_environment() < 0)
                return report_oom(report);
        words = TAKE_PTR(text);
        r = take_words(words, size, argc, argv, report);
        if (r < 0) {
                detach_end(socket, PLAN_FAILED);
                return r;
        }
        r = socket;
        socket = -1;
        return r;
}

void detach_end(int socket, int status) {
        const unsigned char byte = (unsigned char) status;

        if (socket > 0)
                (void) send(socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The fds of the service (fd 0 is words), and the other ends of its fds 1 and 2. */
typedef struct Ends {
        int words, messages, socket, their_messages, their_socket;
} Ends;

static void ends_close(Ends *e) {
        fd_close(e->words);
        fd_close(e->messages);
        fd_close(e->socket);
        fd_close(e->their_messages);
        fd_close(e->their_socket);
}

/* systemd keeps the fds as long as the service runs. So it does not get this isorun's standard error. */
static int ends_make(Ends *e, const Plan *plan, int argc, char *const *argv) {
        int pipe[2], pair[2];

        e->words = write_words(plan, argc, argv);
        if (e->words < 0)
                return e->words;
        if (pipe2(pipe, O_CLOEXEC) < 0)
                return -errno;
        e->messages = pipe[0];
        e->their_messages = pipe[1];
        if (fcntl(e->messages, F_SETFL, O_NONBLOCK) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        e->socket = pair[0];
        e->their_socket = pair[1];
        return 0;
}

static int start_service(const Plan *plan, Ends *e, DetachWait *wait, Report *report) {
        static char *const environment[] = { (char *) MARK "=1", NULL };
        _cleanup_free_ char *executable = NULL, *directory = getcwd(NULL, 0);
        TransientService service = { .unit = wait->unit, .directory = directory, .environment = environment,
                                     .fds = { e->words, e->their_socket, e->their_messages }, .umask = umask(0) };
        int r = directory ? link_read(AT_FDCWD, "/proc/self/exe", &executable) : -errno;

        (void) umask(service.umask);
        if (r < 0)
                return report_error(report, -r, "--detach: cannot find the working directory or isorun: %s",
                                    strerror(-r));
        service.executable = executable;
        report_own_step(report, "asking systemd for the service");
        r = transient_service_start(plan, &service, &wait->patience, report);
        e->their_messages = fd_close(e->their_messages);
        e->their_socket = fd_close(e->their_socket);
        return r;
}

static int check_holder(const Plan *plan, Report *report) {
        if (plan->holder == HOLDER_SCOPE)
                return 0;
        if (plan->holder == HOLDER_POOL)
                return report_error(report, EOPNOTSUPP, "--detach: the instance would be a service, not one in a pool "
                                                        "(-p Pool= takes it out of its pool)");
        return report_error(report, EOPNOTSUPP, plan->holder == HOLDER_SERVICE
                            ? "--detach: isorun is the main process of a service, which runs without a terminal anyway"
                            : "--detach: there is no systemd that could run the instance");
}

static int start_and_wait(const Plan *plan, Ends *e, const char *unit, Report *report) {
        DetachWait wait = { .plan = plan, .unit = unit, .socket = e->socket, .messages = e->messages, .signals = -1,
                            .report = report };
        int status = PLAN_FAILED;

        if (detach_wait_begin(&wait) >= 0 && start_service(plan, e, &wait, report) >= 0)
                status = detach_wait_for_start(&wait);
        fd_close(wait.signals);
        return wait.sig ? detach_wait_interrupted(&wait) : status;
}

int detach_start(const Plan *plan, int argc, char *const *argv, Report *report) {
        _cleanup_(ends_close) Ends e = { -1, -1, -1, -1, -1 };
        _cleanup_free_ char *unit = format("isorun-%s.service", plan->name);
        int r, status;

        if (!unit) {
                report_oom(report);
                return PLAN_FAILED;
        }
        if (check_holder(plan, report) < 0)
                return PLAN_FAILED;
        r = ends_make(&e, plan, argc, argv);
        if (r < 0)
                report_error(report, -r, "--detach: cannot pass on the command line: %s", strerror(-r));
        if (r < 0)
                return PLAN_FAILED;
        status = start_and_wait(plan, &e, unit, report);
        if (status)
                return status;
        puts(plan->name);
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

int detach_redirect(Policy *policy, Report *report) {
        static const struct {
                DirectiveId id;
                const char *line;
        } table[] = {
                { D_StandardInput, "StandardInput=null" },
                { D_StandardOutput, "StandardOutput=journal" },
                { D_StandardError, "StandardError=journal" },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(table); i++) {
                const Setting *s = policy_get(policy, table[i].id);

                if (!s || s->value.number == STANDARD_IO_INHERIT)
                        r = policy_assign_argument(policy, "--detach", table[i].line, report);
        }
        return r;
}
