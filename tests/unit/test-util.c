/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps, fds, directories, libraries, processes and id maps. */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "util/clock.h"
#include "util/directory.h"
#include "util/fd-bin.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/kernel.h"
#include "util/map.h"
#include "util/memory.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/user-line.h"

static void test_map(_unused_ void **state) {
        static char keys[1000][8];
        Map map = {};

        assert_null(map_get(&map, "none"));
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                snprintf(keys[i], sizeof(keys[i]), "%zu", i);
                assert_null(map_get(&map, keys[i]));
                assert_int_equal(map_put(&map, keys[i], keys[i]), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char key[8];

                snprintf(key, sizeof(key), "%zu", i);
                assert_ptr_equal(map_get(&map, key), keys[i]);
        }
        assert_null(map_get(&map, ""));
        assert_null(map_get(&map, "1000"));
        map_deinit(&map);
}

/* A record of the kernel may be larger than the first read(2) asks for. */
static void test_record_read(_unused_ void **state) {
        static const char *const files[] = { "/proc/self/stat", "/proc/self/status", "/proc/self/cgroup", "/proc/self/uid_map",
                                             "/proc/sys/kernel/pid_max", "/proc/self/limits", "/proc/cmdline" };
        int epoll = epoll_create1(EPOLL_CLOEXEC), watched[200], pipe_fds[2];
        _cleanup_free_ char *large = NULL;
        char fdinfo[64];
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *record = NULL, *all = NULL;

                expect_result(files[i], record_read(AT_FDCWD, files[i], &record, NULL), 0);
                expect_result(files[i], file_read(AT_FDCWD, files[i], &all, NULL), 0);
                if (!strstr(files[i], "stat")) /* its counters go on */
                        expect_text(files[i], record, all);
                assert_int_equal(record[strlen(record) - 1], '\n');
        }

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        for (size_t i = 0; i < ELEMENTSOF(watched); i++) {
                struct epoll_event event = { .events = EPOLLIN };

                watched[i] = fcntl(pipe_fds[0], F_DUPFD_CLOEXEC, 0);
                assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, watched[i], &event), 0);
        }
        snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", epoll);
        expect_result("a large record", record_read(AT_FDCWD, fdinfo, &large, &size), 0);
        assert_true(size > 3 * 4096);
        assert_int_equal(large[size - 1], '\n');
        fds_close(watched, ELEMENTSOF(watched));
        fds_close(pipe_fds, ELEMENTSOF(pipe_fds));
        fd_close(epoll);
}

/* A record that does not fit is an error: the end of it would be missing. */
static void test_record_read_into(_unused_ void **state) {
        _cleanup_free_ char *expected = NULL;
        char text[256] = "before";
        size_t size;

        assert_int_equal(record_read(AT_FDCWD, "/proc/self/uid_map", &expected, &size), 0);
        assert_true(size < sizeof(text));
        expect_result("one byte too few", record_read_into(AT_FDCWD, "/proc/self/uid_map", text, size), -EFBIG);
        memset(text, 'x', sizeof(text));
        expect_result("room enough", record_read_into(AT_FDCWD, "/proc/self/uid_map", text, size + 1), 0);
        expect_text("room enough", text, expected);
        expect_result("no file", record_read_into(AT_FDCWD, "/proc/self/none", text, sizeof(text)), -ENOENT);
        expect_result("a directory", record_read_into(AT_FDCWD, "/proc/self", text, sizeof(text)), -EISDIR);
}

/* By this, isorun refuses a /proc of another pid namespace. */
static void test_pidfd_has_pids(_unused_ void **state) {
        _cleanup_close_ int own = sys_pidfd_open(getpid(), 0), file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *pids = NULL, *more = NULL;

        assert_true(own >= 0 && file >= 0);
        assert_int_equal(process_status(0, "NSpid", &pids), 0);
        more = malloc(strlen(pids) + 3);
        assert_non_null(more);
        sprintf(more, "%s\t1", pids);
        expect_result("its pids", process_pidfd_has_pids(own, pids), 1);
        expect_result("one more", process_pidfd_has_pids(own, more), 0);
        expect_result("none", process_pidfd_has_pids(own, ""), 0);
        pids[strlen(pids) - 1]++;
        expect_result("another one's", process_pidfd_has_pids(own, pids), 0);
        expect_result("not a pidfd", process_pidfd_has_pids(file, pids), -ENODATA);
        expect_result("not an fd", process_pidfd_has_pids(-1, pids), -ENOENT);
}

