"""Fits the components of maskK (see `model.mask_code`) to random shapes of words.

    python -m spotter.model.mask_fitting --count 20000

prints the reconstruction IoU of other shapes with 5 to 60 coefficients.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spotter.model.mask_code import MaskCode, mask_logits
from spotter.ops.polygons import mask_iou, rasterise

EVALUATION_SHAPES = 2000
EVALUATED_COEFFICIENTS = (5, 10, 20, 40, 60)


def word_shapes(count: int, seed: int) -> list[np.ndarray]:
    """Random polygons of words, each (P, 2) float32 pixels, clockwise from the word's upper left, not closed.

    Half are quadrilaterals, half curved bands of 14 points; all in perspective, half nearly horizontal and
    half rotated by any angle.
    """
    rng = np.random.default_rng(seed)
    shapes = []
    for index in range(count):
        height = rng.uniform(10, 100)
        width = height * np.exp(rng.uniform(np.log(0.6), np.log(12)))
        points = 2 if index % 2 else 7
        along = np.linspace(-0.5, 0.5, points)
        u = np.concatenate([along, along[::-1]])
        v = np.repeat([-0.5, 0.5], points) * height
        if points == 2:
            shape = np.stack([u * width, v], 1)
        else:  # an arc; with a radius of at least 1.25 heights the band does not cross itself
            max_bend = min(2.5, width / height / 1.25)  # radians
            bend = rng.choice([-1, 1]) * rng.uniform(0.05, 1) * max_bend
            radius = width / bend
            shape = np.stack([(radius - v) * np.sin(u * bend), radius - (radius - v) * np.cos(u * bend)], 1)
        tilt = rng.uniform(-0.35, 0.35, 2)
        shape = shape / (1 + shape @ tilt / np.ptp(shape, 0).max())[:, None]
        angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else rng.normal(0, np.radians(8))
        cos, sin = np.cos(angle), np.sin(angle)
        shape = shape @ np.array([[cos, sin], [-sin, cos]])
        shapes.append((shape - shape.min(0)).astype(np.float32))
    return shapes


def word_masks(count: int, seed: int, size: int = 28) -> Tensor:
    """Masks of `word_shapes` inside their own boxes, (count, size, size) uint8."""
    masks = [
        rasterise(shape, np.concatenate([shape.min(0), shape.max(0)]), size)
        for shape in word_shapes(count, seed)
    ]
    return torch.from_numpy(np.stack(masks))


def fit_mask_code(masks: Tensor, coefficients: int = 60) -> MaskCode:
    """The principal components of binary masks (K, size, size) in logit space.

    Exact, from the covariance matrix. Each component's largest entry is positive, so that the code is the
    same on every machine.
    """
    code = MaskCode(masks.shape[-1], coefficients)
    logits = mask_logits(masks).double().numpy()
    mean = logits.mean(0)
    logits -= mean
    variances, vectors = np.linalg.eigh(logits.T @ logits / max(len(logits) - 1, 1))
    components = vectors[:, ::-1][:, :coefficients].T
    largest = np.take_along_axis(components, np.abs(components).argmax(1)[:, None], 1)
    code.components.copy_(torch.from_numpy(components * np.sign(largest)))
    code.explained_variance.copy_(torch.from_numpy(variances[::-1][:coefficients].clip(0)))
    code.mean.copy_(torch.from_numpy(mean))
    return code


def reconstruction_iou(code: MaskCode, masks: Tensor, coefficients: int, threshold: float = 0.4) -> float:
    """Mean IoU of masks (K, size, size) with those decoded from their first coefficients.

    threshold: of decoded masks, see `SpotterConfig.mask_threshold`.
    """
    vectors = code.encode(masks)
    vectors[:, coefficients:] = 0
    decoded = code.decode(vectors) > threshold
    return float(mask_iou(decoded.numpy(), masks.numpy()).mean())


@dataclass(frozen=True)
class Options:
    """The command line."""

    count: int  # shapes to fit on
    seed: int


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.model.mask_fitting",
        description="Fit maskK to random word shapes and print its reconstruction IoU.",
    )
    parser.add_argument("--count", type=int, default=20_000, help="shapes to fit on (20000)")
    parser.add_argument("--seed", type=int, default=0)
    options = Options(**vars(parser.parse_args(arguments)))
    if options.count < 1:
        parser.error(f"--count must be at least 1, not {options.count}.")
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, not {options.seed}.")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code."""
    options = parse(arguments)
    code = fit_mask_code(word_masks(options.count, options.seed))
    others = word_masks(EVALUATION_SHAPES, options.seed + 1)
    print(f"coefficients  mean IoU on {EVALUATION_SHAPES} other shapes")
    for coefficients in EVALUATED_COEFFICIENTS:
        print(f"{coefficients:12d}  {reconstruction_iou(code, others, coefficients):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
