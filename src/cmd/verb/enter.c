/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl enter NAME [COMMAND...]: asks the instance's reaper to fork the command. This side passes on its fds, signals
 * and terminal, and returns its status. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/instance/talk.h"
#include "cmd/program.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "sandbox/outside/terminal.h"
#include "sandbox/wire/signals.h"
#include "sandbox/wire/terminal-fds.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

typedef struct Visit {
        const Instance *instance;
        Report *report;
        int connection;
        int signals; /* signalfd */
        uint64_t start_by; /* when the command must run, in microseconds of CLOCK_MONOTONIC */
        bool started, own_terminal;
        unsigned char n_sent[SIGNAL_MAX + 1]; /* how often each signal was sent to the command */
        unsigned terminals; /* bit N: fd N is a terminal */
        Terminal terminal;
        int status; /* the exit status, when it is known */
        int killed_by; /* the signal that ended the command; 0: none */
} Visit;

static void visit_deinit(Visit *v) {
        terminal_end(&v->terminal);
        fd_close(v->connection);
        fd_close(v->signals);
}

static int take_signals(Visit *v) {
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGHUP);
        sigaddset(&mask, SIGQUIT);
        sigaddset(&mask, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return report_error(v->report, errno, "cannot block signals: %s", strerror(errno));
        v->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        return v->signals < 0 ? report_error(v->report, errno, "cannot receive signals: %s", strerror(errno)) : 0;
}

/* Joins TERM and the command's words, each with a NUL at its end. */
static char *join_strings(char *const *arguments, size_t *ret_size) {
        _cleanup_text_ Text strings = {};

        if (text_open(&strings) < 0)
                return NULL;
        fputs(getenv("TERM") ?: "", strings.f);
        fputc('\0', strings.f);
        for (; *arguments; arguments++) {
                fputs(*arguments, strings.f);
                fputc('\0', strings.f);
        }
        text_so_far(&strings);
        *ret_size = strings.size;
        return text_finish(&strings);
}

static int ask(Visit *v, char *const *arguments) {
        ControlRequest request = { .type = CONTROL_ENTER, .n_strings = 1 };
        _cleanup_free_ char *strings = NULL;
        unsigned n = 0;
        size_t size;
        int fds[3], r;

        /* The caller's terminal is never passed on, not even for output alone: a process that has it can read the
         * user's input, and may keep it after the command has ended. */
        for (int fd = 0; fd < 3; fd++)
                if (isatty(fd))
                        request.terminals |= 1U << fd;
                else
                        fds[n++] = fd;
        v->terminals = request.terminals;
        if (request.terminals)
                (void) ioctl(terminal_find_output(request.terminals), TIOCGWINSZ, &request.size);
        for (char *const *a = arguments; *a; a++)
                request.n_strings++;
        strings = join_strings(arguments, &size);
        if (!strings)
                return report_oom(v->report);

        r = client_send(v->connection, &request, strings, size, fds, n);
        if (r == -E2BIG)
                return report_error(v->report, E2BIG, "enter: the command line is longer than %d bytes",
                                    CONTROL_STRINGS_MAX);
        /* If the instance has hung up, the next read shows its reply, if there is one. */
        return r < 0 && r != -EPIPE && r != -ECONNRESET
                       ? report_error(v->report, -r, "%s: %s", v->instance->name, strerror(-r))
                       : 0;
}

static int hung_up(Visit *v) {
        terminal_end(&v->terminal);
        if (!v->started)
                return talk_hung_up(v->instance, v->report);
        report_notice(v->report, "%s has ended, and so has the command", v->instance->name);
        v->status = 128 + SIGKILL;
        return 1;
}

static int take_terminal(Visit *v, int master) {
        int r;

        v->own_terminal = true;
        r = terminal_begin(&v->terminal, v->terminals, master);
        if (r >= 0)
                r = terminal_take(&v->terminal);
        return r < 0 ? report_error(v->report, -r, "cannot use the terminal: %s", strerror(-r)) : 0;
}

/* Handles one reply. Returns 1 at the end with v->status filled, 0 before, or -errno, reported. */
static int take_reply(Visit *v) {
        ControlReply reply;
        int fd, r;

        r = client_receive(v->connection, v->instance->name, &reply, &fd, 1, v->report);
        if (r <= 0)
                return r < 0 ? r : hung_up(v);
        if (reply.type == CONTROL_TERMINAL && !v->own_terminal)
                return take_terminal(v, fd);
        fd_close(fd);

        switch (reply.type) {
        case CONTROL_STARTED:
                v->started = true;
                return 0;
        case CONTROL_FAILED:
                terminal_end(&v->terminal);
                v->status = reply.status;
                report_error(v->report, EIO, "%s: %s", v->instance->name, reply.text);
                return 1;
        case CONTROL_EXITED:
                if (v->own_terminal)
                        terminal_drain(&v->terminal);
                v->killed_by = WIFEXITED(reply.value) ? 0 : WTERMSIG(reply.value);
                v->status = v->killed_by ? 128 + v->killed_by : WEXITSTATUS(reply.value);
                return 1;
        }
        return report_error(v->report, EPROTO, "%s: isorun sent an answer that isoctl does not know",
                            v->instance->name);
}

