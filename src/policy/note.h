/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The policy that a program carries in its own file: the notes of an ELF file, or the comments at the beginning of a
 * script. docs/elf-note.md specifies both. */

#include "util/report.h"

#define NOTE_SECTION ".note.isorun"
#define NOTE_OWNER "isorun"
enum { NOTE_TYPE_POLICY = 1 };

typedef struct Note {
        char *name; /* for messages and origins: "FILE (note)", "FILE (note 2)"; a script's own name */
        char *text;
        size_t size;
} Note;

typedef struct Notes {
        Note *items;
        size_t n;
} Notes;

void notes_deinit(Notes *notes);

/* Reads all that the file carries, in order. fd is open for reading, of a regular file; its offset does not matter.
 * file is its name in messages; it is copied. The lines of a script keep their numbers. It calls no library but libc.
 *
 * Returns 0; -ENODATA, not reported, if the file carries no policy; or, reported, -EBADMSG for a broken file and for a
 * line that a program may not bring along, -EFBIG for a script with too many comments, -ENOMEM, and the errors of
 * pread(2). It does not check the other lines. */
int notes_read(int fd, const char *file, Notes *ret, Report *report);

/* Makes *ret of one text, with the checks of notes_read(). Copies name, and takes over text, also on failure. */
int notes_from_text(const char *name, char *text, size_t size, Notes *ret, Report *report);
