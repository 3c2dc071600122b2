#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the attempts as the only line of a batch. Usage: batched.py ISORUN OPTIONS... ADVERSARY inside ARGUMENT

Prints what the instance has printed, and exits with its status. A batch takes no pipe as standard output."""
import json
import os
import subprocess
import sys
import tempfile

*isorun, adversary, verb, argument = sys.argv[1:]
with tempfile.NamedTemporaryFile() as output:
    line = json.dumps({"argv": [adversary, verb, argument], "stdin": os.readlink("/proc/self/fd/0"), "stdout": output.name})
    done = subprocess.run([*isorun, "--batch"], input=line + "\n", stdout=subprocess.PIPE, text=True, check=False)
    sys.stdout.buffer.write(output.read())
sys.exit(json.loads(done.stdout)["status"] if done.stdout else done.returncode)
