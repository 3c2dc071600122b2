/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sandbox around with another policy of isorun has the same namespaces, and nearly the same filter. The difference is
 * what the program's policy takes away at single paths. A line that Optional= names is not measured. */
#include "lib/measure-paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "policy/value/choice.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"

/* Where a line shows something. */
static const char *destination(DirectiveId id, const Value *v) {
        return id == D_GrantPaths ? v->text : id == D_TemporaryFileSystem ? v->words[0] : v->words[1];
}

bool measure_is_named(const Policy *policy, const char *place, bool writable) {
        static const DirectiveId ids[] = { D_Volume, D_BindPaths, D_BindReadOnlyPaths, D_TemporaryFileSystem,
                                           D_GrantPaths };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                for (size_t k = 0; k < policy->settings[ids[i]].n; k++) {
                        const Value *v = &policy->settings[ids[i]].items[k].value;
                        const char *path = destination(ids[i], v);
                        const bool read_only = ids[i] == D_BindReadOnlyPaths ||
                                               (ids[i] != D_TemporaryFileSystem && v->number & BIND_READ_ONLY);

                        if (!(writable && read_only) && path_is_at_or_below(place, path))
                                return true;
                }
        return false;
}

bool measure_is_of_service(const Host *host, const char *place) {
        static const char *const names[] = { "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY",
                                             "LOGS_DIRECTORY" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *list = host_variable(host, names[i]);

                while (list && *list) {
                        size_t n = strcspn(list, ":");

                        if (*list == '/' && strncmp(place, list, n) == 0 && (!place[n] || place[n] == '/'))
                                return true;
                        list += n + (list[n] == ':');
                }
        }
        return false;
}

bool measure_is_gone(int error) {
        return error == ENOENT || error == EACCES || error == ENOTDIR || error == ELOOP;
}

bool measure_is_absent(const char *path) {
        struct statfs s;

        return statfs(path, &s) < 0 ? errno == ENOENT || errno == EACCES : s.f_type == TMPFS_MAGIC;
}

/* Whether a mount of the path has this flag of statvfs(3), or there is nothing at the path. */
static bool has_flag(const char *path, unsigned long flag) {
        struct statvfs s;

        return statvfs(path, &s) < 0 ? measure_is_gone(errno) : s.f_flag & flag;
}

/* The kernel may find that a file is read-only, or immutable, before it looks at the mode. */
static bool is_denied(const char *path, int mode) {
        return access(path, mode) < 0 && (errno == EACCES || (mode == W_OK && (errno == EROFS || errno == EPERM)));
}

/* What isorun puts on a place to hide it is in memory, and nobody may read it; a directory can be entered if a volume
 * is below it. With a capability, the process could read it nevertheless, and would find nothing. */
static bool is_hidden(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return measure_is_gone(errno);
        if ((st.st_mode & (S_ISDIR(st.st_mode) ? 0666 : 0777)) == 0 && measure_is_absent(path))
                return true;
        return is_denied(path, R_OK) && is_denied(path, W_OK) && is_denied(path, X_OK);
}

static bool is_read_only(const char *path) {
        return has_flag(path, ST_RDONLY) || (access(path, W_OK) < 0 && errno == EROFS);
}

/* The list of a directive, without its lines if they are optional. */
static SettingList needed(const Policy *policy, DirectiveId id) {
        return policy_optional(policy, id) ? (SettingList) {} : policy->settings[id];
}

/* InaccessiblePaths= also hides places in volumes, so its paths are tried even if a line shows them. */
static const char *find_open(const Policy *policy) {
        static const char *const secrets[] = { "/etc/shadow", "/etc/gshadow" };
        const SettingList list = needed(policy, D_InaccessiblePaths);

        for (size_t i = 0; i < list.n; i++)
                if (!is_hidden(list.items[i].value.text))
                        return list.items[i].value.text;
        for (size_t i = 0; i < ELEMENTSOF(secrets); i++)
                if (!measure_is_named(policy, secrets[i], false) && !is_hidden(secrets[i]))
                        return secrets[i];
        return NULL;
}

static bool is_volume(const Policy *policy, const char *directory) {
        static const DirectiveId ids[] = { D_Volume, D_BindPaths, D_GrantPaths };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                for (size_t k = 0; k < policy->settings[ids[i]].n; k++) {
                        const char *path = destination(ids[i], &policy->settings[ids[i]].items[k].value);
                        _cleanup_free_ char *real = realpath(path, NULL);

                        if (streq(real ?: path, directory))
                                return true;
                }
        return false;
}

/* Instead of a path that does not exist, isorun makes the closest directory above it read-only, unless that is a volume
 * itself or in memory: plan/root/read-only.c. */
