/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines of passwd(5) and group(5), in a text that strangers may have written, such as a file of an image. Unlike
 * fgetpwent(3), these functions need no stream, and take no line without an id or with a number that is not one. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The texts are parts of the line. */
typedef struct UserLine {
        const char *name;
        uid_t uid;
        gid_t gid;
        const char *home, *shell;
} UserLine;

typedef struct GroupLine {
        const char *name;
        gid_t gid;
        const char *members; /* "A,B" */
} GroupLine;

/* Take the next valid line off *text, which they change; NULL has no lines. Comments and other lines are skipped.
 * Return false if there are no more. */
bool user_line_next(char **text, UserLine *ret);
bool group_line_next(char **text, GroupLine *ret);

/* Whether a user is a member. */
bool group_line_has(const GroupLine *group, const char *user);

/* Whether text is a number that a user or a group can have: -1 is none for chown(2). */
bool user_id_parse(const char *text, uint32_t *ret);
