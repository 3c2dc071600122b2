/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The promises of an instance, as it reports them: plan/show/promises.h, sandbox/inside/promises.h. For root, they are
 * data of another user, so each value is checked when it is read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

typedef struct Promise {
        char **words; /* the origin, the kind, and its values */
} Promise;

typedef struct Promises {
        Promise *items;
        size_t n;
} Promises;

/* Returns 0, -EPROTO if the text is wrong, or -ENOMEM. */
int promises_parse(const char *text, Promises *ret);
void promises_deinit(Promises *promises);

bool promise_is(const Promise *promise, const char *kind);
const char *promise_origin(const Promise *promise);

/* Value i of the promise: as text, "" if there is no such value, or as a number, 0 if the text is no number. */
const char *promise_value(const Promise *promise, size_t i);
uint64_t promise_number_of(const Promise *promise, size_t i);

/* The first promise of a kind, whose first value is name if that is not NULL; or NULL. */
const Promise *promises_find(const Promises *promises, const char *kind, const char *name);

/* Whether a value of the first promise of a kind is text. */
bool promises_have(const Promises *promises, const char *kind, const char *text);
