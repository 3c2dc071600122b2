/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/other-host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "plan/homes.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/landlock.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/user-line.h"

/* Only the files are read: a library that the other host's nsswitch.conf(5) names is code of a stranger. A file that is
 * missing or cannot be read has no entries. Returns 0 or -ENOMEM. */
static int read_names(const char *path, char **ret) {
        return file_read(AT_FDCWD, path, ret, NULL) == -ENOMEM ? -ENOMEM : 0;
}

static int copy_user(const UserLine *line, HostUser *ret) {
        HostUser user = { .uid = line->uid, .gid = line->gid, .name = strdup(line->name), .home = strdup(line->home),
                          .shell = strdup(line->shell) };

        if (user.name && user.home && user.shell) {
                *ret = user;
                return 0;
        }
        host_user_deinit(&user);
        return -ENOMEM;
}

/* name may be NULL, and then the number counts. */
static int find_user(const char *name, uid_t uid, HostUser *ret) {
        _cleanup_free_ char *text = NULL;
        UserLine line;
        int r = read_names("/etc/passwd", &text);

        for (char *rest = text; r >= 0 && user_line_next(&rest, &line);)
                if (name ? streq(line.name, name) : line.uid == uid)
                        return copy_user(&line, ret);
        return r < 0 ? r : -ESRCH;
}

static int find_user_by_name(const char *name, HostUser *ret) {
        return find_user(name, 0, ret);
}

static int find_user_by_uid(uid_t uid, HostUser *ret) {
        return find_user(NULL, uid, ret);
}

static int find_group(const char *name, gid_t *ret) {
        _cleanup_free_ char *text = NULL;
        GroupLine group;
        int r = read_names("/etc/group", &text);

        for (char *rest = text; r >= 0 && group_line_next(&rest, &group);)
                if (streq(group.name, name)) {
                        *ret = group.gid;
                        return 0;
                }
        return r < 0 ? r : -ESRCH;
}

static int find_group_name(gid_t gid, char **ret) {
        _cleanup_free_ char *text = NULL;
        GroupLine group;
        int r = read_names("/etc/group", &text);

        for (char *rest = text; r >= 0 && group_line_next(&rest, &group);)
                if (group.gid == gid) {
                        *ret = strdup(group.name);
                        return *ret ? 0 : -ENOMEM;
                }
        return r < 0 ? r : -ESRCH;
}

static int find_groups(const char *name, gid_t first, gid_t **ret, size_t *ret_n) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ gid_t *groups = NULL;
        GroupLine group;
        size_t n = 0;
        gid_t *slot = ARRAY_APPEND(groups, n);
        int r = slot ? read_names("/etc/group", &text) : -ENOMEM;

        if (slot)
                *slot = first;
        for (char *rest = text; r >= 0 && group_line_next(&rest, &group);) {
                if (group.gid == first || !group_line_has(&group, name))
                        continue;
                slot = ARRAY_APPEND(groups, n);
                if (slot)
                        *slot = group.gid;
                r = slot ? 0 : -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(groups);
        *ret_n = n;
        return 0;
}

/* A line of subuid(5), "OWNER:FIRST:COUNT". Returns whether it is the owner's and valid. */
static bool parse_range(char *line, const char *name, const char *number, IdRange *ret) {
        char *first = strchr(line, ':'), *count = first ? strchr(first + 1, ':') : NULL;
        uint64_t a, b;

        if (!count)
                return false;
        *first++ = *count++ = '\0';
        if ((!streq(line, name) && !streq(line, number)) || parse_u64_range(first, 1, UINT32_MAX - 1, &a) < 0 ||
            parse_u64_range(count, 1, UINT32_MAX - 1 - a, &b) < 0)
                return false;
        *ret = (IdRange) { .first = (uint32_t) a, .count = b < PRIVATE_IDS ? (uint32_t) b : PRIVATE_IDS };
        return true;
}

static int find_range(const char *path, const char *name, const char *number, IdRange *ret) {
        _cleanup_free_ char *text = NULL;
        char *position = NULL;
        IdRange range;
        int r = file_read(AT_FDCWD, path, &text, NULL);

        *ret = (IdRange) {};
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position))
                if (parse_range(line, name, number, &range) && range.count > ret->count)
                        *ret = range;
        return 0;
}

static int find_ranges(uid_t owner, IdRange *ret_uids, IdRange *ret_gids) {
        _cleanup_(host_user_deinit) HostUser user = {};
        char number[16];
        int r = find_user_by_uid(owner, &user);

        snprintf(number, sizeof(number), "%u", owner);
        if (r != -ENOMEM)
                r = find_range("/etc/subuid", user.name ?: number, number, ret_uids);
        return r < 0 ? r : find_range("/etc/subgid", user.name ?: number, number, ret_gids);
}

static int find_program(_unused_ const char *name, _unused_ char **ret) {
        return -ENOENT;
}

static int get_limit(_unused_ int resource, struct rlimit *ret) {
        *ret = (struct rlimit) { RLIM_INFINITY, RLIM_INFINITY };
        return 0;
}

static int get_user_limit(_unused_ const char *name, _unused_ uint64_t *ret) {
        return -ENOENT;
}

static bool has_audit(void) {
        return true;
}

static unsigned get_personality(void) {
        return 0;
}

static bool listens_at(_unused_ int fd, _unused_ const char *path, _unused_ uint16_t port) {
        return false;
}

static int read_resolver(char **ret) {
        return file_read(AT_FDCWD, "/etc/resolv.conf", ret, NULL);
}

static int find_init_cgroup(char **ret) {
        *ret = strdup("/init.scope");
        return *ret ? 0 : -ENOMEM;
}

/* %b and %v are facts about a kernel that runs. */
static int find_fact(char letter, gid_t gid, char **ret) {
        if (letter == 'g')
                return find_group_name(gid, ret);
        return letter == 'H' ? file_read_line(AT_FDCWD, "/etc/hostname", ret) : -ENODATA;
}

static int map_all(IdMap *map) {
        return id_map_add(map, 0, 0, UINT32_MAX);
}

int other_host(Host *host, Report *report) {
        enum { CAPABILITIES = 41 }; /* CAP_CHECKPOINT_RESTORE, of Linux 5.9, is the last one */

        *host = (Host) {
                .pid = 1,
                .capabilities = (UINT64_C(1) << CAPABILITIES) - 1,
                .n_capabilities = CAPABILITIES,
                .environment = environ,
                .working_directory = strdup("/"),
                .cgroup_root = strdup("/sys/fs/cgroup"),
                .initial_users = true,
                .system_manager = true,
                .landlock_abi = LANDLOCK_ABI_LOG,
                .has_audit = has_audit,
                .find_ranges = find_ranges,
                .find_user = find_user_by_name,
                .find_user_by_uid = find_user_by_uid,
                .find_group = find_group,
                .find_group_name = find_group_name,
                .find_groups = find_groups,
                .find_homes = homes_find,
                .find_program = find_program,
                .get_limit = get_limit,
                .get_user_limit = get_user_limit,
                .get_personality = get_personality,
                .listens_at = listens_at,
                .read_resolver = read_resolver,
                .find_init_cgroup = find_init_cgroup,
                .find_fact = find_fact,
        };
        if (!host->working_directory || !host->cgroup_root || map_all(&host->uid_map) < 0 ||
            map_all(&host->gid_map) < 0)
                return report_oom(report);
        return 0;
}
