"""The history of a photo and of a word, and the way back."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]
TREE = [[10.0, 10.0], [50.0, 10.0], [50.0, 40.0], [10.0, 40.0]]


@pytest.fixture
def image_id(put) -> int:
    return put(1, Region(HOUSE, "house", "h"), Region(TREE, "tree", "t"))


@pytest.fixture
def tab(open_tab, image_id):
    tab = open_tab()
    tab.drawer = tab.find(elem_id="correct-photo")
    tab.history = tab.find(elem_id="correct-history")
    return tab


def lines(tab):
    return [row["title"] for row in tab.values[tab.history]["rows"]]


def actions(tab):
    return [[name for name, _ in row["actions"]] for row in tab.values[tab.history]["rows"]]


def texts(store, image_id):
    return [region.text for region in store.regions(image_id)]


def test_the_history_is_read_only_while_it_is_shown(tab):
    assert tab.values[tab.history] == {}
    tab.trigger(tab.drawer, "expand")
    assert lines(tab) == ["before added 2 words"]
    assert tab.values[tab.history]["rows"][0]["badge"] == "now"
    assert tab.values[tab.history]["rows"][0]["note"].endswith(" UTC")
    tab.trigger(tab.drawer, "collapse")
    assert tab.values[tab.history] == {}


def test_a_deletion_of_everything_is_brought_back(tab, open_tab, store, image_id):
    before = store.regions(image_id)
    tab.edit()
    assert texts(store, image_id) == []
    again = open_tab()  # after a reload
    again.history = again.find(elem_id="correct-history")
    again.click("History of the photo")
    assert lines(again) == ["someone deleted 2 words", "before added 2 words"]
    assert actions(again) == [["undelete"], ["restore"]]
    version = again.values[again.history]["rows"][1]["key"]
    again.pick(again.history, version, "restore")
    assert store.regions(image_id) == before
    assert [region["text"] for region in again.values[again.editor]["regions"]] == ["house", "tree"]
    assert lines(again)[0] == "someone added 2 words"


def test_only_the_deleted_words_are_brought_back(tab, store, image_id):
    _, tree = tab.values[tab.editor]["regions"]
    tab.edit(tree)
    tab.edit(tree | {"text": "oak"})
    tab.click("History of the photo")
    key = tab.values[tab.history]["rows"][1]["key"]
    assert actions(tab)[1] == ["undelete", "restore"]
    tab.pick(tab.history, key, "undelete")
    assert texts(store, image_id) == ["oak", "house"]
    assert actions(tab)[2] == ["restore"]  # no longer missing


def test_the_history_of_a_word(tab, store, image_id):
    with pytest.raises(gr.Error, match="Choose a word"):
        tab.click("History of the chosen word")
    house, tree = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "home"}, tree | {"text": "oak"})
    tab.values[tab.find(elem_id="correct-chosen-word")] = "h"
    tab.click("History of the chosen word")
    assert lines(tab) == ['someone changed "house" to "home"', 'before added "house"']
    assert tab.values[tab.history]["head"] == 'The word "home"'
    tab.pick(tab.history, tab.values[tab.history]["rows"][1]["key"], "restore")
    assert texts(store, image_id) == ["house", "oak"]


def test_nobody_is_overwritten(tab, store, image_id):
    tab.click("History of the photo")
    version = store.image(image_id).version
    store.save_regions(image_id, version, [], "bob")
    with pytest.raises(gr.Error, match="bob has changed this image"):
        tab.pick(tab.history, str(version), "restore")
    assert texts(store, image_id) == []


def test_a_hostile_row_changes_nothing(tab, store, image_id):
    for key in ("", "None", "-1", "x" * 50):
        tab.pick(tab.history, key, "restore")
    assert texts(store, image_id) == ["house", "tree"]
