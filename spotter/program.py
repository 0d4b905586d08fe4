"""The version, and the name under which a program was started, for its usage and messages."""

from __future__ import annotations

import sys

VERSION = "0.1.0"
COMMAND = "spotter"  # of the installed package, see spotter/console.py


def program_name(module: str) -> str:
    """`spotter train`, or `python -m spotter.training`."""
    started = sys.argv[0]
    if started.startswith(f"{COMMAND} "):
        return started
    return "python app.py" if module == "app" else f"python -m {module}"
