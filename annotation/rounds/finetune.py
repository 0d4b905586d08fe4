"""Fine-tunes the parent's weights on a round's photos, mixes both, and fits thresholds and calibration."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from annotation.rounds.config import RoundConfig
from annotation.rounds.judging import STYLES, count_all, h_mean
from annotation.rounds.records import Job, RoundError
from spotter.config import SpotterConfig, own_characters
from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.data.sources import data_name
from spotter.evaluation.calibration import (
    MIN_PROBABILITY,
    CalibrationMetric,
    calibrated_score,
    fit,
    spot_with_probabilities,
)
from spotter.evaluation.image_sets import photographs, rendered_scenes
from spotter.language import tr
from spotter.model.postprocess import is_word
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter
from spotter.training.errors import TrainingError
from spotter.training.export import interpolate
from spotter.training.recipe import load_recipe
from spotter.training.train_config import TrainConfig
from spotter.training.trainer import Trainer
from spotter.types import GroundTruth, Word

# Names of the folders of photographs.
CORRECTED, EARLIER = "corrected", "earlier"
READING = {"recogniser": 1.0, "detector": 0.0}  # share of batches that leave out the detector's losses
CALIBRATION_SEED = 60_000  # of the rendered scenes; those of the judging are others
SCORE_THRESHOLDS = np.arange(0.15, 0.5, 0.025)
MAX_OWN_WORDS = 2000  # of the photos, that are rendered too
MIN_CALIBRATION_WORDS = 30  # right ones and wrong ones; with fewer, the calibration stays


def training_config(
    job: Job, config: RoundConfig, folders: Mapping[str, Path], model: SpotterConfig, device: str
) -> TrainConfig:
    """The recipe with the round's photos, budget and part. `folders`: by CORRECTED and EARLIER; `model`: the
    parent's, with the characters that it learns.

    Raises RecipeError, and ValueError if two folders have one name.
    """
    recipe = load_recipe(config.recipe, device)
    own = own_characters(model.characters)
    rendered = max(config.rendered_share, config.own_rendered_share) if own else config.rendered_share
    shares = {str(folders[CORRECTED]): 1.0}
    others = {path: config.replay_share for name, path in folders.items() if name == EARLIER}
    if config.shipped_photographs:
        each = config.shipped_share / len(config.shipped_photographs)
        others |= dict.fromkeys(map(Path, config.shipped_photographs), each)
    shares |= {str(path): share for path, share in others.items()}
    shares[str(folders[CORRECTED])] = max(0.0, 1 - rendered - sum(others.values()))
    stages = tuple(
        replace(
            stage,
            photographs=1 - rendered,
            reading=READING.get(job.part, stage.reading),
            features=0.0 if job.part == "recogniser" else stage.features,
        )
        for stage in recipe.stages
    )
    rate = max(recipe.optimiser.learning_rate, config.own_learning_rate if own else 0.0)
    return replace(
        recipe,
        model=model,
        optimiser=replace(recipe.optimiser, learning_rate=rate),
        minutes=job.minutes,
        steps=config.steps,
        seed=job.seed,
        start_from=job.parent,
        train=job.part,
        stages=stages,
        sources=replace(
            recipe.sources,
            data=tuple(shares),
            own_characters=own,
            own_words=words_with(own, folders.values()) if own else (),
        ),
        data=replace(recipe.data, weights={data_name(path): share for path, share in shares.items()}),
        threads=cores(),
        checkpoint_minutes=min(recipe.checkpoint_minutes, 1.0),
    )


def words_with(characters: str, folders: Iterable[Path]) -> tuple[str, ...]:
    """The words of the photos to train on that have some of these characters."""
    texts = {region.text for folder in folders for image in read_folder(folder) for region in image.regions}
    return tuple(sorted(text for text in texts if not set(characters).isdisjoint(text)))[:MAX_OWN_WORDS]


def cores() -> int:
    """Threads of the computation: one core is left to the app."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, available - 1)


