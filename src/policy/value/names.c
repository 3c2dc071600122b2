/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/names.h"

#include <ctype.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "util/macro.h"

#define AF(name) { "AF_" #name, AF_##name }
const NamedNumber address_families[] = {
        AF(UNIX),    AF(LOCAL),  AF(INET),     AF(INET6),      AF(NETLINK), AF(PACKET),   AF(BLUETOOTH),
        AF(VSOCK),   AF(ALG),    AF(CAN),      AF(XDP),        AF(KEY),     AF(RXRPC),    AF(TIPC),
        AF(AX25),    AF(IPX),    AF(APPLETALK), AF(NETROM),    AF(BRIDGE),  AF(ATMPVC),   AF(X25),
        AF(ROSE),    AF(SECURITY), AF(ASH),    AF(ECONET),     AF(ATMSVC),  AF(RDS),      AF(SNA),
        AF(IRDA),    AF(PPPOX),  AF(WANPIPE),  AF(LLC),        AF(IB),      AF(MPLS),     AF(IUCV),
        AF(ISDN),    AF(PHONET), AF(IEEE802154), AF(CAIF),     AF(NFC),     AF(KCM),      AF(QIPCRTR),
        AF(SMC),     AF(MCTP),   {},
};

const NamedNumber namespace_types[] = {
        { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "net", CLONE_NEWNET }, { "mnt", CLONE_NEWNS },
        { "pid", CLONE_NEWPID },       { "user", CLONE_NEWUSER }, { "uts", CLONE_NEWUTS }, { "time", CLONE_NEWTIME },
        {},
};

#define CAP(name, constant) { "cap_" #name, CAP_##constant }
const NamedNumber capability_names[] = {
        CAP(chown, CHOWN), CAP(dac_override, DAC_OVERRIDE), CAP(dac_read_search, DAC_READ_SEARCH),
        CAP(fowner, FOWNER), CAP(fsetid, FSETID), CAP(kill, KILL), CAP(setgid, SETGID), CAP(setuid, SETUID),
        CAP(setpcap, SETPCAP), CAP(linux_immutable, LINUX_IMMUTABLE), CAP(net_bind_service, NET_BIND_SERVICE),
        CAP(net_broadcast, NET_BROADCAST), CAP(net_admin, NET_ADMIN), CAP(net_raw, NET_RAW), CAP(ipc_lock, IPC_LOCK),
        CAP(ipc_owner, IPC_OWNER), CAP(sys_module, SYS_MODULE), CAP(sys_rawio, SYS_RAWIO),
        CAP(sys_chroot, SYS_CHROOT), CAP(sys_ptrace, SYS_PTRACE), CAP(sys_pacct, SYS_PACCT),
        CAP(sys_admin, SYS_ADMIN), CAP(sys_boot, SYS_BOOT), CAP(sys_nice, SYS_NICE), CAP(sys_resource, SYS_RESOURCE),
        CAP(sys_time, SYS_TIME), CAP(sys_tty_config, SYS_TTY_CONFIG), CAP(mknod, MKNOD), CAP(lease, LEASE),
        CAP(audit_write, AUDIT_WRITE), CAP(audit_control, AUDIT_CONTROL), CAP(setfcap, SETFCAP),
        CAP(mac_override, MAC_OVERRIDE), CAP(mac_admin, MAC_ADMIN), CAP(syslog, SYSLOG), CAP(wake_alarm, WAKE_ALARM),
        CAP(block_suspend, BLOCK_SUSPEND), CAP(audit_read, AUDIT_READ), CAP(perfmon, PERFMON), CAP(bpf, BPF),
        CAP(checkpoint_restore, CHECKPOINT_RESTORE), {},
};
#undef CAP

