/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peers and the entrances of a private network. */
#include "plan-fixture.h"

#include <errno.h>

#include "util/strv.h"

/* Units of systemd: those of the user's manager have a name that begins with "mi". */
static int read_socket_unit(bool user, const char *name, HostSocketUnit *ret, _unused_ Report *report) {
        static const struct {
                const char *name;
                const char *streams[3];
                bool inactive;
        } units[] = {
                { "one.socket", { "/run/one" } },     { "mine.socket", { "@mine" } },
                { "two.socket", { "127.0.0.1:80", "[::]:81" } }, { "off.socket", { "/run/off" }, true },
                { "any.socket", { "0.0.0.0:82" } },
                { "none.socket", {} },                { "vm.socket", { "vsock:2:83" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(units[i].name, name) && user == !!startswith(name, "mi")) {
                        *ret = (HostSocketUnit) { .load_state = strdup("loaded"), .active = !units[i].inactive };
                        for (size_t k = 0; k < 3 && units[i].streams[k]; k++)
                                if (strv_push(&ret->streams, units[i].streams[k]) < 0)
                                        return -ENOMEM;
                        return ret->load_state ? 0 : -ENOMEM;
                }
        ret->load_state = strdup(streq(name, "masked.socket") ? "masked" : "not-found");
        return ret->load_state ? 0 : -ENOMEM;
}

static void expect_search(PlanFixture *f, const char *policy, const char *expected) {
        _cleanup_free_ char *domains = NULL;

        plan_expect_good(f, policy);
        domains = strv_join(f->plan->search_domains, " ");
        assert_non_null(domains);
        assert_string_equal(domains, expected);
}

/* Of the host's search domains, those that have a peer. */
static void test_search_domains(void **state) {
        PlanFixture *f = *state;

        expect_search(f, "ConnectTo=db.example.org:1", "example.org");
        expect_search(f, "ConnectTo=*.wild.test:1", "b.wild.test");
        expect_search(f, "ConnectTo=*.c.b.wild.test:1 a.b.example.org:1", "example.org b.wild.test");
        expect_search(f, "ConnectTo=example.org:1 myexample.org:1 a.first.test:1 10.0.0.1:1 wild.test:1", "");
        expect_search(f, "GrantPeers=yes", "");
}

static void expect_target(PlanFixture *f, const char *unit, const char *target, unsigned port, bool is_socket) {
        char line[256];

        snprintf(line, sizeof(line), "ConnectTo=db:1=unit:%s", unit);
        plan_expect_good(f, line);
        assert_string_equal(f->plan->peers[0].target, target);
        expect_number(unit, f->plan->peers[0].target_port, port);
        expect_number(unit, f->plan->peers[0].is_socket, is_socket);
}

/* Peers that lead to where a socket unit listens. */
static void test_units_of_peers(void **state) {
        static const struct {
                const char *unit;
                int error;
                const char *message;
        } bad[] = {
                { "gone.socket", ENOENT, "the system's service manager has no unit gone.socket" },
                { "user:one.socket", ENOENT, "the user's service manager has no unit one.socket" },
                { "masked.socket", EINVAL, "the system's service manager cannot use masked.socket: it is masked" },
                { "two.socket", EINVAL, "two.socket has 2 lines ListenStream=: write two.socket#1" },
                { "two.socket#3", ENOENT, "two.socket has only 2 lines ListenStream=" },
                { "none.socket", EINVAL, "none.socket has no ListenStream=" },
                { "vm.socket", EOPNOTSUPP, "vm.socket listens at vsock:2:83, and isorun connects only to " },
        };
        PlanFixture *f = *state;

        f->host.read_socket_unit = read_socket_unit;
        expect_target(f, "one.socket", "/run/one", 0, true);
        expect_target(f, "system:one.socket#1", "/run/one", 0, true);
        expect_target(f, "user:mine.socket", "@mine", 0, true);
        expect_target(f, "two.socket#1", "127.0.0.1", 80, false);
        expect_target(f, "two.socket#2", "::1", 81, false);
        expect_target(f, "any.socket", "127.0.0.1", 82, false);
        plan_expect_notice(f, "ConnectTo=db:1=unit:off.socket", "notice: test.conf:1: ConnectTo=: nobody listens for db: "
                                                                "off.socket is not active (systemctl start off.socket)");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char line[256], message[256];

                snprintf(line, sizeof(line), "ConnectTo=db:1=unit:%s", bad[i].unit);
                snprintf(message, sizeof(message), "test.conf:1: ConnectTo=: %s", bad[i].message);
                plan_expect_error(f, line, bad[i].error, message);
        }
        plan_set_uid(f, 1000);
        expect_target(f, "mine.socket", "@mine", 0, true);
        expect_target(f, "system:one.socket", "/run/one", 0, true);
}

/* The peers of ConnectTo=, and what does not go with them. */
static void test_peers(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "ConnectTo=a.b:80,443 10.0.0.1:1 localhost:2\nConnectTo=c:1=unix:/run/c a.b:80");
        expect_number("ports", f->plan->n_peers, 5);
        expect_number("connections", f->plan->flows_max, 1024);
        assert_memory_equal(f->plan->peers[0].address, "\xc6\x12\0\3", 4);
        assert_memory_equal(f->plan->peers[1].address, "\xc6\x12\0\3", 4);
        assert_memory_equal(f->plan->peers[2].address, "\x0a\0\0\1", 4);
        assert_memory_equal(f->plan->peers[3].address, "\x7f\0\0\1", 4);
        assert_memory_equal(f->plan->peers[4].address, "\xc6\x12\0\4", 4);
        plan_expect_error(f, "ConnectTo=a:1\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ");
        plan_expect_error(f, "ConnectTo=a:1\nConnectTo=a:1=b:2", EEXIST,
                          "test.conf:2: ConnectTo=: a:1 already leads elsewhere: test.conf:1");
        plan_expect_error(f, "ConnectTo=a:1 a:53/udp b:53/udp\n[Stage.x]\nConnectTo=a:1 a:53/udp", EOPNOTSUPP,
                          "test.conf:3: ConnectTo=: the stage x cannot drop b:53/udp: no filter and no Landlock rule "
                          "tells datagrams of peers apart");
        plan_expect_error(f, "ConnectTo=a:1 b:1\n[Stage.x]\nConnectTo=a:1", EOPNOTSUPP,
                          "test.conf:3: ConnectTo=: the stage x cannot keep a:1 without b:1");
        plan_expect_error(f, "ConnectTo=a:53/udp\n[Stage.x]\nConnectTo=", EOPNOTSUPP, "the stage x cannot drop a:53/udp");
        plan_expect_good(f, "ConnectTo=a:53/udp a:53 a:1\n[Stage.x]\nConnectTo=a:53/udp");
        plan_expect_error(f, "ConnectTo=a:53/udp a:53\n[Stage.x]\nConnectTo=a:53", EOPNOTSUPP,
                          "the stage x cannot drop a:53/udp");
        plan_expect_error(f, "ConnectTo=0.0.0.0:1", EINVAL, "test.conf:1: ConnectTo=: 0.0.0.0 cannot be");
        plan_expect_error(f, "ConnectTo=198.19.1.1:1", EINVAL, "test.conf:1: ConnectTo=: 198.19.1.1 cannot be");
        plan_expect_error(f, "ConnectTo=[fd69:736f:7275:6e::9]:1", EINVAL, "test.conf:1: ConnectTo=: fd69:736f:7275:6e::9 cannot be");
        plan_expect_error(f, "ConnectTo=[ff02::1]:1", EINVAL, "test.conf:1: ConnectTo=: ff02::1 cannot be");
        plan_expect_error(f, "ConnectTo=[::ffff:1.2.3.4]:1", EINVAL,
                          "test.conf:1: ConnectTo=: ::ffff:1.2.3.4 cannot be");
        plan_expect_good(f, "ConnectTo=*.a:443 *.b:443 c:443 c:80 [2001:4860::1]:443 c:443/udp *.a:443");
        expect_number("ports", f->plan->n_peers, 6);
        for (size_t i = 0; i < f->plan->n_peers; i++)
                expect_number(f->plan->peers[i].host, f->plan->peers[i].is_covered, i == 1 || i == 2 || i == 4);
        plan_expect_error(f, "ConnectTo=*.a:1 *.a:1=private", EEXIST, "test.conf:1: ConnectTo=: *.a:1 already");
        plan_expect_error(f, "ConnectTo=*.a:53", EADDRINUSE, "test.conf:1: ConnectTo=: with peers, ");
        plan_expect_error(f, "ConnectTo=127.0.0.1:53", EADDRINUSE, "test.conf:1: ConnectTo=: with peers, ");
        plan_expect_good(f, "GrantPeers=yes");
        assert_non_null(strstr(plan_shown(f), "isoctl grant can add them"));
        plan_expect_error(f, "GrantPeers=yes\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ");
        plan_expect_error(f, "GrantPeers=yes\nFile=/etc/hosts:x", EEXIST, "test.conf:2: File=: ");
        plan_expect_error(f, "ConnectTo=a:1\nFile=/etc/hosts:x", EEXIST, "test.conf:2: File=: ");
        plan_expect_notice(f, "ConnectTo=a:1\nConnectTo=", "notice: test.conf:2: ConnectTo=: no peer is named, so ");
        plan_expect_notice(f, "ListenOn=", "notice: test.conf:1: ListenOn=: no port is named, so ");
        plan_expect_good(f, "ConnectTo=\nConnectTo=a:1\nListenOn=");
        plan_expect_good(f, "ConnectTo=\nPrivateNetwork=no");
        plan_expect_good(f, "ConnectTo=\nPrivateNetwork=yes");
        f->host.uid = f->host.gid = 0;
        plan_expect_error(f, "ConnectTo=a:1\nIPAddressDeny=any", EINVAL, "test.conf:2: IPAddressDeny=: ");
}

