/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of the programs. isoctl has those of isorun, too: it completes them for the shells. */
#include "cmd/option-table.h"

const Option isorun_options[] = {
        { ARG_POLICY, "policy", "POLICY", "the policy: a name or a file (default: \"default\")" },
        { 'p', "property", "KEY=VALUE", "set a directive, after those of the policy" },
        { 'v', "volume", "SRC:DEST[:ro]", "show a host path or named volume inside; :ro: read-only" },
        { ARG_BIND, "bind", "NAME=SRC", "the path (or fd:N) of the policy's volume or root NAME" },
        { ARG_ROOT, "root", "DIR[:DIR...]|none", "the root directory; several are stacked, lowest first" },
        { ARG_NAME, "name", "NAME", "the instance's name (the unit is isorun-NAME.scope)" },
        { ARG_USER, "user", NULL, "use the user's service manager (default for users)" },
        { ARG_SYSTEM, "system", NULL, "use the system's service manager (default for root)" },
        { ARG_NO_SCOPE, "no-scope", NULL, "make no unit; refuse limits that need one" },
        { ARG_NOTIFY, "notify", "payload|exec", "who reports that the service is ready (default: payload)" },
        { ARG_HAND_OVER, "hand-over", NULL, "exit once the command runs; the service goes on with it" },
        { ARG_PTY, "pty", NULL, "give the sandbox its own terminal (Terminal=private)" },
        { ARG_DRY_RUN, "dry-run", NULL, "print the plan; change nothing" },
        { ARG_JSON, "json", NULL, "with --dry-run: print the plan as JSON" },
        { ARG_QUIET, "quiet", NULL, "print no notices" },
        { 'h', "help", NULL, "show this help" },
        { ARG_VERSION, "version", NULL, "show the version" },
        {},
};

const Option isoctl_options[] = {
        { ARG_USER, "user", NULL, "only the user's service manager" },
        { ARG_SYSTEM, "system", NULL, "only the system's service manager" },
        { ARG_NO_PAGER, "no-pager", NULL, "do not use a pager" },
        { 'h', "help", NULL, "show this help" },
        { ARG_VERSION, "version", NULL, "show the version" },
        {},
};
