/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of isorun's command line that say how to start. Those that are lines of a policy are applied in their
 * order. */

#include "cmd/command-line.h"
#include "cmd/start/record.h"
#include "policy/policy.h"

typedef struct Override {
        const char *option;
        char *assignment; /* "KEY=VALUE" */
} Override;

/* Begin with { .manager = MANAGER_AUTO }. Texts without a comment are borrowed from the command line; NULL: not given.
 * The flags are int for the table that sets them. */
typedef struct StartOptions {
        const char *policy, *name, *notify;
        int own;
        int manager; /* a ManagerChoice */
        int no_scope, hand_over, pty, why, detach;
        int dry_run, json, quiet, verbose;
        RecordOptions record;
        int batch;
        unsigned jobs; /* 0: as many as there are processors */
        Override *overrides;
        size_t n_overrides;
        char **bindings; /* NAME=SOURCE */
        size_t n_bindings;
} StartOptions;

/* Takes the options, and checks them together. Call start_options_deinit() in either case. Returns 0 or -errno,
 * reported. */
int start_options_take(StartOptions *o, const CommandLine *line, Report *report);

/* EffectiveOverrides.apply(): gives the lines to a policy. userdata is a StartOptions. */
int start_options_apply(void *userdata, Policy *policy, Report *report);

/* Whether the start takes its policy from the command itself, if that carries one. With --policy, the command's policy
 * can only narrow, and this is false. */
bool start_options_takes_program(const StartOptions *o);

void start_options_deinit(StartOptions *o);
