/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the payload's capabilities, and a second user namespace if it could undo its sandbox with them. */
int build_capabilities(Builder *b);

/* The capabilities that the policy names, before the host takes some away. */
uint64_t build_named_capabilities(const Policy *policy, const Host *host);

/* Whether the payload may mount file systems: in user namespaces that it makes, or with CAP_SYS_ADMIN. Valid after
 * build_capabilities(). */
bool build_may_mount(const Builder *b);
