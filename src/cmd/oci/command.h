/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The commands of isorun-oci, one a row in isorun-oci.c. */

#include <jansson.h>

#include "cmd/command-line.h"
#include "oci/spec/spec.h"
#include "oci/state/state.h"

typedef struct OciCall {
        const CommandLine *line; /* the command's own options and arguments */
        const char *id;          /* the first argument, or NULL */
        const char *root;        /* --root */
        bool own_root;           /* it is not the default one */
        bool systemd;            /* --systemd-cgroup */
        bool no_cgroup;          /* --cgroup-manager disabled */
        Report *report;
} OciCall;

typedef struct OciCommand {
        const char *name;
        const char *help;      /* NULL: not supported yet */
        const Option *options; /* may be NULL */
        const Argument *arguments;
        bool enters;           /* a process of it is inside a container */
        int (*run)(const OciCall *call); /* returns the exit status */
} OciCommand;

/* The values of options without a letter. */
enum {
        OCI_ROOT = 0x100,
        OCI_LOG,
        OCI_LOG_FORMAT,
        OCI_SYSTEMD_CGROUP,
        OCI_CGROUP_MANAGER,
        OCI_ROOTLESS,
        OCI_DEBUG,
        OCI_PID_FILE,
        OCI_CONSOLE_SOCKET,
        OCI_PRESERVE_FDS,
        OCI_NO_PIVOT,
        OCI_NO_NEW_KEYRING,
        OCI_CWD,
        OCI_NO_NEW_PRIVS,
        OCI_APPARMOR,
        OCI_STATS,
        OCI_INTERVAL,
        OCI_IGNORE_PAUSED,
        OCI_CGROUP,
        OCI_KEEP,
        OCI_CONFIG,
        OCI_REGEX,
        OCI_PIDFD_SOCKET,
        OCI_LAST,
};

extern const Option oci_create_options[], oci_run_options[], oci_kill_options[], oci_delete_options[],
        oci_list_options[], oci_exec_options[], oci_update_options[],
        oci_events_options[], oci_spec_options[];

int oci_create(const OciCall *call);
int oci_run(const OciCall *call);
int oci_exec(const OciCall *call);
int oci_start(const OciCall *call);
int oci_state(const OciCall *call);
int oci_kill(const OciCall *call);
int oci_delete(const OciCall *call);
int oci_pause(const OciCall *call);
int oci_resume(const OciCall *call);
int oci_ps(const OciCall *call);
int oci_list(const OciCall *call);
int oci_update(const OciCall *call);
int oci_events(const OciCall *call);
int oci_spec(const OciCall *call);
int oci_features(const OciCall *call);

/* Reads the value of --preserve-fds, or NULL. Returns 0 or -errno, reported. */
int oci_read_preserved(const char *text, unsigned *ret, Report *report);

/* How many fds from 3 on are sockets that a service manager has opened for this process: sd_listen_fds(3). Returns
 * their number, or -errno, reported. */
int oci_listening_fds(Report *report);

/* Reads the copy of config.json of a container, without its notices. Returns 0 or -errno, reported. */
int oci_load_spec(const OciCall *call, const State *state, Spec *ret);

/* Gives a terminal that oci_wait() will connect the size of the caller's, and the settings for its output. */
void oci_prepare_terminal(int master);

/* Waits for a child, and hands on each signal to it; all signals must be blocked. master: its terminal, which is taken
 * over and connected to fds 0 and 1, or -1. Returns its exit status, or -errno, reported; then it is killed. */
int oci_wait(pid_t pid, int master, Report *report);

/* The text of config.json beside this file, which "spec" writes: a shell on a terminal, in a read-only root, with three
 * capabilities. */
extern const char oci_default_config[];

/* Prints JSON, and takes it over. NULL means that memory has run out. Returns the exit status. */
int oci_print(json_t *json, Report *report);
