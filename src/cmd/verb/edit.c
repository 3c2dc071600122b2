/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl edit [--full] [--force] POLICY|NAME: changes a policy with an editor. The result is checked before it is
 * used. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cmd/instance/find.h"
#include "cmd/instance/policy.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/start/policy-file.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "policy/policy-load.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

typedef struct Edit {
        char *spec;
        bool full;
        char *advice;  /* how a running instance gets the new policy; NULL: no instance was named */
        char *target;  /* the file that is replaced */
        char *place;   /* its directory; that of the policies, for a drop-in */
        char *scratch; /* for a drop-in: a directory beside the policies, which stands for theirs */
        char *work;    /* the file that the editor changes */
        char *before;  /* its text at the beginning */
} Edit;

static void edit_deinit(Edit *e) {
        free(e->spec);
        free(e->advice);
        free(e->target);
        free(e->place);
        free(e->scratch);
        free(e->work);
        free(e->before);
}

typedef struct Visit {
        FILE *f;
        char *first;     /* the text of the policy's own file, for a copy */
        const char *name;
} Visit;

/* Copies a file of the policy as comments. */
static int visit(void *userdata, const char *file, const char *text, size_t size) {
        Visit *v = userdata;
        const char *name = path_name(file);
        size_t n = strlen(v->name);

        fprintf(v->f, "\n# %s\n# ", file);
        for (size_t i = 0; i < size; i++) {
                fputc(text[i], v->f);
                if (text[i] == '\n' && i + 1 < size)
                        fputs("# ", v->f);
        }
        if (!v->first && strncmp(name, v->name, n) == 0 && startswith(name + n, ".conf")) {
                v->first = strndup(text, size);
                if (!v->first)
                        return -ENOMEM;
        }
        return 0;
}

/* Finds the text to begin with: a copy of the policy, or a drop-in with only comments. Reports an error if there is no
 * such policy. */
static int compose(Edit *e, const char *name, char *const *search_path, Report *report) {
        _cleanup_text_ Text text = {};
        Visit v = { .name = name };
        int r;

        if (text_open(&text) < 0)
                return report_oom(report);
        v.f = text.f;
        fprintf(text.f, "# Lines here come after those of the policy %s, which are:\n", name);
        r = policy_visit(name, search_path, visit, &v, report);
        if (r >= 0)
                e->before = e->full ? TAKE_PTR(v.first) : text_finish(&text);
        free(v.first);
        return r < 0 ? r : e->before ? 0 : report_oom(report);
}

static int read_target(Edit *e, Report *report) {
        int r = text_file_read(e->target, &e->before, NULL);

        return r < 0 ? report_error(report, -r, "cannot read %s: %s", e->target, text_file_strerror(-r)) : 0;
}

/* A policy by name: its file in the caller's own directory, or else a drop-in there. */
static int find_named(Edit *e, Report *report) {
        const char *home = getenv("HOME");
        _cleanup_strv_free_ char **search_path = policy_search_path(getenv("XDG_CONFIG_HOME"), home, geteuid());
        _cleanup_free_ char *own = NULL, *name = policy_spec_name(e->spec), *file = NULL;
        int r;

        if (!search_path || !name)
                return report_oom(report);
        r = policy_file_directory(&own, report);
        if (r < 0)
                return r;
        e->place = TAKE_PTR(own);
        file = format("%s/%s.conf", e->place, name);
        if (!file)
                return report_oom(report);
        if (access(file, F_OK) == 0)
                e->full = true;
        /* A user's drop-in must not hide one of the administrator's that has the same name. */
        e->target = e->full ? TAKE_PTR(file)
                            : format("%s/%s.conf.d/%s.conf", e->place, name, geteuid() == 0 ? "override" : "user");
        if (!e->target)
                return report_oom(report);
        return access(e->target, F_OK) == 0 ? read_target(e, report) : compose(e, name, search_path, report);
}

/* The owner of a directory can put another file in the place of the one that is edited. */
static int refuse_foreign_directory(const char *directory, Report *report) {
        struct stat st;

        if (stat(directory, &st) < 0)
                return report_error(report, errno, "%s: %s", directory, strerror(errno));
        if (st.st_uid == 0 || st.st_uid == geteuid())
                return 0;
        return report_error(report, EPERM, "%s belongs to another user (uid %u): edit its policies as that user",
                            directory, st.st_uid);
}

static int find_file(Edit *e, Report *report) {
        int r;

        e->full = true;
        e->target = realpath(e->spec, NULL);
        if (!e->target)
                return report_error(report, errno, "cannot read the policy %s: %s", e->spec, strerror(errno));
        e->place = path_parent(e->target);
        if (!e->place)
                return report_oom(report);
        r = refuse_foreign_directory(e->place, report);
        return r < 0 ? r : read_target(e, report);
}

