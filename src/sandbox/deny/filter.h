/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>

#include "plan/plan.h"

enum { FILTERS_MAX = 2 };

/* The programs of the system call filter, in the order to install them. The kernel takes the strictest answer of all;
 * among answers with an errno, that of the program installed last: seccomp(2). */
typedef struct Filter {
        struct sock_fprog programs[FILTERS_MAX];
        unsigned n;
        struct sock_filter *code, *more_code; /* of programs that are not the plan's; owned */
} Filter;

void filter_deinit(Filter *filter);

/* Gets the plan's program, or if the plan has none, filter_compile()'s. Returns 0 or -errno, reported. The plan must
 * live as long as the filter. */
int filter_get(const Plan *plan, Filter *ret, Report *report);

/* Makes the filters of a payload that is watched: watch_programs(). The caller calls filter_deinit(). Returns 0 or
 * -errno. */
int filter_get_watching(const Plan *plan, Filter *ret);

/* Makes the filters of a payload whose denials are recorded: notify_programs(). The caller calls filter_deinit().
 * Returns 0 or -errno. */
int filter_get_logging(const Plan *plan, Filter *ret);

/* Compiles the plan's calls and argument rules with libseccomp, for all its architectures. There are two programs
 * because libseccomp cannot allow a call, and deny it for certain arguments, in one. Returns 0, -ENOENT or -ENOSYS if
 * there is no fit libseccomp, or another errno. */
int filter_compile(const Plan *plan, Filter *ret);

/* Inside: installs one program on this thread, which must have no_new_privs set, or on all threads of this process with
 * SECCOMP_FILTER_FLAG_TSYNC. Returns 0, or -errno; -EBUSY if a thread has another filter. */
int filter_install(const Filter *filter, unsigned i, unsigned flags);

/* Inside: installs the first program on this thread. Returns its listener, an fd that execve(2) closes; -EBUSY if a
 * filter around this one has a listener; or -errno. */
int filter_install_listening(const Filter *filter);

/* Inside: installs all programs on this thread. Returns 0 or -errno. */
int filter_install_all(const Filter *filter);
