"""Images in, words out."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from shapely.geometry import Polygon

from spotter import load_spotter
from spotter.images import ImageError
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.shapes import mask_polygon
from spotter.predictor import Spotter
from spotter.types import Word


def assert_same_words(
    found: list[Word], expected: list[Word], scale: float = 1.0, pixels: float = 0.6
) -> None:
    """Up to the last digits: a contour may gain or lose a point where maskK is close to the threshold."""
    assert [w.text for w in found] == [w.text for w in expected]
    assert [w.id for w in found] == [w.id for w in expected]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.box, np.array(b.box) * scale, atol=pixels)
        ours, theirs = Polygon(a.polygon).buffer(0), Polygon(np.array(b.polygon) * scale).buffer(0)
        assert ours.intersection(theirs).area > 0.9 * ours.union(theirs).area
        assert a.score == pytest.approx(b.score, abs=0.001 * pixels)
        assert a.reading_score == pytest.approx(b.reading_score, abs=0.001 * pixels)


@pytest.fixture(scope="module")
def words(tiny_spotter, photographs) -> list[Word]:
    return tiny_spotter.spot(photographs[0])


def test_words_of_a_photo(words):
    """A photo of 256 x 192 pixels."""
    assert len(words) > 8
    assert all(isinstance(word, Word) for word in words)
    assert [word.id for word in words] == [f"w{i}" for i in range(len(words))]
    assert [word.score for word in words] == sorted((word.score for word in words), reverse=True)
    assert len({word.text for word in words}) > 2
    for word in words:
        polygon = np.array(word.polygon)
        assert 3 <= len(polygon) <= 16
        assert word.box == [*polygon.min(0), *polygon.max(0)]
        assert (polygon >= 0).all()
        assert (polygon <= [256, 192]).all()
    assert max(word.box[2] for word in words) > 128 + 20  # not pixels of the resized image, 128 x 96
    assert max(word.box[3] for word in words) > 96 + 20


def test_reading_score_is_the_geometric_mean(words):
    for word in words:
        assert "".join(c.text for c in word.characters) == word.text
        assert all(0 < c.score <= 1 for c in word.characters)
        mean = math.prod(c.score for c in word.characters) ** (1 / max(1, len(word.text)))
        assert word.reading_score == pytest.approx(mean if word.text else 0.0, abs=1e-4)


@pytest.mark.parametrize(("temperature", "power"), [(1.0, 2.0), (1.5, 1.0), (1.5, 3.0)])
def test_calibration_changes_only_scores(tiny_spotter, photographs, words, monkeypatch, temperature, power):
    config = replace(tiny_spotter.model.config, reading_temperature=temperature, reading_power=power)
    monkeypatch.setattr(tiny_spotter.model, "config", config)
    calibrated = tiny_spotter.spot(photographs[0])
    assert [word.text for word in calibrated] == [word.text for word in words]
    for word, before in zip(calibrated, words, strict=True):
        assert word.reading_score < before.reading_score or not word.text
        if temperature == 1:
            assert word.reading_score == pytest.approx(before.reading_score**power, rel=0.05, abs=1e-4)
        mean = math.prod(c.score for c in word.characters) ** (1 / max(1, len(word.text)))
        assert word.reading_score == pytest.approx(mean if word.text else 0.0, rel=0.05, abs=1e-4)


@pytest.mark.parametrize("confident", [False, True])
def test_illegible_regions_are_discarded(tiny_spotter, photographs, words, monkeypatch, confident):
    """Unless their detection is confident."""
    threshold = float(np.median([word.reading_score for word in words]))
    illegible = [word for word in words if word.reading_score < threshold]
    score = float(np.median([word.score for word in illegible])) if confident else 1.0
    config = replace(tiny_spotter.model.config, reading_threshold=threshold, confident_score=score)
    monkeypatch.setattr(tiny_spotter.model, "config", config)
    kept = [word for word in words if word.reading_score >= threshold or word.score >= score]
    assert 0 < len(kept) < len(words)
    assert any(word in kept for word in illegible) == confident
    found = tiny_spotter.spot(photographs[0])
    assert_same_words(found, [replace(word, id=f"w{i}") for i, word in enumerate(kept)])
    trace = tiny_spotter.trace(photographs[0])
    assert trace.words == found
    assert len(trace.proposal_index) == len(trace.mask_k) == len(trace.ids) == len(found)
    texts = [tiny_spotter.charset.decode(row.tolist()) for row in trace.ids]
    assert texts == [word.text for word in found]


def test_coordinates_are_those_of_the_given_image(tiny_spotter, photographs):
    """Repeating each pixel of the photo does not change the resized image."""
    small = cv2.resize(photographs[0], (128, 96), interpolation=cv2.INTER_AREA)
    words, larger = (tiny_spotter.spot(small.repeat(n, 0).repeat(n, 1)) for n in (2, 4))
    assert len(words) > 8
    assert_same_words(larger, words, 2, 4)


@pytest.mark.parametrize("size", [(333, 100), (97, 301), (64, 48)])
def test_coordinates_with_a_rounded_size(tiny_spotter, photographs, size):
    """The polygons are maskK over the model's boxes, each axis scaled separately."""
    image = cv2.resize(photographs[0], size)
    tensor = tiny_spotter.resize(image)
    with torch.no_grad():
        regions = tiny_spotter.model([tensor]).regions
    scale = np.array([size[0] / tensor.shape[2], size[1] / tensor.shape[1]] * 2)
    polygons = [
        mask_polygon(mask.numpy(), box.numpy() * scale, 0.4, *size)
        for mask, box in zip(regions.mask_k, regions.boxes, strict=True)
    ]
    found = tiny_spotter.spot(image)
    assert len(found) == len([p for p in polygons if p is not None]) > 0
    for word, polygon in zip(found, [p for p in polygons if p is not None], strict=True):
        np.testing.assert_allclose(word.polygon, polygon, atol=0.11)


