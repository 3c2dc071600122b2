/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/exporter.h"

#include <stdio.h>

#include "util/escape.h"

void export_lacks(Exporter *e, Origin origin, const char *key, const char *format, ...) {
        _cleanup_free_ char *why = NULL, *line = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&why, format, ap);
        va_end(ap);
        if (n < 0)
                why = NULL;
        line = why ? make_line(why, 4096) : NULL;
        fprintf(e->lacking, "# not enforced by systemd: %s%s (%s)\n", key, directive_find(key) ? "=" : "", line ?: format);
        report_notice_at(e->report, origin, NULL, "not enforced by systemd: %s%s: %s", key,
                         directive_find(key) ? "=" : "", why ?: format);
}

FILE *export_stream(Exporter *e, Origin origin) {
        _cleanup_free_ char *where = NULL, *line = NULL;

        if (!origin.file)
                return e->builtin;
        where = origin_format(origin);
        line = where ? make_line(where, 4096) : NULL;
        fprintf(e->asked, "# %s\n", line ?: "?");
        return e->asked;
}
