/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/strv.h"

#include <errno.h>
#include <stdarg.h>

#include "util/text.h"

char **strv_free(char **v) {
        for (char **s = v; s && *s; s++)
                free(*s);
        free(v);
        return NULL;
}

size_t strv_length(char *const *v) {
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

bool strv_contains(char *const *v, const char *s) {
        for (; v && *v; v++)
                if (streq(*v, s))
                        return true;
        return false;
}

int strv_consume(char ***v, char *s) {
        size_t n = strv_length(*v);
        char **w;

        if (!s)
                return -ENOMEM;

        w = reallocarray(*v, n + 2, sizeof(char *));
        if (!w) {
                free(s);
                return -ENOMEM;
        }

        w[n] = s;
        w[n + 1] = NULL;
        *v = w;
        return 0;
}

int strv_prepend(char ***v, char *s) {
        size_t n = strv_length(*v);
        int r = strv_consume(v, s);

        if (r < 0)
                return r;
        memmove(*v + 1, *v, n * sizeof(char *));
        (*v)[0] = s;
        return 0;
}

int strv_push(char ***v, const char *s) {
        return strv_consume(v, strdup(s));
}

int strv_pushf(char ***v, const char *fmt, ...) {
        va_list ap;
        char *s;

        va_start(ap, fmt);
        s = formatv(fmt, ap);
        va_end(ap);

        return strv_consume(v, s);
}

char **strv_copy(char *const *v) {
        size_t n = strv_length(v);
        char **w = calloc(n + 1, sizeof(char *));

        for (size_t i = 0; w && i < n; i++) {
                w[i] = strdup(v[i]);
                if (!w[i])
                        return strv_free(w);
        }

        return w;
}

char *strv_join(char *const *v, const char *separator) {
        _cleanup_text_ Text text = {};

        for (size_t i = 0; v && v[i]; i++) {
                text_add(&text, i ? separator : "");
                text_add(&text, v[i]);
        }
        return text_finish(&text);
}

const char *strv_variable(char *const *environment, const char *name) {
        for (char *const *v = environment; v && *v; v++) {
                const char *rest = startswith(*v, name);

                if (rest && *rest == '=')
                        return rest + 1;
        }
        return NULL;
}
