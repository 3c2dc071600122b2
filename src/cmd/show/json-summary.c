/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/show/json-summary.h"

#include <errno.h>
#include <limits.h>

#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

typedef struct Reader {
        const JsonLibrary *lib;
        json_t *root;
        json_t *line;    /* borrowed from root */
        json_t *origins; /* of this line, which gets them as its last member */
} Reader;

/* Frees a value that nothing else refers to. */
static void forget(const JsonLibrary *lib, json_t *value) {
        if (value)
                lib->json_delete(value);
}

/* Takes over value, also on an error. */
static int set(const Reader *r, json_t *object, const char *key, json_t *value) {
        return r->lib->json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

/* All keys of isorun are lower-case words. jansson refuses text that is not UTF-8, as it does when memory runs out. */
static bool is_key(const char *word) {
        return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyz ")] == '\0';
}

json_t *json_origin(const JsonLibrary *lib, const char *file, unsigned line) {
        json_t *object = lib->json_object(), *name = file ? json_library_text(lib, file) : lib->json_null();
        bool failed = lib->json_object_set_new(object, "file", name) < 0;

        failed = lib->json_object_set_new(object, "line", lib->json_integer(line)) < 0 || failed;
        if (!failed)
                return object;
        forget(lib, object);
        return NULL;
}

static int end_line(Reader *r) {
        json_t *origins = r->origins;

        r->origins = NULL;
        return r->line ? set(r, r->line, "origins", origins) : 0;
}

static int read_line(Reader *r, char *const *words) {
        int q = strv_length(words) == 2 && is_key(words[1]) ? end_line(r) : -EPROTO;

        if (q < 0)
                return q;
        r->line = r->lib->json_object();
        r->origins = r->lib->json_array();
        return set(r, r->root, words[1], r->line);
}

static int read_part(Reader *r, char *const *words) {
        const size_t n = strv_length(words);
        json_t *list;
        int q;

        if (!r->line || n < 3 || !is_key(words[1]) || streq(words[1], "origins"))
                return -EPROTO;
        if (streq(words[2], "text"))
                return n == 4 ? set(r, r->line, words[1], json_library_text(r->lib, words[3])) : -EPROTO;
        if (!streq(words[2], "list"))
                return -EPROTO;
        list = r->lib->json_array();
        q = set(r, r->line, words[1], list);
        for (size_t i = 3; q >= 0 && i < n; i++)
                q = r->lib->json_array_append_new(list, json_library_text(r->lib, words[i])) < 0 ? -ENOMEM : 0;
        return q;
}

static int read_origin(Reader *r, char *const *words) {
        const size_t n = strv_length(words);
        json_t *origin;
        uint64_t line;

        if (!r->line || n < 2 || n > 3 || parse_u64_range(words[1], 0, UINT_MAX, &line) < 0)
                return -EPROTO;
        origin = json_origin(r->lib, words[2], (unsigned) line);
        return r->lib->json_array_append_new(r->origins, origin) < 0 ? -ENOMEM : 0;
}

static int read_words(Reader *r, const char *text) {
        _cleanup_strv_free_ char **words = NULL;
        int q = word_split(text, &words);

        if (q < 0)
                return q == -ENOMEM ? q : -EPROTO;
        if (strv_length(words) == 0)
                return -EPROTO;
        return streq(*words, "line") ? read_line(r, words)
               : streq(*words, "part") ? read_part(r, words)
               : streq(*words, "origin") ? read_origin(r, words) : -EPROTO;
}

int json_summary(const JsonLibrary *lib, char *text, json_t **ret) {
        Reader reader = { .lib = lib, .root = lib->json_object() };
        char *position = NULL;
        int r = reader.root ? 0 : -ENOMEM;

        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position))
                r = read_words(&reader, line);
        if (r >= 0)
                r = end_line(&reader);
        if (r >= 0)
                *ret = reader.root;
        else {
                forget(lib, reader.origins);
                forget(lib, reader.root);
        }
        return r;
}
