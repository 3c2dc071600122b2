/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/archive-library.h"

#include "util/library.h"

LIBRARY_NOTE(archive, "images", "Unpacking container images", "suggested", "libarchive.so.13");

int archive_library_load(ArchiveLibrary *lib, Report *report) {
        static const char *const names[] = { ARCHIVE_FUNCTIONS(LIBRARY_NAME) };
        int r = library_load("libarchive.so.13", names, ELEMENTSOF(names), lib);

        return r < 0 ? report_error(report, -r, "container images need libarchive.so.13%s", library_advice()) : 0;
}
