/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of a plan: built-in ones, those of the policy, and both in one place. */
#include "plan-fixture.h"

#include <errno.h>

static void test_built_in(void **state) {
        static const struct {
                const char *destination;
                MountKind kind;
                bool read_only;
        } cases[] = {
                { "/", MOUNT_ROOT, true },       { "/dev", MOUNT_TMPFS, true },      { "/dev/null", MOUNT_BIND, true },
                { "/dev/zero", MOUNT_BIND, true },   { "/dev/full", MOUNT_BIND, true },
                { "/dev/random", MOUNT_BIND, true }, { "/dev/urandom", MOUNT_BIND, true },
                { "/dev/tty", MOUNT_BIND, true },
                { "/dev/pts", MOUNT_DEVPTS, false }, { "/dev/ptmx", MOUNT_SYMLINK, false },
                { "/dev/shm", MOUNT_TMPFS, false },
                { "/proc", MOUNT_PROC, true },   { "/tmp", MOUNT_TMPFS, false },     { "/var/tmp", MOUNT_TMPFS, false },
                { "/run", MOUNT_TMPFS, false },  { "/home", MOUNT_TMPFS, true },     { "/root", MOUNT_TMPFS, true },
        };
        PlanFixture *f = *state;

        plan_expect_good(f, "");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m = plan_mount_at(f, cases[i].destination);

                expect_number(cases[i].destination, m->kind, cases[i].kind);
                if (m->kind != MOUNT_SYMLINK)
                        expect_number(cases[i].destination, m->attributes.read_only, cases[i].read_only);
        }
}

/* Parents come first and nothing comes twice, so that a start can make the mounts in this order. */
static void test_order(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "BindPaths=%h/data:/a/b/c %h/data:/a-b %h/file:/a/b.d\nBindReadOnlyPaths=%h/data:/a\n"
                            "TemporaryFileSystem=/srv/b /srv/a /tmp/x/y\n");
        expect_text("first", f->plan->mounts[0].destination, "/");
        for (size_t i = 0; i < f->plan->n_mounts; i++) {
                const PlanMount *m = &f->plan->mounts[i];

                assert_ptr_equal(plan_find_mount(f->plan, m->destination), m);
                for (size_t k = i + 1; k < f->plan->n_mounts; k++) {
                        const char *rest = startswith(m->destination, f->plan->mounts[k].destination);

                        if (rest && (*rest == '/' || !*rest))
                                fail_msg("%s comes before %s", m->destination, f->plan->mounts[k].destination);
                }
        }
        assert_null(plan_find_mount(f->plan, "/srv/c"));
}

static void test_binds(void **state) {
        static const struct {
                const char *line;
                bool read_only, recursive, no_exec;
        } cases[] = {
                { "BindPaths=%h/data:/srv", false, true, false },
                { "BindPaths=%h/data:/srv:norbind,noexec", false, false, true },
                { "BindPaths=%h/data:/srv:ro", true, true, false },
                { "BindReadOnlyPaths=%h/data:/srv", true, true, false },
                { "Volume=%h/data:/srv", false, true, false },
                { "Volume=%h/data:/srv:ro", true, true, false },
        };
        PlanFixture *f = *state;
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;

                plan_expect_good(f, cases[i].line);
                m = plan_mount_at(f, "/srv");
                expect_number(cases[i].line, m->kind, MOUNT_BIND);
                expect_text(cases[i].line, m->source.path, temp_path(path, f->dir, "data"));
                expect_number(cases[i].line, m->attributes.read_only, cases[i].read_only);
                expect_number(cases[i].line, m->attributes.recursive, cases[i].recursive);
                expect_number(cases[i].line, m->attributes.no_exec, cases[i].no_exec);
                expect_number(cases[i].line, m->place == PLACE_EXISTS, true);
                expect_number(cases[i].line, m->origin.line, 1);
        }
}

