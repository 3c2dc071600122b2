/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies in memory of files of the root: those that ssh(1) includes, and passwd(5) and group(5) with one more line. */
#include "plan-fixture.h"

#include <fcntl.h>

#include "util/fd.h"

static int find_ranges(_unused_ uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        *ret_uids = *ret_gids = (IdRange) { 100000, 65536 };
        return 0;
}

/* The files of the root belong to the caller, whose id does not exist inside: PrivateUsers=full. */
static int set_up(void **state) {
        PlanFixture *f;
        int r = plan_set_up(state);

        f = *state;
        f->host.find_ranges = find_ranges;
        plan_set_uid(f, geteuid());
        return r;
}

#define WITH_RANGES(test) cmocka_unit_test_setup_teardown(test, set_up, plan_tear_down)

static void config(PlanFixture *f, const char *name, const char *text, mode_t mode) {
        char path[PATH_MAX], in_root[64];

        snprintf(in_root, sizeof(in_root), "root/etc/ssh/%s", name);
        temp_text(f->dir, in_root, text);
        assert_int_equal(chmod(temp_path(path, f->dir, in_root), mode), 0);
}

static bool is_copied(const PlanFixture *f, const char *path) {
        const PlanMount *m = plan_find_mount(f->plan, path);

        return m && m->kind == MOUNT_COPY && m->attributes.read_only && m->attributes.no_exec && m->mode == 0444;
}

static void test_ssh_includes(void **state) {
        static const struct {
                const char *path;
                bool copied;
        } expected[] = {
                { "/etc/ssh/ssh_config", false }, /* ssh takes it whoever owns it */
                { "/etc/ssh/ssh_config.d/a.conf", true },
                { "/etc/ssh/ssh_config.d/b.conf", false },
                { "/etc/ssh/ssh_config.d/private.conf", false },
                { "/etc/ssh/ssh_config.d/shared.conf", false },
                { "/etc/ssh/ssh_config.d/other", false },
                { "/usr/lib/b.conf", true },
                { "/etc/ssh/nested", true },
                { "/etc/ssh/two words", true },
                { "/etc/ssh/third", true },
                { "/etc/ssh/comment", false },
                { "/srv/bound", true },
                { "/srv/made", true },
                { "/srv/writable", false },
                { "/srv/hidden", false },
                { "/srv/large", false },
        };
        PlanFixture *f = *state;
        char path[PATH_MAX], in_root[64];

        config(f, "ssh_config", "Host *\n  include /etc/ssh/ssh_config.d/*.conf /etc/ssh/none/*\nIncludes /etc/fstab\n", 0644);
        config(f, "ssh_config.d/a.conf", "Include=nested \"two words\" third # /etc/ssh/comment\nInclude \"\n", 0644);
        config(f, "nested", "Match all\n\tINCLUDE /srv/bound /srv/made /srv/writable /srv/hidden /srv/large /etc/ssh/nested\n", 0644);
        config(f, "ssh_config.d/private.conf", "", 0640);
        config(f, "ssh_config.d/shared.conf", "", 0664);
        config(f, "ssh_config.d/other", "", 0644);
        config(f, "two words", "", 0644);
        config(f, "third", "", 0644);
        config(f, "comment", "", 0644);
        temp_text(f->dir, "root/usr/lib/b.conf", "");
        temp_link(f->dir, "root/etc/ssh/ssh_config.d/b.conf", "../../../usr/lib/b.conf");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                if (startswith(expected[i].path, "/srv/") && !streq(expected[i].path, "/srv/made")) {
                        snprintf(in_root, sizeof(in_root), "root%s", expected[i].path);
                        temp_text(f->dir, in_root, "");
                }
        assert_int_equal(truncate(temp_path(path, f->dir, "root/srv/large"), 2 << 20), 0);

        plan_expect_good(f, "PrivateUsers=full\nBindReadOnlyPaths=%h/root/srv/bound:/srv/bound %h/file:/srv/made\n"
                            "BindPaths=%h/root/srv/writable:/srv/writable\nInaccessiblePaths=/srv/hidden\n");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                expect_number(expected[i].path, is_copied(f, expected[i].path), expected[i].copied);
        expect_in("shown", plan_shown(f), "\n/usr/lib/b.conf=read-only file, a copy of ");
        expect_number("a place that the policy makes", plan_find_mount(f->plan, "/srv/made")->place, PLACE_MADE);
}

/* Where root's files show as root's, ssh takes them. */
static void test_ssh_as_root(void **state) {
        PlanFixture *f = *state;

        config(f, "ssh_config", "Include a\n", 0644);
        config(f, "a", "", 0644);
        plan_set_uid(f, 0);
        plan_expect_good(f, "PrivateUsers=identity");
        assert_false(is_copied(f, "/etc/ssh/a"));
        plan_expect_good(f, "PrivateUsers=no");
        assert_false(is_copied(f, "/etc/ssh/a"));
}

