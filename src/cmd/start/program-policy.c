/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/program-policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "plan/payload/environment.h"
#include "policy/own-policy.h"
#include "policy/policy-load.h"
#include "sandbox/outside/around.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"

void program_policy_deinit(ProgramPolicy *p) {
        free(p->administrator);
        free(p->spec);
        *p = (ProgramPolicy) {};
}

/* Returns an O_PATH fd of an executable file, or -errno. */
static int open_program(const char *path) {
        _cleanup_close_ int place = open(path, O_PATH | O_CLOEXEC);
        struct stat st;

        if (place < 0 || fstat(place, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EACCES;
        return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : TAKE_FD(place);
}

/* Returns the fd, with the path in *ret, or -errno. */
static int search_program(const char *name, char **ret) {
        _cleanup_free_ char *dirs = strdup(getenv("PATH") ?: ENVIRONMENT_PATH);
        char *position = NULL;

        if (!dirs)
                return -ENOMEM;
        for (char *d = strtok_r(dirs, ":", &position); d; d = strtok_r(NULL, ":", &position)) {
                _cleanup_free_ char *path = *d == '/' ? path_join(d, name) : strdup("");
                int fd = !path ? -ENOMEM : *path ? open_program(path) : -ENOENT;

                if (fd >= 0)
                        *ret = TAKE_PTR(path);
                if (fd >= 0 || fd == -ENOMEM)
                        return fd;
        }
        return -ENOENT;
}

static bool is_roots_alone(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Returns 0 or -errno. */
static int find_real(int program, char **ret) {
        char link[32];

        snprintf(link, sizeof(link), "/proc/self/fd/%d", program);
        return link_read(AT_FDCWD, link, ret);
}

/* Whether the program is in a directory that only packages and administrators write to. The payload of root's sandbox
 * can make files that belong to root, but not there. */
static bool is_installed(int program) {
        static const char *const tops[] = { "/usr", "/opt", "/nix/store", "/gnu/store" };
        _cleanup_free_ char *real = NULL;
        bool found = false;

        if (find_real(program, &real) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(tops); i++)
                found = found || path_is_below(real, tops[i]);
        while (found && !streq(real, "/")) {
                char *parent = path_parent(real);

                found = parent && is_roots_alone(real);
                free(real);
                real = parent;
                if (!parent)
                        return false;
        }
        return found && is_roots_alone("/");
}

/* Looks whether the program has a policy. Returns 1, 0, or -errno, reported. */
static int look(int program, const char *path, Report *report) {
        _cleanup_close_ int fd = endswith(path, ".conf") ? -1 : fd_open_regular(program);
        _cleanup_(notes_deinit) Notes notes = {};
        int r = fd < 0 ? -ENODATA : own_policy_read(fd, path, &notes, report);

        if (r == -EBADMSG || r == -EPERM)
                report_notice(report, "--policy NAME -p Program=ignore starts %s without its own policy", path);
        return r == -ENODATA ? 0 : r < 0 ? r : 1;
}

/* Looks for the administrator's policy, for the programs whose own policy counts. Returns 0 or -errno, reported. */
static int find_administrators(int program, ProgramUse use, char **ret, Report *report) {
        _cleanup_free_ char *real = NULL;
        int r;

        r = find_real(program, &real);
        if (r < 0)
                return report_error(report, -r, "cannot find the path of the program: %s", strerror(-r));
        r = effective_find(real, ret, report);
        if (r < 0 || !*ret || use != PROGRAM_USE_INSTALLED || is_installed(program))
                return r;
        free(TAKE_PTR(*ret));
        return 0;
}

/* Finds the command's own policy. Returns 0 or -errno, reported. */
static int find_own(int program, const char *command, const char *path, ProgramUse use, ProgramPolicy *ret,
                    Report *report) {
        struct stat st;
        int r;

        r = look(program, path, report);
        if (r == 0 && use == PROGRAM_USE_OWN)
                return report_error(report, ENODATA, "--own: %s carries no policy", command);
        if (r <= 0)
                return r;
        if (use == PROGRAM_USE_INSTALLED && !is_installed(program))
                return report_error(report, EPERM,
                                    "%s carries its own policy, which may allow more than the default policy: --own "
                                    "uses it; with --policy default, it can only narrow the default policy", path);
        if (fstat(program, &st) < 0)
                return report_error(report, errno, "cannot read %s: %s", path, strerror(errno));
        ret->spec = strdup(path);
        ret->device = st.st_dev;
        ret->inode = st.st_ino;
        return ret->spec ? 0 : report_oom(report);
}

static int find(const char *command, ProgramUse use, ProgramPolicy *ret, Report *report) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int program = -1;
        int r = 0;

        if (strchr(command, '/')) {
                path = strdup(command);
                program = path ? open_program(path) : -ENOMEM;
        } else
                program = search_program(command, &path);
        if (program == -ENOMEM)
                return report_oom(report);
        if (program < 0) /* without --own, the plan says so */
                return use == PROGRAM_USE_OWN
                               ? report_error(report, -program, "--own: %s: %s", command, strerror(-program))
                               : 0;
        if (use != PROGRAM_USE_NARROW)
                r = find_administrators(program, use, &ret->administrator, report);
        return r < 0 || ret->administrator ? r : find_own(program, command, path, use, ret, report);
}

typedef struct Finding {
        const char *command;
        ProgramUse use;
        ProgramPolicy found;
} Finding;

/* A Look. */
static void look_at_program(void *userdata, Report *silent) {
        Finding *f = userdata;

        (void) find(f->command, f->use, &f->found, silent);
        program_policy_deinit(&f->found);
}

int program_policy_find(Rehearsal *rehearsal, const char *command, ProgramUse use, ProgramPolicy *ret,
                        Report *report) {
        Finding finding = { .command = command, .use = use };
        int r = rehearse(rehearsal, look_at_program, &finding, report);

        return r < 0 ? r : find(command, use, ret, report);
}

int program_policy_load(Loaded *l, const ProgramPolicy *p, const char *spec, const char *name, char *const *arguments,
                        Report *report) {
        int r;

        if (!p->administrator)
                return loaded_init(l, spec, name, arguments, report);
        r = l->probe ? 0 : around_check_filter(report);
        return r < 0 ? r : loaded_init_administrator(l, p->administrator, name, arguments, report);
}

int program_policy_narrow(Loaded *l, const char *command, ProgramUse use, const EffectiveOverrides *overrides,
                          ProgramPolicy *p, Report *report) {
        const Setting *own = policy_get(l->policy, D_ExecStart);
        ProgramPolicy found = {};
        Policy *program;
        int r;

        if (!command && own)
                command = own->value.words[0];
        if (!command || effective_ignores_program(l->policy) ||
            (use != PROGRAM_USE_OWN && effective_has_root(l->policy)))
                return 0;
        r = program_policy_find(&l->rehearsal, command, PROGRAM_USE_NARROW, &found, report);
        if (r < 0 || !found.spec)
                return r;
        free(p->spec);
        p->spec = found.spec;
        p->device = found.device;
        p->inode = found.inode;
        program = policy_new(&l->policy->specifiers);
        r = program ? policy_load(program, p->spec, l->search_path, report) : report_oom(report);
        if (r >= 0)
                return effective_narrow(l, program, overrides, report);
        policy_free(program);
        return r;
}

/* Whether the policy is a program, and without a command it is to be started itself. */
static bool is_command(const char *spec, char *const *arguments) {
        return !arguments && strchr(spec, '/') && !endswith(spec, ".conf");
}

int program_policy_read(Loaded *l, ProgramPolicy *program, const char *spec, char *const *arguments, Report *report) {
        const char *command = arguments ? arguments[0] : NULL;
        int r = 0;

        if (is_command(spec, arguments)) {
                command = spec;
                r = program_policy_find(&l->rehearsal, spec, PROGRAM_USE_NAMED, program, report);
        }
        if (r < 0)
                return r;
        r = program_policy_load(l, program, spec, NULL, arguments, report);
        if (r >= 0 && (program->administrator || !is_command(spec, arguments)))
                r = program_policy_narrow(l, command, PROGRAM_USE_NARROW, NULL, program, report);
        return r;
}
