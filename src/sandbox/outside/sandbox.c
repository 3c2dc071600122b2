/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun's side of a start. It is fast because of its order: a thread has loaded libsystemd while isorun made the plan,
 * and the first process inside makes its root while systemd makes the unit. Neither waits for the other until the
 * end. */
#include "sandbox/outside/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "plan/unit/name.h"
#include "sandbox/deny/filter.h"
#include "sandbox/inside/main.h"
#include "sandbox/inside/unmount.h"
#include "sandbox/limits/bounds.h"
#include "sandbox/outside/bus.h"
#include "sandbox/outside/holder.h"
#include "sandbox/outside/supervise.h"
#include "sandbox/root/id-mapped.h"
#include "sandbox/systemd/machine.h"
#include "sandbox/who/id-maps.h"
#include "sandbox/who/privileges.h"
#include "sandbox/wire/control.h"
#include "sandbox/wire/failure.h"
#include "sandbox/wire/message.h"
#include "sandbox/wire/signals.h"
#include "sandbox/wire/standard-io.h"
#include "util/clock.h"
#include "util/fd-bin.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/memory.h"
#include "util/process.h"

static void supervisor_deinit(Supervisor *s) {
        Run *run = &s->run;
        const int fds[] = { run->socket, run->bus_socket, run->pidfd, run->payload, s->control, run->signals };
        FdBin spent = {};

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fd_bin_add(&spent, fds[i]);
        fd_bin_empty(&spent);
        bus_deinit(&run->bus);
        given_deinit(&run->given);
        relay_deinit(&s->relay);
        flow_server_deinit(&s->flows);
        watcher_deinit(&s->watcher);
        denial_log_end(&s->denial_log, run);
        hand_over_deinit(&s->hand_over);
        /* If the payload ran, the signals stay blocked. A signal that has ended the payload may also be pending for
         * isorun. It must not end isorun before isorun has returned the payload's status. */
        if (run->outcome.progress == PROGRESS_STARTING)
                sigprocmask(SIG_SETMASK, &run->signal_mask, NULL);
}

/* Reports that the namespaces could not be made. If a sysctl forbids user namespaces, names it for the
 * administrator. */