static void test_tmpfs_options(void **state) {
        static const struct {
                const char *line, *options;
                bool read_only, no_exec;
        } cases[] = {
                { "TemporaryFileSystem=/srv", "mode=0755,size=64M" },
                { "TemporaryFileSystem=/srv:size=1M,mode=700", "mode=700,size=1M" },
                { "TemporaryFileSystem=/srv:nr_inodes=1.5k,size=1.5M", "mode=0755,size=1536K,nr_inodes=1536" },
                { "TemporaryFileSystem=/srv:size=1000,size=10%%", "mode=0755,size=10%" },
                { "TemporaryFileSystem=/srv:size=1000", "mode=0755,size=1000" },
                { "TemporaryFileSystem=/srv:ro,noexec", "mode=0755,size=64M", true, true },
                { "TemporaryFileSystem=/srv:ro,noexec,rw,exec", "mode=0755,size=64M", false, false },
                { "User=12345\nTemporaryFileSystem=/srv", "mode=0755,uid=12345,gid=12345,size=64M" },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;

                plan_expect_good(f, cases[i].line);
                m = plan_mount_at(f, "/srv");
                expect_text(cases[i].line, m->options, cases[i].options);
                expect_number(cases[i].line, m->attributes.read_only, cases[i].read_only);
                expect_number(cases[i].line, m->attributes.no_exec, cases[i].no_exec);
        }
}

/* Sources are resolved on the host, and destinations inside. Neither follows a symlink out. */
static void test_symlinks(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX];

        temp_link(f->dir, "link", "data");
        temp_link(f->dir, "root/place", "srv");
        temp_link(f->dir, "root/in", "/etc");
        temp_link(f->dir, "root/out", "../../../../../../../etc");
        plan_expect_good(f, "BindPaths=%h/link:/place\nBindPaths=%h/file:/in/passwd\n");
        expect_text("source", plan_mount_at(f, "/srv")->source.path, temp_path(path, f->dir, "data"));
        expect_text("source", plan_mount_at(f, "/etc/passwd")->source.path, temp_path(path, f->dir, "file"));
        assert_null(plan_find_mount(f->plan, "/place"));
        plan_expect_error(f, "BindPaths=%h/file:/out/passwd\n", EXDEV, "a symlink in this path leads out of the root");
        temp_link(f->dir, "root/loop", "loop");
        plan_expect_error(f, "BindPaths=%h/data:/loop/x\n", ELOOP, "test.conf:1: BindPaths=: /loop/x: ");
}

static void test_missing_source(void **state) {
        PlanFixture *f = *state;

        plan_expect_error(f, "BindPaths=%h/no:/srv\n", ENOENT, "/no: No such file or directory");
        plan_expect_good(f, "BindPaths=-%h/no:/srv\n");
        assert_null(plan_find_mount(f->plan, "/srv"));
        plan_expect_error(f, "RootDirectory=%h/no\n", ENOENT, "test.conf:1: RootDirectory=: ");
        f->request.read_image = true; /* a start would mount it, if it were an image */
        plan_expect_error(f, "RootDirectory=%h/file\n", ENOTDIR, "/file is not a directory");
}

/* The policy replaces what is built in at the same place. Two lines of the policy for the same place are an error. */
static void test_one_place_twice(void **state) {
        static const char *const contradictions[] = {
                "BindPaths=%h/data:/srv\nTemporaryFileSystem=/srv",
                "BindPaths=%h/data:/srv\nVolume=%h/data:/srv:ro",
                "TemporaryFileSystem=/srv /srv",
                "BindPaths=%h/file:/etc/passwd\nInaccessiblePaths=/etc/passwd",
                "TemporaryFileSystem=/run/x\nBindPaths=%h/data:/run/x",
                "TemporaryFileSystem=/srv\nBindPaths=%h/data:/place",
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "root/place", "srv");
        for (size_t i = 0; i < ELEMENTSOF(contradictions); i++)
                plan_expect_error(f, contradictions[i], EEXIST, " is already the destination of ");
}

/* Only RootDirectory= decides about the root: a line for / that does nothing would leave the host visible. The root of
 * the caller's command line does not come before such a line, either, nor does the caller's volume replace the root. */
