/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The effective policy of a program that carries one: it allows what the administrator's policy and the program's both
 * allow (plan/permit). So the program's can only narrow. The third bound, an instance around this process, is the
 * kernel's work: no plan can lift it. lib/surroundings.h says what can be known of it.
 *
 * For root, the program's policy chooses no user or group of the host.
 *
 * A line of the command line counts for both policies. Where values do not compare, such as two slices: if the program
 * does not set the directive, the administrator's value counts; if it does, that is an error. */

#include "lib/load.h"

/* Looks for the administrator's policy for a program, /etc/isorun/policies/NAME.conf with the name of its file. program
 * is the real path. *ret, the policy's name, is on the heap; NULL if the administrator has none. Returns 0 or
 * -errno, reported. */
int effective_find(const char *program, char **ret, Report *report);

/* Whether the policy says Program=ignore. */
bool effective_ignores_program(const Policy *policy);

/* Whether the policy has a root other than the host's, so that a command is another file than on the host. */
bool effective_has_root(const Policy *policy);

/* What gives a policy the lines of the command line. apply() returns 0 or -errno, reported. */
typedef struct EffectiveOverrides {
        int (*apply)(void *userdata, Policy *policy, Report *report);
        void *userdata;
} EffectiveOverrides;

/* Narrows l->policy by the program's policy. l->policy has the lines of the command line already. The program's gets
 * them here, by overrides (which may be NULL), after its defaults: so a line that adds to a list adds to the default.
 * Completes both, and frees program. l->policy then has origins of both, and its decisions. Returns 0 or -errno,
 * reported: -EINVAL if the two contradict each other. */
int effective_narrow(Loaded *l, Policy *program, const EffectiveOverrides *overrides, Report *report);

/* Reads the effective policy of a program that starts itself: notes are what it carries, and program is its real path,
 * which names the instance. It may be in any directory, because the program itself asks for this start. Does not look
 * for a system call filter around this process. Otherwise like loaded_init(). */
int effective_init(Loaded *l, const Notes *notes, const char *program, Report *report);
