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

/* The layers as RootDirectory= has them, the lowest first. */
static char *format_layers(const PlanSource *source) {
        _cleanup_strv_free_ char **layers = NULL;

        for (char **l = source->lower; *l; l++)
                if (strv_prepend(&layers, strdup(*l)) < 0)
                        return NULL;
        return strv_push(&layers, source->path) < 0 ? NULL : strv_join(layers, ":");
}

/* The name that the policy has for the source, behind it. */
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

void plan_mount_deinit(PlanMount *mount) {
        free(mount->destination);
        plan_source_deinit(&mount->source);
        free(mount->target);
        free(mount->options);
}
