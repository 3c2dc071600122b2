/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root of an exported unit. Mounts that isorun adds by itself come from the plan. Mounts that the policy asks for
 * come from its lines, because a path that is missing now may exist when the unit starts. */
#include "convert/export-mounts.h"

#include <stdio.h>

#include "convert/systemd.h"
#include "plan/root/system-data.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

static bool is_volume(const char *key) {
        return key && (streq(key, "BindPaths") || streq(key, "BindReadOnlyPaths") || streq(key, "Volume"));
}

static void write_root(Exporter *e) {
        const PlanMount *root = &e->plan->mounts[0];
        const PlanSource *source = &root->source;

        /* Beside ProtectSystem=strict, systemd (252) drops TemporaryFileSystem=/, and shows all of the host. */
        if (export_has_empty_root(e)) {
                fputs("TemporaryFileSystem=/:ro\nMountAPIVFS=yes\n", export_stream(e, root->origin));
                return;
        }
        if (!streq(source->path, "/")) {
                FILE *f = export_stream(e, root->origin);

                fprintf(f, "%s=", source->kind == SOURCE_DETACHED ? "RootImage" : "RootDirectory");
                export_rest(e, f, root->origin, "RootDirectory", source->path);
                fputs("\nMountAPIVFS=yes\n", f);
        }
        fputs("ProtectSystem=strict\n", e->builtin);
}

static bool is_below_homes(const char *path) {
        return path_is_below(path, "/home") || path_is_below(path, "/root");
}

/* Whether this is the home directory in memory that isorun gives the payload. It hides the host's, as ProtectHome=
 * does. */
static bool is_own_home(const PlanMount *m) {
        return m->kind == MOUNT_TMPFS && !m->attributes.read_only && m->asker != ASKED_BY_POLICY &&
               (is_below_homes(m->destination) || streq(m->destination, "/home") || streq(m->destination, "/root"));
}

/* Hides /home and /root. If the plan mounts something in them, makes them empty directories in memory instead. */
static void write_home(Exporter *e) {
        const Setting *home = policy_get(e->policy, D_ProtectHome);
        const ProtectHome choice = (ProtectHome) home->value.number;
        bool hidden = choice == PROTECT_HOME_YES || choice == PROTECT_HOME_TMPFS, filled = false;

        for (size_t i = 0; i < e->plan->n_mounts && hidden; i++) {
                const PlanMount *m = &e->plan->mounts[i];

                filled = filled || (is_below_homes(m->destination) && !is_own_home(m));
        }
        if (filled)
                export_lacks(e, home->origin, "ProtectHome", "/home and /root are writable, in memory");
        fprintf(export_stream(e, home->origin), "ProtectHome=%s\n",
                hidden ? (filled ? "tmpfs" : "yes") : home->value.text);
}

static void write_hidden(Exporter *e) {
        fputs("InaccessiblePaths=", e->builtin);
        for (const char *const *path = systemd_hidden; *path; path++)
                if (policy_is_true(e->policy, D_PrivateDevices) || !startswith(*path, "/dev/"))
                        fprintf(e->builtin, "%s-%s", path == systemd_hidden ? "" : " ", *path);
        fputc('\n', e->builtin);
}

static void write_devices(Exporter *e) {
        const Setting *devices = policy_get(e->policy, D_PrivateDevices);

        fputs(devices->value.number ? "PrivateDevices=yes\n" : "PrivateDevices=no\nReadOnlyPaths=/dev\n",
              export_stream(e, devices->origin));
}

/* Whether a later option of the list has the same name. */
static bool is_repeated(const char *option) {
        size_t n = strcspn(option, "=,");

        for (const char *later = strchr(option, ','); later; later = strchr(later + 1, ','))
                if (strncmp(later + 1, option, n) == 0 && later[n + 1] == '=')
                        return true;
        return false;
}

/* systemd does not expand specifiers in the options, so their % is not doubled. */
static void write_tmpfs(Exporter *e, const PlanMount *m) {
        FILE *f = export_stream(e, m->origin);
        const char *separator = ":";

        fputs("TemporaryFileSystem=", f);
        export_word(e, f, m->origin, "TemporaryFileSystem", m->destination);
        for (const char *o = m->options; *o; o += strcspn(o, ","), o += *o == ',')
                if (!is_repeated(o)) {
                        fprintf(f, "%s%.*s", separator, (int) strcspn(o, ","), o);
                        separator = ",";
                }
        fprintf(f, "%s%s\n", m->attributes.read_only ? ",ro" : "",
                m->attributes.no_exec && !m->made_no_exec ? ",noexec" : "");
}

