/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/relay.h"

#include <errno.h>
#include <stdio.h>

#include "sandbox/limits/cgroup.h"
#include "sandbox/systemd/journal.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/process.h"

int relay_get_access(const ServiceBus *bus, NotifyAccess *ret) {
        _cleanup_free_ char *access = NULL;
        int r;

        r = service_bus_get_text(bus, "NotifyAccess", &access);
        if (r < 0)
                return r;
        *ret = streq(access, "all") ? NOTIFY_ACCESS_ALL : NOTIFY_ACCESS_MAIN;
        return 0;
}

int relay_get_store(const ServiceBus *bus, NotifyStore *ret) {
        int64_t max;
        int r;

        r = service_bus_get_number(bus, "FileDescriptorStoreMax", 'u', &max);
        if (r < 0)
                return r;
        *ret = max > 0 ? NOTIFY_STORE_YES : NOTIFY_STORE_NO;
        return 0;
}

/* Signals wait while isorun asks systemd. If they have to wait too long, isorun asks again later. */

static NotifyAccess ask_access(void *userdata) {
        Run *run = ((const Relay *) userdata)->run;
        _cleanup_(service_bus_deinit) ServiceBus bus = {};
        NotifyAccess access = NOTIFY_ACCESS_MAIN;
        Report silent = {};
        int r;

        /* Without a service, NOTIFY_SOCKET belongs to a sandbox around this one, and the isorun there asks systemd. */
        if (run->plan->holder != HOLDER_SERVICE)
                return access;
        r = service_bus_open(&bus, run->plan, &run->patience, &silent);
        if (r >= 0)
                r = relay_get_access(&bus, &access);
        return r == -EINTR ? NOTIFY_ACCESS_UNKNOWN : access;
}

static NotifyStore ask_store(void *userdata) {
        Run *run = ((const Relay *) userdata)->run;
        _cleanup_(service_bus_deinit) ServiceBus bus = {};
        NotifyStore store = NOTIFY_STORE_NO;
        Report silent = {};
        int r;

        /* Without a service, the isorun of the sandbox around this one decides. */
        if (run->plan->holder != HOLDER_SERVICE)
                return NOTIFY_STORE_YES;
        r = service_bus_open(&bus, run->plan, &run->patience, &silent);
        if (r >= 0)
                r = relay_get_store(&bus, &store);
        return r == -EINTR ? NOTIFY_STORE_UNKNOWN : store;
}

/* Asks the reaper for the process. If the message would have to wait, for example because the reaper is frozen, it is
 * not sent, and the payload's next MAINPID= tries again. */
static void look_up(Relay *relay) {
        int socket = relay->run->socket;
        Message m = { .type = MESSAGE_LOOK_UP, .value = relay->named };

        if (relay->asked)
                return;
        if (poll(&(struct pollfd) { .fd = socket, .events = POLLOUT }, 1, 0) == 1 &&
            message_send(socket, &m, NULL, 0) >= 0)
                relay->asked = relay->named;
        else
                relay->named = 0;
}

/* pid counts in the sender's pid namespace. It means the same process to the reaper only if that is the reaper's
 * namespace. */
static void named_main(void *userdata, pid_t pid, const struct ucred *sender) {
        Relay *relay = userdata;

        if (pid == relay->named || process_pid_depth(sender->pid) != process_pid_depth(relay->run->pid))
                return;
        relay->named = pid;
        look_up(relay);
}

static void ready(void *userdata) {
        Relay *relay = userdata;

        if (!relay->ready)
                journal_ready(relay->run->plan);
        relay->ready = true;
}

/* Reads the pid of a pidfd's process, in the pid namespace of isorun: pidfd_open(2). */
static int pid_of(int pidfd, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = process_pidfd_status(pidfd, "Pid", &text);
        return r < 0 ? r : parse_u64_range(text, 1, INT32_MAX, ret);
}

void relay_found_main(Relay *relay, int pidfd) {
        bool outdated = relay->asked != relay->named;
        char text[16];
        uint64_t pid;

        if (!outdated && pidfd >= 0 && pid_of(pidfd, &pid) >= 0) {
                snprintf(text, sizeof(text), "%d", (int) pid);
                holder_describe(&relay->run->holder, CGROUP_ATTRIBUTE("mainpid"), text);
        }
        fd_close(pidfd);
        relay->asked = 0;
        if (outdated)
                look_up(relay);
}

int relay_open(Relay *relay) {
        const Plan *plan = relay->run->plan;
        Report *report = relay->run->report;
        int fd;

        if (!plan->notify)
                return 0;
        fd = notify_connect(plan->notify);
        if (fd < 0)
                return report_error(report, -fd, "cannot connect to NOTIFY_SOCKET=%s: %s", plan->notify, strerror(-fd));
        relay->owner = (NotifyOwner) { .ask_access = ask_access, .ask_store = ask_store, .named_main = named_main,
                                       .ready = ready, .userdata = relay };
        relay->notify = notify_new(fd, &relay->owner, report);
        if (!relay->notify) {
                fd_close(fd);
                return report_oom(report);
        }
        return 0;
}

void relay_say_ready(Relay *relay) {
        if (!relay->ready)
                notify_say(relay->notify, "READY=1");
        ready(relay);
}

void relay_begin(Relay *relay, int in) {
        const Run *run = relay->run;
        uint64_t pid = 0;

        if (!relay->notify) {
                fd_close(in);
                return;
        }
        /* The cgroup may still have the value of an earlier run of the service. */
        holder_describe(&run->holder, CGROUP_ATTRIBUTE("mainpid"), "");
        (void) pid_of(run->payload, &pid);
        notify_begin(relay->notify, in, (pid_t) pid, NOTIFY_ACCESS_UNKNOWN, NOTIFY_STORE_UNKNOWN);
        /* With --hand-over, READY=1 is sent together with MAINPID= (hand-over.c). */
        if (run->plan->notify_exec && !run->plan->hand_over)
                relay_say_ready(relay);
}

void relay_deinit(Relay *relay) {
        relay->notify = notify_free(relay->notify);
}
