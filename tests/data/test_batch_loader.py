"""Batches of a process, rendered ahead by others or in it."""

from __future__ import annotations

import pytest

from spotter.data.batch_loader import load_batches
from spotter.data.data_config import StageConfig
from spotter.data.targets import Batch
from tests.data.test_datasets import FIRST, STAGE, same


@pytest.fixture(scope="module")
def first(make_dataset) -> list[Batch]:
    """Batches 0 to 4, requested in order."""
    data = make_dataset()
    return [data[k, 0.0] for k in range(5)]


def test_a_worker_renders_the_same(first, make_dataset):
    source = load_batches(make_dataset(), 0, 2, 1, lambda _: 0.0)
    for k in (0, 2, 4):
        assert same(next(source), first[k])


@pytest.mark.parametrize(("start", "step", "numbers"), [(0, 1, [0, 1, 2]), (3, 1, [3, 4]), (1, 2, [1, 3])])
def test_processes_share_the_batches_out(first, start, step, numbers, make_dataset):
    source = load_batches(make_dataset(), start, step, 0, lambda _: 0.0)
    for k in numbers:
        assert same(next(source), first[k])


def test_batches_follow_the_progress_of_the_run(make_dataset):
    source = load_batches(make_dataset(FIRST, STAGE), 0, 1, 0, lambda number: number / 4)
    assert [next(source).task for _ in range(4)] == ["features", "features", "all", "all"]


def test_a_worker_that_cannot_read_its_data_reports_the_reason(make_dataset):
    """In one sentence, without the traceback of the process."""
    stage = StageConfig("scenes", scene=160, large=0.0, photographs=1.0)
    source = load_batches(make_dataset(stage, data=("/nowhere",)), 0, 1, 1, lambda _: 0.0)
    with pytest.raises(ValueError, match=r"^/nowhere has no folder images/.*\.$"):
        next(source)
