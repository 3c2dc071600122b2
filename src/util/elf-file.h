/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an ELF file asks of its loader: elf(5), ld.so(8). Read by libelf, which is loaded for that. */

#include <stdbool.h>

#include "util/macro.h"

typedef struct ElfFile {
        int class, machine;  /* of the header: what fits together */
        char *interpreter;   /* NULL: none */
        char **needed;       /* names of libraries */
        char **search;       /* directories of DT_RUNPATH, or where there is none of DT_RPATH */
        bool runpath;
} ElfFile;

void elf_file_deinit(ElfFile *f);

/* Returns 1 with *ret filled, 0 where the file is no program or library in ELF, or -errno: file_open_regular()'s,
 * -EBADMSG for a broken one, -ENOPKG where libelf is missing, -ENOMEM. */
int elf_file_read(const char *path, ElfFile *ret);
