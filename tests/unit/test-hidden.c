/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the payload cannot read or change in a volume: hidden files, and ReadOnlyPaths=. */
#include "plan-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>

#include "plan/root/search.h"

/* The blocked destinations below dir, sorted as in the plan, separated by spaces. */
static void expect_hidden(PlanFixture *f, const char *what, const char *dir, const char *expected) {
        Buffer b;

        buffer_init(&b);
        for (size_t i = 0; i < f->plan->n_mounts; i++) {
                const PlanMount *m = &f->plan->mounts[i];
                const char *rest = m->kind == MOUNT_BLOCKED ? startswith(m->destination, dir) : NULL;

                if (rest)
                        fprintf(b.f, "%s%s", ftell(b.f) > 0 ? " " : "", rest);
        }
        expect_text(what, buffer_text(&b), expected);
        buffer_deinit(&b);
}

static void populate_secrets(PlanFixture *f, const char *dir) {
        static const char *const files[] = { "a.key", "b.key", ".git/config", ".env", "sub/c.key", "sub/deep/d.key", "[x]",
                                             "plain" };
        char name[128];

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                snprintf(name, sizeof(name), "%s/%s", dir, files[i]);
                temp_text(f->dir, name, "x");
        }
}

/* fnmatch(3) says the same about random patterns and names of a few characters. */
static void test_component_match(_unused_ void **state) {
        static const char in_pattern[] = "ab.*?[]\\!-", in_name[] = "ab.*[]";
        unsigned seed = 1, matched = 0;

        for (unsigned i = 0; i < 200000; i++) {
                char pattern[8] = "", name[6] = "";
                int expected;

                for (size_t k = (unsigned) rand_r(&seed) % sizeof(pattern); k-- > 0;)
                        pattern[k] = in_pattern[(unsigned) rand_r(&seed) % strlen(in_pattern)];
                for (size_t k = 1 + (unsigned) rand_r(&seed) % (sizeof(name) - 1); k-- > 0;)
                        name[k] = in_name[(unsigned) rand_r(&seed) % strlen(in_name)];
                expected = fnmatch(pattern, name, 0) != FNM_NOMATCH;
                if (component_match(pattern, name) != expected)
                        fail_msg("%s and %s: expected %d", pattern, name, expected);
                matched += expected;
        }
        assert_in_range(matched, 1000, 100000);
}

static void test_hide(void **state) {
        static const struct {
                const char *bindings, *line, *hidden;
        } cases[] = {
                { "", "Volume=%h/s:/srv:ro,hide=*.key", "a.key b.key" },
                { "", "Volume=%h/s:/srv:overlay,hide=*.key", "a.key b.key" },
                { "", "BindReadOnlyPaths=%h/s:/srv:hide=*.key", "a.key b.key" },
                { "", "Volume=%h/s:/srv:ro,hide=*.key,hide=*/*.key", "a.key b.key sub/c.key" },
                { "", "Volume=%h/s:/srv:ro,hide=sub,hide=.git", ".git sub" },
                { "", "Volume=%h/s:/srv:ro,hide=sub/", "sub" },
                { "", "Volume=%h/s:/srv:ro,hide=.*", ".env .git" },
                { "", "Volume=%h/s:/srv:ro,hide=*e*,hide=*/c*", ".env .git/config a.key b.key sub/c.key" },
                { "", "Volume=%h/s:/srv:ro,hide=[ab].key", "a.key b.key" },
                { "", "Volume=%h/s:/srv:ro,hide=?.key,hide=a*", "a.key b.key" }, /* hidden twice is hidden once */
                { "", "Volume=%h/s:/srv:ro,hide=./a.key", "a.key" },
                { "", "Volume=%h/s:/srv:ro,hide=no*,hide=sub/no/no", "" },
                { "", "Volume=%h/s:/srv:ro,hide=[[]x]", "[x]" },
                { "data=%h/s:hide=*.key", "Volume=data:/srv:ro", "a.key b.key" },
                { "data=%h/s:ro,hide=*.key", "Volume=data:/srv", "a.key b.key" },
                { "data=%h/s:overlay,hide=a*", "Volume=data:/srv:rw,hide=b*", "a.key b.key" },
                { "data=%h/s:hide=a*", "Volume=data:/srv:ro,hide=b*", "a.key b.key" },
        };
        PlanFixture *f = *state;
        Bindings b = {};

        populate_secrets(f, "s");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                expect_hidden(f, cases[i].line, "/srv/", cases[i].hidden);
        }
        assert_false(plan_mount_is_directory(plan_mount_at(f, "/srv/a.key")));
        f->request.bindings = NULL;
        plan_expect_good(f, "Volume=%h/s:/srv:ro,hide=sub");
        assert_true(plan_mount_is_directory(plan_mount_at(f, "/srv/sub")));
        bindings_deinit(&b);
}

