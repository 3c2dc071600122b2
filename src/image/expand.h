/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/archive-library.h"
#include "image/confine.h"

typedef enum Compression {
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_ZSTD,
} Compression;

typedef struct Expansion {
        const ArchiveLibrary *lib;
        Compression compression;
} Expansion;

/* A HelperRun, of an Expansion: decompresses its input to its output. */
void expand_run(const void *userdata, HelperResult *ret);
