/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of a policy in the root: volumes by name, overlays, hidden files, and files with text of the policy. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>

#include "plan/root/search.h"
#include "policy/bindings.h"

static const PlanMount *mount_at(PlanFixture *f, const char *destination) {
        const PlanMount *m = plan_find_mount(f->plan, destination);

        if (!m)
                fail_msg("nothing is mounted on %s:\n%s", destination, plan_shown(f));
        return m;
}

/* Binds names, each as "NAME=SOURCE", with "%h" for the fixture's directory: on the command line, or with a "+" before
 * it as a line of a table. The caller frees them with bindings_deinit(). */
static void bind_names(PlanFixture *f, Bindings *b, const char *lines) {
        _cleanup_free_ char *copy = strdup(lines);
        char *position = NULL;
        Log log;

        log_init(&log);
        bindings_deinit(b);
        b->specifiers = &f->specifiers;
        for (char *line = strtok_r(copy, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                bool table = line[0] == '+';
                const char *home = strstr(line, "%h");
                char argument[PATH_MAX + 64];

                if (home)
                        snprintf(argument, sizeof(argument), "%.*s%s%s", (int) (home - line), line, f->dir, home + 2);
                else
                        snprintf(argument, sizeof(argument), "%s", line);
                expect_result(argument, bindings_add_argument(b, "--bind", argument + table, &log.report), 0);
                if (table)
                        b->items[b->n - 1].origin = (Origin) { .file = "table.conf", .line = 3 };
        }
        f->request.bindings = b;
        log_deinit(&log);
}

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

                bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                m = mount_at(f, "/srv");
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
        bind_names(f, &b, "other=%h/data");
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

        bind_names(f, &b, "data=%h/data\nextra=%h/data");
        plan_expect_error(f, "Volume=data:/srv", EINVAL, "error: --bind: extra: the policy has no Volume= or RootDirectory=");
        plan_expect_error(f, "", EINVAL, "--bind: data: ");
        expect_number("both", f->log.report.n_errors, 2);
        bind_names(f, &b, "data=%h/data\n+extra=/no/such/place");
        plan_expect_good(f, "Volume=data:/srv");
        plan_expect_good(f, "Volume=?data:/srv ?data:/run/again");
        bind_names(f, &b, "data=%h/root");
        plan_expect_good(f, "RootDirectory=data");
        expect_in("the root's name", plan_shown(f), "/root (data)");
        bindings_deinit(&b);
}

static void test_bound_to_nothing(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};

        bind_names(f, &b, "data=%h/no");
        plan_expect_error(f, "Volume=data:/srv", ENOENT, "test.conf:1: Volume=: ");
        expect_in("which", log_text(&f->log), "/no: No such file or directory");
        plan_expect_error(f, "Volume=?data:/srv", ENOENT, "Volume=: "); /* the binding was meant to be used */
        bind_names(f, &b, "data=%h/file/x");
        plan_expect_error(f, "Volume=?data:/srv", ENOTDIR, "Not a directory");
        temp_link(f->dir, "loop", "loop");
        bind_names(f, &b, "data=%h/loop");
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

/* Binds a name to an fd of the path, which the caller closes. */
static int bind_fd(PlanFixture *f, Bindings *b, const char *name, int flags) {
        char path[PATH_MAX], line[32];
        int fd = open(temp_path(path, f->dir, name), flags | O_CLOEXEC);

        assert_true(fd >= 0);
        snprintf(line, sizeof(line), "data=fd:%d", fd);
        bind_names(f, b, line);
        return fd;
}

