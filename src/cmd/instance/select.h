/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds the instances that the user's arguments mean. */

#include "cmd/instance/instance.h"

/* Whether the argument is a pattern (glob(7)) and not a name. */
bool instance_is_pattern(const char *name);

/* Finds the user in USER/NAME (a name or a number), and returns NAME, a part of name. Without a user, returns name.
 * *ret is -1 as a uid_t if no user is named, or there is no such user. */
const char *instance_split_user(const char *name, uid_t *ret);

/* Whether the instance's name, unit or cgroup is name, or whether the name or unit matches if name is a pattern. With
 * "USER/" before the name, the instance must belong to that user; root stands for the system. */
bool instance_matches(const Instance *instance, const char *name);

/* Drops the instances that no name or pattern matches, and those nested in them. */
void instances_keep_named(InstanceList *list, char *const *names);

/* The selected instances, each once; borrowed from the list. */
typedef struct Selection {
        const Instance **items;
        size_t n;
        bool *chosen; /* of each instance of the list, whether it is selected */
} Selection;

void selection_deinit(Selection *selection);

/* Selects an instance for each name, as instances_pick() does, and all usable instances for a pattern. If acting is set
 * and neither a user, --user nor --system is given, a pattern matches only instances of the caller's own manager.
 * Returns 0, or -errno, reported, if a name matches no instance; the others are selected anyway. A pattern without a
 * match is only a notice. */
int instances_select(Selection *ret, const InstanceList *list, char *const *names, bool acting, Report *report);

/* Whether name, or a name of the caller's own instances that begins with it, is that of a running instance. Also true
 * for a pattern. */
bool instances_has(const InstanceList *list, const char *name);

/* Finds the one instance that name means, and that isoctl can act on. name is an instance, a unit, a cgroup, a pattern
 * with one match, or the beginning of an instance's name. An exact name comes first: of the caller's own manager, then
 * among instances whose cgroup belongs to root or the caller, then among all. The beginning of a name counts only for
 * the first two of these. Another user's instance is meant only if name has "USER/" or is a cgroup: otherwise a user
 * could give an instance the name that root is about to use. Returns the instance, borrowed, or NULL, reported. */
const Instance *instances_pick(const InstanceList *list, const char *name, Report *report);
