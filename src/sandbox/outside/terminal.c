/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "sandbox/wire/signals.h"
#include "sandbox/wire/terminal-fds.h"
#include "util/fd.h"

/* Turns off output processing in the other terminal: the user's terminal does that. */
static int pass_output(int master) {
        struct termios plain;

        if (tcgetattr(master, &plain) < 0)
                return -errno;
        plain.c_oflag &= ~(tcflag_t) OPOST;
        return tcsetattr(master, TCSANOW, &plain) < 0 ? -errno : 0;
}

/* O_NONBLOCK on the inherited fd would also hold for all processes that share it. */
int terminal_open_output(int output) {
        char path[32];
        int fd;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", output);
        fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? fcntl(output, F_DUPFD_CLOEXEC, 3) : fd;
}

int terminal_make_buffers(Terminal *t) {
        t->typed.data = malloc(2 * TERMINAL_ROOM);
        if (!t->typed.data)
                return -ENOMEM;
        t->shown.data = t->typed.data + TERMINAL_ROOM;
        return 0;
}

int terminal_begin(Terminal *t, unsigned mask, int master) {
        *t = (Terminal) { .input = mask & 1U << STDIN_FILENO ? STDIN_FILENO : -1,
                          .output = terminal_open_output(terminal_find_output(mask)), .master = master };
        if (t->output < 0)
                return -errno;
        if (terminal_make_buffers(t) < 0)
                return -ENOMEM;
        if (!terminal_is_master(master))
                return -ENOTTY;
        if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        terminal_resize(t);
        return t->input < 0 ? pass_output(master) : 0;
}

/* Whether the programs inside want their output processed ("\n" becomes "\r\n"). */
static bool wants_processing(const Terminal *t) {
        struct termios how;

        return tcgetattr(t->master, &how) >= 0 && how.c_oflag & OPOST;
}

int terminal_take(Terminal *t) {
        struct termios raw;

        if (t->input < 0)
                return 0;
        if (!t->raw && tcgetattr(t->input, &t->saved) < 0)
                return -errno;
        raw = t->saved;
        cfmakeraw(&raw);
        t->processed = t->shared && wants_processing(t);
        if (t->processed)
                raw.c_oflag = t->saved.c_oflag;
        /* A terminal that is raw already may take long to show what was written. */
        if (tcsetattr(t->input, t->raw ? TCSANOW : TCSADRAIN, &raw) < 0)
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
        free(t->typed.data);
        t->typed = t->shown = (TerminalBuffer) {};
}

