"""What a worker tells about its round: state, share, time left, curves; and when it must stop."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.rounds.finetune import RoundTrainer
from annotation.rounds.records import Progress
from annotation.rounds.round_folder import RoundFolder

SECONDS = 3.0  # between two reports


class StopRequested(Exception):  # noqa: N818  # not an error
    """A signal asked the worker to stop."""


@dataclass
class Reporter:
    """Writes progress.json. The time left is that of training and of the images that are still to be read."""

    folder: RoundFolder
    signals: Sequence[int]  # received so far
    reads_left: int = 0  # images
    training_left: float = 0.0  # seconds
    training_after: float = 0.0  # seconds of the trainings of a cross-validation that have not begun
    progress: Progress = field(default_factory=lambda: Progress("preparing", 0.0, None))

    def __post_init__(self) -> None:
        before = self.folder.progress()
        if before is not None:  # of a round that is resumed
            self.progress = replace(self.progress, losses=before.losses, holdout=before.holdout)
        self._began = self._written = time.monotonic()
        self._reading_since: float | None = None
        self._reads, self._reading = 0, 0.0  # images between two calls of `before_read`, and their seconds

    def begin(self, state: str) -> None:
        """Begins a state: "preparing", "training" or "judging"."""
        self._reading_since = None
        self._write(state)

    def end(self, state: str, message: str = "") -> None:
        self.progress = replace(self.progress, message=message)
        self._write(state, share=1.0 if state == "done" else self.progress.share, seconds_left=None)

    def before_read(self) -> None:
        """To be called before an image is read. Raises StopRequested."""
        if self.signals:
            raise StopRequested
        now = time.monotonic()
        if self._reading_since is not None:
            self._reading += now - self._reading_since
            self._reads += 1
        self._reading_since = now
        self.reads_left = max(0, self.reads_left - 1)
        self._write_if_due()

    def during_training(self, trainer: RoundTrainer) -> None:
        """To be called before every step. Raises StopRequested if a signal came before training began."""
        if self.signals:
            raise StopRequested
        config, done = trainer.config, trainer.progress
        if config.steps:
            self.training_left = trainer.spent * (1 - done) / done if done else 0.0
        else:
            self.training_left = max(0.0, 60 * config.minutes - trainer.spent)
        self.progress = replace(self.progress, losses=self._joined(trainer.loss_curve))
        self._write_if_due()

    def add_evaluation(self, minutes: float, h_mean: float) -> None:
        kept = [point for point in self.progress.holdout if point[0] < minutes]
        self.progress = replace(self.progress, holdout=[*kept, (minutes, h_mean)])

    def _joined(self, losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """With those before the round was resumed."""
        if not losses:
            return self.progress.losses
        return [point for point in self.progress.losses if point[0] < losses[0][0]] + losses

    def _write_if_due(self) -> None:
        if time.monotonic() - self._written >= SECONDS:
            self._write(self.progress.state)

    def _write(self, state: str, **values: Any) -> None:
        if os.environ.get("RANK", "0") != "0":  # another process of torchrun reports
            return
        seconds = (
            self.training_left + self.training_after + self.reads_left * self._reading / max(self._reads, 1)
        )
        elapsed = time.monotonic() - self._began
        share = elapsed / max(elapsed + seconds, 1e-9) if self._reads else 0.0
        times: dict[str, Any] = {"share": share, "seconds_left": math.ceil(seconds)}
        self.progress = replace(self.progress, state=state, **times | values)
        self.folder.write_progress(self.progress)
        self._written = time.monotonic()
