/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BindLibraries=: binds the interpreter and the libraries that a command needs, into a root without any other files.
 * Finds them as ld.so(8) would, by reading the files, and runs nothing.
 *
 * A file can name anything. So only files are bound that the kernel or the loader would accept; otherwise a program
 * could make isorun show it other files of the caller. Files that a program loads later (plugins, modules of the name
 * service) cannot be found in this way. */
#include "plan/root/libraries.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>

#include "plan/root/place.h"
#include "util/elf-file.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* Files can name many other files and directories, and their author may want to keep isorun busy. So the effort is
 * limited. One unit is roughly a microsecond of work. */
enum {
        LIBRARIES_MAX = 1000,
        DIRECTORIES_MAX = 1000,
        CONFIGURED_MAX = 1000, /* files that ld.so.conf includes */
        EFFORT_MAX = 1000000,
        EFFORT_OF_NAME = 20, /* a search in the list of loaded files */
        EFFORT_OF_PLACE = 3,
        EFFORT_OF_FILE = 200,
};

typedef struct Libraries {
        RootBuilder *rb;
        const Setting *setting;
        char **directories; /* in which the loader looks for every library */
        char **files;       /* host paths, bound or still to be bound */
        size_t n_configured, effort;
} Libraries;

static void libraries_deinit(Libraries *l) {
        strv_free(l->directories);
        strv_free(l->files);
}

static int library_error(Libraries *l, int error, const char *file, const char *why) {
        return report_error_at(l->rb->b->report, l->setting->origin, "BindLibraries", error, "%s: %s", file, why);
}

/* Counts the effort that a file or the policy causes. Returns 0, or -E2BIG, reported. */
static int spend(Libraries *l, size_t effort, const char *file) {
        l->effort += effort;
        return l->effort > EFFORT_MAX ?
                       library_error(l, E2BIG, file, "the search for its libraries takes too many steps") : 0;
}

static int add_directory(Libraries *l, const char *directory) {
        if (strv_length(l->directories) >= DIRECTORIES_MAX)
                return library_error(l, E2BIG, directory, "isorun must search too many directories for libraries");
        return strv_push(&l->directories, directory);
}

static int add_configured(Libraries *l, const char *file, unsigned depth);

static int add_included(Libraries *l, const char *pattern, unsigned depth) {
        glob_t found = {};
        int r = 0;

        if (depth < 8 && glob(pattern, 0, NULL, &found) == 0)
                for (size_t i = 0; r >= 0 && i < found.gl_pathc; i++)
                        r = add_configured(l, found.gl_pathv[i], depth + 1);
        globfree(&found);
        return r;
}

/* ldconfig(8): each line is a directory, "include PATTERN", or a comment. */
static int add_configured(Libraries *l, const char *file, unsigned depth) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        size_t size;
        int r;

        if (++l->n_configured > CONFIGURED_MAX)
                return library_error(l, E2BIG, file, "/etc/ld.so.conf includes too many files");
        r = text_file_read(file, &text, &size);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position)) {
                const char *pattern;

                line[strcspn(line, "#")] = '\0';
                line = text_trim(line);
                pattern = startswith(line, "include ");
                if (pattern)
                        r = add_included(l, pattern + strspn(pattern, " \t"), depth);
                else if (line[0] == '/')
                        r = add_directory(l, line);
        }
        return r;
}

/* Finds the directories in the order in which the loader searches them. */
static int find_directories(Libraries *l) {
        static const char *const standard[] = { "/lib64", "/usr/lib64", "/lib", "/usr/lib" };
        const char *variable = strv_variable(l->rb->b->plan->environment, "LD_LIBRARY_PATH");
        _cleanup_free_ char *copy = strdup(variable ?: "");
        char *position = NULL;
        int r = copy ? 0 : -ENOMEM;

        for (char *d = r < 0 ? NULL : strtok_r(copy, ":", &position); d && r >= 0; d = strtok_r(NULL, ":", &position))
                r = d[0] == '/' ? add_directory(l, d) : 0;
        if (r >= 0)
                r = add_configured(l, "/etc/ld.so.conf", 0);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(standard); i++)
                r = add_directory(l, standard[i]);
        return r;
}

