"""How far rendered words are from photographed ones, in numbers, so that the generator is not tuned by eye.

`python -m spotter.evaluation.domain_gap --data FOLDER --backgrounds FOLDER` prints the 10th, 50th and 90th percentile
of what legible words look like: on annotated photographs at the size they are read at, and on the scenes that
training renders.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from spotter.data.curriculum import SceneKind, Scenes
from spotter.data.icdar import samples
from spotter.data.sources import Sources
from spotter.images import read_image
from spotter.training.train_config import DataConfig, StageConfig
from spotter.types import GroundTruth

PERCENTILES = (0.1, 0.5, 0.9)


def word_figures(gray: np.ndarray, region: GroundTruth) -> dict[str, float] | None:
    """Figures of one legible word on (H, W) uint8; None when nothing of it lies inside the picture.

    height, length: pixels; angle: degrees of the reading direction, 0 is level; contrast: standard deviation
    of the gray levels in the polygon, 0..255; sharpness: 90th percentile of the gradient, as a part of that
    deviation a pixel, so that neither size nor contrast counts.
    """
    points = region.polygon
    half = len(points) // 2
    top, bottom = points[:half], points[len(points) - half :][::-1]
    middle = (top + bottom) / 2
    x1, y1 = np.maximum(points.min(0).astype(int), 0)
    x2, y2 = np.minimum(points.max(0).astype(int) + 1, gray.shape[::-1])
    if x2 - x1 < 3 or y2 - y1 < 3:
        return None
    window = gray[y1:y2, x1:x2].astype(np.float32)
    mask = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points - (x1, y1)).astype(np.int32)], 1)
    inside = mask > 0
    if inside.sum() < 9:
        return None
    steep = np.hypot(cv2.Sobel(window, -1, 1, 0, scale=1 / 8), cv2.Sobel(window, -1, 0, 1, scale=1 / 8))
    contrast = float(window[inside].std())
    x, y = middle[-1] - middle[0]
    return {
        "height": float(np.linalg.norm(top - bottom, axis=1).mean()),
        "length": float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum()),
        "angle": float(np.degrees(np.arctan2(y, x))),
        "contrast": contrast,
        "sharpness": float(np.percentile(steep[inside], 90)) / max(contrast, 1.0),
        "characters": float(len(region.text)),
    }


def figures(pictures: Iterable[tuple[np.ndarray, list[GroundTruth]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a legible word (see `word_figures`), and a row a picture: legible and other regions for each
    million pixels.
    """
    words, images = [], []
    for image, regions in pictures:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        legible = [region for region in regions if not region.ignore]
        words += [found for region in legible if (found := word_figures(gray, region))]
        area = gray.size / 1e6
        images.append({"words": len(legible) / area, "not legible": (len(regions) - len(legible)) / area})
    return pd.DataFrame(words), pd.DataFrame(images)


def table(photographed: Sequence[pd.DataFrame], rendered: Sequence[pd.DataFrame]) -> str:
    """Percentiles of each figure on photographs and on scenes, a line a figure. Markdown."""
    lines = [
        "| figure | photographs, 10 % / 50 % / 90 % | scenes, 10 % / 50 % / 90 % |",
        "|---|---|---|",
    ]
    for real, made in zip(photographed, rendered, strict=True):
        for name in real.columns.union(made.columns, sort=False):
            lines.append(f"| {name} | {_percentiles(real, name)} | {_percentiles(made, name)} |")
    return "\n".join(lines)


def _percentiles(frame: pd.DataFrame, name: str) -> str:
    if name not in frame:
        return "-"
    return " / ".join(f"{value:.2f}" for value in frame[name].quantile(PERCENTILES))


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser(
        "python -m spotter.evaluation.domain_gap", description=__doc__.splitlines()[0]
    )
    p.add_argument("--data", type=Path, required=True, help="annotated photographs (ICDAR 2015 form)")
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind rendered text")
    p.add_argument("--count", type=int, default=200, help="photographs and scenes to look at (200)")
    p.add_argument("--scene", type=int, default=704, help="pixels a side of a scene (704)")
    o = p.parse_args(arguments)
    if o.count < 1 or o.scene < 64:
        p.error("--count must be at least 1 and --scene at least 64.")
    try:
        chosen = samples(o.data)
        chosen = random.Random(0).sample(chosen, min(o.count, len(chosen)))
        stage = StageConfig("scenes", large_scene=o.scene)
        scenes = Scenes((stage,), DataConfig(), Sources(o.backgrounds))
        kind = SceneKind(0, o.scene, o.scene, dense=False)
        real = figures((read_image(sample.image), sample.regions) for sample in chosen)
        made = figures(scenes(kind, k) for k in range(o.count))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(real, made))
    print(
        f"\n{len(chosen)} photographs with {len(real[0])} words, {o.count} scenes with {len(made[0])} words"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
