"""Autosave, and suggestions for what was drawn."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region
from annotation.store.queue import Progress
from annotation.tabs.panels.editing import empty_text, image_size

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


@pytest.fixture
def image_id(put) -> int:
    return put(1, Region(HOUSE, "house", "h"))


def test_the_size_comes_from_the_store(store, image_id):
    assert image_size(store, str(image_id)) == (200, 100)


@pytest.mark.parametrize("name", ["", "x", "999"])
def test_an_unknown_image_has_no_size(store, name):
    assert image_size(store, name) is None


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Progress(0, 0, 0, 0), "No photos yet"),
        (Progress(1, 0, 4, 0), "Nothing is left here"),
        (Progress(0, 0, 1, 0), "The photo of this project is done"),
        (Progress(0, 0, 11, 1), "All 12 photos are done"),
        (Progress(0, 0, 1, 0, skipped=1), "All 2 photos are done or skipped"),
    ],
)
def test_an_empty_queue_says_why(counts, text):
    assert text in empty_text(counts)


def test_an_edit_is_saved_and_answered(open_tab, store, image_id):
    tab = open_tab()
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "HOUSE"})
    assert [region.text for region in store.regions(image_id)] == ["HOUSE"]
    pill = tab.props[tab.editor]["pill"]
    assert (pill["state"], pill["version"]) == ("saved", store.image(image_id).version)
    assert "value" not in tab.props[tab.editor]  # the answer does not touch later edits
    tab.trigger(tab.editor, "input")
    assert len(store.history(image_id)) == 2
    assert tab.props[tab.editor]["pill"]["state"] == "saved"


def test_the_answer_to_an_edit_updates_only_what_it_changed(open_tab, put):
    put(1)
    tab = open_tab()
    document = tab.values[tab.editor]
    drawn = {"id": "new", "points": HOUSE, "text": "typed", "characters": [], "suggestion": None}
    updated = []
    for revision in (1, 2):
        edit = document | {"revision": document["revision"] + revision, "regions": [drawn]}
        tab.values[tab.editor] = edit | {"regions": [drawn | {"text": f"typed {revision}"}]}
        updated.append({vars(part).get("elem_id") for part in tab.trigger(tab.editor, "input")})
    assert updated == [{None, "correct-editor", "correct-title", "correct-queue"}, {None, "correct-editor"}]


def test_words_of_a_model_that_came_during_an_edit_are_shown(open_tab, store, image_id):
    tab = open_tab()
    (house,) = tab.values[tab.editor]["regions"]
    store.add_prediction(image_id, "nano-2", [])
    tab.edit(house | {"text": "HOUSE"})
    assert [region.text for region in store.regions(image_id)] == ["HOUSE"]


def test_an_edit_is_saved_before_the_next_photo_is_opened(open_tab, put, store, image_id):
    put(2)
    tab = open_tab()
    document = tab.values[tab.editor]
    opened = int(document["image_id"])
    drawn = {"id": "new", "points": HOUSE, "text": "typed", "characters": [], "suggestion": None}
    tab.values[tab.editor] = document | {"revision": document["revision"] + 1, "regions": [drawn]}
    tab.click("Next")
    assert [region.text for region in store.regions(opened)] == ["typed"]
    assert tab.values[tab.editor]["image_id"] != str(opened)


def test_a_drawn_word_is_read(open_tab, store, image_id):
    tab = open_tab()
    moved = [[x - 100, y] for x, y in HOUSE]
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"points": moved})
    assert tab.props[tab.editor]["pill"]["unread"]
    tab.trigger(tab.editor, "submit")
    proposed = tab.props[tab.editor]["proposed"]
    assert proposed["image_id"] == str(image_id)
    assert all(item["points"] == moved for item in proposed["items"])
    assert tab.trigger(tab.editor, "submit") == {tab.editor: gr.skip()}


def test_a_typed_word_is_not_read(open_tab, image_id):
    tab = open_tab()
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "HOUSE"})
    assert not tab.props[tab.editor]["pill"]["unread"]
