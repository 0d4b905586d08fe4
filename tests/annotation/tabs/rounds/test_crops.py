"""Crops of regions."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from annotation.tabs.rounds.crops import HEIGHT, MAX_WIDTH, crop


@pytest.fixture
def photo(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    path.write_bytes(picture(1))  # 200 x 100
    return path


def size(data: str) -> tuple[int, int]:
    head, _, body = data.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body))).size


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ((20, 20, 60, 40), (147, HEIGHT)),  # 54 x 34 with the margin, and what ends within a pixel
        ((0, 0, 200, 4), (MAX_WIDTH, None)),  # a long word
        ((-50, -50, 500, 500), (160, HEIGHT)),  # the whole photo
    ],
)
def test_a_region_is_cut_out(photo, box, wanted):
    x, y, right, bottom = box
    width, height = size(crop(photo, [[x, y], [right, y], [right, bottom], [x, bottom]]))
    assert width == pytest.approx(wanted[0], abs=30)
    assert wanted[1] is None or height == wanted[1]


@pytest.mark.parametrize("polygon", [[[300, 300], [310, 300], [310, 310]], [], [[1, 1, 1]]])
def test_no_crop_outside_of_the_photo(photo, polygon):
    assert crop(photo, polygon) == ""


def test_no_crop_of_a_missing_or_broken_file(tmp_path):
    polygon = [[1, 1], [5, 1], [5, 5]]
    assert crop(tmp_path / "missing.jpg", polygon) == ""
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    assert crop(tmp_path / "broken.jpg", polygon) == ""