static void test_nothing_on_the_root(void **state) {
        static const char *const lines[] = {
                "TemporaryFileSystem=/",     "TemporaryFileSystem=/:ro",    "TemporaryFileSystem=//",
                "TemporaryFileSystem=/.",    "InaccessiblePaths=/",         "InaccessiblePaths=-/",
                "BindPaths=%h/data:/",       "BindReadOnlyPaths=%h/data:/", "Volume=%h/data:/:overlay",
                "TemporaryFileSystem=/link", "BindPaths=%h/data:/link",     "RootDirectory=none\nTemporaryFileSystem=/",
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "root/link", "/");
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                char line[16];

                snprintf(line, sizeof(line), "test.conf:%d: ", strchr(lines[i], '\n') ? 2 : 1);
                plan_expect_error(f, lines[i], EEXIST, line);
                plan_expect_error(f, lines[i], EEXIST, ": / is the root, and only RootDirectory= decides about it");
        }
        plan_expect_error(f, "File=/:x", EISDIR, "/ is a directory");
        plan_expect_error(f, "Symlink=/:x", EEXIST, "/ already exists");
}

static void test_policy_over_built_in(void **state) {
        static const struct {
                const char *line, *destination;
                MountKind kind;
        } cases[] = {
                { "TemporaryFileSystem=/tmp:size=1M", "/tmp", MOUNT_TMPFS },
                { "BindPaths=%h/data:/run", "/run", MOUNT_BIND },
                { "BindPaths=%h/data:/home", "/home", MOUNT_BIND },
                { "BindPaths=%h/file:/dev/null", "/dev/null", MOUNT_BIND },
                { "BindPaths=%h/data:/dev/shm", "/dev/shm", MOUNT_BIND },
                { "InaccessiblePaths=/proc", "/proc", MOUNT_BLOCKED },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;

                plan_expect_good(f, cases[i].line);
                m = plan_mount_at(f, cases[i].destination);
                expect_number(cases[i].line, m->kind, cases[i].kind);
                expect_number(cases[i].line, m->origin.line, 1);
        }
}

static void test_file_and_directory(void **state) {
        static const struct {
                const char *line, *message;
                int error;
        } cases[] = {
                { "BindPaths=%h/data:/etc/passwd", "/etc/passwd is a file, but ", ENOTDIR },
                { "TemporaryFileSystem=/etc/passwd", "/etc/passwd is a file, but ", ENOTDIR },
                { "BindPaths=%h/file:/srv", "/srv is a directory, but ", EISDIR },
                { "BindPaths=%h/data:/etc/passwd/x", "/etc/passwd", ENOTDIR },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                plan_expect_error(f, cases[i].line, cases[i].error, cases[i].message);
        plan_make(f, "BindPaths=%h/file:/run/f %h/file:/run/f/x\n");
        assert_int_not_equal(f->result, 0);
}

/* For a missing destination, its parent becomes a directory in memory with the same contents. */
static void test_missing_destination(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX];

        plan_expect_good(f, "BindPaths=%h/data:/new/deep\n");
        assert_true(plan_mount_at(f, "/")->merge);
        assert_true(plan_mount_at(f, "/new/deep")->place == PLACE_MADE);

        plan_expect_good(f, "BindPaths=%h/data:/srv/a/b %h/file:/srv/c\n");
        assert_false(plan_mount_at(f, "/")->merge);
        expect_number("kind", plan_mount_at(f, "/srv")->kind, MOUNT_MERGE);
        expect_text("source", plan_mount_at(f, "/srv")->source.path, temp_path(path, f->dir, "root/srv"));
        assert_true(plan_mount_at(f, "/srv")->merge && plan_mount_at(f, "/srv")->attributes.read_only);
        plan_mount_at(f, "/srv/a/b");
        plan_mount_at(f, "/srv/c");
}

static void test_missing_destination_in_mount(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "BindReadOnlyPaths=%h/data:/srv\nBindPaths=%h/file:/srv/new\n");
        expect_number("kind", plan_mount_at(f, "/srv")->kind, MOUNT_BIND);
        assert_true(plan_mount_at(f, "/srv")->merge);
        plan_expect_good(f, "BindPaths=%h/data:/run/a/b\n");
        assert_false(plan_mount_at(f, "/run")->merge);
        plan_expect_error(f, "BindPaths=%h/data:/srv %h/file:/srv/new\n", ENOENT,
                          "isorun creates nothing in a writable volume");
        plan_expect_error(f, "BindPaths=%h/data:/proc/new/x\n", ENOENT, "isorun cannot create it in /proc");
}

