/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which instances a word names, and whose they are. */
#include "helper.h"

#include <errno.h>

#include "cmd/instance/select.h"
#include "cmd/options.h"

static void test_unit(_unused_ void **state) {
        static const struct {
                const char *cgroup, *unit;
                bool of_user;
                uid_t uid;
        } rows[] = {
                { "/isorun.slice/isorun-a.scope", "isorun-a.scope", false, 0 },
                { "/system.slice/system-isorun.slice/isorun@web.service", "isorun@web.service", false, 0 },
                { "/a.service", "a.service", false, 0 },
                { "/user.slice/user-1000.slice/user@1000.service/isorun.slice/isorun-a.scope", "isorun-a.scope", true, 1000 },
                { "/user.slice/user-1000.slice/user@1000.service/app.slice/_cpu.service", "cpu.service", true, 1000 },
                { "/user.slice/user-1000.slice/user@1000.service", "user@1000.service", false, 0 },
                { "/user.slice/user-1000.slice/user@x.service/a.scope", NULL, false, 0 },
                { "/user.slice/user-1000.slice/user@-1.service/a.scope", NULL, false, 0 },
                { "/user.slice/user-1000.slice/user@4294967295.service/a.scope", NULL, false, 0 },
                /* A unit may have made any cgroups below itself. */
                { "/system.slice/a.service/isorun-a.scope", NULL, false, 0 },
                { "/system.slice/a.service/user@0.service/a.scope", NULL, false, 0 },
                { "/user.slice/user@1000.service/a.service/b.scope", NULL, true, 1000 },
                { "/user.slice/user@1000.service/user@0.service/b.scope", NULL, true, 1000 },
                { "/isorun.slice", NULL, false, 0 },
                { "/x", NULL, false, 0 },
                { "/_", NULL, false, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Instance instance = { .cgroup = strdup(rows[i].cgroup) };

                expect_result(rows[i].cgroup, instance_find_unit(&instance), 0);
                expect_text(rows[i].cgroup, instance.unit ?: "none", rows[i].unit ?: "none");
                expect_number(rows[i].cgroup, instance.of_user, rows[i].of_user);
                expect_number(rows[i].cgroup, instance.uid, rows[i].uid);
                free(instance.cgroup);
                free(instance.unit);
        }
}

static Instance items[] = {
        { .cgroup = (char *) "/isorun.slice/isorun-web-1.scope", .name = (char *) "web-1", .pid = 1, .own = true },
        { .cgroup = (char *) "/isorun.slice/isorun-web-1.scope/x", .name = (char *) "inner", .pid = 1, .nested = true },
        { .cgroup = (char *) "/isorun.slice/isorun-web-10.scope", .name = (char *) "web-10", .pid = 1, .own = true },
        { .cgroup = (char *) "/user@7.service/isorun-web-1.scope", .name = (char *) "web-1", .pid = 1, .of_user = true, .uid = 7,
          .foreign = true },
        { .cgroup = (char *) "/user@7.service/isorun-his.scope", .name = (char *) "his", .pid = 1, .of_user = true, .uid = 7,
          .foreign = true },
        { .cgroup = (char *) "/isorun.slice/isorun-liar.scope", .name = (char *) "liar", .own = true },
        { .cgroup = (char *) "/system.slice/bob.service", .name = (char *) "web-10", .pid = 1 }, /* bob claims this name */
};
static const InstanceList list = { .items = items, .n = ELEMENTSOF(items) };

/* For more than one name, isoctl sorts the instances. */
static void expect_same_among_many(const char *name, const Instance *picked) {
        _cleanup_(selection_deinit) Selection selection = {};
        char *names[] = { (char *) name, (char *) name, NULL };
        Report report = {};
        int r;

        if (instance_is_pattern(name))
                return;
        r = instances_select(&selection, &list, names, true, &report);
        expect_result(name, r, picked ? 0 : -ENOENT);
        expect_number(name, selection.n, picked != NULL);
        if (selection.n > 0)
                expect_number(name, selection.items[0] == picked, true);
}

static void test_pick(_unused_ void **state) {
        static const struct {
                const char *name;
                size_t place; /* an index of items; ELEMENTSOF(items): none */
        } rows[] = {
                { "web-1", 0 },  { "web-10", 2 }, { "isorun-web-10.scope", 2 }, { "his", ELEMENTSOF(items) },
                { "h", ELEMENTSOF(items) }, { "bob.service", 6 }, { "7/his", 4 },  { "7/web-1", 3 },
                { "7/h", ELEMENTSOF(items) }, { "8/his", ELEMENTSOF(items) }, { "no such user/his", ELEMENTSOF(items) },
                { "root/web-1", 0 }, { "0/his", ELEMENTSOF(items) }, { "/his", ELEMENTSOF(items) },
                { "/user@7.service/isorun-web-1.scope", 3 }, { "h?s", ELEMENTSOF(items) }, { "7/h?s", 4 }, { "web-1?", 2 },
                { "web-1*", ELEMENTSOF(items) }, { "", ELEMENTSOF(items) }, { "web", ELEMENTSOF(items) },
                { "inner", ELEMENTSOF(items) }, { "inn*", ELEMENTSOF(items) }, { "liar", ELEMENTSOF(items) },
        };

        if (geteuid() != 0)
                skip(); /* the preferred instances depend on it */
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Report report = {};
                const Instance *found = instances_pick(&list, rows[i].name, &report);

                expect_number(rows[i].name, found ? (size_t) (found - items) : ELEMENTSOF(items), rows[i].place);
                expect_same_among_many(rows[i].name, found);
                expect_number(rows[i].name, report.n_errors, !found);
        }
}

static void test_select(_unused_ void **state) {
        _cleanup_(selection_deinit) Selection all = {}, own = {}, some = {}, his = {};
        Report report = {};

        expect_result("all", instances_select(&all, &list, (char *[]) { (char *) "*", (char *) "7/his", NULL }, false, &report), 0);
        expect_number("all", all.n, 5);
        if (geteuid() == 0) {
                expect_result("own", instances_select(&own, &list, (char *[]) { (char *) "*", NULL }, true, &report), 0);
                expect_number("own", own.n, 3);
        }
        expect_result("his", instances_select(&his, &list, (char *[]) { (char *) "7/*", NULL }, true, &report), 0);
        expect_number("his", his.n, 2);
        expect_number("none wrong", report.n_errors, 0);
        expect_result("some", instances_select(&some, &list, (char *[]) { (char *) "no", (char *) "7/his", NULL }, true, &report),
                      -ENOENT);
        expect_number("some", some.n, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unit),
                cmocka_unit_test(test_pick),
                cmocka_unit_test(test_select),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
