/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/measure-mounts.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/measure-paths.h"
#include "plan/who/private-ids.h"
#include "policy/value/choice.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/path.h"
#include "util/strv.h"

/* Directories in memory that every instance has. Homes and temporary directories are below these. */
static bool is_private_memory(const Policy *policy, const char *place) {
        static const char *const places[] = { "/tmp", "/run", "/var", "/dev/shm", "/home", "/root" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (path_is_at_or_below(place, places[i]))
                        return !streq(places[i], "/tmp") || policy_is_true(policy, D_PrivateTmp);
        return false;
}

/* ReadOnlyPaths= is about all below a path, but another line may make a place there writable. */
static bool is_read_only(const Policy *policy, const char *place) {
        const SettingList *list = &policy->settings[D_ReadOnlyPaths];

        for (size_t i = 0; i < list->n && !policy_optional(policy, D_ReadOnlyPaths); i++)
                if (path_is_at_or_below(place, list->items[i].value.text))
                        return true;
        return false;
}

static bool may_be_writable(const Policy *policy, const Host *host, const MountEntry *m) {
        if (streq(m->type, "devpts") || streq(m->type, "mqueue"))
                return true;
        if (streq(m->type, "tmpfs") && is_private_memory(policy, m->path) && !is_read_only(policy, m->path))
                return true;
        if (streq(m->type, "proc"))
                return build_nests(policy);
        if (streq(m->type, "cgroup2"))
                return policy->settings[D_Delegate].n > 0;
        return measure_is_named(policy, m->path, true) || measure_is_of_service(host, m->path);
}

/* Every mount of an instance is nosuid. */
static const char *find_fault(const Policy *policy, const Host *host, const MountEntry *m) {
        if (!mount_option(m->options, "nosuid"))
                return "set-user-ID programs work in";
        return mount_option(m->options, "rw") && !may_be_writable(policy, host, m) ? "the process can write to" : NULL;
}

/* The first place that the policy hides and that is there; NULL: none. Only the root of the host has them all; from
 * inside, nobody sees which directory of the host or which image is the root. */
static const char *find_visible(const Policy *policy) {
        static const char *const homes[] = { "/home", "/root" },
                                 *const hosts[] = { "/boot", "/media", "/mnt", "/run", "/srv", "/sys", "/var" };
        const unsigned protect = policy_choice(policy, D_ProtectHome);
        const bool hides_homes = protect == PROTECT_HOME_YES || protect == PROTECT_HOME_TMPFS;
        /* RootDirectory=none: there only if a line shows them */
        static const char *const every[] = { "/etc", "/opt", "/usr" };
        const Value *root = &policy_get(policy, D_RootDirectory)->value;

        for (size_t i = 0; hides_homes && i < ELEMENTSOF(homes); i++)
                if (!measure_is_named(policy, homes[i], false) && !measure_is_absent(homes[i]))
                        return homes[i];
        for (size_t i = 0; i < ELEMENTSOF(hosts) && (streq(root->text, "/") || root->number == ROOT_NONE); i++)
                if (!measure_is_named(policy, hosts[i], false) && !measure_is_absent(hosts[i]))
                        return hosts[i];
        for (size_t i = 0; i < ELEMENTSOF(every) && root->number == ROOT_NONE; i++)
                if (!measure_is_named(policy, every[i], false) && !measure_is_absent(every[i]))
                        return every[i];
        /* The host's /run is in memory as well. */
        if (measure_is_named(policy, "/run/systemd", false) ||
            (access("/run/systemd/private", F_OK) < 0 && measure_is_gone(errno)))
                return NULL;
        return "/run/systemd";
}

static bool is_write_denied(const char *directory) {
        static const int errors[] = { EROFS, EACCES, EPERM, ENOENT, ENOTDIR, EISDIR, EOPNOTSUPP };
        _cleanup_close_ int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

        for (size_t i = 0; fd < 0 && i < ELEMENTSOF(errors); i++)
                if (errno == errors[i])
                        return true;
        return false;
}

static const char *find_writable(const Policy *policy) {
        static const char *const places[] = { "/", "/etc", "/usr", "/usr/bin", "/proc/sys" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (!measure_is_named(policy, places[i], true) && !is_write_denied(places[i]))
                        return places[i];
        return NULL;
}

static int look_at_table(const Policy *policy, const Host *host, const MountTable *table, char **ret,
                         const char **ret_what) {
        for (size_t i = 0; i < table->n; i++) {
                const char *fault = find_fault(policy, host, &table->items[i]);

                if (!fault)
                        continue;
                *ret_what = fault;
                *ret = strdup(table->items[i].path);
                return *ret ? 0 : -ENOMEM;
        }
        return 1;
}

int measure_mounts(const Policy *policy, const Host *host, char **ret, const char **ret_what) {
        _cleanup_(mount_table_deinit) MountTable table = {};
        const char *path;
        int r;

        r = mount_table_read("/proc/self/mountinfo", &table);
        if (r >= 0)
                r = look_at_table(policy, host, &table, ret, ret_what);
        if (r <= 0)
                return r;
        *ret_what = "the process can see";
        path = find_visible(policy);
        if (!path) {
                *ret_what = "the process can write to";
                path = find_writable(policy);
        }
        if (!path)
                return measure_paths(policy, host, &table, ret, ret_what);
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}
