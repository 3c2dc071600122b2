/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the id maps: 0 is the caller, and the other ids are the caller's subordinate ids. If there are none, a notice
 * says so, and only 0 is mapped. build_tree_ids() plans the ids of the build. */
int build_tree_maps(Builder *b);
int build_tree_ids(Builder *b);

/* Whether root can be the root of a tree that isoctl build writes to. Returns 0 or -errno, reported. */
int build_tree_root(Builder *b, const PlanSource *root);
