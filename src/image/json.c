/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/json.h"

#include <errno.h>

json_t *json_parse(const char *text, size_t size, const char *what, Report *report) {
        json_error_t error;
        json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

        if (!json)
                report_error(report, EBADMSG, "%s is not JSON: line %d: %s", what, error.line, error.text);
        return json;
}

const char *json_text_of(const json_t *object, const char *key) {
        return json_string_value(json_object_get(object, key));
}
