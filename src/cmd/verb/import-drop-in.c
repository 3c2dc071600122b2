/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl import --drop-in: the two files, and where they are. */
#include "cmd/verb/import-drop-in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/start/policy-file.h"
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
        return r < 0 ? r : package_paths("", unit_file, names, &import->own_paths);
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

/* Makes the whole file or nothing, and does not replace one. */
static int write_file(const char *path, const char *text, Report *report) {
        _cleanup_free_ char *parent = path_parent(path), *made = NULL;
        int r;

        if (!parent)
                return report_oom(report);
        if (access(path, F_OK) == 0)
                return report_error(report, EEXIST, "cannot write %s: %s (remove it first)", path, strerror(EEXIST));
        r = policy_file_make_directory(parent, report);
        if (r >= 0)
                r = policy_file_write(parent, text, path, &made, report);
        if (r >= 0)
                r = policy_file_move(made, path, true, report);
        if (r < 0 && made)
                (void) unlink(made);
        return r;
}

/* The path of a program beside this one. */
static char *find_program(const char *name) {
        _cleanup_free_ char *self = NULL, *parent = NULL;

        if (link_read(AT_FDCWD, "/proc/self/exe", &self) < 0)
                return NULL;
        parent = path_parent(self);
        return parent ? path_join(parent, name) : NULL;
}

int drop_in_write(const Import *import, const char *policy, const char *directory, Report *report) {
        _cleanup_free_ char *isorun = find_program("isorun"), *isoctl = find_program("isoctl"), *name = NULL,
                            *drop_in = NULL, *place = NULL, *policy_place = NULL, *policy_file = NULL,
                            *drop_in_file = NULL;
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
        if (streq(directory, "/"))
                directory = "";
        policy_file = format("%s%s", directory, policy_place);
        drop_in_file = format("%s%s", directory, place);
        if (!policy_file || !drop_in_file)
                return report_oom(report);
        r = write_file(policy_file, policy, report);
        if (r < 0)
                return r;
        r = write_file(drop_in_file, drop_in, report);
        if (r < 0)
                (void) unlink(policy_file); /* so that the next try does not find it */
        return r;
}
