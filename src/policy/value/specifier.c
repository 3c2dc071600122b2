/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/specifier.h"

#include <errno.h>
#include <stdio.h>

#include "util/macro.h"

static const char *lookup(const Specifiers *s, char letter, char uid[static 16]) {
        switch (letter) {
        case 'h':
                return s->home;
        case 't':
                return s->runtime;
        case 'u':
                return s->user ?: s->find_user ? s->find_user(s->uid) : NULL;
        case 'i':
                return s->instance;
        case 'n':
                return s->unit;
        case 'U':
                snprintf(uid, 16, "%u", s->uid);
                return uid;
        case '%':
                return "%";
        default:
                return NULL;
        }
}

int specifier_expand(const Specifiers *specifiers, const char *text, char **ret, char *ret_bad) {
        char uid[16], *out = NULL;
        const char *value = "";
        size_t size;
        FILE *f = open_memstream(&out, &size);

        if (!f)
                return -ENOMEM;

        for (const char *p = text; value && *p; p++) {
                if (*p != '%') {
                        fputc(*p, f);
                        continue;
                }
                *ret_bad = *++p;
                value = lookup(specifiers, *p, uid);
                if (value)
                        fputs(value, f);
        }

        if (fclose(f) != 0 || !value) {
                free(out);
                return value ? -ENOMEM : -EINVAL;
        }
        *ret = out;
        return 0;
}
