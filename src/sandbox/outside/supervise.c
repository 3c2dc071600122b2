/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/hint.h"
#include "sandbox/outside/questions.h"
#include "sandbox/systemd/journal.h"
#include "sandbox/wire/control.h"
#include "sandbox/wire/signals.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/memory.h"

static SignalSender find_sender(const Run *run, const struct signalfd_siginfo *info) {
        /* isorun is the service's main process, so its parent is the service manager. */
        if (run->plan->holder == HOLDER_SERVICE && info->ssi_pid == (uint32_t) getppid())
                return SENDER_MANAGER;
        /* In a sandbox around this one, process 1 is a reaper, which passes on such signals. */
        return info->ssi_code == SI_KERNEL || info->ssi_pid == 1 ? SENDER_TERMINAL : SENDER_ANY;
}

/* Resumes what the payload has frozen of its own cgroups: a frozen process does not notice a signal that is to end
 * it. */
static void thaw(const Run *run) {
        if (run->plan->inner_cgroup && run->holder.cgroup_fd >= 0)
                cgroup_thaw(run->holder.cgroup_fd);
}

/* Asks the reaper about each signal whether the payload has it already: a terminal sends SIGINT to the whole process
 * group, and systemd stops all processes of the unit. The reaper answers with MESSAGE_SEEN. */
static void ask_about_signals(Supervisor *s) {
        const Run *run = &s->run;
        struct signalfd_siginfo info;

        while (run_take_signal(run, &info)) {
                Message m = { .type = MESSAGE_SIGNAL, .value = (int32_t) info.ssi_signo,
                              .status = (int32_t) find_sender(run, &info) };

                if (signal_is_to_end((int) info.ssi_signo))
                        thaw(run);
                if (!run_terminal_signal(&s->terminal, &info) && message_send(run->socket, &m, NULL, 0) >= 0)
                        s->terminal.n_asked++;
        }
}

/* The isorun that waits for this one ends now. Its standard error may be a terminal, or a pipe that somebody reads. */
static void leave_caller(const Run *run) {
        _cleanup_close_ int null = -1;

        if (!run->plan->detached)
                return;
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null >= 0)
                (void) dup2(null, STDERR_FILENO);
        (void) send(run->plan->detached, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void note_oom(Run *run) {
        Origin origin = {};
        const char *key = NULL;

        if (!holder_oom_killed(&run->holder))
                return;
        run->outcome.usage.oom_killed = true;
        for (size_t i = 0; i < run->plan->n_properties; i++)
                if (directive_id(run->plan->properties[i].directive) == D_MemoryMax) {
                        origin = run->plan->properties[i].settings->items[0].origin;
                        key = "MemoryMax";
                }
        report_notice_at(run->report, origin, key, "the kernel killed a process of %s for lack of memory",
                         run->plan->unit);
        journal_oom_killed(run->plan, origin, key);
}

/* A program that makes code while it runs fails soon, and does not know the policy. */
static void note_denied_code(const Supervisor *s, int wait_status) {
        enum { SOON_USEC = 10 * 1000000 };
        const Plan *plan = s->run.plan;

        if (plan->code_maker && code_maker_has_failed(plan->code_maker, wait_status) &&
            clock_usec(CLOCK_MONOTONIC) - s->started < SOON_USEC)
                report_notice_at(s->run.report, policy_get(plan->source, D_MemoryDenyWriteExecute)->origin,
                                 "MemoryDenyWriteExecute",
                                 "%s may have failed because it makes code while it runs (%sMemoryDenyWriteExecute=no "
                                 "allows that)", plan->code_maker->name, plan_option(plan));
}

/* systemd stops a unit that has run for too long. The unit is older than the payload, but not older than the start; and
 * a unit cannot run for longer. */
static void note_timeout(const Supervisor *s) {
        enum { SLACK_USEC = 1000000 };
        const Setting *limit = policy_get(s->run.plan->source, D_RuntimeMaxSec);
        uint64_t before = s->started - s->begun, ran = clock_usec(CLOCK_MONOTONIC) - s->started;

        if (!limit || !limit->value.number || !s->started || !holder_is_unit(s->run.plan->holder))
                return;
        if (ran + (before < SLACK_USEC ? before : SLACK_USEC) < (uint64_t) limit->value.number)
                return;
        report_notice_at(s->run.report, limit->origin, "RuntimeMaxSec", "systemd stopped %s after %s",
                         s->run.plan->unit, limit->value.text);
        journal_limit_reached(s->run.plan, limit->origin, "RuntimeMaxSec");
}

/* Whether the first process inside may send this message now. */
static bool is_expected(const Supervisor *s, MessageType type) {
        bool starting = s->run.outcome.progress == PROGRESS_STARTING;

        switch (type) {
        case MESSAGE_STEP:
                return starting && s->run.report->begun;
        case MESSAGE_FAILED:
        case MESSAGE_STARTED:
        case MESSAGE_GIVEN:
        case MESSAGE_LISTENING:
                return starting;
        case MESSAGE_WATCH:
                return starting && s->run.plan->watched && s->watcher.socket < 0;
        case MESSAGE_LOGGING:
                return starting && s->run.plan->log_denials && !s->denial_log.begun;
        case MESSAGE_TERMINAL:
                return starting && s->run.plan->terminals && !s->terminal.active;
        case MESSAGE_SEEN:
                return s->terminal.n_asked > 0;
        case MESSAGE_CONTINUED:
                return s->terminal.n_continued > 0;
        case MESSAGE_FOUND:
                return s->relay.asked;
        case MESSAGE_FORKED:
                return !starting && s->run.plan->notify_fork;
        case MESSAGE_ASKED:
        case MESSAGE_REFUSED:
        case MESSAGE_ENDING:
        case MESSAGE_FULL:
        case MESSAGE_STOPPED:
        case MESSAGE_EXITED:
                return !starting;
        default:
                return false;
        }
}

/* The payload has been executed. Takes over notify, its socket for notify messages, or -1. */
static int note_started(Supervisor *s, int notify) {
        Run *run = &s->run;
        int r;

        r = flow_server_start(&s->flows, run);
        if (r < 0) {
                fd_close(notify);
                return r;
        }
        run->outcome.progress = PROGRESS_RUNNING;
        s->started = clock_usec(CLOCK_MONOTONIC);
        patience_end(&run->patience);
        report_own_step(run->report, "the command runs");
        journal_started(run->plan);
        leave_caller(run);
        relay_begin(&s->relay, notify);
        if (run->plan->hand_over)
                return hand_over(&s->hand_over, run, &s->relay);
        return run_terminal_start(&s->terminal);
}

/* The plan's filter kills for calls of other architectures, which no errno could answer. With other architectures in
 * the plan, --why is refused. */
static void note_killed_call(const Run *run, int wait_status) {
        if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS && !run->plan->watched)
                report_notice(run->report, "the command was killed by SIGSYS: a filter killed it for a system call, or "
                              "a process sent it this signal%s",
                              run->plan->n_architectures > 0 ? "" : " (isorun --why says which call it was)");
}