/* A path above directories in memory makes these read-only, too, but not those that the policy asks for. */
static void test_read_only_memory(void **state) {
        static const struct {
                const char *lines, *destination;
                bool read_only;
        } cases[] = {
                { "ReadOnlyPaths=/dev", "/dev/shm", true },
                { "ReadOnlyPaths=/dev", "/dev/pts", true },
                { "ReadOnlyPaths=/dev/pts", "/dev/pts", true },
                { "ReadOnlyPaths=/dev", "/run", false },
                { "ReadOnlyPaths=/dev/null", "/dev/shm", false },
                { "ReadOnlyPaths=/", "/dev/shm", true },
                { "ReadOnlyPaths=/", "/tmp", true },
                { "ReadOnlyPaths=/", "/var/tmp", true },
                { "ReadOnlyPaths=/", "/run", true },
                { "ReadOnlyPaths=/\nTemporaryFileSystem=/tmp", "/tmp", false },
                { "ReadOnlyPaths=/\nBindPaths=%h/data:/srv", "/srv", false },
                { "ReadOnlyPaths=/\nBindPaths=%h/data:/run", "/run", false },
                { "RootDirectory=none\nReadOnlyPaths=/", "/tmp", true },
                { "ReadOnlyPaths=-/gone", "/run", false },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, plan_mount_at(f, cases[i].destination)->attributes.read_only, cases[i].read_only);
        }
        plan_expect_good(f, "ReadOnlyPaths=/dev");
        expect_number("the line", plan_mount_at(f, "/dev/shm")->origin.line, 1);
        plan_expect_good(f, "ReadOnlyPaths=/\nInaccessiblePaths=/dev");
        assert_null(plan_find_mount(f->plan, "/dev/shm"));
        plan_expect_notice(f, "User=1000\nNesting=yes\nReadOnlyPaths=/",
                           "test.conf:3: ReadOnlyPaths=: /proc stays writable, because of Nesting=");
        plan_expect_notice(f, "User=1000\nNesting=yes\nReadOnlyPaths=/proc", "ReadOnlyPaths=: /proc stays writable");
}

/* A path that the payload cannot change is a read-only mount, and the directories above it are mounts, so that they
 * cannot be renamed. */
/* promise P43 */
static void test_read_only_paths(void **state) {
        static const struct {
                const char *lines, *destination;
                bool read_only;
        } cases[] = {
                { "ReadOnlyPaths=/srv/.git/config", "/srv/.git/config", true },
                { "ReadOnlyPaths=/srv/.git/config", "/srv/.git", false },
                { "ReadOnlyPaths=/srv/.git/config", "/srv", false },
                { "ReadOnlyPaths=./sub/deep", "/srv/sub/deep", true },
                { "ReadOnlyPaths=./sub/deep", "/srv/sub", false },
                { "ReadOnlyPaths=./sub ./sub/deep", "/srv/sub", true },
                { "ReadOnlyPaths=./sub/deep ./sub", "/srv/sub", true },
                { "ReadOnlyPaths=./a.key", "/srv/a.key", true },
                { "ReadOnlyPaths=/srv", "/srv", true },
                { "ReadOnlyPaths=/tmp", "/tmp", true },
                { "ReadOnlyPaths=-./.git/hooks", "/srv", false },
        };
        PlanFixture *f = *state;

        populate_secrets(f, "s");
        f->host.working_directory = (char *) "/srv";
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char lines[256];

                snprintf(lines, sizeof(lines), "Volume=%%h/s:/srv\n%s", cases[i].lines);
                plan_expect_good(f, lines);
                expect_number(lines, plan_mount_at(f, cases[i].destination)->attributes.read_only, cases[i].read_only);
        }
        assert_null(plan_find_mount(f->plan, "/srv/.git"));
        plan_expect_good(f, "BindReadOnlyPaths=%h/s:/srv\nReadOnlyPaths=./.git/config");
        assert_null(plan_find_mount(f->plan, "/srv/.git/config"));
        plan_expect_good(f, "Volume=%h/s:/srv:noexec,norbind\nReadOnlyPaths=./.git/config");
        expect_number("noexec", plan_mount_at(f, "/srv/.git")->attributes.no_exec, true);
        expect_number("rbind", plan_mount_at(f, "/srv/.git")->attributes.recursive, false);
}

