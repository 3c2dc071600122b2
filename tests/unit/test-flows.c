/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a payload can ask the name server of its sandbox, where a peer's name may lead, and how the process ends that sees
 * to both. */
#include "sandbox/outside/flow-server.h" /* before cmocka.h, which defines fail() */

#include "helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/network/flows.h"
#include "plan/network/peers.h"
#include "sandbox/flows/address.h"
#include "sandbox/flows/confine.h"
#include "sandbox/flows/dns.h"
#include "sandbox/flows/listen.h"
#include "sandbox/flows/proxy.h"
#include "sandbox/flows/record.h"
#include "sandbox/inside/network.h"
#include "util/kernel.h"

enum { HEADER = 12 };

static PlanPeer peers[] = {
        { .host = "www.example.test", .port = 80, .address = { 198, 18, 0, 2 } },
        { .host = "*.wild.test", .port = 443, .is_pattern = true },
        { .host = "10.0.0.1", .port = 80, .address = { 10, 0, 0, 1 }, .literal = true },
};
static char unknown[DNS_NAME_SIZE];
static Plan plan = { .peers = peers, .n_peers = ELEMENTSOF(peers) };
static Hosts hosts = { .plan = &plan };

/* Writes a question for the name, which has a length before each label. Returns its size. */
static size_t ask(uint8_t *m, const char *labels, unsigned type) {
        static const uint8_t header[HEADER] = { 'a', 'b', 1, 0, 0, 1 };
        size_t n = strlen(labels) + 1;

        memcpy(m, header, HEADER);
        memcpy(m + HEADER, labels, n);
        m[HEADER + n] = (uint8_t) (type >> 8);
        m[HEADER + n + 1] = (uint8_t) type;
        m[HEADER + n + 2] = 0;
        m[HEADER + n + 3] = 1;
        return HEADER + n + 4;
}

static void expect_answer(const char *labels, unsigned type, unsigned code, unsigned n_records) {
        uint8_t question[DNS_QUESTION_MAX], answer[DNS_SIZE];
        size_t size = ask(question, labels, type), n = dns_answer(&hosts, question, size, answer, unknown);

        assert_true(n >= size);
        assert_memory_equal(answer, "ab", 2);
        assert_true(answer[2] & 0x80);
        assert_int_equal(answer[3] & 15, code);
        assert_int_equal(answer[6] << 8 | answer[7], n_records);
}

#define WWW "\3www\7example\4test"

static void test_answers(_unused_ void **state) {
        uint8_t question[DNS_QUESTION_MAX], answer[DNS_SIZE];
        size_t n;

        expect_answer(WWW, 1, 0, 1);
        expect_answer("\3WWW\7eXaMpLe\4TEST", 1, 0, 1);
        expect_answer(WWW, 28, 0, 0);
        expect_answer(WWW, 65, 0, 0);
        expect_answer("\3ftp\7example\4test", 1, 3, 0);
        expect_answer("\7example\4test", 1, 3, 0);
        expect_answer("\013www.example\4test", 1, 3, 0); /* a dot in a label is no dot between labels */
        expect_answer("\1""2\1""0\2""18\3""198\7in-addr\4arpa", 12, 0, 1);
        expect_answer("\1""1\1""0\1""0\2""10\7in-addr\4arpa", 12, 3, 0);
        expect_answer("", 1, 3, 0);
        n = dns_answer(&hosts, question, ask(question, WWW, 1), answer, unknown);
        assert_memory_equal(answer + n - 4, peers[0].address, 4);
}

#define TWIN_NETWORK "\1e\1""6\1""0\1""0\1""5\1""7\1""2\1""7\1f\1""6\1""3\1""7\1""9\1""6\1""d\1f\3ip6\4arpa"
#define REVERSE_TWIN "\1""2\1""0\1""0\1""0\1""2\1""1\1""6\1""c\1""0\1""0\1""0\1""0\1""0\1""0\1""0\1""0" TWIN_NETWORK

