/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl import --drop-in: the two files, and where they are. */
#include "cmd/verb/import-drop-in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/package.h"
#include "convert/wrap.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* "postfix" for postfix@-.service. */
static int name_length(const char *unit) {
        return (int) strcspn(unit, "@") < (int) (strrchr(unit, '.') - unit) ? (int) strcspn(unit, "@")
                                                                           : (int) (strrchr(unit, '.') - unit);
}

int drop_in_prepare(Import *import, const char *unit_file) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = strv_pushf(&names, "%.*s", name_length(import->unit), import->unit);
        for (size_t i = 0; r >= 0 && i < import->n_lines; i++)
                if (import->lines[i].key && streq(import->lines[i].key, "User") && !strchr(import->lines[i].value, '/'))
                        r = strv_push(&names, import->lines[i].value);
        return r < 0 ? r : package_paths(unit_file, names, &import->own_paths);
}

/* The directories of a user's or the system's drop-ins and policies. */
static int find_places(const Import *import, char **ret_drop_in, char **ret_policy) {
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *base = NULL;

        if (import->user)
                base = config && *config == '/' ? strdup(config) : format("%s/.config", home ?: "");
        *ret_drop_in = import->user ? format("%s/systemd/user/%s.d/" DROP_IN_NAME, base, import->unit)
                                    : format("/etc/systemd/system/%s.d/" DROP_IN_NAME, import->unit);
        *ret_policy = format("%s/isorun/policies/%.*s.conf", import->user ? base : "/etc", name_length(import->unit),
                             import->unit);
        return *ret_drop_in && *ret_policy ? 0 : -ENOMEM;
}

static int make_parents(const char *path) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *slash = copy + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                if (mkdir(copy, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

static int write_file(const char *directory, const char *place, const char *text, Report *report) {
        _cleanup_free_ char *path = format("%s%s", streq(directory, "/") ? "" : directory, place);
        _cleanup_close_ int fd = -EBADF;
        int r = path ? make_parents(path) : -ENOMEM;

        if (r >= 0) {
                fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
                r = fd < 0 ? -errno : 0;
        }
        for (size_t size = strlen(text); r >= 0 && size > 0;) {
                ssize_t n = write(fd, text, size);

                r = n < 0 ? -errno : 0;
                text += n;
                size -= (size_t) n;
        }
        if (r == -ENOMEM)
                return report_oom(report);
        return r < 0 ? report_error(report, -r, "cannot write %s: %s%s", path, strerror(-r),
                                    r == -EEXIST ? " (remove it first)" : "") : 0;
}

/* The path of a program beside this one. */
static char *find_program(const char *name) {
        char self[PATH_MAX] = "";
        _cleanup_free_ char *parent = NULL;

        if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
                return NULL;
        parent = path_parent(self);
        return parent ? path_join(parent, name) : NULL;
}

int drop_in_write(const Import *import, const char *policy, const char *directory, Report *report) {
        _cleanup_free_ char *isorun = find_program("isorun"), *isoctl = find_program("isoctl"), *name = NULL, *drop_in = NULL,
                            *place = NULL, *policy_place = NULL;
        int r;

        name = format("%.*s", name_length(import->unit), import->unit);
        if (isorun && isoctl && name)
                drop_in = wrap_compose(import, isorun, isoctl, name);
        if (!drop_in || find_places(import, &place, &policy_place) < 0)
                return report_oom(report);
        if (!directory) {
                printf("# %s\n%s\n# %s\n%s", place, drop_in, policy_place, policy);
                return 0;
        }
        r = write_file(directory, policy_place, policy, report);
        return r < 0 ? r : write_file(directory, place, drop_in, report);
}