static void write_bind(Exporter *e, FILE *f, Origin origin, const char *source, const char *destination,
                       const char *options) {
        bool same = streq(source, destination) && !*options;
        _cleanup_free_ char *word = format("%s%s%s%s", source, same ? "" : ":", same ? "" : destination, options);

        if (word)
                export_word(e, f, origin, "BindPaths", word);
        else
                e->oom = true;
        fputc('\n', f);
}

/* Whether ReadOnlyPaths= has made this mount what it is. */
static bool is_protected(const PlanMount *m, MountKind kind) {
        return m->kind == kind && m->key && streq(m->key, directive_table[D_ReadOnlyPaths].name);
}

/* Whether the mount only hides a directory of the host, and write_home() and write_hidden() do not write it. */
static bool is_emptied(const PlanMount *m) {
        return m->kind == MOUNT_TMPFS && (strv_contains((char *const *) systemd_emptied, m->destination) ||
                                          startswith(m->options, "mode=111"));
}

static bool is_filled(const Plan *plan, const PlanMount *m) {
        return m + 1 < plan->mounts + plan->n_mounts && path_is_below(m[1].destination, m->destination);
}

static void write_inaccessible(Exporter *e, FILE *f, const PlanMount *m) {
        fputs("InaccessiblePaths=-", f);
        export_word(e, f, m->origin, m->key, m->destination);
        fputc('\n', f);
}

/* Writes a mount that isorun adds by itself. */
static void write_builtin(Exporter *e, const PlanMount *m) {
        if (is_own_home(m))
                return;
        if (is_protected(m, MOUNT_TMPFS) ||
            (m->kind == MOUNT_TMPFS && (!m->attributes.read_only || (is_emptied(m) && is_filled(e->plan, m)))))
                write_tmpfs(e, m);
        else if (is_emptied(m) ||
                 (m->kind == MOUNT_BLOCKED && !strv_contains((char *const *) systemd_hidden, m->destination)))
                write_inaccessible(e, e->builtin, m);
        else if (m->kind == MOUNT_DIRECTORY && streq(m->destination, "/var/tmp"))
                fputs("TemporaryFileSystem=/var/tmp:mode=1777,size=64M\n", e->builtin);
        else if (m->kind == MOUNT_BIND && !path_is_below(m->destination, "/dev") && !streq(m->destination, "/dev")) {
                /* Another host may not have the data of a package. */
                fprintf(e->builtin, "BindReadOnlyPaths=%s", system_data_contains(m->destination) ? "-" : "");
                write_bind(e, e->builtin, m->origin, m->source.path, m->destination, "");
        }
}

static void say_lost_options(Exporter *e, const Setting *s, const Directive *d, uint64_t flags) {
        const char *destination = s->value.words[1];

        if (flags & BIND_OVERLAY)
                export_lacks(e, s->origin, d->name, "%s is read-only: systemd cannot make it a writable overlay",
                             destination);
        if (flags & BIND_IDMAP)
                export_lacks(e, s->origin, d->name, "systemd does not map the ids of %s", destination);
        for (char **o = s->value.words + 2; *o; o++)
                if (startswith(*o, "hide="))
                        export_lacks(e, s->origin, d->name,
                                     "%s in %s hides only files that match now, not files that match when the unit "
                                     "starts",
                                     *o, destination);
}

static void write_volume(Exporter *e, const Directive *d, const Setting *s) {
        const char *source = s->value.words[0], *destination = s->value.words[1];
        const PlanMount *m = plan_find_mount(e->plan, destination);
        uint64_t flags = s->value.number | (m && m->source.binding ? m->source.binding->flags : 0);
        FILE *f;

        if (m && is_protected(m, MOUNT_BIND))
                return; /* write_asked() writes it */
        if (source[0] != '/' && (!m || (m->source.kind != SOURCE_PATH && m->source.kind != SOURCE_ID_MAPPED))) {
                export_lacks(e, s->origin, d->name, "the volume %s is not bound to a path", source);
                return;
        }
        say_lost_options(e, s, d, flags);
        if (m && m->place != PLACE_EXISTS && !export_is_in_memory(e, destination))
                export_lacks(e, s->origin, d->name, "systemd creates %s on the host; isorun creates it in memory",
                             destination);
        f = export_stream(e, s->origin);
        fprintf(f, "%s=%s", flags & (BIND_READ_ONLY | BIND_OVERLAY) ? "BindReadOnlyPaths" : "BindPaths",
                s->value.optional ? "-" : "");
        write_bind(e, f, s->origin, source[0] == '/' ? source : m->source.path, destination,
                   flags & BIND_NO_RECURSE ? ":norbind" : "");
        if (flags & BIND_NO_EXEC) {
                fputs("NoExecPaths=", f);
                export_word(e, f, s->origin, d->name, destination);
                fputc('\n', f);
        }
}

static void write_volumes(Exporter *e, DirectiveId id) {
        const SettingList *list = &e->policy->settings[id];

        for (size_t i = 0; i < list->n; i++)
                write_volume(e, &directive_table[id], &list->items[i]);
}