/* With IPv6, each address of a name has a twin. */
static void test_twins(_unused_ void **state) {
        uint8_t question[DNS_QUESTION_MAX], answer[DNS_SIZE], twin[16];
        uint32_t address;
        size_t n;

        expect_answer(REVERSE_TWIN, 12, 3, 0);
        hosts.ipv6 = true;
        expect_answer(WWW, 1, 0, 1);
        expect_answer(WWW, 28, 0, 1);
        expect_answer(WWW, 255, 0, 2);
        expect_answer(WWW, 65, 0, 0);
        expect_answer("\11localhost", 28, 0, 0);
        expect_answer("\3ftp\7example\4test", 28, 3, 0);
        expect_answer(REVERSE_TWIN, 12, 0, 1);
        expect_answer("\1""3" REVERSE_TWIN, 12, 3, 0);
        expect_answer(TWIN_NETWORK, 12, 3, 0);
        n = dns_answer(&hosts, question, ask(question, WWW, 28), answer, unknown);
        assert_memory_equal(answer + n - 16, "\xfd\x69\x73\x6f\x72\x75\0\x6e\0\0\0\0\xc6\x12\0\2", 16);
        hosts.ipv6 = false;
        flows_write_twin(0xc6120003, twin);
        assert_true(flows_read_twin(twin, &address));
        assert_int_equal(address, 0xc6120003);
        twin[11] = 1;
        assert_false(flows_read_twin(twin, &address));
}

/* The host's "search example.test" is for names without a dot. */
static void test_search_domains(_unused_ void **state) {
        plan.search_domains = (char *[]) { (char *) "none.test", (char *) "example.test", NULL };
        expect_answer("\3www", 1, 0, 1);
        expect_answer("\3ftp", 1, 3, 0);
        expect_answer("", 1, 3, 0);
        expect_answer("\3www\1a", 1, 3, 0);
        plan.search_domains = NULL;
        expect_answer("\3www", 1, 3, 0);
}

static void test_hostile(_unused_ void **state) {
        uint8_t question[DNS_QUESTION_MAX + 8], answer[DNS_SIZE];
        size_t size = ask(question, WWW, 1);

        for (size_t n = 0; n < size; n++) { /* cut */
                size_t r = dns_answer(&hosts, question, n, answer, unknown);

                assert_true(n < HEADER ? r == 0 : r == HEADER && (answer[3] & 15) == 1);
        }
        question[2] |= 0x80; /* an answer */
        assert_int_equal(dns_answer(&hosts, question, size, answer, unknown), 0);
        question[2] = 0x28;
        assert_int_equal(dns_answer(&hosts, question, size, answer, unknown), HEADER);
        assert_int_equal(answer[3] & 15, 4);
        assert_int_equal(dns_answer(&hosts, question, DNS_QUESTION_MAX + 1, answer, unknown), 0);
}

static uint32_t number = 1;

static unsigned draw(unsigned n) {
        number ^= number << 13;
        number ^= number >> 17;
        number ^= number << 5;
        return number % n;
}

/* Random bytes, and good questions with a few other bytes. The sanitizers see what is read or written outside. */
static void test_random(_unused_ void **state) {
        for (unsigned i = 0; i < 200000; i++) {
                size_t size = i % 2 ? draw(DNS_QUESTION_MAX + 1) : 0, n;
                uint8_t *question, *answer = malloc(DNS_SIZE), good[DNS_QUESTION_MAX] = {};

                if (!size)
                        size = ask(good, WWW, draw(2) ? 1 : 255);
                question = malloc(size + !size);
                assert_true(question && answer);
                for (size_t k = 0; k < size; k++)
                        question[k] = i % 2 || draw(20) == 0 ? (uint8_t) draw(256) : good[k];
                n = dns_answer(&hosts, question, size, answer, unknown);
                assert_true(n == 0 || (n >= HEADER && n <= DNS_SIZE && answer[2] & 0x80 &&
                                       memcmp(answer, question, 2) == 0));
                free(question);
                free(answer);
        }
}

