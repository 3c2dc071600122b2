/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
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

/* Output goes to fd 1 whatever that is. Input that is not a terminal's is copied, too, and nothing is made raw. */
static int begin(Terminal *t, int master) {
        *t = (Terminal) { .input = STDIN_FILENO, .output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), .master = master };
        if (terminal_make_buffers(t) < 0)
                return -ENOMEM;
        (void) fcntl(master, F_SETFL, O_NONBLOCK);
        if (isatty(STDIN_FILENO))
                (void) terminal_take(t);
        else
                t->raw = true;
        return 0;
}

/* What is typed to say that there is no more: termios(3). The first one only ends an unfinished line. */
static void type_end(int master) {
        struct termios how;

        if (tcgetattr(master, &how) >= 0 && how.c_lflag & ICANON && how.c_cc[VEOF])
                (void) fd_write_all(master, (const cc_t[]) { how.c_cc[VEOF], how.c_cc[VEOF] }, 2);
}

void oci_show_rest(int master) {
        Terminal t = { .input = -1, .output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), .master = master };

        if (t.output >= 0 && terminal_make_buffers(&t) >= 0 && fcntl(master, F_SETFL, O_NONBLOCK) >= 0)
                terminal_drain(&t);
        terminal_end(&t);
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

/* Returns whether the process has ended. */
static bool handle_signal(int signals, const Terminal *t, pid_t pid, int *ret) {
        struct signalfd_siginfo info;

        if (read(signals, &info, sizeof(info)) != sizeof(info))
                return false;
        if (info.ssi_signo == SIGCHLD)
                return waitpid(pid, ret, WNOHANG) == pid;
        if (info.ssi_signo == SIGWINCH && t->master >= 0)
                copy_size(t->master);
        else
                (void) kill(pid, (int) info.ssi_signo); /* it is this process's child: the number is not another's */
        return false;
}

/* A process that nobody can wait for and signal must not go on. */
static int give_up(pid_t pid, int master, int error, Report *report) {
        interrupts_kill(pid);
        fd_close(master);
        return report_error(report, error, "cannot wait for the process: %s", strerror(error));
}

int oci_wait(pid_t pid, int master, Notify *notify, Report *report) {
        _cleanup_close_ int signals = -1;
        Terminal t = { .input = -1, .output = -1, .master = -1 };
        int status = 0, r;
        sigset_t all;

        signals_all(&all);
        (void) sigdelset(&all, SIGPIPE); /* this process's own, from an output that nobody reads */
        signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signals < 0)
                return give_up(pid, master, errno, report);
        if (master >= 0 && begin(&t, master) < 0)
                return give_up(pid, master, ENOMEM, report);
        for (bool ended = false; !ended;) {
                struct pollfd fds[TERMINAL_FDS + 1 + NOTIFY_FDS] = {};

                terminal_fill(&t, fds);
                notify_fill(notify, fds + TERMINAL_FDS + 1);
                fds[TERMINAL_FDS] = (struct pollfd) { .fd = signals, .events = POLLIN };
                r = poll(fds, ELEMENTSOF(fds), -1);
                if (r > 0 && t.master >= 0 && terminal_process(&t, fds) < 0)
                        lose(&t);
                if (r > 0)
                        notify_process(notify, fds + TERMINAL_FDS + 1);
                ended = fds[TERMINAL_FDS].revents && handle_signal(signals, &t, pid, &status);
        }
        notify_finish(notify);
        if (t.master >= 0)
                terminal_drain(&t);
        t.raw = t.raw && isatty(STDIN_FILENO);
        terminal_end(&t);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
