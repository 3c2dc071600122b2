/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/other-root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/program.h"
#include "cmd/start/other-host.h"
#include "cmd/start/other-root-calls.h"
#include "plan/plan.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/landlock.h"
#include "util/library.h"
#include "util/process.h"

static bool entered;
static const char *arg_option = "--root"; /* for messages */

int (*other_root_probe(void))(Host *host, Report *report) {
        return entered ? other_host : NULL;
}

/* They are this host's, so they are loaded first. Where one is missing, the code that needs it says so. */
static void load_libraries(void) {
        static const char *const names[] = { "libelf.so.1", "libseccomp.so.2", "libblkid.so.1", "libjansson.so.4" };

        void *functions[1];

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) library_load(names[i], NULL, 0, functions);
}

/* A user becomes uid 0 there, as whom all plans are made. */
static int unshare_all(Report *report) {
        const int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC;
        int r = 0;

        if (geteuid() != 0 || unshare(flags) < 0)
                r = process_unshare_users(flags, 0, 0);
        if (r >= 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                r = -errno;
        return r < 0 ? report_error(report, -r, "%s: cannot make namespaces: %s", arg_option, strerror(-r)) : 0;
}

/* Of /proc, only this process's own fds: fd_open_regular() opens files through them. */
static int make_proc(int own_fds) {
        static const char *const directories[] = { "/proc/self", "/proc/self/fd" };
        struct stat st;

        if (lstat("/proc", &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                return -ENOTDIR;
        if (mount("isoctl", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=64k") < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (mkdir(directories[i], 0755) < 0)
                        return -errno;
        return move_mount(own_fds, "", AT_FDCWD, "/proc/self/fd", MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

/* The old root stays below. Without capabilities, nothing leads there: neither an fd, nor "..". */
static int change_root(const char *directory, Report *report) {
        struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
        _cleanup_close_ int tree = open_tree(AT_FDCWD, directory, flags | AT_RECURSIVE), own_fds = -1;
        struct stat st;
        int r;

        if (tree < 0 || fstat(tree, &st) < 0)
                return report_error(report, errno, "%s: cannot open %s: %s", arg_option, directory, strerror(errno));
        if (!S_ISDIR(st.st_mode))
                return report_error(report, ENOTDIR, "%s: %s is not a directory", arg_option, directory);
        own_fds = open_tree(AT_FDCWD, "/proc/self/fd", flags);
        if (own_fds < 0 || mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0 ||
            move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0 || chroot(".") < 0)
                return report_error(report, errno, "%s: cannot make %s the root: %s", arg_option, directory,
                                    strerror(errno));
        r = make_proc(own_fds);
        if (r < 0)
                return report_error(report, -r, "%s: cannot mount a /proc for isoctl in %s: %s (it needs a directory "
                                    "of that name)", arg_option, directory, strerror(-r));
        return 0;
}

static int restrict_calls(void) {
        struct sock_fprog program;
        int r = other_root_program(&program);

        if (r < 0)
                return r;
        r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
        free(program.filter);
        return r;
}

/* Root's process still reads what only root may read. */
static int drop_rights(void) {
        CapabilitySets now = {};
        uint64_t keep;
        int r = capability_get(&now);

        keep = now.permitted & UINT64_C(1) << CAP_DAC_READ_SEARCH;
        if (r >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = -errno;
        if (r >= 0)
                r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) { .effective = keep, .permitted = keep });
        return r < 0 ? r : restrict_calls();
}

static int close_others(bool keep_input) {
        _cleanup_close_ int null = keep_input ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);

        if (!keep_input && (null < 0 || dup2(null, STDIN_FILENO) < 0))
                return -errno;
        return close_range(STDERR_FILENO + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* Only what says how to print stays of the caller's environment. */
static int make_environment(void) {
        static const char *const kept[] = { "TERM", "NO_COLOR", "COLUMNS", "ASAN_OPTIONS", "UBSAN_OPTIONS" };
        char *values[ELEMENTSOF(kept)] = {};
        _cleanup_(host_user_deinit) HostUser root = {};
        _cleanup_(host_deinit) Host host = {};
        Report silent = {};
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                values[i] = getenv(kept[i]) ? strdup(getenv(kept[i])) : NULL;
        if (clearenv() != 0)
                r = -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(kept); i++) {
                if (r >= 0 && values[i] && setenv(kept[i], values[i], 1) < 0)
                        r = -ENOMEM;
                free(values[i]);
        }
        if (r >= 0)
                r = other_host(&host, &silent);
        if (r >= 0 && host.find_user_by_uid(0, &root) == -ENOMEM)
                r = -ENOMEM;
        if (r >= 0 && (setenv("HOME", root.home ?: "/root", 1) < 0 || setenv("USER", root.name ?: "root", 1) < 0 ||
                       setenv("LOGNAME", root.name ?: "root", 1) < 0))
                r = -ENOMEM;
        return r;
}

static int enter(const char *directory, bool keep_input, Report *report) {
        const bool is_root = geteuid() == 0;
        int r;

        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                return report_error(report, errno, "%s: %s", arg_option, strerror(errno));
        r = close_others(keep_input);
        if (r < 0)
                return report_error(report, -r, "%s: cannot close files: %s", arg_option, strerror(-r));
        r = unshare_all(report);
        if (r >= 0)
                r = change_root(directory, report);
        if (r < 0)
                return r;
        r = drop_rights();
        if (r < 0)
                return report_error(report, -r, "%s: cannot confine isoctl: %s", arg_option, strerror(-r));
        fd_refuse_magic_links(); /* to the files of the caller that are this process's input and output */
        r = make_environment();
        if (r < 0)
                return report_oom(report);
        entered = true;
        report_notice(report, "%s: assumes root of the host, with systemd and a kernel that has all that isorun "
                              "uses (Landlock ABI %d): isoctl check there tells what it lacks",
                      arg_option, LANDLOCK_ABI_LOG);
        if (!is_root)
                report_notice(report, "%s: as a user, isoctl cannot tell the owners of files apart; root's isoctl "
                                      "checks them as a start does", arg_option);
        return 0;
}

_Noreturn static void run_child(const char *directory, bool keep_input, OtherRun run, const void *userdata,
                                Report *report) {
        int status = enter(directory, keep_input, report) < 0 ? PLAN_FAILED : run(userdata, report);

        if (fflush(stdout) != 0 && status == 0)
                status = PLAN_FAILED;
        _exit(status);
}

int other_root_run(const char *directory, bool keep_input, OtherRun run, const void *userdata, Report *report) {
        int status = 0;
        pid_t pid;

        if (!directory) {
                arg_option = "--offline";
                directory = "/";
        }
        load_libraries();
        (void) fflush(stdout);
        pid = fork();
        if (pid == 0)
                run_child(directory, keep_input, run, userdata, report);
        while (pid > 0 && waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        pid = -1;
        if (pid < 0) {
                report_error(report, errno, "%s: cannot make a process: %s", arg_option, strerror(errno));
                return PLAN_FAILED;
        }
        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        report_error(report, ECHILD, "%s: the process that reads %s has died of signal %d", arg_option, directory,
                     WTERMSIG(status));
        return PLAN_FAILED;
}
