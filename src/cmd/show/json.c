/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json.h"

#include <errno.h>
#include <jansson.h>

#include "util/escape.h"

json_t *json_text(const char *s) {
        json_t *value = json_string(s);
        char *escaped;

        if (value)
                return value;
        escaped = escape(s);
        value = escaped ? json_string(escaped) : NULL;
        free(escaped);
        return value;
}

json_t *json_text_or_null(const char *s) {
        return s ? json_text(s) : json_null();
}

int json_print_array(json_t *(*make)(const void *items, size_t i), const void *items, size_t n, FILE *f) {
        json_t *array = json_array();
        int r = array ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (json_array_append_new(array, make(items, i)) < 0)
                        r = -ENOMEM;
        if (r >= 0)
                r = json_print(array, f);
        json_decref(array);
        return r;
}

int json_print(const json_t *value, FILE *f) {
        errno = 0;
        if (json_dumpf(value, f, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
                return errno ? -errno : -EIO;
        return fputc('\n', f) == EOF ? -EIO : 0;
}
