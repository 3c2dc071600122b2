/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Finds the place of a mount, and adds it to the model. Takes over the mount. */
int root_builder_place(RootBuilder *rb, PlanMount mount);

/* These place all wanted mounts, also after an error: first all but the hidden places, then the hidden places. */
int root_builder_place_all(RootBuilder *rb);
int root_builder_place_hidden(RootBuilder *rb);

/* Makes the file or directory at spot a mount of its own, with the attributes of the mount that it is a part of. This
 * works only for a part of a plain bind, whose files have a path on the host. Those of an overlay or of an idmapped
 * mount have none. Returns 0, -EOPNOTSUPP, which it does not report, or -ENOMEM. */
int root_builder_bind_part(RootBuilder *rb, DirectiveId id, const Setting *s, const Spot *spot);

/* Whether the root or a read-only volume shows a file at spot, by a path that the host has, so that a file in memory
 * can be put over it. */
bool root_builder_can_cover(const Spot *spot);

/* Puts a file in memory over the one at spot. Takes over file, whose destination is the path of spot. Returns 0 or
 * -ENOMEM. */
int root_builder_cover(RootBuilder *rb, const Spot *spot, PlanMount file);
