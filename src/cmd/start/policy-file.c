/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/policy-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lib/load.h"
#include "plan/request.h"
#include "policy/policy-load.h"
#include "util/config-home.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

/* It begins with a dot, so it is not the name of a policy. */
#define TEMPORARY ".isoctl-"

int policy_file_directory(char **ret, Report *report) {
        char *own = NULL;
        int r = 0;

        if (geteuid() == 0)
                own = strdup("/etc/isorun/policies");
        else
                r = config_home_find(getenv("XDG_CONFIG_HOME"), getenv("HOME"), geteuid(), "policies", &own);
        if (r < 0 || (!own && geteuid() == 0))
                return report_oom(report);
        if (!own)
                return report_error(report, ENOENT,
                                    "you have no directory for policies: set HOME or XDG_CONFIG_HOME to a directory "
                                    "of yours");
        *ret = own;
        return 0;
}

static int ignore_file(_unused_ void *userdata, _unused_ const char *file, _unused_ const char *text,
                       _unused_ size_t size) {
        return 0;
}

int policy_file_exists(const char *spec, Report *report) {
        _cleanup_strv_free_ char **search_path = NULL;
        Report silent = {};

        search_path = policy_search_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"), geteuid());
        if (!search_path)
                return report_oom(report);
        return policy_visit(spec, search_path, ignore_file, NULL, &silent) != -ENOENT;
}

static int make_directories(const char *directory) {
        _cleanup_free_ char *parent = NULL;
        int r;

        if (mkdir(directory, 0755) >= 0 || errno == EEXIST)
                return 0;
        if (errno != ENOENT)
                return -errno;
        parent = path_parent(directory);
        if (!parent)
                return -ENOMEM;
        r = make_directories(parent);
        return r < 0 ? r : mkdir(directory, 0755) < 0 ? -errno : 0;
}

int policy_file_make_directory(const char *directory, Report *report) {
        int r = make_directories(directory);

        return r < 0 ? report_error(report, -r, "cannot make %s: %s", directory, strerror(-r)) : 0;
}

/* Works on the fd: the directory may belong to somebody who puts another file in this place. */
static int set_mode(int fd, const char *like) {
        struct stat st = { .st_mode = 0644, .st_uid = (uid_t) -1, .st_gid = (gid_t) -1 };

        (void) stat(like, &st);
        return fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 0777) < 0 ? -errno : 0;
}

/* Whether it is the name of a file or directory of isoctl, and not of one that an editor has made beside it. */
static bool is_temporary(const char *name) {
        const char *rest = startswith(name, TEMPORARY);
        const char *end = rest ? strchr(rest, '.') : NULL;

        return rest && (!end || streq(end, ".conf"));
}

void policy_file_say_left(const char *directory, Report *report) {
        DIR *d = opendir(directory);
        struct dirent *entry;

        while (d && (entry = readdir(d)))
                if (is_temporary(entry->d_name))
                        report_notice(report, "%s/%s has the text of an edit that did not end: take from it what you "
                                      "need, and remove it", directory, entry->d_name);
        if (d)
                closedir(d);
}

int policy_file_write(const char *directory, const char *text, const char *like, char **ret, Report *report) {
        _cleanup_free_ char *path = path_join(directory, TEMPORARY "XXXXXX.conf");
        _cleanup_close_ int fd = -1;
        int r;

        if (!path)
                return report_oom(report);
        fd = mkostemps(path, (int) strlen(".conf"), O_CLOEXEC);
        if (fd < 0)
                return report_error(report, errno, "cannot write a file in %s: %s", directory, strerror(errno));
        r = fd_write_all(fd, text, strlen(text));
        if (r >= 0 && like)
                r = set_mode(fd, like);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlink(path);
                return report_error(report, -r, "cannot write %s: %s", path, strerror(-r));
        }
        *ret = TAKE_PTR(path);
        return 0;
}

int policy_file_make_scratch(const char *directory, char **ret, Report *report) {
        _cleanup_free_ char *path = path_join(directory, TEMPORARY "XXXXXX");

        if (!path)
                return report_oom(report);
        if (!mkdtemp(path))
                return report_error(report, errno, "cannot make a directory in %s: %s", directory, strerror(errno));
        *ret = TAKE_PTR(path);
        return 0;
}

bool policy_file_check(const char *spec, const char *before, Report *report) {
        _cleanup_(loaded_deinit) Loaded loaded = {};
        _cleanup_(plan_freep) Plan *plan = NULL;
        PlanRequest request = { .policy = spec, .only_plan = true };

        return loaded_init_before(&loaded, before, spec, NULL, NULL, report) >= 0 &&
               loaded_plan(&loaded, NULL, 0, &request, &plan, report) == 0;
}

int policy_file_move(const char *file, const char *target, bool is_new, Report *report) {
        if (renameat2(AT_FDCWD, file, AT_FDCWD, target, is_new ? RENAME_NOREPLACE : 0) < 0)
                return report_error(report, errno, "cannot write %s: %s", target, strerror(errno));
        return 0;
}
