/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/hand-over.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "sandbox/limits/cgroup.h"
#include "sandbox/systemd/journal.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"
#include "util/kernel.h"

void hand_over_deinit(HandOver *h) {
        service_bus_deinit(&h->bus);
}

/* Returns -error. If a signal has ended the wait for systemd, that is reported already. */
static int report_unknown(const Plan *plan, const char *property, int error, Report *report) {
        if (error == EINTR)
                return -error;
        return report_error(report, error, "--hand-over: cannot ask systemd for %s= of %s: %s", property, plan->unit,
                            strerror(error));
}

static int check_type(const HandOver *h, const Plan *plan, Report *report) {
        _cleanup_free_ char *type = NULL;
        int r;

        r = service_bus_get_text(&h->bus, "Type", &type);
        if (r < 0)
                return report_unknown(plan, "Type", -r, report);
        if (!streq(type, "notify") && !streq(type, "notify-reload"))
                return report_error(report, EINVAL, "--hand-over: %s has Type=%s, but must have Type=notify",
                                    plan->unit, type);
        return 0;
}

/* Finds the signals that all processes get when systemd stops the service. With KillMode=control-group, these are the
 * signals for the main process, and SIGCONT after them: systemd.kill(5). */
static int find_signals(HandOver *h, const Plan *plan, Report *report) {
        static const struct {
                const char *property;
                char type;
                int fixed; /* the signal, if the property is only whether to send it */
        } table[] = {
                { "KillSignal", 'i', 0 },     { "RestartKillSignal", 'i', 0 }, { "FinalKillSignal", 'i', 0 },
                { "WatchdogSignal", 'i', 0 }, { "SendSIGHUP", 'b', SIGHUP },
        };
        _cleanup_free_ char *mode = NULL;
        uint64_t mask = signal_bit(SIGCONT);
        int r;

        r = service_bus_get_text(&h->bus, "KillMode", &mode);
        if (r < 0)
                return report_unknown(plan, "KillMode", -r, report);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int64_t n;

                r = service_bus_get_number(&h->bus, table[i].property, table[i].type, &n);
                if (r < 0)
                        return report_unknown(plan, table[i].property, -r, report);
                mask |= signal_bit(!table[i].fixed ? (int) n : n ? table[i].fixed : 0);
        }
        h->signals = streq(mode, "control-group") ? mask : 0;
        return 0;
}

static int find_access(HandOver *h, const Plan *plan, Report *report) {
        int r;

        r = relay_get_access(&h->bus, &h->access);
        if (r < 0)
                return report_unknown(plan, "NotifyAccess", -r, report);
        r = relay_get_store(&h->bus, &h->store);
        return r < 0 ? report_unknown(plan, "FileDescriptorStoreMax", -r, report) : 0;
}

int hand_over_prepare(HandOver *h, Run *run) {
        Report *report = run->report;
        const Plan *plan = run->plan;
        int r;

        r = bus_get_peer(&run->bus, &h->main_pid);
        if (r == -EINTR)
                return r;
        if (r < 0)
                return report_error(report, -r,
                                    "--hand-over: cannot ask the bus for the pid of the first process inside: %s",
                                    strerror(-r));
        r = service_bus_open(&h->bus, plan, &run->patience, report);
        if (r >= 0)
                r = check_type(h, plan, report);
        if (r >= 0)
                r = find_signals(h, plan, report);
        return r < 0 ? r : find_access(h, plan, report);
}

static int give_sockets(const HandOver *h, const Run *run, const Relay *relay) {
        Message m = { .type = MESSAGE_HAND_OVER, .value = h->store, .status = h->access, .number = h->signals };
        int fds[2];

        notify_get_fds(relay->notify, &fds[0], &fds[1]);
        return message_send(run->socket, &m, fds, ELEMENTSOF(fds));
}

/* Sends MAINPID= and BARRIER=1. Returns the end of a pipe that hangs up when systemd has read both, or -errno. */
static int tell_systemd(const HandOver *h, const Run *run, const Notify *notify) {
        char text[64];
        int fds[2], r;

        snprintf(text, sizeof(text), "MAINPID=%d%s", h->main_pid, run->plan->notify_exec ? "\nREADY=1" : "");
        r = notify_say_now(notify, text, -1);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = notify_say_now(notify, "BARRIER=1", fds[1]);
        fd_close(fds[1]);
        if (r < 0)
                fd_close(fds[0]);
        return r < 0 ? r : fds[0];
}

/* Returns 1 if systemd has read both, 0 if the reaper is gone, or -errno. */
static int wait_for_systemd(Run *run, int barrier) {
        struct pollfd fds[] = { { .fd = barrier }, { .fd = run->socket } };

        while (!fds[0].revents && !fds[1].revents) {
                int r = patience_poll(&run->patience, fds, ELEMENTSOF(fds), -1);

                if (r < 0)
                        return r;
        }
        return !fds[1].revents;
}

static int check_main_pid(const HandOver *h, const Run *run) {
        bool hidden = access("/proc/1", F_OK) < 0;
        int64_t pid;
        int r;

        r = service_bus_get_number(&h->bus, "MainPID", 'u', &pid);
        if (r < 0)
                return report_unknown(run->plan, "MainPID", -r, run->report);
        if (pid != h->main_pid)
                return report_error(run->report, EPERM,
                                    "--hand-over: systemd did not accept process %d as the main process of %s%s",
                                    h->main_pid, run->plan->unit,
                                    hidden ? ": hidepid= of /proc hides it from a user's systemd" : "");
        return 0;
}

/* Forwards the signals that have come to isorun since the payload was started. */
static void forward_signals(const HandOver *h, const Run *run) {
        struct signalfd_siginfo info;

        while (run_take_signal(run, &info))
                if (!(h->signals & signal_bit((int) info.ssi_signo)))
                        (void) sys_pidfd_send_signal(run->payload, (int) info.ssi_signo);
}

/* Without isorun, only this table tells where the sources of the instance's mounts are, for isoctl verify. An open
 * mountinfo shows the namespace of the process that has opened it. */
static int tell_reaper(const Run *run) {
        _cleanup_close_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

        return message_send(run->socket, &(Message) { .type = MESSAGE_HANDED_OVER }, &mounts, mounts >= 0);
}

int hand_over(const HandOver *h, Run *run, const Relay *relay) {
        _cleanup_close_ int barrier = -1;
        int r;

        holder_describe(&run->holder, CGROUP_ATTRIBUTE("handed-over"), "1");
        if (give_sockets(h, run, relay) < 0)
                return -ECONNRESET;
        barrier = tell_systemd(h, run, relay->notify);
        r = barrier < 0 ? barrier : wait_for_systemd(run, barrier);
        if (r == -EINTR)
                return r;
        if (r < 0)
                return report_error(run->report, -r, "--hand-over: cannot notify systemd: %s", strerror(-r));
        if (r == 0)
                return -ECONNRESET;
        r = check_main_pid(h, run);
        if (r < 0)
                return r;

        forward_signals(h, run);
        if (tell_reaper(run) < 0)
                return -ECONNRESET;
        if (run->plan->notify_exec)
                journal_ready(run->plan);
        run->pid = 0;
        run_ended(run, W_EXITCODE(0, 0));
        return 1;
}
