/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>

#include "util/report.h"

static inline void json_unref(json_t **json) {
        json_decref(*json);
}
#define _cleanup_json_ _cleanup_(json_unref)

/* Parses a text that is an object or an array; a key that is there twice is an error. what names it in messages.
 * Returns NULL if it cannot be parsed, reported. */
json_t *json_parse(const char *text, size_t size, const char *what, Report *report);

/* The string of a key, borrowed, or NULL. */
const char *json_text_of(const json_t *object, const char *key);
