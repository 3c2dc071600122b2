/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/flows/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "plan/deny/assembler.h"
#include "policy/value/names.h"
#include "util/capability.h"
#include "util/kernel.h"

/* The id on the host of an id in the instance's outer user namespace. */
static int host_id(const IdMap *map, uint32_t id, uint32_t *ret) {
        uint64_t found;

        if (!id_map_find(map, id, &found))
                return -ERANGE;
        *ret = (uint32_t) found;
        return 0;
}

static int set_groups(const Plan *plan) {
        gid_t groups[NGROUPS_MAX];

        for (size_t i = 0; i < plan->n_groups; i++)
                if (i == NGROUPS_MAX || host_id(&plan->gid_map, plan->groups[i], &groups[i]) < 0)
                        return -ERANGE;
        return sys_setgroups(plan->n_groups, groups) < 0 ? -errno : 0;
}

static int set_ids(const Plan *plan) {
        uint32_t uid, gid;
        int r;

        r = host_id(&plan->uid_map, plan->set_owner ? plan->owner_uid : plan->uid, &uid);
        if (r >= 0)
                r = host_id(&plan->gid_map, plan->set_owner ? plan->owner_gid : plan->gid, &gid);
        if (r >= 0 && plan->set_ids)
                r = set_groups(plan);
        if (r < 0)
                return r;
        return sys_setresgid(gid) < 0 || sys_setresuid(uid) < 0 ? -errno : 0;
}

int confine_ids(const Plan *plan) {
        int r = 0;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        if (geteuid() == 0)
                r = set_ids(plan);
        if (r >= 0)
                r = capability_set_ambient(0);
        if (r >= 0)
                r = capability_set(&(CapabilitySets) {});
        return r < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) >= 0 ? r : -errno;
}

/* Writes that one of the values goes on at yes, and all others at no. */
static Label write_any(Assembler *a, const uint32_t *values, size_t n, Label yes, Label no) {
        while (n-- > 0)
                no = assemble_if(a, BPF_JEQ, values[n], yes, no);
        return no;
}

/* Where the filter finds the lower half of an argument: the kernel uses no more of those that are asked for here. */
static size_t argument(size_t i) {
        const size_t half = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) * sizeof(uint32_t);

        return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t) + half;
}

int confine_filter(const Confinement *c) {
        const size_t number = offsetof(struct seccomp_data, nr);
        struct sock_filter *code = NULL;
        const uint32_t sizes_pipes = F_SETPIPE_SZ;
        Label allow, deny, kill, family, request, command, next;
        struct sock_fprog program;
        Assembler a = {};
        size_t n;
        int r;

        kill = assemble_return(&a, SECCOMP_RET_KILL_PROCESS);
        deny = assemble_return(&a, SECCOMP_RET_ERRNO | EPERM);
        allow = assemble_return(&a, SECCOMP_RET_ALLOW);
        family = assemble_load(&a, argument(0), write_any(&a, c->families, c->n_families, allow, deny));
        request = assemble_load(&a, argument(1), write_any(&a, c->requests, c->n_requests, allow, deny));
        command = assemble_load(&a, argument(1), write_any(&a, &sizes_pipes, c->sizes_pipes, allow, deny));
        next = assemble_if(&a, BPF_JEQ, SYS_ioctl, request, deny);
        next = assemble_if(&a, BPF_JEQ, SYS_fcntl, command, next);
        next = assemble_if(&a, BPF_JEQ, SYS_socket, family, next);
        next = assemble_load(&a, number, write_any(&a, c->calls, c->n_calls, allow, next));
        assemble_load(&a, offsetof(struct seccomp_data, arch),
                      assemble_if(&a, BPF_JEQ, NATIVE_ARCHITECTURE, next, kill));
        r = assemble_finish(&a, &code, &n);
        if (r < 0)
                return r;
        program = (struct sock_fprog) { .len = (unsigned short) n, .filter = code };
        r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
        free(code);
        return r;
}

int confine_calls(void) {
        static const uint32_t calls[] = {
                SYS_read, SYS_write, SYS_close, SYS_splice, SYS_pipe2, SYS_accept4, SYS_connect, SYS_shutdown,
                SYS_bind, /* for address.c; without listen(2), nothing can connect */
                SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_getsockopt, SYS_setsockopt, SYS_getsockname,
                SYS_getpeername,
                SYS_epoll_ctl, SYS_epoll_pwait, SYS_clock_gettime, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap,
                SYS_madvise, SYS_futex, SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
                SYS_pidfd_send_signal, SYS_wait4, /* to end the other processes */
#ifdef SYS_epoll_wait
                SYS_epoll_wait,
#endif
        };
        static const uint32_t families[] = { AF_INET, AF_INET6, AF_UNIX };

        return confine_filter(&(Confinement) { .calls = calls, .n_calls = ELEMENTSOF(calls), .families = families,
                                               .n_families = ELEMENTSOF(families), .sizes_pipes = true });
}

int confine_inner(bool listens) {
        static const uint32_t calls[] = {
                SYS_bind, SYS_setsockopt, SYS_sendmsg, SYS_sendto, SYS_close, SYS_clock_nanosleep, SYS_nanosleep,
                SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
        };
        static const uint32_t listen_calls[] = {
                SYS_bind, SYS_listen, SYS_setsockopt, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_close,
                SYS_clock_nanosleep, SYS_nanosleep, SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,
        };
        static const uint32_t families[] = { AF_INET, AF_INET6 },
                              requests[] = { SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFINDEX }; /* listen_add_address() */

        if (listens)
                return confine_filter(&(Confinement) {
                        .calls = listen_calls, .n_calls = ELEMENTSOF(listen_calls), .families = families,
                        .n_families = ELEMENTSOF(families), .requests = requests,
                        .n_requests = ELEMENTSOF(requests) });
        return confine_filter(&(Confinement) { .calls = calls, .n_calls = ELEMENTSOF(calls), .families = families,
                                               .n_families = ELEMENTSOF(families) });
}
