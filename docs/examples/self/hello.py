#!/usr/bin/python3
# A script that isolates itself: chmod +x hello.py; ./hello.py
# isorun: [Policy]
# isorun: Description=A script that isolates itself
# isorun: [Sandbox]
# isorun: Environment=FROM=its-own-policy
import os
import sys

import isorun

try:
    isorun.isolate()
except isorun.Error:
    sys.exit(125)  # the reason has been printed
print("isolated under", os.environ.get("FROM", "another policy"))
