"""Makes a pack: one file with all the data that training draws from, for a machine without network.

`python -m spotter.training.pack OUT --data FOLDER ... --backgrounds FOLDER --fonts FOLDER` writes a zip file
with fonts, word lists, backgrounds and annotated photographs; `spotter.data.sources` reads it. The same
inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import logging
import os
import re
import stat
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from spotter.config import PRINTABLE
from spotter.data.icdar import IMAGE_ENDINGS, read_ground_truth, write_ground_truth
from spotter.data.sources import FONT_TABLE, FORMAT, MANIFEST, data_name, folders_by_name, is_safe
from spotter.data.synth.backgrounds import downscale, is_held_out, list_photographs
from spotter.data.synth.fonts import Face, installed_families
from spotter.data.synth.vocabulary import WordLists
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

SPLITS = "train", "held_out"
MAX_QUALITY = 95  # of WebP
# Maximum of the annotated photographs' long side in pixels (None: as they are), tried in this order, and the
# minimum quality at it: below that, photographs are scaled down further.
LONG_SIDES = (None, 35), (1280, 35), (960, 10)
SAMPLE = 200  # photographs that the size of all is estimated from
MEMBER_BYTES = 250  # of a zip file and the manifest per photograph, about
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
NOT_STATED = "not stated"
UNUSED_TABLES = ["BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "STAT", "gasp", "kern", "meta"]
KEPT_NAMES = 0, 13, 14  # of a font: copyright, licence and its address
SUFFIXES = {b"\0\1\0\0": "ttf", b"OTTO": "otf"}  # by the first bytes of a font file
TIME = 1980, 1, 1, 0, 0, 0  # of all files in the pack


class PackError(ValueError):
    """No pack can be made; the message is one sentence."""


@dataclass(frozen=True)
class Part:
    """Files of a pack that come from one source."""

    name: str
    source: str
    terms: str | dict[str, str]  # dict: by font family, package or folder
    files: dict[str, bytes] = field(default_factory=dict)  # by their name in the pack


@dataclass(frozen=True)
class Photograph:
    """A photograph to be packed."""

    path: Path
    name: str  # in the pack
    truth: str | None = None  # name of its ground truth in the pack; None: a background
    regions: tuple[GroundTruth, ...] = ()


@dataclass(frozen=True)
class Encoding:
    """How photographs are stored."""

    quality: int  # of WebP, 1..100
    long_side: int | None  # maximum of the annotated ones in pixels; None: as they are

    def __str__(self) -> str:
        return f"WebP quality {self.quality}" + (f", long side {self.long_side}" if self.long_side else "")


LOWEST = Encoding(quality=LONG_SIDES[-1][1], long_side=LONG_SIDES[-1][0])


def pack(
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


def _installed_parts(fonts: str | None) -> list[Part]:
    """Fonts and words."""
    try:
        return [_font_part(fonts), _word_part()]
    except ImportError as error:
        raise PackError(f"{error}: pip install -r requirements-train.txt") from error
    except (RuntimeError, ValueError) as error:
        raise PackError(str(error)) from error


def _font_part(more: str | None) -> Part:
    """The fonts of both splits, and the table of their families."""
    splits = {"train": installed_families("train", more), "held_out": installed_families("held_out")}
    files, terms, table = {}, {}, {}
    total = sum(len(faces) for families in splits.values() for faces in families)
    with tqdm(total=total, desc="fonts", unit="font") as progress:
        for split, families in splits.items():
            table[split] = []
            for number, faces in enumerate(families):
                terms[faces[0].family] = _font_terms(faces[0])
                entries = []
                for style, face in enumerate(faces):
                    content = subset_font(face, PRINTABLE)
                    name = (
                        f"fonts/{split}/{number:04}_{face.family}_{style}.{SUFFIXES.get(content[:4], 'font')}"
                    )
                    files[name] = content
                    entries.append({"family": face.family, "kind": face.kind, "file": name})
                    progress.update()
                table[split].append(entries)
    files[FONT_TABLE] = json.dumps(table, indent=0).encode()
    return Part("fonts", "Google Fonts and others, by fontpkg (PyPI) and Fontsource (npm)", terms, files)


def _font_terms(face: Face) -> str:
    """The licence in the metadata of a font's package."""
    metadata = json.loads((Path(face.path).parents[1] / "metadata.json").read_text(encoding="utf-8"))
    licence = metadata.get("license") or NOT_STATED
    return licence.get("type") or licence.get("url") or NOT_STATED if isinstance(licence, dict) else licence