/* promise P48 */
static void test_addresses(_unused_ void **state) {
        static const struct {
                const char *address;
                bool refused, refused_if_private;
        } table[] = {
                { "8.8.8.8" },           { "1.1.1.1" },           { "2606:4700::1111" },    { "172.32.0.1" },
                { "172.15.0.1" },        { "11.0.0.1" },          { "100.128.0.1" },        { "10.1.2.3", true },
                { "172.31.255.1", true }, { "192.168.1.1", true }, { "100.64.0.1", true },   { "fd12::1", true },
                { "127.0.0.1", true, true }, { "127.9.9.9", true, true }, { "0.0.0.0", true, true },
                { "169.254.169.254", true, true }, { "224.0.0.1", true, true }, { "255.255.255.255", true, true },
                { "168.63.129.16", true, true }, { "100.100.100.200", true, true }, { "192.0.0.192", true, true },
                { "::", true, true },    { "::1", true, true },   { "::ffff:8.8.8.8", true, true },
                { "::8.8.8.8", true, true }, { "64:ff9b::808:808", true, true }, { "2002:7f00:1::", true, true },
                { "fe80::1", true, true }, { "ff02::1", true, true }, { "fec0::1", true, true },
                { "::ffff:0:808:808", true, true }, { "64:ff9b:1::1", true, true }, { "100::1", true, true },
                { "2001::1", true, true }, { "2001:20::1", true, true }, { "2001:db8::1", true, true },
                { "3fff::1", true, true }, { "5f00::1", true, true }, { "a000::1", true, true },
                { "192.88.99.1", true, true }, { "2001:200::1" },       { "2a00:1450::1" },      { "fd00:ec3::254", true }, { "fd20:ce::253", true },
                { "fd00:ec2::254", true, true }, { "fd00:ec2::23", true, true }, { "fd20:ce::254", true, true },
                { "fd00:c1::a9fe:a9fe", true, true }, { "fd00:42::42", true, true },
                { "fd00:a9fe:a9fe::1", true, true }, { "fd00:100::100:200", true, true },
        };

        const int routes = routes_open();

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Address a;

                assert_true(address_parse(table[i].address, 80, &a));
                if (address_is_refused(&a, false, routes) != table[i].refused ||
                    address_is_refused(&a, true, routes) != table[i].refused_if_private)
                        fail_msg("%s", table[i].address);
        }
}

static bool is_refused(const char *text, bool private_too, int routes) {
        Address a;

        return !address_parse(text, 80, &a) || address_is_refused(&a, private_too, routes);
}

/* Where a sandbox around has peers: the network of this process becomes one like that. Returns the number of the check
 * that fails, or 77 if there is no such network. */
static int check_inner_addresses(void) {
        Address own;
        int routes;

        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || network_loopback_up() < 0 ||
            !address_parse(FLOWS_NETWORK, 0, &own))
                return 77;
        routes = routes_open();
        if (!is_refused("198.18.0.3", true, routes) || !is_refused("fd69:736f:7275:6e::c612:3", true, routes))
                return 1;
        if (listen_add_address(&own, 1) < 0)
                return 2;
        for (int i = 0; i < 2; i++, routes = -1) /* without a socket for routes, too */
                if (is_refused("198.18.0.3", false, routes) || is_refused("fd69:736f:7275:6e::c612:3", false, routes) ||
                    !is_refused("198.18.0.1", true, routes) || !is_refused("198.18.0.2", true, routes) ||
                    !is_refused("fd69:736f:7275:6e::c612:1", true, routes) || !is_refused("127.0.0.1", true, routes))
                        return 3 + i;
        return 0;
}

/* An isorun inside another connects to the peers of that one, and to nothing else of its network. */
/* promise P48 */
static void test_inner_addresses(_unused_ void **state) {
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(check_inner_addresses());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
                skip();
        assert_int_equal(WEXITSTATUS(status), 0);
}

#define WILD "\4wild\4test"

static uint32_t address_of(const char *name) {
        uint32_t address = 0;

        return hosts_find(&hosts, name, true, &address) < 0 ? 0 : address;
}

