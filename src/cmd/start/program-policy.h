/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The policy of a start without --policy, if the command has one of its own (policy/own-policy.h).
 *
 * The program is what isorun confines, and may be hostile, or written by the program of an earlier sandbox. So its own
 * policy is used only if the caller asks for that, or if the administrator has installed the program: then nobody else
 * can have written it, as with the policies in /usr/lib. Any other start is refused, because isorun cannot know whether
 * the caller means the program's policy or the default one. */

#include <sys/types.h>

#include "lib/rehearse.h"

typedef struct ProgramPolicy {
        char *spec;      /* for policy_load(); NULL: the command has no policy of its own */
        dev_t device;    /* of the program */
        ino_t inode;
} ProgramPolicy;

void program_policy_deinit(ProgramPolicy *p);

/* command is a path, or a name that is looked up in the caller's PATH. asked: the caller asks for the command's own
 * policy (--own), so it is an error if it carries none. Returns 0 or -errno, reported. */
int program_policy_find(Rehearsal *rehearsal, const char *command, bool asked, ProgramPolicy *ret, Report *report);
