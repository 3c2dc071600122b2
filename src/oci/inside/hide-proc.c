/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "oci/inside/attach.h"
#include "oci/inside/root.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/text.h"

/* Each step removes or covers one, so that more steps than this mean that none does. */
enum { STEPS_MAX = 1000 };

/* Whether the mount is that of the id, or below it. */
static bool is_within(const MountTable *table, const MountEntry *entry, unsigned id) {
        for (size_t i = 0; entry && i <= table->n; i++) {
                if (entry->id == id)
                        return true;
                entry = mount_table_get(table, entry->parent);
        }
        return false;
}

/* The kernel counts a lid as such only if it covers the whole mount. */
static bool is_covered(const MountTable *table, const MountEntry *entry) {
        for (size_t i = 0; i < table->n; i++)
                if (table->items[i].parent == entry->id && table->items[i].id != entry->id &&
                    streq(table->items[i].path, entry->path))
                        return true;
        return false;
}

/* The last one first: it may be mounted over the others. */
static const MountEntry *find_visible(const MountTable *table, unsigned root) {
        for (size_t i = table->n; i > 0; i--) {
                const MountEntry *e = &table->items[i - 1];

                if ((streq(e->type, "proc") || streq(e->type, "sysfs")) && streq(e->root, "/") &&
                    !is_covered(table, e) && !is_within(table, e, root))
                        return e;
        }
        return NULL;
}

/* In a user namespace, the host's mounts cannot be removed: mount_namespaces(7). */
static int hide(const MountEntry *entry) {
        _cleanup_close_ int fd = open(entry->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), lid = -1;
        MountReason reason = {};
        unsigned id;
        int r = fd < 0 ? -errno : attach_mount_id(fd, &id);

        if (r < 0)
                return r;
        if (id != entry->id)
                return -EBUSY;
        if (fchdir(fd) >= 0 && umount2(".", MNT_DETACH) >= 0)
                return 0;
        lid = attach_make_lid(NULL, &reason);
        return lid < 0 ? lid : mount_attach(lid, fd);
}

/* Returns 1 when no one is left. */
static int hide_next(int self, unsigned root, Failure *f) {
        _cleanup_(mount_table_deinit) MountTable table = {};
        _cleanup_free_ char *text = NULL;
        const MountEntry *entry;
        int r = file_read(self, "mountinfo", &text, NULL);

        if (r >= 0)
                r = mount_table_parse(text, &table);
        if (r < 0)
                return fail(f, -r, "cannot read the host's mounts");
        entry = find_visible(&table, root);
        if (!entry)
                return 1;
        r = hide(entry);
        return r < 0 ? fail(f, -r, "--no-pivot: cannot hide the host's %s", entry->path) : 0;
}

int root_hide_proc(int root, Failure *f) {
        _cleanup_close_ int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        unsigned id;
        int r = self < 0 ? -errno : attach_mount_id(root, &id);

        if (r < 0)
                return fail(f, -r, "cannot look for the host's mounts");
        for (unsigned i = 0; i < STEPS_MAX; i++) {
                r = hide_next(self, id, f);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return fail(f, ELOOP, "--no-pivot: cannot hide the host's proc and sysfs");
}
