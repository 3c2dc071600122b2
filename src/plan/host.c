/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "plan/homes.h"
#include "plan/subordinate.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"
#include "util/text.h"

const char *host_variable(const Host *host, const char *name) {
        return strv_variable(host->environment, name);
}

static bool is_cgroup2(const char *path) {
        struct statfs s;

        return statfs(path, &s) >= 0 && s.f_type == CGROUP2_SUPER_MAGIC;
}

/* The unified hierarchy is the whole cgroup tree, or beside the old hierarchies (systemd's hybrid mode). */
static int find_cgroup(Host *host) {
        static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(places) && !host->cgroup_root; i++)
                if (is_cgroup2(places[i])) {
                        host->cgroup_root = strdup(places[i]);
                        if (!host->cgroup_root)
                                return -ENOMEM;
                }

        r = process_cgroup(0, &host->cgroup);
        return r == -ENOMEM ? r : 0;
}

/* systemd.exec(5): SYSTEMD_EXEC_PID is the pid of the process that systemd executed for the unit. Its children inherit
 * the variable, but have another pid. */
static bool is_executed(const Host *host) {
        const char *text = host_variable(host, "SYSTEMD_EXEC_PID");
        uint64_t pid;

        return text && parse_u64(text, &pid) >= 0 && pid == (uint64_t) host->pid;
}

/* Inside another sandbox, the path does not contain the unit's name, because the cgroup namespace begins at the unit or
 * below it. */
static int find_unit(Host *host) {
        const char *name;

        host->executed = is_executed(host);
        if (!host->executed || !host->cgroup)
                return 0;

        name = path_name(host->cgroup);
        if (!endswith(name, ".service"))
                return 0;
        host->unit = strdup(name);
        return host->unit ? 0 : -ENOMEM;
}

static int find_managers(Host *host) {
        const char *runtime = host_variable(host, "XDG_RUNTIME_DIR");
        _cleanup_free_ char *bus = runtime ? path_join(runtime, "bus") : format("/run/user/%u/bus", host->uid);

        host->system_manager = access("/run/systemd/system", F_OK) == 0 &&
                               access("/run/dbus/system_bus_socket", F_OK) == 0;

        if (!bus)
                return -ENOMEM;
        host->user_manager = access(bus, F_OK) == 0;
        return 0;
}

/* One read(2) gets a short map; of a long one, it may leave out the last lines. */
static int read_map(const char *path, IdMap *ret) {
        enum { SHORT = 1024 };
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = record_read(AT_FDCWD, path, &text, &size);
        if (r >= 0 && size > SHORT) {
                free(TAKE_PTR(text));
                r = file_read(AT_FDCWD, path, &text, NULL);
        }
        return r < 0 ? r : id_map_parse(text, ret);
}

/* The initial user namespace maps every id to itself: user_namespaces(7), /proc/PID/uid_map. */
static int find_users(Host *host) {
        const IdMapEntry *first;
        int r;

        r = read_map("/proc/self/uid_map", &host->uid_map);
        if (r >= 0 && host->uid == 0)
                r = read_map("/proc/self/gid_map", &host->gid_map);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        first = host->uid_map.items;
        host->initial_users = first && first->inside == 0 && first->outside == 0 && first->count == UINT32_MAX;
        return 0;
}

static int find_groups(Host *host, Report *report) {
        _cleanup_free_ char *setgroups = NULL;
        int n = getgroups(0, NULL), r;

        host->groups = n > 0 ? calloc((size_t) n, sizeof(gid_t)) : NULL;
        if (n > 0 && !host->groups)
                return -ENOMEM;
        n = n > 0 ? getgroups(n, host->groups) : n;
        if (n < 0)
                return report_error(report, errno, "cannot read the groups of this process: %s", strerror(errno));
        host->n_groups = (size_t) n;
        if (host->initial_users || host->uid != 0)
                return 0;
        r = file_read(AT_FDCWD, "/proc/self/setgroups", &setgroups, NULL);
        host->setgroups_denied = r < 0 || !startswith(setgroups, "allow");
        return r == -ENOMEM ? r : 0;
}

/* The files in /proc/sys belong to the machine's root. If this user namespace does not map its id, they seem to belong
 * to nobody (65534). So if they do not belong to uid 0, uid 0 is not the machine's root here. */
static bool is_own_root(void) {
        struct stat st;

        return stat("/proc/sys", &st) >= 0 && st.st_uid != 0;
}

static void find_capabilities(Host *host) {
        CapabilitySets sets = {};

        host->capabilities_error = -capability_get(&sets);
        host->capabilities = sets.effective;
}

static void find_standard_io(Host *host) {
        struct stat st;

        for (int fd = 0; fd < 3; fd++)
                if (fstat(fd, &st) < 0)
                        continue;
                else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
                        host->pipes |= 1U << fd;
                else if (S_ISCHR(st.st_mode) && isatty(fd))
                        host->terminals |= 1U << fd;
}

