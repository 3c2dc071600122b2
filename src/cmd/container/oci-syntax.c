/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/container/oci-syntax.h"

static const char *const formats[] = { "table", "json", NULL };
static const char *const log_formats[] = { "text", "json", NULL };
static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };

#define CREATE_OPTIONS                                                                                       \
        { 'b', "bundle", "the directory of config.json (default: the working directory)",                    \
          { "DIR", ARGUMENT_DIRECTORY, NULL }, false },                                                      \
        { OCI_CONFIG, "config", "read this file of the bundle instead of config.json",                       \
          { "FILE", ARGUMENT_FILE, NULL }, false },                                                          \
        { OCI_PID_FILE, "pid-file", "write the pid of the first process to a file",                          \
          { "FILE", ARGUMENT_FILE, NULL }, false },                                                          \
        { OCI_CONSOLE_SOCKET, "console-socket", "send the terminal to this socket",                          \
          { "FILE", ARGUMENT_FILE, NULL }, false },                                                          \
        { OCI_PIDFD_SOCKET, "pidfd-socket", "send a pidfd of the first process to this socket",              \
          { "FILE", ARGUMENT_FILE, NULL }, false },                                                          \
        { OCI_PRESERVE_FDS, "preserve-fds", "also pass N fds, from 3 on", { "N", 0, NULL }, false },         \
        { OCI_NO_PIVOT, "no-pivot", "use chroot(2), and leave the host's mounts below the root",             \
          {}, false },                                                                                       \
        { OCI_NO_NEW_KEYRING, "no-new-keyring", "keep the caller's session keyring", {}, false }

static const Option create_options[] = { CREATE_OPTIONS, {} };
static const Option run_options[] = {
        CREATE_OPTIONS,
        { 'd', "detach", "do not wait for the container", {}, false },
        { OCI_KEEP, "keep", "do not remove the container when it has stopped", {}, false },
        {},
};

static const Option exec_options[] = {
        { 'p', "process", "a file with the process, as config.json has it", { "FILE", ARGUMENT_FILE, NULL }, false },
        { OCI_CWD, "cwd", "the working directory", { "DIR", 0, NULL }, false },
        { 'e', "env", "set a variable", { "NAME=VALUE", 0, NULL }, false },
        { 'u', "user", "the ids of the process", { "UID[:GID]", 0, NULL }, false },
        { 'g', "additional-gids", "add a group", { "GID", 0, NULL }, false },
        { 'c', "cap", "add a capability", { "CAPABILITY", 0, NULL }, false },
        { OCI_APPARMOR, "apparmor", "change to this AppArmor profile", { "PROFILE", 0, NULL }, false },
        { OCI_PROCESS_LABEL, "process-label", "change to this SELinux label", { "LABEL", 0, NULL }, false },
        { OCI_NO_NEW_PRIVS, "no-new-privs", "set no_new_privs", {}, false },
        { OCI_PID_FILE, "pid-file", "write the pid of the process to a file", { "FILE", ARGUMENT_FILE, NULL }, false },
        { OCI_PIDFD_SOCKET, "pidfd-socket", "send a pidfd of the process to this socket",
          { "FILE", ARGUMENT_FILE, NULL }, false },
        { 'd', "detach", "do not wait for the process", {}, false },
        { OCI_PRESERVE_FDS, "preserve-fds", "also pass N fds, from 3 on", { "N", 0, NULL }, false },
        { 't', "tty", "give the process a terminal", {}, false },
        { OCI_CGROUP, "cgroup", "join this cgroup below the container's", { "PATH", 0, NULL }, false },
        { OCI_IGNORE_PAUSED, "ignore-paused", "wait until a paused container is resumed", {}, false },
        { OCI_CONSOLE_SOCKET, "console-socket", "send the terminal to this socket",
          { "FILE", ARGUMENT_FILE, NULL }, false },
        {},
};

static const Option kill_options[] = {
        { 'a', "all", "signal all processes, not only the first one", {}, false },
        {},
};

static const Option delete_options[] = {
        { 'f', "force", "kill the container if it runs; no error if it does not exist", {}, false },
        { OCI_REGEX, "regex", "ID is an extended regular expression: remove all containers that match", {}, false },
        {},
};

static const Option list_options[] = {
        { 'q', "quiet", "print only the IDs", {}, false },
        { 'f', "format", "the form of the list (default: table)", { NULL, 0, formats }, false },
        {},
};

