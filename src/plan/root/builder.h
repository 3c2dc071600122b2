/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root while it is being planned, shared by what wants mounts, what places them and what looks for things in
 * them. Functions return 0 or a negative errno; what the user can do something about is reported. */

#include "plan/builder.h"
#include "plan/root/model.h"

typedef struct WantedMount {
        PlanMount mount;
        bool optional; /* left out where its destination does not exist */
} WantedMount;

typedef struct RootBuilder {
        Builder *b;
        RootModel model;
        bool host_root;      /* the root is the host's own */
        bool bare_root;      /* nothing but what is put there */
        WantedMount *wanted; /* not placed yet */
        size_t n_wanted;
        bool *bound;         /* for each binding, whether the policy has asked for it */
} RootBuilder;

/* The mount, as asked for by a setting of the policy. */
PlanMount mount_of_setting(DirectiveId id, const Setting *s, PlanMount mount);

/* The mount, as made for the service that isorun is the main process of; origin: of build_service_origin(). */
PlanMount mount_of_service(const char *origin, PlanMount mount);

/* The mount, as isorun needs it for what origin names; for every instance if that names nothing. */
PlanMount mount_because_of(Origin origin, PlanMount mount);

/* Adds the mount to those that are to be placed. Takes it over. -ENOMEM also where it is not whole. */
int root_builder_want(RootBuilder *rb, PlanMount mount);

/* Likewise; the mount is left out where its destination does not exist. */
int root_builder_want_if_there(RootBuilder *rb, PlanMount mount);

/* A directive of the policy, and what adds what a setting of it wants. */
typedef struct RootDirective {
        DirectiveId id;
        int (*add)(RootBuilder *rb, DirectiveId id, const Setting *s);
} RootDirective;

/* Does so for all settings, also after a mistake. */
int root_builder_add_all(RootBuilder *rb, const RootDirective *table, size_t n);

/* The options of a tmpfs that is the payload's own, on the heap, or NULL. */
char *root_builder_tmpfs_options(const Plan *plan, const char *mode, const char *rest);

#define TMPFS_SIZE "size=64M"

void root_builder_deinit(RootBuilder *rb);
