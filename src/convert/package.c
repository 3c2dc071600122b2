/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/package.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/root/secrets.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

#define LISTS "/var/lib/dpkg/info"

/* root: where the files are that are read. The paths that are found do not have it before them. */
typedef struct Search {
        const char *root, *unit_file;
        char **paths;
} Search;

typedef int (*TakeEntry)(Search *s, const char *path, unsigned char type);

static int add(Search *s, const char *path) {
        return strv_contains(s->paths, path) ? 0 : strv_push(&s->paths, path);
}

/* Returns 1 with *ret on the heap, 0 if the file cannot be read, or -ENOMEM. */
static int read_file(const Search *s, const char *path, char **ret) {
        _cleanup_free_ char *file = format("%s%s", s->root, path);
        size_t size;
        int r = file ? text_file_read(file, ret, &size) : -ENOMEM;

        return r == -ENOMEM ? r : r >= 0;
}

static int is_not_hidden(const struct dirent *e) {
        return e->d_name[0] != '.';
}

static int compare_entries(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

/* Sorted: each file system has an order of its own, and the same files must give the same policy. */
static int for_each_entry(Search *s, const char *directory, TakeEntry take) {
        _cleanup_free_ char *place = format("%s%s", s->root, directory);
        struct dirent **entries = NULL;
        int n, r = 0;

        if (!place)
                return -ENOMEM;
        n = scandir(place, &entries, is_not_hidden, compare_entries);
        if (n < 0)
                return errno == ENOMEM ? -ENOMEM : 0;
        for (int i = 0; i < n; i++) {
                _cleanup_free_ struct dirent *e = entries[i];
                _cleanup_free_ char *path = r >= 0 ? path_join(directory, e->d_name) : NULL;

                if (r >= 0)
                        r = path ? take(s, path, e->d_type) : -ENOMEM;
        }
        free(entries);
        return r;
}

/* Below these, each directory belongs to one service, */
static const char *const parents[] = { "/var/lib/", "/var/cache/", "/var/log/", "/var/spool/cron/", "/var/spool/",
                                       "/run/" };

/* except these, which many services use. */
static const char *const shared[] = {
        "/var/lib/apt", "/var/lib/dbus", "/var/lib/dpkg", "/var/lib/misc", "/var/lib/pam", "/var/lib/private",
        "/var/lib/systemd", "/var/lib/ucf", "/var/cache/apt", "/var/cache/debconf", "/var/cache/ldconfig",
        "/var/cache/man", "/var/cache/private", "/var/log/apt", "/var/log/audit", "/var/log/journal",
        "/var/log/private", "/var/log/runit", "/var/spool/cron", "/var/spool/mail", "/run/dbus", "/run/lock",
        "/run/log", "/run/mount", "/run/shm", "/run/systemd", "/run/udev", "/run/user", NULL,
};

/* The part of the path below one of the parents, or NULL. */
static const char *find_name(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                const char *name = startswith(path, parents[i]);

                if (name && *name && !strv_contains((char *const *) shared, path))
                        return name;
        }
        return NULL;
}

bool package_owns(const char *path) {
        return find_name(path) != NULL;
}

/* Takes the directories that are directly below one of the parents. */
static int take_data(Search *s, const char *path) {
        const char *name = find_name(path);

        return (name && !strchr(name, '/')) || streq(path, "/var/www") ? add(s, path) : 0;
}

/* tmpfiles.d(5): the directories that systemd makes at boot. */
static int take_tmpfiles(Search *s, const char *file) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r = read_file(s, file, &text);

        for (char *line = r > 0 ? strtok_r(text, "\n", &position) : NULL; r >= 0 && line;
             line = strtok_r(NULL, "\n", &position)) {
                char *path = line + strcspn(line, " \t");

                path += strspn(path, " \t");
                path[strcspn(path, " \t")] = '\0';
                if (strchr("dDqQv", *line))
                        r = take_data(s, startswith(path, "/var/run/") ? path + strlen("/var") : path);
        }
        return r;
}

/* Takes keys of TLS that a line of the configuration names. A directory would be too much. */
static int take_keys(Search *s, const char *line) {
        static const char *const places[] = { "/etc/ssl/private/", "/etc/letsencrypt/live/" };
        int r = 0;

        if (strchr("#;", line[strspn(line, " \t")]))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                for (const char *key = line; r >= 0 && (key = strstr(key, places[i])); key++) {
                        _cleanup_free_ char *path = strndup(key, strcspn(key, " \t\"';,)>")), *file = NULL;
                        struct stat st;

                        file = path ? format("%s%s", s->root, path) : NULL;
                        if (!file)
                                return -ENOMEM;
                        if (path_is_safe(path) && stat(file, &st) >= 0 && S_ISREG(st.st_mode))
                                r = add(s, path);
                }
        return r;
}

/* Only the configuration names a service's keys, and the usual place of its web sites. */
static int take_named(Search *s, const char *path) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r = read_file(s, path, &text);

        if (r <= 0)
                return r;
        if (strstr(text, "/var/www"))
                r = add(s, "/var/www");
        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position))
                r = take_keys(s, line);
        return r;
}

/* A symlink in the service's own configuration may lead to a key elsewhere. */
static int take_target(Search *s, const char *path) {
        _cleanup_free_ char *file = format("%s%s", s->root, path), *real = file ? realpath(file, NULL) : NULL;
        const char *target = real ? startswith(real, s->root) : NULL;
        int r = target ? secrets_contain(target) : 0;

        if (!file)
                return -ENOMEM;
        return r > 0 ? add(s, target) : r;
}

