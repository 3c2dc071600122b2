/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/exposure.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/socket.h>

#include "plan/deny/families.h"
#include "plan/show/promises.h"
#include "plan/who/namespaces.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/path.h"

/* Finds out how bad a property of the plan is. *details is set beforehand to the text for good or for bad; a function
 * with more than two answers replaces it. */
typedef unsigned (*Assess)(const Plan *plan, uint64_t parameter, const char **details);

typedef struct Assessor {
        const char *name;
        unsigned weight, range;
        Assess assess;
        uint64_t parameter;
        const char *good, *bad, *better;
        DirectiveId directive; /* _DIRECTIVE_MAX: none */
} Assessor;

static bool allows_any(const Plan *plan, const char *const *calls) {
        for (; *calls; calls++)
                if (plan_allows_call(plan, *calls))
                        return true;
        return false;
}

enum { NOBODY = 65534 };

/* The payload's user outside of its namespaces. */
static uint64_t outer_user(const Plan *plan) {
        uint64_t id;

        return id_map_find(&plan->inner_uid_map, plan->uid, &id) && id_map_find(&plan->uid_map, id, &id) ? id : NOBODY;
}

static bool is_made(const Plan *plan, uint64_t kind) {
        return (plan->namespaces | plan->inner_namespaces) & kind;
}

static bool has_host_root(const Plan *plan) {
        const PlanMount *root = plan->n_mounts ? &plan->mounts[0] : NULL;

        return root && plan_source_has_path(&root->source) && streq(root->source.path, "/");
}

static unsigned assess_user(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        switch (outer_user(plan)) {
        case 0:
                *details = "The payload runs as the host's root, without its capabilities";
                return 10;
        case NOBODY:
                *details = "The payload runs as nobody, an id that other programs share";
                return 9;
        default:
                *details = "The payload runs as a user that is not root";
                return 0;
        }
}

static unsigned assess_groups(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return plan->n_groups > 0 || plan->n_kept_groups > 0;
}

static unsigned assess_namespace_made(const Plan *plan, uint64_t kind, _unused_ const char **details) {
        return !is_made(plan, kind);
}

static unsigned assess_devices(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return !policy_is_true(plan->source, D_PrivateDevices);
}

static unsigned assess_tmp(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        const PlanMount *m = plan_find_mount(plan, "/tmp");

        return m ? m->source.kind != SOURCE_NONE : has_host_root(plan);
}

/* A map of all ids, as root's, hides no user. */
static unsigned assess_users(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        enum { MANY = 1 << 20 };

        if (!is_made(plan, CLONE_NEWUSER))
                return 1;
        for (size_t i = 0; i < plan->uid_map.n; i++)
                if (plan->uid_map.items[i].count > MANY) {
                        *details = "The payload's user namespace has all users of the host";
                        return 1;
                }
        return 0;
}

static unsigned assess_cgroups(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == MOUNT_CGROUP)
                        return 1;
        return plan->may_mount;
}

static bool has_capability(const Plan *plan, unsigned capability) {
        return plan->bounding & UINT64_C(1) << capability;
}

static unsigned assess_modules(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        static const char *const calls[] = { "init_module", "finit_module", "delete_module", NULL };

        return has_capability(plan, CAP_SYS_MODULE) || allows_any(plan, calls);
}

static unsigned assess_tunables(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        const PlanMount *proc = plan_find_mount(plan, "/proc");

        return plan->may_mount || (proc && !proc->attributes.read_only);
}

static unsigned assess_logs(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return has_capability(plan, CAP_SYSLOG) || plan_allows_call(plan, "syslog") ||
               !policy_is_true(plan->source, D_PrivateDevices);
}

static unsigned assess_clock(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        static const char *const calls[] = { "clock_settime", "clock_adjtime", "settimeofday", "adjtimex", NULL };

        return has_capability(plan, CAP_SYS_TIME) || allows_any(plan, calls) ||
               !policy_is_true(plan->source, D_PrivateDevices);
}

static bool is_home(const char *path) {
        return path_is_at_or_below(path, "/home") || path_is_at_or_below(path, "/root") ||
               path_is_at_or_below(path, "/run/user");
}