@pytest.mark.parametrize("kind", ["path", "text", "PIL", "rotated"])
def test_all_kinds_of_images_give_the_same_words(tiny_spotter, photographs, words, tmp_path, kind):
    picture = Image.fromarray(photographs[0])
    exif = Image.Exif()
    if kind == "rotated":
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = 6  # rotate by 90 degrees, clockwise
    picture.save(tmp_path / "photo.png", exif=exif)
    image = {"PIL": picture, "text": str(tmp_path / "photo.png")}.get(kind, tmp_path / "photo.png")
    assert tiny_spotter.spot(image) == words


def test_a_missing_image_is_an_error(tiny_spotter, tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        tiny_spotter.spot(tmp_path / "none.png")


@pytest.mark.parametrize("image", [None, 3, ["photo.jpg"]])
def test_what_is_no_picture_is_an_error(tiny_spotter, image):
    with pytest.raises(ImageError, match=f"This is no picture but {type(image).__name__}"):
        tiny_spotter.spot(image)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"threshold": 40}, "threshold must be from 0 to 1, not 40"),
        ({"short_side": 0}, "short side must be at least 1 pixel, not 0"),
    ],
)
def test_options_out_of_range(tiny_spotter, photographs, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        tiny_spotter.spot(photographs[0], **options)


def test_a_batch_is_a_list(tiny_spotter):
    with pytest.raises(ValueError, match="give a single one to spot"):
        tiny_spotter.spot_batch("photo.jpg")


def test_batch_is_single(tiny_spotter, photographs):
    """Four photos of three sizes; two of the same size form a batch."""
    batch = tiny_spotter.spot_batch(photographs)
    assert len(batch) == 4
    assert [w.text for w in batch[0]] != [w.text for w in batch[2]]
    for found, image in zip(batch, photographs, strict=True):
        assert found
        assert_same_words(found, tiny_spotter.spot(image))


def test_an_empty_batch(tiny_spotter):
    assert tiny_spotter.spot_batch([]) == []


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_threshold(tiny_spotter, photographs, words, part):
    threshold = words[int(part * (len(words) - 1))].score - 1e-4
    found = tiny_spotter.spot(photographs[0], threshold)
    assert_same_words(found, [word for word in words if word.score > threshold])
    assert len(found) == int(part * (len(words) - 1)) + 1


def test_no_words_above_the_threshold(tiny_spotter, photographs):
    assert tiny_spotter.spot_batch(photographs, 1.0) == [[], [], [], []]


@pytest.mark.parametrize("size", [(1, 1), (5000, 1), (1, 5000), (31, 33)])
def test_images_of_odd_sizes(tiny_spotter, size):
    assert isinstance(tiny_spotter.spot(np.full((size[1], size[0], 3), 120, np.uint8)), list)


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((256, 192), None, (128, 96)),
        ((192, 256), None, (96, 128)),
        ((64, 48), None, (128, 96)),  # small images are upscaled
        ((1000, 100), None, (192, 19)),  # limited by the long side
        ((256, 192), 48, (64, 48)),
        ((1000, 100), 48, (96, 10)),  # the limit of the long side is proportional
        ((128, 96), None, (128, 96)),
        ((5000, 1), None, (192, 1)),
    ],
)
def test_resize(tiny_spotter, size, short_side, expected):
    tensor = tiny_spotter.resize(np.full((size[1], size[0], 3), 7, np.uint8), short_side)
    assert tensor.shape == (3, expected[1], expected[0])
    assert tensor.dtype == torch.float32
    assert tensor.unique().tolist() == [7]


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((64, 48), None, (96, 72)),
        ((120, 90), None, (128, 96)),
        ((256, 192), None, (128, 96)),
        ((64, 48), 96, (128, 96)),  # an explicit size is not limited
    ],
)
def test_max_upscale_limits_small_images(tiny_spotter, size, short_side, expected):
    config = replace(tiny_spotter.model.config, max_upscale=1.5)
    tiny_spotter.model.config, before = config, tiny_spotter.model.config
    try:
        tensor = tiny_spotter.resize(np.zeros((size[1], size[0], 3), np.uint8), short_side)
    finally:
        tiny_spotter.model.config = before
    assert tensor.shape == (3, expected[1], expected[0])


