/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "policy/note.h"
#include "policy/policy.h"

/* The directories in which a policy is looked up by name, in this order: $XDG_CONFIG_HOME/isorun/policies (config_home)
 * or ~/.config/isorun/policies (home), if uid may use it (config_home_find()), /etc/isorun/policies,
 * /usr/local/lib/isorun/policies, /usr/lib/isorun/policies, and where this isorun's policies were installed. The caller
 * frees the array. NULL when memory runs out. */
char **policy_search_path(const char *config_home, const char *home, uid_t uid);

/* Whether spec is the path of a file and not a name: it contains a slash, or it ends in ".conf" and the file exists. */
bool policy_spec_is_path(const char *spec);

/* The name of a policy: the last component of spec, without ".conf". On the heap; NULL when memory runs out. */
char *policy_spec_name(const char *spec);

/* Reads the policy that spec names. A name is looked up in search_path. Its drop-ins are the files *.conf in the
 * directories NAME.conf.d there, sorted by name; for drop-ins with the same name, the one in the earlier directory
 * wins. A path is read without drop-ins; that of a program that has a policy of its own (policy/own-policy.h) is that
 * policy, unless it ends in ".conf". The lines of a Base= policy come before those of the policy. If no file of the
 * name "default" is found, the built-in copy is read.
 *
 * Reads on after an error in a file, so that one run reports all errors. Returns 0 or -errno, reported: -EBADMSG for an
 * error in a file, -ENOENT if a policy is not found, -EINVAL for a word that cannot be a name or a file that is not
 * regular, -ELOOP if a policy is its own base, -E2BIG or -EFBIG if there are too many files or values, or the files are
 * too large. */
int policy_load(Policy *policy, const char *spec, char *const *search_path, Report *report);

/* Reads the texts that a program carries, at least one, as the files of one policy. Otherwise like policy_load(). */
int policy_load_notes(Policy *policy, const Notes *notes, char *const *search_path, Report *report);

/* Lists the names of all policies in search_path, sorted, always with "default". Skips a directory that cannot be read.
 * The caller frees *ret. Returns 0 or -ENOMEM. */
int policy_list(char *const *search_path, char ***ret);

/* Called for each file of a policy. Returns 0 or -errno. After -ENOMEM no further file is visited. */
typedef int (*PolicyVisit)(void *userdata, const char *file, const char *text, size_t size);

/* Calls visit for the files that policy_load() would read, in the same order, even if they have errors. Returns 0, the
 * errors of policy_load(), or the last error of visit. */
int policy_visit(const char *spec, char *const *search_path, PolicyVisit visit, void *userdata, Report *report);
