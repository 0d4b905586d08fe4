"""`python -m annotation.rounds.launch MODULE`: becomes MODULE once its starter has noted this process.

The starter then writes MODULE's arguments to standard input, as a line of JSON: other users of the machine
can read the arguments of a process, and the URL of a database may contain a password.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

NICENESS = 10  # 0: normal priority, 19: the lowest


def main() -> None:
    line = sys.stdin.readline()
    if not line:  # the starter was killed
        sys.exit(1)
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    sys.argv = [sys.argv[1], *json.loads(line)]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
