"""Checkpoint files."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from spotter.training.errors import TrainingError


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replaces the file atomically: a crash leaves the old checkpoint."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Raises TrainingError if the file is damaged."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise TrainingError(f"{path} is damaged or not a checkpoint of a run.") from error