/* Binds of single directories count half: the policy has chosen these directories. */
static unsigned assess_home(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        const PlanMount *home = plan_find_mount(plan, "/home");
        bool shown = has_host_root(plan) && !home, written = false, some = false;

        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (m->kind != MOUNT_BIND || !plan_source_has_path(&m->source) || !is_home(m->source.path))
                        continue;
                shown = shown || streq(m->source.path, "/home");
                written = written || (streq(m->source.path, "/home") && !m->attributes.read_only);
                some = true;
        }
        *details = written ? "The payload can write to home directories"
                   : shown ? "The payload can read home directories"
                   : some  ? "The payload has directories in home directories that the policy names"
                           : "The payload has no access to home directories";
        return written ? 10 : shown || some ? 5 : 0;
}

static unsigned assess_hostname(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return !is_made(plan, CLONE_NEWUTS) && plan_allows_call(plan, "sethostname");
}

static unsigned assess_system(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        const PlanMount *root = plan->n_mounts ? &plan->mounts[0] : NULL;

        if (!root || root->attributes.read_only || plan_mount_is_overlay(root))
                return 0;
        return root->source.kind != SOURCE_NONE ? 10 : 0;
}

static unsigned assess_root(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return has_host_root(plan);
}

static unsigned assess_switch(const Plan *plan, uint64_t directive, _unused_ const char **details) {
        return !policy_is_true(plan->source, (DirectiveId) directive);
}

static unsigned assess_nothing(_unused_ const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return 0;
}

static unsigned assess_capabilities(const Plan *plan, uint64_t mask, _unused_ const char **details) {
        return (plan->bounding & mask) != 0;
}

static unsigned assess_umask(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        static const struct {
                mode_t bit;
                unsigned badness;
                const char *details;
        } table[] = {
                { 0002, 10, "Files of the payload are world-writable by default" },
                { 0004, 5, "Files of the payload are world-readable by default" },
                { 0020, 2, "Files of the payload are group-writable by default" },
                { 0040, 1, "Files of the payload are group-readable by default" },
        };
        const mode_t mask = plan->set_umask ? plan->umask : 0022;

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (!(mask & table[i].bit)) {
                        *details = table[i].details;
                        return table[i].badness;
                }
        *details = "Files of the payload are accessible only by its own user by default";
        return 0;
}

static unsigned assess_keyring(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return !plan->keyring && plan_allows_call(plan, "keyctl");
}

static unsigned assess_subset(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        const PlanMount *proc = plan_find_mount(plan, "/proc");

        return !proc || proc->kind != MOUNT_PROC || !strstr(proc->options, "subset=pid");
}

static unsigned assess_delegate(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return plan->delegate;
}

static unsigned assess_namespaces(const Plan *plan, uint64_t kind, _unused_ const char **details) {
        return build_allows_namespace(plan->source, kind);
}

static bool allows_family(const Plan *plan, unsigned family) {
        return plan_allows_call(plan, "socket") && build_allows_family(&(Builder) { .policy = plan->source }, family);
}

static unsigned assess_family(const Plan *plan, uint64_t family, _unused_ const char **details) {
        return allows_family(plan, (unsigned) family) || (family == AF_INET && allows_family(plan, AF_INET6));
}

static unsigned assess_other_families(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        for (const NamedNumber *f = address_families; f->name; f++)
                switch (f->number) {
                case AF_UNIX:
                case AF_INET:
                case AF_INET6:
                case AF_NETLINK:
                case AF_PACKET:
                        continue;
                default:
                        if (allows_family(plan, (unsigned) f->number))
                                return 1;
                }
        return 0;
}

static unsigned assess_architectures(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return plan->n_architectures ? 8 : 0;
}

static bool allows_group(const Plan *plan, const char *name) {
        const SyscallGroup *group = syscall_group_find(name);

        for (const SyscallMember *m = group ? group->members : NULL; m && *m; m++) {
                const char *member = syscall_member_name(*m);

                if (syscall_member_group(*m) ? allows_group(plan, member) : plan_allows_call(plan, member))
                        return true;
        }
        return false;
}

/* The groups of SystemCallFilter= in the table below, in its order. */
static const char *const groups[] = { "@swap", "@obsolete", "@clock", "@cpu-emulation", "@debug", "@mount", "@module",
                                      "@raw-io", "@reboot", "@privileged", "@resources" };

static unsigned assess_calls(const Plan *plan, uint64_t group, _unused_ const char **details) {
        return allows_group(plan, groups[group]) ? 9 : 0;
}

static bool denies_all_addresses(const Plan *plan) {
        const PlanProperty *p = plan_find_property(plan, D_IPAddressDeny);

        for (size_t i = 0; p && i < p->settings->n; i++)
                if (streq(p->settings->items[i].value.text, "any"))
                        return true;
        return false;
}