static bool is_protected(const Policy *policy, const Host *host, const MountTable *table, const char *path) {
        char place[PATH_MAX];
        const MountEntry *m;
        char *slash;

        if (realpath(path, place))
                return is_read_only(path);
        if (errno != ENOENT)
                return measure_is_gone(errno);
        slash = strrchr(place, '/'); /* realpath(3) has left the part of the path that does not exist */
        slash[slash == place] = '\0';
        if (is_volume(policy, place) || is_read_only(place))
                return true;
        m = mount_table_find(table, place);
        return m && ((streq(m->type, "tmpfs") && !is_volume(policy, m->path)) ||
                     (streq(m->path, place) && measure_is_of_service(host, place)));
}

/* "./PATH" was a path of the directory that isorun was started in. */
static const char *find_changeable(const Policy *policy, const Host *host, const MountTable *table) {
        const SettingList list = needed(policy, D_ReadOnlyPaths);

        for (size_t i = 0; i < list.n; i++)
                if (*list.items[i].value.text == '/' &&
                    (list.items[i].value.optional ? !is_read_only(list.items[i].value.text)
                                                  : !is_protected(policy, host, table, list.items[i].value.text)))
                        return list.items[i].value.text;
        return NULL;
}

static const char *find_uncovered(const Policy *policy) {
        const SettingList list = needed(policy, D_TemporaryFileSystem);

        for (size_t i = 0; i < list.n; i++)
                if (!measure_is_absent(list.items[i].value.words[0]))
                        return list.items[i].value.words[0];
        return NULL;
}

typedef struct ExecRule {
        char *path; /* first, for path_sort() */
        bool exec;
} ExecRule;

typedef struct ExecRules {
        ExecRule *items;
        size_t n;
} ExecRules;

static void exec_rules_deinit(ExecRules *rules) {
        for (size_t i = 0; i < rules->n; i++)
                free(rules->items[i].path);
        free(rules->items);
}

static int add_exec_rules(ExecRules *rules, const SettingList *list, bool exec) {
        for (size_t i = 0; i < list->n; i++) {
                char *path = realpath(list->items[i].value.text, NULL);
                ExecRule *rule = path ? ARRAY_APPEND(rules->items, rules->n) : NULL;

                if (rule)
                        *rule = (ExecRule) { path, exec };
                else if (path || !measure_is_gone(errno)) {
                        const int error = path ? ENOMEM : errno;

                        free(path);
                        return -error;
                }
        }
        return 0;
}

/* Of the places that the rules name, and of all mounts, the first one that is not noexec, and has to be. */
static int find_executable(const Policy *policy, const MountTable *table, char **ret) {
        _cleanup_(exec_rules_deinit) ExecRules rules = {};
        const SettingList no = needed(policy, D_NoExecPaths);
        const char *found = NULL;
        int r;

        if (no.n == 0)
                return 0;
        r = add_exec_rules(&rules, &no, false);
        if (r >= 0)
                r = add_exec_rules(&rules, &policy->settings[D_ExecPaths], true);
        if (r < 0)
                return r;
        path_sort(rules.items, rules.n, sizeof(ExecRule));
        for (size_t i = 0; !found && i < rules.n; i++)
                if (!rules.items[i].exec && !has_flag(rules.items[i].path, ST_NOEXEC))
                        found = rules.items[i].path;
        for (size_t i = 0; !found && i < table->n; i++) {
                const MountEntry *m = &table->items[i];
                const ExecRule *rule = path_find_above(rules.items, rules.n, sizeof(ExecRule), m->path, false);

                if (rule && !rule->exec && !mount_option(m->options, "noexec") && mount_table_shows(table, m))
                        found = m->path;
        }
        if (!found)
                return 0;
        *ret = strdup(found);
        return *ret ? 1 : -ENOMEM;
}

enum { DEPTH_MAX = 3 }; /* of directories: /dev/bus/usb/001/001 */

/* The host's /dev has more than these, whatever the machine. */
static bool is_private_device(const char *name) {
        static const char *const names[] = { "null", "zero", "full", "random", "urandom", "tty", "ptmx" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(name, names[i]))
                        return true;
        return false;
}

/* Directories in /dev that every instance has, without nodes of the host. */
static bool is_private_directory(const char *name) {
        return streq(name, "pts") || streq(name, "shm") || streq(name, "mqueue");
}

static int find_device(const Policy *policy, const char *place, unsigned depth, char **ret);

