/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root while it is being planned, shared by what wants mounts, what places them and what looks for things in
 * them. Functions return 0 or a negative errno; what the user can do something about is reported. */

#include "plan/builder.h"
#include "plan/root/model.h"

typedef struct RootBuilder {
        Builder *b;
        RootModel model;
        bool host_root;    /* the root is the host's own */
        bool bare_root;    /* nothing but what is put there */
        PlanMount *wanted; /* not placed yet */
        size_t n_wanted;
        bool *bound;       /* for each binding, whether the policy has asked for it */
} RootBuilder;

/* Adds the mount to those that are to be placed. Takes it over. -ENOMEM also where its destination is NULL. */
int root_builder_want(RootBuilder *rb, PlanMount mount);

/* A directive of the policy, and what adds what a setting of it wants. */
typedef struct RootDirective {
        DirectiveId id;
        int (*add)(RootBuilder *rb, DirectiveId id, const Setting *s);
} RootDirective;

/* Does so for all settings, also after a mistake. */
int root_builder_add_all(RootBuilder *rb, const RootDirective *table, size_t n);

/* Finds the mount's place and adds it to the model. Takes over the mount. */
int root_builder_place(RootBuilder *rb, PlanMount mount);

/* The options of a tmpfs that is the payload's own, on the heap, or NULL. */
char *root_builder_tmpfs_options(const Plan *plan, const char *mode, const char *rest);

#define TMPFS_SIZE "size=64M"

/* What the setting's source, a path or a name, is on the host: m->source, m->directory, and m->binding for a name.
 * Returns 1, or 0 where it is not there and need not be. */
int root_builder_resolve(RootBuilder *rb, const Setting *s, DirectiveId id, const char *source, PlanMount *m);

/* The directory of the instance's credentials inside, on the heap; *ret is NULL where the policy has none. */
int build_credentials_directory(const Builder *b, char **ret);

/* Where systemd has put the credentials of the service that isorun is the main process of; NULL: it has none. */
const char *build_unit_credentials(const Builder *b);

/* Where an entry of the plan is from, "StateDirectory= of web.service"; the plan's, or NULL. */
const char *build_unit_origin(const Builder *b, const char *what);

/* What a path in a variable of that service is behind the symlinks, which DynamicUser= makes (/var/lib/web leads to
 * /var/lib/private/web); on the heap. It must be clean, and a directory that is there; an error names the variable. */
int build_resolve_unit_directory(const Builder *b, const char *variable, const char *path, char **ret);

/* Goes through the variables by which that service knows what was made for it, value NULL where one is not set, until
 * visit returns a negative errno, which is returned. */
int build_visit_unit_variables(const Builder *b, int (*visit)(void *userdata, const char *name, const char *value),
                               void *userdata);

int build_begin_root(RootBuilder *rb);
int build_builtin_mounts(RootBuilder *rb);
int build_credentials(RootBuilder *rb);
int build_unit_mounts(RootBuilder *rb);
int build_policy_mounts(RootBuilder *rb);
int build_command(RootBuilder *rb);
int build_libraries(RootBuilder *rb);
int build_working_directory(RootBuilder *rb);