/* The payload could make what does not exist: the directory above it is read-only, but never the whole volume. */
/* promise P43 */
static void test_read_only_paths_missing(void **state) {
        PlanFixture *f = *state;

        populate_secrets(f, "s");
        f->host.working_directory = (char *) "/srv";
        plan_expect_notice(
                f, "Volume=%h/s:/srv\nReadOnlyPaths=./.git/config ./.git/hooks ./.git/commondir",
                "/srv/.git is read-only, because the program could make files that do not exist there: /srv/.git/hooks and "
                "/srv/.git/commondir\n");
        expect_text("one notice for both", strchr(log_text(&f->log), '\n'), "\n");
        expect_number("read-only", plan_mount_at(f, "/srv/.git")->attributes.read_only, true);
        plan_expect_notice(f, "Volume=%h/s:/srv\nReadOnlyPaths=./no/such ./no/such/thing",
                           "/srv/no does not exist, so the program can make it");
        expect_text("one notice", strchr(log_text(&f->log), '\n'), "\n");
        expect_number("read-only", plan_mount_at(f, "/srv")->attributes.read_only, false);
        /* Elsewhere it is in memory, or cannot be made. */
        plan_expect_good(f, "ReadOnlyPaths=./.git/hooks /tmp/x /opt/x /no/such");

        plan_expect_error(f, "Volume=%h/s:/srv:overlay\nReadOnlyPaths=./sub", EOPNOTSUPP,
                          "/srv/sub is a part of /srv, and only /srv as a whole can be made read-only");
        temp_link(f->dir, "s/link", "sub");
        plan_expect_error(f, "Volume=%h/s:/srv\nReadOnlyPaths=./link/deep", ELOOP,
                          "/srv/link/deep: this path contains a symlink");
}

/* Special characters of patterns have no meaning in the name of the bound directory. */
/* promise P8 */
static void test_hide_in_strange_directories(void **state) {
        static const char *const names[] = { "[x]", "star*", "what?", "back\\slash", "[", "]", "{a,b}", "~", "a\\[b", " " };
        PlanFixture *f = *state;
        Bindings b = {};

        populate_secrets(f, "x"); /* "[x]" would match it */
        populate_secrets(f, "star-gazer");
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char bound[64];

                populate_secrets(f, names[i]);
                snprintf(bound, sizeof(bound), "data=%%h/%s:ro,hide=*.key,hide=.git,hide=sub/*", names[i]);
                plan_bind_names(f, &b, bound);
                plan_expect_good(f, "Volume=data:/srv");
                expect_hidden(f, names[i], "/srv/", ".git a.key b.key sub/c.key sub/deep");
                /* The pattern has no special characters. */
                snprintf(bound, sizeof(bound), "data=%%h/%s:ro,hide=plain,hide=sub/deep", names[i]);
                plan_bind_names(f, &b, bound);
                plan_expect_good(f, "Volume=data:/srv");
                expect_hidden(f, names[i], "/srv/", "plain sub/deep");
        }
        bindings_deinit(&b);
}

static void test_hide_by_fd(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};
        int fd;

        populate_secrets(f, "s");
        fd = plan_bind_fd(f, &b, "s", O_PATH | O_DIRECTORY);
        plan_expect_good(f, "Volume=data:/srv:ro,hide=*.key");
        expect_hidden(f, "an fd", "/srv/", "a.key b.key");
        close(fd);
        bindings_deinit(&b);
}

/* promise P8 */
static void test_bad_hide(void **state) {
        static const struct {
                const char *bindings, *lines, *message;
                int error;
        } cases[] = {
                { "", "Volume=%h/s:/srv:hide=*.key", "test.conf:1: Volume=: \"hide=\" needs the option ro or overlay",
                  EINVAL },
                { "", "BindPaths=%h/s:/srv:hide=nothing", "\"hide=\" needs the option ro or overlay", EINVAL },
                { "data=%h/s:hide=*.key", "Volume=data:/srv", "\"hide=\" needs the option ro or overlay", EINVAL },
                { "", "Volume=%h/s:/srv:ro,hide=a.key\nBindPaths=%h/file:/srv/a.key", "is already the destination of ", EEXIST },
                { "", "Volume=%h/s:/srv:ro,hide=link", "a symlink in this path leads out of the root", EXDEV },
        };
        PlanFixture *f = *state;
        Bindings b = {};

        populate_secrets(f, "s");
        temp_link(f->dir, "s/link", "../../../../../../../../etc");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_bind_names(f, &b, cases[i].bindings);
                plan_expect_error(f, cases[i].lines, cases[i].error, cases[i].message);
        }
        bindings_deinit(&b);
}

/* "." names nothing that could be hidden: an error is better than hiding nothing. */
static void test_hide_of_dot(_unused_ void **state) {
        static const char *const patterns[] = { ".", "./", "sub/.", "sub/./" };

        for (size_t i = 0; i < ELEMENTSOF(patterns); i++) {
                Policy *policy = test_policy();
                char value[64];
                Log log;

                log_init(&log);
                snprintf(value, sizeof(value), "/s:/srv:ro,hide=%s", patterns[i]);
                expect_result(patterns[i], test_assign(policy, &log, "Volume", value), -EBADMSG);
                expect_in(patterns[i], log_text(&log), "not a pattern relative to the volume (such as *.key)");
                log_deinit(&log);
                policy_free(policy);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_component_match),
                IN_PLAN(test_hide),
                IN_PLAN(test_read_only_memory),
                IN_PLAN(test_read_only_paths),
                IN_PLAN(test_read_only_paths_missing),
                IN_PLAN(test_hide_in_strange_directories),
                IN_PLAN(test_hide_by_fd),
                IN_PLAN(test_bad_hide),
                cmocka_unit_test(test_hide_of_dot),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
