/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of isoctl embed: the program, and its copy with the policy, which is made in a directory of its own beside
 * the place that it is moved to. For root, that place may belong to another user, who can move the directory away and
 * put another one or a symlink there. So both are used by their fds, once they are open. */

#include <sys/stat.h>

#include "util/report.h"

typedef struct EmbedFiles {
        const char *binary;  /* as the caller gave it */
        char *target;        /* the place of the copy, without symlinks if it is that of the program */
        bool in_place;
        int fd;              /* the program, open for reading */
        struct stat st;
        bool big_endian;
        int parent;                  /* of the target, O_PATH */
        int place;                   /* the directory */
        char *directory, *made;      /* of the directory and the copy, by their names */
        char *note, *copy;           /* the note and the copy, in place */
        pid_t objcopy;               /* while it runs; else 0 */
} EmbedFiles;

/* Opens the program, and makes the directory. output may be NULL: the place of the program. Until embed_files_deinit(),
 * SIGHUP, SIGINT and SIGTERM remove the directory before they end this process; so f stays where it is, and there is
 * one at a time. Returns 0 or -errno, reported. */
int embed_files_init(EmbedFiles *f, const char *binary, const char *output, Report *report);

/* Removes the directory with all in it. */
void embed_files_deinit(EmbedFiles *f);

/* Makes the copy: removes the program's notes, and adds one with the text, by objcopy(1). Returns 0 or -errno,
 * reported, also if the copy has not exactly this note. */
int embed_files_make(EmbedFiles *f, const char *text, size_t size, Report *report);

/* Gives the copy the mode and extended attributes of the program, and in its place the owner, and moves it to its
 * place. Returns 0 or -errno, reported. */
int embed_files_move(EmbedFiles *f, Report *report);
