/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* The maps for a user who builds a tree: his own id is 0, and the rest his subordinate ones, or with a notice none. */
int build_tree_maps(Builder *b);
int build_tree_ids(Builder *b);

/* Whether m can be the root of a tree that is built. Returns 0 or -errno, reported. */
int build_tree_root(Builder *b, const PlanSource *root);
