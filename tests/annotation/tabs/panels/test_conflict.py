"""Two visitors change the same photo."""

from __future__ import annotations

import pytest

from annotation.region import Region

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]
TREE = [[10.0, 10.0], [50.0, 10.0], [50.0, 40.0], [10.0, 40.0]]


@pytest.fixture
def image_id(put) -> int:
    return put(1, Region(HOUSE, "house", "h"))


@pytest.fixture
def tab(open_tab, store, image_id):
    """A tab whose edit came after that of another person, who added a tree."""
    tab = open_tab()
    version = store.image(image_id).version
    store.save_regions(image_id, version, [Region(HOUSE, "house", "h"), Region(TREE, "tree", "t")], "bob")
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "HOUSE"})
    return tab


def test_a_conflict_is_shown_and_nothing_is_overwritten(tab, store, image_id):
    assert tab.props[tab.find(elem_id="correct-conflict")]["visible"]
    assert tab.props[tab.editor]["pill"]["state"] == "conflict"
    assert {region.text for region in store.regions(image_id)} == {"house", "tree"}
    assert len(store.drafts(image_id)) == 1


@pytest.mark.parametrize(
    ("button", "texts"),
    [
        ("Join both", {"HOUSE", "tree"}),
        ("Keep my version", {"HOUSE"}),
        ("Take the other version", {"house", "tree"}),
    ],
)
def test_a_button_ends_the_conflict(tab, store, image_id, button, texts):
    tab.click(button)
    assert {region.text for region in store.regions(image_id)} == texts
    assert {region["text"] for region in tab.values[tab.editor]["regions"]} == texts
    assert not tab.props[tab.find(elem_id="correct-conflict")]["visible"]
    assert store.drafts(image_id) == []
