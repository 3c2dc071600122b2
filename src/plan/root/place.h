/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Finds the mount's place and adds it to the model. Takes over the mount. */
int root_builder_place(RootBuilder *rb, PlanMount mount);

/* Places what was wanted, going on after a mistake. */
int root_builder_place_all(RootBuilder *rb);
