/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-finish.h"

#include <errno.h>

#include "convert/import-line.h"
#include "convert/import-strict.h"
#include "convert/systemd.h"
#include "plan/root/secrets.h"
#include "plan/root/system-data.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

static bool is_bind(const ImportItem *item) {
        return item->id == D_BindPaths || item->id == D_BindReadOnlyPaths;
}

/* Sets the destination of an item of BindPaths= or BindReadOnlyPaths=. */
static int set_destination(ImportItem *item) {
        _cleanup_strv_free_ char **fields = NULL;

        if (word_split_colons(item->text + (item->text[0] == '-'), &fields) < 0)
                return -ENOMEM;
        item->destination = strdup(fields[1] && *fields[1] ? fields[1] : fields[0]);
        return item->destination ? 0 : -ENOMEM;
}

/* Sets all destinations, and collects the writable volumes. */
static int find_volumes(Import *import) {
        for (size_t i = 0; i < import->n_items; i++) {
                ImportVolume *volume;

                if (is_bind(&import->items[i]) && set_destination(&import->items[i]) < 0)
                        return -ENOMEM;
                if (import->items[i].id != D_BindPaths)
                        continue;
                volume = ARRAY_APPEND(import->volumes, import->n_volumes);
                if (!volume)
                        return -ENOMEM;
                *volume = (ImportVolume) { .destination = import->items[i].destination, .item = i };
        }
        path_sort(import->volumes, import->n_volumes, sizeof(ImportVolume));
        return 0;
}

/* The volume at path or, closest above, for a directory that contains it, or NULL. If several have the same
 * destination, which is an error in a policy, one of them. */
static const ImportVolume *find_volume(const Import *import, const char *path, bool strict) {
        return path_find_above(import->volumes, import->n_volumes, sizeof(ImportVolume), path, strict);
}

static bool is_writable(const Import *import, const ImportVolume *volume) {
        return import->items[volume->item].id == D_BindPaths && !import->items[volume->item].dropped;
}

static bool is_in_writable(const Import *import, const char *path) {
        for (const ImportVolume *v = find_volume(import, path, false); v; v = find_volume(import, v->destination, true))
                if (is_writable(import, v))
                        return true;
        return false;
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

static const char *plain(const ImportItem *item) {
        return item->text + (item->text[0] == '-');
}

/* The paths that the unit makes inaccessible. systemd makes no mounts there, either. */
static int find_inaccessible(const Import *import, const char ***ret, size_t *ret_n) {
        static const char *const homes[] = { "/home", "/root", "/run/user" };
        const char **paths = calloc(import->n_items + ELEMENTSOF(homes), sizeof(char *));
        size_t n = 0;

        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == D_InaccessiblePaths && !import->items[i].dropped)
                        paths[n++] = plain(&import->items[i]);
        if (has(import, D_ProtectHome, "yes", false))
                for (size_t i = 0; i < ELEMENTSOF(homes); i++)
                        paths[n++] = homes[i];
        path_sort(paths, n, sizeof(char *));
        *ret = paths;
        *ret_n = n;
        return 0;
}

static int drop_inaccessible_mounts(Import *import) {
        _cleanup_free_ const char **paths = NULL;
        size_t n = 0;
        int r = find_inaccessible(import, &paths, &n);

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (is_bind(item) && !item->dropped &&
                    path_find_above(paths, n, sizeof(char *), item->destination, false))
                        r = import_drop(import, item, "another line of the unit makes this path inaccessible");
        }
        return r;
}

/* Whether the item replaces what isorun has at path by default. */
static bool covers(const ImportItem *item, const char *path) {
        size_t n = strcspn(item->text, ":");

        switch (item->id) {
        case D_RootDirectory:
                return true;
        case D_BindPaths:
        case D_BindReadOnlyPaths:
                return path_is_at_or_below(path, item->destination);
        case D_TemporaryFileSystem:
                return strncmp(path, item->text, n) == 0 && (!path[n] || path[n] == '/');
        default:
                return false;
        }
}

