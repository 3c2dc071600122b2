# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles for container runtimes, and images for stores of images."""
import ctypes
import os
import pathlib
import random
import resource
import shlex
import shutil
import subprocess
import sys
import tarfile

from measure import mixed, once

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS))
import images  # noqa: E402

ISORUN, ID = "isorun-oci", "isorun-bench"


def become_subreaper():
    """So that what a command leaves can be waited for here: its processor time counts, too."""
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_all():
    try:
        while os.waitpid(-1, 0):
            pass
    except ChildProcessError:
        pass


def processor_time(commands):
    """Milliseconds of all processes of some commands. All of them have ended before the last one begins."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for argv in commands:
        if len(commands) > 1 and argv is commands[-1]:
            wait_for_all()
        once(argv)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def processor_times(cases, rounds):
    become_subreaper()
    return mixed(cases, rounds, processor_time)


class Runtime:
    """A runtime with containers of its own, without limits and device rules, which a host within a host may not set."""
    def __init__(self, path, directory, systemd):
        self.argv = [path, "--root", f"{directory}/state", *(["--systemd-cgroup"] if systemd else [])]
        self.short, self.long = ([self.make_bundle(f"{directory}/{name}", name, systemd, command), ID + name]
                                 for name, command in (("short", ["true"]), ("long", ["sleep", "1000"])))

    @staticmethod
    def make_bundle(path, name, systemd, command):
        group = f"system.slice:bench:{os.path.basename(os.path.dirname(path))}{name}" if systemd else f"/{ID}-{os.path.basename(os.path.dirname(path))}{name}"
        os.makedirs(path)
        subprocess.run([str(TESTS / "bundle.py"), path, "process.rlimits=[]", f'linux.cgroupsPath="{group}"', "--",
                        "busybox", *command], check=True)
        return path

    def run(self):
        return [*self.argv, "run", "--bundle", *self.short]

    def life(self):
        name = self.short[1]
        return [[*self.argv, "create", "--bundle", *self.short], [*self.argv, "start", name], [*self.argv, "delete", name]]

    def begin(self):
        return ["sh", "-c", f"exec {shlex.join([*self.argv, 'run', '--detach', '--bundle', *self.long])} </dev/null >/dev/null 2>&1"]

    def execute(self):
        return [*self.argv, "exec", self.long[1], "busybox", "true"]

    def end(self):
        return [*self.argv, "delete", "--force", self.long[1]]


def runtimes(own, directory):
    """{name: path}. Where their file system is read-only, crun and runc do not copy themselves: then there is another one
    of each that must."""
    found = {ISORUN: own}
    for name in ("crun", "runc"):
        path = shutil.which(name)
        if path:
            found[name] = path
        if path and os.statvfs(path).f_flag & os.ST_RDONLY:
            other = shutil.copy(path, pathlib.Path(directory) / name)
            found[f"{name}, where / is writable"] = str(other)
    return found


def make_image(directory, megabytes):
    """An OCI layout and an archive of it: one layer of files of 100 kB, which gzip makes half as large."""
    source, layout = random.Random(1), os.path.join(directory, "image")
    files = [images.member(f"data/{i}", source.randbytes(50000) + bytes(50000)) for i in range(megabytes * 10)]
    images.layout(layout, [images.layer(images.directory("data"), *files)])
    archive = os.path.join(directory, "image.tar")
    with tarfile.open(archive, "w") as tar:
        tar.add(layout, ".")
    return layout, archive


def image_commands(isoctl, layout, archive, to):
    """{name: argv}: each one into a directory that is empty at first. isoctl's store is there in a mount namespace, on
    another /var/lib, so that nothing is made in the machine's own."""
    store = "/var/lib/isorun/images"
    add = [isoctl, "image", "add", f"oci:{layout}:1", "bench:1"]
    script = (f"mount -t tmpfs -o mode=755 none /var/lib && mkdir -p -m 700 {store} && mount --bind {to} {store} && "
              f"exec {shlex.join(add)} >/dev/null")
    podman = ["podman", "--root", f"{to}/root", "--runroot", f"{to}/run", "--storage-driver=vfs"]
    return {"isoctl image add": ["unshare", "-m", "sh", "-c", script],
            "umoci unpack": ["sh", "-c", f"exec umoci unpack --image {layout}:1 {to}/bundle >/dev/null 2>&1"],
            "podman load": ["sh", "-c", f"exec {shlex.join([*podman, 'load', '-i', archive])} >/dev/null 2>&1"]}


def add_image(argv, to):
    os.mkdir(to, 0o700)
    try:
        return once(argv)
    finally:
        shutil.rmtree(to)


def can_add(argv, to):
    """Whether the program is there, and can do it here."""
    try:
        add_image(argv, to)
    except SystemExit as e:
        print(f"  left out: {str(e).splitlines()[0][:100]}")
        return False
    return True
