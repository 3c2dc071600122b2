/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Adds the mounts that the policy asks for. */
int build_policy_mounts(RootBuilder *rb);

/* Adds the places that the options "hide=" of the volumes hide, when the volumes have their places. */
int build_hide_options(RootBuilder *rb);
