/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roots: of several directories, by name, empty, and with the files that a command needs in an empty one. */
#include "plan-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "plan/root/model.h"
#include "policy/bindings.h"
#include "util/elf-file.h"
#include "util/strv.h"

/* Three layers for root_model_walk(): 2 is the highest. */

typedef struct Stack {
        char *dir;
        RootModel model;
} Stack;

static int stack_set_up(void **state) {
        static const char *const files[] = {
                "0/etc/low", "0/etc/both", "0/dir-over-file", "0/file-over-dir/in", "0/file-between/low", "0/link-over-dir/in",
                "0/dir-over-link-target/x", "0/gone", "0/gone-dir/x", "0/back/low",
                "1/etc/both", "1/etc/middle", "1/file-between", "1/usr/bin/tool",
                "2/etc/high", "2/dir-over-file/in", "2/file-over-dir", "2/file-between/high", "2/dir-over-link/in", "2/back/high",
                "2/gone-below/x",
        };
        Stack *s = calloc(1, sizeof(Stack));
        PlanMount root = { .kind = MOUNT_ROOT, .destination = strdup("/"),
                           .source = { SOURCE_LAYERS, .directory = true } };
        char path[PATH_MAX];

        assert_non_null(s);
        s->dir = temp_make();
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                temp_text(s->dir, files[i], "x");
        temp_link(s->dir, "2/link-over-dir", "etc");
        temp_link(s->dir, "0/dir-over-link", "dir-over-link-target");
        temp_link(s->dir, "2/bin", "usr/bin");        /* leads to something in another layer */
        temp_link(s->dir, "0/up", "etc/high");        /* from the lowest to the highest */
        temp_link(s->dir, "1/out", "../../etc");
        temp_link(s->dir, "1/usr/inside", "../etc");
        temp_link(s->dir, "1/usr/bin/out", "../../../etc/low");
        temp_link(s->dir, "0/chain", "out/low");
        root.source.path = strdup(temp_path(path, s->dir, "2"));
        assert_int_equal(strv_push(&root.source.lower, temp_path(path, s->dir, "1")), 0);
        assert_int_equal(strv_push(&root.source.lower, temp_path(path, s->dir, "0")), 0);
        assert_non_null(root_model_add(&s->model, root));
        *state = s;
        return 0;
}

static int stack_tear_down(void **state) {
        Stack *s = *state;

        root_model_deinit(&s->model);
        temp_remove(s->dir);
        free(s);
        return 0;
}

/* hosts: host paths relative to the fixture's directory, separated by ":". For a missing path, those of
 * nearest_hosts. */
static void expect_walk(Stack *s, const char *asked, const char *path, const char *hosts, bool exists, bool leaves) {
        _cleanup_(spot_deinit) Spot spot = {};
        char **got;
        Buffer b;

        expect_result(asked, root_model_walk(&s->model, asked, &spot), 0);
        expect_text(asked, spot.path, path);
        expect_number(asked, spot.exists, exists);
        expect_number(asked, spot.leaves_root, leaves);
        got = exists ? spot.hosts : spot.nearest_hosts;
        buffer_init(&b);
        for (char **h = got; h && *h; h++)
                fprintf(b.f, "%s%s", h == got ? "" : ":", startswith(*h, s->dir) ?: *h);
        expect_text(asked, buffer_text(&b), hosts);
        buffer_deinit(&b);
}

