/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cmd/oci/command.h"
#include "oci/interrupts.h"
#include "sandbox/outside/terminal.h"
#include "sandbox/wire/signals.h"
#include "util/fd.h"

/* The size of the caller's terminal, on any of fds 0 to 2. */
static void copy_size(int master) {
        struct winsize size;

        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (ioctl(fd, TIOCGWINSZ, &size) >= 0) {
                        (void) ioctl(master, TIOCSWINSZ, &size);
                        return;
                }
}

/* Only the caller's terminal is to make "\r\n" of "\n": a pipe gets what the command has written. */
static void pass_output(int master) {
        struct termios how;

        if (tcgetattr(master, &how) < 0)
                return;
        how.c_oflag &= ~(tcflag_t) OPOST;
        (void) tcsetattr(master, TCSANOW, &how);
}

void oci_prepare_terminal(int master) {
        copy_size(master);
        if (!isatty(STDOUT_FILENO))
                pass_output(master);
}

/* A file keeps its position: only this fd has that. */
static int open_output(void) {
        struct stat st;

        return fstat(STDOUT_FILENO, &st) >= 0 && (S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO))
                       ? terminal_open_output(STDOUT_FILENO) : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

int oci_terminal_begin(Terminal *ret, int master, Report *report) {
        *ret = (Terminal) { .input = -1, .output = -1, .master = master };
        if (master < 0)
                return 0;
        if (terminal_make_buffers(ret) < 0)
                return report_oom(report);
        ret->output = open_output();
        if (ret->output < 0)
                return report_error(report, errno, "cannot use fd 1: %s", strerror(errno));
        (void) fcntl(master, F_SETFL, O_NONBLOCK);
        return 0;
}

/* Input that is not a terminal's is copied, too, and then nothing is made raw. */
static void take_input(Terminal *t) {
        t->input = STDIN_FILENO;
        if (isatty(STDIN_FILENO))
                (void) terminal_take(t);
        else
                t->raw = true;
}

/* What is typed to say that there is no more: termios(3). The first one only ends an unfinished line. */
static void type_end(int master) {
        struct termios how;

        if (tcgetattr(master, &how) >= 0 && how.c_lflag & ICANON && how.c_cc[VEOF])
                (void) fd_write_all(master, (const cc_t[]) { how.c_cc[VEOF], how.c_cc[VEOF] }, 2);
}

/* The input has ended, or if it had already, nobody reads the output. */
static void lose(Terminal *t) {
        if (t->raw && !isatty(STDIN_FILENO)) {
                type_end(t->master);
                t->raw = false;
        }
        terminal_release(t);
        if (t->input < 0)
                t->master = fd_close(t->master);
        t->output_ended = t->master < 0;
        t->input = -1;
}

static void fill(void *userdata, struct pollfd fds[static INTERRUPTS_FDS]) {
        _Static_assert(INTERRUPTS_FDS == (int) TERMINAL_FDS, "the fds of a terminal");

        terminal_fill(userdata, fds);
}

static void process(void *userdata, const struct pollfd fds[static INTERRUPTS_FDS]) {
        Terminal *t = userdata;

        if (t->master >= 0 && terminal_process(t, fds) < 0)
                lose(t);
}

void oci_terminal_meanwhile(Terminal *t) {
        interrupts_meanwhile(t && t->master >= 0 ? &(Meanwhile) { fill, process, t } : NULL);
}

void oci_terminal_end(Terminal *t, bool hurry) {
        t->hurry = t->hurry || hurry;
        if (t->master >= 0)
                terminal_drain(t);
        t->raw = t->raw && isatty(STDIN_FILENO);
        terminal_end(t);
}

/* Returns whether the process has ended. */
static bool handle_signal(int signals, Terminal *t, pid_t pid, int *ret) {
        struct signalfd_siginfo info;

        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return false;
        if (info.ssi_signo == SIGCHLD)
                return waitpid(pid, ret, WNOHANG) == pid;
        if (info.ssi_signo == SIGWINCH && t->master >= 0)
                copy_size(t->master);
        else
                (void) kill(pid, (int) info.ssi_signo); /* it is this process's child: the number is not another's */
        t->hurry = t->hurry || signal_is_to_end((int) info.ssi_signo);
        return false;
}

/* A process that nobody can wait for and signal must not go on. */
static int give_up(pid_t pid, Terminal *t, int error, Report *report) {
        interrupts_kill(pid);
        terminal_end(t);
        return report_error(report, error, "cannot wait for the process: %s", strerror(error));
}

int oci_wait(pid_t pid, Terminal *t, Notify *notify, Report *report) {
        _cleanup_close_ int signals = -1;
        int status = 0, r;
        sigset_t all;

        signals_all(&all);
        (void) sigdelset(&all, SIGPIPE); /* this process's own, from an output that nobody reads */
        signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signals < 0)
                return give_up(pid, t, errno, report);
        if (t->master >= 0)
                take_input(t);
        for (bool ended = false; !ended;) {
                struct pollfd fds[TERMINAL_FDS + 1 + NOTIFY_FDS] = {};

                terminal_fill(t, fds);
                notify_fill(notify, fds + TERMINAL_FDS + 1);
                fds[TERMINAL_FDS] = (struct pollfd) { .fd = signals, .events = POLLIN };
                r = poll(fds, ELEMENTSOF(fds), -1);
                if (r > 0)
                        process(t, fds);
                if (r > 0)
                        notify_process(notify, fds + TERMINAL_FDS + 1);
                ended = fds[TERMINAL_FDS].revents && handle_signal(signals, t, pid, &status);
        }
        notify_finish(notify);
        oci_terminal_end(t, false);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
