"""Words cut out of the photos, to train a recogniser: crop_img/NAME_crop_0.jpg, and rec_gt.txt with one line
per word, its path, a tab and its text. PaddleOCR trains on it, and PPOCRLabel writes it.

A quadrilateral is cut out in perspective, any other outline along its smallest rectangle, both as PaddleOCR
does before it reads a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from annotation.formats.entries import ExportItem
from annotation.formats.export_notes import ExportNotes
from annotation.region import Region
from spotter.explain.crop_looseness import rectangle
from spotter.images import ImageError, read_image
from spotter.language import tr

FILE = "rec_gt.txt"
FOLDER = "crop_img"
VERTICAL = 1.5  # height / width from which PaddleOCR turns a crop by 90 degrees, to read it from below
MIN_SIDE = 2  # pixels
QUALITY = 95  # of the JPEG files


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes the crops and rec_gt.txt."""
    (folder / FOLDER).mkdir()
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as stream:
        for item in items:
            try:
                photo = read_image(item.source)
            except ImageError as error:
                notes.add(
                    tr("images without crops, as they could not be read ({error})", error=error),
                    item.image.name,
                )
                continue
            for number, region in enumerate(item.regions):
                if reason := _unusable(region):
                    notes.add_region(tr("{reason}, left out", reason=reason), item.image, region)
                    continue
                crop = cut_out(photo, region.polygon)
                if crop is None:
                    notes.add_region(
                        tr("regions below {min_side} pixels, left out", min_side=MIN_SIDE), item.image, region
                    )
                    continue
                file = f"{FOLDER}/{Path(item.file).stem}_crop_{number}.jpg"
                Image.fromarray(crop).save(folder / file, quality=QUALITY)
                stream.write(f"{file}\t{region.text}\n")
                notes.add(tr("words cut out"))


def cut_out(photo: np.ndarray, polygon: list[list[float]]) -> np.ndarray | None:
    """A word of a photo (H, W, 3) uint8 that runs from left to right; None if it has less than MIN_SIDE.

    It begins at the polygon's first point. A word at least VERTICAL times as tall as wide is turned.
    """
    corners = np.array(polygon, np.float32)
    if len(corners) != 4 or not cv2.isContourConvex(corners):
        corners = rectangle(corners).astype(np.float32)
    sides = np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1)
    width, height = int(max(sides[0], sides[2])), int(max(sides[1], sides[3]))
    if min(width, height) < MIN_SIDE:
        return None
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    crop = cv2.warpPerspective(
        photo, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.rot90(crop) if height >= VERTICAL * width else crop


def _unusable(region: Region) -> str:
    """Why a region cannot be a training example; "" if it can."""
    if region.illegible:
        return tr("illegible regions")
    if not region.text.strip():
        return tr("regions without a text")
    if any(sign in region.text for sign in "\t\n\r"):
        return tr("texts with tabs or line breaks, which the list cannot hold")
    return ""
