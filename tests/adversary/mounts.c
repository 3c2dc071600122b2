/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each attempt first makes namespaces if the policy lets it. Then it may mount there, but not undo what is around
 * it. */
#include "adversary.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PLACE "/mnt" /* there is one in every root of a policy that is shipped */

static int try_mount(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return result(mount("x", PLACE, a->path, 0, NULL));
}

static int try_mount_proc(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS | CLONE_NEWPID);
        return result(mount("proc", PLACE, "proc", 0, NULL));
}

static int try_bind(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return result(mount("/etc", PLACE, NULL, MS_BIND | MS_REC, NULL));
}

static int try_remount(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return result(mount(NULL, a->path, NULL, MS_REMOUNT | MS_BIND | a->args[0], NULL));
}

static int try_setattr(const Facts *facts, const Attempt *a) {
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

        (void) own_world(CLONE_NEWNS);
        return result(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)));
}

/* A copy of all mounts, which might have lost its flags. */
static int try_clone_writable(const Facts *facts, const Attempt *a) {
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
        int fd;

        (void) own_world(CLONE_NEWNS);
        fd = (int) syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
        if (fd < 0)
                return -errno;
        return result(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}

static int try_clone_with(const Facts *facts, const Attempt *a) {
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

        (void) own_world(CLONE_NEWNS);
        return result(syscall(SYS_open_tree_attr, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE, &attr, sizeof(attr)));
}

static int try_open_tree(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return result(syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE));
}

static int try_fsopen(const Facts *facts, const Attempt *a) {
        int fs, fd;

        (void) own_world(CLONE_NEWNS);
        fs = (int) syscall(SYS_fsopen, "tmpfs", 0);
        if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        fd = (int) syscall(SYS_fsmount, fs, 0, 0);
        if (fd < 0)
                return -errno;
        return result(syscall(SYS_move_mount, fd, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH));
}

static int try_fspick(const Facts *facts, const Attempt *a) {
        int fs;

        (void) own_world(CLONE_NEWNS);
        fs = (int) syscall(SYS_fspick, AT_FDCWD, facts->control ? "/tmp" : "/", 0);
        if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "rw", NULL, 0) < 0)
                return -errno;
        return result(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}

/* Takes off each mount of the namespace, and is content with one. */
static int uncover(int (*take_off)(const char *)) {
        FILE *f = fopen("/proc/self/mountinfo", "re");
        char line[4096], path[4096];
        int r = -ENOENT;

        if (!f)
                return -errno;
        while (r != 0 && fgets(line, sizeof(line), f))
                if (sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1 && strcmp(path, "/") != 0)
                        r = take_off(path);
        fclose(f);
        return r;
}

static int detach(const char *path) {
        return result(umount2(path, MNT_DETACH));
}

static int move_away(const char *path) {
        return result(mount(path, PLACE, NULL, MS_MOVE, NULL));
}

static int try_umount(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return uncover(detach);
}

static int try_move(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return uncover(move_away);
}

static int try_pivot(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        if (mount("x", PLACE, "tmpfs", 0, NULL) < 0 || mkdir(PLACE "/old", 0700) < 0)
                return -errno;
        return result(syscall(SYS_pivot_root, PLACE, PLACE "/old"));
}

/* Leaves a chroot by a directory above it, as far up as it goes: to the host's /tmp? */
static int try_leave_chroot(const Facts *facts, const Attempt *a) {
        char directory[] = "/tmp/adversary.XXXXXX";
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

        (void) own_world(0);
        if (root < 0 || !mkdtemp(directory))
                return -errno;
        r = result(chroot(directory));
        (void) rmdir(directory);
        if (r < 0 || fchdir(root) < 0)
                return r < 0 ? r : -errno;
        for (int i = 0; i < 64; i++)
                if (chdir("..") < 0)
                        return -errno;
        if (chroot(".") < 0)
                return -errno;
        return result(access(facts->secret, F_OK));
}

static int try_chroot(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS);
        return result(chroot("/"));
}