/* The entrances of ListenOn=, and what does not go with them. */
static void test_entrances(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "ListenOn=80 0.0.0.0:80=8080 [::1]:443=80,proxy unix:/run/./web.sock=81\nConnectTo=a:443");
        expect_number("entrances", f->plan->n_entrances, 4);
        expect_text("the default address", f->plan->entrances[0].place, "127.0.0.1");
        expect_number("the same port", f->plan->entrances[0].inside, 80);
        expect_number("another port", f->plan->entrances[1].inside, 8080);
        expect_number("proxy", f->plan->entrances[2].proxy, true);
        expect_text("a socket", f->plan->entrances[3].place, "/run/web.sock");
        expect_number("not passed", f->plan->entrances[0].passed_fd, 0);
        plan_expect_error(f, "ListenOn=80\nPrivateNetwork=no", EINVAL, "test.conf:2: PrivateNetwork=: ListenOn= is for ");
        plan_expect_error(f, "ListenOn=80\nListenOn=127.0.0.1:80=81", EEXIST,
                          "test.conf:2: ListenOn=: the same place is in another line: test.conf:1");
        plan_expect_error(f, "ConnectTo=a:443\nListenOn=443", EADDRINUSE,
                          "test.conf:2: ListenOn=: inside, port 443 belongs to the peer a (test.conf:1): ");
        plan_expect_error(f, "ConnectTo=a:443\nListenOn=53", EADDRINUSE, "test.conf:2: ListenOn=: inside, port 53 belongs");
        f->host.uid = f->host.gid = 0;
        plan_expect_error(f, "ListenOn=80\nIPAddressDeny=any", EINVAL, "test.conf:2: IPAddressDeny=: ");
}

