/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/capability.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITIES_MAX = 64 }; /* of capset(2) */

static struct __user_cap_header_struct header(void) {
        return (struct __user_cap_header_struct) { .version = _LINUX_CAPABILITY_VERSION_3 };
}

static uint64_t join(uint32_t low, uint32_t high) {
        return (uint64_t) high << 32 | low;
}

int capability_get(CapabilitySets *ret) {
        struct __user_cap_header_struct h = header();
        struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

        if (syscall(SYS_capget, &h, d) < 0)
                return -errno;
        *ret = (CapabilitySets) {
                .effective = join(d[0].effective, d[1].effective),
                .permitted = join(d[0].permitted, d[1].permitted),
                .inheritable = join(d[0].inheritable, d[1].inheritable),
        };
        return 0;
}

int capability_set(const CapabilitySets *sets) {
        struct __user_cap_header_struct h = header();
        struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

        for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
                d[i] = (struct __user_cap_data_struct) {
                        .effective = (uint32_t) (sets->effective >> 32 * i),
                        .permitted = (uint32_t) (sets->permitted >> 32 * i),
                        .inheritable = (uint32_t) (sets->inheritable >> 32 * i),
                };
        return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

static bool exists(unsigned capability) {
        return capability < CAPABILITIES_MAX && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
}

unsigned capability_count(void) {
        unsigned n = CAP_LAST_CAP + 1;

        while (n > 0 && !exists(n - 1))
                n--;
        if (n == 0) /* a filter around this process denies the question */
                return CAP_LAST_CAP + 1;
        while (exists(n))
                n++;
        return n;
}

/* Instead of counting the capabilities first, this goes on to the first one that the kernel does not have. */
int capability_drop_bounding(uint64_t keep) {
        for (unsigned c = 0; c < CAPABILITIES_MAX; c++) {
                if (keep & UINT64_C(1) << c || prctl(PR_CAPBSET_DROP, c, 0, 0, 0) >= 0)
                        continue;
                return errno == EINVAL && c > 0 && !exists(c) ? 0 : -errno;
        }
        return 0;
}

int capability_set_ambient(uint64_t mask) {
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        for (unsigned c = 0; c < CAPABILITIES_MAX; c++)
                if (mask & UINT64_C(1) << c && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
                        return -errno;
        return 0;
}
