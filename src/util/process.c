/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/strv.h"

enum { PATH_OF_MAX = 64 };

/* The pid of this process may be another one in that /proc. */
static const char *path_of(char buffer[static PATH_OF_MAX], pid_t pid, const char *file) {
        if (pid)
                snprintf(buffer, PATH_OF_MAX, "/proc/%d/%s", pid, file);
        else
                snprintf(buffer, PATH_OF_MAX, "/proc/self/%s", file);
        return buffer;
}

/* Reads /proc/PID/FILE, which is one record. */
static int read_record_of(pid_t pid, const char *file, char **ret) {
        char path[PATH_OF_MAX];

        return record_read(AT_FDCWD, path_of(path, pid, file), ret, NULL);
}

/* Finds the line that begins with prefix, and returns the rest of it. NULL if there is none. Changes the text. */
static const char *find_line(char *text, const char *prefix) {
        char *line, *position = NULL;

        for (line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                const char *rest = startswith(line, prefix);

                if (rest)
                        return rest;
        }
        return NULL;
}

/* The same for /proc/PID/FILE. */
static int read_line_of(pid_t pid, const char *file, const char *prefix, char **ret) {
        _cleanup_free_ char *text = NULL;
        const char *rest;
        int r;

        r = read_record_of(pid, file, &text);
        if (r < 0)
                return r;
        rest = find_line(text, prefix);
        if (!rest)
                return -ENODATA;
        *ret = strdup(rest);
        return *ret ? 0 : -ENOMEM;
}

int process_cgroup(pid_t pid, char **ret) {
        return read_line_of(pid, "cgroup", "0::", ret);
}

int process_status(pid_t pid, const char *key, char **ret) {
        char prefix[32];

        snprintf(prefix, sizeof(prefix), "%s:\t", key);
        return read_line_of(pid, "status", prefix, ret);
}

uint64_t process_ignored_signals(void) {
        _cleanup_free_ char *mask = NULL;

        return process_status(0, "SigIgn", &mask) < 0 ? UINT64_MAX : strtoull(mask, NULL, 16);
}

/* pidfd_open(2): EINVAL for such a number, or for a thread's ENOENT since Linux 6.15. */
int process_open(pid_t pid) {
        int fd = sys_pidfd_open(pid, 0);

        if (fd >= 0)
                return fd;
        return pid > 0 && (errno == EINVAL || errno == ENOENT) ? -ESRCH : -errno;
}

int process_pidfd_status(int pidfd, const char *key, char **ret) {
        char file[32], prefix[32];

        snprintf(file, sizeof(file), "fdinfo/%d", pidfd);
        snprintf(prefix, sizeof(prefix), "%s:\t", key);
        return read_line_of(0, file, prefix, ret);
}

int process_pidfd_has_pids(int pidfd, const char *pids) {
        char path[PATH_OF_MAX], text[2048];
        const char *found;
        int r;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
        r = record_read_into(AT_FDCWD, path, text, sizeof(text));
        if (r < 0)
                return r;
        found = find_line(text, "NSpid:\t");
        return found ? streq(found, pids) : -ENODATA;
}

static int count_pids(const char *pids) {
        int n = 1;

        for (const char *c = pids; *c; c++)
                n += *c == '\t';
        return n;
}

int process_pid_depth(pid_t pid) {
        _cleanup_free_ char *pids = NULL;
        int r = process_status(pid, "NSpid", &pids);

        return r < 0 ? r : count_pids(pids);
}

int process_pidfd_depth(int pidfd) {
        _cleanup_free_ char *pids = NULL;
        int r = process_pidfd_status(pidfd, "NSpid", &pids);

        return r < 0 ? r : count_pids(pids);
}

static void take_pids(const char *pids, ProcessFacts *ret) {
        const char *last = strrchr(pids, '\t');

        ret->depth = (unsigned) count_pids(pids);
        ret->innermost = (pid_t) strtol(last ?: pids, NULL, 10);
}

/* Takes a line of /proc/PID/status. Returns whether it is one of FACT_LINES. */
static bool take_fact(const char *line, ProcessFacts *facts) {
        const char *rest;

        /* The kernel escapes newlines in the name. */
        if ((rest = startswith(line, "Name:\t")))
                snprintf(facts->name, sizeof(facts->name), "%s", rest);
        else if ((rest = startswith(line, "PPid:\t")))
                facts->parent = (pid_t) strtol(rest, NULL, 10);
        else if ((rest = startswith(line, "Uid:\t")))
                facts->uid = (uid_t) strtoul(rest, NULL, 10);
        else if ((rest = startswith(line, "NSpid:\t")))
                take_pids(rest, facts);
        return rest;
}