static bool is_open(int fd) {
        return fcntl(fd, F_GETFD) >= 0;
}

/* A bin that is full, and fds of others between its own. */
static void test_fd_bin(_unused_ void **state) {
        enum { N = FD_BIN_MAX + 50 };
        int fds[N], kept = 0;
        FdBin bin = {};

        for (int i = 0; i < N; i++) {
                fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
                assert_true(fds[i] >= 0);
        }
        for (int i = N - 1; i >= 0; i--)
                if (i % 10 != 3)
                        fd_bin_add(&bin, fds[i]);
        fd_bin_add(&bin, -1);
        errno = ENOENT;
        fd_bin_empty(&bin);
        assert_int_equal(errno, ENOENT);
        for (int i = 0; i < N; i++) {
                assert_int_equal(is_open(fds[i]), i % 10 == 3);
                kept += is_open(fds[i]);
                if (i % 10 == 3)
                        close(fds[i]);
        }
        assert_int_equal(kept, N / 10 + (N % 10 > 3));
}

typedef struct Seen {
        unsigned n, directories;
} Seen;

static int see(void *userdata, const char *name, unsigned char type) {
        Seen *seen = userdata;

        assert_true(type == DT_REG || (type == DT_DIR && streq(name, "sub")));
        seen->n++;
        seen->directories += type == DT_DIR;
        return seen->n > 400 ? -E2BIG : 0;
}

/* More names than fit in one buffer. */
static void test_directory_visit(_unused_ void **state) {
        char *dir = temp_make(), name[64], path[PATH_MAX];
        Seen seen = {};

        temp_dir(dir, "sub");
        for (unsigned i = 0; i < 399; i++) {
                snprintf(name, sizeof(name), "a-name-that-takes-some-room-%u", i);
                temp_text(dir, name, "");
        }
        assert_int_equal(directory_visit(dir, see, &seen), 0);
        assert_int_equal(seen.n, 400);
        assert_int_equal(seen.directories, 1);
        assert_int_equal(directory_visit(dir, see, &seen), -E2BIG);
        assert_int_equal(seen.n, 401);
        assert_int_equal(directory_visit(temp_path(path, dir, "no"), see, &seen), -ENOENT);
        temp_remove(dir);
}

static void test_library_load(_unused_ void **state) {
        static const char *const names[] = { "getpid", "no_such_function" };
        void *functions[2] = {};

        assert_int_equal(library_load("libno-such-library.so.1", names, 1, functions), -ENOENT);
        assert_int_equal(library_load("libc.so.6", names, 2, functions), -ENOSYS);
        /* If one function is found, a caller may expect the others, too. */
        assert_null(functions[0]);

        assert_int_equal(library_load("libc.so.6", names, 1, functions), 0);
        assert_non_null(functions[0]);
        assert_null(functions[1]);
}

