/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command's own policy (policy/own-policy.h), and the administrator's for it (lib/effective.h).
 *
 * The program is what isorun confines, and may be hostile, or written by the program of an earlier sandbox. So without
 * --policy, its own policy is used only if the caller asks for that, or if the administrator has installed the program:
 * then nobody else can have written it, as with the policies in /usr/lib. Any other start is refused, because isorun
 * cannot know whether the caller means the program's policy or the default one. The administrator's policy for a
 * program of this name is used for the same programs alone: otherwise any program would get it by its file name.
 *
 * With --policy, the program's own policy can only narrow that one, so that of any program is used. */

#include <sys/types.h>

#include "lib/effective.h"

typedef struct ProgramPolicy {
        char *administrator; /* the name of the administrator's policy for the command; NULL: none, or not for it */
        char *spec;      /* for policy_load(); NULL: the command has no policy of its own */
        dev_t device;    /* of the program */
        ino_t inode;
} ProgramPolicy;

typedef enum ProgramUse {
        PROGRAM_USE_INSTALLED, /* without --policy */
        PROGRAM_USE_OWN,       /* --own: it is an error if the command carries no policy */
        PROGRAM_USE_NAMED,     /* the same, but it need not carry one */
        PROGRAM_USE_NARROW,    /* only to narrow another policy */
} ProgramUse;

void program_policy_deinit(ProgramPolicy *p);

/* command is a path, or a name that is looked up in the caller's PATH. If there is an administrator's policy for it,
 * does not read the program's: program_policy_narrow() does. Returns 0 or -errno, reported. */
int program_policy_find(Rehearsal *rehearsal, const char *command, ProgramUse use, ProgramPolicy *ret, Report *report);

/* Reads the administrator's policy for the command, or else the policy spec. Otherwise like loaded_init(). */
int program_policy_load(Loaded *l, const ProgramPolicy *p, const char *spec, const char *name, char *const *arguments,
                        Report *report);

/* Narrows l->policy, which has the lines of the command line, by the command's own policy, unless that is not to be
 * read. command: NULL for that of l->policy. overrides may be NULL. Fills *p, whose spec stays NULL if the command
 * carries no policy. Returns 0 or -errno, reported. */
int program_policy_narrow(Loaded *l, const char *command, ProgramUse use, const EffectiveOverrides *overrides,
                          ProgramPolicy *p, Report *report);

/* Reads the policy spec as isorun --policy does for the command, or, for a program, as isorun --own does. arguments may
 * be NULL. Call program_policy_deinit() in either case. Returns 0 or -errno, reported. */
int program_policy_read(Loaded *l, ProgramPolicy *p, const char *spec, char *const *arguments, Report *report);
