/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl cat NAME|POLICY...: prints the files of a policy, each after a line with its path. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/instance/find.h"
#include "cmd/instance/instance.h"
#include "cmd/instance/policy.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "policy/policy-load.h"
#include "util/escape.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"

typedef struct Printing {
        const Instance *instance; /* NULL: none */
        Report *report;
        bool any; /* a file has been printed */
} Printing;

/* Escapes control characters: for root, the text may be from another user. */
static void print_line(const char *line, size_t n) {
        while (n > 0) {
                size_t plain = n;
                const char *tab = memchr(line, '\t', n);
                _cleanup_free_ char *text = NULL;

                if (tab)
                        plain = (size_t) (tab - line);
                text = strndup(line, plain);
                escape_write(stdout, text ?: "");
                if (tab)
                        putchar('\t');
                line += plain + !!tab;
                n -= plain + !!tab;
        }
        putchar('\n');
}

static void print_text(const char *text, size_t size) {
        const char *end = text + size;

        if (!output_is_terminal()) {
                fwrite(text, 1, size, stdout);
                if (size > 0 && end[-1] != '\n')
                        putchar('\n');
                return;
        }
        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                size_t n = (size_t) ((newline ?: end) - text);

                print_line(text, n);
                text += n + !!newline;
        }
}

static bool is_newer(const char *file, const Instance *i) {
        struct stat st;

        return i->started_usec && stat(file, &st) >= 0 &&
               (uint64_t) st.st_mtim.tv_sec * 1000000 + (uint64_t) st.st_mtim.tv_nsec / 1000 > i->started_usec;
}

static int print_file(void *userdata, const char *file, const char *text, size_t size) {
        Printing *p = userdata;

        if (p->any)
                putchar('\n');
        p->any = true;
        printf("%s# ", colour(COLOUR_CYAN));
        escape_write(stdout, file);
        printf("%s\n", colour(NULL));
        print_text(text, size);
        if (p->instance && is_newer(file, p->instance))
                report_notice(p->report, "%s has changed since %s was started", file, p->instance->name);
        return 0;
}

/* The search path of the instance's owner. */
static char **find_search_path(const Instance *i) {
        struct passwd *pw;

        if (!i || !i->of_user || i->uid == geteuid())
                return policy_search_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"), geteuid());
        pw = getpwuid(i->uid);
        return policy_search_path(NULL, pw ? pw->pw_dir : NULL, i->uid);
}

static int cat_instance(const Instance *i, Printing *p) {
        _cleanup_strv_free_ char **search_path = find_search_path(i);
        _cleanup_free_ char *policy = NULL;

        if (!search_path)
                return report_oom(p->report);
        policy = instance_policy(i, p->report);
        p->instance = i;
        return policy ? policy_visit(policy, search_path, print_file, p, p->report) : -ENOENT;
}

static int look(_unused_ void *userdata, _unused_ const char *file, _unused_ const char *text, _unused_ size_t size) {
        return 0;
}

static const Instance *find_exact(const InstanceList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++)
                if (!list->items[i].nested && instance_matches(&list->items[i], name))
                        return &list->items[i];
        return NULL;
}

static bool begins_any(const InstanceList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++)
                if (startswith(list->items[i].name, name))
                        return true;
        return false;
}

/* Prints the instances of that name or pattern, or else the policy, or else the instance whose name begins with the
 * text. */
static int cat(const InstanceList *list, char *name, Printing *p) {
        _cleanup_(selection_deinit) Selection selection = {};
        _cleanup_strv_free_ char **search_path = find_search_path(NULL);
        Report silent = {};
        int result;

        if (!search_path)
                return report_oom(p->report);
        p->instance = NULL;
        if (!find_exact(list, name)) {
                result = policy_visit(name, search_path, look, NULL, &silent);
                if (result != -ENOENT || policy_spec_is_path(name))
                        return policy_visit(name, search_path, print_file, p, p->report);
                if (!instance_is_pattern(name) && !strchr(name, '/') && !begins_any(list, name))
                        return report_error(p->report, ENOENT, "no such policy or instance: \"%s\"; see isoctl "
                                                               "policies and isoctl list", name);
        }
        result = instances_select(&selection, list, (char *[]) { name, NULL }, false, p->report);
        for (size_t i = 0; i < selection.n; i++)
                if (cat_instance(selection.items[i], p) < 0)
                        result = -EINVAL;
        return result;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        Printing p = { .report = report };
        Report silent = {};
        int status = 0;

        (void) instances_find(&list, &silent); /* policies can be printed even if there is no cgroup tree */
        for (char **name = line->arguments; *name; name++)
                if (cat(&list, *name, &p) < 0)
                        status = PLAN_FAILED;
        return flush_output(report) < 0 ? PLAN_FAILED : status;
}

static const Argument arguments[] = {
        { "NAME|POLICY", ARGUMENT_INSTANCE | ARGUMENT_POLICY | ARGUMENT_REPEATED },
        {},
};

const Verb verb_cat = {
        .name = "cat",
        .help = "print the files of a policy",
        .details = "Prints the path of each file, then its text, in the order in which isorun reads them: a later\n"
                   "line wins. For an instance, prints the files of its policy as they are now. isoctl status shows\n"
                   "what its command line added, and the plan that it was started with.",
        .arguments = arguments,
        .pager = true,
        .run = run,
};
