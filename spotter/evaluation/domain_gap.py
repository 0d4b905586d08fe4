"""Compares rendered with photographed words: size, angle, contrast, sharpness and number.

`python -m spotter.evaluation.domain_gap --data FOLDER --backgrounds FOLDER` prints percentiles on annotated
photographs at their original size and on scenes rendered for training.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from spotter.data.curriculum import SceneKind
from spotter.data.data_config import DataConfig, StageConfig
from spotter.data.datasets import TrainingScenes
from spotter.data.icdar import read_folder
from spotter.data.sources import Sources
from spotter.evaluation.image_sets import EvaluationImages
from spotter.images import read_image
from spotter.types import GroundTruth

PERCENTILES = (0.1, 0.5, 0.9)
MIN_SIDE = 3  # pixels of a word's box, for its statistics
MIN_PIXELS = 9  # in a word's polygon


@dataclass(frozen=True)
class Options:
    """The command line."""

    data: Path
    backgrounds: str | None
    count: int
    scene: int


def word_statistics(gray: np.ndarray, region: GroundTruth) -> dict[str, float] | None:
    """Statistics of one legible word on (H, W) uint8; None if it lies outside the image.

    height, length: pixels; angle: degrees of the reading direction, 0 is horizontal; contrast: standard
    deviation of the gray levels in the polygon, 0..255; sharpness: 90th percentile of the gradient per pixel,
    divided by the contrast, so that it depends on neither size nor contrast.
    """
    points = region.polygon
    half = len(points) // 2
    top, bottom = points[:half], points[len(points) - half :][::-1]
    middle = (top + bottom) / 2
    x1, y1 = np.maximum(points.min(0).astype(int), 0)
    x2, y2 = np.minimum(points.max(0).astype(int) + 1, gray.shape[::-1])
    if x2 - x1 < MIN_SIDE or y2 - y1 < MIN_SIDE:
        return None
    window = gray[y1:y2, x1:x2].astype(np.float32)
    mask = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points - (x1, y1)).astype(np.int32)], (1,))
    inside = mask > 0
    if inside.sum() < MIN_PIXELS:
        return None
    gradient = np.hypot(cv2.Sobel(window, -1, 1, 0, scale=1 / 8), cv2.Sobel(window, -1, 0, 1, scale=1 / 8))
    contrast = float(window[inside].std())
    x, y = middle[-1] - middle[0]
    return {
        "height": float(np.linalg.norm(top - bottom, axis=1).mean()),
        "length": float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum()),
        "angle": float(np.degrees(np.arctan2(y, x))),
        "contrast": contrast,
        "sharpness": float(np.percentile(gradient[inside], 90)) / max(contrast, 1.0),
        "characters": float(len(region.text)),
    }


def measure(images: EvaluationImages) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per legible word (see `word_statistics`), and one per image: legible and other regions per
    million pixels.
    """
    words, densities = [], []
    for image, regions in images:
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        legible = [region for region in regions if not region.ignore]
        words += [found for region in legible if (found := word_statistics(gray, region))]
        area = gray.size / 1e6
        densities.append({"words": len(legible) / area, "illegible": (len(regions) - len(legible)) / area})
    return pd.DataFrame(words), pd.DataFrame(densities)


def table(photographs: Sequence[pd.DataFrame], scenes: Sequence[pd.DataFrame]) -> str:
    """Markdown, one row per statistic: percentiles on photographs and on rendered scenes."""
    lines = [
        "| statistic | photographs, 10 % / 50 % / 90 % | scenes, 10 % / 50 % / 90 % |",
        "|---|---|---|",
    ]
    for real, rendered in zip(photographs, scenes, strict=True):
        for name in real.columns.union(rendered.columns, sort=False):
            lines.append(f"| {name} | {_percentiles(real, name)} | {_percentiles(rendered, name)} |")
    return "\n".join(lines)


def _percentiles(frame: pd.DataFrame, name: str) -> str:
    if name not in frame:
        return "-"
    return " / ".join(f"{value:.2f}" for value in frame[name].quantile(PERCENTILES))


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.domain_gap",
        description="Compares rendered with photographed words.",
    )
    parser.add_argument("--data", type=Path, required=True, help="annotated photographs (ICDAR 2015 format)")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    parser.add_argument("--count", type=int, default=200, help="photographs and scenes to measure (200)")
    parser.add_argument("--scene", type=int, default=704, help="pixels per side of a scene (704)")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.count < 1 or options.scene < 64:
        parser.error("--count must be at least 1 and --scene at least 64.")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        chosen = read_folder(options.data)
        chosen = random.Random(0).sample(chosen, min(options.count, len(chosen)))
        stage = StageConfig("scenes", large_scene=options.scene)
        scenes = TrainingScenes((stage,), DataConfig(), Sources(options.backgrounds))
        kind = SceneKind(0, options.scene, options.scene, dense=False)
        photographed = measure((read_image(sample.image), sample.regions) for sample in chosen)
        rendered = measure(scenes(kind, k) for k in range(options.count))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(photographed, rendered))
    print(
        f"\n{len(chosen)} photographs with {len(photographed[0])} words, "
        f"{options.count} scenes with {len(rendered[0])} words"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
