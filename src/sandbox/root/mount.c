/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/root/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/kernel.h"

unsigned mount_attribute_bits(MountAttributes attributes) {
        return MOUNT_ATTR_NOSUID | (attributes.read_only ? MOUNT_ATTR_RDONLY : 0) |
               (attributes.devices ? 0 : MOUNT_ATTR_NODEV) | (attributes.no_exec ? MOUNT_ATTR_NOEXEC : 0);
}

unsigned long mount_attribute_flags(MountAttributes attributes) {
        return MS_NOSUID | (attributes.read_only ? MS_RDONLY : 0) | (attributes.devices ? 0 : MS_NODEV) |
               (attributes.no_exec ? MS_NOEXEC : 0);
}

int mount_set_bits(int mount_fd, unsigned bits, bool recursive) {
        struct mount_attr attr = { .attr_set = bits, .propagation = MS_PRIVATE };
        unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

        return mount_setattr(mount_fd, "", flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mount_set_attributes(int mount_fd, MountAttributes attributes) {
        return mount_set_bits(mount_fd, mount_attribute_bits(attributes), attributes.recursive);
}

int mount_copy(int fd, bool recursive) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        int copy = open_tree(fd, "", flags | (recursive ? AT_RECURSIVE : 0));

        return copy < 0 ? -errno : copy;
}

int mount_clone(int fd, MountAttributes attributes) {
        _cleanup_close_ int copy = mount_copy(fd, attributes.recursive);
        int r;

        if (copy < 0)
                return copy;
        r = mount_set_attributes(copy, attributes);
        return r < 0 ? r : TAKE_FD(copy);
}

/* Each read(2) takes one message from the kernel's log of fs. It begins with "e " for an error, "w " for a warning, or
 * "i " for information. A message that does not fit is lost. */
int mount_refused(int fs, MountReason *ret) {
        enum { MESSAGES_MAX = 8 }; /* struct fc_log */
        int error = errno;
        char message[sizeof(ret->text) - 4];

        for (unsigned i = 0; i < MESSAGES_MAX && !*ret->text; i++) {
                ssize_t n = read(fs, message, sizeof(message) - 1);

                if (n < 0 && errno != EMSGSIZE)
                        break;
                if (n < 2 || message[0] != 'e')
                        continue;
                message[n] = '\0';
                snprintf(ret->text, sizeof(ret->text), " (%.*s)", (int) strcspn(message + 2, "\n"), message + 2);
        }
        return -error;
}

/* Sets the options "key=value,flag,…" on a file system that is not created yet. */
static int configure(int fs, const char *options, MountReason *ret_reason) {
        _cleanup_free_ char *copy = strdup(options);
        char *position = NULL;

        if (!copy)
                return -ENOMEM;
        for (char *o = strtok_r(copy, ",", &position); o; o = strtok_r(NULL, ",", &position)) {
                char *value = strchr(o, '=');

                if (value)
                        *value++ = '\0';
                if (fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o, value, 0) < 0)
                        return mount_refused(fs, ret_reason);
        }
        return 0;
}

int mount_make(const char *type, const char *options, unsigned attributes, MountReason *ret_reason) {
        return mount_make_labelled(type, options, NULL, attributes, ret_reason);
}

int mount_make_labelled(const char *type, const char *options, const char *label, unsigned attributes,
                        MountReason *ret_reason) {
        _cleanup_close_ int fs = fsopen(type, FSOPEN_CLOEXEC);
        int r, fd;

        if (fs < 0)
                return -errno;
        r = options ? configure(fs, options, ret_reason) : 0;
        if (r < 0)
                return r;
        if (label && fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0) < 0)
                return mount_refused(fs, ret_reason);
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return mount_refused(fs, ret_reason);
        fd = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
        return fd < 0 ? mount_refused(fs, ret_reason) : fd;
}

int mount_attach(int mount_fd, int destination) {
        return move_mount(mount_fd, "", destination, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno
                                                                                                              : 0;
}

int mount_attach_at(int mount_fd, int directory, const char *name) {
        return move_mount(mount_fd, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}
