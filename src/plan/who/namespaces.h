/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* All kinds of namespaces (CLONE_NEW*), and those that RestrictNamespaces= lets the payload make. */
uint64_t build_all_namespaces(void);
uint64_t build_allowed_namespaces(const Policy *policy);

/* Whether the policy lets the payload make namespaces of all these kinds (CLONE_NEW*). */
bool build_allows_namespace(const Policy *policy, uint64_t kind);
