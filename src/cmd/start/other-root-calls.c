/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/start/other-root-calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "plan/deny/assembler.h"
#include "policy/value/names.h"
#include "util/kernel.h"
#include "util/macro.h"

#define X32_BIT UINT32_C(0x40000000) /* __X32_SYSCALL_BIT: such numbers come with the architecture of x86_64 */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
                    CLONE_NEWNET)

static const uint32_t denied[] = {
        SYS_execve, SYS_execveat, SYS_personality, /* READ_IMPLIES_EXEC */
        SYS_shmat, /* SHM_EXEC */
        SYS_socket, SYS_socketpair, SYS_io_uring_setup, /* IORING_OP_SOCKET */
        SYS_unshare, SYS_setns,
        SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_mount_setattr,
        SYS_fsopen, SYS_fsmount, SYS_fspick,
        SYS_open_by_handle_at, /* root's process has CAP_DAC_READ_SEARCH */
        SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kill, SYS_tkill,
        SYS_pidfd_send_signal, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
        SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key, SYS_request_key, SYS_keyctl,
};

/* The lower half of an argument: the kernel uses no more of those that are tested here. */
static size_t argument(size_t i) {
        const size_t half = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) * sizeof(uint32_t);

        return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t) + half;
}

/* clone3(2) has its flags in memory. Without it, libraries use clone(2). */
static Label write_arguments(Assembler *a, Label deny, Label allow) {
        const Label executable = assemble_load(a, argument(2), assemble_if(a, BPF_JSET, PROT_EXEC, deny, allow));
        const Label namespaces = assemble_load(a, argument(0), assemble_if(a, BPF_JSET, NAMESPACES, deny, allow));
        const Label absent = assemble_return(a, SECCOMP_RET_ERRNO | ENOSYS);
        Label next = assemble_if(a, BPF_JEQ, TIOCLINUX, deny, allow);

        next = assemble_load(a, argument(1), assemble_if(a, BPF_JEQ, TIOCSTI, deny, next));
        next = assemble_if(a, BPF_JEQ, SYS_ioctl, next, allow);
        next = assemble_if(a, BPF_JEQ, SYS_clone3, absent, next);
        next = assemble_if(a, BPF_JEQ, SYS_clone, namespaces, next);
        next = assemble_if(a, BPF_JEQ, SYS_mmap, executable, next);
        next = assemble_if(a, BPF_JEQ, SYS_mprotect, executable, next);
        return assemble_if(a, BPF_JEQ, SYS_pkey_mprotect, executable, next);
}

int other_root_program(struct sock_fprog *ret) {
        Assembler a = {};
        const Label kill = assemble_return(&a, SECCOMP_RET_KILL_PROCESS);
        const Label deny = assemble_return(&a, SECCOMP_RET_ERRNO | EPERM);
        Label next = write_arguments(&a, deny, assemble_return(&a, SECCOMP_RET_ALLOW));
        struct sock_filter *code;
        size_t n;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(denied); i++)
                next = assemble_if(&a, BPF_JEQ, denied[i], deny, next);
        if (NATIVE_ARCHITECTURE == AUDIT_ARCH_X86_64)
                next = assemble_if(&a, BPF_JGE, X32_BIT, deny, next);
        next = assemble_load(&a, offsetof(struct seccomp_data, nr), next);
        assemble_load(&a, offsetof(struct seccomp_data, arch),
                      assemble_if(&a, BPF_JEQ, NATIVE_ARCHITECTURE, next, kill));
        r = assemble_finish(&a, &code, &n);
        if (r >= 0)
                *ret = (struct sock_fprog) { .len = (unsigned short) n, .filter = code };
        return r;
}