/* promise P48 */
static void test_patterns(_unused_ void **state) {
        uint8_t question[DNS_QUESTION_MAX], answer[DNS_SIZE];
        char name[32];
        size_t n;

        expect_answer("\1a" WILD, 28, 0, 0);
        assert_int_equal(hosts.n_given, 0); /* only a question for an address uses one */
        expect_answer("\1a" WILD, 1, 0, 1);
        expect_answer("\1a\1b" WILD, 255, 0, 1);
        expect_answer(WILD, 1, 3, 0);
        expect_answer("\5xwild\4test", 1, 3, 0);
        expect_answer("\1*" WILD, 1, 3, 0);
        expect_answer("\1\xff" WILD, 1, 3, 0);
        expect_answer("\1""0\1""0\1""0\1""0\7in-addr\4arpa", 12, 3, 0);
        expect_answer("\1""3\1""0\2""18\3""198\7in-addr\4arpa", 12, 0, 1);
        expect_answer("\2""03\1""0\2""18\3""198\7in-addr\4arpa", 12, 3, 0);
        n = dns_answer(&hosts, question, ask(question, "\1A" WILD, 1), answer, unknown);
        assert_memory_equal(answer + n - 4, "\xc6\x12\0\3", 4);
        assert_string_equal(hosts_find_name(&hosts, address_of("a.wild.test")), "a.wild.test");
        assert_null(hosts_find_name(&hosts, 0));
        for (unsigned i = 2; i < PEERS_NAMES_MAX; i++) {
                snprintf(name, sizeof(name), "n%u.wild.test", i);
                assert_int_equal(address_of(name), 0xc6120003 + i);
        }
        expect_answer("\4more" WILD, 1, 5, 0);
        expect_answer("\1a" WILD, 1, 0, 1);
        assert_int_equal(hosts.n_refused, 1);
}

static bool is_denied(int fd, unsigned long request) {
        char argument[64] = "lo";

        return ioctl(fd, request, argument) < 0 && errno == EPERM;
}

/* Returns the number of the check that fails. Without the filter, no call here fails with EPERM. */
static int check_inner_filter(bool listens) {
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        static const unsigned long others[] = { SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFMTU, FIONREAD, FIOCLEX };

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (is_denied(fd, others[i]))
                        return 1;
        if (is_denied(fd, SIOCGIFINDEX) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine_inner(listens) < 0)
                return 2;
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (!is_denied(fd, others[i]))
                        return 3;
        if (is_denied(fd, SIOCGIFINDEX) == listens)
                return 4;
        if (socket(AF_INET, SOCK_STREAM, 0) < 0 || (socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno == EPERM))
                return 5;
        if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM || open("/", O_PATH) >= 0 || errno != EPERM)
                return 6;
        return listen(fd, 1) < 0 && (errno == EPERM) == !listens ? 0 : 7;
}

/* Returns the number of the check that fails. */
static int check_server_filter(void) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine_calls() < 0)
                return 1;
        if (fcntl(fds[1], F_SETPIPE_SZ, getpagesize()) < 0)
                return 2;
        if (fcntl(fds[1], F_DUPFD, 0) >= 0 || errno != EPERM || fcntl(fds[1], F_SETOWN, getppid()) >= 0 || errno != EPERM)
                return 3;
        return open("/", O_PATH) < 0 && errno == EPERM ? 0 : 4;
}

/* The process with the flows can size pipes, and do nothing else with fcntl(2): no signal reaches others. */
static void test_server_filter(_unused_ void **state) {
        int status = 0;
        pid_t pid;

        if (prctl(PR_GET_SECCOMP) < 0)
                skip(); /* as under qemu-user */
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                (void) syscall(SYS_exit_group, check_server_filter());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

/* What the processes in the payload's network may still do. */
/* promise P54 */
static void test_inner_filter(_unused_ void **state) {
        if (prctl(PR_GET_SECCOMP) < 0)
                skip(); /* as under qemu-user */
        for (int listens = 0; listens < 2; listens++) {
                int status = 0;
                pid_t pid = fork();

                assert_true(pid >= 0);
                if (pid == 0) /* a sanitizer's _exit() needs mmap(2) */
                        (void) syscall(SYS_exit_group, check_inner_filter(listens));
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFEXITED(status));
                assert_int_equal(WEXITSTATUS(status), 0);
        }
}

