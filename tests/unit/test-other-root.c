/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of the process of isoctl --root, evaluated as the kernel would. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "cmd/start/other-root-calls.h"
#include "plan/deny/answer.h"
#include "policy/value/names.h"

typedef struct Case {
        const char *name;
        int number;
        uint64_t arguments[3];
} Case;

static const Case denied[] = {
        { "execve", SYS_execve },
        { "execveat", SYS_execveat },
        { "personality(READ_IMPLIES_EXEC)", SYS_personality, { READ_IMPLIES_EXEC } },
        { "mmap(PROT_EXEC)", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC } },
        { "mprotect(PROT_EXEC)", SYS_mprotect, { 0, 4096, PROT_EXEC } },
        { "pkey_mprotect(PROT_EXEC)", SYS_pkey_mprotect, { 0, 4096, PROT_EXEC } },
        { "shmat(SHM_EXEC)", SYS_shmat, { 0, 0, 0100000 } },
        { "socket", SYS_socket, { AF_UNIX, SOCK_STREAM } },
        { "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM } },
        { "io_uring_setup", SYS_io_uring_setup, { 1 } },
        { "unshare", SYS_unshare, { CLONE_NEWUSER } },
        { "setns", SYS_setns },
        { "clone(CLONE_NEWUSER)", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
        { "clone(CLONE_NEWNS)", SYS_clone, { CLONE_NEWNS | SIGCHLD } },
        { "mount", SYS_mount },
        { "umount2", SYS_umount2 },
        { "pivot_root", SYS_pivot_root },
        { "chroot", SYS_chroot },
        { "open_tree", SYS_open_tree },
        { "move_mount", SYS_move_mount },
        { "mount_setattr", SYS_mount_setattr },
        { "fsopen", SYS_fsopen },
        { "fsmount", SYS_fsmount },
        { "fspick", SYS_fspick },
        { "open_by_handle_at", SYS_open_by_handle_at },
        { "ptrace", SYS_ptrace },
        { "process_vm_readv", SYS_process_vm_readv },
        { "process_vm_writev", SYS_process_vm_writev },
        { "pidfd_getfd", SYS_pidfd_getfd },
        { "kill", SYS_kill },
        { "pidfd_send_signal", SYS_pidfd_send_signal },
        { "bpf", SYS_bpf },
        { "keyctl", SYS_keyctl },
        { "ioctl(TIOCSTI)", SYS_ioctl, { 0, TIOCSTI } },
        { "ioctl(TIOCLINUX), whatever its upper half", SYS_ioctl, { 0, TIOCLINUX | UINT64_C(1) << 32 } },
};

static const Case allowed[] = {
        { "read", SYS_read },
        { "openat", SYS_openat, { 0, 0, O_RDONLY } },
        { "mmap", SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE } },
        { "mprotect", SYS_mprotect, { 0, 4096, PROT_READ } },
        { "clone", SYS_clone, { SIGCHLD } },
        { "ioctl(TIOCGWINSZ)", SYS_ioctl, { 1, TIOCGWINSZ } },
        { "exit_group", SYS_exit_group },
};

static uint32_t ask(const struct sock_fprog *program, uint32_t architecture, const Case *c, int number) {
        struct seccomp_data data = { .nr = number, .arch = architecture };

        for (size_t i = 0; i < ELEMENTSOF(c->arguments); i++)
                data.args[i] = c->arguments[i];
        return program_answer(program, &data, NULL);
}

static void expect(const char *name, uint32_t answer, uint32_t expected) {
        if (answer != expected)
                fail_msg("%s: the filter answers %#x, not %#x", name, answer, expected);
}

/* promise P60 */
static void test_calls(void **state) {
        const uint32_t deny = SECCOMP_RET_ERRNO | EPERM;
        const Case clone3 = { "clone3", SYS_clone3 };
        struct sock_fprog program;

        (void) state;
        assert_int_equal(other_root_program(&program), 0);
        for (size_t i = 0; i < ELEMENTSOF(denied); i++)
                expect(denied[i].name, ask(&program, NATIVE_ARCHITECTURE, &denied[i], denied[i].number), deny);
        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                expect(allowed[i].name, ask(&program, NATIVE_ARCHITECTURE, &allowed[i], allowed[i].number),
                       SECCOMP_RET_ALLOW);
        expect(clone3.name, ask(&program, NATIVE_ARCHITECTURE, &clone3, SYS_clone3), SECCOMP_RET_ERRNO | ENOSYS);
        free(program.filter);
}

/* promise P60 */
static void test_architectures(void **state) {
        const uint32_t other = NATIVE_ARCHITECTURE == AUDIT_ARCH_X86_64 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
        struct sock_fprog program;

        (void) state;
        assert_int_equal(other_root_program(&program), 0);
        expect("another architecture", ask(&program, other, &allowed[0], SYS_read), SECCOMP_RET_KILL_PROCESS);
        for (size_t i = 0; NATIVE_ARCHITECTURE == AUDIT_ARCH_X86_64 && i < ELEMENTSOF(denied); i++)
                expect("a number of x32", ask(&program, NATIVE_ARCHITECTURE, &denied[i], denied[i].number | 0x40000000),
                       SECCOMP_RET_ERRNO | EPERM);
        free(program.filter);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls),
                cmocka_unit_test(test_architectures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
