/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/systemd.h"

#include <stddef.h>

#include "policy/value/value.h"
#include "util/strv.h"

const SystemdRow systemd_table[_DIRECTIVE_MAX] = {
#define SYSTEMD(n, p, d, w, l) [D_##n] = { .page = p, .difference = d, .way = SYSTEMD_##w, .lost = l },
#include "convert/systemd.inc"
#undef SYSTEMD
};

/* With PrivateDevices= of systemd, the host's /dev/mqueue and /dev/hugepages stay visible. */
const char *const systemd_hidden[] = { "/boot", "/sys", "/proc/keys", "/dev/mqueue", "/dev/hugepages", NULL };

const char *const systemd_emptied[] = { "/media", "/mnt", "/srv", NULL };

/* Directives that a policy also has, and directives for which isorun has nothing. A directive that restricts only with
 * some of its values, such as PrivateTmp=, is not listed if isorun restricts the same by default. */
static const char *const restricting[] = {
        "InaccessiblePaths", "InaccessibleDirectories", "NoExecPaths", "ReadOnlyPaths", "ReadOnlyDirectories",
        "TemporaryFileSystem",
        "RootDirectory", "RootImage", "RootHash", "RootHashSignature", "RootVerity",
        "SystemCallFilter", "RestrictAddressFamilies", "RestrictNamespaces", "SystemCallArchitectures",
        "CapabilityBoundingSet", "MemoryDenyWriteExecute", "SecureBits",
        "MemoryMax", "MemoryLimit", "MemoryHigh", "MemorySwapMax", "MemoryZSwapMax", "TasksMax", "CPUQuota",
        "AllowedCPUs", "AllowedMemoryNodes", "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax",
        "IOWriteIOPSMax", "IPAddressDeny", "DevicePolicy", "RuntimeMaxSec",
        "AppArmorProfile", "SELinuxContext", "SmackProcessLabel", "RestrictFileSystems", "RestrictNetworkInterfaces",
        "SocketBindDeny", "IPIngressFilterPath", "IPEgressFilterPath", "BPFProgram", "PrivateBPF", NULL,
};

bool systemd_restricts(const char *key) {
        return startswith(key, "Limit") || strv_contains((char *const *) restricting, key);
}

bool systemd_is_share(const Directive *d) {
        return d->type == &type_memory || d->type == &type_tasks || d->type == &type_cpu_quota;
}

bool systemd_is_pair(const Directive *d) {
        return d->type == &type_device_weight || d->type == &type_device_bytes || d->type == &type_device_count ||
               d->type == &type_device_allow || d->type == &type_load_credential;
}
