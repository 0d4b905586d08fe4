"""Starts, finds and stops the process of a round.

A process is known by its id and its start time, as ids are used again. It waits for its arguments on standard
input before it begins (`annotation.rounds.launch`): a starter that is killed in between leaves no process
that the ledger does not know.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parents[2]
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOG = "worker.log"  # its output, in the folder of the round
MAX_LINE = 300  # characters of its last line that are shown


@dataclass(frozen=True)
class Process:
    host: str
    pid: int
    started: str

    def is_alive(self) -> bool:
        """One on another host counts as alive: nobody here can tell."""
        return self.host != socket.gethostname() or start_time(self.pid) == self.started

    def terminate(self, kill: bool = False) -> None:
        """Asks it to stop, or kills it; nothing happens if it has ended."""
        if self.host == socket.gethostname() and self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM) if kill else signal.SIGTERM)


def this_process() -> Process:
    return Process(socket.gethostname(), os.getpid(), start_time(os.getpid()))


def start_time(pid: int) -> str:
    """Tells a process from a later one with its id; "" if there is none or it has ended."""
    if BOOT_ID.exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        state, *rest = fields.rpartition(")")[2].split()
        return "" if state in "ZX" else f"{BOOT_ID.read_text().strip()}/{rest[18]}"
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if found.startswith("Z") else found.partition(" ")[2].strip()


def spawn(module: str, arguments: Sequence[str], folder: Path, note: Callable[[Process], None]) -> None:
    """Starts `python -m MODULE ARGUMENTS` in a session of its own, so that it outlives this process.

    `note`: called with the process before it begins; if it raises, nothing begins. Raises OSError.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with (folder / LOG).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "annotation.rounds.launch", module],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    assert child.stdin is not None
    try:
        note(Process(socket.gethostname(), child.pid, start_time(child.pid)))
        child.stdin.write(json.dumps(list(arguments)).encode() + b"\n")
        child.stdin.flush()
    finally:
        with suppress(OSError):
            child.stdin.close()
        Thread(target=child.wait, daemon=True).start()  # so that it does not stay as a zombie


def last_line(folder: Path) -> str:
    """The last line that the worker wrote, "" without one."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    written = ["".join(c for c in line if c.isprintable()).strip() for line in lines[-50:]]
    return next((line[:MAX_LINE] for line in reversed(written) if line), "")
