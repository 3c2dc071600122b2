/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories and credentials that systemd has made for the service whose main process isorun is. */
#include "plan-fixture.h"

#include <errno.h>

#include "util/strv.h"

typedef struct UnitFixture {
        PlanFixture *plan;
        char directory[PATH_MAX + 32], credentials[PATH_MAX + 32];
} UnitFixture;

/* Makes "data" the state directory, and "data/below" the credentials directory. */
static void become_unit(UnitFixture *u, void **state) {
        char path[PATH_MAX];

        u->plan = *state;
        u->plan->host.unit = (char *) "web.service";
        u->plan->host.cgroup = (char *) "/system.slice/web.service";
        temp_text(u->plan->dir, "data/below/token", "x");
        snprintf(u->directory, sizeof(u->directory), "STATE_DIRECTORY=%s", temp_path(path, u->plan->dir, "data"));
        snprintf(u->credentials, sizeof(u->credentials), "CREDENTIALS_DIRECTORY=%s",
                 temp_path(path, u->plan->dir, "data/below"));
        u->plan->environment[3] = u->directory;
        u->plan->environment[4] = u->credentials;
}

static const PlanMount *data_of(UnitFixture *u) {
        char path[PATH_MAX];

        return plan_find_mount(u->plan->plan, temp_path(path, u->plan->dir, "data"));
}

static void test_unit(void **state) {
        const PlanMount *m;
        UnitFixture u;

        become_unit(&u, state);
        plan_expect_good(u.plan, "");
        m = data_of(&u);
        assert_non_null(m);
        expect_number("kind", m->kind, MOUNT_BIND);
        assert_false(m->attributes.read_only);
        expect_text("where from", m->origin.file, "StateDirectory= of web.service");
        expect_in("variable", plan_shown(u.plan), u.directory);
        m = plan_find_mount(u.plan->plan, "/run/credentials/web.service/token");
        assert_non_null(m);
        expect_number("kind", m->kind, MOUNT_COPY);
        expect_number("mode", m->mode, 0400);
        expect_text("where from", m->origin.file, "a credential of web.service");
}

static void test_no_unit(void **state) {
        UnitFixture u;

        become_unit(&u, state);
        u.plan->host.unit = NULL;
        plan_expect_good(u.plan, "");
        assert_null(data_of(&u));
        assert_null(plan_find_mount(u.plan->plan, "/run/credentials"));
        expect_not_in("variables", plan_shown(u.plan), "_DIRECTORY");
}

static void test_policy_first(void **state) {
        const PlanMount *m;
        UnitFixture u;

        become_unit(&u, state);
        plan_expect_good(u.plan, "TemporaryFileSystem=%h/data\nSetCredential=token:y");
        expect_number("kind", data_of(&u)->kind, MOUNT_TMPFS);
        m = plan_find_mount(u.plan->plan, "/run/credentials/web.service/token");
        expect_text("text", m->text, "y");
        plan_expect_good(u.plan, "BindPaths=%h/file:%h/data");
        expect_number("directory", plan_mount_is_directory(data_of(&u)), false);
        plan_expect_good(u.plan, "Environment=STATE_DIRECTORY=/other");
        expect_in("variable", plan_shown(u.plan), "STATE_DIRECTORY=/other\n");
        plan_expect_good(u.plan, "UnsetEnvironment=STATE_DIRECTORY");
        expect_not_in("variable", plan_shown(u.plan), "STATE_DIRECTORY");
}

static void test_wrong(void **state) {
        static const struct {
                const char *variable, *message;
                int error;
        } cases[] = {
                { "STATE_DIRECTORY=data", "$STATE_DIRECTORY of web.service: data: not an absolute path", EINVAL },
                { "STATE_DIRECTORY=/usr/../etc", "/usr/../etc: not an absolute path", EINVAL },
                { "STATE_DIRECTORY=//usr", "//usr: not an absolute path", EINVAL },
                { "STATE_DIRECTORY=/usr/", "/usr/: not an absolute path", EINVAL },
                { "STATE_DIRECTORY=/usr:", "$STATE_DIRECTORY of web.service: : not an absolute path", EINVAL },
                { "CACHE_DIRECTORY=/no/such", "$CACHE_DIRECTORY of web.service: /no/such: No such file", ENOENT },
                { "LOGS_DIRECTORY=/proc/self/status", "/proc/self/status: Not a directory", ENOTDIR },
                { "CREDENTIALS_DIRECTORY=/no/such", "cannot use $CREDENTIALS_DIRECTORY of web.service: /no/such: ", ENOENT },
        };
        UnitFixture u;

        become_unit(&u, state);
        u.plan->environment[4] = NULL;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                u.plan->environment[3] = (char *) cases[i].variable;
                plan_expect_error(u.plan, "", cases[i].error, cases[i].message);
        }
        u.plan->environment[3] = (char *) "STATE_DIRECTORY=";
        plan_expect_good(u.plan, "");
}

/* The sockets of the bus that the first process inside connects to. */
static void test_bus(void **state) {
        static const struct {
                const char *variable, *sockets;
                bool user;
        } cases[] = {
                { NULL, "/run/dbus/system_bus_socket" },
                { NULL, "/run/user/1000/bus", true },
                { "XDG_RUNTIME_DIR=/other", "/other/bus", true },
                { "XDG_RUNTIME_DIR=/other", "/run/dbus/system_bus_socket" },
                { "DBUS_SESSION_BUS_ADDRESS=unix:path=/a", "/run/dbus/system_bus_socket" },
                { "DBUS_SESSION_BUS_ADDRESS=unix:path=/a", "/a", true },
                { "DBUS_SESSION_BUS_ADDRESS=unix:path=/a,guid=1;unix:guid=2,abstract=/tmp/b", "/a @/tmp/b", true },
                { "DBUS_SYSTEM_BUS_ADDRESS=tcp:host=x;unix:path=/a%2fb%3b%2C%5f", "/a/b;,_" },
                { "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/a%2,b;unix:path=%zz%", "/a%2 %zz%" },
                { "DBUS_SYSTEM_BUS_ADDRESS=;;unix:path=/a;;", "/a" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *sockets = NULL;

                plan_set_uid(f, cases[i].user ? 1000 : 0);
                f->environment[3] = (char *) cases[i].variable;
                plan_expect_good(f, "");
                sockets = strv_join(f->plan->bus_sockets, " ");
                expect_text(cases[i].variable ?: "no variable", sockets, cases[i].sockets);
        }
}

static void test_no_bus(void **state) {
        PlanFixture *f = *state;

        f->environment[3] = (char *) "DBUS_SYSTEM_BUS_ADDRESS=tcp:host=x";
        plan_expect_error(f, "", EOPNOTSUPP, "DBUS_SYSTEM_BUS_ADDRESS=tcp:host=x names no unix socket, so isorun cannot "
                                             "connect to the bus");
        f->request.no_scope = true;
        plan_expect_good(f, "Optional=MemoryMax TasksMax");
        assert_null(f->plan->bus_sockets);
        f->host.unit = (char *) "web.service";
        f->host.cgroup = (char *) "/system.slice/web.service";
        plan_expect_good(f, "");
        assert_null(f->plan->bus_sockets);
        f->environment[3] = NULL;
        plan_expect_good(f, "Register=yes");
        expect_text("for machined", f->plan->bus_sockets[0], "/run/dbus/system_bus_socket");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_unit),
                IN_PLAN(test_no_unit),
                IN_PLAN(test_policy_first),
                IN_PLAN(test_wrong),
                IN_PLAN(test_bus),
                IN_PLAN(test_no_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
