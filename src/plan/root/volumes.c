/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts that the policy asks for: volumes by path or name, directories in memory, files with text of the policy,
 * and hidden places. */
#include "plan/root/volumes.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "plan/root/search.h"
#include "plan/root/source.h"
#include "plan/who/private-ids.h"
#include "util/array.h"
#include "util/text.h"

/* The flags of the policy, restricted by those of the binding. */
static uint64_t bind_flags(const Setting *s, const PlanMount *m) {
        uint64_t flags = s->value.number | (m->source.binding ? m->source.binding->flags : 0);

        return flags & BIND_READ_ONLY ? flags & ~(uint64_t) BIND_OVERLAY : flags;
}

/* A volume cannot be more writable than its source. */
static int check_writable(RootBuilder *rb, DirectiveId id, const Setting *s, PlanMount *m) {
        _cleanup_free_ char *reason = NULL;
        struct statvfs fs;
        struct stat st;

        if (!plan_mount_is_writable_bind(m) || m->source.kind == SOURCE_DETACHED ||
            statvfs(m->source.path, &fs) < 0 || !(fs.f_flag & ST_RDONLY))
                return 0;
        /* A read-only file system does not prevent writes to devices, sockets and FIFOs. */
        if (stat(m->source.path, &st) < 0 || !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
                return 0;
        reason = format("%s is mounted read-only", m->source.path);
        if (!reason)
                return -ENOMEM;
        m->attributes.read_only = true;
        return build_may_lack(rb->b, id, s->origin, reason) ? 0 : -EROFS;
}

/* In an idmapped mount, the payload writes with the ids on disk. So a set-user-ID program of the payload's root would
 * belong to the machine's root, unless the file system is mounted nosuid. */
static int check_id_mapped(RootBuilder *rb, DirectiveId id, const Setting *s, const PlanMount *m) {
        const Host *host = rb->b->host;
        struct statvfs fs;

        if (!build_has_private_ids(rb->b->policy))
                return build_error(rb->b, s, id, EINVAL, "\"idmap\" works only with PrivateUsers=full");
        if (host->uid != 0 || !host->initial_users)
                return build_error(rb->b, s, id, EPERM,
                                   "\"idmap\" works only for root, and only outside user namespaces");
        if (m->source.kind != SOURCE_PATH)
                return build_error(rb->b, s, id, EINVAL, "\"idmap\" needs a path, not a file descriptor");
        if (!m->attributes.read_only && (statvfs(m->source.path, &fs) < 0 || !(fs.f_flag & ST_NOSUID)))
                return build_error(rb->b, s, id, EPERM,
                                   "a writable \"idmap\" needs a file system that is mounted nosuid, and %s is not "
                                   "(mount it nosuid, or bind it read-only): the payload could put set-user-ID "
                                   "programs there, and they would have privileges on this machine", m->source.path);
        return 0;
}

static int check_bind(RootBuilder *rb, DirectiveId id, const Setting *s, PlanMount *m, uint64_t flags) {
        if (flags & BIND_OVERLAY && !m->source.directory)
                return build_error(rb->b, s, id, ENOTDIR, "%s is a file: only a directory can be an overlay",
                                   m->source.path);
        if (flags & BIND_OVERLAY && flags & BIND_IDMAP)
                return build_error(rb->b, s, id, EINVAL, "\"overlay\" cannot be combined with \"idmap\" (%s is bound "
                                   "with \"overlay\")", m->source.binding->name);
        if (m->source.kind == SOURCE_DETACHED && flags & BIND_OVERLAY)
                return build_error(rb->b, s, id, EINVAL, "a detached mount cannot be an overlay");
        if (flags & BIND_IDMAP && check_id_mapped(rb, id, s, m) < 0)
                return -EPERM;
        return check_writable(rb, id, s, m);
}

/* The size limit of an overlay. If the policy asks for the overlay, it is the policy's or the default; a binding can
 * only reduce it. If only the binding asks for it, it is the binding's. */
static int overlay_size(RootBuilder *rb, DirectiveId id, const Setting *s, const PlanMount *m, Size *ret) {
        Size size = s->value.size, own = m->source.binding ? m->source.binding->size : (Size) {};

        if (size.number == 0 && (s->value.number & BIND_OVERLAY || own.number == 0))
                size = TMPFS_SIZE;
        if (size.number > 0 && own.number > 0 && size.relative != own.relative) {
                _cleanup_free_ char *a = size_format(own), *b = size_format(size);

                return build_error(rb->b, s, id, EINVAL,
                                   "%s is bound with \"size=%s\", which cannot be compared with \"size=%s\": use bytes "
                                   "in both or percent in both",
                                   m->source.binding->name, a ?: "?", b ?: "?");
        }
        *ret = size.number == 0 || (own.number > 0 && own.number < size.number) ? own : size;
        return 0;
}

static int set_overlay_size(RootBuilder *rb, DirectiveId id, const Setting *s, PlanMount *m) {
        _cleanup_free_ char *text = NULL;
        Size size;
        int r;

        r = overlay_size(rb, id, s, m, &size);
        if (r < 0)
                return r;
        text = size_format(size);
        m->options = text ? format("size=%s", text) : NULL;
        return m->options ? 0 : -ENOMEM;
}

/* Hides the files that match when everything has its place. The payload cannot rename files in this volume later. */
static int hide(RootBuilder *rb, const PlanMount *volume, const char *pattern) {
        HideOption *option = ARRAY_APPEND(rb->hide_options, rb->n_hide_options);

        if (!option)
                return -ENOMEM;
        *option = (HideOption) { strdup(volume->destination), pattern, volume->origin, volume->key };
        return option->volume ? 0 : -ENOMEM;
}

static int hide_all(RootBuilder *rb, const PlanMount *volume, char *const *options) {
        int r = 0;

        for (char *const *o = options; r >= 0 && o && *o; o++) {
                const char *pattern = startswith(*o, "hide=");

                if (!pattern)
                        continue;
                if (plan_mount_is_writable_bind(volume))
                        return report_error_at(rb->b->report, volume->origin, volume->key, EINVAL,
                                               "\"hide=\" needs the option ro or overlay: in a writable volume, hidden "
                                               "files could be renamed");
                r = hide(rb, volume, pattern);
        }
        return r;
}

/* Whether a directory of devices, such as /dev/dri, has one. */
static bool has_device(const char *directory) {
        DIR *d = startswith(directory, "/dev/") ? opendir(directory) : NULL;
        const struct dirent *entry = NULL;

        while (d && (entry = readdir(d)) && entry->d_type != DT_CHR && entry->d_type != DT_BLK)
                ;
        if (d)
                closedir(d);
        return entry;
}

/* Whether DeviceAllow= has a line for the device, or for others in its directory, or for a group of devices. */
static bool is_allowed_by_unit(const RootBuilder *rb, const char *device) {
        const SettingList *list = build_list(rb->b, D_DeviceAllow);

        for (size_t i = 0; i < list->n; i++) {
                const char *allowed = list->items[i].value.text;
                size_t n = strcspn(allowed, " ");

                if (strncmp(allowed, device, n) == 0 || allowed[0] != '/')
                        return true;
        }
        return false;
}

/* A device that does not open is no error: a volume of /dev/null hides a file. */
static void check_devices(const RootBuilder *rb, const PlanMount *m) {
        const Setting *policy = policy_get(rb->b->policy, D_DevicePolicy);
        const char *path = m->source.path;
        bool limited = build_list(rb->b, D_DeviceAllow)->n > 0 || (policy && !streq(policy->value.text, "auto"));

        if (!m->attributes.devices && (m->source.device || has_device(path)))
                report_notice_at(rb->b->report, m->origin, m->key,
                                 "devices of %s cannot be opened without the option dev: %s:%s:dev", path, path,
                                 m->destination);
        if (m->attributes.devices && limited && !is_allowed_by_unit(rb, path))
                report_notice_at(rb->b->report, m->origin, m->key,
                                 "the unit's DevicePolicy= or DeviceAllow= may not allow %s: add DeviceAllow=%s rw",
                                 path, path);
}

/* Whether the setting names devices that may be missing. */
static bool is_optional_device(const Setting *s) {
        return s->value.optional && s->value.number & BIND_DEVICES && s->value.words[0][0] == '/';
}

static bool device_exists(const char *path) {
        struct stat st;

        return stat(path, &st) >= 0 && (S_ISDIR(st.st_mode) ? has_device(path) : true);
}

/* A policy for graphics cards leaves out those that this machine does not have. If it has none, the caller may
 * wonder. */
static void check_hardware(RootBuilder *rb) {
        static const DirectiveId ids[] = { D_BindPaths, D_BindReadOnlyPaths, D_Volume };
        const Setting *first = NULL;
        DirectiveId id = D_BindPaths;

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                const SettingList *list = build_list(rb->b, ids[i]);

                for (const Setting *s = list->items; s < list->items + list->n; s++) {
                        if (!is_optional_device(s))
                                continue;
                        if (device_exists(s->value.words[0]))
                                return;
                        id = first ? id : ids[i];
                        first = first ?: s;
                }
        }
        if (first)
                report_notice_at(rb->b->report, first->origin, directive_table[id].name,
                                 "no device that the policy would show exists on this machine, such as %s",
                                 first->value.words[0]);
}

