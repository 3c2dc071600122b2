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

int json_print(const json_t *value, FILE *f) {
        errno = 0;
        if (json_dumpf(value, f, JSON_INDENT(2)) < 0)
                return errno ? -errno : -EIO;
        return fputc('\n', f) == EOF ? -EIO : 0;
}