/* Looks at one entry. A node that is bound to a file looks like that file in its directory. */
static int look_at_device(const Policy *policy, const char *place, const struct dirent *e, unsigned depth,
                          char **ret) {
        _cleanup_free_ char *path = path_join(place, e->d_name);
        struct stat st;

        if (!path)
                return -ENOMEM;
        if (lstat(path, &st) < 0)
                return measure_is_gone(errno) ? 0 : -errno;
        if (measure_is_named(policy, path, false))
                return 0;
        if (S_ISDIR(st.st_mode))
                return depth < DEPTH_MAX ? find_device(policy, path, depth + 1, ret) : 0;
        if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
                return 0;
        *ret = TAKE_PTR(path);
        return 1;
}

/* Returns 1 with a path, 0, or -errno. */
static int find_device(const Policy *policy, const char *place, unsigned depth, char **ret) {
        DIR *directory = opendir(place);
        struct dirent *e;
        int r = 0;

        if (!directory)
                r = errno == ENOENT || errno == EACCES ? 0 : -errno;
        while (directory && r == 0) {
                errno = 0;
                e = readdir(directory);
                if (!e) {
                        r = -errno;
                        break;
                }
                if (e->d_type == DT_LNK || streq(e->d_name, ".") || streq(e->d_name, "..") ||
                    (depth == 0 && (is_private_device(e->d_name) || is_private_directory(e->d_name))))
                        continue;
                r = look_at_device(policy, place, e, depth, ret);
        }
        if (directory)
                closedir(directory);
        if (r < 0 && !*ret)
                *ret = strdup(place);
        return r;
}

static bool is_empty(const char *path) {
        DIR *directory = opendir(path);
        unsigned n = 0;

        if (!directory)
                return measure_is_gone(errno);
        while (readdir(directory))
                n++;
        closedir(directory);
        return n <= 2;
}

static bool is_shared_tmp(const char *path) {
        struct statfs s;

        if (statfs(path, &s) < 0)
                return errno != ENOENT && errno != EACCES;
        return s.f_type != TMPFS_MAGIC || (s.f_flags & ST_RDONLY && !is_empty(path));
}

/* Without PrivateTmp=, an instance shows the host's directories, read-only. */
static const char *find_shared_tmp(const Policy *policy) {
        static const char *const places[] = { "/tmp", "/var/tmp" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (!measure_is_named(policy, places[i], false) && is_shared_tmp(places[i]))
                        return places[i];
        return NULL;
}

/* The options that the plan gives to /proc: the words that the kernel prints, in the order of the choices. */
static bool shows_processes(const Policy *policy, const MountTable *table) {
        static const char *const words[] = { "", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable" };
        const unsigned wanted = policy_choice(policy, D_ProtectProc);
        const MountEntry *proc = mount_table_find(table, "/proc");

        if (wanted == PROTECT_PROC_DEFAULT)
                return false;
        for (unsigned i = wanted; proc && i < ELEMENTSOF(words); i++)
                if (mount_option(proc->super_options, words[i]))
                        return false;
        return true;
}

static bool shows_kernel(const Policy *policy, const MountTable *table) {
        const MountEntry *proc = mount_table_find(table, "/proc");

        return policy_choice(policy, D_ProcSubset) == PROC_SUBSET_PID &&
               !(proc && mount_option(proc->super_options, "subset=pid"));
}

static const char *find_fault(const Policy *policy, const Host *host, const MountTable *table,
                              const char **ret_what) {
        const char *path;

        *ret_what = "the process has access to";
        path = find_open(policy);
        if (path)
                return path;
        *ret_what = "the process can change";
        path = find_changeable(policy, host, table);
        if (path)
                return path;
        *ret_what = "the process can see";
        path = find_uncovered(policy);
        if (!path && policy_is_true(policy, D_PrivateTmp))
                path = find_shared_tmp(policy);
        if (path)
                return path;
        *ret_what = "processes of other users are in";
        if (!policy_optional(policy, D_ProtectProc) && shows_processes(policy, table))
                return "/proc";
        *ret_what = "files of the kernel, and not only processes, are in";
        return !policy_optional(policy, D_ProcSubset) && shows_kernel(policy, table) ? "/proc" : NULL;
}

int measure_paths(const Policy *policy, const Host *host, const MountTable *table, char **ret, const char **ret_what) {
        const char *path = find_fault(policy, host, table, ret_what);
        int r = 0;

        if (path) {
                *ret = strdup(path);
                return *ret ? 0 : -ENOMEM;
        }
        if (policy_is_true(policy, D_PrivateDevices)) {
                *ret_what = "the process can see the device";
                r = find_device(policy, "/dev", 0, ret);
        }
        if (r == 0) {
                *ret_what = "the process can execute files in";
                r = find_executable(policy, table, ret);
        }
        return r < 0 ? r : r == 0;
}