static unsigned assess_addresses(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        const PlanProperty *allow = plan_find_property(plan, D_IPAddressAllow);

        if (is_made(plan, CLONE_NEWNET)) {
                *details = "The payload's own network reaches no address of another machine";
                return 0;
        }
        *details = !denies_all_addresses(plan) ? "The payload may talk to all addresses"
                   : allow                     ? "The payload may talk to the addresses that the policy lists"
                                               : "The payload may talk to no address";
        return !denies_all_addresses(plan) ? 10 : allow ? 5 : 0;
}

static unsigned assess_device_list(const Plan *plan, _unused_ uint64_t parameter, const char **details) {
        bool some = false;

        for (size_t i = 0; i < plan->n_mounts; i++)
                some = some || (plan->mounts[i].kind == MOUNT_BIND && plan->mounts[i].attributes.devices &&
                                !path_is_below(plan->mounts[i].destination, "/dev"));
        *details = !policy_is_true(plan->source, D_PrivateDevices) ? "The payload can open the host's devices"
                   : some ? "The payload can open the devices of volumes that the policy lists"
                          : "The payload can open only the devices that each sandbox has";
        return !policy_is_true(plan->source, D_PrivateDevices) ? 10 : some ? 5 : 0;
}

static unsigned assess_ambient(const Plan *plan, _unused_ uint64_t parameter, _unused_ const char **details) {
        return plan->ambient != 0;
}

#define CAP(c) (UINT64_C(1) << CAP_##c)
#define BOUNDING(names, weight, mask, better) \
        { "CapabilityBoundingSet=~CAP_" names, weight, 1, assess_capabilities, mask, "The payload does not have it", \
          "The payload has it, in its user namespace if it has one", "CapabilityBoundingSet=~" better, \
          D_CapabilityBoundingSet }
#define NAMESPACE(name, kind, weight) \
        { "RestrictNamespaces=~" name, weight, 1, assess_namespaces, kind, "The payload cannot make such namespaces", \
          "The payload may make such namespaces", "RestrictNamespaces=yes", D_RestrictNamespaces }
#define FAMILY(name, weight, assess, family, better) \
        { "RestrictAddressFamilies=~" name, weight, 1, assess, family, "The payload cannot make such sockets", \
          "The payload may make such sockets", "RestrictAddressFamilies=" better, D_RestrictAddressFamilies }
#define CALLS(name, weight, index) \
        { "SystemCallFilter=~" name, weight, 10, assess_calls, index, "The filter allows none of these calls", \
          "The filter allows a call of this group", "SystemCallFilter=~" name, D_SystemCallFilter }

