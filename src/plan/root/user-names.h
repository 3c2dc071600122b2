/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Has /etc/passwd and /etc/group inside name the payload's user and group, when all mounts have their places. */
int build_user_names(RootBuilder *rb);
