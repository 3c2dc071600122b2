/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans users, groups and namespaces. */
int build_identity(Builder *b);
