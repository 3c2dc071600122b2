/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-finish.h"

#include <errno.h>

#include "convert/import-line.h"
#include "policy/value/names.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* The destination of an item of BindPaths=, on the heap. */
static char *destination_of(const ImportItem *item) {
        _cleanup_strv_free_ char **fields = NULL;
        const char *text = item->text + (item->text[0] == '-');

        if (word_split_colons(text, &fields) < 0)
                return NULL;
        return strdup(fields[1] && *fields[1] ? fields[1] : fields[0]);
}

/* Whether path is in a writable volume. Returns 1, 0, or -ENOMEM. */
static int is_in_writable(const Import *import, const char *path) {
        for (size_t i = 0; i < import->n_items; i++) {
                _cleanup_free_ char *destination = NULL;

                if (import->items[i].id != D_BindPaths || import->items[i].dropped)
                        continue;
                destination = destination_of(&import->items[i]);
                if (!destination)
                        return -ENOMEM;
                if (streq(path, destination) || path_is_below(path, destination))
                        return 1;
        }
        return 0;
}

static const ImportLine *line_of(const Import *import, const ImportItem *item) {
        for (size_t i = 0; i < import->n_lines; i++)
                if (import->lines[i].key && origin_equal(import->lines[i].origin, item->origin))
                        return &import->lines[i];
        return NULL;
}

static bool is_read_only_line(const ImportLine *line) {
        return line && (streq(line->key, "ReadOnlyPaths") || streq(line->key, "ReadOnlyDirectories"));
}

/* Drops the paths that isorun makes read-only by default: all that are not in a writable volume, and /var/tmp, which
 * PrivateTmp=no shows. */
static int drop_read_only(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                const ImportLine *line = line_of(import, item);
                const char *path = item->text + (item->text[0] == '-');
                bool shown = streq(path, "/var/tmp") && import->seen[D_PrivateTmp];

                if (item->id != D_BindReadOnlyPaths || item->dropped)
                        continue;
                if (!shown && !is_read_only_line(line))
                        continue;
                r = shown ? 0 : is_in_writable(import, path);
                if (r != 0)
                        continue;
                item->dropped = true;
                r = import_note(import, line, true, "isorun makes %s read-only by default", path);
        }
        return r < 0 ? r : 0;
}

static int add_noexec(Import *import, const ImportLine *line, const char *path) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                _cleanup_free_ char *destination = NULL, *text = NULL;
                _cleanup_strv_free_ char **fields = NULL;

                if (item->id != D_BindPaths && item->id != D_BindReadOnlyPaths)
                        continue;
                destination = destination_of(item);
                if (!destination || word_split_colons(item->text, &fields) < 0)
                        return -ENOMEM;
                if (!streq(destination, path))
                        continue;
                text = format("%s:%s:%s%snoexec", fields[0], destination, fields[1] && fields[2] ? fields[2] : "",
                              fields[1] && fields[2] ? "," : "");
                if (!text)
                        return -ENOMEM;
                free(item->text);
                item->text = TAKE_PTR(text);
                return 0;
        }
        return import_note(import, line, false, "isorun can make only volumes \"noexec\"");
}

static int take_noexec(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_lines; i++) {
                const ImportLine *line = &import->lines[i];
                _cleanup_strv_free_ char **words = NULL;

                if (!line->key || !streq(line->key, "NoExecPaths") || !*line->value)
                        continue;
                r = import_words(import, line, line->value, &words);
                for (char **w = words; r >= 0 && w && *w; w++)
                        r = add_noexec(import, line, *w + strspn(*w, "-+"));
        }
        return r < 0 ? r : 0;
}

static bool has(const Import *import, DirectiveId id, const char *text, bool inverted) {
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id == id && !item->dropped && item->inverted == inverted && streq(item->text, text))
                        return true;
        }
        return false;
}

/* Whether text is the call, with or without an errno (NAME[:ERRNO]). */
static bool is_call(const char *text, const char *name) {
        size_t n = strlen(name);

        return strncmp(text, name, n) == 0 && (!text[n] || text[n] == ':');
}

/* Whether isorun denies the call by default, even if SystemCallFilter= does not name it. */
static bool is_denied_anyway(const Import *import, const char *call) {
        const SyscallGroup *keyring = syscall_group_find("@keyring");

        if (is_call(call, "io_uring_setup") || is_call(call, "openat2"))
                return !has(import, D_RestrictSUIDSGID, "no", false);
        if (is_call(call, "sched_setattr"))
                return !has(import, D_RestrictRealtime, "no", false);
        for (const char *const *m = keyring->members; *m; m++)
                if (streq(*m, call))
                        return !has(import, D_SystemCallFilter, call, false) &&
                               !has(import, D_SystemCallFilter, "@keyring", false);
        return false;
}

/* Drops the denied calls that isorun denies by default. Keeps the first line, because it decides about all other
 * calls. */
static int drop_denied(Import *import) {
        const ImportItem *first = NULL;
        Origin last = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id != D_SystemCallFilter || item->dropped)
                        continue;
                first = first ?: item;
                if (!item->inverted || origin_equal(item->origin, first->origin) ||
                    !is_denied_anyway(import, item->text))
                        continue;
                item->dropped = true;
                if (!origin_equal(item->origin, last))
                        r = import_note(import, line_of(import, item), true, "isorun denies these calls by default");
                last = item->origin;
        }
        return r;
}

/* isorun adds the ambient capabilities to the bounding set by itself. */
static void drop_ambient(Import *import) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id == D_CapabilityBoundingSet && !item->inverted &&
                    has(import, D_AmbientCapabilities, item->text, false))
                        item->dropped = true;
        }
}

int import_finish(Import *import) {
        int r;

        drop_ambient(import);
        r = drop_read_only(import);
        if (r >= 0)
                r = take_noexec(import);
        return r < 0 ? r : drop_denied(import);
}
