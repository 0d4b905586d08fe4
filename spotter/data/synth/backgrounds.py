"""Backgrounds without text: crops of photographs, or gradients with noise, stripes and shapes."""

from __future__ import annotations

import functools
import random
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np

from spotter.data.synth.showing_text import SHOWING_TEXT

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
HELD_OUT_PERCENT = 10
LONG_SIDE = 480  # pixels that photographs are scaled down to
NOISE_SIDE = 1024  # pixels of the tile of noise
GRAY_SHARE, GRAY_TINT = 0.35, 8  # nearly gray colours, and how far their channels differ from the gray

PHOTOGRAPH_SHARE = 0.85  # of the scenes, when there is a folder
SHAPES_ON_PHOTOGRAPH = 0.15  # share of the photographs with shapes drawn on them
MIN_CROP = 0.35  # of the largest crop's side
MIN_SCALE = 0.33  # pixels of a photograph per pixel of a scene that is not too large for it
CHANNEL_GAIN, GAIN, MAX_OFFSET = (0.85, 1.15), (0.6, 1.25), 25  # colours of photographs

GRADIENT_CONTRAST = 0, 0.6
STRIPES_SHARE, SHAPES_SHARE, WINDOWS_SHARE, NOISE_SHARE = 0.3, 0.6, 0.3, 0.6  # of procedural backgrounds
NOISE_CELLS = 1, 2, 4, 16, 40  # pixels per value of the noise
NOISE_SIGMA = 3, 18  # gray levels
STRIPE_GAP_SHARE = 0.02  # stripes left out
CROSSED_SHARE = 0.3  # of the stripes that become a grid, as of bricks
SHAPE_OPACITY = 0.3, 1.0
ELLIPSES_SHARE = 0.3  # of the rows of windows


def is_held_out(name: str) -> bool:
    """Whether a photograph belongs to the held-out split, by its file name."""
    return zlib.crc32(name.encode()) % 100 < HELD_OUT_PERCENT