/* The mount that a path is in. */
static const PlanMount *find_around(const Exporter *e, const char *path) {
        const PlanMount *nearest = &e->plan->mounts[0];

        for (size_t i = 1; i < e->plan->n_mounts; i++) {
                const PlanMount *m = &e->plan->mounts[i];

                if (path_is_at_or_below(path, m->destination) && path_is_below(m->destination, nearest->destination))
                        nearest = m;
        }
        return nearest;
}

/* A path of these that is missing now may exist when the unit starts. */
static bool is_denied_below(const Exporter *e, DirectiveId id, const char *path) {
        const SettingList *list = &e->policy->settings[id];

        for (size_t i = 0; i < list->n; i++)
                if (path_is_at_or_below(list->items[i].value.text, path))
                        return true;
        return false;
}

/* Whether the root has something else than the host in or at a path. A bind of the path would show what that hides. */
static bool is_changed(const Exporter *e, const char *path) {
        for (size_t i = 1; i < e->plan->n_mounts; i++)
                if (path_is_below(e->plan->mounts[i].destination, path))
                        return true;
        return is_denied_below(e, D_InaccessiblePaths, path) || is_denied_below(e, D_NoExecPaths, path);
}

/* The path that a symlink in an empty root leads to, if that is a file of the host that the root has at its own place
 * as it is. On the heap, or NULL. */
static char *find_target(const Exporter *e, const PlanMount *link) {
        _cleanup_free_ char *parent = path_parent(link->destination), *joined = NULL, *path = NULL;
        const PlanMount *m;

        if (link->target[0] == '/')
                joined = strdup(link->target);
        else if (parent)
                joined = path_join(parent, link->target);
        path = joined && path_is_safe(joined) ? path_simplify(joined) : NULL;
        if (!path)
                return NULL;
        m = find_around(e, path);
        return m->kind == MOUNT_BIND && m->source.kind == SOURCE_PATH && streq(m->source.path, m->destination) &&
                               m->attributes.recursive && !m->attributes.no_exec && !is_changed(e, path) &&
                               !is_changed(e, link->destination)
                       ? TAKE_PTR(path) : NULL;
}

/* In an empty root, systemd can show the target of a symlink in its place, and make an empty directory. */
static void write_made(Exporter *e, const PlanMount *m) {
        _cleanup_free_ char *target = m->kind == MOUNT_SYMLINK ? find_target(e, m) : NULL;
        FILE *f;

        if (m->kind == MOUNT_DIRECTORY) {
                f = export_stream(e, m->origin);
                fputs("TemporaryFileSystem=", f);
                export_word(e, f, m->origin, "Directory", m->destination);
                fputs(":ro,mode=755\n", f);
        } else if (target) {
                f = export_stream(e, m->origin);
                fputs("BindReadOnlyPaths=-", f);
                write_bind(e, f, m->origin, target, m->destination, "");
        } else
                export_lacks(e, m->origin, "Symlink", "systemd does not create the symlink %s", m->destination);
}

/* Writes a mount that the policy asks for, unless write_volumes() does. The lines of InaccessiblePaths= are copied by
 * export_values(), so only paths that a volume hides are left. */
static void write_asked(Exporter *e, const PlanMount *m) {
        if (m->kind == MOUNT_TMPFS)
                write_tmpfs(e, m);
        if (is_protected(m, MOUNT_BIND)) {
                FILE *f = export_stream(e, m->origin);

                fputs(m->attributes.read_only ? "BindReadOnlyPaths=" : "BindPaths=", f);
                write_bind(e, f, m->origin, m->source.path, m->destination, m->attributes.recursive ? "" : ":norbind");
        }
        if (export_has_empty_root(e) && (m->kind == MOUNT_SYMLINK || m->kind == MOUNT_DIRECTORY))
                write_made(e, m);
        if (m->kind == MOUNT_BLOCKED && is_volume(m->key))
                write_inaccessible(e, export_stream(e, m->origin), m);
}

void export_mounts(Exporter *e) {
        const Setting *private_tmp = policy_get(e->policy, D_PrivateTmp);

        write_root(e);
        write_home(e);
        write_devices(e);
        write_hidden(e);
        if (!private_tmp->value.number)
                fputs("PrivateTmp=no\n", export_stream(e, private_tmp->origin));
        for (size_t i = 1; i < e->plan->n_mounts; i++) {
                const PlanMount *m = &e->plan->mounts[i];

                (m->asker == ASKED_BY_POLICY ? write_asked : write_builtin)(e, m);
        }
        write_volumes(e, D_BindPaths);
        write_volumes(e, D_BindReadOnlyPaths);
        write_volumes(e, D_Volume);
}
