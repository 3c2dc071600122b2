/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "util/fd.h"

bool terminal_is_master(int fd) {
        struct stat st;

        /* A device it is, and this one (devices.txt). */
        return fstat(fd, &st) >= 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

/* What is written to it comes out as it is: the terminal that shows it does the rest. */
static int pass_output(int master) {
        struct termios plain;

        if (tcgetattr(master, &plain) < 0)
                return -errno;
        plain.c_oflag &= ~(tcflag_t) OPOST;
        return tcsetattr(master, TCSANOW, &plain) < 0 ? -errno : 0;
}

int terminal_begin(Terminal *t, int input, int output, int master) {
        struct termios raw;

        *t = (Terminal) { .input = input, .output = output, .master = master };
        if (!terminal_is_master(master))
                return -ENOTTY;
        if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        if (!isatty(input)) {
                t->input_ended = true;
                return pass_output(master);
        }
        if (tcgetattr(input, &t->saved) < 0)
                return -errno;
        raw = t->saved;
        cfmakeraw(&raw);
        if (tcsetattr(input, TCSADRAIN, &raw) < 0)
                return -errno;
        t->raw = true;
        terminal_resize(t);
        return 0;
}

void terminal_end(Terminal *t) {
        if (t->raw)
                (void) tcsetattr(t->input, TCSADRAIN, &t->saved);
        t->raw = false;
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
        fds[0] = (struct pollfd) { .fd = is_empty(&t->typed) && !t->input_ended ? t->input : -1, .events = POLLIN };
        fds[1] = (struct pollfd) { .fd = is_empty(&t->typed) ? -1 : t->master, .events = POLLOUT };
        fds[2] = (struct pollfd) { .fd = is_empty(&t->shown) && !t->output_ended ? t->master : -1, .events = POLLIN };
        fds[3] = (struct pollfd) { .fd = is_empty(&t->shown) ? -1 : t->output, .events = POLLOUT };
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

        if (fds[0].revents)
                r = take(&t->typed, t->input);
        if (r <= 0)
                return r < 0 ? r : -EIO;
        /* Nobody reads there any more. */
        if (fds[1].revents && give(&t->typed, t->master) < 0)
                t->typed.begin = t->typed.end;
        /* EIO: all have closed it (tty_ioctl(4)), the command is about to end. */
        if (fds[2].revents && take(&t->shown, t->master) <= 0)
                t->output_ended = true;
        return fds[3].revents ? give(&t->shown, t->output) : 0;
}

void terminal_drain(Terminal *t) {
        for (;;) {
                while (!is_empty(&t->shown)) {
                        struct pollfd p = { .fd = t->output, .events = POLLOUT };

                        if (poll(&p, 1, 1000) <= 0 || give(&t->shown, t->output) < 0)
                                return;
                }
                if (t->output_ended || poll(&(struct pollfd) { .fd = t->master, .events = POLLIN }, 1, 0) <= 0 ||
                    take(&t->shown, t->master) <= 0 || is_empty(&t->shown))
                        return;
        }
}
