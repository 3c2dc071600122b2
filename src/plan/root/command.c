/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the command and the working directory inside. */
#include "plan/root/command.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "plan/hint.h"
#include "plan/root/place.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"

static int command_error(Builder *b, int status, int error, const char *command, const char *why) {
        b->status = status;
        return report_error(b->report, error, "%s: %s", command, why);
}

/* error: as from look_inside(). A reader of the plan gets the rest of it, without an executable. */
static int cannot_execute(Builder *b, int error, const char *command) {
        const char *why = error == ENOENT    ? "command not found"
                          : error == EPERM   ? "the policy makes its place noexec (ExecPaths= allows it)"
                          : error == ENOEXEC ? "its file system is mounted noexec"
                                             : strerror(error);

        if (!b->request->explain)
                return command_error(b, error == ENOENT ? PLAN_NOT_FOUND : PLAN_CANNOT_EXECUTE, error, command, why);
        report_notice(b->report, "%s: " BUILD_REFUSED_HERE "%s", command, why);
        return 0;
}

/* Whether a host file can be executed: 0, or the errno of execve(2), but ENOEXEC on a mount with noexec. */
static int check_executable(const char *host) {
        struct statvfs fs;
        struct stat st;

        if (stat(host, &st) < 0)
                return errno;
        if (!S_ISREG(st.st_mode))
                return EACCES;
        if (access(host, X_OK) >= 0)
                return 0;
        return errno == EACCES && statvfs(host, &fs) >= 0 && (fs.f_flag & ST_NOEXEC) ? ENOEXEC : errno;
}

/* Whether the directory of a file that does not exist inside is a directory of the host: then the host has no such file
 * either. */
static bool is_missing_on_host(const Spot *spot) {
        const char *name = strrchr(spot->path, '/');

        return !spot->exists && spot->nearest_hosts && streq(spot->nearest_hosts[0], spot->nearest) &&
               (size_t) (name - spot->path) == (spot->nearest[1] ? strlen(spot->nearest) : 0);
}

/* Whether a path can be executed inside: 0, or an errno. EPERM: the place is noexec. */
static int look_inside(RootBuilder *rb, const char *path) {
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        r = root_model_walk(&rb->model, path, &spot);
        if (r < 0)
                return -r;
        if (!spot.exists || !spot.hosts) {
                rb->passed_hidden = rb->passed_hidden || !is_missing_on_host(&spot);
                return ENOENT;
        }
        return spot.cover->attributes.no_exec ? EPERM : check_executable(spot.hosts[0]);
}

/* Binds a single host file that the sandbox hides, so that `isorun ./server` works in a home directory. */
static int bind_hidden(RootBuilder *rb, const char *path) {
        char *real = realpath(path, NULL), **executable = &rb->b->plan->executable;
        PlanMount m = plan_bind(path_is_safe(path) ? path : real, plan_source_file(real),
                                (MountAttributes) { .read_only = true });

        free(*executable);
        *executable = m.destination ? strdup(m.destination) : NULL;
        if (!real || !*executable) {
                plan_mount_deinit(&m);
                return -ENOMEM;
        }
        if (!rb->bare_root)
                report_notice(rb->b->report,
                              "%s is not visible in the sandbox; only this file is added, read-only (%s its "
                              "directory)", path, rb->b->plan->typed ? "-v DIR shows" : "BindReadOnlyPaths= can show");
        return root_builder_place(rb, mount_because_of((Origin) { .file = "command line" }, m));
}

/* Whether the host has this absolute path, and the sandbox does not: 1 or 0, or -ENOMEM. */
static int is_hidden(RootBuilder *rb, const char *path) {
        _cleanup_(spot_deinit) Spot spot = {};
        struct stat st;
        int r;

        if (lstat(path, &st) < 0)
                return 0;
        r = root_model_walk(&rb->model, path, &spot);
        return r == -ENOMEM ? r : r >= 0 && !spot.exists && !spot.unread;
}

static int find_by_path(RootBuilder *rb, const char *command) {
        const char *cwd = rb->b->host->working_directory;
        _cleanup_free_ char *joined = NULL, *path = NULL;
        int error, host_error;

        if (command[0] != '/' && !cwd)
                return command_error(rb->b, PLAN_NOT_FOUND, ENOENT, command, "the working directory no longer exists");
        joined = command[0] == '/' ? strdup(command) : path_join(cwd, command);
        path = joined ? path_simplify(joined) : NULL;
        if (!path)
                return -ENOMEM;

        error = look_inside(rb, path);
        if (error == ENOENT && (rb->host_root || rb->bare_root)) {
                host_error = check_executable(path);
                if (host_error == 0)
                        return bind_hidden(rb, path);
                if (host_error != ENOENT)
                        error = host_error;
        }
        if (error)
                return cannot_execute(rb->b, error, command);

        rb->b->plan->executable = TAKE_PTR(path);
        return 0;
}