static int add_bind(RootBuilder *rb, DirectiveId id, const Setting *s) {
        PlanMount m = mount_of_setting(id, s, (PlanMount) { .kind = MOUNT_BIND });
        uint64_t flags;
        int r;

        r = root_builder_resolve(rb, s, id, s->value.words[0], &m.source);
        if (r <= 0)
                return r;
        flags = bind_flags(s, &m);
        m.kind = flags & BIND_OVERLAY ? MOUNT_OVERLAY : MOUNT_BIND;
        m.attributes = (MountAttributes) { .read_only = flags & BIND_READ_ONLY, .no_exec = flags & BIND_NO_EXEC,
                                           .devices = flags & BIND_DEVICES, .recursive = !(flags & BIND_NO_RECURSE) };
        m.destination = strdup(s->value.words[1]);
        r = m.destination ? check_bind(rb, id, s, &m, flags) : -ENOMEM;
        if (r >= 0 && m.source.kind == SOURCE_PATH && m.kind == MOUNT_BIND)
                check_devices(rb, &m);
        if (r >= 0 && flags & BIND_IDMAP)
                m.source.kind = SOURCE_ID_MAPPED;
        if (r >= 0 && m.kind == MOUNT_OVERLAY)
                r = set_overlay_size(rb, id, s, &m);
        if (r >= 0)
                r = hide_all(rb, &m, s->value.words + 2);
        if (r >= 0 && m.source.binding)
                r = hide_all(rb, &m, m.source.binding->options);
        if (r < 0) {
                plan_mount_deinit(&m);
                return r;
        }
        return root_builder_want(rb, m);
}

