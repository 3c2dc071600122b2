/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl: verbs for running instances, policies and root directories. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/show/terminal-output.h"
#include "cmd/start/other-root.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/similar.h"
#include "util/strv.h"
#include "util/text.h"

/* In the order of --help. */
static const Verb *const verbs[] = {
        &verb_list, &verb_status, &verb_verify, &verb_flows, &verb_top, &verb_stop, &verb_kill, &verb_freeze,
        &verb_thaw, &verb_analyze, &verb_set_property, &verb_wait, &verb_logs, &verb_enter, &verb_grant, &verb_revoke,
        &verb_build, &verb_policies, &verb_cat, &verb_new, &verb_edit, &verb_check, &verb_diff, &verb_meet,
        &verb_doctor, &verb_explain, &verb_why, &verb_inspect, &verb_embed, &verb_export, &verb_import, &verb_image,
        NULL,
};

static const Argument arguments[] = { { "VERB", ARGUMENT_COMMAND }, {} };
static const Syntax syntax = { .name = "isoctl", .common = isoctl_options, .arguments = arguments };

static void print_common(void) {
        putchar('\n');
        options_print(isoctl_options, stdout);
}

static void print_name_help(void) {
        puts("\n"
             "NAME is an instance, its unit, a unique prefix, or a pattern ('web*'). If the verb stops, signals or\n"
             "changes instances, a pattern matches only your own instances. For root, it matches only instances of\n"
             "the system's service manager. For the instances of another user, write USER/NAME.");
}

static void print_policy_help(void) {
        puts("\n"
             "POLICY is a name or a file, as with isorun --policy.");
}

static bool takes(const Verb *verb, unsigned kind) {
        for (const Argument *a = verb->arguments; a && a->name; a++)
                if (a->flags & kind)
                        return true;
        for (const Option *o = verb->options; o && o->name; o++)
                if (o->argument.flags & kind)
                        return true;
        return false;
}

static int print_verb(const Verb *verb, Report *report) {
        _cleanup_text_ Text text = {};
        const Syntax s = verb_syntax(verb);

        if (text_open(&text) < 0)
                return report_oom(report);
        syntax_print(&s, text.f);
        printf("  %-60s  %s\n", text_so_far(&text) ?: verb->name, verb->help);
        return 0;
}

static int help(Report *report) {
        int r = 0;

        printf("isoctl VERB [ARGUMENT...]\n\n");
        for (const Verb *const *v = verbs; r >= 0 && *v; v++)
                r = print_verb(*v, report);
        print_common();
        print_name_help();
        print_policy_help();
        return r < 0 || flush_output(report) < 0 ? PLAN_FAILED : 0;
}

static int verb_help(const Verb *verb, Report *report) {
        const Syntax s = verb_syntax(verb);

        printf("isoctl ");
        syntax_print(&s, stdout);
        printf("\n\n%s\n", verb->help);
        if (verb->details)
                printf("\n%s\n", verb->details);
        if (verb->options) {
                putchar('\n');
                options_print(verb->options, stdout);
        }
        print_common();
        if (takes(verb, ARGUMENT_INSTANCE))
                print_name_help();
        if (takes(verb, ARGUMENT_POLICY))
                print_policy_help();
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

static int version(Report *report) {
        puts("isoctl " ISORUN_VERSION);
        return flush_output(report) < 0 ? PLAN_FAILED : 0;
}

typedef struct VerbCall {
        const Verb *verb;
        const CommandLine *line;
} VerbCall;

/* An OtherRun. */
static int run_there(const void *userdata, Report *report) {
        const VerbCall *call = userdata;

        return call->verb->run(call->line, report);
}

static int run_verb(const Verb *verb, const CommandLine *line, Report *report) {
        const char *root = command_line_get(line, ARG_OTHER_ROOT);
        const VerbCall call = { verb, line };

        if (!root && !command_line_has(line, ARG_OFFLINE))
                return verb->run(line, report);
        return other_root_run(root, strv_contains(line->arguments, "-"), run_there, &call, report);
}

static int run(const Verb *verb, int argc, char *argv[], Report *report) {
        _cleanup_(command_line_deinit) CommandLine line = {};
        const Syntax s = verb_syntax(verb);
        int status;

        if (command_line_parse(&line, &s, argc, argv, report) < 0)
                return PLAN_FAILED;
        options_take(&line);
        if (command_line_has(&line, 'h'))
                return verb_help(verb, report);
        if (command_line_has(&line, ARG_VERSION))
                return version(report);
        if (command_line_check(&line, &s, report) < 0)
                return PLAN_FAILED;
        if (arg_pager && verb->pager)
                pager_open();
        status = run_verb(verb, &line, report);
        pager_close();
        return status;
}

static int no_such_verb(const char *word, Report *report) {
        Similar similar = { .word = word };

        for (const Verb *const *v = verbs; *v; v++)
                similar_try(&similar, (*v)->name);
        if (similar.found)
                report_error(report, EINVAL, "no such verb: \"%s\" (did you mean %s?)", word, similar.found);
        else
                report_error(report, EINVAL, "no such verb: \"%s\"; see isoctl --help", word);
        return PLAN_FAILED;
}

static int find_and_run(char *argv[], Report *report) {
        int argc = 0;

        if (!*argv) {
                report_error(report, EINVAL, "no verb; see isoctl --help");
                return PLAN_FAILED;
        }
        while (argv[argc])
                argc++;
        for (const Verb *const *v = verbs; *v; v++)
                if (streq((*v)->name, *argv))
                        return run(*v, argc, argv, report);
        return no_such_verb(*argv, report);
}

int main(int argc, char *argv[]) {
        _cleanup_(command_line_deinit) CommandLine line = {};
        Report report = { .sink = print_report };

        /* In the locale C, libsmartcols escapes all that is not ASCII. */
        (void) setlocale(LC_CTYPE, "C.UTF-8");
        keep_output_error();
        /* Before the options, because the following words are those of another command line. */
        if (argc > 1 && streq(argv[1], "_complete"))
                return verb_complete(verbs, argc - 1, argv + 1);
        if (command_line_parse(&line, &syntax, argc, argv, &report) < 0)
                return PLAN_FAILED;
        options_take(&line);
        if (command_line_has(&line, 'h'))
                return help(&report);
        return command_line_has(&line, ARG_VERSION) ? version(&report) : find_and_run(line.rest, &report);
}