static void test_stack(void **state) {
        static const struct {
                const char *asked, *path, *hosts;
                bool exists, leaves;
        } cases[] = {
                { "/", "/", "/2:/1:/0", true },
                { "/etc", "/etc", "/2/etc:/1/etc:/0/etc", true },
                { "/etc/both", "/etc/both", "/1/etc/both", true },
                { "/etc/low", "/etc/low", "/0/etc/low", true },
                { "/usr/bin", "/usr/bin", "/1/usr/bin", true },
                { "/dir-over-file", "/dir-over-file", "/2/dir-over-file", true },
                { "/dir-over-file/in", "/dir-over-file/in", "/2/dir-over-file/in", true },
                { "/file-over-dir", "/file-over-dir", "/2/file-over-dir", true },
                { "/file-over-dir/in", "/file-over-dir/in", "/2/file-over-dir", false },
                { "/file-between", "/file-between", "/2/file-between", true }, /* the file hides what is below it */
                { "/file-between/low", "/file-between/low", "/2/file-between", false },
                { "/back", "/back", "/2/back:/0/back", true },
                { "/link-over-dir", "/etc", "/2/etc:/1/etc:/0/etc", true },
                { "/link-over-dir/in", "/etc/in", "/2/etc:/1/etc:/0/etc", false },
                { "/dir-over-link", "/dir-over-link", "/2/dir-over-link", true },
                { "/dir-over-link/x", "/dir-over-link/x", "/2/dir-over-link", false },
                { "/bin/tool", "/usr/bin/tool", "/1/usr/bin/tool", true },
                { "/up", "/etc/high", "/2/etc/high", true },
                { "/usr/inside/low", "/etc/low", "/0/etc/low", true },
                { "/out/low", "/etc/low", "/0/etc/low", true, true },
                { "/chain", "/etc/low", "/0/etc/low", true, true },
                { "/bin/out", "/etc/low", "/0/etc/low", true, true },
                { "/no", "/no", "/2:/1:/0", false },
                { "/../etc/low", "/etc/low", "/0/etc/low", true, false }, /* not a symlink */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_walk(*state, cases[i].asked, cases[i].path, cases[i].hosts, cases[i].exists, cases[i].leaves);
}

/* overlayfs.rst: a character device 0:0 is a name that is deleted. */
static void test_whiteouts(void **state) {
        static const char *const names[] = { "1/gone", "1/gone-dir", "0/gone-below", "1/etc/low", "2/alone" };
        Stack *s = *state;
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (mknod(temp_path(path, s->dir, names[i]), S_IFCHR, makedev(0, 0)) < 0)
                        skip();
        expect_walk(s, "/gone", "/gone", "/2:/1:/0", false, false);
        expect_walk(s, "/gone-dir", "/gone-dir", "/2:/1:/0", false, false);
        expect_walk(s, "/gone-dir/x", "/gone-dir/x", "/2:/1:/0", false, false);
        expect_walk(s, "/etc/low", "/etc/low", "/2/etc:/1/etc:/0/etc", false, false);
        expect_walk(s, "/gone-below", "/gone-below", "/2/gone-below", true, false);
        expect_walk(s, "/alone", "/alone", "/2:/1:/0", false, false);
        /* Other devices are not whiteouts. */
        assert_int_equal(unlink(temp_path(path, s->dir, "1/gone")), 0);
        looks_deinit(&s->model.looks);
        if (mknod(path, S_IFCHR, makedev(1, 3)) == 0)
                expect_walk(s, "/gone", "/gone", "/1/gone", true, false);
}

/* Plans. */

static void test_layers(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX];
        const PlanMount *m;

        temp_text(f->dir, "top/srv/new", "x");
        temp_text(f->dir, "top/etc/passwd", "x");
        plan_expect_good(f, "RootDirectory=%h/root:%h/other:%h/top\nBindPaths=%h/file:/srv/new %h/file:/usr/bin/more");
        m = plan_mount_at(f, "/");
        expect_text("the highest", m->source.path, temp_path(path, f->dir, "top"));
        expect_number("below", strv_length(m->source.lower), 2);
        expect_text("next", m->source.lower[0], temp_path(path, f->dir, "other"));
        expect_text("lowest", m->source.lower[1], temp_path(path, f->dir, "root"));
        assert_true(m->attributes.read_only && plan_mount_is_directory(m));
        assert_true(plan_mount_at(f, "/srv/new")->place == PLACE_EXISTS);
        m = plan_mount_at(f, "/usr/bin");
        expect_number("made to hold more", m->kind, MOUNT_MERGE);
        expect_text("of the layers that have it", m->source.path, temp_path(path, f->dir, "other/usr/bin"));
        expect_number("all", strv_length(m->source.lower), 1);
        expect_text("all", m->source.lower[0], temp_path(path, f->dir, "root/usr/bin"));
        expect_in("as in the policy", plan_shown(f), "/root:");

        plan_expect_error(f, "RootDirectory=%h/root:%h/file", ENOTDIR, "/file is not a directory");
        plan_expect_error(f, "RootDirectory=%h/no:%h/root", ENOENT, "/no: No such file or directory");
        plan_expect_error(f, "RootDirectory=%h/root:name", ENOENT, "the name name is not bound to a path");
        /* As one of several layers, the host's root is a tree like any other. */
        plan_expect_good(f, "RootDirectory=/:%h/top");
        expect_text("lowest", plan_mount_at(f, "/")->source.lower[0], "/");
}