static const Assessor assessors[] = {
        { "User=/DynamicUser=", 2000, 10, assess_user, 0, NULL, NULL, "User=NAME, or PrivateUsers=full", D_User },
        { "SupplementaryGroups=", 200, 1, assess_groups, 0, "The payload has no supplementary groups",
          "The payload has supplementary groups", "PrivateUsers=full", D_User },
        { "PrivateDevices=", 1000, 1, assess_devices, 0, "The payload has no access to the host's devices",
          "The payload has access to the host's devices", "PrivateDevices=yes", D_PrivateDevices },
        { "PrivateMounts=", 1000, 1, assess_namespace_made, CLONE_NEWNS, "The mounts of the payload are private", "",
          NULL, _DIRECTIVE_MAX },
        { "PrivateNetwork=", 2500, 1, assess_namespace_made, CLONE_NEWNET,
          "The payload has no access to the host's network", "The payload has access to the host's network",
          "PrivateNetwork=yes", D_PrivateNetwork },
        { "PrivateTmp=", 1000, 1, assess_tmp, 0, "Temporary files of the payload are private",
          "The payload has access to other programs' temporary files", "PrivateTmp=yes", D_PrivateTmp },
        { "PrivateUsers=", 1000, 1, assess_users, 0, "The payload's user namespace has no other users of the host",
          "The payload is in the host's user namespace", "PrivateUsers=full", D_PrivateUsers },
        { "ProtectControlGroups=", 1000, 1, assess_cgroups, 0, "The payload sees no cgroup tree",
          "The payload can change the part of the cgroup tree that it has", "Delegate=no, Nesting=no", D_Delegate },
        { "ProtectKernelModules=", 1000, 1, assess_modules, 0, "The payload cannot load kernel modules",
          "The payload may load kernel modules", "SystemCallFilter=~@module", D_SystemCallFilter },
        { "ProtectKernelTunables=", 1000, 1, assess_tunables, 0, "The payload cannot write to /proc/sys",
          "The payload can mount a /proc that it can write", "Nesting=no, RestrictNamespaces=yes", D_Nesting },
        { "ProtectKernelLogs=", 1000, 1, assess_logs, 0, "The payload cannot read the kernel's log",
          "The payload may read the kernel's log", "SystemCallFilter=~syslog", D_SystemCallFilter },
        { "ProtectClock=", 1000, 1, assess_clock, 0, "The payload cannot set the clock",
          "The payload may set the clock", "SystemCallFilter=~@clock", D_SystemCallFilter },
        { "ProtectHome=", 1000, 10, assess_home, 0, NULL, NULL, "ProtectHome=yes, and no volume of a home",
          D_ProtectHome },
        { "ProtectHostname=", 50, 1, assess_hostname, 0, "The payload cannot change the host's name",
          "The payload may change the host's name", "ProtectHostname=yes", D_ProtectHostname },
        { "ProtectSystem=", 1000, 10, assess_system, 0, "The root is read-only", "The root is writable", NULL,
          _DIRECTIVE_MAX },
        { "RootDirectory=/RootImage=", 200, 1, assess_root, 0, "The payload has a separate root",
          "The payload has the host's root, read-only", "RootDirectory=DIRECTORY", D_RootDirectory },
        { "LockPersonality=", 100, 1, assess_switch, D_LockPersonality, "The payload cannot change its personality",
          "The payload may change its personality", "LockPersonality=yes", D_LockPersonality },
        { "MemoryDenyWriteExecute=", 100, 1, assess_switch, D_MemoryDenyWriteExecute,
          "The payload cannot make code at run time", "The payload may make code at run time",
          "MemoryDenyWriteExecute=yes", D_MemoryDenyWriteExecute },
        { "NoNewPrivileges=", 1000, 1, assess_nothing, 0, "The payload cannot gain privileges", "", NULL,
          _DIRECTIVE_MAX },
        BOUNDING("SYS_ADMIN", 1500, CAP(SYS_ADMIN), "CAP_SYS_ADMIN"),
        BOUNDING("SET(UID|GID|PCAP)", 1500, CAP(SETUID) | CAP(SETGID) | CAP(SETPCAP),
                 "CAP_SETUID CAP_SETGID CAP_SETPCAP"),
        BOUNDING("SYS_PTRACE", 1500, CAP(SYS_PTRACE), "CAP_SYS_PTRACE"),
        BOUNDING("SYS_TIME", 1000, CAP(SYS_TIME), "CAP_SYS_TIME"),
        BOUNDING("NET_ADMIN", 1000, CAP(NET_ADMIN), "CAP_NET_ADMIN"),
        BOUNDING("SYS_RAWIO", 1000, CAP(SYS_RAWIO), "CAP_SYS_RAWIO"),
        BOUNDING("SYS_MODULE", 1000, CAP(SYS_MODULE), "CAP_SYS_MODULE"),
        BOUNDING("AUDIT_*", 500, CAP(AUDIT_CONTROL) | CAP(AUDIT_READ) | CAP(AUDIT_WRITE),
                 "CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE"),
        BOUNDING("SYSLOG", 500, CAP(SYSLOG), "CAP_SYSLOG"),
        BOUNDING("SYS_(NICE|RESOURCE)", 500, CAP(SYS_NICE) | CAP(SYS_RESOURCE),
                 "CAP_SYS_NICE CAP_SYS_RESOURCE"),
        BOUNDING("MKNOD", 500, CAP(MKNOD), "CAP_MKNOD"),
        BOUNDING("(CHOWN|FSETID|SETFCAP)", 1000, CAP(CHOWN) | CAP(FSETID) | CAP(SETFCAP),
                 "CAP_CHOWN CAP_FSETID CAP_SETFCAP"),
        BOUNDING("(DAC_*|FOWNER|IPC_OWNER)", 1000,
                 CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(IPC_OWNER),
                 "CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_IPC_OWNER"),
        BOUNDING("KILL", 500, CAP(KILL), "CAP_KILL"),
        BOUNDING("NET_(BIND_SERVICE|BROADCAST|RAW)", 500, CAP(NET_BIND_SERVICE) | CAP(NET_BROADCAST) | CAP(NET_RAW),
                 "CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_RAW"),
        BOUNDING("SYS_BOOT", 100, CAP(SYS_BOOT), "CAP_SYS_BOOT"),
        BOUNDING("MAC_*", 100, CAP(MAC_ADMIN) | CAP(MAC_OVERRIDE),
                 "CAP_MAC_ADMIN CAP_MAC_OVERRIDE"),
        BOUNDING("LINUX_IMMUTABLE", 75, CAP(LINUX_IMMUTABLE), "CAP_LINUX_IMMUTABLE"),
        BOUNDING("IPC_LOCK", 50, CAP(IPC_LOCK), "CAP_IPC_LOCK"),
        BOUNDING("SYS_CHROOT", 50, CAP(SYS_CHROOT), "CAP_SYS_CHROOT"),
        BOUNDING("BLOCK_SUSPEND", 25, CAP(BLOCK_SUSPEND), "CAP_BLOCK_SUSPEND"),
        BOUNDING("WAKE_ALARM", 25, CAP(WAKE_ALARM), "CAP_WAKE_ALARM"),
        BOUNDING("LEASE", 25, CAP(LEASE), "CAP_LEASE"),
        BOUNDING("SYS_TTY_CONFIG", 25, CAP(SYS_TTY_CONFIG), "CAP_SYS_TTY_CONFIG"),
        BOUNDING("SYS_PACCT", 25, CAP(SYS_PACCT), "CAP_SYS_PACCT"),
        BOUNDING("BPF", 25, CAP(BPF), "CAP_BPF"),
        { "UMask=", 100, 10, assess_umask, 0, NULL, NULL, "UMask=0077", D_UMask },
        { "KeyringMode=", 1000, 1, assess_keyring, 0, "The payload reaches no key of its caller",
          "The payload shares its caller's keys", "SystemCallFilter=~@keyring", D_SystemCallFilter },
        { "ProtectProc=", 1000, 3, assess_nothing, 0, "The payload sees only the processes of its instance", "", NULL,
          _DIRECTIVE_MAX },
        { "ProcSubset=", 10, 1, assess_subset, 0, "/proc has only processes",
          "/proc has other files than those of processes", "ProcSubset=pid", D_ProcSubset },
        { "NotifyAccess=", 1000, 1, assess_nothing, 0, "isorun passes on only messages that the unit allows", "", NULL,
          _DIRECTIVE_MAX },
        { "RemoveIPC=", 100, 1, assess_namespace_made, CLONE_NEWIPC, "IPC objects end with the instance",
          "The payload may leave IPC objects", "PrivateIPC=yes", D_PrivateIPC },
        { "Delegate=", 100, 1, assess_delegate, 0, "The payload has no delegated cgroups",
          "The payload has delegated cgroups", "Delegate=no", D_Delegate },
        { "RestrictRealtime=", 500, 1, assess_switch, D_RestrictRealtime, "The payload cannot get realtime scheduling",
          "The payload may get realtime scheduling", "RestrictRealtime=yes", D_RestrictRealtime },
        { "RestrictSUIDSGID=", 1000, 1, assess_switch, D_RestrictSUIDSGID, "The payload cannot make set-user-ID files",
          "The payload may make set-user-ID files", "RestrictSUIDSGID=yes", D_RestrictSUIDSGID },
        NAMESPACE("user", CLONE_NEWUSER, 1500),
        NAMESPACE("mnt", CLONE_NEWNS, 500),
        NAMESPACE("ipc", CLONE_NEWIPC, 500),
        NAMESPACE("pid", CLONE_NEWPID, 500),
        NAMESPACE("cgroup", CLONE_NEWCGROUP, 500),
        NAMESPACE("net", CLONE_NEWNET, 500),
        NAMESPACE("uts", CLONE_NEWUTS, 100),
        FAMILY("AF_(INET|INET6)", 1500, assess_family, AF_INET, "~AF_INET AF_INET6"),
        FAMILY("AF_UNIX", 25, assess_family, AF_UNIX, "~AF_UNIX"),
        FAMILY("AF_NETLINK", 200, assess_family, AF_NETLINK, "~AF_NETLINK"),
        FAMILY("AF_PACKET", 1000, assess_family, AF_PACKET, "~AF_PACKET"),
        FAMILY("…", 1250, assess_other_families, 0, "AF_UNIX AF_INET AF_INET6"),
        { "SystemCallArchitectures=", 1000, 10, assess_architectures, 0, "The payload can use only native system calls",
          "The payload can use system calls of another architecture", "SystemCallArchitectures=native",
          D_SystemCallArchitectures },
        CALLS("@swap", 1000, 0),
        CALLS("@obsolete", 250, 1),
        CALLS("@clock", 1000, 2),
        CALLS("@cpu-emulation", 250, 3),
        CALLS("@debug", 1000, 4),
        CALLS("@mount", 1000, 5),
        CALLS("@module", 1000, 6),
        CALLS("@raw-io", 1000, 7),
        CALLS("@reboot", 1000, 8),
        CALLS("@privileged", 700, 9),
        CALLS("@resources", 700, 10),
        { "IPAddressDeny=", 1000, 10, assess_addresses, 0, NULL, NULL, "IPAddressDeny=any and IPAddressAllow=ADDRESSES",
          D_IPAddressDeny },
        { "DeviceAllow=", 1000, 10, assess_device_list, 0, NULL, NULL, "PrivateDevices=yes", D_PrivateDevices },
        { "AmbientCapabilities=", 500, 1, assess_ambient, 0, "The payload has no ambient capabilities",
          "The payload has ambient capabilities", "AmbientCapabilities=", D_AmbientCapabilities },
};

