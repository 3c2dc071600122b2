/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isorun and isoctl have in common: from words on a command line to a policy and a plan. */

#include "plan/plan.h"
#include "plan/request.h"
#include "policy/policy.h"

/* Prints messages on standard error, each with the program's name before it. userdata: NULL, or an int that says
 * whether notices are left out. */
void print_report(void *userdata, Severity severity, const char *line);

/* A policy with all that its making needs and keeps alive. */
typedef struct Loaded {
        Host host;
        Policy *policy;
        char **search_path;
        Bindings bindings; /* of loaded_plan() */
        int image;         /* of RootDirectory=, mounted by loaded_plan(); 0: none */
        char *name;        /* of the instance */
        char *unit;        /* what %n stands for */
        char *runtime;
} Loaded;

void loaded_deinit(Loaded *l);

/* Looks at the host, chooses the instance's name (name, or that of the policy or command and four random digits), and
 * reads the policy. spec NULL: "default". arguments, may be NULL: the command. Returns 0 or -errno, reported. */
int loaded_init(Loaded *l, const char *spec, const char *name, char *const *arguments, Report *report);

/* Completes the policy and makes the plan, *request being filled in with what was loaded. bindings: n of them, what the
 * command line says that names stand for, "NAME=SOURCE" each; the tables are not looked at where the policy has no
 * names. Mounts the image that RootDirectory= names. Returns 0, or the exit status that the failure, reported, means. */
int loaded_plan(Loaded *l, char *const *bindings, size_t n, PlanRequest *request, Plan **ret, Report *report);

/* To be called when all is written to standard output: returns 0, or -errno, reported, where not all of it went out. */
int flush_output(Report *report);

/* Whether it is what --name takes. */
bool name_is_valid(const char *name);

/* Prints the plan on standard output. Returns an exit status. */
int print_plan(const Plan *plan, const Policy *policy, bool json, Report *report);

/* So that no file of ours is ever taken for standard input, output or error. */
void ensure_standard_fds(void);