/* Calls test for name in each directory of PATH until it returns 0. Returns 1 with the path, 0, or -ENOMEM. With 0,
 * *ret_error is set if an existing file cannot be executed. */
static int search(RootBuilder *rb, const char *name, int (*test)(RootBuilder *rb, const char *path), char **ret,
                  int *ret_error) {
        _cleanup_free_ char *dirs = strdup(strv_variable(rb->b->plan->environment, "PATH") ?: "");
        char *position = NULL;

        if (!dirs)
                return -ENOMEM;

        for (char *d = strtok_r(dirs, ":", &position); d; d = strtok_r(NULL, ":", &position)) {
                char *path;
                int error;

                if (d[0] != '/')
                        continue;
                path = path_join(d, name);
                error = path ? test(rb, path) : ENOMEM;
                if (error == 0) {
                        *ret = path;
                        return 1;
                }
                if (error != ENOENT && error != ENOTDIR)
                        *ret_error = error;
                free(path);
                if (error == ENOMEM)
                        return -ENOMEM;
        }
        return 0;
}

static int look_outside(RootBuilder *rb, const char *path) {
        return rb->host_root || rb->bare_root ? check_executable(path) : ENOENT;
}

/* Looks inside first, then in PATH of the host, for a file that is hidden inside, such as one in ~/bin. */
static int find_by_name(RootBuilder *rb, const char *name) {
        _cleanup_free_ char *path = NULL;
        int error = ENOENT, r;

        r = search(rb, name, look_inside, &path, &error);
        if (r > 0) {
                rb->b->plan->executable = TAKE_PTR(path);
                return 0;
        }
        if (r == 0 && error != EPERM)
                r = search(rb, name, look_outside, &path, &error);
        if (r > 0)
                return bind_hidden(rb, path);
        if (r < 0)
                return r;
        return cannot_execute(rb->b, error, name);
}

/* Binds the caller's own program at its path, also where the path is visible: so it is the same file that is
 * executed. */
static int bind_program(RootBuilder *rb) {
        const PlanRequest *request = rb->b->request;
        const PlanSource source = { .kind = SOURCE_FD, .path = strdup(request->program), .fd = request->program_fd };
        PlanMount m = plan_bind(request->program, source, (MountAttributes) { .read_only = true });

        rb->b->plan->executable = strdup(request->program);
        if (!rb->b->plan->executable) {
                plan_mount_deinit(&m);
                return -ENOMEM;
        }
        return root_builder_place(rb, mount_because_of((Origin) { .file = "this program" }, m));
}

int build_command(RootBuilder *rb) {
        const Setting *start = policy_get(rb->b->policy, D_ExecStart);
        char *const *arguments = rb->b->request->arguments;
        Plan *plan = rb->b->plan;

        if (!arguments || !*arguments) {
                arguments = start ? start->value.words : NULL;
                plan->command_origin = start ? start->origin : (Origin) {};
        }
        if (!arguments)
                return rb->b->request->need_command
                               ? report_error(rb->b->report, EINVAL,
                                              "no command given, and the policy has no ExecStart=; see isorun --help")
                               : 0;

        plan->arguments = strv_copy(arguments);
        if (!plan->arguments)
                return -ENOMEM;
        if (rb->b->request->program)
                return bind_program(rb);
        if (!*plan->arguments[0])
                return command_error(rb->b, PLAN_NOT_FOUND, ENOENT, "\"\"", "command not found");
        if (root_model_find(&rb->model, "/")->source.kind == SOURCE_IMAGE) {
                plan->executable = strdup(plan->arguments[0]);
                return plan->executable ? 0 : -ENOMEM;
        }
        return strchr(plan->arguments[0], '/') ? find_by_path(rb, plan->arguments[0])
                                               : find_by_name(rb, plan->arguments[0]);
}

