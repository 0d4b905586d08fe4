"""Deletes from the folder of images what a process that was killed has left: files without a photo."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from annotation.store.store import Store
from annotation.store.tables import ImageRow

DAY = 24 * 3600  # seconds; what is younger may be of a process that still runs
STORED = re.compile(r"([0-9a-f]{64})\.(jpg|png)")
PARTS = (".new-*", ".import-*", "??/.new-*")  # of files and imports that were never completed
BATCH = 500  # files per transaction


def remove_orphans(store: Store, now: float | None = None) -> int:
    """Deletes files older than a day that belong to no photo, not even to one in the bin; how many."""
    folder, limit = store.images.folder, (time.time() if now is None else now) - DAY
    count = 0
    for path in [path for pattern in PARTS for path in folder.glob(pattern)]:
        if _is_older(path, limit):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            count += 1
    stored = [path for path in _stored_files(folder) if _is_older(path, limit)]
    for start in range(0, len(stored), BATCH):
        some = {path.stem: path for path in stored[start : start + BATCH]}
        with store.write() as session:  # so that none of them is added meanwhile
            known = session.scalars(select(ImageRow.sha256).where(ImageRow.sha256.in_(some)))
            for sha256 in some.keys() - set(known):
                some[sha256].unlink(missing_ok=True)
                count += 1
    return count


def _stored_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("??/*") if STORED.fullmatch(path.name))


def _is_older(path: Path, limit: float) -> bool:
    with suppress(OSError):  # somebody else has deleted it
        return path.lstat().st_mtime < limit
    return False