@functools.lru_cache(maxsize=1000)
def _photograph(path: Path) -> np.ndarray:
    """(h, w, 3) uint8 RGB, long side at most LONG_SIDE."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("it is not an image")
    return cv2.cvtColor(downscale(image), cv2.COLOR_BGR2RGB)


@functools.lru_cache(maxsize=1)
def noise_tile() -> np.ndarray:
    """(NOISE_SIDE, NOISE_SIDE) float32 standard normal noise, the same in every process; to be cropped."""
    return np.random.default_rng(0).standard_normal((NOISE_SIDE, NOISE_SIDE), dtype=np.float32)


def noise_crop(rng: random.Random, height: int, width: int) -> np.ndarray:
    """(height, width) float32 view of standard normal noise; it is repeated beyond NOISE_SIDE."""
    tile = noise_tile()
    if height > NOISE_SIDE or width > NOISE_SIDE:
        return np.tile(tile, (-(-height // NOISE_SIDE), -(-width // NOISE_SIDE)))[:height, :width]
    y, x = rng.randint(0, NOISE_SIDE - height), rng.randint(0, NOISE_SIDE - width)
    return tile[y : y + height, x : x + width]


def random_colour(rng: random.Random, gray_share: float = GRAY_SHARE) -> tuple[int, int, int]:
    """An RGB colour; a share of them nearly gray."""
    if rng.random() < gray_share:
        level = rng.randint(0, 255)
        red, green, blue = (min(255, max(0, level + rng.randint(-GRAY_TINT, GRAY_TINT))) for _ in range(3))
        return red, green, blue
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)


def list_photographs(folder: str | Path, split: str | None = None) -> list[Path]:
    """The image files in a folder and its subfolders, sorted; of one split, or all of them. "train" leaves
    out photographs that are known to show text.
    """
    return sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in SUFFIXES
        and (split is None or is_held_out(path.name) == (split == "held_out"))
        and not (split == "train" and path.stem in SHOWING_TEXT)
    )


def downscale(image: np.ndarray) -> np.ndarray:
    """An image (h, w, 3) uint8 scaled down to a long side of at most LONG_SIDE pixels."""
    scale = LONG_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


class Backgrounds:
    """Backgrounds of one split; procedural only when `folder` is None."""

    def __init__(self, folder: str | Path | None = None, split: str | None = "train") -> None:
        """`split` None: all photographs of the folder. Raises FileNotFoundError if it has no photographs."""
        self.paths = [] if folder is None else list_photographs(folder, split)
        if folder is not None and not self.paths:
            raise FileNotFoundError(f"no photograph{f' of the {split} split' if split else ''} in {folder}")

    def sample(self, rng: random.Random, height: int, width: int) -> np.ndarray:
        """(height, width, 3) uint8 RGB."""
        if self.paths and rng.random() < PHOTOGRAPH_SHARE:
            image = self._crop(rng, height, width)
            if rng.random() < SHAPES_ON_PHOTOGRAPH:
                _shapes(rng, image, rng.randint(1, 6))
            return image
        return procedural(rng, height, width)

    def _choose(self, rng: random.Random) -> np.ndarray:
        """A photograph. A damaged one is reported on standard error and left out from then on.

        Raises ValueError when no photograph is left.
        """
        while self.paths:
            path = rng.choice(self.paths)
            try:
                return _photograph(path)
            except (ValueError, OSError) as error:
                print(f"{path} is left out: {error}", file=sys.stderr)
                self.paths.remove(path)
        raise ValueError("None of the background photographs can be read.")

    def _crop(self, rng: random.Random, height: int, width: int) -> np.ndarray:
        photograph = self._choose(rng)
        rows, columns = photograph.shape[:2]
        largest = min(rows / height, columns / width)  # pixels of the photograph per pixel of the scene
        smallest = max(MIN_CROP * largest, min(largest, MIN_SCALE))
        scale = rng.uniform(smallest, largest)
        h, w = max(8, int(height * scale)), max(8, int(width * scale))
        y, x = rng.randint(0, rows - h), rng.randint(0, columns - w)
        crop = photograph[y : y + h, x : x + w]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        image = cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR)
        gain = np.array([rng.uniform(*CHANNEL_GAIN) for _ in range(3)]) * rng.uniform(*GAIN)
        offset = rng.uniform(-MAX_OFFSET, MAX_OFFSET)
        table = np.arange(256)[:, None] * gain + offset  # (256, 3)
        return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[:, None])


def procedural(rng: random.Random, height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8 RGB: a gradient, perhaps with stripes, shapes, rows of windows, noise."""
    corners = np.array([[random_colour(rng) for _ in range(2)] for _ in range(2)], np.float32)
    corners = corners.mean((0, 1)) + (corners - corners.mean((0, 1))) * rng.uniform(*GRADIENT_CONTRAST)
    image: np.ndarray = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    if rng.random() < STRIPES_SHARE:
        _stripes(rng, image)
    if rng.random() < SHAPES_SHARE:
        _shapes(rng, image, rng.randint(2, 25))
    if rng.random() < WINDOWS_SHARE:
        _windows(rng, image)
    if rng.random() < NOISE_SHARE:
        cell = rng.choice(NOISE_CELLS)
        noise = noise_crop(rng, height // cell + 2, width // cell + 2) * rng.uniform(*NOISE_SIGMA)
        added = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
        image = np.clip(image + added[..., None], 0, 255).astype(np.uint8)
    return image


def _stripes(rng: random.Random, image: np.ndarray) -> None:
    """Parallel lines over the whole image, in place."""
    height, width = image.shape[:2]
    colour, step, thick = random_colour(rng), rng.randint(6, 60), rng.randint(1, 12)
    slope = rng.choice((0.0, rng.uniform(-1, 1)))
    for start in range(-height, width + height, step):
        ends = (start, 0), (int(start + slope * height), height)
        if rng.random() < STRIPE_GAP_SHARE:
            continue
        cv2.line(image, *ends, colour, min(thick, step - 2), cv2.LINE_AA)
    if rng.random() < CROSSED_SHARE:
        for y in range(0, height, rng.randint(10, 50)):
            cv2.line(image, (0, y), (width, y), colour, min(thick, 4))


def _shapes(rng: random.Random, image: np.ndarray, count: int) -> None:
    """Rectangles, ellipses, triangles and lines, some of them see-through, in place."""
    height, width = image.shape[:2]
    layer = image.copy()
    for _ in range(count):
        colour = random_colour(rng)
        x, y = rng.randint(0, width), rng.randint(0, height)
        w, h = rng.randint(4, width // 2), rng.randint(4, height // 2)
        kind, thick = rng.randrange(4), rng.choice((-1, -1, rng.randint(1, 6)))
        if kind == 0:
            cv2.rectangle(layer, (x, y), (x + w, y + h), colour, thick)
        elif kind == 1:
            cv2.ellipse(
                layer, (x, y), (w // 2, h // 2), rng.randint(0, 180), 0, 360, colour, thick, cv2.LINE_AA
            )
        elif kind == 2:
            points = np.array([[x, y], [x + w, y + rng.randint(-h, h)], [x + rng.randint(-w, w), y + h]])
            cv2.fillPoly(layer, [points.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            cv2.line(layer, (x, y), (x + rng.choice((-w, w)), y + h), colour, rng.randint(1, 8), cv2.LINE_AA)
    opacity = rng.uniform(*SHAPE_OPACITY)
    cv2.addWeighted(layer, opacity, image, 1 - opacity, 0, dst=image)


def _windows(rng: random.Random, image: np.ndarray) -> None:
    """A grid of small equal shapes, in place: it looks like lines of text but is not."""
    height, width = image.shape[:2]
    w, h = rng.randint(3, 24), rng.randint(4, 24)
    gap_x, gap_y = rng.randint(2, 20), rng.randint(3, 30)
    x0, y0 = rng.randint(0, width // 2), rng.randint(0, height // 2)
    colour, thick, ellipse = random_colour(rng), rng.choice((-1, 1, 2)), rng.random() < ELLIPSES_SHARE
    for row in range(rng.randint(1, 5)):
        for column in range(rng.randint(2, 12)):
            x, y = x0 + column * (w + gap_x), y0 + row * (h + gap_y)
            if ellipse:
                cv2.ellipse(
                    image, (x + w // 2, y + h // 2), (w // 2 + 1, h // 2 + 1), 0, 0, 360, colour, thick
                )
            else:
                cv2.rectangle(image, (x, y), (x + w, y + h), colour, thick)
