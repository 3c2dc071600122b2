/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A config.json, read and checked; nothing of the host is looked at but the files of the bundle. It is what a policy
 * and its plan are for isorun: the instance is made of this and of nothing else.
 *
 * Strings of the type const char * are borrowed from json. */

#include <jansson.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "util/id-map.h"
#include "util/report.h"

typedef struct SpecMount {
        const char *destination; /* absolute, or relative to the root */
        const char *type;        /* NULL: a bind mount */
        const char *source;
        bool plain_source;       /* the source has been found without a symlink, and must be so when it is copied */
        char *inner_source;      /* the path of a source in the container's root; NULL: it is a path of the host */
        char *data;              /* options for the file system: "mode=755,size=64k"; NULL: none */
        bool recursive;          /* a bind mount with the mounts below */
        uint64_t set, clear;     /* MOUNT_ATTR_* of the mount itself */
        uint64_t all_set, all_clear; /* also of those below */
        uint64_t late, all_late; /* what a remount adds to them: set when all mounts are made */
        bool remount;            /* no mount: it has been merged into the one before that it changes */
        unsigned long propagation; /* MS_PRIVATE and others; 0: as it is */
        bool copy_up;            /* a tmpfs that begins with what the directory has */
        bool propagation_of_all; /* also of the mounts below */
        bool id_mapped, id_mapped_all; /* all: also the mounts below */
        IdMap uid_map, gid_map; /* of the mount; empty: those of the container */
} SpecMount;

typedef struct SpecLimit {
        int resource;
        struct rlimit limit;
        Origin policy_line; /* of the annotation's policy, if that lowered it; file NULL: it is as config.json says */
} SpecLimit;

typedef struct SpecDevice {
        const char *path;
        mode_t type, mode; /* S_IFCHR, S_IFBLK or S_IFIFO; permissions */
        dev_t number;
        uid_t uid;
        gid_t gid;
        bool owned; /* config.json says whose it is, or its mode */
} SpecDevice;

/* A network device of the host that the container gets. */
typedef struct SpecNetDevice {
        const char *name;
        const char *inside; /* its name there; it may have "%d" for a number that is free */
} SpecNetDevice;

/* A limit: a value for a file of the cgroup. */
typedef struct SpecCgroupFile {
        char *file, *value;
        char *pointer; /* the JSON pointer of the field */
        bool optional; /* a notice is enough if the controller is not available */
        Origin policy_line; /* as in SpecLimit */
} SpecCgroupFile;

/* In the order in which they run. */
typedef enum SpecHookKind {
        SPEC_PRESTART,
        SPEC_CREATE_RUNTIME,
        SPEC_CREATE_CONTAINER,
        SPEC_START_CONTAINER,
        SPEC_POSTSTART,
        SPEC_POSTSTOP,
        SPEC_HOOKS,
} SpecHookKind;

extern const char *const spec_hook_names[SPEC_HOOKS];

typedef struct SpecHook {
        const char *path;
        char **arguments, **environment;
        unsigned timeout; /* in seconds; 0: none */
} SpecHook;

/* The fields of sched_setattr(2); times in nanoseconds. */
typedef struct SpecScheduler {
        int policy; /* SCHED_* */
        uint64_t flags;
        int nice;
        unsigned priority;
        uint64_t runtime, deadline, period;
} SpecScheduler;

typedef struct SpecProcess {
        const char *file;    /* borrowed, for messages: the file that says this, */
        const char *pointer; /* and where in it: "/process", or "" for the file of exec --process */
        char **arguments, **environment;
        const char *directory;
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        bool set_umask;
        mode_t umask;
        uint64_t bounding, effective, permitted, inheritable, ambient; /* capabilities, a bit for each */
        SpecLimit *limits;
        size_t n_limits;
        bool no_new_privileges;
        bool terminal;
        unsigned short rows, columns; /* of the terminal; 0: not set */
        bool set_oom_score;
        int oom_score;
        const char *apparmor; /* the profile; NULL: none */
        const char *selinux;  /* the label; NULL: none */
        bool set_scheduler;
        SpecScheduler scheduler;
        int io_priority; /* ioprio_set(2); 0: none */
        cpu_set_t *exec_cpus[2]; /* of exec: before it is in the cgroup, and then; NULL: as it is */
} SpecProcess;

/* What set_mempolicy(2) takes. */
typedef struct SpecMemoryPolicy {
        bool set;
        int mode;         /* MPOL_*, with MPOL_F_* */
        cpu_set_t *nodes; /* NULL: none */
} SpecMemoryPolicy;

/* The namespaces, in the order in which they are joined. */
enum { SPEC_IPC, SPEC_UTS, SPEC_NETWORK, SPEC_PID, SPEC_CGROUP, SPEC_TIME, SPEC_MOUNT, SPEC_USER, SPEC_NAMESPACES };

typedef struct SpecNamespace {
        const char *name; /* as in config.json */
        const char *file; /* as in /proc/PID/ns */
        uint64_t flag;    /* CLONE_NEW* */
} SpecNamespace;

extern const SpecNamespace spec_namespaces[SPEC_NAMESPACES];

/* The newest version of the specification that isorun-oci knows; later ones of 1 count as this one. */
#define SPEC_VERSION "1.3.0"
#define SPEC_MINOR 3U

#define SPEC_POLICY_ANNOTATION "isorun.policy"

/* crun's, which engines set for other runtimes, too. The image may have put them there, as umoci takes its labels for
 * annotations: so none may write or connect to anything of the host. */
