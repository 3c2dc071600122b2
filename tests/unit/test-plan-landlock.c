/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Landlock rules of a plan. */
#include "plan-fixture.h"

#include <errno.h>

#include "plan/deny/landlock.h"
#include "util/landlock.h"

static uint64_t access_of(const Plan *plan, const char *path) {
        uint64_t access = 0;

        for (size_t i = 0; i < plan->n_landlock_rules; i++)
                if (streq(plan->landlock_rules[i].path, path))
                        access |= plan->landlock_rules[i].access;
        return access;
}

static void test_landlock_abis(void **state) {
        const uint64_t first = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_WRITE_FILE;
        const uint64_t later = LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV;
        const uint64_t scopes = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
        const struct {
                unsigned abi;
                uint64_t files, scope; /* of the later rights, those that are handled */
                bool handled;
        } cases[] = {
                { 0, 0, 0, false },
                { 1, 0, 0, false }, /* without it, no file can be moved between directories */
                { 2, LANDLOCK_ACCESS_FS_REFER, 0, true },
                { 3, LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE, 0, true },
                { 5, later, 0, true },
                { 6, later, scopes, true },
                { 7, later, scopes, true },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->host.landlock_abi = cases[i].abi;
                plan_expect_good(f, "");
                expect_number("later", f->plan->landlock_files & later, cases[i].files);
                expect_number("first", f->plan->landlock_files & first, cases[i].handled ? first : 0);
                expect_number("scope", f->plan->landlock_scope, cases[i].scope);
                expect_number("rules", f->plan->n_landlock_rules > 0, cases[i].handled);
                plan_expect_good(f, "AbstractSockets=yes");
                expect_number("scope", f->plan->landlock_scope, cases[i].scope & LANDLOCK_SCOPE_SIGNAL);
        }
}

static void test_landlock_rules(void **state) {
        const uint64_t read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        const uint64_t file = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                              LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
                              LANDLOCK_ACCESS_FS_IOCTL_DEV;
        PlanFixture *f = *state;

        plan_expect_good(f, "BindPaths=%h/data:/srv %h/file:/etc/passwd\nBindReadOnlyPaths=%h/data:/run/data\n"
                            "TemporaryFileSystem=/run/ro:ro\n");
        expect_number("/", access_of(f->plan, "/"), read);
        expect_number("/srv", access_of(f->plan, "/srv"), f->plan->landlock_files);
        expect_number("/tmp", access_of(f->plan, "/tmp"), f->plan->landlock_files);
        expect_number("/etc/passwd", access_of(f->plan, "/etc/passwd"), file);
        expect_number("/dev", access_of(f->plan, "/dev"), read | file);
        expect_number("/run/data", access_of(f->plan, "/run/data"), 0);
        expect_number("/run/ro", access_of(f->plan, "/run/ro"), 0);
        expect_number("/proc", access_of(f->plan, "/proc"), 0);
        for (size_t i = 0; i < f->plan->n_landlock_rules; i++)
                assert_false(f->plan->landlock_rules[i].access & ~f->plan->landlock_files);
}

/* In a domain that handles files, mount(2) does not work. */
static void test_landlock_without_files(void **state) {
        static const char *const lines[] = { "LandlockFiles=no", "Nesting=yes", "RestrictNamespaces=no", "RestrictNamespaces=user",
                                             "CapabilityBoundingSet=CAP_SYS_ADMIN" };
        PlanFixture *f = *state;

        plan_set_uid(f, 1000);
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                plan_expect_good(f, lines[i]);
                expect_number(lines[i], f->plan->landlock_files, 0);
                expect_number(lines[i], f->plan->n_landlock_rules, 0);
                expect_number(lines[i], f->plan->landlock_scope != 0, true);
        }
}

static void test_landlock_queues(void **state) {
        static const struct {
                const char *lines;
                bool queues;
        } cases[] = {
                { "", true },
                { "PrivateIPC=no", false },
                { "SystemCallFilter=@system-service\nSystemCallFilter=~mq_open", false },
                { "RestrictNamespaces=no", false }, /* Landlock does not restrict files then */
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->landlock_queues, cases[i].queues);
        }
}

/* LogDenials=audit: what the kernel cannot note is an error. */
static void test_landlock_audit(void **state) {
        static const struct {
                const char *lines;
                bool audit, records;
        } cases[] = {
                { "", false, false },
                { "LogDenials=no", false, false },
                { "LogDenials=yes", false, true },
                { "LogDenials=1", false, true },
                { "LogDenials=audit", true, false },
                { "LogDenials=yes+audit", true, true },
                { "LogDenials=audit\nLandlockFiles=no\nAbstractSockets=yes", true, false },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, f->plan->audit_denials, cases[i].audit);
                expect_number(cases[i].lines, f->plan->log_denials, cases[i].records);
        }
        f->host.landlock_abi = 6;
        plan_expect_error(f, "LogDenials=audit", EOPNOTSUPP, "test.conf:1: LogDenials=: cannot be enforced: only Linux");
        plan_expect_notice(f, "LogDenials=yes+audit\nOptional=LogDenials", "LogDenials=: not enforced: only Linux");
        expect_number("optional", f->plan->audit_denials, false);
        expect_number("optional", f->plan->log_denials, true);
        f->host.landlock_abi = 7;
        f->host.has_audit = plan_lacks_audit;
        plan_expect_error(f, "LogDenials=audit", EOPNOTSUPP,
                          "test.conf:1: LogDenials=: cannot be enforced: this kernel has no audit log");
}

static void test_landlock_rights(_unused_ void **state) {
        uint64_t seen = 0;

        for (const LandlockRight *r = landlock_rights; r->name; r++) {
                expect_number(r->name, __builtin_popcountll(r->bit), 1);
                expect_number(r->name, seen & r->bit, 0);
                seen |= r->bit;
        }
        expect_number("none", landlock_rights_mask(0, 0), 0);
        expect_number("all", landlock_rights_mask(99, 0), seen);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_landlock_abis),
                IN_PLAN(test_landlock_rules),
                IN_PLAN(test_landlock_without_files),
                IN_PLAN(test_landlock_queues),
                IN_PLAN(test_landlock_audit),
                cmocka_unit_test(test_landlock_rights),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
