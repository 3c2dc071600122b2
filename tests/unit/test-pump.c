/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipes through which connections are carried: their user may have few. And who is served first. */
#include "sandbox/flows/flow.h" /* before cmocka.h, which defines fail() */

#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "plan/network/peers.h"
#include "sandbox/flows/lookup.h"
#include "sandbox/wire/packet.h"
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

/* One that always has more to send gets its turn, and then others get theirs. */
static void test_turns(_unused_ void **state) {
        enum { MUCH = 64 << 20, TURN = 4 << 20 };
        int from = memfd_create("from", MFD_CLOEXEC), to = open("/dev/null", O_WRONLY | O_CLOEXEC);
        bool from_ready = true, to_ready = true;
        Pump p = {};

        assert_true(from >= 0 && to >= 0);
        assert_int_equal(ftruncate(from, MUCH), 0);
        for (unsigned turn = 0; turn < 8; turn++) {
                const uint64_t before = p.moved;

                assert_int_equal(pump_move(&p, &pipes, from, &from_ready, to, &to_ready), PUMP_MORE);
                assert_in_range(p.moved - before, 1, TURN);
        }
        pump_deinit(&p, &pipes);
        close(from);
        close(to);
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

enum { FLOWS = 5 };

/* Without a name: the kernel gives it one. */
static int listen_at(int backlog, struct sockaddr_un *ret, socklen_t *ret_size) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        *ret_size = sizeof(*ret);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *) ret, sizeof(sa_family_t)), 0);
        assert_int_equal(listen(fd, backlog), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *) ret, ret_size), 0);
        return fd;
}

static Server *make_server(Plan *plan) {
        Server *s = calloc(1, sizeof(*s));

        assert_non_null(s);
        s->plan = plan;
        s->n_planned = plan->n_peers;
        s->from_isorun.fd = s->from_resolver.fd = s->from_inner.fd = s->spare = -1;
        s->epoll = epoll_create1(EPOLL_CLOEXEC);
        assert_true(s->epoll >= 0);
        return s;
}

/* Begins FLOWS flows, one after another. */
static void begin_flows(Server *s, Listener *l, int clients[FLOWS]) {
        struct sockaddr_un address;
        socklen_t size;

        l->watch = (Watch) { .fd = listen_at(FLOWS, &address, &size), .ready = flow_accept };
        for (size_t i = 0; i < FLOWS; i++) {
                clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                assert_true(clients[i] >= 0);
                assert_int_equal(connect(clients[i], (struct sockaddr *) &address, size), 0);
                flow_accept(s, &l->watch, EPOLLIN);
        }
}

static void end_flows(Server *s, const Listener *l, const int clients[FLOWS]) {
        flow_end_all(s);
        flow_bury(s);
        for (size_t i = 0; i < FLOWS; i++)
                close(clients[i]);
        close(l->watch.fd);
        close(s->epoll);
        free(s);
}

/* Puts the first letter of a flow's state before those of the flows that have begun later. */
static void note_state(const FlowFacts *f, void *userdata) {
        char *states = userdata;

        memmove(states + 1, states, strlen(states) + 1);
        *states = *f->state;
}

/* Those that wait for room at a socket get it in their order. */
static void test_full_socket(_unused_ void **state) {
        static const char *const expected[FLOWS] = { "cwwww", "ccwww", "cccww", "ccccw", "ccccc" };
        char target[sizeof(struct sockaddr_un)] = "@";
        PlanPeer peer = { .host = "db", .target = target, .port = 80, .is_socket = true };
        Plan plan = { .peers = &peer, .n_peers = 1, .flows_max = FLOWS };
        struct sockaddr_un address;
        int clients[FLOWS], busy;
        Listener l = { .peer = &peer };
        Server *s = make_server(&plan);
        socklen_t size;

        busy = listen_at(0, &address, &size); /* has room for one */
        memcpy(target + 1, address.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
        begin_flows(s, &l, clients);
        for (size_t i = 0; i < FLOWS; i++) {
                char states[FLOWS + 1] = "";
                int accepted;

                s->queue_time = 0;
                flow_retry(s);
                flow_visit(s, note_state, states);
                assert_string_equal(states, expected[i]);
                accepted = accept(busy, NULL, NULL);
                assert_true(accepted >= 0);
                close(accepted);
        }
        end_flows(s, &l, clients);
        close(busy);
}

/* Those that wait for sockets of the payload's network get them in their order. These sockets reach no server, whatever
 * the address, so the flow that has them is reset. */
static void test_sockets(_unused_ void **state) {
        enum { ADDRESSES = 4 };
        PlanEntrance entrance = { .place = "127.0.0.1", .port = 80, .inside = 80 };
        Plan plan = { .entrances = &entrance, .n_entrances = 1, .flows_max = FLOWS };
        Listener l = { .entrance = &entrance, .reached = true };
        Server *s = make_server(&plan);
        int clients[FLOWS], fds[2];
        char c = 'x';
        struct iovec part = { &c, 1 };

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        s->from_inner.fd = fds[0];
        begin_flows(s, &l, clients);
        for (size_t turn = 0; turn < FLOWS; turn++) {
                for (size_t i = 0; i < ADDRESSES; i++) {
                        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

                        assert_true(fd >= 0);
                        assert_true(packet_send(fds[1], &part, 1, &fd, 1, 0) >= 0);
                        close(fd);
                }
                flow_served(s);
                for (size_t i = 0; i < FLOWS; i++)
                        assert_int_equal(read(clients[i], &c, 1) != -1 || errno != EAGAIN, i <= turn);
        }
        end_flows(s, &l, clients);
        close(fds[0]);
        close(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stalled),
                cmocka_unit_test(test_large),
                cmocka_unit_test(test_large_late),
                cmocka_unit_test(test_turns),
                cmocka_unit_test(test_waiting),
                cmocka_unit_test(test_full_socket),
                cmocka_unit_test(test_sockets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