bool process_is_host_root(void) {
        _cleanup_free_ char *map = NULL;
        unsigned inside, outside, count;

        return geteuid() == 0 && file_read_line(AT_FDCWD, "/proc/self/uid_map", &map) >= 0 &&
               sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count == UINT32_MAX;
}

int process_facts(pid_t pid, ProcessFacts *ret) {
        enum { FACT_LINES = 4 };
        _cleanup_free_ char *text = NULL;
        ProcessFacts facts = { .uid = (uid_t) -1 };
        char *position = NULL;
        unsigned n = 0;
        int r;

        r = read_record_of(pid, "status", &text);
        if (r < 0)
                return r;
        for (char *line = strtok_r(text, "\n", &position); line && n < FACT_LINES;
             line = strtok_r(NULL, "\n", &position))
                n += take_fact(line, &facts);
        *ret = facts;
        return 0;
}

int process_arguments(pid_t pid, char ***ret) {
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        char path[PATH_OF_MAX];
        int r;

        r = file_read(AT_FDCWD, path_of(path, pid, "cmdline"), &text, &size);
        for (const char *word = text; r >= 0 && word < text + size; word += strlen(word) + 1)
                r = strv_push(&words, word);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return *ret ? 0 : -ENODATA;
}

/* The fields of proc(5), /proc/PID/stat. The second one, in parentheses, can contain spaces. */
static int take_fields(const char *text, unsigned field, uint64_t *ret, unsigned n) {
        const char *p = strrchr(text, ')');

        for (unsigned i = 2; p && i < field; i++)
                p = strchr(p + 1, ' ');
        for (unsigned i = 0; i < n; i++) {
                if (!p || sscanf(p, " %" SCNu64, &ret[i]) != 1)
                        return -ENODATA;
                p = strchr(p + 1, ' ');
        }
        return 0;
}

int process_stat(pid_t pid, unsigned field, uint64_t *ret, unsigned n) {
        char text[2048], path[PATH_OF_MAX]; /* 52 numbers, and a name of 64 characters */
        int r;

        r = record_read_into(AT_FDCWD, path_of(path, pid, "stat"), text, sizeof(text));
        return r < 0 ? r : take_fields(text, field, ret, n);
}

enum { PARENT = 4, FLAGS = 9, START_TIME = 22 };

int process_life(int dir, ProcessLife *ret) {
        enum { EXITING = 4 }; /* PF_EXITING of the kernel, which stays set in a zombie */
        _cleanup_free_ char *text = NULL;
        uint64_t parent, flags, started;
        int r = record_read(dir, "stat", &text, NULL);

        if (r >= 0)
                r = take_fields(text, PARENT, &parent, 1);
        if (r >= 0)
                r = take_fields(text, FLAGS, &flags, 1);
        if (r >= 0)
                r = take_fields(text, START_TIME, &started, 1);
        if (r >= 0)
                *ret = (ProcessLife) { .parent = (pid_t) parent, .started = started, .ends = flags & EXITING };
        return r;
}

int process_started(pid_t pid, uint64_t *ret_usec) {
        uint64_t ticks;
        int r;

        r = process_stat(pid, START_TIME, &ticks, 1);
        if (r >= 0)
                *ret_usec = ticks * 1000000 / (uint64_t) sysconf(_SC_CLK_TCK);
        return r;
}

int process_hide_arguments(const char *name) {
        enum { ARG_START = 48 };
        uint64_t ends[2];
        size_t size;
        int r;

        r = process_stat(0, ARG_START, ends, 2);
        if (r < 0)
                return r;
        if (ends[0] == 0 || ends[1] <= ends[0])
                return -ENODATA;
        size = ends[1] - ends[0];
        memset((void *) (uintptr_t) ends[0], 0, size);
        memcpy((void *) (uintptr_t) ends[0], name, strnlen(name, size - 1));
        return 0;
}

/* struct pidfd_info of <linux/pidfd.h>, Linux 6.15. */
typedef struct PidfdInfo {
        uint64_t mask, cgroup;
        uint32_t ids[11];
        int32_t exit_code;
} PidfdInfo;

#define GET_INFO _IOWR(0xFF, 11, PidfdInfo)
#define INFO_CGROUP (UINT64_C(1) << 2)
#define INFO_EXIT (UINT64_C(1) << 3)
enum { INFO_PARENT = 2, INFO_UID }; /* in ids */

int process_pidfd_place(int pidfd, uint64_t *ret_cgroup, pid_t *ret_parent) {
        PidfdInfo info = { .mask = INFO_CGROUP };

        if (ioctl(pidfd, GET_INFO, &info) < 0)
                return -errno;
        if (!(info.mask & INFO_CGROUP))
                return -ENODATA;
        *ret_cgroup = info.cgroup;
        *ret_parent = (pid_t) info.ids[INFO_PARENT];
        return 0;
}

