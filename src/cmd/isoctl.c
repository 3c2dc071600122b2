/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl: verbs on running instances, policies and trees. */
#include <errno.h>
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/verb.h"

static const Verb verbs[] = {
        { "list", verb_list, "list [--json] [--no-legend] [-q]", "the running instances" },
        { "status", verb_status, "status INSTANCE...", "what an instance is, uses and may do" },
        { "enter", verb_enter, "enter INSTANCE [COMMAND...]", "run a command (or a shell) inside an instance" },
        { "grant", verb_grant, "grant INSTANCE SRC:DEST[:ro|rw]", "put a directory on a place of GrantPaths=" },
        { "revoke", verb_revoke, "revoke INSTANCE DEST [--kill]", "take it off again" },
        { "build", verb_build, "build --root DIR -- COMMAND...", "run a command that may write to a tree" },
        { "check", verb_check, "check POLICY...", "whether policies are right and can be held here" },
        { "explain", verb_explain, "explain [--json] POLICY [-- COMMAND...]", "what a start would do, and why" },
};

static int help(void) {
        printf("isoctl VERB [ARGUMENT...]\n\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                printf("  %-42s %s\n", verbs[i].synopsis, verbs[i].help);
        printf("\n"
               "  --help, --version\n"
               "\n"
               "POLICY is a name or a file, as with isorun --policy. INSTANCE is a name, or what\n"
               "is enough of the beginning of one's own; where others have the same, a cgroup.\n");
        return 0;
}

int main(int argc, char *argv[]) {
        Report report = { .sink = print_report };

        if (argc < 2 || streq(argv[1], "--help") || streq(argv[1], "-h"))
                return argc < 2 ? (report_error(&report, EINVAL, "no verb; see isoctl --help"), PLAN_FAILED) : help();
        if (streq(argv[1], "--version")) {
                puts("isoctl " ISORUN_VERSION);
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, argv[1]))
                        return verbs[i].run(argc - 1, argv + 1, &report);
        report_error(&report, EINVAL, "no such verb: \"%s\"; see isoctl --help", argv[1]);
        return PLAN_FAILED;
}
