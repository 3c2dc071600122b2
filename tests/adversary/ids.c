/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

static int try_setuid(const Facts *facts, const Attempt *a) {
        return result(setresuid(1, 1, 1));
}

static int try_setgid(const Facts *facts, const Attempt *a) {
        return result(setresgid(1, 1, 1));
}

static int try_setgroups(const Facts *facts, const Attempt *a) {
        gid_t group = 1;

        return result(setgroups(1, &group));
}

static int try_chown(const Facts *facts, const Attempt *a) {
        char path[] = "/tmp/adversary.XXXXXX";
        int fd = mkstemp(path), r;

        if (fd < 0)
                return -errno;
        r = result(fchown(fd, 1, 1));
        (void) unlink(path);
        return r;
}

static int try_capset(const Facts *facts, const Attempt *a) {
        struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2];

        memset(data, 0xff, sizeof(data));
        if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1)
                return result(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) - 1);
        return result(syscall(SYS_capset, &header, data));
}

static int try_securebits(const Facts *facts, const Attempt *a) {
        return result(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS));
}

/* Runs a set-user-ID program, which says by its status whether its effective id is another. */
static int try_setuid_program(const Facts *facts, const Attempt *a) {
        pid_t pid = fork();
        int status;

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                execl(facts->setuid, facts->setuid, "uid", NULL);
                _exit(3);
        }
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
                return -ECHILD;
        return WEXITSTATUS(status) == 0 ? 0 : WEXITSTATUS(status) == 3 ? -ENOENT : -EPERM;
}

static int try_setuid_bit(const Facts *facts, const Attempt *a) {
        char path[] = "/tmp/adversary.XXXXXX";
        int fd = mkstemp(path), r;

        if (fd < 0)
                return -errno;
        r = result(fchmod(fd, (mode_t) a->args[0]));
        (void) unlink(path);
        return r;
}

static int try_add_key(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_add_key, "user", "adversary-inside", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

/* The process outside has put a key of this name into its user's keyring. */
static int try_find_key(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", facts->name, 0));
}

static int try_request_key(const Facts *facts, const Attempt *a) {
        return result(syscall(SYS_request_key, "user", facts->name, NULL, 0));
}

static const Attempt attempts[] = {
        { "setuid", "another user's id", try_setuid },
        { "setgid", "another group's id", try_setgid },
        { "setgroups", "another supplementary group", try_setgroups },
        { "chown", "give a file to another user", try_chown },
        { "capset", "have CAP_SYS_ADMIN, or be able to gain it", try_capset },
        { "securebits", "set the securebits", try_securebits },
        { "setuid-program", "gain an id by a set-user-ID program", try_setuid_program },
        { "setuid-bit", "set a set-user-ID bit", try_setuid_bit, { 04755 } },
        { "setgid-bit", "set a set-group-ID bit", try_setuid_bit, { 02755 } },
        { "add-key", "add a key", try_add_key },
        { "find-key", "find a key of the caller's user", try_find_key },
        { "request-key", "find a key of the caller's session", try_request_key },
};
AREA(area_ids, "Ids, capabilities and keys");