static void test_too_many_to_merge(void **state) {
        PlanFixture *f = *state;
        char name[64];

        for (unsigned i = 0; i < 513; i++) {
                snprintf(name, sizeof(name), "root/srv/%u", i);
                temp_text(f->dir, name, "");
        }
        plan_expect_error(f, "BindPaths=%h/data:/srv/new\n", E2BIG, "/srv has too many entries");
        plan_expect_good(f, "BindPaths=%h/file:/srv/7\n");
}

static void test_inaccessible(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "InaccessiblePaths=/etc/shadow /srv -/etc/no -/no/no\n");
        expect_number("kind", plan_mount_at(f, "/etc/shadow")->kind, MOUNT_BLOCKED);
        assert_false(plan_mount_is_directory(plan_mount_at(f, "/etc/shadow")));
        assert_true(plan_mount_is_directory(plan_mount_at(f, "/srv")));
        assert_null(plan_find_mount(f->plan, "/etc/no"));
        assert_false(plan_mount_at(f, "/")->merge);
        plan_expect_error(f, "InaccessiblePaths=/etc/no\n", ENOENT, "does not exist in the sandbox (write -/etc/no");
}

/* A mount that shows all processes again would break the promise. */
static void test_proc(void **state) {
        static const char *const bad[] = {
                "Nesting=yes\nProtectProc=invisible",
                "Nesting=yes\nProcSubset=pid",
                "RestrictNamespaces=no\nProtectProc=noaccess",
                "RestrictNamespaces=user\nProcSubset=pid",
        };
        PlanFixture *f = *state;

        plan_set_uid(f, 1000);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                plan_expect_error(f, bad[i], EINVAL, "cannot be enforced if the payload can make user namespaces");
        plan_expect_good(f, "RestrictNamespaces=net\nProtectProc=invisible\nProcSubset=pid\n");
        expect_text("options", plan_mount_at(f, "/proc")->options, "hidepid=invisible,subset=pid");
        plan_expect_good(f, "ProcSubset=pid\n");
        expect_text("options", plan_mount_at(f, "/proc")->options, "subset=pid");
        plan_expect_good(f, "Nesting=yes\nRestrictNamespaces=~user\nProtectProc=default\n");
        assert_false(plan_mount_at(f, "/proc")->attributes.read_only);
}

/* /proc/keys lists the user's keys, whatever the namespace. */
static void test_proc_keys(void **state) {
        static const struct {
                uid_t uid;
                const char *lines;
                bool blocked;
        } cases[] = {
                { 0, "", true },
                { 1000, "", true },
                { 0, "ProtectProc=invisible", true },
                { 0, "Nesting=no\nProcSubset=all", true },
                { 0, "ProcSubset=pid", false }, /* /proc has no such file then */
                { 1000, "Nesting=yes", false }, /* otherwise no /proc could be mounted inside */
                { 0, "TemporaryFileSystem=/proc", false },
                { 0, "InaccessiblePaths=/proc", false },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlanMount *m;

                plan_set_uid(f, cases[i].uid);
                plan_expect_good(f, cases[i].lines);
                m = plan_find_mount(f->plan, "/proc/keys");
                /* On a kernel without this file there is nothing to block. */
                expect_number(cases[i].lines, m != NULL, cases[i].blocked && access("/proc/keys", F_OK) == 0);
                if (m) {
                        expect_number(cases[i].lines, m->kind, MOUNT_BLOCKED);
                        expect_number(cases[i].lines, m->attributes.read_only && !m->on_directory && m->asker == ASKED_BY_NOBODY,
                                      true);
                }
        }
}