/* Many servers go into the background by themselves. Their processes end with the command. */
static void note_left(const Run *run, const char *name) {
        report_notice(run->report, "the command has ended, and left \"%s\" behind, which ends now: a server has to "
                      "stay in the foreground (nginx -g \"daemon off;\", for example), or needs --notify=fork in a "
                      "service", name);
}

/* The payload has ended. The reaper keeps the unit alive until isorun hangs up. */
static void note_exited(Supervisor *s, int wait_status, const char *left) {
        Run *run = &s->run;

        if (run->plan->notify_fork && wait_status == 0)
                relay_say_ready(&s->relay);
        notify_finish(s->relay.notify);
        note_oom(run);
        reached_end(&s->reached, run);
        note_denied_code(s, wait_status);
        note_killed_call(run, wait_status);
        note_timeout(s);
        run_ended(run, wait_status);
        report_own_step(run->report, "the command has ended");
        journal_ended(run->plan, wait_status, left);
}

static int take_of_start(Supervisor *s, const Message *m, int fd) {
        Run *run = &s->run;
        int r;

        switch (m->type) {
        case MESSAGE_STEP:
                run_step(run, m);
                return 0;
        case MESSAGE_FAILED:
                return run_failure(run, m);
        case MESSAGE_GIVEN:
                return given_keep(&run->given, (size_t) m->value, fd);
        case MESSAGE_LISTENING:
                return flow_server_keep(&s->flows, run->plan, m->value, m->status, fd);
        case MESSAGE_WATCH:
                r = watcher_start(&s->watcher, run, fd);
                fd_close(fd);
                return r;
        default: /* MESSAGE_LOGGING */
                r = denial_log_start(&s->denial_log, run, fd);
                fd_close(fd);
                return r;
        }
}

static int take_of_terminal(Supervisor *s, const Message *m, int fd) {
        switch (m->type) {
        case MESSAGE_TERMINAL:
                return run_terminal_begin(&s->terminal, fd);
        case MESSAGE_STOPPED:
                run_terminal_stopped(&s->terminal, m->value);
                return 0;
        case MESSAGE_SEEN:
                if (!m->status)
                        (void) sys_pidfd_send_signal(s->run.payload, m->value);
                run_terminal_answered(&s->terminal);
                return 0;
        default: /* MESSAGE_CONTINUED */
                run_terminal_continued(&s->terminal);
                return 0;
        }
}

