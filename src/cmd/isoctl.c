/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl: verbs on running instances, policies and trees. */
#include <errno.h>
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/options.h"
#include "cmd/terminal-output.h"
#include "cmd/verb.h"

static const Verb verbs[] = {
        { "list", verb_list, "list [--json] [--no-legend] [-q|--quiet] [NAME...]", "the running instances",
          "Those that are nested in another are indented; what is told of them is that one's word.\n"
          "-q prints names alone.", VERB_PAGER },
        { "status", verb_status, "status NAME...", "what an instance is, uses and may do", NULL, VERB_PAGER },
        { "top", verb_top, "top [-d|--delay SECONDS] [NAME...]", "the same as list, live",
          "q ends it. Where standard output is no terminal, the table is printed once.", 0 },
        { "stop", verb_stop, "stop [--no-block] NAME...", "stop instances, as systemctl stop does",
          "Waits until they are stopped, or with --no-block only until systemd is about to.", 0 },
        { "kill", verb_kill, "kill [-s|--signal SIGNAL] [--kill-whom all|main] NAME...", "send a signal, as systemctl kill does",
          "SIGNAL: SIGTERM where none is named. It goes to all processes, or to main, the one that is a service's\n"
          "main process. isorun hands on to the payload what it is sent itself.", 0 },
        { "freeze", verb_freeze, "freeze NAME...", "halt all processes of instances", NULL, 0 },
        { "thaw", verb_freeze, "thaw NAME...", "let them go on", NULL, 0 },
        { "set-property", verb_set_property, "set-property NAME LIMIT=VALUE...", "change limits while it runs",
          "The limits of a policy's [Scope] section, written as there; for as long as the instance runs. They\n"
          "are read back from the kernel: what it does not hold is an error. A list, such as\n"
          "IPAddressDeny=, adds to what is there.", 0 },
        { "wait", verb_wait, "wait NAME...", "wait until instances are gone",
          "The exit status is 0 then, however they ended.", 0 },
        { "logs", verb_logs, "logs [-f|--follow] [-n|--lines LINES] NAME... [-- OPTION...]", "what instances wrote to the journal",
          "Runs journalctl for their units (as journalctl --unit= and --user-unit=), with -f, -n and whatever\n"
          "OPTION of journalctl's is given. The unit of one that has ended is found by the same name.", 0 },
        { "enter", verb_enter, "enter NAME [COMMAND...]", "run a command (or a shell) inside an instance", NULL,
          VERB_COMMAND },
        { "grant", verb_grant, "grant NAME SRC:DEST[:ro|rw]", "put a directory on a place of GrantPaths=", NULL, 0 },
        { "revoke", verb_revoke, "revoke NAME DEST [--kill]", "take it off again", NULL, 0 },
        { "build", verb_build, "build --root DIR -- COMMAND...", "run a command that may write to a tree", NULL,
          VERB_COMMAND, build_options },
        { "policies", verb_policies, "policies [--json] [--no-legend] [PATTERN...]", "the policies that are found",
          "With where they are. One that another of its name comes before is marked.", VERB_PAGER },
        { "cat", verb_cat, "cat NAME|POLICY...", "the files of a policy",
          "Each behind a line with its path, in the order in which they are read: of two lines the later\n"
          "holds. Of an instance, the files of its policy as they are now; what its command line added, and\n"
          "what was made of it all, shows isoctl status.", VERB_PAGER },
        { "check", verb_check, "check POLICY...", "whether policies are right and can be held here", NULL, 0 },
        { "explain", verb_explain, "explain [--json] POLICY [-- COMMAND...]", "what a start would do, and why", NULL,
          VERB_COMMAND },
        { "export", verb_export, "export --unit POLICY [--name NAME] [-- COMMAND...]", "a policy as a systemd service",
          "Writes a service with as much of the policy as systemd can enforce itself, and says, in comments and\n"
          "as notices, what it cannot. --user: a service for a user's manager.", VERB_COMMAND },
        { "import", verb_import, "import UNIT|FILE", "a policy from a service's hardening lines",
          "UNIT is looked up where systemd does, with its drop-ins. What is left out of the policy is said in\n"
          "comments and as notices. --user: units of a user's manager.", 0 },
        {},
};

static void print_common(void) {
        putchar('\n');
        options_print(isoctl_options, stdout);
        printf("\n"
               "NAME is that of an instance or its unit, or what is enough of its beginning, or a pattern\n"
               "('web*'). What stops, signals or changes instances takes a pattern for those of the system's\n"
               "manager as root, else of the user's own. POLICY is a name or a file, as with isorun --policy.\n");
}

static int help(void) {
        printf("isoctl VERB [ARGUMENT...]\n\n");
        for (const Verb *v = verbs; v->name; v++)
                printf("  %-60s  %s\n", v->synopsis, v->help);
        print_common();
        return 0;
}

static int verb_help(const Verb *verb) {
        printf("isoctl %s\n\n%s\n", verb->synopsis, verb->help);
        if (verb->details)
                printf("\n%s\n", verb->details);
        print_common();
        return 0;
}

static int run(const Verb *verb, int argc, char *argv[], Report *report) {
        int status;

        if (options_take(&argc, argv, verb->flags & VERB_COMMAND))
                return verb_help(verb);
        if (arg_pager && verb->flags & VERB_PAGER)
                pager_open();
        status = verb->run(argc, argv, report);
        pager_close();
        return status;
}

int main(int argc, char *argv[]) {
        Report report = { .sink = print_report };

        /* Which shows what other words would mean. */
        if (argc > 1 && streq(argv[1], "_complete"))
                return verb_complete(verbs, argc - 1, argv + 1);
        if (options_take(&argc, argv, true))
                return help();
        if (argc < 2) {
                report_error(&report, EINVAL, "no verb; see isoctl --help");
                return PLAN_FAILED;
        }
        if (streq(argv[1], "--version")) {
                puts("isoctl " ISORUN_VERSION);
                return 0;
        }
        for (const Verb *v = verbs; v->name; v++)
                if (streq(v->name, argv[1]))
                        return run(v, argc - 1, argv + 1, &report);
        report_error(&report, EINVAL, "no such verb: \"%s\"; see isoctl --help", argv[1]);
        return PLAN_FAILED;
}
