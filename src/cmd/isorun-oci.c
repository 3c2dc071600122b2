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
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

static const Argument one_container[] = { { "ID", 0, NULL }, {} };
static const Argument kill_arguments[] = {
        { "ID", 0, NULL },
        { "SIGNAL", ARGUMENT_SIGNAL | ARGUMENT_OPTIONAL, NULL },
        {},
};
static const Argument exec_arguments[] = {
        { "ID", 0, NULL },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL, NULL },
        {},
};
static const Argument no_arguments[] = { {} };

static const OciCommand commands[] = {
        { "create", "make a container, which start starts", oci_create_options, one_container, true, oci_create },
        { "start", "start the command of a created container", NULL, one_container, false, oci_start },
        { "run", "create and start a container, and wait for it", oci_run_options, one_container, true, oci_run },
        { "exec", "execute another process in a container", oci_exec_options, exec_arguments, true, oci_exec },
        { "state", "print the state of a container as JSON", NULL, one_container, false, oci_state },
        { "kill", "send a signal to the first process", oci_kill_options, kill_arguments, false, oci_kill },
        { "delete", "remove a stopped container", oci_delete_options, one_container, false, oci_delete },
        { "list", "list the containers", oci_list_options, no_arguments, false, oci_list },
        { "ps", "list the pids of a container", oci_list_options + 1, one_container, false, oci_ps },
        { "pause", "stop all processes of a container", NULL, one_container, false, oci_pause },
        { "resume", "let the processes of a paused container go on", NULL, one_container, false, oci_resume },
        { "update", "change the limits of a container", oci_update_options, one_container, false, oci_update },
        { "events", "print what a container uses, and when the kernel kills a process for lack of memory, as JSON",
          oci_events_options, one_container, false, oci_events },
        { "spec", "write a config.json to begin with", oci_spec_options, no_arguments, false, oci_spec },
        { "features", "print what isorun-oci supports as JSON", NULL, no_arguments, false, oci_features },
        { "checkpoint", NULL, NULL, NULL, false, NULL },
        { "restore", NULL, NULL, NULL, false, NULL },
};

static const Option global_options[] = {
        { OCI_ROOT, "root", "the directory of the containers' states", { "DIR", ARGUMENT_DIRECTORY, NULL }, false },
        { OCI_LOG, "log", "write messages to a file, too", { "FILE", ARGUMENT_FILE, NULL }, false },
        { OCI_LOG_FORMAT, "log-format", "text or json", { "text|json", 0, NULL }, false },
        { OCI_SYSTEMD_CGROUP, "systemd-cgroup", "ask systemd for a scope: cgroupsPath is SLICE:PREFIX:NAME", {},
          false },
        { OCI_CGROUP_MANAGER, "cgroup-manager", "who makes the cgroup: isorun-oci (the default), systemd, or nobody",
          { "cgroupfs|systemd|disabled", 0, NULL }, false },
        { OCI_ROOTLESS, "rootless", "true, false or auto: accepted, and not needed", { "WHETHER", 0, NULL }, false },
        { OCI_DEBUG, "debug", "accepted: there are no such messages", {}, false },
        { 'h', "help", "show this help", {}, false },
        { 'v', "version", "show the version", {}, false },
        {},
};

static const Argument global_arguments[] = { { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL, NULL }, {} };
static const Syntax global_syntax = { "isorun-oci", global_options, NULL, global_arguments };

static FILE *log_file;
static bool log_json;

/* Engines read the log to learn why a command has failed. */
static void write_log(Severity severity, const char *line) {
        const char *level = severity == SEVERITY_ERROR ? "error" : "warning";
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
        printf("isorun-oci [OPTIONS] COMMAND [ARGUMENT...]\n"
               "\n"
               "Runs bundles of the Open Container Initiative (OCI), for engines that call runc.\n"
               "\n");
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (commands[i].help)
                        printf("  %-10s %s\n", commands[i].name, commands[i].help);
        printf("\n");
        options_print(global_options, stdout);
        return flush_output(report) < 0;
}

