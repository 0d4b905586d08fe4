"""The words that `python -m spotter --json` writes; they become predictions of its model."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    FilePrediction,
    FormatError,
    pixel_reader,
    read_files,
    read_json,
    read_text,
    reject,
)
from annotation.formats.image_files import find_file
from annotation.formats.outlines import image_size, imported_region
from annotation.region import RegionError
from annotation.store.predictions import model_version
from spotter.language import tr


def title() -> str:
    return tr("the JSON of `python -m spotter --json`")


def recognises(source: Source) -> bool:
    return bool(_files(source))


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file, or of all such files of a folder. Raises FormatError."""
    files = _files(Source(path)) if path.is_dir() else [path]
    return read_files(files or [path / "words.json"], partial(_read_file, images=images))


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    content = read_json(read_text(path), path.name)
    if not _is_words(content):
        raise FormatError(tr("{name} was not written by `python -m spotter --json`.", name=path.name))
    model = content["model"]
    if not isinstance(model.get("name"), str) or not isinstance(model.get("sha256"), str):
        raise FormatError(tr("{name} does not say which model has read the words.", name=path.name))
    version = model_version(model)
    entries = [
        _entry(name, image, version, path.name, [images, path.parent])
        for name, image in content["images"].items()
    ]
    if not entries:
        raise FormatError(tr("{name} contains no images.", name=path.name))
    return entries


def _files(source: Source) -> list[Path]:
    return [path for path in source.files("*.json") if _is_words(source.json(path))]


def _is_words(content: object) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("model"), dict)
        and isinstance(content.get("images"), dict)
    )


def _entry(name: str, image: object, version: str, file: str, folders: list[Path | None]) -> Entry:
    if not isinstance(image, dict) or not isinstance(image.get("words"), list):
        return reject(
            tr("{file}, image {name!r:.80}: expected an object with a list of words.", file=file, name=name),
            name,
        )
    base = PurePosixPath(name.replace("\\", "/")).name
    entry = Entry(base, find_file(name, folders))
    entry.where = f"{file} ({entry.name})"
    values = []
    for i, word in enumerate(image["words"], start=1):
        where = f"word {i}"
        try:
            values.append(_word(word) | {"where": where})
        except RegionError as error:
            entry.faults.append(f"{entry.where}, {where}: {error}")
    entry.predictions.append(FilePrediction(version, None, pixel_reader(values, image_size(image))))
    return entry


def _word(word: object) -> dict:
    """Raises RegionError."""
    if not isinstance(word, dict):
        raise RegionError(tr("expected an object."))
    scores = {key: word.get(key) for key in ("score", "reading_score", "characters")}
    return imported_region(word.get("polygon"), word.get("text"), origin="model", locked=False, **scores)
