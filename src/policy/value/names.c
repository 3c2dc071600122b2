/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/names.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
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

const NamedNumber *named_find(const NamedNumber *table, const char *name) {
        for (; table->name; table++)
                if (streq(table->name, name))
                        return table;
        return NULL;
}

const SyscallGroup *syscall_group_find(const char *name) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                if (streq(g->name, name))
                        return g;
        return NULL;
}

bool syscall_is_listed(const char *name) {
        for (const SyscallGroup *g = syscall_groups; g->name; g++)
                for (const char *const *m = g->members; *m; m++)
                        if (streq(*m, name))
                                return true;
        return false;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const NamedNumber *) a)->name, ((const NamedNumber *) b)->name);
}

int syscall_number(const char *name) {
        const NamedNumber key = { .name = name };
        const NamedNumber *found = bsearch(&key, syscall_numbers, n_syscall_numbers, sizeof(key), compare_names);

        return found ? found->number : SYSCALL_UNKNOWN;
}
