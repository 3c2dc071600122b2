/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/run-terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sandbox/outside/supervise.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"
#include "util/kernel.h"

bool run_terminal_is_ours(const Run *run) {
        int fd = terminal_find_input(run->plan->terminals);
        pid_t group = fd < 0 ? -1 : tcgetpgrp(fd);

        /* Where it is not the controlling terminal there is no background. */
        return group < 0 ? errno == ENOTTY : group == getpgrp();
}

int run_terminal_begin(Run *run, int master) {
        RunTerminal *t = &run->terminal;
        int r;

        r = terminal_begin(&t->terminal, run->plan->terminals, master);
        t->active = r >= 0;
        if (r < 0)
                terminal_end(&t->terminal);
        return r < 0 ? report_error(run->report, -r, "the terminal: %s", strerror(-r)) : 0;
}

/* Takes the terminal where it is ours to take, and has the payload read from it, or not. */
static void settle(Run *run, bool wake) {
        bool foreground = run_terminal_is_ours(run);
        RunTerminal *t = &run->terminal;
        Message m = { .type = MESSAGE_CONTINUE, .value = foreground };

        if (foreground && !t->set_up)
                terminal_copy(&t->terminal);
        if (!foreground || terminal_take(&t->terminal) < 0)
                terminal_forget(&t->terminal);
        terminal_resize(&t->terminal);
        if (wake || foreground != t->foreground)
                (void) message_send(run->socket, &m, NULL, 0);
        t->foreground = foreground;
        t->set_up = t->set_up || foreground;
}

int run_terminal_start(Run *run) {
        sigset_t mask;

        if (!run->terminal.active)
                return 0;
        /* ^Z of the caller's terminal is the payload's, too, from now on. */
        sigemptyset(&mask);
        sigaddset(&mask, SIGTSTP);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return report_error(run->report, errno, "sigprocmask: %s", strerror(errno));
        signals_forwarded(&mask);
        sigaddset(&mask, SIGTSTP);
        if (signalfd(run->signals, &mask, 0) < 0)
                return report_error(run->report, errno, "signalfd: %s", strerror(errno));
        settle(run, false);
        return 0;
}

void run_terminal_fill(const Run *run, struct pollfd fds[static TERMINAL_FDS]) {
        if (run->terminal.active)
                terminal_fill(&run->terminal.terminal, fds);
        else
                for (unsigned i = 0; i < TERMINAL_FDS; i++)
                        fds[i] = (struct pollfd) { .fd = -1 };
}

/* The caller's terminal is gone: then so is the payload's. The kernel tells the session's leader, the reaper. */
static void hang_up(Run *run) {
        run->terminal.active = false;
        terminal_end(&run->terminal.terminal);
        if (run->payload < 0)
                return;
        (void) sys_pidfd_send_signal(run->payload, SIGHUP);
        (void) sys_pidfd_send_signal(run->payload, SIGCONT);
}

void run_terminal_process(Run *run, const struct pollfd fds[static TERMINAL_FDS]) {
        RunTerminal *t = &run->terminal;

        if (!t->active)
                return;
        /* Nobody says when a job has been moved to the foreground; when it has something to show is a time to look. */
        if (run->payload >= 0 && !t->foreground && fds[TERMINAL_FROM_MASTER].revents && run_terminal_is_ours(run))
                settle(run, false);
        if (terminal_process(&t->terminal, fds) < 0)
                hang_up(run);
}

/* One that was typed at the caller's terminal, which is not raw: standard input is no terminal, or isorun was in the
 * background until now. Returns whether it has been handed on. */
static bool hand_on_typed(Run *run, int sig) {
        bool before = run->terminal.foreground;

        settle(run, false);
        return before && ioctl(run->terminal.terminal.master, TIOCSIG, sig) >= 0;
}

bool run_terminal_signal(Run *run, const struct signalfd_siginfo *info) {
        int sig = (int) info->ssi_signo;

        if (!run->terminal.active)
                return sig == SIGTSTP;
        switch (sig) {
        case SIGWINCH:
                terminal_resize(&run->terminal.terminal);
                return true;
        case SIGCONT:
                /* A stopped process gets what ends it before it goes on, to be stopped again. */
                run->terminal.wake = run->terminal.n_asked > 0;
                if (!run->terminal.wake)
                        settle(run, true);
                return true;
        case SIGINT:
        case SIGQUIT:
        case SIGTERM:
                if (info->ssi_code == SI_KERNEL)
                        return hand_on_typed(run, sig);
                run->terminal.terminal.hurry = true;
                return false;
        case SIGTSTP:
                return hand_on_typed(run, sig);
        default:
                return false;
        }
}

void run_terminal_answered(Run *run) {
        RunTerminal *t = &run->terminal;

        if (--t->n_asked > 0 || !t->wake)
                return;
        t->wake = false;
        if (t->active)
                settle(run, true);
}

/* As the terminal would have done, had it not been raw: the signal is the whole process group's, a shell's job. Where
 * nobody could continue it, in an orphaned group, nothing happens. Returns whether it was stopped, and so SIGCONT has
 * come. */
static bool stop(int sig) {
        sigset_t mask, before;

        sigemptyset(&mask);
        sigaddset(&mask, sig);
        (void) kill(sig == SIGSTOP ? getpid() : 0, sig);
        (void) sigprocmask(SIG_UNBLOCK, &mask, &before);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return sigpending(&mask) >= 0 && sigismember(&mask, SIGCONT) > 0;
}

void run_terminal_stopped(Run *run, int sig) {
        Terminal *t = &run->terminal.terminal;

        if (!run->terminal.active)
                return;
        /* It wants to read, and was in the background when it tried. */
        if ((sig == SIGTTIN || sig == SIGTTOU) && run_terminal_is_ours(run)) {
                settle(run, true);
                return;
        }
        terminal_drain(t, run->signals);
        terminal_release(t);
        if (!stop(sig))
                settle(run, true);
}

void run_terminal_end(Run *run) {
        if (!run->terminal.active)
                return;
        terminal_drain(&run->terminal.terminal, run->signals);
        if (!run_terminal_is_ours(run))
                terminal_forget(&run->terminal.terminal);
        terminal_end(&run->terminal.terminal);
        run->terminal.active = false;
}
