/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root_model_walk() over a host directory made for it:
 *
 *   host/etc/{passwd, loop -> loop2, loop2 -> loop, self -> self, dangling -> nowhere}
 *   host/usr/bin/sh, host/bin -> usr/bin, host/up -> ../../usr, host/abs -> /usr/bin
 *   host/usr/share/data, host/deep -> usr/../usr/share, host/to-mount -> /data/inner
 *   host/data/inner, host/file
 *   other/inner/there: what is bound over /data */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "plan/root/model.h"

typedef struct Fixture {
        char *dir;
        RootModel model;
} Fixture;

static void populate(const char *dir) {
        static const char *const links[][2] = {
                { "host/etc/loop", "loop2" },    { "host/etc/loop2", "loop" },      { "host/etc/self", "self" },
                { "host/etc/dangling", "nowhere/at/all" },                          { "host/bin", "usr/bin" },
                { "host/up", "../../usr" },      { "host/abs", "/usr/bin" },        { "host/deep", "usr/../usr/share" },
                { "host/to-mount", "/data/inner" }, { "host/link-dot", "." },       { "host/link-file", "file" },
        };
        static const char *const files[] = { "host/etc/passwd", "host/usr/bin/sh", "host/usr/share/data",
                                             "host/data/inner/host-only", "host/file", "other/inner/there" };

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                temp_text(dir, files[i], "x");
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                temp_link(dir, links[i][0], links[i][1]);
        temp_dir(dir, "host/tmp");
        temp_dir(dir, "host/run");
}

static PlanMount *add(Fixture *f, MountKind kind, const char *destination, const char *source, bool directory) {
        char path[PATH_MAX];
        PlanMount mount = { .kind = kind, .destination = strdup(destination) }, *m;

        if (source)
                mount.source = (PlanSource) { SOURCE_PATH, directory, strdup(temp_path(path, f->dir, source)) };
        m = root_model_add(&f->model, mount);

        assert_non_null(m);
        return m;
}

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        f->dir = temp_make();
        populate(f->dir);
        add(f, MOUNT_ROOT, "/", "host", true);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        root_model_deinit(&f->model);
        temp_remove(f->dir);
        free(f);
        return 0;
}

/* Paths of the host are relative to the fixture's directory; "-" means none. */
typedef struct WalkCase {
        const char *asked, *path, *host, *nearest;
        bool exists, directory;
        const char *cover;
} WalkCase;

static const char *below_fixture(const Fixture *f, const char *host) {
        return host ? startswith(host, f->dir) ?: host : "-";
}

static void check_walk(Fixture *f, const WalkCase *c) {
        Spot spot = {};

        expect_result(c->asked, root_model_walk(&f->model, c->asked, &spot), 0);
        expect_text(c->asked, spot.path, c->path);
        expect_number(c->asked, spot.exists, c->exists);
        if (c->exists) {
                expect_text(c->asked, below_fixture(f, spot.hosts ? spot.hosts[0] : NULL), c->host);
                expect_number(c->asked, spot.directory, c->directory);
        } else
                expect_text(c->asked, below_fixture(f, spot.nearest_hosts ? spot.nearest_hosts[0] : NULL), c->host);
        if (c->nearest)
                expect_text(c->asked, spot.nearest, c->nearest);
        expect_text(c->asked, spot.cover->destination, c->cover);
        spot_deinit(&spot);
}

static void check_walks(Fixture *f, const WalkCase *cases, size_t n) {
        for (size_t i = 0; i < n; i++)
                check_walk(f, &cases[i]);
}

static void test_plain(void **state) {
        static const WalkCase cases[] = {
                { "/", "/", "/host", NULL, true, true, "/" },
                { "/etc", "/etc", "/host/etc", NULL, true, true, "/" },
                { "/etc/passwd", "/etc/passwd", "/host/etc/passwd", NULL, true, false, "/" },
                { "//etc/.//passwd", "/etc/passwd", "/host/etc/passwd", NULL, true, false, "/" },
                { "/usr/bin/", "/usr/bin", "/host/usr/bin", NULL, true, true, "/" },
                { "/etc/../usr", "/usr", "/host/usr", NULL, true, true, "/" },
                { "/../../usr", "/usr", "/host/usr", NULL, true, true, "/" },
                { "/..", "/", "/host", NULL, true, true, "/" },
        };

        check_walks(*state, cases, ELEMENTSOF(cases));
}

