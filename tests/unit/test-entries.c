/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of a policy that isorun makes in the root: files, directories, symlinks, credentials. */
#include "plan-fixture.h"

#include <errno.h>

static void test_synthetic(void **state) {
        PlanFixture *f = *state;
        const PlanMount *m;

        plan_expect_good(f, "File=/etc/motd:Hello %u\\nA: b\nFile=/etc/passwd:\nDirectory=/var/x /srv/a/b\n"
                            "Symlink=/run/link:../etc/x /etc/abs:/usr");
        m = plan_mount_at(f, "/etc/motd");
        expect_number("kind", m->kind, MOUNT_FILE);
        expect_text("text", m->text, "Hello ada\nA: b");
        expect_number("mode", m->mode, 0444);
        assert_true(m->attributes.read_only && m->place == PLACE_MADE);
        m = plan_mount_at(f, "/etc/passwd");
        expect_text("text", m->text, "");
        assert_true(m->place == PLACE_EXISTS);
        m = plan_mount_at(f, "/srv/a/b");
        expect_number("kind", m->kind, MOUNT_DIRECTORY);
        expect_number("mode", m->mode, 0755);
        m = plan_mount_at(f, "/srv/a"); /* a parent directory */
        expect_number("kind", m->kind, MOUNT_DIRECTORY);
        assert_null(m->key);
        expect_number("line", m->origin.line, 3);
        m = plan_mount_at(f, "/run/link");
        expect_number("kind", m->kind, MOUNT_SYMLINK);
        expect_text("target", m->target, "../etc/x");
        expect_text("target", plan_mount_at(f, "/etc/abs")->target, "/usr");
        assert_true(plan_mount_at(f, "/etc")->merge && plan_mount_at(f, "/var")->merge && plan_mount_at(f, "/srv")->merge);
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
                plan_mount_at(f, cases[i].destination);
                for (const char *const *made = cases[i].made; *made; made++) {
                        const PlanMount *m = plan_mount_at(f, *made);

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
        expect_number("kind", plan_mount_at(f, "/srv/there")->kind, MOUNT_FILE);
        plan_expect_good(f, "Volume=%h/data:/srv:ro\nFile=/srv/new:beside it\nSymlink=/srv/l:new");
        assert_true(plan_mount_at(f, "/srv")->merge);
        plan_expect_good(f, "Symlink=/run/l:/srv\nFile=/run/l/x:through it");
        plan_mount_at(f, "/srv/x");
        plan_expect_good(f, "Symlink=/dev/stdin:null\nFile=/tmp/f:x");
        expect_text("over what is built in", plan_mount_at(f, "/dev/stdin")->target, "null");
}

static void test_credentials(void **state) {
        PlanFixture *f = *state;
        const PlanMount *m;
        char path[PATH_MAX], variable[PATH_MAX + 32];

        plan_expect_good(f, "SetCredential=pass:s3cret: a\\n\nLoadCredential=key:%h/file");
        m = plan_mount_at(f, "/run/credentials/isorun-unit-1.scope");
        expect_number("kind", m->kind, MOUNT_TMPFS);
        assert_true(m->attributes.read_only);
        expect_text("options", m->options, "mode=0500,size=4K");
        m = plan_mount_at(f, "/run/credentials/isorun-unit-1.scope/pass");
        expect_number("kind", m->kind, MOUNT_FILE);
        expect_number("mode", m->mode, 0400);
        expect_text("text", m->text, "s3cret: a\n");
        m = plan_mount_at(f, "/run/credentials/isorun-unit-1.scope/key");
        expect_number("kind", m->kind, MOUNT_COPY);
        expect_text("source", m->source.path, temp_path(path, f->dir, "file"));
        expect_number("mode", m->mode, 0400);
        expect_not_in("it is never shown", plan_shown(f), "s3cret");
        expect_in("but told of", plan_shown(f), "CREDENTIALS_DIRECTORY=/run/credentials/isorun-unit-1.scope\n");
        expect_number("run", plan_mount_at(f, "/run/credentials")->kind, MOUNT_DIRECTORY);

        plan_expect_good(f, "User=12345\nSetCredential=a:b");
        expect_text("the payload's own", plan_mount_at(f, "/run/credentials/isorun-unit-1.scope")->options,
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
        expect_text("its own", plan_mount_at(f, "/run/credentials/isorun-unit-1.scope/b")->source.path,
                    temp_path(path, f->dir, "data/there"));
        plan_mount_at(f, "/run/credentials/isorun-unit-1.scope/there");
        plan_expect_error(f, "LoadCredential=no", ENOENT, "/no: ");
        f->environment[3] = NULL;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_synthetic),
                IN_PLAN(test_way),
                IN_PLAN(test_conflicts),
                IN_PLAN(test_no_conflicts),
                IN_PLAN(test_credentials),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
