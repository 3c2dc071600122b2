/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-finish.h"

#include <errno.h>

#include "convert/import-line.h"
#include "convert/import-strict.h"
#include "convert/systemd.h"
#include "plan/root/secrets.h"
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

static bool has(const Import *import, DirectiveId id, const char *text, bool inverted) {
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id == id && !item->dropped && item->inverted == inverted && streq(item->text, text))
                        return true;
        }
        return false;
}

static bool is_line(const ImportLine *line, const char *key, const char *old_key) {
        return line && (streq(line->key, key) || streq(line->key, old_key));
}

static bool is_at_or_below(const char *path, const char *directory) {
        return streq(path, directory) || path_is_below(path, directory);
}

static const char *plain(const ImportItem *item) {
        return item->text + (item->text[0] == '-');
}

/* Whether the unit makes path inaccessible. systemd then makes no mount there, either. */
static bool is_inaccessible(const Import *import, const char *path) {
        static const char *const homes[] = { "/home", "/root", "/run/user" };

        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == D_InaccessiblePaths && !import->items[i].dropped &&
                    is_at_or_below(path, plain(&import->items[i])))
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(homes); i++)
                if (has(import, D_ProtectHome, "yes", false) && is_at_or_below(path, homes[i]))
                        return true;
        return false;
}

static int drop_inaccessible_mounts(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                _cleanup_free_ char *destination = NULL;

                if ((item->id != D_BindPaths && item->id != D_BindReadOnlyPaths) || item->dropped)
                        continue;
                destination = destination_of(item);
                if (!destination)
                        return -ENOMEM;
                if (is_inaccessible(import, destination))
                        r = import_drop(import, item, "another line of the unit makes this path inaccessible");
        }
        return r;
}

/* Whether isorun hides path because it has data or secrets of the machine. Returns 1, 0 or -ENOMEM. */
static int holds_data(const char *path) {
        for (const char *const *emptied = systemd_emptied; *emptied; emptied++)
                if (is_at_or_below(path, *emptied))
                        return true;
        return secrets_contain(path);
}

/* Whether isorun hides path by default. With PrivateDevices=no it shows the host's /dev. Returns 1, 0 or
 * -ENOMEM. */
static int is_hidden(const Import *import, const char *path) {
        if (path_is_below(path, "/dev") && has(import, D_PrivateDevices, "no", false))
                return false;
        for (const char *const *hidden = systemd_hidden; *hidden; hidden++)
                if (is_at_or_below(path, *hidden))
                        return true;
        return holds_data(path);
}

static int drop_hidden(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id != D_InaccessiblePaths || item->dropped)
                        continue;
                r = is_hidden(import, plain(item));
                if (r <= 0)
                        continue;
                item->dropped = true;
                r = import_note(import, line_of(import, item), true, "isorun hides %s by default", plain(item));
        }
        return r;
}

static bool is_temporary(const char *path) {
        return is_at_or_below(path, "/tmp") || is_at_or_below(path, "/var/tmp");
}

/* With PrivateTmp=yes, ReadWritePaths= means the unit's private /tmp. */
static int drop_private(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                const ImportLine *line = line_of(import, item);

                if (item->id != D_BindPaths || item->dropped || !is_temporary(plain(item)) ||
                    !is_line(line, "ReadWritePaths", "ReadWriteDirectories") ||
                    !has(import, D_PrivateTmp, "yes", false))
                        continue;
                item->dropped = true;
                r = import_note(import, line, true, "with PrivateTmp=, %s is in memory and writable", plain(item));
        }
        return r;
}

/* The directory in memory, writable by default, that contains path, or NULL. With PrivateTmp=no, isorun shows the
 * host's /tmp and /var/tmp instead, read-only. */
static const char *find_memory(const Import *import, const char *path) {
        static const char *const memory[] = { "/tmp", "/var/tmp", "/dev/shm", "/run", "/var" };

        if (is_temporary(path) && has(import, D_PrivateTmp, "no", false))
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(memory); i++)
                if (is_at_or_below(path, memory[i]))
                        return memory[i];
        return NULL;
}

/* Makes the directory in memory read-only. That is as strict as the host's directory, which the policy does not
 * show. */
static int make_memory_read_only(Import *import, const ImportLine *line, const char *path) {
        _cleanup_free_ char *text = format("%s:ro", path);
        int r;

        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];
                const char *options = item->id == D_TemporaryFileSystem ? startswith(item->text, path) : NULL;

                if (options && *options == ':' && !item->dropped)
                        return import_note(import, line, false,
                                           "the options of TemporaryFileSystem= for this path apply instead");
        }
        r = import_add(import, D_TemporaryFileSystem, line, text, false);
        return r < 0 ? r : import_note_replaced(import, line, "%s is empty and read-only", path);
}

/* Makes the volume at path read-only. Returns 1, 0 if there is no such volume, or -ENOMEM. */
static int make_volume_read_only(Import *import, const char *path) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                _cleanup_free_ char *destination = NULL;

                if (item->id != D_BindPaths || item->dropped)
                        continue;
                destination = destination_of(item);
                if (!destination)
                        return -ENOMEM;
                if (!streq(destination, path))
                        continue;
                item->id = D_BindReadOnlyPaths;
                return 1;
        }
        return 0;
}

/* Handles a path of ReadOnlyPaths=, whose item the caller has dropped. Sets *keep if the item is needed. Returns 0 or
 * -ENOMEM. */
static int protect_path(Import *import, const ImportLine *line, const char *path, bool *keep) {
        const char *memory = find_memory(import, path);
        int r;

        r = make_volume_read_only(import, path);
        if (r != 0)
                return r;
        r = is_in_writable(import, path);
        if (r < 0)
                return r;
        if (r == 0 && memory && is_temporary(path) && !streq(path, memory) && has(import, D_PrivateTmp, "yes", false))
                return import_note(import, line, true, "PrivateTmp= hides %s", path);
        if (r == 0 && memory && streq(path, memory))
                return make_memory_read_only(import, line, path);
        if (r == 0 && !memory)
                r = holds_data(path);
        if (r < 0)
                return r;
        *keep = r > 0 || memory;
        return *keep ? 0 : import_note(import, line, true, "isorun makes %s read-only by default", path);
}

/* Drops the paths that isorun makes read-only by default: all that are not in a writable volume or in memory, and
 * /var/tmp, which PrivateTmp=no shows. */
static int drop_read_only(Import *import) {
        size_t n = import->n_items;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const ImportLine *line = line_of(import, &import->items[i]);
                _cleanup_free_ char *path = NULL;
                bool shown = streq(plain(&import->items[i]), "/var/tmp") && import->seen[D_PrivateTmp], keep = false;

                if (import->items[i].id != D_BindReadOnlyPaths || import->items[i].dropped)
                        continue;
                path = destination_of(&import->items[i]);
                if (!path)
                        return -ENOMEM;
                if (!shown && !is_line(line, "ReadOnlyPaths", "ReadOnlyDirectories"))
                        continue;
                import->items[i].dropped = true;
                if (is_line(line, "ReadOnlyPaths", "ReadOnlyDirectories"))
                        r = protect_path(import, line, path, &keep);
                else
                        r = import_note(import, line, true, "isorun makes %s read-only by default", path);
                import->items[i].dropped = !keep;
        }
        return r < 0 ? r : 0;
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
        int (*const steps[])(Import *import) = { import_apply_implied, drop_inaccessible_mounts, drop_hidden,
                                                 drop_private,         drop_read_only,           drop_denied };
        int r = 0;

        drop_ambient(import);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(steps); i++)
                r = steps[i](import);
        return r;
}