/* Whether the policy without the item, which can be NULL, shows the system's data at path. */
static bool shows_system_data(const Import *import, const ImportItem *without, const char *path) {
        if (!system_data_contains(path))
                return false;
        for (size_t i = 0; i < import->n_items; i++)
                if (&import->items[i] != without && !import->items[i].dropped && covers(&import->items[i], path))
                        return false;
        return true;
}

/* Whether the item decides what is seen at path. */
static bool decides(const ImportItem *item, const char *path) {
        return !item->dropped && (covers(item, path) || (item->id == D_InaccessiblePaths &&
                                                         path_is_at_or_below(path, plain(item))));
}

/* Whether another item decides what is seen at path. */
static bool is_settled(const Import *import, const ImportItem *without, const char *path) {
        for (const ImportItem *item = import->items; item < import->items + import->n_items; item++)
                if (item != without && decides(item, path))
                        return true;
        return false;
}

/* Drops a directory in memory on /var if the unit has all that isorun has there by default. Otherwise it stays, and
 * isorun adds nothing to it. */
static int drop_memory(Import *import, ImportItem *item) {
        _cleanup_strv_free_ char **data = NULL;
        int r = system_data_list(&data);

        for (char **d = data; r >= 0 && d && *d; d++)
                if (!is_settled(import, item, *d))
                        return 0;
        if (r < 0)
                return r;
        item->dropped = true;
        return import_note(import, line_of(import, item), true, "%s is in memory by default", item->text);
}

/* Drops the mounts of data that isorun shows by itself. */
static int drop_system_data(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id == D_TemporaryFileSystem && !item->dropped && streq(item->text, "/var"))
                        r = drop_memory(import, item);
        }
        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if (item->id != D_BindReadOnlyPaths || item->dropped || !streq(plain(item), item->destination) ||
                    !shows_system_data(import, item, item->destination))
                        continue;
                item->dropped = true;
                r = import_note(import, line_of(import, item), true, "isorun shows %s by default, read-only",
                                item->destination);
        }
        return r;
}

/* Whether isorun hides path because it has data or secrets of the machine. Returns 1, 0 or -ENOMEM. */
static int holds_data(const char *path) {
        for (const char *const *emptied = systemd_emptied; *emptied; emptied++)
                if (path_is_at_or_below(path, *emptied))
                        return 1;
        return secrets_contain(path);
}

/* Whether isorun hides path by default. With PrivateDevices=no it shows the host's /dev. Returns 1, 0 or
 * -ENOMEM. */
static int is_hidden(const Import *import, const char *path) {
        if (path_is_below(path, "/dev") && has(import, D_PrivateDevices, "no", false))
                return 0;
        for (const char *const *hidden = systemd_hidden; *hidden; hidden++)
                if (path_is_at_or_below(path, *hidden))
                        return 1;
        if (system_data_hides(path) && shows_system_data(import, NULL, path))
                return 1;
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
        return path_is_at_or_below(path, "/tmp") || path_is_at_or_below(path, "/var/tmp");
}

