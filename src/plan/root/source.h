/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* What the setting's source, a path or a name, is on the host. Returns 1, or 0 where it is not there and need not be. */
int root_builder_resolve(RootBuilder *rb, const Setting *s, DirectiveId id, const char *source, PlanSource *ret);
