"""Batches from rendering processes, which may die."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from spotter.data.batch_loader import RenderingProcessError
from spotter.data.sources import Sources
from spotter.training import batch_stream
from spotter.training.batch_stream import MAX_DEATHS, stream_batches
from spotter.training.errors import TrainingError
from spotter.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]


def test_dead_rendering_process_is_replaced(config, folder, capsys, monkeypatch):
    """The run is the same as one in which none died."""
    config = replace(config, steps=12, workers=1)
    killed = []

    class Killer(Trainer):
        def train_step(self, batch, report=None):
            super().train_step(batch, report)
            if self.step == 2:
                (worker,) = [p for p in multiprocessing.active_children() if p.pid not in before]
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(worker.pid)

    before = {process.pid for process in multiprocessing.active_children()}
    trainer = Killer(config, folder)
    trainer.run(progress=False)
    assert killed
    assert "rendering continues with new ones (1 of 5)" in capsys.readouterr().out
    assert trainer.step == 12
    whole = Trainer(replace(config, workers=0), folder.with_name("whole"))
    whole.run(progress=False)
    assert whole.words == trainer.words


def test_unreadable_data_gives_one_sentence(config, folder, tmp_path):
    shutil.copytree(
        ROOT / "assets/samples", tmp_path / "photos", ignore=shutil.ignore_patterns("*.json", "*.md")
    )
    sources = Sources(backgrounds=str(tmp_path / "photos"))
    trainer = Trainer(replace(config, sources=sources, workers=1), folder)
    for path in (tmp_path / "photos").iterdir():
        path.write_bytes(b"not an image")
    with pytest.raises(ValueError, match=r"^None of the background photographs can be read\.$"):
        trainer.run(progress=False)


def test_stream_continues_where_a_process_died(monkeypatch):
    starts = []

    def dying(dataset, first, step, workers, progress):
        starts.append(first)
        yield first
        yield first + step
        raise RenderingProcessError("died")

    monkeypatch.setattr(batch_stream, "load_batches", dying)
    assert list(islice(stream_batches(None, 1, 2, 1, float), 5)) == [1, 3, 5, 7, 9]
    assert starts == [1, 5, 9]
    with pytest.raises(TrainingError, match="The rendering processes died 5 times"):
        list(stream_batches(None, 0, 1, 1, float))
    assert len(starts) == 3 + MAX_DEATHS
