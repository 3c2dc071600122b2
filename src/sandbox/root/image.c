/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "sandbox/root/mount.h"
#include "util/fd.h"

#define KEY "RootDirectory"

/* By what each file system's superblock begins with: linux/magic.h and the file systems' own documentation. */
static const char *find_type(int fd) {
        static const struct {
                const char *type, *magic;
                size_t size;
                off_t offset;
        } table[] = {
                { "squashfs", "hsqs", 4, 0 },
                { "erofs", "\xe2\xe1\xf5\xe0", 4, 1024 },
                { "ext4", "\x53\xef", 2, 1080 },
                { "xfs", "XFSB", 4, 0 },
                { "btrfs", "_BHRfS_M", 8, 0x10040 },
        };
        char bytes[8];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (pread(fd, bytes, table[i].size, table[i].offset) == (ssize_t) table[i].size &&
                    memcmp(bytes, table[i].magic, table[i].size) == 0)
                        return table[i].type;
        return NULL;
}

/* loop(4): a free device may be taken by someone else before it is configured. */
static int attach_loop(int image, char *ret_path, size_t size) {
        enum { TRIES = 16 };
        const struct loop_config config = {
                .fd = (uint32_t) image,
                .info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR,
        };
        _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

        if (control < 0)
                return -errno;
        for (unsigned i = 0; i < TRIES; i++) {
                _cleanup_close_ int loop = -1;
                int number = ioctl(control, LOOP_CTL_GET_FREE);

                if (number < 0)
                        return -errno;
                snprintf(ret_path, size, "/dev/loop%d", number);
                loop = open(ret_path, O_RDONLY | O_CLOEXEC);
                if (loop < 0)
                        return -errno;
                if (ioctl(loop, LOOP_CONFIGURE, &config) >= 0)
                        return TAKE_FD(loop);
                if (errno != EBUSY)
                        return -errno;
        }
        return -EBUSY;
}

static int mount_device(const char *type, const char *device) {
        char options[64];

        snprintf(options, sizeof(options), "source=%s,ro", device);
        return mount_make(type, options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

int image_mount(const char *path, Origin origin, int *ret, Report *report) {
        _cleanup_close_ int image = open(path, O_RDONLY | O_CLOEXEC), loop = -1;
        const char *type;
        char device[32];
        int fd;

        if (image < 0)
                return report_error_at(report, origin, KEY, errno, "%s: %s", path, strerror(errno));
        type = find_type(image);
        if (!type)
                return report_error_at(report, origin, KEY, EMEDIUMTYPE,
                                       "%s is no directory, and no image of a file system that is known (squashfs, "
                                       "erofs, ext4, xfs, btrfs; without partitions)", path);
        if (geteuid() != 0)
                return report_error_at(report, origin, KEY, EPERM, "%s is an image, which only root can mount", path);

        loop = attach_loop(image, device, sizeof(device));
        if (loop < 0)
                return report_error_at(report, origin, KEY, -loop, "%s: no loop device for the image: %s", path,
                                       strerror(-loop));
        fd = mount_device(type, device);
        if (fd < 0)
                return report_error_at(report, origin, KEY, -fd, "mounting %s as %s: %s", path, type, strerror(-fd));
        *ret = fd;
        return 0;
}
