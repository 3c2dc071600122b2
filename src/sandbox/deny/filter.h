/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

enum { FILTERS = 2 };

/* Outside: compiles the plan's calls and argument rules into two BPF programs, each in a memfd that the caller closes.
 * There are two because libseccomp cannot allow a call, and deny it for certain arguments, in one program. The kernel
 * takes the strictest answer of all filters: seccomp(2). Returns 0 or -errno, reported. */
int filter_compile(const Plan *plan, int ret[static FILTERS], Report *report);

/* Inside: installs a compiled filter on this process, which must have no_new_privs set. Returns 0 or -errno. */
int filter_install(int fd);
