/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out one request from outside, in a process of its own. The process has everything of the instance but the
 * filter and the inner namespaces, which it enters if the request needs them. The reaper does not depend on anything
 * that is done here: if the payload obstructs it (with its own mounts, for example), only the sender of the request is
 * affected. */
#include "sandbox/inside/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "sandbox/inside/answer.h"
#include "sandbox/inside/pty.h"
#include "sandbox/root/given.h"
#include "sandbox/wire/control.h"
#include "sandbox/wire/message.h"
#include "sandbox/wire/standard-io.h"
#include "util/fd.h"
#include "util/strv.h"

typedef struct Request {
        const Payload *payload;
        int connection;
        ControlRequest request;
        char **strings;
        int fds[3];
        Failure *f;
} Request;

/* Makes a terminal in the instance's /dev/pts as this session's controlling terminal, and sends the master to the
 * sender of the request. */
static int open_terminal(Request *r, int *ret) {
        _cleanup_close_ int master = -1, terminal = -1;
        int q;

        q = pty_open(&master, &terminal, r->f);
        if (q < 0)
                return q;
        if (ioctl(terminal, TIOCSCTTY, 0) < 0)
                return fail(r->f, errno, "cannot set the controlling terminal");
        (void) ioctl(terminal, TIOCSWINSZ, &r->request.size);

        q = control_send_reply(r->connection, &(ControlReply) { .type = CONTROL_TERMINAL }, &master, 1);
        if (q < 0)
                return fail(r->f, -q, "cannot send the terminal to isoctl");
        *ret = TAKE_FD(terminal);
        return 0;
}

/* The plan's environment with the sender's TERM, and without the variables about fds and notify messages, which are
 * only for the payload. */
static char **make_environment(const Plan *plan, const char *term) {
        static const char *const others[] = { "LISTEN_FDS=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET=", "TERM=",
                                              "WATCHDOG_USEC=" };
        _cleanup_strv_free_ char **v = NULL;

        for (char **e = plan->environment; e && *e; e++) {
                bool other = false;

                for (size_t i = 0; i < ELEMENTSOF(others); i++)
                        other = other || startswith(*e, others[i]);
                if (!other && strv_push(&v, *e) < 0)
                        return NULL;
        }
        if (*term && strv_pushf(&v, "TERM=%s", term) < 0)
                return NULL;
        return v ? TAKE_PTR(v) : calloc(1, sizeof(char *));
}

static const char *find_shell(char *const *environment) {
        const char *shell = strv_variable(environment, "SHELL");

        return shell && shell[0] == '/' && access(shell, X_OK) >= 0 ? shell : "/bin/sh";
}

/* Assigns fds 0 to 2. Those that do not get the terminal came with the request, in their order. */
static int sort_fds(const Request *r, int terminal, int ret[static 3]) {
        unsigned next = 0;

        for (int i = 0; i < 3; i++) {
                int q;

                ret[i] = r->request.terminals & 1U << i ? terminal : r->fds[next++];
                q = standard_io_check(ret[i]);
                if (q < 0)
                        return fail(r->f, -q, q == -EISDIR ? STANDARD_IO_OUTSIDE : "cannot use fd %d", i);
                q = given_replace_device(ret[i]);
                if (q < 0)
                        return fail(r->f, -q, DEVICE_OUTSIDE, i);
        }
        return 0;
}

static void enter(Request *r) {
        char *shell[] = { NULL, NULL }, **arguments = r->strings + 1, **environment;
        int terminal = -1, standard_io[3];

        if (r->request.n_strings < 1) {
                fail(r->f, EPROTO, "the request of isoctl is incomplete");
                return;
        }
        if (payload_join(r->payload, r->f) < 0)
                return;
        if (r->request.terminals && open_terminal(r, &terminal) < 0)
                return;
        environment = make_environment(r->payload->inside->plan, r->strings[0]);
        if (!environment) {
                fail(r->f, ENOMEM, "cannot prepare the environment");
                return;
        }
        if (sort_fds(r, terminal, standard_io) < 0)
                return;
        if (!*arguments) {
                shell[0] = (char *) find_shell(environment);
                arguments = shell;
        }

        payload_become(r->payload,
                       &(Command) { .executable = arguments[0], .arguments = arguments, .environment = environment,
                                    .standard_io = standard_io },
                       r->f);
}

