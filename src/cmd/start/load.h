/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From words on a command line to a policy and a plan. */

#include "plan/plan.h"
#include "plan/request.h"
#include "policy/policy.h"

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
 * names. With read_image, mounts the image that RootDirectory= names. Returns 0, or the exit status that the failure,
 * reported, means. */
int loaded_plan(Loaded *l, char *const *bindings, size_t n, PlanRequest *request, Plan **ret, Report *report);

/* Whether it is what --name takes. */
bool name_is_valid(const char *name);
