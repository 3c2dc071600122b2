/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl new [--base POLICY] NAME: makes a policy to start from. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/start/policy-file.h"
#include "cmd/verb/verb.h"
#include "lib/load.h"
#include "policy/policy-load.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* The directives that people need first, by section. */
static const DirectiveId suggested[] = {
        D_ExecStart,
        D_MemoryMax, D_TasksMax, D_CPUQuota, D_RuntimeMaxSec,
        D_BindPaths, D_BindReadOnlyPaths, D_TemporaryFileSystem, D_InaccessiblePaths, D_PrivateNetwork,
        D_RestrictAddressFamilies, D_User, D_Environment, D_CapabilityBoundingSet, D_SystemCallFilter,
};

static void write_section(FILE *f, Section section) {
        for (size_t i = 0; i < ELEMENTSOF(suggested); i++) {
                const Directive *d = &directive_table[suggested[i]];

                if (d->section == section)
                        fprintf(f, "\n# %s\n#%s=%s\n", d->help, d->name, d->example);
        }
}

/* Returns the text of the new policy, on the heap. */
static char *compose(const char *name, const char *base) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        fprintf(text.f, "# isorun --policy %s COMMAND uses this policy. isorun.policy(5) describes all directives.\n"
                        "# isoctl check %s tests it, and isoctl explain %s shows what it does.\n"
                        "[Policy]\n"
                        "Description=%s\n"
                        "# The lines of this policy come first, and those below change them.\n"
                        "Base=%s\n",
                name, name, name, name, base);
        for (Section section = 0; section < _SECTION_MAX; section++) {
                if (section != SECTION_POLICY)
                        fprintf(text.f, "\n[%s]", section_names[section]);
                write_section(text.f, section);
        }
        return text_finish(&text);
}

/* Writes the path of the policy's file to *ret, or NULL if there is no such policy. */
static int find_policy(const char *name, char **ret, Report *report) {
        const char *home = getenv("HOME");
        _cleanup_strv_free_ char **search_path = policy_search_path(getenv("XDG_CONFIG_HOME"), home, geteuid());

        if (!search_path)
                return report_oom(report);
        for (char **d = search_path; *d; d++) {
                _cleanup_free_ char *file = format("%s/%s.conf", *d, name);

                if (!file)
                        return report_oom(report);
                if (access(file, F_OK) == 0) {
                        *ret = TAKE_PTR(file);
                        return 0;
                }
        }
        return 0;
}

static int check_name(const char *name, Report *report) {
        _cleanup_free_ char *file = NULL;
        int r;

        if (!name_is_valid(name))
                return report_error(report, EINVAL, "new: a name can contain only letters, digits, \":\", \"_\", \".\" "
                                                    "and \"-\": \"%s\"", name);
        r = find_policy(name, &file, report);
        if (r < 0)
                return r;
        if (file || streq(name, "default"))
                return report_error(report, EEXIST, "the policy %s already exists%s%s; isoctl edit %s changes it", name,
                                    file ? ": " : "", file ?: "", name);
        return 0;
}

/* A base that is given as a relative path would start at the directory of the new file. */
static char *find_base(const char *base) {
        return policy_spec_is_path(base) ? realpath(base, NULL) ?: strdup(base) : strdup(base);
}

static int make(const char *name, const char *base, Report *report) {
        _cleanup_free_ char *directory = NULL, *text = NULL, *file = NULL, *target = NULL, *found = find_base(base);
        int r;

        r = check_name(name, report);
        if (r >= 0)
                r = policy_file_directory(&directory, report);
        if (r < 0)
                return r;
        text = found ? compose(name, found) : NULL;
        target = format("%s/%s.conf", directory, name);
        if (!text || !target)
                return report_oom(report);
        r = policy_file_make_directory(directory, report);
        if (r >= 0)
                r = policy_file_write(directory, text, target, &file, report);
        if (r < 0)
                return r;
        r = policy_file_check(file, NULL, report) ? policy_file_move(file, target, true, report) : -EINVAL;
        if (r < 0) {
                (void) unlink(file);
                return r;
        }
        puts(target);
        return flush_output(report);
}

static int run(const CommandLine *line, Report *report) {
        return make(line->arguments[0], command_line_get(line, ARG_BASE) ?: "default", report) < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { ARG_BASE, "base", "the policy that the new one changes (default: \"default\")",
          { "POLICY", ARGUMENT_POLICY } },
        {},
};
static const Argument arguments[] = { { "NAME" }, {} };

const Verb verb_new = {
        .name = "new",
        .help = "make a policy to start from",
        .details = "Makes a policy with comments in /etc/isorun/policies, or for a user in ~/.config/isorun/policies,\n"
                   "and prints its path.",
        .options = options,
        .arguments = arguments,
        .run = run,
};
