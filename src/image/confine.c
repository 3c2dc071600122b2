/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "plan/deny/landlock.h"
#include "sandbox/flows/confine.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/process.h"

/* Puts the fds in their places, and closes all others. */
static int place_fds(int input, int output, int result, int directory) {
        const int given[] = { input, output, result, directory };
        enum { ABOVE = 10 };
        int fds[ELEMENTSOF(given)];

        for (size_t i = 0; i < ELEMENTSOF(given); i++) {
                fds[i] = given[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : given[i];
                fds[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE);
                if (fds[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < ELEMENTSOF(given); i++)
                if (dup2(fds[i], (int) i) < 0)
                        return -errno;
        return close_range(ELEMENTSOF(given), ~0U, 0) < 0 ? -errno : 0;
}

/* A namespace of users gives a user the right to change the root. The process keeps its own id. */
static int change_root(void) {
        const uid_t uid = geteuid();
        int r = uid == 0 ? 0 : process_unshare_users(CLONE_NEWNET | CLONE_NEWIPC, uid, getegid());

        if (r < 0)
                return r;
        return fchdir(HELPER_DIRECTORY) < 0 || chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

/* Landlock does not keep chmod(2) and chown(2) from other files: the root does. */
static int restrict_files(bool has_directory) {
        int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        const uint64_t all = abi < 0 ? 0 : landlock_rights_mask((unsigned) abi, 0);
        const struct landlock_ruleset_attr attr = { .handled_access_fs = all };
        const struct landlock_path_beneath_attr beneath = {
                .allowed_access = all & ~(uint64_t) (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                                     LANDLOCK_ACCESS_FS_MAKE_BLOCK),
                .parent_fd = HELPER_DIRECTORY };
        _cleanup_close_ int ruleset = -1;

        if (abi < 0)
                return -errno;
        ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
        if (ruleset < 0 || (has_directory && sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath) < 0))
                return -errno;
        return sys_landlock_restrict_self(ruleset, 0) < 0 ? -errno : 0;
}

/* Root's unpacker gives files to other users, and sets their modes afterwards. */
static int drop_capabilities(bool has_directory) {
        const uint64_t keep = has_directory && geteuid() == 0
                ? 1ULL << CAP_CHOWN | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID : 0;
        int r = capability_set_ambient(0);

        return r < 0 ? r : capability_set(&(CapabilitySets) { .effective = keep, .permitted = keep });
}

static int restrict_calls(void) {
        static const uint32_t calls[] = {
                SYS_read, SYS_write, SYS_pwrite64, SYS_close, SYS_lseek, SYS_ftruncate, SYS_fstat, SYS_newfstatat,
                SYS_statx, SYS_openat, SYS_openat2, SYS_mkdirat, SYS_mknodat, SYS_linkat, SYS_symlinkat, SYS_unlinkat,
                SYS_fchmod, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_fsetxattr, SYS_fcntl,
                SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_futex, SYS_clock_gettime,
                SYS_getrandom, SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_rt_sigprocmask, SYS_rt_sigaction,
                SYS_sigaltstack, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit, SYS_exit_group,
        };

        return confine_filter(&(Confinement) { .calls = calls, .n_calls = ELEMENTSOF(calls) });
}

/* A memory bomb ends its own process. AddressSanitizer reserves more than this. */
static int bound_memory(void) {
#ifdef __SANITIZE_ADDRESS__
        return 0;
#else
        const struct rlimit memory = { .rlim_cur = 1UL << 30, .rlim_max = 1UL << 30 };

        return setrlimit(RLIMIT_AS, &memory) < 0 ? -errno : 0;
#endif
}

/* In this order: the root needs capabilities, and the filter allows none of the others. Without no_new_privs, neither
 * Landlock nor the filter can be had. */
static int confine(bool has_directory) {
        int r;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                return -errno;
        (void) umask(0);
        (void) setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive converts names to it */
        r = has_directory ? change_root() : 0;
        if (r >= 0)
                r = restrict_files(has_directory);
        if (r >= 0)
                r = drop_capabilities(has_directory);
        if (r >= 0)
                r = bound_memory();
        if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                r = -errno;
        return r < 0 ? r : restrict_calls();
}

static void run_child(HelperRun run, const void *userdata, bool has_directory) {
        HelperResult result = {};
        int r = confine(has_directory);

        if (r < 0)
                snprintf(result.text, sizeof(result.text), "cannot confine the process that unpacks: %s",
                         r == -ENOSYS || r == -EOPNOTSUPP ? "the kernel has no Landlock" : strerror(-r));
        else
                run(userdata, &result);
        (void) fd_write_all(HELPER_RESULT, &result, sizeof(result));
        _exit(0);
}

int helper_start(Helper *h, HelperRun run, const void *userdata, int input, int output, int directory, Report *report) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return report_error(report, errno, "cannot make a pipe: %s", strerror(errno));
        h->pid = fork();
        if (h->pid == 0) {
                if (place_fds(input, output, ends[1], directory) < 0)
                        _exit(1);
                run_child(run, userdata, directory >= 0);
        }
        fd_close(ends[1]);
        h->result = ends[0];
        if (h->pid > 0)
                return 0;
        h->pid = 0;
        h->result = fd_close(h->result);
        return report_error(report, errno, "cannot make a process: %s", strerror(errno));
}

int helper_wait(Helper *h, HelperResult *ret) {
        size_t have = 0;
        int status = -1;
        ssize_t n;

        *ret = (HelperResult) {};
        while (have < sizeof(*ret) && (n = read(h->result, (char *) ret + have, sizeof(*ret) - have)) > 0)
                have += (size_t) n;
        h->result = fd_close(h->result);
        while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
                ;
        h->pid = 0;
        /* A sanitizer, or the C library, may have written its message where the result belongs. */
        if (have < sizeof(*ret) || status != 0) {
                *ret = (HelperResult) {};
                snprintf(ret->text, sizeof(ret->text), "the process that unpacks has died");
        }
        ret->text[sizeof(ret->text) - 1] = '\0';
        return ret->done ? 0 : -EBADMSG;
}

void helper_end(Helper *h) {
        HelperResult ignored;

        if (h->pid <= 0)
                return;
        (void) kill(h->pid, SIGKILL);
        (void) helper_wait(h, &ignored);
}
