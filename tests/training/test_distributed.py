"""Several training processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from spotter.training import distributed
from spotter.training.distributed import (
    get_rank,
    get_world_size,
    maximum_over_processes,
    process_group,
)
from spotter.weights import load_weights

ROOT = Path(__file__).resolve().parents[2]


def test_single_process():
    with process_group("cpu") as device:
        assert device == "cpu"
        assert (get_rank(), get_world_size()) == (0, 1)
        assert maximum_over_processes([0.1, 2.0], torch.device("cpu")) == [0.1, 2.0]


def test_maximum_over_processes(monkeypatch):
    other = torch.tensor([1.0, 0.5])
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(
        distributed.dist, "all_reduce", lambda mine, operation: mine.copy_(torch.maximum(mine, other))
    )
    assert maximum_over_processes([0.0, 0.75], torch.device("cpu")) == [1.0, 0.75]


def test_two_processes_stay_in_sync(tiny_file, tmp_path):
    script = Path(__file__).with_name("ddp_run.py")
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    result = subprocess.run(
        [*command, str(tiny_file), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    ranks = [torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in range(2)]
    start = dict(load_weights(tiny_file)[0].named_parameters())
    for part in ("parameters", "average"):
        first, second = (rank[part] for rank in ranks)
        assert [name for name in first if not first[name].equal(second[name])] == []
    changed = ranks[0]["parameters"]["model.reader.conv.weight"]
    assert not changed.equal(start["reader.conv.weight"])
    assert [rank["counts"] for rank in ranks] == [[2, 2, 4, 8]] * 2  # processes, steps, batches, images
    assert (tmp_path / "checkpoint.pt").is_file()
