/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bare DIR PROGRAM ARGUMENT...: runs a static program on a machine that has nothing but that program, /proc, /dev and
 * /srv. DIR is empty. */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int copy(const char *from, const char *to) {
        int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        ssize_t n = 1;

        while (in >= 0 && out >= 0 && n > 0)
                n = sendfile(out, in, NULL, 1 << 20);
        return in < 0 || out < 0 || n < 0 ? -1 : close(out);
}

static int bind_here(const char *from, const char *to) {
        return mkdir(to, 0755) < 0 ? -1 : mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

int main(int argc, char *argv[]) {
        if (argc < 3)
                return 2;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", argv[1], "tmpfs", 0, "mode=755") < 0)
                error(1, errno, "cannot mount a file system");
        if (chdir(argv[1]) < 0 || copy(argv[2], "self") < 0 || bind_here("/proc", "proc") < 0 ||
            bind_here("/dev", "dev") < 0 || bind_here("/srv", "srv") < 0)
                error(1, errno, "cannot make a root");
        if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                error(1, errno, "cannot change to the root");
        (void) execv("/self", argv + 2);
        error(1, errno, "cannot execute it");
}
