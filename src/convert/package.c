/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/package.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "plan/root/secrets.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

#define LISTS "/var/lib/dpkg/info"

static int add(char ***paths, const char *path) {
        return strv_contains(*paths, path) ? 0 : strv_push(paths, path);
}

/* Below these, each directory belongs to one service. */
static const char *const parents[] = { "/var/lib/", "/var/cache/", "/var/log/", "/var/spool/", "/run/" };

/* Takes the directory of a path directly below one of the parents. */
static int take_data(const char *path, char ***paths) {
        static const char *const shared[] = { "/var/lib/systemd", "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt",
                                              "/var/cache/debconf", "/var/lib/misc", "/var/log/runit", NULL };

        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                const char *rest = startswith(path, parents[i]);

                if (rest && *rest && !strchr(rest, '/') && !strv_contains((char *const *) shared, path))
                        return add(paths, path);
        }
        return streq(path, "/var/www") ? add(paths, path) : 0;
}

/* tmpfiles.d(5): the directories that systemd makes at boot. */
static int take_tmpfiles(const char *file, char ***paths) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        size_t size;
        int r = 0;

        if (text_file_read(file, &text, &size) < 0)
                return 0;
        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position)) {
                char *path = line + strcspn(line, " \t");

                path += strspn(path, " \t");
                path[strcspn(path, " \t")] = '\0';
                if (strchr("dDqQv", *line) && *line)
                        r = take_data(startswith(path, "/var/run/") ? path + strlen("/var") : path, paths);
        }
        return r;
}

/* The secrets in a directory of /etc: secrets.h hides them from all other services. */
static int take_secrets(const char *directory, char ***paths) {
        DIR *d = opendir(directory);
        int r = secrets_contain(directory);

        if (r > 0)
                r = add(paths, directory);
        for (struct dirent *e; r >= 0 && d && (e = readdir(d));) {
                _cleanup_free_ char *path = path_join(directory, e->d_name);

                if (e->d_name[0] == '.')
                        continue;
                r = path ? secrets_contain(path) : -ENOMEM;
                if (r > 0)
                        r = add(paths, path);
        }
        if (d)
                closedir(d);
        return r < 0 ? r : 0;
}

/* The usual place of web sites is in no list, but in the configuration. */
static int take_web_root(const char *path, char ***paths) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        if (text_file_read(path, &text, &size) < 0 || !strstr(text, "/var/www"))
                return 0;
        return add(paths, "/var/www");
}

/* A service that asks PAM reads the hashes of passwords. The other directories are shared by many packages. */
static int take_configuration(const char *path, char ***paths) {
        static const char *const shared[] = { "/etc/ssl", "/etc/ppp", "/etc/NetworkManager", "/etc/security", NULL };

        if (startswith(path, "/etc/pam.d/"))
                return add(paths, "/etc/shadow");
        if (strchr(path + strlen("/etc/"), '/'))
                return take_web_root(path, paths);
        return strv_contains((char *const *) shared, path) ? 0 : take_secrets(path, paths);
}

static int take_path(const char *path, char ***paths) {
        if (startswith(path, "/etc/"))
                return take_configuration(path, paths);
        if (startswith(path, "/usr/lib/tmpfiles.d/"))
                return take_tmpfiles(path, paths);
        return take_data(path, paths);
}

/* Whether the list has a unit of this name. Its file may be a copy in /etc. */
static bool has_file(const char *list, const char *file) {
        _cleanup_free_ char *line = NULL;

        line = format("/lib/systemd/system/%s\n", path_name(file));
        return line && strstr(list, line);
}

static int take_list(const char *file, const char *unit_file, char ***paths) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        size_t size;
        int r = 0;

        if (text_file_read(file, &text, &size) < 0 || !has_file(text, unit_file))
                return 0;
        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position))
                r = take_path(line, paths);
        return r;
}

static int take_names(char *const *names, char ***paths) {
        int r = 0;

        for (char *const *n = names; n && *n; n++)
                for (size_t i = 0; r >= 0 && **n && i < ELEMENTSOF(parents); i++) {
                        _cleanup_free_ char *path = format("%s%s", parents[i], *n);

                        if (!path)
                                return -ENOMEM;
                        r = access(path, F_OK) == 0 ? take_data(path, paths) : 0;
                }
        return r;
}

int package_paths(const char *unit_file, char *const *names, char ***ret) {
        _cleanup_strv_free_ char **paths = NULL;
        DIR *d = opendir(LISTS);
        int r = 0;

        for (struct dirent *e; r >= 0 && d && (e = readdir(d));) {
                _cleanup_free_ char *file = path_join(LISTS, e->d_name);

                if (!file)
                        r = -ENOMEM;
                else if (endswith(file, ".list"))
                        r = take_list(file, unit_file, &paths);
        }
        if (d)
                closedir(d);
        if (r >= 0)
                r = take_names(names, &paths);
        if (r >= 0)
                *ret = TAKE_PTR(paths);
        return r < 0 ? r : 0;
}
