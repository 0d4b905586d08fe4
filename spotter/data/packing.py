"""Makes a pack: one file with fonts, word lists, backgrounds and annotated photographs.

The same inputs give the same bytes. `spotter.data.sources` reads packs.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from spotter.data.pack_file import PackError, PackPart, write_pack
from spotter.data.pack_fonts import font_part
from spotter.data.pack_photographs import (
    LOWEST,
    Encoding,
    PackedPhotograph,
    SizeEstimate,
    annotated_photographs,
    background_photographs,
    background_set,
    encode_all,
    warn,
)
from spotter.data.sources import folders_by_name
from spotter.data.synth.vocabulary import WordLists
from spotter.data.terms import terms_of

SPLITS = "train", "held_out"
MEMBER_BYTES = 250  # of a zip file and the manifest per photograph, about


def make_pack(
    out: Path, limit: int, data: Sequence[str] = (), backgrounds: str | None = None, fonts: str | None = None
) -> list[str]:
    """Writes a pack of at most `limit` bytes; returns the lines that describe it.

    Raises:
        PackError: an input folder is wrong, a part is empty, or the limit is too small.
    """
    if not out.absolute().parent.is_dir():
        raise PackError(f"The folder of {out} does not exist.")
    parts, found = [], []
    for part, some in _photograph_parts(tuple(data), backgrounds):
        parts.append(part)
        found += some
    parts = [*_installed_parts(fonts), *parts]
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".pack-") as scratch:
        file = Path(scratch) / "pack.zip"
        parts, encoding = _fit(file, limit, parts, found)
        os.replace(file, out)
    return _summary(out, parts, encoding)


def _installed_parts(fonts: str | None) -> list[PackPart]:
    """Fonts and words."""
    try:
        return [font_part(fonts), _word_part()]
    except ImportError as error:
        raise PackError(f"{error}: pip install -r requirements-train.txt") from error
    except (RuntimeError, ValueError) as error:
        raise PackError(str(error)) from error


def _word_part() -> PackPart:
    """The word lists of both splits."""
    files = {f"words/{split}.json": WordLists.from_packages(split).to_json().encode() for split in SPLITS}
    source = ", ".join(f"{package} {version(package)}" for package in ("wordfreq", "faker"))
    return PackPart("words", source, {package: terms_of(package) for package in ("wordfreq", "faker")}, files)


def _photograph_parts(
    data: tuple[str, ...], backgrounds: str | None
) -> Iterator[tuple[PackPart, list[PackedPhotograph]]]:
    """The parts that hold photographs, still empty, and what goes into each."""
    try:
        folders = folders_by_name(data)
    except ValueError as error:
        raise PackError(str(error)) from error
    if backgrounds is not None:
        found = background_photographs(Path(backgrounds))
        names = sorted({background_set(Path(backgrounds), photograph.path) for photograph in found})
        yield PackPart("backgrounds", ", ".join(names), {name: terms_of(name) for name in names}), found
    for name, folder in folders.items():
        yield PackPart(f"data/{name}", name, terms_of(name)), annotated_photographs(name, folder)


def _fit(
    file: Path, limit: int, parts: list[PackPart], found: list[PackedPhotograph]
) -> tuple[list[PackPart], Encoding | None]:
    """Writes the pack with the best encoding of the photographs that fits; returns what it holds."""
    base = write_pack(file, parts, None)
    if base > limit:
        raise PackError(_too_large(limit, base))
    if not found:
        return parts, None
    room = limit - base - sum(MEMBER_BYTES + 2 * len(photograph.name) for photograph in found)
    estimate = SizeEstimate(found)
    tried: set[Encoding] = set()
    while True:
        encoding = estimate.best(room)
        tried.add(encoding)
        files, damaged = encode_all(found, encoding)
        filled = [_with_files(part, files) for part in parts]
        size = write_pack(file, filled, str(encoding))
        estimate.correct(encoding, files)
        if size <= limit and estimate.best(room) in tried:
            break
        if size > limit and encoding == LOWEST:
            raise PackError(_too_large(limit, base))
        room -= max(0, size - limit)
    for message in damaged:
        warn(message)
    return filled, encoding


def _too_large(limit: int, base: int) -> str:
    return (
        f"The pack does not fit into {limit / 1e6:.2f} MB: its fonts and words take {base / 1e6:.2f} MB, and "
        "its photographs are too large even at the lowest quality; raise --limit or leave something out."
    )


def _with_files(part: PackPart, files: dict[str, bytes]) -> PackPart:
    """A part with those of the files that belong to it. Raises PackError when it stays empty."""
    own = {name: content for name, content in files.items() if name.startswith(f"{part.name}/")}
    if not (part.files or own):
        raise PackError(f"No photograph of {part.source} can be read: nothing is left of it.")
    return replace(part, files=part.files | own)


def _summary(out: Path, parts: list[PackPart], encoding: Encoding | None) -> list[str]:
    """One line per part and one for the whole."""
    with zipfile.ZipFile(out) as archive:
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
    lines = [
        f"{part.name}: {len(part.files)} files, {sum(sizes[name] for name in part.files) / 1e6:.2f} MB"
        for part in parts
    ]
    if encoding is not None:
        lines.append(f"photographs: {encoding}")
    content = out.read_bytes()
    return [*lines, f"{out}: {len(content) / 1e6:.2f} MB, sha256 {hashlib.sha256(content).hexdigest()}"]
