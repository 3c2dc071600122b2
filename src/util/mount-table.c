/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/mount-table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/array.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

void mount_unescape(char *s) {
        char *out = s;

        for (; *s; s++) {
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
                        *out++ = (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        s += 3;
                } else
                        *out++ = *s;
        }
        *out = '\0';
}

/* Splits off the next field, up to a space. Returns NULL if there is no other. */
static char *next_field(char **position) {
        return strtok_r(NULL, " ", position);
}

static int keep(char **ret, char *field) {
        if (!field)
                return -EINVAL;
        mount_unescape(field);
        *ret = strdup(field);
        return *ret ? 0 : -ENOMEM;
}

/* A line has optional fields before " - ". */
static int parse_line(char *line, MountEntry *ret) {
        char *position = NULL, *rest = strstr(line, " - ");
        int r;

        if (!rest)
                return -EINVAL;
        *rest = '\0';
        rest += strlen(" - ");
        if (sscanf(line, "%u %u", &ret->id, &ret->parent) != 2)
                return -EINVAL;
        (void) strtok_r(line, " ", &position);
        (void) next_field(&position);
        r = keep(&ret->device, next_field(&position));
        if (r >= 0)
                r = keep(&ret->root, next_field(&position));
        if (r >= 0)
                r = keep(&ret->path, next_field(&position));
        if (r >= 0)
                r = keep(&ret->options, next_field(&position));
        if (r >= 0)
                r = keep(&ret->type, strtok_r(rest, " ", &position));
        (void) next_field(&position); /* the source, any text */
        return r < 0 ? r : keep(&ret->super_options, next_field(&position));
}

int mount_table_parse(char *text, MountTable *ret) {
        _cleanup_(mount_table_deinit) MountTable table = {};

        for (char *line = text, *next; *line; line = next) {
                const size_t n = strcspn(line, "\n");
                MountEntry *entry = ARRAY_APPEND(table.items, table.n);
                int r;

                next = line + n + (line[n] == '\n');
                line[n] = '\0';
                r = entry ? parse_line(line, entry) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        *ret = table;
        table = (MountTable) {};
        return 0;
}

int mount_table_read(const char *path, MountTable *ret) {
        _cleanup_free_ char *text = NULL;
        int r = file_read(AT_FDCWD, path, &text, NULL);

        return r < 0 ? r : mount_table_parse(text, ret);
}

void mount_table_deinit(MountTable *table) {
        for (size_t i = 0; i < table->n; i++) {
                MountEntry *e = &table->items[i];

                free(e->device);
                free(e->root);
                free(e->path);
                free(e->options);
                free(e->type);
                free(e->super_options);
        }
        free(table->items);
        *table = (MountTable) {};
}

static const MountEntry *find_id(const MountTable *table, unsigned id) {
        for (size_t i = 0; i < table->n; i++)
                if (table->items[i].id == id)
                        return &table->items[i];
        return NULL;
}

/* The mount at the bottom of "/": its parent is not in the table, or is itself. */
static const MountEntry *find_root(const MountTable *table) {
        for (size_t i = 0; i < table->n; i++) {
                const MountEntry *e = &table->items[i];
                const MountEntry *parent = find_id(table, e->parent);

                if (streq(e->path, "/") && (!parent || parent == e))
                        return e;
        }
        return NULL;
}

/* The first mount on e that is met on the way to path. */
static const MountEntry *find_next(const MountTable *table, const MountEntry *e, const char *path) {
        const MountEntry *found = NULL;

        for (size_t i = 0; i < table->n; i++) {
                const MountEntry *child = &table->items[i];

                if (child != e && child->parent == e->id && path_is_at_or_below(path, child->path) &&
                    (!found || strlen(child->path) < strlen(found->path)))
                        found = child;
        }
        return found;
}

const MountEntry *mount_table_get(const MountTable *table, unsigned id) {
        for (size_t i = 0; i < table->n; i++)
                if (table->items[i].id == id)
                        return &table->items[i];
        return NULL;
}

const MountEntry *mount_table_find(const MountTable *table, const char *path) {
        const MountEntry *e = find_root(table);

        /* A table that another process has changed while it was read could have a circle. */
        for (size_t i = 0; e && i < table->n; i++) {
                const MountEntry *next = find_next(table, e, path);

                if (!next)
                        break;
                e = next;
        }
        return e;
}

bool mount_table_shows(const MountTable *table, const MountEntry *entry) {
        return mount_table_find(table, entry->path) == entry;
}

char *mount_path_in(const MountEntry *entry, const char *path) {
        const char *rest = path + (streq(entry->path, "/") ? 0 : strlen(entry->path));

        while (*rest == '/')
                rest++;
        return *rest ? path_join(entry->root, rest) : strdup(entry->root);
}

const char *mount_option(const char *options, const char *word) {
        const size_t length = strlen(word);

        for (const char *o = options; o; o = strchr(o, ',')) {
                o += *o == ',';
                if (strncmp(o, word, length) == 0 && (word[length - 1] == '=' || !o[length] || o[length] == ','))
                        return o + length;
        }
        return NULL;
}
