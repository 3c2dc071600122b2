/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "sandbox/wire/message.h"
#include "sandbox/wire/terminal-fds.h"
#include "util/fd.h"

int pty_open(int *ret_master, int *ret_terminal, Failure *f) {
        _cleanup_close_ int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), terminal = -1;

        if (master < 0 || !terminal_is_master(master))
                return fail(f, master < 0 ? errno : ENODEV, "cannot open the terminal device /dev/ptmx");
        if (ioctl(master, TIOCSPTLCK, &(int) { 0 }) < 0)
                return fail(f, errno, "cannot unlock the private terminal");
        terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (terminal < 0)
                return fail(f, errno, "cannot open the private terminal");
        *ret_master = TAKE_FD(master);
        *ret_terminal = TAKE_FD(terminal);
        return 0;
}

/* Copies the size and the settings (such as the erase character) of the caller's terminal. If isorun is in the
 * background, the settings may be those of a shell's prompt; isorun then copies them when it gets to the foreground. */
static void copy_settings(const Inside *inside, int terminal) {
        const unsigned mask = inside->plan->terminals;
        struct winsize size;
        struct termios how;

        if (ioctl(terminal_find_output(mask), TIOCGWINSZ, &size) >= 0)
                (void) ioctl(terminal, TIOCSWINSZ, &size);
        if (tcgetattr(inside->foreground ? terminal_find_input(mask) : terminal, &how) < 0)
                return;
        /* It would stop a payload that writes from the background. */
        if (!inside->plan->reads_terminal)
                how.c_lflag &= ~(tcflag_t) TOSTOP;
        /* Then the caller's terminal does not become raw, and processes the output itself. */
        if (!(mask & 1U << STDIN_FILENO))
                how.c_oflag &= ~(tcflag_t) OPOST;
        (void) tcsetattr(terminal, TCSANOW, &how);
}

static int begin_terminal(Inside *inside, int *ret_terminal, Failure *f) {
        _cleanup_close_ int master = -1, terminal = -1;
        const Plan *plan = inside->plan;
        sigset_t mask;
        int r;

        r = pty_open(&master, &terminal, f);
        if (r < 0)
                return r;
        if (plan->set_owner && fchown(terminal, plan->owner_uid, plan->owner_gid) < 0)
                return fail(f, errno, "cannot give the private terminal to user %u", plan->owner_uid);
        if (ioctl(terminal, TIOCSCTTY, 0) < 0)
                return fail(f, errno, "cannot set the controlling terminal");
        copy_settings(inside, terminal);

        /* tcsetpgrp(3) is called from the background, which would stop the process with SIGTTOU. */
        sigemptyset(&mask);
        sigaddset(&mask, SIGTTOU);
        sigprocmask(SIG_BLOCK, &mask, NULL);

        r = message_send(inside->socket, &(Message) { .type = MESSAGE_TERMINAL }, &master, 1);
        if (r < 0)
                return fail(f, -r, "cannot send the private terminal to isorun");
        for (int fd = 0; fd < 3; fd++)
                if (plan->terminals & 1U << fd)
                        inside->standard_io[fd] = terminal;
        *ret_terminal = TAKE_FD(terminal);
        return 0;
}

int pty_begin_session(Inside *inside, int *ret_terminal, Failure *f) {
        if (setsid() < 0)
                return fail(f, errno, "cannot start a new session");
        return inside->plan->terminals ? begin_terminal(inside, ret_terminal, f) : 0;
}

int pty_lead_group(const Inside *inside, int terminal, Failure *f) {
        const Plan *plan = inside->plan;

        if (!plan->own_session)
                return 0;
        if (setpgid(0, 0) < 0)
                return fail(f, errno, "cannot make a process group for the command");
        /* Commands in $(...) of an interactive bash ignore them. Then isorun would not see that the payload reads. */
        if (plan->terminals) {
                (void) signal(SIGTTIN, SIG_DFL);
                (void) signal(SIGTTOU, SIG_DFL);
        }
        if (inside->foreground && plan->reads_terminal && tcsetpgrp(terminal, getpid()) < 0)
                return fail(f, errno, "cannot put the command into the foreground of the terminal");
        return 0;
}

void pty_continue(int terminal, pid_t payload, bool stopped, bool foreground) {
        pid_t group = getpgid(payload);

        if (group <= 0)
                return;
        /* A payload that was not stopped may have put a job of its own in the foreground. */
        if (terminal >= 0 && (stopped || tcgetpgrp(terminal) == getpgrp()))
                (void) tcsetpgrp(terminal, foreground ? group : getpgrp());
        (void) kill(-group, SIGCONT);
}
