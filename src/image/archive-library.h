/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libarchive, which only confined processes use: image/confine.h. */

#include <archive.h>
#include <archive_entry.h>

#include "util/library.h"
#include "util/report.h"

#define ARCHIVE_FUNCTIONS(X)              \
        X(archive_entry_filetype)         \
        X(archive_entry_gid)              \
        X(archive_entry_hardlink)         \
        X(archive_entry_mtime)            \
        X(archive_entry_mtime_nsec)       \
        X(archive_entry_pathname)         \
        X(archive_entry_perm)             \
        X(archive_entry_size)             \
        X(archive_entry_symlink)          \
        X(archive_entry_uid)              \
        X(archive_entry_xattr_next)       \
        X(archive_entry_xattr_reset)      \
        X(archive_error_string)           \
        X(archive_read_data_block)        \
        X(archive_read_new)               \
        X(archive_read_next_header)       \
        X(archive_read_open_fd)           \
        X(archive_read_support_filter_gzip)\
        X(archive_read_support_filter_zstd)\
        X(archive_read_support_format_raw)\
        X(archive_read_support_format_tar)

typedef struct ArchiveLibrary {
        ARCHIVE_FUNCTIONS(LIBRARY_POINTER)
} ArchiveLibrary;

/* Returns 0 or -errno, reported. */
int archive_library_load(ArchiveLibrary *lib, Report *report);