static void test_symlinks(void **state) {
        static const WalkCase cases[] = {
                { "/bin", "/usr/bin", "/host/usr/bin", NULL, true, true, "/" },
                { "/bin/sh", "/usr/bin/sh", "/host/usr/bin/sh", NULL, true, false, "/" },
                { "/abs/sh", "/usr/bin/sh", "/host/usr/bin/sh", NULL, true, false, "/" },
                { "/up/bin", "/usr/bin", "/host/usr/bin", NULL, true, true, "/" }, /* cannot leave the root */
                { "/deep/data", "/usr/share/data", "/host/usr/share/data", NULL, true, false, "/" },
                { "/bin/../share", "/usr/share", "/host/usr/share", NULL, true, true, "/" },
                { "/link-dot/link-dot/etc", "/etc", "/host/etc", NULL, true, true, "/" },
                { "/link-file", "/file", "/host/file", NULL, true, false, "/" },
        };

        check_walks(*state, cases, ELEMENTSOF(cases));
}

/* If a path is missing: the rest as it was asked for, and the last directory that exists. */
static void test_missing(void **state) {
        static const WalkCase cases[] = {
                { "/no", "/no", "/host", "/", false, false, "/" },
                { "/etc/no/way", "/etc/no/way", "/host/etc", "/etc", false, false, "/" },
                { "/bin/no", "/usr/bin/no", "/host/usr/bin", "/usr/bin", false, false, "/" },
                { "/etc/dangling/x", "/etc/nowhere/at/all/x", "/host/etc", "/etc", false, false, "/" },
        };

        check_walks(*state, cases, ELEMENTSOF(cases));
}

static void test_loops(void **state) {
        static const char *const loops[] = { "/etc/loop", "/etc/loop2/x", "/etc/self", "/etc/self/../passwd" };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(loops); i++) {
                Spot spot = {};

                expect_result(loops[i], root_model_walk(&f->model, loops[i], &spot), -ELOOP);
                assert_null(spot.path);
        }
}

static void test_too_long(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX + 16];
        Spot spot = {};

        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        path[0] = '/';
        assert_int_equal(root_model_walk(&f->model, path, &spot), -ENAMETOOLONG);
}

static void test_bind_covers(void **state) {
        static const WalkCase cases[] = {
                { "/data", "/data", "/other", NULL, true, true, "/data" },
                { "/data/inner/there", "/data/inner/there", "/other/inner/there", NULL, true, false, "/data" },
                { "/data/inner/host-only", "/data/inner/host-only", "/other/inner", "/data/inner", false, false,
                  "/data" },
                { "/to-mount/there", "/data/inner/there", "/other/inner/there", NULL, true, false, "/data" },
                { "/data/..", "/", "/host", NULL, true, true, "/" },
                { "/data/../etc", "/etc", "/host/etc", NULL, true, true, "/" },
                { "/usr/bin/sh", "/usr/bin/sh", "/other/inner/there", NULL, true, false, "/usr/bin/sh" },
                { "/bin/sh", "/usr/bin/sh", "/other/inner/there", NULL, true, false, "/usr/bin/sh" },
        };
        Fixture *f = *state;

        add(f, MOUNT_BIND, "/data", "other", true);
        add(f, MOUNT_BIND, "/usr/bin/sh", "other/inner/there", false);
        check_walks(f, cases, ELEMENTSOF(cases));
}