/* Whether the library at this path matches the file that needs it. Returns 1, 0, -ENOMEM, or -E2BIG, reported. */
static int fits(Libraries *l, const char *path, const ElfFile *needs) {
        _cleanup_(elf_file_deinit) ElfFile f = {};
        int r;

        r = spend(l, EFFORT_OF_FILE, path);
        if (r < 0)
                return r;
        r = elf_file_read(path, &f);
        if (r <= 0)
                return r == -ENOMEM ? r : 0;
        return f.class == needs->class && f.machine == needs->machine;
}

/* A directory that a file names. "$ORIGIN" means the directory of the file. */
static char *expand_origin(const char *directory, const char *file) {
        _cleanup_free_ char *parent = path_parent(file);
        const char *rest = startswith(directory, "$ORIGIN") ?: startswith(directory, "${ORIGIN}");

        if (!rest)
                return strdup(directory);
        return parent ? format("%s%s", parent, rest) : NULL;
}

/* Looks for a library in one directory. Returns 1 if it is there, 0, or -errno. */
static int look_in(Libraries *l, const char *directory, const char *name, const ElfFile *needs, char **ret) {
        _cleanup_free_ char *joined = path_join(directory, name), *path = joined ? path_simplify(joined) : NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = spend(l, EFFORT_OF_PLACE, path);
        if (r < 0 || !path_is_safe(path) || access(path, R_OK) < 0)
                return r;
        r = fits(l, path, needs);
        if (r > 0)
                *ret = TAKE_PTR(path);
        return r;
}

static int find_library(Libraries *l, const char *name, const char *file, const ElfFile *needs, char **ret) {
        int r = 0;

        if (strchr(name, '/')) {
                r = name[0] == '/' ? fits(l, name, needs) : 0;
                if (r <= 0)
                        return r;
                *ret = strdup(name);
                return *ret ? 1 : -ENOMEM;
        }
        for (char **d = needs->search; r == 0 && d && *d; d++) {
                _cleanup_free_ char *directory = expand_origin(*d, file);

                r = directory ? look_in(l, directory, name, needs, ret) : -ENOMEM;
        }
        for (char **d = l->directories; r == 0 && *d; d++)
                r = look_in(l, *d, name, needs, ret);
        return r;
}

/* Whether a library of this name is already loaded; the loader does not load a second one. */
static bool is_loaded(const Libraries *l, const char *name) {
        for (char **f = l->files; *f; f++)
                if (streq(path_name(*f), name))
                        return true;
        return false;
}

/* Notes that a file is needed inside, at this path. */
static int need(Libraries *l, const char *path) {
        if (strv_contains(l->files, path))
                return 0;
        if (strv_length(l->files) >= LIBRARIES_MAX)
                return library_error(l, E2BIG, path, "the command needs too many libraries");
        return strv_push(&l->files, path);
}

/* The interpreter in the first line of a script: execve(2), "Interpreter scripts". */
static int need_script(Libraries *l, const char *file) {
        _cleanup_close_ int fd = file_open_regular(file);
        char line[256] = "", *interpreter;
        ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

        if (n < 2 || line[0] != '#' || line[1] != '!')
                return 0;
        interpreter = line + 2 + strspn(line + 2, " \t");
        interpreter[strcspn(interpreter, " \t\n")] = '\0';
        if (interpreter[0] != '/')
                return 0;
        if (access(interpreter, X_OK) < 0)
                return library_error(l, errno, interpreter, strerror(errno));
        return need(l, interpreter);
}

static int need_interpreter(Libraries *l, const char *file, const ElfFile *f) {
        int r;

        if (access(f->interpreter, R_OK) < 0)
                return library_error(l, errno, f->interpreter, strerror(errno));
        r = fits(l, f->interpreter, f);
        if (r < 0)
                return r;
        if (r == 0)
                return library_error(l, ENOEXEC, file, "the interpreter it names is not a program");
        return need(l, f->interpreter);
}

