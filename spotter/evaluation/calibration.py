"""Expected calibration error of `reading_score`, and temperature (Guo et al. 2017) and power to reduce it.

The score is a geometric mean, but a word is correct only if all of its characters are: the power brings the
mean closer to the product.

`python -m spotter.evaluation.calibration --weights W --backgrounds FOLDER` fits both on rendered, held-out
scenes; `python -m spotter.training.export --temperature T --power P` stores them with the weights.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from spotter.evaluation.arguments import positive_int
from spotter.evaluation.image_sets import rendered_scenes
from spotter.evaluation.metrics import match_detections, same_text
from spotter.types import GroundTruth, Word

if TYPE_CHECKING:
    from torch import Tensor

    from spotter.predictor import Spotter

BINS = 10
TEMPERATURES, POWERS = (0.3, 8.0), (0.5, 20.0)  # bounds of the fit
MIN_PROBABILITY = 1e-8  # avoids log(0)
MARGIN = 1e-6  # of scores from 0 and 1, for the same reason


@dataclass(frozen=True)
class Options:
    """The command line."""

    weights: str
    backgrounds: str | None
    style: list[str]
    count: int
    seed: int


@dataclass(frozen=True)
class Calibration:
    """How far scores are from the share of correct words."""

    error: float  # expected calibration error, 0..1
    words: int  # matched words
    bins: list[tuple[float, float, int]]  # mean score, share correct, words; bins without words are left out


class CalibrationMetric:
    """Calibration of the reading scores of words that match a legible true word (update, summary, reset)."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets all images."""
        self.scores: list[float] = []
        self.correct: list[bool] = []

    def update(self, true: Sequence[GroundTruth], words: Sequence[Word]) -> list[int]:
        """Adds one image; returns the indices of the words that match a legible true word."""
        ignore = [region.ignore or not region.text for region in true]
        pairs, _ = match_detections(true, ignore, [word.polygon for word in words])
        for i, j in pairs:
            self.scores.append(words[j].reading_score)
            self.correct.append(same_text(true[i].text, words[j].text))
        return [j for _, j in pairs]

    def summary(self) -> Calibration:
        """Calibration over all images since the last reset; error 0.0 without words."""
        return calibration(np.array(self.scores), np.array(self.correct, dtype=bool))


def calibration(scores: np.ndarray, correct: np.ndarray) -> Calibration:
    """Expected calibration error of scores (W,) 0..1 given correct (W,) bool, in `BINS` bins of equal width:
    the mean over the words of |mean score - share correct| of their bin.
    """
    bin_index = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [
        (float(scores[members].mean()), float(correct[members].mean()), int(members.sum()))
        for members in (bin_index == b for b in range(BINS))
        if members.any()
    ]
    error = sum(abs(score - share) * count for score, share, count in bins) / max(len(scores), 1)
    return Calibration(error, len(scores), bins)


def apply_temperature(logs: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(logs / temperature) of log-probabilities (..., classes)."""
    scaled = logs / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return scaled / scaled.sum(-1, keepdims=True)


def calibrated_score(logs: np.ndarray, temperature: float, power: float) -> float:
    """Reading score of log-probabilities (steps, classes): geometric mean of the steps' best probabilities
    after temperature and power. 0 without steps.
    """
    best = apply_temperature(logs, temperature).max(-1)
    return float(np.exp(power * np.log(best).mean())) if len(logs) else 0.0


def fit(logs: Sequence[np.ndarray], correct: Sequence[bool]) -> tuple[float, float]:
    """Temperature and power that minimise the negative log-likelihood of `correct` given the scores.

    Args:
        logs: log-probabilities (steps, classes) of each word.
        correct: whether each word was read correctly.

    Raises:
        ValueError: no word has characters.
    """
    samples = [(steps, label) for steps, label in zip(logs, correct, strict=True) if len(steps)]
    if not samples:
        raise ValueError("No word was found and read: there is nothing to fit temperature and power to.")
    labels = np.array([label for _, label in samples])

    def loss(parameters: np.ndarray) -> float:
        temperature, power = np.exp(parameters)
        scores = np.array([calibrated_score(steps, temperature, power) for steps, _ in samples])
        scores = scores.clip(MARGIN, 1 - MARGIN)
        return float(-np.where(labels, np.log(scores), np.log(1 - scores)).mean())

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", bounds=np.log([TEMPERATURES, POWERS])).x
    temperature, power = np.exp(found).tolist()
    return temperature, power


def spot_with_probabilities(spotter: Spotter, image: np.ndarray) -> tuple[list[Word], list[np.ndarray]]:
    """The words of an image, and for each its probabilities (characters, classes) before calibration."""
    from spotter.tracing.recorder import Hook, record_activations  # late: `--help` needs no torch

    reading = Hook("reading", "reader", lambda inputs, output: output)
    with record_activations(spotter.model, [reading]) as activations:
        (words,) = spotter.spot_with_rows([image])
    probabilities: Tensor = activations["reading"][0].probabilities
    steps = [probabilities[row, : len(word.characters)].float().cpu().numpy() for row, word in words]
    return [word for _, word in words], steps


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.calibration",
        description="Fits temperature and power of the reading score on rendered scenes.",
    )
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    parser.add_argument("--style", nargs="+", default=["mixed"], help="styles of scenes, alternating (mixed)")
    parser.add_argument("--count", type=positive_int, default=200, help="number of scenes (200)")
    parser.add_argument("--seed", type=int, default=50_000, help="of the first scene (50000)")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)

    from spotter.predictor import load_spotter

    metric, logs = CalibrationMetric(), []
    try:
        spotter = load_spotter(options.weights)
        scenes = rendered_scenes(options.style, options.count, options.backgrounds, options.seed)
        spotter.model.config = replace(
            spotter.model.config, reading_temperature=1.0, reading_power=1.0, reading_threshold=0.0
        )
        for image, regions in tqdm(scenes, total=options.count, unit="scene"):
            words, probabilities = spot_with_probabilities(spotter, image)
            matched = metric.update(regions, words)
            logs += [np.log(probabilities[j].clip(MIN_PROBABILITY)) for j in matched]
        temperature, power = fit(logs, metric.correct)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    scores = [calibrated_score(steps, temperature, power) for steps in logs]
    after = calibration(np.array(scores), np.array(metric.correct, dtype=bool))
    print(f"temperature {temperature:.2f}, power {power:.2f}")
    print(f"expected calibration error {metric.summary().error:.3f} before, {after.error:.3f} after")
    print(f"{after.words} words, {np.mean(metric.correct):.0%} correct")
    for score, share, count in after.bins:
        print(f"  score {score:.2f}: {share:.0%} of {count} correct")
    return 0


if __name__ == "__main__":
    sys.exit(main())