static int find_program(const char *name, char **ret) {
        static const char *const directories[] = { "/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin",
                                                   "/run/wrappers/bin" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                char *path = path_join(directories[i], name);

                if (!path)
                        return -ENOMEM;
                if (access(path, X_OK) >= 0) {
                        *ret = path;
                        return 0;
                }
                free(path);
        }
        return -ENOENT;
}

static int get_limit(int resource, struct rlimit *ret) {
        return getrlimit((__rlimit_resource_t) resource, ret) < 0 ? -errno : 0;
}

static int get_user_limit(const char *name, uint64_t *ret) {
        _cleanup_free_ char *path = path_join("/proc/sys/user", name), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = file_read_line(AT_FDCWD, path, &text);
        return r < 0 ? r : parse_u64(text, ret);
}

static unsigned get_personality(void) {
        return (unsigned) personality(UINT32_MAX);
}

/* Where the kernel has no audit log, processes have no id of a login, which is for it: proc_pid_loginuid(5). */
static bool has_audit(void) {
        return access("/proc/self/loginuid", F_OK) == 0;
}

static bool listens_at(int fd, const char *path, uint16_t port) {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
                struct sockaddr_un path;
        } a = {};
        socklen_t size = sizeof(a) - 1, option = sizeof(int);
        int listens = 0, type = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &option) < 0 || !listens ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &option) < 0 || type != SOCK_STREAM ||
            getsockname(fd, &a.any, &size) < 0)
                return false;
        if (path)
                return a.any.sa_family == AF_UNIX && streq(a.path.sun_path, path);
        return (a.any.sa_family == AF_INET && ntohs(a.v4.sin_port) == port) ||
               (a.any.sa_family == AF_INET6 && ntohs(a.v6.sin6_port) == port);
}

static int read_resolver(char **ret) {
        return file_read(AT_FDCWD, "/etc/resolv.conf", ret, NULL);
}

/* systemd's system manager marks the cgroup of a unit with Delegate=yes: user.delegate, and as root trusted.delegate. A
 * user's manager (252) does not, so isorun asks it, and notes the answer in the third attribute. The cgroup belongs to
 * the unit's User=. Nobody else, not even root, may put instances there, because the owner could move them out. */
static int is_delegated(const char *cgroup, uid_t uid) {
        static const char *const attributes[] = { "user.delegate", "trusted.delegate", HOST_DELEGATED };
        struct stat st;
        char value;

        if (stat(cgroup, &st) < 0 || st.st_uid != uid || access(cgroup, W_OK) < 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(attributes); i++)
                if (getxattr(cgroup, attributes[i], &value, 1) == 1)
                        return value == '1';
        return -ENODATA;
}

static int find_init_cgroup(char **ret) {
        return process_cgroup(1, ret);
}

char *host_user_manager(const Host *host) {
        return format("/user.slice/user-%u.slice/user@%u.service", host->uid, host->uid);
}

void host_socket_unit_deinit(HostSocketUnit *unit) {
        free(unit->load_state);
        strv_free(unit->streams);
}

int host_probe(Host *host, Report *report) {
        int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), r;

        *host = (Host) {
                .uid = geteuid(),
                .gid = getegid(),
                .pid = getpid(),
                .environment = environ,
                .landlock_abi = abi < 0 ? 0 : (unsigned) abi,
                .n_capabilities = capability_count(),
                .find_ranges = subordinate_find,
                .find_user = users_find_name,
                .find_user_by_uid = users_find_uid,
                .find_group = users_find_group,
                .find_group_name = users_find_group_name,
                .find_groups = users_find_groups,
                .find_homes = homes_find,
                .find_program = find_program,
                .get_limit = get_limit,
                .get_user_limit = get_user_limit,
                .has_audit = has_audit,
                .get_personality = get_personality,
                .listens_at = listens_at,
                .read_resolver = read_resolver,
                .find_init_cgroup = find_init_cgroup,
                .is_delegated = is_delegated,
        };

        find_capabilities(host);
        find_standard_io(host);
        host->working_directory = getcwd(NULL, 0);
        if (!host->working_directory && errno == ENOMEM)
                return report_oom(report);
        r = find_users(host);
        if (r >= 0)
                r = find_groups(host, report);
        host->own_root = host->uid == 0 && !host->initial_users && is_own_root();
        if (r >= 0)
                r = find_cgroup(host);
        if (r >= 0)
                r = find_unit(host);
        if (r >= 0)
                r = find_managers(host);
        return report_if_oom(report, r);
}

void host_deinit(Host *host) {
        id_map_deinit(&host->uid_map);
        id_map_deinit(&host->gid_map);
        free(host->groups);
        free(host->working_directory);
        free(host->cgroup);
        free(host->cgroup_root);
        free(host->unit);
}