/* Makes the file for the editor beside its place: a relative Base= means the same there, and the next edit finds it if
 * this one is killed. */
static int begin(Edit *e, Report *report) {
        _cleanup_free_ char *parent = path_parent(e->target), *directory = NULL, *made = NULL;
        int r;

        if (!parent)
                return report_oom(report);
        r = policy_file_make_directory(e->place, report);
        if (r < 0)
                return r;
        policy_file_say_left(e->place, report);
        if (e->full)
                return policy_file_write(e->place, e->before, NULL, &e->work, report);
        r = policy_file_make_scratch(e->place, &e->scratch, report);
        if (r < 0)
                return r;
        directory = path_join(e->scratch, path_name(parent));
        e->work = directory ? path_join(directory, path_name(e->target)) : NULL;
        if (!e->work)
                return report_oom(report);
        r = policy_file_make_directory(directory, report);
        if (r >= 0)
                r = policy_file_write(directory, e->before, NULL, &made, report);
        return r < 0 ? r : policy_file_move(made, e->work, true, report);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int flag, _unused_ struct FTW *ftw) {
        return remove(path);
}

static void discard(Edit *e) {
        if (e->scratch)
                (void) nftw(e->scratch, remove_one, 4, FTW_DEPTH | FTW_PHYS);
        else
                (void) unlink(e->work);
}

/* Does not return: execvp(3) replaces the process. */
_Noreturn static void run_editor(const char *file) {
        static const char *const variables[] = { "SYSTEMD_EDITOR", "EDITOR", "VISUAL" },
                                *const programs[] = { "editor", "nano", "vim", "vi" };

        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                _cleanup_strv_free_ char **words = NULL;
                const char *command = getenv(variables[i]);

                if (!command || !*command || word_split(command, &words) < 0 || !words || strv_push(&words, file) < 0)
                        continue;
                execvp(words[0], words);
                _exit(127);
        }
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                execlp(programs[i], programs[i], file, NULL);
        _exit(127);
}

static void set_key_signals(const struct sigaction *interrupt, const struct sigaction *quit) {
        (void) sigaction(SIGINT, interrupt, NULL);
        (void) sigaction(SIGQUIT, quit, NULL);
}

/* The terminal sends the signals of ^C and ^\ to the editor and to isoctl. They are for the editor alone, as for
 * system(3): ed(1) and vi(1) go on. Returns the status of waitpid(2), or -errno. */