static int take_secret(Search *s, const char *path, _unused_ unsigned char type) {
        int r = secrets_contain(path);

        return r > 0 ? add(s, path) : r;
}

static int take_file(Search *s, const char *path, unsigned char type) {
        int r = take_secret(s, path, type);

        if (r >= 0 && type == DT_LNK)
                r = take_target(s, path);
        return r >= 0 && type == DT_REG ? take_named(s, path) : r;
}

static int take_entry(Search *s, const char *path, unsigned char type) {
        int r = take_file(s, path, type);

        return r >= 0 && type == DT_DIR ? for_each_entry(s, path, take_file) : r;
}

/* The secrets in a directory of /etc: secrets.h hides them from all other services. */
static int take_secrets(Search *s, const char *directory) {
        int r = take_secret(s, directory, DT_DIR);

        return r < 0 ? r : for_each_entry(s, directory, take_entry);
}

/* A service that asks PAM reads the hashes of passwords. The other directories are shared by many packages. */
static int take_configuration(Search *s, const char *path) {
        static const char *const common[] = { "/etc/ssl",       "/etc/ppp",         "/etc/NetworkManager",
                                              "/etc/security", "/etc/letsencrypt", "/etc/apt",
                                              "/etc/sudoers.d", NULL };

        if (startswith(path, "/etc/pam.d/"))
                return add(s, "/etc/shadow");
        if (strchr(path + strlen("/etc/"), '/'))
                return take_named(s, path);
        return strv_contains((char *const *) common, path) ? 0 : take_secrets(s, path);
}

static int take_path(Search *s, const char *path) {
        if (startswith(path, "/etc/"))
                return take_configuration(s, path);
        if (startswith(path, "/usr/lib/tmpfiles.d/"))
                return take_tmpfiles(s, path);
        return take_data(s, path);
}

/* Whether the list has a unit of this name. Its file may be a copy in /etc. systemd-sysv-generator(8) makes a unit of
 * an init script. */
static bool has_file(const char *list, const char *file) {
        const char *name = path_name(file);
        _cleanup_free_ char *line = NULL;

        if (endswith(name, ".service") && startswith(file, "/run/systemd/generator.late/"))
                line = format("/etc/init.d/%.*s\n", (int) (strlen(name) - strlen(".service")), name);
        else
                line = format("/lib/systemd/system/%s\n", name);
        return line && strstr(list, line);
}

/* Takes the paths of a list, if it has the unit or is of its family. Returns 1, 0 if it is not, or -ENOMEM. */
static int take_list(Search *s, const char *list, bool family) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        int r = read_file(s, list, &text);

        if (r <= 0 || (!family && !has_file(text, s->unit_file)))
                return r < 0 ? r : 0;
        for (char *line = strtok_r(text, "\n", &position); r >= 0 && line; line = strtok_r(NULL, "\n", &position))
                r = take_path(s, line);
        return r < 0 ? r : 1;
}

/* A package may have its directories in another one: samba in samba-common, cron in cron-daemon-common. */
static int take_family(Search *s, const char *package) {
        static const char *const kinds[] = { "base", "common", "config", "core", "daemon-common", "data" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(kinds); i++) {
                _cleanup_free_ char *list = format(LISTS "/%s-%s.list", package, kinds[i]);

                r = list ? take_list(s, list, true) : -ENOMEM;
        }
        return r;
}

/* list: "…/PACKAGE.list" or "…/PACKAGE:ARCHITECTURE.list". */
static int take_package(Search *s, const char *list, _unused_ unsigned char type) {
        _cleanup_free_ char *package = NULL;
        const char *name = path_name(list), *end = strchr(name, ':') ?: strrchr(name, '.');
        int r = endswith(name, ".list") ? take_list(s, list, false) : 0;

        if (r <= 0)
                return r;
        package = strndup(name, (size_t) (end - name));
        return package ? take_family(s, package) : -ENOMEM;
}

static int take_names(Search *s, char *const *names) {
        int r = 0;

        for (char *const *n = names; n && *n; n++)
                for (size_t i = 0; r >= 0 && **n && i < ELEMENTSOF(parents); i++) {
                        _cleanup_free_ char *path = format("%s%s", parents[i], *n), *file = NULL;

                        file = path ? format("%s%s", s->root, path) : NULL;
                        if (!file)
                                return -ENOMEM;
                        r = access(file, F_OK) == 0 ? take_data(s, path) : 0;
                }
        return r;
}

/* The service's own secrets: a directory that is shown does not show them. The service can write there, so nothing
 * else in it counts. */
static int take_own_secrets(Search *s) {
        size_t n = strv_length(s->paths);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = package_owns(s->paths[i]) ? secrets_contain(s->paths[i]) : 1;
                if (r == 0) /* a secret is shown as a whole */
                        r = for_each_entry(s, s->paths[i], take_secret);
        }
        return r < 0 ? r : 0;
}

int package_paths(const char *root, const char *unit_file, char *const *names, char ***ret) {
        Search s = { .root = root, .unit_file = unit_file };
        int r;

        r = for_each_entry(&s, LISTS, take_package);
        if (r >= 0)
                r = take_names(&s, names);
        if (r >= 0)
                r = take_own_secrets(&s);
        if (r < 0) {
                strv_free(s.paths);
                return r;
        }
        *ret = s.paths;
        return 0;
}
