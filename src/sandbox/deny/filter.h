/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

enum { FILTERS = 2 };

/* Compiles the plan's calls and argument rules into two BPF programs, each in a memfd that the caller closes. Two,
 * since libseccomp cannot hold in one that a call is allowed and that it is not with certain arguments; the
 * kernel takes the stricter answer of all filters (seccomp(2)). Returns 0 or -errno, reported. */
int filter_compile(const Plan *plan, int ret[static FILTERS], Report *report);

/* Installs a compiled filter on this process; no_new_privs must be set. Returns 0 or -errno. */
int filter_install(int fd);
