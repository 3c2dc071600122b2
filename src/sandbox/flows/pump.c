/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "util/fd.h"

static bool pipe_take(PumpPipes *pipes, PumpPipe *ret) {
        int fds[2];

        if (pipes->n > 0) {
                *ret = pipes->items[--pipes->n];
                return true;
        }
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
                return false;
        *ret = (PumpPipe) { fds[0], fds[1] };
        return true;
}

static void pipe_close(const PumpPipe *pipe) {
        fd_close(pipe->read);
        fd_close(pipe->write);
}

/* Gives back an empty pipe. */
static void pipe_give(PumpPipes *pipes, const PumpPipe *pipe) {
        if (pipes->n < ELEMENTSOF(pipes->items))
                pipes->items[pipes->n++] = *pipe;
        else
                pipe_close(pipe);
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
        enum { PIECE = 65536 };
        PumpPipe pipe;
        ssize_t n;

        if (!pipe_take(pipes, &pipe))
                return PUMP_FAILED;
        n = move(from, pipe.write, PIECE);
        if (n == 0 || (n == -EAGAIN && p->urgent))
                n = move_past_urgent(from, pipe.write);
        if (n > 0) {
                p->pipe = pipe;
                p->held = (size_t) n;
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
        enum { TURNS = 32 };
        PumpState state = PUMP_WAITS;

        for (int i = 0; i < TURNS && !p->ended; i++) {
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

void pump_deinit(Pump *p) {
        if (p->held > 0)
                pipe_close(&p->pipe);
        p->held = 0;
}
