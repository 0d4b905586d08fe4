"""Whether a confident reading is right: the expected calibration error of `reading_score`, and the
temperature (Guo et al. 2017) and power that make it small.

The score is a geometric mean, and a word is right only when all of its characters are: the power makes of the
mean something near the product.

`python -m spotter.evaluation.calibration --weights W --backgrounds FOLDER` fits both on rendered, held-out
scenes; `python -m spotter.training.export --temperature T --power P` stores them with weights.
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

from spotter.evaluation.metrics import match_detections, same_text
from spotter.evaluation.image_sets import rendered_scenes
from spotter.types import Character, GroundTruth, Reading, Word

if TYPE_CHECKING:
    from torch import Tensor

    from spotter.predictor import Spotter

BINS = 10
TEMPERATURES, POWERS = (0.3, 8.0), (0.5, 20.0)  # between which the best ones are looked for


@dataclass(frozen=True)
class Calibration:
    """How far scores are from the share of right readings."""

    error: float  # expected calibration error, 0..1
    words: int  # found words that were compared
    bins: list[tuple[float, float, int]]  # mean score, share that is right, words; of every bin with words


class CalibrationMetric:
    """Scores and rightness of the readings of all found words that are no do-not-care (update, summary,
    reset).
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets all images."""
        self.scores: list[float] = []
        self.right: list[bool] = []
        self.words: list[Word] = []

    def update(self, true: Sequence[GroundTruth], words: Sequence[Word]) -> None:
        """Adds one image. Only words that overlap a legible true word count: others have no right text."""
        ignore = [region.ignore or not region.text for region in true]
        pairs, _ = match_detections(true, ignore, [word.polygon for word in words])
        for i, j in pairs:
            self.words.append(words[j])
            self.scores.append(words[j].reading_score)
            self.right.append(same_text(true[i].text, words[j].text))

    def summary(self) -> Calibration:
        """The error over all images since the last reset; 0.0 when no word was compared."""
        return calibration(np.array(self.scores), np.array(self.right, dtype=bool))


def calibration(scores: np.ndarray, right: np.ndarray) -> Calibration:
    """Expected calibration error of scores (W,) 0..1 against right (W,) bool, in `BINS` bins of equal width:
    the mean over the words of |mean score - share right| of their bin.
    """
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [
        (float(scores[mine].mean()), float(right[mine].mean()), int(mine.sum()))
        for mine in (place == b for b in range(BINS))
        if mine.any()
    ]
    error = sum(abs(score - share) * count for score, share, count in bins) / max(len(scores), 1)
    return Calibration(error, len(scores), bins)


def tempered(logs: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (..., classes) of log-probabilities at a temperature: softmax(logs / temperature)."""
    scaled = logs / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return scaled / scaled.sum(-1, keepdims=True)


def calibrated_score(logs: np.ndarray, temperature: float, power: float) -> float:
    """Geometric mean of every step's best probability, tempered and raised to a power; of log-probabilities
    (steps, classes). 0 without steps.
    """
    return float(np.exp(power * np.log(tempered(logs, temperature).max(-1)).mean())) if len(logs) else 0.0


def fit(logs: Sequence[np.ndarray], right: Sequence[bool]) -> tuple[float, float]:
    """The temperature and the power with which the readings' scores are the likeliest for what was right.

    logs: of every word the log-probabilities (steps, classes) of its characters; right: whether it was read
    right. Minimises the negative log-likelihood of `right` under the calibrated scores.

    Raises:
        ValueError: there is no word with characters.
    """
    kept = [(rows, ok) for rows, ok in zip(logs, right, strict=True) if len(rows)]
    if not kept:
        raise ValueError("No word was found and read: there is nothing to fit temperature and power to.")
    truth = np.array([ok for _, ok in kept])

    def loss(both: np.ndarray) -> float:
        score = np.array([calibrated_score(rows, *np.exp(both)) for rows, _ in kept]).clip(1e-6, 1 - 1e-6)
        return float(-np.where(truth, np.log(score), np.log(1 - score)).mean())

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", bounds=np.log([TEMPERATURES, POWERS])).x
    temperature, power = np.exp(found).tolist()
    return temperature, power


def record_probabilities(spotter: Spotter) -> dict[int, np.ndarray]:
    """Makes a spotter note, by the identity of each reading's list of characters, their untempered
    probabilities (steps, classes).
    """
    noted: dict[int, np.ndarray] = {}
    texts = spotter.texts

    def noting(reading: Reading, regions: Tensor) -> list[list[Character]]:
        found = texts(reading, regions)
        for row, characters in zip(regions.tolist(), found, strict=True):
            noted[id(characters)] = reading.probabilities[row, : len(characters)].float().cpu().numpy()
        return found

    spotter.texts = noting
    return noted


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m spotter.evaluation.calibration", description=__doc__)
    parser.add_argument("--weights", default="nano", help="nano or a .safetensors file")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to write on")
    parser.add_argument(
        "--style", nargs="+", default=["mixed"], help="kinds of scenes, one after the other (mixed)"
    )
    parser.add_argument("--count", type=int, default=200, help="number of scenes (200)")
    parser.add_argument("--seed", type=int, default=50_000, help="of the first scene (50000)")
    options = parser.parse_args(arguments)

    from spotter.predictor import load_spotter

    try:
        spotter = load_spotter(options.weights)
        scenes = rendered_scenes(options.style, options.count, options.backgrounds, options.seed)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    spotter.model.config = replace(
        spotter.model.config, reading_temperature=1.0, reading_power=1.0, reading_threshold=0.0
    )
    probabilities = record_probabilities(spotter)
    metric, logs = CalibrationMetric(), []
    for image, regions in tqdm(scenes, total=options.count, unit="scene"):
        probabilities.clear()
        words = spotter.spot(image)
        before = len(metric.words)
        metric.update(regions, words)
        logs += [np.log(probabilities[id(word.characters)].clip(1e-8)) for word in metric.words[before:]]
    try:
        temperature, power = fit(logs, metric.right)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    scores = [calibrated_score(rows, temperature, power) for rows in logs]
    after = calibration(np.array(scores), np.array(metric.right, dtype=bool))
    print(f"temperature {temperature:.2f}, power {power:.2f}")
    print(f"expected calibration error {metric.summary().error:.3f} without, {after.error:.3f} with them")
    print(f"{after.words} words, {np.mean(metric.right):.0%} read right")
    for score, share, count in after.bins:
        print(f"  score {score:.2f}: {share:.0%} right of {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
