/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes by name, and overlays. */
#include "plan-fixture.h"

#include <errno.h>
#include <fcntl.h>

static void test_names(void **state) {
        static const struct {
                const char *bindings, *line;
                bool read_only, no_exec, recursive;
        } cases[] = {
                { "data=%h/data", "Volume=data:/srv", false, false, true },
                { "data=%h/data", "Volume=?data:/srv:ro", true, false, true },
                { "+data=%h/data", "Volume=data:/srv:noexec,norbind", false, true, false },
                /* A binding can restrict what the policy allows, but not extend it. */
                { "data=%h/data:ro", "Volume=data:/srv", true, false, true },
                { "data=%h/data:ro", "Volume=data:/srv:rw", true, false, true },
                { "data=%h/data:rw", "Volume=data:/srv:ro", true, false, true },
                { "data=%h/data:exec,rbind", "Volume=data:/srv:noexec,norbind", false, true, false },
                { "data=%h/data:noexec,norbind", "Volume=data:/srv:ro", true, true, false },
                { "data=%h/data:ro", "Volume=data:/srv:overlay", true, false, true },
        };
        Bindings b = {};
        PlanFixture *f = *state;
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;

                plan_bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                m = plan_mount_at(f, "/srv");
                expect_number(cases[i].line, m->kind, MOUNT_BIND);
                expect_text(cases[i].line, m->source.path, temp_path(path, f->dir, "data"));
                expect_number(cases[i].line, m->attributes.read_only, cases[i].read_only);
                expect_number(cases[i].line, m->attributes.no_exec, cases[i].no_exec);
                expect_number(cases[i].line, m->attributes.recursive, cases[i].recursive);
                assert_ptr_equal(m->source.binding, &b.items[0]);
                expect_in(cases[i].line, plan_shown(f), "/data (data)");
        }
        bindings_deinit(&b);
}

static void test_unbound(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};

        plan_expect_error(f, "Volume=data:/srv", ENOENT, "error: test.conf:1: Volume=: the name data is not bound to a path: "
                                                         "use isorun --bind data=PATH, or write data=PATH into ");
        plan_bind_names(f, &b, "other=%h/data");
        plan_expect_error(f, "Volume=other:/srv\nVolume=data:/run/x", ENOENT, "test.conf:2: Volume=: the name data is not bound");
        expect_number("one error", f->log.report.n_errors, 1);
        plan_expect_good(f, "Volume=other:/srv ?data:/run/x");
        assert_null(plan_find_mount(f->plan, "/run/x"));
        plan_expect_error(f, "Volume=a:/srv b:/run\nVolume=other:/x", ENOENT, "the name b is not bound");
        expect_number("all of them", f->log.report.n_errors, 2);
        plan_expect_error(f, "RootDirectory=debian\nVolume=other:/x", ENOENT, "test.conf:1: RootDirectory=: the name debian is not bound");
        bindings_deinit(&b);
}

/* A name on the command line that the policy does not use gets a notice. A table is for all policies, so its names do
 * not. */
static void test_not_asked_for(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};

        plan_bind_names(f, &b, "data=%h/data\nextra=%h/data");
        plan_expect_error(f, "Volume=data:/srv", EINVAL, "error: --bind: extra: the policy has no Volume= or RootDirectory=");
        plan_expect_error(f, "", EINVAL, "--bind: data: ");
        expect_number("both", f->log.report.n_errors, 2);
        plan_bind_names(f, &b, "data=%h/data\n+extra=/no/such/place");
        plan_expect_good(f, "Volume=data:/srv");
        plan_expect_good(f, "Volume=?data:/srv ?data:/run/again");
        plan_bind_names(f, &b, "data=%h/root");
        plan_expect_good(f, "RootDirectory=data");
        expect_in("the root's name", plan_shown(f), "/root (data)");
        bindings_deinit(&b);
}

static void test_bound_to_nothing(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};

        plan_bind_names(f, &b, "data=%h/no");
        plan_expect_error(f, "Volume=data:/srv", ENOENT, "test.conf:1: Volume=: ");
        expect_in("which", log_text(&f->log), "/no: No such file or directory");
        plan_expect_error(f, "Volume=?data:/srv", ENOENT, "Volume=: "); /* the binding was meant to be used */
        plan_bind_names(f, &b, "data=%h/file/x");
        plan_expect_error(f, "Volume=?data:/srv", ENOTDIR, "Not a directory");
        temp_link(f->dir, "loop", "loop");
        plan_bind_names(f, &b, "data=%h/loop");
        plan_expect_error(f, "Volume=?data:/srv", ELOOP, "Volume=: ");
        bindings_deinit(&b);
}

