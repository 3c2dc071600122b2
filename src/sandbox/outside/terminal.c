/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "sandbox/wire/terminal-fds.h"
#include "util/fd.h"

/* What is written to it comes out as it is: the terminal that shows it does the rest. */
static int pass_output(int master) {
        struct termios plain;

        if (tcgetattr(master, &plain) < 0)
                return -errno;
        plain.c_oflag &= ~(tcflag_t) OPOST;
        return tcsetattr(master, TCSANOW, &plain) < 0 ? -errno : 0;
}

/* A terminal that is slow, or that nobody reads, must not keep this process from all else; that an fd does not block
 * would hold for all who share it, and so it is another one, where that may be had. */
static int open_output(int output) {
        char path[32];
        int fd;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", output);
        fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? fcntl(output, F_DUPFD_CLOEXEC, 3) : fd;
}

int terminal_begin(Terminal *t, unsigned mask, int master) {
        *t = (Terminal) { .input = mask & 1U << STDIN_FILENO ? STDIN_FILENO : -1,
                          .output = open_output(terminal_find_output(mask)), .master = master };
        if (t->output < 0)
                return -errno;
        if (!terminal_is_master(master))
                return -ENOTTY;
        if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        terminal_resize(t);
        return t->input < 0 ? pass_output(master) : 0;
}

int terminal_take(Terminal *t) {
        struct termios raw;

        if (t->input < 0)
                return 0;
        if (!t->raw && tcgetattr(t->input, &t->saved) < 0)
                return -errno;
        raw = t->saved;
        cfmakeraw(&raw);
        if (tcsetattr(t->input, TCSADRAIN, &raw) < 0)
                return -errno;
        t->raw = true;
        return 0;
}

void terminal_copy(const Terminal *t) {
        struct termios how;

        if (t->input >= 0 && tcgetattr(t->input, &how) >= 0)
                (void) tcsetattr(t->master, TCSANOW, &how);
}

void terminal_release(Terminal *t) {
        if (t->raw)
                (void) tcsetattr(t->input, TCSADRAIN, &t->saved);
        t->raw = false;
}

void terminal_forget(Terminal *t) {
        t->raw = false;
}

void terminal_end(Terminal *t) {
        terminal_release(t);
        t->output = fd_close(t->output);
        t->master = fd_close(t->master);
}

void terminal_resize(const Terminal *t) {
        struct winsize size;

        if (ioctl(t->output, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(t->master, TIOCSWINSZ, &size);
}

static bool is_empty(const TerminalBuffer *b) {
        return b->begin == b->end;
}

/* Of each way: read when the buffer is empty, written until it is. */
void terminal_fill(const Terminal *t, struct pollfd fds[static TERMINAL_FDS]) {
        fds[TERMINAL_FROM_INPUT] = (struct pollfd) { .fd = is_empty(&t->typed) && t->raw ? t->input : -1,
                                                     .events = POLLIN };
        fds[TERMINAL_TO_MASTER] = (struct pollfd) { .fd = is_empty(&t->typed) ? -1 : t->master, .events = POLLOUT };
        fds[TERMINAL_FROM_MASTER] = (struct pollfd) { .fd = is_empty(&t->shown) && !t->output_ended ? t->master : -1,
                                                      .events = POLLIN };
        fds[TERMINAL_TO_OUTPUT] = (struct pollfd) { .fd = is_empty(&t->shown) ? -1 : t->output, .events = POLLOUT };
}

/* Returns 1, 0 at the end, or -errno. */
static int take(TerminalBuffer *b, int fd) {
        ssize_t n = read(fd, b->data, sizeof(b->data));

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 1 : -errno;
        b->begin = 0;
        b->end = (size_t) n;
        return n > 0;
}

static int give(TerminalBuffer *b, int fd) {
        ssize_t n = write(fd, b->data + b->begin, b->end - b->begin);

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        b->begin += (size_t) n;
        return 0;
}

int terminal_process(Terminal *t, const struct pollfd fds[static TERMINAL_FDS]) {
        int r = 1;

        if (fds[TERMINAL_FROM_INPUT].revents && t->raw)
                r = take(&t->typed, t->input);
        if (r <= 0)
                return r < 0 ? r : -EIO;
        /* Nobody reads there any more. */
        if (fds[TERMINAL_TO_MASTER].revents && give(&t->typed, t->master) < 0)
                t->typed.begin = t->typed.end;
        /* EIO: all have closed it (tty_ioctl(4)), the command is about to end. */
        if (fds[TERMINAL_FROM_MASTER].revents && take(&t->shown, t->master) <= 0)
                t->output_ended = true;
        return fds[TERMINAL_TO_OUTPUT].revents ? give(&t->shown, t->output) : 0;
}

/* Of the signals that have come, all but those that ask for nothing to end. */
static bool is_to_end(int signals) {
        struct signalfd_siginfo info;

        while (read(signals, &info, sizeof(info)) == sizeof(info))
                if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT && info.ssi_signo != SIGTSTP)
                        return true;
        return false;
}

/* How long one who is not reading is waited for in a hurry. */
enum { HURRY_MSEC = 1000 };

/* Returns false where the rest cannot be shown, or is not to be waited for. */
static bool show(Terminal *t, int signals) {
        while (!is_empty(&t->shown)) {
                struct pollfd fds[] = { { .fd = t->output, .events = POLLOUT }, { .fd = signals, .events = POLLIN } };
                int n = poll(fds, ELEMENTSOF(fds), t->hurry ? HURRY_MSEC : -1);

                if (n == 0 || (n < 0 && errno != EINTR))
                        return false;
                if (fds[0].revents && give(&t->shown, t->output) < 0)
                        return false;
                if (!fds[0].revents && fds[1].revents && is_to_end(signals))
                        return false;
        }
        return true;
}

void terminal_drain(Terminal *t, int signals) {
        /* More than a terminal holds (in Linux about 12 KiB) was written since, by somebody who may never end. */
        const size_t most = 64 << 10;

        for (size_t n = 0; show(t, signals) && n < most; n += t->shown.end)
                if (t->output_ended || poll(&(struct pollfd) { .fd = t->master, .events = POLLIN }, 1, 0) <= 0 ||
                    take(&t->shown, t->master) <= 0 || is_empty(&t->shown))
                        return;
}
