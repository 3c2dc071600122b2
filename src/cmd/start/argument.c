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

/* Joins fields with colons between them, and escapes the colons in them. NULL when memory runs out. */
static char *join_fields(char *const *fields) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        for (char *const *f = fields; *f; f++) {
                if (f != fields)
                        fputc(':', text.f);
                for (const char *c = *f; *c; c++)
                        fprintf(text.f, "%s%c", *c == ':' ? "\\" : "", *c);
        }
        return text_finish(&text);
}

/* Returns "KEY=" with the word behind it, quoted. NULL when memory runs out, also if word is NULL. */
static char *assign_word(const char *key, const char *word) {
        _cleanup_text_ Text text = {};

        if (!word || text_open(&text) < 0)
                return NULL;
        fprintf(text.f, "%s=", key);
        word_write(text.f, word, WORD_PERCENT);
        return text_finish(&text);
}

/* Makes *path absolute: "~" at its beginning is the caller's home directory, and a relative path begins at the working
 * directory. If that is not known, *path stays as it is, which a policy refuses. Returns 0 or -ENOMEM. */
static int make_absolute(char **path) {
        bool in_home = (*path)[0] == '~' && (!(*path)[1] || (*path)[1] == '/');
        _cleanup_free_ char *base = NULL;
        char *absolute;

        if ((*path)[0] == '/')
                return 0;
        errno = 0;
        base = !in_home ? getcwd(NULL, 0) : getenv("HOME") ? strdup(getenv("HOME")) : NULL;
        if (!base)
                return errno == ENOMEM ? -ENOMEM : 0;
        absolute = in_home ? format("%s%s", base, *path + 1) : path_join(base, *path);
        if (!absolute)
                return -ENOMEM;
        free(*path);
        *path = absolute;
        return 0;
}

/* A policy refuses "..": what it means depends on symlinks. The caller means what is there now. What follows the last
 * ".." stays as it is: the plan looks at its symlinks. */
static int resolve_parents(char **path) {
        _cleanup_free_ char *parent = NULL, *real = NULL;
        const char *rest = *path;
        char *joined;

        if (path_is_safe(*path))
                return 0;
        for (const char *p = *path; (p = strstr(p, "/..")); p += 3)
                if (p[3] == '/' || !p[3])
                        rest = p + 3;
        parent = strndup(*path, (size_t) (rest - *path));
        real = parent ? realpath(parent, NULL) : NULL;
        if (!real)
                return !parent || errno == ENOMEM ? -ENOMEM : 0;
        joined = format("%s%s", real, rest);
        if (!joined)
                return -ENOMEM;
        free(*path);
        *path = joined;
        return 0;
}

/* An empty field is a mistake, and does not mean the working directory. */
static int make_source_absolute(char **source) {
        int r;

        if (!**source || volume_name_is_valid(*source))
                return 0;
        r = make_absolute(source);
        return r < 0 ? r : resolve_parents(source);
}

/* Whether the field after the source is a destination. If not, it has the options. */
static bool is_destination(const char *field) {
        return strchr("/.~", field[0]); /* also an empty one */
}

char *argument_assignment(const char *assignment) {
        char *copy = strdup(assignment), *value = (char *) startswith(assignment, "SetCredential="),
             *text = value ? strchr(value, ':') : NULL;

        text = text ? text + 1 : value;
        if (copy && text)
                memset(text, 'x', strlen(text)); /* everybody can read it in /proc/PID/cmdline */
        return copy;
}

char *argument_volume(const char *volume) {
        bool optional = volume[0] == '?';
        _cleanup_free_ char *joined = NULL, *word = NULL;
        _cleanup_strv_free_ char **fields = NULL;

        if (word_split_colons(volume + optional, &fields) < 0 || make_source_absolute(&fields[0]) < 0)
                return NULL;
        if (fields[0][0] == '/' && (!fields[1] || !is_destination(fields[1]))) {
                if (strv_prepend(&fields, strdup(fields[0])) < 0)
                        return NULL;
        } else if (fields[1] && fields[1][0] && is_destination(fields[1]) && make_absolute(&fields[1]) < 0)
                return NULL;
        joined = join_fields(fields);
        word = joined ? format("%s%s", optional ? "?" : "", joined) : NULL;
        return assign_word("Volume", word);
}

char *argument_here(const char *options) {
        _cleanup_free_ char *volume = options ? format(".:%s", options) : strdup(".");

        return volume ? argument_volume(volume) : NULL;
}

char *argument_variable(const char *variable) {
        return assign_word(strchr(variable, '=') ? "Environment" : "PassEnvironment", variable);
}

char *argument_directory(const char *directory) {
        _cleanup_free_ char *path = strdup(directory);
        _cleanup_text_ Text text = {};

        /* "~" alone is the home directory of the payload's user. */
        if (!path || (*path && !streq(path, "~") && (make_absolute(&path) < 0 || resolve_parents(&path) < 0)) ||
            text_open(&text) < 0)
                return NULL;
        fputs("WorkingDirectory=", text.f);
        percent_write(text.f, path);
        return text_finish(&text);
}

/* Writes one layer, without quotes: a policy splits RootDirectory= at colons, not into words. */
static int write_layer(FILE *f, const char *layer) {
        bool is_path = strchr(layer, '/') || layer[0] == '.';
        _cleanup_free_ char *path = strdup(layer);

        if (!path || (is_path && (make_absolute(&path) < 0 || resolve_parents(&path) < 0)))
                return -ENOMEM;
        for (const char *c = path; *c; c++)
                fprintf(f, "%s%c", *c == '%' ? "%" : *c == ':' ? "\\" : "", *c);
        return 0;
}

char *argument_root(const char *root) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_text_ Text text = {};

        if (!*root) /* An empty RootDirectory= in a policy means the host's root. ":" is a layer without a name, which
                       is refused. */
                return strdup("RootDirectory=:");
        if (startswith(root, ROOT_IMAGE_PREFIX))
                return format("RootDirectory=%s", root);
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
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *joined = NULL;

        if (!source || !source[1] || source[1] == ':' || startswith(source + 1, "fd:"))
                return strdup(bind);
        if (word_split_colons(source + 1, &fields) < 0 || make_absolute(&fields[0]) < 0)
                return NULL;
        joined = join_fields(fields);
        return joined ? format("%.*s=%s", (int) (source - bind), bind, joined) : NULL;
}
