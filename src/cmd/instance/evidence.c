/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/evidence.h"

#include <errno.h>

#include "cmd/command-line.h"
#include "util/clock.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"

/* A program that isolates itself. For a script, the first argument is the interpreter, so its policy is not known. */
static int take_program(char **arguments, char **ret_command) {
        *ret_command = strv_join(arguments, " ");
        return *ret_command ? 0 : -ENOMEM;
}

static int parse(char **arguments, char **ret_policy, char **ret_command) {
        _cleanup_(command_line_deinit) CommandLine line = {};
        _cleanup_free_ char *policy = NULL, *command = NULL;
        Report silent = {};
        int r;

        r = command_line_parse(&line, &isorun_syntax, (int) strv_length(arguments), arguments, &silent);
        if (r < 0)
                return r;
        policy = strdup(command_line_get(&line, ARG_POLICY) ?: "default");
        command = *line.rest ? strv_join(line.rest, " ") : NULL;
        if (!policy || (*line.rest && !command))
                return -ENOMEM;
        *ret_policy = TAKE_PTR(policy);
        *ret_command = TAKE_PTR(command);
        return 0;
}

int evidence_read(pid_t pid, char **ret_policy, char **ret_command, uint64_t *ret_started) {
        _cleanup_strv_free_ char **arguments = NULL;
        uint64_t started;
        int r;

        *ret_policy = *ret_command = NULL;
        *ret_started = 0;
        if (process_started(pid, &started) >= 0)
                *ret_started = clock_usec(CLOCK_REALTIME) - (clock_usec(CLOCK_BOOTTIME) - started);
        r = process_arguments(pid, &arguments);
        if (r >= 0)
                r = streq(path_name(arguments[0]), "isorun") ? parse(arguments, ret_policy, ret_command)
                                                             : take_program(arguments, ret_command);
        return r == -ENOMEM ? r : 0;
}
