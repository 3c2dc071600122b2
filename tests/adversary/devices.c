/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "adversary.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int try_node(const Facts *facts, const Attempt *a) {
        char path[64];
        int r;

        (void) snprintf(path, sizeof(path), "%s/adversary.%d", a->path, getpid());
        r = result(mknod(path, (mode_t) a->args[0] | 0600, makedev((unsigned) a->args[1], (unsigned) a->args[2])));
        (void) unlink(path);
        return r;
}

static int try_device(const Facts *facts, const Attempt *a) {
        int fd = open(a->path, (int) a->args[0] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        return fd < 0 ? -errno : close(fd);
}

#define DEVICE(name, file, flags)                                                          \
        { "dev-" name, "open /dev/" file, try_device, { flags }, .path = "/dev/" file, .needs = "/dev/" file }

static const Attempt attempts[] = {
        { "mknod-mem", "make a node of the memory", try_node, { S_IFCHR, 1, 1 }, .path = "/tmp" },
        { "mknod-disk", "make a node of a disk", try_node, { S_IFBLK, 8, 0 }, .path = "/tmp" },
        { "mknod-dev", "make a node in /dev", try_node, { S_IFCHR, 1, 11 }, .path = "/dev" },
        DEVICE("mem", "mem", O_RDONLY),
        DEVICE("port", "port", O_RDONLY),
        DEVICE("kmsg", "kmsg", O_WRONLY),
        DEVICE("console", "console", O_WRONLY),
        DEVICE("kvm", "kvm", O_RDWR),
        DEVICE("fuse", "fuse", O_RDWR),
        DEVICE("tun", "net/tun", O_RDWR),
        DEVICE("loop", "loop-control", O_RDWR),
        DEVICE("userfaultfd", "userfaultfd", O_RDWR),
        DEVICE("vsock", "vsock", O_RDWR),
        DEVICE("disk", "vda", O_RDONLY),
        DEVICE("rtc", "rtc0", O_RDONLY),
        DEVICE("cpu", "cpu/0/msr", O_RDONLY),
        DEVICE("snapshot", "snapshot", O_RDONLY),
};
AREA(area_devices, "Devices");
