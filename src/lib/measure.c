/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/measure-calls.h"
#include "lib/measure-mounts.h"
#include "lib/measure-network.h"
#include "plan/make.h"
#include "plan/who/capabilities.h"
#include "policy/value/choice.h"
#include "util/fd.h"
#include "util/id-map.h"
#include "util/landlock.h"
#include "util/parse.h"

typedef struct Measuring {
        const Policy *policy;
        const Host *host;
        char *missing;
        Report *report;
} Measuring;

static int lack(const Measuring *m, const char *format, ...) _printf_(2, 3);

/* Returns 0: the policy asks for something that is not so. */
static int lack(const Measuring *m, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(m->missing, MISSING_MAX, format, ap);
        va_end(ap);
        return 0;
}

static int cannot_read(const Measuring *m, const char *path, int error) {
        return report_error(m->report, error, "cannot find out whether this process is isolated: %s: %s", path,
                            strerror(error));
}

/* Where prctl(2) itself fails, a filter denies it. */
bool measure_is_worthwhile(void) {
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

/* The number after "KEY:\t", or -1. */
static uint64_t number_of(const char *status, const char *key) {
        const char *line = strstr(status, key);
        uint64_t n;

        return line && sscanf(line + strlen(key), ":\t%" SCNx64, &n) == 1 ? n : UINT64_MAX;
}

static int measure_status(const Measuring *m) {
        static const char *const sets[] = { "\nCapBnd", "\nCapPrm", "\nCapEff", "\nCapInh", "\nCapAmb" };
        const uint64_t allowed = build_named_capabilities(m->policy, m->host);
        _cleanup_free_ char *status = NULL;
        int r;

        r = record_read(AT_FDCWD, "/proc/self/status", &status, NULL);
        if (r < 0)
                return cannot_read(m, "/proc/self/status", -r);
        if (number_of(status, "\nNoNewPrivs") != 1)
                return lack(m, "no_new_privs is not set");
        if (number_of(status, "\nSeccomp") != SECCOMP_MODE_FILTER)
                return lack(m, "no system call filter is loaded");
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                if (number_of(status, sets[i]) & ~allowed)
                        return lack(m, "%s has capabilities that the policy drops", sets[i] + 1);
        return 1;
}

/* Whether the namespace belongs to the user namespace of this process, so that it was made in there: ioctl_ns(2). The
 * kernel does not show an owner outside (EPERM). Returns 1, 0 or -errno. */
static int is_own(const char *path, const struct stat *users) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC), owner = -1;
        struct stat st;

        owner = fd < 0 ? -1 : ioctl(fd, NS_GET_USERNS);
        if (owner < 0)
                return errno == EPERM ? 0 : -errno;
        return fstat(owner, &st) < 0 ? -errno : st.st_ino == users->st_ino;
}

static int stat_users(struct stat *ret) {
        return stat("/proc/self/ns/user", ret) < 0 ? -errno : 0;
}

/* The kernel gives these inode numbers to the initial namespaces: include/linux/proc_ns.h. A namespace that belongs to
 * the instance's user namespace is the instance's own; the payload of one with a second user namespace does not see the
 * owner of the pid namespace. */
static int measure_namespaces(const Measuring *m) {
        const bool users = policy_choice(m->policy, D_PrivateUsers) != PRIVATE_USERS_NO;
        const struct {
                const char *path;
                ino_t initial; /* 0: it has no fixed one */
                bool wanted, owned;
        } table[] = {
                { "/proc/self/ns/pid", 0xEFFFFFFC, true, false },
                { "/proc/self/ns/uts", 0xEFFFFFFE, true, users },
                { "/proc/self/ns/cgroup", 0xEFFFFFFB, true, false },
                { "/proc/self/ns/user", 0xEFFFFFFD, users, false },
                { "/proc/self/ns/ipc", 0xEFFFFFFF, policy_is_true(m->policy, D_PrivateIPC), users },
                { "/proc/self/ns/net", 0, policy_is_true(m->policy, D_PrivateNetwork), users },
        };

        struct stat owner;
        int r = stat_users(&owner);

        if (r < 0)
                return cannot_read(m, "/proc/self/ns/user", -r);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct stat st;

                r = 1;
                if (!table[i].wanted)
                        continue;
                if (stat(table[i].path, &st) < 0)
                        return cannot_read(m, table[i].path, errno);
                if (table[i].owned)
                        r = is_own(table[i].path, &owner);
                if (r < 0)
                        return cannot_read(m, table[i].path, -r);
                if (r == 0 || st.st_ino == table[i].initial)
                        return lack(m, "%s is shared with processes outside", table[i].path);
        }
        return 1;
}