static void test_root_by_name(void **state) {
        PlanFixture *f = *state;
        Bindings b = {};
        char path[PATH_MAX];

        temp_dir(f->dir, "top");
        f->request.bindings = &b;
        snprintf(path, sizeof(path), "base=%.4000s/root", f->dir);
        assert_int_equal(bindings_add_argument(&b, "--bind", path, &(Report) {}), 0);
        snprintf(path, sizeof(path), "top=%.4000s/top:ro", f->dir);
        assert_int_equal(bindings_add_argument(&b, "--bind", path, &(Report) {}), 0);
        plan_expect_good(f, "RootDirectory=base:top");
        expect_text("top", plan_mount_at(f, "/")->source.path, temp_path(path, f->dir, "top"));
        expect_text("base", plan_mount_at(f, "/")->source.lower[0], temp_path(path, f->dir, "root"));
        plan_expect_good(f, "RootDirectory=base\nVolume=top:/srv");
        expect_text("base", plan_mount_at(f, "/")->source.path, temp_path(path, f->dir, "root"));
        plan_expect_error(f, "RootDirectory=base", EINVAL, "top: the policy has no Volume= or RootDirectory=");
        bindings_deinit(&b);
}

static void test_layer_twice(void **state) {
        PlanFixture *f = *state;

        plan_expect_error(f, "RootDirectory=%h/root:%h/root", EINVAL, "/root is a layer twice");
        plan_expect_error(f, "RootDirectory=%h/other:%h/root:%h/other", EINVAL, "/other is a layer twice");
}

