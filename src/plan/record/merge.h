/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Joins two recorded policies, as texts, so that comments stay. The earlier one may have been edited by hand: nothing
 * of it is lost, unless another line says the same.
 *
 *   - Lines of a list add up, sorted. Of two equal ones, the comment of the newer one stays.
 *   - What is below a directory that is shown, or in a group of calls, has no line of its own.
 *   - What the earlier policy denies with "~" stays denied.
 *   - Of two limits of memory or tasks, the larger one stays.
 *   - Of other directives that have one value, that of the earlier policy stays. */

#include <stdbool.h>

/* earlier: a policy that can be read, without stages. tighten: lists have only the lines of the newer one; those that
 * go away are appended to *ret_gone. Both results are on the heap. Returns 0; -E2BIG for
 * too many lines; or -ENOMEM. */
int record_merge(const char *earlier, const char *newer, bool tighten, char **ret, char ***ret_gone);