/* Receives and handles one message. Returns 1 if the payload has ended, 0 if not, or -errno. */
static int take_message(Supervisor *s) {
        Run *run = &s->run;
        Message m;
        int fds[2], r;

        r = message_receive(run->socket, MESSAGE_TO_ISORUN, &m, fds, ELEMENTSOF(fds));
        if (r <= 0)
                return r < 0 ? r : -ECONNRESET;
        if (!is_expected(s, m.type)) {
                fds_close(fds, ELEMENTSOF(fds));
                return -EPROTO;
        }

        switch (m.type) {
        case MESSAGE_STEP:
        case MESSAGE_FAILED:
        case MESSAGE_GIVEN:
        case MESSAGE_LISTENING:
        case MESSAGE_WATCH:
        case MESSAGE_LOGGING:
                return take_of_start(s, &m, fds[0]);
        case MESSAGE_TERMINAL:
        case MESSAGE_STOPPED:
        case MESSAGE_SEEN:
        case MESSAGE_CONTINUED:
                return take_of_terminal(s, &m, fds[0]);
        case MESSAGE_STARTED:
                run->payload = fds[0];
                return note_started(s, fds[1]);
        case MESSAGE_ENDING:
                thaw(run);
                if (m.value) {
                        s->terminal.terminal.hurry = true;
                        (void) sys_pidfd_send_signal(run->payload, SIGTERM);
                }
                return 0;
        case MESSAGE_FULL:
                return reached_full(&s->reached, run, (size_t) m.value);
        case MESSAGE_FORKED:
                fd_close(run->payload);
                run->payload = fds[0];
                relay_say_ready(&s->relay);
                return 0;
        case MESSAGE_ASKED:
                questions_answer(run->plan, s->watcher.denials, fds[0]);
                return 0;
        case MESSAGE_REFUSED:
                report_notice(run->report, "%s", m.text);
                return 0;
        case MESSAGE_FOUND:
                relay_found_main(&s->relay, fds[0]);
                return 0;
        case MESSAGE_EXITED:
                if (m.status)
                        note_left(run, m.text);
                note_exited(s, m.value, m.status ? m.text : NULL);
                return 1;
        default:
                return -EPROTO;
        }
}

/* Handles the end of the first process inside without a message: systemd has killed the unit after a timeout, or the
 * kernel has killed it for lack of memory. The payload has been killed with it. */
static int died(Supervisor *s) {
        Run *run = &s->run;
        siginfo_t info = {};
        int r;

        note_oom(run);
        if (run->outcome.progress == PROGRESS_RUNNING)
                reached_end(&s->reached, run);
        r = run_wait(run, &info);
        if (r < 0)
                return report_error(run->report, -r, "cannot wait for the instance: %s", strerror(-r));
        if (run->outcome.progress == PROGRESS_STARTING)
                return report_error(run->report, ECHILD,
                                    "the first process inside was killed before the command started");

        if (info.si_code == CLD_EXITED)
                return report_error(run->report, ECHILD,
                                    "the first process of the instance ended unexpectedly, and the command with it");
        run_ended(run, W_EXITCODE(0, info.si_status));
        journal_ended(run->plan, run->outcome.wait_status, NULL);
        return 0;
}

/* A command that enters a frozen cgroup is frozen, too. The payload may freeze it again before it has started, so this
 * is done every THAW_MSEC for as long as isoctl waits for that. */
static void thaw_for_command(Supervisor *s) {
        cgroup_thaw_payload(s->run.holder.cgroup_fd);
        if (clock_usec(CLOCK_MONOTONIC) >= s->entered_end)
                s->entered_end = 0;
}

/* Accepts a connection of isoctl, and passes it to the reaper. Drops it if the message would have to wait, for example
 * because the reaper is frozen. */
static void admit(Supervisor *s) {
        _cleanup_close_ int connection = control_accept(s->control);

        if (connection >= 0 && s->run.plan->inner_cgroup && s->run.holder.cgroup_fd >= 0)
                s->entered_end = clock_usec(CLOCK_MONOTONIC) + CONTROL_SECONDS * UINT64_C(1000000);

        if (connection >= 0 && poll(&(struct pollfd) { .fd = s->run.socket, .events = POLLOUT }, 1, 0) == 1)
                (void) message_send(s->run.socket, &(Message) { .type = MESSAGE_CONTROL }, &connection, 1);
}

