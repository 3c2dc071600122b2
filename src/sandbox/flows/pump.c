/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/fd.h"

enum { PUMP_PIECE = 65536, PUMP_LARGE_PIECE = 1 << 20 };

/* How many pipes of each size a server may have. */
static const size_t sizes_max[_PUMP_SIZES] = { SIZE_MAX, PUMP_NORMAL_MAX, PUMP_LARGE_MAX };

static void pipe_close(PumpPipes *pipes, const PumpPipe *pipe) {
        fd_close(pipe->read);
        fd_close(pipe->write);
        pipes->of[pipe->size].n--;
}

/* Returns 0 or -errno. */
static int pipe_make(PumpPipes *pipes, PumpSize size, PumpPipe *ret) {
        static const int pages[_PUMP_SIZES] = { 1, 0, PUMP_LARGE_PAGES };
        int fds[2];

        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        *ret = (PumpPipe) { fds[0], fds[1], size };
        pipes->of[size].n++;
        /* A pipe that cannot be made smaller does as well. */
        if (size == PUMP_NORMAL || fcntl(fds[1], F_SETPIPE_SZ, pages[size] * getpagesize()) >= 0 || size == PUMP_SMALL)
                return 0;
        pipe_close(pipes, ret);
        return -EPERM;
}

static bool pipe_find(PumpPipes *pipes, PumpSize size, PumpPipe *ret) {
        if (pipes->of[size].n_kept > 0)
                *ret = pipes->of[size].kept[--pipes->of[size].n_kept];
        else if (pipes->of[size].n >= sizes_max[size] || pipe_make(pipes, size, ret) < 0)
                return false;
        return true;
}

/* No pipe was made although fewer than PUMP_LARGE_MAX exist: the user has too many pages in pipes. */
static bool pipe_find_large(PumpPipes *pipes, PumpPipe *ret) {
        if (pipes->no_large)
                return false;
        pipes->large_used = clock_usec(CLOCK_MONOTONIC);
        if (pipe_find(pipes, PUMP_LARGE, ret))
                return true;
        pipes->no_large = pipes->of[PUMP_LARGE].n < PUMP_LARGE_MAX;
        return false;
}

static bool pipe_take(PumpPipes *pipes, bool large, PumpPipe *ret) {
        return (large && pipe_find_large(pipes, ret)) || pipe_find(pipes, PUMP_NORMAL, ret) ||
               pipe_find(pipes, PUMP_SMALL, ret);
}

/* Gives back an empty pipe. A large one that was full for long comes after pump_expire(), and is to expire, too. */
static void pipe_give(PumpPipes *pipes, const PumpPipe *pipe) {
        const size_t n = pipes->of[pipe->size].n_kept;

        if (pipe->size == PUMP_LARGE && pipes->large_used == 0)
                pipes->large_used = clock_usec(CLOCK_MONOTONIC);
        if (pipe->size != PUMP_SMALL && n < ELEMENTSOF(pipes->of[0].kept)) {
                pipes->of[pipe->size].kept[n] = *pipe;
                pipes->of[pipe->size].n_kept++;
        } else
                pipe_close(pipes, pipe);
}

void pump_expire(PumpPipes *pipes) {
        PumpPipe pipe;

        if (pipes->large_used == 0 ||
            clock_usec(CLOCK_MONOTONIC) - pipes->large_used < PUMP_LARGE_MSEC * UINT64_C(1000))
                return;
        while (pipes->of[PUMP_LARGE].n_kept > 0) {
                (void) pipe_find(pipes, PUMP_LARGE, &pipe);
                pipe_close(pipes, &pipe);
        }
        pipes->no_large = false;
        pipes->large_used = 0;
}

/* Calls splice(2). Returns the bytes, 0 at the end of the stream, -EAGAIN if the socket has to be waited for, or
 * another -errno. */
static ssize_t move(int from, int to, size_t size) {
        ssize_t n = TEMP_FAILURE_RETRY(splice(from, NULL, to, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));

        return n < 0 ? -errno : n;
}

/* splice(2) stops at urgent data, and takes it for the end if the stream has one. Reads the byte after it into the
 * pipe, which leaves it out. Returns as move(). */
static ssize_t move_past_urgent(int from, int pipe) {
        char byte;
        ssize_t n = TEMP_FAILURE_RETRY(recv(from, &byte, 1, MSG_DONTWAIT));

        if (n > 0)
                n = write(pipe, &byte, 1);
        return n < 0 ? -errno : n;
}

static PumpState fill(Pump *p, PumpPipes *pipes, int from, bool *from_ready, int to) {
        const size_t pieces[_PUMP_SIZES] = { PUMP_PIECE, PUMP_PIECE, PUMP_LARGE_PIECE };
        PumpPipe pipe;
        ssize_t n;

        if (!pipe_take(pipes, p->fills, &pipe))
                return PUMP_FAILED;
        n = move(from, pipe.write, pieces[pipe.size]);
        if (n == 0 || (n == -EAGAIN && p->urgent))
                n = move_past_urgent(from, pipe.write);
        if (n > 0) {
                p->pipe = pipe;
                p->held = (size_t) n;
                p->fills = n >= PUMP_PIECE;
                return PUMP_MORE;
        }
        pipe_give(pipes, &pipe);
        *from_ready = n != -EAGAIN;
        if (n == 0 && !p->broken) {
                p->ended = true;
                if (p->last)
                        return PUMP_WAITS;
                return shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN ? PUMP_FAILED : PUMP_WAITS;
        }
        return n == -EAGAIN ? PUMP_WAITS : PUMP_FAILED;
}

static PumpState drain(Pump *p, PumpPipes *pipes, int to, bool *to_ready) {
        ssize_t n = move(p->pipe.read, to, p->held);

        if (n <= 0) {
                *to_ready = n != -EAGAIN;
                return n == -EAGAIN ? PUMP_WAITS : PUMP_REFUSED;
        }
        p->held -= (size_t) n;
        p->moved += (size_t) n;
        if (p->held == 0)
                pipe_give(pipes, &p->pipe);
        return PUMP_MORE;
}

PumpState pump_move(Pump *p, PumpPipes *pipes, int from, bool *from_ready, int to, bool *to_ready) {
        enum { TURNS = 32, BYTES = 2 * PUMP_LARGE_PIECE };
        const uint64_t before = p->moved;
        PumpState state = PUMP_WAITS;

        for (int i = 0; i < TURNS && p->moved - before < BYTES && !p->ended; i++) {
                if (p->held == 0 && !*from_ready)
                        return PUMP_WAITS;
                if (p->held > 0 && !*to_ready)
                        return PUMP_WAITS;
                state = p->held > 0 ? drain(p, pipes, to, to_ready) : fill(p, pipes, from, from_ready, to);
                if (state != PUMP_MORE)
                        return state;
        }
        return state;
}

void pump_deinit(Pump *p, PumpPipes *pipes) {
        if (p->held > 0)
                pipe_close(pipes, &p->pipe);
        p->held = 0;
}
