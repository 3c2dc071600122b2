/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/value/names.h"

#include <linux/sched.h>
#include <stddef.h>
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