static void test_detached_layer(void **state) {
        PlanFixture *f = *state;
        char path[PATH_MAX], argument[32];
        Bindings b = {};
        int fd;

        temp_dir(f->dir, "top");
        fd = open_tree(AT_FDCWD, temp_path(path, f->dir, "root"), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
                skip();
        f->request.bindings = &b;
        snprintf(argument, sizeof(argument), "tree=fd:%d", fd);
        assert_int_equal(bindings_add_argument(&b, "--bind", argument, &(Report) {}), 0);
        plan_expect_good(f, "RootDirectory=tree");
        assert_true(plan_mount_at(f, "/")->source.kind == SOURCE_DETACHED);
        expect_number("fd", (uint64_t) plan_mount_at(f, "/")->source.fd, (uint64_t) fd);
        plan_expect_good(f, "Volume=tree:/srv:ro");
        assert_true(plan_mount_at(f, "/srv")->source.kind == SOURCE_DETACHED);
        plan_expect_error(f, "RootDirectory=%h/top:tree", EINVAL, "a file descriptor cannot be one of several layers");
        plan_expect_error(f, "RootDirectory=tree:%h/top", EINVAL, "a file descriptor cannot be one of several layers");
        plan_expect_error(f, "Volume=tree:/srv:overlay", EINVAL, "a detached mount cannot be an overlay");
        close(fd);
        bindings_deinit(&b);
}

/* The file is not an image. The plan does not read it, so it does not notice. */
static void test_unread_image(void **state) {
        char *arguments[] = { (char *) "no-such-program", NULL }, path[PATH_MAX];
        PlanFixture *f = *state;
        const PlanMount *m;

        f->request.arguments = arguments;
        plan_expect_good(f, "RootDirectory=%h/file\nVolume=%h/data:/new/place\nVolume=%h/file:/new/place/there\nDirectory=/etc\n"
                            "File=/etc/x/y:text\nSymlink=/bin:/usr/bin\nInaccessiblePaths=/a -/b -/tmp\nFile=/a/in:text\n"
                            "WorkingDirectory=/no/such");
        m = plan_mount_at(f, "/");
        expect_text("the image", m->source.path, temp_path(path, f->dir, "file"));
        assert_true(m->source.kind == SOURCE_IMAGE && m->attributes.read_only);
        expect_in("marked", plan_shown(f), "/file, contents not read\n");
        expect_number("made, though it may be there", plan_mount_at(f, "/etc")->kind, MOUNT_DIRECTORY);
        expect_number("made", plan_mount_at(f, "/etc/x/y")->kind, MOUNT_FILE);
        expect_number("made", plan_mount_at(f, "/bin")->kind, MOUNT_SYMLINK);
        assert_true(plan_mount_at(f, "/new/place")->place == PLACE_MADE);
        assert_true(plan_mount_at(f, "/new/place/there")->place == PLACE_EXISTS); /* below a directory that is not of the image */
        expect_in("open for what is below", plan_shown(f), "/a=empty, read-only, in memory (mode=111,size=4k)\n");
        expect_in("it is made, if it is missing", plan_shown(f), "/tmp=inaccessible\n");
        expect_in("left out if missing", plan_shown(f), "/b=inaccessible, if it exists\n");
        for (size_t i = 0; i < f->plan->n_mounts; i++)
                if (f->plan->mounts[i].kind == MOUNT_MERGE || f->plan->mounts[i].merge)
                        fail_msg("%s is merged", f->plan->mounts[i].destination);
        assert_null(plan_find_mount(f->plan, "/new"));
        expect_text("as given", f->plan->executable, "no-such-program");
        expect_text("as given", f->plan->working_directory, "/no/such");

        /* Known contents are checked. */
        plan_expect_error(f, "RootDirectory=%h/file\nVolume=%h/data:/data:rw\nVolume=%h/file:/data/missing", ENOENT,
                          "/data/missing does not exist");
        plan_expect_error(f, "RootDirectory=%h/file\nVolume=%h/data:/data\nVolume=%h/root:/data", EEXIST,
                          "/data is already the destination of");
        plan_expect_error(f, "RootDirectory=%h/file\nInaccessiblePaths=/tmp/missing", ENOENT, "does not exist in the sandbox");
        plan_expect_error(f, "RootDirectory=/dev/null", ENOTDIR, "/dev/null is not a directory");
        f->request.writable_root = true;
        plan_expect_error(f, "RootDirectory=%h/file", EINVAL, "is not a single directory");
        f->request.writable_root = false;
        f->request.read_image = true;
        plan_expect_error(f, "RootDirectory=%h/file", ENOTDIR, "/file is not a directory");
        f->request.arguments = NULL;
}

static void test_nothing(void **state) {
        PlanFixture *f = *state;
        const PlanMount *m;

        plan_expect_good(f, "RootDirectory=none\nVolume=%h/data:/data\nFile=/etc/motd:hello");
        m = plan_mount_at(f, "/");
        expect_number("source", m->source.kind, SOURCE_NONE);
        assert_true(m->attributes.read_only);
        expect_number("made", plan_mount_at(f, "/etc")->kind, MOUNT_DIRECTORY);
        expect_number("bound", plan_mount_at(f, "/data")->kind, MOUNT_BIND);
        expect_number("built in", plan_mount_at(f, "/proc")->kind, MOUNT_PROC);
        expect_number("built in", plan_mount_at(f, "/tmp")->kind, MOUNT_TMPFS);
        /* Nothing of the host is bound unless the policy says so. */
        for (size_t i = 0; i < f->plan->n_mounts; i++) {
                m = &f->plan->mounts[i];
                if (m->kind == MOUNT_BIND && !startswith(m->destination, "/dev/") && !streq(m->destination, "/data"))
                        fail_msg("%s is bound", m->destination);
                if (m->kind == MOUNT_MERGE)
                        fail_msg("%s is merged", m->destination);
        }
        assert_null(plan_find_mount(f->plan, "/home"));
        plan_expect_error(f, "RootDirectory=none\nInaccessiblePaths=/etc", ENOENT, "does not exist in the sandbox");
        plan_expect_error(f, "BindLibraries=yes", EINVAL, "test.conf:1: BindLibraries=: works only with RootDirectory=none");
}

/* Counts the binds that BindLibraries= or the command made, without those of /dev. */
static size_t count_binds(const PlanFixture *f) {
        size_t n = 0;

        for (size_t i = 0; i < f->plan->n_mounts; i++)
                if (f->plan->mounts[i].kind == MOUNT_BIND && !startswith(f->plan->mounts[i].destination, "/dev/"))
                        n++;
        return n;
}

/* Each path that ldd(1) prints must be bound read-only. Returns their number. */
static size_t expect_of_ldd(PlanFixture *f, const char *command) {
        char line[1024], what[PATH_MAX];
        size_t n = 0;
        FILE *ldd;

        snprintf(what, sizeof(what), "LC_ALL=C ldd %s 2>/dev/null", command);
        ldd = popen(what, "r");
        assert_non_null(ldd);
        while (fgets(line, sizeof(line), ldd)) {
                char *path = strchr(line, '/');
                const PlanMount *m;

                if (!path)
                        continue; /* the vdso */
                path[strcspn(path, " \n")] = '\0';
                m = plan_mount_at(f, path);
                expect_number(path, m->kind, MOUNT_BIND);
                expect_number(path, m->attributes.read_only && !plan_mount_is_directory(m), true);
                n++;
        }
        pclose(ldd);
        return n;
}

static bool libelf_is_missing(void) {
        _cleanup_(elf_file_deinit) ElfFile f = {};

        return elf_file_read("/usr/bin/env", &f) == -ENOPKG;
}

static void test_libraries(void **state) {
        static const char *const commands[] = { "/usr/bin/env", "/bin/bash", "/usr/bin/python3", "/usr/bin/perl" };
        char *arguments[] = { NULL, NULL };
        PlanFixture *f = *state;

        if (libelf_is_missing())
                skip();
        f->request.arguments = arguments;
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                size_t n;

                if (access(commands[i], X_OK) < 0)
                        continue;
                arguments[0] = (char *) commands[i];
                plan_expect_good(f, "RootDirectory=none\nBindLibraries=yes");
                n = expect_of_ldd(f, commands[i]);
                assert_true(n >= 2);
                plan_mount_at(f, commands[i]);
                /* Nothing else is bound, and nothing twice. */
                expect_number(commands[i], count_binds(f), n + 1 + (access("/etc/ld.so.cache", R_OK) == 0));
        }

        plan_expect_error(f, "RootDirectory=none", ENOENT, ", which does not exist in the sandbox (BindLibraries=yes adds it");
        expect_number("status", (uint64_t) f->status, PLAN_NOT_FOUND);
        f->request.arguments = NULL;
        plan_expect_good(f, "RootDirectory=none\nBindLibraries=yes"); /* ldd prints no paths */
}