static int clone_failed(Run *run, int error) {
        static const struct {
                const char *path, *refused;
        } sysctls[] = {
                { "/proc/sys/user/max_user_namespaces", "0" },
                { "/proc/sys/kernel/unprivileged_userns_clone", "0" },
                { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(sysctls) && run->plan->namespaces & CLONE_NEWUSER; i++) {
                _cleanup_free_ char *value = NULL;

                if (file_read_line(AT_FDCWD, sysctls[i].path, &value) >= 0 && streq(value, sysctls[i].refused))
                        return report_error(run->report, error, "this system does not allow user namespaces: %s is %s",
                                            sysctls[i].path, value);
        }
        return report_error(run->report, error, "cannot make the namespaces: %s%s",
                            strerror(error), failure_hint(error));
}

typedef struct Filters {
        Filter plain, watching, logging;
} Filters;

/* Makes the first process inside, which inherits lower limits, and runs inside_main(). */
static int make_inside(Supervisor *s, int standard_io[static 3], const int *id_mapped, const Filters *filters) {
        Run *run = &s->run;
        Inside inside = { .plan = run->plan, .filter = &filters->plain, .watching = &filters->watching,
                          .logging = filters->logging.n > 0 ? &filters->logging : NULL,
                          .signal_mask = run->signal_mask, .notify = -1, .steps = run->report->begun,
                          .unmount_late = unmount_may_be_late(run->plan), .bus_socket = run->bus_socket,
                          .foreground = run->plan->terminals && run_terminal_is_ours(run),
                          .id_mapped = id_mapped, .given = &run->given };
        struct clone_args args = {
                /* The process inside makes the network namespace beside its root: inside/network.h. */
                .flags = (run->plan->namespaces & ~(uint64_t) CLONE_NEWNET) | CLONE_PIDFD |
                         (run->plan->hand_over ? CLONE_PARENT : 0),
                .pidfd = (uint64_t) (uintptr_t) &run->pidfd,
                /* With CLONE_PARENT, the kernel uses the exit signal of this process. */
                .exit_signal = run->plan->hand_over ? 0 : SIGCHLD,
        };
        Bounds bounds;
        int fds[2], r;

        s->terminal.set_up = inside.foreground;
        s->terminal.wanted = run->plan->reads_terminal;
        s->terminal.foreground = inside.foreground && s->terminal.wanted;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return report_error(run->report, errno, "cannot make a socket pair: %s", strerror(errno));

        r = bounds_lower(run->plan, &bounds);
        if (r < 0) {
                fds_close(fds, ELEMENTSOF(fds));
                return report_error(run->report, -r, "cannot lower a resource limit: %s", strerror(-r));
        }
        run->pid = holder_clone(&run->holder, &args);
        if (run->pid == 0) {
                close(fds[0]);
                inside.socket = fds[1];
                memcpy(inside.standard_io, standard_io, sizeof(inside.standard_io));
                signals_forwarded(&inside.forwarded);
                inside_main(&inside);
        }
        r = run->pid < 0 ? errno : 0;
        bounds_restore(run->plan, &bounds);
        fd_close(fds[1]);
        if (r == ENODEV && run->plan->pool) { /* the pool has ended: begin() tries again */
                fd_close(fds[0]);
                return -r;
        }
        run->socket = fds[0];
        if (r > 0)
                return clone_failed(run, r);
        report_own_step(run->report, "the process inside is made");
        return 0;
}

/* The payload lowers its limits itself, as one of its last steps. Only isorun may have the right to raise a hard
 * limit. */
static int raise_hard_limit(pid_t pid, const PlanResourceLimit *l) {
        const __rlimit_resource_t resource = (__rlimit_resource_t) l->directive->resource;
        struct rlimit now;

        if (prlimit(pid, resource, NULL, &now) < 0)
                return -errno;
        if (now.rlim_max >= l->limit.rlim_max)
                return 0;
        now.rlim_max = l->limit.rlim_max;
        return prlimit(pid, resource, &now, NULL) < 0 ? -errno : 0;
}

/* isorun writes id maps and reads cgroups in /proc, by pid. If /proc belongs to an outer pid namespace, these would be
 * those of another process. In isorun's own /proc, the process inside has two pids: the one that isorun knows, and
 * 1. */
static int check_proc(const Run *run) {
        char expected[32];
        int r;

        snprintf(expected, sizeof(expected), "%d\t1", run->pid);
        r = process_pidfd_has_pids(run->pidfd, expected);
        if (r < 0)
                return report_error(run->report, -r, "cannot read /proc/self/fdinfo: %s", strerror(-r));
        if (r > 0)
                return 0;
        return report_error(run->report, EXDEV,
                            "/proc belongs to another pid namespace: mount a new /proc first (unshare --mount-proc "
                            "does)");
}

/* Nice= asks the payload to yield to others. A user who has started isorun with nice(1) at more than
 * that may not go back, and the payload then yields enough. */
static int set_nice(const Run *run) {
        const Plan *plan = run->plan;
        int error;

        if (!plan->set_nice || setpriority(PRIO_PROCESS, (id_t) run->pid, plan->nice) >= 0)
                return 0;
        error = errno;
        if (error == EACCES && plan->nice > 0 && getpriority(PRIO_PROCESS, (id_t) run->pid) > plan->nice)
                return 0;
        return report_error_at(run->report, plan->nice_origin, "Nice", error, "cannot set the nice value: %s",
                               strerror(error));
}

/* Sets up the first process inside as far as it has no right to do so itself. */
static int set_up_from_outside(Run *run) {
        const Plan *plan = run->plan;
        Message m = { .type = MESSAGE_MAPPED };
        int r;

        r = check_proc(run);
        if (r < 0)
                return r;
        r = id_maps_write(plan, AT_FDCWD, run->pid, &run->patience);
        if (r < 0)
                return r;

        for (size_t i = 0; i < plan->n_limits; i++) {
                const PlanResourceLimit *l = &plan->limits[i];

                if (l->raised && raise_hard_limit(run->pid, l) < 0)
                        return report_error_at(run->report, l->origin, l->directive->name, errno,
                                               "cannot raise the hard limit: %s", strerror(errno));
        }
        r = set_nice(run);
        if (r < 0)
                return r;

        report_own_step(run->report, "the id maps are written");
        r = message_send(run->socket, &m, NULL, 0);
        return r < 0 ? report_error(run->report, -r, "the first process inside ended unexpectedly") : 0;
}

/* Handles a message of the first process inside from before MESSAGE_GO. Returns 0 for a step, or -errno, reported, if
 * it has failed or was killed. */
static int hear_inside(Supervisor *s) {
        Run *run = &s->run;
        Message m;
        int fd, r;

        r = message_receive(run->socket, MESSAGE_TO_ISORUN, &m, &fd, 1);
        if (r == 0)
                return report_error(run->report, ECHILD, "the first process inside ended before it was ready");
        if (r < 0)
                return run_talk_failed(run, -r);
        if (m.type == MESSAGE_FAILED)
                return run_failure(run, &m);
        if (m.type == MESSAGE_GIVEN)
                r = given_keep(&run->given, (size_t) m.value, fd);
        else if (m.type == MESSAGE_LISTENING)
                r = flow_server_keep(&s->flows, run->plan, m.value, m.status, fd);
        else if (m.type == MESSAGE_STEP)
                run_step(run, &m);
        else
                r = -EPROTO;
        return r < 0 ? run_talk_failed(run, -r) : 0;
}

/* Waits until the first process inside is in its unit. Returns 0 or -errno, reported. If the process fails, this still
 * waits for systemd's job: a scope whose process ends before it is moved would stay for ever. After a signal, it does
 * not wait long: if systemd has not answered yet, it looks for the sender of the request when it gets to it, finds
 * none, and makes no scope. */
static int wait_for_unit(Supervisor *s) {
        Run *run = &s->run;
        uint64_t end = 0;
        int failure = 0, r;

        while ((r = holder_process(&run->holder)) == 0) {
                struct pollfd fds[] = {
                        { .fd = failure ? -1 : run->socket, .events = POLLIN },
                        { .fd = holder_fd(&run->holder), .events = holder_events(&run->holder) },
                };

                patience_check(&run->patience, (Origin) {}, NULL, "waiting until systemd has started %s",
                               run->plan->unit);
                r = patience_poll(&run->patience, fds, ELEMENTSOF(fds), clock_msec_until(end));
                if (r < 0 && r != -EINTR)
                        return run_wait_failed(run, r);
                if (r == -EINTR && !end)
                        end = clock_usec(CLOCK_MONOTONIC) + RUN_GRACE_MSEC * 1000;
                if (r == -EINTR)
                        failure = r;
                else if (fds[0].revents)
                        failure = hear_inside(s);
                if (failure)
                        holder_cancel(&run->holder);
                if (clock_msec_until(end) == 0)
                        return failure;
        }
        return failure ?: r < 0 ? r : 0;
}

static int verify(Run *run) {
        bool held = run->plan->holder != HOLDER_NONE;
        int r;

        if (held)
                report_own_step(run->report, "the process inside is in its unit");
        r = holder_verify(&run->holder, &run->patience);
        if (r >= 0 && held)
                report_own_step(run->report, "the limits are in effect");
        return r;
}

static int send_go(const Run *run) {
        int fds[CGROUP_PLACES];
        unsigned n = 0;

        for (size_t i = 0; i < CGROUP_PLACES; i++)
                if (run->holder.places[i] >= 0)
                        fds[n++] = run->holder.places[i];
        return message_send(run->socket, &(Message) { .type = MESSAGE_GO }, fds, n);
}

static int start(Supervisor *s) {
        Run *run = &s->run;
        int r;

        r = set_up_from_outside(run);
        if (r < 0)
                return r;

        r = run_open_bus(run);
        if (r < 0)
                return r;

        /* Before isoctl can find the instance. Without the socket the instance runs, but isoctl cannot enter it. */
        if (!run->plan->hand_over)
                s->control = control_listen(SOCK_SEQPACKET);
        if (plan_has_flows(run->plan))
                s->flows.askers = control_listen(SOCK_STREAM);
        if (run->plan->holder == HOLDER_SCOPE)
                (void) message_send(run->socket, &(Message) { .type = MESSAGE_REQUESTING }, NULL, 0);
        r = holder_begin(&run->holder, run->pid, &run->bus);
        if (r < 0)
                return r;
        if (run->plan->holder == HOLDER_SCOPE)
                report_own_step(run->report, "isorun has asked systemd for the unit");

        r = wait_for_unit(s);
        if (r >= 0)
                r = verify(run);
        if (r >= 0 && run->plan->hand_over)
                r = hand_over_prepare(&s->hand_over, run);
        if (r >= 0 && run->plan->machine)
                r = machine_register(run->plan, &run->bus, run->report);
        if (r >= 0)
                r = run_terminal_prepare(&s->terminal);
        /* If the process inside is gone, its last message says why. */
        if (r >= 0 && send_go(run) < 0)
                do
                        r = hear_inside(s);
                while (r >= 0);
        bus_deinit(&run->bus);
        run->patience.grace_msec = RUN_GRACE_MSEC; /* the payload is about to take the signals */
        return r;
}

/* Waits until the first process inside has ended. After a signal, it does not wait long. Returns whether it has
 * ended. */
static bool await_end(Run *run, bool interrupted) {
        struct pollfd fd = { .fd = run->pidfd, .events = POLLIN };
        int r = interrupted ? -EINTR : 0;

        run->patience.grace_msec = 0;
        while (r >= 0 && !fd.revents)
                r = patience_poll(&run->patience, &fd, 1, -1);
        if (!fd.revents)
                (void) TEMP_FAILURE_RETRY(poll(&fd, 1, RUN_GRACE_MSEC));
        return fd.revents;
}

/* Whether the first process inside has ended. Otherwise it is about to, or waits until end_inside() kills it. */
static bool inside_has_ended(const Run *run) {
        return run->pid <= 0 || poll(&(struct pollfd) { .fd = run->pidfd, .events = POLLIN }, 1, 0) == 1;
}

/* Kills the first process inside, and with it all processes in its pid namespace, and waits until they are gone. */
static void end_inside(Run *run, bool interrupted) {
        siginfo_t info;

        if (run->pid <= 0)
                return;
        (void) sys_pidfd_send_signal(run->pidfd, SIGKILL);
        if (await_end(run, interrupted))
                (void) run_wait(run, &info);
        else
                report_notice(run->report, "a process of the instance cannot be ended now, because it waits for a file "
                                           "system or a device; it ends when that answers");
}

/* Only a unit has records. */
static int get_logging(const Run *run, Filter *ret) {
        const Origin origin = policy_get(run->plan->source, D_LogDenials)->origin;
        const PlanUnit unit = plan_unit_of(run->plan);
        int r;

        if (!plan_unit_is_real(&unit)) {
                report_notice_at(run->report, origin, "LogDenials", "the journal has records only of instances that "
                                                                    "are units: denied calls are not recorded");
                return 0;
        }
        r = filter_get_logging(run->plan, ret);
        return r < 0 ? report_error_at(run->report, origin, "LogDenials", -r, "cannot make the system call filter: %s",
                                       strerror(-r)) : 0;
}

static int get_filters(const Run *run, Filters *ret) {
        int r = filter_get(run->plan, &ret->plain, run->report);

        if (r >= 0 && run->plan->watched) {
                r = filter_get_watching(run->plan, &ret->watching);
                if (r < 0)
                        return report_error(run->report, -r, "--why: cannot make the system call filter: %s",
                                            strerror(-r));
        }
        return r >= 0 && run->plan->log_denials ? get_logging(run, &ret->logging) : r;
}

/* Opens the files and sockets that are needed, and makes the first process inside. */
static int begin(Supervisor *s) {
        Run *run = &s->run;
        int standard_io[3], *id_mapped = NULL, r;
        Filters filters = {};
        ReadFiles read;

        bus_library_settle();
        /* First, because it moves the fds that this process was started with. */
        r = entrances_open(&s->flows.entrances, run->plan, run->report);
        if (r < 0)
                return r;
        /* This is before signals are blocked: open(2) may wait for the other end of a FIFO, and open_tree(2) for a file
         * system. */
        r = standard_io_open(run->plan, &run->patience, standard_io, &read, run->report);
        if (r < 0)
                return r;
        r = given_find(run->plan, standard_io, read, &run->given, run->report);
        if (r >= 0)
                r = relay_open(&s->relay);
        if (r >= 0)
                r = id_mapped_make(run->plan, &id_mapped, run->report);
        if (r >= 0)
                r = get_filters(run, &filters);
        memory_settle(); /* before the process inside is made */
        if (r >= 0)
                r = run_take_signals(run);
        if (r >= 0)
                r = run_make_bus_socket(run);
        if (r >= 0)
                do {
                        holder_deinit(&run->holder);
                        r = holder_prepare(&run->holder, run->plan, &run->patience, run->report);
                        if (r >= 0)
                                r = make_inside(s, standard_io, id_mapped, &filters);
                } while (r == -ENODEV && run->report->n_errors == 0);
        filter_deinit(&filters.plain);
        filter_deinit(&filters.watching);
        filter_deinit(&filters.logging);
        id_mapped_free(run->plan, id_mapped);
        fds_close(standard_io, ELEMENTSOF(standard_io));
        return r;
}

/* Ends all that is left of the instance. r: what the start or the supervision has returned. */
static void end(Supervisor *s, int r) {
        Run *run = &s->run;
        const bool ended = run->outcome.progress == PROGRESS_ENDED && !run->plan->hand_over;
        bool ended_early;

        run_terminal_end(&s->terminal);
        given_return_offsets(&run->given);
        run->outcome.name_taken = r == -EEXIST && holder_name_taken(&run->holder);
        /* A systemd that gets to the request now must not find its sender. */
        bus_deinit(&run->bus);
        if (run->plan->measured || plan_is_recorded(run->plan))
                holder_measure(&run->holder, &run->outcome.usage);
        if (ended)
                holder_end_payload(&run->holder);
        ended_early = ended && inside_has_ended(run);
        end_inside(run, r == -EINTR);
        if (ended_early)
                holder_remove_rest(&run->holder, &run->patience);
        if (run->outcome.progress != PROGRESS_STARTING)
                watcher_report(&s->watcher, run);
        holder_deinit(&run->holder);
}

int sandbox_run(const Plan *plan, Report *report, Outcome *ret) {
        Supervisor s = {
                .run = { .plan = plan, .report = report, .bus_socket = -1, .socket = -1, .pidfd = -1, .payload = -1,
                         .signals = -1, .patience = patience_begin(report),
                         .holder = { .cgroup_fd = -1, .memory_events = -1, .task_events = -1, .own_events = { -1, -1 },
                                     .places = { -1, -1 } },
                         .outcome = { .exit_status = PLAN_FAILED } },
                .control = -1,
                .begun = clock_usec(CLOCK_MONOTONIC),
                .flows = { .socket = -1, .pidfd = -1, .askers = -1 },
                .watcher = { .socket = -1, .pidfd = -1 },
                .denial_log = { .socket = -1, .pidfd = -1 },
        };
        int r;

        s.terminal.run = s.relay.run = &s.run;
        r = begin(&s);
        if (r >= 0)
                r = start(&s);
        if (r >= 0)
                r = supervise(&s);
        end(&s, r);
        supervisor_deinit(&s);
        *ret = s.run.outcome;
        return r;
}
