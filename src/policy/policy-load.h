/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/policy.h"

/* The directories that policies are looked up in by name, first one first: $XDG_CONFIG_HOME/isorun/policies (or
 * that below home, where config_home is NULL; neither, where home is too), /etc/isorun/policies,
 * /usr/local/lib/isorun/policies, /usr/lib/isorun/policies. A string array for the caller to free, or NULL when
 * memory runs out. */
char **policy_search_path(const char *config_home, const char *home);

/* Whether spec is the path of a file, not a name to look up: it holds a slash, or ends in ".conf" and exists. */
bool policy_spec_is_path(const char *spec);

/* The name that a policy goes by: the last component of spec, without ".conf". On the heap; NULL: no memory. */
char *policy_spec_name(const char *spec);

/* Reads the policy that spec names, below it what its Base= names, over it the drop-ins NAME.conf.d/.conf of all
 * directories (of two with one name the first counts; sorted by name), as systemd.unit(5) has it. "default" is
 * built in where no file is found.
 *
 * Returns 0 or a negative errno: -EBADMSG where the text is bad, -ENOENT where there is none,
 * -ELOOP where Base= comes back to itself; all reported. */
int policy_load(Policy *policy, const char *spec, char *const *search_path, Report *report);

/* The names that a policy can be loaded by from the search path: a string array to free, sorted, in *ret (NULL where
 * there is none). "default" is among them, found or not. Directories that cannot be read count as empty. Returns 0 or
 * -ENOMEM. */
int policy_list(char *const *search_path, char ***ret);

/* A file that a policy is made of. Returns 0, or a negative errno that ends the visit. */
typedef int (*PolicyVisit)(void *userdata, const char *file, const char *text, size_t size);

/* Visits the files that policy_load() would read, in that order; text need not be right. Returns as that does, and what
 * visit returned. */
int policy_visit(const char *spec, char *const *search_path, PolicyVisit visit, void *userdata, Report *report);
