/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* The payload's capabilities, and the second user namespace of a payload that could undo its sandbox. */
int build_capabilities(Builder *b);

/* Whether the payload may mount file systems: in user namespaces of its own making, or by CAP_SYS_ADMIN; once
 * build_capabilities() has been called. */
bool build_may_mount(const Builder *b);
