/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "oci/inside/environment.h"
#include "oci/inside/label.h"
#include "oci/inside/listener.h"
#include "oci/inside/walk.h"
#include "plan/deny/landlock.h"
#include "plan/plan.h"
#include "sandbox/deny/landlock.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/path.h"
#include "util/strv.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Returns 0 if the file can be executed by somebody, or -errno. Only execve(2) knows what the user may. */
static int look(const char *path) {
        struct statvfs fs;
        struct stat st;

        if (stat(path, &st) < 0 || statvfs(path, &fs) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        return S_ISREG(st.st_mode) && st.st_mode & 0111 && !(fs.f_flag & ST_NOEXEC) ? 0 : -EACCES;
}

static int search(char *const *environment, const char *name, char **ret) {
        const char *path = strv_variable(environment, "PATH") ?: DEFAULT_PATH;
        _cleanup_free_ char *copy = strdup(path);
        char *position = NULL;
        int result = -ENOENT;

        for (char *d = copy ? strtok_r(copy, ":", &position) : NULL; d; d = strtok_r(NULL, ":", &position)) {
                _cleanup_free_ char *file = path_join(d, name);
                int r = file ? look(file) : -ENOMEM;

                if (r >= 0)
                        *ret = TAKE_PTR(file);
                if (r >= 0 || r == -ENOMEM)
                        return r;
                if (r == -EACCES)
                        result = r;
        }
        return copy ? result : -ENOMEM;
}

/* Relative paths begin at the working directory. */
static int find_command(const SpecProcess *process, Command *ret, Failure *f) {
        const char *name = process->arguments[0];
        int r;

        if (!strchr(name, '/')) {
                r = *name ? search(ret->environment, name, &ret->path) : -ENOENT;
                return r < 0 ? fail(f, -r, "executable file %s not found in $PATH", name) : 0;
        }
        ret->path = *name == '/' ? strdup(name) : path_join(process->directory, name);
        r = ret->path ? look(ret->path) : -ENOMEM;
        /* The errno is that of execve(2): podman looks for its text. */
        if (r == -EISDIR)
                return fail(f, EACCES, "cannot execute %s, which is a directory", name);
        return r < 0 ? fail(f, -r, "cannot execute %s", name) : 0;
}

static int find(const SpecProcess *process, WalkMake make, Command *ret, Failure *f) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), directory = -1;
        int r;

        directory = root < 0 ? -errno : walk(root, process->directory, make, true);
        if (directory < 0)
                return fail(f, -directory, "cannot open%s the working directory %s",
                            make == WALK_FIND ? "" : " or make", process->directory);
        r = environment_make(process, &ret->environment, f);
        return r < 0 ? r : find_command(process, ret, f);
}

int process_prepare(const SpecProcess *process, WalkMake make, Command *ret, Failure *f) {
        int r = find(process, make, ret, f);

        return r < 0 ? r : label_set(process, f);
}

int process_take_ahead(const SpecProcess *process, const Ahead *ahead, Command *ret, Failure *f) {
        int r;

        if (!ahead->not_found) {
                *ret = ahead->command;
                return label_set(process, f);
        }
        r = process_prepare(process, WALK_FIND, ret, f);
        if (r < 0 && f->message.value == EACCES)
                *f = ahead->failure;
        return r;
}

/* A pipe belongs to the engine's user, so that the command of another user could not open /dev/stdout. As runc has it,
 * but that files, also named pipes, and terminals keep their owner. In a user namespace that does not have that owner,
 * this fails. */
static void give_pipes(const SpecProcess *p) {
        struct statfs fs;

        for (int fd = 0; fd < 3; fd++)
                if (fstatfs(fd, &fs) >= 0 && fs.f_type == PIPEFS_MAGIC)
                        (void) !fchown(fd, p->uid, (gid_t) -1);
}

static uint64_t one(unsigned capability) {
        return UINT64_C(1) << capability;
}

static bool sets_no_new_privileges(const Spec *spec, const SpecProcess *p) {
        return p->no_new_privileges || spec->policy;
}

/* What init_enter() and process_confine() do after process_do_ahead(): the ids, a terminal (the ptmx of a devpts may
 * have the mode 0), the paths of Landlock, and a filter without no_new_privs. */