static void test_fds(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX], other[PATH_MAX];
        const PlanMount *m;
        Bindings b = {};
        int fd, pipes[2];

        fd = bind_fd(f, &b, "data", O_RDONLY | O_DIRECTORY);
        plan_expect_good(f, "Volume=data:/srv:ro");
        m = mount_at(f, "/srv");
        expect_text("its path", m->source.path, temp_path(path, f->dir, "data"));
        assert_true(m->source.kind == SOURCE_FD && plan_mount_is_directory(m) && m->attributes.read_only);
        expect_number("fd", (uint64_t) m->source.fd, (uint64_t) fd);
        assert_int_equal(rename(temp_path(path, f->dir, "data"), temp_path(other, f->dir, "moved")), 0);
        plan_expect_good(f, "Volume=data:/srv");
        expect_text("where it is now", mount_at(f, "/srv")->source.path, other);
        assert_int_equal(rename(other, path), 0);
        close(fd);
        plan_expect_error(f, "Volume=?data:/srv", EBADF, "data is bound to fd ");

        fd = bind_fd(f, &b, "file", O_PATH);
        plan_expect_good(f, "Volume=data:/etc/passwd");
        assert_false(plan_mount_is_directory(mount_at(f, "/etc/passwd")));
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
        bind_names(f, &b, path);
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
                bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                m = mount_at(f, "/srv");
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
                        m = mount_at(f, "/srv/null");
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
                bind_names(f, &b, cases[i].bindings);
                plan_expect_error(f, cases[i].lines, cases[i].error, cases[i].message);
        }
        bind_names(f, &b, "root=%h/root:ro");
        plan_expect_good(f, "RootDirectory=root");
        bindings_deinit(&b);
}

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
                bind_names(f, &b, cases[i].bindings);
                plan_expect_good(f, cases[i].line);
                expect_hidden(f, cases[i].line, "/srv/", cases[i].hidden);
        }
        assert_false(plan_mount_is_directory(mount_at(f, "/srv/a.key")));
        f->request.bindings = NULL;
        plan_expect_good(f, "Volume=%h/s:/srv:ro,hide=sub");
        assert_true(plan_mount_is_directory(mount_at(f, "/srv/sub")));
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
                expect_number(cases[i].lines, mount_at(f, cases[i].destination)->attributes.read_only, cases[i].read_only);
        }
        plan_expect_good(f, "ReadOnlyPaths=/dev");
        expect_number("the line", mount_at(f, "/dev/shm")->origin.line, 1);
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
                expect_number(lines, mount_at(f, cases[i].destination)->attributes.read_only, cases[i].read_only);
        }
        assert_null(plan_find_mount(f->plan, "/srv/.git"));
        plan_expect_good(f, "BindReadOnlyPaths=%h/s:/srv\nReadOnlyPaths=./.git/config");
        assert_null(plan_find_mount(f->plan, "/srv/.git/config"));
        plan_expect_good(f, "Volume=%h/s:/srv:noexec,norbind\nReadOnlyPaths=./.git/config");
        expect_number("noexec", mount_at(f, "/srv/.git")->attributes.no_exec, true);
        expect_number("rbind", mount_at(f, "/srv/.git")->attributes.recursive, false);
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
        expect_number("read-only", mount_at(f, "/srv/.git")->attributes.read_only, true);
        plan_expect_notice(f, "Volume=%h/s:/srv\nReadOnlyPaths=./no/such ./no/such/thing",
                           "/srv/no does not exist, so the program can make it");
        expect_text("one notice", strchr(log_text(&f->log), '\n'), "\n");
        expect_number("read-only", mount_at(f, "/srv")->attributes.read_only, false);
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
                bind_names(f, &b, bound);
                plan_expect_good(f, "Volume=data:/srv");
                expect_hidden(f, names[i], "/srv/", ".git a.key b.key sub/c.key sub/deep");
                /* The pattern has no special characters. */
                snprintf(bound, sizeof(bound), "data=%%h/%s:ro,hide=plain,hide=sub/deep", names[i]);
                bind_names(f, &b, bound);
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
        fd = bind_fd(f, &b, "s", O_PATH | O_DIRECTORY);
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
                bind_names(f, &b, cases[i].bindings);
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

static void test_synthetic(void **state) {
        PlanFixture *f = *state;
        const PlanMount *m;

        plan_expect_good(f, "File=/etc/motd:Hello %u\\nA: b\nFile=/etc/passwd:\nDirectory=/var/x /srv/a/b\n"
                            "Symlink=/run/link:../etc/x /etc/abs:/usr");
        m = mount_at(f, "/etc/motd");
        expect_number("kind", m->kind, MOUNT_FILE);
        expect_text("text", m->text, "Hello ada\nA: b");
        expect_number("mode", m->mode, 0444);
        assert_true(m->attributes.read_only && m->place == PLACE_MADE);
        m = mount_at(f, "/etc/passwd");
        expect_text("text", m->text, "");
        assert_true(m->place == PLACE_EXISTS);
        m = mount_at(f, "/srv/a/b");
        expect_number("kind", m->kind, MOUNT_DIRECTORY);
        expect_number("mode", m->mode, 0755);
        m = mount_at(f, "/srv/a"); /* a parent directory */
        expect_number("kind", m->kind, MOUNT_DIRECTORY);
        assert_null(m->key);
        expect_number("line", m->origin.line, 3);
        m = mount_at(f, "/run/link");
        expect_number("kind", m->kind, MOUNT_SYMLINK);
        expect_text("target", m->target, "../etc/x");
        expect_text("target", mount_at(f, "/etc/abs")->target, "/usr");
        assert_true(mount_at(f, "/etc")->merge && mount_at(f, "/var")->merge && mount_at(f, "/srv")->merge);
}

