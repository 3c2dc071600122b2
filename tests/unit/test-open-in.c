/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open_in_steps() finds what openat2(2) finds, and refuses what it refuses:
 *
 *   root/dir/{file, up -> .., out -> ../../outside, abs -> /etc, self -> self, proc -> /proc/self/root}
 *   root/{link -> dir, link-file -> dir/file, dangling -> nowhere}
 *   outside/secret */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/open-in.h"

static int make(void **state) {
        static const char *const links[][2] = {
                { "root/dir/up", ".." },     { "root/dir/out", "../../outside" },     { "root/dir/abs", "/etc" },
                { "root/dir/self", "self" }, { "root/dir/proc", "/proc/self/root" },  { "root/link", "dir" },
                { "root/link-file", "dir/file" }, { "root/dangling", "nowhere" },
        };
        char *dir = temp_make();

        temp_text(dir, "root/dir/file", "x");
        temp_text(dir, "outside/secret", "x");
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                temp_link(dir, links[i][0], links[i][1]);
        *state = dir;
        return 0;
}

static int unmake(void **state) {
        temp_remove(*state);
        return 0;
}

static int root_of(const char *dir) {
        char path[PATH_MAX];
        int fd;

        snprintf(path, sizeof(path), "%s/root", dir);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

static bool same_file(int a, int b) {
        struct stat s, t;

        return fstat(a, &s) == 0 && fstat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

static void test_same_as_openat2(void **state) {
        static const struct {
                const char *path;
                uint64_t flags;
                int result; /* 0: the result is an fd */
        } cases[] = {
                { "/" }, { "/dir" }, { "/dir/file" }, { "//dir//./file" }, { "dir" }, { "." }, { "/dir", O_DIRECTORY },
                { "/nothing", 0, -ENOENT },            { "/dir/nothing/more", 0, -ENOENT },
                { "/dir/file/more", 0, -ENOTDIR },     { "/dir/file", O_DIRECTORY, -ENOTDIR },
                { "/link", 0, -ELOOP },                { "/link/file", 0, -ELOOP },
                { "/link-file", 0, -ELOOP },           { "/dangling", 0, -ELOOP },
                { "/dangling/x", 0, -ELOOP },          { "/dir/up/dir/file", 0, -ELOOP },
                { "/dir/out/secret", 0, -ELOOP },      { "/dir/out", 0, -ELOOP },
                { "/dir/abs/passwd", 0, -ELOOP },      { "/dir/self", 0, -ELOOP },
                { "/dir/proc/etc", 0, -ELOOP },        { "/link", O_DIRECTORY, -ELOOP },
                { "/link", O_NOFOLLOW },               { "/dangling", O_NOFOLLOW },
                { "/dir/out", O_NOFOLLOW },            { "/link/file", O_NOFOLLOW, -ELOOP },
                { "/dir/file", O_NOFOLLOW },
        };
        _cleanup_close_ int root = root_of(*state);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_close_ int steps = open_in_steps(root, cases[i].path, cases[i].flags),
                                    kernel = open_in(root, cases[i].path, cases[i].flags, RESOLVE_IN_ROOT);

                expect_result(cases[i].path, steps < 0 ? steps : 0, cases[i].result);
                expect_result(cases[i].path, kernel < 0 ? kernel : 0, cases[i].result);
                if (steps >= 0 && !same_file(steps, kernel))
                        fail_msg("%s is not what openat2 finds", cases[i].path);
        }
}

/* promise P5 */
static void test_leads_nowhere_else(void **state) {
        static const char *const paths[] = { "..", "../outside", "../outside/secret", "dir/../dir", "/..", "dir/.." };
        _cleanup_close_ int root = root_of(*state), magic = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                expect_result(paths[i], open_in_steps(root, paths[i], 0), -EXDEV);
                expect_result(paths[i], open_in_steps(root, paths[i], O_NOFOLLOW), -EXDEV);
        }
        /* Magic links of /proc, which are not symlinks with a path. */
        expect_result("root", open_in_steps(magic, "root", 0), -ELOOP);
        expect_result("root/etc", open_in_steps(magic, "root/etc", 0), -ELOOP);
        expect_result("cwd/.", open_in_steps(magic, "cwd/.", 0), -ELOOP);
}

/* The fd is O_PATH, and is closed on exec. */
static void test_what_is_opened(void **state) {
        _cleanup_close_ int root = root_of(*state), fd = open_in_steps(root, "dir/file", 0);

        assert_true(fcntl(fd, F_GETFL) & O_PATH);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_same_as_openat2, make, unmake),
                cmocka_unit_test_setup_teardown(test_leads_nowhere_else, make, unmake),
                cmocka_unit_test_setup_teardown(test_what_is_opened, make, unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
