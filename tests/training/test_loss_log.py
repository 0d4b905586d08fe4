"""Mean losses and log.csv."""

from __future__ import annotations

import csv
import math

import pytest
import torch

from spotter.training.loss_log import LOSSES, LossAverages, append_to_log


def test_means_are_of_the_steps_since_the_last_call():
    losses = LossAverages()
    assert losses.fetch() == {}
    for value in (1.0, 3.0):
        losses.add({"total": torch.tensor(value)})
    losses.add({"total": torch.tensor(5.0), "giou": torch.tensor(2.0)})
    assert losses.fetch() == {"total": 3.0, "giou": 2.0}
    assert losses.fetch() == {}


def test_columns_are_counts_and_losses(tmp_path):
    path = tmp_path / "log.csv"
    for step in (1, 2):
        append_to_log(path, {"step": step}, {"total": 0.123456})
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", *LOSSES]
    assert [row["step"] for row in rows] == ["1", "2"]
    assert float(rows[1]["total"]) == pytest.approx(0.1235)
    assert math.isnan(float(rows[1]["giou"]))


def test_existing_file_keeps_its_columns(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,old,total\n7,1,2\n", encoding="utf-8")
    append_to_log(path, {"step": 8}, {"total": 1.0})
    assert path.read_text(encoding="utf-8").splitlines() == ["step,old,total", "7,1,2", "8,,1.0"]