@pytest.mark.filterwarnings("error")
def test_read_only_arrays(tiny_spotter):
    image = np.full((96, 128, 3), 7, np.uint8)
    image.setflags(write=False)
    assert tiny_spotter.resize(image).shape == (3, 96, 128)
    assert tiny_spotter.resize(image[:, ::-1]).shape == (3, 96, 128)


def test_resize_keeps_the_order_of_colours(tiny_spotter):
    image = np.zeros((96, 128, 3), np.uint8)
    image[:, :] = 10, 20, 30
    assert tiny_spotter.resize(image).amax((1, 2)).tolist() == [10, 20, 30]


def test_short_side_is_passed_on(tiny_spotter, photographs):
    found = tiny_spotter.spot(photographs[0], short_side=64)
    smaller = cv2.resize(photographs[0], (85, 64), interpolation=cv2.INTER_AREA)
    expected = tiny_spotter.spot(smaller, short_side=64)
    assert [word.text for word in found] == [word.text for word in expected]


def test_bfloat16(tiny_model, photographs):
    spotter = Spotter(tiny_model, {}, "cpu", bfloat16=True)
    found = spotter.spot(photographs[0])
    assert found
    assert all(math.isfinite(word.score) and 0 <= word.reading_score <= 1 for word in found)


def test_load_spotter(tiny_file, photographs, words):
    spotter = load_spotter(tiny_file, "cpu")
    spotter.bfloat16 = False
    assert spotter.card["name"] == "tiny"
    assert spotter.spot(photographs[0]) == words


def test_a_spotter_of_the_published_characters(tiny_config, photographs):
    """'~' occurs twice among them."""
    from spotter.config import OFFICIAL_CHARACTERS

    model = SwinTextSpotter(replace(tiny_config, characters=OFFICIAL_CHARACTERS))
    assert isinstance(Spotter(model, {}, "cpu").spot(photographs[0]), list)
