/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Options of an overlay that are too long for fsconfig(2), which takes less than 256 bytes for one. podman writes paths
 * in the user's home there. So each directory is opened, and named by its fd. */

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/root/mount.h"
#include "util/text.h"

enum { LAYERS_MAX = 14 }; /* "/proc/self/fd/100:" as often as 256 bytes have it */

typedef struct Layers {
        int fds[LAYERS_MAX];
        size_t n;
} Layers;

/* Whether an option of "key=value,flag,…" is too long. */
bool layers_are_long(const char *options);

/* Adds to text what is to stand in the place of a path of key: "lowerdir", "lowerdir+", "datadir+", "upperdir" or
 * "workdir". Returns 0 or -errno. */
typedef int (*LayersReplace)(void *data, const char *key, const char *path, Text *text);

/* Replaces the paths, in their order. *ret are the new options, on the heap. Returns 0 or -errno, also of replace. */
int layers_replace(const char *options, LayersReplace replace, void *data, char **ret);

/* Opens the directories. *ret are the shorter options, on the heap. Returns 0 or -errno; *ret_reason may say why. */
int layers_open(Layers *layers, const char *options, char **ret, MountReason *ret_reason);

void layers_deinit(Layers *layers);
#define _cleanup_layers_ _cleanup_(layers_deinit)
