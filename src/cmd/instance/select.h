/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which instances are meant by what has been typed. */

#include "cmd/instance/instance.h"

/* Whether what has been typed is a pattern as of glob(7), and not a name. */
bool instance_is_pattern(const char *name);

/* Whether it has that name, unit or cgroup; or matches, where that is a pattern. */
bool instance_matches(const Instance *instance, const char *name);

/* Drops those that none of the names or patterns means, and what is nested in these. */
void instances_keep_named(InstanceList *list, char *const *names);

/* Those that were asked for, each once; borrowed from the list. */
typedef struct Selection {
        const Instance **items;
        size_t n;
} Selection;

void selection_deinit(Selection *selection);

/* Selects what the names mean, as instances_pick() does, and a pattern all that match and can be acted on: of the
 * caller's own manager's where it is to act on them and no option says whose. Returns 0, or -errno, reported, where a
 * name means none; what the others mean is selected all the same. */
int instances_select(Selection *ret, const InstanceList *list, char *const *names, bool acting, Report *report);

/* The instance of that name, unit or cgroup, or the only one that matches the pattern: the caller's own manager's before
 * the machine's, and these before those of others; or the only one of his own whose name begins like that. Only one that
 * can be acted on. Borrowed. NULL: there is none, which is reported. */
const Instance *instances_pick(const InstanceList *list, const char *name, Report *report);
