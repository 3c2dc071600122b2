/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stages: what a program gives up further on, by isorun_restrict(3). The section [Stage.NAME] has its lines.
 *
 * A stage can only narrow, because the kernel keeps all that confined the program before: it adds a second filter and a
 * second Landlock domain. Of the directives, each line says what is still permitted. Filters and lists that begin with
 * "~" take away from the policy's. Paths are different, because Landlock has rules that permit, and none that denies:
 * the closest line above a path decides, the first line is for "/", and no line permits less than the one above. */

#include "policy/policy.h"

/* What a stage lets the program do with a path, from the least. */
typedef enum StageAccess {
        STAGE_INACCESSIBLE,
        STAGE_READ,
        STAGE_WRITE,
} StageAccess;

/* The access of a line: that of the setting n, counted over InaccessiblePaths=, ReadOnlyPaths= and ReadWritePaths=, or
 * NULL after the last one. */
const Setting *stage_path(const PolicyStage *stage, size_t n, StageAccess *ret);

/* Whether the stage limits what can be written, and whether it leaves nothing writable. */
bool stage_limits_writes(const PolicyStage *stage);
bool stage_writes_nothing(const PolicyStage *stage);

/* Whether the stage has a line for the directive, also an empty one. */
static inline bool stage_has(const PolicyStage *stage, DirectiveId id) {
        return stage->given[id].file;
}

/* Checks the lines of a stage that have a meaning only together. Reports all errors. Returns 0, -EBADMSG or -ENOMEM. */
int stage_check(const PolicyStage *stage, Report *report);

/* Makes a policy with the system calls, capabilities, peers and executable paths that the program has in a stage; with
 * stage NULL, those that it has before any stage. The policy and the stage must live as long. Returns 0 or
 * -ENOMEM, reported. */
int stage_policy(Policy **ret, const Policy *policy, const PolicyStage *stage, Report *report);
