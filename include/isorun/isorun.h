/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ISORUN_ISORUN_H
#define ISORUN_ISORUN_H

/* libisorun: a program isolates itself, by the policy in its own file. libisorun(3) is the manual.
 *
 *     #include <isorun/isorun.h>
 *
 *     ISORUN_POLICY("[Sandbox]\n"
 *                   "PrivateNetwork=no\n")
 *
 *     int main(int argc, char *argv[]) {
 *             if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
 *                     return 125;
 *             … the program, in its sandbox …
 *     }
 *
 * For every function:
 *  - It returns a negative errno if it fails. The program must then not go on as if it were isolated.
 *  - It does not print, and does not end the process, except where isorun_isolate() says so. It has no state of its own
 *    that a later call sees.
 *  - It takes over nothing, and returns nothing that the caller has to free.
 *  - It may be called by any thread, but only in a process with one thread can it start an instance.
 */

#include <stdio.h>

#include "policy.h" /* ISORUN_POLICY() and ISORUN_POLICY_FILE() */

#ifdef __cplusplus
extern "C" {
#endif

/* Takes one message: an error, notice or step, as one line without newline. priority is that of syslog(3): 3 for an
 * error, 5 for a notice. line is valid until the function returns. It must not call a function of this library. */
typedef void (*isorun_log_fn)(void *userdata, int priority, const char *line);

/* An isorun_log_fn for programs that print their errors. It is in the program, not in the library. Since 0.1. */
static inline void isorun_log_to_stderr(void *userdata, int priority, const char *line) {
        (void) userdata;
        (void) priority;
        fprintf(stderr, "isorun: %s\n", line);
}

enum {
        /* In a service with Type=notify: the isolated process takes over as the main process of the service, and this
         * one ends: isorun(1), --hand-over. It is an error elsewhere. Since 0.1. */
        ISORUN_HAND_OVER = 1 << 0,
        /* This process is the interpreter of a script, and the script is the program: argv[0] is its path, the policy
         * is that of its comments (docs/elf-note.md), and the script is executed again, not the interpreter with its
         * own options. Since 0.1. */
        ISORUN_SCRIPT = 1 << 1,
};

/* Isolates this program. Call it at the beginning of main(), before the program makes threads or opens files. argc and
 * argv are those of main(). log may be NULL; userdata is for it.
 *
 * Returns 1 if this process runs in an instance of the program's policy, or of a narrower one: the program goes on.
 *
 * Otherwise the call starts such an instance, in which this program is executed again, from its beginning and with the
 * same arguments. The calling process waits for it, forwards signals to it, and ENDS when it has ended: by _exit(2)
 * with the same status, or 128+N if signal N ended it (as the main process of a service, and for SIGINT and SIGQUIT, by
 * the same signal). Functions of atexit(3) are not called, and buffers of stdio are not written. While it waits, its
 * name is "isorun" (PR_SET_NAME in prctl(2)): this is how isoctl finds it.
 *
 * Returns -errno, and has changed nothing, if it cannot start the instance: -ENODATA if the program carries no policy,
 * -EBUSY if the process has more than one thread, -EPERM if the program is set-user-ID or set-group-ID, has
 * capabilities by its file, or is in a sandbox that does not let it make its own, -EXDEV in a chroot(2) environment,
 * -ESTALE if the program's file was replaced or removed, -EACCES or -ENOEXEC if a script cannot be executed, -EBADF if
 * one of the fds 0 to 2 is closed, -EBADMSG if the policy is wrong, -EINVAL for unknown flags, -ENOMEM, and others. log
 * gets the reason. Since 0.1. */
int isorun_isolate(int argc, char *const argv[], unsigned flags, isorun_log_fn log, void *userdata);

/* Does the same, but never ends this process. Returns 0 when the program has run isolated and has ended; *ret_status is
 * then its status as from waitpid(2), and the process has its own name again. A failure after the isolated program has
 * begun is -ECHILD. Since 0.1. */
int isorun_run(int argc, char *const argv[], unsigned flags, isorun_log_fn log, void *userdata, int *ret_status);

/* Measures whether this process runs in an instance of the program's policy, or of a narrower one. Returns 1, or 0 and
 * gives log one notice that says what is missing, or -errno. Changes nothing. It believes the kernel alone; but whoever
 * started the program could also have started a changed copy of it, so the answer is no proof against the starter. It
 * forks a process for a moment, unless the system call filter denies that. Since 0.1. */
int isorun_is_isolated(isorun_log_fn log, void *userdata);

/* The same for a process that interprets the script at this path. Since 0.1. */
int isorun_is_script_isolated(const char *script, isorun_log_fn log, void *userdata);

/* Gives up, in all threads of this process, what the section [Stage.NAME] of the program's policy does not permit:
 * isorun.policy(5). stage is NAME. Files, sockets and devices that are open stay open. The stage is also that of
 * processes that this one makes later, but processes that exist already do not enter it. Nothing brings back what a
 * stage has taken. Another stage may follow, as long as this one lets the process read the program's file and
 * /proc.
 *
 * Returns 0. Returns -errno, and has changed nothing: -ENOENT if the policy has no such stage, -EPERM if the process
 * is not in an instance of the policy (isorun_is_isolated()), -EBUSY if the process has several threads and the
 * stage has paths (before Linux 7.0), peers (the same) or capabilities to drop, or if one thread has another system
 * call filter, -ENODATA if the program carries no policy, -EOPNOTSUPP if the kernel cannot enforce the stage, -E2BIG
 * after 16 Landlock domains, -EINVAL if stage is NULL, -ENOMEM, and others. Returns -ENOTRECOVERABLE if the kernel
 * has taken only a part of the stage: the process must then end. log gets the reason. While it runs, no other thread
 * may make a thread or change its own filter. Since 0.1. */
int isorun_restrict(const char *stage, isorun_log_fn log, void *userdata);

/* The same for a process that interprets the script at this path: the stage is that of the script's policy, and narrows
 * the interpreter. Since 0.1. */
int isorun_restrict_script(const char *script, const char *stage, isorun_log_fn log, void *userdata);

/* The version of the library, such as "0.1.0". The string is constant. Since 0.1. */
const char *isorun_version(void);

#ifdef __cplusplus
}
#endif

#endif
