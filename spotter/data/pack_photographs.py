"""Photographs for a pack: which there are, and how they are encoded to fit."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from spotter.data.icdar import IMAGE_ENDINGS, read_ground_truth, write_ground_truth
from spotter.data.pack_file import PackError, is_safe_name
from spotter.data.sources import data_name
from spotter.data.synth.backgrounds import downscale, list_photographs
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

MAX_QUALITY = 95  # of WebP
WEBP_METHOD = 4  # effort of the encoder, 0..6: PIL's default; smaller files take much longer
# Maximum of the annotated photographs' long side in pixels (None: as they are), tried in this order, and the
# minimum quality at it: below that, photographs are scaled down further.
LONG_SIDES = (None, 35), (1280, 35), (960, 10)
SAMPLE_SIZE = 200  # photographs that the size of all is estimated from


@dataclass(frozen=True)
class PackedPhotograph:
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


def background_photographs(folder: Path) -> list[PackedPhotograph]:
    """The photographs of a folder of backgrounds."""
    found: dict[str, PackedPhotograph] = {}
    paths = [(split, path) for split in ("train", "held_out") for path in list_photographs(folder, split)]
    for split, path in paths:
        name = f"backgrounds/{split}/{path.relative_to(folder).with_suffix('.webp').as_posix()}"
        _add(found, PackedPhotograph(path, name))
    if not found:
        raise PackError(f"{folder} holds no photograph for backgrounds.")
    return list(found.values())


def background_set(folder: Path, path: Path) -> str:
    """The name of the data set of a background: that of its folder inside `folder`, if it is in one."""
    first, *others = path.relative_to(folder).parts
    return first if others else data_name(folder)


def annotated_photographs(data: str, folder: Path) -> list[PackedPhotograph]:
    """The photographs of a folder in ICDAR 2015 format whose ground truth can be read."""
    for part in ("images", "gt"):
        if not (folder / part).is_dir():
            raise PackError(f"{folder} has no folder {part}/; expected images/NAME.jpg with gt/gt_NAME.txt.")
    found: dict[str, PackedPhotograph] = {}
    for path in sorted((folder / "images").iterdir()):
        if path.suffix.lower() in IMAGE_ENDINGS:
            truth = folder / "gt" / f"gt_{path.stem}.txt"
            try:
                regions = _regions(truth)
            except (OSError, ValueError):
                warn(f"{path} is left out: {truth} does not exist or is not UTF-8 text.")
                continue
            name = f"data/{data}/images/{path.stem}.webp"
            _add(found, PackedPhotograph(path, name, f"data/{data}/gt/gt_{path.stem}.txt", tuple(regions)))
    if not found:
        raise PackError(f"{folder} holds no photograph that can be packed.")
    return list(found.values())


def _add(found: dict[str, PackedPhotograph], photograph: PackedPhotograph) -> None:
    """Adds a photograph, unless its name is that of another one or cannot be packed."""
    if photograph.name in found:
        warn(f"{photograph.path} is left out: {found[photograph.name].path} has the same name.")
    elif not is_safe_name(photograph.name):
        warn(f"{photograph.path} is left out: a name in a pack has no colon and no backslash.")
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
                warn(f"{truth}, line {number} is left out: {error.__cause__}.")
    return regions


def warn(message: str) -> None:
    tqdm.write(message, file=sys.stderr)


class SizeEstimate:
    """Bytes that photographs take when encoded, estimated from an evenly spread sample."""

    def __init__(self, found: list[PackedPhotograph]) -> None:
        self.sample = found[:: -(-len(found) // SAMPLE_SIZE)]
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
            self.sizes[encoding] = _image_bytes(encode_all(self.sample, encoding)[0])
        return self.sizes[encoding] * self.factor

    def correct(self, encoding: Encoding, files: dict[str, bytes]) -> None:
        """Scales the estimates to the size of all photographs, now that it is known for one encoding."""
        self.factor *= _image_bytes(files) / self.size(encoding)


def _image_bytes(files: dict[str, bytes]) -> int:
    return max(1, sum(len(content) for name, content in files.items() if name.endswith(".webp")))


def encode_all(found: list[PackedPhotograph], encoding: Encoding) -> tuple[dict[str, bytes], list[str]]:
    """The files of photographs by their name, and a message for each one that cannot be read."""
    files: dict[str, bytes] = {}
    damaged = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = threads.map(lambda photograph: encode(photograph, encoding), found)
        for result in tqdm(results, desc=str(encoding), total=len(found), unit="photograph"):
            if isinstance(result, str):
                damaged.append(result)
            else:
                files |= result
    return files, damaged


def encode(photograph: PackedPhotograph, encoding: Encoding) -> dict[str, bytes] | str:
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
    Image.fromarray(image).save(file, "WEBP", quality=quality, method=WEBP_METHOD)
    return file.getvalue()


def _ground_truth(regions: list[GroundTruth]) -> bytes:
    """Regions as a file of ICDAR 2015."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "gt.txt"
        write_ground_truth(file, regions)
        return file.read_bytes()
