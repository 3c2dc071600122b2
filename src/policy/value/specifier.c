/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/specifier.h"

#include <errno.h>
#include <stdio.h>

#include "util/macro.h"
#include "util/text.h"

static const char *lookup(const Specifiers *s, char letter, char number[static 16], char **fact) {
        if (s->names_used && (letter == 'i' || letter == 'n'))
                *s->names_used = true;
        switch (letter) {
        case 'h':
                return s->home ?: s->find_home ? s->find_home(s->uid) : NULL;
        case 't':
                return s->runtime;
        case 'u':
                return s->user ?: s->find_user ? s->find_user(s->uid) : NULL;
        case 'i':
                return s->instance;
        case 'n':
                return s->unit;
        case 'U':
        case 'G':
                snprintf(number, 16, "%u", letter == 'U' ? s->uid : s->gid);
                return number;
        case 'g':
        case 'H':
        case 'v':
        case 'b':
                return s->find_fact && s->find_fact(letter, s->gid, fact) >= 0 ? *fact : NULL;
        case '%':
                return "%";
        default:
                return NULL;
        }
}

int specifier_expand(const Specifiers *specifiers, const char *text, char **ret, char *ret_bad) {
        _cleanup_text_ Text out = {};
        const char *value = "";
        char number[16];

        for (const char *p = text; value && *p; p++) {
                _cleanup_free_ char *fact = NULL;

                if (*p != '%') {
                        text_add_char(&out, *p);
                        continue;
                }
                *ret_bad = *++p;
                value = lookup(specifiers, *p, number, &fact);
                if (value)
                        text_add(&out, value);
        }

        if (!value)
                return -EINVAL;
        *ret = text_finish(&out);
        return *ret ? 0 : -ENOMEM;
}