/* Sends a signal to the command. Returns 1 if the signal is to end isoctl, or 0. An instance of another user may take
 * signals and do nothing, so isoctl ends if the command does not run yet, or at the third signal of a kind. */
static int forward_signal(Visit *v, int sig) {
        enum { TRIES = 3 };
        bool room = poll(&(struct pollfd) { .fd = v->connection, .events = POLLOUT }, 1, 0) == 1;

        v->status = 128 + sig;
        if (!v->started || !room || ++v->n_sent[sig] == TRIES)
                return 1;
        (void) client_send(v->connection, &(ControlRequest) { .type = CONTROL_SIGNAL, .value = sig }, NULL, 0, NULL, 0);
        return 0;
}

/* Handles the signals to isoctl. If it relays a raw terminal, keys cannot be the reason for a signal, so the signal is
 * to end isoctl, which then hangs up. Returns 1 at the end, or 0. */
static int take_signals_in(Visit *v) {
        struct signalfd_siginfo info;

        while (read(v->signals, &info, sizeof(info)) == sizeof(info)) {
                int sig = (int) info.ssi_signo;

                if (sig == SIGWINCH) {
                        if (v->own_terminal)
                                terminal_resize(&v->terminal);
                } else if (v->terminal.raw) {
                        v->status = 128 + sig;
                        return 1;
                } else if (forward_signal(v, sig) > 0)
                        return 1;
        }
        return 0;
}

/* The time that is left until the command must run, in ms; -1 without a limit. */
static int time_left(const Visit *v) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (v->started)
                return -1;
        return now >= v->start_by ? 0 : (int) ((v->start_by - now + 999) / 1000);
}

static int relay(Visit *v) {
        for (;;) {
                struct pollfd fds[2 + TERMINAL_FDS] = {
                        { .fd = v->connection, .events = POLLIN },
                        { .fd = v->signals, .events = POLLIN },
                };
                int r = 0;

                if (v->own_terminal)
                        terminal_fill(&v->terminal, fds + 2);
                r = poll(fds, v->own_terminal ? ELEMENTSOF(fds) : 2, time_left(v));
                if (r < 0 && errno != EINTR)
                        return report_error(v->report, errno, "cannot wait for events: %s", strerror(errno));
                if (r == 0 && time_left(v) == 0)
                        return report_error(v->report, ETIMEDOUT, "%s has not started the command within %d seconds",
                                            v->instance->name, CONTROL_SECONDS);
                r = 0;
                if (v->own_terminal && terminal_process(&v->terminal, fds + 2) < 0) {
                        v->status = 128 + SIGHUP;
                        return 0;
                }
                if (fds[1].revents)
                        r = take_signals_in(v);
                if (r == 0 && fds[0].revents)
                        r = take_reply(v);
                if (r != 0)
                        return r;
        }
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_(visit_deinit) Visit v = { .report = report, .connection = -1, .signals = -1,
                                            .terminal = { .output = -1, .master = -1 } };

        ensure_standard_fds();
        if (instances_find(&list, report) < 0)
                return PLAN_FAILED;
        v.instance = instances_pick(&list, line->arguments[0], report);
        v.connection = v.instance ? talk_connect(v.instance, SOCK_SEQPACKET, NULL, report) : -1;
        v.start_by = clock_usec(CLOCK_MONOTONIC) + (uint64_t) CONTROL_SECONDS * 1000000;
        if (v.connection < 0 || take_signals(&v) < 0 || ask(&v, line->rest) < 0)
                return PLAN_FAILED;
        if (relay(&v) < 0)
                return PLAN_FAILED;
        terminal_end(&v.terminal);
        /* So that a shell's loop ends at ^C. */
        if (v.killed_by == SIGINT || v.killed_by == SIGQUIT)
                process_die_of(v.killed_by);
        return v.status;
}

static const Argument arguments[] = {
        { "NAME", ARGUMENT_INSTANCE },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED },
        {},
};

const Verb verb_enter = {
        .name = "enter",
        .help = "run a command (or a shell) in an instance",
        .details = "The command has the namespaces, the filter and the ids of the instance, and no more rights than\n"
                   "the instance. isoctl exits with the exit status of the command.",
        .arguments = arguments,
        .run = run,
};
