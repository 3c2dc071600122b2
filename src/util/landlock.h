/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Landlock's rights, for builds with older kernel headers too: landlock(7), linux/landlock.h. */

#include <linux/landlock.h>
#include <stdint.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

#ifndef LANDLOCK_ACCESS_NET_CONNECT_TCP
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON
#define LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON (1U << 1)
#endif
#ifndef LANDLOCK_RESTRICT_SELF_TSYNC
#define LANDLOCK_RESTRICT_SELF_TSYNC (1U << 3) /* Linux 7.0 */
#endif

enum {
        LANDLOCK_ABI_REFER = 2, /* with ABI 1, files cannot be moved between directories */
        LANDLOCK_ABI_TRUNCATE = 3,
        LANDLOCK_ABI_NET = 4,
        LANDLOCK_ABI_SCOPE = 6,
        LANDLOCK_ABI_LOG = 7,
};

/* struct landlock_ruleset_attr with all fields of ABI 6. For older kernels, pass the size of the fields that they
 * know. */
typedef struct LandlockRulesetAttr {
        uint64_t handled_access_fs;
        uint64_t handled_access_net;
        uint64_t scoped;
} LandlockRulesetAttr;

/* struct landlock_net_port_attr and its type of rule, of ABI 4. */
typedef struct LandlockPort {
        uint64_t allowed_access;
        uint64_t port;
} LandlockPort;
enum { LANDLOCK_TYPE_PORT = 2 };
