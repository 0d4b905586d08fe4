"""Photos turned by quarter turns."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from annotation.region import AnnotationError, Region
from annotation.store.bin import list_bin, restore_images
from annotation.store.records import NotFoundError
from annotation.store.turning import turn_image, turned
from spotter.images import read_image

WIDTH, HEIGHT = 40, 30
MARK = [[30.0, 0.0], [40.0, 0.0], [40.0, 10.0], [30.0, 10.0]]  # a red square in the upper right corner


def add(store, form: str = "PNG", regions: tuple[Region, ...] = ()):
    """A photo with a red square, in a project of its own."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:10, 30:] = (255, 0, 0)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form)
    image, _ = store.add_image(store.ensure_project("p"), out.getvalue(), "sign.png")
    store.save_regions(image.id, 0, regions, "ann")
    return store.image(image.id)


def is_red(pixels: np.ndarray, polygon: list[list[float]]) -> bool:
    x, y = (int(sum(values) / len(values)) for values in zip(*polygon, strict=True))
    return pixels[y, x, 0] > 200


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_regions_turn_with_the_photo(store, quarters, form):
    image = add(store, form, (Region(MARK, "EXIT", "r1", difficult=True),))
    new = turn_image(store, image.id, quarters, "bob")
    assert (new.width, new.height) == ((WIDTH, HEIGHT) if quarters == 2 else (HEIGHT, WIDTH))
    pixels = read_image(store.image_path(new))
    assert pixels.shape[:2] == (new.height, new.width)
    [region] = store.regions(new.id)
    assert is_red(pixels, region.polygon)
    assert (region.text, region.id, region.difficult, region.locked) == ("EXIT", "r1", True, True)


def test_without_regions(store):
    new = turn_image(store, add(store).id, 1, "bob")
    assert store.regions(new.id) == []


def test_it_takes_the_place_of_the_other_which_goes_to_the_bin(store):
    image = add(store, regions=(Region(MARK, "EXIT", "r1"),))
    store.set_state(image.id, "done", "ann")
    new = turn_image(store, image.id, 1, "bob")
    assert [i.id for i in store.image_list(image.project_id)] == [new.id]
    assert (new.name, new.state, new.added) == ("sign.png", "done", image.added)
    [deleted] = list_bin(store, image.project_id)
    assert (deleted.image.id, deleted.who) == (image.id, "bob")
    restore_images(store, [image.id], "bob")
    assert store.regions(image.id)[0].polygon == MARK
    assert store.history(new.id)[0].who == "bob"


def test_an_edit_of_the_photo_before_does_not_reach_the_turned_one(store):
    image = add(store, regions=(Region(MARK, "EXIT", "r1"),))
    new = turn_image(store, image.id, 1, "bob")
    with pytest.raises(NotFoundError, match="in the bin"):
        store.save_regions(image.id, image.version, [Region(MARK, "EXITS", "r1")], "ann")
    assert store.regions(new.id)[0].text == "EXIT"


def test_it_is_read_again(store):
    image = add(store, regions=())
    store.add_prediction(image.id, "nano", [Region(MARK, "EXIT", score=0.9)])
    new = turn_image(store, image.id, 1, "bob")
    [region] = store.regions(new.id)
    assert (region.locked, region.origin, region.score) == (False, "model", 0.9)
    assert store.unpredicted_images(image.project_id) == [new.id]
    assert store.add_prediction(new.id, "nano", [Region(MARK, "NEW", score=0.8)])
    assert [r.text for r in store.regions(new.id)] == ["NEW"]


def test_back_and_forth(store):
    image = add(store, regions=(Region(MARK, "EXIT", "r1"),))
    right = turn_image(store, image.id, 1, "bob")
    store.save_regions(right.id, right.version, [Region(MARK, "CHANGED", "r1")], "bob")
    back = turn_image(store, right.id, 3, "bob")
    again = turn_image(store, back.id, 1, "bob")
    assert again.id == right.id  # the same file, out of the bin
    assert [r.text for r in store.regions(again.id)] == ["CHANGED"]
    assert store.image_count(image.project_id) == 1


def test_the_turned_photo_is_there_already(store):
    image = add(store)
    right = turn_image(store, image.id, 1, "bob")
    restore_images(store, [image.id], "bob")
    with pytest.raises(AnnotationError, match="has this photo turned already"):
        turn_image(store, image.id, 1, "bob")
    assert {i.id for i in store.image_list(image.project_id)} == {image.id, right.id}


def test_four_quarters_are_none():
    region = Region(MARK)
    assert turned(region, 4, WIDTH, HEIGHT) == region
