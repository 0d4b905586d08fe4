"""What is shown while photos are read."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.tabs.background import BackgroundReader, ReadingProgress
from spotter.types import Word

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]
BOX = [[10.0, 10.0], [50.0, 10.0], [50.0, 40.0], [10.0, 40.0]]


@pytest.fixture
def progress(monkeypatch):
    """Sets the progress of the background reader, which reads nothing."""
    current = [ReadingProgress()]
    monkeypatch.setattr(BackgroundReader, "progress", property(lambda reader: current[0]))
    monkeypatch.setattr(BackgroundReader, "_run", lambda reader: None)
    return lambda *values: current.__setitem__(0, ReadingProgress(*values))


@pytest.fixture
def timer():
    return lambda tab: next(b for b in tab.demo.blocks.values() if b.get_block_name() == "timer")


def test_progress_and_problems_are_shown(open_tab, progress, timer):
    progress(3, 5, "a_b is damaged")
    tab = open_tab()
    text = tab.values[tab.find(elem_id="correct-reading")]
    assert text == "Reading photos: 3 of 5.\n\nA photo could not be read: a\\_b is damaged"
    progress(5, 5)
    tab.trigger(timer(tab), "tick")
    assert tab.values[tab.find(elem_id="correct-reading")] == ""


def test_the_first_photo_is_opened_once_it_is_read(open_tab, put, progress, timer):
    tab = open_tab()
    put(1)
    tab.trigger(timer(tab), "tick")
    assert tab.title == r"**street 1\.jpg** (1 of 1, new)"


def test_new_words_of_the_open_photo_are_shown(open_tab, put, store, progress, timer):
    image_id = put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    tab.trigger(timer(tab), "tick")
    assert len(tab.values[tab.editor]["regions"]) == 1
    store.add_prediction(image_id, "nano-2", [Word("w0", BOX, [10, 10, 50, 40], "tree", 0.9, 0.8, [])])
    tab.trigger(timer(tab), "tick")
    assert {region["text"] for region in tab.values[tab.editor]["regions"]} == {"house", "tree"}


def test_the_queue_is_sorted_when_reading_ends(open_tab, put, store, progress, timer):
    first, second = put(1), put(2)
    progress(0, 1)
    tab = open_tab()
    listing = tab.find(elem_id="correct-queue")

    def keys() -> list[str]:
        return [row["key"] for row in tab.values[listing]["rows"]]

    store.add_prediction(second, "nano-2", [Word("w0", BOX, [10, 10, 50, 40], "tree", 0.4, 0.2, [])])
    tab.trigger(timer(tab), "tick")
    assert keys() == [str(first), str(second)]  # not while a person steps through it
    progress(1, 1)
    tab.trigger(timer(tab), "tick")
    assert keys() == [str(second), str(first)]
    assert tab.values[tab.editor]["image_id"] == str(first)
    assert not tab.values[timer(tab)].active


def test_new_words_do_not_overwrite_a_conflict(open_tab, put, store, progress, timer):
    image_id = put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    store.save_regions(image_id, store.image(image_id).version, [Region(HOUSE, "theirs", "h")], "bob")
    (house,) = tab.values[tab.editor]["regions"]
    tab.edit(house | {"text": "mine"})
    tab.trigger(timer(tab), "tick")
    assert [region["text"] for region in tab.values[tab.editor]["regions"]] == ["mine"]
    assert tab.props[tab.find(elem_id="correct-conflict")]["visible"]


def test_the_whole_project_is_read_with_other_weights(open_tab, put, monkeypatch):
    added = []
    monkeypatch.setattr(BackgroundReader, "add", lambda reader, ids: added.extend(ids))
    image_id = put(1)
    tab = open_tab()
    assert added == []
    tab.click("Read the whole project")
    assert added == [image_id]