static void test_process(_unused_ void **state) {
        _cleanup_free_ char *pid = NULL, *name = NULL, *same = NULL, *none = NULL;
        _cleanup_strv_free_ char **words = NULL;
        ProcessFacts facts;
        uint64_t started, stat[2];
        char number[16];

        assert_int_equal(process_status(0, "Pid", &pid), 0);
        snprintf(number, sizeof(number), "%d", getpid());
        assert_string_equal(pid, number);
        assert_int_equal(process_status(0, "Name", &name), 0);
        assert_int_equal(process_status(getpid(), "Name", &same), 0);
        assert_string_equal(name, same);
        /* The end or the beginning of a key is not a key. */
        assert_int_equal(process_status(0, "ame", &none), -ENODATA);
        assert_int_equal(process_status(0, "Nam", &none), -ENODATA);
        assert_int_equal(process_status(INT32_MAX, "Name", &none), -ENOENT);
        assert_int_equal(process_cgroup(INT32_MAX, &none), -ENOENT);

        assert_int_equal(process_facts(getpid(), &facts), 0);
        assert_string_equal(facts.name, name);
        assert_int_equal(facts.parent, getppid());
        assert_int_equal(facts.uid, getuid());
        assert_int_equal(facts.depth, process_pid_depth(0));
        assert_int_equal(process_facts(INT32_MAX, &facts), -ENOENT);
        assert_int_equal(process_stat(0, 4, stat, 2), 0);
        assert_true(stat[0] == (uint64_t) getppid() && stat[1] == (uint64_t) getpgrp());
        assert_int_equal(process_stat(0, 52, stat, 1), 0);
        assert_int_equal(process_stat(0, 200, stat, 1), -ENODATA);
        assert_int_equal(process_arguments(getpid(), &words), 0);
        assert_non_null(strstr(words[0], "test-util"));
        assert_int_equal(process_started(getpid(), &started), 0);
        assert_true(started <= clock_usec(CLOCK_BOOTTIME) && clock_usec(CLOCK_BOOTTIME) - started < 600000000);
        assert_null(none);
}

static void life_of(pid_t pid, ProcessLife *ret) {
        char path[32];
        int dir;

        snprintf(path, sizeof(path), "/proc/%d", pid);
        dir = open(path, O_PATH | O_DIRECTORY);
        assert_true(dir >= 0);
        assert_int_equal(process_life(dir, ret), 0);
        (void) close(dir);
}

/* A process ends from when the kernel takes away what it has, until its parent has waited for it. */
static void test_life(_unused_ void **state) {
        ProcessLife own, child, later;
        siginfo_t info;
        int dir, hold[2];
        char path[32];
        pid_t pid;

        assert_int_equal(pipe(hold), 0);
        pid = fork();
        if (pid == 0) {
                char byte;

                (void) close(hold[1]);
                (void) !read(hold[0], &byte, 1);
                _exit(0);
        }
        assert_true(pid > 0);
        life_of(getpid(), &own);
        life_of(pid, &child);
        assert_false(own.ends);
        assert_false(child.ends);
        assert_int_equal(own.parent, getppid());
        assert_int_equal(child.parent, getpid());
        assert_true(child.started >= own.started);

        snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
        dir = open(path, O_PATH | O_DIRECTORY);
        assert_true(dir >= 0);
        (void) close(hold[0]);
        (void) close(hold[1]);
        assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
        life_of(pid, &later);
        assert_true(later.ends);
        assert_int_equal(later.started, child.started);
        assert_int_equal(process_life(dir, &later), 0);
        assert_true(later.ends);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_true(process_life(dir, &later) < 0);
        (void) close(dir);
}

