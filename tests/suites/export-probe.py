# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tries what a sandbox may forbid, and prints a line "WHAT done" or "WHAT no ERRNO" for each.

Usage: export-probe.py DIR PID PORT: DIR holds rw, ro and secret, PID is a process outside of the same user's, PORT a TCP
port outside that is listened to, as is the abstract socket "isorun-PORT". tests/calls.py stands before this in one file.
"""
import ctypes
import errno
import os
import resource
import socket
import sys

DENIED = {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOENT, errno.ENOSYS, errno.EAFNOSUPPORT, errno.ESRCH,
          errno.ECONNREFUSED, errno.ENETUNREACH, errno.ENXIO, errno.ENOTDIR}
libc = ctypes.CDLL(None, use_errno=True)
where, pid, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def attempt(what, action, *arguments):
    """An error that is no denial means that it got so far; but EINVAL is also that of ids that do not exist."""
    try:
        action(*arguments)
    except OSError as e:
        if e.errno in DENIED or (what in ("chown", "setuid", "setgroups") and e.errno == errno.EINVAL):
            print(what, "no", errno.errorcode[e.errno])
            return
    print(what, "done")


def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


def write(path):
    with open(path, "a", encoding="ascii") as f:
        f.write("x")


def read(path):
    with open(path, "rb") as f:
        f.read(1)


def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(5)
        s.connect(address)


def set_uid_bit():
    write("/tmp/set-uid")
    os.chmod("/tmp/set-uid", 0o4755)


def write_execute():
    libc.mmap.restype = ctypes.c_void_p
    if libc.mmap(None, 4096, 7, 0x22, -1, 0) == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "")


def privileges():
    with open("/proc/self/status", encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f)
    print("privileges by execve", "no EPERM" if status["NoNewPrivs"].strip() == "1" else "done")
    bits = int(status["CapBnd"], 16)
    for n in range(64):
        print(f"capability {n}", "done" if bits >> n & 1 else "no EPERM")


def main():
    for path in ("/etc", "/usr", "/srv", "/boot", "/opt", "/home", "/root", "/var", "/var/lib", "/run", "/tmp", "/var/tmp", "/dev/shm",
                 "/dev", where + "/rw", where + "/ro"):
        attempt(f"write in {path}", write, path + "/isorun-leak")
    for path in ("/home", "/root", "/boot", "/var", "/run", "/tmp", "/var/tmp", "/dev/shm", where):
        attempt(f"read in {path}", read, path + "/isorun-secret")
    for path in ("/etc/shadow", "/proc/keys", "/dev/kmsg", "/dev/mem", f"/proc/{pid}/cmdline", f"/proc/{pid}/environ", "/sys/kernel/uevent_seqnum",
                 "/run/systemd/private"):
        attempt(f"read {path}", read, path)
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/cgroup.procs", f"/proc/{pid}/oom_score_adj"):
        attempt(f"open {path}", lambda: os.close(os.open(path, os.O_WRONLY)))
    attempt("network", connect, socket.AF_INET, ("127.0.0.1", port))
    attempt("abstract socket", connect, socket.AF_UNIX, f"\0isorun-{port}")
    attempt("system bus", connect, socket.AF_UNIX, "/run/dbus/system_bus_socket")
    for name in ("UNIX", "INET", "INET6", "NETLINK", "PACKET", "ALG", "VSOCK", "BLUETOOTH", "KEY"):
        family = getattr(socket, "AF_" + name, 15)
        attempt(f"family {name}", lambda: socket.socket(family, socket.SOCK_RAW if name in ("NETLINK", "PACKET", "KEY") else
                                                        socket.SOCK_SEQPACKET if name == "ALG" else socket.SOCK_STREAM).close())
    attempt("signal", os.kill, pid, 0)
    calls = {
        "unshare user": (0x10000000,), "unshare mount": (0x20000,), "unshare net": (0x40000000,), "unshare uts": (0x4000000,),
        "setns": (0, 0), "clone3": (0, 0), "mount": (b"none", b"/tmp", b"tmpfs", 0, 0), "umount2": (b"/tmp", 2),
        "pivot_root": (b"/", b"/"), "chroot": (b"/",), "open_tree": (-100, b"/", 1), "fsopen": (b"tmpfs", 0),
        "keyctl": (0, -3, 0), "add_key": (b"user", b"isorun", b"x", 1, -3), "request_key": (b"user", b"isorun", 0, 0),
        "io_uring_setup": (1, 0), "userfaultfd": (0,), "bpf": (0, 0, 0), "perf_event_open": (0, 0, -1, -1, 0),
        "ptrace": (16, pid, 0, 0), "process_vm_readv": (pid, 0, 0, 0, 0, 0), "kcmp": (pid, pid, 0, 0, 0),
        "init_module": (0, 0, b""), "kexec_load": (0, 0, 0, 0), "swapon": (b"/none", 0), "acct": (b"/none",),
        "settimeofday": (0, 0), "clock_settime": (0, 0), "adjtimex": (0,), "sethostname": (b"x", 1),
        "setdomainname": (b"x", 1), "reboot": (0, 0, 0, 0), "personality": (8,), "syslog": (10, 0, 0),
        "iopl": (3,), "mlockall": (0,), "setpriority": (0, 0, 19), "sched_setaffinity": (0, 0, 0),
        "prlimit64": (0, 7, 0, 0), "sched_setscheduler": (0, 1, b"\1\0\0\0"), "sched_setattr": (0, 0, 0),
        "chown": (b"/tmp", 12345, 12345), "setuid": (33,), "setgroups": (0, 0), "mknod": (b"/tmp/node", 0o20600, 0x103),
        "openat2": (-100, b"/", 0, 0), "quotactl": (0, 0, 0, 0), "name_to_handle_at": (-100, b"/", 0, 0, 0),
        "msgget": (0, 0), "semget": (0, 1, 0o1600), "listen": (-1, 1), "seccomp": (0, 0, 0),
        "ioctl TIOCSTI": (0, 0x5412, b"x"),
    }
    for what, arguments in calls.items():
        name = what.split()[0]
        if exists(name):
            attempt(what, call, number(name), *arguments)
    attempt("set-user-ID bit", set_uid_bit)
    attempt("memory to write and execute", write_execute)
    privileges()
    for name in ("NOFILE", "CORE", "NPROC"):
        print(f"limit {name}", *resource.getrlimit(getattr(resource, "RLIMIT_" + name)))


main()
