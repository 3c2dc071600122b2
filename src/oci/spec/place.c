/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/spec/place.h"

#include <errno.h>
#include <stdio.h>

#include "oci/spec/line.h"
#include "util/strv.h"

static Place child(const Place *parent, json_t *value) {
        return (Place) { .parent = parent, .value = json_is_null(value) ? NULL : value, .file = parent->file,
                         .text = parent->text, .report = parent->report };
}

Place place_member(const Place *parent, const char *key) {
        Place p = child(parent, json_object_get(parent->value, key));

        p.key = key;
        return p;
}

Place place_item(const Place *parent, size_t index) {
        Place p = child(parent, json_array_get(parent->value, index));

        p.index = index;
        return p;
}

/* Of a JSON pointer, "~" is "~0" and "/" is "~1": RFC 6901. */
static void write_pointer(const Place *place, FILE *f) {
        if (!place->parent)
                return;
        write_pointer(place->parent, f);
        fputc('/', f);
        if (!place->key)
                fprintf(f, "%zu", place->index);
        for (const char *c = place->key; c && *c; c++)
                if (*c == '~' || *c == '/')
                        fputs(*c == '~' ? "~0" : "~1", f);
                else
                        fputc(*c, f);
}

json_t *place_parse(const char *text, size_t size, const char *file, Report *report) {
        json_error_t error;
        json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

        if (!json && json_error_code(&error) == json_error_numeric_overflow)
                json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
        if (json_is_object(json))
                return json;
        if (json)
                report_error_at(report, (Origin) { .file = file }, NULL, EINVAL, "it is not an object");
        else
                report_error_at(report, (Origin) { .file = file, .line = (unsigned) error.line }, NULL, EBADMSG,
                                "it is not JSON: %s", error.text);
        json_decref(json);
        return NULL;
}

static char *write_message(const Place *place, const char *format, va_list ap) _printf_(2, 0);
static char *write_message(const Place *place, const char *format, va_list ap) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        write_pointer(place, text.f);
        if (place->parent)
                fputs(": ", text.f);
        vfprintf(text.f, format, ap);
        return text_finish(&text);
}

char *place_pointer(const Place *place) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        write_pointer(place, text.f);
        return text_finish(&text);
}

/* If the text has only one line, as engines write it, its number says nothing. */
static Origin find_origin(const Place *place) {
        _cleanup_free_ char *pointer = place_pointer(place);
        Origin origin = { .file = place->file };
        const char *newline = place->text ? strchr(place->text, '\n') : NULL;

        if (!newline || !newline[1] || !pointer)
                return origin;
        origin.line = json_line(place->text, pointer);
        for (const Place *p = place->parent; origin.line == 0 && p; p = p->parent)
                origin.line = find_origin(p).line;
        return origin;
}

int place_error(const Place *place, int error, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = write_message(place, format, ap);
        va_end(ap);
        return message ? report_error_at(place->report, find_origin(place), NULL, error, "%s", message)
                       : report_oom(place->report);
}

void place_notice(const Place *place, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = write_message(place, format, ap);
        va_end(ap);
        if (message)
                report_notice_at(place->report, find_origin(place), NULL, "%s", message);
}

bool place_is_integer(const json_t *value) {
        const double n = json_real_value(value), exact = (double) (INT64_C(1) << 53);

        if (!json_is_real(value))
                return json_is_integer(value);
        return (n > -exact && n < exact && n == (double) (int64_t) n) || n == 0x1p64;
}

int64_t place_integer(const json_t *value) {
        if (json_is_integer(value))
                return json_integer_value(value);
        return json_real_value(value) == 0x1p64 ? -1 : (int64_t) json_real_value(value);
}

int place_number(const Place *parent, const char *key, int64_t min, int64_t max, int64_t *ret) {
        const Place p = place_member(parent, key);
        int64_t n;

        if (!p.value)
                return 0;
        n = place_integer(p.value);
        if (n < min || n > max)
                return place_error(&p, ERANGE, "%lld is not from %lld to %lld", (long long) n, (long long) min,
                                   (long long) max);
        *ret = n;
        return 0;
}

int place_texts(const Place *parent, const char *key, char ***ret) {
        const Place p = place_member(parent, key);
        const size_t n = json_array_size(p.value);
        _cleanup_strv_free_ char **texts = n > 0 ? calloc(n + 1, sizeof(char *)) : NULL;

        if (n > 0 && !texts)
                return report_oom(p.report);
        for (size_t i = 0; i < n; i++) {
                texts[i] = strdup(json_string_value(json_array_get(p.value, i)));
                if (!texts[i])
                        return report_oom(p.report);
        }
        *ret = TAKE_PTR(texts);
        return 0;
}