/* With CAP_NET_ADMIN, the payload may add addresses itself. A device that it has made looks like one of a network
 * around, so with such a device it is not isolated. */
static int measure_network(const Measuring *m) {
        char address[INET6_ADDRSTRLEN];
        int r;

        if (!policy_is_true(m->policy, D_PrivateNetwork))
                return 1;
        r = measure_loopback();
        if (r < 0)
                return cannot_read(m, "/proc/self/net/dev", -r);
        if (r == 0)
                return lack(m, "the network has more than a loopback device");
        if (build_named_capabilities(m->policy, m->host) & UINT64_C(1) << CAP_NET_ADMIN)
                return 1;
        r = measure_addresses(m->policy, address);
        if (r < 0)
                return cannot_read(m, "/proc/self/net", -r);
        return r > 0 ? 1 : lack(m, "the network has the address %s, of a peer", address);
}

int measure_private_network(void) {
        struct stat users;
        int r = stat_users(&users);

        if (r >= 0)
                r = is_own("/proc/self/ns/net", &users);
        return r > 0 ? measure_loopback() : r;
}

static int measure_all_mounts(const Measuring *m) {
        _cleanup_free_ char *path = NULL;
        const char *what = NULL;
        int r;

        r = measure_mounts(m->policy, m->host, &path, &what);
        if (r < 0)
                return cannot_read(m, path ?: "/proc/self/mountinfo", -r);
        return r > 0 ? 1 : lack(m, "%s %s", what, path);
}

/* Whether the setting, a number or a name that find() looks up, is this id. Returns 1, 0, or -ESRCH if there is no such
 * name. */
static int is_id(const Setting *s, uint32_t id, int (*find)(const Host *, const char *, uint32_t *), const Host *host) {
        uint32_t number;
        uint64_t parsed;

        if (parse_u64_range(s->value.text, 0, UINT32_MAX - 1, &parsed) >= 0)
                return parsed == id;
        return find(host, s->value.text, &number) < 0 ? -ESRCH : number == id;
}

static int find_user(const Host *host, const char *name, uint32_t *ret) {
        HostUser found = {};
        int r = host->find_user(name, &found);

        if (r >= 0)
                *ret = found.uid;
        host_user_deinit(&found);
        return r;
}

static int find_group(const Host *host, const char *name, uint32_t *ret) {
        gid_t gid;
        int r = host->find_group(name, &gid);

        if (r >= 0)
                *ret = gid;
        return r;
}

/* PrivateUsers=full maps one range, beginning at 0, to ids that nobody else has: plan/who/private-ids.h. Others map 0
 * to the caller's own id, as the only one or with more lines for the rest. */
static bool is_private_range(const IdMap *map) {
        const IdMapEntry *e = map->items;

        return map->n == 1 && e->inside == 0 && e->outside != 0 && e->count > 1;
}

static int measure_private_users(const Measuring *m) {
        _cleanup_(id_map_deinit) IdMap groups = {};
        _cleanup_free_ char *text = NULL;
        int r;

        r = file_read(AT_FDCWD, "/proc/self/gid_map", &text, NULL);
        if (r >= 0)
                r = id_map_parse(text, &groups);
        if (r < 0)
                return cannot_read(m, "/proc/self/gid_map", -r);
        return is_private_range(&m->host->uid_map) && is_private_range(&groups)
                       ? 1 : lack(m, "the process has ids of the host, not private ones");
}

static int measure_user(const Measuring *m) {
        const Setting *user = policy_get(m->policy, D_User), *group = policy_get(m->policy, D_Group);
        int r;

        if (policy_choice(m->policy, D_PrivateUsers) == PRIVATE_USERS_FULL)
                return measure_private_users(m);
        r = user ? is_id(user, m->host->uid, find_user, m->host) : 1;
        if (r < 0)
                return lack(m, "there is no user %s here", user->value.text);
        if (r == 0)
                return lack(m, "the process runs as uid %u, not as User=", m->host->uid);
        r = group ? is_id(group, m->host->gid, find_group, m->host) : 1;
        if (r < 0)
                return lack(m, "there is no group %s here", group->value.text);
        return r > 0 ? 1 : lack(m, "the process runs as gid %u, not as Group=", m->host->gid);
}