class RoundTrainer(Trainer):
    """A trainer that is watched."""

    def __init__(self, config: TrainConfig, folder: Path, watch: Callable[[RoundTrainer], None]) -> None:
        """Continues the run in the folder if there is a checkpoint. `watch` is called before every step."""
        self.watch = watch
        self.loss_curve: list[tuple[float, float]] = []  # minutes of training, total loss
        super().__init__(config, folder, resume=(folder / "checkpoint.pt").is_file())

    def should_stop(self, signalled: bool) -> bool:
        if self.rank == 0:
            self.watch(self)
        return super().should_stop(signalled)

    def mean_losses(self) -> dict[str, float]:
        try:
            means = super().mean_losses()
        except TrainingError as error:
            raise RoundError(
                tr(
                    "The loss was no longer finite at step {step:d}: the round ended, and all weights stay "
                    "as they were; look for faulty corrections, or start another round.",
                    step=self.step,
                )
            ) from error
        if means:
            self.loss_curve.append((self.spent / 60, means["total"]))
        return means


def mixed_model(end: SwinTextSpotter, parent: str, share: float) -> SwinTextSpotter:
    """The mean of a run's end (`share` of it) and the parent's weights, rounded to half precision, in which
    weights are saved. Raises TrainingError, WeightsError.
    """
    model = copy.deepcopy(end)
    interpolate(model, parent, 1 - share)
    return model.half().float()


@dataclass(frozen=True)
class _Sample:
    """The words of one image, also those with low scores; log-probabilities (characters, classes) of each."""

    truth: Sequence[GroundTruth]
    words: list[Word]
    logs: list[np.ndarray]


def fit_thresholds(
    spotter: Spotter,
    samples: Sequence[AnnotatedImage],
    scenes: int,
    check: Callable[[], None] = lambda: None,
) -> SpotterConfig:
    """The spotter's configuration with temperature, power and score threshold fitted to photographs and
    rendered scenes; with too few words, temperature and power stay. `check` is called before each image.

    Raises ImageError if a photograph cannot be read, ValueError if scenes cannot be rendered.
    """
    images = chain(photographs(samples), rendered_scenes(STYLES, scenes, seed=CALIBRATION_SEED))
    before, metric = spotter.model.config, CalibrationMetric()
    found, logs = [], []
    spotter.model.config = replace(
        before,
        reading_temperature=1.0,
        reading_power=1.0,
        reading_threshold=0.0,
        score_threshold=float(SCORE_THRESHOLDS[0]),
    )
    try:
        for image, truth in images:
            check()
            words, probabilities = spot_with_probabilities(spotter, image)
            sample = _Sample(truth, words, [np.log(p.clip(MIN_PROBABILITY)) for p in probabilities])
            logs += [sample.logs[j] for j in metric.update(truth, words)]
            found.append(sample)
    finally:
        spotter.model.config = before
    config = before
    if min(metric.correct.count(True), metric.correct.count(False)) >= MIN_CALIBRATION_WORDS:
        temperature, power = fit(logs, metric.correct)
        config = replace(before, reading_temperature=temperature, reading_power=power)
    return replace(config, score_threshold=_best_threshold(found, config))


def _best_threshold(samples: Iterable[_Sample], config: SpotterConfig) -> float:
    """The score threshold with the highest end-to-end H; of equal ones the nearest to the present one."""
    truths, scored = [], []
    for sample in samples:
        truths.append(sample.truth)
        scores = [
            calibrated_score(steps, config.reading_temperature, config.reading_power) for steps in sample.logs
        ]
        scored.append(
            [
                word
                for word, score in zip(sample.words, scores, strict=True)
                if is_word(word.score, score, config.reading_threshold, config.confident_score)
            ]
        )

    def quality(threshold: float) -> tuple[float, float]:
        kept = [[word for word in words if word.score > threshold] for words in scored]
        return float(h_mean(count_all(truths, kept))), -abs(threshold - config.score_threshold)

    return max([config.score_threshold, *SCORE_THRESHOLDS.tolist()], key=quality)
