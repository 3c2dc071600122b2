/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The functions of isorun-oci's commands. cmd/container/oci-syntax.h has their options. */

#include <jansson.h>

#include "cmd/command-line.h"
#include "cmd/container/oci-syntax.h"
#include "oci/spec/spec.h"
#include "oci/state/state.h"
#include "sandbox/notify/notify.h"
#include "sandbox/outside/terminal.h"

typedef struct OciCall {
        const CommandLine *line; /* the command's own options and arguments */
        const char *id;          /* the first argument, or NULL */
        const char *root;        /* --root */
        bool own_root;           /* it is not the default one */
        bool systemd;            /* --systemd-cgroup */
        bool no_cgroup;          /* --cgroup-manager disabled */
        Report *report;
} OciCall;

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

/* Whether the command may have the fds 0 to 2, and n from 3 on, as far as they are open: a directory, or one that was
 * opened with O_PATH, would lead it to files outside. Returns 0 or -errno, reported. */
int oci_check_passed(unsigned n, Report *report);

/* How many fds from 3 on are sockets that a service manager has opened for this process: sd_listen_fds(3). Returns
 * their number, or -errno, reported. */
int oci_listening_fds(Report *report);

/* The address of the service manager's socket, or NULL: sd_notify(3). */
const char *oci_notify_address(void);

/* Reads the copy of config.json of a container, without its notices. Returns 0 or -errno, reported. */
int oci_load_spec(const OciCall *call, const State *state, Spec *ret);

/* Gives a terminal that oci_wait() will connect the size of the caller's, and the settings for its output. */
void oci_prepare_terminal(int master);

/* Begins to copy from a terminal, which is taken over, to fd 1; master -1: there is no terminal. Returns 0 or -errno,
 * reported. Call oci_wait() or oci_terminal_end() in either case. */
int oci_terminal_begin(Terminal *ret, int master, Report *report);

/* Copies output while oci/interrupts.h waits, for hooks of startContainer: a full terminal would hold them. NULL: no
 * more. */
void oci_terminal_meanwhile(Terminal *t);

/* Shows what the terminal still holds, and closes it. hurry: does not wait long for an fd 1 that takes nothing. */
void oci_terminal_end(Terminal *t, bool hurry);

/* Waits for a child, and hands on each signal to it; all signals must be blocked. t: its terminal, which is
 * connected to fds 0 and 1, and ended. notify: its relay, borrowed, or NULL. Returns its exit status, or -errno,
 * reported; then it is killed. */
int oci_wait(pid_t pid, Terminal *t, Notify *notify, Report *report);

/* The text of config.json beside this file, which "spec" writes: a shell on a terminal, in a read-only root, with three
 * capabilities. */
extern const char oci_default_config[];

/* Prints JSON, and takes it over. NULL means that memory has run out. Returns the exit status. */
int oci_print(json_t *json, Report *report);