static int wait_for_editor(const char *file) {
        const struct sigaction ignore = { .sa_handler = SIG_IGN };
        struct sigaction interrupt, quit;
        int status = 0, r = 0;
        pid_t pid;

        (void) sigaction(SIGINT, &ignore, &interrupt);
        (void) sigaction(SIGQUIT, &ignore, &quit);
        pid = fork();
        if (pid == 0) {
                set_key_signals(&interrupt, &quit);
                run_editor(file);
        }
        if (pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
                r = -errno;
        set_key_signals(&interrupt, &quit);
        return r < 0 ? r : status;
}

/* Lets the user edit the file. *ret is its new text. */
static int let_edit(const char *file, char **ret, Report *report) {
        int status = wait_for_editor(file), r;

        if (status < 0)
                return report_error(report, -status, "cannot run the editor: %s", strerror(-status));
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return report_error(report, ECANCELED, "the editor failed (EDITOR chooses another)");
        r = text_file_read(file, ret, NULL);
        return r < 0 ? report_error(report, -r, "cannot read %s: %s", file, text_file_strerror(-r)) : 0;
}

static bool check(const Edit *e, Report *report) {
        _cleanup_free_ char *name = policy_spec_name(e->spec);

        return e->full ? policy_file_check(e->work, NULL, report) : name && policy_file_check(name, e->scratch, report);
}

static bool wants_again(void) {
        int c;

        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return false;
        fputs("Edit it again? [Y/n] ", stderr);
        c = getchar();
        for (int rest = c; rest != '\n' && rest != EOF;)
                rest = getchar();
        return c == '\n' || c == 'y' || c == 'Y';
}

/* Replaces the file by the text that has been checked. */
static int install(const Edit *e, const char *text, Report *report) {
        _cleanup_free_ char *parent = path_parent(e->target), *file = NULL;
        int r;

        if (!parent)
                return report_oom(report);
        r = policy_file_make_directory(parent, report);
        if (r >= 0)
                r = policy_file_write(parent, text, e->target, &file, report);
        if (r >= 0)
                r = policy_file_move(file, e->target, false, report);
        if (r < 0 && file)
                (void) unlink(file);
        return r;
}

/* Edits until the text is good. Returns 1 if the file is replaced, 0 if nothing has changed, or -errno, reported. */
static int work(Edit *e, bool force, Report *report) {
        for (;;) {
                _cleanup_free_ char *text = NULL;
                int r = let_edit(e->work, &text, report);

                if (r < 0)
                        return r;
                if (streq(text, e->before) || !text[strspn(text, " \t\r\n")])
                        return 0;
                if (check(e, report) || force) {
                        r = install(e, text, report);
                        return r < 0 ? r : 1;
                }
                if (!wants_again())
                        return report_error(report, EINVAL, "%s is unchanged (--force replaces it anyway)", e->target);
        }
}

static bool is_unchanged(const Edit *e) {
        _cleanup_free_ char *text = NULL;

        return text_file_read(e->work, &text, NULL) >= 0 && streq(text, e->before);
}

/* systemd restarts a service of a unit file. It cannot start again what isorun has made a unit of. */
static char *advise(const Instance *i) {
        const char *name = i->name;

        if (i->unit && endswith(i->unit, ".service") && !startswith(i->unit, "isorun-"))
                return format("%s keeps its plan until systemctl%s restart %s", name, i->of_user ? " --user" : "",
                              i->unit);
        return format("%s keeps its plan until you end it (isoctl stop %s) and start its command again", name, name);
}

static int take_policy_of(Edit *e, const Instance *i, Report *report) {
        _cleanup_free_ char *policy = NULL;

        if (!instance_is_own(i))
                return report_error(report, EPERM, "%s is not an instance of yours: edit its policy as the user who "
                                    "started it", i->name);
        policy = instance_policy(i, report);
        if (!policy)
                return -ENOENT;
        if (streq(policy, "default"))
                return report_error(report, ENOENT,
                                    "%s was started with the default policy, which is not a file: isoctl edit default "
                                    "changes the default of all starts", i->name);
        e->advice = advise(i);
        if (!e->advice)
                return report_oom(report);
        free(e->spec);
        e->spec = TAKE_PTR(policy);
        return 0;
}

/* If the word is no policy, but an instance, takes the policy of the instance. */
static int find_policy(Edit *e, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        const Instance *i;
        Report silent = {};
        int r;

        r = policy_file_exists(e->spec, report);
        if (r != 0)
                return r < 0 ? r : 0;
        if (instances_find(&list, &silent) < 0 || !instances_has(&list, e->spec))
                return 0; /* the error is that of a policy */
        i = instances_pick(&list, e->spec, report);
        return i ? take_policy_of(e, i, report) : -ENOENT;
}

static int edit(Edit *e, bool force, Report *report) {
        int r = find_policy(e, report);

        if (r >= 0)
                r = policy_spec_is_path(e->spec) ? find_file(e, report) : find_named(e, report);
        if (r >= 0)
                r = begin(e, report);
        if (r < 0)
                return r;
        r = work(e, force, report);
        if (r >= 0 || is_unchanged(e))
                discard(e);
        else
                report_notice(report, "your text is in %s", e->work);
        if (r < 0)
                return r;
        if (r == 0)
                report_notice(report, "%s is unchanged", e->target);
        else
                puts(e->target);
        if (r > 0 && e->advice)
                report_notice(report, "%s", e->advice);
        return flush_output(report);
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(edit_deinit) Edit e = { .spec = strdup(line->arguments[0]),
                                          .full = command_line_has(line, ARG_FULL) };

        if (!e.spec) {
                report_oom(report);
                return PLAN_FAILED;
        }
        return edit(&e, command_line_has(line, ARG_FORCE), report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_FULL, "full", "edit a copy of the whole policy, not a drop-in" },
        { ARG_FORCE, "force", "use the text even if the check fails" },
        {},
};
static const Argument arguments[] = { { "POLICY|NAME", ARGUMENT_POLICY | ARGUMENT_INSTANCE }, {} };

const Verb verb_edit = {
        .name = "edit",
        .help = "change a policy with an editor",
        .details = "Runs $EDITOR on the policy's file, if it is yours or given as a path. For another policy, it\n"
                   "edits a drop-in in your directory of policies. The text is used only if isoctl check accepts it.\n"
                   "If not, the file stays as it is, and isoctl says where your text is. If isoctl edit is killed,\n"
                   "your text is left in a file that no start reads, and the next isoctl edit there says where.\n"
                   "\n"
                   "NAME is a running instance: isoctl edits the policy that it was started with. The instance keeps\n"
                   "its plan until it is started again.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
