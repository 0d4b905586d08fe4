"""Words cut out to train a recogniser."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from annotation.formats import export_to
from annotation.formats.recogniser_crops import cut_out
from annotation.region import Region

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
UPRIGHT = [[20.0, 20.0], [80.0, 20.0], [80.0, 40.0], [20.0, 40.0]]


def quarters(crop) -> list[tuple[int, ...]]:
    """Colours in the middle of the crop's quarters, row by row."""
    h, w = crop.shape[:2]
    places = [(h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4), (3 * h // 4, 3 * w // 4)]
    return [tuple((crop[place] > 128).astype(int) * 255) for place in places]


@pytest.fixture
def photo() -> np.ndarray:
    """A word whose quarters are red, green, blue and white, on UPRIGHT."""
    image = np.full((100, 120, 3), 60, np.uint8)
    image[20:30, 20:50], image[20:30, 50:80] = RED, GREEN
    image[30:40, 20:50], image[30:40, 50:80] = BLUE, WHITE
    return image


def test_an_upright_word(photo):
    crop = cut_out(photo, UPRIGHT)
    assert crop.shape == (20, 60, 3)
    assert quarters(crop) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_word_runs_from_its_first_corner(photo, turns):
    """Turned by 90, 180 and 270 degrees, with the corners in the order of reading."""
    corners = np.array(UPRIGHT)
    for _ in range(turns):
        corners = np.stack([corners[:, 1], photo.shape[1] - corners[:, 0]], 1)
        photo = np.rot90(photo).copy()
    crop = cut_out(photo, corners.tolist())
    assert crop.shape == (20, 60, 3)
    assert quarters(crop) == [RED, GREEN, BLUE, WHITE]


def test_a_tilted_word(photo):
    centre, angle = np.array([60.0, 50.0]), np.radians(30)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = Image.fromarray(photo).rotate(-30, Image.Resampling.BILINEAR, center=tuple(centre))
    corners = (np.array(UPRIGHT) - centre) @ rotation.T + centre
    crop = cut_out(np.asarray(tilted), corners.tolist())
    assert crop.shape[:2] == (20, 60)
    assert quarters(crop) == [RED, GREEN, BLUE, WHITE]


def test_an_outline_of_more_points_is_cut_along_its_rectangle(photo):
    band = [[20.0, 20.0], [50.0, 20.0], [80.0, 20.0], [80.0, 40.0], [50.0, 40.0], [20.0, 40.0]]
    assert quarters(cut_out(photo, band)) == [RED, GREEN, BLUE, WHITE]


def test_a_tall_word_is_turned_as_in_paddleocr(photo):
    tall = [[20.0, 20.0], [40.0, 20.0], [40.0, 80.0], [20.0, 80.0]]
    assert cut_out(photo, tall).shape == (20, 60, 3)


@pytest.mark.parametrize("polygon", [[[1, 1], [50, 1], [50, 2], [1, 2]], [[5, 5], [5, 5], [5, 5]]])
def test_a_region_without_area_gives_nothing(photo, polygon):
    assert cut_out(photo, polygon) is None


def test_export(store, photo, tmp_path):
    project = store.ensure_project("p")
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "PNG")
    image, _ = store.add_image(project, out.getvalue(), "straße.png")
    words = [
        Region(UPRIGHT, "Ñandú 1"),
        Region(UPRIGHT, "hidden", illegible=True),
        Region(UPRIGHT, " "),
        Region(UPRIGHT, "a\tb"),
        Region([[1, 1], [50, 1], [50, 2], [1, 2]], "flat"),
    ]
    store.save_regions(image.id, 0, words, "ann")
    store.set_state(image.id, "done", "ann")
    report = export_to(store, project, tmp_path / "out", "crops")
    assert (tmp_path / "out/rec_gt.txt").read_text(encoding="utf-8") == (
        "crop_img/straße_crop_0.jpg\tÑandú 1\n"
    )
    with Image.open(tmp_path / "out/crop_img/straße_crop_0.jpg") as crop:
        assert crop.size == (60, 20)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["crop_img", "rec_gt.txt"]
    assert [note.partition(" (")[0] for note in report.notes] == [
        "words cut out: 1",
        "illegible regions, left out: 1",
        "regions without a text, left out: 1",
        "texts with tabs or line breaks, which the list cannot hold, left out: 1",
        "regions below 2 pixels, left out: 1",
    ]


def test_a_damaged_photo_leaves_the_others(store, picture, tmp_path):
    project = store.ensure_project("p")
    ids = [store.add_image(project, picture(i), f"{i}.jpg")[0].id for i in range(2)]
    for image in ids:
        store.save_regions(image, 0, [Region(UPRIGHT, "word")], "ann")
    store.image_path(store.image(ids[0])).write_bytes(b"damaged")
    notes = export_to(store, project, tmp_path / "out", "crops").notes
    assert any("could not be read" in note and note.endswith("1 (0.jpg)") for note in notes)
    assert (tmp_path / "out/rec_gt.txt").read_text() == "crop_img/1_crop_0.jpg\tword\n"
