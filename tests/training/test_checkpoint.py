"""Checkpoint files."""

import pytest
import torch

from spotter.training import checkpoint
from spotter.training.checkpoint import read_checkpoint, write_checkpoint
from spotter.training.errors import TrainingError

CPU = torch.device("cpu")


def test_written_and_read(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"step": 3, "values": torch.arange(4)})
    state = read_checkpoint(path, CPU)
    assert state["step"] == 3
    assert state["values"].equal(torch.arange(4))
    assert list(tmp_path.iterdir()) == [path]


def test_crash_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"step": 3})

    def crash(_, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.torch, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(path, {"step": 4})
    assert read_checkpoint(path, CPU) == {"step": 3}


def test_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match="is damaged"):
        read_checkpoint(path, CPU)