int process_pidfd_cgroup(int pidfd, uint64_t *ret) {
        pid_t parent;

        return process_pidfd_place(pidfd, ret, &parent);
}

static bool has_child(pid_t pid, pid_t child) {
        _cleanup_free_ char *text = NULL;
        char path[PATH_OF_MAX], file[32], *position = NULL;

        snprintf(file, sizeof(file), "task/%d/children", pid);
        if (file_read(AT_FDCWD, path_of(path, pid, file), &text, NULL) < 0)
                return false;
        for (char *word = strtok_r(text, " ", &position); word; word = strtok_r(NULL, " ", &position))
                if (strtol(word, NULL, 10) == child)
                        return true;
        return false;
}

/* The parent, as a child of whose first thread /proc shows the process: proc_tid_children(5). Returns 0 if it shows
 * no such process. */
static pid_t find_parent(pid_t child) {
        DIR *dir = opendir("/proc");
        const struct dirent *e;
        pid_t found = 0;

        while (dir && !found && (e = readdir(dir))) {
                pid_t pid = (pid_t) strtol(e->d_name, NULL, 10);

                if (pid > 0 && has_child(pid, child))
                        found = pid;
        }
        if (dir)
                closedir(dir);
        return found;
}

int process_pidfd_facts(int pidfd, pid_t pid, ProcessFacts *ret) {
        ProcessFacts facts = { .uid = (uid_t) -1, .hidden = true };
        _cleanup_free_ char *pids = NULL;
        PidfdInfo info = {};
        int r = process_pidfd_status(pidfd, "NSpid", &pids);

        if (r < 0)
                return r;
        take_pids(pids, &facts);
        if (ioctl(pidfd, GET_INFO, &info) >= 0) {
                facts.parent = (pid_t) info.ids[INFO_PARENT];
                facts.uid = info.ids[INFO_UID];
        } else
                facts.parent = find_parent(pid);
        *ret = facts;
        return 0;
}

/* Asks for the exit status. Returns whether the kernel has told it. ESRCH also comes from a process whose parent is
 * just waiting for it: it has no number any more, and no status yet. */
static bool ask_exit(int pidfd, PidfdInfo *info) {
        *info = (PidfdInfo) { .mask = INFO_EXIT };
        return ioctl(pidfd, GET_INFO, info) >= 0 && (info->mask & INFO_EXIT);
}

int process_pidfd_exit(int pidfd) {
        enum { TIMEOUT_MSEC = 1000 };
        PidfdInfo info;

        if (ask_exit(pidfd, &info))
                return info.exit_code;
        /* The kernel tells the status, and hangs up, when the parent has waited for the process. */
        (void) poll(&(struct pollfd) { .fd = pidfd }, 1, TIMEOUT_MSEC);
        return ask_exit(pidfd, &info) ? info.exit_code : -EOPNOTSUPP;
}

void process_die_of(int sig) {
        sigset_t mask;

        (void) setrlimit(RLIMIT_CORE, &(struct rlimit) {});
        /* A core_pattern with a pipe ignores the limit: core(5). */
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void) signal(sig, SIG_DFL);
        sigemptyset(&mask);
        sigaddset(&mask, sig);
        (void) sigprocmask(SIG_UNBLOCK, &mask, NULL);
        (void) raise(sig);
}

int process_run(char *const *arguments, int *ret_status) {
        pid_t pid;
        int r = posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ);

        if (r > 0)
                return -r;
        return TEMP_FAILURE_RETRY(waitpid(pid, ret_status, 0)) < 0 ? -errno : 0;
}

void process_begin_helper(const char *name) {
        sigset_t all;

        (void) signal(SIGPIPE, SIG_IGN);
        sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) process_hide_arguments(name);
        (void) prctl(PR_SET_NAME, name);
        (void) setsid();
}

static int write_map(const char *path, unsigned inside, unsigned outside) {
        char line[64];

        snprintf(line, sizeof(line), "%u %u 1", inside, outside);
        return file_write(AT_FDCWD, path, line);
}

/* Without CAP_SETGID outside, a gid can be mapped only after setgroups(2) is denied: user_namespaces(7). */
int process_unshare_users(int flags, uid_t uid, gid_t gid) {
        const uid_t old_uid = geteuid();
        const gid_t old_gid = getegid();
        int r = unshare(CLONE_NEWUSER | flags) < 0 ? -errno : 0;

        if (r >= 0)
                r = file_write(AT_FDCWD, "/proc/self/setgroups", "deny");
        if (r >= 0)
                r = write_map("/proc/self/gid_map", gid, old_gid);
        return r < 0 ? r : write_map("/proc/self/uid_map", uid, old_uid);
}