static int help_of(const Syntax *syntax, const char *about, Report *report) {
        printf("isorun-oci ");
        syntax_print(syntax, stdout);
        printf("\n\n%s\n\n", about);
        options_print(syntax->options, stdout);
        options_print(syntax->common, stdout);
        return flush_output(report) < 0;
}

static int version(Report *report) {
        printf("isorun-oci version " ISORUN_VERSION "\nspec: 1.1.0\n");
        return flush_output(report) < 0;
}

static int open_log(const CommandLine *line, Report *report) {
        const char *path = command_line_get(line, OCI_LOG), *form = command_line_get(line, OCI_LOG_FORMAT) ?: "text";

        if (!streq(form, "text") && !streq(form, "json"))
                return report_error(report, EINVAL, "--log-format: not text or json: \"%s\"", form);
        log_json = streq(form, "json");
        log_file = path ? fopen(path, "ae") : NULL;
        return path && !log_file ? report_error(report, errno, "cannot open %s: %s", path, strerror(errno)) : 0;
}

static const OciCommand *find(const char *name, Report *report) {
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                if (!streq(commands[i].name, name))
                        continue;
                if (commands[i].run)
                        return &commands[i];
                report_error(report, EOPNOTSUPP, "not supported by isorun-oci yet: %s", name);
                return NULL;
        }
        report_error(report, EINVAL, "the command %s does not exist; see --help", name);
        return NULL;
}

/* As crun has it; runc has only --systemd-cgroup. */
static int read_manager(const CommandLine *global, OciCall *ret) {
        const char *name = command_line_get(global, OCI_CGROUP_MANAGER);

        ret->systemd = command_line_has(global, OCI_SYSTEMD_CGROUP);
        if (!name)
                return 0;
        if (!streq(name, "cgroupfs") && !streq(name, "systemd") && !streq(name, "disabled"))
                return report_error(ret->report, EINVAL, "--cgroup-manager: not cgroupfs, systemd or disabled: \"%s\"",
                                    name);
        if (ret->systemd && !streq(name, "systemd"))
                return report_error(ret->report, EINVAL, "--systemd-cgroup cannot be combined with --cgroup-manager %s",
                                    name);
        ret->systemd = streq(name, "systemd");
        ret->no_cgroup = streq(name, "disabled");
        return 0;
}

static int run(const CommandLine *global, char *argv[], Report *report) {
        static const Option common[] = { { 'h', "help", "show this help", {}, false }, {} };
        _cleanup_(command_line_deinit) CommandLine line = {};
        _cleanup_free_ char *root = NULL;
        const OciCommand *command = find(global->rest[0], report);
        OciCall call = { .report = report };
        Syntax syntax;
        int argc = 0;

        if (!command)
                return 1;
        while (global->rest[argc])
                argc++;
        syntax = (Syntax) { command->name, command->options, common, command->arguments };
        if (command_line_parse(&line, &syntax, argc, global->rest, report) < 0)
                return 1;
        if (command_line_has(&line, 'h'))
                return help_of(&syntax, command->help, report);
        if (command_line_check(&line, &syntax, report) < 0 || read_manager(global, &call) < 0)
                return 1;
        if (command->enters && sealed_ensure(argv, environ, report) < 0)
                return 1;
        root = command_line_has(global, OCI_ROOT) ? strdup(command_line_get(global, OCI_ROOT)) : container_root();
        if (!root)
                return report_oom(report) < 0;
        call.line = &line;
        call.id = line.n_arguments > 0 ? line.arguments[0] : NULL;
        call.root = root;
        call.own_root = command_line_has(global, OCI_ROOT);
        return command->run(&call);
}

int main(int argc, char *argv[]) {
        _cleanup_(command_line_deinit) CommandLine global = {};
        Report report = { .sink = print };

        ensure_standard_fds();
        if (command_line_parse(&global, &global_syntax, argc, argv, &report) < 0 || open_log(&global, &report) < 0)
                return 1;
        if (command_line_has(&global, 'h') || (!global.rest[0] && !command_line_has(&global, 'v')))
                return help(&report);
        if (command_line_has(&global, 'v'))
                return version(&report);
        return run(&global, argv, &report);
}