/* A writer of a volume decides where its symlinks lead and which names it has. */
static void test_symlinks_in_volumes(void **state) {
        static const struct {
                const char *lines, *destination; /* NULL: refused */
        } cases[] = {
                { "BindPaths=%h/data:/srv %h/file:/srv/link", NULL },
                { "Volume=%h/data:/srv\nBindPaths=%h/file:/srv/link", NULL },
                { "BindPaths=%h/data:/srv\nBindReadOnlyPaths=%h/file:/srv/link", NULL },
                { "BindPaths=%h/data:/srv\nBindPaths=%h/file:/srv/out/passwd", NULL },
                { "BindPaths=%h/data:/srv\nTemporaryFileSystem=/srv/out/x", NULL },
                { "BindPaths=%h/data:/srv\nInaccessiblePaths=/srv/link", NULL },
                { "BindPaths=%h/data:/srv\nInaccessiblePaths=-/srv/out/no", NULL },
                { "BindPaths=%h/data:/srv %h/file:/to-srv/link", NULL },
                { "BindPaths=%h/data:/srv %h/file:/srv/there", "/srv/there" },
                { "BindPaths=%h/data:/srv %h/file:/to-srv/there", "/srv/there" }, /* the root is read-only */
                { "BindReadOnlyPaths=%h/data:/srv\nBindPaths=%h/file:/srv/link", "/srv/there" },
                { "BindPaths=%h/data:/srv:ro %h/file:/srv/out/passwd", "/etc/passwd" },
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "data/link", "there");
        temp_link(f->dir, "data/out", "/etc");
        temp_link(f->dir, "root/to-srv", "srv");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                if (cases[i].destination) {
                        plan_expect_good(f, cases[i].lines);
                        plan_mount_at(f, cases[i].destination);
                } else
                        plan_expect_error(f, cases[i].lines, ELOOP, "this path contains a symlink in a writable volume");
        }
}

static void test_inaccessible_in_volumes(void **state) {
        static const struct {
                const char *lines;
                bool notice;
        } cases[] = {
                { "BindPaths=%h/data:/srv\nInaccessiblePaths=/srv/there", true },
                { "Volume=%h/data:/srv\nInaccessiblePaths=-/srv/there", true },
                { "BindPaths=%h/data:/srv\nInaccessiblePaths=-/srv/no", false },
                { "BindReadOnlyPaths=%h/data:/srv\nInaccessiblePaths=/srv/there", false },
                { "BindPaths=%h/data:/srv\nInaccessiblePaths=/etc/passwd", false },
        };
        PlanFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                if (cases[i].notice)
                        plan_expect_notice(f, cases[i].lines, "notice: test.conf:2: InaccessiblePaths=: /srv/there "
                                                              "is in the writable volume /srv: ");
                else
                        plan_expect_good(f, cases[i].lines);
        }
}

/* Built-in entries are not put into a directory of the policy above them, but stay beside one. */
static void test_built_in_below_policy(void **state) {
        static const struct {
                const char *lines, *destination;
                bool there;
        } cases[] = {
                { "", "/var/tmp", true },
                { "RootDirectory=/", "/var/lib", true },
                { "RootDirectory=/\nVolume=%h/data:/var", "/var/lib", false },
                { "RootDirectory=/\nVolume=%h/data:/var", "/var/tmp", false },
                { "RootDirectory=/\nVolume=%h/data:/var", "/var/run", false },
                { "RootDirectory=/\nVolume=%h/data:/var", "/run/lock", true },
                { "RootDirectory=/\nVolume=%h/data:/var:ro", "/var/lib", false },
                { "RootDirectory=/\nTemporaryFileSystem=/var", "/var/lib", false },
                { "RootDirectory=/\nBindPaths=%h/data:/run", "/run/lock", false },
                { "RootDirectory=/\nBindPaths=%h/data:/run", "/var/lib", true },
                { "RootDirectory=/\nVolume=%h/data:/var/lib/data", "/var/lib", true },
                { "RootDirectory=/\nVolume=%h/data:/var/lib/data", "/var/log", true },
                { "Volume=%h/data:/var", "/var/tmp", false },
                { "Volume=%h/linked:/var", "/var/tmp", false }, /* tmp in it is a symlink */
                { "RootDirectory=/\nVolume=%h/linked:/var", "/var/run", false },
                { "BindPaths=%h/data:/var/a", "/var/tmp", true }, /* /var becomes a directory in memory */
                { "BindPaths=%h/data:/var/z", "/var/tmp", true },
                { "TemporaryFileSystem=/dev", "/dev/null", false },
                { "TemporaryFileSystem=/dev", "/dev/pts", false },
                { "BindPaths=%h/file:/dev/null", "/dev/zero", true },
        };
        PlanFixture *f = *state;

        temp_link(f->dir, "linked/run", "/run");
        temp_link(f->dir, "linked/tmp", "/tmp");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char what[128];

                snprintf(what, sizeof(what), "%s with %s", cases[i].destination, cases[i].lines);
                plan_expect_good(f, cases[i].lines);
                expect_number(what, plan_find_mount(f->plan, cases[i].destination) != NULL, cases[i].there);
        }
}

