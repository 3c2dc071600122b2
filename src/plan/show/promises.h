/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The entries of a plan that can be compared with a running instance, for programs: isoctl verify.
 *
 * A promise is a line of words (util/word.h): the origin as plan_print_text() shows it, or ""; the kind; and its
 * values. Numbers are decimal, sets of capabilities and the filter hexadecimal.
 *
 *     holder scope|service|cgroup|pool|none
 *     may-mount                        the payload may mount
 *     may-make TYPE...                 the namespaces that it may make
 *     no_new_privs
 *     capabilities BOUNDING AMBIENT
 *     uid-map|gid-map MAP              of the payload's user namespace, as its parent sees it: "0 1000 1,…"
 *     outer-uid-map|outer-gid-map MAP  of the user namespace around that one
 *     user UID GID CHANGES             in the payload's user namespace; CHANGES is 1 if the payload may change its ids
 *     groups GID...
 *     mount KIND PATH FLAGS OPTIONS SOURCE
 *     filter INSTRUCTIONS PROGRAM      PROGRAM is "" if the plan does not have its bytes
 *     landlock files|scope
 *     property NAME VALUE 0|1          1: Optional= names it
 *     rlimit NAME SOFT HARD
 *     keyring                          the payload has a session keyring of its own
 *     user-limit NAME VALUE            a file in /proc/sys/user
 */

#include <stdio.h>

#include "plan/plan.h"

/* FLAGS of a mount: any of these letters. */
#define PROMISE_READ_ONLY "r"
#define PROMISE_NO_EXEC "x"
#define PROMISE_DEVICES "d"
#define PROMISE_RECURSIVE "R"
#define PROMISE_MERGE "m"    /* a directory in memory, with the entries of the source */
#define PROMISE_LAYERS "l"   /* the source is an overlay of several directories, which has no path */
#define PROMISE_GRANT_WRITE "w"
#define PROMISE_PERHAPS "?"  /* only if the path exists */
#define PROMISE_VANISH "v"   /* not if the host removed the path while the instance started */

/* Begins a promise. */
void promise_begin(FILE *f, const char *origin, const char *kind);

/* These add a value. */
void promise_text(FILE *f, const char *text);
void promise_number(FILE *f, uint64_t number);

void promise_end(FILE *f);

/* Writes the promises of the plan. Returns 0 or -ENOMEM. */
int plan_print_promises(const Plan *plan, FILE *f);