/* The payload, or that of an earlier start, has put the symlinks into the writable volume. */
/* promise P5 */
static void test_redirected_sources(void **state) {
        static const char *const bad[] = {
                "Volume=%h/data:/srv %h/data/l-out:/mnt", "Volume=%h/data:/srv %h/data/l-out:/mnt:ro",
                "Volume=%h/data/l-out:/mnt\nVolume=%h/data:/srv", "Volume=%h/data:/srv %h/l-way:/mnt",
                "Volume=%h/data:/srv %h/data/l-out/no:/mnt",   "Volume=%h/data:/srv\nLoadCredential=x:%h/data/l-text",
                "Volume=%h/data:/srv\nRootDirectory=%h/data/l-out",
        };
        static const char *const good[] = {
                "Volume=%h/data:/srv %h/data/l-in:/mnt", "Volume=%h/data:/srv:ro %h/data/l-out:/mnt",
                "Volume=%h/data:/srv:overlay %h/data/l-out:/mnt", "Volume=%h/data/l-out:/mnt",
                "Volume=%h/elsewhere:/srv %h/l-way:/mnt",
        };
        PlanFixture *f = *state;

        temp_dir(f->dir, "data/place");
        temp_dir(f->dir, "elsewhere");
        temp_dir(f->dir, "elsewhere/no");
        temp_link(f->dir, "data/l-out", "../elsewhere");
        temp_link(f->dir, "data/l-in", "place/../place");
        temp_link(f->dir, "data/l-text", "../file");
        temp_link(f->dir, "l-way", "data/l-out");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                plan_expect_error(f, bad[i], ELOOP, "is in the writable volume ");
                expect_number(bad[i], f->log.report.n_errors, 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                plan_expect_good(f, good[i]);
}

static void test_fds(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX], other[PATH_MAX];
        const PlanMount *m;
        Bindings b = {};
        int fd, pipes[2];

        fd = plan_bind_fd(f, &b, "data", O_RDONLY | O_DIRECTORY);
        plan_expect_good(f, "Volume=data:/srv:ro");
        m = plan_mount_at(f, "/srv");
        expect_text("its path", m->source.path, temp_path(path, f->dir, "data"));
        assert_true(m->source.kind == SOURCE_FD && plan_mount_is_directory(m) && m->attributes.read_only);
        expect_number("fd", (uint64_t) m->source.fd, (uint64_t) fd);
        assert_int_equal(rename(temp_path(path, f->dir, "data"), temp_path(other, f->dir, "moved")), 0);
        plan_expect_good(f, "Volume=data:/srv");
        expect_text("where it is now", plan_mount_at(f, "/srv")->source.path, other);
        assert_int_equal(rename(other, path), 0);
        close(fd);
        plan_expect_error(f, "Volume=?data:/srv", EBADF, "data is bound to fd ");

        fd = plan_bind_fd(f, &b, "file", O_PATH);
        plan_expect_good(f, "Volume=data:/etc/passwd");
        assert_false(plan_mount_is_directory(plan_mount_at(f, "/etc/passwd")));
        plan_expect_error(f, "Volume=data:/srv", EISDIR, "/srv is a directory");
        plan_expect_error(f, "RootDirectory=data", ENOTDIR, "/file is not a directory");
        assert_int_equal(unlink(temp_path(path, f->dir, "file")), 0);
        plan_expect_error(f, "Volume=data:/etc/passwd", ESTALE, "which is no longer at ");
        temp_text(f->dir, "file (deleted)", "what proc(5) calls the one that is gone");
        plan_expect_error(f, "Volume=data:/etc/passwd", ESTALE, "which is no longer at ");
        temp_text(f->dir, "file", "another one");
        plan_expect_error(f, "Volume=data:/etc/passwd", ESTALE, "which is no longer at ");
        close(fd);

        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        snprintf(path, sizeof(path), "data=fd:%d", pipes[0]);
        plan_bind_names(f, &b, path);
        plan_expect_error(f, "Volume=data:/srv", EINVAL, "which is neither a file nor a directory");
        close(pipes[0]);
        close(pipes[1]);
        bindings_deinit(&b);
}

