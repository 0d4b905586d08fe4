"""Batches: the same whoever asks, with targets that follow the picture."""

from __future__ import annotations

import pickle
import random
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.data.curriculum import BLOCK, Batches, Curriculum, SceneKind, Scenes, batches, reduce_contrast
from spotter.data.icdar import AnnotatedImage, read_folder, write_ground_truth
from spotter.data.photographs import Photographs, augmented_crop, character_centres, photograph
from spotter.data.sources import Sources
from spotter.data.targets import IGNORE, Batch, make_targets
from spotter.training.train_config import DataConfig, StageConfig
from spotter.types import GroundTruth

SCALES = 0.7, 2.0
STAGE = StageConfig("scenes", scene=160, large=0.0)
FIRST = StageConfig("characters", until=0.5, scene=96, large=0.0, features=1.0)
TWO_SCENES = 2 * 160**2 / 1e6  # megapixels


@pytest.fixture(scope="module")
def reader(tiny_config):
    return replace(tiny_config, characters="abcdefghijklmnopqrstuvwxyz", max_steps=8)


@pytest.fixture(scope="module")
def dataset(reader):
    """Makes batches of stages and folders of photographs."""

    def make(*stages: StageConfig, data: tuple[str, ...] = (), seed: int = 0, **changes) -> Batches:
        config = DataConfig(**{"megapixels": TWO_SCENES} | changes)
        stages = stages or (STAGE,)
        return Batches(Scenes(stages, config, Sources(data=data), seed), Curriculum(stages, config), reader)

    return make


def tensors(batch: Batch) -> list[torch.Tensor]:
    fields = ("boxes", "masks", "ignore_boxes", "text", "centres")
    return [batch.images, batch.text_maps, *(getattr(t, f) for t in batch.targets for f in fields)]


def same(a: Batch, b: Batch) -> bool:
    pairs = zip(tensors(a), tensors(b), strict=True)
    return a.task == b.task and all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in pairs)


