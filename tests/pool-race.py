#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pool-race.py ISOCTL THREADS ROUNDS ISORUN [OPTION...]: THREADS threads run short instances, and as many start instances
that isoctl stops. Prints how many instances ran, and the first of those that were lost."""
import subprocess
import sys
import threading

isoctl, threads, rounds, isorun = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
LONG = "trap 'exit 0' TERM; echo ran; while :; do sleep 0.1; done"
results = []


def run_short():
    for _ in range(rounds):
        r = subprocess.run([*isorun, "echo", "ran"], capture_output=True, text=True)
        results.append((r.returncode, r.stdout, r.stderr))


def run_stopped(thread):
    for i in range(rounds):
        name = f"r{thread}-{i}"
        p = subprocess.Popen([*isorun, "--name", name, "sh", "-c", LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        said = p.stdout.readline()
        if said:
            subprocess.run([isoctl, "stop", name], check=True)
        rest, err = p.communicate()
        results.append((p.returncode, said + rest, err))


workers = [threading.Thread(target=run_short) for _ in range(threads)]
workers += [threading.Thread(target=run_stopped, args=(n,)) for n in range(threads)]
for w in workers:
    w.start()
for w in workers:
    w.join()
print(len(results), [r for r in results if r != (0, "ran\n", "")][:3])
