/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipes through which connections are carried: their user may have few. And who is served first. */
#include "sandbox/flows/lookup.h" /* before cmocka.h, which defines fail() */

#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plan/network/peers.h"
#include "util/clock.h"

enum { STALLED = 200, PIECE = 65536 };

/* A connection whose receiver takes nothing more. */
typedef struct Stalled {
        int from[2], to[2];
        Pump pump;
} Stalled;

static PumpPipes pipes;
static Stalled all[STALLED];

static void make_pair(int fds[2]) {
        const int size = 1 << 20;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        (void) setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        (void) setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void fill(int fd) {
        static const char bytes[PIECE];

        while (write(fd, bytes, sizeof(bytes)) > 0)
                ;
}

static void drain(int fd) {
        static char bytes[PIECE];

        while (read(fd, bytes, sizeof(bytes)) > 0)
                ;
}

static PumpState pump(Stalled *s) {
        bool readable = true, writable = true;

        return pump_move(&s->pump, &pipes, s->from[0], &readable, s->to[1], &writable);
}

/* Moves until the receiver takes no more. */
static void stall(Stalled *s) {
        make_pair(s->from);
        make_pair(s->to);
        do
                fill(s->from[1]);
        while (pump(s) == PUMP_MORE || s->pump.held == 0);
        assert_true(s->pump.held > 0);
}

static size_t size_of(const Stalled *s) {
        int n = fcntl(s->pump.pipe.write, F_GETPIPE_SZ);

        assert_true(n > 0);
        return (size_t) n;
}

static void release(Stalled *s) {
        while (s->pump.held > 0) {
                drain(s->to[0]);
                (void) pump(s);
        }
        pump_deinit(&s->pump, &pipes);
        for (size_t i = 0; i < 2; i++) {
                close(s->from[i]);
                close(s->to[i]);
        }
}

static size_t count_kept(void) {
        size_t n = 0;

        for (size_t i = 0; i < _PUMP_SIZES; i++) {
                assert_int_equal(pipes.of[i].n, pipes.of[i].n_kept);
                n += pipes.of[i].n;
        }
        return n;
}

/* However many connections stall, the pages of their pipes stay far below the 16384 that a user may have. */
static void test_stalled(_unused_ void **state) {
        const size_t page = (size_t) getpagesize();
        size_t pages = 0, n_large = 0, n_normal = 0;

        for (size_t i = 0; i < STALLED; i++)
                stall(&all[i]);
        for (size_t i = 0; i < STALLED; i++) {
                const size_t size = size_of(&all[i]);

                pages += size / page;
                n_large += size == PUMP_LARGE_PAGES * page;
                n_normal += size == 16 * page;
        }
        assert_int_equal(n_large, PUMP_LARGE_MAX);
        assert_int_equal(n_normal, PUMP_NORMAL_MAX);
        assert_int_equal(pages, PUMP_LARGE_MAX * PUMP_LARGE_PAGES + PUMP_NORMAL_MAX * 16 + STALLED - PUMP_LARGE_MAX -
                                        PUMP_NORMAL_MAX);
        for (size_t i = 0; i < STALLED; i++)
                release(&all[i]);
        assert_int_equal(pipes.of[PUMP_SMALL].n, 0);
        assert_in_range(count_kept(), 1, 2 * ELEMENTSOF(pipes.of[0].kept));
}

/* Large pipes are for connections that send much. When these send no more, the pipes are gone. */
static void test_large(_unused_ void **state) {
        Stalled s = {};

        pipes.large_used = 1; /* long ago */
        pump_expire(&pipes);
        assert_int_equal(pipes.of[PUMP_LARGE].n, 0);
        make_pair(s.from);
        make_pair(s.to);
        for (size_t i = 0; i < 100; i++) { /* little */
                assert_int_equal(write(s.from[1], "x", 1), 1);
                (void) pump(&s);
        }
        assert_int_equal(s.pump.moved, 100);
        assert_int_equal(pipes.of[PUMP_LARGE].n, 0);
        for (size_t i = 0; i < 10; i++) {
                fill(s.from[1]);
                (void) pump(&s);
                drain(s.to[0]);
        }
        assert_int_equal(pipes.of[PUMP_LARGE].n, 1);
        pump_expire(&pipes); /* it was used just now */
        assert_int_equal(pipes.of[PUMP_LARGE].n, 1);
        release(&s);
        pipes.large_used -= PUMP_LARGE_MSEC * UINT64_C(1000);
        pump_expire(&pipes);
        assert_int_equal(pipes.of[PUMP_LARGE].n, 0);
        (void) count_kept();
}

/* A large pipe that a pump had while the others expired expires later. */
static void test_large_late(_unused_ void **state) {
        bool readable = false, writable = true; /* the sender sends no more: no pump takes a large pipe again */
        Stalled s = {};

        stall(&s);
        assert_int_equal(s.pump.pipe.size, PUMP_LARGE);
        pipes.large_used = 1; /* long ago */
        pump_expire(&pipes);
        assert_int_equal(pipes.of[PUMP_LARGE].n, 1);
        while (s.pump.held > 0) {
                drain(s.to[0]);
                writable = true;
                (void) pump_move(&s.pump, &pipes, s.from[0], &readable, s.to[1], &writable);
        }
        assert_int_equal(pipes.of[PUMP_LARGE].n_kept, 1);
        assert_true(pipes.large_used > 0);
        release(&s);
        pipes.large_used = 1;
        pump_expire(&pipes);
        assert_int_equal(pipes.of[PUMP_LARGE].n, 0);
}

static Lookup waiting[5];
static char order[ELEMENTSOF(waiting) + 1];

static void note(_unused_ Server *s, Lookup *l) {
        char number[2] = { (char) ('0' + (l - waiting)), '\0' };

        strcat(order, number);
}

/* Those that wait for one name are served in their order. */
static void test_waiting(_unused_ void **state) {
        PlanPeer peer = { .host = "www.example.test", .target = "www.example.test", .port = 80 };
        Plan plan = { .peers = &peer, .n_peers = 1 };
        _cleanup_free_ Server *s = calloc(1, sizeof(*s));
        int fds[2];

        assert_non_null(s);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        s->plan = &plan;
        s->n_planned = 1;
        s->from_resolver.fd = fds[0];
        s->from_isorun.fd = -1;
        s->names = calloc(PEERS_MAX, sizeof(*s->names));
        assert_non_null(s->names);
        for (unsigned turn = 0; turn < 2; turn++) {
                *order = '\0';
                for (size_t i = 0; i < ELEMENTSOF(waiting); i++) {
                        waiting[i] = (Lookup) { .peer = &peer, .ready = note };
                        lookup_begin(s, &waiting[i]);
                }
                assert_string_equal(order, "");
                lookup_answered(s, &(ResolverAnswer) { .id = 0 });
                assert_string_equal(order, "01234");
        }
        free(s->names);
        close(fds[0]);
        close(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stalled),
                cmocka_unit_test(test_large),
                cmocka_unit_test(test_large_late),
                cmocka_unit_test(test_waiting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
