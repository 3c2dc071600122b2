/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/argument.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/value.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

static void write_quoted(FILE *f, const char *text) {
        for (const char *c = text; *c; c++) {
                if (*c == '"' || (*c == '\\' && c[1] != ':'))
                        fputc('\\', f);
                if (*c == '%')
                        fputc('%', f);
                fputc(*c, f);
        }
}

/* Whether the field that text begins with is a path that is meant from here. */
static bool is_relative(const char *text) {
        _cleanup_free_ char *field = strndup(text, strcspn(text, ":"));

        return field && field[0] != '/' && !volume_name_is_valid(field);
}

char *argument_volume(const char *volume) {
        bool optional = volume[0] == '?';
        _cleanup_free_ char *cwd = is_relative(volume + optional) ? getcwd(NULL, 0) : NULL;
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        fprintf(f, "Volume=\"%s", optional ? "?" : "");
        if (cwd) {
                write_quoted(f, cwd);
                fputc('/', f);
        }
        write_quoted(f, volume + optional);
        fputc('"', f);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

/* One layer: RootDirectory= is not split into words, but at colons. */
static void write_layer(FILE *f, const char *layer) {
        _cleanup_free_ char *real = strchr(layer, '/') || layer[0] == '.' ? realpath(layer, NULL) : NULL;

        for (const char *c = real ?: layer; *c; c++)
                fprintf(f, "%s%c", *c == '%' ? "%" : *c == ':' ? "\\" : "", *c);
}

char *argument_root(const char *root) {
        _cleanup_strv_free_ char **layers = NULL;
        char *text = NULL;
        size_t size;
        FILE *f;

        if (word_split_colons(root, &layers) < 0)
                return NULL;
        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        fputs("RootDirectory=", f);
        for (char **l = layers; *l; l++) {
                if (l != layers)
                        fputc(':', f);
                write_layer(f, *l);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

char *argument_bind(const char *bind) {
        const char *source = strchr(bind, '=');
        _cleanup_free_ char *cwd = NULL;
        char *s;

        if (!source || source[1] == '/' || startswith(source + 1, "fd:"))
                return strdup(bind);
        cwd = getcwd(NULL, 0);
        return asprintf(&s, "%.*s=%s/%s", (int) (source - bind), bind, cwd ?: "", source + 1) < 0 ? NULL : s;
}
