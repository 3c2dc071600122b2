/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/run-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/wire/signals.h"
#include "sandbox/wire/terminal-fds.h"
#include "util/fd.h"
#include "util/kernel.h"

bool run_terminal_is_ours(const Run *run) {
        int fd = terminal_find_input(run->plan->terminals);
        pid_t group = fd < 0 ? -1 : tcgetpgrp(fd);

        /* Only a controlling terminal has a background. */
        return group < 0 ? errno == ENOTTY : group == getpgrp();
}

int run_terminal_begin(RunTerminal *t, int master) {
        const unsigned input_and_output = 1U << STDIN_FILENO | 1U << STDOUT_FILENO;
        const unsigned mask = t->run->plan->terminals;
        int r;

        r = terminal_begin(&t->terminal, mask, master);
        t->terminal.shared = (mask & input_and_output) != input_and_output;
        t->active = r >= 0;
        if (r < 0)
                terminal_end(&t->terminal);
        return r < 0 ? report_error(t->run->report, -r, "cannot set up the terminal: %s", strerror(-r)) : 0;
}

/* Receives the signals to isorun, with or without SIGTSTP. Without it, SIGTSTP stays pending, and SIGCONT discards
 * it. */
static int receive_signals(const RunTerminal *t, bool stop) {
        sigset_t mask;

        signals_forwarded(&mask);
        if (stop)
                sigaddset(&mask, SIGTSTP);
        return signalfd(t->run->signals, &mask, 0) < 0 ? -errno : 0;
}

/* The reaper sends SIGCONT some time after isorun has asked for it, and that undoes a stop from before. So keys and
 * SIGTSTP wait until the reaper has answered. */
static bool is_waking(const RunTerminal *t) {
        return t->wake || t->n_continued > 0;
}

static void ask_to_continue(RunTerminal *t) {
        Message m = { .type = MESSAGE_CONTINUE, .value = t->foreground };

        if (message_send(t->run->socket, &m, NULL, 0) < 0)
                return;
        t->n_continued++;
        (void) receive_signals(t, false);
}

/* Takes the caller's terminal if the payload wants it and isorun is in its foreground, and tells the reaper whether the
 * payload is in the foreground. wake: also continue the payload. */
static void settle(RunTerminal *t, bool wake) {
        bool before = t->foreground, foreground = t->active && t->wanted && run_terminal_is_ours(t->run);

        t->foreground = foreground;
        if (!t->active) {
                if (wake)
                        ask_to_continue(t);
                return;
        }
        if (foreground && !t->set_up)
                terminal_copy(&t->terminal);
        if (!foreground || terminal_take(&t->terminal) < 0)
                terminal_forget(&t->terminal);
        terminal_resize(&t->terminal);
        if (wake || foreground != before)
                ask_to_continue(t);
        t->set_up = t->set_up || foreground;
}

int run_terminal_prepare(const RunTerminal *t) {
        sigset_t mask;

        if (!t->run->plan->own_session)
                return 0;
        sigemptyset(&mask);
        sigaddset(&mask, SIGTSTP);
        return sigprocmask(SIG_BLOCK, &mask, NULL) < 0
                       ? report_error(t->run->report, errno, "cannot block signals: %s", strerror(errno))
                       : 0;
}

int run_terminal_start(RunTerminal *t) {
        int r;

        if (!t->run->plan->own_session)
                return 0;
        t->job = true;
        r = receive_signals(t, true);
        if (r < 0)
                return report_error(t->run->report, -r, "cannot receive signals: %s", strerror(-r));
        settle(t, false);
        return 0;
}

void run_terminal_fill(const RunTerminal *t, struct pollfd fds[static TERMINAL_FDS]) {
        if (t->active) {
                terminal_fill(&t->terminal, fds);
                if (is_waking(t))
                        fds[TERMINAL_FROM_INPUT].fd = fds[TERMINAL_TO_MASTER].fd = -1;
        } else
                for (unsigned i = 0; i < TERMINAL_FDS; i++)
                        fds[i] = (struct pollfd) { .fd = -1 };
}

/* Hangs up the instance's terminal after the caller's has gone. The kernel sends SIGHUP only to the session leader,
 * which is the reaper. */
static void hang_up(RunTerminal *t) {
        t->active = false;
        terminal_end(&t->terminal);
        if (t->run->payload < 0)
                return;
        (void) sys_pidfd_send_signal(t->run->payload, SIGHUP);
        (void) sys_pidfd_send_signal(t->run->payload, SIGCONT);
}