static int lack_limit(const Measuring *m, const char *name, rlim_t limit) {
        return limit == RLIM_INFINITY
                       ? lack(m, "the limit %s is infinity here, which is more than the policy's", name)
                       : lack(m, "the limit %s is %ju here, which is more than the policy's", name, (uintmax_t) limit);
}

/* Finds a hard limit. Where a filter denies the call, the kernel's list has it: a line of headings, and then a line for
 * each resource, in columns. Returns 0 or -errno. */
static int find_limit(const Host *host, int resource, uintmax_t *ret) {
        enum { COLUMN = 47 }; /* proc_pid_limits(5): "%-25s %-20s %-20s" */
        _cleanup_free_ char *list = NULL;
        struct rlimit now;
        char *line;
        int r;

        if (host->get_limit(resource, &now) >= 0) {
                *ret = now.rlim_max;
                return 0;
        }
        r = record_read(AT_FDCWD, "/proc/self/limits", &list, NULL);
        if (r < 0)
                return r;
        line = list;
        for (int i = 0; line && i <= resource; i++) {
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        if (!line || strcspn(line, "\n") <= COLUMN)
                return -EBADMSG;
        *ret = RLIM_INFINITY;
        return startswith(line + COLUMN, "unlimited") || sscanf(line + COLUMN, "%ju", ret) == 1 ? 0 : -EBADMSG;
}

/* The same for the priority, which is field 19 of a line: proc_pid_stat(5). */
static int find_nice(int *ret) {
        _cleanup_free_ char *line = NULL;
        char *field;
        int r;

        errno = 0;
        *ret = getpriority(PRIO_PROCESS, 0);
        if (errno == 0)
                return 0;
        r = record_read(AT_FDCWD, "/proc/thread-self/stat", &line, NULL);
        if (r < 0)
                return r;
        field = strrchr(line, ')'); /* the end of field 2 */
        for (int i = 2; field && i < 19; i++)
                field = strchr(field + 1, ' ');
        return field && sscanf(field, "%d", ret) == 1 ? 0 : -EBADMSG;
}

/* isorun sets LimitCORE=1 for 0. */
static int measure_limits(const Measuring *m) {
        const Setting *nice = policy_get(m->policy, D_Nice);
        int r, priority;

        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Setting *s = startswith(directive_table[id].name, "Limit") ? policy_get(m->policy, id) : NULL;
                uintmax_t now = 0;

                if (!s || policy_optional(m->policy, id))
                        continue;
                r = find_limit(m->host, directive_table[id].resource, &now);
                if (r < 0)
                        return cannot_read(m, "/proc/self/limits", -r);
                if (now > s->value.number2 && !(id == D_LimitCORE && now == 1))
                        return lack_limit(m, directive_table[id].name, now);
        }
        if (!nice)
                return 1;
        r = find_nice(&priority);
        if (r < 0)
                return cannot_read(m, "/proc/thread-self/stat", -r);
        return priority >= (int) nice->value.number ? 1 : lack(m, "Nice= is %d here", priority);
}

/* If a filter denies the question for Landlock's version, only rules for old kernels could not be known. */
static int measure_filter(const Measuring *m) {
        _cleanup_(plan_freep) Plan *plan = NULL;
        const char *allowed = NULL;
        Host host = *m->host;
        Report silent = {};
        int r;

        if (host.landlock_abi == 0)
                host.landlock_abi = LANDLOCK_ABI_SCOPE;
        r = plan_filter(&plan, m->policy, &host, &silent); /* a start reports the same */
        if (r == -ENOMEM)
                return report_oom(m->report);
        if (r < 0)
                return lack(m, "the policy's filter cannot be made here: %s", silent.first.text);
        r = measure_calls(plan, &allowed);
        if (r < 0)
                return report_error(m->report, -r, "cannot find out whether this process is isolated: cannot try the "
                                                   "system calls: %s", strerror(-r));
        return allowed ? lack(m, "the filter allows %s, with some or all arguments", allowed) : 1;
}

int measure(const Policy *policy, const Host *host, char missing[static MISSING_MAX], Report *report) {
        /* What is cheap comes first. The last one makes calls, which do nothing only if they are made by a process that
         * has no rights: then the others have shown that. */
        static int (*const parts[])(const Measuring *) = { measure_status,     measure_namespaces, measure_network,
                                                           measure_all_mounts, measure_user,       measure_limits,
                                                           measure_filter };
        const Measuring m = { .policy = policy, .host = host, .missing = missing, .report = report };
        int r = 1;

        for (size_t i = 0; r > 0 && i < ELEMENTSOF(parts); i++)
                r = parts[i](&m);
        return r;
}
