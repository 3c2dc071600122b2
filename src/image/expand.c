/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/expand.h"

#include <errno.h>
#include <stdio.h>

#include "image/digest.h"
#include "util/fd.h"

static int copy_data(const ArchiveLibrary *lib, struct archive *a) {
        const void *bytes;
        int64_t offset;
        size_t n;
        int r;

        while ((r = lib->archive_read_data_block(a, &bytes, &n, &offset)) == ARCHIVE_OK)
                if (fd_write_all(HELPER_OUTPUT, bytes, n) < 0)
                        return ARCHIVE_FATAL;
        return r;
}

void expand_run(const void *userdata, HelperResult *ret) {
        const Expansion *e = userdata;
        const ArchiveLibrary *lib = e->lib;
        struct archive *a = lib->archive_read_new();
        struct archive_entry *entry;
        int r = a ? ARCHIVE_OK : ARCHIVE_FATAL;

        if (r == ARCHIVE_OK)
                r = lib->archive_read_support_format_raw(a);
        if (r == ARCHIVE_OK)
                r = e->compression == COMPRESSION_GZIP ? lib->archive_read_support_filter_gzip(a)
                                                       : lib->archive_read_support_filter_zstd(a);
        if (r == ARCHIVE_OK)
                r = lib->archive_read_open_fd(a, HELPER_INPUT, COPY_SIZE);
        if (r == ARCHIVE_OK)
                r = lib->archive_read_next_header(a, &entry);
        if (r == ARCHIVE_OK)
                r = copy_data(lib, a);
        ret->done = r == ARCHIVE_EOF;
        if (!ret->done)
                snprintf(ret->text, sizeof(ret->text), "cannot decompress it: %.200s",
                         a && lib->archive_error_string(a) ? lib->archive_error_string(a) : "not enough memory");
}
