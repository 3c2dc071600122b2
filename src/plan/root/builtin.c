/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of every instance, whatever its policy: /proc, /dev, private directories and hidden ones. */
#include "plan/root/builtin.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>

#include "plan/root/secrets.h"
#include "plan/root/system-data.h"
#include "plan/who/private-ids.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

static const char *const homes[] = { "/home", "/root" };

/* What no instance needs of the host. /opt has programs, so it stays visible. */
static const char *const unneeded[] = { "/boot", "/media", "/mnt", "/srv", "/sys" };

static int add_tmpfs(RootBuilder *rb, const char *destination, const char *mode) {
        char *options = root_builder_tmpfs_options(rb->b->plan, mode, TMPFS_SIZE, 0);

        return root_builder_want(rb, plan_tmpfs(destination, options, (MountAttributes) {}));
}

static int add_directory(RootBuilder *rb, const char *destination, mode_t mode) {
        return root_builder_want(rb, plan_directory(destination, mode));
}

static int add_symlink(RootBuilder *rb, const char *destination, const char *target) {
        return root_builder_want(rb, plan_symlink(destination, target));
}

/* An empty directory that hides one of the host. */
static PlanMount hidden(const char *destination) {
        return plan_tmpfs(destination, strdup("mode=755,size=4k"), (MountAttributes) { .read_only = true });
}

/* If the directory exists. */
static int add_hidden(RootBuilder *rb, const char *destination, Origin origin) {
        return root_builder_want_if_there(rb, mount_because_of(origin, hidden(destination)));
}

/* Terminals of the instance itself. A machine has 4096 (kernel.pty.max). The host keeps 1024 of them, and all other
 * devpts share the rest. With max=, one instance cannot take them all. */
static int add_terminals(RootBuilder *rb) {
        return root_builder_want(rb, (PlanMount) { .kind = MOUNT_DEVPTS, .destination = strdup("/dev/pts"),
                                                   .attributes.devices = true,
                                                   .options = strdup("newinstance,ptmxmode=0666,mode=620,max=256") });
}

/* The host's devices. If the payload has a session of its own, a new /dev/pts hides the host's terminals. */
static int add_host_devices(RootBuilder *rb) {
        PlanMount m = plan_bind("/dev", plan_source_directory(strdup("/dev")),
                                (MountAttributes) { .read_only = true, .devices = true, .recursive = true });
        int r;

        r = root_builder_want(rb, mount_because_of(policy_get(rb->b->policy, D_PrivateDevices)->origin, m));
        return r >= 0 && rb->b->plan->own_session ? add_terminals(rb) : r;
}

static int add_devices(RootBuilder *rb) {
        static const char *const nodes[] = { "/dev/null",   "/dev/zero",    "/dev/full",
                                             "/dev/random", "/dev/urandom", "/dev/tty" };
        static const char *const links[][2] = { { "/dev/ptmx", "pts/ptmx" },
                                                { "/dev/fd", "/proc/self/fd" },
                                                { "/dev/stdin", "/proc/self/fd/0" },
                                                { "/dev/stdout", "/proc/self/fd/1" },
                                                { "/dev/stderr", "/proc/self/fd/2" } };
        int r = 0;

        if (!policy_is_true(rb->b->policy, D_PrivateDevices))
                return add_host_devices(rb);

        r = root_builder_want(rb, plan_tmpfs("/dev", strdup("mode=755,size=64k"),
                                             (MountAttributes) { .read_only = true }));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(nodes); i++)
                /* Read-only protects the node, whose mode and times are the host's, not the device. */
                r = root_builder_want(rb, plan_bind(nodes[i], plan_source_file(strdup(nodes[i])),
                                                    (MountAttributes) { .read_only = true, .devices = true }));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                r = add_symlink(rb, links[i][0], links[i][1]);
        if (r >= 0)
                r = add_terminals(rb);
        return r < 0 ? r : add_tmpfs(rb, "/dev/shm", "1777");
}

