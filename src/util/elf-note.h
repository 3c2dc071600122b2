/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads the notes of an ELF file: elf(5). The reader calls no library but libc, because a static program uses it at its
 * start. It reads files of both classes and both byte orders, and trusts no number in them. */

#include <stddef.h>
#include <stdint.h>

enum {
        ELF_NOTES_MAX = 64,            /* notes of one owner and type in a file */
        ELF_NOTES_SIZE_MAX = 16 << 20, /* of all note sections that are looked at */
};

/* The notes to look for. */
typedef struct ElfNoteKind {
        const char *section; /* in a file without section headers, all PT_NOTE segments are looked at */
        const char *owner;
        uint32_t type;
        size_t size_max;     /* of one descriptor */
} ElfNoteKind;

/* Called for each note in the order of the file, with a copy of its descriptor, which ends with a NUL that size does
 * not count. Takes over the copy, also on failure. Returns 0 or -errno, which ends the reading. */
typedef int (*ElfNoteTake)(void *userdata, char *descriptor, size_t size);

/* Returns the number of notes; 0 also if the file is no ELF program, library or object. Or -errno: -EBADMSG for a
 * broken file, with the reason in *ret_why, which is not on the heap; -ENOMEM; the errors of pread(2) and of take. */
int elf_notes_read(int fd, const ElfNoteKind *kind, ElfNoteTake take, void *userdata, const char **ret_why);
