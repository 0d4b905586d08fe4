"""The buttons that turn the open photo."""

from __future__ import annotations

import pytest

from annotation.region import Region

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_turned_photo_is_open(open_tab, put, store, side):
    before = store.image(put(1, Region(HOUSE, "house", "h")))
    tab = open_tab()
    tab.trigger(tab.find(elem_id=f"correct-turn-{side}"), "click")
    [image] = store.image_list(before.project_id)
    assert image.id != before.id
    assert (image.width, image.height) == (before.height, before.width)
    assert [region.text for region in store.regions(image.id)] == ["house"]
    document = tab.values[tab.find(elem_id="correct-editor")]
    assert (document["image_id"], document["width"]) == (str(image.id), before.height)


def test_without_a_photo(open_tab):
    tab = open_tab()
    tab.trigger(tab.find(elem_id="correct-turn-left"), "click")
