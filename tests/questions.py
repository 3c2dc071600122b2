#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions for isoctl why, and what really happens: the suite why.

Usage: questions.py draw SEED N DIRECTORY   # prints N questions, one a line: ACTION TAB OBJECT
       questions.py policy SEED DIRECTORY   # prints a policy
       questions.py peers                   # prints lines of a policy with peers
       questions.py serve DIRECTORY         # servers at sockets in the directory, at an abstract one, and at PORT
       questions.py try                     # does what each line of standard input asks; prints an errno's name or "ok"
       questions.py try SOCKETS             # the same outside, where the directory /sockets is SOCKETS; without files
       questions.py compare ANSWERS INSIDE OUTSIDE
                                            # files of isoctl why --json and of both "try"; prints each difference
"""
import contextlib
import ctypes
import errno
import itertools
import json
import os
import pathlib
import random
import re
import resource
import selectors
import socket
import stat
import sys

FILES = ["read", "write", "create", "remove", "rename", "execute"]
PLACES = ["/", "/etc", "/etc/ssl", "/etc/apt", "/usr", "/usr/bin", "/usr/share", "/opt", "/home", "/root", "/srv", "/mnt",
          "/media", "/boot", "/sys", "/tmp", "/run", "/run/lock", "/var", "/var/log", "/var/lib", "/var/lib/dpkg",
          "/var/cache", "/var/tmp", "/dev", "/dev/shm"]
NODES = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/mem", "/dev/kmsg", "/dev/pts", "/proc", "/etc/shadow", "/etc/ssl/private"]
# Names and numbers are those of x86-64 and arm64 headers alike: none is called that could end or stop this process.
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17, "AF_ALG": 38, "AF_VSOCK": 40}
PORT = 7411
PEERS = f"ConnectTo=localhost:{PORT} db.invalid:5432=localhost:{PORT} *.b.invalid:443=localhost:{PORT} 198.51.100.2:80" \
        f"=localhost:{PORT} echo.invalid:7/udp=localhost:{PORT}"
ABSTRACT = "@isorun-questions"
SOCKETS = ["open", "shut", "plain", "unheard"]
# What happens behind the filter needs no capability, changes nothing, and is an error of its own in most of these.
CALLS = ["add_key(0,0,0,0,0)", "chmod(0,2541)", "chmod(0,420)", "clock_adjtime(0,0)", "fcntl(-1,1024,1)", "fchmod(-1,2541)",
         "get_mempolicy(0,0,0,0,1)", "io_setup(0,0)", "io_uring_setup(0,0)", "ioctl(-1,0x5412,0)", "kcmp(0x3fffffff,1,0,0,0)",
         "keyctl(0xffff,0,0)", "landlock_create_ruleset(0,0,1)", "memfd_create(0,0)", "mkdirat(-1,0,2541)",
         "mmap(0,4096,7,0x22,-1,0)", "mmap(0,4096,3,0x22,-1,0)", "mprotect(0,0,6)", "name_to_handle_at(-1,0,0,0,0)",
         "personality(0xffffffff)", "personality(8)", "pidfd_getfd(-1,0,0)", "pidfd_open(0x3fffffff,0)",
         "process_vm_readv(0x3fffffff,0,0,0,0,0)", "process_vm_writev(0x3fffffff,0,0,0,0,0)", "ptrace(2,0x3fffffff,0,0)",
         "sched_setscheduler(0,1,0)", "sched_setscheduler(0,0,0)", "setns(-1,0)", "shmget(0,0,0)", "socketpair(1,1,0,0)",
         "socketpair(2,1,0,0)", "splice(-1,0,-1,0,0,0)", "unshare(0)", "unshare(0x10000000)", "unshare(0x20000)",
         "userfaultfd(0xffff)", "vmsplice(-1,0,0,0)"]


def draw_addresses():
    """Questions about networks, of which few enough exist to ask all of them."""
    there = [f"localhost:{PORT}", f"127.0.0.1:{PORT}", f"127.0.0.2:{PORT}", "127.0.0.1:9", f"localhost:{PORT}/udp",
             "127.0.0.1:9/udp", "198.51.100.1:9", "198.51.100.1:9/udp", "198.51.100.2:80", "198.51.100.2:81", "[::1]:9",
             "[2001:db8::1]:9", "db.invalid:5432", "db.invalid:5433", "none.invalid:80", "a.b.invalid:443", "b.invalid:443",
             "a.b.invalid:444", "127.0.0.1:443", "echo.invalid:7/udp", "echo.invalid:7"]
    there += [ABSTRACT, "/run/isorun/notify"]
    there += [f"/sockets/{name}" for name in SOCKETS] + ["/sockets/none", "/etc/passwd", "/etc", "/etc/passwd/socket"]
    listen = ["80", "82", "443", "53", "5432", "8080", "8081", "7/udp", "8080/udp", "53/udp", "1024", "1023"]
    return {("connect", t) for t in there} | {("listen", port) for port in listen}


def draw(seed, count, directory):
    pick = random.Random(seed)
    volume = [str(p) for p in sorted(pathlib.Path(directory).rglob("*"))]
    paths = list(NODES) + volume
    for place in PLACES:
        try:
            names = sorted(os.listdir(place))
        except OSError:
            names = []
        paths += [place, f"{place}/missing-here", f"{place}/missing-here/below"]
        paths += [os.path.join(place, n) for n in pick.sample(names, min(len(names), 12))]
    paths += [p.replace(directory, "/mnt/volume", 1) for p in volume] + ["/mnt/volume", "/mnt/volume/new"]
    paths = [p for p in paths if "\n" not in p and "\t" not in p]
    questions = {("call", f"socket({name},1,0)") for name in FAMILIES}
    questions |= {("call", call) for call in CALLS} | draw_addresses()
    questions |= {("capability", c) for c in ("CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")}
    questions |= {("environment", e) for e in ("HOME", "PATH", "NO_SUCH", "A", "TZ", "LC_TIME", "LC_NONE", "SOME")}
    questions |= {("limit", "LimitNOFILE"), ("limit", "LimitFSIZE")}
    while len(questions) < count:
        questions.add((pick.choice(FILES), pick.choice(paths)))
    # What changes files comes last, and undoes it; a removed file cannot always be put back.
    order = ["create", "rename", "remove"]
    for action, thing in sorted(questions, key=lambda q: (order.index(q[0]) if q[0] in order else -1, q)):
        print(f"{action}\t{thing}")


def policy(seed, directory):
    pick = random.Random(seed)
    lines = [f"BindPaths={directory}:/mnt/volume", f"BindReadOnlyPaths={directory}:/mnt/volume",
             f"Volume={directory}:/mnt/volume:rw,noexec", "TemporaryFileSystem=/opt", "TemporaryFileSystem=/srv:ro",
             "InaccessiblePaths=/usr/share", "InaccessiblePaths=/etc/hostname", "ProtectHome=no",
             "RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies=~AF_INET", "Environment=A=1", "PassEnvironment=SOME", "UnsetEnvironment=TZ A", "UnsetEnvironment=LC_TIME=C", "LimitNOFILE=64",
             "LimitFSIZE=1M", "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE", "MemoryDenyWriteExecute=yes",
             "CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "LockPersonality=yes", "RestrictSUIDSGID=no",
             "RestrictRealtime=yes", "SystemCallFilter=~connect", "SystemCallFilter=~bind", "SystemCallFilter=~keyctl unshare"]
    drawn = pick.sample(lines, pick.randint(2, 8))
    drawn += pick.choice([[], ["PrivateNetwork=no"], ["PrivateNetwork=no", "AbstractSockets=yes"], ["AbstractSockets=yes"],
                          [PEERS], ["ListenOn=17412=82 17413=8080"], [PEERS, "ListenOn=17412=82 17413=8080"]])
    if "PrivateNetwork=no" in drawn: # where that capability would have no effect, which is an error
        drawn = [line for line in drawn if "CAP_NET_BIND_SERVICE" not in line]
    print("[Sandbox]")
    print("\n".join(line for i, line in enumerate(drawn)
                    if not any("/mnt/volume" in line and "/mnt/volume" in other for other in drawn[:i])))


def do_open(path, flags):
    os.close(os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK, 0o600))


def do_create(path):
    do_open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.unlink(path)


def do_remove(path):
    """Puts a directory back. A file is removed from its name alone, if it can have another meanwhile."""
    try:
        directory = stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        directory = False
    if directory:
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        os.rmdir(path)
        os.mkdir(path)
        os.chmod(path, mode)
        return
    kept = path + ".kept"
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError:
        kept = None
    os.unlink(path)
    if kept:
        os.rename(kept, path)


def do_rename(path):
    os.rename(path, path + ".renamed")
    os.rename(path + ".renamed", path)


def do_execute(path):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.access(os.fsencode(path), os.X_OK) < 0:
        raise OSError(ctypes.get_errno(), "")


def libc_call(function, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = getattr(libc, function)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def in_child(function):
    """Some calls change the process."""
    pid = os.fork()
    if pid == 0:
        try:
            function()
            os._exit(0)
        except OSError as e:
            os._exit(e.errno)
    status = os.waitpid(pid, 0)[1]
    if status:
        raise OSError(os.waitstatus_to_exitcode(status), "")


def do_call(call):
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", call).groups()
    values = [FAMILIES[word] if word in FAMILIES else int(word, 0) for word in arguments.split(",")]
    number = libc_call_number(name)
    if number < 0:
        raise OSError(errno.ENOSYS, "")
    in_child(lambda: libc_call("syscall", ctypes.c_long(number), *(ctypes.c_long(v) for v in values)))


def libc_call_number(name):
    return ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name(name.encode())


def ask(s):
    """Whether the server answers: for TCP and sockets with the end, for UDP with the same datagram."""
    s.settimeout(30)
    s.send(b"x")
    s.recv(16)


def connect_path(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)


def do_connect(target):
    if target[0] in "/@":
        return connect_path("\0" + target[1:] if target[0] == "@" else target)
    host, port = target.rsplit(":", 1)
    kind = socket.SOCK_DGRAM if port.endswith("/udp") else socket.SOCK_STREAM
    host, port = host.strip("[]"), int(port.removesuffix("/udp"))
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as s:
        s.settimeout(30)
        try:
            s.connect((host, port))
        except socket.gaierror:
            raise OSError(0, "") from None
        ask(s)


def do_listen(port):
    udp = port.endswith("/udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as s:
        s.bind(("0.0.0.0", int(port.removesuffix("/udp"))))
        if not udp:
            s.listen()


def do_capability(name):
    numbers = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    if not effective >> numbers[name] & 1:
        raise OSError(errno.EPERM, "")


def do_environment(name):
    if name not in os.environ:
        raise OSError(0, "")


def do_limit(name):
    number = getattr(resource, "RLIMIT_" + name.removeprefix("Limit"))
    here = resource.getrlimit(number)[0]
    if here != int(os.environ["OUTSIDE_" + name]):
        raise OSError({"LimitNOFILE": errno.EMFILE, "LimitFSIZE": errno.EFBIG}[name], "")


DO = {"connect": do_connect, "listen": do_listen, "read": lambda p: do_open(p, os.O_RDONLY), "write": lambda p: do_open(p, os.O_WRONLY), "create": do_create,
      "remove": do_remove, "rename": do_rename, "execute": do_execute, "call": do_call, "capability": do_capability,
      "environment": do_environment, "limit": do_limit}


def attempt(sockets=None):
    for line in sys.stdin.read().splitlines():
        action, thing = line.split("\t")
        if sockets and action not in ("connect", "listen", "call"):
            print("-")
            continue
        try:
            DO[action](re.sub("^/sockets", sockets, thing) if sockets else thing)
            print("ok")
        except OSError as e:
            print(errno.errorcode.get(e.errno, "none"), flush=True)


def serve(directory):
    """Answers each client, until it is killed. It says "ready" when all sockets are there."""
    at = selectors.DefaultSelector()

    def add(family, kind, address, mode=None):
        s = socket.socket(family, kind)
        s.bind(address)
        if mode is not None:
            os.chmod(address, mode)
        if kind == socket.SOCK_STREAM:
            s.listen(64)
        at.register(s, selectors.EVENT_READ)
        return s

    add(socket.AF_UNIX, socket.SOCK_STREAM, f"{directory}/open", 0o666)
    add(socket.AF_UNIX, socket.SOCK_STREAM, f"{directory}/shut", 0o600)
    unheard = add(socket.AF_UNIX, socket.SOCK_STREAM, f"{directory}/unheard", 0o666)
    at.unregister(unheard)
    unheard.close()
    add(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + ABSTRACT[1:])
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        add(socket.AF_INET, kind, ("127.0.0.1", PORT))
    print("ready", flush=True)
    while True:
        for key, _ in at.select():
            with contextlib.suppress(OSError):
                if key.fileobj.type == socket.SOCK_STREAM:
                    with key.fileobj.accept()[0] as client:
                        client.settimeout(30)
                        client.recv(16)
                else:
                    key.fileobj.sendto(*key.fileobj.recvfrom(16))


def expected(answer):
    if answer["verdict"] == "depends":
        return None
    return "ok" if answer["verdict"] == "allowed" else answer["errno"] or "none"


def agrees(answer, said, inside, outside):
    if said is None or inside == "ETXTBSY": # a program that runs somewhere cannot be written to
        return True
    # Where connect(2) is denied, the lookup of a name fails first.
    if answer["action"] == "connect" and answer["mechanism"] == "filter" and inside == "none":
        return True
    # The kernel may refuse what the filter allows, and no server may be there: the same as outside, then.
    if said == "ok" and answer["action"] in ("connect", "call"):
        return inside in ("ok", outside) or answer["object"].startswith("socket(")
    return said == inside


def compare(answers, *results):
    answers = json.loads(pathlib.Path(answers).read_text(encoding="utf-8"))
    inside, outside = (pathlib.Path(r).read_text(encoding="utf-8").splitlines() for r in results)
    known = wrong = 0
    for answer, result, free in itertools.zip_longest(answers, inside, outside):
        said = expected(answer)
        known += said is not None
        if agrees(answer, said, result, free):
            continue
        wrong += 1
        print(f'{answer["action"]} {answer["object"]}: why says {said} ({answer["because"]}), but: {result}, outside: {free}')
    print(f"{len(answers)} questions, {known} answered, {wrong} wrong")


def main():
    command, *arguments = sys.argv[1:]
    if command == "draw":
        draw(arguments[0], int(arguments[1]), arguments[2])
    elif command == "policy":
        policy(*arguments)
    elif command == "peers":
        print(PEERS)
    elif command == "serve":
        serve(*arguments)
    elif command == "try":
        attempt(*arguments)
    else:
        compare(*arguments)


main()