@pytest.fixture(scope="module")
def first(dataset) -> list[Batch]:
    """Batches 0 to 4, asked for in their order."""
    data = dataset()
    return [data[k, 0.0] for k in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two annotated photographs."""
    path = tmp_path_factory.mktemp("data")
    for part in ("images", "gt"):
        (path / part).mkdir()
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (200, 300, 3), np.uint8)
        cv2.imwrite(str(path / "images" / f"img_{i}.png"), image)
        words = [GroundTruth(rectangle(40 + 100 * k, 60, 60, 30), "word") for k in range(2)]
        write_ground_truth(path / "gt" / f"gt_img_{i}.txt", words)
    return path


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_large_scenes_are_few_and_hold_more_words(dataset):
    data = dataset(StageConfig("scenes", scene=128, large=0.5, large_scene=256), megapixels=4 * 128**2 / 1e6)
    plans = [data.curriculum.plan(k, 0.0) for k in range(4 * BLOCK)]
    found = [(plan.count, plan.kind.width, plan.kind.height) for plan in plans]
    small, square, wide = ([each] * BLOCK for each in ((4, 128, 128), (1, 256, 256), (1, 352, 192)))
    assert found == small + square + small + wide
    large = data[BLOCK, 0.0]
    assert large.images.shape == (1, 3, 256, 256)
    assert large.text_maps.shape == (1, 64, 64)
    assert data[3 * BLOCK, 0.0].images.shape == (1, 3, 192, 352)
    assert data[3 * BLOCK, 0.0].text_maps.shape == (1, 48, 88)
    assert sum(data[BLOCK + k, 0.0].words for k in range(4)) > sum(data[k, 0.0].words for k in range(4)) / 4


@pytest.mark.parametrize("photographs", [0.0, 1.0])
def test_large_scenes_have_letters_of_all_sizes(folder, photographs, dataset):
    """Each of them, so that all have about as many words."""
    stage = StageConfig(
        "scenes", scene=256, large=1.0, large_scene=768, reading=1.0, easy=0.5, photographs=photographs
    )
    data = dataset(stage, data=(str(folder),))
    for number in range(4):
        data[number, 0.0]
    assert data.scenes.generators
    for style in data.scenes.generators:
        assert style.text_height[0] <= 14
        assert style.text_height[1] == DataConfig().largest * 768
        assert style.small == DataConfig().small


def test_batches_for_the_pyramid_alone_are_evenly_spaced(dataset):
    curriculum = dataset(replace(STAGE, features=0.5)).curriculum
    tasks = [curriculum.plan(k, 0.0).task for k in range(6 * BLOCK)]
    assert tasks[::BLOCK] == ["all", "features"] * 3
    assert [len(set(tasks[i : i + BLOCK])) for i in range(0, len(tasks), BLOCK)] == [1] * 6


@pytest.mark.parametrize("task", ["features", "reading"])
def test_where_the_detector_is_not_trained_there_are_more_words(task, folder, dataset):
    stage = StageConfig("scenes", scene=256, large=1.0, large_scene=512, photographs=1.0)
    usual, dense = (
        dataset(replace(stage, **{task: share}), data=(str(folder),), megapixels=0.3) for share in (0.0, 1.0)
    )
    count = [sum(data[k, 0.0].words for k in range(12)) for data in (usual, dense)]
    assert count[1] > 1.3 * count[0]


@pytest.mark.parametrize("order", [(4, 2, 0), (3, 3)])
def test_a_batch_depends_on_its_number_alone(first, order, dataset):
    other = dataset()
    for k in order:
        assert same(other[k, 0.0], first[k])
    assert not same(first[3], first[4])
    assert not same(dataset(seed=1)[4, 0.0], first[4])


def test_a_worker_renders_the_same(first, dataset):
    source = batches(dataset(), 0, 2, 1, lambda _: 0.0)
    for k in (0, 2, 4):
        assert same(next(source), first[k])


@pytest.mark.parametrize(("start", "step", "numbers"), [(0, 1, [0, 1, 2]), (3, 1, [3, 4]), (1, 2, [1, 3])])
def test_processes_share_the_batches_out(first, start, step, numbers, dataset):
    source = batches(dataset(), start, step, 0, lambda _: 0.0)
    for k in numbers:
        assert same(next(source), first[k])


def test_batches_follow_the_progress_of_the_run(dataset):
    source = batches(dataset(FIRST, STAGE), 0, 1, 0, lambda number: number / 4)
    assert [next(source).task for _ in range(4)] == ["features", "features", "all", "all"]


@pytest.mark.parametrize(
    ("progress", "stage"), [(0.0, 0), (0.49, 0), (0.5, 1), (0.99, 1), (1.0, 1), (1.2, 1)]
)
def test_stages_end_at_their_share(progress, stage, dataset):
    assert dataset(FIRST, STAGE).curriculum.stage(progress) == stage


def test_kinds_of_a_stage_with_their_shares(dataset):
    stage = StageConfig("scenes", scene=128, large=0.5, large_scene=256, reading=0.5)
    curriculum = dataset(FIRST, stage, megapixels=4 * 128**2 / 1e6).curriculum
    assert curriculum.kinds(0) == {SceneKind(0, 96, 96, dense=True): 1.0}
    shares = curriculum.kinds(1)
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(share for kind, share in shares.items() if kind.width == 128) == pytest.approx(0.8, abs=0.01)
    assert {kind.dense for kind in shares} == {True, False}


@pytest.mark.parametrize("dense", [False, True])
def test_a_scene_depends_on_its_kind_and_number_alone(folder, dense, dataset):
    make = [dataset(replace(STAGE, photographs=0.5), data=(str(folder),)).scenes for _ in range(2)]
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
        Scenes((STAGE,), DataConfig(), Sources(**sources)).check()


def test_photographs_are_batches_like_others(folder, dataset):
    a, b = (dataset(replace(STAGE, photographs=1.0), data=(str(folder),)) for _ in range(2))
    found = [a[k, 0.0] for k in range(6)]
    assert sum(batch.words for batch in found) >= 3
    for k in (5, 2):
        assert same(b[k, 0.0], found[k])


def test_a_damaged_photograph_is_named_and_left_out(folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "data")
    (tmp_path / "data/images/img_1.png").write_bytes(b"no picture")
    photographs = Photographs({"data": read_folder(tmp_path / "data")}, {}, 0.0, SCALES)
    for seed in range(8):
        photographs.crop((96, 96), random.Random(seed))
    assert capsys.readouterr().err.count("img_1.png is left out") == 1
    (tmp_path / "data/images/img_0.png").write_bytes(b"no picture")
    alone = Photographs({"data": read_folder(tmp_path / "data")[:1]}, {}, 0.0, SCALES)
    photograph.cache_clear()
    with pytest.raises(ValueError, match="None of the annotated photographs can be read"):
        alone.crop((96, 96), random.Random(0))


def test_data_sets_are_drawn_by_their_weights(folder):
    two = read_folder(folder)
    photographs = Photographs({"a": two[:1], "b": two[1:]}, {"a": 3.0}, 0.0, SCALES)
    names = [photographs._choose(random.Random(seed))[0] for seed in range(200)]
    assert 130 < names.count("a") < 170


@pytest.mark.parametrize(
    ("stage", "task", "count", "side"), [(STAGE, "all", 2, 160), (FIRST, "features", 6, 96)]
)
def test_shapes_of_a_batch(stage, task, count, side, dataset):
    data = dataset(replace(stage, until=1.0))
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
def test_what_batches_train(features, reading, tasks, dataset):
    """Processes that train together take neighbouring batches; all of a block train the same."""
    curriculum = dataset(replace(STAGE, features=features, reading=reading)).curriculum
    for k, task in enumerate(tasks):
        assert {curriculum.plan(BLOCK * k + i, 0.0).task for i in range(BLOCK)} == {task}


def targets(*regions: GroundTruth):
    return make_targets(list(regions), 64, 48, Charset("abc"), 4, 28)


def word(polygon: np.ndarray, text: str = "ab", **fields) -> GroundTruth:
    return GroundTruth(polygon.astype(np.float32), text, **fields)


def test_targets_of_an_empty_image():
    found, text_map = targets()
    assert found.boxes.shape == (0, 4)
    assert found.masks.shape == (0, 28, 28)
    assert found.ignore_boxes.shape == (0, 4)
    assert found.text.shape == (0, 4)
    assert found.text.dtype == torch.int64
    assert found.centres.shape == (0, 4, 2)
    assert text_map.shape == (12, 16)
    assert not text_map.any()


def test_targets_of_a_word():
    centres = np.array([[18, 20], [30, 20]], np.float32)
    found, text_map = targets(word(rectangle(8, 12, 32, 16), "cb", centres=centres))
    assert found.boxes.tolist() == [[8, 12, 40, 28]]
    assert found.masks.all()
    assert found.text.tolist() == [[3, 2, 0, -1]]
    assert found.centres[0, :2].tolist() == centres.tolist()
    assert found.centres[0, 2:].isnan().all()
    assert found.image_size == (64, 48)
    expected = np.zeros((12, 16), np.uint8)
    expected[3:7, 2:10] = 1
    inner = expected[1:-1, 1:-1]
    assert (text_map[4:6, 3:9] == 1).all()
    assert (text_map[1:-1, 1:-1] != inner).sum() <= inner.sum() - 12  # only the rim may differ
    assert not text_map[expected == 0][cv2.dilate(expected, np.ones((3, 3)))[expected == 0] == 0].any()


def test_ignored_regions_are_no_words():
    found, text_map = targets(
        word(rectangle(20, 12, 24, 20), "ab"), word(rectangle(4, 8, 32, 32), "", ignore=True)
    )
    assert found.boxes.tolist() == [[20, 12, 44, 32]]
    assert found.ignore_boxes.tolist() == [[4, 8, 36, 40]]
    assert text_map[5, 3] == IGNORE
    assert text_map[5, 7] == 1  # the word is on top, whatever their order
    assert text_map[0, 15] == 0


@pytest.mark.parametrize("text", ["abx", "abca", "aaaaaaa", ""])
def test_words_that_cannot_be_written_are_found_but_not_read(text):
    centres = np.zeros((len(text), 2), np.float32)
    found, text_map = targets(word(rectangle(8, 12, 32, 16), text, centres=centres))
    assert len(found.boxes) == 1
    assert found.text.tolist() == [[-1, -1, -1, -1]]
    assert found.centres.isnan().all()
    assert text_map.any()


def test_the_longest_word_fits():
    assert targets(word(rectangle(8, 12, 32, 16), "abc"))[0].text.tolist() == [[1, 2, 3, 0]]


def test_boxes_are_clipped_with_their_masks():
    diamond = np.array([[64, 8], [80, 24], [64, 40], [48, 24]])  # its right half is outside
    found, _ = targets(word(diamond))
    assert found.boxes.tolist() == [[48, 8, 64, 40]]
    mask = found.masks[0].float()
    assert mask[:, -2:].mean() > 0.85
    assert mask[:, 0].mean() < 0.1
    assert mask.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "polygon",
    [rectangle(8, 8, 3, 20), rectangle(8, 8, 20, 3.9), rectangle(62, 8, 40, 20), rectangle(100, 100, 20, 20)],
    ids=["narrow", "low", "hardly inside", "outside"],
)
def test_what_is_too_small_is_left_out(polygon):
    found, text_map = targets(word(polygon), word(polygon, ignore=True))
    assert len(found.boxes) == len(found.ignore_boxes) == 0
    assert not text_map.any()


def painted(folder: Path, x: int, y: int) -> AnnotatedImage:
    """A gray photograph of 400 x 300 pixels with one green square, which is the word."""
    image = np.full((300, 400, 3), 110, np.uint8)
    image[y : y + 60, x : x + 60] = 20, 200, 20
    cv2.imwrite(str(folder / "image.png"), image)  # green is green, in RGB and in BGR
    ignored = word(rectangle(150, 20, 20, 20), "", ignore=True)
    return AnnotatedImage(folder / "image.png", [word(rectangle(x, y, 60, 60), "word"), ignored])


@pytest.fixture
def sample(tmp_path) -> AnnotatedImage:
    return painted(tmp_path, 200, 140)


def cover(polygon: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(polygon * 16 - 8).astype(np.int32)], 1, shift=4)
    return mask.astype(bool)


def green(crop: np.ndarray) -> np.ndarray:
    values = crop.astype(int)
    return values[..., 1] - np.maximum(values[..., 0], values[..., 2]) > 60


def assert_polygons_follow(sample: AnnotatedImage) -> None:
    """What is green in a crop is what the polygon holds; nothing green is left without a word."""
    whole = 0
    for seed in range(60):
        # With larger scales, slivers at the border are mostly outline.
        crop, regions = augmented_crop(sample, (160, 160), random.Random(seed), (0.6, 1.6))
        words = [region for region in regions if region.text == "word"]
        if not words:
            assert green(crop).sum() < 60, seed
            continue
        mask = cover(words[0].polygon, 160)
        assert (green(crop) & mask).sum() > 0.85 * (green(crop) | mask).sum(), seed
        inside = bool(((words[0].polygon > -2) & (words[0].polygon < 162)).all())
        assert words[0].ignore == (not inside), seed
        whole += inside
    assert whole > 10


def test_polygons_follow_the_picture(sample):
    assert_polygons_follow(sample)


@pytest.mark.parametrize(("x", "y"), [(4, 4), (336, 236), (3, 120)])
def test_reflected_text_is_painted_over(tmp_path, x, y):
    """Beyond the border the photograph is reflected; its text there has no truth."""
    assert_polygons_follow(painted(tmp_path, x, y))


def test_crops_vary_and_repeat(sample):
    crops = [augmented_crop(sample, (96, 96), random.Random(seed), SCALES)[0] for seed in (1, 2, 1)]
    assert np.array_equal(crops[0], crops[2])
    assert not np.array_equal(crops[0], crops[1])


def test_ignored_regions_stay_ignored(sample):
    found = [
        r for seed in range(20) for r in augmented_crop(sample, (300, 300), random.Random(seed), SCALES)[1]
    ]
    assert any(not r.text for r in found)
    assert all(r.ignore for r in found if not r.text)


def test_small_words_become_do_not_care(sample):
    tiny = replace(sample, regions=[word(rectangle(200, 140, 2.5, 60), "word")])
    for seed in range(10):
        assert all(r.ignore for r in augmented_crop(tiny, (160, 160), random.Random(seed), SCALES)[1])


@pytest.mark.parametrize("size", [(96, 96), (224, 224), (320, 160)])
def test_crops_have_the_size_asked_for(sample, size):
    crop, _ = augmented_crop(sample, size, random.Random(0), SCALES)
    assert crop.shape == (size[1], size[0], 3)
    assert crop.dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "places"),
    [("ab", [15, 25]), ("a", [20]), ("ii", [15, 25]), ("iw", [10 + 20 * 0.25 / 1.9, 10 + 20 * 1.2 / 1.9])],
)
def test_characters_of_a_photographed_word_share_its_middle_line(text, places):
    centres = character_centres(rectangle(10, 40, 20, 8), text)
    assert centres[:, 1].tolist() == [44] * len(text)
    assert centres[:, 0] == pytest.approx(places)


def test_only_quadrilaterals_tell_where_characters_are():
    assert character_centres(np.zeros((6, 2), np.float32), "text") is None
    assert character_centres(rectangle(0, 0, 9, 9), "") is None


def test_small_pictures_are_one_crop(folder):
    photographs = Photographs({"data": read_folder(folder)}, {}, 0.5, SCALES)
    for seed in range(8):
        image, regions = photographs.crop((128, 128), random.Random(seed))
        assert image.shape == (128, 128, 3)
        assert all(region.text == "word" for region in regions)


def test_large_pictures_hold_four_crops_in_their_places(folder):
    photographs = Photographs({"data": read_folder(folder)}, {}, 0.5, SCALES)
    quarters = set()
    for seed in range(12):
        image, regions = photographs.crop((512, 512), random.Random(seed))
        assert image.shape == (512, 512, 3)
        for region in regions:
            assert (region.polygon >= 0).all() or region.ignore
            if not region.ignore:
                assert region.centres.shape == (4, 2)
                x, y = region.polygon.mean(0)
                assert cv2.pointPolygonTest(region.polygon, tuple(map(float, region.centres[0])), False) >= 0
                quarters.add((x > 256, y > 256))
    assert len(quarters) == 4


def test_pictures_of_less_contrast_keep_their_shape_and_lose_contrast():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    found = [reduce_contrast(image, random.Random(seed)) for seed in range(20)]
    assert all(picture.shape == image.shape and picture.dtype == np.uint8 for picture in found)
    deviations = [picture.std() for picture in found]
    assert sum(d == image.std() for d in deviations) in range(4, 17)
    assert min(deviations) < 0.8 * image.std()
