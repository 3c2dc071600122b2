# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs commands in random order, and reads what the kernel knows about processes."""
import ctypes
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time


def once(argv):
    """Milliseconds from the start to the end of a command, which must succeed."""
    begin = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ)
    status = os.waitpid(pid, 0)[1]
    if status:
        raise SystemExit(f"{' '.join(argv)[:300]}\nended with {os.waitstatus_to_exitcode(status)}")
    return (time.perf_counter() - begin) * 1e3


def works(argv):
    """Whether a command line works here; if not, prints why."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  left out: {argv[0]} ended with {done.returncode}: {said}")
    return done.returncode == 0


def summary(values):
    """Median, quartiles and least."""
    quarters = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": statistics.median(values), "q1": quarters[0], "q3": quarters[2], "least": min(values),
            "rounds": len(values)}


def mixed(cases, rounds, take=once, gap=0.0):
    """{name: summary} of {name: argument of take}. Each round takes each case once, in another order: what one leaves
    for the kernel to clean up, the next one waits for. Before each, it waits for gap seconds."""
    values = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name in random.sample(sorted(cases), len(cases)):
            time.sleep(gap)
            value = take(cases[name])
            if number > 0:  # the first round fills the caches
                values[name].append(value)
    return {name: summary(v) for name, v in values.items()}


def in_child(work):
    """The result of work() in a child, with which its mounts end."""
    end, other = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with os.fdopen(other, "w") as out:
                json.dump(work(), out)
            status = 0
        except SystemExit as e:
            print(e, file=sys.stderr)
        finally:
            os._exit(status)
    os.close(other)
    with os.fdopen(end) as source:
        text = source.read()
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("a part of the measurement failed")
    return json.loads(text)


def count_mounts():
    with open("/proc/self/mountinfo") as table:
        return sum(1 for _ in table)


def add_mounts(total):
    """In a mount namespace of this process: mounts file systems until there are this many."""
    CLONE_NEWNS, MS_REC_PRIVATE = 0x20000, 0x44000
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result):
        if result < 0:
            raise SystemExit(f"cannot mount: {os.strerror(ctypes.get_errno())}")

    check(libc.unshare(CLONE_NEWNS))
    check(libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None))
    check(libc.mount(b"tmpfs", b"/mnt", b"tmpfs", 0, None))
    for number in range(total - count_mounts()):
        os.mkdir(f"/mnt/{number}")
        check(libc.mount(b"tmpfs", f"/mnt/{number}".encode(), b"tmpfs", 0, None))


def throughput(argv, workers, seconds):
    """Starts in a second, by workers that each start one after the other."""
    def work():
        count, begin = 0, time.perf_counter()
        while time.perf_counter() < begin + seconds:
            once(argv)
            count += 1
        return count / (time.perf_counter() - begin)

    children = []
    for _ in range(workers):
        end, other = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(other, str(work()).encode())
            os._exit(0)
        os.close(other)
        children.append((pid, end))
    total = 0.0
    for pid, end in children:
        with os.fdopen(end) as source:
            total += float(source.read())
        os.waitpid(pid, 0)
    return total


def descendants(root):
    """{pid: name} of a process and those below it."""
    table, found, grown = {}, {root}, True
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as source:
                name, rest = source.read().rsplit(")", 1)
            table[int(pid)] = (int(rest.split()[1]), name.split("(", 1)[1])
        except OSError:  # it has ended
            pass
    while grown:
        more = {pid for pid, (parent, _) in table.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return {pid: table[pid][1] for pid in found if pid in table}


def proportional_size(pid):
    """kB, or 0 if the process has ended meanwhile: a script that sets a network up waits in short processes."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as source:
            return next(int(line.split()[1]) for line in source if line.startswith("Pss:"))
    except (ProcessLookupError, FileNotFoundError, StopIteration):
        return 0


class Idle:
    """Instances of "sleep inf", which run until the end of a with statement. commands: one for each."""

    def __init__(self, commands):
        self.commands, self.processes = commands, []

    def __enter__(self):
        for argv in self.commands:
            self.processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
            if len(self.processes) % 10 == 0:
                self.await_payload(self.processes[-1])  # not all at once
        for process in self.processes:
            self.await_payload(process)
        return self

    @staticmethod
    def await_payload(process, seconds=60):
        end = time.monotonic() + seconds
        while "sleep" not in descendants(process.pid).values():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"no payload: {' '.join(process.args)}")
            time.sleep(0.02)

    def own_memory(self):
        """kB for each instance, without its payload: proportional set size."""
        total = 0
        for process in self.processes:
            for pid in [pid for pid, name in descendants(process.pid).items() if name != "sleep"]:
                total += proportional_size(pid)
        return total / len(self.processes)

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait()
