/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/mount.h"

#include <errno.h>

#include "util/strv.h"
#include "util/text.h"

void plan_source_deinit(PlanSource *source) {
        free(source->path);
        if (source->kind == SOURCE_LAYERS)
                strv_free(source->lower);
        *source = (PlanSource) {};
}

int plan_source_of_layers(char *const *paths, PlanSource *ret) {
        PlanSource source = { .kind = paths[1] ? SOURCE_LAYERS : SOURCE_PATH, .directory = true,
                              .path = strdup(paths[0]) };

        if (paths[1])
                source.lower = strv_copy(paths + 1);
        if (!source.path || (paths[1] && !source.lower)) {
                plan_source_deinit(&source);
                return -ENOMEM;
        }
        *ret = source;
        return 0;
}

/* Formats the layers like RootDirectory=, lowest first. */
static char *format_layers(const PlanSource *source) {
        _cleanup_strv_free_ char **layers = NULL;

        for (char **l = source->lower; *l; l++)
                if (strv_prepend(&layers, strdup(*l)) < 0)
                        return NULL;
        return strv_push(&layers, source->path) < 0 ? NULL : strv_join(layers, ":");
}

/* The policy's name for the source, in parentheses; "" if it has none. */
static char *format_binding(const PlanSource *source) {
        const Binding *binding = source->binding;

        if (!binding)
                return strdup("");
        if (binding->fd < 0)
                return format(" (%s)", binding->name);
        return format(" (%s, fd %d%s)", binding->name, binding->fd,
                      source->kind == SOURCE_DETACHED ? ", a detached mount" : "");
}

char *plan_source_format(const PlanSource *source) {
        _cleanup_free_ char *path = NULL, *binding = NULL;

        if (source->kind == SOURCE_NONE)
                return strdup("an empty directory in memory");
        path = source->kind == SOURCE_LAYERS ? format_layers(source) : strdup(source->path);
        binding = format_binding(source);
        if (!path || !binding)
                return NULL;
        return format("%s%s%s", path, binding, source->kind == SOURCE_IMAGE ? ", contents not read" : "");
}

/* Sets a copy of destination as the mount's destination. */
static PlanMount plan_at(const char *destination, PlanMount mount) {
        mount.destination = destination ? strdup(destination) : NULL;
        return mount;
}

PlanMount plan_bind(const char *destination, PlanSource source, MountAttributes attributes) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_BIND, .source = source, .attributes = attributes });
}

PlanMount plan_tmpfs(const char *destination, char *options, MountAttributes attributes) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_TMPFS, .options = options, .attributes = attributes });
}

PlanMount plan_directory(const char *destination, mode_t mode) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_DIRECTORY, .mode = mode });
}

PlanMount plan_symlink(const char *destination, const char *target) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_SYMLINK, .target = strdup(target) });
}

PlanMount plan_file(const char *destination, const char *text, mode_t mode) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_FILE, .text = text, .mode = mode,
                                                  .attributes.read_only = true });
}

PlanMount plan_copy(const char *destination, PlanSource source, mode_t mode) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_COPY, .source = source, .mode = mode,
                                                  .attributes.read_only = true });
}

PlanMount plan_blocked(const char *destination) {
        return plan_at(destination, (PlanMount) { .kind = MOUNT_BLOCKED, .attributes.read_only = true });
}

/* Whether the mount owns a string in the union of options, target and relayed_to. */
static bool has_string(MountKind kind) {
        switch (kind) {
        case MOUNT_OVERLAY:
        case MOUNT_TMPFS:
        case MOUNT_PROC:
        case MOUNT_DEVPTS:
        case MOUNT_SYMLINK:
        case MOUNT_NOTIFY:
                return true;
        default:
                return false;
        }
}

bool plan_mount_is_whole(const PlanMount *mount) {
        return mount->destination && (mount->source.kind == SOURCE_NONE || mount->source.path) &&
               (!has_string(mount->kind) || mount->options);
}

bool plan_mount_is_directory(const PlanMount *mount) {
        switch (mount->kind) {
        case MOUNT_BIND:
                return mount->source.directory;
        case MOUNT_BLOCKED:
                return mount->on_directory;
        case MOUNT_SYMLINK:
        case MOUNT_FILE:
        case MOUNT_COPY:
                return false;
        default:
                return true;
        }
}

bool plan_mount_is_read_only(const PlanMount *m) {
        switch (m->kind) {
        case MOUNT_ROOT:
                return m->attributes.read_only || m->source.kind == SOURCE_NONE || m->merge;
        case MOUNT_GRANT:
        case MOUNT_MERGE:
        case MOUNT_NOTIFY:
        case MOUNT_FILE:
        case MOUNT_COPY:
        case MOUNT_BLOCKED:
                return true;
        default:
                return m->attributes.read_only || m->merge;
        }
}

void plan_mount_deinit(PlanMount *mount) {
        free(mount->destination);
        plan_source_deinit(&mount->source);
        if (has_string(mount->kind) || mount->kind == MOUNT_ROOT)
                free(mount->options);
}