/* /proc is read-only, because a write can act on the host if uid 0 inside is the host's root: /proc/sys checks for its
 * id, not for a capability. A payload that makes namespaces must write their id maps in /proc. */
static int add_proc(RootBuilder *rb) {
        const Policy *policy = rb->b->policy;
        const Setting *protect = policy_get(policy, D_ProtectProc);
        bool hide = protect->value.number != PROTECT_PROC_DEFAULT, nesting = build_nests(policy),
             subset = policy_choice(policy, D_ProcSubset) == PROC_SUBSET_PID;
        char *options;
        int r;

        options = format("%s%s%s%s", hide ? "hidepid=" : "", hide ? protect->value.text : "", hide && subset ? "," : "",
                         subset ? "subset=pid" : "");
        if (!options)
                return -ENOMEM;
        r = root_builder_want(rb, (PlanMount) { .kind = MOUNT_PROC, .destination = strdup("/proc"), .options = options,
                                                .attributes.read_only = !nesting });
        return r < 0 || nesting || subset ? r : build_proc_secrets(rb);
}

/* Directories that programs expect in /var and /run, which begin empty. */
static int add_skeleton(RootBuilder *rb) {
        static const char *const directories[] = { "/var/cache", "/var/lib", "/var/log" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = add_directory(rb, directories[i], 0755);
        if (r >= 0)
                r = add_directory(rb, "/run/lock", 01777);
        if (r >= 0)
                r = add_symlink(rb, "/var/lock", "/run/lock");
        if (r >= 0)
                r = add_symlink(rb, "/var/run", "/run");
        return r;
}

static int add_private(RootBuilder *rb) {
        bool private_tmp = policy_is_true(rb->b->policy, D_PrivateTmp);
        int r = 0;

        if (private_tmp)
                r = add_tmpfs(rb, "/tmp", "1777");
        if (r >= 0)
                r = add_tmpfs(rb, "/run", "755");
        if (!rb->host_root)
                return r >= 0 && private_tmp ? add_tmpfs(rb, "/var/tmp", "1777") : r;

        if (r >= 0)
                r = add_tmpfs(rb, "/var", "755");
        if (r >= 0)
                r = add_skeleton(rb);
        if (r >= 0)
                r = build_system_data(rb);
        if (r < 0)
                return r;
        if (private_tmp)
                return add_directory(rb, "/var/tmp", 01777);
        return root_builder_want(rb, plan_bind("/var/tmp", plan_source_directory(strdup("/var/tmp")),
                                               (MountAttributes) { .read_only = true, .recursive = true }));
}

/* The payload expects the socket. With ASKED_BY_POLICY, it is an error if the policy uses the same place. */
static int add_notify(RootBuilder *rb) {
        return root_builder_want(rb, (PlanMount) { .kind = MOUNT_NOTIFY, .destination = strdup(PLAN_NOTIFY_DIRECTORY),
                                                   .relayed_to = strdup(rb->b->plan->notify),
                                                   .attributes.read_only = true, .asker = ASKED_BY_POLICY,
                                                   .key = "NOTIFY_SOCKET" });
}

/* An empty home directory in memory, because programs keep caches and configurations there, and many fail without.
 * Returns 1 if the home is directory itself, 0 if not, or -errno. */
static int add_home(RootBuilder *rb, const char *directory, Origin origin) {
        const char *variable = strv_variable(rb->b->plan->environment, "HOME");
        _cleanup_free_ char *home = NULL;
        PlanMount m;
        int r;

        if (!rb->host_root || !variable || !path_is_safe(variable))
                return 0;
        home = path_simplify(variable);
        if (!home)
                return -ENOMEM;
        if (!path_is_at_or_below(home, directory))
                return 0;
        m = plan_tmpfs(home, root_builder_tmpfs_options(rb->b->plan, "700", TMPFS_SIZE, 0), (MountAttributes) {});
        r = root_builder_want(rb, mount_because_of(origin, m));
        return r < 0 ? r : streq(home, directory);
}

/* A home that is temporary, such as that of a test, is a directory in the sandbox's /tmp. Homes elsewhere below /var
 * and /run are those of services, whose data must not go to memory unnoticed. */
static int add_temporary_home(RootBuilder *rb) {
        const char *variable = strv_variable(rb->b->plan->environment, "HOME");
        _cleanup_free_ char *home = NULL;

        if (!variable || !path_is_safe(variable) || !policy_is_true(rb->b->policy, D_PrivateTmp))
                return 0;
        home = path_simplify(variable);
        if (!home)
                return -ENOMEM;
        return path_is_below(home, "/tmp") || path_is_below(home, "/var/tmp") ? add_directory(rb, home, 0700) : 0;
}

/* On the host, /home can be a symlink. Its target gets its place before what is below it, also if the sandbox does not
 * have it otherwise (/var/home). */
static int hide_home_parent(RootBuilder *rb, const char *directory, Origin origin) {
        _cleanup_free_ char *real = rb->host_root ? realpath(directory, NULL) : NULL;
        int r = add_home(rb, directory, origin);

        if (r != 0)
                return r;
        return real ? root_builder_want(rb, mount_because_of(origin, hidden(real)))
                    : add_hidden(rb, directory, origin);
}

/* A home that is not in /home does not look like one: a volume that shows the directory around it shows it, too. */
static int hide_home_elsewhere(RootBuilder *rb, const char *directory, Origin origin) {
        PlanMount m;
        int r = add_home(rb, directory, origin);

        if (r != 0)
                return r;
        m = hidden(directory);
        m.origin = origin;
        return root_builder_want_if_there(rb, m);
}

static int hide_homes(RootBuilder *rb) {
        const Setting *protect = policy_get(rb->b->policy, D_ProtectHome);
        _cleanup_strv_free_ char **elsewhere = NULL;
        const Host *host = rb->b->host;
        int r = 0;

        if (protect->value.number != PROTECT_HOME_YES && protect->value.number != PROTECT_HOME_TMPFS)
                return 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(homes); i++)
                r = hide_home_parent(rb, homes[i], protect->origin);
        if (r >= 0 && rb->host_root)
                r = host->find_homes(host->uid, host_variable(host, "HOME"), &elsewhere);
        if (r < 0 && r != -ENOMEM)
                return report_error(rb->b->report, -r, "cannot read /etc/passwd, which names the homes to hide: %s",
                                    strerror(-r));
        for (char **home = elsewhere; r >= 0 && home && *home; home++)
                r = hide_home_elsewhere(rb, *home, protect->origin);
        if (r >= 0 && rb->host_root)
                r = add_temporary_home(rb);
        return r < 0 ? r : 0;
}

