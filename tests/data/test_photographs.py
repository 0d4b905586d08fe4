"""Crops of annotated photographs: their polygons follow the picture."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.data.icdar import AnnotatedImage, read_folder
from spotter.data.photographs import Photographs, augmented_crop, character_centres, photograph
from spotter.types import GroundTruth

SCALES = 0.7, 2.0


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def word(polygon: np.ndarray, text: str = "ab", **fields) -> GroundTruth:
    return GroundTruth(polygon.astype(np.float32), text, **fields)


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
def test_crops_have_the_requested_size(sample, size):
    crop, _ = augmented_crop(sample, size, random.Random(0), SCALES)
    assert crop.shape == (size[1], size[0], 3)
    assert crop.dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ab", [15, 25]), ("a", [20]), ("ii", [15, 25]), ("iw", [10 + 20 * 0.25 / 1.9, 10 + 20 * 1.2 / 1.9])],
)
def test_characters_of_a_photographed_word_share_its_middle_line(text, expected):
    centres = character_centres(rectangle(10, 40, 20, 8), text)
    assert centres[:, 1].tolist() == [44] * len(text)
    assert centres[:, 0] == pytest.approx(expected)


def test_characters_are_only_located_in_quadrilaterals():
    assert character_centres(np.zeros((6, 2), np.float32), "text") is None
    assert character_centres(rectangle(0, 0, 9, 9), "") is None


def test_a_damaged_photograph_is_named_and_left_out(annotated_folder, tmp_path, capsys):
    shutil.copytree(annotated_folder, tmp_path / "data")
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


def test_data_sets_are_drawn_by_their_weights(annotated_folder):
    two = read_folder(annotated_folder)
    photographs = Photographs({"a": two[:1], "b": two[1:]}, {"a": 3.0}, 0.0, SCALES)
    names = [photographs._choose(random.Random(seed))[0] for seed in range(200)]
    assert 130 < names.count("a") < 170


def test_small_pictures_are_one_crop(annotated_folder):
    photographs = Photographs({"data": read_folder(annotated_folder)}, {}, 0.5, SCALES)
    for seed in range(8):
        image, regions = photographs.crop((128, 128), random.Random(seed))
        assert image.shape == (128, 128, 3)
        assert all(region.text == "word" for region in regions)


def test_large_pictures_hold_four_crops_in_their_places(annotated_folder):
    photographs = Photographs({"data": read_folder(annotated_folder)}, {}, 0.5, SCALES)
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