static int add_tmpfs(RootBuilder *rb, DirectiveId id, const Setting *s) {
        Size size = s->value.size.number > 0 ? s->value.size : TMPFS_SIZE;
        const char *mode = "0755";
        MountAttributes attributes = {};
        char *options;

        for (char **o = s->value.words + 1; *o; o++) {
                if (streq(*o, "ro") || streq(*o, "rw"))
                        attributes.read_only = streq(*o, "ro");
                else if (streq(*o, "noexec") || streq(*o, "exec"))
                        attributes.no_exec = streq(*o, "noexec");
                else
                        mode = *o + strlen("mode=");
        }

        options = root_builder_tmpfs_options(rb->b->plan, mode, size, s->value.number);
        return root_builder_want(rb, mount_of_setting(id, s, plan_tmpfs(s->value.words[0], options, attributes)));
}

/* A place for isoctl grant. It is empty and read-only until then. */
static int add_grant(RootBuilder *rb, DirectiveId id, const Setting *s) {
        PlanMount m = { .kind = MOUNT_GRANT, .destination = strdup(s->value.text), .attributes.read_only = true,
                        .grant_write = !(s->value.number & BIND_READ_ONLY) };

        return root_builder_want(rb, mount_of_setting(id, s, m));
}

static int add_blocked(RootBuilder *rb, DirectiveId id, const Setting *s) {
        PlanMount m = mount_of_setting(id, s, plan_blocked(s->value.text));

        return s->value.optional ? root_builder_want_if_there(rb, m) : root_builder_want(rb, m);
}

static int add_file(RootBuilder *rb, DirectiveId id, const Setting *s) {
        return root_builder_want(rb, mount_of_setting(id, s, plan_file(s->value.words[0], s->value.words[1], 0444)));
}

static int add_directory(RootBuilder *rb, DirectiveId id, const Setting *s) {
        return root_builder_want(rb, mount_of_setting(id, s, plan_directory(s->value.text, 0755)));
}

static int add_symlink(RootBuilder *rb, DirectiveId id, const Setting *s) {
        return root_builder_want(rb, mount_of_setting(id, s, plan_symlink(s->value.words[0], s->value.words[1])));
}

int build_policy_mounts(RootBuilder *rb) {
        static const RootDirective table[] = {
                { D_BindPaths, add_bind },
                { D_BindReadOnlyPaths, add_bind },
                { D_Volume, add_bind },
                { D_TemporaryFileSystem, add_tmpfs },
                { D_GrantPaths, add_grant },
                { D_File, add_file },
                { D_Directory, add_directory },
                { D_Symlink, add_symlink },
                { D_InaccessiblePaths, add_blocked },
        };

        check_hardware(rb);
        return root_builder_add_all(rb, table, ELEMENTSOF(table));
}

int build_hide_options(RootBuilder *rb) {
        int result = 0;

        for (size_t i = 0; i < rb->n_hide_options && result != -ENOMEM; i++) {
                const HideOption *o = &rb->hide_options[i];
                const HideRule rule = { o->pattern, ASKED_BY_POLICY, o->origin, o->key };
                int r = root_builder_hide(rb, o->volume, &rule, 1);

                if (r < 0)
                        result = r;
        }
        return result;
}
