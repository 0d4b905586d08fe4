"""Finds the images that `spotter read` reads, and names them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
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
    document: str = field(default="", compare=False)  # the name without that of the page


def find_images(inputs: Sequence[Path], recursive: bool = False) -> tuple[list[Path], list[str]]:
    """The images to read, each once, and one sentence per input without any.

    Files are accepted with any name, files of a folder by suffix. `recursive`: in the folders inside, too.
    """
    found: dict[str, Path] = {}
    errors = []
    for path in inputs:
        files = [path]
        if path.is_dir():
            inside, unopened = _walk(path, recursive)
            errors += unopened
            files = [file for file in inside if _looks_like_an_image(file)]
            if not files and not unopened:
                errors.append(f"{path}: There is no image in this folder.")
        for file in files:
            found.setdefault(os.path.abspath(file), file)
    return list(found.values()), errors


def _walk(folder: Path, recursive: bool) -> tuple[list[Path], list[str]]:
    """What is in a folder, but for hidden things, and one sentence per folder that cannot be opened.

    `recursive`: files in the folders inside, instead of these folders; links to folders are not followed.
    """
    found: list[Path] = []
    errors: list[str] = []
    try:
        inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        return [], [f"{folder}: The folder cannot be opened: {error.strerror}."]
    for path in inside:
        if recursive and path.is_dir() and not path.is_symlink():
            files, unopened = _walk(path, recursive)
            found += files
            errors += unopened
        else:
            found.append(path)
    return found, errors


def _looks_like_an_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def describe_left_out(inputs: Sequence[Path], recursive: bool = False) -> list[str]:
    """One sentence per folder with files or folders that are not read; hidden ones are not named."""
    sentences = []
    for folder in inputs:
        inside = _walk(folder, recursive)[0] if folder.is_dir() else []
        names = {path: str(path.relative_to(folder)) for path in inside}
        folders = [name for path, name in names.items() if path.is_dir()]
        files = [n for path, n in names.items() if not path.is_dir() and path.suffix.lower() not in SUFFIXES]
        kind = "links to folders" if recursive else "folders inside, which --recursive reads"
        for what, some in (("not images by their names", files), (kind, folders)):
            if some:
                others = f" and {len(some) - MAX_NAMED} others" if len(some) > MAX_NAMED else ""
                sentences.append(f"{folder}: Left out, {what}: {', '.join(some[:MAX_NAMED])}{others}.")
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
            photos.append(Photo(path, 1, name, name))
            continue
        for page in range(1, min(count, MAX_PAGES) + 1):
            photos.append(Photo(path, page, page_name(name, page, count), name))
        if count > MAX_PAGES:
            notes.append(f"{path}: Only its first {MAX_PAGES} pages are read; split the file.")
    return photos, notes


def name_inputs(paths: Sequence[Path], inputs: Sequence[Path], recursive: bool) -> list[str]:
    """Unique names; of a single folder, they stay the same when photos are added to it."""
    if recursive and len(inputs) == 1 and inputs[0].is_dir():
        return [path.relative_to(inputs[0]).as_posix() for path in paths]
    return name_images(paths)


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