static void test_overlays(void **state) {
        static const struct {
                const char *bindings, *line, *options;
        } cases[] = {
                { "", "Volume=%h/data:/srv:overlay", "size=64M" },
                { "", "Volume=%h/data:/srv:overlay,size=1M", "size=1M" },
                { "", "Volume=%h/data:/srv:size=1M,overlay,hide=x,size=2M", "size=2M" },
                { "", "BindPaths=%h/data:/srv:overlay", "size=64M" },
                { "data=%h/data", "Volume=data:/srv:overlay,size=1M", "size=1M" },
                { "data=%h/data:overlay", "Volume=data:/srv", "size=64M" },
                { "data=%h/data:overlay,size=1M", "Volume=data:/srv", "size=1M" },
                { "data=%h/data:overlay,size=100M", "Volume=data:/srv", "size=100M" }, /* the caller's memory */
                { "data=%h/data:overlay,size=1M", "Volume=data:/srv:overlay", "size=1M" },
                { "data=%h/data:overlay,size=1M", "Volume=data:/srv:overlay,size=2M", "size=1M" },
                { "data=%h/data:overlay,size=3M", "Volume=data:/srv:overlay,size=2M", "size=2M" },
                { "data=%h/data:overlay,size=2%", "Volume=data:/srv:overlay,size=10%%", "size=2%" },
                { "data=%h/data:overlay,size=2048K", "Volume=data:/srv:overlay,size=1.5m", "size=1536K" },
                { "data=%h/data:overlay", "Volume=data:/srv:overlay,size=2M", "size=2M" },
        };
        PlanFixture *f = *state;
        Bindings b = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;
                char what[128];

                snprintf(what, sizeof(what), "%s with %s", cases[i].line, cases[i].bindings);
                plan_bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                m = plan_mount_at(f, "/srv");
                expect_number(what, m->kind, MOUNT_OVERLAY);
                expect_text(what, m->options, cases[i].options);
                assert_false(m->attributes.read_only);
        }
        bindings_deinit(&b);
}

/* Devices of a volume open only with "dev". A unit with a device policy needs a line for them, too. */
static void test_devices(void **state) {
        static const struct {
                const char *lines, *notice; /* NULL: none */
        } cases[] = {
                { "BindPaths=/dev/null:/srv/null",
                  "/dev/null cannot be opened without the option dev: /dev/null:/srv/null:dev" },
                { "BindPaths=/dev/null:/srv/null:dev", NULL },
                { "DevicePolicy=closed\nBindPaths=/dev/null:/srv/null:dev", "add DeviceAllow=/dev/null rw" },
                { "DeviceAllow=/dev/zero rw\nBindPaths=/dev/null:/srv/null:dev", "add DeviceAllow=/dev/null rw" },
                { "DeviceAllow=/dev/null rw\nBindPaths=/dev/null:/srv/null:dev", NULL },
                { "DeviceAllow=char-mem rw\nBindPaths=/dev/null:/srv/null:dev", NULL },
                { "DevicePolicy=auto\nBindPaths=/dev/null:/srv/null:dev", NULL },
        };
        PlanFixture *f = *state;
        const PlanMount *m;

        plan_set_uid(f, 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (cases[i].notice)
                        plan_expect_notice(f, cases[i].lines, cases[i].notice);
                else {
                        plan_expect_good(f, cases[i].lines);
                        m = plan_mount_at(f, "/srv/null");
                        assert_true(m->attributes.devices && m->attributes.read_only);
                        expect_text(cases[i].lines, log_text(&f->log), "");
                }
}

static void test_bad_overlays(void **state) {
        static const struct {
                const char *bindings, *lines, *message;
                int error;
        } cases[] = {
                { "", "Volume=%h/file:/etc/passwd:overlay", "is a file: only a directory can be an overlay", ENOTDIR },
                { "data=%h/file:overlay", "Volume=data:/etc/passwd", "only a directory can be an overlay", ENOTDIR },
                /* Each alone is valid. */
                { "data=%h/data:overlay", "Volume=data:/srv:idmap", "\"overlay\" cannot be combined with \"idmap\"", EINVAL },
                { "data=%h/data:overlay,size=10%", "Volume=data:/srv:overlay,size=2M", "\"size=10%\"", EINVAL },
                { "", "Volume=%h/data:/srv:overlay\nBindPaths=%h/file:/srv/new", "isorun creates nothing in a writable volume",
                  ENOENT },
                { "", "Volume=%h/data:/srv:overlay\nBindPaths=%h/file:/srv/there %h/file:/srv/there", "is already the destination of ",
                  EEXIST },
                { "root=%h/root:overlay", "RootDirectory=root", "has options that only a volume can have", EINVAL },
                { "root=%h/root:noexec", "RootDirectory=root", "has options that only a volume can have", EINVAL },
                { "root=%h/root:ro,hide=etc", "RootDirectory=root", "has options that only a volume can have", EINVAL },
        };
        PlanFixture *f = *state;
        Bindings b = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_bind_names(f, &b, cases[i].bindings);
                plan_expect_error(f, cases[i].lines, cases[i].error, cases[i].message);
        }
        plan_bind_names(f, &b, "root=%h/root:ro");
        plan_expect_good(f, "RootDirectory=root");
        bindings_deinit(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_names),
                IN_PLAN(test_unbound),
                IN_PLAN(test_devices),
                IN_PLAN(test_not_asked_for),
                IN_PLAN(test_bound_to_nothing),
                IN_PLAN(test_redirected_sources),
                IN_PLAN(test_fds),
                IN_PLAN(test_overlays),
                IN_PLAN(test_bad_overlays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