/* The index of each fd in the poll(2) array. */
enum {
        ON_INSIDE,
        ON_SIGNAL,
        ON_MEMORY,
        ON_REACHED,
        ON_CONTROL,
        ON_FLOWS,
        ON_RECORDS,
        ON_ASKERS,
        ON_DENIALS,
        ON_NOTIFY,
        ON_TERMINAL = ON_NOTIFY + NOTIFY_FDS,
        SOURCES = ON_TERMINAL + TERMINAL_FDS,
};

static void fill(const Supervisor *s, struct pollfd fds[static SOURCES]) {
        const Run *run = &s->run;
        bool starting = run->outcome.progress == PROGRESS_STARTING;

        fds[ON_INSIDE] = (struct pollfd) { .fd = run->socket, .events = POLLIN };
        fds[ON_REACHED] = (struct pollfd) { .fd = reached_fd(&s->reached, run), .events = POLLPRI };
        /* Before the payload runs, signals and isoctl wait: nothing can get them. */
        fds[ON_SIGNAL] = (struct pollfd) { .fd = starting ? -1 : run->signals, .events = POLLIN };
        fds[ON_MEMORY] = (struct pollfd) { .fd = run->holder.memory_events, .events = POLLPRI };
        fds[ON_CONTROL] = (struct pollfd) { .fd = starting ? -1 : s->control, .events = POLLIN };
        fds[ON_FLOWS] = (struct pollfd) { .fd = s->flows.pidfd, .events = POLLIN };
        fds[ON_RECORDS] = (struct pollfd) { .fd = s->flows.is_silent ? -1 : s->flows.socket, .events = POLLIN };
        fds[ON_ASKERS] = (struct pollfd) { .fd = s->flows.pidfd < 0 ? -1 : s->flows.askers, .events = POLLIN };
        fds[ON_DENIALS] = (struct pollfd) { .fd = s->denial_log.socket, .events = POLLIN };
        notify_fill(s->relay.notify, fds + ON_NOTIFY);
        run_terminal_fill(&s->terminal, fds + ON_TERMINAL);
}

/* Handles the fds that are ready. Output and memory events are handled before the payload's end, so that none of them
 * is lost. Returns 1 at the end, 0 before, or -errno, reported. */
static int process(Supervisor *s, const struct pollfd fds[static SOURCES]) {
        Run *run = &s->run;
        int r = 0;

        if (fds[ON_MEMORY].revents)
                note_oom(run);
        if (fds[ON_REACHED].revents)
                reached_process(&s->reached, run);
        run_terminal_process(&s->terminal, fds + ON_TERMINAL);
        if (fds[ON_INSIDE].revents)
                r = take_message(s);
        if (r == -ECONNRESET) {
                note_timeout(s);
                r = died(s);
                return r < 0 ? r : 1;
        }
        if (r < 0 && run->report->n_errors == 0)
                return run_talk_failed(run, -r);
        if (r != 0)
                return r;
        if (fds[ON_SIGNAL].revents)
                ask_about_signals(s);
        if (fds[ON_CONTROL].revents)
                admit(s);
        if (fds[ON_RECORDS].revents)
                flow_server_take(&s->flows);
        if (fds[ON_ASKERS].revents)
                flow_server_admit(&s->flows);
        if (fds[ON_DENIALS].revents)
                denial_log_take(&s->denial_log, run);
        if (fds[ON_FLOWS].revents)
                flow_server_ended(&s->flows, run->report);
        if (s->entered_end)
                thaw_for_command(s);
        notify_process(s->relay.notify, fds + ON_NOTIFY);
        return 0;
}

/* Waits for events. Returns 0 or -errno; -EINTR is reported. */
static int wait_for_events(Supervisor *s, struct pollfd fds[static SOURCES]) {
        enum { THAW_MSEC = 100 };
        Run *run = &s->run;
        int r;

        if (run->outcome.progress != PROGRESS_STARTING)
                return poll(fds, SOURCES, s->entered_end ? THAW_MSEC : -1) < 0 && errno != EINTR ? -errno : 0;
        patience_check(&run->patience, (Origin) {}, NULL,
                       "waiting until the instance's root is complete and its command runs");
        r = patience_poll(&run->patience, fds, SOURCES, -1);
        return r < 0 ? r : 0;
}

int supervise(Supervisor *s) {
        Run *run = &s->run;
        bool starting = run->outcome.progress == PROGRESS_STARTING;
        struct pollfd fds[SOURCES];
        int r = 0;

        while (r == 0) {
                if (starting && run->outcome.progress == PROGRESS_RUNNING) {
                        memory_shed_stack();
                        starting = false;
                }
                fill(s, fds);
                r = wait_for_events(s, fds);
                if (r == 0)
                        r = process(s, fds);
                else
                        r = run_wait_failed(run, r);
        }
        return r < 0 ? r : 0;
}
