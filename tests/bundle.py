#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a bundle of busybox. Usage: bundle.py DIR [PATH=JSON...] [-- COMMAND...]

config.json is what runc's "spec" writes, without terminal, seccomp and cgroup, as an engine would fill it in. Each
PATH=JSON replaces a value ("linux.maskedPaths=[]"), or appends to a list ("mounts+=...").
"""
import json
import os
import pathlib
import shutil
import sys

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
HIDDEN = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
CONFIG = {
    "ociVersion": "1.0.2",
    "process": {
        "user": {"uid": 0, "gid": 0},
        "args": ["sh"],
        "env": ["PATH=/bin"],
        "cwd": "/",
        "capabilities": {s: CAPABILITIES for s in ("bounding", "effective", "permitted")},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
    ],
    "linux": {
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": HIDDEN,
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


def change(assignment):
    path, value = assignment.split("=", 1)
    append, path = path.endswith("+"), path.rstrip("+").split(".")
    place = CONFIG
    for key in path[:-1]:
        place = place.setdefault(key, {})
    if append:
        place[path[-1]] = [*place.get(path[-1], []), json.loads(value)]
    elif value == "":
        del place[path[-1]]
    else:
        place[path[-1]] = json.loads(value)


def main():
    bundle, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
    command = words[words.index("--") + 1:] if "--" in words else []
    for assignment in words[:len(words) - len(command) - bool("--" in words)]:
        change(assignment)
    if command:
        CONFIG["process"]["args"] = command
    if not (bundle / "rootfs").exists():
        for directory in ("bin", "dev", "proc", "sys", "etc", "tmp"):
            (bundle / "rootfs" / directory).mkdir(parents=True)
        shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
        os.symlink("busybox", bundle / "rootfs/bin/sh")
    (bundle / "config.json").write_text(json.dumps(CONFIG, indent=2), encoding="utf-8")


main()
