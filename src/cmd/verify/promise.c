/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/promise.h"

#include <errno.h>

#include "util/array.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

enum { ORIGIN, KIND, VALUES };

static int parse_line(const char *line, Promise *ret) {
        int r = word_split(line, &ret->words);

        if (r >= 0 && strv_length(ret->words) < VALUES)
                r = -EPROTO;
        return r == -ENOMEM || r >= 0 ? r : -EPROTO;
}

int promises_parse(const char *text, Promises *ret) {
        _cleanup_(promises_deinit) Promises promises = {};

        for (const char *line = text; *line;) {
                const size_t n = strcspn(line, "\n");
                _cleanup_free_ char *copy = strndup(line, n);
                Promise *p = copy ? ARRAY_APPEND(promises.items, promises.n) : NULL;
                int r = p ? parse_line(copy, p) : -ENOMEM;

                if (r < 0)
                        return r;
                line += n + (line[n] == '\n');
        }
        *ret = promises;
        promises = (Promises) {};
        return 0;
}

void promises_deinit(Promises *promises) {
        for (size_t i = 0; i < promises->n; i++)
                strv_free(promises->items[i].words);
        free(promises->items);
        *promises = (Promises) {};
}

bool promise_is(const Promise *promise, const char *kind) {
        return streq(promise->words[KIND], kind);
}

const char *promise_origin(const Promise *promise) {
        return promise->words[ORIGIN];
}

const char *promise_value(const Promise *promise, size_t i) {
        return VALUES + i < strv_length(promise->words) ? promise->words[VALUES + i] : "";
}

uint64_t promise_number_of(const Promise *promise, size_t i) {
        uint64_t number = 0;

        (void) parse_u64(promise_value(promise, i), &number);
        return number;
}

const Promise *promises_find(const Promises *promises, const char *kind, const char *name) {
        for (size_t i = 0; i < promises->n; i++) {
                const Promise *p = &promises->items[i];

                if (promise_is(p, kind) && (!name || streq(promise_value(p, 0), name)))
                        return p;
        }
        return NULL;
}

bool promises_have(const Promises *promises, const char *kind, const char *text) {
        const Promise *p = promises_find(promises, kind, NULL);

        return p && strv_contains(p->words + VALUES, text);
}