/* isorun itself uses the sockets of a socket unit that are at an entrance. */
static void test_passed_entrances(void **state) {
        char *environment[] = { (char *) "LISTEN_PID=42", (char *) "LISTEN_FDS=3",
                                (char *) "LISTEN_FDNAMES=http:own:rest", NULL };
        PlanFixture *f = *state;

        f->host.environment = environment;
        f->host.pid = 42;
        plan_expect_good(f, "ListenOn=80 unix:/run/web.sock=81 8081=82");
        expect_number("the port", f->plan->entrances[0].passed_fd, 3);
        expect_number("the path", f->plan->entrances[1].passed_fd, 4);
        expect_number("one that was not passed", f->plan->entrances[2].passed_fd, 0);
        expect_number("the others", f->plan->n_passed_fds, 1);
        assert_true(strv_contains(f->plan->environment, "LISTEN_FDNAMES=rest"));
        plan_expect_good(f, "ListenOn=unix:/run/web.sock=81");
        expect_number("the others", f->plan->n_passed_fds, 2);
        assert_true(strv_contains(f->plan->environment, "LISTEN_FDNAMES=http:rest"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_peers),
                IN_PLAN(test_units_of_peers),
                IN_PLAN(test_search_domains),
                IN_PLAN(test_entrances),
                IN_PLAN(test_passed_entrances),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