static uint64_t needed_later(const Spec *spec, const SpecProcess *p) {
        const bool filter = spec->filter && !sets_no_new_privileges(spec, p);

        return one(CAP_SETUID) | one(CAP_SETGID) | (filter ? one(CAP_SYS_ADMIN) : 0) |
               (p->terminal ? one(CAP_CHOWN) | one(CAP_DAC_OVERRIDE) : 0) |
               (spec->policy && spec->policy->landlock ? one(CAP_DAC_READ_SEARCH) : 0);
}

/* The inheritable ones are here already, since the child has no CAP_SETPCAP to add them. What isorun-oci itself does
 * not have is an error later. */
static int limit_capabilities(const Spec *spec, const SpecProcess *p, Failure *f) {
        const uint64_t kept = spec->policy ? spec->policy->capabilities : UINT64_MAX;
        uint64_t own = ((p->permitted | p->effective | p->inheritable | p->ambient) & kept) | needed_later(spec, p);
        CapabilitySets sets;
        int r;

        r = capability_drop_bounding(p->bounding & kept);
        if (r < 0)
                return fail(f, -r, "cannot drop capabilities from the bounding set");
        r = capability_get(&sets);
        own &= sets.permitted;
        if (r >= 0)
                r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) { own, own, p->inheritable & kept &
                                                                 (sets.inheritable | p->bounding) });
        return r < 0 ? fail(f, -r, "cannot drop the capabilities of isorun-oci") : 0;
}

int process_do_ahead(const Spec *spec, const SpecProcess *process, Ahead *ret, Failure *f) {
        ret->done = true;
        ret->not_found = find(process, WALK_FIND, &ret->command, &ret->failure) < 0;
        ret->entered = !ret->not_found && chdir(process->directory) >= 0;
        if (!process->terminal)
                give_pipes(process);
        return limit_capabilities(spec, process, f);
}

/* groups: the additional groups are those of p, also if it has none. limited: by limit_capabilities().
 * The bounding set first, which needs CAP_SETPCAP; then the ids; the sets last: nothing after them needs one. */
static int drop_privileges(const SpecProcess *p, const SpecPolicy *policy, bool limited, bool groups, Failure *f) {
        const uint64_t kept = policy ? policy->capabilities : UINT64_MAX;
        int r;

        r = limited ? 0 : capability_drop_bounding(p->bounding & kept);
        if (r < 0)
                return fail(f, -r, "cannot drop capabilities from the bounding set");
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return fail(f, errno, "cannot keep the capabilities while the user changes");
        if ((groups || p->n_groups > 0) && sys_setgroups(p->n_groups, p->groups) < 0)
                return fail(f, errno, "cannot set the additional groups");
        if (sys_setresgid(p->gid) < 0 || sys_setresuid(p->uid) < 0)
                return fail(f, errno, "cannot change to user %u, group %u", p->uid, p->gid);
        /* The change has set it to fs.suid_dumpable: prctl(2). */
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return fail(f, errno, "cannot protect this process from tracing");
        r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) { p->effective & kept, p->permitted & kept,
                                                      p->inheritable & kept });
        if (r >= 0 && p->ambient & kept)
                r = capability_set_ambient(p->ambient & kept);
        return r < 0 ? fail(f, -r, "cannot set the capabilities") : 0;
}

/* The kernel says "(unreachable)" of a directory outside of the root. An image, or a process that runs already, can
 * make the path lead there by /proc/self/fd if any fd has been left open (CVE-2024-21626). Returns 1 if it is entered,
 * 0 if it cannot be entered and that may be, or a failure. */
static int enter_directory(const char *path, bool entered, bool required, Failure *f) {
        char buffer[PATH_MAX];

        if (!entered && chdir(path) < 0)
                return required ? fail(f, errno, "cannot change to the working directory %s", path) : 0;
        if (syscall(SYS_getcwd, buffer, sizeof(buffer)) < 0 || buffer[0] != '/')
                return fail(f, EXDEV, "the working directory %s is outside of the root", path);
        return 1;
}

