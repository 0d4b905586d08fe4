"""The folder of the page's temporary files: for its owner alone, swept, and limited in size.

Gradio deletes what a running app knows. What uploads that broke off and apps that were killed leave behind is
deleted here.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

VARIABLE = "GRADIO_TEMP_DIR"  # read by gradio when it is imported
NAME = "swintextspotter"
KEPT_SECONDS = 26 * 3600  # gradio deletes files of a running app after a day
UNFINISHED = "tmp"  # how the names of uploads start that are not complete
UNFINISHED_SECONDS = 3600  # since something was last added
SWEEP_SECONDS = 3600  # between two sweeps


def use_own_folder() -> Path:
    """Makes the folder, unless one is named in the environment, before gradio is imported."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = str(own_folder(NAME).resolve())
    folder = Path(os.environ[VARIABLE])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def own_folder(name: str) -> Path:
    """A folder of temporary files that only this user can read; the same each time, unless it is not safe."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir(), f"{name}-{user}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_own(folder):  # somebody else has made it
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    return folder


def _is_own(folder: Path) -> bool:
    found = folder.lstat()
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(found.st_mode)
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def sweep(folder: Path, now: float | None = None) -> int:
    """Deletes what is old in the folder; the number of files and folders deleted."""
    now = time.time() if now is None else now
    count = 0
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        limit = UNFINISHED_SECONDS if path.name.startswith(UNFINISHED) else KEPT_SECONDS
        with suppress(OSError):  # somebody else has deleted it
            if now - _last_change(path) <= limit:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
            count += 1
    return count


def _last_change(path: Path) -> float:
    """Of a file, or of the newest in a folder."""
    times = [path.lstat().st_mtime]
    if path.is_dir() and not path.is_symlink():
        times += [file.lstat().st_mtime for file in path.rglob("*")]
    return max(times)


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total


def sweep_hourly(folder: Path) -> Thread:
    """Now and from then on, in the background, until the app ends."""

    def run() -> None:
        while True:
            with suppress(OSError):  # the folder is gone
                sweep(folder)
            time.sleep(SWEEP_SECONDS)

    thread = Thread(target=run, name="sweep", daemon=True)
    thread.start()
    return thread
