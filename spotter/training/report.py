"""What a run reports while it trains: words per second, and where the time of a step goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from spotter.training.trainer import Trainer

REPORT_SECONDS = 20.0
MEASURE_EVERY = 20  # steps; on a GPU a step whose parts are measured waits for each of them


class RunReport:
    """Seconds of each part of a step, and counts since the last report."""

    def __init__(self, device: torch.device, counts: tuple[int, int] = (0, 0)) -> None:
        """`counts`: steps and words of the run so far."""
        self.device = device
        self.steps = 0
        self.seconds: dict[str, float] = {}  # of the measured steps, by part
        self.measured = 0
        self.inner: list[float] = []  # seconds of parts inside the parts that are open
        self.last = time.monotonic()
        self.last_counts = counts

    def begin_step(self) -> None:
        self.steps += 1
        self.measured += self.is_measured()

    def is_measured(self) -> bool:
        return self.device.type != "cuda" or self.steps % MEASURE_EVERY == 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measures a part of a step, without the parts inside it."""
        if not self.is_measured():
            yield
            return
        start = self._now()
        self.inner.append(0.0)
        try:
            yield
        finally:
            whole = self._now() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + whole - self.inner.pop()
            if self.inner:
                self.inner[-1] += whole

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def is_due(self) -> bool:
        return time.monotonic() - self.last > REPORT_SECONDS

    def line(self, trainer: Trainer) -> str:
        """One line about the time since the last one."""
        now = time.monotonic()
        steps, words = (a - b for a, b in zip((trainer.step, trainer.words), self.last_counts, strict=True))
        seconds = now - self.last
        parts = [f"{name} {1000 * s / max(self.measured, 1):.0f}" for name, s in self.seconds.items()]
        texts = [
            f"{100 * min(trainer.progress, 1):.0f} %",
            f"step {trainer.step}",
            f"{words / seconds:,.0f} words/s",
            f"{1000 * seconds / max(steps, 1):.0f} ms per step ({', '.join(parts)})",
        ]
        if trainer.pool is not None:
            texts.append(trainer.pool.report())
        if self.device.type == "cuda":
            texts.append(f"{torch.cuda.max_memory_allocated(self.device) / 1e9:.1f} GB of device memory")
        self.last, self.last_counts = now, (trainer.step, trainer.words)
        self.seconds, self.measured = {}, 0
        return " | ".join(texts)