def subset_font(face: Face, characters: str) -> bytes:
    """A font file with some characters of a face, without its variations: TrueType or OpenType; a file of
    another kind (Type 1) is returned as it is.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont, TTLibError
    from fontTools.varLib import instancer

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        font = TTFont(face.path, recalcTimestamp=False)
    except TTLibError:
        return Path(face.path).read_bytes()
    coordinates = _coordinates(font, face.instance)
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += UNUSED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    if coordinates:
        # Overlaps are drawn as they are in the variable font.
        overlap = instancer.OverlapMode.KEEP_AND_DONT_SET_FLAGS
        font = instancer.instantiateVariableFont(font, coordinates, overlap=overlap)
    font["name"].names = [name for name in font["name"].names if name.nameID in KEPT_NAMES]
    font.flavor = None
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _coordinates(font: TTFont, instance: str | None) -> dict[str, float]:
    """Where a named instance of a variable font lies on its axes; {} for None."""
    if instance is None:
        return {}
    names = font["name"]
    return next(
        i.coordinates for i in font["fvar"].instances if names.getDebugName(i.subfamilyNameID) == instance
    )


def _word_part() -> Part:
    """The word lists of both splits."""
    files = {f"words/{split}.json": WordLists.from_packages(split).to_json().encode() for split in SPLITS}
    source = ", ".join(f"{package} {version(package)}" for package in ("wordfreq", "faker"))
    return Part("words", source, {package: _terms(package) for package in ("wordfreq", "faker")}, files)


def _terms(name: str) -> str:
    """The terms of a data set or a package."""
    return _all_terms().get(name, NOT_STATED)


@lru_cache(maxsize=1)
def _all_terms() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("data_terms.toml").read_text(encoding="utf-8"))


def _photograph_parts(
    data: tuple[str, ...], backgrounds: str | None
) -> Iterator[tuple[Part, list[Photograph]]]:
    """The parts that hold photographs, still empty, and what goes into each."""
    try:
        folders = folders_by_name(data)
    except ValueError as error:
        raise PackError(str(error)) from error
    if backgrounds is not None:
        found = _backgrounds(Path(backgrounds))
        names = sorted({_background_set(Path(backgrounds), photograph.path) for photograph in found})
        yield Part("backgrounds", ", ".join(names), {name: _terms(name) for name in names}), found
    for name, folder in folders.items():
        yield Part(f"data/{name}", name, _terms(name)), _annotated(name, folder)


def _backgrounds(folder: Path) -> list[Photograph]:
    """The photographs of a folder of backgrounds."""
    found: dict[str, Photograph] = {}
    for path in list_photographs(folder):
        split = "held_out" if is_held_out(path.name) else "train"
        name = f"backgrounds/{split}/{path.relative_to(folder).with_suffix('.webp').as_posix()}"
        _add(found, Photograph(path, name))
    if not found:
        raise PackError(f"{folder} holds no photograph for backgrounds.")
    return list(found.values())


def _background_set(folder: Path, path: Path) -> str:
    """The name of the data set of a background: that of its folder inside of `folder`, if it is in one."""
    first, *others = path.relative_to(folder).parts
    return first if others else data_name(folder)


def _annotated(data: str, folder: Path) -> list[Photograph]:
    """The photographs of a folder in ICDAR 2015 form that have a ground truth which can be read."""
    for part in ("images", "gt"):
        if not (folder / part).is_dir():
            raise PackError(
                f"{folder} has no folder {part}/; expected images/NAME.jpg beside gt/gt_NAME.txt."
            )
    found: dict[str, Photograph] = {}
    for path in sorted((folder / "images").iterdir()):
        if path.suffix.lower() in IMAGE_ENDINGS:
            truth = folder / "gt" / f"gt_{path.stem}.txt"
            try:
                regions = _regions(truth)
            except (OSError, ValueError):
                _warn(f"{path} is left out: {truth} does not exist or is not UTF-8 text.")
                continue
            name = f"data/{data}/images/{path.stem}.webp"
            _add(found, Photograph(path, name, f"data/{data}/gt/gt_{path.stem}.txt", tuple(regions)))
    if not found:
        raise PackError(f"{folder} holds no photograph that can be packed.")
    return list(found.values())


def _add(found: dict[str, Photograph], photograph: Photograph) -> None:
    """Adds a photograph, unless its name is that of another one or cannot be packed."""
    if photograph.name in found:
        _warn(f"{photograph.path} is left out: {found[photograph.name].path} has the same name.")
    elif not is_safe(photograph.name):
        _warn(f"{photograph.path} is left out: a name in a pack has no colon and no backslash.")
    else:
        found[photograph.name] = photograph


def _regions(truth: Path) -> list[GroundTruth]:
    """The regions of a ground truth file, without the lines that cannot be parsed.

    Raises OSError or ValueError when the file is missing or is not text.
    """
    try:
        return read_ground_truth(truth)
    except ValueError:
        lines = truth.read_bytes().decode("utf-8-sig").split("\n")
    regions = []
    with tempfile.TemporaryDirectory() as scratch:
        single = Path(scratch) / "line.txt"
        for number, line in enumerate(lines, start=1):
            single.write_text(line, encoding="utf-8")
            try:
                regions += read_ground_truth(single)
            except ValueError as error:
                _warn(f"{truth}, line {number} is left out: {error.__cause__}.")
    return regions


def _warn(message: str) -> None:
    tqdm.write(message, file=sys.stderr)


def _fit(
    file: Path, limit: int, parts: list[Part], found: list[Photograph]
) -> tuple[list[Part], Encoding | None]:
    """Writes the pack with the best encoding of the photographs that fits; returns what it holds."""
    base = write_zip(file, parts, None)
    if base > limit:
        raise PackError(_too_large(limit, base))
    if not found:
        return parts, None
    room = limit - base - sum(MEMBER_BYTES + 2 * len(photograph.name) for photograph in found)
    estimate = Estimate(found)
    tried: set[Encoding] = set()
    while True:
        encoding = estimate.best(room)
        tried.add(encoding)
        files, damaged = _encode_all(found, encoding)
        filled = [_with_files(part, files) for part in parts]
        size = write_zip(file, filled, encoding)
        estimate.correct(encoding, files)
        if size <= limit and estimate.best(room) in tried:
            break
        if size > limit and encoding == LOWEST:
            raise PackError(_too_large(limit, base))
        room -= max(0, size - limit)
    for message in damaged:
        _warn(message)
    return filled, encoding


def _too_large(limit: int, base: int) -> str:
    return (
        f"The pack does not fit into {limit / 1e6:.2f} MB: its fonts and words take {base / 1e6:.2f} MB, and "
        "its photographs are too large even at the lowest quality; raise --limit or leave something out."
    )


class Estimate:
    """What photographs take in bytes, from a sample of them spread over all."""

    def __init__(self, found: list[Photograph]) -> None:
        self.sample = found[:: -(-len(found) // SAMPLE)]
        self.factor = len(found) / len(self.sample)
        self.sizes: dict[Encoding, int] = {}

    def best(self, room: int) -> Encoding:
        """The highest quality at the largest long side that fits into a number of bytes; LOWEST if none
        does.
        """
        for long_side, low in LONG_SIDES:
            if self.size(Encoding(low, long_side)) <= room:
                high = MAX_QUALITY
                while low < high:
                    middle = (low + high + 1) // 2
                    fits = self.size(Encoding(middle, long_side)) <= room
                    low, high = (middle, high) if fits else (low, middle - 1)
                return Encoding(low, long_side)
        return LOWEST

    def size(self, encoding: Encoding) -> float:
        """Bytes of all photographs."""
        if encoding not in self.sizes:
            self.sizes[encoding] = _image_bytes(_encode_all(self.sample, encoding)[0])
        return self.sizes[encoding] * self.factor

    def correct(self, encoding: Encoding, files: dict[str, bytes]) -> None:
        """Scales the estimates to the size of all photographs, now that it is known for one encoding."""
        self.factor *= _image_bytes(files) / self.size(encoding)


def _image_bytes(files: dict[str, bytes]) -> int:
    return max(1, sum(len(content) for name, content in files.items() if name.endswith(".webp")))


def _encode_all(found: list[Photograph], encoding: Encoding) -> tuple[dict[str, bytes], list[str]]:
    """The files of photographs by their name, and a message for each one that cannot be read."""
    files, damaged = {}, []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = threads.map(lambda photograph: encode(photograph, encoding), found)
        for result in tqdm(results, desc=str(encoding), total=len(found), unit="photograph"):
            if isinstance(result, str):
                damaged.append(result)
            else:
                files |= result
    return files, damaged


def encode(photograph: Photograph, encoding: Encoding) -> dict[str, bytes] | str:
    """The files of a photograph: its image and, if it has one, its ground truth. A message when it cannot be
    read.
    """
    try:
        image = read_image(photograph.path)
    except ImageError as error:
        return f"{photograph.path} is left out: {error}"
    if photograph.truth is None:
        return {photograph.name: _webp(downscale(image), encoding.quality)}
    size = np.array(image.shape[1::-1])  # width, height
    if encoding.long_side is not None and size.max() > encoding.long_side:
        smaller = np.maximum(1, np.rint(size * encoding.long_side / size.max())).astype(int)
        image = cv2.resize(image, smaller.tolist(), interpolation=cv2.INTER_AREA)
    scale = np.array(image.shape[1::-1]) / size
    regions = [replace(region, polygon=region.polygon * scale) for region in photograph.regions]
    return {photograph.name: _webp(image, encoding.quality), photograph.truth: _ground_truth(regions)}


def _webp(image: np.ndarray, quality: int) -> bytes:
    """An image (H, W, 3) uint8 RGB as a file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