void terminal_resize(const Terminal *t) {
        struct winsize size;

        if (ioctl(t->output, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(t->master, TIOCSWINSZ, &size);
}

static bool is_empty(const TerminalBuffer *b) {
        return b->begin == b->end;
}

/* In each direction, reads only when the buffer is empty, and writes until it is. */
void terminal_fill(const Terminal *t, struct pollfd fds[static TERMINAL_FDS]) {
        fds[TERMINAL_FROM_INPUT] = (struct pollfd) { .fd = is_empty(&t->typed) && t->raw ? t->input : -1,
                                                     .events = POLLIN };
        fds[TERMINAL_TO_MASTER] = (struct pollfd) { .fd = is_empty(&t->typed) ? -1 : t->master, .events = POLLOUT };
        fds[TERMINAL_FROM_MASTER] = (struct pollfd) { .fd = is_empty(&t->shown) && !t->output_ended ? t->master : -1,
                                                      .events = POLLIN };
        fds[TERMINAL_TO_OUTPUT] = (struct pollfd) { .fd = is_empty(&t->shown) ? -1 : t->output, .events = POLLOUT };
}

/* Reads into an empty buffer. Returns 1, 0 at the end, or -errno. */
static int take(TerminalBuffer *b, int fd) {
        ssize_t n = read(fd, b->data, TERMINAL_ROOM);

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 1 : -errno;
        b->begin = 0;
        b->end = (size_t) n;
        return n > 0;
}

/* Both terminals have processed the output, or will: takes out what the user's adds again. */
static void undo_processing(TerminalBuffer *b) {
        size_t end = b->begin;

        for (size_t i = b->begin; i < b->end; i++)
                if (b->data[i] != '\r' || i + 1 == b->end || b->data[i + 1] != '\n')
                        b->data[end++] = b->data[i];
        b->end = end;
}

/* Reads output. If others use the user's terminal, too, that goes on processing output, unless the programs inside do
 * not want it. */
static int take_output(Terminal *t) {
        int r = take(&t->shown, t->master);
        bool wanted = t->shared && wants_processing(t);

        if (t->raw && wanted != t->processed)
                (void) terminal_take(t);
        if (wanted)
                undo_processing(&t->shown);
        return r;
}

/* Notes what signal the other terminal will make of the keys. */
static void note_keys(Terminal *t) {
        struct termios how;

        if (tcgetattr(t->master, &how) < 0 || !(how.c_lflag & ISIG))
                return;
        for (size_t i = t->typed.begin; i < t->typed.end; i++) {
                cc_t c = (cc_t) t->typed.data[i];

                /* 0 stands for no key: termios(3). */
                t->key_signal = !c ? 0 : c == how.c_cc[VINTR] ? SIGINT : c == how.c_cc[VQUIT] ? SIGQUIT : 0;
        }
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

        if (fds[TERMINAL_FROM_INPUT].revents && t->raw) {
                r = take(&t->typed, t->input);
                note_keys(t);
        }
        if (r <= 0)
                return r < 0 ? r : -EIO;
        /* The payload's side no longer reads, so the input is dropped. */
        if (fds[TERMINAL_TO_MASTER].revents && give(&t->typed, t->master) < 0)
                t->typed.begin = t->typed.end;
        /* EIO: all processes inside have closed the terminal (tty_ioctl(4)), so the command is about to end. */
        if (fds[TERMINAL_FROM_MASTER].revents && take_output(t) <= 0)
                t->output_ended = true;
        return fds[TERMINAL_TO_OUTPUT].revents ? give(&t->shown, t->output) : 0;
}

/* Returns an fd to poll(2) for the signals that are to end isorun. Nobody reads it: the signals must stay pending for
 * the fd that they are handled by. */
static int open_ending(void) {
        sigset_t mask;

        signals_forwarded(&mask);
        sigdelset(&mask, SIGWINCH);
        sigdelset(&mask, SIGCONT);
        sigdelset(&mask, SIGURG);
        return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* With t->hurry, the longest wait for a user's terminal that takes no output. */
enum { HURRY_MSEC = 1000 };

/* Writes the buffer to the user's terminal. Returns false if that is not possible, takes too long, or ending is ready
 * first. */
static bool show(Terminal *t, int ending) {
        while (!is_empty(&t->shown)) {
                struct pollfd fds[] = { { .fd = t->output, .events = POLLOUT }, { .fd = ending, .events = POLLIN } };
                int n = poll(fds, ELEMENTSOF(fds), t->hurry ? HURRY_MSEC : -1);

                if (n == 0 || (n < 0 && errno != EINTR))
                        return false;
                if (fds[0].revents && give(&t->shown, t->output) < 0)
                        return false;
                if (!fds[0].revents && fds[1].revents)
                        return false;
        }
        return true;
}

void terminal_drain(Terminal *t) {
        _cleanup_close_ int ending = open_ending();
        /* Ends after more than a terminal can hold (about 12 KiB in Linux): then the output was written after this
         * began, by a process that may never stop. */
        const size_t most = 64 << 10;

        for (size_t n = 0; show(t, ending) && n < most; n += t->shown.end)
                if (t->output_ended || poll(&(struct pollfd) { .fd = t->master, .events = POLLIN }, 1, 0) <= 0 ||
                    take_output(t) <= 0 || is_empty(&t->shown))
                        return;
}
