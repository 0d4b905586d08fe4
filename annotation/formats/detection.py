"""Finds out the format of a file or folder by looking at it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from annotation.formats.entries import Entry, FormatError, read_json, read_text
from spotter.language import tr

HEAD_BYTES = 65536  # enough to recognise any text format
MAX_BELOW = 1000  # files in subfolders that are looked at to describe a folder
IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".pdf"}
ANNOTATION_ENDINGS = {".json", ".jsonl", ".xml", ".csv", ".cach", ".parquet"}
PACKED = {".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"}
MATLAB = ".mat"
# A line of rec_gt.txt, which PPOCRLabel writes to train a recogniser: an image of one word, and its text.
CROP_LINE = re.compile(r"[^\t\n]+\.(jpe?g|png|bmp)\t(?!\s*\[\s*[{\]])", re.IGNORECASE)


@dataclass
class Source:
    """A file or folder to import, of which every file is read only once while the formats look at it."""

    path: Path
    _json: dict[Path, Any] = field(default_factory=dict, repr=False)

    def files(self, *patterns: str) -> list[Path]:
        """The file itself, or the files directly in the folder, whose name matches one of the patterns, in
        upper or lower case; sorted by name."""
        found = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        return [
            path
            for path in found
            if path.is_file() and any(fnmatch(path.name.lower(), pattern.lower()) for pattern in patterns)
        ]

    def below(self) -> list[Path]:
        """All files in the folder and its subfolders, at most MAX_BELOW."""
        found = (path for path in self.path.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(islice(found, MAX_BELOW))

    def head(self, path: Path) -> str:
        """The beginning of a file as text, "" if it is not UTF-8, or no file: a pipe would be waited for."""
        if not path.is_file():
            return ""
        try:
            with path.open("rb") as stream:
                start = stream.read(HEAD_BYTES)
        except OSError:
            return ""
        # The last character may be cut, anything else that is not UTF-8 says that the file is not text.
        text = start.decode("utf-8-sig", errors="replace")
        return "" if "\ufffd" in text[:-4] else text.replace("\ufffd", "")

    def json(self, path: Path) -> Any:
        """The decoded content of a JSON file, None if it is not one."""
        if path not in self._json:
            try:
                self._json[path] = read_json(read_text(path), path.name)
            except FormatError:
                self._json[path] = None
        return self._json[path]


class Format(Protocol):
    """A module of a format. If it can also be written, it has `write` (see `annotation.formats.EXPORTS`)."""

    def title(self) -> str:
        """With article, for messages: "PPOCRLabel's Label.txt"."""
        ...

    def recognises(self, source: Source) -> bool:
        """Whether `read` is meant for this file or folder, even if parts of it turn out to be invalid."""
        ...

    def read(self, path: Path, images: Path | None = None) -> list[Entry]: ...


def detect(path: Path, formats: Mapping[str, Any]) -> str:
    """Name of the format, of the first that recognises the file or folder. Raises FormatError."""
    source = Source(path)
    for name, module in formats.items():
        if module.recognises(source):
            return name
    if has_only_images(source):
        raise FormatError(
            tr(
                "{name} has images, but no known annotations; add them with `python -m "
                "annotation add FOLDER --recursive`, or in the app under Add photos.",
                name=path.name,
            )
        )
    known = ", ".join(module.title() for module in formats.values())
    raise FormatError(
        tr(
            "{name} is {kind}, which is no known form; known are {known}.",
            name=path.name,
            kind=describe(source),
            known=known,
        )
    )


def has_only_images(source: Source) -> bool:
    """Whether there are images, and no file that could be annotations of an unknown kind."""
    files = source.below() if source.path.is_dir() else [source.path]
    endings = {path.suffix.lower() for path in files}
    is_list = any(CROP_LINE.match(source.head(path)) for path in files if path.suffix.lower() == ".txt")
    has_unknown = bool(endings & (ANNOTATION_ENDINGS | PACKED | {MATLAB}))
    return bool(endings & IMAGE_ENDINGS) and not has_unknown and not is_list


def describe(source: Source) -> str:
    """What a file or folder is that no format recognises, for messages."""
    path = source.path
    if path.is_dir():
        files = [item for item in source.files("*") or source.below() if item.suffix]
        if not files:
            return tr("a folder without files")
        read = [
            item
            for item in files
            if item.suffix.lower() in {".json", ".xml", ".csv", MATLAB} | PACKED
            or CROP_LINE.match(source.head(item))
        ]
        if len(read) == 1:
            return tr(
                "a folder with {name}, {describe}", name=read[0].name, describe=describe(Source(read[0]))
            )
        return tr(
            "a folder with {known} files",
            known=", ".join(sorted({item.suffix.lower() for item in files})[:6]),
        )
    ending = path.suffix.lower()
    if ending == ".json":
        return _describe_json(source.json(path))
    start = source.head(path)
    if ending == ".txt" and CROP_LINE.match(start):
        return tr("a list of cropped words and their texts, which does not say where the words are")
    if ending == ".xml" and (tag := re.search(r"<([A-Za-z][\w.:-]*)", start)):
        return {
            "annotation": tr("the XML of Pascal VOC"),
            "annotations": tr("the XML of CVAT (export it there as COCO)"),
        }.get(tag[1], tr("XML with the root <{root}>", root=tag[1]))
    if ending == ".csv" and ("/data/upload/" in start or "lead_time" in start.partition("\n")[0]):
        return tr("Label Studio's CSV (export it there as JSON)")
    if ending in PACKED:
        return tr("a packed file (unpack it first)")
    if ending == MATLAB:
        return tr("a file of MATLAB (take the text files of the data set)")
    return tr("a {ending} file", ending=ending) if ending else tr("a file without an ending")


def _describe_json(content: object) -> str:
    if content is None:
        return tr("a file that is not valid JSON")
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return tr("JSON of another kind")
    if isinstance(content, list) and {"annotator", "annotation_id", "lead_time"} & first.keys():
        return tr("Label Studio's JSON-MIN (export it there as JSON)")
    if {"metadata", "file", "view"} <= first.keys():
        return tr("a project of VGG Image Annotator 3 (export it there as COCO)")
    keys = ", ".join(json.dumps(key, ensure_ascii=False)[:40] for key in list(first)[:6])
    if isinstance(content, list):
        return tr("a JSON list of objects with the keys {keys}", keys=keys)
    return tr("JSON with {keys}", keys=keys)