/* A hidden directory loses the built-in entries below it. It keeps those of the policy, with their parents. */
static void test_inaccessible_around(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "RootDirectory=/\nInaccessiblePaths=/run /var\n");
        expect_number("kind", plan_mount_at(f, "/run")->kind, MOUNT_BLOCKED);
        assert_null(plan_find_mount(f->plan, "/run/lock"));
        assert_null(plan_find_mount(f->plan, "/var/lib"));
        assert_non_null(plan_find_mount(f->plan, "/tmp"));

        plan_expect_good(f, "RootDirectory=/\nInaccessiblePaths=/var\nBindPaths=%h/data:/var/lib/data/here\n");
        expect_number("kind", plan_mount_at(f, "/var")->kind, MOUNT_TMPFS);
        expect_text("options", plan_mount_at(f, "/var")->options, "mode=111,size=4k");
        expect_number("read-only", plan_mount_at(f, "/var")->attributes.read_only, true);
        expect_number("kind", plan_mount_at(f, "/var/lib")->kind, MOUNT_DIRECTORY);
        expect_number("kind", plan_mount_at(f, "/var/lib/data")->kind, MOUNT_DIRECTORY);
        expect_number("kind", plan_mount_at(f, "/var/lib/data/here")->kind, MOUNT_BIND);
        assert_null(plan_find_mount(f->plan, "/var/cache"));
        assert_null(plan_find_mount(f->plan, "/var/tmp"));
}

