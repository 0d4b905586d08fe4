"""Folders in the format of ICDAR 2015 Incidental Scene Text (Robust Reading Competition, task 4.4).

`images/NAME.jpg` with `gt/gt_NAME.txt`: UTF-8 with BOM, one region per line,
`x1,y1,...,x4,y4,transcription` in whole pixels of the original image; `###` marks "do not care" regions.
The transcription may contain commas, and a polygon may have 3 to 16 points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.ops.polygons import signed_area
from spotter.types import GroundTruth

DO_NOT_CARE = "###"
IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
MAX_POINTS = 16
# No leading zeros: the 000 of a text such as 36,000,000 is not a coordinate.
COORDINATE = re.compile(r"\s*-?(0|[1-9][0-9]*)\s*")
EXPECTED = "expected x1,y1,...,x4,y4,transcription with whole numbers"


@dataclass(frozen=True)
class AnnotatedImage:
    """An image and its ground truth, in pixels of the upright image (EXIF orientation applied)."""

    image: Path
    regions: list[GroundTruth]


def read_ground_truth(path: str | Path) -> list[GroundTruth]:
    """The regions of one ground truth file: polygons (P, 2) float32 in pixels, clockwise.

    Texts that look like coordinates: at least one field is left for the transcription, so `...,y4,40,257`
    has the text 40,257. A text that starts with two whole numbers and continues (`1,888,555`) is
    misread as a fifth point.

    Raises:
        ValueError: a line is invalid, or the file is not UTF-8; names the file and the line.
    """
    try:
        content = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text; expected a ground truth file of ICDAR 2015.") from error
    regions = []
    # Not splitlines(): it also breaks at characters that a transcription may contain, such as U+2028.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                regions.append(_parse(line))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}.") from error
    return regions


def write_ground_truth(path: str | Path, regions: Iterable[GroundTruth]) -> None:
    """Writes regions as read_ground_truth reads them.

    Coordinates are rounded; the text of an ignored region becomes `###`.

    Raises:
        ValueError: a region does not fit the format (such as a line break in its text); nothing is written.
    """
    lines = []
    for region in regions:
        try:
            lines.append(ground_truth_line(region) + "\n")
        except ValueError as error:
            raise ValueError(f"The region {region.text!r} cannot be written to {path}: {error}.") from error
    Path(path).write_text("".join(lines), encoding="utf-8-sig", newline="\n")


def simplify_polygon(points: list[list[float]]) -> list[list[float]]:
    """The polygon with at most 16 points, as many as the format allows."""
    from shapely.geometry import Polygon  # late: a machine that only trains has no shapely

    polygon, tolerance = points, 0.25
    while len(polygon) > MAX_POINTS:
        outline = Polygon(points).simplify(tolerance, preserve_topology=False)
        if not isinstance(outline, Polygon) or len(outline.exterior.coords) < 4:
            return points[:: -(-len(points) // MAX_POINTS)]
        polygon = [list(point) for point in outline.exterior.coords[:-1]]
        tolerance *= 1.5
    return polygon


def read_folder(folder: str | Path) -> list[AnnotatedImage]:
    """The images of a folder with their ground truth, in natural order (img_2 before img_10).

    Raises:
        ValueError: images/ or gt/ is missing, there is no image, an image or a ground truth file has no
        counterpart, or a line is invalid.
    """
    folder = Path(folder)
    for part in ("images", "gt"):
        if not (folder / part).is_dir():
            raise ValueError(f"{folder} has no folder {part}/; expected images/NAME.jpg with gt/gt_NAME.txt.")
    images = [path for path in (folder / "images").iterdir() if path.suffix.lower() in IMAGE_ENDINGS]
    if not images:
        raise ValueError(f"{folder / 'images'} holds no {', '.join(sorted(IMAGE_ENDINGS))} image.")
    truths = {path.stem.removeprefix("gt_"): path for path in (folder / "gt").glob("gt_*.txt")}
    names = [path.stem for path in images]
    if missing := sorted(set(names) - set(truths), key=_natural):
        raise ValueError(f"{folder / 'images'} holds {missing[0]}, but there is no gt/gt_{missing[0]}.txt.")
    if missing := sorted(set(truths) - set(names), key=_natural):
        raise ValueError(f"{truths[missing[0]]} has no image; expected images/{missing[0]}.jpg.")
    return [
        AnnotatedImage(image, read_ground_truth(truths[image.stem]))
        for image in sorted(images, key=lambda path: _natural(path.name))
    ]


def ground_truth_line(region: GroundTruth) -> str:
    """A region as one line. Raises ValueError with only the reason."""
    text = "" if region.ignore else region.text.strip()
    points = np.rint(region.polygon).astype(int)
    line = ",".join(map(str, [*points.ravel(), DO_NOT_CARE if region.ignore else text]))
    read = _parse(line)
    if "\n" in line or (read.text, read.ignore) != (text, region.ignore):
        raise ValueError("it would not read back the same")
    return line


def _parse(line: str) -> GroundTruth:
    """One line as a region. Raises ValueError with only the reason."""
    fields = line.split(",")
    numbers = next((i for i, field in enumerate(fields) if not COORDINATE.fullmatch(field)), len(fields))
    count = min(numbers, len(fields) - 1) // 2 * 2
    # More than six numbers before the text of a triangle: a quadrilateral with something missing.
    if count < 6 or (count == 6 and numbers > 6):
        raise ValueError(f"found {numbers} whole numbers in {len(fields)} fields; {EXPECTED}")
    if count > 2 * MAX_POINTS:
        raise ValueError(f"the polygon has {count // 2} points; expected at most {MAX_POINTS}")
    polygon = np.array(fields[:count], dtype=np.float32).reshape(-1, 2)
    text = ",".join(fields[count:]).strip()
    ignore = text == DO_NOT_CARE
    return GroundTruth(_clockwise(polygon), "" if ignore else text, ignore)


def _clockwise(polygon: np.ndarray) -> np.ndarray:
    """(P, 2) in clockwise order on the screen (y down), beginning at the same point."""
    return np.roll(polygon[::-1], 1, axis=0) if signed_area(polygon) < 0 else polygon


def _natural(name: str) -> list[str | int]:
    """Sort key that compares numbers by value."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]+)", name))]