static void test_static_program(void **state) {
        char *arguments[] = { (char *) "/bin/busybox", NULL };
        PlanFixture *f = *state;

        if (libelf_is_missing() || access(arguments[0], X_OK) < 0)
                skip();
        f->request.arguments = arguments;
        plan_expect_good(f, "RootDirectory=none");
        expect_number("the program alone", count_binds(f), 1);
        plan_expect_good(f, "RootDirectory=none\nBindLibraries=yes");
        expect_number("the program alone", count_binds(f), 1 + (access("/etc/ld.so.cache", R_OK) == 0));
        f->request.arguments = NULL;
}

/* Entries of the policy stay. */
static void test_libraries_of_policy(void **state) {
        char *arguments[] = { (char *) "/usr/bin/env", NULL }, path[PATH_MAX], lines[PATH_MAX];
        _cleanup_(elf_file_deinit) ElfFile file = {};
        PlanFixture *f = *state;

        if (elf_file_read(arguments[0], &file) <= 0)
                skip();
        f->request.arguments = arguments;
        snprintf(lines, sizeof(lines), "RootDirectory=none\nBindLibraries=yes\nVolume=%%h/file:%.4000s:ro", file.interpreter);
        plan_expect_good(f, lines);
        expect_text("the policy's", plan_mount_at(f, file.interpreter)->source.path, temp_path(path, f->dir, "file"));
        f->request.arguments = NULL;
}