/* With PrivateTmp=yes, ReadWritePaths= means the unit's private /tmp. */
static int drop_private(Import *import) {
        const bool private = has(import, D_PrivateTmp, "yes", false);
        int r = 0;

        for (size_t i = 0; private && r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                const ImportLine *line = line_of(import, item);

                if (item->id != D_BindPaths || item->dropped || !is_temporary(plain(item)) ||
                    !is_line(line, "ReadWritePaths", "ReadWriteDirectories"))
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
                if (path_is_at_or_below(path, memory[i]))
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

/* Makes the volume at path read-only. Returns false if there is no such volume. */
static bool make_volume_read_only(Import *import, const char *path) {
        const ImportVolume *volume = find_volume(import, path, false);

        if (!volume || !streq(volume->destination, path) || !is_writable(import, volume))
                return false;
        import->items[volume->item].id = D_BindReadOnlyPaths;
        return true;
}

/* Whether a line for the path, or for a directory above it but not for the whole root, decides about it. */
static bool has_own_line(const Import *import, const char *path) {
        for (const ImportItem *item = import->items; item < import->items + import->n_items; item++)
                if (item->id != D_RootDirectory &&
                    (decides(item, path) || (item->id == D_ReadOnlyPaths && !streq(item->destination, "/") &&
                                             path_is_below(path, item->destination))))
                        return true;
        return false;
}

/* What PrivateTmp= and PrivateDevices= of systemd make stays writable with ReadOnlyPaths=/. */
static int keep_private(Import *import, const ImportLine *line) {
        const bool tmp = has(import, D_PrivateTmp, "yes", false) || import_is_dynamic(import);
        const bool devices = has(import, D_PrivateDevices, "yes", false);
        const struct {
                const char *path;
                bool private;
        } places[] = { { "/tmp", tmp }, { "/var/tmp", tmp }, { "/dev/shm", devices } };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *text = format("%s:mode=1777", places[i].path);

                if (!text)
                        return -ENOMEM;
                if (places[i].private && !has_own_line(import, places[i].path))
                        r = import_add(import, D_TemporaryFileSystem, line, text, false);
        }
        return r;
}

/* Handles a path of ReadOnlyPaths=, whose item the caller has dropped. Sets *keep if the item is needed. Returns 0 or
 * -ENOMEM. */
static int protect_path(Import *import, size_t i, const ImportLine *line, const char *path, bool *keep) {
        const char *memory = find_memory(import, path);
        bool writable;
        int r;

        if (streq(path, "/") || streq(path, "/dev")) {
                import->items[i].id = D_ReadOnlyPaths; /* isorun has directories in memory below it */
                *keep = true;
                return streq(path, "/") ? keep_private(import, line) : 0;
        }

        if (make_volume_read_only(import, path))
                return 0;
        writable = is_in_writable(import, path);
        if (!writable && memory && is_temporary(path) && !streq(path, memory) &&
            has(import, D_PrivateTmp, "yes", false))
                return import_note(import, line, true, "PrivateTmp= hides %s", path);
        if (!writable && memory && streq(path, memory))
                return make_memory_read_only(import, line, path);
        r = writable || memory ? 1 : holds_data(path);
        if (r < 0)
                return r;
        *keep = r > 0;
        return *keep ? 0 : import_note(import, line, true, "isorun makes %s read-only by default", path);
}

/* Drops the paths that isorun makes read-only by default: all that are not in a writable volume or in memory, and
 * /var/tmp, which PrivateTmp=no shows. protect_path() adds items, so no pointer to an item stays valid. */
static int drop_read_only(Import *import) {
        size_t n = import->n_items;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const ImportLine *line = line_of(import, &import->items[i]);
                const char *path = import->items[i].destination;
                bool shown = streq(plain(&import->items[i]), "/var/tmp") && has(import, D_PrivateTmp, "no", false),
                     keep = false;

                if (import->items[i].id != D_BindReadOnlyPaths || import->items[i].dropped)
                        continue;
                if (!shown && !is_line(line, "ReadOnlyPaths", "ReadOnlyDirectories"))
                        continue;
                import->items[i].dropped = true;
                if (is_line(line, "ReadOnlyPaths", "ReadOnlyDirectories"))
                        r = protect_path(import, i, line, path, &keep);
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
        for (const SyscallMember *m = keyring->members; *m; m++)
                if (streq(syscall_member_name(*m), call))
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

/* No policy is made of a unit that binds another directory to /: without that line, it would show the host's root. */
static int refuse_roots(Import *import) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];
                _cleanup_free_ char *path = is_bind(item) ? path_simplify(item->destination) : NULL;

                if (is_bind(item) && !path)
                        return -ENOMEM;
                if (item->dropped || !path || !streq(path, "/") || !strchr(plain(item), ':'))
                        continue;
                r = import_drop(import, item, "write RootDirectory= into the unit: isorun binds nothing to /");
                if (r >= 0)
                        import->notes[import->n_notes - 1].outcome = IMPORT_REFUSED;
        }
        return r;
}

int import_finish(Import *import) {
        int (*const steps[])(Import *import) = { refuse_roots,     import_apply_implied, drop_inaccessible_mounts,
                                                 drop_system_data, drop_hidden,          drop_private,
                                                 drop_read_only,   drop_denied };
        int r = 0;

        r = find_volumes(import);
        drop_ambient(import);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(steps); i++)
                r = steps[i](import);
        return r;
}
