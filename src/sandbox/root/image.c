/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "sandbox/root/image-type.h"
#include "sandbox/root/mount.h"
#include "util/fd.h"

#define KEY "RootDirectory"

/* Another process may take the free device before it is configured: loop(4). Then this tries again. */
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

static int mount_device(const char *type, const char *device, MountReason *ret_reason) {
        char options[64];

        snprintf(options, sizeof(options), "source=%s,ro", device);
        return mount_make(type, options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, ret_reason);
}

/* Returns the fd, or -errno, reported. */
static int open_image(const char *path, Origin origin, const char **ret_type, Report *report) {
        _cleanup_close_ int fd = file_open_regular(path);
        int r;

        if (fd < 0)
                return report_error_at(report, origin, KEY, -fd, "%s: %s", path, text_file_strerror(-fd));
        r = image_find_type(fd, path, origin, ret_type, report);
        return r < 0 ? r : TAKE_FD(fd);
}

int image_check(const char *path, Origin origin, Report *report) {
        const char *type;
        _cleanup_close_ int image = open_image(path, origin, &type, report);

        if (image >= 0 && geteuid() != 0)
                report_notice_at(report, origin, KEY, "%s is an image, which only root can mount", path);
        return image < 0 ? image : 0;
}

int image_mount(const char *path, Origin origin, int *ret, Report *report) {
        _cleanup_close_ int image = -1, loop = -1;
        MountReason reason = {};
        const char *type;
        char device[32];
        int fd;

        image = open_image(path, origin, &type, report);
        if (image < 0)
                return image;
        if (geteuid() != 0)
                return report_error_at(report, origin, KEY, EPERM, "%s is an image, which only root can mount", path);

        loop = attach_loop(image, device, sizeof(device));
        if (loop < 0)
                return report_error_at(report, origin, KEY, -loop, "cannot attach the image %s to a loop device: %s",
                                       path,
                                       strerror(-loop));
        fd = mount_device(type, device, &reason);
        if (fd < 0)
                return report_error_at(report, origin, KEY, -fd, "cannot mount %s as %s%s: %s", path, type,
                                       *reason.text ? reason.text : " (journalctl -k may say why)", strerror(-fd));
        *ret = fd;
        return 0;
}
