"""Finds the images that `python -m spotter` reads, and names them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.images import MAX_PAGES, ImageError, count_pages, page_name

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"}
SUFFIXES |= {".heic", ".heif", ".avif", ".pdf"}
MAX_NAMED = 5  # files of a folder that are left out and named


@dataclass(frozen=True)
class Photo:
    """An image file, or a page of one."""

    path: Path
    page: int  # from 1 on
    name: str  # of its results


def find_images(inputs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The images to read, each once, and one sentence per input without any.

    Files are accepted with any name, files of a folder by suffix.
    """
    found: dict[str, Path] = {}
    errors = []
    for path in inputs:
        try:
            files = sorted(filter(_looks_like_an_image, path.iterdir())) if path.is_dir() else [path]
        except OSError as error:
            errors.append(f"{path}: The folder cannot be opened: {error.strerror}.")
            continue
        if not files:
            errors.append(f"{path}: There is no image in this folder.")
        for file in files:
            found.setdefault(os.path.abspath(file), file)
    return list(found.values()), errors


def _looks_like_an_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def describe_left_out(inputs: Sequence[Path]) -> list[str]:
    """One sentence per folder with files or folders that are not read; hidden ones are not named."""
    sentences = []
    for folder in inputs:
        try:
            inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except OSError:  # not a folder, or one that `find_images` has named
            continue
        folders = [path.name for path in inside if path.is_dir()]
        files = [path.name for path in inside if not path.is_dir() and path.suffix.lower() not in SUFFIXES]
        for kind, names in (("not images by their names", files), ("folders inside the folder", folders)):
            if names:
                others = f" and {len(names) - MAX_NAMED} others" if len(names) > MAX_NAMED else ""
                sentences.append(f"{folder}: Left out, {kind}: {', '.join(names[:MAX_NAMED])}{others}.")
    return sentences


def split_pages(paths: Sequence[Path], names: Sequence[str]) -> tuple[list[Photo], list[str]]:
    """All pages of all files, and one sentence per file of which not all pages are read."""
    photos, notes = [], []
    for path, name in zip(paths, names, strict=True):
        try:
            count = count_pages(path)
        except ImageError:  # `_read` says why
            count = 1
        if count == 1:
            photos.append(Photo(path, 1, name))
            continue
        for page in range(1, min(count, MAX_PAGES) + 1):
            photos.append(Photo(path, page, page_name(name, page, count)))
        if count > MAX_PAGES:
            notes.append(f"{path}: Only its first {MAX_PAGES} pages are read; split the file.")
    return photos, notes


def name_images(paths: Sequence[Path]) -> list[str]:
    """Unique names: the file's name, with as many parent folders as needed."""
    parts = [Path(os.path.abspath(path)).parts[1:] for path in paths]
    lengths = [1] * len(paths)
    while True:
        names = ["/".join(part[-count:]) for part, count in zip(parts, lengths, strict=True)]
        counts = Counter(names)
        short = [i for i, name in enumerate(names) if counts[name] > 1 and lengths[i] < len(parts[i])]
        if not short:
            return names
        for i in short:
            lengths[i] += 1