/* A writer of a volume decides where its symlinks lead. */
static void test_through_volume(void **state) {
        static const struct {
                const char *asked;
                bool through;
        } cases[] = {
                { "/data", false },           { "/data/there", false },      { "/data/link", true },
                { "/data/out/passwd", true }, { "/data/link-up/etc", true }, { "/data/dangling", true },
                { "/to-data/link", true },    { "/to-data/there", false },   { "/data/../bin/sh", false },
                { "/ro/link", false },        { "/ro/out/passwd", false },   { "/bin/sh", false },
        };
        Fixture *f = *state;

        temp_text(f->dir, "volume/there", "x");
        temp_link(f->dir, "volume/link", "there");
        temp_link(f->dir, "volume/out", "/etc");
        temp_link(f->dir, "volume/link-up", "..");
        temp_link(f->dir, "volume/dangling", "nowhere");
        temp_link(f->dir, "host/to-data", "data");
        temp_dir(f->dir, "host/ro");
        add(f, MOUNT_BIND, "/data", "volume", true);
        add(f, MOUNT_BIND, "/ro", "volume", true)->attributes.read_only = true;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Spot spot = {};

                expect_result(cases[i].asked, root_model_walk(&f->model, cases[i].asked, &spot), 0);
                expect_number(cases[i].asked, spot.through_volume, cases[i].through);
                spot_deinit(&spot);
        }
}

static void test_in_memory(void **state) {
        static const WalkCase cases[] = {
                { "/run", "/run", "-", NULL, true, true, "/run" },
                { "/run/x/y", "/run/x/y", "-", "/run", false, false, "/run" },
                { "/run/lock", "/run/lock", "-", NULL, true, true, "/run" },
                { "/run/lock/x", "/run/lock/x", "-", "/run/lock", false, false, "/run" },
                { "/run/shortcut", "/usr/bin", "/host/usr/bin", NULL, true, true, "/" },
                { "/run/relative/sh", "/usr/bin/sh", "/host/usr/bin/sh", NULL, true, false, "/" },
                { "/run/../etc", "/etc", "/host/etc", NULL, true, true, "/" },
                { "/run/bound/there", "/run/bound/there", "/other/inner/there", NULL, true, false, "/run/bound" },
        };
        Fixture *f = *state;
        PlanMount *link;

        add(f, MOUNT_TMPFS, "/run", NULL, true);
        add(f, MOUNT_DIRECTORY, "/run/lock", NULL, true);
        add(f, MOUNT_BIND, "/run/bound", "other/inner", true);
        link = add(f, MOUNT_SYMLINK, "/run/shortcut", NULL, false);
        link->target = strdup("/bin");
        link = add(f, MOUNT_SYMLINK, "/run/relative", NULL, false);
        link->target = strdup("../usr/./bin");
        check_walks(f, cases, ELEMENTSOF(cases));
}

static void test_other_kinds(void **state) {
        static const WalkCase cases[] = {
                { "/proc", "/proc", "/proc", NULL, true, true, "/proc" },
                { "/tmp", "/tmp", "/other", NULL, true, true, "/tmp" },
                { "/tmp/inner", "/tmp/inner", "/other/inner", NULL, true, true, "/tmp" },
                { "/etc/passwd", "/etc/passwd", "-", NULL, true, false, "/etc/passwd" },
        };
        Fixture *f = *state;

        add(f, MOUNT_PROC, "/proc", NULL, true);
        add(f, MOUNT_MERGE, "/tmp", "other", true);
        add(f, MOUNT_BLOCKED, "/etc/passwd", NULL, false);
        check_walks(f, cases, ELEMENTSOF(cases));
}

static void test_find(void **state) {
        Fixture *f = *state;
        PlanMount *run = add(f, MOUNT_TMPFS, "/run", NULL, true);

        assert_ptr_equal(root_model_find(&f->model, "/run"), run);
        assert_null(root_model_find(&f->model, "/run/"));
        assert_null(root_model_find(&f->model, "/ru"));
        assert_non_null(root_model_find(&f->model, "/"));
}

