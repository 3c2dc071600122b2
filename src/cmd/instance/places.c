/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/places.h"

#include <errno.h>
#include <stdio.h>

#include "util/array.h"
#include "util/fd.h"
#include "util/mount-table.h"
#include "util/text.h"

void places_deinit(Places *places) {
        for (size_t i = 0; i < places->n; i++) {
                free(places->items[i].path);
                free(places->items[i].source);
        }
        free(places->items);
        if (places->target.user_namespace > 0)
                fd_close(places->target.user_namespace);
        if (places->target.mount_namespace > 0)
                fd_close(places->target.mount_namespace);
        *places = (Places) {};
}

/* Parses lines "rw PATH" or "ro PATH". A "+" instead of the space means that the payload may mount. */
static int read_places(Places *places, char *text) {
        char *line, *position = NULL;

        for (line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                Place *p;

                if (strlen(line) < 4 || !strchr(" +", line[2]) || line[3] != '/')
                        return -EPROTO;
                p = ARRAY_APPEND(places->items, places->n);
                if (!p)
                        return -ENOMEM;
                *p = (Place) { .path = strdup(line + 3), .writable = line[1] == 'w', .may_mount = line[2] == '+' };
                if (!p->path)
                        return -ENOMEM;
        }
        return 0;
}

/* Notes a line of mountinfo. The first mount at a place is the place itself, and the last one is the one that processes
 * see. Returns 0 or -ENOMEM. */
static int read_mount(Places *places, char *line, unsigned *seen) {
        char *field[6], *type, *source, *position = NULL, *rest = strstr(line, " - ");

        if (!rest)
                return 0;
        *rest = '\0';
        for (size_t i = 0; i < ELEMENTSOF(field); i++) {
                field[i] = strtok_r(i ? NULL : line, " ", &position);
                if (!field[i])
                        return 0;
        }
        type = strtok_r(rest + 3, " ", &position);
        source = type ? strtok_r(NULL, " ", &position) : NULL;
        mount_unescape(field[3]);
        mount_unescape(field[4]);

        for (size_t i = 0; i < places->n; i++) {
                Place *p = &places->items[i];

                if (!streq(field[4], p->path))
                        continue;
                if (seen[i]++ == 0) {
                        p->no_exec = strstr(field[5], "noexec");
                        continue;
                }
                p->n_mounts++;
                free(p->source);
                p->granted_write = startswith(field[5], "rw");
                p->source = format("%s (%s %s)", field[3], type ?: "?", source ?: "?");
                if (!p->source)
                        return -ENOMEM;
        }
        return 0;
}

static int read_mounts(Places *places, int fd) {
        _cleanup_free_ unsigned *seen = calloc(places->n + 1, sizeof(unsigned));
        _cleanup_free_ char *text = NULL;
        char *line, *position = NULL;
        int r;

        r = seen ? fd_read_all(fd, &text, NULL) : -ENOMEM;
        for (line = r < 0 ? NULL : strtok_r(text, "\n", &position); line && r >= 0;
             line = strtok_r(NULL, "\n", &position))
                r = read_mount(places, line, seen);
        return r;
}

int places_find(Places *ret, const Instance *instance, Report *report) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int mounts = -1;
        TalkOwner owner;
        Failure f = {};
        int fds[2], r;

        r = talk_ask(instance, CONTROL_PLACES, &text, fds, ELEMENTSOF(fds), &owner, report);
        if (r < 0)
                return r;
        ret->target = (GrantTarget) { .user_namespace = fds[0], .mount_namespace = fds[1], .uid = owner.uid,
                                      .gid = owner.gid };
        r = read_places(ret, text);
        if (r < 0)
                return report_error(report, -r, "%s: %s", instance->name, strerror(-r));
        if (ret->n == 0)
                return 0;

        mounts = grant_open_mounts(&ret->target, &f);
        if (mounts < 0)
                return report_error(report, -mounts, "%s: %s", instance->name, f.message.text);
        r = read_mounts(ret, mounts);
        return r < 0 ? report_error(report, -r, "%s: %s", instance->name, strerror(-r)) : 0;
}

Place *places_pick(const Places *places, const Instance *instance, const char *path, Report *report) {
        _cleanup_text_ Text text = {};

        for (size_t i = 0; i < places->n; i++)
                if (streq(places->items[i].path, path))
                        return &places->items[i];

        if (places->n == 0) {
                report_error(report, ENOENT, "%s: the policy has no GrantPaths=, so nothing can be granted",
                             instance->name);
                return NULL;
        }
        if (text_open(&text) < 0) {
                report_oom(report);
                return NULL;
        }
        for (size_t i = 0; i < places->n; i++)
                fprintf(text.f, " %s:%s", places->items[i].path, places->items[i].writable ? "rw" : "ro");
        report_error(report, ENOENT, "%s: GrantPaths= of the policy does not list %s, only%s", instance->name, path,
                     text_so_far(&text) ?: " …");
        return NULL;
}
