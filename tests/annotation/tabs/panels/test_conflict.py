"""Two visitors change the same photo."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.tabs import session

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]
WHO = "Your name (recorded with your corrections)"
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


def test_one_person_in_two_windows_is_not_two_people(open_tab, store, image_id):
    tab = open_tab()
    text = tab.find(elem_id="correct-conflict").children[0]
    (house,) = tab.values[tab.editor]["regions"]
    for who, wanted in (("bob", "Two people"), ("ann", "Somebody with your name")):
        tab.values[tab.find(label=WHO)] = "ann"
        tree = Region(TREE, f"tree of {who}", "t")
        store.save_regions(image_id, store.image(image_id).version, [Region(HOUSE, "house", "h"), tree], who)
        tab.edit(house | {"text": f"HOUSE {who}"})
        assert wanted in tab.values[text]
        tab.click("Take the other version")
    assert "Two people" not in tab.values[text]


def test_after_a_login_it_is_one_person_in_two_windows(open_tab, store, image_id, monkeypatch):
    monkeypatch.setattr(session, "login_name", lambda: "ann")
    tab = open_tab()
    text = tab.find(elem_id="correct-conflict").children[0]
    (house,) = tab.values[tab.editor]["regions"]
    tab.values[tab.find(label=WHO)] = "bob"  # the page cannot be somebody else
    store.save_regions(image_id, store.image(image_id).version, [], "ann")
    tab.edit(house | {"text": "HOUSE"})
    assert "You changed this photo in another window" in tab.values[text]
    tab.click("Keep my version")
    assert store.image(image_id).changed_by == "ann"


def test_visitors_without_a_name_may_be_two_people(open_tab, store, image_id):
    tab = open_tab()
    store.save_regions(image_id, store.image(image_id).version, [], "")
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "HOUSE"})
    assert "Two people" in tab.values[tab.find(elem_id="correct-conflict").children[0]]
