/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-library.h"

#include <errno.h>

#include "util/escape.h"
#include "util/library.h"

LIBRARY_NOTE(json, "json", "Plans and batches as JSON", "suggested", "libjansson.so.4");

int json_library_load(JsonLibrary *lib, const char *option, Report *report) {
        static const char *const names[] = { JSON_FUNCTIONS(LIBRARY_NAME) };
        int r = library_load("libjansson.so.4", names, ELEMENTSOF(names), lib);

        return r < 0 ? report_error(report, -r, "%s needs libjansson.so.4%s", option, library_advice()) : 0;
}

json_t *json_library_text(const JsonLibrary *lib, const char *s) {
        json_t *value = lib->json_string(s);
        _cleanup_free_ char *escaped = value ? NULL : escape(s);

        return escaped ? lib->json_string(escaped) : value;
}
