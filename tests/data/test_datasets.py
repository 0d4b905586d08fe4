"""Batches do not depend on the process that makes them."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spotter.data.curriculum import BLOCK, SceneKind
from spotter.data.data_config import DataConfig, StageConfig
from spotter.data.datasets import TrainingScenes, reduce_contrast
from spotter.data.sources import Sources
from spotter.data.targets import Batch

STAGE = StageConfig("scenes", scene=160, large=0.0)
FIRST = StageConfig("characters", until=0.5, scene=96, large=0.0, features=1.0)


def tensors(batch: Batch) -> list[torch.Tensor]:
    fields = ("boxes", "masks", "ignore_boxes", "text", "centres")
    return [batch.images, batch.text_maps, *(getattr(t, f) for t in batch.targets for f in fields)]


def same(a: Batch, b: Batch) -> bool:
    pairs = zip(tensors(a), tensors(b), strict=True)
    return a.task == b.task and all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in pairs)


@pytest.fixture(scope="module")
def first(make_dataset) -> list[Batch]:
    """Batches 0 to 4, requested in order."""
    data = make_dataset()
    return [data[k, 0.0] for k in range(5)]


def test_large_scenes_hold_more_words(make_dataset):
    stage = StageConfig("scenes", scene=128, large=0.5, large_scene=256)
    data = make_dataset(stage, megapixels=4 * 128**2 / 1e6)
    large, wide = data[BLOCK, 0.0], data[3 * BLOCK, 0.0]
    assert large.images.shape == (1, 3, 256, 256)
    assert large.text_maps.shape == (1, 64, 64)
    assert wide.images.shape == (1, 3, 192, 352)
    assert wide.text_maps.shape == (1, 48, 88)
    assert sum(data[BLOCK + k, 0.0].words for k in range(4)) > sum(data[k, 0.0].words for k in range(4)) / 4


@pytest.mark.parametrize("photographs", [0.0, 1.0])
def test_large_scenes_have_letters_of_all_sizes(annotated_folder, photographs, make_dataset):
    """Each of them, so that all have about as many words."""
    stage = StageConfig(
        "scenes", scene=256, large=1.0, large_scene=768, reading=1.0, easy=0.5, photographs=photographs
    )
    data = make_dataset(stage, data=(str(annotated_folder),))
    for number in range(4):
        data[number, 0.0]
    assert data.scenes.generators
    for style in data.scenes.generators:
        assert style.text_height[0] <= 14
        assert style.text_height[1] == DataConfig().largest * 768
        assert style.small == DataConfig().small


@pytest.mark.parametrize("task", ["features", "reading"])
def test_where_the_detector_is_not_trained_there_are_more_words(task, annotated_folder, make_dataset):
    stage = StageConfig("scenes", scene=256, large=1.0, large_scene=512, photographs=1.0)
    usual, dense = (
        make_dataset(replace(stage, **{task: share}), data=(str(annotated_folder),), megapixels=0.3)
        for share in (0.0, 1.0)
    )
    count = [sum(data[k, 0.0].words for k in range(12)) for data in (usual, dense)]
    assert count[1] > 1.3 * count[0]


@pytest.mark.parametrize("order", [(4, 2, 0), (3, 3)])
def test_a_batch_depends_on_its_number_alone(first, order, make_dataset):
    other = make_dataset()
    for k in order:
        assert same(other[k, 0.0], first[k])
    assert not same(first[3], first[4])
    assert not same(make_dataset(seed=1)[4, 0.0], first[4])


@pytest.mark.parametrize("dense", [False, True])
def test_a_scene_depends_on_its_kind_and_number_alone(annotated_folder, dense, make_dataset):
    make = [
        make_dataset(replace(STAGE, photographs=0.5), data=(str(annotated_folder),)).scenes for _ in range(2)
    ]
    kind = SceneKind(0, 160, 160, dense)
    scenes = [make[0](kind, k) for k in range(4)]
    for k in (3, 1):
        image, regions = pickle.loads(pickle.dumps(make[1]))(kind, k)
        assert np.array_equal(image, scenes[k][0])
        assert [r.text for r in regions] == [r.text for r in scenes[k][1]]
    assert not np.array_equal(scenes[0][0], scenes[1][0])


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ({"fonts": "empty"}, "holds no font of Fontsource"),
        ({"backgrounds": "empty"}, "no photograph of the train split"),
        ({"backgrounds": "/nowhere"}, "no photograph of the train split"),
        ({"data": ("empty",)}, "has no folder images/"),
    ],
)
def test_a_wrong_folder_is_reported_before_anything_is_rendered(tmp_path, monkeypatch, sources, sentence):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises((ValueError, OSError), match=sentence):
        TrainingScenes((STAGE,), DataConfig(), Sources(**sources)).check()


def test_photographs_are_batches_like_others(annotated_folder, make_dataset):
    a, b = (make_dataset(replace(STAGE, photographs=1.0), data=(str(annotated_folder),)) for _ in range(2))
    found = [a[k, 0.0] for k in range(6)]
    assert sum(batch.words for batch in found) >= 3
    for k in (5, 2):
        assert same(b[k, 0.0], found[k])


@pytest.mark.parametrize(
    ("stage", "task", "count", "side"), [(STAGE, "all", 2, 160), (FIRST, "features", 6, 96)]
)
def test_shapes_of_a_batch(stage, task, count, side, make_dataset):
    data = make_dataset(replace(stage, until=1.0))
    first = [data[k, 0.0] for k in range(5)]
    for batch in first:
        assert batch.task == task
        assert batch.images.shape == (count, 3, side, side)
        assert batch.images.dtype == torch.uint8
        assert batch.text_maps.shape == (count, side // 4, side // 4)
        for target in batch.targets:
            words = len(target.boxes)
            assert target.masks.shape == (words, 28, 28)
            assert target.text.shape == (words, 8)
            assert target.centres.shape == (words, 8, 2)
            assert target.image_size == (side, side)
            assert ((target.boxes >= 0) & (target.boxes <= side)).all()
    assert sum(batch.words for batch in first) > 10


def test_pictures_of_less_contrast_keep_their_shape_and_lose_contrast():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    found = [reduce_contrast(image, random.Random(seed)) for seed in range(20)]
    assert all(picture.shape == image.shape and picture.dtype == np.uint8 for picture in found)
    deviations = [picture.std() for picture in found]
    assert 4 <= sum(d == image.std() for d in deviations) <= 16
    assert min(deviations) < 0.8 * image.std()
