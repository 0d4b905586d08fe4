"""What the rounds pass on: a job to the worker, its progress and verdict back, rows of the ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from annotation.region import AnnotationError
from spotter.evaluation.bootstrap import Interval
from spotter.language import tr

PARTS = ("all", "detector", "recogniser")
RUNNING = ("preparing", "training", "judging")
STATES = (*RUNNING, "done", "stopped", "failed")
MAX_VERSION_NAME = 180  # characters of a project's name in a model version, which has at most 200
CHANGE_KINDS = ("fixed", "still wrong", "regressed", "newly found", "new false")


def state_name(state: str) -> str:
    """One of STATES in the current language."""
    names = {
        "preparing": tr("preparing"),
        "training": tr("training"),
        "judging": tr("judging"),
        "done": tr("done"),
        "stopped": tr("stopped"),
        "failed": tr("failed"),
    }
    return names.get(state, state)


class RoundError(AnnotationError):
    """One sentence: what is wrong and what to do."""


@dataclass(frozen=True)
class Figures:
    detection: Interval  # H-mean
    end_to_end: Interval  # H-mean


@dataclass(frozen=True)
class Verdict:
    """result.json, written by the worker."""

    before: Figures  # on the hold-out
    after: Figures
    rendered_before: Figures
    rendered_after: Figures
    # Paired, of end-to-end H on the hold-out; each photo counts with the share that is best on all others, so
    # that a share which is best by luck gains nothing: it may be less than after - before.
    difference: Interval
    counts: dict[str, int]  # by kind of RegionChange
    share: float  # of the trained end in the mix of weights
    cross_validated: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Verdict:
        """Raises RoundError unless complete and finite."""
        try:
            return cls(
                before=_figures(value["before"]),
                after=_figures(value["after"]),
                rendered_before=_figures(value["rendered_before"]),
                rendered_after=_figures(value["rendered_after"]),
                difference=_interval(value["difference"]),
                counts={str(kind): int(count) for kind, count in value["counts"].items()},
                share=_finite(value["share"]),
                cross_validated=bool(value.get("cross_validated", False)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RoundError(tr("The round's result is damaged; run the round again.")) from error


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _interval(value: Mapping[str, Any]) -> Interval:
    return Interval(_finite(value["value"]), _finite(value["low"]), _finite(value["high"]))


def _figures(value: Mapping[str, Any]) -> Figures:
    return Figures(_interval(value["detection"]), _interval(value["end_to_end"]))


@dataclass(frozen=True)
class RegionChange:
    """changes.json is a list of these."""

    kind: str  # one of CHANGE_KINDS
    image_id: int
    region_id: str | None
    polygon: list
    truth: str
    before: str | None  # text read with the parent's weights; None: not found
    after: str | None


@dataclass(frozen=True)
class Job:
    """job.json, written before the worker starts."""

    round_id: int
    project: str
    database: str  # its URL, without the password
    parent: str  # weights to start from: a path or a built-in name
    train: list[int]  # image ids
    replay: list[int]
    holdout: list[int]
    part: str  # one of PARTS
    minutes: float
    seed: int
    config: dict[str, Any]  # RoundConfig
    characters: str = ""  # that the reader learns, besides those of the parent
    folds: list[list[int]] = field(default_factory=list)  # parts of `train` in a cross-validation, else []


@dataclass(frozen=True)
class Progress:
    """progress.json, replaced atomically by the worker every few seconds."""

    state: str  # one of STATES
    share: float  # 0..1
    seconds_left: float | None
    message: str = ""
    losses: list[tuple[float, float]] = field(default_factory=list)  # (minutes, total loss)
    holdout: list[tuple[float, float]] = field(default_factory=list)  # (minutes, end-to-end H)


@dataclass(frozen=True)
class Round:
    """A row of the ledger."""

    id: int
    number: int  # within the project, from 1
    project_id: int
    project: str
    state: str  # one of STATES
    started: datetime
    ended: datetime | None
    minutes: float
    photos: int
    words: int
    part: str
    reason: str  # of the part
    parent: str  # sha256 of weights or a built-in name
    weights: str | None  # sha256
    verdict: Verdict | None
    promoted: bool
    promoted_by: str
    promoted_at: datetime | None
    promoted_reason: str
    served: bool
    message: str  # why it failed or was stopped

    @property
    def name(self) -> str:
        return tr("round {number}", number=self.number)

    @property
    def model_version(self) -> str:
        return f"{self.project[:MAX_VERSION_NAME]}-round-{self.number}"


@dataclass(frozen=True)
class Gain:
    """What a round now could learn from."""

    photos: int  # corrected since the last round
    words: int
    kinds: dict[str, int]  # corrections by kind, see annotation.corrections
    holdout: int
    missing: int  # corrected photos without which a round cannot start; 0: it can
    minutes: float
    part: str
    reason: str
    warnings: list[str]
    since: str  # "nano" or "round 2"
    characters: str = ""  # of the texts, that the reader does not know yet
    named: str = ""  # characters that people have named for this project
    can_cross_validate: bool = False  # instead, if photos are missing
