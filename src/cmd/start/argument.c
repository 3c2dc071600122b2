/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/argument.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/value/value.h"
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

/* A path that is one field, whatever it holds: what would end the field is protected, too. */
static char *protect_field(const char *path) {
        char *s = malloc(2 * strlen(path) + 1), *out = s;

        for (; s && *path; path++) {
                if (*path == ':')
                        *out++ = '\\';
                *out++ = *path;
        }
        if (s)
                *out = '\0';
        return s;
}

/* The working directory as (the begin of) a field, or NULL. */
static char *here(void) {
        _cleanup_free_ char *cwd = getcwd(NULL, 0);

        return cwd ? protect_field(cwd) : NULL;
}

/* Whether the field that text begins with is a path that is meant from here. An empty one is a mistake, not the
 * directory itself. */
static bool is_relative(const char *text) {
        _cleanup_free_ char *field = strndup(text, strcspn(text, ":"));

        return field && field[0] && field[0] != '/' && !volume_name_is_valid(field);
}

char *argument_volume(const char *volume) {
        bool optional = volume[0] == '?';
        _cleanup_free_ char *cwd = is_relative(volume + optional) ? here() : NULL;
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

        if (!*root) /* A policy's empty value is the one built in: the host's root. A layer without a name is refused. */
                return strdup("RootDirectory=:");
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

        if (source && source[1] && !strchr("/:", source[1]) && !startswith(source + 1, "fd:"))
                cwd = here();
        if (!cwd)
                return strdup(bind);
        return asprintf(&s, "%.*s=%s/%s", (int) (source - bind), bind, cwd, source + 1) < 0 ? NULL : s;
}
