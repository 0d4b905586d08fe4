"""Finds the images that an annotation file names, and tells those of the same name apart."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath

from annotation.formats.entries import Entry
from annotation.label_studio.task_images import UPLOADED
from annotation.store.images import display_name, distinct_names

MAX_SEARCHED = 100_000  # files in subfolders


def find_file(name: str, folders: Iterable[Path | None]) -> Path | None:
    """The file with this relative name, or its last part, in the first folder that has it; never outside.

    Names that differ only in case, in how their accents are encoded (macOS) or in what Label Studio puts
    before them count as the same if no other file is meant. Subfolders are searched if one alone has it.
    """
    folders = list(folders)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts:
        return None
    safe = [part for part in parts if part not in ("/", "..", ".")]
    for folder in folders:
        if folder is None:
            continue
        for relative in ("/".join(safe), "/".join(safe[1:]), f"images/{safe[-1]}", safe[-1]) if safe else ():
            with suppress(OSError):  # a name that is longer than the system allows
                path = _existing(folder / relative) if relative else None
                if path is not None and path.resolve().is_relative_to(folder.resolve()):
                    return path
    for folder in folders if safe else ():
        if folder is not None:
            below = names_below(folder, folder.stat().st_mtime_ns).get(plain_name(safe[-1]), [])
            if len(below) == 1:
                return below[0]
    return None


def _existing(path: Path) -> Path | None:
    if path.is_file():
        return path
    if not path.parent.is_dir():
        return None
    similar = _similar_names(path.parent, path.parent.stat().st_mtime_ns).get(plain_name(path.name), [])
    return path.with_name(similar[0]) if len(similar) == 1 and path.with_name(similar[0]).is_file() else None


@lru_cache(maxsize=8)
def _similar_names(folder: Path, changed: int) -> dict[str, list[str]]:
    """The names in a folder, as last `changed` (ns), by their plain form."""
    names: dict[str, list[str]] = {}
    for path in folder.iterdir():
        names.setdefault(plain_name(path.name), []).append(path.name)
    return names


@lru_cache(maxsize=4)
def names_below(folder: Path, changed: int) -> dict[str, list[Path]]:
    """The files in subfolders of a folder, as last `changed` (ns), by their plain form; none if there are
    too many to search."""
    names: dict[str, list[Path]] = {}
    count = 0
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += len(files)
        if count > MAX_SEARCHED:
            return {}
        for name in files:
            path = Path(root, name)
            if not path.is_symlink():
                names.setdefault(plain_name(name), []).append(path)
    return names


def plain_name(name: str) -> str:
    """The same for names that mean the same file, see `find_file`."""
    return UPLOADED.sub("", unicodedata.normalize("NFC", name).casefold())


def tell_apart(entries: Sequence[Entry]) -> None:
    """Puts the folder before the names that images of several folders have: a_1.jpg."""
    named: dict[str, dict[Path, list[Entry]]] = {}
    for entry in entries:
        if isinstance(entry.file, Path):
            named.setdefault(entry.name, {}).setdefault(entry.file, []).append(entry)
    for name, by_file in named.items():
        if len(by_file) > 1:
            root = os.path.commonpath([file.parent for file in by_file])
            places = [(file.parent.relative_to(root) / name).as_posix() for file in by_file]
            for same, distinct in zip(by_file.values(), distinct_names(places), strict=True):
                for entry in same:
                    entry.name = display_name(distinct)