/* However much a payload asks, there are few records. */
static void test_records(_unused_ void **state) {
        _cleanup_free_ RefusedNames *names = calloc(1, sizeof(*names));
        uint8_t question[DNS_QUESTION_MAX], answer[DNS_SIZE];
        unsigned n_others = 0;
        FlowRecord r;

        (void) dns_answer(&hosts, question, ask(question, "\3ftp\7example\4test", 28), answer, unknown);
        assert_string_equal(unknown, "ftp.example.test");
        (void) dns_answer(&hosts, question, ask(question, WWW, 28), answer, unknown);
        assert_string_equal(unknown, "");
        (void) dns_answer(&hosts, question, ask(question, "\3ftp\7example\4test", 16), answer, unknown);
        assert_string_equal(unknown, "");
        assert_non_null(names);
        for (unsigned i = 1; i <= 1000; i++)
                assert_int_equal(record_unknown_name(names, "a", &r), i == 1 || i == 10 || i == 100 || i == 1000);
        assert_string_equal(r.name, "a");
        for (unsigned i = 0; i < 10000; i++) {
                char name[16];

                snprintf(name, sizeof(name), "b%u", i);
                n_others += record_unknown_name(names, name, &r) && r.kind == FLOW_UNKNOWN_NAMES;
        }
        assert_int_equal(names->n, ELEMENTSOF(names->items));
        assert_int_equal(n_others, 4);
        for (size_t i = 0; i < names->n; i++)
                free(names->items[i].name);
}

static void expect_header(const char *client, const char *host, const char *tail, size_t n) {
        uint8_t header[PROXY_SIZE];
        Address from = {}, to = {};

        (void) address_parse(client, 0x1234, &from);
        (void) address_parse(host, 80, &to);
        if (!*client)
                from = to = (Address) {};
        assert_int_equal(proxy_header(&from, &to, header), 13 + n);
        assert_memory_equal(header, "\r\n\r\n\0\r\nQUIT\n\x21", 13);
        assert_memory_equal(header + 13, tail, n);
}

static void test_proxy(_unused_ void **state) {
        expect_header("11.22.33.44", "11.22.33.1", "\x11\0\x0c\x0b\x16\x21\x2c\x0b\x16\x21\1\x12\x34\0\x50", 15);
        expect_header("2001:db8::1", "::1", "\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                                            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34\0\x50", 39);
        expect_header("", "", "\0\0\0", 3);
}

/* Ends a process that runs f(), given the other end of its socket, as isorun ends the one with the flows. */
static FlowServer end_process(void (*f)(int socket)) {
        FlowServer server = { .plan = &plan };
        int fds[2];
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(fds[0]);
                (void) alarm(20);
                f(fds[1]);
                _exit(0);
        }
        close(fds[1]);
        server.socket = fds[0];
        server.pidfd = sys_pidfd_open(pid, 0);
        assert_true(server.pidfd >= 0);
        flow_server_deinit(&server);
        assert_int_equal(waitpid(pid, NULL, 0), -1); /* it is gone */
        return server;
}

static void hang_up(int socket) {
        char c;

        assert_int_equal(recv(socket, &c, 1, 0), 0);
        assert_int_equal(send(socket, "x", 1, 0), 1);
}

/* It is in the hands of the payload. */
static void trickle(int socket) {
        while (send(socket, "x", 1, MSG_NOSIGNAL) == 1 || errno == EPIPE)
                usleep(100000);
}

static void test_end(_unused_ void **state) {
        assert_true(end_process(hang_up).is_silent); /* so it has not been waited for any longer */
        (void) alarm(20);
        assert_false(end_process(trickle).is_silent);
        (void) alarm(0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_twins),
                cmocka_unit_test(test_search_domains),
                cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_random),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_inner_addresses),
                cmocka_unit_test(test_server_filter),
                cmocka_unit_test(test_inner_filter),
                cmocka_unit_test(test_records),
                cmocka_unit_test(test_patterns),
                cmocka_unit_test(test_proxy),
                cmocka_unit_test(test_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
