/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The mounts of a process: proc_pid_mountinfo(5). All texts are as the process, or whoever mounted, made them. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

typedef struct MountEntry {
        unsigned id, parent;
        char *device;        /* "MAJOR:MINOR" */
        char *root;          /* the part of the file system that it shows */
        char *path;          /* its mount point */
        char *options;       /* of the mount: "ro,nosuid,…" */
        char *type;
        char *super_options; /* of the file system */
} MountEntry;

typedef struct MountTable {
        MountEntry *items;
        size_t n;
} MountTable;

/* Undoes the escapes of mountinfo in place: space, tab, newline and backslash are \OOO. */
void mount_unescape(char *s);

/* Parses a mountinfo, which it changes. Returns 0, -EINVAL if it is none, or -ENOMEM. */
int mount_table_parse(char *text, MountTable *ret);
void mount_table_deinit(MountTable *table);

/* The same for the mountinfo at path, with the errors of file_read(). */
int mount_table_read(const char *path, MountTable *ret);

/* NULL: there is no such mount. */
const MountEntry *mount_table_get(const MountTable *table, unsigned id);

/* The mount that a process sees at path: the topmost one there, or else the one that path is in. NULL if the table has
 * no root. */
const MountEntry *mount_table_find(const MountTable *table, const char *path);

/* Whether the mount is not covered by others. */
bool mount_table_shows(const MountTable *table, const MountEntry *entry);

/* Where in its file system the mount that path is in shows path. NULL when memory runs out. */
char *mount_path_in(const MountEntry *entry, const char *path);

/* Whether a list such as "ro,size=4k" has the word, or a word that begins with it if it ends with "=". Returns the rest
 * of the word, or NULL. */
const char *mount_option(const char *options, const char *word);
