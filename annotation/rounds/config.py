"""Numbers of the rounds."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from annotation.rounds.records import PARTS, RoundError
from spotter.language import tr

PHOTOGRAPHS = "SPOTTER_PHOTOGRAPHS"  # environment variable: folders, separated as in PATH


def named_photographs() -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get(PHOTOGRAPHS, "").split(os.pathsep)))


@dataclass(frozen=True)
class RoundConfig:
    minutes: float = 9.0  # of training
    max_minutes: float = 24 * 60.0
    seed: int = 0

    # Choice of photos
    holdout_share: float = 0.2
    min_holdout: int = 5
    min_photos: int = 10  # corrected photos without which no round starts
    folds: int = 5  # parts of a cross-validation, which needs as many photos
    near_duplicate: int = 6  # bits of the dHashes that may differ

    # Share of each source in a batch; the corrected photos fill the rest. A missing source counts as none.
    replay_share: float = 0.2  # photos of earlier rounds
    rendered_share: float = 0.2  # rendered scenes
    own_rendered_share: float = 0.4  # the same, if the reader has characters of another language to learn
    # Then, at least. A hundred steps at 1e-4 taught nano none of é, ü, ñ and ß; 280 at 4e-4, with 11 photos,
    # took end-to-end H on the hold-out from .18 to .32, but on rendered scenes from .59 to .50.
    own_learning_rate: float = 2e-4
    shipped_share: float = 0.1  # photographs on which the shipped weights were trained
    max_replay: int = 200  # photos of earlier rounds per round

    # Choice of the part to train
    recogniser_share: float = 0.5  # of the corrections that must be texts to train the recogniser alone
    detector_share: float = 0.8  # that must be missed, false or reshaped words to train the detector alone
    min_corrections: int = 10  # with fewer, the whole model is trained
    max_counted: int = 500  # photos whose corrections are counted, the latest ones

    # Warnings about the corrections
    suspicious_share: float = 0.2  # of the photos that look wrong
    same_text_share: float = 0.5  # of the words that have one text
    empty_text_share: float = 0.5  # of the regions without a text that are not marked as illegible
    min_words: int = 10  # with fewer, no share is suspicious
    covered_share: float = 0.9  # sum of the areas of a photo's regions, as a share of the photo's area
    same_word_iou: float = 0.5  # two regions of one photo that mark the same word

    # Training
    recipe: str = "finetune"  # of spotter.training: built-in or a .toml file
    steps: int | None = None  # budget in steps instead of minutes: such a round can be repeated
    evaluations: int = 3  # on the way
    evaluated_photos: int = 5  # of the hold-out, each time
    shares: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)  # of the trained end, tried besides 0
    calibration_photos: int = 20  # of those trained on, to fit thresholds and calibration to
    calibration_scenes: int = 30  # rendered, likewise
    # Folders (ICDAR 2015 form) of photographs that the shipped weights were trained on
    shipped_photographs: tuple[str, ...] = field(default_factory=named_photographs)
    max_gigabytes: float = 8.0  # of memory per process

    # Judging
    bootstrap: int = 1000  # resamples per interval
    rendered_scenes: int = 100

    # Promotion: differences of end-to-end H
    min_lower_end: float = -0.01  # lower end of the paired interval on the hold-out must be above
    min_mean: float = 0.0  # its mean must be above
    min_rendered: float = -0.02  # rendered scenes must not lose more


def check_request(config: RoundConfig, minutes: float | None, part: str) -> float:
    """The minutes of a round. Raises RoundError if there can be no such round."""
    minutes = config.minutes if minutes is None else minutes
    if not (math.isfinite(minutes) and 0 < minutes <= config.max_minutes):
        limit = config.max_minutes
        raise RoundError(tr("A round takes more than 0 and at most {limit:g} minutes.", limit=limit))
    if part not in ("auto", *PARTS):
        known = ", ".join(PARTS)
        raise RoundError(tr("There is no part {part!r}; expected auto, {known}.", part=part, known=known))
    for folder in config.shipped_photographs:
        if not (Path(folder, "images").is_dir() and Path(folder, "gt").is_dir()):
            raise RoundError(
                tr(
                    "{folder} has no folders images and gt with photographs; mend {variable}.",
                    folder=Path(folder).name,
                    variable=PHOTOGRAPHS,
                )
            )
    return minutes
