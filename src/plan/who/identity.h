/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Users, groups, namespaces. */
int build_identity(Builder *b);