static ExposureRow make_row(const Plan *plan, const Assessor *a) {
        const Setting *s = a->directive == _DIRECTIVE_MAX ? NULL : policy_get(plan->source, a->directive);
        const char *details = NULL;
        unsigned badness = a->assess(plan, a->parameter, &details);

        return (ExposureRow) { .name = a->name, .weight = a->weight, .range = a->range, .badness = badness,
                               .details = details ?: badness ? a->bad : a->good, .better = badness ? a->better : NULL,
                               .origin = s ? &s->origin : NULL };
}

int plan_exposure(const Plan *plan, Exposure *ret) {
        Exposure exposure = { .rows = calloc(ELEMENTSOF(assessors), sizeof(ExposureRow)), .n = ELEMENTSOF(assessors) };

        if (!exposure.rows)
                return -ENOMEM;
        for (size_t i = 0; i < exposure.n; i++)
                exposure.rows[i] = make_row(plan, &assessors[i]);
        *ret = exposure;
        return 0;
}

static void print_row(const ExposureRow *row, FILE *f) {
        promise_begin(f, "", "exposure");
        promise_text(f, row->name);
        promise_number(f, row->weight);
        promise_number(f, row->range);
        promise_number(f, row->badness);
        promise_text(f, row->details);
        promise_text(f, row->better ?: "");
        promise_text(f, row->origin && row->origin->file ? row->origin->file : "");
        promise_number(f, row->origin ? row->origin->line : 0);
        promise_end(f);
}