bool root_hides(const char *directory) {
        for (size_t i = 0; i < ELEMENTSOF(homes); i++)
                if (streq(homes[i], directory))
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(unneeded); i++)
                if (streq(unneeded[i], directory))
                        return true;
        return false;
}

/* Hides the host's directories that no instance needs. */
static int add_all_hidden(RootBuilder *rb) {
        int r = hide_homes(rb);

        for (size_t i = 0; r >= 0 && rb->host_root && i < ELEMENTSOF(unneeded); i++)
                r = add_hidden(rb, unneeded[i], (Origin) {});
        return r;
}

static int add_cgroup(RootBuilder *rb) {
        PlanMount m = { .kind = MOUNT_CGROUP, .destination = strdup("/sys/fs/cgroup") };

        return root_builder_want(rb, mount_of_setting(D_Delegate, policy_get(rb->b->policy, D_Delegate), m));
}

int build_builtin_mounts(RootBuilder *rb) {
        int r;

        r = add_proc(rb);
        if (r >= 0)
                r = add_devices(rb);
        if (r >= 0)
                r = add_private(rb);
        if (r >= 0)
                r = add_all_hidden(rb);
        if (r >= 0 && rb->b->plan->delegate)
                r = add_cgroup(rb);
        return r >= 0 && rb->b->plan->notify ? add_notify(rb) : r;
}
