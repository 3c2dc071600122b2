/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies in memory of files of the root, which the payload owns: those that ssh(1) includes. */
#include "helper.h"

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
                { "/srv/writable", false },
                { "/srv/hidden", false },
                { "/srv/large", false },
        };
        PlanFixture *f = *state;
        char path[PATH_MAX], in_root[64];

        config(f, "ssh_config", "Host *\n  include /etc/ssh/ssh_config.d/*.conf /etc/ssh/none/*\nIncludes /etc/fstab\n", 0644);
        config(f, "ssh_config.d/a.conf", "Include=nested \"two words\" third # /etc/ssh/comment\nInclude \"\n", 0644);
        config(f, "nested", "Match all\n\tINCLUDE /srv/bound /srv/writable /srv/hidden /srv/large /etc/ssh/nested\n", 0644);
        config(f, "ssh_config.d/private.conf", "", 0640);
        config(f, "ssh_config.d/shared.conf", "", 0664);
        config(f, "ssh_config.d/other", "", 0644);
        config(f, "two words", "", 0644);
        config(f, "third", "", 0644);
        config(f, "comment", "", 0644);
        temp_text(f->dir, "root/usr/lib/b.conf", "");
        temp_link(f->dir, "root/etc/ssh/ssh_config.d/b.conf", "../../../usr/lib/b.conf");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                if (startswith(expected[i].path, "/srv/")) {
                        snprintf(in_root, sizeof(in_root), "root%s", expected[i].path);
                        temp_text(f->dir, in_root, "");
                }
        assert_int_equal(truncate(temp_path(path, f->dir, "root/srv/large"), 2 << 20), 0);

        plan_expect_good(f, "PrivateUsers=full\nBindReadOnlyPaths=%h/root/srv/bound:/srv/bound\n"
                            "BindPaths=%h/root/srv/writable:/srv/writable\nInaccessiblePaths=/srv/hidden\n");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                expect_number(expected[i].path, is_copied(f, expected[i].path), expected[i].copied);
        expect_in("shown", plan_shown(f), "\n/usr/lib/b.conf=read-only file, a copy of ");
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

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_RANGES(test_ssh_includes),
                WITH_RANGES(test_ssh_as_root),
                WITH_RANGES(test_ssh_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