/* Where files can be executed. */
static void test_exec(void **state) {
        static const struct {
                const char *lines, *destination;
                bool no_exec;
        } cases[] = {
                { "", "/tmp", false },
                { "NoExecPaths=/", "/", true },
                { "NoExecPaths=/", "/tmp", true },
                { "NoExecPaths=/\nBindPaths=%h/data:/srv", "/srv", true },
                { "NoExecPaths=/\nExecPaths=/usr/bin", "/usr/bin", false },
                { "NoExecPaths=/\nExecPaths=/usr/bin", "/", true },
                { "NoExecPaths=/\nExecPaths=/usr/bin/tool", "/usr/bin/tool", false },
                { "NoExecPaths=/\nExecPaths=/usr\nNoExecPaths=/usr/bin", "/usr/bin", true },
                { "NoExecPaths=/\nExecPaths=/usr\nNoExecPaths=/usr/bin", "/usr", false },
                { "NoExecPaths=/usr\nBindPaths=%h/data:/usr/new", "/usr", true },
                { "NoExecPaths=/usr\nExecPaths=/usr/new\nBindPaths=%h/data:/usr/new", "/usr/new", false },
                { "NoExecPaths=/srv\nBindPaths=%h/data:/srv", "/srv", true },
                { "NoExecPaths=/srv\nBindPaths=%h/data:/srvb", "/srvb", false },
                { "ExecPaths=/srv\nBindPaths=%h/data:/srv:noexec", "/srv", true },
                { "NoExecPaths=/run/a\nDirectory=/run/a", "/run/a", true },
                /* The payload could make this directory. */
                { "NoExecPaths=-/tmp/later", "/tmp", true },
                { "NoExecPaths=/ -/tmp/later\nExecPaths=-/missing", "/tmp", true },
                /* What can be written cannot be executed. */
                { "MemoryDenyWriteExecute=yes", "/tmp", true },
                { "MemoryDenyWriteExecute=yes", "/dev/shm", true },
                { "MemoryDenyWriteExecute=yes", "/", false },
                { "MemoryDenyWriteExecute=yes\nBindPaths=%h/data:/srv", "/srv", true },
                { "MemoryDenyWriteExecute=yes\nBindReadOnlyPaths=%h/data:/srv", "/srv", false },
                { "MemoryDenyWriteExecute=yes\nVolume=%h/data:/srv:overlay", "/srv", true },
                { "MemoryDenyWriteExecute=yes\nTemporaryFileSystem=/srv", "/srv", true },
                { "MemoryDenyWriteExecute=yes\nGrantPaths=/run/in:rw", "/run/in", true },
                { "MemoryDenyWriteExecute=yes\nGrantPaths=/run/in", "/run/in", false },
                { "MemoryDenyWriteExecute=yes\nExecPaths=/tmp", "/tmp", false },
                { "MemoryDenyWriteExecute=yes\nExecPaths=/tmp", "/run", true },
        };
        static const struct {
                const char *lines, *message;
        } errors[] = {
                { "NoExecPaths=/missing", "test.conf:1: NoExecPaths=: /missing does not exist in the sandbox (write -/missing to skip it)" },
                { "ExecPaths=/tmp/later", "test.conf:1: ExecPaths=: /tmp/later does not exist in the sandbox" },
                { "NoExecPaths=/usr\nExecPaths=/usr", "/usr is in both NoExecPaths= and ExecPaths=" },
                { "Volume=%h/data:/srv:overlay\nNoExecPaths=/srv/sub", "/srv/sub is a part of /srv, and only /srv as a whole" },
        };
        PlanFixture *f = *state;
        char path[PATH_MAX];

        assert_int_equal(mkdir(temp_path(path, f->dir, "data/sub"), 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                plan_expect_good(f, cases[i].lines);
                expect_number(cases[i].lines, plan_mount_at(f, cases[i].destination)->attributes.no_exec, cases[i].no_exec);
        }
        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                plan_make(f, errors[i].lines);
                expect_in(errors[i].lines, log_text(&f->log), errors[i].message);
        }
        /* A part of a volume keeps the volume's rights. */
        plan_expect_good(f, "BindPaths=%h/data:/srv\nNoExecPaths=/srv/sub\n");
        expect_number("part", plan_mount_at(f, "/srv/sub")->attributes.read_only, false);
        expect_text("part", plan_mount_at(f, "/srv/sub")->source.path, path);
}

/* The machine's own root: read-only, with its private parts hidden. */
static void test_host_root(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "RootDirectory=/\n");
        expect_text("source", plan_mount_at(f, "/")->source.path, "/");
        assert_true(plan_mount_at(f, "/")->attributes.read_only);
        expect_number("kind", plan_mount_at(f, "/var")->kind, MOUNT_TMPFS);
        expect_number("kind", plan_mount_at(f, "/var/tmp")->kind, MOUNT_DIRECTORY);
        expect_number("kind", plan_mount_at(f, "/var/run")->kind, MOUNT_SYMLINK);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_built_in),
                IN_PLAN(test_order),
                IN_PLAN(test_binds),
                IN_PLAN(test_tmpfs_options),
                IN_PLAN(test_symlinks),
                IN_PLAN(test_missing_source),
                IN_PLAN(test_one_place_twice),
                IN_PLAN(test_nothing_on_the_root),
                IN_PLAN(test_policy_over_built_in),
                IN_PLAN(test_file_and_directory),
                IN_PLAN(test_missing_destination),
                IN_PLAN(test_missing_destination_in_mount),
                IN_PLAN(test_too_many_to_merge),
                IN_PLAN(test_inaccessible),
                IN_PLAN(test_proc),
                IN_PLAN(test_proc_keys),
                IN_PLAN(test_symlinks_in_volumes),
                IN_PLAN(test_inaccessible_in_volumes),
                IN_PLAN(test_built_in_below_policy),
                IN_PLAN(test_inaccessible_around),
                IN_PLAN(test_exec),
                IN_PLAN(test_host_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