int build_program(RootBuilder *rb) {
        const PlanRequest *request = rb->b->request;
        _cleanup_(spot_deinit) Spot spot = {};
        struct stat st;
        int r;

        if (!request->program_inode || !rb->b->plan->executable)
                return 0;
        r = root_model_walk(&rb->model, rb->b->plan->executable, &spot);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && spot.hosts && stat(spot.hosts[0], &st) >= 0 && st.st_dev == request->program_device &&
            st.st_ino == request->program_inode)
                return 0;
        return report_error(rb->b->report, ESTALE, "%s in the sandbox is not the program %s, which carries this "
                                                   "policy%s",
                            rb->b->plan->executable, request->policy,
                            rb->b->plan->typed ? " (--policy NAME uses another policy)" : "");
}

/* The programs of a script's first line ("#!/usr/bin/env node"). Only a guess for a message comes of it, so errors do
 * not matter. */
static const CodeMaker *find_in_script(const char *host) {
        _cleanup_close_ int fd = file_open_regular(host);
        char line[256];
        ssize_t n = fd < 0 ? -1 : pread(fd, line, sizeof(line) - 1, 0);

        line[n < 0 ? 0 : n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        return startswith(line, "#!") ? code_maker_find(line + 2) : NULL;
}

/* Looks for a program that makes code in the executable itself, and, in the words of a command of a shell, for one that
 * a signal ends: that is seldom anything else. */
int build_code_maker(RootBuilder *rb) {
        _cleanup_(spot_deinit) Spot spot = {};
        Plan *plan = rb->b->plan;
        int r;

        if (!plan->executable || !policy_is_true(rb->b->policy, D_MemoryDenyWriteExecute))
                return 0;
        r = root_model_walk(&rb->model, plan->executable, &spot);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        plan->code_maker = code_maker_find(plan->executable);
        if (!plan->code_maker && spot.hosts)
                plan->code_maker = code_maker_find(spot.hosts[0]) ?: find_in_script(spot.hosts[0]);
        for (char *const *a = plan->arguments; !plan->code_maker && *a; a++) {
                const CodeMaker *found = code_maker_find(*a);

                plan->code_maker = found && !found->status ? found : NULL;
        }
        return 0;
}

/* Whether a volume shows the directory at its own place, as --here does. Whoever asks for that wants the command to run
 * there, and not in "/", where "make clean" or "ls" means something else. */
static bool is_shown_in_place(const RootBuilder *rb, const char *directory) {
        for (size_t i = 0; i < rb->model.n_mounts; i++) {
                const PlanMount *m = rb->model.mounts[i];

                if (is_policy_volume(m) && plan_source_has_path(&m->source) &&
                    streq(m->source.path, m->destination) && path_is_at_or_below(directory, m->destination))
                        return true;
        }
        return false;
}

int build_working_directory(RootBuilder *rb) {
        const Setting *s = policy_get(rb->b->policy, D_WorkingDirectory);
        const char *wanted = rb->b->host->working_directory ?: "/", *why = NULL;
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        if (s)
                wanted = s->value.number == WORKING_DIRECTORY_HOME ? strv_variable(rb->b->plan->environment, "HOME")
                                                                   : s->value.text;
        if (!wanted)
                return build_error(rb->b, s, D_WorkingDirectory, EINVAL, "~ needs the variable HOME, which is not set");

        r = root_model_walk(&rb->model, wanted, &spot);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                why = strerror(-r);
        else if (!spot.exists)
                why = strerror(ENOENT);
        else if (!spot.directory)
                why = strerror(ENOTDIR);

        if (why && s && !s->value.optional)
                return build_error(rb->b, s, D_WorkingDirectory, ENOENT, "cannot use %s in the sandbox: %s",
                                   wanted, why);
        rb->b->plan->working_directory = strdup(why ? "/" : wanted);
        rb->b->plan->working_directory_optional = s ? s->value.optional : why || !is_shown_in_place(rb, wanted);
        return rb->b->plan->working_directory ? 0 : -ENOMEM;
}

/* The caller's shell would run another file than the sandbox does, one that is hidden, such as a version of node in the
 * home directory. */
static int note_other_command(RootBuilder *rb) {
        _cleanup_free_ char *outside = NULL;
        const char *inside = rb->b->plan->executable, *name = rb->b->plan->arguments[0];
        int error, r;

        if (!inside || strchr(name, '/') || !rb->passed_hidden)
                return 0;

        r = search(rb, name, look_outside, &outside, &error);
        if (r <= 0 || streq(outside, inside))
                return r < 0 ? r : 0;
        r = is_hidden(rb, outside);
        if (r > 0)
                report_notice(rb->b->report, "%s is not visible in the sandbox; %s is executed instead", outside,
                              inside);
        return r < 0 ? r : 0;
}

/* A user expects a command to see the files that its arguments name. Says the first one that is hidden. Returns 1 if
 * there is one, 0, or -ENOMEM. */
static int note_hidden_argument(RootBuilder *rb) {
        const char *cwd = rb->b->host->working_directory;

        for (char *const *a = rb->b->plan->arguments; a && *a && a[1]; a++) {
                _cleanup_free_ char *joined = NULL, *path = NULL, *hint = NULL;
                const char *word = a[1];
                int r;

                if (!*word || *word == '-' || (*word != '/' && !cwd))
                        continue;
                joined = *word == '/' ? strdup(word) : path_join(cwd, word);
                path = joined ? path_simplify(joined) : NULL;
                r = path ? is_hidden(rb, path) : -ENOMEM;
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                hint = plan_show_hint(rb->b->plan, path);
                if (!hint)
                        return -ENOMEM;
                report_notice(rb->b->report, "%s is not visible in the sandbox (%s%s)", path, hint,
                              rb->b->plan->typed && cwd && path_is_below(path, cwd) ? ", --here the working directory"
                                                                                    : "");
                return 1;
        }
        return 0;
}

/* A variable of the caller can name a file, such as the certificates of a proxy. In /run are sockets, which a notice
 * should not recommend to show. */
static bool is_named_by_variable(const char *path) {
        struct stat st;

        return path[0] == '/' && !path_is_at_or_below(path, "/run") && stat(path, &st) >= 0 &&
               (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* Says the first file that a variable of PassEnvironment= names and that is hidden. */
static int note_hidden_variable(RootBuilder *rb) {
        const SettingList *pass = build_list(rb->b, D_PassEnvironment);

        for (size_t i = 0; i < pass->n; i++) {
                const char *name = pass->items[i].value.text, *value = strv_variable(rb->b->plan->environment, name);
                _cleanup_free_ char *hint = NULL;
                int r;

                if (!value || !is_named_by_variable(value))
                        continue;
                r = is_hidden(rb, value);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                hint = plan_show_hint(rb->b->plan, value);
                if (!hint)
                        return -ENOMEM;
                report_notice(rb->b->report, "%s names %s, which is not visible in the sandbox (%s)", name, value,
                              hint);
                return 0;
        }
        return 0;
}

/* Whether a volume shows the directory, or a part of it, at another place: then the caller knows that it is hidden. */
static bool is_shown_elsewhere(const RootBuilder *rb, const char *directory) {
        for (size_t i = 0; i < rb->model.n_mounts; i++) {
                const PlanMount *m = rb->model.mounts[i];

                if (is_policy_volume(m) && plan_source_has_path(&m->source) &&
                    (streq(m->source.path, directory) || path_is_below(m->source.path, directory)))
                        return true;
        }
        return false;
}

/* The command starts in / because the working directory is hidden. */
static int note_hidden_directory(RootBuilder *rb) {
        const char *cwd = rb->b->host->working_directory;
        int r;

        r = cwd && !policy_get(rb->b->policy, D_WorkingDirectory) && !is_shown_elsewhere(rb, cwd) ? is_hidden(rb, cwd)
                                                                                                   : 0;
        if (r > 0)
                report_notice(rb->b->report, "the working directory is not visible in the sandbox; the command starts "
                              "in / (%s %s)", rb->b->plan->typed ? "--here shows" : "BindPaths= can show", cwd);
        return r < 0 ? r : 0;
}

/* Programs that do nothing without ptrace(2), and do not know why it fails. */
static void note_denied_tracing(RootBuilder *rb) {
        static const char *const tracers[] = { "gdb",    "gdbserver", "lldb",   "lldb-server",
                                               "ltrace", "rr",        "strace", NULL };
        const char *name = path_name(rb->b->plan->arguments[0]);

        if (strv_contains((char *const *) tracers, name) && !plan_allows_call(rb->b->plan, "ptrace"))
                report_notice(rb->b->report, "%s traces processes, which the policy denies (%sSystemCallFilter=ptrace "
                              "allows it, for processes inside)", name, plan_option(rb->b->plan));
}

int build_hints(RootBuilder *rb) {
        int r;

        if (rb->b->plan->arguments)
                note_denied_tracing(rb);
        if (!rb->host_root || !rb->b->plan->arguments)
                return 0;
        r = note_other_command(rb);
        if (r >= 0)
                r = note_hidden_variable(rb);
        if (r >= 0)
                r = note_hidden_argument(rb);
        return r == 0 ? note_hidden_directory(rb) : r < 0 ? r : 0;
}
