/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts that plan_new() is made of. Each fills its part of the plan from the policy, and returns 0 or a
 * negative errno after having reported every mistake it found. */

#include "plan/plan.h"

typedef struct Builder {
        Plan *plan;
        const Policy *policy;
        const Host *host;
        const PlanRequest *request;
        Report *report;
        int status; /* exit status of a failure, PLAN_* */
        char *user_name, *user_home, *user_shell; /* of User=; NULL without */
} Builder;

int build_holder(Builder *b);       /* who holds the instance, and the properties */
int build_notify(Builder *b);       /* what systemd is told of the instance */
int build_identity(Builder *b);     /* users, groups, namespaces */
int build_capabilities(Builder *b);
int build_filter(Builder *b);       /* system calls */
int build_root(Builder *b);         /* mounts, and the command and directory that lie in them */
int build_environment(Builder *b);
int build_resources(Builder *b);    /* limits, priority, standard input and output */
int build_terminal(Builder *b);
int build_landlock(Builder *b);
int build_machine(Builder *b);      /* what systemd-machined is told */
int build_inner_cgroup(Builder *b); /* what is below the holder */

/* Reports that what a setting asks cannot be had, unless Optional= names its directive; then a notice, once for
 * each directive. Returns whether to go on without. */
bool build_may_lack(Builder *b, DirectiveId id, Origin origin, const char *reason);

/* Why no unit can be had for it, where that is so; for people. */
const char *build_holder_reason(const Builder *b);

/* Reports at a setting; returns -error. */
int build_error(Builder *b, const Setting *setting, DirectiveId id, int error, const char *format, ...)
        _printf_(5, 6);

/* Whether the payload may mount file systems: in user namespaces of its own making, or by CAP_SYS_ADMIN; once
 * build_capabilities() has been called. */
bool build_may_mount(const Builder *b);

/* PrivateUsers=full: the payload is uid 0 of a world of its own. */
bool build_is_world(const Policy *policy);

/* Whether namespaces and mounts are meant to be made inside: there, or with Nesting=yes. */
bool build_nests(const Policy *policy);

/* Whether the policy has said nothing of a directive that would keep a payload from using its own world: then what is
 * built in for the others does not hold. */
bool build_lifts(const Policy *policy, DirectiveId id);

/* The caller's subordinate ids. */
typedef struct BuildRanges {
        IdRange uids, gids;
        char why[256];
} BuildRanges;

/* Finds them, and fills in the plan's helpers. Returns NULL, or why they cannot be had, for people, which lives as long
 * as ranges. */
const char *build_ranges(Builder *b, BuildRanges *ranges);

/* Has the environment say that the payload is root. */
int build_name_root(Builder *b);

/* The id maps of such a world, and the ids in it. */
int build_world_maps(Builder *b);
int build_world_ids(Builder *b);

/* The maps for a user who builds a tree: his own id is 0, and the rest his subordinate ones, or with a notice none. */
int build_tree_maps(Builder *b);
int build_tree_ids(Builder *b);

/* Whether m can be the root of a tree that is built. Returns 0 or -errno, reported. */
int build_tree_root(Builder *b, const PlanMount *m);

/* The payload can make no unix socket: says so where systemd listens, and nobody else speaks. */
void build_notify_is_mute(const Builder *b);

/* Whether the policy lets the payload make namespaces of that kind (CLONE_NEW*). */
bool build_allows_namespace(const Policy *policy, uint64_t kind);

static inline const SettingList *build_list(Builder *b, DirectiveId id) {
        return &b->policy->settings[id];
}
