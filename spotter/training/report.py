"""Progress lines of a run: words per second, and how long each part of a step takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

REPORT_SECONDS = 20.0
MEASURE_EVERY = 20  # steps; on a GPU the host waits for each part of a measured step


class RunReport:
    """Times the parts of steps, and counts since the last line."""

    def __init__(self, device: torch.device, step: int = 0, words: int = 0) -> None:
        """`step`, `words`: of the run so far."""
        self.device = device
        self.steps = 0
        self.seconds: dict[str, float] = {}  # of the measured steps, by part
        self.measured = 0
        self.nested: list[float] = []  # seconds of the parts inside each part that is being timed
        self.last = time.monotonic()
        self.last_step, self.last_words = step, words

    def begin_step(self) -> None:
        self.steps += 1
        self.measured += self.is_measured()

    def is_measured(self) -> bool:
        if self.device.type != "cuda":
            return True
        return self.steps > 0 and self.steps % MEASURE_EVERY == 0  # 0 steps: no step was begun

    @contextmanager
    def time_part(self, name: str) -> Iterator[None]:
        """Times a part of a step, without the parts inside it."""
        if not self.is_measured():
            yield
            return
        start = self._now()
        self.nested.append(0.0)
        try:
            yield
        finally:
            duration = self._now() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + duration - self.nested.pop()
            if self.nested:
                self.nested[-1] += duration

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def is_due(self) -> bool:
        return time.monotonic() - self.last > REPORT_SECONDS

    def line(self, progress: float, step: int, words: int, pool: str = "") -> str:
        """One line about the time since the last one. `progress`: of the run, 0..1; `pool`: its report."""
        now = time.monotonic()
        steps, new_words = step - self.last_step, words - self.last_words
        seconds = now - self.last
        parts = [f"{name} {1000 * s / max(self.measured, 1):.0f}" for name, s in self.seconds.items()]
        texts = [
            f"{100 * min(progress, 1):.0f} %",
            f"step {step}",
            f"{new_words / seconds:,.0f} words/s",
            f"{1000 * seconds / max(steps, 1):.0f} ms per step ({', '.join(parts)})",
        ]
        if pool:
            texts.append(pool)
        if self.device.type == "cuda":
            texts.append(f"{torch.cuda.max_memory_allocated(self.device) / 1e9:.1f} GB of device memory")
        self.last, self.last_step, self.last_words = now, step, words
        self.seconds, self.measured = {}, 0
        return " | ".join(texts)