static void test_pidfd_exit(_unused_ void **state) {
        int pidfd, r;
        pid_t pid = fork();

        if (pid == 0)
                _exit(7);
        assert_true(pid > 0);
        pidfd = sys_pidfd_open(pid, 0);
        assert_true(pidfd >= 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        r = process_pidfd_exit(pidfd);
        if (r != -EOPNOTSUPP) /* before Linux 6.15 */
                assert_int_equal(r, 7 << 8);
        (void) close(pidfd);
        /* Where the kernel tells nothing, nothing has ended with status 0. */
        assert_int_equal(process_pidfd_exit(-1), -EOPNOTSUPP);
}

static void test_id_map(_unused_ void **state) {
        _cleanup_(id_map_deinit) IdMap map = {};
        _cleanup_free_ char *text = NULL;
        IdMap other = {};
        uint64_t id = 7;

        assert_int_equal(id_map_parse("         0       1000          1\n         1     100000      65536\n", &map), 0);
        assert_int_equal(map.n, 2);
        assert_int_equal(map.items[1].outside, 100000);
        text = id_map_format(&map, ",");
        expect_text("map", text, "0 1000 1,1 100000 65536");

        assert_true(id_map_find(&map, 0, &id));
        assert_int_equal(id, 1000);
        assert_true(id_map_find(&map, 65536, &id));
        assert_int_equal(id, 165535);
        assert_false(id_map_find(&map, 65537, &id));
        assert_false(id_map_find(&map, UINT64_C(1) << 32, &id));

        assert_int_equal(id_map_parse("", &other), 0);
        assert_int_equal(other.n, 0);
        assert_true(id_map_find(&other, 4711, &id));
        assert_int_equal(id, 4711);
        assert_int_equal(id_map_parse("0 0 1\n1 2", &other), -EINVAL);
        assert_int_equal(id_map_parse("0 0 x", &other), -EINVAL);
        assert_int_equal(other.n, 0);
}

/* Returns how many of the pages of the stack below the caller are there, of the three below the next one. */
__attribute__((noinline)) static int count_pages_below(void) {
        const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
        const uintptr_t own = (uintptr_t) __builtin_frame_address(0) / page * page;
        unsigned char there[3];

        assert_int_equal(mincore((void *) (own - 4 * page), 3 * page, there), 0);
        return (there[0] & 1) + (there[1] & 1) + (there[2] & 1);
}

__attribute__((noinline)) static void use_stack(void) {
        volatile char used[24 * 1024];

        for (size_t i = 0; i < sizeof(used); i++)
                used[i] = 1;
}

static void test_shed_stack(_unused_ void **state) {
        if (sysconf(_SC_PAGESIZE) != 4096)
                skip();
        use_stack();
        assert_int_equal(count_pages_below(), 3);
        memory_shed_stack();
        assert_int_equal(count_pages_below(), 0);
}

/* Lines with too few fields, and with numbers that are none, name nobody. */
static void test_user_lines(_unused_ void **state) {
        static const char users[] = "#old:x:1:1::/:/bin/sh\n\n+::::::\na:x:1:2:A, B:/a:/bin/sh\nfew:x:2:2:/\n"
                                    "id:x:-1:2::/:\nbig:x:4294967295:2::/:\ngroup:x:3:z::/:\n"
                                    "b::4294967294:0::\n:x:5:5::/x:/s:t";
        char *text = strdup(users), *rest = text;
        UserLine u;

        assert_true(user_line_next(&rest, &u) && streq(u.name, "a") && u.uid == 1 && u.gid == 2 &&
                    streq(u.home, "/a") && streq(u.shell, "/bin/sh"));
        assert_true(user_line_next(&rest, &u) && streq(u.name, "b") && u.uid == UINT32_MAX - 1 && u.gid == 0 &&
                    streq(u.home, "") && streq(u.shell, ""));
        assert_true(user_line_next(&rest, &u) && streq(u.name, "") && u.uid == 5 && streq(u.shell, "/s"));
        assert_false(user_line_next(&rest, &u) || user_line_next(&rest, &u));
        free(text);
}

static void test_group_lines(_unused_ void **state) {
        char *text = strdup("bad:x:y:m\nthree:x:7\nfour:x:8:ab,a,\n"), *rest = text;
        GroupLine g;

        assert_true(group_line_next(&rest, &g) && streq(g.name, "three") && g.gid == 7 && streq(g.members, ""));
        assert_false(group_line_has(&g, "m"));
        assert_true(group_line_next(&rest, &g) && streq(g.name, "four") && g.gid == 8);
        assert_true(group_line_has(&g, "ab") && group_line_has(&g, "a") && !group_line_has(&g, "b"));
        assert_false(group_line_next(&rest, &g));
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_library_load),
                cmocka_unit_test(test_process),
                cmocka_unit_test(test_life),
                cmocka_unit_test(test_pidfd_exit),
                cmocka_unit_test(test_map),
                cmocka_unit_test(test_id_map),
                cmocka_unit_test(test_record_read),
                cmocka_unit_test(test_record_read_into),
                cmocka_unit_test(test_pidfd_has_pids),
                cmocka_unit_test(test_fd_bin),
                cmocka_unit_test(test_shed_stack),
                cmocka_unit_test(test_directory_visit),
                cmocka_unit_test(test_user_lines),
                cmocka_unit_test(test_group_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