void run_terminal_process(RunTerminal *t, const struct pollfd fds[static TERMINAL_FDS]) {
        if (!t->active)
                return;
        /* The kernel sends no signal when a shell moves a job to the foreground. So isorun looks when the payload has
         * output. */
        if (t->run->payload >= 0 && t->wanted && !t->foreground && fds[TERMINAL_FROM_MASTER].revents &&
            run_terminal_is_ours(t->run)) {
                settle(t, false);
                return; /* the fds to wait for are others now */
        }
        if (terminal_process(&t->terminal, fds) < 0)
                hang_up(t);
}

/* Passes on a signal that the caller's terminal made of a key, to what is in the foreground inside. That happens when
 * the terminal is not raw: it cannot be read, or isorun was in the background until now. Returns whether the signal was
 * passed on. */
static bool forward_typed(RunTerminal *t, int sig) {
        bool before = t->foreground;

        if (!t->active)
                return false;
        settle(t, false);
        return before && ioctl(t->terminal.master, TIOCSIG, sig) >= 0;
}

bool run_terminal_signal(RunTerminal *t, const struct signalfd_siginfo *info) {
        int sig = (int) info->ssi_signo;

        if (!t->job)
                return false;
        switch (sig) {
        case SIGWINCH:
                if (t->active)
                        terminal_resize(&t->terminal);
                /* The kernel signals only what is in the foreground inside. */
                return t->foreground;
        case SIGCONT:
                /* The signals that the reaper was asked about must reach a stopped payload before it continues. One of
                 * them may end it. */
                t->wake = t->n_asked > 0;
                if (t->wake)
                        (void) receive_signals(t, false);
                else
                        settle(t, true);
                return true;
        case SIGINT:
        case SIGQUIT:
        case SIGTERM:
                if (info->ssi_code == SI_KERNEL)
                        return forward_typed(t, sig);
                t->terminal.hurry = true;
                return false;
        case SIGTSTP:
                return forward_typed(t, sig);
        default:
                return false;
        }
}

void run_terminal_answered(RunTerminal *t) {
        if (--t->n_asked > 0 || !t->wake)
                return;
        t->wake = false;
        settle(t, true);
}

void run_terminal_continued(RunTerminal *t) {
        t->n_continued--;
        if (!is_waking(t))
                (void) receive_signals(t, true);
}

/* Stops isorun as a terminal that is not raw would: the signal is sent to the whole process group, the shell's job. In
 * an orphaned group, which no shell can continue, the kernel ignores SIGTSTP, SIGTTIN and SIGTTOU. Returns whether
 * isorun was stopped, and so SIGCONT has come. */
static bool stop(int sig) {
        sigset_t mask, before;

        sigemptyset(&mask);
        sigaddset(&mask, sig);
        (void) kill(sig == SIGSTOP ? getpid() : 0, sig);
        (void) sigprocmask(SIG_UNBLOCK, &mask, &before);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return sigpending(&mask) >= 0 && sigismember(&mask, SIGCONT) > 0;
}

/* Whether isorun has a controlling terminal. */
static bool has_terminal(void) {
        _cleanup_close_ int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

        return fd >= 0;
}

void run_terminal_stopped(RunTerminal *t, int sig) {
        const bool used = sig == SIGTTIN || sig == SIGTTOU;

        /* The reaper has sent this before it continues the payload. Without a terminal, no shell could continue
         * isorun. */
        if (!t->job || is_waking(t) || (!t->active && !has_terminal()))
                return;
        t->wanted = t->wanted || used;
        /* The payload used the terminal while it was in the background, and isorun is in the foreground now. */
        if (used && t->active && run_terminal_is_ours(t->run)) {
                settle(t, true);
                return;
        }
        if (t->active) {
                terminal_drain(&t->terminal);
                terminal_release(&t->terminal);
        }
        if (!stop(sig))
                settle(t, true);
}

/* The payload has died of a signal that a raw terminal does not send to the rest of the caller's job, as it would
 * without isorun. (isorun itself has it blocked.) */
static void signal_job(const RunTerminal *t) {
        int wait_status = t->run->outcome.wait_status, sig = t->terminal.key_signal;

        if (t->run->outcome.progress == PROGRESS_ENDED && sig && WIFSIGNALED(wait_status) &&
            WTERMSIG(wait_status) == sig)
                (void) kill(0, sig);
}

void run_terminal_end(RunTerminal *t) {
        if (!t->active)
                return;
        terminal_drain(&t->terminal);
        if (!run_terminal_is_ours(t->run))
                terminal_forget(&t->terminal);
        terminal_end(&t->terminal);
        t->active = false;
        signal_job(t);
}
