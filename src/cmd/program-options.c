/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of both programs. isoctl also needs those of isorun, to complete them for the shells. */
#include "cmd/option-table.h"

static const char *const none[] = { "none", NULL };
static const char *const accesses[] = { "ro", "rw", NULL };
static const char *const notifiers[] = { "payload", "exec", "fork", NULL };

static const Option isorun_options[] = {
        { ARG_POLICY, "policy", "the policy: a name or a file (default: \"default\")", { "POLICY", ARGUMENT_POLICY } },
        { ARG_OWN, "own", "use the policy that COMMAND carries in its own file" },
        { 'p', "property", "add a line at the end of the policy", { "KEY=VALUE", ARGUMENT_ASSIGNMENT } },
        { 'v', "volume", "show a host path or named volume inside; \"ro\": read-only",
          { "SRC[:DEST][:OPTIONS]", ARGUMENT_FILE } },
        { ARG_HERE, "here", "show the working directory inside, at the same place; \"ro\": read-only",
          { .flags = ARGUMENT_OPTIONAL, .choices = accesses } },
        { 'C', "working-directory", "the directory inside in which the command starts", { "DIR", ARGUMENT_DIRECTORY } },
        { 'E', "setenv", "set a variable, or without VALUE pass on the caller's", { "NAME[=VALUE]" } },
        { ARG_NET, "net", "use the host's network (PrivateNetwork=no)" },
        { ARG_NO_NET, "no-net", "have no network but a loopback device (PrivateNetwork=yes)" },
        { 'c', "connect", "let the command connect to this peer (ConnectTo=)", { "HOST:PORT[=TARGET]" } },
        { ARG_TIMEOUT, "timeout", "stop the unit after this time (RuntimeMaxSec=)", { "TIME" } },
        { ARG_BIND, "bind", "bind a volume or root of the policy to a path (or fd:N)",
          { "NAME=SRC", ARGUMENT_BINDING } },
        { ARG_ROOT, "root", "the root directory; several are stacked, lowest first; or a container image",
          { "DIR[:DIR...]|image:NAME", ARGUMENT_DIRECTORY | ARGUMENT_ROOT, none } },
        { 'd', "detach", "print the instance's name once the command runs, and leave it running" },
        { ARG_NAME, "name", "the instance's name (the unit is isorun-NAME.scope)", { "NAME" } },
        { ARG_USER, "user", "use the user's service manager (default for users)" },
        { ARG_SYSTEM, "system", "use the system's service manager (default for root)" },
        { ARG_POOL, "pool", "make no unit, but a cgroup in this pool (Pool=)", { "NAME" } },
        { ARG_NO_SCOPE, "no-scope", "make no unit; refuse limits that need one" },
        { ARG_BATCH, "batch", "run each line of standard input, a JSON object, in a separate sandbox" },
        { 'j', "jobs", "with --batch: run at most N at once (default: one for each processor)", { "N" } },
        { ARG_NOTIFY, "notify", "who reports that the service is ready (default: payload)", { .choices = notifiers } },
        { ARG_HAND_OVER, "hand-over", "exit when the command runs; the service then runs without isorun" },
        { ARG_PTY, "pty", "give the sandbox its own terminal (Terminal=private)" },
        { ARG_WHY, "why", "when COMMAND ends, tell what the sandbox denied, and which line would allow it" },
        { ARG_RECORD, "record", "when COMMAND ends, write to FILE a policy that allows only its uses, or extend FILE",
          { "FILE", ARGUMENT_FILE } },
        { ARG_PERMISSIVE, "permissive",
          "with --record: allow COMMAND what you may do, but throw away its changes to files" },
        { ARG_TIGHTEN, "tighten", "with --record: remove the lines of the file that COMMAND did not use" },
        { ARG_DRY_RUN, "dry-run", "print a summary of the plan, or with --verbose all of it; change nothing" },
        { ARG_JSON, "json", "with --dry-run: print the plan as JSON" },
        { ARG_QUIET, "quiet", "print no notices" },
        { ARG_VERBOSE, "verbose", "print the steps of the start, with times" },
        { 'h', "help", "show this help" },
        { ARG_VERSION, "version", "show the version" },
        {},
};

static const Argument isorun_arguments[] = {
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED },
        {},
};

const Syntax isorun_syntax = { .name = "isorun", .options = isorun_options, .arguments = isorun_arguments };

const Option isoctl_options[] = {
        { ARG_USER, "user", "only the user's service manager" },
        { ARG_SYSTEM, "system", "only the system's service manager" },
        { ARG_NO_PAGER, "no-pager", "do not use a pager" },
        { 'h', "help", "show this help" },
        { ARG_VERSION, "version", "show the version" },
        {},
};