#define SPEC_CRUN_ANNOTATIONS "run.oci."
#define SPEC_KEEP_GROUPS SPEC_CRUN_ANNOTATIONS "keep_original_groups"
#define SPEC_KNOWN_CALLS SPEC_CRUN_ANNOTATIONS "seccomp_fail_unknown_syscall"

struct Plan;

typedef struct SpecPolicyLine {
        Origin origin;
        bool optional; /* the path need not exist */
} SpecPolicyLine;

/* What the policy of the annotation takes away from config.json. */
typedef struct SpecPolicy {
        const char *name;
        uint64_t capabilities; /* no others stay in the five sets */
        struct sock_filter *filter; /* beside that of config.json */
        size_t n_filter;
        bool allows_filter;    /* it allows seccomp(2), and so can be installed first */
        const struct Plan *landlock; /* its Landlock rules: sandbox/deny/landlock.h */
        char **masked, **read_only, **no_exec;
        SpecPolicyLine *lines; /* of read_only: one for each */
        size_t n_lines;
} SpecPolicy;

typedef struct Spec {
        json_t *json;
        const char *file; /* borrowed, for messages: "config.json", or as --config names it */
        char *text;    /* of the whole file */
        char *bundle;  /* absolute */
        char *root;    /* the path of the root on the host */
        const char *version;
        unsigned minor; /* of version: some rules of the specification have changed */
        bool root_read_only;
        SpecMount *mounts;
        size_t n_mounts;
        SpecProcess process;
        const char *host_name, *domain_name;
        uint64_t new_namespaces;              /* CLONE_NEW* */
        const char *joined[SPEC_NAMESPACES];  /* paths of namespaces to join */
        IdMap uid_map, gid_map; /* of a joined user namespace: empty, or what it must have */
        SpecDevice *devices;
        size_t n_devices;
        SpecNetDevice *net_devices;
        size_t n_net_devices;
        const char *mount_label; /* SELinux's, of new file systems; NULL: none */
        char **masked, **read_only;
        char *time_offsets; /* for /proc/PID/timens_offsets; NULL: none */
        json_t *sysctls, *annotations; /* borrowed from json: objects of strings, or NULL */
        SpecHook *hooks[SPEC_HOOKS];
        size_t n_hooks[SPEC_HOOKS];
        const char *cgroup_path; /* NULL: none is asked for */
        SpecCgroupFile *cgroup_files;
        size_t n_cgroup_files;
        bool check_memory; /* an update must not set memory.max below what is used */
        struct bpf_insn *device_rules; /* a program; NULL: none */
        size_t n_device_rules;
        struct sock_filter *filter; /* NULL: none */
        size_t n_filter;
        unsigned filter_flags; /* SECCOMP_FILTER_FLAG_* */
        bool filter_listens;   /* it has SCMP_ACT_NOTIFY: an agent at listener gets the fd */
        const char *listener, *listener_metadata; /* NULL: none */
        const SpecPolicy *policy; /* borrowed; NULL: none */
        SpecMemoryPolicy memory_policy;
        bool keep_groups;          /* the caller's groups are the container's */
        bool knows_calls;          /* a system call that libseccomp does not know is an error */
        long personality;          /* personality(2); -1: as it is */
        unsigned long propagation; /* of the root mount: MS_PRIVATE or another, with MS_REC or without; 0: none */
} Spec;

/* Where a container finds its socket for sd_notify(3), as with runc. */
#define SPEC_NOTIFY_DIRECTORY "/run/notify"
#define SPEC_NOTIFY_SOCKET SPEC_NOTIFY_DIRECTORY "/notify.sock"

/* The name of a resource limit: "RLIMIT_NOFILE". */
const char *spec_limit_name(int resource);

/* The devices that each container has, unless its /dev is a bind mount. */
enum { SPEC_DEFAULT_DEVICES = 6 };
extern const SpecDevice spec_default_devices[SPEC_DEFAULT_DEVICES];

/* The path of a bind mount's source on the host, on the heap; NULL when memory runs out. */
char *spec_mount_source(const Spec *spec, const SpecMount *mount);

/* Whether a bind mount is to be shared with the host, so that mounts made in it appear there: both the root and it must
 * ask for that. A user namespace of its own prevents it: mount_namespaces(7). */
bool spec_is_shared(const Spec *spec, const SpecMount *mount);

/* Whether the container is in a user namespace other than the caller's: a new one, or one that it joins. */
bool spec_has_user_namespace(const Spec *spec);

/* Whether any of them is. */
bool spec_shares_mounts(const Spec *spec);

/* Whether the destination of a mount is /dev, however it is written: "dev", "/dev/". */
bool spec_mounts_dev(const SpecMount *mount);

/* Whether /dev is a bind mount: isorun-oci makes no device in it then, since it may be the host's. */
bool spec_has_own_devices(const Spec *spec);

/* The names of all mount options that have a meaning of their own, as a list. NULL when memory runs out. */
json_t *spec_mount_options(void);

/* Finds the SECCOMP_RET_* value of an action (SCMP_ACT_*), without an errno. Returns false if name is NULL or not the
 * name of an action. */
bool spec_filter_action(const char *name, uint32_t *ret);

/* What features says of filters: the actions, operators and flags that config.json may have. NULL when memory runs
 * out. */
json_t *spec_filter_features(void);

/* The same of memory policies: modes and flags. */
json_t *spec_memory_policy_features(void);
