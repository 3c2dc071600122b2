/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of the programs. isoctl has those of isorun, too: it completes them for the shells. */
#include "cmd/option-table.h"

const Option isorun_options[] = {
        { ARG_POLICY, "policy", "POLICY", "the policy, a name or a file (without this: default)" },
        { 'p', "property", "KEY=VALUE", "a directive over the policy's" },
        { 'v', "volume", "SRC:DEST[:ro]", "a host path or a name seen inside, writable unless ro" },
        { ARG_BIND, "bind", "NAME=SRC", "what the policy's volume or root NAME is: a path or fd:N" },
        { ARG_ROOT, "root", "DIR[:DIR...]|none", "the directory that is / inside, or several stacked" },
        { ARG_NAME, "name", "NAME", "the instance's name (the unit is isorun-NAME.scope)" },
        { ARG_USER, "user", NULL, "the user's systemd (what a user has without this)" },
        { ARG_SYSTEM, "system", NULL, "the system's (what root has without this)" },
        { ARG_NO_SCOPE, "no-scope", NULL, "no unit; limits that need one are refused" },
        { ARG_NOTIFY, "notify", "payload|exec", "who says that the service is ready (without this: payload)" },
        { ARG_HAND_OVER, "hand-over", NULL, "end once the command runs, and leave the service to it" },
        { ARG_PTY, "pty", NULL, "a terminal of the instance's own (Terminal=private)" },
        { ARG_DRY_RUN, "dry-run", NULL, "print the plan and touch nothing" },
        { ARG_JSON, "json", NULL, "with --dry-run: as JSON" },
        { ARG_QUIET, "quiet", NULL, "no notices" },
        { 'h', "help", NULL, "this" },
        { ARG_VERSION, "version", NULL, "which isorun this is" },
        {},
};

const Option isoctl_options[] = {
        { ARG_USER, "user", NULL, "only instances of the user's manager" },
        { ARG_SYSTEM, "system", NULL, "only those of the system's" },
        { ARG_NO_PAGER, "no-pager", NULL, "print to the terminal at once" },
        { 'h', "help", NULL, "this" },
        { ARG_VERSION, "version", NULL, "which isoctl this is" },
        {},
};
