/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Home directories outside of /home and /root. */

#include <sys/types.h>

/* Lists such homes, without symlinks: the directories that symlinks in /home lead to; the homes that /etc/passwd gives
 * to persons; and variable, the value of $HOME (may be NULL). The latter two count only if they belong to their user.
 * A directory of the system, such as /usr or /var/lib/x, is no home. Returns 0, -ENOMEM, or why
 * /etc/passwd cannot be read. *ret is NULL if no home is elsewhere. */
int homes_find(uid_t user, const char *variable, char ***ret);
