/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Finds the place of a mount, and adds it to the model. Takes over the mount. */
int root_builder_place(RootBuilder *rb, PlanMount mount);

/* These place all wanted mounts, also after an error: first all but the hidden places, then the hidden places. */
int root_builder_place_all(RootBuilder *rb);
int root_builder_place_hidden(RootBuilder *rb);
