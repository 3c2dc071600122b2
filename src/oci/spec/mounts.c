/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/mount.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"

/* The option "name" sets and clears MOUNT_ATTR_*, "rname" the same for the mounts below as well: mount(8), and the
 * runtime specification, config.md. */
static const struct {
        const char *name;
        uint64_t set, clear;
} attributes[] = {
        { "ro", MOUNT_ATTR_RDONLY, 0 },          { "rw", 0, MOUNT_ATTR_RDONLY },
        { "nosuid", MOUNT_ATTR_NOSUID, 0 },      { "suid", 0, MOUNT_ATTR_NOSUID },
        { "nodev", MOUNT_ATTR_NODEV, 0 },        { "dev", 0, MOUNT_ATTR_NODEV },
        { "noexec", MOUNT_ATTR_NOEXEC, 0 },      { "exec", 0, MOUNT_ATTR_NOEXEC },
        { "nodiratime", MOUNT_ATTR_NODIRATIME, 0 }, { "diratime", 0, MOUNT_ATTR_NODIRATIME },
        { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 }, { "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
        { "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
        { "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
        { "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "norelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
};

static const struct {
        const char *name;
        unsigned long propagation;
} propagations[] = {
        { "private", MS_PRIVATE }, { "slave", MS_SLAVE }, { "shared", MS_SHARED }, { "unbindable", MS_UNBINDABLE },
};

unsigned long propagation_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                if (streq(name, propagations[i].name))
                        return propagations[i].propagation;
        return 0;
}

char *spec_mount_source(const Spec *spec, const SpecMount *mount) {
        return *mount->source == '/' ? strdup(mount->source) : path_join(spec->bundle, mount->source);
}

bool spec_is_shared(const Spec *spec, const SpecMount *mount) {
        return !mount->type && mount->propagation == MS_SHARED && spec->propagation & MS_SHARED &&
               !mount->id_mapped && !mount->inner_source && !spec_has_user_namespace(spec);
}

bool spec_shares_mounts(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (spec_is_shared(spec, &spec->mounts[i]))
                        return true;
        return false;
}

/* Options that say what is so anyway, and one about the kernel's log. */
static const char *const defaults[] = { "defaults", "async", "loud", "silent", "nomand", "noiversion", NULL };

/* A bind mount makes no file system, so the kernel ignores options of one there. These do not keep the container from
 * anything that it could reach otherwise, so they need not be an error: engines give those of a tmpfs. */
static const char *const unused_by_bind[] = {
        "acl", "dirsync", "gid", "huge", "inode32", "inode64", "iversion", "lazytime", "mand", "mode", "mpol",
        "nolazytime", "nr_blocks", "nr_inodes", "size", "sync", "uid", NULL,
};

/* Engines heed these when they fill a new volume, and podman 4.3 passes them on. */
static const char *const done_by_engine[] = { "copy", "nocopy", NULL };

/* Returns whether the option is one of the mount itself. */
static bool take_attribute(SpecMount *m, const char *option) {
        for (size_t i = 0; i < ELEMENTSOF(attributes); i++) {
                const bool all = option[0] == 'r' && streq(option + 1, attributes[i].name);
                uint64_t *set = all ? &m->all_set : &m->set, *clear = all ? &m->all_clear : &m->clear;

                if (!all && !streq(option, attributes[i].name))
                        continue;
                *set = (*set & ~attributes[i].clear) | attributes[i].set;
                *clear = (*clear & ~attributes[i].set) | attributes[i].clear;
                return true;
        }
        for (unsigned all = 0; all <= (*option == 'r' ? 1 : 0); all++) {
                const unsigned long propagation = propagation_find(option + all);

                if (!propagation)
                        continue;
                m->propagation = propagation;
                m->propagation_of_all = all;
                return true;
        }
        return false;
}

/* Returns the length of "idmap" or "ridmap" at the beginning of the option, without what follows "="; or 0. */
static size_t idmap_length(const char *option) {
        const size_t n = strcspn(option, "=");

        return strncmp(option, "ridmap", n) == 0 && n == strlen("ridmap") ? n :
               strncmp(option, "idmap", n) == 0 && n == strlen("idmap")   ? n : 0;
}

static int take_option(const Place *p, const Spec *spec, SpecMount *m, char ***data) {
        const char *option = json_string_value(p->value);
        const size_t idmap = idmap_length(option);

        if (take_attribute(m, option) || strv_contains((char *const *) defaults, option) || !*option)
                return 0;
        if (streq(option, "bind") || streq(option, "rbind")) {
                m->type = NULL;
                m->recursive = *option == 'r';
                return 0;
        }
        if (idmap > 0) {
                m->id_mapped = true;
                m->id_mapped_all = *option == 'r';
                return option[idmap] ? idmap_option_read(p, option + idmap + 1, spec, m) : 0;
        }
        if (streq(option, "tmpcopyup")) {
                m->copy_up = true;
                return 0;
        }
        if (streq(option, "remount")) {
                m->remount = true;
                return 0;
        }
        if (strchr(option, ','))
                return place_error(p, EINVAL, "an option must not have a comma");
        return strv_push(data, option) < 0 ? report_oom(p->report) : 0;
}

static bool is_unused_by_bind(const char *option) {
        const size_t n = strcspn(option, "=");

        for (size_t i = 0; unused_by_bind[i]; i++)
                if (strlen(unused_by_bind[i]) == n && strncmp(unused_by_bind[i], option, n) == 0)
                        return true;
        return false;
}

static int check_bind_options(const Place *options, char *const *data) {
        for (; data && *data; data++)
                if (strv_contains((char *const *) done_by_engine, *data))
                        place_notice(options, "ignored: %s is an option for the engine", *data);
                else if (is_unused_by_bind(*data))
                        place_notice(options, "ignored: %s is an option of a file system, and a bind mount makes none",
                                     *data);
                else
                        return place_error(options, EINVAL, "a bind mount has no such option: %s", *data);
        return 0;
}

/* No mount is below a new one, so "rro" is the same as "ro" there. */
static void fold_recursive(SpecMount *m) {
        m->set = (m->set & ~m->all_clear) | m->all_set;
        m->clear = (m->clear & ~m->all_set) | m->all_clear;
        m->all_set = m->all_clear = 0;
}

static int check_mount(const Place *p, const SpecMount *m) {
        if (!m->destination || !*m->destination)
                return place_error(p, EINVAL, "destination is missing");
        if (m->remount)
                return 0;
        if (m->copy_up && !(m->type && streq(m->type, "tmpfs")))
                return place_error(p, EINVAL, "tmpcopyup is an option of tmpfs");
        if (m->id_mapped && m->type)
                return place_error(p, EOPNOTSUPP, "isorun-oci maps the ids of bind mounts only");
        return m->type || (m->source && *m->source) ? 0 : place_error(p, EINVAL, "a bind mount needs a source");
}

static int read_maps(const Place *p, SpecMount *m, const Spec *spec) {
        int r;

        if ((m->uid_map.n > 0 || m->gid_map.n > 0) &&
            (place_member(p, "uidMappings").value || place_member(p, "gidMappings").value)) {
                place_notice(p, "ignored: the ids of idmap=, because the mount has uidMappings or gidMappings");
                id_map_deinit(&m->uid_map);
                id_map_deinit(&m->gid_map);
        }
        r = map_read(p, "uidMappings", &m->uid_map);
        if (r >= 0)
                r = map_read(p, "gidMappings", &m->gid_map);
        if (r < 0)
                return r;
        if ((m->uid_map.n > 0) != (m->gid_map.n > 0))
                return place_error(p, EINVAL, "uidMappings and gidMappings must both be there, or neither");
        m->id_mapped |= m->uid_map.n > 0;
        if (m->id_mapped && m->uid_map.n == 0 && !spec_has_user_namespace(spec))
                return place_error(p, EINVAL, "without a user namespace, idmap needs uidMappings and gidMappings");
        return 0;
}

/* A source in the container's root may be in a mount before it, and the image may have a symlink there. So it is looked
 * up in the container, without symlinks. */
static int read_inner_source(const Spec *spec, SpecMount *m) {
        _cleanup_free_ char *path = m->type ? NULL : spec_mount_source(spec, m), *root = path_simplify(spec->root),
                            *source = path ? path_simplify(path) : NULL;

        if (m->type)
                return 0;
        if (!root || !source)
                return -ENOMEM;
        if (!path_is_safe(source) || !path_is_at_or_below(source, root) || streq(root, "/"))
                return 0;
        m->inner_source = strdup(streq(source, root) ? "/" : source + strlen(root));
        return m->inner_source ? 0 : -ENOMEM;
}

static int read_mount(const Place *p, SpecMount *m, const Spec *ret) {
        const Place options = place_member(p, "options");
        _cleanup_strv_free_ char **data = NULL;
        int r = 0;

        m->destination = json_text_of(p->value, "destination");
        m->type = json_text_of(p->value, "type") ?: "";
        m->source = json_text_of(p->value, "source");
        if (streq(m->type, "bind") || streq(m->type, "rbind")) {
                m->recursive = *m->type == 'r';
                m->type = NULL;
        } else if (streq(m->type, "cgroup2"))
                m->type = "cgroup"; /* on a host of today, both mean the one tree of version 2 */
        for (size_t i = 0; r >= 0 && i < json_array_size(options.value); i++) {
                const Place option = place_item(&options, i);

                r = take_option(&option, ret, m, &data);
        }
        if (r < 0)
                return r;
        if (m->remount)
                m->type = "remount"; /* it binds nothing */
        if (m->type && !*m->type)
                return place_error(p, EINVAL, "type is missing");
        r = read_maps(p, m, ret);
        if (r < 0)
                return r;
        if (!m->type)
                r = check_bind_options(&options, data);
        else if (!m->remount)
                fold_recursive(m);
        if (r < 0)
                return r;
        m->data = data && m->type ? strv_join(data, ",") : NULL;
        if (data && m->type && !m->data)
                return report_oom(p->report);
        r = check_mount(p, m);
        return r < 0 ? r : read_inner_source(ret, m) < 0 ? report_oom(p->report) : 0;
}

/* The last mount before i with its destination. */
static SpecMount *find_remounted(const Spec *spec, size_t i) {
        _cleanup_free_ char *wanted = path_simplify(spec->mounts[i].destination);

        while (wanted && i-- > 0) {
                _cleanup_free_ char *path = path_simplify(spec->mounts[i].destination);

                if (path && streq(path, wanted) && !spec->mounts[i].remount)
                        return &spec->mounts[i];
        }
        return NULL;
}

static void merge(uint64_t *set, uint64_t *clear, uint64_t *late, uint64_t more_set, uint64_t more_clear) {
        *late = (*late & ~more_clear) | (more_set & MOUNT_ATTR_RDONLY & ~*set);
        *set = (*set & ~more_clear) | more_set;
        *clear = (*clear & ~more_set) | more_clear;
}

/* A remount changes a mount that config.json has before it. A path would not do: a symlink of the image could lead to
 * another mount. What it does not name stays, such as nosuid. */
static int take_remount(const Place *p, size_t i, Spec *spec) {
        SpecMount *m = &spec->mounts[i], *old = find_remounted(spec, i);

        if (!old)
                return place_error(p, EINVAL, "remount: no mount before it has the destination %s (/root/readonly is "
                                   "the option of the root)", m->destination);
        if (m->data || m->id_mapped || m->copy_up)
                return place_error(p, EOPNOTSUPP, "remount changes only options of the mount itself");
        if (old->type)
                fold_recursive(m);
        merge(&old->set, &old->clear, &old->late, m->set, m->clear);
        merge(&old->all_set, &old->all_clear, &old->all_late, m->all_set, m->all_clear);
        if (m->propagation) {
                old->propagation = m->propagation;
                old->propagation_of_all = m->propagation_of_all;
        }
        return 0;
}

int mounts_read(const Place *place, Spec *ret) {
        const Place mounts = place_member(place, "mounts");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(mounts.value); i++) {
                const Place p = place_item(&mounts, i);
                SpecMount *m = ARRAY_APPEND(ret->mounts, ret->n_mounts);

                r = m ? read_mount(&p, m, ret) : report_oom(place->report);
                if (r >= 0 && m->remount)
                        r = take_remount(&p, i, ret);
        }
        return r;
}

static int add_option(json_t *list, const char *prefix, const char *name) {
        return json_array_append_new(list, json_sprintf("%s%s", prefix, name));
}

json_t *spec_mount_options(void) {
        json_t *list = json_array();
        int r = list ? add_option(list, "", "bind") | add_option(list, "r", "bind") |
                       add_option(list, "", "tmpcopyup") | add_option(list, "", "remount") |
                       add_option(list, "", "idmap") | add_option(list, "r", "idmap") : -1;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(attributes); i++)
                r = add_option(list, "", attributes[i].name) | add_option(list, "r", attributes[i].name);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(propagations); i++)
                r = add_option(list, "", propagations[i].name) | add_option(list, "r", propagations[i].name);
        for (size_t i = 0; r == 0 && defaults[i]; i++)
                r = add_option(list, "", defaults[i]);
        if (r == 0)
                return list;
        json_decref(list);
        return NULL;
}
