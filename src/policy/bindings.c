/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/bindings.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "policy/unit-file.h"
#include "policy/value/value.h"
#include "util/array.h"
#include "util/config-home.h"
#include "util/fd.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

static void binding_deinit(Binding *b) {
        free(b->name);
        free(b->source);
        strv_free(b->options);
}

void bindings_deinit(Bindings *b) {
        for (size_t i = 0; i < b->n; i++)
                binding_deinit(&b->items[i]);
        free(b->items);
        strv_free(b->files);
        *b = (Bindings) {};
}

Binding *bindings_find(const Bindings *b, const char *name) {
        for (size_t i = 0; i < b->n; i++)
                if (streq(b->items[i].name, name))
                        return &b->items[i];
        return NULL;
}

/* Takes over the strings of binding, also on failure. */
static int put(Bindings *b, Binding binding) {
        Binding *there = bindings_find(b, binding.name);

        if (!there)
                there = ARRAY_APPEND(b->items, b->n);
        else
                binding_deinit(there);
        if (!there) {
                binding_deinit(&binding);
                return -ENOMEM;
        }
        *there = binding;
        return 0;
}

static int parse_fd(ValueParser *p, const char *text, int *ret) {
        uint64_t number;

        if (parse_u64_range(text, 0, INT32_MAX, &number) < 0)
                return value_not(p, "the number of a file descriptor", text);
        *ret = (int) number;
        return 0;
}

/* Parses SOURCE[:OPTIONS]. fields is the text split at its colons, so that "fd:N" is two fields. */
static int parse_source(ValueParser *p, char *const *fields, bool fd_allowed, Binding *binding) {
        bool is_fd = fd_allowed && streq(fields[0], "fd") && fields[1];
        const char *options = fields[is_fd ? 2 : 1];
        int r;

        if (options && fields[is_fd ? 3 : 2])
                return value_not(p, "SOURCE[:OPTIONS]", fields[0]);
        r = is_fd ? parse_fd(p, fields[1], &binding->fd) : value_path(p, fields[0], &binding->source);
        if (r >= 0 && options)
                r = value_volume_options(p, options, "", &binding->flags, &binding->options, &binding->size);
        if (r >= 0 && binding->flags & (BIND_IDMAP | BIND_DEVICES))
                r = value_error(p, "\"%s\" can be set only by the policy, not by a binding",
                                binding->flags & BIND_IDMAP ? "idmap" : "dev");
        return r;
}

static int add(Bindings *b, Origin origin, const char *name, const char *value, bool argument, Report *report) {
        const Directive place = { .name = name };
        ValueParser p = { .directive = &place, .origin = origin, .report = report, .specifiers = b->specifiers };
        Binding binding = { .fd = -1, .origin = origin };
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *expanded = NULL;
        int r;

        if (!volume_name_is_valid(name))
                return report_error_at(report, origin, NULL, EBADMSG, "not the name of a volume: \"%s\"", name);

        r = argument ? (expanded = strdup(value)) ? 0 : -ENOMEM : value_expand(&p, value, &expanded);
        if (r >= 0)
                r = word_split_colons(expanded, &fields);
        if (r >= 0)
                r = parse_source(&p, fields, argument, &binding);
        if (r >= 0) {
                binding.name = strdup(name);
                r = binding.name ? 0 : -ENOMEM;
        }
        if (r < 0) {
                binding_deinit(&binding);
                return r;
        }
        return put(b, binding);
}

int bindings_add_argument(Bindings *b, const char *option, const char *argument, Report *report) {
        const char *equals = strchr(argument, '=');
        _cleanup_free_ char *name = NULL;
        Origin origin = { .file = option };

        if (!equals)
                return report_error_at(report, origin, NULL, EBADMSG, "not NAME=SOURCE: \"%s\"", argument);
        name = strndup(argument, (size_t) (equals - argument));
        return name ? report_if_oom(report, add(b, origin, name, equals + 1, true, report)) : report_oom(report);
}

typedef struct Table {
        Bindings *bindings;
        Bindings *fixed; /* the bindings of the command line */
        Report *report;
} Table;

/* Each name is looked for among those before it. */
enum { BINDINGS_MAX = 5000 };

static int take_line(void *userdata, Origin origin, const char *section, const char *key, const char *value) {
        Table *t = userdata;

        if (!streq(section, "Volumes"))
                return report_error_at(t->report, origin, key, EBADMSG,
                                       "unknown section [%s]: a table of volumes has only the section [Volumes]",
                                       section);
        if (bindings_find(t->fixed, key))
                return 0;
        if (t->bindings->n >= BINDINGS_MAX)
                return report_error_at(t->report, origin, key, E2BIG, "the tables bind more than %d names",
                                       BINDINGS_MAX);
        return add(t->bindings, origin, key, value, false, t->report);
}

static int read_table(Table *t, const char *dir, const char *name) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        char *file;
        int r;

        if (strv_pushf(&t->bindings->files, "%s/%s", dir, name) < 0)
                return -ENOMEM;
        file = t->bindings->files[strv_length(t->bindings->files) - 1];
        r = text_file_read(file, &text, &size);
        if (r < 0)
                return report_error(t->report, -r, "%s: %s", file, text_file_strerror(-r));
        return unit_file_parse(file, text, size, take_line, t, t->report);
}

static int is_table(const struct dirent *entry) {
        return entry->d_name[0] != '.' && endswith(entry->d_name, ".conf");
}

static int read_directory(Table *t, const char *dir) {
        struct dirent **entries;
        int n = scandir(dir, &entries, is_table, alphasort), r = 0;

        if (n < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0
                                                           : report_error(t->report, errno, "%s: %s", dir,
                                                                          strerror(errno));
        for (int i = 0; i < n; i++) {
                if (r >= 0)
                        r = read_table(t, dir, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return r;
}

/* The origins of bindings name the files, so these are kept after an error, too. */
static int keep_files(Bindings *b, Bindings *read) {
        int r = 0;

        for (char **file = read->files; file && *file; file++)
                if (strv_consume(&b->files, *file) < 0)
                        r = -ENOMEM;
        free(read->files);
        read->files = NULL;
        return r;
}

int bindings_read_tables(Bindings *b, char *const *directories, Report *report) {
        Bindings read = { .specifiers = b->specifiers };
        Table t = { .bindings = &read, .fixed = b, .report = report };
        int r = 0, q;

        for (char *const *dir = directories; r >= 0 && *dir; dir++)
                r = read_directory(&t, *dir);
        for (size_t i = 0; r >= 0 && i < read.n; i++) {
                r = put(b, read.items[i]);
                read.items[i] = (Binding) {};
        }
        q = keep_files(b, &read);
        if (r >= 0)
                r = q;
        bindings_deinit(&read);
        return report_if_oom(report, r);
}

char **bindings_directories(const char *config_home, const char *home, uid_t uid) {
        _cleanup_strv_free_ char **dirs = NULL;
        char *own;
        int r = strv_push(&dirs, "/etc/isorun/volumes.d");

        if (r >= 0)
                r = config_home_find(config_home, home, uid, "volumes.d", &own);
        if (r >= 0 && own)
                r = strv_consume(&dirs, own);
        return r < 0 ? NULL : TAKE_PTR(dirs);
}
