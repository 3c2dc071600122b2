/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libjansson for isorun, which most starts do not need. isoctl is linked with it. */

#include <jansson.h>

#include "util/library.h"
#include "util/report.h"

#define JSON_FUNCTIONS(X)        \
        X(json_array)            \
        X(json_array_append_new) \
        X(json_array_get)        \
        X(json_array_size)       \
        X(json_delete)           \
        X(json_dumpf)            \
        X(json_dumps)            \
        X(json_false)            \
        X(json_integer)          \
        X(json_loadb)            \
        X(json_null)             \
        X(json_object)           \
        X(json_object_iter)      \
        X(json_object_iter_key)  \
        X(json_object_iter_next) \
        X(json_object_iter_value)\
        X(json_object_set_new)   \
        X(json_object_size)      \
        X(json_string)           \
        X(json_string_value)     \
        X(json_true)

typedef struct JsonLibrary {
        JSON_FUNCTIONS(LIBRARY_POINTER)
} JsonLibrary;

/* Returns 0 or -errno; the message says which option needs the library. */
int json_library_load(JsonLibrary *lib, const char *option, Report *report);

/* Makes a JSON string of any bytes. If they are not UTF-8, they are written as \xHH. */
json_t *json_library_text(const JsonLibrary *lib, const char *s);