#define AS_OPTION(id, option, kind, metavariable, help, object, key) \
        { OCI_LIMIT_##id, option, help, { metavariable, 0, NULL }, false },

static const Option update_options[] = {
        { 'r', "resources", "read limits from a file (-: standard input), as linux.resources of config.json has them",
          { "FILE", ARGUMENT_FILE, NULL }, false },
        OCI_LIMITS(AS_OPTION)
        {},
};

static const Option events_options[] = {
        { OCI_STATS, "stats", "print what the container uses now, and end", {}, false },
        { OCI_INTERVAL, "interval", "the time between two lines (default: 5s)", { "TIME", 0, NULL }, false },
        {},
};

static const Option spec_options[] = {
        { 'b', "bundle", "the directory of config.json (default: the working directory)",
          { "DIR", ARGUMENT_DIRECTORY, NULL }, false },
        { OCI_ROOTLESS, "rootless", "for a user: with a user namespace, in which the caller is root", {}, false },
        {},
};

static const Argument new_container[] = { { "ID", 0, NULL }, {} };
static const Argument one_container[] = { { "ID", ARGUMENT_CONTAINER, NULL }, {} };
static const Argument kill_arguments[] = {
        { "ID", ARGUMENT_CONTAINER, NULL },
        { "SIGNAL", ARGUMENT_SIGNAL | ARGUMENT_OPTIONAL, NULL },
        {},
};
static const Argument exec_arguments[] = {
        { "ID", ARGUMENT_CONTAINER, NULL },
        { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL, NULL },
        {},
};
static const Argument ps_arguments[] = {
        { "ID", ARGUMENT_CONTAINER, NULL },
        { "PS-OPTION", ARGUMENT_WORDS | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED, NULL },
        {},
};
static const Argument no_arguments[] = { {} };

const OciSyntax oci_commands[_OCI_COMMAND_MAX] = {
        [OCI_CREATE] = { "create", "make a container, without its command: see start", create_options, new_container },
        [OCI_START] = { "start", "start the command of a created container", NULL, one_container },
        [OCI_RUN] = { "run", "create and start a container, and wait for it", run_options, new_container },
        [OCI_EXEC] = { "exec", "run another command in a container", exec_options, exec_arguments },
        [OCI_STATE] = { "state", "print the state of a container as JSON", NULL, one_container },
        [OCI_KILL] = { "kill", "send a signal to the first process", kill_options, kill_arguments },
        [OCI_DELETE] = { "delete", "remove a stopped container", delete_options, one_container },
        [OCI_LIST] = { "list", "list the containers", list_options, no_arguments },
        [OCI_PS] = { "ps", "list the processes of a container", list_options + 1, ps_arguments },
        [OCI_PAUSE] = { "pause", "stop all processes of a container", NULL, one_container },
        [OCI_RESUME] = { "resume", "resume a paused container", NULL, one_container },
        [OCI_UPDATE] = { "update", "change the limits of a container", update_options, one_container },
        [OCI_EVENTS] = { "events",
                         "print what a container uses, and when the kernel kills a process for lack of memory, as JSON",
                         events_options, one_container },
        [OCI_SPEC] = { "spec", "write a config.json to start from", spec_options, no_arguments },
        [OCI_FEATURES] = { "features", "print what isorun-oci supports as JSON", NULL, no_arguments },
        [OCI_CHECKPOINT] = { "checkpoint", NULL, NULL, NULL },
        [OCI_RESTORE] = { "restore", NULL, NULL, NULL },
};

static const Option global_options[] = {
        { OCI_ROOT, "root", "the directory of the containers' states", { "DIR", ARGUMENT_DIRECTORY, NULL }, false },
        { OCI_LOG, "log", "write messages to a file, too", { "FILE", ARGUMENT_FILE, NULL }, false },
        { OCI_LOG_FORMAT, "log-format", "the form of these messages (default: text)", { NULL, 0, log_formats }, false },
        { OCI_SYSTEMD_CGROUP, "systemd-cgroup", "ask systemd for a scope: cgroupsPath is SLICE:PREFIX:NAME", {},
          false },
        { OCI_CGROUP_MANAGER, "cgroup-manager", "who makes the cgroup: isorun-oci (the default), systemd, or nobody",
          { NULL, 0, managers }, false },
        { OCI_ROOTLESS, "rootless", "true, false or auto: accepted, without effect", { "WHETHER", 0, NULL }, false },
        { OCI_DEBUG, "debug", "report the steps of create, start, run and exec, with their times", {}, false },
        { 'h', "help", "show this help", {}, false },
        { 'v', "version", "show the version", {}, false },
        {},
};

static const Argument global_arguments[] = { { "COMMAND", ARGUMENT_COMMAND | ARGUMENT_OPTIONAL, NULL }, {} };
const Syntax oci_global_syntax = { "isorun-oci", global_options, NULL, global_arguments };

Syntax oci_syntax(OciCommandId id) {
        static const Option common[] = { { 'h', "help", "show this help", {}, false }, {} };

        return (Syntax) { oci_commands[id].name, oci_commands[id].options, common, oci_commands[id].arguments };
}
