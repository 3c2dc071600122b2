/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/unit-find.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/unit-manager.h"
#include "util/drop-in.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

static const char *const system_directories[] = {
        "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
        "/run/systemd/system", "/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system", NULL,
};
static const char *const user_directories[] = {
        "/etc/systemd/user", "/run/systemd/user", "/usr/local/share/systemd/user", "/usr/share/systemd/user",
        "/usr/local/lib/systemd/user", "/usr/lib/systemd/user", NULL,
};

void unit_files_deinit(UnitFiles *files) {
        free(files->name);
        strv_free(files->paths);
        free(files->manager_error);
        *files = (UnitFiles) {};
}

static int default_directories(const UnitUser *user, char ***ret) {
        int r = 0;

        if (user && user->config_home)
                r = strv_pushf(ret, "%s/systemd/user", user->config_home);
        else if (user && user->home)
                r = strv_pushf(ret, "%s/.config/systemd/user", user->home);
        if (r >= 0 && user && user->runtime)
                r = strv_pushf(ret, "%s/systemd/user", user->runtime);
        for (const char *const *d = user ? user_directories : system_directories; r >= 0 && *d; d++)
                r = strv_push(ret, *d);
        return r;
}

/* *ret is "redis@.service" for "redis@main.service", and NULL for a name without instance. Returns 0 or -ENOMEM. */
static int find_template(const char *name, char **ret) {
        const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

        *ret = NULL;
        if (!at || !dot || dot <= at + 1)
                return 0;
        *ret = format("%.*s%s", (int) (at + 1 - name), name, dot);
        return *ret ? 0 : -ENOMEM;
}

static int find_file(char *const *directories, const char *name, char **ret) {
        for (char *const *d = directories; *d; d++) {
                char *path = path_join(*d, name);

                if (!path)
                        return -ENOMEM;
                if (access(path, F_OK) == 0) {
                        *ret = path;
                        return 1;
                }
                free(path);
        }
        return 0;
}

/* The names in NAME.d of the unit's drop-in directories, most specific first: the unit, its template, "a-.service" for
 * "a-b.service" and so on, and the type. */
static int drop_in_names(const char *name, const char *template, char ***names) {
        int r;

        r = strv_push(names, name);
        if (r >= 0 && template)
                r = strv_push(names, template);
        for (size_t n = strcspn(name, "@."); r >= 0 && n > 0; n--)
                if (name[n - 1] == '-' && strcspn(name, "@.") != n)
                        r = strv_pushf(names, "%.*s.service", (int) n, name);
        return r < 0 ? r : strv_push(names, "service");
}

static int collect(char *const *directories, const char *name, const char *template, char ***ret) {
        _cleanup_strv_free_ char **names = NULL, **paths = NULL;
        int r;

        r = drop_in_names(name, template, &names);
        for (char **n = names; r >= 0 && n && *n; n++)
                for (char *const *d = directories; r >= 0 && *d; d++) {
                        _cleanup_free_ char *path = format("%s/%s.d", *d, *n);

                        r = path ? drop_ins_collect(path, &paths) : -ENOMEM;
                }
        drop_ins_sort(paths);
        for (char **p = paths; r >= 0 && p && *p; p++)
                r = strv_push(ret, *p);
        return r;
}

static int not_found(const UnitFiles *files, const UnitUser *user, Report *report) {
        return report_error(report, ENOENT, "there is no unit \"%s\" in the directories of %s", files->name,
                            user ? "a user's systemd" : "systemd");
}

static int search(char *const *directories, const UnitUser *user, UnitFiles *ret, Report *report) {
        _cleanup_free_ char *template = NULL;
        char *path = NULL;
        int r;

        r = find_template(ret->name, &template);
        if (r >= 0)
                r = find_file(directories, ret->name, &path);
        if (r == 0 && template)
                r = find_file(directories, template, &path);
        if (r < 0)
                return report_oom(report);
        if (r == 0)
                return not_found(ret, user, report);
        if (strv_consume(&ret->paths, path) < 0)
                return report_oom(report);
        r = collect(directories, ret->name, template, &ret->paths);
        return r < 0 ? report_error(report, -r, "cannot read the drop-ins of %s: %s", ret->name, text_file_strerror(-r))
                     : 0;
}

static int search_default(const UnitUser *user, UnitFiles *ret, Report *report) {
        _cleanup_strv_free_ char **directories = NULL;

        return default_directories(user, &directories) < 0 ? report_oom(report)
                                                           : search(directories, user, ret, report);
}

static int take(ManagedUnit *unit, const UnitUser *user, UnitFiles *ret, Report *report) {
        if (streq(unit->state, "not-found"))
                return not_found(ret, user, report);
        if (streq(unit->state, "masked"))
                return report_error(report, EINVAL, "%s is masked: %s", ret->name, unit->fragment);
        if (!*unit->fragment)
                return report_error(report, ENOENT, "%s has no unit file", ret->name);
        if (unit->changed)
                report_notice(report,
                              "the files of %s have changed since systemd read them, so drop-ins may be missing here: "
                              "run systemctl daemon-reload first", ret->name);
        free(ret->name);
        ret->name = TAKE_PTR(unit->name);
        ret->paths = TAKE_PTR(unit->drop_ins);
        return strv_prepend(&ret->paths, TAKE_PTR(unit->fragment)) < 0 ? report_oom(report) : 0;
}

/* systemd cannot load a template, so it is searched for in systemd's directories. */
static int ask(UnitManager *m, const UnitUser *user, UnitFiles *ret, Report *report) {
        _cleanup_(managed_unit_deinit) ManagedUnit unit = {};
        int r;

        if (strstr(ret->name, "@."))
                return search(m->directories, user, ret, report);
        r = unit_manager_load(m, ret->name, &unit, report);
        return r < 0 ? r : take(&unit, user, ret, report);
}

static int find_by_name(const char *spec, const UnitUser *user, UnitFiles *ret, Report *report) {
        _cleanup_(unit_manager_deinit) UnitManager manager = {};
        Report silent = {};

        ret->name = format("%s%s", spec, endswith(spec, ".service") ? "" : ".service");
        if (!ret->name)
                return report_oom(report);
        if (unit_manager_open(&manager, user != NULL, &silent) >= 0)
                return ask(&manager, user, ret, report);
        ret->manager_error = strdup(silent.first.text);
        return ret->manager_error ? search_default(user, ret, report) : report_oom(report);
}

static int find_by_path(const char *spec, UnitFiles *ret, Report *report) {
        _cleanup_free_ char *template = NULL, *parent = path_parent(spec), *path = NULL;

        ret->name = strdup(path_name(spec));
        if (!ret->name || !parent || find_template(ret->name, &template) < 0)
                return report_oom(report);
        path = template && access(spec, F_OK) < 0 ? path_join(parent, template) : strdup(spec);
        if (strv_consume(&ret->paths, TAKE_PTR(path)) < 0)
                return report_oom(report);
        return 0;
}

static int check_masked(const UnitFiles *files, Report *report) {
        struct stat st;

        if (stat(files->paths[0], &st) >= 0 && S_ISCHR(st.st_mode))
                return report_error(report, EINVAL, "%s is masked: %s", files->name, files->paths[0]);
        return 0;
}

int unit_find(const char *spec, const UnitUser *user, UnitFiles *ret, Report *report) {
        int r;

        *ret = (UnitFiles) {};
        r = strchr(spec, '/') || access(spec, F_OK) == 0 ? find_by_path(spec, ret, report)
                                                         : find_by_name(spec, user, ret, report);
        return r < 0 ? r : check_masked(ret, report);
}
