#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions for isoctl why, and what really happens: the suite why.

Usage: questions.py draw SEED N DIRECTORY   # prints N questions, one a line: ACTION TAB OBJECT
       questions.py policy SEED DIRECTORY   # prints a policy
       questions.py try                     # does what each line of standard input asks; prints an errno's name or "ok"
       questions.py compare ANSWERS RESULTS # a file of isoctl why --json, and one of "try"; prints each difference
"""
import ctypes
import errno
import itertools
import json
import os
import pathlib
import random
import resource
import stat
import sys

FILES = ["read", "write", "create", "remove", "rename", "execute"]
PLACES = ["/", "/etc", "/etc/ssl", "/etc/apt", "/usr", "/usr/bin", "/usr/share", "/opt", "/home", "/root", "/srv", "/mnt",
          "/media", "/boot", "/sys", "/tmp", "/run", "/run/lock", "/var", "/var/log", "/var/lib", "/var/lib/dpkg",
          "/var/cache", "/var/tmp", "/dev", "/dev/shm"]
NODES = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/mem", "/dev/kmsg", "/dev/pts", "/proc", "/etc/shadow", "/etc/ssl/private"]
# Names and numbers are those of x86-64 and arm64 headers alike: none is called that could end or stop this process.
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17, "AF_ALG": 38, "AF_VSOCK": 40}


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
    questions |= {("capability", c) for c in ("CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")}
    questions |= {("environment", e) for e in ("HOME", "PATH", "NO_SUCH", "A")}
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
             "RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies=~AF_INET", "Environment=A=1", "LimitNOFILE=64",
             "LimitFSIZE=1M", "PrivateNetwork=no", "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE"]
    drawn = pick.sample(lines, pick.randint(2, 7))
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


def do_call(call):
    name = call.split("(")[1].split(",")[0]
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.socket(FAMILIES[name], 1, 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "")
    os.close(fd)


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


DO = {"read": lambda p: do_open(p, os.O_RDONLY), "write": lambda p: do_open(p, os.O_WRONLY), "create": do_create,
      "remove": do_remove, "rename": do_rename, "execute": do_execute, "call": do_call, "capability": do_capability,
      "environment": do_environment, "limit": do_limit}


def attempt():
    for line in sys.stdin.read().splitlines():
        action, thing = line.split("\t")
        try:
            DO[action](thing)
            print("ok")
        except OSError as e:
            print(errno.errorcode.get(e.errno, "none"))


def expected(answer):
    if answer["verdict"] == "depends":
        return None
    return "ok" if answer["verdict"] == "allowed" else answer["errno"] or "none"


def compare(answers, results):
    answers = json.loads(pathlib.Path(answers).read_text(encoding="utf-8"))
    results = pathlib.Path(results).read_text(encoding="utf-8").splitlines()
    known = wrong = 0
    for answer, result in itertools.zip_longest(answers, results):
        said = expected(answer)
        known += said is not None
        # The kernel may not have a family, and a program that runs somewhere cannot be written to.
        if said in (None, result) or result == "ETXTBSY" or (answer["action"] == "call" and said == "ok"):
            continue
        wrong += 1
        print(f'{answer["action"]} {answer["object"]}: why says {said} ({answer["because"]}), but: {result}')
    print(f"{len(answers)} questions, {known} answered, {wrong} wrong")


def main():
    command, *arguments = sys.argv[1:]
    if command == "draw":
        draw(arguments[0], int(arguments[1]), arguments[2])
    elif command == "policy":
        policy(*arguments)
    elif command == "try":
        attempt()
    else:
        compare(*arguments)


main()
