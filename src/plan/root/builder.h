/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state of the parts that plan the root. Some want mounts, one places them, and some look for files in them.
 * Functions return 0 or a negative errno. They report the errors that a user can correct. */

#include "plan/builder.h"
#include "plan/root/model.h"

typedef struct WantedMount {
        PlanMount mount;
        bool optional; /* skip it if destination does not exist */
} WantedMount;

/* A pattern "hide=" of a volume. */
typedef struct HideOption {
        char *volume; /* its destination */
        const char *pattern;
        Origin origin;
        const char *key;
} HideOption;

/* A symlink on the way to a source. */
typedef struct SourceLink {
        char *link, *source; /* its path, and that of the source that it has led to */
        const Setting *setting;
        DirectiveId id;
} SourceLink;

typedef struct RootBuilder {
        Builder *b;
        RootModel model;
        bool host_root;      /* the root is the host's */
        bool bare_root;      /* the root has only what is added to it */
        bool passed_hidden;  /* the search for the command passed a directory or file that the sandbox hides */
        WantedMount *wanted; /* mounts without a place so far */
        size_t n_wanted, n_placed;
        HideOption *hide_options;
        size_t n_hide_options;
        SourceLink *links;
        size_t n_links;
        bool *bound;         /* for each binding, whether the policy uses its name */
} RootBuilder;

/* Whether the policy or the service chose this mount. They did not choose the root and merged directories. */
static inline bool is_policy_volume(const PlanMount *m) {
        return m->asker >= ASKED_BY_SERVICE && m->kind != MOUNT_ROOT && m->kind != MOUNT_MERGE;
}

/* Marks the mount as asked for by a setting of the policy. */
PlanMount mount_of_setting(DirectiveId id, const Setting *s, PlanMount mount);

/* Marks the mount as made by systemd for the service. origin is from build_service_origin(). */
PlanMount mount_of_service(const char *origin, PlanMount mount);

/* Marks the mount as needed by isorun for the setting in origin; if origin has no file, as built-in. */
PlanMount mount_because_of(Origin origin, PlanMount mount);

/* Adds a mount to those that need a place. Takes it over. Returns 0, or -ENOMEM, also if the mount is not whole. */
int root_builder_want(RootBuilder *rb, PlanMount mount);

/* Does the same, but the mount is skipped if its destination does not exist. */
int root_builder_want_if_there(RootBuilder *rb, PlanMount mount);

/* A directive, and the function that adds the mounts for one of its settings. */
typedef struct RootDirective {
        DirectiveId id;
        int (*add)(RootBuilder *rb, DirectiveId id, const Setting *s);
} RootDirective;

/* Calls the functions for all settings, also after an error. */
int root_builder_add_all(RootBuilder *rb, const RootDirective *table, size_t n);

/* Makes the options of a tmpfs that belongs to the payload. inodes: 0 for tmpfs's own default. The caller frees them.
 * NULL when memory runs out. */
char *root_builder_tmpfs_options(const Plan *plan, const char *mode, Size size, uint64_t inodes);

#define TMPFS_SIZE ((Size) { .number = 64 << 20 })

void root_builder_deinit(RootBuilder *rb);
