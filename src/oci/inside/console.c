/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/inside/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "oci/inside/attach.h"
#include "oci/inside/walk.h"
#include "sandbox/root/mount.h"
#include "sandbox/wire/message.h"
#include "util/fd.h"

/* An image or a process inside may have put anything at /dev/pts and /dev/ptmx. In a devpts, "ptmx" is the kernel's
 * own. The other end is asked for by the master, and by no path (CVE-2025-52565). */
static int open_master(int root, Failure *f) {
        _cleanup_close_ int pts = walk(root, "/dev/pts", WALK_FIND, true);
        struct statfs fs;
        int master;

        if (pts < 0)
                return fail(f, -pts, "a terminal needs a devpts at /dev/pts");
        if (fstatfs(pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
                return fail(f, ENODEV, "a terminal needs a devpts at /dev/pts");
        master = openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
        return master < 0 ? fail(f, errno, "cannot make a terminal") : master;
}

static int open_terminal(const SpecProcess *process, int master, Failure *f) {
        const struct winsize size = { .ws_row = process->rows, .ws_col = process->columns };
        _cleanup_close_ int terminal = -1;
        int unlock = 0;

        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return fail(f, errno, "cannot unlock the terminal");
        terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (terminal < 0)
                return fail(f, errno, "cannot open the terminal");
        if (process->rows && process->columns && ioctl(terminal, TIOCSWINSZ, &size) < 0)
                return fail(f, errno, "cannot set the size of the terminal");
        if (fchown(terminal, process->uid, (gid_t) -1) < 0)
                return fail(f, errno, "cannot give the terminal to user %u", process->uid);
        return TAKE_FD(terminal);
}

static int bind_console(const Spec *spec, int root, int terminal, Failure *f) {
        _cleanup_close_ int place = walk(root, "/dev/console", WALK_MAKE_FILE, false), copy = -1;
        int r;

        copy = place < 0 ? place : mount_copy(terminal, false);
        r = copy < 0 ? copy : attach_in(spec, copy, place);
        return r < 0 ? fail(f, -r, "cannot mount /dev/console%s", attach_hint(r)) : 0;
}

int console_open(const Spec *spec, const SpecProcess *process, int root, bool bind, int socket, Failure *f) {
        const Message m = { .type = MESSAGE_TERMINAL };
        _cleanup_close_ int master = open_master(root, f), terminal = -1;
        int r;

        if (master < 0)
                return master;
        terminal = open_terminal(process, master, f);
        if (terminal < 0)
                return terminal;
        r = bind ? bind_console(spec, root, terminal, f) : 0;
        if (r < 0)
                return r;
        for (int fd = 0; fd < 3; fd++)
                if (dup2(terminal, fd) < 0)
                        return fail(f, errno, "cannot pass the terminal");
        if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
                return fail(f, errno, "cannot make the terminal the controlling one");
        r = message_send(socket, &m, &master, 1);
        return r < 0 ? fail(f, -r, "cannot send the terminal") : 0;
}