static void write_program(PlanFixture *f, const char *name, const char *text) {
        char path[PATH_MAX];

        temp_text(f->dir, name, text);
        assert_int_equal(chmod(temp_path(path, f->dir, name), 0755), 0);
}

static void test_scripts(void **state) {
        static const struct {
                const char *text, *bound; /* NULL: refused */
        } cases[] = {
                { "#!/usr/bin/env bash\n", "/usr/bin/env" },
                { "#! /usr/bin/env\n", "/usr/bin/env" },
                { "#!\t/usr/bin/env", "/usr/bin/env" },
                { "#!env\n", "" },
                { "#!\n", "" },
                { "#!", "" },
                { "text\n", "" },
                { "", "" },
                /* The payload may have written the script, so it must not be able to show host files. */
                { "#!/etc/passwd\n", NULL },
                { "#!/etc/no/such\n", NULL },
                { "#!/etc\n", NULL },
        };
        char path[PATH_MAX], *arguments[] = { path, NULL };
        PlanFixture *f = *state;

        if (libelf_is_missing())
                skip();
        f->request.arguments = arguments;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                write_program(f, "script", cases[i].text);
                temp_path(path, f->dir, "script");
                plan_make(f, "RootDirectory=none\nBindLibraries=yes");
                expect_number(cases[i].text, f->plan != NULL, cases[i].bound != NULL);
                if (cases[i].bound && *cases[i].bound)
                        plan_mount_at(f, cases[i].bound);
                if (!cases[i].bound)
                        expect_in(cases[i].text, log_text(&f->log), "test.conf:2: BindLibraries=: /etc");
        }
        f->request.arguments = NULL;
}

/* A program whose author made it name host files. */
/* promise P33 */
static void test_forged_program(void **state) {
        char path[PATH_MAX], *arguments[] = { path, NULL };
        _cleanup_(elf_file_deinit) ElfFile file = {};
        _cleanup_free_ char *text = NULL;
        PlanFixture *f = *state;
        char *interpreter;
        size_t size;
        FILE *in;

        if (elf_file_read("/usr/bin/env", &file) <= 0)
                skip();
        in = fopen("/usr/bin/env", "re");
        text = calloc(1, 16 * 1024 * 1024);
        assert_true(in && text);
        size = fread(text, 1, 16 * 1024 * 1024, in);
        fclose(in);
        interpreter = memmem(text, size, file.interpreter, strlen(file.interpreter) + 1);
        assert_non_null(interpreter);
        memcpy(interpreter, "/etc/passwd", sizeof("/etc/passwd"));
        temp_file(f->dir, "forged", text, size);
        assert_int_equal(chmod(temp_path(path, f->dir, "forged"), 0755), 0);
        f->request.arguments = arguments;
        plan_expect_error(f, "RootDirectory=none\nBindLibraries=yes", ENOEXEC,
                          "/forged: the interpreter it names is not a program");
        f->request.arguments = NULL;
}