int plan_print_exposure(const Plan *plan, FILE *f) {
        _cleanup_(exposure_deinit) Exposure exposure = {};
        int r = plan_exposure(plan, &exposure);

        for (size_t i = 0; r >= 0 && i < exposure.n; i++)
                print_row(&exposure.rows[i], f);
        return r;
}

void exposure_deinit(Exposure *exposure) {
        free(exposure->rows);
        *exposure = (Exposure) {};
}

static unsigned divide_up(unsigned a, unsigned b) {
        return (a + b - 1) / b;
}

static unsigned sum_weights(const Exposure *exposure) {
        unsigned sum = 0;

        for (size_t i = 0; i < exposure->n; i++)
                sum += exposure->rows[i].weight;
        return sum;
}

unsigned exposure_total(const Exposure *exposure) {
        unsigned bad = 0;

        for (size_t i = 0; i < exposure->n; i++)
                bad += divide_up(exposure->rows[i].badness * exposure->rows[i].weight, exposure->rows[i].range);
        return divide_up(bad * 100, sum_weights(exposure));
}

unsigned exposure_of(const Exposure *exposure, const ExposureRow *row) {
        return divide_up(divide_up(row->badness * row->weight * 100, row->range), sum_weights(exposure));
}

const char *exposure_word(unsigned total) {
        static const struct {
                unsigned least;
                const char *word;
        } words[] = { { 100, "DANGEROUS" }, { 90, "UNSAFE" }, { 75, "EXPOSED" }, { 50, "MEDIUM" }, { 10, "OK" },
                      { 1, "SAFE" } };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (total >= words[i].least)
                        return words[i].word;
        return "PERFECT";
}
