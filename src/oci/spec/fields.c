/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/spec/fields.h"

#include <errno.h>
#include <stdio.h>

typedef enum Kind {
        TEXT,
        NUMBER,
        FLAG,
        TEXTS,
        NUMBERS,
        MAP,     /* an object whose values are strings */
        OBJECT,  /* its members have rows */
        OBJECTS, /* an array of them */
        NAMED,   /* an object of them, with keys that have no rows */
        ANY,
} Kind;

typedef enum Verdict {
        TAKEN,
        IGNORED,
        REFUSED,
} Verdict;

typedef struct Field {
        const char *path;
        Kind kind;
        Verdict verdict;
        const char *note;
} Field;

static const Field fields[] = {
#define FIELD(path, kind, verdict, note) { path, kind, verdict, note },
#include "oci/spec/fields.inc"
#undef FIELD
};

enum {
        PATTERN_MAX = 128,
        UNKNOWN_MAX = 100, /* of an object, that get a notice of their own */
};

static const Field *find(const char *pattern) {
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].path, pattern))
                        return &fields[i];
        return NULL;
}

/* Engines write many fields that they do not use: null, "", false, [] and {} ask for nothing. */
static bool is_empty(const json_t *value) {
        const char *text = json_string_value(value);

        return json_is_null(value) || json_is_false(value) || (text && !*text) ||
               (json_is_array(value) && json_array_size(value) == 0) ||
               (json_is_object(value) && json_object_size(value) == 0);
}

/* A text with a NUL byte would end early for the kernel. */
static bool is_text(const json_t *value) {
        return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

static bool is_object(const json_t *value) {
        return json_is_object(value);
}

static bool all(const json_t *array, bool (*is)(const json_t *)) {
        for (size_t i = 0; i < json_array_size(array); i++)
                if (!is(json_array_get(array, i)))
                        return false;
        return json_is_array(array);
}

static bool is_map(json_t *value) {
        const char *key;
        json_t *item;

        json_object_foreach(value, key, item)
                if (!is_text(item))
                        return false;
        return json_is_object(value);
}

static bool are_objects(json_t *value) {
        const char *key;
        json_t *item;

        json_object_foreach(value, key, item)
                if (!json_is_object(item))
                        return false;
        return json_is_object(value);
}

/* Returns NULL if the value is of the kind, or what it should be. */
static const char *mistake(Kind kind, json_t *value) {
        switch (kind) {
        case TEXT:
                return is_text(value) ? NULL : "a string without NUL";
        case NUMBER:
                return place_is_integer(value) ? NULL : "an integer";
        case FLAG:
                return json_is_boolean(value) ? NULL : "true or false";
        case TEXTS:
                return all(value, is_text) ? NULL : "a list of strings without NUL";
        case NUMBERS:
                return all(value, place_is_integer) ? NULL : "a list of integers";
        case MAP:
                return is_map(value) ? NULL : "an object whose values are strings without NUL";
        case NAMED:
                return are_objects(value) ? NULL : "an object whose values are objects";
        case OBJECT:
                return is_object(value) ? NULL : "an object";
        case OBJECTS:
                return all(value, is_object) ? NULL : "a list of objects";
        case ANY:
                return NULL;
        }
        return "known";
}

static int check_value(const Place *p, const Field *field) {
        const char *expected;

        if (!field) {
                place_notice(p, "ignored: isorun-oci does not know this field");
                return 0;
        }
        if (field->verdict == REFUSED)
                return place_error(p, EOPNOTSUPP, "not supported by isorun-oci yet: %s", field->note);
        if (field->verdict == IGNORED) {
                place_notice(p, "ignored: %s", field->note);
                return 0;
        }
        expected = mistake(field->kind, p->value);
        if (expected)
                return place_error(p, EINVAL, "it must be %s", expected);
        if (field->kind == OBJECT)
                return fields_check(p, field->path);
        for (size_t i = 0; field->kind == OBJECTS && i < json_array_size(p->value); i++) {
                const Place item = place_item(p, i);
                char pattern[PATTERN_MAX];
                int r;

                snprintf(pattern, sizeof(pattern), "%s/*", field->path);
                r = fields_check(&item, pattern);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Goes on after an error, so that all of them are seen at once. */
int fields_check(const Place *place, const char *below) {
        const char *key;
        size_t unknown = 0;
        json_t *value;
        int result = 0;

        json_object_foreach(place->value, key, value) {
                const Place p = place_member(place, key);
                char pattern[PATTERN_MAX];
                const Field *field;
                int r;

                snprintf(pattern, sizeof(pattern), "%s/%s", below, key);
                field = find(pattern);
                if (!p.value || (is_empty(value) && (!field || field->verdict != TAKEN)))
                        continue;
                if (!field && ++unknown > UNKNOWN_MAX)
                        continue;
                r = check_value(&p, field);
                result = result < 0 ? result : r;
        }
        if (unknown > UNKNOWN_MAX)
                place_notice(place, "more fields that isorun-oci does not know, and ignores: %zu",
                             unknown - UNKNOWN_MAX);
        return result;
}
