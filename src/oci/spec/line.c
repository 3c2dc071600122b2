/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libjansson does not keep the places of values, so this reads the text once more, for messages and explain. */
#include "oci/spec/line.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "image/json.h"

static const char *skip_space(const char *s) {
        return s + strspn(s, " \t\r\n");
}

/* Returns the character after the closing quote. */
static const char *skip_string(const char *s) {
        for (s++; *s && *s != '"'; s++)
                if (*s == '\\' && s[1])
                        s++;
        return *s ? s + 1 : s;
}

/* Returns the character after a value. */
static const char *skip_value(const char *s) {
        unsigned depth = 0;

        do {
                if (*s == '"') {
                        s = skip_string(s);
                        continue;
                }
                if (*s == '{' || *s == '[')
                        depth++;
                else if (*s == '}' || *s == ']')
                        depth--;
                else if (depth == 0)
                        return s + strcspn(s, ",]} \t\r\n");
                s++;
        } while (*s && depth > 0);
        return s;
}

/* Whether the component of a pointer, with "~1" for "/" and "~0" for "~", is this key. */
static bool is_key(const char *component, size_t size, const char *key) {
        for (size_t i = 0; i < size; i++) {
                char c = component[i];

                if (c == '~' && i + 1 < size)
                        c = component[++i] == '1' ? '/' : '~';
                if (*key++ != c)
                        return false;
        }
        return !*key;
}

static bool has_key(const char *s, const char *component, size_t size) {
        const char *end = skip_string(s);
        _cleanup_json_ json_t *key = NULL;

        /* Nearly all keys are just as they are written. */
        if (!memchr(s, '\\', (size_t) (end - s)) && !memchr(component, '~', size))
                return (size_t) (end - s) == size + 2 && memcmp(s + 1, component, size) == 0;
        key = json_loadb(s, (size_t) (end - s), JSON_DECODE_ANY, NULL);
        return key && is_key(component, size, json_string_value(key));
}

/* The value of a key in the object, or of an index in the array, at s; NULL if it has none. */
static const char *enter(const char *s, const char *component, size_t size) {
        const bool object = *s == '{';
        unsigned long index = object ? 0 : strtoul(component, NULL, 10);

        if (!object && *s != '[')
                return NULL;
        for (s = skip_space(s + 1); *s && *s != '}' && *s != ']'; s = skip_space(s)) {
                const bool found = object ? has_key(s, component, size) : index-- == 0;

                if (object)
                        s = skip_space(skip_space(skip_string(s)) + 1);
                if (found)
                        return s;
                s = skip_space(skip_value(s));
                if (*s == ',')
                        s++;
        }
        return NULL;
}

unsigned json_line(const char *text, const char *pointer) {
        const char *s = skip_space(text);
        unsigned line = 1;

        while (s && *pointer == '/') {
                const size_t size = strcspn(++pointer, "/");

                s = enter(s, pointer, size);
                pointer += size;
        }
        if (!s)
                return 0;
        for (; text < s; text++)
                line += *text == '\n';
        return line;
}
