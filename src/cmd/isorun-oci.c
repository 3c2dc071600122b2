/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun-oci: runs bundles of the Open Container Initiative, with runc's command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cmd/container/container-root.h"
#include "cmd/oci/command.h"
#include "cmd/program.h"
#include "oci/outside/sealed.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

static const struct {
        bool enters; /* a process of it is inside a container */
        int (*run)(const OciCall *call); /* returns the exit status; NULL: the command is not supported */
} commands[_OCI_COMMAND_MAX] = {
        [OCI_CREATE] = { true, oci_create },
        [OCI_START] = { false, oci_start },
        [OCI_RUN] = { true, oci_run },
        [OCI_EXEC] = { true, oci_exec },
        [OCI_STATE] = { false, oci_state },
        [OCI_KILL] = { false, oci_kill },
        [OCI_DELETE] = { false, oci_delete },
        [OCI_LIST] = { false, oci_list },
        [OCI_PS] = { false, oci_ps },
        [OCI_PAUSE] = { false, oci_pause },
        [OCI_RESUME] = { false, oci_resume },
        [OCI_UPDATE] = { false, oci_update },
        [OCI_EVENTS] = { false, oci_events },
        [OCI_SPEC] = { false, oci_spec },
        [OCI_FEATURES] = { false, oci_features },
};

static FILE *log_file;
static bool log_json;

/* Engines read the log to learn why a command has failed. */
static void write_log(Severity severity, const char *line) {
        const char *level = severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_STEP ? "debug" : "warning";
        time_t now = time(NULL);
        char when[32];
        struct tm utc;
        json_t *json;

        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
        json = log_json ? json_pack("{ss ss ss}", "level", level, "msg", line, "time", when) : NULL;
        if (json)
                (void) json_dumpf(json, log_file, JSON_COMPACT);
        else
                fprintf(log_file, "time=\"%s\" level=%s msg=\"%s\"", when, level, line);
        json_decref(json);
        fputc('\n', log_file);
        fflush(log_file);
}

static void print(void *userdata, Severity severity, const char *line) {
        if (log_file)
                write_log(severity, line);
        if (!log_file || severity == SEVERITY_ERROR)
                print_report(userdata, severity, line);
}

static int help(Report *report) {
        printf("Usage: isorun-oci [OPTIONS] COMMAND [ARGUMENT...]\n"
               "\n"
               "Runs bundles of the Open Container Initiative (OCI), for engines that call runc.\n"
               "\n");
        for (size_t i = 0; i < _OCI_COMMAND_MAX; i++)
                if (oci_commands[i].help)
                        printf("  %-10s %s\n", oci_commands[i].name, oci_commands[i].help);
        printf("\n");
        options_print(oci_global_syntax.options, stdout);
        return flush_output(report) < 0;
}

static int help_of(const Syntax *syntax, const char *about, Report *report) {
        printf("Usage: isorun-oci ");
        syntax_print(syntax, stdout);
        printf("\n\n%s\n\n", about);
        options_print(syntax->options, stdout);
        options_print(syntax->common, stdout);
        return flush_output(report) < 0;
}

static int version(Report *report) {
        printf("isorun-oci version " ISORUN_VERSION "\nspec: " SPEC_VERSION "\n");
        return flush_output(report) < 0;
}

static int open_log(const CommandLine *line, Report *report) {
        const char *path = command_line_get(line, OCI_LOG), *form = command_line_get(line, OCI_LOG_FORMAT);

        log_json = form && streq(form, "json");
        log_file = path ? fopen(path, "ae") : NULL;
        return path && !log_file ? report_error(report, errno, "cannot open %s: %s", path, strerror(errno)) : 0;
}

/* Returns an OciCommandId, or -errno, reported. */
static int find(char *const *words, Report *report) {
        const char *name = words[0];

        for (int i = 0; i < _OCI_COMMAND_MAX; i++) {
                if (!streq(oci_commands[i].name, name))
                        continue;
                return commands[i].run ? i : report_error(report, EOPNOTSUPP, "not supported by isorun-oci yet: %s",
                                                          name);
        }
        if (words[1] && (streq(words[1], "-h") || streq(words[1], "--help")))
                return report_error(report, EINVAL, "No help topic for '%s': the command does not exist", name);
        return report_error(report, EINVAL, "the command %s does not exist; see --help", name);
}

/* As crun has it; runc has only --systemd-cgroup. */
static int read_manager(const CommandLine *global, OciCall *ret) {
        const char *name = command_line_get(global, OCI_CGROUP_MANAGER);

        ret->systemd = command_line_has(global, OCI_SYSTEMD_CGROUP);
        if (!name)
                return 0;
        if (ret->systemd && !streq(name, "systemd"))
                return report_error(ret->report, EINVAL, "--systemd-cgroup cannot be combined with --cgroup-manager %s",
                                    name);
        ret->systemd = streq(name, "systemd");
        ret->no_cgroup = streq(name, "disabled");
        return 0;
}

static int run(const CommandLine *global, char *argv[], Report *report) {
        _cleanup_(command_line_deinit) CommandLine line = {};
        _cleanup_free_ char *root = NULL;
        const int command = find(global->rest, report);
        OciCall call = { .report = report };
        Syntax syntax;
        int argc = 0;

        if (command < 0)
                return 1;
        while (global->rest[argc])
                argc++;
        syntax = oci_syntax((OciCommandId) command);
        if (command_line_parse(&line, &syntax, argc, global->rest, report) < 0)
                return 1;
        if (command_line_has(&line, 'h'))
                return help_of(&syntax, oci_commands[command].help, report);
        if (command_line_check(&line, &syntax, report) < 0 || read_manager(global, &call) < 0)
                return 1;
        if (commands[command].enters && sealed_ensure(argv, environ, report) < 0)
                return 1;
        root = command_line_has(global, OCI_ROOT) ? strdup(command_line_get(global, OCI_ROOT)) : container_root();
        if (!root)
                return report_oom(report) < 0;
        call.line = &line;
        call.id = line.n_arguments > 0 ? line.arguments[0] : NULL;
        call.root = root;
        call.own_root = command_line_has(global, OCI_ROOT);
        return commands[command].run(&call);
}

int main(int argc, char *argv[]) {
        _cleanup_(command_line_deinit) CommandLine global = {};
        Report report = { .sink = print };

        ensure_standard_fds();
        if (command_line_parse(&global, &oci_global_syntax, argc, argv, &report) < 0 || open_log(&global, &report) < 0)
                return 1;
        report.begun = command_line_has(&global, OCI_DEBUG) ? clock_usec(CLOCK_MONOTONIC) : 0;
        if (command_line_has(&global, 'h') || (!global.rest[0] && !command_line_has(&global, 'v')))
                return help(&report);
        if (command_line_has(&global, 'v'))
                return version(&report);
        return run(&global, argv, &report);
}