static int install(struct sock_filter *filter, size_t n, unsigned flags, Failure *f) {
        const struct sock_fprog program = { (unsigned short) n, filter };

        if (!filter || sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program) == 0)
                return 0;
        return fail(f, errno, "cannot install the system call filter");
}

/* Of two filters, the first one must let the second be installed. */
static int install_filter(const Spec *spec, int socket, Failure *f) {
        const SpecPolicy *policy = spec->policy ?: &(SpecPolicy) {};
        int r = policy->allows_filter ? install(policy->filter, policy->n_filter, 0, f) : 0;

        if (r >= 0)
                r = spec->filter_listens ? listener_install(spec, socket, f) :
                                           install(spec->filter, spec->n_filter, spec->filter_flags, f);
        return r < 0 || policy->allows_filter ? r : install(policy->filter, policy->n_filter, 0, f);
}

static int allow(int ruleset, int root, const Plan *plan, const PlanLandlockRule *rule, Failure *f) {
        _cleanup_close_ int fd = walk(root, rule->path, WALK_FIND, true);
        uint64_t access = rule->access;
        struct stat st;

        if (fd == -ENOENT || fd == -ENOTDIR) /* another mount covers it, or it was removed */
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(f, fd < 0 ? -fd : errno, "cannot look at %s", rule->path);
        if (!S_ISDIR(st.st_mode))
                access &= landlock_rights_mask(plan->landlock_abi, LANDLOCK_GROUP_FILE);
        return access ? landlock_allow(ruleset, fd, access, f) : 0;
}

/* With root's ids: the user of the command need not reach each writable mount. The paths are the container's, whose
 * processes may run already: no symlink of theirs leads to a file that they cannot name. */
static int prepare_landlock(const SpecPolicy *policy, int *ret, Failure *f) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        Plan plan = *policy->landlock;
        int r;

        plan.n_landlock_rules = 0;
        r = root < 0 ? fail(f, errno, "cannot open the root") : landlock_prepare(&plan, f, ret);
        for (size_t i = 0; r >= 0 && *ret >= 0 && i < policy->landlock->n_landlock_rules; i++)
                r = allow(*ret, root, &plan, &policy->landlock->landlock_rules[i], f);
        return r;
}

/* With no_new_privs, the filter is last, so that it need not allow what is before. Without, only CAP_SYS_ADMIN may
 * install it: before the capabilities are dropped, as runc does. */
int process_confine(const Spec *spec, const SpecProcess *process, const Ahead *ahead, bool groups_denied, int socket,
                    Failure *f) {
        const bool no_new_privileges = sets_no_new_privileges(spec, process);
        _cleanup_close_ int landlock = -1;
        int entered, r;

        if (process->set_umask)
                umask(process->umask);
        if (spec->personality >= 0 && personality((unsigned long) spec->personality) < 0)
                return fail(f, errno, "cannot set the personality");
        /* Before the filter, which may refuse getcwd(2), and before the ids: the user need not be able to enter it. */
        r = entered = enter_directory(process->directory, ahead->entered, false, f);
        if (r >= 0 && !no_new_privileges)
                r = install_filter(spec, socket, f);
        give_pipes(process);
        if (r >= 0 && spec->policy)
                r = prepare_landlock(spec->policy, &landlock, f);
        if (r >= 0)
                r = drop_privileges(process, spec->policy, ahead->done, !groups_denied && !spec->keep_groups, f);
        if (r >= 0 && no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = fail(f, errno, "cannot set no_new_privs");
        if (r >= 0 && !entered)
                r = enter_directory(process->directory, false, true, f);
        if (r >= 0 && landlock >= 0 && sys_landlock_restrict_self(landlock, 0) < 0)
                r = fail(f, errno, "cannot apply Landlock");
        return r >= 0 && no_new_privileges ? install_filter(spec, socket, f) : r;
}

int process_execute(const SpecProcess *process, const Command *command, Failure *f) {
        execve(command->path, process->arguments, command->environment);
        return fail(f, errno, "cannot execute %s%s%s%s", command->path,
                    process->selinux ? " with the SELinux label " : "", process->selinux ?: "",
                    errno == ENOENT ? ", whose interpreter is missing" : "");
}