/* Returns an fd of a file in memory with the text that write() makes, or -errno. */
static int make_text(const Payload *payload, AnswerWriter write) {
        _cleanup_close_ int fd = memfd_create("isorun-text", MFD_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "w");
        int r;

        if (!f)
                return -errno;
        r = write(payload, f);
        if (r >= 0 && ferror(f))
                r = -EIO;
        if (fclose(f) != 0 && r >= 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

static int send_text(const Request *r, const int *fds, unsigned n) {
        return control_send_reply(r->connection, &(ControlReply) { .type = CONTROL_TEXT }, fds, n);
}

static void show_plan(const Request *r, AnswerWriter write) {
        int fd = make_text(r->payload, write), q = fd;

        if (q >= 0)
                q = send_text(r, &fd, 1);
        if (q < 0)
                fail(r->f, -q, "cannot send the plan");
}

static int write_places(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_GRANT)
                        fprintf(f, "%s%c%s\n", plan->mounts[i].grant_write ? "rw" : "ro",
                                plan->may_mount ? '+' : ' ', plan->mounts[i].destination);
        return 0;
}

/* Opens a namespace of the payload: an inner one, or if it has none of that kind, the reaper's. A user's isoctl cannot
 * open it itself, because the reaper is not dumpable. */
static int open_namespace(const Payload *payload, size_t inner, const char *path) {
        int fd = payload->inner[inner] >= 0 ? fcntl(payload->inner[inner], F_DUPFD_CLOEXEC, 3)
                                            : open(path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static void show_places(const Request *r) {
        const int fds[] = { make_text(r->payload, write_places),
                            open_namespace(r->payload, INNER_USERS, "/proc/self/ns/user"),
                            open_namespace(r->payload, INNER_MOUNTS, "/proc/self/ns/mnt") };
        int q = 0;

        for (size_t i = 0; q >= 0 && i < ELEMENTSOF(fds); i++)
                q = fds[i];
        if (q >= 0)
                q = send_text(r, fds, ELEMENTSOF(fds));
        if (q < 0)
                fail(r->f, -q, "cannot list the places for grants");
}

/* Only isorun outside sees the host's files, which questions are about. */
static _Noreturn void hand_back(const Request *r) {
        _exit(message_send(r->payload->inside->socket, &(Message) { .type = MESSAGE_ASKED }, r->fds, 1) < 0
                      ? PLAN_FAILED : 0);
}

/* isoctl prints its own message, from the header of the reply. This one is for isorun. */
static void refuse_version(const ControlHeader *peer, Failure *f) {
        fail(f, EPROTONOSUPPORT,
             "isoctl %s (control protocol %u) cannot talk to isorun %s (protocol %u): use isoctl %s for this instance, "
             "or restart the instance", peer->program, peer->version, control_header.program,
             control_header.version, control_header.program);
}

_Noreturn void serve(const Payload *payload, int connection, Failure *f) {
        Request r = { .payload = payload, .connection = connection, .f = f };
        ControlHeader peer;
        int q;

        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_DFL);
        setsid();

        q = control_receive_request(connection, &peer, &r.request, &r.strings, r.fds, ELEMENTSOF(r.fds));
        if (q > 0 && r.request.type == CONTROL_WHY)
                hand_back(&r);
        close(payload->inside->socket);
        if (q == -EPROTONOSUPPORT)
                refuse_version(&peer, f);
        else if (q < 0)
                fail(f, -q, "cannot read the request: the version of isoctl is not %s", control_header.program);
        else if (q > 0 && r.request.type == CONTROL_ENTER)
                enter(&r);
        else if (q > 0 && answer_writer(r.request.type)) {
                show_plan(&r, answer_writer(r.request.type));
                _exit(0);
        } else if (q > 0 && r.request.type == CONTROL_PLACES) {
                show_places(&r);
                _exit(0);
        } else if (q > 0)
                fail(f, EBADMSG, "isoctl sent the unknown request %d", r.request.type);
        _exit(PLAN_FAILED);
}
