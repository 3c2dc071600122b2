/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root while it is being planned, shared by what places mounts and what looks for things in them. */

#include "plan/build.h"
#include "plan/root-model.h"

typedef struct RootBuilder {
        Builder *b;
        RootModel model;
        bool host_root;    /* the root is the host's own */
        PlanMount *wanted; /* not placed yet */
        size_t n_wanted;
} RootBuilder;

/* Finds the mount's place and adds it to the model. Takes over the mount. Returns 0, or reports. */
int root_builder_place(RootBuilder *rb, PlanMount mount);

int build_command(RootBuilder *rb);
int build_working_directory(RootBuilder *rb);
