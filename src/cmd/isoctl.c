/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl: verbs on running instances, policies and trees. */
#include <errno.h>
#include <stdio.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"

static const Verb verbs[] = {
        { "list", verb_list, "list [--json] [--no-legend] [-q|--quiet] [NAME...]", "list running instances",
          "An instance that is nested in another is indented; the data about it comes from that other one and\n"
          "may be false. -q prints only names, and no nested instances.", VERB_PAGER },
        { "status", verb_status, "status NAME...", "show what an instance uses and may do", NULL, VERB_PAGER },
        { "top", verb_top, "top [-d|--delay SECONDS] [NAME...]", "show the same as list, updated live",
          "Press q to quit. If standard output is not a terminal, the table is printed once.", 0 },
        { "stop", verb_stop, "stop [--no-block] NAME...", "stop instances, as systemctl stop does",
          "Waits until the instances have stopped. With --no-block, waits only until systemd has accepted the\n"
          "request.", 0 },
        { "kill", verb_kill, "kill [-s|--signal SIGNAL] [--kill-whom all|main] NAME...", "send a signal, as systemctl kill does",
          "SIGNAL is SIGTERM by default. all sends it to all processes, main only to the main process of a\n"
          "service. isorun passes a signal that it gets itself on to the command.", 0 },
        { "freeze", verb_freeze, "freeze NAME...", "suspend all processes of instances", NULL, 0 },
        { "thaw", verb_freeze, "thaw NAME...", "resume frozen instances", NULL, 0 },
        { "set-property", verb_set_property, "set-property NAME LIMIT=VALUE...", "change limits of a running instance",
          "LIMIT is a limit of a policy's [Scope] section, and VALUE is written as there. The change lasts as\n"
          "long as the instance runs. isoctl reads the limit back from the kernel, and reports an error if the\n"
          "kernel does not enforce it. A list, such as IPAddressDeny=, is added to the present one.", 0 },
        { "wait", verb_wait, "wait NAME...", "wait until instances have ended",
          "Returns 0 however the instances ended.", 0 },
        { "logs", verb_logs, "logs [-f|--follow] [-n|--lines LINES] NAME... [-- OPTION...]", "show what instances wrote to the journal",
          "Runs journalctl for the units of the instances (journalctl --unit= and --user-unit=), with -f, -n and\n"
          "each OPTION. An OPTION is an option of journalctl. NAME may be an instance that has ended.", 0 },
        { "enter", verb_enter, "enter NAME [COMMAND...]", "run a command (or a shell) in an instance", NULL,
          VERB_COMMAND },
        { "grant", verb_grant, "grant NAME SRC:DEST[:ro|rw]", "add a directory in a place of GrantPaths=", NULL, 0 },
        { "revoke", verb_revoke, "revoke NAME DEST [--kill]", "remove a granted directory", NULL, 0 },
        { "build", verb_build, "build --root DIR -- COMMAND...", "run a command that can write to its root", NULL,
          VERB_COMMAND, build_options },
        { "policies", verb_policies, "policies [--json] [--no-legend] [PATTERN...]", "list policies and where they are",
          "\"(shadowed by FILE)\" marks a policy that isorun does not use: FILE has the same name and comes first.", VERB_PAGER },
        { "cat", verb_cat, "cat NAME|POLICY...", "print the files of a policy",
          "Prints the path of each file, then its text, in the order in which isorun reads them: a later line\n"
          "wins. For an instance, prints the files of its policy as they are now. isoctl status shows what its\n"
          "command line added, and the plan that it was started with.", VERB_PAGER },
        { "check", verb_check, "check POLICY...", "test whether policies are valid and work here", NULL, 0 },
        { "explain", verb_explain, "explain [--json] POLICY [-- COMMAND...]", "show what a start would do, and why", NULL,
          VERB_COMMAND },
        { "export", verb_export, "export --unit POLICY [--name NAME] [-- COMMAND...]", "convert a policy to a systemd service",
          "Prints a service with the parts of the policy that systemd can enforce by itself. Comments and\n"
          "notices list the other parts. --user: a service for a user's service manager.", VERB_COMMAND },
        { "import", verb_import, "import UNIT|FILE", "convert a service's hardening lines to a policy",
          "isoctl asks the service manager for the files of UNIT. Comments and notices list the lines that are\n"
          "left out of the policy. --user: units of a user's service manager.", 0 },
        {},
};

static void print_common(void) {
        putchar('\n');
        options_print(isoctl_options, stdout);
        printf("\n"
               "NAME is an instance, its unit, a unique prefix, or a pattern ('web*'). For verbs that stop, signal\n"
               "or change instances, a pattern means the instances of the system's service manager if you are\n"
               "root, else your own. POLICY is a name or a file, as with isorun --policy.\n");
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
