"""Plans: what batches train, and on which scenes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.data.curriculum import BLOCK, Curriculum, SceneKind, in_share
from spotter.data.data_config import DataConfig, StageConfig

STAGE = StageConfig("scenes", scene=160, large=0.0)
FIRST = StageConfig("characters", until=0.5, scene=96, large=0.0, features=1.0)


def curriculum_of(*stages: StageConfig, megapixels: float = 0.25) -> Curriculum:
    return Curriculum(stages, DataConfig(megapixels=megapixels))


@pytest.mark.parametrize(
    ("share", "numbers"), [(0.0, []), (0.25, [3, 7]), (0.5, [1, 3, 5, 7]), (1.0, list(range(8)))]
)
def test_a_share_of_the_numbers_is_evenly_spaced(share, numbers):
    assert [number for number in range(8) if in_share(number, share)] == numbers


def test_large_scenes_are_few_and_every_other_one_is_wide():
    stage = StageConfig("scenes", scene=128, large=0.5, large_scene=256)
    curriculum = curriculum_of(stage, megapixels=4 * 128**2 / 1e6)
    plans = [curriculum.plan(k, 0.0) for k in range(4 * BLOCK)]
    found = [(plan.count, plan.kind.width, plan.kind.height) for plan in plans]
    small, square, wide = ([each] * BLOCK for each in ((4, 128, 128), (1, 256, 256), (1, 352, 192)))
    assert found == small + square + small + wide


def test_batches_for_the_pyramid_alone_are_evenly_spaced():
    curriculum = curriculum_of(replace(STAGE, features=0.5))
    tasks = [curriculum.plan(k, 0.0).task for k in range(6 * BLOCK)]
    assert tasks[::BLOCK] == ["all", "features"] * 3
    assert [len(set(tasks[i : i + BLOCK])) for i in range(0, len(tasks), BLOCK)] == [1] * 6


@pytest.mark.parametrize(
    ("features", "reading", "tasks"),
    [
        (0.0, 0.0, ["all"] * 4),
        (1.0, 0.5, ["features"] * 4),
        (0.0, 1.0, ["reading"] * 4),
        (0.0, 0.5, ["all", "reading"] * 2),
        (0.25, 0.5, ["all", "reading", "all", "features"]),
    ],
)
def test_tasks_of_batches(features, reading, tasks):
    """Processes that train together take neighbouring batches; all batches of a block have one task."""
    curriculum = curriculum_of(replace(STAGE, features=features, reading=reading))
    for k, task in enumerate(tasks):
        assert {curriculum.plan(BLOCK * k + i, 0.0).task for i in range(BLOCK)} == {task}


@pytest.mark.parametrize(
    ("progress", "stage"), [(0.0, 0), (0.49, 0), (0.5, 1), (0.99, 1), (1.0, 1), (1.2, 1)]
)
def test_stages_end_at_their_share(progress, stage):
    assert curriculum_of(FIRST, STAGE).stage(progress) == stage


def test_kinds_of_a_stage_with_their_shares():
    stage = StageConfig("scenes", scene=128, large=0.5, large_scene=256, reading=0.5)
    curriculum = curriculum_of(FIRST, stage, megapixels=4 * 128**2 / 1e6)
    assert curriculum.kinds(0) == {SceneKind(0, 96, 96, dense=True): 1.0}
    shares = curriculum.kinds(1)
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(share for kind, share in shares.items() if kind.width == 128) == pytest.approx(0.8, abs=0.01)
    assert {kind.dense for kind in shares} == {True, False}
