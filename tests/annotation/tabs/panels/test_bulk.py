"""Changes of many photos on the page: preview, apply, undo."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region
from annotation.store.bulk import BulkResult
from annotation.tabs.panels import bulk as panel
from annotation.tabs.panels.bulk import Plan, left_out_text, preview_rows, result_text

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


class Bulk:
    """The panel of a tab."""

    def __init__(self, tab) -> None:
        self.tab = tab
        self.listing, self.apply = tab.find(elem_id="correct-preview"), tab.find(elem_id="correct-apply")

    def preview(self, **choices: object) -> None:
        for label, value in choices.items():
            self.tab.values[self.tab.find(label=label.replace("_", " "))] = value
        self.tab.click("Preview")

    @property
    def shown(self) -> dict:
        return self.tab.values[self.listing]


@pytest.fixture
def bulk(open_tab, put) -> Bulk:
    put(1, Region(HOUSE, "BAR", "a", difficult=True))
    put(2, Region(HOUSE, "BAR", "b", difficult=True))
    return Bulk(open_tab())


def words(store) -> list[str]:
    return [r.text for image in store.image_list(1) for r in store.regions(image.id)]


def test_an_empty_plan_has_nothing_to_apply(store):
    shown = preview_rows(store, Plan())
    assert (shown["rows"], shown["head"], shown["empty"]) == ([], "", "Nothing there to change.")


def test_a_text_is_replaced_after_the_preview_and_brought_back(bulk, store):
    bulk.preview(Text="bar", Replace_by="PUB")
    assert bulk.shown["head"] == "2 words on 2 photos"
    assert [row["title"] for row in bulk.shown["rows"]] == ["BAR → PUB"] * 2
    assert words(store) == ["BAR", "BAR"]
    assert bulk.tab.props[bulk.apply]["value"] == "Change 2 words"
    bulk.tab.trigger(bulk.apply, "click")
    assert words(store) == ["PUB", "PUB"]
    assert bulk.shown["head"] == "2 words changed on 2 photos."
    assert [region["text"] for region in bulk.tab.values[bulk.tab.editor]["regions"]] == ["PUB"]
    bulk.tab.trigger(bulk.apply, "click")  # nothing left to apply
    assert words(store) == ["PUB", "PUB"]


def test_the_last_change_is_undone(bulk, store):
    bulk.preview(Text="bar", Replace_by="PUB")
    bulk.tab.trigger(bulk.apply, "click")
    bulk.tab.click("Undo this change")
    assert words(store) == ["BAR", "BAR"]
    assert bulk.shown["head"] == "2 photos as before."


def test_a_flag_is_cleared_where_the_search_finds_something(bulk, store):
    bulk.tab.values[bulk.tab.find(elem_id="correct-search")] = "street 2"
    bulk.preview(What="difficult:clear", Where="found")
    bulk.tab.trigger(bulk.apply, "click")
    flags = {image.name: store.regions(image.id)[0].difficult for image in store.image_list(1)}
    assert flags == {"street 1.jpg": True, "street 2.jpg": False}


def test_photos_are_deleted_and_come_back(bulk, store):
    bulk.preview(What="delete", Where="all")
    assert bulk.shown["head"] == "2 photos to delete"
    assert store.image_count(1) == 2
    bulk.tab.trigger(bulk.apply, "click")
    assert store.image_count(1) == 0
    bulk.tab.click("Undo this change")
    assert store.image_count(1) == 2


def test_nothing_to_search_for_is_said(bulk):
    with pytest.raises(gr.Error, match="into the search field first"):
        bulk.preview(What="delete", Where="found")


def test_finished_photos_and_long_plans_are_told(bulk, store, monkeypatch):
    monkeypatch.setattr(panel, "MAX_ROWS", 1)
    store.set_state(1, "done", "ann")
    bulk.preview(Text="BAR", Replace_by="PUB", Where="all")
    assert len(bulk.shown["rows"]) == 1
    assert bulk.shown["foot"].startswith("The first 1 are listed. 1 photo done or approved: in work again")


def test_photos_left_out_are_named():
    assert result_text(BulkResult(1, {1: (1, 2)})) == "1 word changed on 1 photo."
    assert left_out_text([]) == ""
    assert left_out_text(["a.jpg"]).endswith("meanwhile: a.jpg.")
    assert left_out_text(["a.jpg"] * 22).endswith("a.jpg and 2 more.")