/* A cgroup2 of its own: can it freeze or move what is at its root, or lift the limits? */
static int try_cgroup(const Facts *facts, const Attempt *a) {
        char path[256];
        int fd;

        (void) own_world(CLONE_NEWNS | CLONE_NEWCGROUP);
        if (mount("cgroup2", PLACE, "cgroup2", 0, NULL) < 0)
                return -errno;
        (void) snprintf(path, sizeof(path), PLACE "/%s", a->path);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : close(fd);
}

static int try_cgroup_deepen(const Facts *facts, const Attempt *a) {
        (void) own_world(CLONE_NEWNS | CLONE_NEWCGROUP);
        if (mount("cgroup2", PLACE, "cgroup2", 0, NULL) < 0 || mkdir(PLACE "/adversary", 0755) < 0)
                return -errno;
        return result(rmdir(PLACE "/adversary"));
}

static int try_own_proc_sys(const Facts *facts, const Attempt *a) {
        int fd;

        (void) own_world(CLONE_NEWNS | CLONE_NEWPID);
        (void) mount("proc", PLACE, "proc", 0, NULL);
        fd = open(PLACE "/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : close(fd);
}

static int try_own_sysfs(const Facts *facts, const Attempt *a) {
        int fd;

        (void) own_world(CLONE_NEWNS | CLONE_NEWNET);
        (void) mount("sysfs", PLACE, "sysfs", 0, NULL);
        fd = open(PLACE "/kernel/uevent_seqnum", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        close(fd);
        fd = open(PLACE "/kernel/profiling", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : close(fd);
}

/* The node of a device in a file system of its own. */
static int try_own_device(const Facts *facts, const Attempt *a) {
        int fd;

        (void) own_world(CLONE_NEWNS);
        (void) mount("x", PLACE, "tmpfs", 0, NULL);
        if (mknod(PLACE "/null", S_IFCHR | 0600, (1 << 8) | 3) < 0)
                return -errno;
        fd = open(PLACE "/null", O_RDWR | O_CLOEXEC);
        return fd < 0 ? -errno : close(fd);
}

static const Attempt attempts[] = {
        { "mount-tmpfs", "mount a tmpfs", try_mount, .path = "tmpfs" },
        { "mount-proc", "mount a proc", try_mount_proc },
        { "mount-bind", "bind a directory elsewhere", try_bind },
        { "mount-fsopen", "mount by fsopen, fsmount and move_mount", try_fsopen },
        { "open-tree", "copy the tree of mounts by open_tree", try_open_tree },
        { "pivot-root", "pivot_root into a tmpfs", try_pivot },
        { "chroot", "chroot", try_chroot },
        { "chroot-leave", "leave a chroot upwards, to the host's files", try_leave_chroot },
        { "remount-root", "make the root writable by a remount", try_remount, { MS_NOSUID | MS_NODEV }, .path = "/" },
        { "remount-suid", "allow set-user-ID programs by a remount",
          try_remount, { MS_NODEV | MS_RDONLY }, .path = "/" },
        { "remount-dev", "allow devices by a remount", try_remount, { MS_NOSUID | MS_RDONLY }, .path = "/" },
        { "setattr-root", "make all mounts writable by mount_setattr", try_setattr },
        { "clone-writable", "make a copy of the root writable", try_clone_writable },
        { "clone-with", "copy the root as a writable one (open_tree_attr)", try_clone_with, .needs = "Linux 6.15" },
        { "fspick-root", "reconfigure the root's file system", try_fspick },
        { "umount", "take off a mount of the sandbox", try_umount },
        { "move-mount", "move a mount of the sandbox away", try_move },
        { "cgroup-move", "move a process out of its cgroup", try_cgroup, .path = "cgroup.procs" },
        { "cgroup-freeze", "freeze its own unit", try_cgroup, .path = "cgroup.freeze" },
        { "cgroup-lift", "lift a limit of its unit", try_cgroup, .path = "pids.max", .needs = "the pids controller" },
        { "cgroup-deepen", "make a cgroup", try_cgroup_deepen },
        { "own-proc-sys", "write core_pattern in a proc of its own", try_own_proc_sys },
        { "own-sysfs", "write to a sysfs of its own", try_own_sysfs, .needs = "a kernel with profiling" },
        { "own-device", "make a device in a tmpfs of its own", try_own_device },
};
AREA(area_mounts, "Mounts");
