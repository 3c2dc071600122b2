/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/wire/signals.h"
#include "sandbox/wire/step.h"
#include "util/fd.h"
#include "util/kernel.h"

int run_failure(Run *run, const Message *m) {
        const char *key;
        Origin origin;

        if (subject_find(run->plan, m->subject, &origin, &key) < 0)
                return run_talk_failed(run, EPROTO);
        run->outcome.exit_status = m->status;
        return report_error_at(run->report, origin, key, m->value, "%s", m->text);
}

void run_step(const Run *run, const Message *m) {
        report_step(run->report, "inside", m->number, step_name((Step) m->value));
}

int run_talk_failed(const Run *run, int error) {
        if (error == EPROTO)
                return report_error(run->report, EPROTO,
                                    "isorun ended the instance: its first process sent an invalid message, and an "
                                    "attacker may control it");
        return report_error(run->report, error, "cannot talk to the first process inside: %s", strerror(error));
}

int run_take_signal(const Run *run, struct signalfd_siginfo *ret) {
        return read(run->signals, ret, sizeof(*ret)) == sizeof(*ret);
}

/* Reports the signal that ends the start. A second one changes nothing. */
static int interrupted_by(Run *run, int sig) {
        const char *before = run->outcome.progress == PROGRESS_STARTING ? "the command started"
                                                                        : "systemd had taken over";

        if (run->outcome.progress == PROGRESS_ENDED || run->outcome.exit_status > 128)
                return -EINTR;
        run->outcome.exit_status = 128 + sig;
        if (sig >= SIGRTMIN)
                return report_error(run->report, EINTR, "stopped by SIGRTMIN+%d before %s", sig - SIGRTMIN, before);
        return report_error(run->report, EINTR, "stopped by SIG%s before %s", sigabbrev_np(sig), before);
}

/* For Patience. */
static int interrupted(void *userdata) {
        struct signalfd_siginfo info;
        Run *run = userdata;

        /* These signals are the payload's. Whatever waits must stop that, so that isorun can forward them. */
        if (run->outcome.progress == PROGRESS_RUNNING && !run->plan->hand_over)
                return -EINTR;
        while (run_take_signal(run, &info)) {
                int sig = (int) info.ssi_signo;

                if (sig != SIGWINCH && sig != SIGCONT && sig != SIGURG)
                        return interrupted_by(run, sig);
        }
        return 0;
}

int run_take_signals(Run *run) {
        sigset_t forwarded, blocked;

        signals_forwarded(&forwarded);
        /* Unblocked, the first process inside would lose this one until it is the reaper. */
        blocked = forwarded;
        sigaddset(&blocked, SIGNAL_STOP);
        if (sigprocmask(SIG_BLOCK, &blocked, &run->signal_mask) < 0)
                return report_error(run->report, errno, "cannot block signals: %s", strerror(errno));
        run->signals = signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK);
        if (run->signals < 0)
                return report_error(run->report, errno, "cannot receive signals: %s", strerror(errno));
        run->patience.signals = run->signals;
        run->patience.interrupted = interrupted;
        run->patience.userdata = run;
        return 0;
}

int run_wait_failed(const Run *run, int r) {
        return r == -EINTR ? r : report_error(run->report, -r, "cannot wait for events: %s", strerror(-r));
}

static uint64_t usec(struct timeval t) {
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_usec;
}

/* The kernel adds the processes that the first one has waited for, or that are zombies when it ends. The time of the
 * cgroup has all processes, so it stays. */
static void note_usage(Usage *usage, const struct rusage *r) {
        usage->max_rss = (uint64_t) r->ru_maxrss * 1024;
        if (usage->cpu_usec == 0)
                usage->cpu_usec = usec(r->ru_utime) + usec(r->ru_stime);
}

int run_wait(Run *run, siginfo_t *ret) {
        struct rusage usage;
        int r;

        if (run->plan->hand_over) {
                r = (int) TEMP_FAILURE_RETRY(poll(&(struct pollfd) { .fd = run->pidfd, .events = POLLIN }, 1, -1));
                *ret = (siginfo_t) { .si_code = CLD_KILLED, .si_status = SIGKILL };
        } else
                r = (int) TEMP_FAILURE_RETRY(sys_wait_usage(run->pidfd, ret, &usage));
        if (r < 0)
                return -errno;
        if (!run->plan->hand_over)
                note_usage(&run->outcome.usage, &usage);
        run->pid = 0;
        return 0;
}

void run_ended(Run *run, int wait_status) {
        run->outcome.wait_status = wait_status;
        run->outcome.progress = PROGRESS_ENDED;
}

/* The cgroup of the instance, where no controller is given to cgroups below. */
static int open_cgroup(const Holder *h) {
        const char *name = h->plan->delegate && h->plan->inner_cgroup ? "isorun" : ".";

        return h->cgroup_fd < 0 ? -1 : openat(h->cgroup_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

pid_t run_fork_in_unit(const Run *run, int *ret_pidfd) {
        _cleanup_close_ int cgroup = open_cgroup(&run->holder);
        struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t) (uintptr_t) ret_pidfd,
                                   .exit_signal = SIGCHLD };
        pid_t pid = -1;

        if (cgroup >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) cgroup;
                pid = sys_clone3(&args);
                args.flags &= ~(uint64_t) CLONE_INTO_CGROUP;
        }
        return pid < 0 ? sys_clone3(&args) : pid;
}
