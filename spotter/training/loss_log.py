"""Losses between two lines of the log, and log.csv."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

DETECTION_LOSSES = ("classification", "l1", "giou", "mask", "dice")
READING_LOSSES = ("recognition", "guided_attention", "seen_characters", "background")
LOSSES = (
    "text_map",
    "characters",
    *DETECTION_LOSSES,
    *READING_LOSSES,
    "total",
    "gradient",
)  # log.csv's columns


class LossAverages:
    """Sums of losses, which stay on the device until they are fetched."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}  # steps in which each loss was computed

    @torch.no_grad()
    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Adds the losses of one step. The host does not wait for a GPU."""
        for name, value in losses.items():
            value = value.detach().float()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counts[name] = self.counts.get(name, 0) + 1

    def fetch(self) -> dict[str, float]:
        """Means since the last call, {} after no step; in one copy from the device."""
        if not self.sums:
            return {}
        values = torch.stack(list(self.sums.values())).tolist()
        means = {name: value / self.counts[name] for name, value in zip(self.sums, values, strict=True)}
        self.sums, self.counts = {}, {}
        return means


def append_to_log(path: Path, counts: Mapping[str, float], losses: Mapping[str, float]) -> None:
    """Appends a line to a CSV file: counts, then losses (NaN for those not computed). An existing file keeps
    its columns.
    """
    row = dict(counts) | {name: round(losses.get(name, math.nan), 4) for name in LOSSES}
    columns = list(row)
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file), columns)
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        if not file.tell():
            writer.writeheader()
        writer.writerow(row)