def _ground_truth(regions: list[GroundTruth]) -> bytes:
    """Regions as a file of ICDAR 2015."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "gt.txt"
        write_ground_truth(file, regions)
        return file.read_bytes()


def _with_files(part: Part, files: dict[str, bytes]) -> Part:
    """A part with those of the files that belong to it. Raises PackError when it stays empty."""
    own = {name: content for name, content in files.items() if name.startswith(f"{part.name}/")}
    if not (part.files or own):
        raise PackError(f"No photograph of {part.source} can be read: nothing is left of it.")
    return replace(part, files=part.files | own)


def write_zip(file: Path, parts: list[Part], encoding: Encoding | None) -> int:
    """Writes the files of the parts and the manifest; returns the size of the zip file in bytes."""
    files = {name: content for part in parts for name, content in part.files.items()}
    manifest = {
        "format": FORMAT,
        "photographs": encoding and str(encoding),
        "parts": [
            {"name": part.name, "source": part.source, "terms": part.terms, "files": len(part.files)}
            for part in parts
        ],
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    files[MANIFEST] = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, TIME)
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name], compresslevel=9)
    return file.stat().st_size


def _summary(out: Path, parts: list[Part], encoding: Encoding | None) -> list[str]:
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


def _bytes(text: str) -> int:
    """A size such as 40MB in bytes; decimal units."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kMG]?)B?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 40MB")
    return round(float(match[1]) * UNITS[match[2]])


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser("python -m spotter.training.pack", description=__doc__.splitlines()[0])
    p.add_argument("out", type=Path, metavar="OUT", help="file to write (.zip)")
    p.add_argument("--limit", type=_bytes, default="40MB", help="maximum size of the file (40MB)")
    p.add_argument(
        "--data", nargs="+", default=[], metavar="FOLDER", help="annotated photographs (ICDAR 2015 form)"
    )
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
    p.add_argument("--fonts", metavar="FOLDER", help="more fonts to train with (Fontsource)")
    o = p.parse_args(arguments)
    try:
        lines = pack(o.out, o.limit, o.data, o.backgrounds, o.fonts)
    except (PackError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