/* A plan that looks twice at a path gets one answer. */
static void test_looks_once(void **state) {
        Fixture *f = *state;
        const Look *look, *again;
        char path[PATH_MAX];

        assert_int_equal(looks_at(&f->model.looks, temp_path(path, f->dir, "host/bin"), &look), 0);
        expect_text("link", look->target, "usr/bin");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(looks_at(&f->model.looks, path, &again), 0);
        assert_ptr_equal(look, again);
        assert_true(again->exists);
        assert_int_equal(looks_at(&f->model.looks, temp_path(path, f->dir, "host/new"), &look), 0);
        assert_false(look->exists);
        temp_dir(f->dir, "host/new");
        assert_int_equal(looks_at(&f->model.looks, path, &look), 0);
        assert_false(look->exists);
}

/* A listing says whether an entry is a directory, but not whether something is mounted there. */
static void test_looks_listed(void **state) {
        Fixture *f = *state;
        Looks *looks = &f->model.looks;
        char path[PATH_MAX], host[PATH_MAX];
        const Look *look;

        temp_path(host, f->dir, "host");
        assert_int_equal(looks_note(looks, host, "listed", DT_DIR), 0);
        assert_int_equal(looks_at(looks, temp_path(path, f->dir, "host/listed"), &look), 0);
        assert_true(look->exists && S_ISDIR(look->type));
        assert_int_equal(looks_at_mount(looks, path, &look), 0);
        assert_false(look->exists);
        assert_int_equal(looks_at(looks, path, &look), 0);
        assert_false(look->exists);

        assert_int_equal(looks_note(looks, host, "bin", DT_LNK), 0);
        assert_int_equal(looks_at(looks, temp_path(path, f->dir, "host/bin"), &look), 0);
        expect_text("link", look->target, "usr/bin");
        assert_int_equal(looks_note(looks, host, "bin", DT_DIR), 0);
        assert_int_equal(looks_at(looks, path, &look), 0);
        assert_non_null(look->target);
        assert_int_equal(looks_note(looks, "/proc", "listed", DT_DIR), 0);
        assert_int_equal(looks_at(looks, "/proc/listed", &look), 0);
        assert_false(look->exists);
}

static void test_looks_again_in_proc(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX], etc[PATH_MAX], usr[PATH_MAX];
        const Look *look;
        int fd;

        fd = open(temp_path(etc, f->dir, "host/etc"), O_PATH | O_CLOEXEC);
        assert_true(fd >= 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(looks_at(&f->model.looks, path, &look), 0);
        expect_text("first", look->target, etc);
        close(fd);
        assert_int_equal(looks_at(&f->model.looks, path, &look), 0);
        assert_false(look->exists);
        assert_int_equal(open(temp_path(usr, f->dir, "host/usr"), O_PATH | O_CLOEXEC), fd);
        assert_int_equal(looks_at(&f->model.looks, path, &look), 0);
        expect_text("then", look->target, usr);
        close(fd);
}

static int sign(int n) {
        return (n > 0) - (n < 0);
}

static void test_compare(_unused_ void **state) {
        static const char *const sorted[] = { "/", "/a", "/a/b", "/a/b/c", "/a/bc", "/a-b", "/a.d", "/ab", "/b", "/ä" };

        for (size_t i = 0; i < ELEMENTSOF(sorted); i++)
                for (size_t k = 0; k < ELEMENTSOF(sorted); k++)
                        expect_result(sorted[i], sign(destination_compare(sorted[i], sorted[k])),
                                      sign((int) i - (int) k));
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_DIRECTORY(test_plain),       IN_DIRECTORY(test_symlinks),  IN_DIRECTORY(test_missing),
                IN_DIRECTORY(test_loops),       IN_DIRECTORY(test_too_long),
                IN_DIRECTORY(test_bind_covers), IN_DIRECTORY(test_through_volume),
                IN_DIRECTORY(test_in_memory), IN_DIRECTORY(test_other_kinds),
                IN_DIRECTORY(test_looks_once),  IN_DIRECTORY(test_looks_listed), IN_DIRECTORY(test_looks_again_in_proc),
                IN_DIRECTORY(test_find),        cmocka_unit_test(test_compare),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