/* However many files there are, not each becomes a mount. */
static void test_ssh_bounds(void **state) {
        PlanFixture *f = *state;
        size_t n = 0;

        config(f, "ssh_config", "Include many/*\n", 0644);
        for (int i = 0; i < 100; i++) {
                char name[32];

                snprintf(name, sizeof(name), "many/%d", i);
                config(f, name, "", 0644);
        }
        plan_expect_good(f, "PrivateUsers=full");
        for (size_t i = 0; i < f->plan->n_mounts; i++)
                n += f->plan->mounts[i].kind == MOUNT_COPY;
        expect_number("copies, without that of ssh_config", n, 63);
}

static unsigned n_lookups;

static int count_user(uid_t uid, HostUser *ret) {
        n_lookups++;
        return plan_find_user_by_uid(uid, ret);
}

static int count_group(gid_t gid, char **ret) {
        n_lookups++;
        return plan_find_group_name(gid, ret);
}

/* Whether the path inside is the machine's file and this line. */
static bool is_named(const PlanFixture *f, const char *path, const char *line) {
        const PlanMount *m = plan_find_mount(f->plan, path);
        _cleanup_free_ char *text = NULL, *expected = NULL;

        assert_int_equal(file_read(AT_FDCWD, path, &text, NULL), 0);
        assert_true(asprintf(&expected, "%s%s", text, line) > 0);
        return m && m->kind == MOUNT_FILE && m->attributes.read_only && m->mode == 0444 && streq(m->text, expected);
}

#define HOSTS_FILES "RootDirectory=none\nBindReadOnlyPaths=/etc/passwd /etc/group\n"

/* ada is a user whom only another source of nsswitch.conf(5) knows. */
static void test_names(void **state) {
        static const char passwd[] = "ada:x:1815:1852::/home/ada:/bin/dash\n", group[] = "ada:x:1852:\n";
        PlanFixture *f = *state;

        f->host.find_user_by_uid = count_user;
        f->host.find_group_name = count_group;
        plan_set_uid(f, 1815);
        f->host.gid = 1852;
        plan_expect_good(f, HOSTS_FILES);
        assert_true(is_named(f, "/etc/passwd", passwd));
        assert_true(is_named(f, "/etc/group", group));
        expect_in("shown", plan_shown(f), "\n/etc/passwd=read-only file, a copy of /etc/passwd and the line "
                                          "ada:x:1815:1852::/home/ada:/bin/dash\n");
        expect_number("lookups", n_lookups, 2);

        plan_expect_good(f, "RootDirectory=none\nFile=/etc/passwd:x\n");
        expect_text("a file of the policy", plan_find_mount(f->plan, "/etc/passwd")->text, "x");
        plan_expect_good(f, "");
        expect_not_in("files of another root", plan_shown(f), "ada:x:");
        plan_expect_good(f, HOSTS_FILES "PrivateUsers=full\n");
        expect_not_in("private ids", plan_shown(f), "ada:x:");

        plan_set_uid(f, 1816);
        plan_expect_good(f, HOSTS_FILES);
        expect_not_in("nobody knows the id", plan_shown(f), "and the line");

        plan_set_uid(f, 0);
        plan_expect_good(f, HOSTS_FILES "User=ada\n");
        assert_true(is_named(f, "/etc/passwd", passwd));
}

/* For an id of the files, nobody is asked: other sources can be slow. */
static void test_names_in_files(void **state) {
        PlanFixture *f = *state;

        f->host.find_user_by_uid = count_user;
        f->host.find_group_name = count_group;
        n_lookups = 0;
        plan_set_uid(f, 1); /* daemon, on every machine */
        plan_expect_good(f, HOSTS_FILES);
        plan_set_uid(f, 0);
        plan_expect_good(f, HOSTS_FILES);
        expect_number("lookups", n_lookups, 0);
}

static int name_badly(_unused_ uid_t uid, HostUser *ret) {
        *ret = (HostUser) { .uid = 1815, .name = strdup("ada\nroot2:x:0:0"), .home = strdup("/"), .shell = strdup("/") };
        return 0;
}

/* A name that would make more than one line. */
static void test_bad_names(void **state) {
        PlanFixture *f = *state;

        f->host.find_user_by_uid = name_badly;
        plan_set_uid(f, 1815);
        plan_expect_good(f, HOSTS_FILES);
        expect_not_in("shown", plan_shown(f), "and the line");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_RANGES(test_ssh_includes),
                WITH_RANGES(test_ssh_as_root),
                WITH_RANGES(test_ssh_bounds),
                WITH_RANGES(test_names),
                WITH_RANGES(test_names_in_files),
                WITH_RANGES(test_bad_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
