"""The open photo is skipped or deleted."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region
from annotation.store.bin import delete_images, list_bin, skip_reasons
from spotter.language import speaking

REASON = "No text"
HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


@pytest.fixture
def ids(put) -> list[int]:
    return [put(seed, Region(HOUSE, "house", "h")) for seed in (1, 2)]


def test_a_photo_is_deleted_after_a_question_and_restored_with_undo(open_tab, store, ids):
    tab = open_tab()
    tab.click("Delete this photo")
    question = tab.find(elem_id="correct-confirm-photo").children[0]
    assert "street 1" in tab.values[question]
    assert "with its 1 word?" in tab.values[question].replace("\\", "")
    assert store.image(ids[0])  # only asked so far
    tab.trigger(yes(tab), "click")
    assert tab.title.startswith("**street 2")
    assert [deleted.image.id for deleted in list_bin(store, store.find_project("default"))] == ids[:1]
    undo = tab.find(elem_id="correct-undo")
    assert tab.values[undo]["rows"][0]["title"] == "street 1.jpg is in the bin."
    tab.pick(undo, str(ids[0]), "undo")
    assert tab.title.startswith("**street 1")
    assert tab.values[undo] == {}
    assert [region.text for region in store.regions(ids[0])] == ["house"]


def yes(tab):
    row = tab.find(elem_id="correct-confirm-photo").children[1]
    return row.children[0]


def test_the_only_photo_is_deleted(open_tab, store, put):
    put(1)
    tab = open_tab()
    tab.click("Delete this photo")
    tab.trigger(yes(tab), "click")
    assert tab.title == ""
    with pytest.raises(gr.Error, match="No photo is open"):
        tab.click("Delete this photo")


def test_a_photo_is_skipped_with_a_reason_and_reopened(open_tab, store, ids):
    tab = open_tab()
    reason = tab.find(elem_id="correct-reason")
    with pytest.raises(gr.Error, match="reason"):
        tab.click("Skip, next")
    tab.values[reason] = REASON
    tab.click("Skip, next")
    assert tab.title.startswith("**street 2")
    assert skip_reasons(store, ids) == {ids[0]: REASON}
    assert tab.values[reason] is None
    listing = tab.find(elem_id="correct-queue")
    tab.pick(listing, str(ids[0]))
    assert f"skipped: {REASON}" in tab.title.replace("\\", "")
    with speaking("ko"):
        tab.pick(listing, str(ids[0]))
        assert "건너뜀: 글자 없음" in tab.title.replace("\\", "")
        assert "street" in tab.title
    assert tab.props[tab.find(elem_id="correct-reopen")]["visible"]
    tab.click("Reopen")
    assert store.image(ids[0]).state == "in work"


def test_a_photo_that_another_person_deletes_is_left(open_tab, store, ids):
    tab = open_tab()
    document = tab.values[tab.editor]
    delete_images(store, ids[:1], "bob")
    tab.values[tab.editor] = document | {"revision": document["revision"] + 1, "regions": []}
    tab.click("Next")  # the edit cannot be saved, which must not keep the person there
    assert tab.title.startswith("**street 2")
    delete_images(store, ids[1:], "bob")
    tab.click("Previous")
    assert tab.title == ""