/* Notes the files that one file needs. */
static int need_of(Libraries *l, const char *file) {
        _cleanup_(elf_file_deinit) ElfFile f = {};
        int r;

        r = elf_file_read(file, &f);
        /* The payload may have written the command's file. A file that this one names must therefore be a library or an
         * interpreter, as the name in it says. */
        if (r == 0)
                return streq(file, l->files[0]) ? need_script(l, file)
                                                : library_error(l, ENOEXEC, file, "neither a library nor a program");
        if (r == -ENOPKG)
                return report_error_at(l->rb->b->report, l->setting->origin, "BindLibraries", ENOPKG,
                                       "%s: isorun needs libelf to find its libraries%s", file, library_advice());
        if (r < 0)
                return r == -ENOMEM ? r : library_error(l, -r, file, strerror(-r));

        r = f.interpreter ? need_interpreter(l, file, &f) : 0;
        for (char **name = f.needed; r >= 0 && name && *name; name++) {
                _cleanup_free_ char *path = NULL;

                r = spend(l, EFFORT_OF_NAME, file);
                if (r < 0 || is_loaded(l, *name))
                        continue;
                r = find_library(l, *name, file, &f, &path);
                if (r == 0)
                        r = report_error_at(l->rb->b->report, l->setting->origin, "BindLibraries", ENOENT,
                                            "%s needs %s, which was not found", file, *name);
                if (r > 0)
                        r = need(l, path);
        }
        return r;
}

/* Binds a host file, unless its path already exists inside. */
static int bind_file(Libraries *l, const char *path) {
        _cleanup_(spot_deinit) Spot spot = {};
        PlanMount m;
        char *real;
        int r;

        r = root_model_walk(&l->rb->model, path, &spot);
        if (r < 0 || spot.exists)
                return r < 0 && r != -ENOMEM ? library_error(l, -r, path, strerror(-r)) : r;
        real = realpath(path, NULL);
        if (!real)
                return library_error(l, errno, path, strerror(errno));
        m = plan_bind(path, plan_source_file(real), (MountAttributes) { .read_only = true });
        return root_builder_place(l->rb, mount_of_setting(D_BindLibraries, l->setting, m));
}

static int bind_libraries(Libraries *l, const char *executable) {
        int r;

        r = find_directories(l);
        if (r >= 0)
                r = need(l, executable);
        for (size_t i = 0; r >= 0 && i < strv_length(l->files); i++)
                r = need_of(l, l->files[i]);
        /* The first file is the command, which already has a place. */
        for (size_t i = 1; r >= 0 && i < strv_length(l->files); i++)
                r = bind_file(l, l->files[i]);
        if (r >= 0 && access("/etc/ld.so.cache", R_OK) >= 0)
                r = bind_file(l, "/etc/ld.so.cache");
        return r;
}

/* Without its interpreter, execve(2) fails with "not found", and the user would not know which file is missing. */
static int check_interpreter(RootBuilder *rb, const char *host_path) {
        _cleanup_(elf_file_deinit) ElfFile f = {};
        _cleanup_(spot_deinit) Spot spot = {};

        if (elf_file_read(host_path, &f) <= 0 || !f.interpreter)
                return 0;
        if (root_model_walk(&rb->model, f.interpreter, &spot) < 0 || spot.exists)
                return 0;
        rb->b->status = PLAN_NOT_FOUND;
        return report_error(rb->b->report, ENOENT,
                            "%s needs %s, which does not exist in the sandbox (BindLibraries=yes adds it and the "
                            "libraries)",
                            rb->b->plan->executable, f.interpreter);
}

int build_libraries(RootBuilder *rb) {
        const Setting *s = policy_get(rb->b->policy, D_BindLibraries);
        _cleanup_(libraries_deinit) Libraries l = { .rb = rb, .setting = s };
        const char *executable = rb->b->plan->executable;
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        if (s->value.number && !rb->bare_root)
                return build_error(rb->b, s, D_BindLibraries, EINVAL, "works only with RootDirectory=none");
        if (!rb->bare_root || !executable)
                return 0;
        r = root_model_walk(&rb->model, executable, &spot);
        if (r < 0 || !spot.hosts)
                return r == -ENOMEM ? r : 0;
        return s->value.number ? bind_libraries(&l, spot.hosts[0]) : check_interpreter(rb, spot.hosts[0]);
}
