/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/argument.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "policy/value/value.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
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

/* Escapes a path so that it stays one field: a colon in it does not end the field. */
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

/* Returns the working directory in *ret, as the beginning of a field, or NULL if it has no path. Returns 0 or
 * -ENOMEM. */
static int here(char **ret) {
        _cleanup_free_ char *cwd = getcwd(NULL, 0);

        *ret = cwd ? protect_field(cwd) : NULL;
        return *ret || (!cwd && errno != ENOMEM) ? 0 : -ENOMEM;
}

/* Like here(), if the first field of text is a relative path; otherwise *ret is NULL. An empty field is a mistake, and
 * does not mean the working directory. */
static int find_base(const char *text, char **ret) {
        _cleanup_free_ char *field = strndup(text, strcspn(text, ":"));

        *ret = NULL;
        if (!field)
                return -ENOMEM;
        return field[0] && field[0] != '/' && !volume_name_is_valid(field) ? here(ret) : 0;
}

char *argument_volume(const char *volume) {
        bool optional = volume[0] == '?';
        _cleanup_free_ char *cwd = NULL;
        _cleanup_text_ Text text = {};

        if (find_base(volume + optional, &cwd) < 0 || text_open(&text) < 0)
                return NULL;
        fprintf(text.f, "Volume=\"%s", optional ? "?" : "");
        if (cwd) {
                write_quoted(text.f, cwd);
                fputc('/', text.f);
        }
        write_quoted(text.f, volume + optional);
        fputc('"', text.f);
        return text_finish(&text);
}

/* Writes one layer, without quotes: a policy splits RootDirectory= at colons, not into words. */
static int write_layer(FILE *f, const char *layer) {
        bool is_path = strchr(layer, '/') || layer[0] == '.';
        _cleanup_free_ char *real = is_path ? realpath(layer, NULL) : NULL;

        if (is_path && !real && errno == ENOMEM)
                return -ENOMEM;
        for (const char *c = real ?: layer; *c; c++)
                fprintf(f, "%s%c", *c == '%' ? "%" : *c == ':' ? "\\" : "", *c);
        return 0;
}

char *argument_root(const char *root) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_text_ Text text = {};

        if (!*root) /* An empty RootDirectory= in a policy means the host's root. ":" is a layer without a name, which
                       is refused. */
                return strdup("RootDirectory=:");
        if (word_split_colons(root, &layers) < 0 || text_open(&text) < 0)
                return NULL;
        fputs("RootDirectory=", text.f);
        for (char **l = layers; *l; l++) {
                if (l != layers)
                        fputc(':', text.f);
                if (write_layer(text.f, *l) < 0)
                        return NULL;
        }
        return text_finish(&text);
}

char *argument_bind(const char *bind) {
        const char *source = strchr(bind, '=');
        _cleanup_free_ char *cwd = NULL;

        if (source && source[1] && !strchr("/:", source[1]) && !startswith(source + 1, "fd:") && here(&cwd) < 0)
                return NULL;
        if (!cwd)
                return strdup(bind);
        return format("%.*s=%s/%s", (int) (source - bind), bind, cwd, source + 1);
}