/* All directories that are made are in the plan, each before its contents. */
static void test_way(void **state) {
        static const struct {
                const char *lines, *destination;
                const char *made[5]; /* the parent directories */
        } cases[] = {
                { "File=/a/b/c/d:x", "/a/b/c/d", { "/a", "/a/b", "/a/b/c" } },
                { "BindPaths=%h/data:/srv/p/q", "/srv/p/q", { "/srv/p" } },
                { "Volume=%h/file:/run/x/y/z", "/run/x/y/z", { "/run/x", "/run/x/y" } },
                { "TemporaryFileSystem=/new", "/new", {} },
                { "Symlink=/etc/a/b:x", "/etc/a/b", { "/etc/a" } },
                { "File=/to-srv/a/b:x", "/srv/a/b", { "/srv/a" } },
                { "File=/dangling/a/b:x", "/made/here/a/b", { "/made", "/made/here", "/made/here/a" } },
                { "Directory=/q\nFile=/q/r/s:x", "/q/r/s", { "/q", "/q/r" } },
                { "File=/q/r/s:x\nDirectory=/q/r", "/q/r/s", { "/q", "/q/r" } },
                { "File=/q/r:x\nFile=/q/s:x", "/q/s", { "/q" } },
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "root/to-srv", "srv");
        temp_link(f->dir, "root/dangling", "made/here");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                mount_at(f, cases[i].destination);
                for (const char *const *made = cases[i].made; *made; made++) {
                        const PlanMount *m = mount_at(f, *made);

                        expect_number(*made, m->kind, MOUNT_DIRECTORY);
                        expect_number(*made, m->mode, 0755);
                        expect_number(*made, plan_mount_is_directory(m), true);
                }
                for (size_t k = 1; k < f->plan->n_mounts; k++)
                        if (streq(f->plan->mounts[k - 1].destination, f->plan->mounts[k].destination))
                                fail_msg("%s is twice there", f->plan->mounts[k].destination);
        }
}

static void test_conflicts(void **state) {
        static const struct {
                const char *lines, *message;
                int error;
        } cases[] = {
                { "File=/etc/x:a\nFile=/etc/x:b", "test.conf:2: File=: /etc/x is already the destination of File= of test.conf:1",
                  EEXIST },
                { "File=/srv/x:a\nVolume=%h/file:/srv/x", "is already the destination of ", EEXIST },
                { "File=/srv:a", "/srv is a directory", EISDIR },
                { "File=/srv/x:a\nDirectory=/srv/x", "/srv/x is a file, but ", ENOTDIR },
                { "Directory=/etc/passwd", "/etc/passwd is a file, but ", ENOTDIR },
                { "Directory=/etc/passwd/x", "/etc/passwd", ENOTDIR },
                { "File=/run/x:a\nFile=/run/x/y:b", "isorun cannot create it in /run/x", ENOENT },
                { "Symlink=/etc/passwd:x", "/etc/passwd already exists", EEXIST },
                { "Symlink=/srv:x", "/srv already exists", EEXIST },
                { "Symlink=/run/l:/srv /run/l:/etc", "/srv already exists", EEXIST },
                { "Volume=%h/data:/srv\nFile=/srv/new:x", "isorun creates nothing in a writable volume", ENOENT },
                { "Volume=%h/data:/srv\nDirectory=/srv/new", "isorun creates nothing in a writable volume", ENOENT },
                { "Volume=%h/data:/srv\nSymlink=/srv/new:x", "isorun creates nothing in a writable volume", ENOENT },
                { "File=/out/passwd:x", "a symlink in this path leads out of the root", EXDEV },
                { "File=/run/l/x:x\nSymlink=/run/l:../../../etc", "a symlink in this path leads out of the root", EXDEV },
                { "Symlink=/run/l:l\nFile=/run/l/x:x", "/run/l/x: ", ELOOP },
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "root/out", "../../../../../../../etc");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                plan_expect_error(f, cases[i].lines, cases[i].error, cases[i].message);
}

