/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an ELF file needs from its loader: elf(5), ld.so(8). The reader loads libelf when it is first used. */

#include <stdbool.h>

#include "util/macro.h"

typedef struct ElfFile {
        int class, machine;  /* from the header; a program and its libraries have the same */
        char *interpreter;   /* NULL: none */
        char **needed;       /* names of libraries */
        char **search;       /* the directories of DT_RUNPATH, or of DT_RPATH if there is no DT_RUNPATH */
        bool runpath;
} ElfFile;

void elf_file_deinit(ElfFile *f);

/* Returns 1 and fills *ret, or 0 if the file is not an ELF program or library, or -errno: -EBADMSG for a broken file,
 * -ENOPKG if libelf is missing, -ENOMEM, and the errors of file_open_regular(). */
int elf_file_read(const char *path, ElfFile *ret);
