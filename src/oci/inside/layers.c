/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/text.h"

enum { OPTION_ROOM = 256 };

static bool is_layers(const char *key) {
        return streq(key, "lowerdir") || streq(key, "upperdir") || streq(key, "workdir");
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

static int add_paths(Layers *layers, char *paths, Text *text, MountReason *ret_reason) {
        for (char *path, *first = paths; (path = next_path(&paths));) {
                char name[32];
                int fd;

                if (layers->n == LAYERS_MAX) {
                        snprintf(ret_reason->text, sizeof(ret_reason->text), " (more than %d layers with long paths)",
                                 LAYERS_MAX);
                        return -E2BIG;
                }
                fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0) {
                        const int error = errno;

                        snprintf(ret_reason->text, sizeof(ret_reason->text), " (layer %zu)", layers->n + 1);
                        return -error;
                }
                layers->fds[layers->n++] = fd;
                snprintf(name, sizeof(name), "%s/proc/self/fd/%d", path == first ? "" : ":", fd);
                text_add(text, name);
        }
        return 0;
}

static int add_options(Layers *layers, char *options, Text *text, MountReason *ret_reason) {
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
                        r = add_paths(layers, value, text, ret_reason);
                else if (value)
                        text_add(text, value);
                text_add_char(text, ',');
        }
        return r;
}

int layers_open(Layers *layers, const char *options, char **ret, MountReason *ret_reason) {
        _cleanup_free_ char *copy = strdup(options), *shorter = NULL;
        _cleanup_text_ Text text = {};
        int r;

        r = copy ? add_options(layers, copy, &text, ret_reason) : -ENOMEM;
        if (r < 0)
                return r;
        shorter = text_finish(&text);
        if (!shorter)
                return -ENOMEM;
        *ret = TAKE_PTR(shorter);
        return 0;
}

void layers_deinit(Layers *layers) {
        for (size_t i = 0; i < layers->n; i++)
                fd_close(layers->fds[i]);
        layers->n = 0;
}
