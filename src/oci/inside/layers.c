/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

enum { OPTION_ROOM = 256 };

static bool is_layers(const char *key) {
        static const char *const keys[] = { "lowerdir", "upperdir", "workdir", "lowerdir+", "datadir+", NULL };

        return strv_contains((char *const *) keys, key);
}

bool layers_are_long(const char *options) {
        for (const char *o = options; *o; o += strcspn(o, ","), o += *o == ',') {
                const size_t n = strcspn(o, ","), key = strcspn(o, "=,");

                if (n > key && n - key - 1 >= OPTION_ROOM)
                        return true;
        }
        return false;
}

/* Ends the first path of "PATH:PATH…" in place, where a backslash escapes a character, and goes to the next one. */
static char *next_path(char **position) {
        char *path = *position, *to = path, *from = path;

        for (; path && *from && *from != ':'; from++) {
                if (*from == '\\' && from[1])
                        from++;
                *to++ = *from;
        }
        if (!path)
                return NULL;
        *position = *from ? from + 1 : NULL;
        *to = '\0';
        return path;
}

static int replace_paths(char *paths, const char *key, LayersReplace replace, void *data, Text *text) {
        int r = 0;

        /* The kernel takes all for one path, with its colons and backslashes: overlayfs.rst, Linux 6.8. */
        if (key[strlen(key) - 1] == '+')
                return replace(data, key, paths, text);
        for (char *path, *first = paths; r >= 0 && (path = next_path(&paths));) {
                if (path != first)
                        text_add_char(text, ':');
                r = replace(data, key, path, text);
        }
        return r;
}

static int replace_all(char *options, LayersReplace replace, void *data, Text *text) {
        char *position = NULL;
        int r = 0;

        for (char *o = strtok_r(options, ",", &position); r >= 0 && o; o = strtok_r(NULL, ",", &position)) {
                char *value = strchr(o, '=');

                if (value)
                        *value++ = '\0';
                text_add(text, o);
                if (value)
                        text_add_char(text, '=');
                if (value && is_layers(o))
                        r = replace_paths(value, o, replace, data, text);
                else if (value)
                        text_add(text, value);
                text_add_char(text, ',');
        }
        return r;
}

int layers_replace(const char *options, LayersReplace replace, void *data, char **ret) {
        _cleanup_free_ char *copy = strdup(options), *new = NULL;
        _cleanup_text_ Text text = {};
        int r;

        r = copy ? replace_all(copy, replace, data, &text) : -ENOMEM;
        if (r < 0)
                return r;
        new = text_finish(&text);
        if (!new)
                return -ENOMEM;
        *ret = TAKE_PTR(new);
        return 0;
}

typedef struct Opening {
        Layers *layers;
        MountReason *reason;
} Opening;

static int open_layer(void *data, const char *key, const char *path, Text *text) {
        const Opening *o = data;
        Layers *layers = o->layers;
        char name[32];
        int fd;

        (void) key;
        if (layers->n == LAYERS_MAX) {
                snprintf(o->reason->text, sizeof(o->reason->text), " (more than %d layers with long paths)",
                         LAYERS_MAX);
                return -E2BIG;
        }
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                const int error = errno;

                snprintf(o->reason->text, sizeof(o->reason->text), " (layer %zu)", layers->n + 1);
                return -error;
        }
        layers->fds[layers->n++] = fd;
        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        text_add(text, name);
        return 0;
}

int layers_open(Layers *layers, const char *options, char **ret, MountReason *ret_reason) {
        return layers_replace(options, open_layer, &(Opening) { layers, ret_reason }, ret);
}

void layers_deinit(Layers *layers) {
        for (size_t i = 0; i < layers->n; i++)
                fd_close(layers->fds[i]);
        layers->n = 0;
}
