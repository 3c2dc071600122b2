/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Finds the source (a path or a name) of a setting on the host. Returns 1, 0 if it does not exist and the setting
 * allows that, or -errno. */
int root_builder_resolve(RootBuilder *rb, const Setting *s, DirectiveId id, const char *source, PlanSource *ret);

/* Refuses sources to which a symlink in a writable volume has led. For mounts that have no place so far. */
int build_source_links(RootBuilder *rb);