/* Not an error: the place already has what was asked for. */
static void test_no_conflicts(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "Directory=/srv /srv /run/a /run/a");
        assert_null(plan_find_mount(f->plan, "/srv"));
        plan_expect_good(f, "Volume=%h/data:/srv\nFile=/srv/there:over it");
        expect_number("kind", mount_at(f, "/srv/there")->kind, MOUNT_FILE);
        plan_expect_good(f, "Volume=%h/data:/srv:ro\nFile=/srv/new:beside it\nSymlink=/srv/l:new");
        assert_true(mount_at(f, "/srv")->merge);
        plan_expect_good(f, "Symlink=/run/l:/srv\nFile=/run/l/x:through it");
        mount_at(f, "/srv/x");
        plan_expect_good(f, "Symlink=/dev/stdin:null\nFile=/tmp/f:x");
        expect_text("over what is built in", mount_at(f, "/dev/stdin")->target, "null");
}

static void test_credentials(void **state) {
        PlanFixture *f = *state;
        const PlanMount *m;
        char path[PATH_MAX], variable[PATH_MAX + 32];

        plan_expect_good(f, "SetCredential=pass:s3cret: a\\n\nLoadCredential=key:%h/file");
        m = mount_at(f, "/run/credentials/isorun-unit-1.scope");
        expect_number("kind", m->kind, MOUNT_TMPFS);
        assert_true(m->attributes.read_only);
        expect_text("options", m->options, "mode=0500,size=4K");
        m = mount_at(f, "/run/credentials/isorun-unit-1.scope/pass");
        expect_number("kind", m->kind, MOUNT_FILE);
        expect_number("mode", m->mode, 0400);
        expect_text("text", m->text, "s3cret: a\n");
        m = mount_at(f, "/run/credentials/isorun-unit-1.scope/key");
        expect_number("kind", m->kind, MOUNT_COPY);
        expect_text("source", m->source.path, temp_path(path, f->dir, "file"));
        expect_number("mode", m->mode, 0400);
        expect_not_in("it is never shown", plan_shown(f), "s3cret");
        expect_in("but told of", plan_shown(f), "CREDENTIALS_DIRECTORY=/run/credentials/isorun-unit-1.scope\n");
        expect_number("run", mount_at(f, "/run/credentials")->kind, MOUNT_DIRECTORY);

        plan_expect_good(f, "User=12345\nSetCredential=a:b");
        expect_text("the payload's own", mount_at(f, "/run/credentials/isorun-unit-1.scope")->options,
                    "mode=0500,uid=12345,gid=12345,size=4K");
        plan_expect_good(f, "");
        assert_null(plan_find_mount(f->plan, "/run/credentials"));
        expect_not_in("none", plan_shown(f), "CREDENTIALS_DIRECTORY");

        plan_expect_error(f, "LoadCredential=a:%h/no", ENOENT, "test.conf:1: LoadCredential=: ");
        plan_expect_error(f, "LoadCredential=a:%h/data", EISDIR, "/data is a directory");
        plan_expect_error(f, "LoadCredential=there", ENOENT, "isorun itself has no credentials");
        plan_expect_error(f, "SetCredential=a:x\nSetCredential=a:y", EEXIST, "is already the destination of SetCredential= of");

        snprintf(variable, sizeof(variable), "CREDENTIALS_DIRECTORY=%s", temp_path(path, f->dir, "data"));
        f->environment[3] = variable;
        plan_expect_good(f, "LoadCredential=there\nLoadCredential=b:there");
        expect_text("its own", mount_at(f, "/run/credentials/isorun-unit-1.scope/b")->source.path,
                    temp_path(path, f->dir, "data/there"));
        mount_at(f, "/run/credentials/isorun-unit-1.scope/there");
        plan_expect_error(f, "LoadCredential=no", ENOENT, "/no: ");
        f->environment[3] = NULL;
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
                cmocka_unit_test(test_component_match),
                IN_PLAN(test_hide),
                IN_PLAN(test_read_only_memory),
                IN_PLAN(test_read_only_paths),
                IN_PLAN(test_read_only_paths_missing),
                IN_PLAN(test_hide_in_strange_directories),
                IN_PLAN(test_hide_by_fd),
                IN_PLAN(test_bad_hide),
                cmocka_unit_test(test_hide_of_dot),
                IN_PLAN(test_synthetic),
                IN_PLAN(test_way),
                IN_PLAN(test_conflicts),
                IN_PLAN(test_no_conflicts),
                IN_PLAN(test_credentials),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