#define ARCH(name, token) { name, (int) SCMP_ARCH_##token }
const NamedNumber architectures[] = {
        ARCH("native", NATIVE),
        /* systemd's */
        ARCH("x86-64", X86_64), ARCH("arm64", AARCH64), ARCH("mips-le", MIPSEL), ARCH("ppc64-le", PPC64LE),
        /* libseccomp's */
        ARCH("x86", X86), ARCH("x86_64", X86_64), ARCH("x32", X32), ARCH("arm", ARM), ARCH("aarch64", AARCH64),
        ARCH("mips", MIPS), ARCH("mipsel", MIPSEL), ARCH("mips64", MIPS64), ARCH("mipsel64", MIPSEL64),
        ARCH("mips64n32", MIPS64N32), ARCH("mipsel64n32", MIPSEL64N32), ARCH("parisc", PARISC),
        ARCH("parisc64", PARISC64), ARCH("ppc", PPC), ARCH("ppc64", PPC64), ARCH("ppc64le", PPC64LE),
        ARCH("s390", S390), ARCH("s390x", S390X), ARCH("riscv64", RISCV64),
#ifdef SCMP_ARCH_LOONGARCH64
        ARCH("loongarch64", LOONGARCH64),
#endif
#ifdef SCMP_ARCH_M68K
        ARCH("m68k", M68K),
#endif
#ifdef SCMP_ARCH_SH
        ARCH("sh", SH), ARCH("sheb", SHEB),
#endif
        {},
};
#undef ARCH

const NamedNumber *capability_find(const char *name) {
        for (const NamedNumber *n = capability_names; n->name; n++)
                if (strcasecmp(n->name, name) == 0)
                        return n;
        return NULL;
}

const NamedNumber *named_find(const NamedNumber *table, const char *name) {
        for (; table->name; table++)
                if (streq(table->name, name))
                        return table;
        return NULL;
}

const char *capability_name(unsigned capability, char buffer[static CAPABILITY_NAME_MAX]) {
        for (const NamedNumber *n = capability_names; n->name; n++)
                if ((unsigned) n->number == capability)
                        return n->name;
        snprintf(buffer, CAPABILITY_NAME_MAX, "%u", capability);
        return buffer;
}

void capability_write(const NamedNumber *capability, char buffer[static CAPABILITY_NAME_MAX]) {
        size_t n = 0;

        for (; n < CAPABILITY_NAME_MAX - 1 && capability->name[n]; n++)
                buffer[n] = (char) toupper((unsigned char) capability->name[n]);
        buffer[n] = '\0';
}

const SyscallGroup *syscall_group_find(const char *name) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                if (streq(g->name, name))
                        return g;
        return NULL;
}

/* gen-syscall-groups.py writes members so: a system call is its place in syscall_numbers, from 1. */
enum { MEMBER_IS_GROUP = 0x8000 };

const SyscallGroup *syscall_member_group(SyscallMember member) {
        return member & MEMBER_IS_GROUP ? &syscall_groups[member - MEMBER_IS_GROUP] : NULL;
}

size_t syscall_member_place(SyscallMember member) {
        return member - 1u;
}

const char *syscall_member_name(SyscallMember member) {
        const SyscallGroup *group = syscall_member_group(member);

        return group ? group->name : syscall_numbers[syscall_member_place(member)].name;
}

static bool group_has(const SyscallGroup *group, const char *call, unsigned depth) {
        enum { DEPTH_MAX = 8 };

        for (const SyscallMember *m = group->members; *m && depth < DEPTH_MAX; m++) {
                const SyscallGroup *inner = syscall_member_group(*m);

                if (inner ? group_has(inner, call, depth + 1) : streq(syscall_member_name(*m), call))
                        return true;
        }
        return false;
}

bool syscall_group_has(const SyscallGroup *group, const char *call) {
        return group_has(group, call, 0);
}

static int compare_name(const void *name, const void *number) {
        return strcmp(name, ((const SyscallNumber *) number)->name);
}

static const SyscallNumber *find_number(const char *name) {
        return bsearch(name, syscall_numbers, n_syscall_numbers, sizeof(SyscallNumber), compare_name);
}

SyscallMember syscall_member_find(const char *name) {
        const SyscallGroup *group = name[0] == '@' ? syscall_group_find(name) : NULL;
        const SyscallNumber *number = group ? NULL : find_number(name);

        if (group)
                return (SyscallMember) (MEMBER_IS_GROUP + (group - syscall_groups));
        return number ? (SyscallMember) (number - syscall_numbers + 1) : 0;
}

int syscall_number(const char *name) {
        const SyscallNumber *found = find_number(name);

        return found ? found->number : SYSCALL_UNKNOWN;
}

bool syscall_is_listed(const char *name) {
        return find_number(name);
}