static void write_directories(FILE *out, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                fprintf(out, "/no/%u:", i);
}

static void test_many_directories(void **state) {
        char *arguments[] = { (char *) "/usr/bin/env", NULL };
        PlanFixture *f = *state;
        Buffer lines;

        buffer_init(&lines);
        fputs("RootDirectory=none\nBindLibraries=yes\nEnvironment=LD_LIBRARY_PATH=", lines.f);
        write_directories(lines.f, 1001);
        f->request.arguments = arguments;
        plan_expect_error(f, buffer_text(&lines), E2BIG,
                          "BindLibraries=: /no/1000: isorun must search too many directories for libraries");
        f->request.arguments = NULL;
        buffer_deinit(&lines);
}

/* A library with nothing in it but the name of another one. */
static void write_library(PlanFixture *f, const char *name, const char *needs) {
        struct {
                ElfW(Ehdr) header;
                ElfW(Phdr) programs[2];
                ElfW(Dyn) entries[3];
                char strings[32];
        } file = {
                .header = {
                        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, [EI_VERSION] = EV_CURRENT,
                                     [EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32,
                                     [EI_DATA] = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB },
                        .e_type = ET_DYN, .e_version = EV_CURRENT, .e_ehsize = sizeof(ElfW(Ehdr)),
                        .e_phoff = offsetof(typeof(file), programs), .e_phentsize = sizeof(ElfW(Phdr)), .e_phnum = 2,
                },
                .programs = {
                        { .p_type = PT_LOAD, .p_offset = offsetof(typeof(file), strings),
                          .p_filesz = sizeof(file.strings) },
                        { .p_type = PT_DYNAMIC, .p_offset = offsetof(typeof(file), entries),
                          .p_filesz = sizeof(file.entries) },
                },
                .entries = { { .d_tag = DT_STRTAB }, { .d_tag = DT_NEEDED } },
        };

        snprintf(file.strings, sizeof(file.strings), "%s", needs);
        temp_file(f->dir, name, (const char *) &file, sizeof(file));
}

/* Each of 400 libraries is in the last of 900 directories. */
static void test_endless_search(void **state) {
        char path[PATH_MAX], *arguments[] = { path, NULL };
        PlanFixture *f = *state;
        Buffer lines;

        if (libelf_is_missing())
                skip();
        for (unsigned i = 0; i < 400; i++) {
                char name[32], next[32];

                snprintf(name, sizeof(name), "lib/%u", i);
                snprintf(next, sizeof(next), "%u", i + 1);
                write_library(f, name, next);
        }
        assert_int_equal(chmod(temp_path(path, f->dir, "lib/0"), 0755), 0);
        buffer_init(&lines);
        fputs("RootDirectory=none\nBindLibraries=yes\nEnvironment=LD_LIBRARY_PATH=", lines.f);
        write_directories(lines.f, 900);
        fprintf(lines.f, "%s/lib", f->dir);
        f->request.arguments = arguments;
        plan_expect_error(f, buffer_text(&lines), E2BIG, ": the search for its libraries takes too many steps");
        f->request.arguments = NULL;
        buffer_deinit(&lines);
}

#define OF_STACK(test) cmocka_unit_test_setup_teardown(test, stack_set_up, stack_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                OF_STACK(test_stack),
                OF_STACK(test_whiteouts),
                IN_PLAN(test_layers),
                IN_PLAN(test_root_by_name),
                IN_PLAN(test_layer_twice),
                IN_PLAN(test_detached_layer),
                IN_PLAN(test_unread_image),
                IN_PLAN(test_nothing),
                IN_PLAN(test_libraries),
                IN_PLAN(test_static_program),
                IN_PLAN(test_libraries_of_policy),
                IN_PLAN(test_scripts),
                IN_PLAN(test_forged_program),
                IN_PLAN(test_many_directories),
                IN_PLAN(test_endless_search),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
